/** English for people: a number with what it counts. */

/** `1 warning`, `2 warnings`, `0 warnings`. */
export function counted(count: number, thing: string): string {
  return `${count} ${count === 1 ? thing : `${thing}s`}`;
}
