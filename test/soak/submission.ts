/** npm run soak -- submission, npm run soak -- submission-kill: many seeded cases of what the tests do with a few. */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { inParallel } from '../reliability/support/pool.ts';
import { carryOut, FEW_CASES, historiesOf, nothingReached } from '../submission/support/histories.ts';
import { carryOutKill, killCaseOf, prepareKills } from '../submission/support/kills.ts';

const PROGRESS_EVERY = 25;

export interface SeededSoak {
  readonly cases: number;
  readonly seed: number;
  readonly only: number | undefined;
  readonly workers: number;
}

/**
 * Histories, one for each seed. Returns the number that failed.
 * @param wanted.together histories that share the batches of one home: what happens to their cases differs
 */
export async function soakHistories(wanted: SeededSoak & { readonly together: number }): Promise<number> {
  const reached = nothingReached();
  const cases = FEW_CASES * wanted.together;
  const target = wanted.together === 1 ? 'submission' : `submission --together ${wanted.together}`;
  const failed = await soakSeeds(target, wanted, async (seed) => {
    const [history = []] = fc.sample(historiesOf(cases), { numRuns: 1, seed });
    if (wanted.only !== undefined) console.log(JSON.stringify(history));
    await carryOut(history, reached, cases);
  });
  console.log(JSON.stringify(reached));
  return failed;
}

/** Commands of a submission that are killed and run again. Returns the number that failed. */
export async function soakSubmissionKills(wanted: SeededSoak): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-soak-'));
  try {
    const stages = await prepareKills(dir);
    let hits = 0;
    const failed = await soakSeeds('submission-kill', wanted, async (seed) => {
      hits += await carryOutKill(dir, killCaseOf(seed, stages));
    });
    console.log(`${hits} kills hit`);
    return failed;
  } finally {
    await removeTree(dir);
  }
}

async function soakSeeds(
  target: string,
  { cases, seed, only, workers }: SeededSoak,
  carry: (seed: number) => Promise<unknown>,
): Promise<number> {
  const started = performance.now();
  const seeds = only === undefined ? Array.from({ length: cases }, (_, index) => seed + index) : [only];
  const failed: string[] = [];
  let done = 0;
  await inParallel(seeds, workers, async (one) => {
    await carry(one).catch((error: unknown) => {
      failed.push(`seed ${one} (replay: npm run soak -- ${target} --only ${one})`);
      console.log(`FAILED ${failed.at(-1)}\n    ${error instanceof Error ? error.stack : String(error)}`);
    });
    done += 1;
    if (done % PROGRESS_EVERY === 0) console.log(`${done} of ${seeds.length} cases, ${failed.length} failed`);
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\n${done} cases in ${seconds} s; ${failed.length} cases failed`);
  for (const line of failed) console.log(`FAILED ${line}`);
  return failed.length;
}
