/** What a person asks of the schedules: when they fall due, what became of them, and to run one now. */
import { dayNumber, dayText, lastCompleteMonth, monthOf } from '../schemas/period.ts';
import { jobCommand, type Schedule } from '../schemas/schedules.ts';
import { dutyWords } from './duty-command.ts';
import { shanghaiDate, shanghaiStamp, stampOf, stampToMs } from './runtime/clock.ts';
import { loadSchedules, type ScheduleDefinitions } from './runtime/definitions.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Alert } from './runtime/ledger-alerts.ts';
import type { Duty } from './runtime/ledger-duties.ts';
import { readDate, readPeriod } from './runtime/period.ts';
import type { Service } from './runtime/service.ts';
import { type GridRow, lateMonths, scheduleGrid } from './schedule-grid.ts';
import { type StartCommand, settleAttempt } from './scheduler.ts';
import { type Calendar, nextOccurrences } from './steps/schedule/occurrences.ts';

export type { GridRow } from './schedule-grid.ts';
export type { GridCell } from './steps/schedule/grid.ts';

const NEXT_TIMES = 3;

/** One time to come, in Asia/Shanghai. */
export interface NextTime {
  readonly at: string;
  readonly kind: Duty['kind'];
  readonly key: string;
  /** Reckoned with a year whose holidays are not announced. */
  readonly isProvisional: boolean;
}

export interface JobStanding {
  readonly job: Schedule;
  /** `unseen`: no service has seen it yet; it is in force from when one does. */
  readonly state: 'in force' | 'off' | 'unseen';
  readonly inForceFrom: string | null;
  readonly next: readonly NextTime[];
  /** The latest duty that is over, rehearsals too. */
  readonly last: Duty | undefined;
  /** Waiting or going on. */
  readonly open: readonly Duty[];
  /** Months whose due date has passed and that are not out, by product. */
  readonly late: readonly { readonly product: string; readonly period: string; readonly dueAt: string }[];
}

/** Every job: its next times, what became of the last, what is late. */
export async function scheduleList(service: Service): Promise<JobStanding[]> {
  const { ledger, clock } = service;
  const definitions = loadSchedules(service.home.definitions);
  const calendar = calendarOf(service, definitions);
  const states = await ledger.duties.schedules();
  const standings: JobStanding[] = [];
  for (const job of definitions.schedules) {
    const duties = await ledger.duties.list({ job: job.id });
    const state = states.find((one) => one.job === job.id);
    standings.push({
      job,
      state: job.enabled ? (state?.state ?? 'unseen') : 'off',
      inForceFrom: state?.state === 'in force' && job.enabled ? state.inForceFrom : null,
      next: job.enabled ? nextTimes(job, calendar, clock.now().getTime()) : [],
      last: duties
        .filter(({ finishedAt }) => finishedAt !== null)
        .toSorted(byEnd)
        .at(-1),
      open: duties.filter(({ state: now }) => now === 'due' || now === 'running'),
      late: job.enabled ? await lateMonths(service, [job], calendar) : [],
    });
  }
  return standings;
}

function byEnd(a: Duty, b: Duty): number {
  return (a.finishedAt ?? '') < (b.finishedAt ?? '') ? -1 : 1;
}

function nextTimes(job: Schedule, calendar: Calendar, nowMs: number): NextTime[] {
  return nextOccurrences(job, calendar, nowMs, NEXT_TIMES).map(({ atMs, kind, key, isProvisional }) => ({
    at: stampOf(new Date(atMs)),
    kind,
    key,
    isProvisional,
  }));
}

/** Month by product, the last so many months. */
export async function grid(service: Service, months: number): Promise<GridRow[]> {
  const definitions = loadSchedules(service.home.definitions);
  return scheduleGrid(service, definitions.schedules, calendarOf(service, definitions), months);
}

export interface HandRequest {
  readonly job: string;
  /** A month or a day, as the job's period says; absent: the latest one. */
  readonly period?: string | undefined;
  readonly isRehearsal: boolean;
}

/**
 * Run a job now, the way the service does, and wait for its end.
 * @throws {ArbdataError} E_NOT_FOUND, E_USAGE, E_RUN_LOCKED
 */
export async function runByHand(
  service: Service,
  request: HandRequest,
  startCommand: StartCommand,
): Promise<Duty> {
  const { ledger, clock, config, actor } = service;
  const { definitions, job } = requireJob(service, request.job);
  await refuseBusy(service, job, definitions);
  const subject = handSubject(service, job, request);
  const token = await ledger.duties.beginByHand({ job: job.id, ...subject, actor });
  const exit = await startCommand(dutyWords(job, subject, { clock, cutoffDay: config.cutoffDay }), token);
  await settleAttempt(service, token, { retries: () => job.retries, isInterrupted: false, exit });
  const after = (await ledger.duties.list({ job: job.id })).find(({ id }) => id === token.id);
  if (after !== undefined) return after;
  throw new ArbdataError('E_LEDGER', `the duty of ${job.id} is gone from the ledger`, {
    advice: 'Run `arbdata doctor`.',
  });
}

