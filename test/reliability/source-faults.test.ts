/** A source, a snapshot or a request that is not as it should be: what the command line says, and that nothing is half-done. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { callCli, callJson, mustRun, runJson } from './support/cli.ts';
import { flipByte } from './support/damage.ts';
import { copyHome, importedHome, RUN } from './support/homes.ts';
import { restProblems, settledProblems } from './support/invariants.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let dir: string;
let imported: string;
/** With one snapshot, and 2026-10 published from it. */
let published: { home: string; snapshot: string };

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-source-faults-'));
  imported = await importedHome(dir, 'imported');
  const home = copyHome(imported, path.join(dir, 'published'));
  await mustRun(home, RUN);
  published = { home, snapshot: readdirSync(path.join(home, 'snapshots'))[0] ?? '' };
});
afterAll(() => removeTree(dir));

/** A copy of a home that a test may damage. */
function copyOf(home: string): string {
  const copy = copyHome(home, mkdtempSync(path.join(dir, 'case-')).concat('-home'));
  onTestFinished(() => removeTree(copy));
  return copy;
}

const sourceFile = (home: string): string => path.join(home, 'source/source.duckdb');

/** Nothing was published or frozen, and no run is left. */
async function expectNothingMade(home: string): Promise<void> {
  expect(await settledProblems(home, { revisions: {} })).toEqual([]);
  expect(readdirSync(path.join(home, 'snapshots'))).toEqual([]);
  expect(readdirSync(path.join(home, 'findings'))).toEqual([]);
}

async function expectPublished(home: string): Promise<void> {
  const { exit, json } = await callJson(home, RUN);
  expect(exit).toBe(0);
  expect(json).toMatchObject({ state: 'published', revision: 1 });
}

/** A process that holds a home's source open for writing; the returned function ends it. */
async function holdSource(home: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const script = fileURLToPath(new URL('../source/support/hold.ts', import.meta.url));
  const child = spawn(process.execPath, [script, 'open', home], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(path.join(home, 'spill-of-holder'), { recursive: true, force: true });
    rmSync(`${sourceFile(home)}.wal`, { force: true });
  };
  return { pid: child.pid ?? 0, end };
}

test('a source that another process holds open', async () => {
  const home = copyOf(imported);
  const holder = await holdSource(home);
  for (const command of [RUN, ['source', 'check']]) {
    const { exit, error } = await runJson(home, command);
    expect([exit, error?.code, error?.retryable]).toEqual([4, 'E_SOURCE_LOCKED', true]);
    expect(error?.message).toContain(`PID ${holder.pid}`);
    expect(error?.advice).toMatch(/Wait until that process has ended/);
  }
  const doctor = await callCli(home, ['doctor']);
  expect(doctor.exit).toBe(1);
  expect(doctor.stdout).toMatch(/problem +source: another process holds/i);
  await holder.end();
  await expectNothingMade(home);
  await expectPublished(home);
});

test('a home without a source', async () => {
  const home = copyOf(imported);
  renameSync(sourceFile(home), path.join(home, 'kept'));
  for (const command of [RUN, ['run', 'monthly'], ['source', 'check']]) {
    const { exit, error } = await runJson(home, command);
    expect([exit, error?.code]).toEqual([4, 'E_SOURCE_MISSING']);
    expect(error?.message).toContain(sourceFile(home));
    expect(error?.advice).toMatch(/arbdata demo.*arbdata source import/);
  }
  expect((await callCli(home, ['doctor'])).exit).toBe(0);
  renameSync(path.join(home, 'kept'), sourceFile(home));
  await expectNothingMade(home);
  await expectPublished(home);
});

test.each<[string, string, RegExp]>([
  ['without a view', 'DROP TABLE arb_claim', /^the view ARB_CLAIM is missing$/],
  [
    'with a column of another type',
    'ALTER TABLE arb_case ALTER CLAIM_AMOUNT TYPE DOUBLE',
    /^the column ARB_CASE\.CLAIM_AMOUNT has the type DOUBLE instead of DECIMAL\(18,2\)$/,
  ],
  [
    'with two columns missing',
    'ALTER TABLE arb_party DROP ID_NO; ALTER TABLE pre_application DROP CASE_NO',
    /^the column ARB_PARTY\.ID_NO is missing; the column PRE_APPLICATION\.CASE_NO is missing$/,
  ],
])('a source %s', async (_name, sql, message) => {
  const home = copyOf(imported);
  const spillDir = path.join(home, 'spill');
  await withEngine({ file: sourceFile(home), spillDir }, (engine) => engine.run(sql));
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([4, 'E_SOURCE_CONTRACT']);
  expect(error?.message).toMatch(message);
  expect(error?.advice).toMatch(/source check/);
  const check = await callJson<{ problems: { message: string }[] }>(home, ['source', 'check']);
  expect(check.exit).toBe(4);
  expect(check.json.problems.map((problem) => problem.message).join('; ')).toMatch(message);
  expect((await callCli(home, ['doctor'])).exit).toBe(1);
  await expectNothingMade(home);
});

