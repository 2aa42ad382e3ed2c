/**
 * What was sent to a platform and what it said: over the record files of all batches of a product and the answers of
 * their receipts, each listed by its manifest or ledger row and compared with its hash before it is read.
 */
import path from 'node:path';
import type { Op, Result } from '../../../schemas/submission.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { sha256File } from '../../runtime/files.ts';
import type { RecordRelease } from '../../runtime/ledger-submission.ts';
import { readSql } from '../../runtime/project.ts';
import { type Batch, RECORDS_FOLDER } from './batch.ts';

/** The answers in a receipt's folder. */
export const ANSWERS_FILE = 'answers.parquet';

export interface SubmissionHistory {
  /** The home: receipts name their folders from there. */
  readonly homeDir: string;
  /** Of one product, in the order in which they were built. */
  readonly batches: readonly Pick<Batch, 'name' | 'dir' | 'folder' | 'loss' | 'receipts'>[];
  readonly releases: readonly Pick<RecordRelease, 'batch' | 'recordId'>[];
}

/** A row of `platform_record`: where one record stands. */
export interface PlatformRecord {
  readonly record_id: string;
  readonly case_id: string;
  /** The body when it was sent last. */
  readonly org_code: string;
  /** What the platform holds: content and batch of the last accepted version; NULL where it does not hold the record. */
  readonly held_fingerprint: string | null;
  readonly held_batch: string | null;
  readonly last_batch: string;
  readonly last_op: Op;
  readonly last_fingerprint: string;
  /** Of the last version sent; NULL: it waits for an answer. */
  readonly last_result: Result | 'lost' | null;
  /** Some version of it, the last or an earlier one, waits for an answer. */
  readonly is_waiting: boolean;
  /** The platform's last word where it was a rejection: batch, content and words; else NULL. */
  readonly rejection_batch: string | null;
  readonly rejection_fingerprint: string | null;
  readonly rejection_code: string | null;
  readonly rejection_message: string | null;
  /** This rejection was released by a person. */
  readonly is_released: boolean;
}

/** A file that was listed, with its batch. */
interface HistoryFile {
  readonly file: string;
  readonly batch: string;
  /** Position of the batch, from 1. */
  readonly seq: number;
  readonly isLost: boolean;
  /** Of the ledger, for a file of answers. */
  readonly receiptId: number;
}

/** A row of `attempt`: one record in one batch, and what became of it. */
export interface Attempt {
  readonly seq: number;
  readonly batch: string;
  readonly record_id: string;
  readonly case_id: string;
  readonly op: Op;
  readonly org_code: string;
  readonly fingerprint: string;
  readonly file_number: string;
  readonly is_lost: boolean;
  readonly result: Result | null;
  readonly code: string | null;
  readonly message: string | null;
  /** The receipt that answered; NULL without an answer. */
  readonly receipt_id: number | null;
  readonly is_released: boolean;
}

/**
 * Make the views `sent_record`, `sent_content(batch, record_id, org_code, content)` (what every batch said; NULL for a
 * deletion) and `answer`, and the tables `attempt` and `platform_record`; without batches all are empty. Contents are
 * read by whoever reads their view.
 * @param only the history of this record alone
 * @throws ArbdataError E_ARTEFACT_DAMAGED where a file does not have the bytes that were recorded
 */
export async function openHistory(
  engine: Engine,
  history: SubmissionHistory,
  only?: { readonly recordId: string },
): Promise<void> {
  const where = only === undefined ? '' : ` WHERE record_id = ${literal(only.recordId)}`;
  const sent = await recordFiles(history);
  const answers = await answerFiles(history);
  await engine.run(`CREATE VIEW sent_record AS ${sentSelect(sent)}${where}`);
  await engine.run(`CREATE VIEW sent_content AS ${contentSelect(sent)}${where}`);
  await engine.run(`CREATE VIEW answer AS ${answerSelect(answers)}${where}`);
  await engine.run('CREATE TABLE released_record (batch VARCHAR, record_id VARCHAR)');
  await engine.append(
    'released_record',
    history.releases.map(({ batch, recordId }) => [batch, recordId]),
  );
  await engine.run(readSql('submission/100-history.sql'));
}

