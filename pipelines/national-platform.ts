/** 全国监测平台: records, what is asked of the platform, tie-out with macro-monitoring, package, files. Top to bottom. */
import { type Body, OTHER_BODY, WHOLE_CODE } from '../schemas/dataset.ts';
import { type Period, periodRange } from '../schemas/period.ts';
import type { TieOut } from '../schemas/submission-report.ts';
import { countPurgedBatches, listBatches } from './batches.ts';
import { submissionFiles } from './national-platform-files.ts';
import { requirePlatform, termsOf } from './platform-terms.ts';
import { type PeriodRequest, type PreparedSnapshot, prepareSnapshot } from './prepare.ts';
import { type ProductState, type Release, refuseRelease, runSpec } from './product.ts';
import { recover } from './recovery.ts';
import { ArbdataError } from './runtime/errors.ts';
import { type RunContext, type RunEnd, withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { computeFigures, type Figures } from './steps/macro-monitoring/figures.ts';
import { periodWindows } from './steps/macro-monitoring/windows.ts';
import type { HoldReason } from './steps/publish/hold.ts';
import { takenAt } from './steps/snapshot/freeze.ts';
import type { Batch } from './steps/submit/batch.ts';
import { FIRST_BATCH_MEMORY } from './steps/submit/engine-limit.ts';
import { openHistory } from './steps/submit/history.ts';
import { fingerprintKey } from './steps/submit/identity-hash.ts';
import { countRecords } from './steps/submit/package.ts';
import { createCurrent, createDecisions, createSubmissionSource } from './steps/submit/records.ts';
import { submissionBodies } from './steps/submit/report.ts';
import { tieOut } from './steps/submit/tie-out.ts';

export const NATIONAL_PLATFORM = 'national-platform';

export interface SubmissionRequest extends Omit<PeriodRequest, 'readers'> {
  /** The platform; absent: the national one. */
  readonly product?: string;
  /** Publish what an earlier run held. */
  readonly release?: Release;
}

export interface SubmissionOutcome {
  readonly product: string;
  /** `unchanged`: nothing is to be asked of the platform, so there is no batch. */
  readonly state: ProductState;
  readonly period: Period;
  /** Absent where none was made. */
  readonly batch: string | undefined;
  /** The number of the batch in its month. */
  readonly revision: number | null;
  readonly dir: string;
  readonly files: readonly string[];
  readonly reasons: readonly HoldReason[];
  readonly provisional: boolean;
  readonly counts: Readonly<
    Record<'records' | 'I' | 'U' | 'D' | 'held' | 'heldBack' | 'rejected' | 'waiting', number>
  >;
  readonly tieOut: TieOut;
}

export interface SubmissionRunEnd extends RunEnd {
  readonly prepared: PreparedSnapshot;
  readonly submission: SubmissionOutcome;
}

/** Build the batch of a month for a platform. */
export async function runNationalPlatform(
  service: Service,
  request: SubmissionRequest,
): Promise<SubmissionRunEnd & { runId: string }> {
  const product = request.product ?? NATIONAL_PLATFORM;
  await recover(service);
  requirePlatform(service, product);
  const last = (await listBatches(service, product)).at(-1);
  const refusal = refusalOf(request.period) ?? submittedLater(last, request.period);
  if (refusal !== undefined) throw notSubmittable(refusal);
  const spec = runSpec(product, [product], request.period.text, request);
  return withRun(service, spec, async (context) => {
    if (last === undefined) await context.engine.limitMemoryTo(FIRST_BATCH_MEMORY);
    const prepared = await prepareSnapshot(context, { ...request, readers: ['submission'] });
    const figures = await context.step('figures', () =>
      computeFigures(
        context.engine,
        context.definitions.indicators.indicators,
        periodWindows(request.period, context.config.cutoffDay),
      ),
    );
    // Nothing after the rules reads them: their memory is given back.
    await context.engine.run('DROP TABLE valid_pre_application; DROP TABLE valid_mediation');
    const submission = await makeSubmission(context, prepared, { ...request, figures });
    if ('why' in submission) throw notSubmittable(submission);
    return {
      state: submission.state === 'held' ? 'held' : 'done',
      summary: submissionSummary(submission),
      prepared,
      submission,
    };
  });
}

/** What the ledger keeps of it. */
export function submissionSummary(outcome: SubmissionOutcome) {
  const { product, state, revision, batch, provisional, reasons, counts } = outcome;
  return {
    [product]: { state, revision, batch, provisional, reasons: reasons.map(({ text }) => text), counts },
  };
}

/**
 * The product itself, from a prepared snapshot whose population stands.
 * @returns why there can be no batch of this period or snapshot, where that is so
 */
export async function makeSubmission(
  context: RunContext,
  prepared: PreparedSnapshot,
  request: SubmissionRequest & { readonly figures: Figures },
): Promise<SubmissionOutcome | Refusal> {
  const { engine, ledger, config, home } = context;
  const { period, figures, product = NATIONAL_PLATFORM } = request;
  const batches = await listBatches(context, product);
  const refusal =
    refusalOf(period) ??
    forgotten(product, await countPurgedBatches(context, product)) ??
    submittedLater(batches.at(-1), period) ??
    backwards(batches.at(-1), prepared);
  if (refusal !== undefined) return refusal;
  const terms = termsOf(context, product, prepared.asOf);
  const { policy } = terms;
  await context.step('platform state', async () =>
    openHistory(engine, { homeDir: home.dir, batches, releases: await ledger.recordReleases() }),
  );
  await context.step(
    'records',
    async () => {
      await createSubmissionSource(engine);
      await createCurrent(engine, terms.layout, { policy, key: fingerprintKey(home, policy, terms.key) });
      await createDecisions(engine, terms.layout);
      return countRecords(engine);
    },
    { unit: 'records', count: ({ records }) => records },
  );
  const bodies: Body[] = [
    ...figures.bodies,
    OTHER_BODY,
    { code: WHOLE_CODE, name: figures.nameOf(WHOLE_CODE), level: '' },
  ];
  const ties = await context.step('tie-out', () => tieOut(engine, bodies, WHOLE_CODE));
  const provisional = periodRange(period, config.cutoffDay).end >= prepared.asOf;
  const reasons = reasonsToHold(ties, config.approval);
  refuseRelease(request.release, reasons, provisional);
  return submissionFiles(context, {
    product,
    prepared,
    request,
    terms,
    figures,
    bodies: await submissionBodies(engine, bodies, WHOLE_CODE),
    counts: await countRecords(engine),
    tieOut: ties,
    reasons,
    provisional,
  });
}

/** Why there can be no batch, and what can be done about it; English. */
interface Refusal {
  readonly why: string;
  readonly advice: string;
}

/** Batches are of months. */
function refusalOf(period: Period): Refusal | undefined {
  if (period.kind === 'month') return undefined;
  return { why: `a batch is of a month, and ${period.text} is none`, advice: 'Name a month: YYYY-MM.' };
}

/** What was purged told what the platform holds: without it everything would go out a second time. */
function forgotten(product: string, purged: number): Refusal | undefined {
  if (purged === 0) return undefined;
  return {
    why: `${purged} of the batches of ${product} were purged, so what it holds is no longer known`,
    advice: 'Nothing can be sent to it from this home any more. Agree with the platform how to begin anew.',
  };
}

/** An older month would ask the platform to forget what newer ones told it. */
function submittedLater(last: Batch | undefined, period: Period): Refusal | undefined {
  if (last === undefined || last.publication.period <= period.text) return undefined;
  return {
    why: `batch ${last.name} of ${last.publication.period} was built already`,
    advice: `Name ${last.publication.period} or a later month: see \`arbdata submissions\`.`,
  };
}

/** So would an older snapshot. */
function backwards(last: Batch | undefined, { manifest }: PreparedSnapshot): Refusal | undefined {
  if (last === undefined) return undefined;
  const { name, manifest: built } = last;
  if (manifest.asOf >= built.asOf && takenAt(manifest.id) >= takenAt(built.snapshot)) return undefined;
  return {
    why:
      `batch ${name} was built from snapshot ${built.snapshot}, which shows the source as of ${built.asOf}; ` +
      `snapshot ${manifest.id} is older or shows an earlier day (${manifest.asOf})`,
    advice: 'Take a new snapshot, or leave --as-of away.',
  };
}

function notSubmittable({ why, advice }: Refusal): ArbdataError {
  return new ArbdataError('E_NOT_SUBMITTABLE', why, { advice });
}

function reasonsToHold({ gapCount }: TieOut, needsApproval: boolean): HoldReason[] {
  return [
    ...(gapCount > 0
      ? [{ text: `与宏观监测对照有${gapCount}件案件没有唯一去向（见“对照差异”）`, releasable: false }]
      : []),
    ...(needsApproval ? [{ text: '待批准', releasable: true }] : []),
  ];
}
