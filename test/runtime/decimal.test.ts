import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divideRounded, formatDecimal, parseDecimal } from '../../pipelines/runtime/decimal.ts';

const anyBig = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
const smallBig = fc.bigInt({ min: -60n, max: 60n });
const integers = fc.oneof(anyBig, smallBig);
const scales = fc.integer({ min: 0, max: 12 });
const size = (n: bigint) => (n < 0n ? -n : n);

describe('divideRounded', () => {
  test.each([
    [1n, 2n, 1n],
    [-1n, 2n, -1n],
    [1n, -2n, -1n],
    [-1n, -2n, 1n],
    [3n, 2n, 2n],
    [-3n, 2n, -2n],
    [1n, 3n, 0n],
    [-1n, 3n, 0n],
    [2n, 3n, 1n],
    [5n, 10n, 1n],
    [49n, 100n, 0n],
    [1005n, 10n, 101n],
    [0n, -7n, 0n],
  ])('%s / %s is %s', (numerator, denominator, quotient) => {
    expect(divideRounded(numerator, denominator)).toBe(quotient);
  });

  test('is the nearest whole number, and of two the one further from zero', () => {
    fc.assert(
      fc.property(
        integers,
        integers.filter((d) => d !== 0n),
        (n, d) => {
          const q = divideRounded(n, d);
          // Twice the distance |n/d − q| as a rational over |d|: at most 1, and 1 only where q lies outside.
          const off = 2n * size(n - q * d);
          expect(off <= size(d)).toBe(true);
          if (off === size(d)) expect(size(q * d) > size(n)).toBe(true);
        },
      ),
    );
  });

  test('has the sign of the quotient and the same size for every sign of its parts', () => {
    fc.assert(
      fc.property(
        integers,
        integers.filter((d) => d !== 0n),
        (n, d) => {
          expect(divideRounded(-n, d)).toBe(-divideRounded(n, d));
          expect(divideRounded(n, -d)).toBe(-divideRounded(n, d));
        },
      ),
    );
  });

  test('refuses zero', () => {
    expect(() => divideRounded(1n, 0n)).toThrow(RangeError);
    expect(() => divideRounded(0n, 0n)).toThrow(RangeError);
  });
});

describe('formatDecimal and parseDecimal', () => {
  test.each([
    [0n, 0, '0'],
    [0n, 2, '0.00'],
    [5n, 2, '0.05'],
    [-5n, 2, '-0.05'],
    [-5n, 0, '-5'],
    [123_450n, 2, '1234.50'],
    [-100n, 2, '-1.00'],
    [1_000_000_000_000_000_000_001n, 3, '1000000000000000000.001'],
  ])('%s of scale %i is %s', (scaled, decimals, text) => {
    expect(formatDecimal(scaled, decimals)).toBe(text);
    expect(parseDecimal(text, decimals)).toBe(scaled);
  });

  test('what is written is read again, exactly', () => {
    fc.assert(
      fc.property(integers, scales, (scaled, decimals) => {
        const text = formatDecimal(scaled, decimals);
        expect(parseDecimal(text, decimals)).toBe(scaled);
        expect(text).toMatch(decimals === 0 ? /^-?(0|[1-9]\d*)$/ : /^-?(0|[1-9]\d*)\.\d+$/);
        expect(text.split('.')[1]?.length ?? 0).toBe(decimals);
        expect(text).not.toMatch(/^-0(\.0*)?$/);
      }),
    );
  });

  test('a larger scale multiplies by tens', () => {
    fc.assert(
      fc.property(integers, scales, scales, (scaled, decimals, more) => {
        const text = formatDecimal(scaled, decimals);
        expect(parseDecimal(text, decimals + more)).toBe(scaled * 10n ** BigInt(more));
      }),
    );
  });

  test.each(['', '-', '.5', '5.', '1,5', '1e3', ' 1', '1 ', '+1', '--1', '１', 'NaN', '0x1'])(
    'refuses %j',
    (text) => {
      expect(() => parseDecimal(text, 2)).toThrow(RangeError);
    },
  );

  test('refuses digits beyond the scale rather than lose them', () => {
    expect(() => parseDecimal('1.005', 2)).toThrow(RangeError);
    expect(() => parseDecimal('1.0', 0)).toThrow(RangeError);
    expect(parseDecimal('1.5', 2)).toBe(150n);
  });
});
