/**
 * Reading CSV files as bytes: byte order mark, strict UTF-8, GB18030 decoded to UTF-8, records rewritten in one form.
 * Everything streams; a file may be larger than the memory.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { ArbdataError } from '../../runtime/errors.ts';
import { type CsvRecord, type CsvScan, CsvScanner } from './csv-scan.ts';

/** Encodings that an import can be told. Undeclared means strict UTF-8. */
export const CSV_ENCODINGS = ['utf-8', 'gb18030'] as const;
export type CsvEncoding = (typeof CSV_ENCODINGS)[number];

const BLOCK_BYTES = 1024 * 1024;
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const GB18030_BOM = Buffer.from([0x84, 0x31, 0x95, 0x33]);

export type Advance = (sizeBytes: number) => void;

/** Whether a file starts with the byte order mark of UTF-8. */
export async function hasUtf8Mark(file: string): Promise<boolean> {
  for await (const block of blocks(file, Buffer.alloc(0))) {
    return block.subarray(0, UTF8_BOM.length).equals(UTF8_BOM);
  }
  return false;
}

/**
 * Scan a UTF-8 file: its structure, and whether all of it is UTF-8. Surrogates and overlong forms are not.
 */
export async function scanUtf8(
  file: string,
  keepFaults: number,
  advance: Advance = () => {},
): Promise<CsvScan & { isUtf8: boolean }> {
  const scanner = new CsvScanner({ keepFaults });
  let valid = true;
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of blocks(file, UTF8_BOM)) {
    scanner.push(block);
    if (valid) {
      const joined = rest.length === 0 ? block : Buffer.concat([rest, block]);
      const cut = joined.length - openCharacterBytes(joined);
      valid = isUtf8(joined.subarray(0, cut));
      rest = Buffer.from(joined.subarray(cut));
    }
    advance(block.length);
  }
  return { ...scanner.finish(), isUtf8: valid && rest.length === 0 };
}

/**
 * Write a GB18030 file as UTF-8, without its byte order mark.
 * @returns whether every byte could be decoded; if not, the target is not complete.
 */
export async function decodeGb18030(
  file: string,
  target: string,
  advance: Advance = () => {},
): Promise<boolean> {
  const decoder = gb18030Decoder();
  const output = await open(target, 'w', 0o600);
  try {
    for await (const block of blocks(file, GB18030_BOM)) {
      await output.writeFile(decoder.decode(block, { stream: true }));
      advance(block.length);
    }
    await output.writeFile(decoder.decode());
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  } finally {
    await output.close();
  }
}

/** Records with a field that is not text of the encoding, and where the first of them stands. */
export interface Undecodable {
  readonly records: number;
  readonly line: number;
  /** Name in the header as it stands there. */
  readonly column: string | undefined;
}

/** The slow way to name what `scanUtf8` or `decodeGb18030` met; undefined where every field is text. */
export async function findUndecodable(file: string, encoding: CsvEncoding): Promise<Undecodable | undefined> {
  let header: readonly Buffer[] = [];
  let first: { line: number; field: number } | undefined;
  let records = 0;
  await eachRecord(file, encoding, true, ({ index, line, fields }) => {
    if (index === 0) header = fields;
    const field = fields.findIndex((bytes) => !isText(bytes, encoding));
    if (field < 0) return;
    records += 1;
    first ??= { line, field };
  });
  return first && { records, line: first.line, column: header[first.field]?.toString('utf8') };
}

/** Physical lines on which the given records start (index 1 is the first after the header). */
export async function linesOfRecords(
  file: string,
  indexes: ReadonlySet<number>,
): Promise<Map<number, number>> {
  const lines = new Map<number, number>();
  await eachRecord(file, 'utf-8', false, ({ index, line }) => {
    if (indexes.has(index)) lines.set(index, line);
  });
  return lines;
}

/** Rewrite a faultless UTF-8 file with LF at the end of each record; values keep every byte, quoted or not. */
export async function rewriteWithLf(file: string, target: string): Promise<void> {
  const output = await open(target, 'w', 0o600);
  try {
    let pending: Buffer[] = [];
    const scanner = new CsvScanner({
      keepFaults: 0,
      capture: true,
      onRecord: ({ fields }) => pending.push(recordBytes(fields)),
    });
    for await (const block of blocks(file, UTF8_BOM)) {
      scanner.push(block);
      await output.writeFile(Buffer.concat(pending));
      pending = [];
    }
    scanner.finish();
    await output.writeFile(Buffer.concat(pending));
  } finally {
    await output.close();
  }
}

function recordBytes(fields: readonly Buffer[]): Buffer {
  const quoted = fields.map((bytes) => `"${bytes.toString('utf8').replaceAll('"', '""')}"`);
  return Buffer.from(`${quoted.join(',')}\n`);
}

async function eachRecord(
  file: string,
  encoding: CsvEncoding,
  capture: boolean,
  onRecord: (record: CsvRecord) => void,
): Promise<void> {
  const scanner = new CsvScanner({ keepFaults: 0, capture, onRecord });
  for await (const block of blocks(file, encoding === 'utf-8' ? UTF8_BOM : GB18030_BOM)) scanner.push(block);
  scanner.finish();
}

/** Blocks of a file, without the given mark at its start. A block is overwritten by the next one. */
async function* blocks(file: string, mark: Buffer): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r').catch(unreadable(file));
  try {
    const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
    let first = true;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, BLOCK_BYTES, null).catch(unreadable(file));
      if (bytesRead === 0) return;
      const block = buffer.subarray(0, bytesRead);
      yield first && block.subarray(0, mark.length).equals(mark) ? block.subarray(mark.length) : block;
      first = false;
    }
  } finally {
    await handle.close();
  }
}

function unreadable(file: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw new ArbdataError('E_CSV', `${file} cannot be read (${error.code ?? error.message})`, {
      advice: 'Make it a file that the user of this command may read.',
      where: { file },
      cause: error,
    });
  };
}

/** Bytes at the end of a block that start a UTF-8 character without ending it. */
function openCharacterBytes(block: Buffer): number {
  for (let back = 1; back <= Math.min(3, block.length); back += 1) {
    const byte = block[block.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function isText(bytes: Buffer, encoding: CsvEncoding): boolean {
  if (encoding === 'utf-8' || isAscii(bytes)) return isUtf8(bytes);
  try {
    gb18030Decoder().decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function gb18030Decoder(): TextDecoder {
  return new TextDecoder('gb18030', { fatal: true, ignoreBOM: true });
}
