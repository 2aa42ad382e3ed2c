/** Same snapshot, same definitions: same bytes, whatever the number of threads, and no second revision. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { callJson, mustRun, runJson } from './support/cli.ts';
import { AS_OF, copyHome, RUN } from './support/homes.ts';
import { settledProblems, sha256 } from './support/invariants.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let dir: string;
/** The whole clean sample: 18 bodies, so that engine threads have something to divide. */
let home: string;
let snapshot: string;

interface Outcome {
  readonly state: string;
  readonly revision: number | null;
  readonly dir: string;
  readonly snapshot: string;
}

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-same-bytes-'));
  home = path.join(dir, 'home');
  await mustRun(home, [
    'source',
    'import',
    path.join(PROJECT_DIR, 'test/input/samples/clean'),
    '--as-of',
    AS_OF,
  ]);
  const first = await runJson<Outcome>(home, RUN);
  expect(first.json).toMatchObject({ state: 'published', revision: 1 });
  snapshot = first.json.snapshot;
});
afterAll(() => removeTree(dir));

/** Hashes of everything in a folder that follows from snapshot and definitions alone. */
function hashes(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter(
    (name) => /\.(csv|json|parquet)$/.test(name) && name !== 'manifest.json' && !name.startsWith('revision-'),
  );
  return Object.fromEntries(names.map((name) => [name, sha256(path.join(folder, name))]));
}

const reference = (): Record<string, string> =>
  hashes(path.join(home, 'published/macro-monitoring/202610/r1'));

test('the reference has every kind of file', () => {
  expect(Object.keys(reference())).toEqual([
    'case-facts.parquet',
    'macro-monitoring-202610.csv',
    'macro-monitoring-202610.json',
    'mediation-facts.parquet',
    'membership.parquet',
  ]);
});

test.each([1, 2])(
  'another run of the snapshot with threads %s gives the same bytes, and no second revision',
  async (threads) => {
    const own = copyHome(home, path.join(dir, `threads-${threads}`));
    writeFileSync(path.join(own, 'config.json'), JSON.stringify({ threads }));
    const { exit, json } = await callJson<Outcome>(own, [...RUN, '--snapshot', snapshot]);
    expect(exit).toBe(0);
    expect(json).toMatchObject({ state: 'unchanged', revision: 1, snapshot });
    expect(hashes(json.dir)).toEqual(reference());
    expect(await settledProblems(own, { revisions: { '2026-10': 1 } })).toEqual([]);
  },
);

test('a home of its own with the same source, frozen anew, gives the same bytes', async () => {
  const own = path.join(dir, 'own');
  await mustRun(own, [
    'source',
    'import',
    path.join(PROJECT_DIR, 'test/input/samples/clean'),
    '--as-of',
    AS_OF,
  ]);
  writeFileSync(path.join(own, 'config.json'), JSON.stringify({ threads: 1, memoryLimitMb: 256 }));
  const { json } = await callJson<Outcome>(own, RUN);
  expect(json).toMatchObject({ state: 'published', revision: 1 });
  expect(hashes(json.dir)).toEqual(reference());
});

test('a released draft has the bytes that were held', async () => {
  const own = path.join(dir, 'small');
  await mustRun(own, [
    'source',
    'import',
    path.join(PROJECT_DIR, 'test/input/samples/small'),
    '--as-of',
    AS_OF,
  ]);
  const held = await callJson<Outcome & { run: string }>(own, RUN);
  expect(held.exit).toBe(3);
  const released = await callJson<Outcome>(own, ['runs', 'release', held.json.run, '--reason', 'looked at']);
  expect(released.json).toMatchObject({ state: 'published', revision: 1, snapshot: held.json.snapshot });
  expect(hashes(released.json.dir)).toEqual(hashes(held.json.dir));
  const manifest = JSON.parse(readFileSync(path.join(released.json.dir, 'manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({ state: 'published', revision: 1, releaseReason: 'looked at' });
  const again = await callJson(own, ['runs', 'release', held.json.run, '--reason', 'looked at']);
  expect([again.exit, again.error?.code]).toEqual([2, 'E_NOT_RELEASABLE']);
  expect(await settledProblems(own, { revisions: { '2026-10': 1 } })).toEqual([]);
});
