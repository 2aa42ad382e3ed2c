/** The Chinese words for codes, as the server hands them out: read once per page, before anything is drawn. */
import { get } from './api.js';

/** @typedef {import('../../../../pipelines/labels.ts').Labels} Labels */

/** @type {Labels | undefined} */
let loaded;

/** Read them; the browser keeps them and asks whether they are still the same. */
export async function loadLabels() {
  loaded ??= /** @type {Labels} */ (await get('/api/words'));
}

/**
 * A list of words by their codes.
 * @param {keyof Labels} list
 */
export function labels(list) {
  if (loaded === undefined) throw new Error('the words are asked for before they were read');
  return loaded[list];
}

/**
 * The word for a code; a code without a word stands for itself.
 * @param {keyof Labels} list
 * @param {string} code
 */
export const label = (list, code) => labels(list)[code] ?? code;
