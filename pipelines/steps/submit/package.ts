/** The files of a batch: records for the platform, written piece by piece, and the same records kept for the history. */
import path from 'node:path';
import type { BatchManifest, Op, Platform, Policy } from '../../../schemas/submission.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { ensureDir } from '../../runtime/files.ts';
import { RECORDS_FOLDER } from './batch.ts';
import { createContents, sentColumn } from './contents.ts';
import type { Layout } from './layout.ts';

/** Records held at a time, as files of the package: what they say is text in the engine meanwhile. */
const SLICE_RECORDS = 10_000;
/** Records that leave the engine as one text: a file's whole text would be copied while it grows. */
const PIECE_RECORDS = 500;

/** A file of records on its way into the package. */
export interface RecordsFile {
  readonly name: string;
  readonly counts: Record<Op | 'records', number>;
  /** Its bytes, to be read before the next file is asked for. */
  readonly pieces: AsyncIterable<Buffer>;
  /** From 1: the file under `records/` that keeps these records. */
  readonly slice: number;
}

export interface PackageOptions {
  readonly policy: Policy;
  readonly key: Buffer;
  readonly batch: string;
  /** Where the kept records go: a folder `records/` is made in it. */
  readonly dir: string;
}

/** How many records the batch has, by what they ask. */
export async function countRecords(engine: Engine): Promise<BatchManifest['counts']> {
  const found = await engine.one<Record<'records' | Op, string>>(`
    SELECT count(*) AS records, count(*) FILTER (op = 'I') AS I, count(*) FILTER (op = 'U') AS U,
      count(*) FILTER (op = 'D') AS D FROM submission_record`);
  return { records: Number(found.records), I: Number(found.I), U: Number(found.U), D: Number(found.D) };
}

/** The files of records in their order; one slice of them is held at a time, and is kept under `records/`. */
export async function* recordsFiles(
  engine: Engine,
  layout: Layout,
  { policy, key, batch, dir }: PackageOptions,
): AsyncGenerator<RecordsFile> {
  const { format } = layout.platform;
  ensureDir(path.join(dir, RECORDS_FOLDER));
  const { files } = await engine.one<{ files: string }>(
    'SELECT COALESCE(max(file_number), 0) AS files FROM submission_record',
  );
  const filesPerSlice = Math.max(1, Math.floor(SLICE_RECORDS / format.recordsPerFile));
  for (let firstFile = 1, slice = 1; firstFile <= Number(files); firstFile += filesPerSlice, slice++) {
    const lastFile = Math.min(firstFile + filesPerSlice - 1, Number(files));
    await createContents(engine, layout, { firstFile, lastFile, policy, key });
    await engine.copyToParquet(
      `SELECT record_id, case_id, op, org_code, file_number, fingerprint, CASE WHEN op <> 'D' THEN content END AS content
       FROM batch_content ORDER BY position`,
      path.join(dir, RECORDS_FOLDER, `${String(slice).padStart(5, '0')}.parquet`),
    );
    for (let number = firstFile; number <= lastFile; number++) {
      yield { ...(await recordsFile(engine, layout.platform, { number, batch, policy })), slice };
    }
    await engine.run('DROP TABLE batch_content');
  }
}

async function recordsFile(
  engine: Engine,
  { format }: Platform,
  { number, batch, policy }: { readonly number: number; readonly batch: string; readonly policy: Policy },
): Promise<Omit<RecordsFile, 'slice'>> {
  const where = `WHERE file_number = ${literal(String(number))}`;
  const found = await engine.one<Record<'records' | Op, string>>(`
    SELECT count(*) AS records, count(*) FILTER (op = 'I') AS I, count(*) FILTER (op = 'U') AS U,
      count(*) FILTER (op = 'D') AS D
    FROM batch_content ${where}`);
  async function* pieces(): AsyncGenerator<Buffer> {
    if (format.kind === 'xml')
      yield Buffer.from(
        `<?xml version="1.0" encoding="UTF-8"?>\n<${format.root} xmlns="${attribute(format.namespace)}" batch="${attribute(batch)}" policy="${policy}">\n`,
      );
    yield* await engine.texts(`
      SELECT text FROM (
        SELECT position // ${PIECE_RECORDS} AS piece, string_agg(${sentColumn(policy)}, '' ORDER BY position) AS text
        FROM batch_content ${where} GROUP BY piece)
      ORDER BY piece`);
    if (format.kind === 'xml') yield Buffer.from(`</${format.root}>\n`);
  }
  return {
    name: format.recordsFile.replace('{number}', String(number).padStart(5, '0')),
    counts: { records: Number(found.records), I: Number(found.I), U: Number(found.U), D: Number(found.D) },
    pieces: pieces(),
  };
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
