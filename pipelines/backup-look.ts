/** Looking at backups: what there is and what must be there, quickly or byte by byte; nothing of a bag is changed. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { backupIdSchema } from '../schemas/backup.ts';
import { expectedBag, isUsed, named, recordFiles } from './backup.ts';
import { recover } from './recovery.ts';
import { ArbdataError } from './runtime/errors.ts';
import { withHashPool } from './runtime/hashing.ts';
import type { Backup, BackupCopy } from './runtime/ledger-backups.ts';
import type { Service } from './runtime/service.ts';
import { unknownExpected } from './steps/backup/expected.ts';
import { damageAt, drilledOutcome, type Outcome, verifiedOutcome } from './steps/backup/looks.ts';
import { allPlaces, bagDir, type Place, placeProblem, requirePlace } from './steps/backup/places.ts';
import { readBackupFile, readSeal } from './steps/backup/read-bag.ts';
import { type BagFault, verifyBag } from './steps/backup/verify-bag.ts';

export { drilledOutcome, verifiedOutcome };

/** `gone`: the whole bag; `other`: not the bag that was recorded; `unreachable`: its place is not there now. */
export type PlaceState = 'present' | 'gone' | 'other' | 'unreachable';

export interface ListedPlace {
  readonly destination: string;
  readonly dir: string;
  readonly state: PlaceState;
  /** English; empty where it is present. */
  readonly problem: string;
}

export interface ListedBackup extends Backup {
  readonly places: readonly ListedPlace[];
  /** The latest full look, or the one that found a copy damaged that still stands so; the latest drill. */
  readonly verified: Outcome | null;
  readonly drilled: Outcome | null;
}

export interface BackupListing {
  readonly backups: readonly ListedBackup[];
  /**
   * What is wrong, one English sentence each: a vanished bag, one found damaged, a bag nobody knows, a destination that
   * is not there, a catalogue that was shortened.
   */
  readonly problems: readonly string[];
}

/** Every backup that must be there, and whether its bags are; quick: a look at each folder and its seal. */
export async function listBackups(
  service: Service,
  options: { readonly isWhole?: boolean } = {},
): Promise<BackupListing> {
  await recover(service);
  const all = await service.ledger.backups.list();
  const problems: string[] = [];
  const backups: ListedBackup[] = [];
  for (const backup of all) {
    if (backup.state === 'removed' && options.isWhole !== true) continue;
    const listed = await look(service, backup, all);
    backups.push(listed);
    problems.push(...listed.places.filter(({ problem }) => problem !== '').map(({ problem }) => problem));
    if (backup.state === 'removing')
      problems.push(`backup ${backup.id} is being removed, and not everywhere yet`);
    if (backup.state !== 'removed') problems.push(...damaged(backup));
  }
  problems.push(...absentPlaces(service, all).map(({ message }) => message));
  problems.push(...(await strangers(service, all)));
  problems.push(...(await forgotten(service, all)).map(({ message }) => message));
  return { backups, problems };
}

/** Copies that were found damaged and still stand so. */
const damaged = (backup: Backup): string[] =>
  backup.copies.flatMap((copy) => {
    const found = damageAt(backup, copy);
    if (found === undefined) return [];
    const day = found.checkedAt.slice(0, 10);
    return [`backup ${backup.id} was found damaged at ${copy.destination} on ${day}`];
  });

/** Destinations without any copy yet that are not there: what has copies at one is told with each of them. */
function absentPlaces(
  { home, config }: Service,
  all: readonly Backup[],
): { readonly place: Place; readonly message: string }[] {
  return allPlaces(home, config).flatMap((place) => {
    if (place.isOffline === true || isUsed(all, place)) return [];
    const problem = placeProblem(place, false);
    return problem === undefined ? [] : [{ place, message: `destination ${place.name}: ${problem}` }];
  });
}

