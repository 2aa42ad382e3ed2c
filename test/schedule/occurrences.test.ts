/** When a schedule falls due: held against brute force, another library, and another list of holidays. */
import { getDayDetail } from 'chinese-days';
import { Cron } from 'croner';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { cronProblem, cronTimes } from '../../pipelines/runtime/cron.ts';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import {
  dueMs,
  nextOccurrences,
  occurrencesBetween,
  type Timing,
} from '../../pipelines/steps/schedule/occurrences.ts';
import { nthWorkingDay } from '../../pipelines/steps/schedule/working-days.ts';
import { dayNumber, dayText } from '../../schemas/period.ts';

const { workingDays } = loadDefinitions();
const calendar = { workingDays, cutoffDay: 0 };
const DAY_MS = 86_400_000;
const ms = (text: string): number => Date.parse(`${text.replace(' ', 'T')}+08:00`);
const text = (at: number): string =>
  new Date(at + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
const timing = (when: Timing['when'], more: Partial<Timing> = {}): Timing => ({
  when,
  period: 'none',
  ...more,
});

const ownZone = process.env.TZ;
afterEach(() => {
  if (ownZone === undefined) delete process.env.TZ;
  else process.env.TZ = ownZone;
});

/** A field of an expression with the values that it stands for. */
const field = (first: number, last: number) =>
  fc.oneof(
    fc.constant({ written: '*', values: range(first, last) }),
    fc
      .uniqueArray(fc.integer({ min: first, max: last }), { minLength: 1, maxLength: 3 })
      .map((values) => ({ written: values.join(','), values })),
    fc.integer({ min: 2, max: 6 }).map((step) => ({
      written: `*/${step}`,
      values: range(first, last).filter((value) => (value - first) % step === 0),
    })),
  );
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('cron expressions', () => {
  const expression = fc.record({
    minute: fc
      .uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 2 })
      .map((values) => ({ written: values.join(','), values })),
    hour: field(0, 23),
    day: field(1, 31),
    month: field(1, 12),
    weekday: field(0, 6),
  });

  test.each(['UTC', 'America/Los_Angeles', 'Asia/Shanghai', 'Australia/Lord_Howe'])(
    'under TZ=%s every minute is judged by brute force: all five fields must fit, in Asia/Shanghai',
    (zone) => {
      process.env.TZ = zone;
      const start = fc.integer({ min: 0, max: 1400 }).map((days) => ms('2025-01-01 00:00') + days * DAY_MS);
      fc.assert(
        fc.property(expression, start, ({ minute, hour, day, month, weekday }, fromMs) => {
          const written = [minute, hour, day, month, weekday].map((one) => one.written).join(' ');
          fc.pre(cronProblem(written) === undefined);
          const untilMs = fromMs + 9 * DAY_MS;
          const expected: string[] = [];
          for (let at = fromMs + 60_000; at <= untilMs; at += 60_000) {
            const there = new Date(at + 8 * 3_600_000);
            if (
              minute.values.includes(there.getUTCMinutes()) &&
              hour.values.includes(there.getUTCHours()) &&
              (day.written === '*' || day.values.includes(there.getUTCDate())) &&
              month.values.includes(there.getUTCMonth() + 1) &&
              weekday.values.includes(there.getUTCDay())
            )
              expected.push(text(at));
          }
          const found = occurrencesBetween(timing(written), calendar, fromMs, untilMs);
          expect(found.map(({ atMs }) => text(atMs))).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    },
  );

  test.each([
    '0 7 L * *',
    '0 7 L 2 *',
    '30 6 * * 5L',
    '0 9 * * 1#2',
    '0 9 15W * *',
    '5 4 LW * *',
    '0 0 29 2 *',
  ])('%s as another library reads it, over eight years', (written) => {
    const fromMs = ms('2026-01-01 00:00');
    const untilMs = ms('2034-01-01 00:00');
    const other = new Cron(written, { timezone: 'Asia/Shanghai', domAndDow: true });
    const expected: string[] = [];
    for (
      let at = other.nextRun(new Date(fromMs));
      at !== null && at.getTime() <= untilMs;
      at = other.nextRun(at)
    )
      expected.push(text(at.getTime()));
    expect(
      occurrencesBetween(timing(written), calendar, fromMs, untilMs).map(({ atMs }) => text(atMs)),
    ).toEqual(expected);
    expect(expected.length).toBeGreaterThan(1);
  });

  test.each([
    ['nonsense', /is no cron expression: expected 5 or 6 fields/],
    ['61 * * * *', /is no cron expression: minute/],
    ['0 0 31 2 *', /impossible day of month/],
    ['*/5 * * * * *', /fires more often than once a minute/],
  ])('%s is refused', (written, words) => {
    expect(cronProblem(written)).toMatch(words);
  });

  test('times of a day are sorted, whatever the order of the fields', () => {
    expect(cronTimes('30,5 20,8 * * *', '2026-11-23')).toEqual([
      '08:05:00',
      '08:30:00',
      '20:05:00',
      '20:30:00',
    ]);
  });
});

describe('the nth working day', () => {
  const months = range(2010, 2026).flatMap((year) =>
    range(1, 12).map((month) => `${year}-${String(month).padStart(2, '0')}`),
  );

  test('of every month since 2010 as another list of holidays has it', () => {
    for (const month of months) {
      const days: string[] = [];
      for (let number = dayNumber(`${month}-01`); dayText(number).startsWith(month); number += 1)
        if (getDayDetail(dayText(number)).work) days.push(dayText(number));
      expect(days.length).toBeGreaterThanOrEqual(15);
      for (const n of [1, 3, 10, 15])
        expect(nthWorkingDay(workingDays, month, n)).toEqual({ date: days[n - 1], isProvisional: false });
    }
  });

  test('of a year that is not announced: Monday to Friday less 1 January, and it says so', () => {
    expect(nthWorkingDay(workingDays, '2027-01', 1)).toEqual({ date: '2027-01-04', isProvisional: true });
    expect(nthWorkingDay(workingDays, '2027-05', 1)).toEqual({ date: '2027-05-03', isProvisional: true });
  });

  test('a month that has fewer has none', () => {
    expect(nthWorkingDay(workingDays, '2026-02', 23)).toBeUndefined();
  });
});

describe('occurrences', () => {
  const third = timing({ workingDay: 3, at: '06:00' }, { period: 'previous-month', rehearsalDays: 5 });

  test('a working day with its month and its rehearsals, in their order', () => {
    const found = occurrencesBetween(third, calendar, ms('2026-09-25 00:00'), ms('2026-11-01 00:00'));
    expect(found.map(({ atMs, kind, key, period }) => [text(atMs), kind, key, period])).toEqual([
      ['2026-10-05 06:00', 'rehearsal', '2026-09', '2026-09'],
      ['2026-10-10 06:00', 'regular', '2026-09', '2026-09'],
      ['2026-10-30 06:00', 'rehearsal', '2026-10', '2026-10'],
    ]);
  });

  test('two spans join without a gap or a double, wherever they are cut', () => {
    const jobs = [third, timing('30 6 * * *', { period: 'previous-day' }), timing('15 */6 * * 1-5')];
    const start = ms('2026-06-01 00:00');
    fc.assert(
      fc.property(
        fc.constantFrom(...jobs),
        fc.integer({ min: 0, max: 200 * 1440 }),
        fc.integer({ min: 0, max: 60 * 1440 }),
        fc.integer({ min: 0, max: 60 * 1440 }),
        (job, first, second, third_) => {
          const [a, b, c] = [0, second, second + third_].map((minutes) => start + (first + minutes) * 60_000);
          const between = (from = 0, until = 0) => occurrencesBetween(job, calendar, from, until);
          expect([...between(a, b), ...between(b, c)].map(({ atMs }) => atMs).toSorted()).toEqual(
            between(a, c)
              .map(({ atMs }) => atMs)
              .toSorted(),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('from and until are days that both belong to it', () => {
    const job = timing('0 8 * * *', { from: '2026-11-25', until: '2026-11-27' });
    const found = occurrencesBetween(job, calendar, ms('2026-11-01 00:00'), ms('2026-12-31 00:00'));
    expect(found.map(({ atMs }) => text(atMs))).toEqual([
      '2026-11-25 08:00',
      '2026-11-26 08:00',
      '2026-11-27 08:00',
    ]);
    expect(nextOccurrences(job, calendar, ms('2026-11-26 12:00'), 3)).toHaveLength(1);
  });

  test('the next ones are the first of those to come, also when they are far away', () => {
    const leap = nextOccurrences(timing('0 0 29 2 *'), calendar, ms('2026-11-23 00:00'), 2);
    expect(leap.map(({ atMs }) => text(atMs))).toEqual(['2028-02-29 00:00', '2032-02-29 00:00']);
    const [first] = nextOccurrences(third, calendar, ms('2026-11-23 00:00'), 1);
    expect(first).toMatchObject({ kind: 'rehearsal', key: '2026-11', isProvisional: false });
  });

  test('a month that ends on a cut-off day is the previous one from the day after', () => {
    const job = timing('0 6 22 * *', { period: 'previous-month' });
    const cut = { workingDays, cutoffDay: 20 };
    const [found] = occurrencesBetween(job, cut, ms('2026-11-01 00:00'), ms('2026-11-30 00:00'));
    expect(found?.key).toBe('2026-11');
    expect(text(dueMs({ day: 25 }, cut, '2026-11'))).toBe('2026-11-26 00:00');
    expect(text(dueMs({ workingDay: 3 }, cut, '2026-11'))).toBe('2026-12-04 00:00');
  });

  test.each([
    [{ workingDay: 8 }, '2026-09', '2026-10-17 00:00'],
    [{ day: 10, at: '17:30' }, '2026-12', '2027-01-10 17:30'],
  ])('due by %j of the month after %s: %s', (rule, period, expected) => {
    expect(text(dueMs(rule, calendar, period))).toBe(expected);
  });
});
