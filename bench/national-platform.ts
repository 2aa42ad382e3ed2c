/**
 * The national platform: the first full batch of a city, the platform's receipt, and a month's delta, beside a bare ZIP
 * stream of the same bytes in the same run.
 *
 *     node bench/national-platform.ts [--size demo|city] [--keep DIR]
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Engine, literal, withEngine } from '../pipelines/runtime/duckdb.ts';
import {
  isKept,
  type Line,
  type Measure,
  measureTable,
  mustSucceed,
  node,
  type Ratio,
  ratioTable,
} from './measure.ts';
import { inBenchFolder, showRun, stepsMs } from './runs.ts';

const PERIOD = '2026-10';
/** Steps of the run that are the batch itself; the others freeze, validate and compute for every product. */
const BATCH_STEPS: ReadonlySet<string> = new Set([
  'platform state',
  'records',
  'tie-out',
  'package',
  'submission workbooks',
  'place batch',
]);

interface Built {
  readonly whole: Measure;
  readonly batch: string;
  readonly dir: string;
  readonly records: number;
  readonly batchMs: number;
}

async function build(home: string): Promise<Built> {
  const whole = await mustSucceed(
    node('app/main.js', 'run', 'national-platform', '--period', PERIOD, '--home', home, '--json'),
  );
  const made = JSON.parse(whole.stdout) as {
    run: string;
    batch: string;
    dir: string;
    counts: { records: number };
  };
  const batchMs = stepsMs(await showRun(home, made.run), BATCH_STEPS);
  return { whole, batch: made.batch, dir: made.dir, records: made.counts.records, batchMs };
}

/** A receipt that accepts every record, written by the engine: a line for each. */
async function acceptAll({ batch, dir }: Built, folder: string): Promise<string> {
  const lines = path.join(folder, 'records.jsonl');
  const file = path.join(folder, `receipt-${batch}.json`);
  await withEngine({ spillDir: path.join(folder, 'spill') }, async (engine: Engine) => {
    await engine.run(`COPY (SELECT '{"id":"' || record_id || '","result":"accepted"}' ||
        CASE WHEN row_number() OVER (ORDER BY record_id) < count(*) OVER () THEN ',' ELSE '' END AS line
      FROM read_parquet(${literal(path.join(dir, 'records/*.parquet'))}) ORDER BY record_id)
      TO ${literal(lines)} (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\\x01')`);
  });
  writeFileSync(file, `{"batch":"${batch}","receivedAt":"2026-11-04T08:00:00+08:00","records":[\n`);
  await mustSucceed(['bash', '-c', 'cat "$0" >> "$1" && echo "]}" >> "$1"', lines, file]);
  return file;
}

/** What a month changes: one case in fifty is corrected, one in a thousand removed. */
async function changeSource(source: string, folder: string): Promise<void> {
  await withEngine({ spillDir: path.join(folder, 'spill'), file: source }, async (engine: Engine) => {
    await engine.run(`
      UPDATE ARB_CASE SET EXCLUDED_DAYS = EXCLUDED_DAYS + 1 WHERE CASE_ID % 50 = 0 AND CLOSE_DATE IS NOT NULL;
      UPDATE ARB_CASE SET DELETED = '1' WHERE CASE_ID % 1000 = 7;
      CHECKPOINT`);
  });
}

async function bench(size: string, dir: string): Promise<boolean> {
  const home = path.join(dir, 'home');
  const source = path.join(home, 'source/source.duckdb');
  if (!existsSync(source))
    await mustSucceed(node('app/main.js', 'demo', '--size', size, '--until', PERIOD, '--home', home));
  const lines: Line[] = [];
  const first = await build(home);
  lines.push({ name: 'run national-platform, first full batch', measure: first.whole, rows: first.records });
  lines.push({
    name: '— the batch alone',
    measure: { ...first.whole, wallMs: first.batchMs, userMs: 0, systemMs: 0, peakRssBytes: 0 },
    rows: first.records,
  });
  const unpacked = path.join(dir, 'unpacked');
  mkdirSync(unpacked, { recursive: true });
  await mustSucceed(['python3', '-m', 'zipfile', '-e', path.join(first.dir, `${first.batch}.zip`), unpacked]);
  const bare = await mustSucceed(node('bench/bare-zip.ts', unpacked, path.join(dir, 'bare.zip')));
  const { zipMs } = JSON.parse(bare.stdout) as { zipMs: number };
  lines.push({ name: 'peer: the same bytes into a bare ZIP stream', measure: bare });
  const receipt = await acceptAll(first, dir);
  const imported = await mustSucceed(
    node('app/main.js', 'receipts', 'import', receipt, '--home', home, '--json'),
  );
  lines.push({ name: 'receipts import, every record accepted', measure: imported, rows: first.records });
  await changeSource(source, dir);
  const delta = await build(home);
  lines.push({ name: "run national-platform, a month's delta", measure: delta.whole, rows: delta.records });
  lines.push({
    name: '— the batch alone',
    measure: { ...delta.whole, wallMs: delta.batchMs, userMs: 0, systemMs: 0, peakRssBytes: 0 },
    rows: delta.records,
  });
  const ratios: Ratio[] = [
    {
      name: 'first batch alone / bare ZIP stream',
      of: first.batchMs,
      against: zipMs,
      atMost: Number.POSITIVE_INFINITY,
    },
    { name: 'first batch, whole run, seconds / 90', of: first.whole.wallMs / 1000, against: 90, atMost: 1 },
    {
      name: 'first batch, peak RSS, MiB / 800',
      of: first.whole.peakRssBytes / 2 ** 20,
      against: 800,
      atMost: 1,
    },
    { name: 'delta, whole run, seconds / 15', of: delta.whole.wallMs / 1000, against: 15, atMost: 1 },
  ];
  process.stdout.write(
    `size ${size}, ${os.cpus().length} cores, ${readdirSync(unpacked).length} files in the package\n\n` +
      `${measureTable(lines)}\n\n${ratioTable(ratios)}\n`,
  );
  return ratios.every(isKept);
}

const { values } = parseArgs({
  options: { size: { type: 'string', default: 'city' }, keep: { type: 'string' } },
});
if (!(await inBenchFolder(values, (dir) => bench(values.size, dir)))) process.exitCode = 1;