/** Records of expected backups that tell of more than the catalogue: it was lost, or shortened. */
async function forgotten(
  service: Service,
  all: readonly Backup[],
): Promise<{ readonly file: string; readonly message: string }[]> {
  const found = await unknownExpected(recordFiles(service), all);
  return found.map(({ file, ids }) => ({
    file,
    message: `${file} tells of ${ids.length} backups that the catalogue does not know: ${ids.slice(0, 3).join(', ')}`,
  }));
}

async function look(service: Service, backup: Backup, all: readonly Backup[]): Promise<ListedBackup> {
  const places: ListedPlace[] = [];
  for (const copy of backup.copies) places.push(await lookAt(service, backup, copy, all));
  return { ...backup, places, verified: verifiedOutcome(backup), drilled: drilledOutcome(backup) };
}

/** Whether the bag is there and is the one that was recorded. */
async function lookAt(
  { home, config }: Service,
  backup: Backup,
  { destination, path: recorded, state }: BackupCopy,
  all: readonly Backup[],
): Promise<ListedPlace> {
  const place = allPlaces(home, config).find(({ name }) => name === destination);
  const dir = place === undefined ? recorded : bagDir(place, backup.id);
  const at = (found: PlaceState, problem: string): ListedPlace => ({
    destination,
    dir,
    state: found,
    problem,
  });
  if (state === 'copying')
    return at('unreachable', `the copy of ${backup.id} at ${destination} is not finished`);
  if (place === undefined)
    return at(
      'unreachable',
      `backup ${backup.id} lies at ${destination} (${recorded}), which is no longer configured`,
    );
  const problem = placeProblem(place, isUsed(all, place));
  if (problem !== undefined && place.isOffline === true) return at('unreachable', '');
  if (problem !== undefined) return at('unreachable', `backup ${backup.id} at ${destination}: ${problem}`);
  if (!existsSync(dir))
    return at('gone', `backup ${backup.id} is gone from ${destination}: there is no ${dir}`);
  return (await isRecorded(dir, backup))
    ? at('present', '')
    : at('other', `${dir} is not the bag that was recorded as backup ${backup.id}`);
}

async function isRecorded(dir: string, backup: Backup): Promise<boolean> {
  try {
    const seal = await readSeal(dir, await readBackupFile(dir));
    return (
      seal.tagmanifestSha256 === backup.tagmanifestSha256 &&
      seal.tagmanifestSm3 === backup.tagmanifestSm3 &&
      seal.fileCount === backup.fileCount
    );
  } catch (error) {
    if (error instanceof ArbdataError) return false;
    throw error;
  }
}

/** Bags at our places that the catalogue does not know there. */
async function strangers({ home, config }: Service, all: readonly Backup[]): Promise<string[]> {
  const found: string[] = [];
  for (const place of allPlaces(home, config)) {
    for (const id of await bagsAt(place)) {
      const isKnown = all.some(
        (one) => one.id === id && one.copies.some(({ destination }) => destination === place.name),
      );
      if (!isKnown) found.push(`${bagDir(place, id)} is a bag that the catalogue does not know there`);
    }
  }
  return found;
}

/** Ids of the bags that lie at a place. */
export async function bagsAt({ dir }: Place): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.filter((name) => backupIdSchema.safeParse(name).success).sort();
}

export interface VerifiedPlace {
  readonly id: string;
  readonly destination: string;
  readonly dir: string;
  readonly isGood: boolean;
  readonly faults: readonly BagFault[];
}

export interface VerifyRequest {
  /** Absent: every backup. */
  readonly ids?: readonly string[];
  readonly depth: 'quick' | 'full';
  /** Absent: every place. */
  readonly destination?: string | undefined;
}

