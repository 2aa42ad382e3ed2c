/** 24个月趋势: stock as columns, acceptances and closures as lines over them. */
import { table } from '../../lib/table.js';
import { figure, monthName } from '../../lib/words.js';
import { chart, tip } from '../charts.js';
import { drawPanel, drillable } from '../panel.js';

/** @typedef {import('../view.js').View} View */
/** @typedef {import('../view.js').Row<'trend'>} Month */

const SERIES = /** @type {const} */ ([
  { key: 'stock', name: '期末未结', figure: 'B01' },
  { key: 'accepted', name: '受理', figure: 'A02' },
  { key: 'closed', name: '结案', figure: 'C01' },
]);

/** @param {View} view */
export function drawTrend(view) {
  const rows = view
    .own('trend', 'trend')
    .filter(({ is_provisional }) => view.isProvisional || is_provisional === 0);
  const [first, last] = [rows[0], rows.at(-1)];
  drawPanel(view, {
    name: 'trend',
    title: '受理、结案与未结趋势',
    of: '近24个月，件',
    chart: () =>
      chart({
        label: `${monthName(first?.month)}至${monthName(last?.month)}各月受理、结案与期末未结件数；最后一月受理${last?.accepted ?? 0}件、结案${last?.closed ?? 0}件、未结${last?.stock ?? 0}件。数值见表格。`,
        option: (look) => trendOption(rows, look),
        click: ({ dataIndex, seriesName }) => {
          const row = rows[dataIndex];
          const series = SERIES.find(({ name }) => name === seriesName);
          if (row === undefined || series === undefined) return;
          view.drill({
            figure: series.figure,
            title: series.name,
            month: row.month,
            value: String(row[series.key]),
          });
        },
      }),
    table: () => trendTable(view, rows),
  });
}

/**
 * @param {readonly Month[]} rows
 * @param {import('../charts.js').Look} look
 * @returns {import('../charts.js').Option}
 */
function trendOption(rows, look) {
  // A month that goes on would pull the lines down to nothing: its points stand alone.
  const [whole, going] = [
    rows.map((row) => (row.is_provisional === 1 ? null : row)),
    rows.map((row) => (row.is_provisional === 1 ? row : null)),
  ];
  const marker = { symbolSize: look.px(0.4), showSymbol: true };
  const line = (
    /** @type {'accepted' | 'closed'} */ key,
    /** @type {string} */ name,
    /** @type {{ symbol: string, type: 'solid' | 'dashed' }} */ { symbol, type },
  ) => {
    const colour = look.colour(`series-${key}`);
    return [
      {
        name,
        type: /** @type {const} */ ('line'),
        data: whole.map((row) => row?.[key] ?? null),
        symbol,
        ...marker,
        lineStyle: { color: colour, width: look.px(0.14), type },
        itemStyle: { color: colour },
        z: 3,
      },
      {
        name,
        type: /** @type {const} */ ('scatter'),
        data: going.map((row) => row?.[key] ?? null),
        symbol,
        symbolSize: look.px(0.6),
        itemStyle: { color: look.colour('panel'), borderColor: colour, borderWidth: look.px(0.12) },
        z: 4,
      },
    ];
  };
  const stock = look.colour('series-stock');
  return {
    ...look.common,
    grid: { left: look.px(2.8), right: look.px(0.6), top: look.px(2), bottom: look.px(2.4) },
    legend: {
      data: SERIES.map(({ name }) => name),
      right: 0,
      top: 0,
      selectedMode: false,
      itemGap: look.px(1),
      itemWidth: look.px(1.6),
      itemHeight: look.px(0.7),
      textStyle: { color: look.colour('text'), fontSize: look.px(0.8125), fontFamily: look.font },
    },
    xAxis: {
      type: 'category',
      data: rows.map(({ month }) => month),
      ...look.axis,
      splitLine: { show: false },
      axisLabel: { ...look.axis.axisLabel, formatter: axisMonth, lineHeight: look.px(1), interval: 2 },
    },
    yAxis: { type: 'value', ...look.axis, axisLine: { show: false }, splitNumber: 4 },
    tooltip: {
      ...look.common.tooltip,
      trigger: 'axis',
      axisPointer: { type: 'shadow', shadowStyle: { color: look.colour('accent-soft'), opacity: 0.5 } },
      formatter: (points) => {
        const [point] = Array.isArray(points) ? points : [points];
        const row = rows[point?.dataIndex ?? 0];
        const title = `${monthName(row?.month)}${row?.is_provisional === 1 ? '（暂定）' : ''}`;
        return tip(
          title,
          SERIES.map(({ key, name }) => [name, `${figure(row?.[key])}件`]),
        );
      },
    },
    series: [
      {
        name: '期末未结',
        type: 'bar',
        data: rows.map(({ stock: value, is_provisional }) =>
          is_provisional === 1
            ? {
                value,
                itemStyle: {
                  color: 'transparent',
                  borderColor: look.colour('line-strong'),
                  borderType: /** @type {const} */ ('dashed'),
                },
              }
            : value,
        ),
        barWidth: '62%',
        itemStyle: { color: stock },
        z: 1,
      },
      ...line('accepted', '受理', { symbol: 'circle', type: 'solid' }),
      ...line('closed', '结案', { symbol: 'rect', type: 'dashed' }),
    ],
  };
}

/** `2026-10` as `10月`, the first month of a year with its year. @param {string} month */
function axisMonth(month) {
  const [year, number] = month.split('-').map(Number);
  return `${number}月\n${year}`;
}

/**
 * @param {View} view
 * @param {readonly Month[]} rows
 */
function trendTable(view, rows) {
  return table(
    [
      {
        title: '月份',
        isHead: true,
        value: ({ month, is_provisional }) => `${monthName(month)}${is_provisional === 1 ? '（暂定）' : ''}`,
      },
      ...['A02', 'C01', 'B01'].map((id) => {
        const series = SERIES.find(({ figure: one }) => one === id) ?? SERIES[0];
        return {
          title: series.name,
          kind: /** @type {const} */ ('number'),
          value: (/** @type {Month} */ row) =>
            drillable(view, row[series.key], { figure: id, title: series.name, month: row.month }),
        };
      }),
    ],
    rows.toReversed(),
    '受理、结案与期末未结件数，近24个月',
  );
}
