/** Where bags lie: in the home and at the destinations, and whether a destination is there at all. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ExpectedBackups, expectedBackupsSchema } from '../../../schemas/backup.ts';
import type { Config } from '../../../schemas/config.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { Home } from '../../runtime/home.ts';
import { HOME_PLACE } from '../../runtime/ledger-backups.ts';

export const EXPECTED_FILE = 'expected-backups.json';

/** A folder of bags. */
export interface Place {
  /** `home`, or the name of a destination. */
  readonly name: string;
  readonly dir: string;
  /** A medium of the archive: that it is away is no problem. */
  readonly isOffline?: boolean;
}

/** The home and every configured destination, in this order. */
export function allPlaces(home: Pick<Home, 'backups'>, config: Pick<Config, 'backup'>): Place[] {
  const others = config.backup.destinations.map(({ name, path: dir, offline }) => ({
    name,
    dir,
    isOffline: offline,
  }));
  return [{ name: HOME_PLACE, dir: home.backups }, ...others];
}

/**
 * A place by the name that a person gave.
 * @throws {ArbdataError} E_NOT_FOUND
 */
export function requirePlace(
  { home, config }: { readonly home: Pick<Home, 'backups'>; readonly config: Pick<Config, 'backup'> },
  wanted: string,
): Place {
  const places = allPlaces(home, config);
  const found = places.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new ArbdataError('E_NOT_FOUND', `there is no destination ${wanted}`, {
    advice: `There are: ${places.map(({ name }) => name).join(', ')} (backup.destinations in config.json).`,
  });
}

/** The folder of a bag at a place. */
export const bagDir = ({ dir }: Place, id: string): string => path.join(dir, id);

/** Whether the folder of a place can be looked into. */
export function isReachable({ dir }: Place): boolean {
  try {
    return statSync(dir).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Whether a place is what it was: a destination that holds copies also holds the list of what is expected. Where only
 * its folder is there, a disk is not mounted, and what were written would fill the disk below.
 * @param isUsed whether the catalogue knows of copies there
 * @returns why it cannot be used; undefined where it can
 */
export function placeProblem(place: Place, isUsed: boolean): string | undefined {
  if (!isReachable(place)) return `${place.dir} is not there or cannot be read`;
  if (place.name === HOME_PLACE || !isUsed || existsSync(path.join(place.dir, EXPECTED_FILE)))
    return undefined;
  return `${place.dir} does not hold ${EXPECTED_FILE}, though copies were made there: its disk is not mounted, or it was emptied`;
}

/** The error of a destination that cannot be used. */
export function destinationError({ name, dir }: Place, problem: string, cause?: unknown): ArbdataError {
  return new ArbdataError('E_BACKUP_DESTINATION', `destination ${name}: ${problem}`, {
    advice: `Mount it on ${dir}, open to writing, then run \`arbdata backup copy\`; nothing of an unfinished copy counts.`,
    where: { file: dir },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What a place tells of the backups that there must be; undefined where it tells nothing that can be read. */
export async function readExpected(file: string): Promise<ExpectedBackups | undefined> {
  try {
    return expectedBackupsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
