/** Looking at the batches of the platforms and at one record, and a person's word on either: released, lost. */
import { findBatch, heldBackFile, listBatches, platformProducts } from './batches.ts';
import { shownLaterSql } from './platform-words.ts';
import { type Engine, literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Delivery, Receipt, RecordRelease } from './runtime/ledger-submission.ts';
import { openEngine, type Service } from './runtime/service.ts';
import type { Batch } from './steps/submit/batch.ts';
import { type ContentChange, contentChanges, contentFields } from './steps/submit/content-changes.ts';
import {
  type Attempt,
  openHistory,
  type PlatformRecord,
  type SubmissionHistory,
  sentContents,
} from './steps/submit/history.ts';

export type { Batch } from './steps/submit/batch.ts';
export type { ContentChange } from './steps/submit/content-changes.ts';

/** Every batch of every platform, in the order in which they were built. */
export async function submissions(service: Service): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (const product of platformProducts(service)) batches.push(...(await listBatches(service, product)));
  return batches;
}

/** A record that the platform did not take. */
export interface RejectedRecord {
  readonly recordId: string;
  readonly caseId: string;
  readonly op: string;
  readonly orgCode: string;
  readonly code: string | null;
  /** The platform's words, persons masked. */
  readonly message: string | null;
  readonly released: boolean;
}

/** @throws ArbdataError E_NOT_FOUND */
export async function submission(
  service: Service,
  name: string,
): Promise<{
  readonly batch: Batch;
  readonly rejected: () => AsyncGenerator<RejectedRecord>;
  readonly close: () => void;
}> {
  const batch = await findBatch(service, platformProducts(service), name);
  const history = await historyOf(service, [batch]);
  const engine = await openEngine(service);
  try {
    await openHistory(engine, history);
  } catch (error) {
    engine.close();
    throw error;
  }
  return { batch, rejected: () => rejectedRecords(service, engine, batch), close: () => engine.close() };
}

async function* rejectedRecords(
  { home }: Pick<Service, 'home'>,
  engine: Engine,
  { manifest }: Batch,
): AsyncGenerator<RejectedRecord> {
  const shown = await shownLaterSql(engine, home, manifest.snapshot);
  const rows = engine.stream<Attempt>(
    `SELECT a.* REPLACE (${shown('a.message', 'a.case_id')} AS message) FROM attempt a
     WHERE a.result = 'rejected' ORDER BY a.record_id`,
  );
  for await (const slice of rows) {
    for (const { record_id, case_id, op, org_code, code, message, is_released } of slice) {
      yield {
        recordId: record_id,
        caseId: case_id,
        op,
        orgCode: org_code,
        code,
        message,
        released: is_released,
      };
    }
  }
}

/**
 * Let a rejected record go out again as it is.
 * @returns the batch that was rejected
 * @throws ArbdataError E_NOT_FOUND where it was never sent; E_USAGE where its last version was not rejected
 */
export async function releaseRecord(
  service: Service,
  id: string,
  reason: string,
): Promise<{ readonly recordId: string; readonly batch: string }> {
  const why = requireReason(reason);
  const { record, batches } = await withRecord(service, id, async (found) => found);
  const { record_id: recordId, rejection_batch: batch, is_waiting: isWaiting } = record;
  if (batch === null || isWaiting) {
    throw new ArbdataError('E_USAGE', `${recordId} was not rejected: ${standingText(record, batches)}`, {
      advice: 'Only a record that the platform rejected last, and that waits for no answer, can be released.',
    });
  }
  await service.ledger.releaseRecord({ batch, recordId, reason: why, actor: service.actor });
  return { recordId, batch };
}

/**
 * Declare a batch lost: what it asked for and nobody answered is asked for again by the next one.
 * @throws ArbdataError E_NOT_FOUND; E_NOT_SUBMITTABLE where every record is answered or it is being sent; E_USAGE
 */
export async function declareLost(
  service: Service,
  name: string,
  reason: string,
): Promise<{ readonly batch: string; readonly unanswered: number; readonly wasSent: boolean }> {
  const why = requireReason(reason);
  const { ledger, actor } = service;
  const batch = await findBatch(service, platformProducts(service), name);
  const unanswered = unansweredOf(batch);
  if (unanswered === 0) {
    throw new ArbdataError('E_NOT_SUBMITTABLE', `every record of batch ${name} is answered`, {
      advice: 'Nothing of it waits. A rejected record goes out again once corrected or released.',
    });
  }
  await ledger.declareLost({ batch: name, reason: why, actor });
  return { batch: name, unanswered, wasSent: batch.deliveries.some(({ state }) => state !== 'failed') };
}

/** Records of a batch that no receipt has answered. */
export function unansweredOf({ manifest, accepted, rejected }: Batch): number {
  return manifest.counts.records - accepted - rejected;
}

