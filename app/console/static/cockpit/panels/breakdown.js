/** 争议类型、用人单位类型、行业: shares of one month's acceptances, as rows of bars that open their cases. */
import { h } from '../../lib/dom.js';
import { table } from '../../lib/table.js';
import { figure, monthName, size } from '../../lib/words.js';
import { drawPanel, drillable, monthOf } from '../panel.js';

/** @typedef {import('../view.js').View} View */
/** @typedef {import('../view.js').Row<'industry'>} Share */

const SHORT_NAMES = /** @type {Readonly<Record<string, string>>} */ ({
  '电力、热力、燃气及水生产和供应业': '电力热力燃气及水',
  '信息传输、软件和信息技术服务业': '信息传输、软件',
  '水利、环境和公共设施管理业': '水利环境公共设施',
  '公共管理、社会保障和社会组织': '公共管理社会组织',
  '居民服务、修理和其他服务业': '居民服务、修理',
  '交通运输、仓储和邮政业': '交通运输仓储邮政',
  科学研究和技术服务业: '科学研究技术服务',
  '文化、体育和娱乐业': '文化体育娱乐',
  港澳台及外商投资企业: '港澳台外商投资',
});

/**
 * @param {View} view
 * @param {{ name: 'dispute-types' | 'employer-groups' | 'industries', title: string, table: 'dispute_type' | 'employer_group' | 'industry' }} which
 */
export function drawBreakdown(view, { name, title, table: source }) {
  const rows = view.ofMonth(name, source);
  drawPanel(view, {
    name,
    title,
    of: `受理件数，${monthOf(view)}`,
    chart: () => bars(view, rows),
    table: () => shareTable(view, rows, title),
  });
}

/**
 * The largest first; what nothing was counted in stands at the end, told in one line.
 * @param {View} view
 * @param {readonly Share[]} rows
 */
function bars(view, rows) {
  const most = Math.max(1, ...rows.map(({ value }) => size(value)));
  const sorted = rows.toSorted((a, b) => size(b.value) - size(a.value) || a.position - b.position);
  const none = sorted.filter(({ value }) => size(value) === 0);
  return h(
    'ol',
    { class: 'bars' },
    sorted.slice(0, sorted.length - none.length).map((row, place) => {
      const content = [
        h('span', { class: 'label' }, shortened(row.indicator_name)),
        h(
          'span',
          { class: 'track' },
          h('span', { class: 'fill', style: { '--part': (size(row.value) / most) * 100 } }),
        ),
        h('span', { class: 'figure' }, figure(row.value)),
        h('span', { class: 'more' }, row.share_percent === null ? '' : `${figure(row.share_percent)}%`),
      ];
      return h(
        'li',
        { class: place === 0 ? 'first' : null },
        h(
          'button',
          {
            class: 'row bare',
            type: 'button',
            'data-focus': `drill-${row.indicator_id}`,
            'aria-label': `${row.indicator_name} ${figure(row.value)}件，占${figure(row.share_percent)}%，查看明细`,
            on: {
              click: () =>
                view.drill({
                  figure: row.indicator_id,
                  title: row.indicator_name,
                  value: figure(row.value),
                }),
            },
          },
          content,
        ),
      );
    }),
    none.length === 0
      ? null
      : h(
          'li',
          { class: 'soft none' },
          `无案件：${none.map(({ indicator_name }) => shortened(indicator_name)).join('、')}`,
        ),
  );
}

/** @param {string} name */
const shortened = (name) => SHORT_NAMES[name] ?? name;

/**
 * @param {View} view
 * @param {readonly Share[]} rows
 * @param {string} title
 */
function shareTable(view, rows, title) {
  return table(
    [
      { title: '类别', isHead: true, value: ({ indicator_name }) => indicator_name },
      {
        title: '件数',
        kind: 'number',
        value: (row) => drillable(view, row.value, { figure: row.indicator_id, title: row.indicator_name }),
      },
      { title: '占比%', kind: 'number', value: ({ share_percent }) => figure(share_percent) },
      { title: '上月', kind: 'number', value: ({ previous_value }) => figure(previous_value) },
      { title: '上年同月', kind: 'number', value: ({ last_year_value }) => figure(last_year_value) },
    ],
    rows,
    `${title}，${monthName(view.month)}受理件数`,
  );
}
