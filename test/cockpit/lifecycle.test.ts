/** Refreshes that fail, are killed, or meet a full disk: what was in force stays, it is said, and the next one goes on. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { ShownCockpit } from '../../pipelines/cockpit.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { TestHome } from '../publish/support.ts';
import { mustRun, runJson, startCli } from '../reliability/support/cli.ts';
import { AS_OF, copyHome, importedHome, mountSmall, remount, unmount } from '../reliability/support/homes.ts';
import { strayFiles } from '../reliability/support/invariants.ts';
import { CRASH_POINT, killAt } from '../reliability/support/kill.ts';
import { show } from './support.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const REFRESH = ['run', 'cockpit-refresh', '--as-of', AS_OF];

let dir: string;
/** A home whose cockpit has version 1. */
let refreshed: string;
beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-cockpit-life-'));
  refreshed = await importedHome(dir, 'refreshed');
  await mustRun(refreshed, REFRESH);
});
afterAll(() => removeTree(dir));

async function shown(home: string): Promise<ShownCockpit> {
  return show(new TestHome(home, '2026-11-23T09:00:00+08:00'));
}

/** The version in force in the database, and the versions of which it has any row. */
function inDatabase(home: string): { current: number; versions: number[]; rows: number } {
  const database = new DatabaseSync(path.join(home, 'published/cockpit/cockpit.sqlite'), { readOnly: true });
  try {
    const numbers = (sql: string) =>
      database
        .prepare(sql)
        .all()
        .map((row) => Number(Object.values(row)[0]));
    const current = numbers('SELECT VERSION FROM CKPT_CURRENT')[0] ?? 0;
    const versions = numbers('SELECT DISTINCT VERSION FROM CKPT_KEY_FIGURE ORDER BY 1');
    return {
      current,
      versions,
      rows: numbers(`SELECT COUNT(*) FROM CKPT_FRESHNESS WHERE VERSION = ${current}`)[0] ?? 0,
    };
  } finally {
    database.close();
  }
}

/** Operations of an undisturbed refresh, as the crash point names them. */
async function operationsOf(home: string): Promise<string[]> {
  const log = path.join(dir, 'operations.log');
  const { exit } = await startCli(home, REFRESH, { preload: [CRASH_POINT], env: { ARBDATA_CRASH_LOG: log } })
    .ended;
  expect(exit).toBe(0);
  return readFileSync(log, 'utf8').trimEnd().split('\n');
}

test('killed at every step of the publication', async () => {
  const operations = await operationsOf(copyHome(refreshed, path.join(dir, 'undisturbed')));
  const first = (pattern: RegExp): number => {
    const at = operations.findIndex((name) => pattern.test(name));
    expect(at, String(pattern)).toBeGreaterThan(0);
    return at + 1;
  };
  const last = (pattern: RegExp): number =>
    operations.length - operations.toReversed().findIndex((name) => pattern.test(name));
  // Number of the operation before which it is killed, and the versions that are then in force: files, database.
  const moments: [at: number, files: number, database: number][] = [
    [first(/rename .*index\.json/), 1, 1],
    [last(/rename .*current\.json/), 1, 1],
    [last(/rename .*current\.json/) + 1, 2, 1],
    [first(/update "CKPT_CURRENT"/i) + 1, 2, 1],
  ];
  for (const [at, files, database] of moments) {
    const home = copyHome(refreshed, path.join(dir, `killed-${at}`));
    expect(await killAt(home, REFRESH, { kind: 'operation', at })).toBe('killed');
    const { index, panels, freshness } = await shown(home);
    expect([operations[at - 1], index.version, new Set(panels.map(({ version }) => version))]).toEqual([
      operations[at - 1],
      files,
      new Set([files]),
    ]);
    expect(freshness.lastError?.message).toMatch(/cut off/);
    expect(inDatabase(home)).toMatchObject({ current: database, versions: [1] });
    await mustRun(home, REFRESH);
    const again = await shown(home);
    expect(again.index.version).toBe(files + 1);
    expect(again.freshness.lastError).toBeUndefined();
    expect(inDatabase(home)).toMatchObject({ current: files + 1 });
    expect(strayFiles(home)).toEqual([]);
    await removeTree(home);
  }
});

test.for([350, 600])('with %i KiB left on the disk', async (freeKib, context) => {
  const home = path.join(dir, `disk-${freeKib}`);
  if (!mountSmall(home, '64m')) return context.skip('mount is not permitted here');
  onTestFinished(() => unmount(home));
  execFileSync('cp', ['-a', `${refreshed}/.`, home]);
  const used = execFileSync('df', ['--output=used', '-k', home], { encoding: 'utf8' }).split('\n')[1];
  remount(home, `size=${Number(used) + freeKib}k`);
  const { exit, error } = await runJson(home, REFRESH);
  expect([exit, error?.code]).toEqual([1, 'E_DISK_FULL']);
  remount(home, 'size=64m');
  const before = await shown(home);
  expect(before.freshness.lastError).toBeTruthy();
  expect(before.index.version).toBeLessThanOrEqual(2);
  expect(inDatabase(home)).toMatchObject({ current: 1, versions: [1] });
  await mustRun(home, REFRESH);
  expect((await shown(home)).freshness.lastError).toBeUndefined();
  expect(inDatabase(home).current).toBe(before.index.version + 1);
});

test('without its source: the old version stays, and says why', async () => {
  const home = copyHome(refreshed, path.join(dir, 'no-source'));
  rmSync(path.join(home, 'source/source.duckdb'));
  expect(await runJson(home, REFRESH)).toMatchObject({ exit: 4, error: { code: 'E_SOURCE_MISSING' } });
  const { index, freshness } = await shown(home);
  expect(index.version).toBe(1);
  expect(freshness).toMatchObject({ isLate: true, lastError: { code: 'E_SOURCE_MISSING' } });
});

test('without its database: the files are refreshed, the exit code and the status tell', async () => {
  const home = copyHome(refreshed, path.join(dir, 'no-database'));
  const target = {
    kind: 'postgresql',
    host: path.join(dir, 'nowhere'),
    database: 'cockpit',
    user: 'cockpit',
  };
  await writeFile(path.join(home, 'config.json'), JSON.stringify({ cockpit: { target } }));
  expect(await runJson(home, REFRESH)).toMatchObject({
    exit: 4,
    error: { code: 'E_TARGET', retryable: true },
  });
  const { index, freshness } = await shown(home);
  expect(index.version).toBe(2);
  expect(freshness.lastError).toMatchObject({ code: 'E_TARGET' });
});

test('a changed document is not shown', async () => {
  const home = copyHome(refreshed, path.join(dir, 'changed'));
  const file = path.join(home, 'published/cockpit/v000001/trend.json');
  const text = readFileSync(file, 'utf8');
  execFileSync('chmod', ['u+w', file]);
  await writeFile(file, text.replace('"accepted":0', '"accepted":9'));
  expect(await runJson(home, ['cockpit', 'show'])).toMatchObject({
    exit: 1,
    error: { code: 'E_ARTEFACT_DAMAGED' },
  });
});