function requireReason(reason: string): string {
  const text = reason.trim();
  if (text !== '') return text;
  throw new ArbdataError('E_USAGE', 'the reason is empty', { advice: 'Add --reason "…": it is recorded.' });
}

/** One version of a record that was sent, and what became of it. */
export interface RecordVersion {
  readonly batch: Batch;
  readonly op: Attempt['op'];
  readonly orgCode: string;
  readonly fingerprint: string;
  /** As it was sent, under the masked policy; empty for a deletion. */
  readonly content: ReadonlyMap<string, string>;
  /** Against the version before that said something. */
  readonly changes: readonly ContentChange[];
  readonly deliveries: readonly Delivery[];
  readonly answer:
    | {
        readonly result: NonNullable<Attempt['result']>;
        readonly code: string | null;
        readonly message: string | null;
        readonly receipt: Receipt | undefined;
      }
    | undefined;
  readonly release: RecordRelease | undefined;
}

/** The last batch of a platform held a case back by these rules. */
interface HeldBack {
  readonly batch: string;
  readonly rules: readonly string[];
}

export interface ExplainedRecord {
  readonly record: PlatformRecord;
  /** Where it stands, as an English sentence. */
  readonly standing: string;
  /** Where the last batch of the platform held the case back. */
  readonly heldBack: HeldBack | undefined;
  readonly versions: readonly RecordVersion[];
}

/**
 * The whole history of a record.
 * @param id as the platform knows it, or the CASE_ID alone
 * @throws ArbdataError E_NOT_FOUND where it was never sent, saying who held it back; E_ARTEFACT_DAMAGED
 */
export async function explainRecord(service: Service, id: string): Promise<ExplainedRecord> {
  return withRecord(service, id, async ({ record, engine, batches }) => {
    const attempts = await shownAttempts(service, engine, batches);
    const contents = await sentContents(engine, record.record_id);
    const releases = await service.ledger.recordReleases();
    let before: ReadonlyMap<string, string> = new Map();
    const versions = attempts.flatMap((attempt): RecordVersion[] => {
      const batch = batches.find(({ name }) => name === attempt.batch);
      if (batch === undefined) return [];
      const text = contents.get(attempt.batch);
      const content = text === undefined ? new Map<string, string>() : contentFields(text);
      for (const element of askedElements(service, batch)) content.delete(element);
      const changes = text === undefined || before.size === 0 ? [] : contentChanges(before, content);
      if (text !== undefined) before = content;
      const release = releases.find(
        (one) => one.batch === attempt.batch && one.recordId === record.record_id,
      );
      return [{ ...versionOf(attempt, batch), content, changes, release }];
    });
    const heldBack = await heldBackBy(engine, batches.at(-1), record.case_id);
    const standing = [
      standingText(record, batches),
      ...(heldBack === undefined ? [] : [heldBackText(heldBack)]),
    ].join('; ');
    return { record, standing, heldBack, versions };
  });
}

/** What became of a record in each batch, in their order; the platform's words as people see them. */
async function shownAttempts(
  { home }: Pick<Service, 'home'>,
  engine: Engine,
  batches: readonly Batch[],
): Promise<Attempt[]> {
  const attempts = await engine.rows<Attempt>('SELECT * FROM attempt ORDER BY seq');
  const shown: Attempt[] = [];
  for (const attempt of attempts) {
    const batch = batches.find(({ name }) => name === attempt.batch);
    if (attempt.message === null || batch === undefined) {
      shown.push(attempt);
      continue;
    }
    const words = await shownLaterSql(engine, home, batch.manifest.snapshot);
    const { message } = await engine.one<Pick<Attempt, 'message'>>(
      `SELECT ${words('a.message', 'a.case_id')} AS message FROM attempt a WHERE a.seq = ${attempt.seq}`,
    );
    shown.push({ ...attempt, message });
  }
  return shown;
}

/** Elements of a record that say what is asked for, not what the case is. */
function askedElements({ definitions }: Service, { product, manifest }: Batch): string[] {
  const platform = definitions.platforms.find(
    (one) => one.product === product && one.version === manifest.platformVersion,
  );
  return platform === undefined ? [] : [platform.elements.recordId, platform.elements.op];
}

function versionOf(
  { op, org_code, fingerprint, result, code, message, receipt_id }: Attempt,
  batch: Batch,
): Omit<RecordVersion, 'content' | 'changes' | 'release'> {
  return {
    batch,
    op,
    orgCode: org_code,
    fingerprint,
    deliveries: batch.deliveries,
    answer:
      result === null
        ? undefined
        : {
            result,
            code,
            message,
            receipt: batch.receipts.find((receipt) => receipt.id === receipt_id),
          },
  };
}

interface FoundRecord {
  readonly record: PlatformRecord;
  readonly engine: Engine;
  readonly batches: readonly Batch[];
}

