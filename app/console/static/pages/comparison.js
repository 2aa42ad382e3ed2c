/** 预申请比对: what the latest comparison found, by class and body; no names. */
import { get } from '../lib/api.js';
import { loadBodies } from '../lib/bodies.js';
import { byId, h, replace } from '../lib/dom.js';
import { label, labels } from '../lib/labels.js';
import { ALL, bodyFilter, filterForm, pagedTable, wanted } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { table, wide } from '../lib/table.js';
import { figure, monthName } from '../lib/words.js';

/** @typedef {{ readonly pre_app_id: string | null, readonly case_id: string | null, readonly org_code: string | null, readonly class: string, readonly fields: string | null, readonly status: string | null, readonly case_no: string | null, readonly first_seen: string }} Subject */
/** @typedef {{ readonly period: string, readonly revision: number, readonly runId: string, readonly asOf: string, readonly counts: readonly { readonly org_code: string | null, readonly class: string, readonly subjects: number }[], readonly subjects: readonly Subject[], readonly hasMore: boolean }} Comparison */

/** @param {Comparison} comparison */
const pageOf = ({ subjects, hasMore }) => ({ rows: subjects, hasMore });

void runPage(async ({ account }) => {
  const filter = wanted();
  const bodies = await loadBodies();
  const read = (/** @type {number} */ offset) =>
    /** @type {Promise<Comparison>} */ (get('/api/comparison', { ...filter, offset }));
  const first = await read(0);
  /** @type {readonly import('../lib/table.js').Column<Subject>[]} */
  const columns = [
    { title: '预申请', kind: 'key', isHead: true, value: ({ pre_app_id }) => preApplicationLink(pre_app_id) },
    { title: '类别', kind: 'key', value: (subject) => label('comparisonClasses', subject.class) },
    { title: '机构', kind: 'key', value: ({ org_code }) => bodies.nameOf(org_code) },
    { title: '状态', kind: 'key', value: ({ status }) => status && label('preApplicationStates', status) },
    { title: '不一致的字段', value: ({ fields }) => fieldNames(fields) },
    { title: '案号', kind: 'key', value: ({ case_no }) => case_no },
    { title: '首次发现', kind: 'key', value: ({ first_seen }) => first_seen },
  ];
  const list = await pagedTable({
    columns,
    caption: '比对结果',
    none: '没有符合条件的记录',
    first: pageOf(first),
    read: async (offset) => pageOf(await read(offset)),
  });
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      h(
        'p',
        { class: 'soft' },
        `${monthName(first.period)}，第${first.revision}次发布，数据截至${first.asOf}，运行${first.runId}`,
      ),
      filterForm([
        ...bodyFilter(account, [ALL, ...bodies.options]),
        { name: 'class', label: '类别', options: [ALL, ...Object.entries(labels('comparisonClasses'))] },
      ]),
      classPanel(first),
      list,
    ),
  );
});

/** What cannot stand in an address cannot be asked for. @param {string | null} id */
function preApplicationLink(id) {
  if (id === null || !/^[\p{L}\p{N}._-]{1,40}$/u.test(id)) return id;
  return h('a', { href: `/pre-application?id=${encodeURIComponent(id)}` }, id);
}

/** @param {string | null} fields as `ORG_CODE,CLAIM_AMOUNT` */
function fieldNames(fields) {
  return fields?.replaceAll(/[A-Z_]+/g, (field) => label('comparedFields', field));
}

/** How many of each class. @param {Comparison} comparison */
function classPanel({ counts }) {
  const sum = (/** @type {string} */ name) =>
    counts.reduce((total, row) => (row.class === name ? total + row.subjects : total), 0);
  const rows = [...new Set(counts.map((row) => row.class))].map((name) => ({ name, subjects: sum(name) }));
  return h(
    'details',
    { class: 'panel', open: true },
    h('summary', null, '各类别件数'),
    wide(
      table(
        [
          {
            title: '类别',
            isHead: true,
            value: ({ name }) => h('a', { href: `?class=${name}` }, label('comparisonClasses', name)),
          },
          { title: '件数', kind: 'number', value: ({ subjects }) => figure(subjects) },
        ],
        rows.toSorted((a, b) => b.subjects - a.subjects),
        '各类别件数',
      ),
      '各类别件数',
    ),
  );
}
