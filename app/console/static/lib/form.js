/** Forms that change something: fields, a button, and what came of it. */
import { h, replace } from './dom.js';
import { problemNotice } from './shell.js';

/**
 * A field with its label.
 * @param {string} name
 * @param {string} label
 * @param {import('./dom.js').Attributes & { readonly hint?: string }} [more]
 */
export function field(name, label, { hint, ...attributes } = {}) {
  return h(
    'label',
    null,
    label,
    h('input', { name, required: true, autocomplete: 'off', ...attributes }),
    hint === undefined ? null : h('span', { class: 'soft' }, hint),
  );
}

/**
 * A choice of several, each with a box.
 * @param {string} name
 * @param {string} label
 * @param {readonly (readonly [string, string])[]} options
 * @param {readonly string[]} [chosen]
 */
export function boxes(name, label, options, chosen = []) {
  return h(
    'fieldset',
    { class: 'boxes' },
    h('legend', null, label),
    options.map(([value, text]) =>
      h('label', null, h('input', { type: 'checkbox', name, value, checked: chosen.includes(value) }), text),
    ),
  );
}

/**
 * A form. While its work goes on it cannot be sent again; what goes wrong is told above its button.
 * @param {{
 *   readonly fields: import('./dom.js').Child,
 *   readonly button: string,
 *   readonly isMain?: boolean,
 *   readonly done: (data: FormData, form: HTMLFormElement) => Promise<import('./dom.js').Child | void>,
 * }} parts what `done` gives is told in place of a problem
 */
export function actionForm({ fields, button, isMain = true, done }) {
  const said = h('div', { 'aria-live': 'polite' });
  const submit = h('button', { class: isMain ? 'main' : null, type: 'submit' }, button);
  const form = h('form', { class: 'form' }, fields, said, h('div', null, submit));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    replace(said);
    try {
      replace(said, (await done(new FormData(form), form)) ?? null);
    } catch (error) {
      replace(said, problemNotice(error));
    } finally {
      submit.disabled = false;
    }
  });
  return form;
}

/**
 * What a form was sent with, without what was left empty.
 * @param {FormData} data
 * @returns {Record<string, string>}
 */
export function filled(data) {
  return Object.fromEntries(
    [...data].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value !== ''),
  );
}

/**
 * Good news.
 * @param {string} what
 * @param {...import('./dom.js').Child} more
 */
export function goodNotice(what, ...more) {
  return h('div', { class: 'notice good', role: 'status' }, h('strong', null, what), more);
}
