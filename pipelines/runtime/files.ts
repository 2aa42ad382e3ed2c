/**
 * Files that are whole or absent: a temporary name in the same folder, fsync, rename, fsync of the folder.
 * A reader never sees half a file under its final name, and what was renamed survives a power cut.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { chmod, type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from './clock.ts';
import { ArbdataError, systemCode } from './errors.ts';
import { isOwnerGone, ownedMark } from './lock.ts';

const READ_SIZE_BYTES = 1024 * 1024;
const WRITE_BITS = 0o222;

/**
 * Write a file as a whole; an earlier file of the name is replaced in one step.
 * @throws {ArbdataError} E_DISK_FULL, E_HOME; the earlier file is then as it was
 */
export async function writeFileAtomic(
  file: string,
  data: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  await replaceFile(file, (handle) => handle.writeFile(data), options.mode);
}

/**
 * Write a file as a whole from pieces that come one after the other; none is kept in memory.
 * @throws {ArbdataError} E_DISK_FULL, E_HOME, and whatever the pieces throw; an earlier file is then as it was
 */
export async function writeStreamAtomic(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const write = async (handle: FileHandle): Promise<void> => {
    for await (const chunk of chunks) await writeAll(handle, chunk);
  };
  await replaceFile(file, write, options.mode);
}

/** One write may take less than was given. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

async function replaceFile(
  file: string,
  write: (handle: FileHandle) => Promise<unknown>,
  mode: number = 0o600,
): Promise<void> {
  const temporary = temporaryName(file);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    syncDirNow(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, file);
  }
}

/**
 * Give a finished folder its final name. Everything in it reaches the disk before the name does.
 * Make it read-only afterwards: a folder that may not be written cannot be moved.
 * @throws {ArbdataError} E_HOME where the final name is taken; E_DISK_FULL
 */
export async function publishDir(tmpDir: string, finalDir: string): Promise<void> {
  if (await exists(finalDir)) {
    // rename() would silently replace an empty folder.
    throw new ArbdataError('E_HOME', `${finalDir} exists already and is not overwritten`, {
      advice: 'Move that folder away if it does not belong there, then run the same command again.',
      where: { file: finalDir },
    });
  }
  try {
    await syncTree(tmpDir);
    ensureDir(path.dirname(finalDir));
    await rename(tmpDir, finalDir);
    syncDirNow(path.dirname(finalDir));
    if (path.dirname(tmpDir) !== path.dirname(finalDir)) syncDirNow(path.dirname(tmpDir));
  } catch (error) {
    throw fileError(error, finalDir);
  }
}

/** Take the write permission from a folder and everything in it. */
export async function makeReadOnly(dir: string): Promise<void> {
  for await (const entry of walk(dir)) {
    if (entry.kind === 'other') continue;
    try {
      await chmod(entry.path, (await lstat(entry.path)).mode & 0o777 & ~WRITE_BITS);
    } catch (error) {
      throw fileError(error, entry.path);
    }
  }
}

/** Remove a folder with all that is in it, read-only or not; one that is absent is fine. */
export async function removeTree(dir: string): Promise<void> {
  if (!(await exists(dir))) return;
  try {
    await makeFoldersWritable(dir).catch((error: unknown) => {
      // Another process is removing it, too: then the rest of it is as much its as ours.
      if (systemCode(error) !== 'ENOENT') throw error;
    });
    await rm(dir, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, dir);
  }
}

