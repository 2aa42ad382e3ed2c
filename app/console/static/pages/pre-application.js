/** 预申请比对详情: what a pre-application was compared with, why it stands in its class, and a person's word on it. */
import { get, send } from '../lib/api.js';
import { loadBodies } from '../lib/bodies.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, field, filled } from '../lib/form.js';
import { label } from '../lib/labels.js';
import { factList, listPanel, wanted } from '../lib/list.js';
import { hasRole, problemNotice, runPage } from '../lib/shell.js';
import { second } from '../lib/words.js';

/** @typedef {{ readonly kind: 'link' | 'field' | 'candidate' | 'repeats', readonly caseId: string, readonly earlierId: string, readonly field: string, readonly preValue: string, readonly caseValue: string, readonly verdict: string, readonly weight: string }} Proof */
/** @typedef {{ readonly class: string, readonly fits: boolean, readonly because: string }} Tried */
/** @typedef {{ readonly preAppId: string, readonly caseId: string, readonly verdict: 'confirmed' | 'rejected', readonly reason: string | null, readonly actor: string, readonly decidedAt: string }} Decision */
/** @typedef {{ readonly preAppId: string, readonly class: string, readonly orgCode: string, readonly status: string, readonly caseNo: string, readonly submitDate: string, readonly reviewDate: string, readonly firstSeen: string, readonly ageDays: string, readonly tried: readonly Tried[], readonly proofs: readonly Proof[], readonly decisions: readonly Decision[] }} Explained */

/** Who says that records belong together. */
const JUDGES = ['operator', 'district'];
const KINDS = { link: '关联', field: '字段比对', candidate: '疑似关联', repeats: '重复' };
const VERDICTS = { confirmed: '属于同一件', rejected: '不是同一件' };

void runPage(async (session) => {
  const { id = '' } = wanted();
  const bodies = await loadBodies();
  const path = `/api/comparison/pre-applications/${encodeURIComponent(id)}`;
  const mayJudge = hasRole(session, JUDGES);
  const found = /** @type {Explained} */ (await get(path));
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      h('section', { class: 'panel' }, h('h2', null, found.preAppId), facts(found, bodies.nameOf)),
      listPanel(TRIED_COLUMNS, found.tried, { caption: '归类依据', none: '没有', title: '归类依据' }),
      listPanel(proofColumns(found.proofs), found.proofs, {
        caption: '比对内容',
        none: '没有可比对的案件',
        title: '比对内容',
      }),
      decisionPanel(found, mayJudge),
      mayJudge ? judgePanel(found, session.account.body !== null) : null,
    ),
  );
});

/**
 * @param {Explained} found
 * @param {(code: string) => string} nameOf
 */
function facts(found, nameOf) {
  return factList([
    ['类别', label('comparisonClasses', found.class)],
    ['机构', nameOf(found.orgCode)],
    ['状态', label('preApplicationStates', found.status)],
    ['提交', found.submitDate || null],
    ['审核', found.reviewDate || null],
    ['案号', found.caseNo || null],
    ['首次发现', `${found.firstSeen}${found.ageDays === '' ? '' : `（${found.ageDays}个工作日）`}`],
  ]);
}

/** @type {readonly import('../lib/table.js').Column<Tried>[]} */
const TRIED_COLUMNS = [
  { title: '类别', isHead: true, kind: 'key', value: ({ class: name }) => label('comparisonClasses', name) },
  {
    title: '结果',
    kind: 'key',
    value: ({ fits }) => (fits ? h('span', { class: 'chip busy' }, '归入') : '不归入'),
  },
  { title: '依据', value: ({ because }) => fieldWords(because) },
];

/**
 * Of a likely partner only evidence is told, of a link only what links: columns without any value are left out.
 * @param {readonly Proof[]} proofs
 * @returns {readonly import('../lib/table.js').Column<Proof>[]}
 */
