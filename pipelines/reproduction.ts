/**
 * Making a publication again from restored files alone: in a home of its own, whose ledger knows only what had been
 * published before, with the definitions of then. The source, the ledger and the program's present state have no part.
 */
import { existsSync } from 'node:fs';
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parsePeriod } from '../schemas/period.ts';
import type { ArtefactEntry, PublicationManifest } from '../schemas/publication.ts';
import { HISTORY_FILE, REPRODUCTION_CONFIG, REPRODUCTION_FOLDER, readRestored } from './backup-contents.ts';
import { MACRO_MONITORING, runMacroMonitoring } from './macro-monitoring.ts';
import { PRE_APPLICATION_COMPARISON, runComparison } from './pre-application-comparison.ts';
import { ArbdataError } from './runtime/errors.ts';
import { fileError, sha256File } from './runtime/files.ts';
import type { EnteredPublication } from './runtime/ledger.ts';
import { silentLog } from './runtime/log.ts';
import { type Effects, type Service, withService } from './runtime/service.ts';
import { MANIFEST_NAME, readFolder } from './steps/publish/folder.ts';

/** A publication as it lies in a restored folder. */
export interface RestoredPublication {
  readonly dir: string;
  readonly manifest: PublicationManifest;
}

export interface ReproducedFile {
  readonly path: string;
  readonly kind: ArtefactEntry['kind'];
  /**
   * `lacking`: what it was compared with at that time was not restored, so it cannot be made again. `kept`: not made
   * again, but restored with the bytes that were published.
   */
  readonly state: 'identical' | 'different' | 'lacking' | 'kept';
}

export interface Reproduced {
  readonly product: string;
  readonly period: string;
  readonly revision: number;
  /** Where the files were made, workbooks among them. */
  readonly dir: string;
  readonly files: readonly ReproducedFile[];
  /** What explains a difference: other definitions or another version of the program; English. */
  readonly remarks: readonly string[];
}

/** The kinds whose bytes follow from snapshot, definitions and what was published before; the rest are for people. */
const DATA_KINDS: readonly ArtefactEntry['kind'][] = ['dataset', 'facts', 'membership', 'statement'];

/** Publications below a folder, by product, period and revision. */
export async function restoredPublications(published: string): Promise<RestoredPublication[]> {
  const found: RestoredPublication[] = [];
  for (const product of await foldersIn(published)) {
    for (const period of await foldersIn(path.join(published, product))) {
      for (const revision of await foldersIn(path.join(published, product, period))) {
        const dir = path.join(published, product, period, revision);
        found.push({ dir, manifest: await readFolder(dir) });
      }
    }
  }
  return found.sort((a, b) => (a.manifest.createdAt < b.manifest.createdAt ? -1 : 1));
}

