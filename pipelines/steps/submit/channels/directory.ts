/** The channel `directory`: a folder from which somebody, or another system, takes the package. */
import { createReadStream } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import {
  ensureDir,
  fileError,
  removeRemains,
  sha256File,
  syncDirNow,
  temporaryName,
} from '../../../runtime/files.ts';
import { type Channel, ChannelError, conflict, type OnProgress, type Parcel, systemCode } from './channel.ts';

export interface DirectorySettings {
  /** Absolute. */
  readonly dir: string;
  /** Whether the folder is ours to make: a mount that is missing must not become a folder of this disk. */
  readonly isOwn: boolean;
}

/** Who takes the package may be another account of the same group. */
const FILE_MODE = 0o640;

export function directoryChannel({ dir, isOwn }: DirectorySettings, clock: Clock): Channel {
  const ask: Channel['ask'] = async (parcel) => {
    await requireFolder(dir, isOwn);
    const file = path.join(dir, parcel.name);
    const entry = await lstat(file).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw channelFault(error, file);
    });
    if (entry === undefined) return { state: 'absent' };
    if (!entry.isFile()) return { state: 'different', found: `${file} is no file` };
    if (entry.size !== parcel.sizeBytes) {
      return { state: 'different', found: `${file} has ${entry.size} bytes instead of ${parcel.sizeBytes}` };
    }
    const { sha256 } = await sha256File(file).catch((error: unknown) => {
      throw channelFault(error, file);
    });
    return sha256 === parcel.sha256
      ? { state: 'arrived' }
      : { state: 'different', found: `${file} has other bytes` };
  };
  const tidy = async (): Promise<void> => {
    await removeRemains(dir, clock);
  };
  const send: Channel['send'] = async (parcel, onProgress) => {
    await requireFolder(dir, isOwn);
    const file = path.join(dir, parcel.name);
    const temporary = temporaryName(file);
    try {
      await tidy();
      await copyTo(temporary, parcel, onProgress);
      await giveName(temporary, file);
      syncDirNow(dir);
    } catch (error) {
      throw channelFault(error, file);
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
    const standing = await ask(parcel);
    if (standing.state === 'different') throw conflict(parcel, standing.found);
  };
  return { target: `directory ${dir}`, ask, send, tidy };
}

async function requireFolder(dir: string, isOwn: boolean): Promise<void> {
  if (isOwn) ensureDir(dir);
  const entry = await lstat(dir).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw channelFault(error, dir);
  });
  if (entry === undefined) {
    throw new ChannelError('retry', `the folder ${dir} is not there`, {
      advice: 'Mount or create it, or correct the path of the channel in config.json; then run it again.',
    });
  }
}

/** Copy the package to the disk, and see that what was read is what was to be sent. */
async function copyTo(temporary: string, parcel: Parcel, onProgress: OnProgress): Promise<void> {
  const target = await open(temporary, 'wx', FILE_MODE);
  try {
    let written = 0;
    for await (const piece of createReadStream(parcel.file, { highWaterMark: 1024 * 1024 })) {
      await target.writeFile(piece as Buffer);
      written += (piece as Buffer).length;
      onProgress(written);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  const { sha256 } = await sha256File(temporary);
  if (sha256 !== parcel.sha256) {
    throw new ChannelError('retry', `${temporary} was read back with other bytes than were written`);
  }
}

/** Unlike a rename, a link never replaces what stands there; a file system without links gets the rename. */
async function giveName(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST')
      throw new ChannelError('refused', `${file} appeared while the package was written`);
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    await rename(temporary, file);
  }
}

/** Network file systems come and go; a full disk or a missing right is for people. */
function channelFault(error: unknown, file: string): unknown {
  if (['EIO', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'EBUSY', 'ENOTCONN'].includes(systemCode(error))) {
    return new ChannelError('retry', `${file} cannot be reached (${systemCode(error)})`, { cause: error });
  }
  return fileError(error, file);
}
