/** Runs and their locks: one run of a name at a time; a lock whose process is dead is taken over. */
import { randomBytes } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { appendAudit, canonicalJson } from './audit.ts';
import { type Clock, shanghaiStamp, shanghaiStampMs } from './clock.ts';
import { ArbdataError } from './errors.ts';
import { lostLock } from './ledger-publications.ts';
import type { LedgerDb, LockTable, RunFileTable, RunState, RunTable } from './ledger-tables.ts';
import { isHolderAlive, ownProcess } from './lock.ts';

export interface NewRun {
  readonly pipeline: string;
  /** As in commands (`2026-10`); absent for pipelines without one. */
  readonly period?: string | undefined;
  /** What the run was asked for, as JSON; no personal data. */
  readonly parameters?: unknown;
  readonly actor: string;
  /** The command as it was typed, for people who find the lock. */
  readonly command: string;
  /** The duty of a schedule that it was started for, and which attempt at it. */
  readonly duty?: { readonly id: number; readonly token: string } | undefined;
  /** Further locks besides `pipeline:<pipeline>`, such as `product:macro-monitoring`. */
  readonly alsoLock?: readonly string[];
}

export type RunRow = Readonly<
  Omit<Selectable<RunTable>, 'parameters' | 'summary' | 'error' | 'dutyToken'>
> & {
  readonly parameters: unknown;
  readonly summary: unknown;
  readonly error: unknown;
};

export interface RunStepRow {
  readonly position: number;
  readonly name: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly rows: number | null;
  readonly detail: unknown;
}

export type RunFile = Readonly<Omit<RunFileTable, 'runId'>>;

export interface RunDetails extends RunRow {
  readonly steps: readonly RunStepRow[];
  readonly files: readonly RunFile[];
}

export interface BegunRun {
  readonly id: string;
  /** Ids of the dead runs whose locks were taken over. */
  readonly interrupted: readonly string[];
}

/** Enter a run and take its locks. Inside one immediate transaction: of two that begin at once, one wins. */
export async function begin(db: LedgerDb, clock: Clock, wanted: NewRun): Promise<BegunRun> {
  const names = [`pipeline:${wanted.pipeline}`, ...(wanted.alsoLock ?? [])];
  const locks = await db.selectFrom('lock').selectAll().where('name', 'in', names).execute();
  const holder = locks.find((lock) => isHolderAlive(lock, clock));
  if (holder !== undefined) throw await locked(db, holder);
  const id = await freeId(db, clock);
  const interrupted = [...new Set(locks.map((lock) => lock.runId))];
  for (const runId of interrupted)
    await interrupt(db, clock, runId, { actor: wanted.actor, takenOverBy: id });
  const at = shanghaiStampMs(clock);
  const { pid, processStart, host } = ownProcess();
  const { pipeline, period, actor, command, duty } = wanted;
  await db
    .insertInto('run')
    .values({
      id,
      pipeline,
      period: period ?? null,
      parameters: canonicalJson(wanted.parameters ?? {}),
      actor,
      pid,
      processStart,
      state: 'running',
      startedAt: at,
      dutyId: duty?.id ?? null,
      dutyToken: duty?.token ?? null,
    })
    .execute();
  const lock = { runId: id, pid, processStart, heartbeat: at, host, actor, command };
  await db
    .insertInto('lock')
    .values(names.map((name) => ({ name, ...lock })))
    .execute();
  return { id, interrupted };
}

/** Ids of the runs that hold a lock, by whether their process lives. */
export async function held(db: LedgerDb, clock: Clock): Promise<{ alive: string[]; dead: string[] }> {
  const locks = await db.selectFrom('lock').selectAll().execute();
  const ids = (isAlive: boolean) =>
    locks.filter((lock) => isHolderAlive(lock, clock) === isAlive).map((lock) => lock.runId);
  return { alive: [...new Set(ids(true))], dead: [...new Set(ids(false))] };
}

/** Mark the runs of dead processes as interrupted and free their locks. Inside a transaction. */
export async function interruptDead(db: LedgerDb, clock: Clock, actor: string): Promise<string[]> {
  const { dead } = await held(db, clock);
  for (const runId of dead) await interrupt(db, clock, runId, { actor });
  return dead;
}

async function interrupt(
  db: LedgerDb,
  clock: Clock,
  runId: string,
  by: { readonly actor: string; readonly takenOverBy?: string },
): Promise<void> {
  const at = shanghaiStampMs(clock);
  const lock = await db.selectFrom('lock').selectAll().where('runId', '=', runId).executeTakeFirstOrThrow();
  await db.deleteFrom('lock').where('runId', '=', runId).execute();
  await db
    .updateTable('run')
    .set({ state: 'interrupted', finishedAt: at })
    .where('id', '=', runId)
    .where('state', '=', 'running')
    .execute();
  const detail = { pid: lock.pid, host: lock.host, heartbeat: lock.heartbeat, takenOverBy: by.takenOverBy };
  await appendAudit(db, at, { actor: by.actor, action: 'run.interrupted', subject: runId, detail });
}

