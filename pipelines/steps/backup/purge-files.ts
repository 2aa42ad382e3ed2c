/** The files behind a purge: counted and hashed before they go, returned where that is wanted, then gone. */
import { createHash } from 'node:crypto';
import { constants, existsSync, lstatSync } from 'node:fs';
import { copyFile, readdir, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { PurgeRecord } from '../../../schemas/backup.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { ensureDir, fileError, removeTree, syncDirNow, syncFile } from '../../runtime/files.ts';
import type { HashPool } from '../../runtime/hashing.ts';

/** Something that a purge destroys: a file or a folder. */
export interface PurgeItem {
  /** `snapshot/<id>`, `published/<product>/<period>`, `findings/<run>`, `backup/<id>@<destination>`, … */
  readonly subject: string;
  readonly path: string;
}

export type PurgedItem = PurgeRecord['destroyed'][number];

/** Every file of an item, as full paths in the order of their names. */
async function filesOf(item: PurgeItem): Promise<string[]> {
  const found = lstatSync(item.path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [item.path];
  const entries = await readdir(item.path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** What an item is, byte by byte: so that whoever has a copy can tell later whether it was this. */
export async function describeItem(item: PurgeItem, pool: HashPool): Promise<PurgedItem> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const files = await filesOf(item);
  for (const file of files) {
    const found = await pool.hash(file);
    hash.update(`${found.sha256}  ${path.relative(item.path, file)}\n`);
    sizeBytes += found.sizeBytes;
  }
  return { ...item, files: files.length, sizeBytes, sha256: hash.digest('hex') };
}

/** Copy an item below a folder, each file read back and compared. */
export async function returnItem(item: PurgeItem, to: string, pool: HashPool): Promise<void> {
  for (const file of await filesOf(item)) {
    const target = path.join(to, item.subject, path.relative(item.path, file));
    try {
      ensureDir(path.dirname(target));
      await copyFile(file, target, constants.COPYFILE_EXCL);
      await syncFile(target);
      syncDirNow(path.dirname(target));
    } catch (error) {
      throw fileError(error, target);
    }
    if ((await pool.hash(target)).sha256 === (await pool.hash(file)).sha256) continue;
    throw new ArbdataError('E_BACKUP_DAMAGED', `${target} does not have the bytes of ${file}`, {
      advice: 'Nothing was destroyed. Return the data to another disk.',
      where: { file: target },
    });
  }
}

/** Destroy an item. Returns whether nothing of it is left. */
export async function destroyItem({ path: target }: PurgeItem): Promise<boolean> {
  if (!existsSync(target)) return true;
  if (lstatSync(target).isDirectory()) await removeTree(target);
  else {
    await unlink(target).catch(async () => rm(target, { force: true }));
  }
  return !existsSync(target);
}
