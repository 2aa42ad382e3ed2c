/** Sources of many plain cases, a number for each month and body, for the rules that compare a month with twelve. */
import fc, { type Arbitrary } from 'fast-check';
import { dateText } from '../../reference/dates.ts';
import type { RawRow, RawSource } from '../../reference/source.ts';
import { windowsOf } from '../../reference/statistics.ts';
import type { AskedSource } from './dirty-source.ts';
import { BODIES, between, mostly, one } from './draw.ts';

/** Mean 8 and exactly 2 as sample standard deviation: 2 and 14 are the last numbers within three of them. */
const EXACT = [12, 4, 10, 6, 9, 7, 9, 7, 8, 8, 8, 8];
const histories: Arbitrary<readonly number[]> = fc.oneof(
  fc.constant(EXACT),
  fc.array(between(0, 5), { minLength: 12, maxLength: 12 }),
  fc
    .tuple(between(0, 4), fc.nat(11), between(0, 5))
    .map(([usual, place, odd]) => Array(12).fill(usual).with(place, odd)),
);
/** The month's number: at an edge of what is usual (above or below), or any. */
const currents = fc.oneof(
  fc.record({ side: one(-1, 1), off: between(-1, 1) }),
  between(0, 16).map((any) => ({ any })),
);
type Current = typeof currents extends Arbitrary<infer T> ? T : never;

function currentOf(current: Current, history: readonly number[]): number {
  if ('any' in current) return current.any;
  const mean = history.reduce((sum, n) => sum + n, 0) / 12;
  const deviation = Math.sqrt(history.reduce((sum, n) => sum + (n - mean) ** 2, 0) / 11);
  return Math.max(0, Math.round(mean + current.side * 3 * deviation) + current.off);
}

const flows = fc.record({ history: histories, current: currents });
type Flow = typeof flows extends Arbitrary<infer T> ? T : never;

/**
 * Rows of cases accepted and closed, a number of each in every month, the latest month first. Where more are closed than
 * accepted, the others were accepted long before.
 */
function casesOf(
  body: string,
  counts: readonly number[],
  closed: readonly number[],
  cutoffDay: number,
): RawRow[] {
  return counts.flatMap((count, back) => {
    const month = 2026 * 12 + 9 - back;
    const period = `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;
    const { start, end } = windowsOf(period, cutoffDay === 0 ? undefined : cutoffDay).month;
    const closedCount = closed[back] ?? 0;
    return Array.from(
      { length: Math.max(count, closedCount) },
      (_, place): RawRow => ({
        ORG_CODE: body,
        ACCEPT_DATE: place >= count ? '2024-06-03' : dateText(place % 2 === 0 ? start : end),
        CLOSE_DATE: place < closedCount ? dateText(end) : null,
        DELETED: '0',
        UPDATED_AT: '2026-10-30 09:00:00',
      }),
    );
  });
}

/** Sources in which the body's number of the month is near the edge of the rules on outliers. */
export const flowSources: Arbitrary<AskedSource> = fc
  .record({
    cutoffDay: one(0, 0, 20),
    bodies: fc.array(fc.tuple(flows, mostly<Flow | null>(50, flows, fc.constant(null))), {
      minLength: 1,
      maxLength: 4,
      size: 'max',
    }),
    /** Months without a case at the start: the twelve may not exist. */
    without: mostly(60, fc.constant(0), between(1, 2)),
  })
  .map(({ cutoffDay, bodies, without }) => {
    const countsOf = ({ current, history }: Flow) =>
      [currentOf(current, history), ...history].map((count, back) => (back > 12 - without ? 0 : count));
    const cases = bodies.flatMap(([accepted, closed], place) => {
      const counts = countsOf(accepted);
      const closedCounts = closed === null ? counts : countsOf(closed);
      return casesOf(BODIES[place]?.[0] ?? '', counts, closedCounts, cutoffDay);
    });
    const source: RawSource = {
      ARB_ORG: BODIES.map(([code, word]) => ({ ORG_CODE: code, CASE_WORD: word })),
      ARB_CASE: cases.map((row, place) => ({ CASE_ID: String(place + 1), ...row })),
      ARB_PARTY: [],
      ARB_CLAIM: [],
      ARB_MEDIATION: [],
      PRE_APPLICATION: [],
    };
    return { question: { period: '2026-10', asOf: '2026-11-03', cutoffDay }, source };
  });
