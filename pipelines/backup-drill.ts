/** 恢复演练: restore, run the period again, compare with what was published; and how long it takes, and what is lost. */
import { cp, rename } from 'node:fs/promises';
import path from 'node:path';
import { type Period, parsePeriod } from '../schemas/period.ts';
import { withBackupRun } from './backup.ts';
import {
  type FoundBag,
  findBag,
  identitiesFor,
  refuseExisting,
  restoreInto,
  sizeOf,
} from './backup-restore.ts';
import { keptPublications } from './purged.ts';
import {
  type Reproduced,
  type RestoredPublication,
  reproduce,
  restoredPublications,
} from './reproduction.ts';
import { stampToMs } from './runtime/clock.ts';
import { ArbdataError } from './runtime/errors.ts';
import { ensureDir, fileError, publishDir } from './runtime/files.ts';
import type { HashPool } from './runtime/hashing.ts';
import type { Publication } from './runtime/ledger.ts';
import type { Backup } from './runtime/ledger-backups.ts';
import type { RunContext } from './runtime/run.ts';
import { openScratch } from './runtime/scratch.ts';
import type { Service } from './runtime/service.ts';
import { readFolder } from './steps/publish/folder.ts';
import { publicationDir, publicationName } from './steps/publish/publication.ts';

export interface DrillRequest {
  /** Absent: the last period of which anything was published, or that of the named backup. */
  readonly period?: Period | undefined;
  /** A backup of evidence or of a snapshot; absent: the latest that hold what is needed. */
  readonly backup?: string | undefined;
  /** Name of a destination; absent: the first place whose copy is not known to be damaged. */
  readonly from?: string | undefined;
  readonly identityFile?: string | undefined;
}

/** What a disaster now would cost. */
export interface RecoveryPoint {
  /** Seconds since the latest backup of each kind; null where there is none. */
  readonly ageSeconds: {
    readonly snapshot: number | null;
    readonly outputs: number | null;
    readonly state: number | null;
  };
  /** Publications and audit records that no backup holds. */
  readonly publicationsLost: readonly string[];
  readonly auditRecordsLost: number;
}

export interface Drill {
  readonly period: string;
  readonly backups: readonly string[];
  readonly isIdentical: boolean;
  readonly reproduced: readonly Reproduced[];
  /** RTO: seconds of each part, and together. */
  readonly seconds: { readonly restore: number; readonly run: number; readonly total: number };
  readonly restoredBytes: number;
  /** RPO. */
  readonly recoveryPoint: RecoveryPoint;
}

/** Prove that backups reproduce what was published for a period; the proof is kept with each backup. */
export async function drill(service: Service, request: DrillRequest): Promise<Drill & { runId: string }> {
  const { period, backup, from } = request;
  return withBackupRun(
    service,
    'drill',
    { period: period?.text, backup, from },
    async (context, pool) => {
      const { bags, ...done } = await carryOut(context, pool, request);
      await keep(context, bags, done);
      return done;
    },
    { mayLackCatalogue: true },
  );
}

export interface RecreateRequest {
  /** Id or folder of a bag of evidence. */
  readonly bag: string;
  /** A folder that does not exist yet. */
  readonly to: string;
  readonly identityFile?: string | undefined;
}

/** Make what a bag of evidence stands for again, workbooks and all, into a new folder; nothing but the bag is needed. */
export async function recreate(
  service: Service,
  { bag, to, identityFile }: RecreateRequest,
): Promise<Drill & { to: string; runId: string }> {
  const target = path.resolve(to);
  refuseExisting(target);
  return withBackupRun(
    service,
    'evidence',
    { bag, to: target },
    async (context, pool) => {
      const { bags: _, ...done } = await carryOut(context, pool, { backup: bag, identityFile });
      ensureDir(path.dirname(target));
      const scratch = await openScratch(path.dirname(target), path.basename(target), context.clock);
      try {
        for (const { product, dir } of done.reproduced) {
          await cp(path.join(context.home.dir, dir), path.join(scratch.dir, product), { recursive: true });
        }
        await publishDir(scratch.dir, target);
      } catch (error) {
        throw fileError(error, target);
      } finally {
        await scratch.close();
      }
      return { ...done, to: target };
    },
    { mayLackCatalogue: true },
  );
}

