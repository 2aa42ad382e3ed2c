/** 主要指标: eight figures, each with its change and thirteen months as a line. */
import { h, svg } from '../../lib/dom.js';
import { table } from '../../lib/table.js';
import { figure, monthName, plainName, size } from '../../lib/words.js';
import { changes, drawPanel, drillable, figureColumns, monthOf } from '../panel.js';

/** @typedef {import('../view.js').View} View */
/** @typedef {import('../view.js').Row<'key_figure'>} KeyFigure */

/** @param {View} view */
export function drawKeyFigures(view) {
  const rows = view.ofMonth('key-figures', 'key_figure');
  const points = view.own('key-figures', 'sparkline');
  drawPanel(view, {
    name: 'key-figures',
    title: '主要指标',
    of: monthOf(view),
    chart: () =>
      h(
        'div',
        { class: 'tiles' },
        rows.map((row) =>
          tile(
            view,
            row,
            // A month that goes on would pull the line down to nothing.
            points.filter(
              ({ indicator_id, is_provisional }) => indicator_id === row.indicator_id && is_provisional === 0,
            ),
          ),
        ),
      ),
    table: () => figuresTable(view, rows),
  });
}

/**
 * @param {View} view
 * @param {KeyFigure} row
 * @param {readonly import('../view.js').Row<'sparkline'>[]} points
 */
function tile(view, row, points) {
  const name = plainName(row.indicator_name);
  return h(
    'article',
    { class: 'tile', 'data-indicator': row.indicator_id },
    h('h3', null, name),
    h(
      'p',
      { class: 'value' },
      drillable(view, row.value, { figure: row.indicator_id, title: name, unit: row.unit }),
      h('span', { class: 'unit' }, row.value === null ? '' : row.unit),
      row.is_provisional === 1 ? h('span', { class: 'provisional' }, '暂定') : null,
    ),
    changes(row, { previous: against(row, 'previous'), lastYear: against(row, 'last_year') }),
    sparkline(points, name),
  );
}

/**
 * @param {KeyFigure} row
 * @param {'previous' | 'last_year'} which
 */
function against(row, which) {
  const word = which === 'previous' ? '上月' : '上年同月';
  const days = row.compared_days === 'whole' ? '' : '（相同天数）';
  return `${word}${days}：${figure(row[`${which}_value`])}${row.unit}`;
}

const WIDTH = 100;
const HEIGHT = 28;

/**
 * Thirteen months as a line from the least to the most; the last is marked.
 * @param {readonly import('../view.js').Row<'sparkline'>[]} points
 * @param {string} name
 */
function sparkline(points, name) {
  const values = points.map(({ value }) => (value === null ? undefined : size(value)));
  const known = values.filter((value) => value !== undefined);
  if (known.length < 2) return h('span', { class: 'spark' });
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const x = (/** @type {number} */ place) => ((place / (values.length - 1)) * WIDTH).toFixed(2);
  const y = (/** @type {number} */ value) =>
    (HEIGHT - 3 - ((value - least) / (most - least || 1)) * (HEIGHT - 6)).toFixed(2);
  const path = values.map((value, place) =>
    value === undefined ? '' : `${values[place - 1] === undefined ? 'M' : 'L'}${x(place)} ${y(value)}`,
  );
  const last = values.length - 1;
  const end = values[last];
  const label = `${name}，${monthName(points[0]?.month)}至${monthName(points[last]?.month)}，最低${figure(String(least))}，最高${figure(String(most))}`;
  return svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    svg('path', { class: 'floor', d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    svg('path', { class: 'line', d: path.join('') }),
    end === undefined
      ? null
      : svg('path', {
          class: 'last',
          d: `M${x(last)} ${y(end)}h0`,
        }),
  );
}

/**
 * @param {View} view
 * @param {readonly KeyFigure[]} rows
 */
function figuresTable(view, rows) {
  const { name, value, previous, lastYear } = figureColumns(view);
  return table(
    [
      name,
      { title: '单位', value: (row) => row.unit },
      value,
      previous,
      { title: '环比增减', kind: 'number', value: (row) => figure(row.previous_change) },
      { title: '环比%', kind: 'number', value: (row) => figure(row.previous_percent) },
      lastYear,
      { title: '同比增减', kind: 'number', value: (row) => figure(row.last_year_change) },
      { title: '同比%', kind: 'number', value: (row) => figure(row.last_year_percent) },
    ],
    rows,
    `主要指标，${monthOf(view)}`,
  );
}