/** Forget what {@link openHistory} made: another product's history may follow. */
export async function closeHistory(engine: Engine): Promise<void> {
  await engine.run(`DROP TABLE platform_record; DROP TABLE attempt; DROP TABLE released_record;
    DROP VIEW answer; DROP VIEW sent_content; DROP VIEW sent_record`);
}

/** What each batch said of one record, by batch; nothing for a deletion. Needs the views of {@link openHistory}. */
export async function sentContents(engine: Engine, recordId: string): Promise<Map<string, string>> {
  const rows = await engine.rows<{ batch: string; content: string }>(
    `SELECT batch, content FROM sent_content WHERE record_id = ${literal(recordId)} AND content IS NOT NULL`,
  );
  return new Map(rows.map(({ batch, content }) => [batch, content]));
}

function sentSelect(files: readonly HistoryFile[]): string {
  const columns = ['record_id', 'case_id', 'op', 'org_code', 'fingerprint', 'file_number'];
  return `SELECT f.seq, f.batch, r.record_id, r.case_id, r.op, r.org_code, r.fingerprint, r.file_number, f.is_lost
    FROM ${withBatches(files, columns)}`;
}

function contentSelect(files: readonly HistoryFile[]): string {
  return `SELECT f.batch, r.record_id, r.org_code, r.content
    FROM ${withBatches(files, ['record_id', 'org_code', 'content'])}`;
}

function answerSelect(files: readonly HistoryFile[]): string {
  return `SELECT f.batch, r.record_id, r.result, r.code, r.message, f.receipt_id
    FROM ${withBatches(files, ['record_id', 'result', 'code', 'message'])}`;
}

/** SQL: the rows `r` of some files, each beside its batch `f`. */
function withBatches(files: readonly HistoryFile[], columns: readonly string[]): string {
  return `${files.length === 0 ? emptyTable([...columns, 'filename']) : parquet(files)} r
    JOIN ${fileMap(files)} ${FILE_COLUMNS} ON f.file = r.filename`;
}

function parquet(files: readonly HistoryFile[]): string {
  return `read_parquet([${files.map(({ file }) => literal(file)).join(', ')}], filename = true)`;
}

function emptyTable(columns: readonly string[]): string {
  return `(SELECT ${columns.map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(', ')} WHERE FALSE)`;
}

const FILE_COLUMNS = 'f(file, seq, batch, is_lost, receipt_id)';

/** Which batch a file belongs to. */
function fileMap(files: readonly HistoryFile[]): string {
  const rows = files.map(
    ({ file, seq, batch, isLost, receiptId }) =>
      `(${literal(file)}, ${seq}, ${literal(batch)}, ${isLost}, ${receiptId})`,
  );
  // The last row, which no file matches, tells the types where there is no file.
  return `(VALUES ${[...rows, "('', 0, '', FALSE, 0)"].join(', ')})`;
}

async function recordFiles({ batches }: SubmissionHistory): Promise<HistoryFile[]> {
  const files: HistoryFile[] = [];
  for (const [index, { name, dir, folder, loss }] of batches.entries()) {
    for (const entry of folder.files.filter((one) => one.path.startsWith(`${RECORDS_FOLDER}/`))) {
      const file = path.join(dir, ...entry.path.split('/'));
      await requireBytes(file, entry.sha256);
      files.push({ file, batch: name, seq: index + 1, isLost: loss !== undefined, receiptId: 0 });
    }
  }
  return files;
}

async function answerFiles({ homeDir, batches }: SubmissionHistory): Promise<HistoryFile[]> {
  const files: HistoryFile[] = [];
  for (const [index, { name, receipts, loss }] of batches.entries()) {
    for (const { id, folder, answersSha256 } of receipts) {
      const file = path.join(homeDir, folder, ANSWERS_FILE);
      await requireBytes(file, answersSha256);
      files.push({ file, batch: name, seq: index + 1, isLost: loss !== undefined, receiptId: id });
    }
  }
  return files;
}

async function requireBytes(file: string, sha256: string): Promise<void> {
  const found = await sha256File(file).catch((error: unknown) => {
    throw damaged(file, 'is missing or cannot be read', error);
  });
  if (found.sha256 !== sha256) throw damaged(file, 'does not have the bytes that were recorded');
}

function damaged(file: string, what: string, cause?: unknown): ArbdataError {
  return new ArbdataError('E_ARTEFACT_DAMAGED', `${file} ${what}`, {
    advice: 'Restore its folder from a backup; never mend it by hand.',
    where: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
