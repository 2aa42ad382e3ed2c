/**
 * The scheduler: looks at the clock, enters what fell due, starts it as processes of the same program, settles how it
 * ended, and says what a person has to know. All of its memory is the ledger: a look after a kill goes on where the
 * last one was.
 */
import type { Schedule } from '../schemas/schedules.ts';
import { deliverAlerts } from './alerts.ts';
import { causesOf } from './causes.ts';
import { dutyWords } from './duty-command.ts';
import { canonicalJson } from './runtime/audit.ts';
import { shanghaiStampMs, stampOf, stampToMs } from './runtime/clock.ts';
import { loadSchedules, type ScheduleDefinitions } from './runtime/definitions.ts';
import { ArbdataError } from './runtime/errors.ts';
import { type Duty, type DutyToken, isAbandoned, type ScheduleState } from './runtime/ledger-duties.ts';
import type { Service } from './runtime/service.ts';
import type { AlertChannel } from './steps/alert/channel.ts';
import {
  type Calendar,
  nextOccurrences,
  type Occurrence,
  occurrencesBetween,
} from './steps/schedule/occurrences.ts';
import { endOfAttempt } from './steps/schedule/outcome.ts';
import { decideFates } from './steps/schedule/plan.ts';

const DAY_MS = 86_400_000;
/** How soon to look again at a process that this one did not start. */
const FOREIGN_POLL_MS = 5_000;

/**
 * Start a command of this program as a process of its own; resolves when the process is gone, with its exit code, or
 * undefined where a signal ended it.
 */
export type StartCommand = (words: readonly string[], duty: DutyToken) => Promise<number | undefined>;

export interface SchedulerOptions {
  readonly startCommand: StartCommand;
  /** Runs of different pipelines at the same time. */
  readonly parallelRuns: number;
  readonly channels: readonly AlertChannel[];
  /** The definitions changed: the alarm clock is to be set anew. */
  changed?(definitions: ScheduleDefinitions): void;
}

export class Scheduler {
  readonly #service: Service;
  readonly #options: SchedulerOptions;
  /** What this process started, by the token of the attempt. */
  readonly #started = new Map<string, Promise<void>>();
  #definitions: ScheduleDefinitions | undefined;
  /** Why the definitions on disk are not in use. */
  #problem: ArbdataError | undefined;
  #looking: Promise<void> | undefined;
  #delivering: Promise<void> | undefined;
  #wantsAnother = false;
  #isFirst = true;
  #isStopping = false;

  constructor(service: Service, options: SchedulerOptions) {
    this.#service = service;
    this.#options = options;
  }

