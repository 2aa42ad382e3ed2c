/** 网上预申请数据比对: classes, differing fields, candidates, what changed since the run before. Top to bottom. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ViewName } from '../schemas/contract.ts';
import {
  type DateRange,
  monthOf,
  monthsBefore,
  type Period,
  periodRange,
  spanText,
} from '../schemas/period.ts';
import { comparisonFiles } from './pre-application-comparison-files.ts';
import { type OpenedSnapshot, openSnapshot, type PeriodRequest, pruneOldSnapshots } from './prepare.ts';
import { type ProductState, type Release, runSpec } from './product.ts';
import { recover } from './recovery.ts';
import type { MemoryShare } from './runtime/duckdb.ts';
import { FINISHED } from './runtime/ledger-runs.ts';
import { type RunContext, type RunEnd, withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { classify } from './steps/pre-application-comparison/classify.ts';
import {
  type ComparisonCounts,
  comparisonCounts,
  provisionalWaits,
} from './steps/pre-application-comparison/counts.ts';
import { compareWithEarlier, openEarlier } from './steps/pre-application-comparison/difference.ts';
import { createSyllables, createWeights, findPartners } from './steps/pre-application-comparison/evidence.ts';
import { createCompared } from './steps/pre-application-comparison/forms.ts';
import { createLines } from './steps/pre-application-comparison/lines.ts';
import type { HoldReason } from './steps/publish/hold.ts';

export { CLASS_TITLES } from '../schemas/comparison.ts';
export type { DateRange, Period } from '../schemas/period.ts';

export const PRE_APPLICATION_COMPARISON = 'pre-application-comparison';
/** Claims and mediations have no part in it. */
const UNREAD: readonly ViewName[] = ['ARB_CLAIM', 'ARB_MEDIATION'];
/**
 * A report that may run daily beside other work keeps to 1 GiB at a city's size (the process takes more than the engine);
 * a source of many times that size needs its share of a larger limit.
 */
const MEMORY: MemoryShare = { share: 0.7, leastMb: 650 };
/** The frozen file of a run that the next one and `explain` read. */
export const SUBJECTS_FILE = 'comparison.parquet';
/** What was compared with what; `explain` reads it. */
export const PROOFS_FILE = 'comparison-proof.parquet';

export interface ComparisonRequest extends Omit<PeriodRequest, 'period' | 'readers'> {
  /** A period, or days that are none and whose report is never published. */
  readonly span: Period | DateRange;
  /** Publish what an earlier run held. */
  readonly release?: Release;
  /** Whether no other product of the run reads the tables after this one. */
  readonly isAlone?: boolean;
}

export interface ComparisonOutcome {
  readonly state: ProductState;
  /** As in commands: `2026-10`, or `2026-10-01..2026-10-15`. */
  readonly period: string;
  readonly revision: number | null;
  readonly dir: string;
  readonly files: readonly string[];
  readonly reasons: readonly HoldReason[];
  readonly provisional: boolean;
  readonly counts: ComparisonCounts;
}

export interface ComparisonRunEnd extends RunEnd {
  readonly opened: OpenedSnapshot;
  readonly comparison: ComparisonOutcome;
}

/** Run the comparison alone, for a period or for any days. */
export async function runComparison(
  service: Service,
  request: ComparisonRequest,
): Promise<ComparisonRunEnd & { runId: string }> {
  await recover(service);
  const { asOf, snapshotId } = request;
  const spec = runSpec(
    PRE_APPLICATION_COMPARISON,
    [PRE_APPLICATION_COMPARISON],
    textOf(request.span),
    request,
  );
  return withRun(service, spec, async (context) => {
    await context.engine.limitMemoryTo(MEMORY);
    const days = daysOf(request.span, context.config.cutoffDay);
    const opened = await openSnapshot(context, {
      ...days,
      asOf,
      snapshotId,
      unread: UNREAD,
      readers: ['comparison'],
    });
    const comparison = await makeComparison(context, opened, { ...request, isAlone: true });
    await pruneOldSnapshots(context);
    return {
      state: comparison.state === 'held' ? 'held' : 'done',
      summary: comparisonSummary(context, opened, comparison),
      opened,
      comparison,
    };
  });
}