async function carryOut(
  context: RunContext,
  pool: HashPool,
  request: DrillRequest,
): Promise<Drill & { bags: readonly FoundBag[] }> {
  const started = performance.now();
  const { period, bags } = await planDrill(context, request);
  const dir = path.join(context.workDir, 'drill');
  ensureDir(dir);
  await restoreInto(context, pool, bags, dir, await identitiesFor(bags, request.identityFile));
  const restoredAt = performance.now();
  const reproduced: Reproduced[] = [];
  for (const target of await targetsOf(context, dir, period)) {
    const { product } = target.manifest;
    const made = await context.step(`make again ${product}`, () => reproduce(context, dir, target));
    reproduced.push({ ...made, dir: path.relative(context.home.dir, made.dir) });
  }
  const ended = performance.now();
  const seconds = (ms: number) => Math.round(ms) / 1000;
  return {
    bags,
    period: period.text,
    backups: bags.map(({ file }) => file.id),
    isIdentical: reproduced.every(({ files }) => files.every(({ state }) => state !== 'different')),
    reproduced,
    seconds: {
      restore: seconds(restoredAt - started),
      run: seconds(ended - restoredAt),
      total: seconds(ended - started),
    },
    restoredBytes: bags.reduce((sum, { file }) => sum + sizeOf(file), 0),
    recoveryPoint: await recoveryPoint(context),
  };
}

interface DrillPlan {
  readonly period: Period;
  readonly bags: readonly FoundBag[];
}

/** Which period, and which bags hold what it needs. */
async function planDrill(service: Service, { period, backup, from }: DrillRequest): Promise<DrillPlan> {
  const inForce = await publicationsInForce(service);
  const find = (id: string) => findBag(service, id, from);
  if (backup === undefined) {
    const last = period ?? lastPeriod(inForce);
    const own = inForce.filter((one) => one.period === last?.text);
    if (last === undefined || own.length === 0) throw nothingPublished(last);
    const snapshots = [...new Set(own.map(({ snapshotId }) => snapshotId))];
    const ids = [
      ...(await Promise.all(snapshots.map((id) => holding(service, id)))),
      await latestOutputs(service),
    ];
    return { period: last, bags: await Promise.all(ids.filter((id) => id !== undefined).map(find)) };
  }
  const found = await find(backup);
  const { kind, info, id } = found.file;
  if (kind === 'evidence' && info.period !== undefined)
    return { period: parsePeriod(info.period), bags: [found] };
  const made = inForce.filter(({ snapshotId }) => info.snapshots?.includes(snapshotId));
  const chosen = period ?? lastPeriod(made);
  if (kind !== 'snapshot' || chosen === undefined || made.every((one) => one.period !== chosen.text)) {
    throw new ArbdataError(
      'E_USAGE',
      `backup ${id} (${kind}) holds no snapshot that something was published from`,
      {
        advice:
          'Name a backup of kind snapshot or evidence, or leave it out: then the latest ones are taken.',
      },
    );
  }
  const outputs = await latestOutputs(service);
  return { period: chosen, bags: [found, ...(outputs === undefined ? [] : [await find(outputs)])] };
}

/** What stands published and was not purged. */
export async function publicationsInForce(service: Service): Promise<Publication[]> {
  return (await keptPublications(service)).filter(({ state }) => state === 'published');
}

function lastPeriod(publications: readonly Publication[]): Period | undefined {
  const last = publications.toSorted((a, b) => ((a.publishedAt ?? '') < (b.publishedAt ?? '') ? 1 : -1))[0];
  return last === undefined ? undefined : parsePeriod(last.period);
}

/** The latest backup that holds a snapshot. */
async function holding({ ledger }: Service, snapshotId: string): Promise<string> {
  const found = (await ledger.backups.list()).find(
    ({ kind, state, info }) =>
      kind === 'snapshot' && state === 'complete' && info.snapshots?.includes(snapshotId),
  );
  if (found !== undefined) return found.id;
  throw new ArbdataError('E_NOT_FOUND', `snapshot ${snapshotId} has no backup`, {
    advice: `Run \`arbdata backup create --kind snapshot --snapshot ${snapshotId}\`.`,
  });
}

