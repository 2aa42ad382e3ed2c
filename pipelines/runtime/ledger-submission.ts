/**
 * What became of batches: their deliveries, receipts, losses, and rejected records that were let go again. A batch
 * itself is a publication of its product; its state follows from these rows alone.
 */
import { appendAudit } from './audit.ts';
import { ArbdataError } from './errors.ts';
import type {
  BatchLossTable,
  DeliveryTable,
  LedgerDb,
  ReceiptTable,
  RecordReleaseTable,
} from './ledger-tables.ts';

export type Delivery = Readonly<Omit<DeliveryTable, 'id'>> & { readonly id: number };
export type Receipt = Readonly<Omit<ReceiptTable, 'id'>> & { readonly id: number };
export type BatchLoss = Readonly<BatchLossTable>;
export type RecordRelease = Readonly<RecordReleaseTable>;

export type NewDelivery = Pick<Delivery, 'batch' | 'channel' | 'runId' | 'packageSha256' | 'actor'>;
export type NewReceipt = Omit<Receipt, 'id' | 'importedAt'>;
export type NewLoss = Omit<BatchLoss, 'declaredAt'>;
export type NewRecordRelease = Omit<RecordRelease, 'releasedAt'>;

export interface DeliveryEnd {
  readonly id: number;
  readonly state: Exclude<Delivery['state'], 'sending'>;
  /** Of this delivery; absent: as many as were noted. */
  readonly attempts?: number;
  /** JSON without personal data or secrets. */
  readonly error?: unknown;
}

/** An attempt that failed, while the delivery goes on. */
export interface DeliveryFault {
  readonly id: number;
  /** From 1. */
  readonly attempt: number;
  /** JSON without personal data or secrets. */
  readonly error: unknown;
}

/** Enter a delivery. Inside a transaction. */
export async function beginDelivery(db: LedgerDb, at: string, wanted: NewDelivery): Promise<number> {
  const { batch, channel, runId, packageSha256, actor } = wanted;
  const lost = await db.selectFrom('batchLoss').select('batch').where('batch', '=', batch).executeTakeFirst();
  if (lost !== undefined) throw notSubmittable(batch, 'was declared lost');
  const earlier = await deliveries(db, batch);
  const unsettled = earlier.find(({ state }) => state === 'sending' || state === 'unknown');
  if (unsettled !== undefined) throw notSubmittable(batch, 'may have arrived already: ask the channel first');
  if (earlier.some(({ state }) => state === 'delivered')) throw notSubmittable(batch, 'was delivered');
  const { id } = await db
    .insertInto('delivery')
    .values({ batch, channel, runId, state: 'sending', attempts: 0, packageSha256, startedAt: at, actor })
    .returning('id')
    .executeTakeFirstOrThrow();
  const detail = { channel, packageSha256, run: runId };
  await appendAudit(db, at, { actor, action: 'batch.send', subject: batch, detail });
  return id;
}

/** Note the latest fault of a delivery that goes on, for who looks meanwhile. Inside a transaction. */
export async function noteDeliveryFault(db: LedgerDb, fault: DeliveryFault): Promise<void> {
  const { id, attempt, error } = fault;
  await db
    .updateTable('delivery')
    .set({ attempts: attempt, error: JSON.stringify(error) })
    .where('id', '=', id)
    .where('state', '=', 'sending')
    .execute();
}

/** Enter how a delivery ended. Inside a transaction. */
export async function endDelivery(db: LedgerDb, at: string, end: DeliveryEnd): Promise<void> {
  const { id, state, error } = end;
  const found = await db.selectFrom('delivery').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  if (found.state === 'delivered') return;
  const attempts = end.attempts ?? found.attempts;
  const text = error === undefined ? null : JSON.stringify(error);
  await db
    .updateTable('delivery')
    .set({ state, attempts, finishedAt: at, error: text })
    .where('id', '=', id)
    .execute();
  const { actor, batch, channel } = found;
  const detail = { channel, attempts, error };
  await appendAudit(db, at, { actor, action: `batch.${state}`, subject: batch, detail });
}

