/** Tables from rows: the one way in which lists and the figures behind charts are shown. */
import { h } from './dom.js';
import { NONE } from './words.js';

/**
 * @template R
 * @typedef {{
 *   readonly title: string,
 *   readonly value: (row: R) => import('./dom.js').Child,
 *   readonly kind?: 'number' | 'key' | 'break',
 *   readonly isHead?: boolean,
 * }} Column
 */

/**
 * @template R
 * @param {readonly Column<R>[]} columns
 * @param {readonly R[]} rows
 * @param {string} caption what it shows, for who cannot see what stands around it
 */
export function table(columns, rows, caption) {
  return h(
    'table',
    null,
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        columns.map(({ title, kind }) => h('th', { scope: 'col', class: kind }, title)),
      ),
    ),
    tableBody(columns, rows),
  );
}

/**
 * @template R
 * @param {readonly Column<R>[]} columns
 * @param {readonly R[]} rows
 */
function tableBody(columns, rows) {
  return h(
    'tbody',
    null,
    rows.map((row) => tableRow(columns, row)),
  );
}

/**
 * @template R
 * @param {readonly Column<R>[]} columns
 * @param {R} row
 */
export function tableRow(columns, row) {
  return h(
    'tr',
    null,
    columns.map(({ value, kind, isHead }) => {
      const content = value(row) ?? NONE;
      return isHead === true
        ? h('th', { scope: 'row', class: kind }, content)
        : h('td', { class: kind }, content);
    }),
  );
}

/**
 * A table that may be wider than its place: it scrolls within, also by keyboard.
 * @param {HTMLElement} content
 * @param {string} label
 */
export function wide(content, label) {
  return h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': label }, content);
}