/** Find a record among the batches of all platforms, and use its history while the engine is open. */
async function withRecord<T>(
  service: Service,
  id: string,
  use: (found: FoundRecord) => Promise<T>,
): Promise<T> {
  for (const product of platformProducts(service)) {
    const batches = await listBatches(service, product);
    if (batches.length === 0) continue;
    const history = await historyOf(service, batches);
    for (const recordId of idsOf(service, product, id)) {
      const engine = await openEngine(service);
      try {
        await openHistory(engine, history, { recordId });
        const [record] = await engine.rows<PlatformRecord>('SELECT * FROM platform_record');
        if (record !== undefined) return await use({ record, engine, batches });
      } finally {
        engine.close();
      }
    }
  }
  throw await neverSent(service, id);
}

/** A case that is held back was never sent for a reason that people can mend. */
async function neverSent(service: Service, id: string): Promise<ArbdataError> {
  for (const product of platformProducts(service)) {
    const last = (await listBatches(service, product)).at(-1);
    const engine = await openEngine(service);
    try {
      for (const caseId of caseIdsOf(service, product, id)) {
        const heldBack = await heldBackBy(engine, last, caseId);
        if (heldBack === undefined) continue;
        return new ArbdataError('E_NOT_FOUND', `case ${caseId} was never sent: ${heldBackText(heldBack)}`, {
          advice: `It goes out with the first batch after it was corrected: see its body's list beside batch ${heldBack.batch} (待补正).`,
          where: { record: id },
        });
      }
    } finally {
      engine.close();
    }
  }
  return new ArbdataError('E_NOT_FOUND', `no batch holds a record ${id}: it was never sent`, {
    advice: 'It is named as in the package, such as 110000-100124, or by its CASE_ID alone.',
    where: { record: id },
  });
}

async function heldBackBy(
  engine: Engine,
  batch: Batch | undefined,
  caseId: string,
): Promise<HeldBack | undefined> {
  const file = batch === undefined ? undefined : await heldBackFile(batch);
  if (batch === undefined || file === undefined) return undefined;
  const [found] = await engine.rows<{ rules: string }>(
    `SELECT rules FROM read_parquet(${literal(file)}) WHERE CAST(case_id AS VARCHAR) = ${literal(caseId)}`,
  );
  return found === undefined ? undefined : { batch: batch.name, rules: found.rules.split(',') };
}

function heldBackText({ batch, rules }: HeldBack): string {
  return `batch ${batch} held it back (${rules.join(', ')})`;
}

/** The CASE_ID that a person may mean: the id itself, or what follows the platform's prefix. */
function caseIdsOf({ definitions }: Service, product: string, id: string): string[] {
  const prefixes = definitions.platforms
    .filter((platform) => platform.product === product)
    .map(({ recordPrefix }) => recordPrefix);
  return [
    ...new Set([id, ...prefixes.filter((one) => id.startsWith(one)).map((one) => id.slice(one.length))]),
  ];
}

/** What a person may mean: the id itself, or the CASE_ID behind the platform's prefix. */
function idsOf({ definitions }: Service, product: string, id: string): string[] {
  const versions = definitions.platforms.filter((platform) => platform.product === product);
  return [...new Set([id, ...versions.map(({ recordPrefix }) => `${recordPrefix}${id}`)])];
}

async function historyOf(
  { home, ledger }: Pick<Service, 'home' | 'ledger'>,
  batches: readonly Batch[],
): Promise<SubmissionHistory> {
  return { homeDir: home.dir, batches, releases: await ledger.recordReleases() };
}

/** Where a record stands, in one sentence. */
function standingText(record: PlatformRecord, batches: readonly Batch[]): string {
  const { held_batch: held, last_batch: last, last_result: result, last_op: op } = record;
  const there =
    held === null ? 'the platform does not hold it' : `the platform holds it as sent in batch ${held}`;
  const waits = (batch: string): string => `${there}; it waits for the answer to ${batch}`;
  if (record.is_waiting && result !== null) return waits('an earlier batch');
  switch (result) {
    case 'accepted':
      return op === 'D' ? `${there}: batch ${last} deleted it` : there;
    case 'rejected':
      return record.is_released
        ? `${there}; batch ${last} was rejected for it and released: it goes out with the next batch`
        : `${there}; it was rejected in batch ${last}: it goes out again once its content changes or it is released`;
    case 'lost':
      return record.rejection_batch === null || record.is_released
        ? `${there}; batch ${last} was declared lost: it goes out with the next batch`
        : `${there}; batch ${last} was declared lost; before that it was rejected in batch ${record.rejection_batch}`;
    case null:
      return batches.some(({ name, state }) => name === last && state === 'built')
        ? `${there}; it stands in batch ${last}, which is built and was not sent yet`
        : waits(`batch ${last}`);
    default:
      return result satisfies never;
  }
}
