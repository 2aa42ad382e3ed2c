/** The grid of months and products, from publications, runs and duties; and what of it is late. */
import { monthOf, monthsBefore, type Period, periodRange } from '../schemas/period.ts';
import { JOB_COMMANDS, jobCommand, type Schedule } from '../schemas/schedules.ts';
import { shanghaiDate, shanghaiStampMs, stampOf } from './runtime/clock.ts';
import type { Publication, RunRow } from './runtime/ledger.ts';
import type { Duty, ScheduleState } from './runtime/ledger-duties.ts';
import type { Service } from './runtime/service.ts';
import { type Attempt, attemptState, type GridCell, gridCell } from './steps/schedule/grid.ts';
import { type Calendar, dueMs } from './steps/schedule/occurrences.ts';

/** One row: a product, or a job that makes none. */
export interface GridRow {
  readonly name: string;
  readonly kind: 'product' | 'job';
  /** In the order of the months, the oldest first. */
  readonly cells: readonly GridCell[];
}

/** How far back a missing month is still called late. */
const LATE_MONTHS = 13;
const RUNS_OF_A_MONTH = 500;

/** What is known of the months that are looked at. */
interface Facts {
  readonly now: string;
  readonly schedules: readonly Schedule[];
  readonly states: readonly ScheduleState[];
  readonly duties: readonly Duty[];
  readonly publications: readonly Publication[];
  readonly runs: ReadonlyMap<string, readonly RunRow[]>;
  readonly calendar: Calendar;
}

/** The last so many months, the present one too, by product and by job without products. */
export async function scheduleGrid(
  service: Service,
  schedules: readonly Schedule[],
  calendar: Calendar,
  months: number,
): Promise<GridRow[]> {
  const periods = lastMonths(service, months);
  const facts = await gather(service, schedules, calendar, periods);
  const products = new Set([
    ...schedules.filter(({ enabled }) => enabled).flatMap(({ pipeline }) => jobCommand(pipeline).products),
    ...facts.publications.map(({ product }) => product),
  ]);
  const jobs = schedules.filter(
    ({ id, enabled, pipeline }) =>
      jobCommand(pipeline).products.length === 0 && (enabled || facts.duties.some(({ job }) => job === id)),
  );
  return [
    ...[...products].map((name) => ({
      name,
      kind: 'product' as const,
      cells: periods.map((period) => productCell(facts, name, period)),
    })),
    ...jobs.map(({ id }) => ({
      name: id,
      kind: 'job' as const,
      cells: periods.map((period) => jobCell(facts, id, period)),
    })),
  ];
}

/** Products of months whose due date has passed and that are not out. */
export async function lateMonths(
  service: Service,
  schedules: readonly Schedule[],
  calendar: Calendar,
): Promise<{ readonly product: string; readonly period: string; readonly dueAt: string }[]> {
  const withDue = schedules.filter(({ due }) => due !== undefined);
  if (withDue.length === 0) return [];
  const rows = await scheduleGrid(service, withDue, calendar, LATE_MONTHS);
  return rows.flatMap(({ name, cells }) =>
    cells.flatMap(({ period, isLate, outAt, dueAt }) =>
      isLate && outAt === null && dueAt !== null ? [{ product: name, period, dueAt }] : [],
    ),
  );
}

function lastMonths({ clock, config }: Service, count: number): Period[] {
  const present = monthOf(shanghaiDate(clock), config.cutoffDay);
  return Array.from({ length: count }, (_, index) => monthsBefore(present, count - 1 - index));
}

async function gather(
  { ledger, clock }: Service,
  schedules: readonly Schedule[],
  calendar: Calendar,
  periods: readonly Period[],
): Promise<Facts> {
  const runs = new Map<string, RunRow[]>();
  for (const { text } of periods)
    runs.set(text, (await ledger.listRuns({ period: text, limit: RUNS_OF_A_MONTH })).toReversed());
  return {
    now: shanghaiStampMs(clock),
    schedules,
    states: await ledger.duties.schedules(),
    duties: (await Promise.all(schedules.map(({ id }) => ledger.duties.list({ job: id })))).flat(),
    publications: await ledger.publications(),
    runs,
    calendar,
  };
}

