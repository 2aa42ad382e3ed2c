/** 数据恢复: a verified bag into a folder or a home that is new; nothing that exists is ever overwritten. */
import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { BackupFile } from '../schemas/backup.ts';
import { VIEWS } from '../schemas/contract.ts';
import { expectedBag, named, withBackupRun } from './backup.ts';
import { identifier, literal } from './runtime/duckdb.ts';
import { type Identity, readIdentities } from './runtime/encryption.ts';
import { ArbdataError } from './runtime/errors.ts';
import { ensureDir, makeReadOnly, publishDir } from './runtime/files.ts';
import type { HashPool } from './runtime/hashing.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import type { RunContext } from './runtime/run.ts';
import { openScratch } from './runtime/scratch.ts';
import { engineLimits, type Service } from './runtime/service.ts';
import { damageAt } from './steps/backup/looks.ts';
import { allPlaces, bagDir, isReachable, requirePlace } from './steps/backup/places.ts';
import { readBackupFile } from './steps/backup/read-bag.ts';
import { restorePayload } from './steps/backup/restore-bag.ts';
import { type ExpectedBag, verifyBag } from './steps/backup/verify-bag.ts';
import { readManifest } from './steps/snapshot/manifest-file.ts';
import { verifySnapshot } from './steps/snapshot/verify.ts';
import { createEmbeddedSource } from './steps/source/embedded.ts';

/** A bag that was found: by its id in the catalogue, or as a folder anywhere. */
export interface FoundBag {
  readonly dir: string;
  readonly file: BackupFile;
  /** Absent where no catalogue knows it. */
  readonly expected: ExpectedBag | undefined;
  /** Where it lies: `home`, a destination, or `folder`. */
  readonly destination: string;
}

/**
 * Find a bag by its id (at the named destination, else at the first place whose copy is not known to be damaged) or by
 * its folder.
 * @throws {ArbdataError} E_NOT_FOUND, E_BACKUP_DESTINATION, E_BACKUP_DAMAGED
 */
export async function findBag(service: Service, idOrDir: string, destination?: string): Promise<FoundBag> {
  if (/[/\\]/.test(idOrDir) || statSync(idOrDir, { throwIfNoEntry: false })?.isDirectory() === true) {
    const dir = path.resolve(idOrDir);
    const file = await readBackupFile(dir);
    const known = (await service.ledger.backups.list()).find(
      ({ id, state }) => id === file.id && state === 'complete',
    );
    return {
      dir,
      file,
      expected: known === undefined ? undefined : expectedBag(known),
      destination: 'folder',
    };
  }
  const places =
    destination === undefined
      ? allPlaces(service.home, service.config)
      : [requirePlace(service, destination)];
  const [backup] = await named(service, [idOrDir]);
  const there = places.flatMap((place) => {
    const copy = backup?.copies.find(
      ({ destination: name, state }) => name === place.name && state === 'complete',
    );
    if (backup === undefined || copy === undefined) return [];
    if (!isReachable(place) || !existsSync(bagDir(place, backup.id))) return [];
    return [{ backup, place, isDamaged: damageAt(backup, copy) !== undefined }];
  });
  // A copy that the last look found damaged is read where there is no other.
  const found = there.find(({ isDamaged }) => !isDamaged) ?? there[0];
  if (found !== undefined) {
    const dir = bagDir(found.place, found.backup.id);
    return {
      dir,
      file: await readBackupFile(dir),
      expected: expectedBag(found.backup),
      destination: found.place.name,
    };
  }
  throw new ArbdataError(
    'E_BACKUP_DAMAGED',
    `no copy of backup ${idOrDir} can be reached${destination === undefined ? '' : ` at ${destination}`}`,
    {
      advice: 'See `arbdata backup list`; a bag that lies elsewhere is named by its folder.',
    },
  );
}

/**
 * Verify a bag byte by byte.
 * @throws {ArbdataError} E_BACKUP_DAMAGED naming the faults
 */
async function requireWhole({ dir, file, expected }: FoundBag, pool: HashPool): Promise<void> {
  const faults = await verifyBag(dir, { depth: 'full', expected, pool });
  if (faults.length === 0) return;
  const first = faults.slice(0, 5).map(({ message }) => message);
  const more = faults.length > first.length ? `; and ${faults.length - first.length} more` : '';
  throw new ArbdataError(
    'E_BACKUP_DAMAGED',
    `backup ${file.id} in ${dir} is damaged: ${first.join('; ')}${more}`,
    {
      advice:
        'Nothing was restored. Name another copy with --from: `arbdata backup list` shows where they lie.',
      where: { file: dir },
    },
  );
}

export interface RestoreRequest {
  /** Ids or folders of bags; together they make one folder. */
  readonly bags: readonly string[];
  /** A folder that does not exist yet. */
  readonly to: string;
  /** Name of a destination; absent: the first place whose copy is not known to be damaged. */
  readonly from?: string | undefined;
  readonly identityFile?: string | undefined;
  /** Also load the snapshot as the embedded source of the restored home. */
  readonly asSource?: boolean;
}

export interface Restored {
  readonly to: string;
  readonly backups: readonly string[];
  readonly files: number;
  readonly sizeBytes: number;
}

