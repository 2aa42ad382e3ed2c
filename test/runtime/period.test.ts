import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDate, readPeriod } from '../../pipelines/runtime/period.ts';
import {
  dayNumber,
  dayText,
  fileForm,
  isRealDate,
  lastCompleteMonth,
  monthOf,
  monthsBefore,
  parsePeriod,
  periodRange,
  previousPeriod,
  samePeriodLastYear,
  ytdRange,
} from '../../schemas/period.ts';
import { codeOf, errorOf } from './support/home.ts';

const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
const days = fc.integer({ min: FIRST_DAY, max: LAST_DAY });
const cutoffs = fc.integer({ min: 0, max: 28 });
const years = fc.integer({ min: 1900, max: 2999 });
const monthTexts = fc
  .tuple(years, fc.integer({ min: 1, max: 12 }))
  .map(([year, month]) => `${year}-${String(month).padStart(2, '0')}`);
const periodTexts = fc.oneof(
  monthTexts,
  fc.tuple(years, fc.integer({ min: 1, max: 4 })).map(([year, quarter]) => `${year}-Q${quarter}`),
  fc.tuple(years, fc.integer({ min: 1, max: 2 })).map(([year, half]) => `${year}-H${half}`),
  years.map(String),
);

/** The platform's own calendar in UTC, which has neither time zones nor summer time. */
function platformDate(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

describe('days', () => {
  test('numbers and texts of all years agree with the platform calendar', () => {
    fc.assert(
      fc.property(days, (day) => {
        const text = dayText(day);
        expect(text).toBe(platformDate(day));
        expect(isRealDate(text)).toBe(true);
        expect(dayNumber(text)).toBe(day);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['0001-01-01', FIRST_DAY],
    ['1970-01-01', 0],
    ['2000-02-29', 11_016],
    ['9999-12-31', LAST_DAY],
  ])('%s is day %i', (text, day) => {
    expect(dayNumber(text)).toBe(day);
    expect(dayText(day)).toBe(text);
  });

  test.each([
    '2025-02-29',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-01-00',
    '0000-01-01',
    '2026-1-1',
    '20260101',
    '2026-01-01 ',
    ' 2026-01-01',
    '2026-01-01T00',
    '',
  ])('%j is no day', (text) => {
    expect(isRealDate(text)).toBe(false);
    expect(() => dayNumber(text)).toThrow('is not a day');
  });

  test('a day number outside of the years 1 to 9999 is refused', () => {
    for (const day of [FIRST_DAY - 1, LAST_DAY + 1, 0.5, Number.NaN])
      expect(() => dayText(day)).toThrow('not a day');
  });
});

describe('periods', () => {
  test('the text that was read comes back, the file form lacks the dash', () => {
    fc.assert(
      fc.property(periodTexts, (text) => {
        const period = parsePeriod(text);
        expect(period.text).toBe(text);
        expect(fileForm(period)).toBe(text.replace('-', ''));
      }),
    );
  });

  test.each([
    '2026-13',
    '2026-00',
    '2026-1',
    '202610',
    '2026-Q0',
    '2026-Q5',
    '2026-q4',
    '2026-H3',
    '26-10',
    '1899',
    '3000',
    ' 2026',
    '2026-10-01',
    '',
  ])('%j is no period', (text) => {
    expect(() => parsePeriod(text)).toThrow('is not a period');
  });

  test.each([
    ['2026-10', 0, '2026-10-01', '2026-10-31'],
    ['2026-02', 0, '2026-02-01', '2026-02-28'],
    ['2026-10', 20, '2026-09-21', '2026-10-20'],
    ['2026-01', 20, '2025-12-21', '2026-01-20'],
    ['2026-Q1', 20, '2025-12-21', '2026-03-20'],
    ['2026-H2', 0, '2026-07-01', '2026-12-31'],
    ['2026', 25, '2025-12-26', '2026-12-25'],
    ['2026-03', 28, '2026-03-01', '2026-03-28'],
    ['2028-03', 28, '2028-02-29', '2028-03-28'],
  ])('%s with cut-off %i runs from %s to %s', (text, cutoff, start, end) => {
    expect(periodRange(parsePeriod(text), cutoff)).toEqual({ start, end });
  });

  test('a period follows the one before without gap or overlap, for every cut-off', () => {
    fc.assert(
      fc.property(periodTexts, cutoffs, (text, cutoff) => {
        const period = parsePeriod(text);
        const before = previousPeriod(period);
        expect(before.kind).toBe(period.kind);
        expect(dayNumber(periodRange(before, cutoff).end) + 1).toBe(
          dayNumber(periodRange(period, cutoff).start),
        );
      }),
    );
  });

  test('a quarter, half-year and year are exactly their months', () => {
    fc.assert(
      fc.property(periodTexts, cutoffs, (text, cutoff) => {
        const period = parsePeriod(text);
        const { start, end } = periodRange(period, cutoff);
        const count = { month: 1, quarter: 3, half: 6, year: 12 }[period.kind];
        expect(periodRange(monthsBefore(period, 0), cutoff).end).toBe(end);
        expect(periodRange(monthsBefore(period, count - 1), cutoff).start).toBe(start);
      }),
    );
  });

  test('year-to-date runs from the first day of period January', () => {
    expect(ytdRange(parsePeriod('2026-10'), 20)).toEqual({ start: '2025-12-21', end: '2026-10-20' });
    fc.assert(
      fc.property(periodTexts, cutoffs, (text, cutoff) => {
        const period = parsePeriod(text);
        const range = ytdRange(period, cutoff);
        expect(range.end).toBe(periodRange(period, cutoff).end);
        expect(range.start).toBe(periodRange(parsePeriod(text.slice(0, 4)), cutoff).start);
      }),
    );
  });

  test('the month of a day holds it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -25_000, max: 370_000 }), cutoffs, (day, cutoff) => {
        const { start, end } = periodRange(monthOf(dayText(day), cutoff), cutoff);
        expect(dayNumber(start)).toBeLessThanOrEqual(day);
        expect(dayNumber(end)).toBeGreaterThanOrEqual(day);
      }),
    );
  });

  test('the last complete month ends before the as-of day, and the next one does not', () => {
    fc.assert(
      fc.property(fc.integer({ min: -25_000, max: 370_000 }), cutoffs, (day, cutoff) => {
        const asOf = dayText(day);
        const last = lastCompleteMonth(asOf, cutoff);
        expect(periodRange(last, cutoff).end < asOf).toBe(true);
        const next = monthsBefore(last, -1);
        expect(previousPeriod(next)).toEqual(last);
        expect(periodRange(next, cutoff).end >= asOf).toBe(true);
      }),
    );
    expect(lastCompleteMonth('2026-10-31').text).toBe('2026-09');
    expect(lastCompleteMonth('2026-11-01').text).toBe('2026-10');
    expect(lastCompleteMonth('2026-01-20', 20).text).toBe('2025-12');
    expect(lastCompleteMonth('2026-01-21', 20).text).toBe('2026-01');
  });

  test('the same period of the year before', () => {
    expect(samePeriodLastYear(parsePeriod('2026-Q4')).text).toBe('2025-Q4');
    expect(previousPeriod(parsePeriod('2026-Q1')).text).toBe('2025-Q4');
    expect(monthsBefore(parsePeriod('2026-01'), 13).text).toBe('2024-12');
  });

  test('a cut-off day outside of 0 to 28 is refused', () => {
    for (const cutoff of [-1, 29, 1.5])
      expect(() => periodRange(parsePeriod('2026'), cutoff)).toThrow('cut-off');
  });
});

describe('what people type', () => {
  test('a wrong period is E_PERIOD, with the text and the four forms', async () => {
    const error = await errorOf(() => readPeriod('2026/10'));
    expect(error.code).toBe('E_PERIOD');
    expect(error.message).toContain('"2026/10"');
    expect(error.message).toContain('2026-Q4');
    expect(readPeriod('2026-10').text).toBe('2026-10');
  });

  test('a wrong date is E_DATE, with the option that it was given for', async () => {
    expect(readDate('2026-11-03', '--as-of')).toBe('2026-11-03');
    expect(await codeOf(() => readDate('2026-02-30', '--as-of'))).toBe('E_DATE');
    expect((await errorOf(() => readDate('tomorrow', '--as-of'))).message).toContain('--as-of');
  });
});
