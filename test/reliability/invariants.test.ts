/** The invariants that the kill tests rest on can fail: each kind of damage to a settled home is found. */
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { mustRun } from './support/cli.ts';
import { flipByte } from './support/damage.ts';
import { copyHome, importedHome, RUN } from './support/homes.ts';
import { type Expected, restProblems, settledProblems } from './support/invariants.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let dir: string;
let settled: string;
const EXPECTED: Expected = { revisions: { '2026-10': 1 } };

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-invariants-'));
  settled = await importedHome(dir, 'settled');
  await mustRun(settled, RUN);
});
afterAll(() => removeTree(dir));

/** The settled home, to be damaged. */
async function damagedBy(
  damage: (home: string, revision: string, snapshot: string) => void,
): Promise<string[]> {
  const home = copyHome(settled, path.join(dir, 'damaged'));
  onTestFinished(() => removeTree(home));
  const revision = path.join(home, 'published/macro-monitoring/202610/r1');
  const [snapshot = ''] = readdirSync(path.join(home, 'snapshots'));
  for (const open of [revision, path.join(home, 'snapshots', snapshot)]) chmodSync(open, 0o700);
  damage(home, revision, path.join(home, 'snapshots', snapshot));
  for (const close of [revision, path.join(home, 'snapshots', snapshot)]) {
    try {
      chmodSync(close, 0o500);
    } catch {
      // The damage was to move it away.
    }
  }
  return settledProblems(home, EXPECTED);
}

function sql(home: string, statement: string): void {
  const database = new DatabaseSync(path.join(home, 'ledger.sqlite'));
  database.exec(statement);
  database.close();
}

test('a settled home has none', async () => {
  expect(await settledProblems(settled, EXPECTED)).toEqual([]);
});

test.each<[string, RegExp, (home: string, revision: string, snapshot: string) => void]>([
  [
    'a byte of a dataset',
    /macro-monitoring-202610\.csv is not what/,
    (_, r1) => flipByte(`${r1}/macro-monitoring-202610.csv`),
  ],
  [
    'a byte of a snapshot',
    /arb_case\.parquet is not what/,
    (_, __, snapshot) => flipByte(`${snapshot}/arb_case.parquet`),
  ],
  ['a missing manifest', /has no manifest/, (_, r1) => rmSync(`${r1}/manifest.json`)],
  [
    'a byte of a manifest',
    /states another manifest|has no manifest|JSON/,
    (_, r1) =>
      writeFileSync(
        `${r1}/manifest.json`,
        readFileSync(`${r1}/manifest.json`, 'utf8').replace('"formatVersion": 1', '"formatVersion":  1'),
      ),
  ],
  [
    'a foreign file',
    /x\.txt is not in its manifest/,
    (_, r1) => writeFileSync(`${r1}/x.txt`, '', { mode: 0o400 }),
  ],
  ['a lost revision', /on disk are {2}instead of/, (home, r1) => renameSync(r1, path.join(home, 'gone'))],
  [
    'a doubled revision',
    /on disk are 202610\/r1 202610\/r2/,
    (_, r1) => cpSync(r1, r1.replace(/r1$/, 'r2'), { recursive: true }),
  ],
  [
    'a forgotten publication',
    /in the ledger are {2}instead of/,
    (home) => sql(home, 'DELETE FROM publication'),
  ],
  [
    'a lock',
    /the lock product:x of .* is left/,
    (home) => sql(home, "INSERT INTO lock SELECT 'product:x', id, 1, '', '', '', '', '' FROM run LIMIT 1"),
  ],
  [
    'a record twice',
    /was not recorded once/,
    (home) =>
      sql(home, "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE action = 'publication.publish'"),
  ],
  ['a temporary file', /\.a\.tmp is stray/, (home) => writeFileSync(path.join(home, 'source', '.a.tmp'), '')],
  ['a work folder', /work\/R1 is stray/, (home) => writeFileSync(path.join(home, 'work', 'R1'), '')],
  [
    'half a findings file',
    /findings\/R1\.parquet cannot be read/,
    (home) => writeFileSync(path.join(home, 'findings', 'R1.parquet'), 'PAR1'),
  ],
  [
    'an open file',
    /mediation-facts\.parquet can be written/,
    (_, r1) => chmodSync(`${r1}/mediation-facts.parquet`, 0o600),
  ],
])('%s is found', async (_name, problem, damage) => {
  expect((await damagedBy(damage)).join('\n')).toMatch(problem);
});

test('half a snapshot under its final name is found at rest', async () => {
  const home = copyHome(settled, path.join(dir, 'half'));
  const snapshots = path.join(home, 'snapshots');
  const [id = ''] = readdirSync(snapshots);
  cpSync(path.join(snapshots, id), path.join(snapshots, '20261103-000000-0000'), { recursive: true });
  chmodSync(path.join(snapshots, '20261103-000000-0000'), 0o700);
  rmSync(path.join(snapshots, '20261103-000000-0000', 'arb_party.parquet'));
  expect((await restProblems(home)).join('\n')).toMatch(/arb_party\.parquet is missing/);
});