function productCell(facts: Facts, product: string, period: Period): GridCell {
  const makers = facts.schedules.filter(({ pipeline }) => jobCommand(pipeline).products.includes(product));
  const names = Object.entries(JOB_COMMANDS).flatMap(([name, { products }]) =>
    (products as readonly string[]).includes(product) ? [name] : [],
  );
  const duties = facts.duties.filter(
    ({ job, period: about }) => about === period.text && makers.some(({ id }) => id === job),
  );
  const rehearsals = new Set(duties.filter(({ kind }) => kind === 'rehearsal').map(({ id }) => id));
  const runs = (facts.runs.get(period.text) ?? []).filter(
    ({ pipeline, dutyId }) => names.includes(pipeline) && !rehearsals.has(dutyId ?? 0),
  );
  const regular = duties.filter(({ kind }) => kind === 'regular');
  return gridCell({
    period: period.text,
    out: publishedOut(facts, product, period) ?? nothingToMake(runs, product),
    attempts: [...regular.map(asAttempt), ...runs.map(runAttempt)],
    ...dueOf(facts, makers, period, regular),
    now: facts.now,
  });
}

/** The latest publication of a month: the first one says when it was out. */
function publishedOut({ publications }: Facts, product: string, { text }: Period) {
  const all = publications.filter((one) => one.product === product && one.period === text);
  const inForce = all.find(({ state }) => state === 'published');
  const at = all[0]?.publishedAt ?? undefined;
  return inForce === undefined || at === undefined ? undefined : { at, runId: inForce.runId };
}

/** A run may find that a product has nothing to make for a month: then it owes nothing. */
function nothingToMake(runs: readonly RunRow[], product: string) {
  const run = runs.findLast(({ state, summary }) => {
    const said = (summary as Record<string, { state?: string } | undefined> | null)?.[product];
    return state === 'done' && said?.state === 'none';
  });
  return run?.finishedAt == null ? undefined : { at: run.finishedAt, runId: run.id };
}

function jobCell(facts: Facts, job: string, period: Period): GridCell {
  const duties = facts.duties.filter(
    (one) =>
      one.job === job && one.kind === 'regular' && (one.period ?? one.plannedAt).startsWith(period.text),
  );
  const done = duties.findLast(({ state }) => state !== 'missed' && state !== 'skipped');
  const definition = facts.schedules.filter(({ id }) => id === job);
  return gridCell({
    period: period.text,
    out:
      done?.state === 'done' && done.finishedAt !== null
        ? { at: done.finishedAt, runId: done.runId }
        : undefined,
    attempts: duties.map(asAttempt),
    ...dueOf(facts, definition, period, duties),
    now: facts.now,
  });
}

/** By when it is due, by the earliest of the jobs that make it; and whether a schedule asked for it. */
function dueOf(
  { calendar, states }: Facts,
  makers: readonly Schedule[],
  period: Period,
  duties: readonly Duty[],
): { readonly dueAt: string | undefined; readonly isScheduled: boolean } {
  const enabled = makers.filter(({ enabled: isOn }) => isOn);
  const times = enabled.flatMap(({ due }) => (due === undefined ? [] : [dueMs(due, calendar, period.text)]));
  const dueAt = times.length === 0 ? undefined : `${stampOf(new Date(Math.min(...times)))}.000`;
  const { end } = periodRange(period, calendar.cutoffDay);
  const since = states.filter(
    ({ job, state }) => state === 'in force' && enabled.some(({ id }) => id === job),
  );
  const isInForce = since.some(({ inForceFrom }) => inForceFrom <= (dueAt ?? `${end} 24`));
  return { dueAt, isScheduled: duties.length > 0 || isInForce };
}

const asAttempt = ({ state, runId, finishedAt, startedAt, plannedAt }: Duty): Attempt => ({
  state: attemptState(state),
  runId,
  at: finishedAt ?? startedAt ?? plannedAt,
});

const runAttempt = ({ id, state, startedAt, finishedAt }: RunRow): Attempt => ({
  state: state === 'interrupted' ? 'failed' : state,
  runId: id,
  at: finishedAt ?? startedAt,
});
