/** npm run soak -- oracle: seeded faults of the database and the network while the Oracle source is read. */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { inParallel } from '../reliability/support/pool.ts';
import { sampleSource } from '../source/support/oracle.ts';
import { FaultBench, faultCaseOf } from '../source/support/oracle-faults.ts';

const PROGRESS_EVERY = 25;

export interface OracleSoak {
  readonly cases: number;
  readonly seed: number;
  readonly only: number | undefined;
  readonly workers: number;
}

/** Carry the cases out and print what came of them. Returns the number that failed. */
export async function soakOracle({ cases, seed, only, workers }: OracleSoak): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-soak-'));
  const started = performance.now();
  const outcomes = new Map<string, number>();
  const struck = new Map<string, number>();
  const failed: string[] = [];
  let done = 0;
  let resumed = 0;
  const add = (counts: Map<string, number>, key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  try {
    const bench = await FaultBench.open(dir, await sampleSource(dir, 'small'));
    const seeds = only === undefined ? Array.from({ length: cases }, (_, index) => seed + index) : [only];
    await inParallel(seeds, workers, async (one) => {
      const drawn = faultCaseOf(one);
      if (only !== undefined) console.log(JSON.stringify(drawn));
      const result = await bench.carryOut(drawn).catch((error: unknown) => ({
        outcome: 'defect',
        struck: [],
        resumed: false,
        problems: [`the case itself failed: ${error instanceof Error ? error.stack : String(error)}`],
      }));
      add(outcomes, result.outcome);
      for (const kind of result.struck) add(struck, kind);
      if (result.resumed) resumed += 1;
      done += 1;
      if (result.problems.length > 0) {
        failed.push(`seed ${one} (replay: npm run soak -- oracle --only ${one})`);
        console.log(`FAILED ${failed.at(-1)}\n    ${result.problems.join('\n    ')}`);
      }
      if (done % PROGRESS_EVERY === 0)
        console.log(`${done} of ${seeds.length} cases, ${failed.length} failed`);
    });
  } finally {
    await removeTree(dir);
  }
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort()
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  console.log(
    `\n${done} cases in ${Math.round((performance.now() - started) / 1000)} s: ended ${list(outcomes)}; ` +
      `faults that struck: ${list(struck)}; ${resumed} second reads resumed; ${failed.length} cases failed`,
  );
  for (const line of failed) console.log(`FAILED ${line}`);
  return failed.length;
}
