/** 数据问题: findings of the latest run, by district, rule, severity and state. */
import { get } from '../lib/api.js';
import { loadBodies } from '../lib/bodies.js';
import { byId, h, replace } from '../lib/dom.js';
import { filterForm, pagedTable, wanted } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { FINDING_STATES, SEVERITIES, severityChip } from '../lib/states.js';
import { table, wide } from '../lib/table.js';
import { figure } from '../lib/words.js';

/** @typedef {Readonly<Record<'rule_id' | 'severity' | 'scope' | 'record_key' | 'org_code' | 'field' | 'value' | 'message' | 'state' | 'first_seen', string | null>>} Finding */
/** @typedef {{ readonly org_code: string | null, readonly rule_id: string, readonly severity: string, readonly state: string, readonly findings: number }} Count */
/** @typedef {Awaited<ReturnType<typeof loadBodies>>} Bodies */

void runPage(async ({ account }) => {
  const filter = wanted();
  const [bodies, { rules }, { counts }] = await Promise.all([
    loadBodies(),
    /** @type {Promise<{ rules: { id: string, title: string }[] }>} */ (get('/api/rules')),
    /** @type {Promise<{ counts: Count[] }>} */ (get('/api/findings/counts', { body: filter['body'] })),
  ]);
  const all = /** @type {const} */ (['', '全部']);
  const list = await pagedTable({
    columns: columns(bodies, new Map(rules.map(({ id, title }) => [id, title]))),
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
        ...(account.body === null
          ? [{ name: 'body', label: '机构', options: [all, ...bodies.options] }]
          : []),
        { name: 'severity', label: '级别', options: [all, ...Object.entries(SEVERITIES)] },
        { name: 'state', label: '状态', options: [all, ...Object.entries(FINDING_STATES)] },
        {
          name: 'rule',
          label: '规则',
          options: [all, ...rules.map(({ id, title }) => /** @type {const} */ ([id, `${id} ${title}`]))],
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
    title: SEVERITIES[severity] ?? severity,
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
 * @returns {readonly import('../lib/table.js').Column<Finding>[]}
 */
function columns({ nameOf }, titles) {
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
    { title: '状态', kind: 'key', value: ({ state }) => FINDING_STATES[state ?? ''] ?? state },
    { title: '首次发现', kind: 'key', value: ({ first_seen }) => first_seen },
  ];
}