function proofColumns(proofs) {
  /** @type {readonly (readonly ['field' | 'preValue' | 'caseValue' | 'verdict' | 'weight', import('../lib/table.js').Column<Proof>])[]} */
  const columns = [
    ['field', { title: '字段', kind: 'key', value: (proof) => fieldWords(proof.field) || null }],
    ['preValue', { title: '预申请', value: ({ preValue }) => preValue || null }],
    ['caseValue', { title: '案件', value: ({ caseValue }) => caseValue || null }],
    ['verdict', { title: '结论', value: ({ verdict }) => verdict || null }],
    ['weight', { title: '证据权重', kind: 'number', value: ({ weight }) => weight || null }],
  ];
  return [
    { title: '种类', kind: 'key', value: ({ kind }) => KINDS[kind] },
    {
      title: '对方',
      kind: 'key',
      isHead: true,
      value: ({ caseId, earlierId }) => (caseId === '' ? `预申请 ${earlierId}` : `案件 ${caseId}`),
    },
    ...columns.filter(([name]) => proofs.some((proof) => proof[name] !== '')).map(([, column]) => column),
  ];
}

/** Fields of the comparison in a text by their names. @param {string} text */
const fieldWords = (text) =>
  text.replaceAll(/[A-Z]+(?:_[A-Z]+)+/g, (name) =>
    name === 'APPLY_DATE' ? '申请日期' : label('comparedFields', name),
  );

/**
 * What persons said, and the way to take it back.
 * @param {Explained} found
 * @param {boolean} mayJudge
 */
function decisionPanel({ preAppId, decisions }, mayJudge) {
  const said = h('div', { 'aria-live': 'polite' });
  const withdraw = async (/** @type {Decision} */ { caseId }) => {
    try {
      await decide({ preApplication: preAppId, case: caseId, verdict: 'withdrawn' });
    } catch (error) {
      replace(said, problemNotice(error));
    }
  };
  /** @type {readonly import('../lib/table.js').Column<Decision>[]} */
  const columns = [
    { title: '案件', kind: 'key', isHead: true, value: ({ caseId }) => caseId },
    { title: '认定', kind: 'key', value: ({ verdict }) => VERDICTS[verdict] },
    { title: '理由', value: ({ reason }) => reason },
    { title: '认定人', kind: 'key', value: ({ actor }) => actor },
    { title: '时间', kind: 'key', value: ({ decidedAt }) => second(decidedAt) },
    {
      title: '操作',
      kind: 'key',
      value: (decision) =>
        mayJudge
          ? h(
              'button',
              { type: 'button', class: 'small', on: { click: () => void withdraw(decision) } },
              '撤回',
            )
          : null,
    },
  ];
  const words = { caption: '人工认定', none: '尚无人工认定', title: '人工认定' };
  return h('div', { class: 'stack' }, said, listPanel(columns, decisions, words));
}

/**
 * @param {Explained} found
 * @param {boolean} isDistrict
 */
function judgePanel({ preAppId, proofs }, isDistrict) {
  const cases = [...new Set(proofs.map(({ caseId }) => caseId))].filter((caseId) => caseId !== '');
  const form = actionForm({
    fields: [
      field('case', '案件编号', {
        list: 'cases',
        inputmode: 'numeric',
        pattern: '-?\\d{1,18}',
        value: cases.length === 1 ? cases[0] : null,
      }),
      h(
        'datalist',
        { id: 'cases' },
        cases.map((value) => h('option', { value })),
      ),
      h(
        'label',
        null,
        '认定',
        h(
          'select',
          { name: 'verdict' },
          Object.entries(VERDICTS).map(([value, text]) => h('option', { value }, text)),
        ),
      ),
      field('reason', '理由', { required: false, maxlength: 500 }),
    ],
    button: '认定',
    done: async (data) => decide({ preApplication: preAppId, ...filled(data) }),
  });
  const limit = isDistrict ? '只能认定本机构的预申请与本机构的案件，其他由市级操作人员办理。' : '';
  return h(
    'section',
    { class: 'panel' },
    h('h2', null, '认定与案件的关系'),
    h('p', { class: 'soft' }, `认定长期记录在案，下一次比对起生效。${limit}`),
    form,
  );
}

/** @param {Readonly<Record<string, string>>} decision */
async function decide(decision) {
  await send('/api/comparison/decisions', decision);
  location.reload();
}
