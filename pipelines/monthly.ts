/** The month: one snapshot, and every product of it. */
import {
  endOf,
  MACRO_MONITORING,
  type MacroRequest,
  type MacroRunEnd,
  makeMacroMonitoring,
} from './macro-monitoring.ts';
import {
  makeSubmission,
  NATIONAL_PLATFORM,
  type SubmissionRunEnd,
  submissionSummary,
} from './national-platform.ts';
import { requirePlatform } from './platform-terms.ts';
import {
  type ComparisonRunEnd,
  comparisonSummary,
  makeComparison,
  PRE_APPLICATION_COMPARISON,
} from './pre-application-comparison.ts';
import { type PreparedSnapshot, prepareSnapshot } from './prepare.ts';
import { runSpec } from './product.ts';
import { recover } from './recovery.ts';
import { type RunContext, type RunEnd, withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { computeFigures, type Figures } from './steps/macro-monitoring/figures.ts';
import { periodWindows } from './steps/macro-monitoring/windows.ts';

/** In the order in which they are made. */
const PRODUCTS: readonly string[] = [MACRO_MONITORING, PRE_APPLICATION_COMPARISON, NATIONAL_PLATFORM];

/** What a run made: one product or all of the month. */
export type ProductsRunEnd = RunEnd &
  Partial<MacroRunEnd & ComparisonRunEnd & SubmissionRunEnd> & {
    /** Why no batch could be built; English. */
    readonly noSubmission?: string;
  };

/**
 * Freeze, validate, then make the products that belong to the month; each is published or held by itself. A release
 * makes those that were held.
 */
export async function runMonthly(
  service: Service,
  request: MacroRequest,
): Promise<ProductsRunEnd & { runId: string }> {
  await recover(service);
  requirePlatform(service, NATIONAL_PLATFORM);
  const { release } = request;
  const products = PRODUCTS.filter((product) => release === undefined || product in release.datasetSha256);
  const spec = runSpec('monthly', products, request.period.text, request);
  return withRun(service, spec, async (context) => {
    const prepared = await prepareSnapshot(context, { ...request, readers: ['comparison', 'submission'] });
    const ends: ProductsRunEnd[] = [];
    let figures: Figures | undefined;
    if (products.includes(MACRO_MONITORING)) {
      const outcome = await makeMacroMonitoring(context, prepared, request);
      figures = outcome.figures;
      ends.push(endOf(prepared, outcome));
    }
    if (products.includes(PRE_APPLICATION_COMPARISON))
      ends.push(await comparisonEnd(context, prepared, request));
    if (products.includes(NATIONAL_PLATFORM))
      ends.push(await submissionEnd(context, prepared, request, figures));
    return {
      ...Object.assign({}, ...ends),
      state: ends.some(({ state }) => state === 'held') ? 'held' : 'done',
      summary: Object.assign({}, ...ends.map(({ summary }) => summary)),
      prepared,
    };
  });
}

async function comparisonEnd(
  context: RunContext,
  prepared: PreparedSnapshot,
  request: MacroRequest,
): Promise<ComparisonRunEnd> {
  const comparison = await makeComparison(context, prepared, { ...request, span: request.period });
  return {
    state: comparison.state === 'held' ? 'held' : 'done',
    summary: comparisonSummary(context, prepared, comparison),
    opened: prepared,
    comparison,
  };
}

/** A month that was submitted already, or a period that is no month, has no batch: the other products stand all the same. */
async function submissionEnd(
  context: RunContext,
  prepared: PreparedSnapshot,
  request: MacroRequest,
  known: Figures | undefined,
): Promise<ProductsRunEnd> {
  const { engine, definitions, config } = context;
  const windows = periodWindows(request.period, config.cutoffDay);
  const figures = known ?? (await computeFigures(engine, definitions.indicators.indicators, windows));
  const submission = await makeSubmission(context, prepared, { ...request, figures });
  if ('why' in submission) {
    return {
      state: 'done',
      summary: { [NATIONAL_PLATFORM]: { state: 'none', why: submission.why } },
      noSubmission: submission.why,
    };
  }
  return {
    state: submission.state === 'held' ? 'held' : 'done',
    summary: submissionSummary(submission),
    prepared,
    submission,
  };
}
