/**
 * A batch and what became of it. A batch is a publication of the product: its number is the
 * revision, its folder holds the package, `batch.json`, `records/*.parquet` and the files for people.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PublicationManifest } from '../../../schemas/publication.ts';
import { type BatchManifest, batchManifest } from '../../../schemas/submission.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { Publication } from '../../runtime/ledger.ts';
import type { BatchLoss, Delivery, Receipt } from '../../runtime/ledger-submission.ts';

export const BATCH_FILE = 'batch.json';
/** Folder of the records of a batch, one Parquet file per slice. */
export const RECORDS_FOLDER = 'records';
/** Which cases a batch held back, and by which rules; batches built before it was kept have none. */
export const HELD_BACK_FILE = 'held-back.parquet';

/**
 * `built`: nothing was sent. `sending`: a delivery goes on, or its outcome is not known. `sent`: delivered, not fully
 * answered. `acknowledged`, `partly rejected`: every record is answered. `failed`: the last delivery surely failed.
 * `lost`: a person declared it; what was answered before or comes later stands all the same.
 */
export type BatchState =
  | 'built'
  | 'sending'
  | 'sent'
  | 'acknowledged'
  | 'partly rejected'
  | 'failed'
  | 'lost';

export interface Batch {
  readonly name: string;
  readonly product: string;
  readonly publication: Publication;
  /** Absolute. */
  readonly dir: string;
  readonly manifest: BatchManifest;
  readonly folder: PublicationManifest;
  readonly deliveries: readonly Delivery[];
  readonly receipts: readonly Receipt[];
  readonly loss: BatchLoss | undefined;
  readonly accepted: number;
  readonly rejected: number;
  readonly state: BatchState;
}

/** The state of a batch follows from what is known of it. */
export function stateOf(known: {
  readonly deliveries: readonly Pick<Delivery, 'state'>[];
  readonly loss: unknown;
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
}): BatchState {
  const { deliveries, loss, records, accepted, rejected } = known;
  if (accepted + rejected >= records) return rejected === 0 ? 'acknowledged' : 'partly rejected';
  if (loss !== undefined) return 'lost';
  const last = deliveries.at(-1)?.state;
  if (deliveries.some(({ state }) => state === 'delivered') || accepted + rejected > 0) return 'sent';
  if (last === undefined) return 'built';
  return last === 'failed' ? 'failed' : 'sending';
}

/** @throws ArbdataError E_ARTEFACT_DAMAGED where it is missing or no batch's */
export async function readBatchManifest(dir: string): Promise<BatchManifest> {
  const file = path.join(dir, BATCH_FILE);
  try {
    return batchManifest.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new ArbdataError('E_ARTEFACT_DAMAGED', `${file} is missing or not a valid batch`, {
      advice: 'Restore the published folder from a backup; never mend it by hand.',
      where: { file },
      cause: error,
    });
  }
}
