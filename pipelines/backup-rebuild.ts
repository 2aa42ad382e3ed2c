/** The catalogue made again from the bags alone, when the ledger is lost or older than they are. */
import path from 'node:path';
import type { ExpectedBackup } from '../schemas/backup.ts';
import { recordFiles, withBackupRun } from './backup.ts';
import { bagsAt } from './backup-look.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { HashPool } from './runtime/hashing.ts';
import type { RunContext } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { allPlaces, bagDir, isReachable, type Place, readExpected } from './steps/backup/places.ts';
import { readBackupFile, readSeal } from './steps/backup/read-bag.ts';
import { verifyBag } from './steps/backup/verify-bag.ts';

export interface Rebuilt {
  readonly entered: readonly { readonly id: string; readonly destination: string }[];
  /** Expected by a record and found nowhere: entered, so that list tells that they are gone. */
  readonly missing: readonly string[];
  /** What was not entered, and why; English. */
  readonly problems: readonly string[];
}

/** Enter every bag of the home and of every destination, and what the records of expected backups tell besides. */
export async function rebuildCatalogue(service: Service): Promise<Rebuilt & { runId: string }> {
  const act = async (context: RunContext, pool: HashPool): Promise<Rebuilt> => {
    const places = allPlaces(context.home, context.config);
    const expected = await expectedById(context);
    const entered: { id: string; destination: string }[] = [];
    const problems: string[] = places
      .filter((place) => !isReachable(place))
      .map(({ name, dir }) => `${name}: ${dir} is not there; run this again when it is`);
    for (const place of places.filter(isReachable)) {
      for (const id of await bagsAt(place)) {
        const problem = await enterBag(context, pool, place, id, expected.get(id));
        if (problem === undefined) entered.push({ id, destination: place.name });
        else problems.push(problem);
      }
    }
    return { entered, missing: await enterMissing(context, expected), problems };
  };
  return withBackupRun(service, 'rebuild-catalogue', {}, act, { mayLackCatalogue: true });
}

/** What the records tell; where two differ, one that says removed is right: nothing that was removed comes back. */
async function expectedById(context: RunContext): Promise<Map<string, ExpectedBackup>> {
  const found = new Map<string, ExpectedBackup>();
  for (const file of recordFiles(context)) {
    for (const one of (await readExpected(file))?.backups ?? []) {
      if (one.state === 'removed' || !found.has(one.id)) found.set(one.id, one);
    }
  }
  return found;
}

/** Enter one bag, after a quick look at it. Returns why it was not entered. */
async function enterBag(
  context: RunContext,
  pool: HashPool,
  place: Place,
  id: string,
  expected: ExpectedBackup | undefined,
): Promise<string | undefined> {
  const dir = bagDir(place, id);
  try {
    const file = await readBackupFile(dir);
    const faults = await verifyBag(dir, { depth: 'quick', expected, pool });
    const [first] = faults;
    if (file.id !== id) return `${dir} holds backup ${file.id}`;
    if (first !== undefined) return `${dir} is damaged: ${first.message}`;
    if (expected?.state === 'removed')
      return `${dir} was removed (${expected.reason ?? 'no reason kept'}), and lies there`;
    const known = (await context.ledger.backups.list()).find((one) => one.id === id);
    if (known?.copies.some((copy) => copy.destination === place.name && copy.state === 'complete'))
      return undefined;
    await context.ledger.backups.enter({
      ...{
        id,
        kind: file.kind,
        createdAt: file.createdAt,
        info: file.info,
        path: dir,
        destination: place.name,
      },
      ...(await readSeal(dir, file)),
      isEncrypted: file.encryption !== null,
      runId: context.run.id,
      actor: context.actor,
    });
    return undefined;
  } catch (error) {
    if (error instanceof ArbdataError) return error.message;
    throw error;
  }
}

/** Backups that a record tells of and no place has: removed ones stay removed, others are missed from now on. */
async function enterMissing(
  context: RunContext,
  expected: ReadonlyMap<string, ExpectedBackup>,
): Promise<string[]> {
  const known = new Set((await context.ledger.backups.list()).map(({ id }) => id));
  const missing: string[] = [];
  for (const [id, one] of expected) {
    if (known.has(id)) continue;
    const { places, state, ...told } = one;
    const seal = { fileCount: one.fileCount, sizeBytes: one.sizeBytes };
    for (const destination of places.length === 0 ? ['home'] : places) {
      const dir =
        allPlaces(context.home, context.config).find(({ name }) => name === destination)?.dir ?? destination;
      await context.ledger.backups.enter({
        ...{
          id,
          kind: told.kind,
          createdAt: told.createdAt,
          info: {},
          path: path.join(dir, id),
          destination,
        },
        ...{ ...seal, tagmanifestSha256: told.tagmanifestSha256, tagmanifestSm3: told.tagmanifestSm3 },
        isEncrypted: told.isEncrypted,
        runId: context.run.id,
        actor: context.actor,
      });
    }
    if (state === 'removed') {
      await context.ledger.backups.intendRemoval(id, {
        runId: context.run.id,
        reason: told.reason ?? 'removed before',
      });
      await context.ledger.backups.completeRemoval(id, context.actor);
    } else missing.push(id);
  }
  return missing;
}
