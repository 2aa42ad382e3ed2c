/** The month: one snapshot, and every product of it. */
import {
  endOf,
  MACRO_MONITORING,
  type MacroRequest,
  type MacroRunEnd,
  makeMacroMonitoring,
} from './macro-monitoring.ts';
import {
  type ComparisonRunEnd,
  comparisonSummary,
  makeComparison,
  PRE_APPLICATION_COMPARISON,
} from './pre-application-comparison.ts';
import { prepareSnapshot } from './prepare.ts';
import { runSpec } from './product.ts';
import { recover } from './recovery.ts';
import { withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';

/** What a run made: one product or all of the month. */
export type ProductsRunEnd = MacroRunEnd & ComparisonRunEnd;

/** Freeze, validate, then make the products that belong to the month; each is published or held by itself. */
export async function runMonthly(
  service: Service,
  request: MacroRequest,
): Promise<ProductsRunEnd & { runId: string }> {
  await recover(service);
  const products = [MACRO_MONITORING, PRE_APPLICATION_COMPARISON];
  const spec = runSpec('monthly', products, request.period.text, request);
  return withRun(service, spec, async (context) => {
    const prepared = await prepareSnapshot(context, { ...request, readers: ['comparison', 'submission'] });
    const macro = endOf(prepared, await makeMacroMonitoring(context, prepared, request));
    const comparison = await makeComparison(context, prepared, { ...request, span: request.period });
    return {
      ...macro,
      state: comparison.state === 'held' ? 'held' : macro.state,
      summary: { ...(macro.summary as object), ...comparisonSummary(context, prepared, comparison) },
      opened: prepared,
      comparison,
    };
  });
}
