/** The month: one snapshot, and every product of it. */
import {
  endOf,
  type MacroRequest,
  type MacroRunEnd,
  makeMacroMonitoring,
  runSpec,
} from './macro-monitoring.ts';
import { prepareSnapshot } from './prepare.ts';
import { recover } from './recovery.ts';
import { withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';

/** Freeze, validate, then make the products that belong to the month. */
export async function runMonthly(
  service: Service,
  request: MacroRequest,
): Promise<MacroRunEnd & { runId: string }> {
  await recover(service);
  return withRun(service, runSpec('monthly', request), async (context) => {
    const prepared = await prepareSnapshot(context, request);
    const outcome = await makeMacroMonitoring(context, prepared, request);
    return endOf(prepared, outcome);
  });
}
