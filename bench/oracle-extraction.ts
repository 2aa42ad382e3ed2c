/**
 * How fast the Oracle source is read to Parquet, beside a bare loop that fetches the same rows with the same driver,
 * statements, fetch size and types and throws them away.
 *
 *     node bench/oracle-extraction.ts [--size demo|city] [--times 1] [--rounds 5] [--fetch-rows 1000] [--keep DIR]
 *
 * The server is that of the tests in its replay mode, a process of its own on the same machine: it takes CPU time from
 * the readers, most of all from two sessions on two cores. Rounds are interleaved and the medians shown, because the
 * machine's speed drifts. With --times it has each row so many times, under the same key: a larger source without its disk.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { removeTree } from '../pipelines/runtime/files.ts';
import { isKept, type Measure, middleOf, mustSucceed, node, type Ratio, ratioTable } from './measure.ts';
import { inBenchFolder } from './runs.ts';

interface Reading {
  /** Measured by the reader itself: without the start of its process. */
  readonly ms: number;
  readonly rows: number;
  readonly measure: Measure;
}

interface Way {
  readonly name: string;
  readonly readings: Reading[];
  read(round: number): Promise<Reading>;
}

const middle = ({ readings }: Way): Reading => middleOf(readings, ({ ms }) => ms);

async function reading(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Reading> {
  const found = await mustSucceed(command, env);
  const { ms, rows } = JSON.parse(found.stdout) as { ms: number; rows: number };
  return { ms, rows, measure: found };
}

/** Reads as of an SCN, so on as many sessions as it likes. */
const ACCOUNT = {
  name: 'ARBDATA',
  password: 'bench',
  systemPrivileges: ['CREATE SESSION'],
  objects: [
    { object: 'ARB.*', privileges: ['SELECT', 'FLASHBACK'] },
    { object: 'SYS.DBMS_FLASHBACK', privileges: ['EXECUTE'] },
  ],
};

/** The wire server in a process of its own, once it listens. */
async function startServer(
  source: string,
  replayDir: string,
  times: number,
): Promise<{ child: ChildProcess; connectString: string }> {
  const command = node(
    'test/support/oracle-wire/main.ts',
    '--source',
    source,
    '--replay',
    replayDir,
    '--options',
    JSON.stringify({ accounts: [ACCOUNT], replayTimes: times }),
  );
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the server ended'))),
  ])) as [string];
  return { child, connectString: (JSON.parse(line) as { connectString: string }).connectString };
}

interface BenchOptions {
  readonly size: string;
  readonly times: number;
  readonly rounds: number;
  readonly fetchRows: number;
  readonly dir: string;
}

async function bench({ size, times, rounds, fetchRows, dir }: BenchOptions): Promise<boolean> {
  const home = path.join(dir, 'home');
  const source = path.join(home, 'source/source.duckdb');
  if (!existsSync(source)) {
    await mustSucceed(node('app/main.js', 'demo', '--size', size, '--until', '2026-10', '--home', home));
  }
  const { child, connectString } = await startServer(source, path.join(dir, 'replay'), times);
  const env = {
    ORACLE_CONNECT_STRING: connectString,
    ORACLE_USER: ACCOUNT.name,
    ORACLE_PASSWORD: ACCOUNT.password,
  };
  const ours = (sessions: number): Way => ({
    name: `to Parquet, ${sessions} session${sessions === 1 ? '' : 's'}`,
    readings: [],
    read: async (round) => {
      const target = path.join(dir, `target-${sessions}-${round}`);
      try {
        const config = JSON.stringify({ sessions, fetchRows });
        return await reading(node('bench/oracle-freeze.ts', target), { ...env, ORACLE_BENCH: config });
      } finally {
        await removeTree(target);
      }
    },
  });
  const bare: Way = {
    name: 'bare loop of the driver, 1 session',
    readings: [],
    read: () => reading(node('test/support/oracle-bare-loop.ts', String(fetchRows)), env),
  };
  const [one, two] = [ours(1), ours(2)];
  const ways = [bare, one, two];
  try {
    // The first reading fills the server's cache of encoded rows.
    await bare.read(-1);
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) way.readings.push(await way.read(round));
    }
  } finally {
    child.kill('SIGTERM');
  }
  const [bareMedian, oneMedian, twoMedian] = [middle(bare), middle(one), middle(two)];
  const lines = ways.map((way) => {
    const { name, readings } = way;
    const { ms, rows, measure: of } = middle(way);
    const rates = readings.map((each) => Math.round(each.rows / each.ms)).join(', ');
    const peak = Math.max(...readings.map((each) => each.measure.peakRssBytes));
    return `| ${name} | ${(ms / 1000).toFixed(2)} s | ${Math.round(rows / (ms / 1000)).toLocaleString('en-US')} | ${rates} | ${((of.userMs + of.systemMs) / 1000).toFixed(2)} s | ${Math.round(peak / 2 ** 20)} MiB |`;
  });
  const peakMiB =
    Math.max(...[...one.readings, ...two.readings].map((each) => each.measure.peakRssBytes)) / 2 ** 20;
  const ratios: Ratio[] = [
    {
      name: 'bare loop / 1 session, rows per second (at least 0.7)',
      of: oneMedian.ms,
      against: bareMedian.ms,
      atMost: 1 / 0.7,
    },
    { name: '2 sessions / 1 session, time', of: twoMedian.ms, against: oneMedian.ms, atMost: 1 },
    { name: 'peak RSS, MiB / 400', of: peakMiB, against: 400, atMost: 1 },
  ];
  process.stdout.write(
    `size ${size}${times === 1 ? '' : `, each row ${times} times`}, ${bareMedian.rows.toLocaleString('en-US')} rows, ${rounds} interleaved rounds, fetch size ${fetchRows}, ${os.cpus().length} cores, server on the same machine\n\n` +
      `| what | median | rows/s | thousand rows/s of each round | CPU | peak RSS |\n|---|---:|---:|---|---:|---:|\n${lines.join('\n')}\n\n` +
      `1 session at ${(bareMedian.ms / oneMedian.ms).toFixed(2)} of the bare loop, 2 sessions at ${(bareMedian.ms / twoMedian.ms).toFixed(2)}\n\n${ratioTable(ratios)}\n`,
  );
  return ratios.every(isKept);
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'city' },
    times: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    'fetch-rows': { type: 'string', default: '1000' },
    keep: { type: 'string' },
  },
});
const isPassed = await inBenchFolder(values, (dir) =>
  bench({
    size: values.size,
    times: Number(values.times),
    rounds: Number(values.rounds),
    fetchRows: Number(values['fetch-rows']),
    dir,
  }),
);
if (!isPassed) process.exitCode = 1;
