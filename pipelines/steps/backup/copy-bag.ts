/** Copying a bag to another place: file by file, read back and compared before it gets its name. */
import { constants, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import type { Clock } from '../../runtime/clock.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { ensureDir, fileError, makeReadOnly, publishDir, syncFile } from '../../runtime/files.ts';
import type { HashPool } from '../../runtime/hashing.ts';
import { openScratch } from '../../runtime/scratch.ts';
import { bagDir, destinationError, type Place, placeProblem } from './places.ts';
import { listBag } from './read-bag.ts';
import { type ExpectedBag, verifyBag } from './verify-bag.ts';

const FILES_AT_ONCE = 2;

export interface CopyOptions {
  readonly expected: ExpectedBag;
  readonly pool: HashPool;
  readonly clock: Clock;
  /** Told of bytes that were written, and again when they were read back. */
  readonly onBytes: (sizeBytes: number) => void;
}

/**
 * Copy a bag. The copy is verified byte by byte against the recorded seal, which also proves the bag that it was made
 * from; only then does it get its name.
 * @throws {ArbdataError} E_BACKUP_DAMAGED where the copy is not what was recorded; E_BACKUP_DESTINATION where the place
 * vanished; E_DISK_FULL; nothing is left under the name then
 */
export async function copyBag(from: string, to: Place, options: CopyOptions): Promise<void> {
  const { expected, pool, clock, onBytes } = options;
  try {
    const device = deviceOf(to.dir);
    const scratch = await openScratch(to.dir, expected.id, clock);
    try {
      await copyFiles(from, scratch.dir, onBytes);
      const faults = await verifyBag(scratch.dir, { depth: 'full', expected, pool, onBytes });
      const [first] = faults;
      if (first !== undefined) throw notSame(expected.id, to, first.message, faults.length);
      // A disk that went away between two operations leaves its folder: then all of this lies below it.
      if (deviceOf(to.dir) !== device || placeProblem(to, true) !== undefined) {
        throw destinationError(to, 'it vanished while it was written');
      }
      await publishDir(scratch.dir, bagDir(to, expected.id));
    } finally {
      // A place that is gone has nothing to tidy up, and the first error is the one to tell.
      await scratch.close().catch(() => undefined);
    }
    // Some file systems of media know no permissions.
    await makeReadOnly(bagDir(to, expected.id)).catch(() => undefined);
  } catch (error) {
    throw placeError(error, to);
  }
}

/** The disk that a folder lies on. */
const deviceOf = (dir: string): number | undefined => statSync(dir, { throwIfNoEntry: false })?.dev;

async function copyFiles(from: string, to: string, onBytes: (sizeBytes: number) => void): Promise<void> {
  const entries = await listBag(from);
  if (entries === undefined) {
    throw new ArbdataError('E_BACKUP_DAMAGED', `${from} is gone`, {
      advice: 'See `arbdata backup list` for where this backup still lies.',
      where: { file: from },
    });
  }
  const limit = pLimit(FILES_AT_ONCE);
  const work = [...entries].map(([name, { isFile, sizeBytes }]) =>
    limit(async () => {
      if (!isFile) return;
      const target = path.join(to, ...name.split('/'));
      ensureDir(path.dirname(target));
      await copyFile(path.join(from, ...name.split('/')), target, constants.COPYFILE_EXCL);
      await syncFile(target);
      onBytes(sizeBytes);
    }),
  );
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw fileError(failed.reason, to);
}

/** A fault of a place that is no longer there is told as such, whatever the system called it. */
function placeError(error: unknown, to: Place): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // The record of expected backups was put there before: where it is gone, the disk is.
  if (placeProblem(to, true) !== undefined) {
    return destinationError(to, 'it vanished while it was written', error);
  }
  // What may not be written is the destination here, not the home.
  if (error instanceof ArbdataError)
    return code === 'E_HOME' ? destinationError(to, error.message, error) : error;
  if (typeof code !== 'string') return error;
  return destinationError(to, `it cannot be written (${code})`, error);
}

function notSame(id: string, to: Place, first: string, count: number): ArbdataError {
  const more = count > 1 ? `, and ${count - 1} more` : '';
  return new ArbdataError(
    'E_BACKUP_DAMAGED',
    `the copy of ${id} at ${to.name} is not what was recorded: ${first}${more}`,
    {
      advice:
        'Run `arbdata backup verify` on the backup it was made from; if that is whole, the destination is at fault.',
      where: { file: to.dir },
    },
  );
}
