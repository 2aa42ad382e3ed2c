/** Taking the payload of a bag out of it: into a folder that is new, decrypted where it is encrypted. */
import { constants } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import type { BackupFile } from '../../../schemas/backup.ts';
import { decryptFile, type Identity } from '../../runtime/encryption.ts';
import { ArbdataError, systemCode } from '../../runtime/errors.ts';
import { ensureDir, fileError } from '../../runtime/files.ts';
import type { HashPool } from '../../runtime/hashing.ts';
import { isSafePath, manifestFile, PAYLOAD_FOLDER, parseManifest } from './bag-format.ts';
import { ENCRYPTED_SUFFIX } from './write-bag.ts';

const FILES_AT_ONCE = 2;

export interface RestoreOptions {
  readonly pool: HashPool;
  /** Needed where the bag is encrypted. */
  readonly identities: readonly Identity[];
  /** Which files of the payload are wanted, by their path as it was; absent: all. */
  readonly wanted?: (name: string) => boolean;
  readonly onBytes?: (sizeBytes: number) => void;
}

/** The path that a payload file had, from its path in the bag. */
function originalPath({ encryption }: Pick<BackupFile, 'encryption'>, file: string): string {
  const name = file.slice(PAYLOAD_FOLDER.length + 1);
  return encryption === null ? name : name.slice(0, -ENCRYPTED_SUFFIX.length);
}

/**
 * Restore the payload of a verified bag. Every file is hashed again where it was put, or authenticated by its
 * encryption; one that exists already is never overwritten.
 * @returns the paths that were restored, as they were
 * @throws {ArbdataError} E_BACKUP_REFUSED where a file is in the way; E_BACKUP_DAMAGED, E_KEY, E_DECRYPT, E_DISK_FULL
 */
export async function restorePayload(
  bag: string,
  file: BackupFile,
  target: string,
  options: RestoreOptions,
): Promise<string[]> {
  if (file.encryption !== null && options.identities.length === 0) throw encrypted(file);
  const hashes = parseManifest(await readFile(path.join(bag, manifestFile('sha256')), 'utf8'));
  const limit = pLimit(FILES_AT_ONCE);
  const restored: string[] = [];
  const work = file.files.map((one) =>
    limit(async () => {
      const name = originalPath(file, one.path);
      if (!isSafePath(name) || !isSafePath(one.path)) throw unsafe(bag, one.path);
      if (options.wanted?.(name) === false) return;
      const to = path.join(target, ...name.split('/'));
      ensureDir(path.dirname(to));
      await placeFile(path.join(bag, ...one.path.split('/')), to, file.encryption !== null, {
        ...options,
        sha256: hashes.get(one.path),
      });
      options.onBytes?.(one.sizeBytes);
      restored.push(name);
    }),
  );
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return restored.sort();
}

async function placeFile(
  from: string,
  to: string,
  isEncrypted: boolean,
  { pool, identities, sha256 }: RestoreOptions & { readonly sha256: string | undefined },
): Promise<void> {
  if (isEncrypted) return decryptFile(from, to, identities);
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileError(error, to);
    throw new ArbdataError('E_BACKUP_REFUSED', `${to} exists already and is not overwritten`, {
      advice: 'Restore into a new folder; two backups that hold the same file go into two folders.',
      where: { file: to },
      cause: error,
    });
  }
  if ((await pool.hash(to)).sha256 === sha256) return;
  throw new ArbdataError('E_BACKUP_DAMAGED', `${to} was restored with other bytes than the backup holds`, {
    advice: 'Its disk or memory is at fault: restore to another disk, and run `arbdata backup verify`.',
    where: { file: to },
  });
}

function encrypted({ id, encryption }: BackupFile): ArbdataError {
  return new ArbdataError('E_KEY', `backup ${id} is encrypted`, {
    advice: `Add --identity FILE with the private key of ${encryption?.recipients.join(' or ')}.`,
  });
}

function unsafe(bag: string, name: string): ArbdataError {
  return new ArbdataError(
    'E_BACKUP_DAMAGED',
    `${bag} lists a path that leads out of it: ${JSON.stringify(name)}`,
    {
      advice: 'This is no bag that the service made: do not restore it.',
      where: { file: bag },
    },
  );
}
