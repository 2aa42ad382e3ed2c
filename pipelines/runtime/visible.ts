/** What moves a cursor, starts a line, turns the direction of writing, or is no character at all. */
const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/**
 * A text from outside as it may be shown: what could alter the lines around it stands there as its code, `\u001b`.
 * The text itself is kept as it came.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
