/** The channel `sftp`: written as `<name>.part`, read back, then renamed. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { type Channel, ChannelError, conflict, type OnProgress, type Parcel } from './channel.ts';
import { SftpSession, type SftpSettings } from './sftp-session.ts';

/** What every server takes in one message. */
const PIECE_BYTES = 32 * 1024;
/** So many of them on their way at a time: a far server then costs no waiting. */
const PIECES_AT_ONCE = 32;

export function sftpChannel(settings: SftpSettings): Channel {
  const { host, port, user, directory, readBack } = settings;
  const placesOf = ({ name }: Parcel) => {
    const final = path.posix.join(directory, name);
    return { final, part: `${final}.part` };
  };
  const ask: Channel['ask'] = async (parcel) => {
    const session = await SftpSession.open(settings);
    try {
      const { final, part } = placesOf(parcel);
      await requireDirectory(session, directory);
      const entry = await session.stat(final);
      if (entry === undefined) {
        const begun = await session.stat(part);
        return begun === undefined
          ? { state: 'absent' }
          : { state: 'partial', receivedBytes: Math.min(begun.size, parcel.sizeBytes) };
      }
      if (!entry.isFile()) return { state: 'different', found: `${final} is no file` };
      if (entry.size !== parcel.sizeBytes) {
        return {
          state: 'different',
          found: `${final} has ${entry.size} bytes instead of ${parcel.sizeBytes}`,
        };
      }
      const isSame = !readBack || (await remoteSha256(session, final)) === parcel.sha256;
      return isSame ? { state: 'arrived' } : { state: 'different', found: `${final} has other bytes` };
    } finally {
      session.close();
    }
  };
  const send: Channel['send'] = async (parcel, onProgress) => {
    const session = await SftpSession.open(settings);
    try {
      const { final, part } = placesOf(parcel);
      await requireDirectory(session, directory);
      await upload(session, part, parcel, onProgress);
      if (readBack && (await remoteSha256(session, part)) !== parcel.sha256) {
        await session.remove(part);
        throw new ChannelError('retry', `${part} was read back with other bytes than were written`);
      }
      // Nothing else may stand there; the rename itself replaces nothing either.
      if ((await session.stat(final)) !== undefined) {
        throw conflict(parcel, `${final} appeared while the package was written`);
      }
      await session.rename(part, final);
    } finally {
      session.close();
    }
  };
  return { target: `sftp://${user}@${host}:${port}${path.posix.join('/', directory)}`, ask, send };
}

async function requireDirectory(session: SftpSession, directory: string): Promise<void> {
  const entry = await session.stat(directory);
  // A link to a folder is as good as one.
  if (entry !== undefined && (entry.isDirectory() || entry.isSymbolicLink())) return;
  throw new ChannelError('access', `the server has no folder ${directory}`, {
    advice: 'Correct the directory of the channel in config.json, or have the platform make it.',
  });
}

/** Write what is missing of the package, after what is there was compared with it. */
async function upload(
  session: SftpSession,
  part: string,
  parcel: Parcel,
  onProgress: OnProgress,
): Promise<void> {
  const source = await open(parcel.file, 'r');
  try {
    const begun = await session.stat(part);
    const isUsable = begun?.isFile() === true && begun.size <= parcel.sizeBytes;
    const from = isUsable ? await equalBytes(session, part, source, begun.size) : 0;
    onProgress(from);
    const handle = await session.open(part, from > 0 ? 'r+' : 'w');
    let sent = from;
    await inPieces(from, parcel.sizeBytes, async (position, length) => {
      const piece = await readPiece(source, position, length);
      await session.write(part, handle, piece, position);
      sent += length;
      onProgress(sent);
    });
    await session.sync(part, handle);
    await session.closeFile(part, handle);
    const size = (await session.stat(part))?.size;
    if (size !== parcel.sizeBytes) {
      throw new ChannelError(
        'retry',
        `${part} has ${size ?? 0} bytes after ${parcel.sizeBytes} were written`,
      );
    }
  } finally {
    await source.close();
  }
}

/** How many bytes at the beginning of a remote file are those of the package. */
async function equalBytes(
  session: SftpSession,
  part: string,
  source: FileHandle,
  size: number,
): Promise<number> {
  const handle = await session.open(part, 'r');
  let equal = size;
  await inPieces(0, size, async (position, length) => {
    if (position >= equal) return;
    const there = await readRemote(session, part, handle, position, length);
    const here = await readPiece(source, position, length);
    if (!here.equals(there)) equal = Math.min(equal, position);
  });
  await session.closeFile(part, handle);
  return equal;
}

async function remoteSha256(session: SftpSession, file: string): Promise<string> {
  const size = (await session.stat(file))?.size ?? 0;
  const handle = await session.open(file, 'r');
  const hash = createHash('sha256');
  for (let from = 0; from < size; from += PIECE_BYTES * PIECES_AT_ONCE) {
    const to = Math.min(size, from + PIECE_BYTES * PIECES_AT_ONCE);
    const pieces: Promise<Buffer>[] = [];
    await inPieces(from, to, (position, length) => {
      const piece = readRemote(session, file, handle, position, length);
      pieces.push(piece);
      return piece;
    });
    for (const piece of pieces) hash.update(await piece);
  }
  await session.closeFile(file, handle);
  return hash.digest('hex');
}

/** A server may answer with less than was asked for. */
async function readRemote(
  session: SftpSession,
  file: string,
  handle: Buffer,
  position: number,
  length: number,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let read = 0;
  while (read < length) {
    const piece = await session.read(file, handle, length - read, position + read);
    if (piece.length === 0) break;
    parts.push(piece);
    read += piece.length;
  }
  return Buffer.concat(parts);
}

async function readPiece(source: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await source.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Work on a range piece by piece, in order of their beginnings, some at a time; the first fault ends it. */
async function inPieces(
  from: number,
  to: number,
  work: (position: number, length: number) => Promise<unknown>,
): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < to) {
      const position = next;
      next = Math.min(to, position + PIECE_BYTES);
      await work(position, next - position).catch((error: unknown) => {
        next = to;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: PIECES_AT_ONCE }, worker));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
