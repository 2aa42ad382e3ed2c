/**
 * Duties: what a schedule asked for, each once. A duty is planned, begun under a token, claimed by the process that
 * carries it out, and settled; who holds an older token has lost it, so that no kill makes two of one.
 */
import { randomBytes } from 'node:crypto';
import { appendAudit } from './audit.ts';
import type { Clock } from './clock.ts';
import { ArbdataError, ERROR_KINDS, type ErrorCode, EXIT } from './errors.ts';
import type { LedgerAccess } from './ledger-backups.ts';
import type { DutyTable, LedgerDb, ScheduleTable } from './ledger-tables.ts';
import { isHolderAlive, ownProcess } from './lock.ts';

export type Duty = Readonly<Omit<DutyTable, 'id'>> & { readonly id: number };
export type DutyState = DutyTable['state'];
export type DutyKey = Pick<Duty, 'job' | 'kind' | 'key'>;
export type ScheduleState = Readonly<ScheduleTable>;

/** A duty as it is entered: to be done, or already decided not to be. */
export interface NewDuty extends DutyKey {
  readonly period: string | null;
  readonly plannedAt: string;
  readonly state: 'due' | 'missed';
  readonly reason: string | null;
}

/** What one look at a job's schedule came to. */
export interface JobPlan {
  readonly job: string;
  readonly definition: string;
  readonly state: ScheduleTable['state'];
  readonly inForceFrom: string;
  readonly plannedUntil: string;
  readonly duties: readonly NewDuty[];
  /** Duties that wait, and why they are missed now. */
  readonly overtaken: readonly { readonly id: number; readonly reason: string }[];
  /** Why everything that waits is not done any more; absent: it is. */
  readonly skipped?: string;
}

/** Which attempt at which duty a process is: it stands in ARBDATA_DUTY. */
export interface DutyToken {
  readonly id: number;
  readonly token: string;
}

/** How the latest attempt ended, as far as anything tells. */
export interface DutyOutcome {
  /** Undefined: the process is gone and told nothing. */
  readonly exit: number | undefined;
  readonly error: { readonly code: ErrorCode; readonly retryable: boolean } | undefined;
  readonly runId: string | null;
}

/** What becomes of a duty after an attempt. */
export interface DutyEnd {
  readonly state: 'due' | 'done' | 'held' | 'failed';
  readonly attempts: number;
  /** For `due`: the earliest time of the next attempt. */
  readonly notBefore: string | null;
  readonly reason: string | null;
}

async function scheduleStates(db: LedgerDb): Promise<ScheduleState[]> {
  return db.selectFrom('schedule').selectAll().orderBy('job').execute();
}

/** Duties by when they were planned; all of them, or those that a filter leaves. */
async function duties(
  db: LedgerDb,
  filter: { readonly states?: readonly DutyState[]; readonly job?: string } = {},
): Promise<Duty[]> {
  let query = db.selectFrom('duty').selectAll().orderBy('plannedAt').orderBy('id');
  if (filter.states !== undefined) query = query.where('state', 'in', [...filter.states]);
  if (filter.job !== undefined) query = query.where('job', '=', filter.job);
  return query.execute();
}

