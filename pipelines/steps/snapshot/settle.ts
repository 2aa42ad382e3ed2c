/** What a killed freeze left: unfinished folders, and a finished snapshot that is still open to writing. */
import { lstat } from 'node:fs/promises';
import type { Clock } from '../../runtime/clock.ts';
import { makeReadOnly } from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';
import { removeDeadScratches } from '../../runtime/scratch.ts';
import { listSnapshots } from './list.ts';
import { snapshotDir } from './manifest-file.ts';

/**
 * Remove the unfinished folders of dead processes and close the snapshots that a kill left open.
 * @throws {ArbdataError} E_HOME
 */
export async function settleSnapshots(home: Pick<Home, 'snapshots'>, clock: Clock): Promise<void> {
  await removeDeadScratches(home.snapshots, '', clock);
  for (const { id, problem } of await listSnapshots(home)) {
    const dir = snapshotDir(home, id);
    // A folder is closed after everything in it: its own mode tells of all.
    const entry = await lstat(dir).catch(() => undefined);
    const isOpen = entry !== undefined && (entry.mode & 0o222) !== 0;
    if (isOpen && problem === undefined) await makeReadOnly(dir);
  }
}
