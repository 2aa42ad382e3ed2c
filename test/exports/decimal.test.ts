import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changePercent, difference, exactNumber, sameNumber } from '../../exports/decimal.ts';

describe('decimal', () => {
  test.each([
    ['0.30', '0.1', '0.20'],
    ['1', '2', '-1'],
    ['87.31', '87.31', '0.00'],
    ['1.005', '1', '0.005'],
    ['-0.50', '0.50', '-1.00'],
    ['99999999999999999999.01', '0.02', '99999999999999999998.99'],
    ['', '1', ''],
    ['1', '', ''],
  ])('%s − %s = %s', (current, base, expected) => {
    expect(difference(current, base)).toBe(expected);
  });

  test.each([
    ['3', '2', '50.00'],
    ['2', '3', '-33.33'],
    ['1', '3', '-66.67'],
    ['20001', '20000', '0.01'],
    ['19999', '20000', '-0.01'],
    ['40001', '40000', '0.00'],
    ['1', '-2', '150.00'],
    ['5', '0', ''],
    ['5', '0.00', ''],
    ['', '3', ''],
    ['3', '3.00', '0.00'],
  ])('from %2$s to %1$s', (current, base, expected) => {
    expect(changePercent(current, base)).toBe(expected);
  });

  test('a difference added to its base gives the number again', () => {
    const cents = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    const text = (value: bigint): string => difference(`${value}`, '0');
    fc.assert(
      fc.property(cents, cents, (left, right) => {
        expect(BigInt(difference(text(left), text(right))) + right).toBe(left);
      }),
    );
  });

  test('numbers are the same whatever their trailing zeros', () => {
    expect(sameNumber('1.50', '1.5')).toBe(true);
    expect(sameNumber('1.50', '1.51')).toBe(false);
    expect(sameNumber('', '')).toBe(true);
    expect(sameNumber('', '0')).toBe(false);
  });

  test('only numbers that a double holds exactly become one', () => {
    expect(exactNumber('1234.50')).toBe(1234.5);
    expect(exactNumber('0.00')).toBe(0);
    expect(exactNumber('9999999999999.99')).toBe(9999999999999.99);
    expect(exactNumber('99999999999999.999')).toBeUndefined();
    expect(exactNumber('')).toBeUndefined();
    expect(exactNumber('1e5')).toBeUndefined();
  });

  test('text that is no number is an error', () => {
    expect(() => difference('1,000', '1')).toThrow('not a decimal number');
  });
});
