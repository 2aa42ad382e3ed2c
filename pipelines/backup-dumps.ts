/** DMP files: adopted from the folder where a DBA drops them, or exported by the database into its own folder. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { DumpEntry } from '../schemas/backup.ts';
import { expectedBag, type FailedCopy, makeAndCopy, named, withBackupRun } from './backup.ts';
import { ArbdataError } from './runtime/errors.ts';
import { fileError, fileNamePart } from './runtime/files.ts';
import type { HashPool } from './runtime/hashing.ts';
import type { Backup } from './runtime/ledger-backups.ts';
import type { RunContext } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { type DroppedFile, lookIntoDrop } from './steps/backup/dump-files.ts';
import { allPlaces, bagDir } from './steps/backup/places.ts';
import { verifyBag } from './steps/backup/verify-bag.ts';
import { exportByDataPump, exportSettings } from './steps/source/oracle/data-pump.ts';

export interface AdoptRequest {
  /** Absent: `backup.dropFolder` of the configuration. */
  readonly from?: string | undefined;
  /** Whether files that are safe in a backup leave the drop folder. */
  readonly isRemoved: boolean;
  readonly isCopied: boolean;
  /** Between two looks at the sizes; for tests. */
  readonly lookAgainMs?: number;
}

export interface Adopted {
  readonly backups: readonly Backup[];
  readonly failed: readonly FailedCopy[];
  readonly adopted: readonly DumpEntry[];
  /** Files whose bytes a backup holds already, with that backup. */
  readonly duplicates: readonly { readonly file: string; readonly id: string }[];
  /** Files that are not finished yet. */
  readonly growing: readonly string[];
  /** Files that were removed from the drop folder. */
  readonly removed: readonly string[];
}

/** Take every finished file of the drop folder into one backup, filed by date and schema; each of them once. */
export async function adoptDumps(
  service: Service,
  request: AdoptRequest,
): Promise<Adopted & { runId: string }> {
  const dir = dropFolder(service, request.from);
  return withBackupRun(service, 'adopt', { from: dir }, async (context, pool) => {
    const { settleSeconds } = context.config.backup;
    const { finished, growing } = await lookIntoDrop(dir, settleSeconds, context.clock, request.lookAgainMs);
    const { fresh, twins, known } = await sortOut(context, pool, finished);
    const dumps = fresh.map(({ entry }) => entry);
    const made =
      fresh.length === 0
        ? { backups: [], failed: [] }
        : await makeAndCopy(context, pool, [planned(fresh)], request.isCopied);
    const own = made.backups.flatMap(({ id }) => twins.map((file) => ({ file, id })));
    const duplicates = [...known, ...own];
    const safe = [...fresh.map(({ file }) => file), ...duplicates.map(({ file }) => file)];
    const ids = [...made.backups.map(({ id }) => id), ...duplicates.map(({ id }) => id)];
    const removed = request.isRemoved ? await removeSafe(context, pool, safe, ids) : [];
    return { ...made, adopted: dumps, duplicates, growing, removed };
  });
}

function dropFolder({ config }: Service, given: string | undefined): string {
  const dir = given === undefined ? config.backup.dropFolder : path.resolve(given);
  if (dir !== undefined) return dir;
  throw new ArbdataError('E_USAGE', 'no drop folder is named', {
    advice: 'Name it with --from, or as backup.dropFolder in config.json.',
  });
}

interface FreshFile {
  readonly file: string;
  readonly entry: DumpEntry;
}

/** Files whose bytes no backup holds, those equal to one of these, and those whose bytes a backup holds. */
async function sortOut(
  { ledger }: RunContext,
  pool: HashPool,
  finished: readonly DroppedFile[],
): Promise<{ fresh: FreshFile[]; twins: string[]; known: { file: string; id: string }[] }> {
  const holders = new Map<string, string>();
  for (const { id, state, info } of await ledger.backups.list()) {
    if (state === 'complete') for (const { sha256 } of info.dumps ?? []) holders.set(sha256, id);
  }
  const fresh: FreshFile[] = [];
  const twins: string[] = [];
  const known: { file: string; id: string }[] = [];
  const paths = new Set<string>();
  for (const { file, name, date, header, sizeBytes } of finished) {
    const { sha256 } = await pool.hash(file);
    const holder = holders.get(sha256);
    if (holder !== undefined) {
      // Its twin in this very folder has no backup yet.
      if (holder === '') twins.push(file);
      else known.push({ file, id: holder });
      continue;
    }
    holders.set(sha256, '');
    const folder = `dumps/${date.replaceAll('-', '')}/${fileNamePart(header.schema ?? 'unknown')}`;
    const wanted = `${folder}/${name}`;
    const at = paths.has(wanted) ? `${folder}/${sha256.slice(0, 8)}-${name}` : wanted;
    paths.add(at);
    fresh.push({ file, entry: { path: at, ...header, sha256, sizeBytes, date } });
  }
  return { fresh, twins, known };
}

const planned = (fresh: readonly FreshFile[]) => ({
  kind: 'dump' as const,
  gather: async () => ({
    info: { dumps: fresh.map(({ entry }) => entry) },
    payload: fresh.map(({ file, entry }) => ({ path: entry.path, from: { file, sha256: entry.sha256 } })),
  }),
});

/** Remove files from the drop folder after every byte of the bags that hold them was read back. */
async function removeSafe(
  context: RunContext,
  pool: HashPool,
  files: readonly string[],
  ids: readonly string[],
): Promise<string[]> {
  const [home] = allPlaces(context.home, context.config);
  for (const backup of await named(context, [...new Set(ids)])) {
    if (home === undefined) return [];
    const faults = await verifyBag(bagDir(home, backup.id), {
      depth: 'full',
      expected: expectedBag(backup),
      pool,
    });
    if (faults.length === 0) continue;
    context.log.warn('nothing was removed from the drop folder: a backup is damaged', { id: backup.id });
    return [];
  }
  for (const file of files) {
    await rm(file, { force: true }).catch((error: unknown) => {
      throw fileError(error, file);
    });
  }
  return [...files];
}

export interface ExportedDump {
  readonly jobName: string;
  readonly directory: string;
  readonly dumpFiles: string;
  readonly logFile: string;
}

/**
 * Have the database export the configured schemas. The files lie on its server then: what adopts them is `adopt`, once
 * they have come to the drop folder.
 */
export async function exportDump(
  service: Service,
  environment: NodeJS.ProcessEnv,
  pollMs?: number,
): Promise<ExportedDump & { runId: string }> {
  const { dataPump } = service.config.backup;
  if (dataPump === undefined) {
    throw new ArbdataError('E_USAGE', 'exports by the database are not configured', {
      advice:
        'Name directory and schemas under backup.dataPump in config.json (docs/operations.md), or adopt what a DBA drops.',
    });
  }
  const { directory, schemas, waitSeconds } = dataPump;
  const settings = exportSettings(service.config.source.oracle, environment);
  return withBackupRun(service, 'export', { directory, schemas }, async (context) => {
    const jobName = `ARBDATA_${context.run.id.slice(1).replaceAll('-', '_').toUpperCase()}`;
    const wait = pollMs === undefined ? { waitSeconds } : { waitSeconds, pollMs };
    const made = await context.step('Data Pump export', () =>
      exportByDataPump({ settings, jobName, directory, schemas, ...wait }),
    );
    await context.ledger.appendAudit({
      actor: context.actor,
      action: 'backup.export',
      subject: jobName,
      detail: { directory, schemas, account: settings.title },
    });
    return { ...made, directory };
  });
}
