/** 数据问题: findings of the latest run, by district, rule, severity and state. */
import { get, send } from '../lib/api.js';
import { loadBodies } from '../lib/bodies.js';
import { openSheet } from '../lib/dialog.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, field, filled } from '../lib/form.js';
import { label, labels } from '../lib/labels.js';
import { ALL, bodyFilter, factList, filterForm, pagedTable, wanted } from '../lib/list.js';
import { hasRole, runPage } from '../lib/shell.js';
import { severityChip } from '../lib/states.js';
import { table, wide } from '../lib/table.js';
import { figure } from '../lib/words.js';

/** @typedef {{ readonly reason: string, readonly expires_on: string, readonly actor: string, readonly marked_at: string }} Mark */
/** @typedef {Readonly<Record<'rule_id' | 'severity' | 'scope' | 'record_key' | 'org_code' | 'field' | 'value' | 'message' | 'state' | 'mark' | 'mark_reason' | 'mark_expires_on' | 'first_seen', string | null>> & { readonly standing_mark: Mark | null }} Finding */
/** @typedef {{ readonly org_code: string | null, readonly rule_id: string, readonly severity: string, readonly state: string, readonly findings: number }} Count */
/** @typedef {Awaited<ReturnType<typeof loadBodies>>} Bodies */

/** Who says that a finding is correct as it is. */
const JUDGES = ['operator', 'district'];
/** States that can be asked for. */
const STATES = ['new', 'continuing', 'resolved'];

void runPage(async (session) => {
  const { account } = session;
  const filter = wanted();
  const [bodies, { rules }, { counts }] = await Promise.all([
    loadBodies(),
    /** @type {Promise<{ rules: { id: string, title: string }[] }>} */ (get('/api/rules')),
    /** @type {Promise<{ counts: Count[] }>} */ (get('/api/findings/counts', { body: filter['body'] })),
  ]);
  const list = await pagedTable({
    columns: columns(bodies, new Map(rules.map(({ id, title }) => [id, title])), hasRole(session, JUDGES)),
    caption: '数据问题',
    none: '没有符合条件的问题',
    read: async (offset) => {
      const { findings, hasMore } = /** @type {{ findings: Finding[], hasMore: boolean }} */ (
        await get('/api/findings', { ...filter, offset })
      );
      return { rows: findings, hasMore };
    },
  });
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      filterForm([
        ...bodyFilter(account, [ALL, ...bodies.options]),
        { name: 'severity', label: '级别', options: [ALL, ...Object.entries(labels('severities'))] },
        {
          name: 'state',
          label: '状态',
          options: [
            ALL,
            ...STATES.map((state) => /** @type {const} */ ([state, label('findingStates', state)])),
          ],
        },
        {
          name: 'rule',
          label: '规则',
          options: [ALL, ...rules.map(({ id, title }) => /** @type {const} */ ([id, `${id} ${title}`]))],
        },
      ]),
      account.body === null && filter['body'] === undefined ? bodyPanel(counts, bodies) : null,
      list,
    ),
  );
});

/**
 * Open findings of each body.
 * @param {readonly Count[]} counts
 * @param {Bodies} bodies
 */
function bodyPanel(counts, { nameOf }) {
  const open = counts.filter(({ state }) => state !== 'resolved');
  const codes = [...new Set(open.map(({ org_code }) => org_code ?? ''))].toSorted();
  const sum = (/** @type {string} */ code, /** @type {string} */ severity) =>
    open
      .filter((row) => (row.org_code ?? '') === code && row.severity === severity)
      .reduce((total, { findings }) => total + findings, 0);
  const number = (/** @type {string} */ severity) => ({
    title: label('severities', severity),
    kind: /** @type {const} */ ('number'),
    value: (/** @type {string} */ code) => figure(sum(code, severity)),
  });
  return h(
    'details',
    { class: 'panel' },
    h('summary', null, '各机构待处理问题'),
    wide(
      table(
        [
          {
            title: '机构',
            isHead: true,
            value: (code) => (code === '' ? '机构不明' : h('a', { href: `?body=${code}` }, nameOf(code))),
          },
          number('error'),
          number('warning'),
          number('info'),
        ],
        codes,
        '各机构待处理问题',
      ),
      '各机构待处理问题',
    ),
  );
}

