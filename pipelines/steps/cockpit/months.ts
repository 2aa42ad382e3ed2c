/** The months and days that the panels of one version look at. */
import {
  dayNumber,
  dayText,
  lastCompleteMonth,
  monthOf,
  monthsBefore,
  type Period,
  periodRange,
  previousPeriod,
  samePeriodLastYear,
} from '../../../schemas/period.ts';

/** Complete months of the trend; the current one comes besides. */
const TREND_MONTHS = 24;
/** Points of a sparkline. */
const SPARKLINE_MONTHS = 13;
const DUE_SOON_DAYS = 7;

/** Windows besides the months, which go by their names (`2026-10`). */
const SAME_DAYS_BEFORE = 'same-days-before';
const SAME_DAYS_LAST_YEAR = 'same-days-last-year';
/** The as-of day, and the day so far after it that what ends until then is due soon. */
export const TODAY = 'today';
export const DUE_SOON = 'due-soon';

export interface CockpitWindow {
  readonly id: string;
  readonly startDay: number;
  readonly endDay: number;
}

/** A month that panels show in full, and what it is compared with. */
export interface ShownMonth {
  readonly month: string;
  readonly isProvisional: boolean;
  /** Windows of the comparison: of what happens in a month, and of what stands at its end. */
  readonly flow: { readonly previous: string; readonly lastYear: string };
  readonly stock: { readonly previous: string; readonly lastYear: string };
  /** `whole`, or the days of the month before that the flows of an unfinished month are compared with. */
  readonly comparedDays: string;
}

export interface CockpitMonths {
  readonly asOf: string;
  /** The month of the as-of day: not over, so provisional. */
  readonly current: Period;
  /** The month before it. */
  readonly complete: Period;
  /** The complete month, then the current one. */
  readonly shown: readonly ShownMonth[];
  /** The months of the trend, the earliest first; the last is the current one. */
  readonly trend: readonly string[];
  /** The months of a sparkline: thirteen up to the complete month, and the current one. */
  readonly sparkline: readonly string[];
  readonly windows: readonly CockpitWindow[];
}

/** What a version of an as-of day looks at, under a cut-off day (0 = natural months). */
export function cockpitMonths(asOf: string, cutoffDay: number): CockpitMonths {
  const current = monthOf(asOf, cutoffDay);
  const complete = lastCompleteMonth(asOf, cutoffDay);
  const months = Array.from({ length: TREND_MONTHS + 1 }, (_, index) =>
    monthsBefore(current, TREND_MONTHS - index),
  );
  const same = sameDays(asOf, current, cutoffDay);
  const today = dayNumber(asOf);
  const names = months.map(({ text }) => text);
  return {
    asOf,
    current,
    complete,
    shown: [wholeMonth(complete), unfinishedMonth(current, same[0])],
    trend: names,
    sparkline: names.slice(-SPARKLINE_MONTHS - 1),
    windows: [
      ...months.map((month) => windowOf(month.text, periodRange(month, cutoffDay))),
      ...same,
      { id: TODAY, startDay: today, endDay: today },
      { id: DUE_SOON, startDay: today, endDay: today + DUE_SOON_DAYS },
    ],
  };
}

function wholeMonth(month: Period): ShownMonth {
  const windows = { previous: previousPeriod(month).text, lastYear: samePeriodLastYear(month).text };
  return {
    month: month.text,
    isProvisional: false,
    flow: windows,
    stock: windows,
    comparedDays: 'whole',
  };
}

/** Three days of a month beside all of the month before would tell of a fall that there is none. */
function unfinishedMonth(month: Period, before: CockpitWindow | undefined): ShownMonth {
  const days =
    before === undefined || before.endDay < before.startDay
      ? 'none'
      : `${dayText(before.startDay)}..${dayText(before.endDay)}`;
  return {
    month: month.text,
    isProvisional: true,
    flow: { previous: SAME_DAYS_BEFORE, lastYear: SAME_DAYS_LAST_YEAR },
    stock: { previous: previousPeriod(month).text, lastYear: samePeriodLastYear(month).text },
    comparedDays: days,
  };
}

/** As many days of the month before, and of the same month a year ago, as the current month has had. */
function sameDays(asOf: string, current: Period, cutoffDay: number): CockpitWindow[] {
  const passed = dayNumber(asOf) - dayNumber(periodRange(current, cutoffDay).start);
  return [
    { id: SAME_DAYS_BEFORE, month: previousPeriod(current) },
    { id: SAME_DAYS_LAST_YEAR, month: samePeriodLastYear(current) },
  ].map(({ id, month }) => {
    const { startDay, endDay } = windowOf(id, periodRange(month, cutoffDay));
    return { id, startDay, endDay: Math.min(endDay, startDay + passed) };
  });
}

function windowOf(id: string, { start, end }: { start: string; end: string }): CockpitWindow {
  return { id, startDay: dayNumber(start), endDay: dayNumber(end) };
}
