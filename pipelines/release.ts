/** Publish what a check held, with a reason that is recorded. */
import path from 'node:path';
import { parsePeriod } from '../schemas/period.ts';
import { maybeSamePerson } from './accounts.ts';
import { platformProducts } from './batches.ts';
import { MACRO_MONITORING, runMacroMonitoring } from './macro-monitoring.ts';
import { type ProductsRunEnd, runMonthly } from './monthly.ts';
import { runNationalPlatform } from './national-platform.ts';
import { PRE_APPLICATION_COMPARISON, runComparison } from './pre-application-comparison.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { RunDetails } from './runtime/ledger.ts';
import type { Service } from './runtime/service.ts';
import { takenAt } from './steps/snapshot/freeze.ts';
import { BATCH_FILE } from './steps/submit/batch.ts';

/**
 * Release a held run: the same snapshot gives the same bytes again, and these are published; products of the run that
 * were not held are left as they are.
 * @throws ArbdataError E_NOT_FOUND, E_NOT_RELEASABLE (K01–K10 failed, provisional, not held, other figures today)
 */
export async function releaseRun(
  service: Service,
  runId: string,
  reason: string,
): Promise<ProductsRunEnd & { runId: string }> {
  const { ledger, actor, config } = service;
  const run = await ledger.requireRun(runId);
  if (run.state !== 'held' || run.period === null) throw notHeld(runId, run.state);
  if (reason.trim() === '') {
    throw new ArbdataError('E_USAGE', 'a release needs a reason', { advice: 'Add --reason "…".' });
  }
  if (config.approval && maybeSamePerson(run.actor, actor)) {
    throw new ArbdataError(
      'E_NOT_RELEASABLE',
      `run ${runId} was made by ${actor}, who cannot also approve it`,
      {
        advice: 'Another person approves it under their own account.',
      },
    );
  }
  const earlier = (await ledger.listRuns({ limit: 1000, period: run.period })).find(
    ({ parameters, state }) =>
      state === 'done' && (parameters as { releases?: string } | null)?.releases === runId,
  );
  if (earlier !== undefined) {
    throw new ArbdataError('E_NOT_RELEASABLE', `run ${runId} was released already by run ${earlier.id}`, {
      advice: `See \`arbdata runs show ${earlier.id}\`.`,
    });
  }
  const { snapshotId } = run;
  const held = heldDatasets(run, productsOf(service));
  if (held.size === 0 || snapshotId === null) throw notReleasable(run);
  for (const product of held.keys()) {
    await refuseOvertaken(service, { product, period: run.period, runId, snapshotId });
  }
  const request = {
    period: parsePeriod(run.period),
    snapshotId,
    release: { runId, reason: reason.trim(), datasetSha256: Object.fromEntries(held) },
  };
  if (held.size > 1) return runMonthly(service, request);
  if (held.has(MACRO_MONITORING)) return runMacroMonitoring(service, request);
  if (held.has(PRE_APPLICATION_COMPARISON))
    return runComparison(service, { ...request, span: request.period });
  const [product = ''] = held.keys();
  return runNationalPlatform(service, { ...request, product });
}

/** Everything that can be held: the two datasets, and the batches of the platforms. */
function productsOf(service: Service): string[] {
  return [MACRO_MONITORING, PRE_APPLICATION_COMPARISON, ...platformProducts(service)];
}

/** SHA-256 of the data file of each product that was held. The ledger, not the draft folder, says which bytes were. */
function heldDatasets({ files, summary }: RunDetails, known: readonly string[]): Map<string, string> {
  const products = (summary ?? {}) as Record<string, { state?: string } | undefined>;
  return new Map(
    known.flatMap((product) => {
      const dataset = files.find(
        ({ kind, path: file }) =>
          kind === 'dataset' &&
          file.split(path.sep)[1] === product &&
          (file.endsWith('.csv') || path.basename(file) === BATCH_FILE),
      );
      return dataset === undefined || products[product]?.state !== 'held' ? [] : [[product, dataset.sha256]];
    }),
  );
}

/** What was published from a newer snapshot must not be replaced by what an older one held. */
async function refuseOvertaken(
  { ledger }: Service,
  held: {
    readonly product: string;
    readonly period: string;
    readonly runId: string;
    readonly snapshotId: string;
  },
): Promise<void> {
  const { product, period } = held;
  const published = await ledger.latestPublication(product, period);
  if (published === undefined || takenAt(published.snapshotId) <= takenAt(held.snapshotId)) return;
  throw new ArbdataError(
    'E_NOT_RELEASABLE',
    `run ${held.runId} was overtaken: r${published.revision} of ${period} was published from a newer snapshot`,
    { advice: 'Run the period again and release that run if it is held.' },
  );
}

/** A product may be held with nothing that could be published: a batch whose cases do not tie out. */
function notReleasable({ id, state, summary }: RunDetails): ArbdataError {
  const products = Object.values(
    (summary ?? {}) as Record<string, { state?: string; reasons?: string[] } | undefined>,
  );
  const reasons = products.flatMap((one) => (one?.state === 'held' ? (one.reasons ?? []) : []));
  if (reasons.length === 0) return notHeld(id, state);
  return new ArbdataError('E_NOT_RELEASABLE', `run ${id} cannot be released: ${reasons.join('; ')}`, {
    advice: 'Mend the cause in the source and run the period again.',
  });
}

function notHeld(runId: string, state: string): ArbdataError {
  return new ArbdataError('E_NOT_RELEASABLE', `run ${runId} is not held by a check (it is ${state})`, {
    advice: 'Only runs in state held can be released: see `arbdata runs`.',
  });
}
