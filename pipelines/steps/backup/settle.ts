/** What a killed backup, copy or removal left: completed where its folder stands under its name, else taken back. */
import { existsSync } from 'node:fs';
import { chmod, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { fileError, makeReadOnly, removeRemains, removeTree } from '../../runtime/files.ts';
import type { Ledger } from '../../runtime/ledger.ts';
import type { OpenBackup } from '../../runtime/ledger-backups.ts';
import { removeDeadScratches } from '../../runtime/scratch.ts';
import { bagDir, isReachable, type Place, placeProblem } from './places.ts';
import { readBackupFile, readSeal } from './read-bag.ts';

export interface SettleOptions {
  /** The home first. */
  readonly places: readonly Place[];
  readonly ledger: Ledger;
  readonly actor: string;
  readonly clock: Clock;
}

/**
 * Settle the intents of dead processes. A place that is not there now is settled when it is there again.
 * @returns one English sentence for each that was settled
 */
export async function settleBackups(options: SettleOptions): Promise<string[]> {
  const { places, ledger, clock } = options;
  const [home] = places;
  if (home !== undefined) await removeDeadScratches(home.dir, '', clock);
  for (const { dir } of places.filter(isReachable)) await removeRemains(dir, clock);
  const settled: string[] = [];
  for (const open of await ledger.backups.open()) {
    if (!open.isAlive) settled.push(...(await settleOne(open, options)));
  }
  return settled;
}

async function settleOne(open: OpenBackup, options: SettleOptions): Promise<string[]> {
  const { places, ledger, actor, clock } = options;
  const { backup } = open;
  if (open.what === 'removing') {
    const isGone = await removeEverywhere(backup.id, backup.copies, places);
    if (!isGone) return [];
    await ledger.backups.completeRemoval(backup.id, actor);
    return [`finished the removal of backup ${backup.id}, which was interrupted`];
  }
  const destination = open.what === 'copying' ? open.copy.destination : places[0]?.name;
  const place = places.find(({ name }) => name === destination);
  if (open.what === 'creating') return place === undefined ? [] : settleCreation(open, place, options);
  // A destination that is no longer configured holds nothing that counts.
  if (place !== undefined && !isReachable(place)) return [];
  if (place !== undefined) await removeDeadScratches(place.dir, '', clock);
  if (place !== undefined && existsSync(bagDir(place, backup.id))) {
    // It got its name only after it was read back and compared.
    await makeReadOnly(bagDir(place, backup.id)).catch(() => undefined);
    await ledger.backups.completeCopy(backup.id, place.name, actor);
    return [`completed the copy of backup ${backup.id} at ${place.name}, which was interrupted`];
  }
  await ledger.backups.dropCopy(backup.id, open.copy.destination);
  return [`withdrew the copy of backup ${backup.id} at ${open.copy.destination}, which was interrupted`];
}

async function settleCreation(
  { backup }: OpenBackup,
  place: Place,
  { ledger, actor }: SettleOptions,
): Promise<string[]> {
  const dir = bagDir(place, backup.id);
  if (!existsSync(dir)) {
    await ledger.backups.drop(backup.id);
    return [`withdrew backup ${backup.id}, which an interrupted run had not finished`];
  }
  const file = await readBackupFile(dir);
  const seal = await readSeal(dir, file);
  await makeReadOnly(dir);
  await ledger.backups.complete(backup.id, { ...seal, info: file.info, actor, completedBy: actor });
  return [`completed backup ${backup.id}, which an interrupted run had put in place`];
}

/**
 * Remove every folder of a backup. A bag leaves its name first: a kill on the way leaves no half bag under it.
 * @returns whether nothing of it is left: a place that is not there keeps its copy
 */
export async function removeEverywhere(
  id: string,
  copies: readonly { readonly destination: string }[],
  places: readonly Place[],
): Promise<boolean> {
  let isGone = true;
  for (const { destination } of copies) {
    const place = places.find(({ name }) => name === destination);
    // The copy was made there: the folder that a disk is mounted on may be there without the disk.
    if (place === undefined || placeProblem(place, true) !== undefined) isGone = false;
    else await removeBag(place, id);
  }
  return isGone;
}

async function removeBag(place: Place, id: string): Promise<void> {
  const dir = bagDir(place, id);
  const doomed = path.join(place.dir, `.${id}.tmp`);
  if (existsSync(dir)) {
    try {
      await chmod(dir, 0o700).catch(() => undefined);
      await rename(dir, doomed);
    } catch (error) {
      throw fileError(error, dir);
    }
  }
  await removeTree(doomed);
}