/** SHA-256 (lower-case hex) and size of a file, read in pieces into one buffer: a stream would leave 60 MiB of them. */
export async function sha256File(file: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE_BYTES);
  let sizeBytes = 0;
  try {
    const handle = await open(file, 'r');
    try {
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        sizeBytes += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, file);
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Create a folder (0700) and those above it; it is on disk when this returns. */
export function ensureDir(dir: string): void {
  try {
    createFolders(path.resolve(dir));
  } catch (error) {
    const known = fileError(error, dir);
    if (known instanceof ArbdataError) throw known;
    throw new ArbdataError('E_HOME', `the folder ${dir} cannot be made`, {
      advice: 'Name a folder on a disk that can be written with --home or ARBDATA_HOME.',
      where: { file: dir },
      cause: error,
    });
  }
}

/** Not mkdir's own recursion: on a read-only disk that reports ENOENT instead of EROFS. */
function createFolders(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (path.dirname(dir) !== dir) createFolders(path.dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    // Another process may have been first.
    if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
  syncDirNow(path.dirname(dir));
}

/** Bring the names in a folder to the disk. */
export function syncDirNow(dir: string): void {
  // Windows cannot open a folder to sync it; its journal orders renames by itself.
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A name in the same folder that no finished file has, and that says whose it is. */
export function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${ownedMark()}.tmp`);
}

/**
 * Remove the unfinished files and folders in a folder whose process is gone: those whose name bears its mark.
 * @returns their names
 * @throws {ArbdataError} E_HOME
 */
export async function removeRemains(dir: string, clock: Clock): Promise<string[]> {
  const removed: string[] = [];
  for (const name of (await readdir(dir)).sort()) {
    const full = path.join(dir, name);
    const changedMs = statSync(full, { throwIfNoEntry: false })?.mtimeMs;
    if (changedMs === undefined || !isOwnerGone(name, changedMs, clock)) continue;
    await removeTree(full);
    removed.push(name);
  }
  return removed;
}

/** A fault of the file system as one of our errors that names the path; anything else as it is. */
export function fileError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof ArbdataError) return error;
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ArbdataError('E_DISK_FULL', `the disk is full: ${file} could not be written`, {
        advice: 'Free disk space under the home directory and run the same command again.',
        where: { file },
        cause: error,
      });
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new ArbdataError('E_HOME', `no permission (${code}): ${file} cannot be read or written`, {
        advice:
          'Give the user of this command read and write access to it, or choose another home with --home.',
        where: { file },
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new ArbdataError('E_HOME', `a file is in the way (${code}): ${file}`, {
        advice: 'Move that file away or choose another home directory with --home.',
        where: { file },
        cause: error,
      });
    default:
      return error;
  }
}

interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** Everything in a folder, deepest first, the folder itself last; links are named, not followed. */
async function* walk(dir: string): AsyncGenerator<Entry> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else yield { path: full, kind: entry.isFile() ? 'file' : 'other' };
  }
  yield { path: dir, kind: 'folder' };
}

/** From the top down: a folder must be open to its owner before its entries can be read or removed. */
async function makeFoldersWritable(dir: string): Promise<void> {
  if (!(await lstat(dir)).isDirectory()) return;
  await chmod(dir, 0o700);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeFoldersWritable(path.join(dir, entry.name));
  }
}

async function syncTree(dir: string): Promise<void> {
  for await (const entry of walk(dir)) {
    if (entry.kind === 'folder') syncDirNow(entry.path);
    else if (entry.kind === 'file') await syncFile(entry.path);
  }
}

/**
 * A path that a person typed, from the current folder; an unset variable must not mean that folder itself.
 * @param what it is for, named in the error
 * @throws {ArbdataError} E_USAGE
 */
export function namedPath(text: string, what: string): string {
  if (text !== '') return path.resolve(text);
  throw new ArbdataError('E_USAGE', `the ${what} is an empty text`, {
    advice: 'Name it; . is the current folder.',
  });
}

/** Bring the content of a file to the disk. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, file);
  }
}

/**
 * Write a file by a library whose errors are those of the file system, and translate them.
 * @throws {ArbdataError} E_DISK_FULL, E_HOME naming the file
 */
export async function writing(file: string, write: (file: string) => Promise<unknown>): Promise<void> {
  try {
    await write(file);
  } catch (error) {
    throw fileError(error, file);
  }
}

/** A code as part of a file's name: what could lead to another folder, or no system takes, is percent-encoded. */
export function fileNamePart(code: string): string {
  return code.replaceAll(
    /[\p{Cc}%/\\:*?"<>|]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}