async function foldersIn(dir: string): Promise<string[]> {
  if (!existsSync(dir)) return [];
  const entries = await readdir(dir, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * Make a publication again and compare its data files byte by byte.
 * @param restored a folder with `snapshots/`, `reproduction/` and, of what was published before, `published/`; it becomes
 * a home in the course of it
 * @param target the publication, in a folder outside of the restored `published/`
 * @throws what the run throws; E_NOT_FOUND where the snapshot was not restored
 */
export async function reproduce(
  effects: Effects & Pick<Service, 'config'>,
  restored: string,
  target: RestoredPublication,
): Promise<Reproduced> {
  const { manifest } = target;
  if (!isReproducible(manifest.product)) return keptAsSent(target);
  await prepareHome(effects, restored, manifest);
  const earlier = await restoredPublications(path.join(restored, 'published'));
  const { clock, progress, actor, command } = effects;
  // Its own log: the run's lines belong to that home and not to the log of the drill.
  return withService(restored, { clock, progress, actor, command, log: silentLog }, async (service) => {
    const before = earlier.filter(
      (one) => one.manifest.product === manifest.product && one.manifest.createdAt < manifest.createdAt,
    );
    const publications = await Promise.all(before.map((one) => entryOf(restored, one)));
    await service.ledger.enterHistory({ publications, ...(await historyAt(restored, manifest)) });
    const dir = await runAgain(service, manifest);
    const files: ReproducedFile[] = [];
    for (const entry of manifest.files) {
      if (!DATA_KINDS.includes(entry.kind)) continue;
      files.push({ path: entry.path, kind: entry.kind, state: await compare(target.dir, dir, entry) });
    }
    return {
      product: manifest.product,
      period: manifest.period,
      revision: manifest.revision,
      dir,
      files,
      remarks: remarksOf(service, manifest),
    };
  });
}

/** Datasets follow from a snapshot; a batch also from keys that no backup holds in the open. */
function isReproducible(product: string): boolean {
  return product === MACRO_MONITORING || product === PRE_APPLICATION_COMPARISON;
}

/** A batch is not made again: its package itself was restored, byte by byte what its manifest says. */
async function keptAsSent({ dir, manifest }: RestoredPublication): Promise<Reproduced> {
  const { product, period, revision } = manifest;
  const files: ReproducedFile[] = [];
  for (const { path: name, kind, sha256, sizeBytes } of manifest.files) {
    const found = await sha256File(path.join(dir, ...name.split('/')));
    const isSame = found.sha256 === sha256 && found.sizeBytes === sizeBytes;
    files.push({ path: name, kind, state: isSame ? 'kept' : 'different' });
  }
  const remark = `${product} ${period} r${revision} is kept as it was built: the hashes in it need keys that stand apart`;
  return { product, period, revision, dir, files, remarks: [remark] };
}

/** Configuration and definitions of the snapshot's backup take their places in the new home. */
async function prepareHome(
  { config }: Pick<Service, 'config'>,
  home: string,
  { snapshotId }: PublicationManifest,
): Promise<void> {
  const kept = path.join(home, REPRODUCTION_FOLDER, snapshotId);
  if (!existsSync(path.join(home, 'snapshots', snapshotId)) || !existsSync(kept)) {
    throw new ArbdataError('E_NOT_FOUND', `snapshot ${snapshotId} was not restored`, {
      advice: 'Name a backup that holds it: `arbdata backup list` shows which.',
    });
  }
  const own = (await readRestored(path.join(kept, REPRODUCTION_CONFIG))) as Record<string, unknown>;
  // What a machine has to spare is this machine's; approval would hold what was approved then.
  const { memoryLimitMb, threads } = config;
  const text = JSON.stringify({ ...own, memoryLimitMb, ...(threads === undefined ? {} : { threads }) });
  try {
    await writeFile(path.join(home, 'config.json'), text, { mode: 0o600 });
    for (const name of ['definitions', 'forms']) {
      await rm(path.join(home, name), { recursive: true, force: true });
      if (existsSync(path.join(kept, name)))
        await cp(path.join(kept, name), path.join(home, name), { recursive: true });
    }
  } catch (error) {
    throw fileError(error, home);
  }
}

async function entryOf(home: string, { dir, manifest }: RestoredPublication): Promise<EnteredPublication> {
  const { product, period, revision, runId, snapshotId, createdAt, actor, releaseReason, asOf } = manifest;
  const folder = path.relative(home, dir);
  const { sha256: manifestSha256 } = await sha256File(path.join(dir, MANIFEST_NAME));
  return {
    ...{ product, period, revision, runId, snapshotId, actor, manifestSha256 },
    reason: releaseReason,
    publishedAt: stampOf(createdAt),
    startedAt: startOf(runId),
    // The next comparison finds the one before by what its run kept.
    summary: { [product]: { state: 'published', revision, folder, asOf } },
  };
}

/** `2026-11-03T09:30:00+08:00` as the ledger writes it. */
const stampOf = (timestamp: string): string => `${timestamp.slice(0, 19).replace('T', ' ')}.000`;

/** When a run was started, by its id `RYYYYMMDD-HHMMSS-xxxx`. */
const startOf = (runId: string): string =>
  runId.replace(/^R(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-.*$/, '$1-$2-$3 $4:$5:$6.000');

const historySchema = z.object({
  decisions: z.array(
    z.object({
      preAppId: z.string(),
      caseId: z.string(),
      verdict: z.enum(['confirmed', 'rejected']),
      reason: z.string().nullable(),
      actor: z.string(),
      decidedAt: z.string(),
      withdrawnAt: z.string().nullable(),
    }),
  ),
  runs: z.array(
    z.object({
      runId: z.string(),
      period: z.string().nullable(),
      snapshotId: z.string().nullable(),
      folder: z.string(),
      asOf: z.string(),
    }),
  ),
});

/** What people had said of pairs, and which comparisons had been made, when the publication was made. */
async function historyAt(home: string, { createdAt, runId: own, actor }: PublicationManifest) {
  const file = path.join(home, REPRODUCTION_FOLDER, HISTORY_FILE);
  if (!existsSync(file)) return { decisions: [], runs: [] };
  const at = stampOf(createdAt);
  const { decisions, runs } = historySchema.parse(await readRestored(file));
  return {
    decisions: decisions
      .filter(({ decidedAt, withdrawnAt }) => decidedAt <= at && (withdrawnAt === null || withdrawnAt > at))
      .map((one) => ({ ...one, withdrawnAt: null })),
    runs: runs
      .filter(({ runId }) => runId !== own && startOf(runId) < startOf(own))
      .map(({ folder, asOf, ...run }) => ({
        ...run,
        product: PRE_APPLICATION_COMPARISON,
        actor,
        startedAt: startOf(run.runId),
        summary: { [PRE_APPLICATION_COMPARISON]: { state: 'draft', revision: null, folder, asOf } },
      })),
  };
}

/** The folder of what was made again. */
async function runAgain(
  service: Service,
  { product, period, snapshotId }: PublicationManifest,
): Promise<string> {
  const span = parsePeriod(period);
  switch (product) {
    case MACRO_MONITORING:
      return (await runMacroMonitoring(service, { period: span, snapshotId })).outcome.dir;
    case PRE_APPLICATION_COMPARISON:
      return (await runComparison(service, { span, snapshotId })).comparison.dir;
    default:
      throw new ArbdataError('E_USAGE', `${product} cannot be made again from a snapshot`, {
        advice: `Only ${MACRO_MONITORING} and ${PRE_APPLICATION_COMPARISON} can.`,
      });
  }
}

async function compare(
  published: string,
  made: string,
  entry: ArtefactEntry,
): Promise<ReproducedFile['state']> {
  const file = path.join(made, ...entry.path.split('/'));
  if (!existsSync(file)) return entry.kind === 'statement' ? 'lacking' : 'different';
  const then = await sha256File(path.join(published, ...entry.path.split('/')));
  const now = await sha256File(file);
  return then.sha256 === now.sha256 && then.sizeBytes === now.sizeBytes ? 'identical' : 'different';
}

function remarksOf({ definitions }: Service, manifest: PublicationManifest): string[] {
  return definitions.sha256 === manifest.definitionsSha256
    ? []
    : [
        `the definitions in the backup are not those of ${manifest.product} ${manifest.period} r${manifest.revision}`,
      ];
}