test.each<[string, (file: string) => void]>([
  ['no database', (file) => writeFileSync(file, '案件\n'.repeat(5000))],
  ['empty', (file) => truncateSync(file, 0)],
  ['cut short', (file) => truncateSync(file, 8192)],
  ['cut in half', (file) => truncateSync(file, statSync(file).size / 2)],
  ['damaged in the middle', flipByte],
])('a source file that is %s', async (_name, damage) => {
  const home = copyOf(imported);
  damage(sourceFile(home));
  const { exit, error } = await runJson(home, RUN);
  expect([exit, error?.code]).toEqual([4, 'E_SOURCE_CONTRACT']);
  expect(error?.message).not.toMatch(/案/);
  expect(error?.advice).toMatch(/source import DIR/);
  await expectNothingMade(home);
});

test.each<[string, (snapshot: string) => void, RegExp]>([
  ['a flipped byte', (snapshot) => flipByte(`${snapshot}/arb_case.parquet`), /arb_case\.parquet was altered/],
  ['a missing file', (snapshot) => rmSync(`${snapshot}/arb_party.parquet`), /arb_party\.parquet is missing/],
  [
    'a file too many',
    (snapshot) => writeFileSync(`${snapshot}/notes.txt`, ''),
    /notes\.txt does not belong to it/,
  ],
  ['no manifest', (snapshot) => rmSync(`${snapshot}/manifest.json`), /manifest .*cannot be read/],
  ['a changed manifest', (snapshot) => flipByte(`${snapshot}/manifest.json`), /manifest/],
])('a snapshot with %s', async (_name, damage, message) => {
  const home = copyOf(published.home);
  const snapshot = path.join(home, 'snapshots', published.snapshot);
  chmodSync(snapshot, 0o700);
  damage(snapshot);
  for (const command of [
    [...RUN, '--snapshot', published.snapshot],
    ['snapshot', 'verify'],
  ]) {
    const { exit, error } = await runJson(home, command);
    expect([exit, error?.code]).toEqual([1, 'E_SNAPSHOT_DAMAGED']);
    expect(error?.message).toMatch(message);
    expect(error?.advice).toMatch(/Restore its folder from a backup/);
  }
  expect(existsSync(path.join(home, 'out/macro-monitoring'))).toBe(false);
});

test('a damaged snapshot stops nobody who freezes a new one', async () => {
  const home = copyOf(published.home);
  flipByte(path.join(home, 'snapshots', published.snapshot, 'arb_case.parquet'));
  expect((await callJson(home, RUN)).json).toMatchObject({ state: 'unchanged', revision: 1 });
  const verified = await callJson(home, ['snapshot', 'verify', published.snapshot]);
  expect([verified.exit, verified.error?.code]).toEqual([1, 'E_SNAPSHOT_DAMAGED']);
});

test('a snapshot that does not exist, and one of another day', async () => {
  const { home, snapshot } = published;
  const unknown = await callJson(home, [...RUN, '--snapshot', '20260101-000000-abcd']);
  expect([unknown.exit, unknown.error?.code]).toEqual([2, 'E_NOT_FOUND']);
  expect(unknown.error?.advice).toMatch(/snapshot list/);
  for (const id of ['../../etc', 'x', '', '20260101-000000-ABCD']) {
    const { exit, error } = await callJson(home, [...RUN, '--snapshot', id]);
    expect([id, exit, error?.code]).toEqual([id, 2, 'E_NOT_FOUND']);
  }
  const otherDay = await callJson(home, [...RUN, '--snapshot', snapshot, '--as-of', '2026-11-04']);
  expect([otherDay.exit, otherDay.error?.code]).toEqual([2, 'E_USAGE']);
  expect(otherDay.error?.message).toBe(`snapshot ${snapshot} is of 2026-11-03, not of 2026-11-04`);
  expect(await settledProblems(home, { revisions: { '2026-10': 1 } })).toEqual([]);
});

