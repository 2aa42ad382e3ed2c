import { expect, test } from 'vitest';
import { counted } from '../../pipelines/runtime/words.ts';

test('one thing has no plural, none and many have', () => {
  expect([0, 1, 2].map((count) => counted(count, 'warning'))).toEqual([
    '0 warnings',
    '1 warning',
    '2 warnings',
  ]);
});
