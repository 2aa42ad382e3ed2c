/** A sheet over the page: what belongs to one row, and what can be done with it. */
import { h } from './dom.js';

/**
 * Open it; it closes by its button, by Escape and by a click beside it, and the focus goes back to where it was.
 * @param {string} title
 * @param {{ readonly closed?: () => void }} [more]
 * @param {...import('./dom.js').Child} content
 */
export function openSheet(title, { closed } = {}, ...content) {
  const close = h('button', { type: 'button', on: { click: () => dialog.close() } }, '关闭');
  const dialog = h(
    'dialog',
    { class: 'sheet', 'aria-label': title },
    h('div', { class: 'headline' }, h('h2', null, title), h('span', { class: 'push' }, close)),
    content,
  );
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * What is shown once: marked as a whole by one click.
 * @param {string} text
 */
export const secret = (text) => h('p', { class: 'secret', id: 'secret' }, text);
