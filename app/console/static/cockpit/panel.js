/** The frame of a panel: heading, month, table toggle; and what several panels are made of. */
import { h, replace } from '../lib/dom.js';
import { figure, monthName, plainName, shortName, size } from '../lib/words.js';
import { WHOLE } from './view.js';

/** @typedef {import('./view.js').View} View */
/**
 * @typedef {{
 *   readonly name: string,
 *   readonly title: string,
 *   readonly of?: string | undefined,
 *   readonly isShown?: boolean,
 *   readonly controls?: import('../lib/dom.js').Child,
 *   readonly chart: () => import('../lib/dom.js').Child,
 *   readonly table?: () => HTMLElement,
 * }} PanelParts
 */

/**
 * Draw a panel into its section of the page.
 * @param {View} view
 * @param {PanelParts} parts
 */
export function drawPanel(view, { name, title, of, isShown, controls, chart, table }) {
  const section = document.querySelector(`[data-panel="${name}"]`);
  if (!(section instanceof HTMLElement)) return;
  section.hidden = isShown === false;
  if (section.hidden) return;
  const { tables } = view.choice;
  const isTable = table !== undefined && tables.has(name);
  const heading = `panel-${name}`;
  section.setAttribute('aria-labelledby', heading);
  replace(
    section,
    h(
      'div',
      { class: 'panel-head' },
      h('h2', { id: heading }, title),
      of === undefined ? null : h('span', { class: 'of' }, of),
      h('span', { class: 'push' }),
      controls,
      table === undefined ? null : tableToggle(view, name, title, isTable),
    ),
    h('div', { class: 'body' }, isTable ? scrolling(table(), title) : chart()),
  );
}

/**
 * @param {View} view
 * @param {string} name
 * @param {string} title
 * @param {boolean} isTable
 */
function tableToggle(view, name, title, isTable) {
  const click = () => {
    const tables = new Set(view.choice.tables);
    if (!tables.delete(name)) tables.add(name);
    view.page.choose({ tables });
  };
  return h(
    'button',
    {
      class: 'toggle',
      type: 'button',
      'aria-pressed': isTable,
      'aria-label': `${title}：以表格显示`,
      'data-focus': `table-${name}`,
      on: { click },
    },
    isTable ? '图' : '表',
  );
}

/**
 * @param {HTMLElement} content
 * @param {string} label
 */
function scrolling(content, label) {
  return h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': `${label}，表格` }, content);
}

/**
 * The month of a panel's figures, as its heading says it.
 * @param {View} view
 */
export function monthOf(view) {
  const { asOf } = view.cockpit.index;
  return view.isProvisional
    ? `${Number(view.month.slice(5))}月至${Number(asOf.slice(8))}日，暂定`
    : monthName(view.month);
}

/**
 * A figure that opens its records; plain text where there are none.
 * @param {View} view
 * @param {string | number | null} value
 * @param {import('./view.js').Drill} wanted
 */
export function drillable(view, value, wanted) {
  const text = figure(value);
  if (size(value) === 0) return h('span', null, text);
  return h(
    'button',
    {
      class: 'bare',
      type: 'button',
      'aria-label': `${wanted.title} ${text}，查看明细`,
      'data-focus': `drill-${wanted.figure}-${wanted.body ?? ''}-${wanted.month ?? ''}`,
      on: { click: () => view.drill({ value: `${text}${wanted.unit ?? ''}`, ...wanted }) },
    },
    text,
  );
}

/**
 * A number with what it counts.
 * @param {string} what
 * @param {import('../lib/dom.js').Child} value
 * @param {{ unit?: string, tone?: 'bad' | 'warn' | undefined, mark?: string }} [look] `mark`: the colour in which bars show it
 */
export function count(what, value, { unit, tone, mark } = {}) {
  return h(
    'div',
    { class: `count ${tone ?? ''}` },
    h('div', { class: 'what' }, mark === undefined ? null : h('i', { class: `mark is-${mark}` }), what),
    h('div', { class: 'value' }, value, unit === undefined ? null : h('span', { class: 'unit' }, unit)),
  );
}

/**
 * The short name of a body.
 * @param {View} view
 * @param {string} code
 */
export function bodyName(view, code) {
  if (code === WHOLE) return '全市';
  const row = view.all('districts', 'body').find(({ org_code }) => org_code === code);
  if (row === undefined) return code;
  return shortName(row.tile_name ?? row.org_name);
}

const RISING_IS_WORSE = new Set(['B01', 'B02', 'A03', 'A07']);
const RISING_IS_BETTER = new Set(['R01', 'R02', 'R04', 'M04']);

/**
 * How a figure moved: a rate in percentage points, a count in percent, or in its unit where there was none before.
 * @param {import('./view.js').Row<'key_figure'>} row
 * @param {'previous' | 'last_year'} against
 */
function change(row, against) {
  const amount = row[`${against}_change`];
  if (amount === null) return h('span', { class: 'soft' }, '无可比数据');
  if (size(amount) === 0) return h('span', { class: 'change' }, '持平');
  const isUp = !amount.startsWith('-');
  const percent = row[`${against}_percent`];
  const plain = (/** @type {string} */ text) => figure(text.replace('-', ''));
  const text =
    row.unit === '%'
      ? `${plain(amount)}百分点`
      : percent === null
        ? `${plain(amount)}${row.unit}`
        : `${plain(percent)}%`;
  return h(
    'span',
    { class: `change ${judged(row.indicator_id, isUp)}` },
    h('span', { 'aria-hidden': true }, isUp ? '▲' : '▼'),
    h('span', { class: 'unseen' }, isUp ? '上升' : '下降'),
    text,
  );
}

/**
 * How a figure moved against the month before and a year ago.
 * @param {import('./view.js').Row<'key_figure'>} row
 * @param {{ readonly previous?: string, readonly lastYear?: string }} [titles] what it is compared with
 */
export function changes(row, { previous, lastYear } = {}) {
  return h(
    'dl',
    { class: 'changes' },
    h('dt', null, '环比'),
    h('dd', { title: previous }, change(row, 'previous')),
    h('dt', null, '同比'),
    h('dd', { title: lastYear }, change(row, 'last_year')),
  );
}

/**
 * Columns of figures beside those that they are compared with.
 * @param {View} view
 * @returns {Readonly<Record<'name' | 'value' | 'previous' | 'lastYear', import('../lib/table.js').Column<import('./view.js').Row<'key_figure'>>>>}
 */
export function figureColumns(view) {
  return {
    name: { title: '指标', isHead: true, value: (row) => plainName(row.indicator_name) },
    value: {
      title: monthName(view.month),
      kind: 'number',
      value: (row) =>
        drillable(view, row.value, { figure: row.indicator_id, title: plainName(row.indicator_name) }),
    },
    previous: { title: '上月', kind: 'number', value: (row) => figure(row.previous_value) },
    lastYear: { title: '上年同月', kind: 'number', value: (row) => figure(row.last_year_value) },
  };
}

/**
 * @param {string} id
 * @param {boolean} isUp
 */
function judged(id, isUp) {
  if (RISING_IS_WORSE.has(id)) return isUp ? 'worse' : 'better';
  if (RISING_IS_BETTER.has(id)) return isUp ? 'better' : 'worse';
  return '';
}