export async function deliveries(db: LedgerDb, batch?: string): Promise<Delivery[]> {
  const query = db.selectFrom('delivery').selectAll().orderBy('id');
  return batch === undefined ? query.execute() : query.where('batch', '=', batch).execute();
}

/** Enter a receipt. Inside a transaction. */
export async function addReceipt(
  db: LedgerDb,
  at: string,
  wanted: NewReceipt,
): Promise<{ readonly isNew: boolean }> {
  const { batch, sha256, actor, name, accepted, rejected, answersSha256 } = wanted;
  const known = await db
    .selectFrom('receipt')
    .select('id')
    .where('batch', '=', batch)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (known !== undefined) return { isNew: false };
  await db
    .insertInto('receipt')
    .values({ ...wanted, importedAt: at })
    .execute();
  const detail = { name, sha256, answersSha256, accepted, rejected };
  await appendAudit(db, at, { actor, action: 'receipt.import', subject: batch, detail });
  return { isNew: true };
}

export async function receipts(db: LedgerDb, batch?: string): Promise<Receipt[]> {
  const query = db.selectFrom('receipt').selectAll().orderBy('id');
  return batch === undefined ? query.execute() : query.where('batch', '=', batch).execute();
}

/**
 * Declare a batch lost. Inside a transaction.
 * @param alive runs that go on: what one of them is sending may arrive yet
 */
export async function declareLost(
  db: LedgerDb,
  at: string,
  { batch, reason, actor }: NewLoss,
  alive: readonly string[],
): Promise<void> {
  const sending = (await deliveries(db, batch)).find(
    ({ state, runId }) => state === 'sending' && alive.includes(runId),
  );
  if (sending !== undefined) {
    throw new ArbdataError('E_NOT_SUBMITTABLE', `batch ${batch} is being sent by run ${sending.runId}`, {
      advice: 'Wait until that run has ended.',
    });
  }
  const known = await db.selectFrom('batchLoss').selectAll().where('batch', '=', batch).executeTakeFirst();
  if (known !== undefined) {
    throw new ArbdataError(
      'E_USAGE',
      `batch ${batch} was declared lost by ${known.actor} at ${known.declaredAt}`,
      {
        advice: 'Its records go out again with the next batch.',
      },
    );
  }
  await db.insertInto('batchLoss').values({ batch, reason, actor, declaredAt: at }).execute();
  await appendAudit(db, at, { actor, action: 'batch.lost', subject: batch, detail: { reason } });
}

export async function losses(db: LedgerDb): Promise<BatchLoss[]> {
  return db.selectFrom('batchLoss').selectAll().orderBy('batch').execute();
}

/** Release a rejected record. Inside a transaction. */
export async function releaseRecord(db: LedgerDb, at: string, wanted: NewRecordRelease): Promise<void> {
  const { batch, recordId, reason, actor } = wanted;
  const known = await db
    .selectFrom('recordRelease')
    .selectAll()
    .where('batch', '=', batch)
    .where('recordId', '=', recordId)
    .executeTakeFirst();
  if (known !== undefined) {
    throw new ArbdataError('E_USAGE', `${recordId} was released by ${known.actor} at ${known.releasedAt}`, {
      advice: 'It goes out with the next batch.',
    });
  }
  await db.insertInto('recordRelease').values({ batch, recordId, reason, actor, releasedAt: at }).execute();
  const detail = { batch, reason };
  await appendAudit(db, at, { actor, action: 'record.release', subject: recordId, detail });
}

export async function releases(db: LedgerDb): Promise<RecordRelease[]> {
  return db.selectFrom('recordRelease').selectAll().orderBy('batch').orderBy('recordId').execute();
}

function notSubmittable(batch: string, why: string): ArbdataError {
  return new ArbdataError('E_NOT_SUBMITTABLE', `batch ${batch} ${why}`, {
    advice: `See \`arbdata submissions show ${batch}\`.`,
  });
}
