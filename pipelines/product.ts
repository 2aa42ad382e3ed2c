/** What every product of a period has in common: whether its files are published, as what, and where they are placed. */
import type { Provenance } from '../schemas/dataset.ts';
import type { ArtefactEntry, PublicationManifest } from '../schemas/publication.ts';
import type { OpenedSnapshot } from './prepare.ts';
import { ArbdataError } from './runtime/errors.ts';
import { sha256File } from './runtime/files.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import type { RunContext } from './runtime/run.ts';
import { timestamp } from './runtime/service.ts';
import type { HoldReason } from './steps/publish/hold.ts';
import { placeDraft, placePublication } from './steps/publish/publication.ts';

/** `draft`: provisional, never published; `unchanged`: the publication in force has the same figures. */
export type ProductState = 'published' | 'unchanged' | 'held' | 'draft';

export interface Release {
  readonly runId: string;
  readonly reason: string;
  /** SHA-256 of the held data file of each held product: the release publishes these bytes or none. */
  readonly datasetSha256: Readonly<Record<string, string>>;
}

/** How a run is entered in the ledger: the pipeline, the products that it makes, and what it was asked for. */
export function runSpec(
  pipeline: string,
  products: readonly string[],
  period: string,
  request: {
    readonly asOf?: string | undefined;
    readonly snapshotId?: string | undefined;
    readonly release?: Release | undefined;
  },
) {
  const { asOf, snapshotId, release } = request;
  return {
    pipeline,
    period,
    parameters: { asOf, snapshotId, releases: release?.runId, reason: release?.reason },
    products,
  };
}

/** A computed product on its way to its folder. */
export interface ProductRun {
  readonly product: string;
  /** As in commands: `2026-10`, or `2026-10-01..2026-10-15` for days of no period. */
  readonly period: string;
  readonly prepared: OpenedSnapshot & { readonly remarks: readonly string[] };
  readonly release?: Release | undefined;
  readonly reasons: readonly HoldReason[];
  readonly provisional: boolean;
  /** Days that are no period are never published. */
  readonly isPeriod: boolean;
  /** The publication in force: its revision, and its data files. */
  readonly inForce: { readonly revision: number; readonly files: readonly ArtefactEntry[] } | undefined;
}

/** What becomes of a product, decided before its workbook is written: the workbook says it. */
export interface Decision {
  readonly state: ProductState;
  readonly revision: number | null;
}

/** What holds a product may be such that nobody can release it. */
export function refuseRelease(
  release: Release | undefined,
  reasons: readonly HoldReason[],
  provisional: boolean,
): void {
  if (release === undefined) return;
  const fixed = reasons.filter(({ releasable }) => !releasable);
  if (!provisional && fixed.length === 0) return;
  const why = provisional
    ? 'its period had not ended at the as-of date'
    : fixed.map(({ text }) => text).join('; ');
  throw new ArbdataError('E_NOT_RELEASABLE', `run ${release.runId} cannot be released: ${why}`, {
    advice: 'Mend the cause in the source (or wait until the period has ended) and run the period again.',
  });
}

/** A release publishes the bytes that were held, or none. */
export async function proveRelease(
  product: string,
  release: Release | undefined,
  csv: string,
): Promise<void> {
  if (release === undefined || (await sha256File(csv)).sha256 === release.datasetSha256[product]) return;
  throw new ArbdataError(
    'E_NOT_RELEASABLE',
    `run ${release.runId} held other figures than its snapshot gives today`,
    {
      advice:
        'Definitions or configuration have changed since. Run the period again and look at the new draft.',
    },
  );
}

/** Decide, and reserve the revision where it is published. */
export async function decide(context: RunContext, run: ProductRun, csv: string): Promise<Decision> {
  if (!run.isPeriod) return { state: 'draft', revision: null };
  // Whatever else there is to say of it: nobody can release a period that has not ended.
  if (run.provisional) return { state: 'draft', revision: null };
  if (run.reasons.length > 0 && run.release === undefined) return { state: 'held', revision: null };
  const { sha256 } = await sha256File(csv);
  const published = run.inForce?.files.find(
    ({ path: name, kind }) => kind === 'dataset' && name.endsWith('.csv'),
  );
  if (published?.sha256 === sha256) return { state: 'unchanged', revision: run.inForce?.revision ?? null };
  const revision = await context.ledger.intendPublication({
    product: run.product,
    period: run.period,
    runId: context.run.id,
    snapshotId: run.prepared.manifest.id,
    actor: context.actor,
    reason: run.release?.reason,
  });
  return { state: 'published', revision };
}

export function provenanceOf(context: RunContext, run: ProductRun, decision: Decision): Provenance {
  const { release, reasons, provisional, prepared } = run;
  const isPublished = decision.state === 'published';
  return {
    snapshotId: prepared.manifest.id,
    asOf: prepared.asOf,
    generatedAt: timestamp(context.clock),
    state: isPublished ? 'published' : decision.state === 'held' ? 'held' : 'draft',
    revision: isPublished ? `r${decision.revision}` : '草稿',
    runId: context.run.id,
    actor: context.actor,
    toolVersion: TOOL_VERSION,
    definitionsSha256: context.definitions.sha256,
    provisional,
    heldReasons: release === undefined ? reasons.map(({ text }) => text) : [],
    remarks: [
      ...(release === undefined
        ? []
        : [
            `经放行发布：${release.reason}（放行人 ${context.actor}，原运行 ${release.runId}）`,
            ...reasons.map(({ text }) => `放行时未通过：${text}`),
          ]),
      ...(decision.state === 'unchanged'
        ? [`各项数据与已发布的 r${decision.revision} 相同，未另行发布`]
        : []),
      ...prepared.remarks,
    ],
  };
}

/** Place the folder under its final name, as a publication or a draft. Returns that name. */
export async function placeProduct(
  context: RunContext,
  product: ProductRun,
  decision: Decision,
  folder: { readonly dir: string; readonly files: readonly ArtefactEntry[] },
): Promise<string> {
  const { home, ledger, config, clock, actor, run, definitions } = context;
  const { prepared, release, reasons, provisional } = product;
  const manifest: PublicationManifest = {
    formatVersion: 1,
    product: product.product,
    period: product.period,
    revision: decision.state === 'published' ? (decision.revision ?? 0) : 0,
    state: decision.state === 'unchanged' ? 'draft' : decision.state,
    provisional,
    heldReasons: reasons.map(({ text }) => text),
    releaseReason: release?.reason ?? null,
    runId: run.id,
    snapshotId: prepared.manifest.id,
    snapshotSha256: prepared.manifest.contentSha256,
    asOf: prepared.asOf,
    cutoffDay: config.cutoffDay,
    createdAt: timestamp(clock),
    actor,
    toolVersion: TOOL_VERSION,
    definitionsSha256: definitions.sha256,
    files: [...folder.files],
  };
  return decision.state === 'published'
    ? (await placePublication(home, ledger, folder.dir, manifest)).dir
    : (await placeDraft(home, folder.dir, manifest)).dir;
}
