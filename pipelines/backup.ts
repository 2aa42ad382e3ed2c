/** 数据备份: make bags, copy them to every destination, keep the catalogue and the record of expected backups. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { BackupKind } from '../schemas/backup.ts';
import {
  type BackupContents,
  evidenceContents,
  outputsContents,
  snapshotContents,
  stateContents,
} from './backup-contents.ts';
import { recover } from './recovery.ts';
import { shanghaiStamp, shanghaiStampMs } from './runtime/clock.ts';
import { checkRecipients, type Recipient } from './runtime/encryption.ts';
import { ArbdataError } from './runtime/errors.ts';
import { makeReadOnly, publishDir } from './runtime/files.ts';
import { type HashPool, withHashPool } from './runtime/hashing.ts';
import { type Backup, HOME_PLACE } from './runtime/ledger-backups.ts';
import { type RunContext, withRun } from './runtime/run.ts';
import { openScratch } from './runtime/scratch.ts';
import type { Service } from './runtime/service.ts';
import { copyBag } from './steps/backup/copy-bag.ts';
import { expectedFiles, refuseUnknown, unknownExpected, writeExpected } from './steps/backup/expected.ts';
import { damageAt } from './steps/backup/looks.ts';
import {
  allPlaces,
  bagDir,
  destinationError,
  isReachable,
  type Place,
  placeProblem,
  requirePlace,
} from './steps/backup/places.ts';
import { type ExpectedBag, verifyBag } from './steps/backup/verify-bag.ts';
import { type BagSpec, writeBag } from './steps/backup/write-bag.ts';
import { pinnedSnapshots } from './steps/publish/publication.ts';
import { listSnapshots } from './steps/snapshot/list.ts';

export { BACKUP_KINDS, type BackupKind } from '../schemas/backup.ts';

/** The pipeline of everything that changes backups: one at a time, in the ledger. */
const BACKUP_PIPELINE = 'backup';

export interface CreateRequest {
  /** `dump` is adopted or exported, not created from the home; `evidence` needs a period. */
  readonly kinds: readonly Exclude<BackupKind, 'dump'>[];
  /** Absent: every snapshot that must stay and has no backup yet, and the latest. */
  readonly snapshotId?: string | undefined;
  /** Of evidence. */
  readonly period?: string | undefined;
  /** Whether the configured destinations get their copies at once. */
  readonly isCopied: boolean;
}

/** What a bag is made from; the contents are gathered when its turn comes. */
interface PlannedBackup {
  readonly kind: BackupKind;
  gather(context: RunContext, isEncrypted: boolean): Promise<BackupContents>;
}

/** A copy that could not be made; the backup itself stands. */
export interface FailedCopy {
  readonly id: string;
  readonly destination: string;
  readonly error: ArbdataError;
}

interface MadeBackups {
  readonly backups: readonly Backup[];
  readonly failed: readonly FailedCopy[];
}

/** Make backups of the wanted kinds, and their copies. */
export async function createBackups(
  service: Service,
  request: CreateRequest,
): Promise<MadeBackups & { runId: string }> {
  const { kinds, snapshotId, period } = request;
  return withBackupRun(service, 'create', { kinds, snapshotId, period }, async (context, pool) => {
    return makeAndCopy(context, pool, await plan(context, request), request.isCopied);
  });
}

/** Make bags one after the other, then their copies. */
export async function makeAndCopy(
  context: RunContext,
  pool: HashPool,
  all: readonly PlannedBackup[],
  isCopied: boolean,
): Promise<MadeBackups> {
  const ids: string[] = [];
  for (const planned of all) ids.push(await makeBackup(context, pool, planned));
  const failed = isCopied ? (await copyEverywhere(context, pool, ids)).failed : [];
  return { backups: await named(context, ids), failed };
}

async function plan(service: Service, request: CreateRequest): Promise<PlannedBackup[]> {
  const planned: PlannedBackup[] = [];
  for (const kind of request.kinds) {
    switch (kind) {
      case 'snapshot':
        for (const id of await snapshotsToBackUp(service, request.snapshotId))
          planned.push({ kind, gather: (context) => snapshotContents(context, id) });
        break;
      case 'outputs':
        planned.push({ kind, gather: outputsContents });
        break;
      case 'state':
        planned.push({ kind, gather: stateContents });
        break;
      case 'evidence':
        planned.push({ kind, gather: (context) => evidenceContents(context, request.period ?? '') });
        break;
      default:
        kind satisfies never;
    }
  }
  return planned;
}

/** The one that is named; else those that must stay and the latest, as far as none of their backups stands. */
async function snapshotsToBackUp({ home, ledger }: Service, named: string | undefined): Promise<string[]> {
  if (named !== undefined) return [named];
  const backed = new Set(
    (await ledger.backups.list())
      .filter(({ kind, state }) => kind === 'snapshot' && state === 'complete')
      .flatMap(({ info }) => info.snapshots ?? []),
  );
  const there = (await listSnapshots(home)).map(({ id }) => id);
  const pinned = await pinnedSnapshots(ledger);
  return there.filter((id, index) => (pinned.has(id) || index === there.length - 1) && !backed.has(id));
}