/** Verify backups at every place where they must be; each result is kept. A place that is not there is a fault. */
export async function verifyBackups(service: Service, request: VerifyRequest): Promise<VerifiedPlace[]> {
  if (request.destination !== undefined) requirePlace(service, request.destination);
  await recover(service);
  const all = (await service.ledger.backups.list()).filter(({ state }) => state === 'complete');
  const wanted = request.ids === undefined ? all : await named(service, request.ids);
  const sizeBytes = wanted.reduce((sum, one) => sum + (one.sizeBytes ?? 0) * one.copies.length, 0);
  const shown = service.progress.step('verify', {
    unit: 'bytes',
    total: request.depth === 'full' ? sizeBytes : undefined,
  });
  try {
    const results = await withHashPool(async (pool) => {
      const looks: VerifiedPlace[] = [];
      for (const backup of wanted) {
        for (const listed of (await look(service, backup, all)).places) {
          if (request.destination !== undefined && listed.destination !== request.destination) continue;
          // A medium in the archive is verified when it is mounted.
          if (listed.state === 'unreachable' && listed.problem === '') continue;
          const { destination, dir } = listed;
          const faults =
            listed.state === 'unreachable'
              ? [{ kind: 'unreadable' as const, path: '', message: listed.problem }]
              : await verifyBag(dir, {
                  depth: request.depth,
                  expected: expectedBag(backup),
                  pool,
                  onBytes: (bytes) => shown.advance(bytes),
                });
          looks.push({ id: backup.id, destination, dir, isGood: faults.length === 0, faults });
        }
      }
      return looks;
    });
    shown.done();
    for (const one of results) if (!wasAway(one)) await keep(service, one, request.depth);
    if (request.ids !== undefined) return results;
    const absent = absentPlaces(service, all)
      .filter(({ place }) => request.destination === undefined || place.name === request.destination)
      .map(({ place, message }): VerifiedPlace => {
        const faults = [{ kind: 'unreadable' as const, path: '', message }];
        return { id: '', destination: '', dir: place.dir, isGood: false, faults };
      });
    return [...results, ...absent, ...(await unverifiable(service))];
  } catch (error) {
    shown.fail();
    throw error;
  }
}

/** What a catalogue that was lost does not know cannot be verified, and must not be passed over. */
async function unverifiable(service: Service): Promise<VerifiedPlace[]> {
  return (await forgotten(service, await service.ledger.backups.list())).map(({ file, message }) => ({
    ...{ id: '', destination: '', dir: file, isGood: false },
    faults: [{ kind: 'gone', path: '', message }],
  }));
}

/** A place that was not there says nothing of the copy that lies there. */
const wasAway = ({ faults }: VerifiedPlace): boolean =>
  faults.some(({ kind, path: file }) => kind === 'unreadable' && file === '');

async function keep(
  { ledger, actor }: Service,
  { id, destination, isGood, faults }: VerifiedPlace,
  kind: 'quick' | 'full',
): Promise<void> {
  const detail = {
    faults: faults.map(({ kind: what, path }) => ({ what, path })).slice(0, 100),
    count: faults.length,
  };
  await ledger.backups.addCheck({ backupId: id, destination, kind, actor, isGood, detail });
}

/** Verify a bag that lies anywhere: against the catalogue where that knows it, else against itself. */
export async function verifyFolderAsBag(
  service: Service,
  folder: string,
  depth: 'quick' | 'full',
): Promise<VerifiedPlace> {
  const dir = path.resolve(folder);
  const all = await service.ledger.backups.list();
  const claimed = await readBackupFile(dir).catch(() => undefined);
  // A folder under the name of a backup must hold that one.
  const wanted = all.some(({ id }) => id === path.basename(dir)) ? path.basename(dir) : claimed?.id;
  const known = all.find(({ id, tagmanifestSha256 }) => id === wanted && tagmanifestSha256 !== null);
  const expected = known === undefined ? undefined : expectedBag(known);
  const faults = await withHashPool((pool) => verifyBag(dir, { depth, expected, pool }));
  return { id: claimed?.id ?? '', destination: '', dir, isGood: faults.length === 0, faults };
}