/** The latest backup of what was published: earlier publications are what a month was compared with. */
async function latestOutputs({ ledger }: Service): Promise<string | undefined> {
  return (await ledger.backups.list()).find(({ kind, state }) => kind === 'outputs' && state === 'complete')
    ?.id;
}

function nothingPublished(period: Period | undefined): ArbdataError {
  return new ArbdataError(
    'E_NOT_FOUND',
    `nothing was published${period === undefined ? '' : ` for ${period.text}`}`,
    {
      advice: 'A drill compares with a publication: run the period first.',
    },
  );
}

/**
 * What is to be made again, moved out of the restored home, which must not know it yet. The published files of this home
 * are what is compared with; where it has none (a drill on another machine), those of the backup.
 */
async function targetsOf(context: RunContext, dir: string, period: Period): Promise<RestoredPublication[]> {
  const apart = path.join(context.workDir, 'published');
  const restored = (await restoredPublications(path.join(dir, 'published'))).filter(
    ({ manifest }) => manifest.period === period.text,
  );
  const targets = new Map<string, RestoredPublication>();
  for (const one of restored) {
    const { product, revision } = one.manifest;
    if (revision < (targets.get(product)?.manifest.revision ?? 0)) continue;
    targets.set(product, one);
  }
  for (const [product, one] of targets) {
    const moved = path.join(apart, product);
    ensureDir(apart);
    await rename(one.dir, moved);
    targets.set(product, { ...one, dir: moved });
  }
  for (const publication of await publicationsInForce(context)) {
    if (publication.period !== period.text) continue;
    const own = publicationDir(context.home, publication);
    const manifest = await readFolder(own, publication.manifestSha256 ?? undefined).catch(() => undefined);
    if (manifest === undefined) continue;
    const { product } = publication;
    if ((targets.get(product)?.manifest.revision ?? 0) <= manifest.revision)
      targets.set(product, { dir: own, manifest });
  }
  if (targets.size === 0) throw nothingPublished(period);
  return [...targets.values()].sort((a, b) => (a.manifest.createdAt < b.manifest.createdAt ? -1 : 1));
}

/** What would be lost if this home were lost now. */
export async function recoveryPoint(service: Service): Promise<RecoveryPoint> {
  const { ledger, clock } = service;
  const complete = (await ledger.backups.list()).filter(({ state }) => state === 'complete');
  const age = (kind: Backup['kind']): number | null => {
    const last = complete.find((one) => one.kind === kind);
    return last === undefined ? null : Math.round((clock.now().getTime() - stampToMs(last.createdAt)) / 1000);
  };
  const held = new Set(complete.flatMap(({ info }) => info.publications ?? []));
  const head = (await ledger.auditHead())?.seq ?? 0;
  const backed = Math.max(0, ...complete.map(({ info }) => info.auditHead?.seq ?? 0));
  return {
    ageSeconds: { snapshot: age('snapshot'), outputs: age('outputs'), state: age('state') },
    publicationsLost: (await publicationsInForce(service))
      .map(publicationName)
      .filter((name) => !held.has(name)),
    auditRecordsLost: Math.max(0, head - backed),
  };
}

/** Keep the result with every bag of the catalogue that took part. */
async function keep(
  { ledger, actor }: RunContext,
  bags: readonly FoundBag[],
  { period, isIdentical, seconds, restoredBytes, recoveryPoint: point, reproduced }: Drill,
): Promise<void> {
  const different = reproduced.flatMap(({ product, files }) =>
    files.filter(({ state }) => state === 'different').map((one) => `${product}/${one.path}`),
  );
  for (const { file, expected, destination } of bags) {
    if (expected === undefined) continue;
    const detail = { period, seconds, restoredBytes, recoveryPoint: point, different };
    await ledger.backups.addCheck({
      backupId: file.id,
      destination,
      kind: 'drill',
      actor,
      isGood: isIdentical,
      detail,
    });
  }
  await ledger.appendAudit({
    actor,
    action: 'backup.drill',
    subject: period,
    detail: { backups: bags.map(({ file }) => file.id), isIdentical, seconds },
  });
}