/** Carry out something that changes backups: settled before, alone, recorded, the expectations brought up to date. */
export async function withBackupRun<T extends object>(
  service: Service,
  action: string,
  parameters: object,
  act: (context: RunContext, pool: HashPool) => Promise<T>,
  options: { readonly mayLackCatalogue?: boolean } = {},
): Promise<T & { readonly runId: string }> {
  await recover(service);
  const spec = { pipeline: BACKUP_PIPELINE, parameters: { action, ...parameters } };
  const done = await withRun(service, spec, async (context) => {
    if (options.mayLackCatalogue !== true) {
      refuseUnknown(await unknownExpected(recordFiles(service), await service.ledger.backups.list()));
      await tellExpected(service, true);
    }
    try {
      return {
        state: 'done' as const,
        summary: { action },
        result: await withHashPool((pool) => act(context, pool)),
      };
    } finally {
      await tellExpected(service, false);
    }
  });
  return { ...done.result, runId: done.runId };
}

/** Where the record of expected backups stands now: places that are not there are left out. */
export function recordFiles({ home, config }: Service): string[] {
  return expectedFiles(allPlaces(home, config).filter(isReachable), config.backup.expectedFile);
}

/**
 * Bring the record of expected backups up to date wherever it can be reached.
 * @param mayBegin whether a destination that holds none yet gets one: at the start of a run only, for later it would go
 * to the folder below a disk that has vanished
 */
async function tellExpected(service: Service, mayBegin: boolean): Promise<void> {
  const { home, config, ledger } = service;
  const backups = await ledger.backups.list();
  const usable = allPlaces(home, config).filter(
    (place) => placeProblem(place, !mayBegin || isUsed(backups, place)) === undefined,
  );
  const files = expectedFiles(usable, config.backup.expectedFile);
  const failed = await writeExpected(files, backups, await ledger.auditHead());
  for (const file of failed)
    service.log.warn('the record of expected backups could not be written', { file });
}

export const isUsed = (backups: readonly Backup[], { name }: Place): boolean =>
  backups.some(({ copies }) =>
    copies.some(({ destination, state }) => destination === name && state === 'complete'),
  );

/** Make one bag under its final name, entered before and after. Returns its id. */
async function makeBackup(context: RunContext, pool: HashPool, planned: PlannedBackup): Promise<string> {
  const { home, ledger, clock, actor, run } = context;
  const recipients = recipientsOf(context);
  const contents = await planned.gather(context, recipients.length > 0);
  const id = newBackupId(context);
  const place = { name: HOME_PLACE, dir: home.backups };
  const dir = bagDir(place, id);
  const createdAt = shanghaiStampMs(clock);
  const { kind } = planned;
  await ledger.backups.intend({
    id,
    kind,
    runId: run.id,
    createdAt,
    isEncrypted: recipients.length > 0,
    path: dir,
  });
  try {
    const spec: BagSpec = { id, kind, createdAt, ...contents, recipients };
    const seal = await context.step(
      `back up ${kind}`,
      async (advance) => {
        const scratch = await openScratch(home.backups, id, clock);
        try {
          const made = await writeBag(scratch.dir, spec, pool, advance);
          await publishDir(scratch.dir, dir);
          await makeReadOnly(dir);
          return made;
        } finally {
          await scratch.close();
        }
      },
      { unit: 'bytes', count: ({ sizeBytes }) => sizeBytes },
    );
    await ledger.backups.complete(id, { ...seal, info: contents.info, actor });
    context.log.info('backup made', { id, kind, bytes: seal.sizeBytes, files: seal.fileCount });
    return id;
  } catch (error) {
    // A bag that has its name already is completed by whoever comes next; an intent without one is withdrawn.
    if (!existsSync(dir)) await ledger.backups.drop(id).catch(() => undefined);
    throw error;
  }
}

/** The public keys of the configuration. */
function recipientsOf({ config, home }: Service): Recipient[] {
  const { recipients } = config.backup;
  return recipients.length === 0 ? [] : checkRecipients(recipients, `${home.config}: backup.recipients`);
}