/** A job by its name. @throws {ArbdataError} E_NOT_FOUND */
export function requireJob(
  { home }: Pick<Service, 'home'>,
  id: string,
): { readonly definitions: ScheduleDefinitions; readonly job: Schedule } {
  const definitions = loadSchedules(home.definitions);
  const job = definitions.schedules.find((one) => one.id === id);
  if (job !== undefined) return { definitions, job };
  throw new ArbdataError('E_NOT_FOUND', `there is no job ${id}`, {
    advice: `Jobs of schedules.json: ${definitions.schedules.map((one) => one.id).join(', ')}.`,
  });
}

/** What is carried out now would end at once on the lock: nothing is begun then. */
async function refuseBusy(
  { ledger }: Service,
  { pipeline }: Schedule,
  { schedules }: ScheduleDefinitions,
): Promise<void> {
  const running = await ledger.duties.list({ states: ['running'] });
  const other = running.find(({ job }) => schedules.find(({ id }) => id === job)?.pipeline === pipeline);
  if (other === undefined) return;
  throw new ArbdataError('E_RUN_LOCKED', `${other.job} ${other.key} is being carried out`, {
    advice: 'Wait until it has ended: see `arbdata schedule list`.',
  });
}

/** Whether a job can be run on the data of today, with a draft for a result. */
export const canRehearse = ({ pipeline, period }: Pick<Schedule, 'pipeline' | 'period'>): boolean =>
  jobCommand(pipeline).canRehearse && period === 'previous-month';

function handSubject(
  { clock, config: { cutoffDay } }: Service,
  { id, pipeline, period: rule, when }: Schedule,
  { period, isRehearsal }: HandRequest,
): Pick<Duty, 'kind' | 'key' | 'period'> {
  const today = shanghaiDate(clock);
  const refuse = (what: string, advice: string) => new ArbdataError('E_USAGE', what, { advice });
  if (isRehearsal && !canRehearse({ pipeline, period: rule }))
    throw refuse(`${id} cannot be rehearsed`, 'Leave --rehearsal out.');
  const kind = isRehearsal ? 'rehearsal' : 'regular';
  switch (rule) {
    case 'previous-month': {
      const latest = isRehearsal ? monthOf(today, cutoffDay) : lastCompleteMonth(today, cutoffDay);
      const month = period === undefined ? latest : readPeriod(period);
      if (month.kind !== 'month')
        throw refuse(`${id} runs for months, not for ${month.text}`, 'Give a month.');
      return { kind, key: month.text, period: month.text };
    }
    case 'previous-day': {
      const day = period === undefined ? dayText(dayNumber(today) - 1) : readDate(period, '--period');
      return { kind, key: day, period: day };
    }
    case 'none':
      if (period !== undefined) throw refuse(`${id} has no period`, 'Leave --period out.');
      return { kind, key: typeof when === 'string' ? shanghaiStamp(clock) : today.slice(0, 7), period: null };
    default:
      return rule satisfies never;
  }
}

function calendarOf({ config }: Service, { workingDays }: ScheduleDefinitions): Calendar {
  return { workingDays, cutoffDay: config.cutoffDay };
}

/** The times to come of all jobs; none while schedules.json cannot be read, of which an alert tells. */
function comingTimes(service: Service, nowMs: number): Health['next'] {
  try {
    const definitions = loadSchedules(service.home.definitions);
    const calendar = calendarOf(service, definitions);
    return definitions.schedules
      .filter(({ enabled }) => enabled)
      .flatMap((job) => nextTimes(job, calendar, nowMs).map((time) => ({ job: job.id, ...time })));
  } catch (error) {
    if (error instanceof ArbdataError) return [];
    throw error;
  }
}

/** How fresh what was published is. */
export interface Freshness {
  readonly product: string;
  readonly period: string;
  readonly revision: number;
  readonly publishedAt: string;
  readonly ageHours: number;
}

/** What anybody may see of a running service: no case, no person, no path. */
export interface Health {
  readonly next: readonly (NextTime & { readonly job: string })[];
  readonly running: readonly Pick<Duty, 'job' | 'kind' | 'key'>[];
  readonly freshness: readonly Freshness[];
  readonly alerts: readonly Pick<Alert, 'kind' | 'subject'>[];
}

/** The next duties, what runs, how fresh the products are, and what stands. */
export async function health(service: Service): Promise<Health> {
  const { ledger, clock } = service;
  const nowMs = clock.now().getTime();
  const next = comingTimes(service, nowMs);
  const running = await ledger.duties.list({ states: ['running'] });
  const inForce = (await ledger.publications()).filter(({ state }) => state === 'published');
  const latest = Map.groupBy(inForce, ({ product }) => product);
  return {
    next: next.toSorted((a, b) => (a.at < b.at ? -1 : 1)).slice(0, 2 * NEXT_TIMES),
    running: running.map(({ job, kind, key }) => ({ job, kind, key })),
    freshness: [...latest].flatMap(([product, all]) => {
      const one = all.toSorted((a, b) => (a.period < b.period ? -1 : 1)).at(-1);
      if (one?.publishedAt == null) return [];
      const { period, revision, publishedAt } = one;
      const ageHours = Math.round((nowMs - stampToMs(publishedAt)) / 360_000) / 10;
      return [{ product, period, revision, publishedAt: publishedAt.slice(0, 19), ageHours }];
    }),
    alerts: (await ledger.alerts.standing()).map(({ kind, subject }) => ({ kind, subject })),
  };
}
