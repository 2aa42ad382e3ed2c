/** Reading a bag: what it says of itself, and every file that lies in it. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type BackupFile, backupFileSchema } from '../../../schemas/backup.ts';
import { ArbdataError, systemCode } from '../../runtime/errors.ts';
import { ALGORITHMS, BACKUP_FILE, tagManifestFile } from './bag-format.ts';
import type { BagSeal } from './write-bag.ts';

/** Something in a bag's folder. */
export interface BagEntry {
  readonly isFile: boolean;
  readonly sizeBytes: number;
}

/**
 * Everything below a folder by its path with `/` as separator; folders that hold nothing are entries as well.
 * @returns undefined where there is no such folder
 */
export async function listBag(dir: string): Promise<Map<string, BagEntry> | undefined> {
  const entries = new Map<string, BagEntry>();
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const names = await readdir(folder, { withFileTypes: true });
    if (names.length === 0 && prefix !== '')
      entries.set(prefix.slice(0, -1), { isFile: false, sizeBytes: 0 });
    for (const entry of names) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) await walk(full, `${prefix}${entry.name}/`);
      else
        entries.set(`${prefix}${entry.name}`, {
          isFile: entry.isFile(),
          sizeBytes: (await lstat(full)).size,
        });
    }
  };
  try {
    await walk(dir, '');
    return entries;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) {
      return undefined;
    }
    throw unreadable(dir, error);
  }
}

/**
 * `backup.json` of a bag.
 * @throws {ArbdataError} E_NOT_FOUND where there is no bag; E_BACKUP_DAMAGED where it is not one of this service
 */
export async function readBackupFile(dir: string): Promise<BackupFile> {
  const file = path.join(dir, BACKUP_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw unreadable(file, error);
    throw new ArbdataError('E_NOT_FOUND', `${dir} holds no backup: there is no ${BACKUP_FILE}`, {
      advice: 'Name the folder of a bag, such as …/backups/B20261103-060000-1a2b.',
      where: { file },
      cause: error,
    });
  }
  try {
    return backupFileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ArbdataError('E_BACKUP_DAMAGED', `${file} is not what this service writes`, {
      advice: 'Take another copy of this backup: `arbdata backup list` shows where they lie.',
      where: { file },
      cause: error,
    });
  }
}

/** The seal of a bag that lies there: recomputed, not believed. */
export async function readSeal(dir: string, { files }: BackupFile): Promise<BagSeal> {
  const hashes: string[] = [];
  for (const algorithm of ALGORITHMS) {
    const file = path.join(dir, tagManifestFile(algorithm));
    const text = await readFile(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    hashes.push(createHash('sha256').update(text).digest('hex'));
  }
  const [tagmanifestSha256 = '', tagmanifestSm3 = ''] = hashes;
  const sizeBytes = files.reduce((sum, one) => sum + one.sizeBytes, 0);
  return { fileCount: files.length, sizeBytes, tagmanifestSha256, tagmanifestSm3 };
}

function unreadable(file: string, error: unknown): ArbdataError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new ArbdataError('E_BACKUP_DAMAGED', `${file} cannot be read (${code})`, {
    advice: 'See whether its disk is there and whole; else take another copy of this backup.',
    where: { file },
    cause: error,
  });
}
