/**
 * Publications: an intent is written before a folder gets its final name, and completed after it. A crash leaves
 * an open intent, which the next run completes (the folder is there) or drops (it is not): no revision is lost
 * and none is doubled.
 */
import { appendAudit, canonicalJson } from './audit.ts';
import type { Clock } from './clock.ts';
import { ArbdataError } from './errors.ts';
import type { LedgerDb, PublicationTable } from './ledger-tables.ts';
import { isHolderAlive } from './lock.ts';

export type Publication = Readonly<PublicationTable>;

export interface PublicationKey {
  readonly product: string;
  /** `2026-10`, as in commands. */
  readonly period: string;
  readonly revision: number;
}

export interface PublicationIntent {
  readonly product: string;
  readonly period: string;
  readonly runId: string;
  readonly snapshotId: string;
  readonly actor: string;
  /** Why this revision exists, or why a held run was released. */
  readonly reason?: string | undefined;
}

export interface OpenIntent extends Publication {
  /** Whether a living process holds a lock for its run: then it is not for others to complete or to drop. */
  readonly isAlive: boolean;
}

/** Reserve the next revision (state publishing). Call inside a transaction. */
export async function intend(db: LedgerDb, clock: Clock, intent: PublicationIntent): Promise<number> {
  const { product, period, runId, snapshotId, actor, reason } = intent;
  await refuseInterruptedRun(db, runId);
  const open = (await intents(db, clock)).find((row) => row.product === product && row.period === period);
  if (open !== undefined) throw stillOpen(open);
  const { latest } = await db
    .selectFrom('publication')
    .select((eb) => eb.fn.max('revision').as('latest'))
    .where('product', '=', product)
    .where('period', '=', period)
    .executeTakeFirstOrThrow();
  const revision = (latest ?? 0) + 1;
  await db
    .insertInto('publication')
    .values({
      product,
      period,
      revision,
      state: 'publishing',
      runId,
      snapshotId,
      actor,
      reason: reason ?? null,
    })
    .execute();
  return revision;
}

/**
 * Make an intent the publication in force and the earlier one superseded, with its audit record. Doing it again
 * with the same manifest changes nothing. Call inside a transaction.
 */
export async function complete(
  db: LedgerDb,
  at: string,
  key: PublicationKey & { readonly manifestSha256: string; readonly completedBy?: string | undefined },
): Promise<{ readonly publication: Publication; readonly isNew: boolean }> {
  const found = await row(db, key);
  if (found?.state === 'published' && found.manifestSha256 === key.manifestSha256) {
    return { publication: found, isNew: false };
  }
  if (found?.state !== 'publishing') throw notOnItsWay(key, found?.state);
  await refuseInterruptedRun(db, found.runId, key.completedBy);
  const earlier = await latestOf(db, key.product, key.period);
  if (earlier !== undefined) await update(db, earlier, { state: 'superseded' });
  const change = { state: 'published', manifestSha256: key.manifestSha256, publishedAt: at } as const;
  await update(db, key, change);
  const { runId, snapshotId, reason, actor } = found;
  await appendAudit(db, at, {
    actor,
    action: 'publication.publish',
    subject: nameOf(key),
    detail: {
      run: runId,
      snapshot: snapshotId,
      manifestSha256: key.manifestSha256,
      reason,
      supersedes: earlier === undefined ? undefined : nameOf(earlier),
      completedBy: key.completedBy,
    },
  });
  return { publication: { ...found, ...change }, isNew: true };
}

/**
 * Forget an intent whose folder never got its name; its revision number is free again. With `runId`, only that
 * run's: another that settled the same intent first may have reserved the number anew. Inside a transaction.
 */
export async function drop(db: LedgerDb, key: PublicationKey & { readonly runId?: string }): Promise<void> {
  const found = await row(db, key);
  if (found === undefined || (key.runId !== undefined && key.runId !== found.runId)) return;
  if (found.state !== 'publishing') throw notOnItsWay(key, found.state);
  await db
    .deleteFrom('publication')
    .where('product', '=', key.product)
    .where('period', '=', key.period)
    .where('revision', '=', key.revision)
    .execute();
}

/** A finished run that this ledger does not know. */
export interface EnteredRun {
  readonly runId: string;
  readonly product: string;
  readonly period: string | null;
  readonly snapshotId: string | null;
  readonly actor: string;
  /** As the ledger writes times. */
  readonly startedAt: string;
  /** What it kept, by product. */
  readonly summary: object;
}

/** A publication as its manifest tells of it, for a ledger that does not know it. */
export interface EnteredPublication extends PublicationKey, EnteredRun {
  readonly period: string;
  readonly snapshotId: string;
  readonly manifestSha256: string;
  readonly reason: string | null;
  readonly publishedAt: string;
}

/**
 * Enter publications that were made elsewhere or before this ledger; of each period the highest revision is in force.
 * Those that are known stay as they are. Inside a transaction.
 */
