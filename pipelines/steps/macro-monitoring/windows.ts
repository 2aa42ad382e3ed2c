/** The spans of days over which one period's figures, checks and comparisons are computed. */
import {
  dayNumber,
  monthsBefore,
  type Period,
  periodRange,
  previousPeriod,
  samePeriodLastYear,
  ytdRange,
} from '../../../schemas/period.ts';

/**
 * `month` and `ytd` are the published scopes; `previous` is the period before (`previous_ytd`: its year to date), `last_year` and `last_year_ytd` the same
 * a year ago; `ytd_before` is the year up to the day before the period (empty for the year's first period).
 */
export type WindowId =
  | 'month'
  | 'ytd'
  | 'previous'
  | 'previous_ytd'
  | 'last_year'
  | 'last_year_ytd'
  | 'ytd_before';

export interface PeriodWindow<Id extends string = WindowId> {
  readonly id: Id;
  /** Days since 1970-01-01, both inclusive; an empty window ends the day before it starts. */
  readonly startDay: number;
  readonly endDay: number;
}

/** All windows of a period under a cut-off day (0 = natural months). */
export function periodWindows(period: Period, cutoffDay: number): PeriodWindow[] {
  const window = (id: WindowId, range: { start: string; end: string }): PeriodWindow => ({
    id,
    startDay: dayNumber(range.start),
    endDay: dayNumber(range.end),
  });
  const lastYear = samePeriodLastYear(period);
  const month = window('month', periodRange(period, cutoffDay));
  const ytd = window('ytd', ytdRange(period, cutoffDay));
  return [
    month,
    ytd,
    window('previous', periodRange(previousPeriod(period), cutoffDay)),
    window('previous_ytd', ytdRange(previousPeriod(period), cutoffDay)),
    window('last_year', periodRange(lastYear, cutoffDay)),
    window('last_year_ytd', ytdRange(lastYear, cutoffDay)),
    { id: 'ytd_before', startDay: ytd.startDay, endDay: month.startDay - 1 },
  ];
}

/** SQL that creates `period_window(window_id, start_day, end_day)`. */
export function periodWindowSql(windows: readonly PeriodWindow<string>[]): string {
  const rows = windows.map(({ id, startDay, endDay }) => `('${id}', ${startDay}, ${endDay})`);
  return `CREATE TABLE period_window AS
    SELECT CAST(window_id AS VARCHAR) AS window_id, CAST(start_day AS BIGINT) AS start_day,
      CAST(end_day AS BIGINT) AS end_day
    FROM (VALUES ${rows.join(', ')}) AS w(window_id, start_day, end_day);`;
}

/**
 * SQL that creates `month_window(month_offset, start_day, end_day)`: the period's month (0) and the twelve before it.
 * Empty for periods longer than a month, which the rules on outliers do not judge.
 */
export function monthWindowSql(period: Period, cutoffDay: number): string {
  const months =
    period.kind === 'month' ? Array.from({ length: 13 }, (_, back) => monthsBefore(period, back)) : [];
  const rows = months.map((month, index) => {
    const { start, end } = periodRange(month, cutoffDay);
    return `(${-index}, ${dayNumber(start)}, ${dayNumber(end)})`;
  });
  const values = rows.length > 0 ? rows.join(', ') : '(0, 0, -1)';
  return `CREATE TABLE month_window AS
    SELECT CAST(month_offset AS INTEGER) AS month_offset, CAST(start_day AS BIGINT) AS start_day,
      CAST(end_day AS BIGINT) AS end_day
    FROM (VALUES ${values}) AS w(month_offset, start_day, end_day)
    ${rows.length > 0 ? '' : 'WHERE FALSE'};`;
}
