/** 审限: what is overdue and what is due within seven days, for the city and by body. */
import { h } from '../../lib/dom.js';
import { table } from '../../lib/table.js';
import { figure } from '../../lib/words.js';
import { bodyName, count, drawPanel, drillable } from '../panel.js';
import { WHOLE } from '../view.js';

/** @typedef {import('../view.js').View} View */
/** @typedef {import('../view.js').Row<'time_limit'>} Limits */

/** @param {View} view */
export function drawTimeLimits(view) {
  const [own] = view.own('time-limits', 'time_limit');
  const bodies = view.all('time-limits', 'time_limit').filter(({ org_code }) => org_code !== WHOLE);
  drawPanel(view, {
    name: 'time-limits',
    title: '审限',
    of: `截至${view.cockpit.index.asOf}`,
    chart: () => [
      own === undefined ? h('p', { class: 'nothing' }, '没有数据') : counts(view, own),
      view.hasWhole ? h('div', { class: 'by-body' }, shortTable(view, bodies)) : null,
    ],
    table: () => fullTable(view, bodies),
  });
}

/** @param {View} view @param {Limits} row */
function counts(view, row) {
  const now = (/** @type {keyof Limits & string} */ name, /** @type {string} */ title) =>
    drillable(view, row[name], { figure: name, title, month: 'now' });
  const tone = row.overdue > 0 ? 'bad' : undefined;
  return h(
    'div',
    { class: view.hasWhole ? 'counts' : 'counts roomy' },
    count('超审限', now('overdue', '超审限未结'), { unit: '件', tone }),
    count('超30天', now('overdue_over_30', '超审限30天以上'), {
      unit: '件',
      tone: row.overdue_over_30 > 0 ? 'bad' : undefined,
    }),
    count('最长超期', row.longest_overdue_days ?? '—', {
      unit: row.longest_overdue_days === null ? '' : '天',
    }),
    count('7日到期', now('due_in_7_days', '7日内到期'), {
      unit: '件',
      tone: row.due_in_7_days > 0 ? 'warn' : undefined,
    }),
    // Where no list of bodies stands below, there is room for all of them.
    view.hasWhole ? null : count('未结', now('open_cases', '未结'), { unit: '件' }),
    view.hasWhole ? null : count('中止', now('suspended', '中止审理'), { unit: '件' }),
  );
}

/**
 * Who has most overdue stands first, then who has most that is due soon.
 * @param {readonly Limits[]} rows
 */
const pressing = (rows) =>
  rows.toSorted((a, b) => b.overdue - a.overdue || b.due_in_7_days - a.due_in_7_days);

/** @param {View} view @param {readonly Limits[]} rows */
function shortTable(view, rows) {
  return table(columns(view, ['overdue', 'due_in_7_days', 'open_cases']), pressing(rows), '各机构审限情况');
}

/** @param {View} view @param {readonly Limits[]} rows */
function fullTable(view, rows) {
  return table(
    [
      ...columns(view, ['open_cases', 'suspended', 'overdue', 'overdue_over_30', 'due_in_7_days']),
      { title: '最长超期（天）', kind: 'number', value: (row) => figure(row.longest_overdue_days) },
    ],
    pressing(rows),
    `各机构审限情况，截至${view.cockpit.index.asOf}`,
  );
}

const TITLES = /** @type {const} */ ({
  open_cases: '未结',
  suspended: '中止',
  overdue: '超审限',
  overdue_over_30: '超30天',
  due_in_7_days: '7日内到期',
});

/**
 * @param {View} view
 * @param {readonly (keyof typeof TITLES)[]} names
 * @returns {import('../../lib/table.js').Column<Limits>[]}
 */
function columns(view, names) {
  return [
    { title: '机构', isHead: true, value: ({ org_code }) => bodyName(view, org_code) },
    ...names.map((name) => ({
      title: TITLES[name],
      kind: /** @type {const} */ ('number'),
      value: (/** @type {Limits} */ row) =>
        h(
          'span',
          { class: row[name] === 0 ? 'zero' : name.startsWith('overdue') ? 'hot' : null },
          drillable(view, row[name], {
            figure: name,
            title: TITLES[name],
            body: row.org_code,
            month: 'now',
          }),
        ),
    })),
  ];
}
