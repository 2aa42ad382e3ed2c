/** When a schedule falls due: pure functions of the schedule, the calendar and two instants. */
import type { WorkingDaysFile } from '../../../schemas/definitions.ts';
import {
  dayNumber,
  dayText,
  lastCompleteMonth,
  monthOf,
  monthsBefore,
  parsePeriod,
  periodRange,
} from '../../../schemas/period.ts';
import type { DueRule, Schedule } from '../../../schemas/schedules.ts';
import { stampOf, stampToMs } from '../../runtime/clock.ts';
import { cronTimes } from '../../runtime/cron.ts';
import { nthWorkingDay } from './working-days.ts';

const DAY_MS = 86_400_000;
/** 29 February on a Sunday comes every 28 years, over 2100 every 40. */
const FARTHEST_DAYS = 366 * 41;

/** What days mean here. */
export interface Calendar {
  readonly workingDays: WorkingDaysFile;
  /** As in config.json: 0, or the day on which a month ends. */
  readonly cutoffDay: number;
}

/** `regular`: the work itself; `rehearsal`: on the data of some days before, with a draft for a result. */
export type DutyKind = 'regular' | 'rehearsal';

/** One time at which a schedule falls due. */
export interface Occurrence {
  readonly kind: DutyKind;
  readonly atMs: number;
  /** What it is about; at most one duty of a job and kind has it. */
  readonly key: string;
  /** `2026-10`, or the day `2026-11-22`; null for a schedule without. */
  readonly period: string | null;
  /** The working day was reckoned with a year whose arrangement is not known. */
  readonly isProvisional: boolean;
}

export type Timing = Pick<Schedule, 'when' | 'period' | 'from' | 'until' | 'rehearsalDays'>;

/** Occurrences after `fromMs` and up to `untilMs`, rehearsals too, in their order; of equal times the rehearsal first. */
export function occurrencesBetween(
  timing: Timing,
  calendar: Calendar,
  fromMs: number,
  untilMs: number,
): Occurrence[] {
  const regular = regularBetween(timing, calendar, fromMs, untilMs);
  const { rehearsalDays } = timing;
  if (rehearsalDays === undefined) return regular;
  const aheadMs = rehearsalDays * DAY_MS;
  const rehearsals = regularBetween(timing, calendar, fromMs + aheadMs, untilMs + aheadMs).map((one) => ({
    ...one,
    kind: 'rehearsal' as const,
    atMs: one.atMs - aheadMs,
  }));
  return [...rehearsals, ...regular].sort((a, b) => a.atMs - b.atMs);
}

/** The first `count` occurrences after an instant; fewer where the schedule ends or falls due no more. */
export function nextOccurrences(
  timing: Timing,
  calendar: Calendar,
  afterMs: number,
  count: number,
): Occurrence[] {
  const found: Occurrence[] = [];
  let fromMs = afterMs;
  for (let days = 2; days <= FARTHEST_DAYS && found.length < count; days *= 2) {
    const untilMs = afterMs + days * DAY_MS;
    found.push(...occurrencesBetween(timing, calendar, fromMs, untilMs));
    fromMs = untilMs;
  }
  return found.slice(0, count);
}

/** By when the products of a month must be out, in milliseconds since the epoch: the first such day after its end. */
export function dueMs(rule: DueRule, { workingDays, cutoffDay }: Calendar, period: string): number {
  const { end } = periodRange(parsePeriod(period), cutoffDay);
  const dueIn = (month: string): string =>
    'day' in rule
      ? `${month}-${String(rule.day).padStart(2, '0')}`
      : (nthWorkingDay(workingDays, month, rule.workingDay)?.date ?? `${month}-28`);
  const same = dueIn(end.slice(0, 7));
  const date = same > end ? same : dueIn(monthsBefore(monthOf(end), -1).text);
  return rule.at === undefined
    ? instant(dayText(dayNumber(date) + 1), '00:00:00')
    : instant(date, `${rule.at}:00`);
}

function regularBetween(timing: Timing, calendar: Calendar, fromMs: number, untilMs: number): Occurrence[] {
  if (untilMs <= fromMs) return [];
  const times =
    typeof timing.when === 'string'
      ? cronInstants(timing.when, bounded(timing, fromMs, untilMs))
      : workingDayInstants(timing.when, calendar, bounded(timing, fromMs, untilMs));
  return times
    .filter(({ atMs }) => atMs > fromMs && atMs <= untilMs)
    .map(({ atMs, isProvisional }) => ({
      kind: 'regular',
      atMs,
      isProvisional,
      ...subject(timing, calendar, atMs),
    }));
}

interface Days {
  readonly first: number;
  readonly last: number;
}

/** The days between two instants on which the schedule is in force, as day numbers. */
function bounded({ from, until }: Timing, fromMs: number, untilMs: number): Days {
  return {
    first: Math.max(dayNumber(dateOf(fromMs)), from === undefined ? -Infinity : dayNumber(from)),
    last: Math.min(dayNumber(dateOf(untilMs)), until === undefined ? Infinity : dayNumber(until)),
  };
}

interface Instant {
  readonly atMs: number;
  readonly isProvisional: boolean;
}

function cronInstants(expression: string, { first, last }: Days): Instant[] {
  const found: Instant[] = [];
  for (let number = first; number <= last; number += 1) {
    const date = dayText(number);
    for (const time of cronTimes(expression, date))
      found.push({ atMs: instant(date, time), isProvisional: false });
  }
  return found;
}

function workingDayInstants(
  { workingDay, at }: { readonly workingDay: number; readonly at: string },
  calendar: Calendar,
  { first, last }: Days,
): Instant[] {
  if (first > last) return [];
  const found: Instant[] = [];
  const end = monthOf(dayText(last)).text;
  for (let month = monthOf(dayText(first)); month.text <= end; month = monthsBefore(month, -1)) {
    const day = nthWorkingDay(calendar.workingDays, month.text, workingDay);
    if (day === undefined || dayNumber(day.date) < first || dayNumber(day.date) > last) continue;
    found.push({ atMs: instant(day.date, `${at}:00`), isProvisional: day.isProvisional });
  }
  return found;
}

/** What an occurrence is about. A working day comes once a month: the month names it, also when the calendar moves it. */
function subject(
  { when, period }: Timing,
  { cutoffDay }: Calendar,
  atMs: number,
): Pick<Occurrence, 'key' | 'period'> {
  const date = dateOf(atMs);
  switch (period) {
    case 'previous-month': {
      const month = lastCompleteMonth(date, cutoffDay).text;
      return { key: month, period: month };
    }
    case 'previous-day': {
      const day = dayText(dayNumber(date) - 1);
      return { key: day, period: day };
    }
    case 'none':
      return { key: typeof when === 'string' ? stampOf(new Date(atMs)) : date.slice(0, 7), period: null };
    default:
      return period satisfies never;
  }
}

const dateOf = (ms: number): string => stampOf(new Date(ms)).slice(0, 10);

const instant = (date: string, time: string): number => stampToMs(`${date} ${time}`);
