/** Random histories of a submission: what the platform holds is what the specification says, whatever happens. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inParallel } from '../reliability/support/pool.ts';
import { carryOut, FEW_CASES, historiesOf, nothingReached } from './support/histories.ts';

const HOMES = 4;
/** Histories that share the batches of a home. */
const TOGETHER = 6;
const SEED = 20_261_205;

test('histories of changes, batches, crashes, receipts, releases and losses', {
  timeout: 600_000,
}, async () => {
  const reached = nothingReached();
  const drawn = fc.sample(historiesOf(FEW_CASES * TOGETHER), { numRuns: HOMES, seed: SEED });
  await inParallel(drawn, 2, async (history) => {
    await carryOut(history, reached, FEW_CASES * TOGETHER).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${JSON.stringify(history)}`, { cause: error });
    });
  });
  // They reach what they are about.
  const { records, ...counts } = reached;
  for (const [what, count] of Object.entries({ ...records, ...counts }))
    expect(count, what).toBeGreaterThan(0);
});