test.each([
  ['2026-12', '2026-11-03'],
  ['2026-11', '2026-11-30'],
  ['2026-Q4', '2026-12-31'],
])('%s, which had not ended on %s, is a draft that is never published', async (period, asOf) => {
  const home = copyOf(imported);
  const run = await callJson<{
    run: string;
    state: string;
    provisional: boolean;
    dir: string;
    revision: null;
  }>(home, ['run', 'macro-monitoring', '--period', period, '--as-of', asOf]);
  expect(run.exit).toBe(0);
  expect(run.json).toMatchObject({ state: 'draft', provisional: true, revision: null });
  expect(run.json.dir).toContain(path.join(home, 'out/macro-monitoring'));
  expect(readdirSync(run.json.dir).filter((name) => name.endsWith('.txt'))).toHaveLength(1);
  const manifest = readFileSync(path.join(run.json.dir, 'manifest.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ state: 'draft', provisional: true, revision: 0 });

  const release = await callJson(home, ['runs', 'release', run.json.run, '--reason', 'needed now']);
  expect([release.exit, release.error?.code]).toEqual([2, 'E_NOT_RELEASABLE']);
  expect(await settledProblems(home, { revisions: {} })).toEqual([]);
});

test('a period that had not ended is a draft whatever its checks say, and not released', async () => {
  const home = copyOf(await importedHome(dir, 'excluded', 'excluded'));
  const run = await callJson<{ run: string }>(home, ['run', 'macro-monitoring', '--period', '2026-11']);
  expect(run.exit).toBe(0);
  const release = await callJson(home, ['runs', 'release', run.json.run, '--reason', 'needed now']);
  expect([release.exit, release.error?.code]).toEqual([2, 'E_NOT_RELEASABLE']);
  expect(release.error?.message).toMatch(/is not held by a check \(it is done\)/);
  expect(await settledProblems(home, { revisions: {} })).toEqual([]);
});

/** What people mistype, and what breaks programs. */
const NO_PERIODS = ['2026-13', '202610', '2026-Q5', '２０２６-10', ''];
const NO_DATES = ['2026-02-30', '2026-1-1', 'today'];

test('nonsense periods and dates are wrong usage, and begin nothing', async () => {
  const home = copyOf(imported);
  for (const period of NO_PERIODS) {
    const { exit, error } = await callJson(home, ['run', 'macro-monitoring', '--period', period]);
    expect([period, exit, error?.code]).toEqual([period, 2, 'E_PERIOD']);
    expect(error?.advice).toContain('--period 2026-10');
  }
  for (const date of NO_DATES) {
    const { exit, error } = await callJson(home, [...RUN, '--as-of', date]);
    expect([date, exit, error?.code]).toEqual([date, 2, 'E_DATE']);
    expect(error?.message).toContain('--as-of');
  }
  expect((await callJson(home, ['runs'])).json).toEqual({ runs: [] });
  await expectNothingMade(home);
});

test.each<[string, string[], string]>([
  ['an unknown command', ['run', 'weekly'], 'E_USAGE'],
  ['an unknown option', [...RUN, '--force'], 'E_USAGE'],
  ['a release without a reason', ['runs', 'release', 'R20261103-000000-abcd'], 'E_USAGE'],
  ['a release of no run', ['runs', 'release', 'R20261103-000000-abcd', '--reason', 'x'], 'E_NOT_FOUND'],
])('%s is wrong usage', async (_name, args, code) => {
  const { exit, error } = await callJson(published.home, args);
  expect([exit, error?.code]).toEqual([2, code]);
});

test.each<[string, (csv: string) => void, RegExp]>([
  ['a file missing', (csv) => rmSync(`${csv}/arb_claim.csv`), /arb_claim\.csv.*is missing/],
  [
    'an impossible date',
    (csv) =>
      writeFileSync(
        `${csv}/arb_case.csv`,
        readFileSync(`${csv}/arb_case.csv`, 'utf8').replace(/\d{4}-\d\d-\d\d/, '2026-02-30'),
      ),
    /arb_case\.csv.*APPLY_DATE|arb_case\.csv.*2026-02-30/,
  ],
])('an import with %s keeps the former source', async (_name, damage, message) => {
  const home = copyOf(imported);
  const csv = `${home}-csv`;
  copyHome(path.join(dir, 'csv-first'), csv);
  damage(csv);
  const before = readFileSync(sourceFile(home));
  const { exit, error } = await runJson(home, ['source', 'import', csv]);
  expect([exit, error?.code]).toEqual([2, 'E_CSV']);
  expect(error?.message).toMatch(message);
  expect(readFileSync(sourceFile(home)).equals(before)).toBe(true);
  await expectNothingMade(home);
  expect(await restProblems(home)).toEqual([]);
});
