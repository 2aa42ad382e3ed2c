/** 审计记录: who did what, the latest first, and whether the chain is whole. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { label, labels } from '../lib/labels.js';
import { ALL, filterForm, pagedTable, wanted } from '../lib/list.js';
import { problemNotice, runPage } from '../lib/shell.js';
import { second } from '../lib/words.js';

/** @typedef {{ readonly seq: number, readonly at: string, readonly actor: string, readonly action: string, readonly subject: string, readonly detail: unknown, readonly hash: string }} Entry */
/** @typedef {{ readonly ok: boolean, readonly records: number, readonly firstBroken?: number, readonly problem?: string }} Verdict */

const PAGE_ROWS = 100;

/** @type {readonly import('../lib/table.js').Column<Entry>[]} */
const COLUMNS = [
  { title: '序号', kind: 'number', isHead: true, value: ({ seq }) => seq },
  { title: '时间', kind: 'key', value: ({ at }) => second(at) },
  { title: '行为人', kind: 'key', value: ({ actor }) => actor },
  {
    title: '行为',
    kind: 'key',
    value: ({ action }) => h('span', { title: action }, label('auditActions', action)),
  },
  { title: '对象', kind: 'break', value: ({ subject }) => subject },
  { title: '详情', kind: 'break', value: ({ detail }) => detailText(detail) },
  {
    title: '哈希',
    kind: 'key',
    value: ({ hash }) => h('code', { title: hash }, `${hash.slice(0, 8)}…`),
  },
];

void runPage(async () => {
  const filter = wanted();
  /** @type {number | undefined} */
  let before;
  const list = await pagedTable({
    columns: COLUMNS,
    caption: '审计记录',
    none: '没有符合条件的记录',
    read: async () => {
      const { records } = /** @type {{ records: Entry[] }} */ (
        await get('/api/audit', { ...filter, before, limit: PAGE_ROWS })
      );
      before = records.at(-1)?.seq;
      return { rows: records, hasMore: records.length === PAGE_ROWS };
    },
  });
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      verification(),
      filterForm([
        {
          name: 'action',
          label: '行为',
          options: [ALL, ...Object.entries(labels('auditActions'))],
        },
        { name: 'actor', label: '行为人' },
        { name: 'subject', label: '对象' },
        { name: 'from', label: '自', type: 'date' },
        { name: 'until', label: '至', type: 'date' },
      ]),
      list,
    ),
  );
});

/** @param {unknown} detail */
function detailText(detail) {
  if (typeof detail !== 'object' || detail === null) return null;
  const entries = Object.entries(detail);
  if (entries.length === 0) return null;
  return entries
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('；');
}

function verification() {
  const said = h('div', { 'aria-live': 'polite' });
  const button = h('button', { type: 'button' }, '校验哈希链');
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      replace(said, verdictNotice(/** @type {Verdict} */ (await get('/api/audit/verification'))));
    } catch (error) {
      replace(said, problemNotice(error));
    }
    button.disabled = false;
  });
  return h('div', { class: 'stack' }, h('p', { class: 'actions' }, button), said);
}

/** @param {Verdict} verdict */
function verdictNotice({ ok, records, firstBroken, problem }) {
  if (ok)
    return h('div', { class: 'notice good' }, h('strong', null, '完整'), `共${records}条，逐条校验无误。`);
  const where = firstBroken === undefined ? '' : `第${firstBroken}条起`;
  return h(
    'div',
    { class: 'notice bad', role: 'alert' },
    h('strong', null, '记录被改动或缺失'),
    `${where}：${problem ?? ''}`,
  );
}
