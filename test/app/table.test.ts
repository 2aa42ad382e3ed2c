import { describe, expect, test } from 'vitest';
import { displayWidth, tableLines } from '../../app/table.ts';

describe('a table for a terminal', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['受理', 4],
    ['A02 受理（件）', 14],
    ['𠮷', 2],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('columns stand under their titles, numbers to the right, nothing after the last', () => {
    const lines = tableLines<[string, string]>(
      [
        { title: 'id', value: ([id]) => id },
        { title: '值', align: 'right', value: ([, value]) => value },
      ],
      [
        ['受理', '1'],
        ['B', '1000'],
      ],
    );
    expect(lines).toEqual(['id      值', '----  ----', '受理     1', 'B     1000']);
  });

  test('without rows there is the header', () => {
    expect(tableLines([{ title: 'id', value: String }], [])).toEqual(['id', '--']);
  });
});
