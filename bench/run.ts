/**
 * The benchmark: a month at city size, step by step, beside its peers in the same run.
 *
 *     npm run bench -- [--size demo|city] [--rounds 5] [--keep DIR]
 *
 * Prints Markdown tables; docs keep the last figures. Ends with exit code 1 where a ratio is not kept.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_MEMORY_LIMIT_MB } from '../pipelines/runtime/duckdb.ts';
import { PROJECT_DIR } from '../pipelines/runtime/project.ts';
import {
  isKept,
  type Line,
  type Measure,
  measureTable,
  median,
  middleOf,
  mustSucceed,
  node,
  type Ratio,
  ratioTable,
} from './measure.ts';
import { inBenchFolder, type ShownRun, showRun, stepsMs } from './runs.ts';

const PERIOD = '2026-10';
/** Steps that are the freeze with all rules: of the dataset alone, since what other products read beside it is theirs. */
const FREEZE_STEPS: ReadonlySet<string> = new Set(['freeze', 'normalise', 'facts', 'rules']);

async function times(rounds: number, command: readonly string[], env?: NodeJS.ProcessEnv): Promise<Measure> {
  const all: Measure[] = [];
  for (let round = 0; round < rounds; round++) all.push(await mustSucceed(command, env));
  return median(all);
}

/** A run in a fresh home that shares the source, with its steps. */
async function month(
  pipeline: 'monthly' | 'macro-monitoring',
  source: string,
  home: string,
): Promise<{ whole: Measure; shown: ShownRun }> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(path.join(home, 'source'), { recursive: true });
  await mustSucceed(['ln', source, path.join(home, 'source/source.duckdb')]);
  const whole = await mustSucceed(
    node('app/main.js', 'run', pipeline, '--period', PERIOD, '--home', home, '--json'),
  );
  const { run } = JSON.parse(whole.stdout) as { run: string };
  return { whole, shown: await showRun(home, run) };
}

/** Values that differ between two dataset files; the peer is only a peer if it computes the same. */
function differences(ours: string, peers: string): number {
  const read = (file: string): Map<string, string> => {
    const lines = readFileSync(file, 'utf8').replace('\uFEFF', '').trim().split(/\r?\n/);
    const header = (lines[0] ?? '').split(',');
    const at = (name: string): number => header.indexOf(name);
    return new Map(
      lines.slice(1).map((line) => {
        const cells = line.split(',');
        return [
          `${cells[at('scope')]}/${cells[at('org_code')]}/${cells[at('indicator_id')]}`,
          cells[at('value')] ?? '',
        ];
      }),
    );
  };
  const [a, b] = [read(ours), read(peers)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key)).length;
}

/** The one in the middle, by wall time. */
const middle = <T extends { whole: Measure }>(runs: readonly T[]): T =>
  middleOf(runs, (one) => one.whole.wallMs);

/** One bare copy of the source's tables. */
interface Copy {
  readonly copyMs: number;
  readonly whole: Measure;
}

/** What the command and its steps took. */
function linesOf(name: string, { whole, shown }: { whole: Measure; shown: ShownRun }): Line[] {
  return [
    { name, measure: whole },
    ...shown.steps.map((step) => ({
      name: `— ${step.name}`,
      measure: { wallMs: stepsMs(shown, new Set([step.name])), userMs: 0, systemMs: 0, peakRssBytes: 0 },
      ...(step.rows === null ? {} : { rows: step.rows }),
    })),
  ];
}