/**
 * @param {Bodies} bodies
 * @param {ReadonlyMap<string, string>} titles
 * @param {boolean} mayMark
 * @returns {readonly import('../lib/table.js').Column<Finding>[]}
 */
function columns({ nameOf }, titles, mayMark) {
  return [
    {
      title: '规则',
      kind: 'key',
      value: ({ rule_id: id }) => h('span', { title: titles.get(id ?? '') }, id),
    },
    { title: '级别', kind: 'key', value: ({ severity }) => severityChip(severity ?? '') },
    { title: '机构', kind: 'key', value: ({ org_code }) => nameOf(org_code) },
    { title: '记录', kind: 'key', isHead: true, value: ({ scope, record_key }) => `${scope} ${record_key}` },
    { title: '字段', kind: 'key', value: ({ field }) => field },
    { title: '问题', value: ({ message }) => message },
    { title: '状态', kind: 'key', value: ({ state }) => state && label('findingStates', state) },
    { title: '首次发现', kind: 'key', value: ({ first_seen }) => first_seen },
    { title: '核实', kind: 'key', value: (finding) => markCell(finding, mayMark) },
  ];
}

/**
 * Whether somebody said that it is correct, and the way to say so.
 * @param {Finding} finding
 * @param {boolean} mayMark
 */
function markCell(finding, mayMark) {
  const { standing_mark: standing, mark, state } = finding;
  const mayOpen = mayMark && state !== 'resolved';
  const button = (/** @type {string} */ text) =>
    h('button', { type: 'button', class: 'small', on: { click: () => openMark(finding) } }, text);
  if (standing !== null) {
    const { reason, expires_on, actor } = standing;
    const chip = h('span', { class: 'chip good', title: `${actor}：${reason}` }, `已核实至${expires_on}`);
    return mayOpen ? [chip, ' ', button('查看')] : chip;
  }
  const over = mark === 'expired' ? '核实已到期' : mark === 'broken' ? '核实已失效' : null;
  return [
    over === null ? null : h('span', { class: 'chip warn', title: finding.mark_reason }, over),
    mayOpen ? [' ', button('核实')] : null,
  ];
}

/** @param {Finding} finding */
function openMark({ rule_id: rule, record_key: record, scope: view, message, standing_mark: standing }) {
  const which = { rule, record, view };
  const about = [h('p', null, h('code', null, `${rule} ${view} ${record}`)), h('p', null, message)];
  const again = async () => location.reload();
  if (standing !== null) {
    const { reason, expires_on, actor, marked_at } = standing;
    const facts = factList([
      ['理由', reason],
      ['有效至', expires_on],
      ['核实人', actor],
      ['核实时间', marked_at],
    ]);
    const withdrawal = actionForm({
      fields: field('reason', '撤回理由', { required: false, maxlength: 500 }),
      button: '撤回核实',
      done: async (data) => send('/api/findings/marks/withdrawal', { ...which, ...filled(data) }).then(again),
    });
    openSheet('已核实为正确', {}, about, facts, withdrawal);
    return;
  }
  const mark = actionForm({
    fields: [
      field('reason', '为什么数据是正确的', { maxlength: 500 }),
      field('until', '有效至', {
        type: 'date',
        min: new Date().toLocaleDateString('sv'),
        hint: '到期，或记录的值变化后，问题重新列出。下一次运行起计入。',
      }),
    ],
    button: '核实为正确',
    done: async (data) => send('/api/findings/marks', { ...which, ...filled(data) }).then(again),
  });
  openSheet('核实为正确', {}, about, mark);
}