  /** Look once; one look at a time, and one more where something happened meanwhile. */
  async look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#wantsAnother = true;
      return this.#looking;
    }
    this.#looking = this.#lookUntilQuiet().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** When to look again though no alarm rings: a retry, a message, a process of somebody else. */
  async nextLookMs(): Promise<number | undefined> {
    const { ledger, clock } = this.#service;
    const waiting = (await ledger.duties.list({ states: ['due'] })).flatMap(
      ({ notBefore }) => notBefore ?? [],
    );
    const message = this.#delivering === undefined ? await ledger.alerts.nextDeliveryAt() : undefined;
    const isForeign = (await ledger.duties.list({ states: ['running'] })).some(
      ({ token }) => !this.#started.has(token ?? ''),
    );
    const times = [...waiting, ...(message === undefined ? [] : [message])].map(stampToMs);
    if (isForeign) times.push(clock.now().getTime() + FOREIGN_POLL_MS);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** When the next schedule falls due, whichever it is. */
  nextOccurrenceMs(): number | undefined {
    const { schedules = [] } = this.#definitions ?? {};
    const nowMs = this.#service.clock.now().getTime();
    const times = schedules
      .filter(({ enabled }) => enabled)
      .flatMap((job) => nextOccurrences(job, this.#calendar(), nowMs, 1).map(({ atMs }) => atMs));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Start nothing more; what runs goes on. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Resolves when everything that this process started has ended and is settled, and what can be told is told. */
  async quiet(): Promise<void> {
    while (this.#started.size > 0) await Promise.all(this.#started.values());
    await this.#looking;
    await this.#delivering;
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#wantsAnother = false;
      await this.#lookOnce();
    } while (this.#wantsAnother);
  }

  async #lookOnce(): Promise<void> {
    const { ledger } = this.#service;
    this.#readDefinitions();
    if (this.#definitions !== undefined) await this.#plan(this.#definitions.schedules);
    await this.#settleAbandoned();
    await ledger.duties.settleReleased();
    if (!this.#isStopping) await this.#startReady();
    await this.#tell();
    this.#isFirst = false;
  }

  /** A mistake in an edited file must not stop what ran well: the former definitions stay, and an alert says so. */
  #readDefinitions(): void {
    const { home, log } = this.#service;
    try {
      const read = loadSchedules(home.definitions);
      const isNew = canonicalJson(read) !== canonicalJson(this.#definitions ?? null);
      this.#problem = undefined;
      if (!isNew) return;
      this.#definitions = read;
      this.#options.changed?.(read);
    } catch (error) {
      if (!(error instanceof ArbdataError)) throw error;
      if (this.#problem?.message !== error.message)
        log.error('schedules not read', { code: error.code, message: error.message });
      this.#problem = error;
    }
  }

  #calendar(): Calendar {
    const { definitions, config } = this.#service;
    const { workingDays } = this.#definitions ?? definitions;
    return { workingDays, cutoffDay: config.cutoffDay };
  }

  async #plan(schedules: readonly Schedule[]): Promise<void> {
    const { ledger } = this.#service;
    const states = await ledger.duties.schedules();
    const waiting = await ledger.duties.list({ states: ['due'] });
    for (const job of schedules) {
      const own = waiting.filter((duty) => duty.job === job.id);
      const state = states.find((one) => one.job === job.id);
      await (state === undefined ? this.#enterJob(job) : this.#planJob(job, state, own));
    }
    for (const state of states) {
      if (state.state === 'off' || schedules.some(({ id }) => id === state.job)) continue;
      const former = JSON.parse(state.definition) as Schedule;
      const own = waiting.filter(({ job }) => job === state.job);
      await this.#planJob({ ...former, enabled: false }, state, own);
    }
  }

  /** A job is in force from when it is first seen: it has no past. */
  async #enterJob(job: Schedule): Promise<void> {
    const { ledger, clock, actor } = this.#service;
    const now = shanghaiStampMs(clock);
    await ledger.duties.plan(actor, {
      job: job.id,
      definition: canonicalJson(job),
      state: job.enabled ? 'in force' : 'off',
      inForceFrom: now,
      plannedUntil: now,
      duties: [],
      overtaken: [],
    });
  }

  /**
   * Enter what fell due since the last look. Up to now that is by the definition as it was last seen; from now on by
   * the present one: an edit neither takes back what fell due before it nor brings about what would have.
   */
  async #planJob(job: Schedule, state: ScheduleState, waiting: readonly Duty[]): Promise<void> {
    const { ledger, clock, actor, log } = this.#service;
    const former = JSON.parse(state.definition) as Schedule;
    const definition = canonicalJson(job);
    const now = shanghaiStampMs(clock);
    const nowMs = stampToMs(now);
    const isChanged = definition !== state.definition;
    const occurrences = state.state === 'off' ? [] : await this.#since(former, state, nowMs);
    const { fresh, overtaken } = decideFates(occurrences, waiting.filter(isUnbegun).map(asWaiting), {
      nowMs,
      atStart: this.#isFirst,
      missed: job.missed,
      rehearsalAheadMs: (former.rehearsalDays ?? 0) * DAY_MS,
    });
    if (!isChanged && occurrences.length === 0 && overtaken.length === 0) return;
    const duties = occurrences.map(({ kind, key, period, atMs }, index) => ({
      job: job.id,
      kind,
      key,
      period,
      plannedAt: `${stampOf(new Date(atMs))}.000`,
      state: fresh[index]?.state ?? 'due',
      reason: fresh[index]?.reason ?? null,
    }));
    await ledger.duties.plan(actor, {
      job: job.id,
      definition,
      state: job.enabled ? 'in force' : 'off',
      inForceFrom: isChanged ? now : state.inForceFrom,
      plannedUntil: now,
      duties,
      overtaken,
      ...(job.enabled ? {} : { skipped: 'the schedule was switched off' }),
    });
    if (isChanged) log.info('schedule changed', { job: job.id, state: job.enabled ? 'in force' : 'off' });
    for (const { kind, key, state: fate } of duties) log.info(`duty ${fate}`, { job: job.id, kind, key });
  }

  /**
   * Occurrences since the last look. A working day of the month is looked for in the whole month: when the calendar is
   * announced late, it may move into days that were looked at already, and the month must not be lost.
   */
  async #since(job: Schedule, state: ScheduleState, nowMs: number): Promise<Occurrence[]> {
    const lastMs = stampToMs(state.plannedUntil);
    if (typeof job.when === 'string') return occurrencesBetween(job, this.#calendar(), lastMs, nowMs);
    const monthMs = stampToMs(`${state.plannedUntil.slice(0, 7)}-01 00:00:00`) - 1;
    const fromMs = Math.max(Math.min(monthMs, lastMs), stampToMs(state.inForceFrom));
    const found = occurrencesBetween(job, this.#calendar(), fromMs, nowMs);
    if (found.every(({ atMs }) => atMs > lastMs)) return found;
    const known = new Set(
      (await this.#service.ledger.duties.list({ job: state.job })).map(({ kind, key }) => `${kind} ${key}`),
    );
    return found.filter(({ atMs, kind, key }) => atMs > lastMs || !known.has(`${kind} ${key}`));
  }

  /** Attempts whose process is gone while nobody looked. */
  async #settleAbandoned(): Promise<void> {
    const { ledger, clock } = this.#service;
    for (const duty of await ledger.duties.list({ states: ['running'] })) {
      if (duty.token === null || this.#started.has(duty.token)) continue;
      // This process itself started a command that never took the duty, and could not enter its end.
      const isOwnLost = duty.claimedAt === null && duty.pid === process.pid;
      if (!isOwnLost && !isAbandoned(duty, clock)) continue;
      await this.#settle({ id: duty.id, token: duty.token }, { isInterrupted: true, exit: undefined });
    }
  }

  /** Start what is ready, the oldest first, each pipeline once. */
  async #startReady(): Promise<void> {
    const { ledger, clock } = this.#service;
    const { schedules = [] } = this.#definitions ?? {};
    const now = shanghaiStampMs(clock);
    const pipelineOf = (job: string) => schedules.find(({ id }) => id === job)?.pipeline;
    const running = await ledger.duties.list({ states: ['running'] });
    const busy = new Set(running.map(({ job }) => pipelineOf(job)));
    let free = this.#options.parallelRuns - running.length;
    for (const duty of await ledger.duties.list({ states: ['due'] })) {
      if (free <= 0) return;
      const job = schedules.find(({ id }) => id === duty.job);
      if (job === undefined || busy.has(job.pipeline) || (duty.notBefore ?? '') > now) continue;
      free -= 1;
      busy.add(job.pipeline);
      await this.#start(job, duty);
    }
  }

  async #start(job: Schedule, duty: Duty): Promise<void> {
    const { ledger, log, clock, config } = this.#service;
    const token = await ledger.duties.begin(duty.id);
    if (token === undefined) return;
    const { kind, key, attempts } = duty;
    log.info('duty begun', { job: job.id, kind, key, attempt: attempts + 1 });
    const words = dutyWords(job, duty, { clock, cutoffDay: config.cutoffDay });
    const ended = this.#options
      .startCommand(words, token)
      .catch((error: unknown) => {
        log.error('the command could not be started', { job: job.id, reason: reasonOf(error) });
        return undefined;
      })
      .then((exit) => this.#settle(token, { isInterrupted: false, exit }))
      .catch((error: unknown) => {
        // A ledger that cannot be written now: the next look finds an attempt without a process and settles it.
        log.error('the end of a duty could not be entered', { job: job.id, reason: reasonOf(error) });
      })
      .finally(() => {
        this.#started.delete(token.token);
        void this.look().catch(() => undefined);
      });
    this.#started.set(token.token, ended);
  }

  async #settle(token: DutyToken, end: Pick<AttemptEnd, 'isInterrupted' | 'exit'>): Promise<void> {
    const { log } = this.#service;
    const settled = await settleAttempt(this.#service, token, {
      retries: (job) => this.#definitions?.schedules.find(({ id }) => id === job)?.retries,
      ...end,
    });
    if (settled === undefined) return;
    const { job, kind, key, state, reason, runId } = settled;
    const say = state === 'failed' ? 'error' : state === 'done' ? 'info' : 'warn';
    log[say](`duty ${state}`, { job, kind, key, run: runId ?? undefined, reason: reason ?? undefined });
  }

  /** Raise what is wrong and resolve what is right again; then send what waits. */
  async #tell(): Promise<void> {
    const { ledger, log } = this.#service;
    const { channels } = this.#options;
    const causes = await causesOf(this.#service, this.#definitions, this.#calendar(), this.#problem);
    const names = channels.map(({ name }) => name);
    const { raised, resolved } = await ledger.alerts.update(causes, names);
    for (const { kind, subject, message } of raised) log.error(`alert: ${kind}`, { subject, message });
    for (const { kind, subject } of resolved) log.info(`alert over: ${kind}`, { subject });
    // A mail server that does not answer must not keep runs waiting.
    this.#delivering ??= deliverAlerts(this.#service, channels)
      .catch((error: unknown) => log.error('alerts not told', { reason: reasonOf(error) }))
      .finally(() => {
        this.#delivering = undefined;
      });
  }
}

const isUnbegun = ({ kind, startedAt }: Duty): boolean => kind === 'rehearsal' || startedAt === null;

const asWaiting = ({ id, kind, plannedAt }: Duty) => ({ id, kind, atMs: stampToMs(plannedAt) });

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

export interface AttemptEnd {
  retries(job: string): Schedule['retries'] | undefined;
  /** Nobody of the service saw the end. */
  readonly isInterrupted: boolean;
  /** Of the process; undefined: a signal ended it, or nobody saw it. */
  readonly exit: number | undefined;
}

/** Enter how an attempt ended; undefined where somebody else did. */
export async function settleAttempt(
  { ledger, clock }: Pick<Service, 'ledger' | 'clock'>,
  token: DutyToken,
  { retries, isInterrupted, exit }: AttemptEnd,
): Promise<Duty | undefined> {
  return ledger.duties.settle(
    token,
    (outcome, { job, attempts, requestedBy }) =>
      endOfAttempt({
        outcome,
        attempts,
        nowMs: clock.now().getTime(),
        retries: retries(job) ?? { attempts: 0, backoffMinutes: [0] },
        isByHand: requestedBy !== null,
        isInterrupted,
      }),
    exit,
  );
}

/** Expressions at which the alarm clock rings for these schedules; a working day rings on every day, at its time. */
export function alarmExpressions({ schedules }: ScheduleDefinitions): string[] {
  const ringing = schedules.filter(({ enabled }) => enabled);
  return ringing.map(({ when }) => {
    if (typeof when === 'string') return when;
    const [hour, minute] = when.at.split(':').map(Number);
    return `${minute} ${hour} * * *`;
  });
}