async function bench(size: string, rounds: number, dir: string): Promise<boolean> {
  const home = path.join(dir, 'home');
  const source = path.join(home, 'source/source.duckdb');
  const lines: Line[] = [];
  if (!existsSync(source)) {
    const made = await mustSucceed(
      node('app/main.js', 'demo', '--size', size, '--until', PERIOD, '--home', home),
    );
    lines.push({ name: `demo --size ${size}`, measure: made });
  }
  const months: Awaited<ReturnType<typeof month>>[] = [];
  const datasets: Awaited<ReturnType<typeof month>>[] = [];
  const runHome = path.join(dir, 'run-home');
  const copyBare = async (): Promise<Copy> => {
    const whole = await mustSucceed(node('bench/copy-tables.ts', source, path.join(dir, 'copy'), 'parquet'));
    return { ...(JSON.parse(whole.stdout) as { copyMs: number }), whole };
  };
  const copies: Copy[] = [];
  const freezes: { freezeMs: number; copyMs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    months.push(await month('monthly', source, path.join(dir, 'month-home')));
    // The machine's speed drifts within seconds: the copy is made before and after, and a round is its own ratio.
    const before = await copyBare();
    const dataset = await month('macro-monitoring', source, runHome);
    const after = await copyBare();
    copies.push(before, after);
    datasets.push(dataset);
    freezes.push({
      freezeMs: stepsMs(dataset.shown, FREEZE_STEPS),
      copyMs: (before.copyMs + after.copyMs) / 2,
    });
  }
  const { whole } = middle(months);
  const dataset = middle(datasets);
  lines.push(...linesOf('run monthly, from the source to all files', middle(months)));
  lines.push(...linesOf('run macro-monitoring, from the source to its files', dataset));
  lines.push({ name: 'peer: DuckDB copies the tables to Parquet', measure: middle(copies).whole });

  const csv = path.join(dir, 'csv');
  await mustSucceed(node('bench/copy-tables.ts', source, csv, 'csv'));
  const snapshotId = (datasets.at(-1) ?? dataset).shown.snapshotId;
  const ours = await times(
    rounds,
    node('bench/snapshot-to-dataset.ts', runHome, snapshotId, PERIOD, path.join(dir, 'ours')),
  );
  lines.push({ name: 'snapshot to dataset and workbook', measure: ours });
  const asOf = '2026-11-03';
  const peer = await times(rounds, [
    '/usr/bin/python3',
    path.join(PROJECT_DIR, 'bench/pandas_peer.py'),
    csv,
    PERIOD,
    path.join(dir, 'peer'),
    '--as-of',
    asOf,
  ]);
  lines.push({ name: 'peer: pandas, CSV to dataset and workbook', measure: peer });

  const file = 'macro-monitoring-202610.csv';
  const unequal = differences(path.join(dir, 'ours', file), path.join(dir, 'peer', file));
  const { freezeMs, copyMs } = middleOf(freezes, (one) => one.freezeMs / one.copyMs);
  const ratios: Ratio[] = [
    { name: 'freeze with all rules / bare copy to Parquet', of: freezeMs, against: copyMs, atMost: 2.5 },
    { name: 'snapshot to dataset and workbook / pandas', of: ours.wallMs, against: peer.wallMs, atMost: 0.6 },
    { name: 'whole month, seconds / 60', of: whole.wallMs / 1000, against: 60, atMost: 1 },
    { name: 'peak RSS, GiB / 1.5', of: whole.peakRssBytes / 2 ** 30, against: 1.5, atMost: 1 },
  ];
  process.stdout.write(
    `size ${size}, ${rounds} rounds (medians), ${os.cpus().length} cores, memory limit ${DEFAULT_MEMORY_LIMIT_MB} MB\n\n` +
      `${measureTable(lines)}\n\n${ratioTable(ratios)}\n\nvalues that differ from the pandas peer: ${unequal}\n` +
      `freeze with all rules / bare copy, round by round: ${freezes.map((one) => (one.freezeMs / one.copyMs).toFixed(2)).join(', ')}\n`,
  );
  return ratios.every(isKept) && unequal === 0;
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'city' },
    rounds: { type: 'string', default: '5' },
    keep: { type: 'string' },
  },
});
const isPassed = await inBenchFolder(values, (dir) => bench(values.size, Number(values.rounds), dir));
if (!isPassed) process.exitCode = 1;
