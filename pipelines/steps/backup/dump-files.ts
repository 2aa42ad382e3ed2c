/** DMP files in a drop folder: which are finished, and what their headers tell. */
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DumpEntry } from '../../../schemas/backup.ts';
import { type Clock, shanghaiDate } from '../../runtime/clock.ts';
import { ArbdataError } from '../../runtime/errors.ts';

/** Between two looks at the sizes. */
const LOOK_AGAIN_MS = 1_000;
const HEADER_SIZE_BYTES = 8192;

export interface DroppedFile {
  readonly file: string;
  /** Its name, without folders. */
  readonly name: string;
  readonly sizeBytes: number;
  /** `YYYY-MM-DD` of its last change, Asia/Shanghai. */
  readonly date: string;
  readonly header: DumpHeader;
}

export interface DropFolder {
  readonly finished: readonly DroppedFile[];
  /** Still being written, or changed too recently. */
  readonly growing: readonly string[];
}

/**
 * Look into a drop folder. A file is finished when it has not changed for the given time and keeps its size between
 * two looks; hidden files and those that end in `.tmp` or `.part` are nobody's yet.
 * @throws {ArbdataError} E_BACKUP_DESTINATION where the folder is not there
 */
export async function lookIntoDrop(
  dir: string,
  settleSeconds: number,
  clock: Clock,
  lookAgainMs: number = LOOK_AGAIN_MS,
): Promise<DropFolder> {
  const first = await sizes(dir);
  if (first.size > 0) await sleep(lookAgainMs);
  const second = await sizes(dir);
  const finished: DroppedFile[] = [];
  const growing: string[] = [];
  for (const [file, { sizeBytes, changedMs }] of second) {
    const before = first.get(file);
    const isStill = before?.sizeBytes === sizeBytes && before.changedMs === changedMs;
    if (!isStill || clock.now().getTime() - changedMs < settleSeconds * 1000) growing.push(file);
    else finished.push(await dropped(file, sizeBytes, changedMs));
  }
  return { finished, growing };
}

async function dropped(file: string, sizeBytes: number, changedMs: number): Promise<DroppedFile> {
  const date = shanghaiDate({ now: () => new Date(changedMs) });
  return { file, name: path.basename(file), sizeBytes, date, header: dumpHeader(await readHead(file), file) };
}

async function sizes(dir: string): Promise<Map<string, { sizeBytes: number; changedMs: number }>> {
  const found = new Map<string, { sizeBytes: number; changedMs: number }>();
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || /^\.|\.(tmp|part|filepart)$/i.test(entry.name)) continue;
      const file = path.join(entry.parentPath, entry.name);
      const { size, mtimeMs } = await stat(file);
      found.set(file, { sizeBytes: size, changedMs: mtimeMs });
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ArbdataError('E_BACKUP_DESTINATION', `the drop folder ${dir} cannot be read (${code})`, {
      advice: 'Mount it, or correct backup.dropFolder in config.json.',
      where: { file: dir },
      cause: error,
    });
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(HEADER_SIZE_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export type DumpHeader = Pick<DumpEntry, 'format' | 'schema' | 'release'>;

const UNKNOWN: DumpHeader = { format: 'unknown', schema: null, release: null };
/** Major and minor version of the file, as DBMS_DATAPUMP.GET_DUMPFILE_INFO counts them: 0.1 (10.1) to 5.1 (18 and later). */
const LAST_FILE_VERSION = 9;

/**
 * What the first block of a file tells. Data Pump: version of the file in two bytes, then in the same block the name of
 * the job with its owner and the release of the database. The original export says `EXPORT:V…` after three bytes.
 */
export function dumpHeader(head: Buffer, file: string): DumpHeader {
  const text = head.toString('latin1');
  const original = /^.{1,3}EXPORT:V(\d\d\.\d\d\.\d\d)\n(?:[UD]([A-Z0-9_$#]+)\n)?/s.exec(text);
  if (original !== null)
    return { format: 'export', schema: original[2] ?? null, release: original[1] ?? null };
  const [major = 255, minor = 255] = head;
  const job = /"([A-Z][A-Z0-9_$#]{0,127})"\."([^"\0]{1,128})"/.exec(text);
  const release = /(?<![\d.])\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{1,2}(?![\d.])/.exec(text);
  if (
    major <= LAST_FILE_VERSION &&
    minor >= 1 &&
    minor <= LAST_FILE_VERSION &&
    job !== null &&
    release !== null
  ) {
    return { format: 'data-pump', schema: job[1] ?? null, release: release[0] };
  }
  const isText = head.length > 0 && /\.log$/i.test(file) && !head.includes(0);
  return isText ? { ...UNKNOWN, format: 'log' } : UNKNOWN;
}
