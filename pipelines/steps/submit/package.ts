/** The files of a batch: records for the platform, slice by slice, and the same records kept for the history. */
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
  readonly pieces: readonly Buffer[];
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

/**
 * How many records the batch has, by what they ask.
 * @param from SQL: the records that are counted; absent: all
 */
export async function countRecords(
  engine: Engine,
  from = 'submission_record',
): Promise<BatchManifest['counts']> {
  const found = await engine.one<Record<'records' | Op, string>>(`
    SELECT count(*) AS records, count(*) FILTER (op = 'I') AS I, count(*) FILTER (op = 'U') AS U,
      count(*) FILTER (op = 'D') AS D FROM ${from}`);
  return { records: Number(found.records), I: Number(found.I), U: Number(found.U), D: Number(found.D) };
}

/**
 * The files of records in their order. One slice of them is held as bytes, and is kept under `records/`; while those are
 * packed, the engine writes the next.
 */
export async function* recordsFiles(
  engine: Engine,
  layout: Layout,
  options: PackageOptions,
): AsyncGenerator<RecordsFile> {
  const { recordsPerFile } = layout.platform.format;
  ensureDir(path.join(options.dir, RECORDS_FOLDER));
  const { files } = await engine.one<{ files: string }>(
    'SELECT COALESCE(max(file_number), 0) AS files FROM submission_record',
  );
  const filesPerSlice = Math.max(1, Math.floor(SLICE_RECORDS / recordsPerFile));
  const slices = Math.ceil(Number(files) / filesPerSlice);
  const sliceOf = (slice: number): Promise<RecordsFile[]> => {
    const firstFile = (slice - 1) * filesPerSlice + 1;
    const lastFile = Math.min(firstFile + filesPerSlice - 1, Number(files));
    return slice > slices
      ? Promise.resolve([])
      : readSlice(engine, layout, { ...options, slice, firstFile, lastFile });
  };
  let next = sliceOf(1);
  try {
    for (let slice = 1; slice <= slices; slice++) {
      const ready = await next;
      next = sliceOf(slice + 1);
      // Whoever asks for the next slice is told of its error; who stops asking is not.
      next.catch(() => undefined);
      yield* ready;
    }
  } finally {
    await next.catch(() => undefined);
  }
}

interface Slice {
  readonly slice: number;
  readonly firstFile: number;
  readonly lastFile: number;
}

/** Write the records of some files, keep them under `records/`, and take their bytes out of the engine. */
async function readSlice(
  engine: Engine,
  layout: Layout,
  { policy, key, batch, dir, slice, firstFile, lastFile }: PackageOptions & Slice,
): Promise<RecordsFile[]> {
  await createContents(engine, layout, { firstFile, lastFile, policy, key });
  await engine.copyToParquet(
    `SELECT record_id, case_id, op, org_code, file_number, fingerprint, CASE WHEN op <> 'D' THEN content END AS content
     FROM batch_content ORDER BY position`,
    path.join(dir, RECORDS_FOLDER, `${String(slice).padStart(5, '0')}.parquet`),
  );
  const files: RecordsFile[] = [];
  for (let number = firstFile; number <= lastFile; number++) {
    files.push({ ...(await recordsFile(engine, layout.platform, { number, batch, policy })), slice });
  }
  await engine.run('DROP TABLE batch_content');
  return files;
}

async function recordsFile(
  engine: Engine,
  { format }: Platform,
  { number, batch, policy }: { readonly number: number; readonly batch: string; readonly policy: Policy },
): Promise<Omit<RecordsFile, 'slice'>> {
  const own = `batch_content WHERE file_number = ${literal(String(number))}`;
  const records = await engine.texts(`
    SELECT text FROM (
      SELECT position // ${PIECE_RECORDS} AS piece, string_agg(${sentColumn(policy)}, '' ORDER BY position) AS text
      FROM ${own} GROUP BY piece)
    ORDER BY piece`);
  return {
    name: format.recordsFile.replace('{number}', String(number).padStart(5, '0')),
    counts: await countRecords(engine, own),
    pieces: format.kind === 'xml' ? [...enclosing(format, { batch, policy }, records)] : records,
  };
}

/** The records within the element of an XML file. */
function* enclosing(
  { root, namespace }: Extract<Platform['format'], { kind: 'xml' }>,
  { batch, policy }: { readonly batch: string; readonly policy: Policy },
  records: readonly Buffer[],
): Generator<Buffer> {
  yield Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${attribute(namespace)}" batch="${attribute(batch)}" policy="${policy}">\n`,
  );
  yield* records;
  yield Buffer.from(`</${root}>\n`);
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
