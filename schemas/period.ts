/**
 * Days and periods as the statistics use them. A day is `YYYY-MM-DD` text or a day number (days since
 * 1970-01-01, proleptic Gregorian), never a JavaScript Date: no time zone can shift it.
 */

export type PeriodKind = 'month' | 'quarter' | 'half' | 'year';

export interface Period {
  readonly kind: PeriodKind;
  readonly year: number;
  /** The month 1–12, quarter 1–4 or half-year 1–2; 1 for a year. */
  readonly index: number;
  /** As people write it: `2026-10`, `2026-Q4`, `2026-H2`, `2026`. */
  readonly text: string;
}

/** Both days belong to it. */
export interface DateRange {
  readonly start: string;
  readonly end: string;
}

const MONTHS_IN = { month: 1, quarter: 3, half: 6, year: 12 } as const satisfies Record<PeriodKind, number>;
const FIRST_YEAR = 1900;
const LAST_YEAR = 2999;
const PERIOD_TEXT = /^(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|H([12])))?$/;
const DATE_TEXT = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * Read `YYYY-MM`, `YYYY-Qn`, `YYYY-Hn` or `YYYY`, years 1900 to 2999.
 * @throws {Error} with a sentence that names the text and the four forms
 */
export function parsePeriod(text: string): Period {
  const found = PERIOD_TEXT.exec(text);
  const year = Number(found?.[1]);
  if (found === null || year < FIRST_YEAR || year > LAST_YEAR) {
    throw new Error(
      `${JSON.stringify(text)} is not a period: write a month as 2026-10, a quarter as 2026-Q4, a half-year as ` +
        `2026-H2 or a year as 2026 (years ${FIRST_YEAR} to ${LAST_YEAR})`,
    );
  }
  const [, , month, quarter, half] = found;
  if (month !== undefined) return makePeriod('month', year, Number(month));
  if (quarter !== undefined) return makePeriod('quarter', year, Number(quarter));
  if (half !== undefined) return makePeriod('half', year, Number(half));
  return makePeriod('year', year, 1);
}

/**
 * First and last day of a period.
 * @param cutoffDay 0 or absent: natural months; 1 to 28: month M runs from the day after day N of the month
 *   before up to day N of M (in a common year day 29 of February is 1 March, so that months always join)
 */
export function periodRange(period: Period, cutoffDay = 0): DateRange {
  const last = lastMonthOrdinal(period);
  return {
    start: dayText(lastDayOfMonth(last - MONTHS_IN[period.kind], cutoffDay) + 1),
    end: dayText(lastDayOfMonth(last, cutoffDay)),
  };
}

/** From the first day of period January of the period's year to the period's last day. */
export function ytdRange(period: Period, cutoffDay = 0): DateRange {
  const january = makePeriod('month', period.year, 1);
  return { start: periodRange(january, cutoffDay).start, end: periodRange(period, cutoffDay).end };
}

/** As it stands in file and folder names: `202610`, `2026Q4`, `2026H2`, `2026`. */
export function fileForm(period: Period): string {
  return period.text.replace('-', '');
}

/** Days that are no period, as a run of them is entered: `2026-10-01..2026-10-15`. */
export function spanText({ start, end }: DateRange): string {
  return `${start}..${end}`;
}

/** How a period or other days stand in names of files and folders: `202610`, `20261001-20261015`. */
export function spanFileForm(text: string): string {
  const [start = '', end] = text.split('..');
  return end === undefined
    ? fileForm(parsePeriod(start))
    : `${start.replaceAll('-', '')}-${end.replaceAll('-', '')}`;
}

/** `2026年10月`, `2026年第4季度`, `2026年下半年`, `2026年`. */
export function periodWords(period: Period): string {
  const { year, index, kind } = period;
  if (kind === 'month') return `${year}年${index}月`;
  if (kind === 'quarter') return `${year}年第${index}季度`;
  if (kind === 'half') return `${year}年${index === 1 ? '上' : '下'}半年`;
  return `${year}年`;
}

/** The period of the same kind just before. */
export function previousPeriod(period: Period): Period {
  const perYear = 12 / MONTHS_IN[period.kind];
  return period.index > 1
    ? makePeriod(period.kind, period.year, period.index - 1)
    : makePeriod(period.kind, period.year - 1, perYear);
}

/** The same month, quarter or half-year of the year before. */
export function samePeriodLastYear(period: Period): Period {
  return makePeriod(period.kind, period.year - 1, period.index);
}

