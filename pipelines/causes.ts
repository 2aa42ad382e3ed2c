/**
 * What a person has to know now, told from the ledger alone: a cause stands as long as its state does, so that the same
 * look gives the same causes, after a kill too.
 */
import type { Schedule } from '../schemas/schedules.ts';
import { stampToMs } from './runtime/clock.ts';
import type { ScheduleDefinitions } from './runtime/definitions.ts';
import { type ArbdataError, ERROR_KINDS, type ErrorCode } from './runtime/errors.ts';
import type { Cause } from './runtime/ledger-alerts.ts';
import type { Duty } from './runtime/ledger-duties.ts';
import type { Service } from './runtime/service.ts';
import { lateMonths } from './schedule-grid.ts';
import type { Calendar } from './steps/schedule/occurrences.ts';

/** No run of a city takes so long: something hangs. */
const LONG_MS = 6 * 3_600_000;

/** Every cause that stands. */
export async function causesOf(
  service: Service,
  definitions: ScheduleDefinitions | undefined,
  calendar: Calendar,
  problem: ArbdataError | undefined,
): Promise<Cause[]> {
  const { ledger, clock } = service;
  const schedules = (definitions?.schedules ?? []).filter(({ enabled }) => enabled);
  const nowMs = clock.now().getTime();
  const wrong = await ledger.duties.list({ states: ['failed', 'held', 'running'] });
  const causes: Cause[] = [];
  if (problem !== undefined) causes.push(definitionsCause(problem));
  for (const job of schedules) {
    const own = wrong.filter((duty) => duty.job === job.id);
    causes.push(...own.filter((duty) => isLong(duty, nowMs)).map(longCause));
    const ended = own.filter(({ state }) => state !== 'running');
    if (ended.length > 0)
      causes.push(...standing(job, await ledger.duties.list({ job: job.id })).map(dutyCause));
  }
  const late = await lateMonths(service, schedules, calendar);
  return [...causes, ...late.map(lateCause)];
}

/** Duties that failed or are held and were not made good by a later one. */
function standing({ period }: Schedule, duties: readonly Duty[]): Duty[] {
  const over = duties.filter(({ state }) => state === 'done' || state === 'held' || state === 'failed');
  const regular = over.filter(({ kind }) => kind === 'regular');
  // Each month counts by itself; of a job that runs every day or hour the latest one says how it stands.
  const relevant = period === 'previous-month' ? regular : regular.slice(-1);
  const rehearsals = over.filter(
    ({ kind, key }) =>
      kind === 'rehearsal' && !duties.some((one) => one.kind === 'regular' && one.key === key),
  );
  return [...relevant, ...rehearsals].filter(({ state }) => state !== 'done');
}

function dutyCause(duty: Duty): Cause {
  const { job, kind, key, period, state, runId } = duty;
  const what = kind === 'rehearsal' ? `rehearsal of ${job} ${key}` : `${job} ${key}`;
  const more = runId === null ? '' : `; see \`arbdata runs show ${runId}\``;
  return {
    // A job without months is one cause, however often it fails.
    cause: [state, job, kind, ...(period?.length === 7 ? [key] : [])].join(' '),
    kind: state,
    subject: what,
    message:
      state === 'held'
        ? `${what} is held by a check and waits for a person${more}`
        : `${what} failed: ${failure(duty)}${more}`,
  };
}

/** The code and its meaning; the text of an error stays in the log of the run. */
function failure({ error, reason }: Duty): string {
  const { code } = JSON.parse(error ?? '{}') as { code?: ErrorCode };
  return code === undefined
    ? (reason ?? 'unknown')
    : `${code} (${ERROR_KINDS[code].meaning.replace(/\.$/, '')})`;
}

function isLong({ state, startedAt }: Duty, nowMs: number): boolean {
  return state === 'running' && startedAt !== null && nowMs - stampToMs(startedAt) > LONG_MS;
}

function longCause({ job, key, startedAt, pid }: Duty): Cause {
  return {
    cause: `long ${job} ${key}`,
    kind: 'long',
    subject: `${job} ${key}`,
    message: `${job} ${key} has been running since ${startedAt?.slice(0, 19)} (process ${pid}): does it hang?`,
  };
}

function lateCause({ product, period, dueAt }: { product: string; period: string; dueAt: string }): Cause {
  return {
    cause: `late ${product} ${period}`,
    kind: 'late',
    subject: `${product} ${period}`,
    message: `${product} ${period} was due by ${dueAt.slice(0, 16)} and is not out; see \`arbdata schedule grid\``,
  };
}

function definitionsCause({ code, message }: ArbdataError): Cause {
  return {
    cause: 'definitions schedules',
    kind: 'definitions',
    subject: 'schedules.json',
    message: `${code}: ${message}; the former schedules stay in force`,
  };
}
