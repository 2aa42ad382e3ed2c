/** The channel `directory`: a folder from which somebody, or another system, takes the package. */
import { createReadStream } from 'node:fs';
import { access, constants, link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import { systemCode } from '../../../runtime/errors.ts';
import {
  ensureDir,
  fileError,
  removeRemains,
  sha256File,
  syncDirNow,
  temporaryName,
} from '../../../runtime/files.ts';
import { type Channel, ChannelError, conflict, type OnProgress, type Parcel } from './channel.ts';

export interface DirectorySettings {
  /** Absolute. */
  readonly dir: string;
  /** Whether the folder is ours to make: a mount that is missing must not become a folder of this disk. */
  readonly isOwn: boolean;
}

const WRONG_FOLDER =
  'Correct the path of the channel in config.json, or give the user of this command read and write access to the folder; then run it again.';

/** Who takes the package may be another account of the same group. */
const FILE_MODE = 0o640;

export function directoryChannel({ dir, isOwn }: DirectorySettings, clock: Clock): Channel {
  const channelFault = (error: unknown, file: string): unknown =>
    isOwn ? fileError(error, file) : foreignFault(error, file);
  const requireFolder = async (): Promise<void> => {
    if (isOwn) ensureDir(dir);
    const entry = await stat(dir).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw channelFault(error, dir);
    });
    if (entry === undefined) {
      throw new ChannelError('retry', `the folder ${dir} is not there`, {
        advice: 'Mount or create it, or correct the path of the channel in config.json; then run it again.',
      });
    }
    if (!entry.isDirectory())
      throw new ChannelError('access', `${dir} is no folder`, { advice: WRONG_FOLDER });
  };
  const ask: Channel['ask'] = async (parcel) => {
    await requireFolder();
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
    await requireFolder();
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
  const tryOut = async (): Promise<void> => {
    await requireFolder();
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw channelFault(error, dir);
    });
  };
  return { target: `directory ${dir}`, ask, send, tidy, tryOut };
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

/** Folders of others come and go, and are emptied by whoever takes the packages; a missing right is for people. */
function foreignFault(error: unknown, file: string): unknown {
  const code = systemCode(error);
  switch (code) {
    case 'EIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'EBUSY':
    case 'ENOTCONN':
      return new ChannelError('retry', `${file} cannot be reached (${code})`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new ChannelError('retry', `the disk of the channel's folder is full: ${file}`, {
        advice: 'Have space made there, then run the same command again; nothing half-written was left.',
        cause: error,
      });
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
    case 'ENOTDIR':
      return new ChannelError('access', `no access (${code}): ${file} cannot be read or written`, {
        advice: WRONG_FOLDER,
        cause: error,
      });
    default:
      return fileError(error, file);
  }
}
