/**
 * Versions of the cockpit as files. A version is a folder that never changes once it has its name; `current.json` beside
 * the folders names the one in force and is replaced in one step. A reader takes the pointer, then everything from that
 * one folder; where the folder is gone, it takes the pointer again. Old versions go by number, and none within a quarter
 * of an hour after it was in force: nobody who read the pointer before has it taken away from under him.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  COCKPIT_FOLDER,
  type CockpitIndex,
  type CockpitPointer,
  type CockpitStatus,
  cockpitIndex,
  cockpitPointer,
  cockpitStatus,
  type PanelDocument,
  type PanelName,
  panelDocument,
} from '../../../schemas/cockpit.ts';
import { type Clock, shanghaiStamp, stampToMs } from '../../runtime/clock.ts';
import { ArbdataError, systemCode } from '../../runtime/errors.ts';
import {
  makeReadOnly,
  publishDir,
  removeRemains,
  removeTree,
  sha256File,
  writeFileAtomic,
} from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';

export const INDEX_NAME = 'index.json';
const POINTER_NAME = 'current.json';
const STATUS_NAME = 'status.json';
/** So long a version stays after the next one took its place, whatever its number. */
export const READER_GRACE_MS = 15 * 60_000;
/** How often a reader starts anew before a missing folder is a damage. */
const READ_ATTEMPTS = 5;

/** Where the versions lie. */
export function cockpitDir(home: Pick<Home, 'published'>): string {
  return path.join(home.published, COCKPIT_FOLDER);
}

const folderName = (version: number): string => `v${String(version).padStart(6, '0')}`;

/** The versions whose folders are there, by number. */
function versionsIn(dir: string): number[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .flatMap((name) => (/^v\d{6,}$/.test(name) ? [Number(name.slice(1))] : []))
    .sort((a, b) => a - b);
}

/** The version in force; undefined before the first. */
export function readPointer(dir: string): CockpitPointer | undefined {
  return readDocument(path.join(dir, POINTER_NAME), (json) => cockpitPointer.parse(json));
}

/** How the latest attempt ended; undefined before the first. */
export function readStatus(dir: string): CockpitStatus | undefined {
  return readDocument(path.join(dir, STATUS_NAME), (json) => cockpitStatus.parse(json));
}

export async function writeStatus(dir: string, status: CockpitStatus): Promise<void> {
  await writeFileAtomic(path.join(dir, STATUS_NAME), `${JSON.stringify(status, null, 2)}\n`);
}

/** Remove what a killed run left: folders that never came into force, and unfinished files. */
export async function settleVersions(dir: string, clock: Clock): Promise<void> {
  if (!existsSync(dir)) return;
  const inForce = readPointer(dir)?.version ?? 0;
  for (const version of versionsIn(dir).filter((one) => one > inForce))
    await removeTree(path.join(dir, folderName(version)));
  await removeRemains(dir, clock);
}

/**
 * Give a finished folder its final name. It is not in force yet.
 * @param workDir holds the panels and the drill-down; the index is written into it as the last file
 */
export async function placeVersion(
  dir: string,
  workDir: string,
  index: CockpitIndex,
): Promise<{ readonly folder: string; readonly indexSha256: string }> {
  const file = path.join(workDir, INDEX_NAME);
  await writeFileAtomic(file, `${JSON.stringify(cockpitIndex.parse(index), null, 2)}\n`);
  const { sha256: indexSha256 } = await sha256File(file);
  const folder = folderName(index.version);
  await publishDir(workDir, path.join(dir, folder));
  await makeReadOnly(path.join(dir, folder));
  return { folder, indexSha256 };
}

/** Put a placed version into force. From here on every reader takes it. */
export async function switchTo(
  dir: string,
  placed: { readonly version: number; readonly folder: string; readonly indexSha256: string },
  clock: Clock,
): Promise<CockpitPointer> {
  const { version, folder, indexSha256 } = placed;
  const pointer = { version, folder, indexSha256, publishedAt: shanghaiStamp(clock) };
  await writeFileAtomic(path.join(dir, POINTER_NAME), `${JSON.stringify(pointer, null, 2)}\n`);
  return pointer;
}