async function duty(db: LedgerDb, id: number): Promise<Duty> {
  return db.selectFrom('duty').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** Enter what one look at a schedule came to. Inside a transaction. */
async function plan(db: LedgerDb, at: string, actor: string, wanted: JobPlan): Promise<void> {
  const { job, definition, state, inForceFrom, plannedUntil } = wanted;
  const known = await db.selectFrom('schedule').selectAll().where('job', '=', job).executeTakeFirst();
  const row = { definition, state, inForceFrom, plannedUntil };
  await db
    .insertInto('schedule')
    .values({ job, ...row })
    .onConflict((conflict) => conflict.column('job').doUpdateSet(row))
    .execute();
  if (known?.definition !== definition || known.state !== state) {
    const detail = { state, definition: JSON.parse(definition) as unknown };
    await appendAudit(db, at, { actor, action: 'schedule.change', subject: job, detail });
  }
  for (const one of wanted.duties) await enter(db, at, one);
  for (const { id, reason } of wanted.overtaken) {
    await db
      .updateTable('duty')
      .set({ state: 'missed', reason, finishedAt: at, notBefore: null })
      .where('id', '=', id)
      .where('state', '=', 'due')
      .execute();
  }
  if (wanted.skipped === undefined) return;
  await db
    .updateTable('duty')
    .set({ state: 'skipped', reason: wanted.skipped, finishedAt: at, notBefore: null })
    .where('job', '=', job)
    .where('state', '=', 'due')
    .execute();
}

const NEVER_BEGUN = { attempts: 0, exit: null, error: null, requestedBy: null, startedAt: null } as const;

/** A later occurrence of the same subject takes up what was missed, skipped or failed; what was done stays done. */
async function enter(db: LedgerDb, at: string, wanted: NewDuty): Promise<void> {
  const { job, kind, key, period, plannedAt, state, reason } = wanted;
  const finishedAt = state === 'missed' ? at : null;
  await db
    .insertInto('duty')
    .values({ job, kind, key, period, plannedAt, state, reason, finishedAt, attempts: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(['job', 'kind', 'key'])
        .doUpdateSet({ plannedAt, state, reason, finishedAt, ...NEVER_BEGUN })
        .where('duty.state', 'in', ['missed', 'skipped', 'failed'])
        .where('duty.plannedAt', '<', plannedAt),
    )
    .execute();
}

/**
 * Begin an attempt at a duty that is due. Inside a transaction.
 * @returns the token, or undefined where it is not due any more
 */
async function begin(db: LedgerDb, at: string, id: number): Promise<DutyToken | undefined> {
  const found = await duty(db, id);
  if (found.state !== 'due') return undefined;
  return markRunning(db, at, id, found.requestedBy);
}

/**
 * Begin a duty because a person asks for it, whatever became of it before. Inside a transaction.
 * @throws {ArbdataError} E_RUN_LOCKED where it is being carried out
 */
async function beginByHand(
  db: LedgerDb,
  at: string,
  wanted: DutyKey & { readonly period: string | null; readonly actor: string },
): Promise<DutyToken> {
  const { job, kind, key, period, actor } = wanted;
  const found = await db
    .selectFrom('duty')
    .selectAll()
    .where('job', '=', job)
    .where('kind', '=', kind)
    .where('key', '=', key)
    .executeTakeFirst();
  if (found?.state === 'running') throw beingCarriedOut(found);
  await appendAudit(db, at, { actor, action: 'schedule.run', subject: job, detail: { kind, key } });
  const id =
    found?.id ??
    (
      await db
        .insertInto('duty')
        .values({ job, kind, key, period, plannedAt: at, state: 'due', attempts: 0 })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id;
  return markRunning(db, at, id, actor);
}

async function markRunning(
  db: LedgerDb,
  at: string,
  id: number,
  requestedBy: string | null,
): Promise<DutyToken> {
  const token = randomBytes(8).toString('hex');
  const nothingYet = {
    claimedAt: null,
    exit: null,
    error: null,
    finishedAt: null,
    notBefore: null,
    reason: null,
  };
  await db
    .updateTable('duty')
    .set({
      state: 'running',
      token,
      ...ownProcess(),
      heartbeat: at,
      startedAt: at,
      requestedBy,
      ...nothingYet,
    })
    .where('id', '=', id)
    .execute();
  return { id, token };
}

/**
 * Say that this process is the one that carries the duty out. Inside a transaction.
 * @returns who asked for it by hand; null where a schedule did
 * @throws {ArbdataError} E_RUN_LOCKED where the duty was given to another process meanwhile
 */
async function claim(
  db: LedgerDb,
  at: string,
  { id, token }: DutyToken,
): Promise<{ readonly requestedBy: string | null }> {
  const found = await db.selectFrom('duty').selectAll().where('id', '=', id).executeTakeFirst();
  if (found?.token !== token || found.claimedAt !== null) throw lostDuty(id);
  await db
    .updateTable('duty')
    .set({ ...ownProcess(), heartbeat: at, claimedAt: at })
    .where('id', '=', id)
    .execute();
  return { requestedBy: found.requestedBy };
}

async function beat(db: LedgerDb, at: string, { id, token }: DutyToken): Promise<void> {
  await db
    .updateTable('duty')
    .set({ heartbeat: at })
    .where('id', '=', id)
    .where('token', '=', token)
    .execute();
}

/** What the command tells at its end, kept until the duty is settled. Inside a transaction. */
async function tell(
  db: LedgerDb,
  { id, token }: DutyToken,
  told: { readonly exit: number; readonly error?: { readonly code: ErrorCode } | undefined },
): Promise<void> {
  const error = told.error === undefined ? null : JSON.stringify({ code: told.error.code });
  await db
    .updateTable('duty')
    .set({ exit: told.exit, error })
    .where('id', '=', id)
    .where('token', '=', token)
    .execute();
}

/** Whether nobody is at a running duty any more: neither the command nor, before it claimed it, who started it. */
export function isAbandoned(running: Duty, clock: Clock): boolean {
  const { pid, processStart, host, heartbeat } = running;
  if (pid === null || processStart === null || host === null || heartbeat === null) return true;
  return !isHolderAlive({ pid, processStart, host, heartbeat }, clock);
}

/**
 * Enter what became of an attempt that is over. Inside a transaction.
 * @param decide what follows from the outcome
 * @param exitSeen the exit code of the process, for a command that could not even say why it ended
 * @returns the duty as it is then, or undefined where somebody else settled this attempt
 */
async function settle(
  db: LedgerDb,
  at: string,
  { id, token }: DutyToken,
  decide: (outcome: DutyOutcome, duty: Duty) => DutyEnd,
  exitSeen?: number,
): Promise<Duty | undefined> {
  const found = await duty(db, id);
  if (found.state !== 'running' || found.token !== token) return undefined;
  const told = await outcomeOf(db, found);
  const outcome = { ...told, exit: told.exit ?? exitSeen };
  const { state, attempts, notBefore, reason } = decide(outcome, found);
  const { exit, error, runId } = outcome;
  await db
    .updateTable('duty')
    .set({
      state,
      attempts,
      notBefore,
      reason,
      exit: exit ?? null,
      error: error === undefined ? null : JSON.stringify({ code: error.code }),
      runId,
      token: null,
      finishedAt: state === 'due' ? null : at,
    })
    .where('id', '=', id)
    .execute();
  return duty(db, id);
}

/** A held duty whose run somebody released meanwhile is done. Inside a transaction. */
async function settleReleased(db: LedgerDb, at: string): Promise<void> {
  for (const { id, runId } of await duties(db, { states: ['held'] })) {
    if (runId === null) continue;
    const releases = await db
      .selectFrom('run')
      .select(['id', 'parameters'])
      .where('state', '=', 'done')
      .where('parameters', 'like', `%${runId}%`)
      .execute();
    const release = releases.find(({ parameters }) => isReleaseOf(parameters, runId));
    if (release === undefined) continue;
    await db
      .updateTable('duty')
      .set({ state: 'done', reason: `released by run ${release.id}`, runId: release.id, finishedAt: at })
      .where('id', '=', id)
      .execute();
  }
}

function isReleaseOf(parameters: string, runId: string): boolean {
  const { releases } = JSON.parse(parameters) as { releases?: unknown };
  return releases === runId;
}

/** What the command itself told; else what its run came to; else nothing. */
async function outcomeOf(db: LedgerDb, found: Duty): Promise<DutyOutcome> {
  const run = await db
    .selectFrom('run')
    .select(['id', 'state', 'error'])
    .where('dutyId', '=', found.id)
    .where('dutyToken', '=', found.token)
    .orderBy('startedAt', 'desc')
    .executeTakeFirst();
  const runId = run?.id ?? null;
  if (found.exit !== null) return { exit: found.exit, error: knownError(found.error), runId };
  if (run === undefined) return { exit: undefined, error: undefined, runId };
  switch (run.state) {
    case 'done':
      return { exit: EXIT.done, error: undefined, runId };
    case 'held':
      return { exit: EXIT.held, error: undefined, runId };
    case 'failed': {
      const error = knownError(run.error);
      return { exit: error === undefined ? EXIT.fault : ERROR_KINDS[error.code].exit, error, runId };
    }
    case 'running':
    case 'interrupted':
      return { exit: undefined, error: undefined, runId };
    default:
      return run.state satisfies never;
  }
}

function knownError(text: string | null): DutyOutcome['error'] {
  if (text === null) return undefined;
  const { code } = JSON.parse(text) as { code?: string };
  return code !== undefined && isErrorCode(code)
    ? { code, retryable: ERROR_KINDS[code].retryable }
    : undefined;
}

function isErrorCode(code: string): code is ErrorCode {
  return code in ERROR_KINDS;
}

function beingCarriedOut({ job, key, pid, host }: Duty): ArbdataError {
  return new ArbdataError('E_RUN_LOCKED', `${job} ${key} is being carried out (process ${pid} on ${host})`, {
    advice: 'Wait until it has ended: see `arbdata schedule list`.',
  });
}

function lostDuty(id: number): ArbdataError {
  return new ArbdataError('E_RUN_LOCKED', `duty ${id} was given to another process`, {
    advice: 'Nothing to do: the other process carries it out; see `arbdata schedule list`.',
  });
}

/** The duties of a ledger; each method that writes is one transaction. Use `Ledger.duties`. */
export class DutyBook {
  readonly #ledger: LedgerAccess;

  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  /** Schedules as last seen, by job. */
  async schedules(): Promise<ScheduleState[]> {
    return scheduleStates(this.#ledger.db);
  }

  /** Duties by when they were planned. */
  async list(filter: Parameters<typeof duties>[1] = {}): Promise<Duty[]> {
    return duties(this.#ledger.db, filter);
  }

  /** Enter what one look at a job's schedule came to, as a whole. */
  async plan(actor: string, wanted: JobPlan): Promise<void> {
    await this.#ledger.auditedWrite(({ db, at }) => plan(db, at, actor, wanted));
  }

  /** Begin an attempt; undefined where the duty is not due any more. */
  async begin(id: number): Promise<DutyToken | undefined> {
    return this.#ledger.write(({ db, at }) => begin(db, at, id));
  }

  /** Begin a duty because a person asks for it. @throws {ArbdataError} E_RUN_LOCKED while it is carried out */
  async beginByHand(wanted: Parameters<typeof beginByHand>[2]): Promise<DutyToken> {
    return this.#ledger.auditedWrite(({ db, at }) => beginByHand(db, at, wanted));
  }

  /**
   * Say that this process carries the duty out.
   * @returns who asked for it by hand; null where a schedule did
   * @throws {ArbdataError} E_RUN_LOCKED where another does by now
   */
  async claim(token: DutyToken): Promise<{ readonly requestedBy: string | null }> {
    return this.#ledger.write(({ db, at }) => claim(db, at, token));
  }

  async beat(token: DutyToken): Promise<void> {
    await this.#ledger.write(({ db, at }) => beat(db, at, token));
  }

  /** Keep what the command of a duty told at its end. */
  async tell(token: DutyToken, told: Parameters<typeof tell>[2]): Promise<void> {
    await this.#ledger.write(({ db }) => tell(db, token, told));
  }

  /** Enter what became of an attempt that is over; undefined where somebody else did. */
  async settle(
    token: DutyToken,
    decide: Parameters<typeof settle>[3],
    exitSeen?: number,
  ): Promise<Duty | undefined> {
    return this.#ledger.write(({ db, at }) => settle(db, at, token, decide, exitSeen));
  }

  /** Held duties whose runs were released are done. */
  async settleReleased(): Promise<void> {
    if ((await this.list({ states: ['held'] })).length === 0) return;
    await this.#ledger.write(({ db, at }) => settleReleased(db, at));
  }
}