/** Restore bags into one new folder, which is then a home: all of it or nothing. */
export async function restoreBackups(
  service: Service,
  request: RestoreRequest,
): Promise<Restored & { runId: string }> {
  const to = path.resolve(request.to);
  refuseExisting(to);
  const { bags, from } = request;
  return withBackupRun(
    service,
    'restore',
    { bags, to, from },
    async (context, pool) => {
      const found: FoundBag[] = [];
      for (const one of bags) found.push(await findBag(service, one, from));
      const identities = await identitiesFor(found, request.identityFile);
      ensureDir(path.dirname(to));
      const scratch = await openScratch(path.dirname(to), path.basename(to), context.clock);
      try {
        const files = await restoreInto(context, pool, found, scratch.dir, identities);
        if (request.asSource === true) await loadSource(context, scratch.dir, found);
        await closeFinished(scratch.dir);
        await publishDir(scratch.dir, to);
        const ids = found.map(({ file }) => file.id);
        const sizeBytes = found.reduce((sum, { file }) => sum + sizeOf(file), 0);
        await service.ledger.appendAudit({
          actor: service.actor,
          action: 'backup.restore',
          subject: ids.join(','),
          detail: { to, files },
        });
        return { to, backups: ids, files, sizeBytes };
      } finally {
        await scratch.close();
      }
    },
    { mayLackCatalogue: true },
  );
}

/** @throws {ArbdataError} E_BACKUP_REFUSED */
export function refuseExisting(to: string): void {
  if (statSync(to, { throwIfNoEntry: false }) === undefined) return;
  throw new ArbdataError('E_BACKUP_REFUSED', `${to} exists already, and a restore never overwrites`, {
    advice:
      'Name a folder that does not exist with --to; move it into place yourself when you have looked at it.',
    where: { file: to },
  });
}

/** The private keys, where a bag needs them. */
export async function identitiesFor(
  found: readonly FoundBag[],
  file: string | undefined,
): Promise<Identity[]> {
  return file === undefined || found.every(({ file: { encryption } }) => encryption === null)
    ? []
    : readIdentities(file);
}

export const sizeOf = ({ files }: BackupFile): number => files.reduce((sum, one) => sum + one.sizeBytes, 0);

/** Verify and restore bags into one folder. Returns the number of files. */
export async function restoreInto(
  context: RunContext,
  pool: HashPool,
  found: readonly FoundBag[],
  target: string,
  identities: readonly Identity[],
  wanted?: (name: string) => boolean,
): Promise<number> {
  let files = 0;
  for (const bag of found) {
    await context.step(`verify ${bag.file.id}`, () => requireWhole(bag, pool));
    const restored = await context.step(
      `restore ${bag.file.id}`,
      (advance) =>
        restorePayload(bag.dir, bag.file, target, {
          pool,
          identities,
          onBytes: advance,
          ...(wanted === undefined ? {} : { wanted }),
        }),
      { unit: 'bytes', total: sizeOf(bag.file) },
    );
    files += restored.length;
    for (const id of bag.file.info.snapshots ?? []) {
      // Its own manifest tells what each file must be: proof beyond the bag's.
      if (existsSync(path.join(target, 'snapshots', id))) {
        await verifySnapshot({ snapshots: path.join(target, 'snapshots') }, id);
      }
    }
  }
  return files;
}

/** What stands under a final name is closed to writing in a restored home as well; the folders above stay open. */
async function closeFinished(dir: string): Promise<void> {
  const close = async (folder: string, levels: number): Promise<void> => {
    if (levels === 0) return makeReadOnly(folder);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await close(path.join(folder, entry.name), levels - 1);
    }
  };
  for (const [name, levels] of [
    ['snapshots', 1],
    ['published', 3],
  ] as const) {
    if (existsSync(path.join(dir, name))) await close(path.join(dir, name), levels);
  }
}

/** Make the embedded source of a restored home from its one snapshot. */
async function loadSource(context: RunContext, dir: string, found: readonly FoundBag[]): Promise<void> {
  const ids = found.flatMap(({ file }) => file.info.snapshots ?? []);
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    throw new ArbdataError('E_USAGE', `--as-source needs a backup with one snapshot, not ${ids.length}`, {
      advice: 'Name one backup of kind snapshot.',
    });
  }
  const snapshots = path.join(dir, 'snapshots');
  const manifest = await readManifest({ snapshots }, id);
  await context.step('load the source', () =>
    createEmbeddedSource(
      path.join(dir, 'source', 'source.duckdb'),
      async (engine) => {
        for (const view of VIEWS) {
          const columns = view.columns.map(({ name }) => identifier(name)).join(', ');
          const entry = manifest.views.find((one) => one.view === view.name);
          const file = literal(path.join(snapshots, id, entry?.file ?? ''));
          await engine.run(
            `INSERT INTO ${identifier(view.name.toLowerCase())} (${columns}) SELECT ${columns} FROM read_parquet(${file})`,
          );
        }
      },
      {
        kind: 'snapshot',
        made_by: `arbdata ${TOOL_VERSION}, from snapshot ${id}`,
        as_of: manifest.asOf,
        until: manifest.source.details.until ?? null,
        seed: null,
        size: null,
      },
      engineLimits(context),
    ),
  );
}
