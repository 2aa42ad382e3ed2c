/** Times of the schedule as people read them. */
import { expect, test } from 'vitest';

const { cronWords } = (await import(
  new URL('../../app/console/static/lib/words.js', import.meta.url).href
)) as { cronWords: (expression: string) => string };

test.each([
  ['0 5 * * *', '每日 05:00'],
  ['30 22 * * 1-5', '每周一至五 22:30'],
  ['0 4 * * 0,6', '每周日、六 04:00'],
  ['15 6 10 * *', '每月10日 06:15'],
  ['0 2 L * *', '每月最后一天 02:00'],
])('%s is %s', (expression, words) => {
  expect(cronWords(expression)).toBe(words);
});

test.each(['*/5 * * * *', '0 5 1 * 1', '0 5 1 1 *', '0 5 * * 1#2', '0 5 15W * *'])(
  '%s stands as it is',
  (expression) => {
    expect(cronWords(expression)).toBe(expression);
  },
);
