/** The figures of macro-monitoring, worked out one indicator at a time over arrays of rows. */

import * as codes from './codes.ts';
import { type Calendar, dayNumber, daysInMonth } from './dates.ts';
import { type KeptSource, knownBodies, type Row } from './source.ts';

export interface Window {
  readonly start: number;
  readonly end: number;
}

export interface Question {
  /** `YYYY-MM`, `YYYY-Qn`, `YYYY-Hn` or `YYYY`. */
  readonly period: string;
  readonly asOfDay: number;
  /** 1 to 28, or undefined for the natural month. */
  readonly cutoffDay: number | undefined;
  readonly calendar: Calendar;
}

/** First and last day of one month; with cut-off N from day N+1 of the month before up to day N. */
function monthWindow(year: number, month: number, cutoffDay: number | undefined): Window {
  if (cutoffDay === undefined) {
    return {
      start: dayNumber({ year, month, day: 1 }),
      end: dayNumber({ year, month, day: daysInMonth(year, month) }),
    };
  }
  const before = month === 1 ? { year: year - 1, month: 12 } : { year, month: month - 1 };
  return {
    start: dayNumber({ ...before, day: cutoffDay }) + 1,
    end: dayNumber({ year, month, day: cutoffDay }),
  };
}

/** The months of a period, as [year, first month, last month]. */
function monthsOf(period: string): [number, number, number] {
  const year = Number(period.slice(0, 4));
  const rest = period.slice(5);
  if (rest === '') return [year, 1, 12];
  if (rest.startsWith('Q')) return [year, Number(rest[1]) * 3 - 2, Number(rest[1]) * 3];
  if (rest.startsWith('H')) return [year, Number(rest[1]) * 6 - 5, Number(rest[1]) * 6];
  return [year, Number(rest), Number(rest)];
}

/** The period's own window and the year-to-date window that ends with it. */
export function windowsOf(period: string, cutoffDay: number | undefined): { month: Window; ytd: Window } {
  const [year, first, last] = monthsOf(period);
  const { end } = monthWindow(year, last, cutoffDay);
  return {
    month: { start: monthWindow(year, first, cutoffDay).start, end },
    ytd: { start: monthWindow(year, 1, cutoffDay).start, end },
  };
}

/** The period of the same kind just before, and the same one a year ago, as text. */
export function earlierPeriods(period: string): { previous: string; lastYear: string } {
  const year = Number(period.slice(0, 4));
  const rest = period.slice(5);
  const letter = /^[QH]/.exec(rest)?.[0] ?? '';
  const number = Number(rest.slice(letter.length));
  const inYear = { Q: 4, H: 2 }[letter] ?? 12;
  const digits = (n: number) => (letter === '' ? String(n).padStart(2, '0') : String(n));
  const lastYear = `${year - 1}${period.slice(4)}`;
  if (rest === '') return { previous: lastYear, lastYear };
  const previous =
    number === 1 ? `${year - 1}-${letter}${digits(inYear)}` : `${year}-${letter}${digits(number - 1)}`;
  return { previous, lastYear };
}

const within = (day: number | null, { start, end }: Window) => day !== null && start <= day && day <= end;

/** Whether a case counts. A DELETED that is neither '0' nor '1' removes nothing, but keeps the row out of the figures. */
function isCountedCase(row: Row, bodies: ReadonlySet<string>, asOfDay: number): boolean {
  const org = row.text('ORG_CODE');
  const accept = row.day('ACCEPT_DATE');
  const close = row.day('CLOSE_DATE');
  if (row.text('DELETED') !== '0' || org === null || !bodies.has(org)) return false;
  if (accept === null || accept > asOfDay) return false;
  return close === null || (close >= accept && close <= asOfDay);
}

/** Deadline of a case with a start of its time limit. */
export function deadlineOf(row: Row, calendar: Calendar): number | null {
  const start = row.day('LIMIT_START_DATE') ?? row.day('ACCEPT_DATE');
  if (start === null) return null;
  const days = 45 + (row.count('EXTEND_DAYS') ?? 0) + (row.count('EXCLUDED_DAYS') ?? 0);
  return calendar.workingDayFrom(start + days);
}

