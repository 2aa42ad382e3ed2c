import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import {
  monthWindowSql,
  periodWindowSql,
  periodWindows,
} from '../../pipelines/steps/macro-monitoring/windows.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { dayOf } from '../reference/dates.ts';
import { earlierPeriods, windowsOf } from '../reference/statistics.ts';

const two = (n: number) => String(n).padStart(2, '0');
const years = fc.integer({ min: 1990, max: 2100 });
const periods = fc.oneof(
  fc.tuple(years, fc.integer({ min: 1, max: 12 })).map(([year, month]) => `${year}-${two(month)}`),
  fc.tuple(years, fc.integer({ min: 1, max: 4 })).map(([year, quarter]) => `${year}-Q${quarter}`),
  fc.tuple(years, fc.constantFrom(1, 2)).map(([year, half]) => `${year}-H${half}`),
  years.map(String),
);
const cutoffs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 28 }));
const reference = (period: string, cutoffDay: number) =>
  windowsOf(period, cutoffDay === 0 ? undefined : cutoffDay);

function windows(period: string, cutoffDay: number): Record<string, { start: number; end: number }> {
  return Object.fromEntries(
    periodWindows(parsePeriod(period), cutoffDay).map(({ id, startDay, endDay }) => [
      id,
      { start: startDay, end: endDay },
    ]),
  );
}

describe('the windows of a period', () => {
  test('any period under any cut-off day: those of the reference', () => {
    fc.assert(
      fc.property(periods, cutoffs, (period, cutoffDay) => {
        const { previous, lastYear } = earlierPeriods(period);
        const [own, before, yearBefore] = [period, previous, lastYear].map((text) =>
          reference(text, cutoffDay),
        );
        expect(windows(period, cutoffDay)).toEqual({
          month: own?.month,
          ytd: own?.ytd,
          previous: before?.month,
          previous_ytd: before?.ytd,
          last_year: yearBefore?.month,
          last_year_ytd: yearBefore?.ytd,
          ytd_before: { start: own?.ytd.start, end: (own?.month.start ?? 0) - 1 },
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('a period begins the day after the one before, and the year to date where its year begins', () => {
    fc.assert(
      fc.property(periods, cutoffs, (period, cutoffDay) => {
        const { month, previous, ytd, ytd_before } = windows(period, cutoffDay);
        expect(month?.start).toBe((previous?.end ?? 0) + 1);
        expect(ytd?.end).toBe(month?.end);
        expect((ytd_before?.end ?? 0) + 1).toBe(month?.start);
        expect((ytd?.start ?? 0) <= (month?.start ?? -1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['2026-10', 0, 'month', '2026-10-01', '2026-10-31'],
    ['2026-01', 20, 'month', '2025-12-21', '2026-01-20'],
    ['2026-03', 20, 'ytd', '2025-12-21', '2026-03-20'],
    ['2026-03', 28, 'month', '2026-03-01', '2026-03-28'],
    ['2024-03', 28, 'month', '2024-02-29', '2024-03-28'],
    ['2026-Q1', 25, 'month', '2025-12-26', '2026-03-25'],
    ['2026-Q1', 25, 'previous', '2025-09-26', '2025-12-25'],
    ['2026-H2', 0, 'previous', '2026-01-01', '2026-06-30'],
    ['2026', 1, 'month', '2025-12-02', '2026-12-01'],
    ['2025-02', 0, 'last_year', '2024-02-01', '2024-02-29'],
    ['2026-Q3', 20, 'last_year_ytd', '2024-12-21', '2025-09-20'],
    ['2026-01', 0, 'previous_ytd', '2025-01-01', '2025-12-31'],
  ] as const)('%s with cut-off day %i: %s is %s to %s', (period, cutoffDay, id, start, end) => {
    expect(windows(period, cutoffDay)[id]).toEqual({ start: dayOf(start), end: dayOf(end) });
  });

  test('the year to date before a year is empty: it ends the day before it starts', () => {
    for (const period of ['2026-01', '2026-Q1', '2026-H1', '2026']) {
      const { ytd_before } = windows(period, 20);
      expect(ytd_before?.end).toBe((ytd_before?.start ?? 0) - 1);
    }
  });
});

describe('the windows as tables of the engine', () => {
  async function rows(sql: string, table: string): Promise<Record<string, unknown>[]> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-windows-'));
    try {
      return await withEngine({ spillDir: path.join(dir, 'spill') }, async (engine) => {
        await engine.run(sql);
        return engine.rows(`SELECT * FROM ${table} ORDER BY 2 DESC, 1`);
      });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  test('period_window holds every window', async () => {
    const wanted = periodWindows(parsePeriod('2026-Q1'), 20);
    const found = await rows(periodWindowSql(wanted), 'period_window');
    const sorted = (list: readonly Record<string, unknown>[]) =>
      list.map((row) => JSON.stringify(Object.values(row).map(String))).toSorted();
    expect(sorted(found)).toEqual(
      sorted(wanted.map(({ id, startDay, endDay }) => ({ id, startDay, endDay }))),
    );
  });

  test('month_window holds the month and the twelve before it, across the turn of the year', async () => {
    const found = await rows(monthWindowSql(parsePeriod('2026-02'), 20), 'month_window');
    const months = [
      '2026-02',
      '2026-01',
      ...Array.from({ length: 11 }, (_, back) => `2025-${two(12 - back)}`),
    ];
    expect(found).toEqual(
      months.map((month, back) => {
        const { start, end } = reference(month, 20).month;
        return { month_offset: back === 0 ? 0 : -back, start_day: String(start), end_day: String(end) };
      }),
    );
  });

  test('month_window is empty for longer periods', async () => {
    expect(await rows(monthWindowSql(parsePeriod('2026-Q1'), 0), 'month_window')).toEqual([]);
  });
});
