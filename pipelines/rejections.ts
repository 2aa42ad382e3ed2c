/** The loop back: what platforms rejected becomes a finding on its case, until the case changes or a person releases it. */
import { listBatches, platformProducts } from './batches.ts';
import { termsOf } from './platform-terms.ts';
import type { RunContext } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import type { Batch } from './steps/submit/batch.ts';
import { closeHistory, openHistory } from './steps/submit/history.ts';
import { fingerprintKey } from './steps/submit/identity-hash.ts';
import { addRejections, createSubmissionSource } from './steps/submit/records.ts';

export interface RejectingPlatform {
  readonly product: string;
  readonly batches: readonly Batch[];
}

/** The platforms that rejected anything, with their batches. */
export async function rejectingPlatforms(
  service: Pick<Service, 'home' | 'ledger' | 'definitions'>,
): Promise<RejectingPlatform[]> {
  const found: RejectingPlatform[] = [];
  for (const product of platformProducts(service)) {
    const batches = await listBatches(service, product);
    if (batches.some(({ rejected }) => rejected > 0)) found.push({ product, batches });
  }
  return found;
}

/** Fill `platform_rejection` for rule N001. Needs the valid tables with the columns of a submission, and the facts. */
export async function findRejections(
  context: RunContext,
  platforms: readonly RejectingPlatform[],
  asOf: string,
): Promise<void> {
  const { engine, home, ledger } = context;
  const releases = await ledger.recordReleases();
  for (const { product, batches } of platforms) {
    const { layout, policy, key } = termsOf(context, product, asOf);
    await openHistory(engine, { homeDir: home.dir, batches, releases });
    await createSubmissionSource(engine);
    await addRejections(engine, layout, { policy, key: fingerprintKey(home, policy, key) });
    await closeHistory(engine);
  }
}
