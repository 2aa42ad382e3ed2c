/** Pages of lists: filters that stand in the address, a table, and more rows on demand. */
import { h, replace } from './dom.js';
import { problemNotice } from './shell.js';
import { table, tableRow, wide } from './table.js';

/** What the address of the page says. */
export const wanted = () => Object.fromEntries(new URLSearchParams(location.search));

/**
 * One thing to filter by: a choice of some, or whatever is typed.
 * @typedef {{ readonly name: string, readonly label: string, readonly options?: readonly (readonly [string, string])[], readonly type?: 'text' | 'date' }} Filter
 */

/** The choice of none in particular. */
export const ALL = /** @type {const} */ (['', '全部']);

/**
 * The filter by body, for whoever sees more than one.
 * @param {{ readonly body: string | null }} account
 * @param {readonly (readonly [string, string])[]} options
 * @returns {readonly Filter[]}
 */
export const bodyFilter = ({ body }, options) =>
  body === null ? [{ name: 'body', label: '机构', options }] : [];

/**
 * A form of filters; a change opens the page with it.
 * @param {readonly Filter[]} filters
 */
export function filterForm(filters) {
  const now = wanted();
  const form = h(
    'form',
    { class: 'filters', method: 'get' },
    filters.map(({ name, label, options, type = 'text' }) => {
      const shared = { name, on: { change: () => form.requestSubmit() } };
      return h(
        'label',
        null,
        label,
        options === undefined
          ? h('input', { ...shared, type, value: now[name], autocomplete: 'off' })
          : h(
              'select',
              shared,
              options.map(([value, text]) =>
                h('option', { value, selected: value === (now[name] ?? '') }, text),
              ),
            ),
      );
    }),
  );
  form.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name);
  });
  return form;
}

/**
 * @template R
 * @typedef {{ readonly rows: readonly R[], readonly hasMore: boolean }} Page
 */

/**
 * A list that is read page by page.
 * @template R
 * @param {{ readonly columns: readonly import('./table.js').Column<R>[], readonly caption: string, readonly read: (offset: number) => Promise<Page<R>>, readonly first?: Page<R>, readonly none: string }} parts `first`: the first page, where it was read already
 */
export async function pagedTable({ columns, caption, read, none, ...parts }) {
  const first = parts.first ?? (await read(0));
  if (first.rows.length === 0) return h('p', { class: 'nothing' }, none);
  const list = table(columns, first.rows, caption);
  let count = first.rows.length;
  const sum = h('p', { class: 'soft' });
  const more = h('button', { type: 'button' }, '显示更多');
  const tell = (/** @type {boolean} */ hasMore) => {
    sum.textContent = hasMore ? `已显示前${count}条` : `共${count}条`;
    more.hidden = !hasMore;
  };
  more.addEventListener('click', async () => {
    more.disabled = true;
    try {
      const next = await read(count);
      for (const row of next.rows) list.tBodies[0]?.append(tableRow(columns, row));
      count += next.rows.length;
      tell(next.hasMore);
    } catch (error) {
      replace(sum, problemNotice(error));
    }
    more.disabled = false;
  });
  tell(first.hasMore);
  return h('div', { class: 'panel' }, sum, wide(list, caption), h('p', { class: 'actions' }, more));
}

/**
 * A list that is there as a whole.
 * @template R
 * @param {readonly import('./table.js').Column<R>[]} columns
 * @param {readonly R[]} rows
 * @param {{ readonly caption: string, readonly none: string, readonly title?: string }} words
 */
export function listPanel(columns, rows, { caption, none, title }) {
  return h(
    'section',
    { class: 'panel' },
    title === undefined ? null : h('h2', null, title),
    rows.length === 0 ? h('p', { class: 'nothing' }, none) : wide(table(columns, rows, caption), caption),
  );
}

/**
 * Names and values.
 * @param {readonly (readonly [string, import('./dom.js').Child])[]} facts
 */
export function factList(facts) {
  return h(
    'dl',
    { class: 'facts' },
    facts.map(([name, value]) => [h('dt', null, name), h('dd', null, value ?? '—')]),
  );
}