function isCountedMediation(row: Row, bodies: ReadonlySet<string>, asOfDay: number): boolean {
  const org = row.text('ORG_CODE');
  const accept = row.day('ACCEPT_DATE');
  const close = row.day('CLOSE_DATE');
  if (row.text('DELETED') !== '0' || org === null || !bodies.has(org)) return false;
  if (accept === null || accept > asOfDay) return false;
  return close === null || (close >= accept && close <= asOfDay);
}

/** numerator / denominator × 10^places, rounded half away from zero, as plain text without a sign on zero. */
export function roundedRatio(numerator: bigint, denominator: bigint, places: number): string {
  const scaled = numerator * 10n ** BigInt(places);
  const negative = scaled < 0n !== denominator < 0n;
  const top = scaled < 0n ? -scaled : scaled;
  const bottom = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * top + bottom) / (2n * bottom);
  const digits = String(rounded).padStart(places + 1, '0');
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return negative && rounded !== 0n ? `-${text}` : text;
}

const count = (rows: readonly unknown[]) => String(rows.length);
const tenThousands = (rows: readonly Row[], column: string) =>
  roundedRatio(
    rows.reduce((sum, row) => sum + (row.cents(column) ?? 0n), 0n),
    1_000_000n,
    2,
  );
const people = (rows: readonly Row[]) =>
  String(rows.reduce((sum, row) => sum + BigInt(row.count('WORKER_COUNT') ?? 0), 0n));
const percent = (part: number, whole: number) =>
  whole === 0 ? '' : roundedRatio(BigInt(part) * 100n, BigInt(whole), 2);

interface Records {
  /** Counted cases. */
  readonly cases: readonly Row[];
  /** Undeleted cases of known bodies without an ACCEPT_DATE and with a REJECT_DATE up to the snapshot's date. */
  readonly rejected: readonly Row[];
  readonly mediations: readonly Row[];
}

function acceptedFigures(accepted: readonly Row[]): [string, string][] {
  const collective = accepted.filter((row) => row.text('IS_COLLECTIVE') === '1');
  const side = (code: string) => accepted.filter((row) => row.text('APPLICANT_SIDE') === code);
  return [
    ['A02', count(accepted)],
    ['A03', count(collective)],
    ['A04', count(side('1'))],
    ['A05', count(side('2'))],
    ['A06', people(accepted)],
    ['A07', people(collective)],
    ['A08', tenThousands(accepted, 'CLAIM_AMOUNT')],
  ];
}

function breakdownFigures(accepted: readonly Row[]): [string, string][] {
  const listed = (list: readonly string[], code: string | null, other: string) =>
    code !== null && list.includes(code) ? code : other;
  const figures: [string, string][] = [];
  for (const type of codes.DISPUTE_TYPES) {
    const own = accepted.filter(
      (row) => listed(codes.DISPUTE_TYPES, row.text('DISPUTE_TYPE'), '99') === type,
    );
    figures.push([`T${type}`, count(own)]);
  }
  for (let group = 1; group <= 9; group += 1) {
    const own = accepted.filter(
      (row) => (codes.EMPLOYER_GROUPS[row.text('EMPLOYER_NATURE') ?? ''] ?? 9) === group,
    );
    figures.push([`E0${group}`, count(own)]);
  }
  for (const industry of codes.INDUSTRIES) {
    const own = accepted.filter(
      (row) => listed(codes.INDUSTRIES, row.text('INDUSTRY_CODE'), 'Z') === industry,
    );
    figures.push([`I${industry}`, count(own)]);
  }
  return figures;
}

interface Closed {
  readonly closed: readonly Row[];
  readonly mediated: readonly Row[];
  readonly awarded: readonly Row[];
  readonly final: readonly Row[];
  readonly inLimit: readonly Row[];
}

