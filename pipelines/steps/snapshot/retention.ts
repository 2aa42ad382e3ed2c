/** Which snapshots stay. */
import { chmod, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { fileError, removeTree } from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';
import { removeDeadScratches } from '../../runtime/scratch.ts';
import { listSnapshots } from './list.ts';
import { snapshotDir } from './manifest-file.ts';

export interface PruneOptions {
  readonly home: Pick<Home, 'snapshots'>;
  /** How many of the latest snapshots stay that nothing refers to; pinned ones stay besides. */
  readonly keep: number;
  /** Ids that a publication (or a run that goes on) refers to. */
  readonly pinned: ReadonlySet<string>;
  readonly clock: Clock;
}

/**
 * Remove the oldest snapshots that nothing refers to, beyond `keep`, and what killed freezes left.
 * A damaged one is neither counted nor removed: someone may have to look at it.
 * @returns ids of the removed snapshots, oldest first
 * @throws {ArbdataError} E_HOME
 */
export async function pruneSnapshots(options: PruneOptions): Promise<string[]> {
  const { home, keep, pinned, clock } = options;
  await removeDeadScratches(home.snapshots, '', clock);
  const free = (await listSnapshots(home)).filter(
    ({ id, problem }) => problem === undefined && !pinned.has(id),
  );
  const surplus = free.slice(0, Math.max(0, free.length - keep));
  for (const { id } of surplus) await removeSnapshot(home, id);
  return surplus.map(({ id }) => id);
}

/** Out of its name in one step: a kill on the way leaves an unfinished folder, never half a snapshot. */
async function removeSnapshot(home: Pick<Home, 'snapshots'>, id: string): Promise<void> {
  const dir = snapshotDir(home, id);
  const doomed = path.join(home.snapshots, `.${id}.tmp`);
  try {
    await chmod(dir, 0o700);
    await rename(dir, doomed);
  } catch (error) {
    throw fileError(error, dir);
  }
  await removeTree(doomed);
}
