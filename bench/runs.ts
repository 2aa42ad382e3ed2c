/** What benchmarks share: the folder that one works in, and what the steps of a run took. */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stampToMs } from '../pipelines/runtime/clock.ts';
import { removeTree } from '../pipelines/runtime/files.ts';
import { mustSucceed, node } from './measure.ts';

/**
 * Carry out a benchmark in a new folder, which goes with all that is in it.
 * @param where.keep a folder that is used instead, and stays
 * @param where.parent where the new folder is made; absent: where temporary files lie
 */
export async function inBenchFolder<T>(
  where: { readonly keep?: string | undefined; readonly parent?: string | undefined },
  bench: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = where.keep ?? mkdtempSync(path.join(where.parent ?? os.tmpdir(), 'arbdata-bench-'));
  try {
    return await bench(dir);
  } finally {
    if (where.keep === undefined) await removeTree(dir);
  }
}

export interface Step {
  readonly name: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly rows: number | null;
}

export interface ShownRun {
  readonly snapshotId: string;
  readonly steps: readonly Step[];
}

/** A run of a home, as its ledger has it. */
export async function showRun(home: string, id: string): Promise<ShownRun> {
  const { stdout } = await mustSucceed(node('app/main.js', 'runs', 'show', id, '--home', home, '--json'));
  return (JSON.parse(stdout) as { run: ShownRun }).run;
}

/** What the steps of these names took together. */
export function stepsMs({ steps }: Pick<ShownRun, 'steps'>, names: ReadonlySet<string>): number {
  return steps
    .filter(({ name }) => names.has(name))
    .reduce((sum, { startedAt, finishedAt }) => sum + stampToMs(finishedAt) - stampToMs(startedAt), 0);
}