function closedIn(cases: readonly Row[], window: Window, calendar: Calendar): Closed {
  const closed = cases.filter((row) => within(row.day('CLOSE_DATE'), window));
  const awarded = closed.filter((row) => row.text('CLOSE_MODE') === '2');
  return {
    closed,
    awarded,
    mediated: closed.filter((row) => row.text('CLOSE_MODE') === '1'),
    final: awarded.filter((row) => row.text('FINAL_AWARD') === '1'),
    inLimit: closed.filter((row) => (row.day('CLOSE_DATE') ?? 0) <= (deadlineOf(row, calendar) ?? 0)),
  };
}

function closedFigures({ closed, mediated, awarded, final, inLimit }: Closed): [string, string][] {
  const withResult = (code: string) => awarded.filter((row) => row.text('AWARD_RESULT') === code);
  const withMode = (modes: readonly string[]) =>
    closed.filter((row) => modes.includes(row.text('CLOSE_MODE') ?? ''));
  return [
    ['C01', count(closed)],
    ['C02', count(mediated)],
    ['C03', count(awarded)],
    ['C04', count(final)],
    ['C05', String(closed.length - mediated.length - awarded.length)],
    ['C06', count(withMode(['3', '4']))],
    ['C07', count(withResult('1'))],
    ['C08', count(withResult('2'))],
    ['C09', count(withResult('3'))],
    ['C10', count(awarded.filter((row) => !codes.isListed(codes.AWARD_RESULTS, row.text('AWARD_RESULT'))))],
    ['C11', count(inLimit)],
    ['C12', people(closed)],
    ['C13', tenThousands(closed, 'AWARD_AMOUNT')],
  ];
}

function rateFigures(opening: number, accepted: number, groups: Closed): [string, string][] {
  const { closed, mediated, awarded, final, inLimit } = groups;
  const days = closed.reduce((sum, row) => {
    const start = row.day('LIMIT_START_DATE') ?? row.day('ACCEPT_DATE') ?? 0;
    return sum + BigInt((row.day('CLOSE_DATE') ?? 0) - start - (row.count('EXCLUDED_DAYS') ?? 0));
  }, 0n);
  return [
    ['R01', percent(closed.length, opening + accepted)],
    ['R02', percent(mediated.length, closed.length)],
    ['R03', percent(final.length, awarded.length)],
    ['R04', percent(inLimit.length, closed.length)],
    ['R05', closed.length === 0 ? '' : roundedRatio(days, BigInt(closed.length), 1)],
  ];
}

function mediationFigures(mediations: readonly Row[], window: Window): [string, string][] {
  const accepted = mediations.filter((row) => within(row.day('ACCEPT_DATE'), window));
  const closed = mediations.filter((row) => within(row.day('CLOSE_DATE'), window));
  const successful = closed.filter((row) => codes.isListed(codes.MEDIATION_SUCCESSES, row.text('RESULT')));
  const kind = (row: Row) => {
    const code = row.text('MEDIATOR_KIND');
    return code !== null && codes.MEDIATOR_KINDS.includes(code) ? code : '9';
  };
  return [
    ['M01', count(accepted)],
    ['M02', count(closed)],
    ['M03', count(successful)],
    ['M04', percent(successful.length, closed.length)],
    ['M05', people(accepted)],
    ['M06', tenThousands(closed, 'AMOUNT')],
    ...codes.MEDIATOR_KINDS.map((code): [string, string] => [
      `MK${code}`,
      count(accepted.filter((row) => kind(row) === code)),
    ]),
  ];
}