export async function enter(db: LedgerDb, entries: readonly EnteredPublication[]): Promise<void> {
  for (const entry of entries.toSorted((a, b) => a.revision - b.revision)) {
    if ((await row(db, entry)) !== undefined) continue;
    await enterRun(db, entry);
    const { startedAt: _, summary: __, ...publication } = entry;
    const inForce = await latestOf(db, entry.product, entry.period);
    const isLatest = inForce === undefined || inForce.revision < entry.revision;
    if (inForce !== undefined && isLatest) await update(db, inForce, { state: 'superseded' });
    await db
      .insertInto('publication')
      .values({ ...publication, state: isLatest ? 'published' : 'superseded' })
      .execute();
  }
}

/** Enter a finished run; one run may have made several products, and keeps a word on each. Inside a transaction. */
export async function enterRun(db: LedgerDb, entry: EnteredRun): Promise<void> {
  const { runId: id, product: pipeline, period, snapshotId, actor, startedAt, summary } = entry;
  const known = await db.selectFrom('run').select('summary').where('id', '=', id).executeTakeFirst();
  if (known !== undefined) {
    const all = { ...(JSON.parse(known.summary ?? '{}') as object), ...summary };
    await db
      .updateTable('run')
      .set({ summary: canonicalJson(all) })
      .where('id', '=', id)
      .execute();
    return;
  }
  const run = { id, pipeline, period, snapshotId, actor, parameters: '{}', pid: 0, processStart: '' };
  await db
    .insertInto('run')
    .values({ ...run, state: 'done', startedAt, finishedAt: startedAt, summary: canonicalJson(summary) })
    .execute();
}

/** Publications on their way. */
export async function intents(db: LedgerDb, clock: Clock): Promise<OpenIntent[]> {
  const rows = await db.selectFrom('publication').selectAll().where('state', '=', 'publishing').execute();
  const locks = await db.selectFrom('lock').selectAll().execute();
  return rows.map((intent) => ({
    ...intent,
    isAlive: locks.some((lock) => lock.runId === intent.runId && isHolderAlive(lock, clock)),
  }));
}

/** The publication in force. */
export async function latestOf(
  db: LedgerDb,
  product: string,
  period: string,
): Promise<Publication | undefined> {
  return db
    .selectFrom('publication')
    .selectAll()
    .where('product', '=', product)
    .where('period', '=', period)
    .where('state', '=', 'published')
    .executeTakeFirst();
}

/** All publications that were ever completed, by product, period and revision. */
export async function completed(db: LedgerDb, product?: string): Promise<Publication[]> {
  const query = db
    .selectFrom('publication')
    .selectAll()
    .where('state', '<>', 'publishing')
    .orderBy('product')
    .orderBy('period')
    .orderBy('revision');
  return product === undefined ? query.execute() : query.where('product', '=', product).execute();
}

async function row(
  db: LedgerDb,
  { product, period, revision }: PublicationKey,
): Promise<Publication | undefined> {
  return db
    .selectFrom('publication')
    .selectAll()
    .where('product', '=', product)
    .where('period', '=', period)
    .where('revision', '=', revision)
    .executeTakeFirst();
}

async function update(db: LedgerDb, key: PublicationKey, change: Partial<PublicationTable>): Promise<void> {
  await db
    .updateTable('publication')
    .set(change)
    .where('product', '=', key.product)
    .where('period', '=', key.period)
    .where('revision', '=', key.revision)
    .execute();
}

/** A run whose lock was taken over must not publish beside its successor; someone who completes it for it may. */
async function refuseInterruptedRun(db: LedgerDb, runId: string, completedBy?: string): Promise<void> {
  const run = await db.selectFrom('run').select('state').where('id', '=', runId).executeTakeFirst();
  if (run === undefined) {
    throw new ArbdataError('E_NOT_FOUND', `there is no run ${runId}`, {
      advice: 'See `arbdata runs` for the runs that exist.',
    });
  }
  if (run.state === 'interrupted' && completedBy === undefined) throw lostLock(runId);
}

/** The error of a run that finds another in its place. */
export function lostLock(runId: string): ArbdataError {
  return new ArbdataError('E_RUN_LOCKED', `run ${runId} was taken for dead and another run has its place`, {
    advice: 'See `arbdata runs`; once the other run has ended, run the same command again.',
  });
}

function stillOpen(open: OpenIntent): ArbdataError {
  const what = `${nameOf(open)} of run ${open.runId}`;
  return open.isAlive
    ? new ArbdataError('E_RUN_LOCKED', `${what} is being published now`, {
        advice: 'Wait until that run has ended, then run the same command again.',
      })
    : new ArbdataError('E_LEDGER', `${what} was never finished`, {
        advice: 'Run the same command again: a run first completes or withdraws what a crash left behind.',
      });
}

function notOnItsWay(key: PublicationKey, state: string | undefined): ArbdataError {
  return new ArbdataError('E_LEDGER', `${nameOf(key)} is ${state ?? 'not in the ledger'}, not on its way`, {
    advice: 'See `arbdata runs`; if no other run is going on, report this as a defect with the command.',
  });
}

function nameOf({ product, period, revision }: PublicationKey): string {
  return `${product}/${period}/r${revision}`;
}
