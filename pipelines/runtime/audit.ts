/**
 * The audit record: every row carries the hash of the row before, so that no row can be changed, removed or put
 * in between unseen. The last row's number and hash also stand in a file beside the ledger: that makes a
 * shortened record visible. The file may lag behind the record (a crash between the two), never lead it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ArbdataError, systemCode } from './errors.ts';
import { fileError, writeFileAtomic } from './files.ts';
import type { AuditTable, LedgerDb } from './ledger-tables.ts';

export interface AuditEntry {
  readonly actor: string;
  /** What was done, such as `publication.publish`. */
  readonly action: string;
  /** To what, such as `macro-monitoring/2026-10/r2`. */
  readonly subject: string;
  /** Anything JSON; no personal data. */
  readonly detail?: unknown;
}

export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export interface AuditVerdict {
  readonly records: number;
  readonly ok: boolean;
  /** Number of the first record that is altered or missing. */
  readonly firstBroken?: number;
  /** What is wrong with it; one English sentence. */
  readonly problem?: string;
}

/** `previous_hash` of the first record. */
const NO_HASH = '0'.repeat(64);
const PAGE_ROWS = 500;

/** JSON with sorted keys and no spaces; keys without a value are left out. Refuses what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const pairs = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${pairs.join(',')}}`;
  }
  throw new TypeError(`a value of type ${typeof value} has no JSON form`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** SHA-256 of a record: over the canonical JSON of its other columns, `detail` as the text that is stored. */
function auditHash({
  seq,
  at,
  actor,
  action,
  subject,
  detail,
  previousHash,
}: Omit<AuditTable, 'hash'>): string {
  const record = { seq, at, actor, action, subject, detail, previous_hash: previousHash };
  return createHash('sha256').update(canonicalJson(record)).digest('hex');
}

/** Append a record inside the caller's transaction: it stands or falls with what it tells of. */
export async function appendAudit(transaction: LedgerDb, at: string, entry: AuditEntry): Promise<AuditHead> {
  const last = await lastRecord(transaction);
  const record = {
    seq: (last?.seq ?? 0) + 1,
    at,
    actor: storable(entry.actor),
    action: storable(entry.action),
    subject: storable(entry.subject),
    detail: canonicalJson(entry.detail ?? {}),
    previousHash: last?.hash ?? NO_HASH,
  };
  const hash = auditHash(record);
  await transaction
    .insertInto('audit')
    .values({ ...record, hash })
    .execute();
  return { seq: record.seq, hash };
}

/** SQLite would store a lone surrogate as another character and end a text at NUL. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

export type AuditRecord = Readonly<Omit<AuditTable, 'detail'>> & { readonly detail: unknown };

export interface AuditFilter {
  readonly limit: number;
  /** Only records with a smaller number. */
  readonly before?: number | undefined;
  readonly actor?: string | undefined;
  /** An action such as `session.begin`. */
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  /** First and last day, `YYYY-MM-DD`. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** Records, the latest first. */
export async function latestAudit(db: LedgerDb, filter: AuditFilter): Promise<AuditRecord[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(filter.limit);
  if (filter.before !== undefined) query = query.where('seq', '<', filter.before);
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
  if (filter.action !== undefined) query = query.where('action', '=', filter.action);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  if (filter.from !== undefined) query = query.where('at', '>=', filter.from);
  // No time of a day sorts after its `24`.
  if (filter.until !== undefined) query = query.where('at', '<', `${filter.until} 24`);
  return (await query.execute()).map((record) => ({
    ...record,
    detail: JSON.parse(record.detail) as unknown,
  }));
}

/** Recompute the whole chain and compare it with the head file. */
export async function verifyAudit(db: LedgerDb, headFile: string): Promise<AuditVerdict> {
  const { n: records } = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  const head = readHead(headFile);
  let last: AuditHead = { seq: 0, hash: NO_HASH };
  for await (const record of allRecords(db)) {
    const problem = problemOf(record, last) ?? headProblem(record, head);
    if (problem !== undefined) {
      return { records, ok: false, firstBroken: Math.min(record.seq, last.seq + 1), problem };
    }
    last = record;
  }
  const problem = endProblem(last, head, headFile);
  if (problem === undefined) return { records, ok: true };
  return { records, ok: false, firstBroken: last.seq + 1, problem };
}

function problemOf(record: AuditTable, last: AuditHead): string | undefined {
  if (record.seq !== last.seq + 1) return `record ${last.seq + 1} is missing`;
  if (record.previousHash !== last.hash) return `record ${record.seq} does not follow the record before it`;
  if (record.hash !== auditHash(record)) return `record ${record.seq} was altered`;
  return undefined;
}

function headProblem(record: AuditTable, head: Head): string | undefined {
  return head.state === 'known' && head.seq === record.seq && head.hash !== record.hash
    ? `record ${record.seq} is not the one that was written first`
    : undefined;
}

function endProblem(last: AuditHead, head: Head, headFile: string): string | undefined {
  if (head.state === 'damaged') return `${headFile} is damaged`;
  // A crash right after the very first record leaves a ledger of one record without its file.
  if (head.state === 'missing') return last.seq <= 1 ? undefined : `${headFile} is missing`;
  return head.seq > last.seq ? `records ${last.seq + 1} to ${head.seq} were removed` : undefined;
}

/** All records by number, in pages; a number below one is a record too (nobody of ours wrote it). */
async function* allRecords(db: LedgerDb): AsyncGenerator<AuditTable> {
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const page = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PAGE_ROWS)
      .execute();
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}

/** The last record; undefined before the first. */
export async function lastRecord(db: LedgerDb): Promise<AuditHead | undefined> {
  return db.selectFrom('audit').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1).executeTakeFirst();
}

/**
 * Bring the head file up to the record. It is only ever replaced where the record still contains it: a file
 * that contradicts the record is evidence and stays. A file that cannot be written now (full disk) lags.
 */
export async function writeHead(db: LedgerDb, headFile: string): Promise<void> {
  // Under the write lock, so that no other process writes an older head over a newer one.
  await db.transaction().execute(async (transaction) => {
    const last = await lastRecord(transaction);
    const head = readHead(headFile);
    if (last === undefined || !(await isContained(transaction, head, last))) return;
    if (head.state === 'known' && head.seq === last.seq) return;
    try {
      await writeFileAtomic(headFile, `${canonicalJson({ hash: last.hash, seq: last.seq })}\n`);
    } catch (error) {
      if (!(error instanceof ArbdataError)) throw error;
    }
  });
}

async function isContained(db: LedgerDb, head: Head, last: AuditHead): Promise<boolean> {
  if (head.state === 'damaged') return false;
  if (head.state === 'missing') return last.seq === 1;
  const same = await db
    .selectFrom('audit')
    .select('seq')
    .where('seq', '=', head.seq)
    .where('hash', '=', head.hash)
    .executeTakeFirst();
  return same !== undefined;
}

type Head =
  | ({ readonly state: 'known' } & AuditHead)
  | { readonly state: 'missing' }
  | { readonly state: 'damaged' };

/** The head file as it stands. */
export function readHead(headFile: string): Head {
  let text: string;
  try {
    text = readFileSync(headFile, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { state: 'missing' };
    throw fileError(error, headFile);
  }
  try {
    const { seq, hash } = JSON.parse(text) as Partial<AuditHead>;
    if (Number.isSafeInteger(seq) && typeof hash === 'string')
      return { state: 'known', seq: Number(seq), hash };
  } catch {
    // Not JSON, or not an object: damaged.
  }
  return { state: 'damaged' };
}