/** Every indicator of one body (or the whole) in one window, in the order of the table. */
function figuresOf(records: Records, window: Window, calendar: Calendar): [string, string][] {
  const { cases, rejected, mediations } = records;
  const openAt = (day: number) =>
    cases.filter((row) => {
      const close = row.day('CLOSE_DATE');
      return (row.day('ACCEPT_DATE') ?? 0) <= day && (close === null || close > day);
    });
  const opening = openAt(window.start - 1);
  const accepted = cases.filter((row) => within(row.day('ACCEPT_DATE'), window));
  const open = openAt(window.end);
  const overdue = open.filter((row) => {
    const suspended = row.day('SUSPENDED_SINCE');
    const running = suspended === null || suspended > window.end;
    return running && (deadlineOf(row, calendar) ?? 0) <= window.end;
  });
  const groups = closedIn(cases, window, calendar);
  return [
    ['A01', count(opening)],
    ...acceptedFigures(accepted),
    ['A09', count(rejected.filter((row) => within(row.day('REJECT_DATE'), window)))],
    ...breakdownFigures(accepted),
    ...closedFigures(groups),
    ['B01', count(open)],
    ['B02', count(overdue)],
    ...rateFigures(opening.length, accepted.length, groups),
    ...mediationFigures(mediations, window),
  ];
}

/** The rows that count, by what they count for. */
export function countedRecords(source: KeptSource, asOfDay: number): Records {
  const bodies = new Set(knownBodies(source));
  const isRejected = (row: Row) => {
    const org = row.text('ORG_CODE');
    const reject = row.day('REJECT_DATE');
    if (row.text('DELETED') !== '0' || org === null || !bodies.has(org)) return false;
    return row.day('ACCEPT_DATE') === null && reject !== null && reject <= asOfDay;
  };
  return {
    cases: source.ARB_CASE.filter((row) => isCountedCase(row, bodies, asOfDay)),
    rejected: source.ARB_CASE.filter(isRejected),
    mediations: source.ARB_MEDIATION.filter((row) => isCountedMediation(row, bodies, asOfDay)),
  };
}

/**
 * What the sheet 待核查 lists: `view record rule` of every undeleted row that should count and does not, for each rule that
 * it breaks. An odd DELETED breaks none; it is listed under V050, which judges the column.
 */
export function referenceExclusions(source: KeptSource, asOfDay: number): string[] {
  const bodies = new Set(knownBodies(source));
  const listed: string[] = [];
  for (const row of [...source.ARB_CASE, ...source.ARB_MEDIATION]) {
    const isCase = row.view === 'ARB_CASE';
    const accept = row.day('ACCEPT_DATE');
    const close = row.day('CLOSE_DATE');
    if (row.isDeleted || (isCase && accept === null)) continue;
    const isStranger = !bodies.has(row.text('ORG_CODE') ?? '');
    const isAcceptedWrongly = accept === null || accept > asOfDay;
    const isClosedWrongly = close !== null && ((accept !== null && close < accept) || close > asOfDay);
    if (isStranger) listed.push(`${row.view} ${row.record} ${isCase ? 'V005' : 'V042'}`);
    if (isAcceptedWrongly) listed.push(`${row.view} ${row.record} ${isCase ? 'V006' : 'V042'}`);
    if (isClosedWrongly) listed.push(`${row.view} ${row.record} ${isCase ? 'V009' : 'V042'}`);
    if (row.text('DELETED') !== '0') listed.push(`${row.view} ${row.record} V050`);
  }
  return listed;
}

/** All figures: `scope org indicator` to value, in the order of the dataset file. */
export function referenceFigures(source: KeptSource, question: Question): Map<string, string> {
  const records = countedRecords(source, question.asOfDay);
  const windows = windowsOf(question.period, question.cutoffDay);
  const figures = new Map<string, string>();
  for (const scope of ['month', 'ytd'] as const) {
    for (const org of [...knownBodies(source), 'ALL']) {
      const own = (rows: readonly Row[]) =>
        rows.filter((row) => org === 'ALL' || row.text('ORG_CODE') === org);
      const ofBody = {
        cases: own(records.cases),
        rejected: own(records.rejected),
        mediations: own(records.mediations),
      };
      for (const [id, value] of figuresOf(ofBody, windows[scope], question.calendar)) {
        figures.set(`${scope} ${org} ${id}`, value);
      }
    }
  }
  return figures;
}