/** The month that lies `count` months before the last month of the period; 0 gives that last month. */
export function monthsBefore(period: Period, count: number): Period {
  return monthOfOrdinal(lastMonthOrdinal(period) - count);
}

/**
 * The month whose range holds a day.
 * @throws {Error} where the text is not a real day
 */
export function monthOf(date: string, cutoffDay = 0): Period {
  const { year, month, day } = readDate(date);
  const isNext = checkedCutoff(cutoffDay) > 0 && day > cutoffDay;
  return monthOfOrdinal(year * 12 + (month - 1) + (isNext ? 1 : 0));
}

/** The latest month whose last day is before the as-of day: a month that ends on it is not complete. */
export function lastCompleteMonth(asOf: string, cutoffDay = 0): Period {
  return previousPeriod(monthOf(asOf, cutoffDay));
}

/** Whether a text is a day that exists, written `YYYY-MM-DD`, years 1 to 9999. */
export function isRealDate(text: string): boolean {
  const found = DATE_TEXT.exec(text);
  if (found === null) return false;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/**
 * Days since 1970-01-01.
 * @throws {Error} where the text is not a real day
 */
export function dayNumber(date: string): number {
  const { year, month, day } = readDate(date);
  return daysBeforeMonth(year, month) + day - 1;
}

/** Whether a day number lies in the years 1 to 9999; what is counted from a real day may not. */
export function isDayNumber(number: number): boolean {
  return Number.isInteger(number) && number >= FIRST_DAY && number <= LAST_DAY;
}

/**
 * The day with a day number, as `YYYY-MM-DD`.
 * @throws {Error} outside of the years 1 to 9999
 */
export function dayText(number: number): string {
  if (!isDayNumber(number)) {
    throw new Error(`day number ${number} is not a day of the years 1 to 9999`);
  }
  let year = Math.floor(number / 366) + 1970;
  while (year < 9999 && daysBeforeMonth(year + 1, 1) <= number) year += 1;
  while (daysBeforeMonth(year, 1) > number) year -= 1;
  let month = 12;
  while (daysBeforeMonth(year, month) > number) month -= 1;
  return dateText(year, month, number - daysBeforeMonth(year, month) + 1);
}

const DAYS_TO_1970 = 719_162;
const FIRST_DAY = -DAYS_TO_1970;
const LAST_DAY = 2_932_896;

/** Days from 1970-01-01 to the first day of a month; years 1 and later. */
function daysBeforeMonth(year: number, month: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  let days = before * 365 + leapDays - DAYS_TO_1970;
  for (let earlier = 1; earlier < month; earlier += 1) days += daysInMonth(year, earlier);
  return days;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function readDate(text: string): { year: number; month: number; day: number } {
  if (!isRealDate(text)) throw new Error(`${JSON.stringify(text)} is not a day in the form YYYY-MM-DD`);
  return { year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), day: Number(text.slice(8)) };
}

function makePeriod(kind: PeriodKind, year: number, index: number): Period {
  return { kind, year, index, text: `${pad(year, 4)}${suffix(kind, index)}` };
}

function suffix(kind: PeriodKind, index: number): string {
  switch (kind) {
    case 'month':
      return `-${pad(index, 2)}`;
    case 'quarter':
      return `-Q${index}`;
    case 'half':
      return `-H${index}`;
    case 'year':
      return '';
    default:
      return kind satisfies never;
  }
}

/** Months counted from year 0, so that arithmetic on months is arithmetic on integers. */
function lastMonthOrdinal(period: Period): number {
  return period.year * 12 + period.index * MONTHS_IN[period.kind] - 1;
}

function monthOfOrdinal(ordinal: number): Period {
  return makePeriod('month', Math.floor(ordinal / 12), (ordinal % 12) + 1);
}

function lastDayOfMonth(ordinal: number, cutoffDay: number): number {
  const [year, month] = [Math.floor(ordinal / 12), (ordinal % 12) + 1];
  const lastDay = checkedCutoff(cutoffDay) === 0 ? daysInMonth(year, month) : cutoffDay;
  return daysBeforeMonth(year, month) + lastDay - 1;
}

function checkedCutoff(cutoffDay: number): number {
  if (!Number.isInteger(cutoffDay) || cutoffDay < 0 || cutoffDay > 28) {
    throw new Error(`cut-off day ${cutoffDay} is not one of 0 to 28`);
  }
  return cutoffDay;
}

function dateText(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
