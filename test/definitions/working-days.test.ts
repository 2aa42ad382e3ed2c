/** The working-day calendar against its own form, the law, and an independent package. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { workingDaysFile } from '../../schemas/definitions.ts';

const file = path.join(PROJECT_DIR, 'schemas/definitions/working-days.json');
const { years } = workingDaysFile.parse(JSON.parse(readFileSync(file, 'utf8')));
const listedYears = Object.keys(years);

/** ISO weekday of a day, 1 Monday to 7 Sunday; UTC throughout, so no time zone can shift it. */
const weekday = (day: string) => new Date(`${day}T00:00:00Z`).getUTCDay() || 7;

/** Every day of a span, both ends included. */
function span(first: string, last: string): string[] {
  const days: string[] = [];
  for (let ms = Date.parse(first); ms <= Date.parse(last); ms += 86_400_000) {
    days.push(new Date(ms).toISOString().slice(0, 10));
  }
  return days;
}

interface Calendar {
  readonly holidays: ReadonlySet<string>;
  readonly workdays: ReadonlySet<string>;
}
const ours: Calendar = {
  holidays: new Set(Object.values(years).flatMap(({ holidays }) => holidays)),
  workdays: new Set(Object.values(years).flatMap(({ workdays }) => workdays)),
};
function isWorking({ holidays, workdays }: Calendar, day: string): boolean {
  return workdays.has(day) || (weekday(day) <= 5 && !holidays.has(day));
}

describe('form', () => {
  test('the years 2010 to 2026 are listed without a gap, and no year that was not announced', () => {
    expect(listedYears).toEqual(
      span('2010-01-01', '2026-01-01').flatMap((d) => (d.endsWith('-01-01') ? [d.slice(0, 4)] : [])),
    );
  });

  test.each(Object.entries(years))('%s: each day in its year, ascending, none twice', (year, arrangement) => {
    for (const days of [arrangement.holidays, arrangement.workdays]) {
      expect(days.filter((day) => !day.startsWith(`${year}-`))).toEqual([]);
      expect(days).toEqual([...new Set(days)].toSorted());
    }
    expect(arrangement.holidays.filter((day) => arrangement.workdays.includes(day))).toEqual([]);
  });

  test.each(Object.entries(years))('%s: make-up working days are weekend days', (_year, { workdays }) => {
    expect(workdays.filter((day) => weekday(day) <= 5)).toEqual([]);
  });

  test.each(Object.entries(years))('%s: the notice is named by its number', (year, { source }) => {
    expect(source).toMatch(new RegExp(`^国办发明电〔${Number(year) - 1}〕\\d+号`));
  });
});

describe('law', () => {
  /**
   * 全国年节及纪念日放假办法: 11 days for all citizens from 2008, 13 from 2025. Moving weekends about changes
   * nothing in the number of working days lost, so weekdays off less weekend days worked is the statutory number.
   */
  const statutory = (year: number) => (year >= 2025 ? 13 : 11);
  /** Days given beyond the law, and days that one year's arrangement exchanged with the next year's. */
  const known: Record<string, { more: number; because: string }> = {
    2011: { more: -1, because: '31 December 2011 was worked for 2 or 3 January 2012' },
    2012: { more: 1, because: '31 December 2011 was worked for 2 or 3 January 2012' },
    2015: { more: 1, because: 'Victory Day, 3 September 2015' },
    2020: { more: 2, because: 'the Spring Festival was extended to 2 February: 31 January and 1 February' },
  };

  test.each(Object.entries(years))(
    '%s: as many working days are lost as the law gives',
    (year, arrangement) => {
      const lost =
        arrangement.holidays.filter((day) => weekday(day) <= 5).length - arrangement.workdays.length;
      expect(lost, known[year]?.because).toBe(statutory(Number(year)) + (known[year]?.more ?? 0));
    },
  );

  test.each(listedYears)('%s: the fixed public holidays are off', (year) => {
    const fixed = ['01-01', '05-01', '10-01', '10-02', '10-03'].map((day) => `${year}-${day}`);
    expect(fixed.filter((day) => isWorking(ours, day))).toEqual([]);
  });

  test.each([
    ['2010-02-13', '2010-02-19'],
    ['2012-09-30', '2012-10-07'],
    ['2015-09-03', '2015-09-05'],
    ['2018-12-30', '2019-01-01'],
    ['2019-05-01', '2019-05-04'],
    ['2020-01-24', '2020-02-02'],
    ['2020-10-01', '2020-10-08'],
    ['2022-12-31', '2023-01-02'],
    ['2023-09-29', '2023-10-06'],
    ['2024-02-10', '2024-02-17'],
    ['2025-01-28', '2025-02-04'],
    ['2025-10-01', '2025-10-08'],
    ['2026-01-01', '2026-01-03'],
    ['2026-02-15', '2026-02-23'],
    ['2026-04-04', '2026-04-06'],
    ['2026-05-01', '2026-05-05'],
    ['2026-06-19', '2026-06-21'],
    ['2026-09-25', '2026-09-27'],
    ['2026-10-01', '2026-10-07'],
  ])('%s to %s is off, as its notice says', (first, last) => {
    expect(span(first, last).filter((day) => !ours.holidays.has(day))).toEqual([]);
  });

  test.each([
    ['2011-12-31', '2013-10-12', '2015-09-06', '2018-12-29', '2019-04-28', '2019-05-05'],
    ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
  ])('weekend days that were worked: %s, %s …', (...days) => {
    expect(days.filter((day) => !isWorking(ours, day))).toEqual([]);
  });

  test.each(['2020-02-03', '2019-12-31', '2024-02-09', '2026-02-24', '2026-10-08', '2026-09-24'])(
    '%s is an ordinary working day',
    (day) => {
      expect(isWorking(ours, day)).toBe(true);
    },
  );
});

describe('an independent list', () => {
  const require = createRequire(import.meta.url);
  const dir = path.join(path.dirname(require.resolve('chinese-days/package.json')), 'dist/years');

  test.each(listedYears)('%s: every day of the year is working or off as chinese-days has it', (year) => {
    const theirs = JSON.parse(readFileSync(path.join(dir, `${year}.json`), 'utf8')) as Record<
      'holidays' | 'workdays',
      Record<string, string>
    >;
    const calendar: Calendar = {
      holidays: new Set(Object.keys(theirs.holidays)),
      workdays: new Set(Object.keys(theirs.workdays)),
    };
    const days = span(`${year}-01-01`, `${year}-12-31`);
    expect(days.filter((day) => isWorking(ours, day) !== isWorking(calendar, day))).toEqual([]);
  });
});
