/**
 * A folder of unfinished work that stands beside its final place (a rename must not cross file systems) and is known to
 * belong to a living process. What a killed process left is found and removed by the next one.
 *
 * The folder is `.<name>.tmp`; its owner's identity stands outside of it, in `.<name>.owner`, so that the folder can be
 * renamed whole, and is there first, so that a folder without an owner belongs to nobody. The owner is a symbolic link
 * whose target is the identity: it is made in one step, and no kill leaves half of one. A file system without links gets
 * a file.
 */
import { lstat, lutimes, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, shanghaiStampMs } from './clock.ts';
import { systemCode } from './errors.ts';
import { ensureDir, fileError, removeTree } from './files.ts';
import { HEARTBEAT_MS, isHolderAlive, ownProcess, type ProcessIdentity, SILENT_HOST_MS } from './lock.ts';

export interface Scratch {
  /** An empty folder, readable by its owner only. */
  readonly dir: string;
  /** Remove what is left of it; fine after its folder was renamed. */
  close(): Promise<void>;
}

/**
 * Make the folder `.<name>.tmp` in a parent folder.
 * @throws {ArbdataError} E_HOME, E_DISK_FULL
 */
export async function openScratch(parent: string, name: string, clock: Clock): Promise<Scratch> {
  const dir = path.join(parent, `.${name}.tmp`);
  const owner = path.join(parent, `.${name}.owner`);
  ensureDir(parent);
  await writeOwner(owner);
  const heartbeat = setInterval(() => {
    const now = clock.now();
    lutimes(owner, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  const close = async (): Promise<void> => {
    clearInterval(heartbeat);
    await removeTree(dir);
    await rm(owner, { force: true });
  };
  try {
    ensureDir(dir);
  } catch (error) {
    await close();
    throw error;
  }
  return { dir, close };
}

/** What file systems say that have no symbolic links. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function writeOwner(owner: string): Promise<void> {
  const identity = JSON.stringify(ownProcess());
  try {
    await symlink(identity, owner);
  } catch (error) {
    if (!NO_LINKS.includes(systemCode(error))) throw fileError(error, owner);
    try {
      await writeFile(owner, identity, { mode: 0o600, flag: 'wx' });
    } catch (other) {
      throw fileError(other, owner);
    }
  }
}

/**
 * Remove the scratch folders in a parent folder whose process is gone.
 * @param prefix only those whose name begins so
 * @returns their names
 * @throws {ArbdataError} E_HOME
 */
export async function removeDeadScratches(parent: string, prefix: string, clock: Clock): Promise<string[]> {
  const names = new Set<string>();
  try {
    for (const entry of await readdir(parent, { withFileTypes: true })) {
      const [, name] = (entry.isDirectory() ? /^\.(.+)\.tmp$/ : /^\.(.+)\.owner$/).exec(entry.name) ?? [];
      if (name?.startsWith(prefix)) names.add(name);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, parent);
  }
  const removed: string[] = [];
  for (const name of names) {
    const owner = path.join(parent, `.${name}.owner`);
    if (await isOwned(owner, clock)) continue;
    await removeTree(path.join(parent, `.${name}.tmp`));
    await rm(owner, { force: true });
    removed.push(name);
  }
  return removed.sort();
}

async function isOwned(owner: string, clock: Clock): Promise<boolean> {
  let text: string;
  let beat: Date;
  try {
    const found = await lstat(owner);
    beat = found.mtime;
    text = found.isSymbolicLink() ? await readlink(owner) : await readFile(owner, 'utf8');
  } catch {
    return false;
  }
  const identity = parseOwner(text);
  // Half an owner is one that is being written, unless its writer died on the way.
  if (identity === undefined) return clock.now().getTime() - beat.getTime() < SILENT_HOST_MS;
  return isHolderAlive({ ...identity, heartbeat: shanghaiStampMs({ now: () => beat }) }, clock);
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const { pid, processStart, host } = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof processStart === 'string' && typeof host === 'string'
      ? { pid, processStart, host }
      : undefined;
  } catch {
    return undefined;
  }
}
