/**
 * The few parts of the ZIP format that the exports need themselves: fixed entry times (the writer of workbooks
 * stamps the clock into them), and reading an archive so that untouched entries can be copied as they are.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_SIZE = 22;
const CENTRAL_SIZE = 46;
const LOCAL_SIZE = 30;
const MAX_COMMENT_SIZE = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const FLAG_ENCRYPTED = 0x0001;
const FLAG_SIZES_FOLLOW = 0x0008;
/** 1980-01-01 00:00:00, the earliest time that a ZIP entry can have: time word, then date word. */
const FIXED_TIME = 0x00210000;

/** An archive that cannot be read; the message says why. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

interface EndRecord {
  readonly entries: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

function readEnd(tail: Buffer): EndRecord {
  for (let at = tail.length - END_SIZE; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (tail.readUInt16LE(at + 20) !== tail.length - at - END_SIZE) continue;
    const end = {
      entries: tail.readUInt16LE(at + 10),
      sizeBytes: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    };
    if (end.entries === 0xffff || end.offset === 0xffffffff) throw new ZipError('a ZIP64 archive');
    return end;
  }
  throw new ZipError('no end of a ZIP archive found');
}

/** Give every entry of an archive the same fixed time, in place, so that equal content means equal bytes. */
export async function fixZipTimes(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    const tail = await readAt(
      handle,
      Math.max(0, size - END_SIZE - MAX_COMMENT_SIZE),
      Math.min(size, END_SIZE + MAX_COMMENT_SIZE),
    );
    const end = readEnd(tail);
    const central = await readAt(handle, end.offset, end.sizeBytes);
    for (let at = 0, entry = 0; entry < end.entries; entry++) {
      central.writeUInt32LE(FIXED_TIME, at + 12);
      const time = Buffer.alloc(4);
      time.writeUInt32LE(FIXED_TIME);
      await handle.write(time, 0, 4, central.readUInt32LE(at + 42) + 10);
      at += centralLength(central, at);
    }
    await handle.write(central, 0, central.length, end.offset);
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  if (bytesRead !== length) throw new ZipError('the archive is cut off');
  return buffer;
}

function centralLength(central: Buffer, at: number): number {
  return (
    CENTRAL_SIZE +
    central.readUInt16LE(at + 28) +
    central.readUInt16LE(at + 30) +
    central.readUInt16LE(at + 32)
  );
}

/** One entry: `packed` are the bytes as they stand in the archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly sizeBytes: number;
  readonly packed: Buffer;
  /** The central directory's record, from which time, attributes and names are copied. */
  readonly central: Buffer;
}

/**
 * The entries of an archive in their order.
 * @throws ZipError where the archive is damaged, encrypted, ZIP64, or has two entries of one name
 */
export function readZip(bytes: Uint8Array): ZipEntry[] {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readEntries(archive);
  } catch (error) {
    if (error instanceof RangeError) throw new ZipError('the archive is cut off', { cause: error });
    throw error;
  }
}

function readEntries(archive: Buffer): ZipEntry[] {
  const tailStart = Math.max(0, archive.length - END_SIZE - MAX_COMMENT_SIZE);
  const end = readEnd(archive.subarray(tailStart));
  const names = new Set<string>();
  const entries: ZipEntry[] = [];
  for (let at = end.offset; entries.length < end.entries; ) {
    if (archive.readUInt32LE(at) !== CENTRAL_SIGNATURE) throw new ZipError('the directory is damaged');
    const length = centralLength(archive, at);
    const entry = readEntry(archive, archive.subarray(at, at + length));
    if (names.has(entry.name)) throw new ZipError(`two entries are named ${entry.name}`);
    names.add(entry.name);
    entries.push(entry);
    at += length;
  }
  return entries;
}

function readEntry(archive: Buffer, central: Buffer): ZipEntry {
  if ((central.readUInt16LE(8) & FLAG_ENCRYPTED) !== 0) throw new ZipError('the archive is encrypted');
  const name = central.subarray(CENTRAL_SIZE, CENTRAL_SIZE + central.readUInt16LE(28)).toString('utf8');
  const method = central.readUInt16LE(10);
  if (method !== STORED && method !== DEFLATED) throw new ZipError(`${name} has an unknown compression`);
  const local = central.readUInt32LE(42);
  if (archive.readUInt32LE(local) !== LOCAL_SIGNATURE) throw new ZipError(`${name} is damaged`);
  const start = local + LOCAL_SIZE + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packedSize = central.readUInt32LE(20);
  if (start + packedSize > archive.length) throw new ZipError('the archive is cut off');
  return {
    name,
    method,
    crc: central.readUInt32LE(16),
    sizeBytes: central.readUInt32LE(24),
    packed: archive.subarray(start, start + packedSize),
    central,
  };
}

/**
 * The content of an entry.
 * @param limitBytes larger content is refused, whatever the archive claims about its size
 */
export function unpack(entry: ZipEntry, limitBytes: number): Buffer {
  if (entry.sizeBytes > limitBytes) throw new ZipError(`${entry.name} is larger than ${limitBytes} bytes`);
  let content: Buffer;
  try {
    content =
      entry.method === STORED
        ? entry.packed
        : inflateRawSync(entry.packed, { maxOutputLength: entry.sizeBytes + 1 });
  } catch (error) {
    throw new ZipError(`${entry.name} is damaged`, { cause: error });
  }
  if (content.length !== entry.sizeBytes || crc32(content) !== entry.crc) {
    throw new ZipError(`${entry.name} is damaged`);
  }
  return content;
}

/** The same entry with other content. */
export function repack(entry: ZipEntry, content: Uint8Array): ZipEntry {
  return {
    ...entry,
    method: DEFLATED,
    crc: crc32(content),
    sizeBytes: content.byteLength,
    packed: deflateRawSync(content),
  };
}

/** An archive of these entries; times, attributes and names stay as they were read. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const central = centralRecord(entry, offset);
    const local = Buffer.concat([localRecord(central), entry.packed]);
    locals.push(local);
    centrals.push(central);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(END_SIZE);
  end.writeUInt32LE(END_SIGNATURE, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function centralRecord(entry: ZipEntry, offset: number): Buffer {
  const central = Buffer.from(entry.central);
  central.writeUInt16LE(central.readUInt16LE(8) & ~FLAG_SIZES_FOLLOW, 8);
  central.writeUInt16LE(entry.method, 10);
  central.writeUInt32LE(entry.crc, 16);
  central.writeUInt32LE(entry.packed.length, 20);
  central.writeUInt32LE(entry.sizeBytes, 24);
  central.writeUInt32LE(offset, 42);
  return central;
}

/** The local record repeats the central one; extra fields stand only in the directory. */
function localRecord(central: Buffer): Buffer {
  const nameLength = central.readUInt16LE(28);
  const local = Buffer.alloc(LOCAL_SIZE + nameLength);
  local.writeUInt32LE(LOCAL_SIGNATURE, 0);
  central.copy(local, 4, 6, 30);
  local.writeUInt16LE(nameLength, 26);
  local.writeUInt16LE(0, 28);
  central.copy(local, LOCAL_SIZE, CENTRAL_SIZE, CENTRAL_SIZE + nameLength);
  return local;
}