/** What the ledger keeps of it; the next run finds the frozen file by it. */
export function comparisonSummary(
  { home }: Pick<Service, 'home'>,
  { asOf }: OpenedSnapshot,
  { state, revision, provisional, reasons, dir, counts }: ComparisonOutcome,
) {
  return {
    [PRE_APPLICATION_COMPARISON]: {
      state,
      revision,
      folder: path.relative(home.dir, dir),
      asOf,
      provisional,
      reasons: reasons.map(({ text }) => text),
      classes: counts.classes,
      difference: counts.difference,
    },
  };
}

/** The product itself, from an opened snapshot. */
export async function makeComparison(
  context: RunContext,
  opened: OpenedSnapshot,
  request: ComparisonRequest,
): Promise<ComparisonOutcome> {
  const { engine, definitions, config } = context;
  const { span } = request;
  const days = daysOf(span, config.cutoffDay);
  await context.step('comparable texts', () => createCompared(engine, request.isAlone === true));
  const decisions = await context.ledger.standingDecisions();
  await context.step('classes', async () => {
    await openEarlier(engine, await earlierFile(context, opened.asOf));
    await classify(engine, {
      lastMonth: lastMonthOf(span, config.cutoffDay),
      cutoffDay: config.cutoffDay,
      decisions,
    });
  });
  await context.step('candidates', async () => {
    await createWeights(engine, definitions.comparison);
    await createSyllables(engine, definitions.syllables);
    await findPartners(engine);
  });
  await context.step('difference', async () => {
    await createLines(engine);
    await compareWithEarlier(engine);
  });
  return comparisonFiles(context, {
    opened,
    request,
    period: textOf(span),
    days,
    isPeriod: 'kind' in span,
    provisional: days.end >= opened.asOf,
    reasons: await reasonsToHold(context),
    counts: await comparisonCounts(engine),
  });
}

const textOf = (span: Period | DateRange): string => ('kind' in span ? span.text : spanText(span));
const daysOf = (span: Period | DateRange, cutoffDay: number): DateRange =>
  'kind' in span ? periodRange(span, cutoffDay) : span;
/** The month of the trend's last point. */
export const lastMonthOf = (span: Period | DateRange, cutoffDay: number): Period =>
  'kind' in span ? monthsBefore(span, 0) : monthOf(span.end, cutoffDay);

/** A person's approval, and working days that are not announced yet though they decide a class. */
async function reasonsToHold({ engine, config }: RunContext): Promise<HoldReason[]> {
  const waits = await provisionalWaits(engine);
  return [
    ...(waits > 0 ? [{ text: `${waits}件预申请的工作日按未公布放假安排的年份推算`, releasable: true }] : []),
    ...(config.approval ? [{ text: '待批准', releasable: true }] : []),
  ];
}

interface EarlierSummary {
  readonly [PRE_APPLICATION_COMPARISON]?: { readonly folder?: string; readonly asOf?: string };
}

/** A finished run of this product whose files are there. */
export interface EarlierComparison {
  readonly runId: string;
  readonly period: string | null;
  readonly snapshotId: string | null;
  /** From the home. */
  readonly folder: string;
  readonly asOf: string;
}

/** The finished runs that made this product, the latest first. */
export async function earlierComparisons({
  ledger,
  home,
}: Pick<Service, 'ledger' | 'home'>): Promise<EarlierComparison[]> {
  const product = PRE_APPLICATION_COMPARISON;
  const runs = await ledger.listRuns({ limit: 1000, withSnapshot: true, states: FINISHED, product });
  return runs.flatMap(({ id, period, snapshotId, summary }) => {
    const made = (summary as EarlierSummary | null)?.[PRE_APPLICATION_COMPARISON];
    if (made?.folder === undefined || made.asOf === undefined) return [];
    if (!existsSync(path.join(home.dir, made.folder, SUBJECTS_FILE))) return [];
    return [{ runId: id, period, snapshotId, folder: made.folder, asOf: made.asOf }];
  });
}

/** The frozen file of the latest finished run that looked at no later day. */
async function earlierFile(context: RunContext, asOf: string): Promise<string | undefined> {
  const found = (await earlierComparisons(context)).find((one) => one.asOf <= asOf);
  return found === undefined ? undefined : path.join(context.home.dir, found.folder, SUBJECTS_FILE);
}