/**
 * Remove versions beyond the number that stays; what was in force a moment ago stays as well.
 * @returns the numbers that went
 */
export async function pruneVersions(dir: string, keep: number, clock: Clock): Promise<number[]> {
  const inForce = readPointer(dir)?.version ?? 0;
  const versions = versionsIn(dir).filter((version) => version <= inForce);
  const removed: number[] = [];
  for (const [place, version] of versions.slice(0, -keep).entries()) {
    const next = versions[place + 1];
    if (next === undefined || !(await isLongInForce(dir, next, clock))) break;
    await removeTree(path.join(dir, folderName(version)));
    removed.push(version);
  }
  return removed;
}

async function isLongInForce(dir: string, version: number, clock: Clock): Promise<boolean> {
  const index = readDocument(path.join(dir, folderName(version), INDEX_NAME), (json) =>
    cockpitIndex.parse(json),
  );
  return index !== undefined && clock.now().getTime() - stampToMs(index.refreshedAt) > READER_GRACE_MS;
}

/** One whole version. */
export interface CockpitVersion {
  readonly pointer: CockpitPointer;
  readonly index: CockpitIndex;
  /** The folder of the version. */
  readonly dir: string;
  readonly panels: ReadonlyMap<PanelName, PanelDocument>;
}

/**
 * Read the version in force, every byte of it compared with its index; undefined before the first.
 * @param wanted the panels that are read; absent: all
 * @throws ArbdataError E_ARTEFACT_DAMAGED
 */
export async function readVersion(
  dir: string,
  wanted?: readonly PanelName[],
): Promise<CockpitVersion | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const pointer = readPointer(dir);
    if (pointer === undefined) return undefined;
    try {
      return await readFolder(dir, pointer, wanted);
    } catch (error) {
      // The folder went after a very long time: by now another version is in force.
      const isGone = readPointer(dir)?.version !== pointer.version;
      if (!isGone || attempt >= READ_ATTEMPTS) throw error;
    }
  }
}

async function readFolder(
  dir: string,
  pointer: CockpitPointer,
  wanted?: readonly PanelName[],
): Promise<CockpitVersion> {
  const folder = path.join(dir, pointer.folder);
  const index = cockpitIndex.parse(
    JSON.parse(await readBytes(path.join(folder, INDEX_NAME), pointer.indexSha256)),
  );
  return { pointer, index, dir: folder, panels: await readPanels({ dir: folder, index }, wanted) };
}

/**
 * Panels of a version whose index was read: they are there for a quarter of an hour after it was in force.
 * @param wanted absent: all
 * @throws ArbdataError E_ARTEFACT_DAMAGED
 */
export async function readPanels(
  { dir, index }: Pick<CockpitVersion, 'dir' | 'index'>,
  wanted?: readonly PanelName[],
): Promise<Map<PanelName, PanelDocument>> {
  const panels = new Map<PanelName, PanelDocument>();
  for (const { panel, file, sha256 } of index.panels) {
    if (wanted !== undefined && !wanted.includes(panel)) continue;
    const document = panelDocument(panel).parse(JSON.parse(await readBytes(path.join(dir, file), sha256)));
    panels.set(panel, document);
  }
  return panels;
}

async function readBytes(file: string, expected: string): Promise<string> {
  const { sha256 } = await sha256File(file).catch((error: unknown) => {
    throw damaged(file, 'is missing or cannot be read', error);
  });
  if (sha256 !== expected) throw damaged(file, 'does not have the bytes that were published');
  return readFile(file, 'utf8');
}

/** A document of a few hundred bytes, read at once: a viewer's every look begins with two of them. */
function readDocument<T>(file: string, parse: (json: unknown) => T): T | undefined {
  try {
    return parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw damaged(file, 'is not a valid document', error);
  }
}

function damaged(file: string, what: string, cause?: unknown): ArbdataError {
  return new ArbdataError('E_ARTEFACT_DAMAGED', `${file} ${what}`, {
    advice: 'Refresh the cockpit: `arbdata run cockpit-refresh` makes a new version.',
    where: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