/** End a run and free its locks. Inside a transaction. */
export async function finish(
  db: LedgerDb,
  at: string,
  runId: string,
  end: { readonly state: RunState; readonly summary?: unknown; readonly error?: unknown },
): Promise<void> {
  await requireRunning(db, runId);
  await db
    .updateTable('run')
    .set({ state: end.state, finishedAt: at, summary: jsonText(end.summary), error: jsonText(end.error) })
    .where('id', '=', runId)
    .execute();
  await db.deleteFrom('lock').where('runId', '=', runId).execute();
}

/** A run whose lock was taken over must not go on writing beside its successor. */
export async function requireRunning(db: LedgerDb, runId: string): Promise<void> {
  const row = await db.selectFrom('run').select('state').where('id', '=', runId).executeTakeFirstOrThrow();
  if (row.state === 'interrupted') throw lostLock(runId);
  if (row.state !== 'running') {
    throw new ArbdataError('E_INTERNAL', `run ${runId} has ended already (${row.state})`, {
      advice: 'Report this as a defect, with the command.',
    });
  }
}

/** States of runs that made what they were to make, published or held. */
export const FINISHED = ['done', 'held'] as const satisfies readonly RunState[];

/** Which runs are listed; what is absent does not matter. What nobody asks for must not use up the limit. */
export interface RunFilter {
  readonly limit?: number;
  readonly pipeline?: string;
  readonly period?: string;
  /** Only runs that read one. */
  readonly withSnapshot?: boolean;
  /** Only runs of a period: no refresh of the cockpit, no backup. */
  readonly withPeriod?: boolean;
  readonly states?: readonly RunState[];
  /** That say in their summary what became of this product. */
  readonly product?: string;
}

/** Runs, the latest first. */
export async function list(
  db: LedgerDb,
  { limit = 20, pipeline, period, withSnapshot = false, withPeriod = false, states, product }: RunFilter,
): Promise<RunRow[]> {
  let query = db
    .selectFrom('run')
    .selectAll()
    .orderBy('startedAt', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
  if (withSnapshot) query = query.where('snapshotId', 'is not', null);
  if (pipeline !== undefined) query = query.where('pipeline', '=', pipeline);
  if (period !== undefined) query = query.where('period', '=', period);
  if (withPeriod) query = query.where('period', 'is not', null);
  if (states !== undefined) query = query.where('state', 'in', states);
  if (product !== undefined)
    query = query.where(sql<string>`json_type(summary, ${`$."${product}"`})`, 'is not', null);
  return (await query.execute()).map(readRun);
}

/** One run with its steps and files. */
export async function details(db: LedgerDb, id: string): Promise<RunDetails | undefined> {
  const run = await db.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst();
  if (run === undefined) return undefined;
  const steps = await db
    .selectFrom('runStep')
    .select(['position', 'name', 'startedAt', 'finishedAt', 'rows', 'detail'])
    .where('runId', '=', id)
    .orderBy('position')
    .execute();
  const files = await db
    .selectFrom('runFile')
    .select(['path', 'kind', 'sha256', 'sizeBytes'])
    .where('runId', '=', id)
    .orderBy('path')
    .execute();
  return { ...readRun(run), steps: steps.map((step) => ({ ...step, detail: readJson(step.detail) })), files };
}

/** JSON text for a column, NULL for nothing. */
export function jsonText(value: unknown): string | null {
  return value === undefined ? null : canonicalJson(value);
}

function readRun({ dutyToken: _, ...run }: Selectable<RunTable>): RunRow {
  return {
    ...run,
    parameters: readJson(run.parameters),
    summary: readJson(run.summary),
    error: readJson(run.error),
  };
}

function readJson(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

/** `R20261123-091500-ab12`: readable, sortable, and not in use. */
async function freeId(db: LedgerDb, clock: Clock): Promise<string> {
  for (;;) {
    const [date, time] = shanghaiStamp(clock).replaceAll(/[-:]/g, '').split(' ');
    const id = `R${date}-${time}-${randomBytes(2).toString('hex')}`;
    if ((await db.selectFrom('run').select('id').where('id', '=', id).executeTakeFirst()) === undefined)
      return id;
  }
}

async function locked(db: LedgerDb, lock: LockTable): Promise<ArbdataError> {
  const run = await db.selectFrom('run').selectAll().where('id', '=', lock.runId).executeTakeFirstOrThrow();
  return new ArbdataError(
    'E_RUN_LOCKED',
    `run ${run.id} of ${run.pipeline} is going on: ${lock.actor} started \`${lock.command}\` ` +
      `(process ${lock.pid} on ${lock.host}) at ${run.startedAt.slice(0, 19)}`,
    { advice: 'Wait until it has ended, or end that process; then run the same command again.' },
  );
}