function newBackupId({ clock }: Service): string {
  const [date = '', time = ''] = shanghaiStamp(clock).split(' ');
  return `B${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
}

export interface CopyRequest {
  /** Absent: every backup. */
  readonly ids?: readonly string[];
  /** Absent: every configured destination. */
  readonly destination?: string | undefined;
}

/** Make the copies that are missing or gone; each counts only after it was read back. */
export async function copyBackups(
  service: Service,
  request: CopyRequest,
): Promise<{ copied: { id: string; destination: string }[]; failed: FailedCopy[]; runId: string }> {
  return withBackupRun(service, 'copy', request, async (context, pool) => {
    const all = (await service.ledger.backups.list()).filter(({ state }) => state === 'complete');
    const wanted = request.ids === undefined ? all : await named(service, request.ids);
    const ids = wanted.map(({ id }) => id);
    return copyEverywhere(context, pool, ids, request.destination);
  });
}

/**
 * Copy backups to every place that lacks them, or where their bag is gone; the home among these. A destination that fails
 * does not keep the others from theirs.
 */
async function copyEverywhere(
  context: RunContext,
  pool: HashPool,
  ids: readonly string[],
  only?: string,
): Promise<{ copied: { id: string; destination: string }[]; failed: FailedCopy[] }> {
  const wanted = only === undefined ? allPlaces(context.home, context.config) : [requirePlace(context, only)];
  const copied: { id: string; destination: string }[] = [];
  const failed: FailedCopy[] = [];
  for (const to of wanted) {
    if (only === undefined && to.isOffline === true && !isReachable(to)) continue;
    for (const backup of (await named(context, ids)).toReversed()) {
      if (!isLacking(backup, to, only !== undefined)) continue;
      try {
        await copyOne(context, pool, backup, to);
        copied.push({ id: backup.id, destination: to.name });
      } catch (error) {
        if (!(error instanceof ArbdataError)) throw error;
        context.log.error('a copy failed', { id: backup.id, destination: to.name, code: error.code });
        failed.push({ id: backup.id, destination: to.name, error });
        if (error.code === 'E_BACKUP_DESTINATION' || error.code === 'E_DISK_FULL') break;
      }
    }
  }
  return { copied, failed };
}

/** Whether a place lacks a copy: none is recorded there, or its bag is gone. The home gets back what it had, unless it is asked for. */
function isLacking({ id, copies }: Backup, place: Place, isAskedFor: boolean): boolean {
  const isRecorded = copies.some(
    ({ destination, state }) => destination === place.name && state === 'complete',
  );
  if (!isRecorded) return isAskedFor || place.name !== HOME_PLACE;
  return placeProblem(place, true) === undefined && !existsSync(bagDir(place, id));
}

async function copyOne(context: RunContext, pool: HashPool, backup: Backup, to: Place): Promise<void> {
  const { ledger, clock, actor, run } = context;
  const { id } = backup;
  // What is expected was told to every destination that is there when this run began.
  const problem = placeProblem(to, true);
  if (problem !== undefined) {
    const isNew = placeProblem(to, false) === undefined && !isUsed(await ledger.backups.list(), to);
    throw destinationError(to, isNew ? `${to.dir} cannot be written` : problem);
  }
  const from = await wholePlace(context, pool, backup);
  await ledger.backups.intendCopy(id, to.name, { path: bagDir(to, id), runId: run.id });
  try {
    await context.step(
      `copy to ${to.name}`,
      (advance) =>
        copyBag(bagDir(from, id), to, { expected: expectedBag(backup), pool, clock, onBytes: advance }),
      { unit: 'bytes', total: 2 * (backup.sizeBytes ?? 0), count: () => 2 * (backup.sizeBytes ?? 0) },
    );
  } catch (error) {
    await ledger.backups.dropCopy(id, to.name);
    throw error;
  }
  await ledger.backups.completeCopy(id, to.name, actor);
  await tellExpected(context, false);
}

/** A place from which a backup can be copied: the first where presence and sizes are right and no look found it damaged. */
async function wholePlace(context: RunContext, pool: HashPool, backup: Backup): Promise<Place> {
  const places = allPlaces(context.home, context.config);
  for (const copy of backup.copies) {
    const place = places.find(({ name }) => name === copy.destination);
    if (place === undefined || copy.state !== 'complete' || !isReachable(place)) continue;
    if (damageAt(backup, copy) !== undefined) continue;
    const faults = await verifyBag(bagDir(place, backup.id), {
      depth: 'quick',
      expected: expectedBag(backup),
      pool,
    });
    if (faults.length === 0) return place;
  }
  throw new ArbdataError('E_BACKUP_DAMAGED', `no whole copy of backup ${backup.id} can be reached`, {
    advice: `Run \`arbdata backup verify ${backup.id}\`; it names what is wrong at each place.`,
  });
}

/** What the catalogue knows of a bag. */
export const expectedBag = ({ id, tagmanifestSha256, tagmanifestSm3 }: Backup): ExpectedBag => ({
  id,
  tagmanifestSha256: tagmanifestSha256 ?? '',
  tagmanifestSm3: tagmanifestSm3 ?? '',
});

/**
 * Backups by their ids, in the order of the catalogue.
 * @throws {ArbdataError} E_NOT_FOUND
 */
export async function named({ ledger }: Pick<Service, 'ledger'>, ids: readonly string[]): Promise<Backup[]> {
  const all = await ledger.backups.list();
  for (const id of ids) {
    const found = all.find((one) => one.id === id);
    if (found?.state === 'complete') continue;
    throw new ArbdataError(
      'E_NOT_FOUND',
      `there is no backup ${id}${found === undefined ? '' : `: it is ${found.state}`}`,
      {
        advice: 'See `arbdata backup list`.',
      },
    );
  }
  return all.filter(({ id }) => ids.includes(id));
}
