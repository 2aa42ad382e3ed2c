/**
 * The disk fills up at every stage of a command: it ends with E_DISK_FULL, leaves nothing half-done, and the same
 * command works once there is space. Each case is a disk of its own that has so much space left.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { sourceState } from './support/cases.ts';
import { callCli, mustRun, runJson } from './support/cli.ts';
import { AS_OF, csvFiles, importedHome, mountSmall, RUN, remount, unmount } from './support/homes.ts';
import { restProblems, settledProblems, strayFiles } from './support/invariants.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let dir: string;
/** 2026-10 published as r1, and then a corrected source: a run publishes r2. */
let corrected: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-full-disk-'));
  corrected = await importedHome(dir, 'corrected');
  await mustRun(corrected, RUN);
  await mustRun(corrected, ['source', 'import', await csvFiles(dir, 'corrected'), '--as-of', AS_OF]);
});
afterAll(() => removeTree(dir));

/** A home on a disk of its own with so much space left; undefined where this machine does not permit to mount one. */
function homeWithSpace(from: string | undefined, freeKib: number): string | undefined {
  const home = path.join(dir, `disk-${freeKib}`);
  if (!mountSmall(home, '64m')) return undefined;
  onTestFinished(() => unmount(home));
  if (from !== undefined) execFileSync('cp', ['-a', `${from}/.`, home]);
  const used = execFileSync('df', ['--output=used', '-k', home], { encoding: 'utf8' }).split('\n')[1];
  remount(home, `size=${Number(used) + freeKib}k`);
  return home;
}

/** A command on a full disk says so, and leaves what was there as it was. */
async function expectFull(home: string, args: readonly string[]): Promise<void> {
  const { exit, error } = await runJson(home, args);
  expect(error).toMatchObject({ code: 'E_DISK_FULL', exit: 1, retryable: false });
  expect(exit).toBe(1);
  expect(error?.message).toMatch(/^the disk is full: /);
  expect(error?.message).toContain(home);
  expect(error?.advice).toMatch(/Free disk space .* run the same command again/);
  expect(await restProblems(home)).toEqual([]);
  // SQLite itself may have to leave its own two files; they are part of the ledger.
  expect(strayFiles(home).filter((text) => !/^ledger\.sqlite-(?:wal|shm) /.test(text))).toEqual([]);
}

// From the ledger's first page to the publication: every stage hits the wall somewhere in between. A whole run of this
// source takes some 600 KiB.
test.for([0, 60, 110, 160, 230, 300, 340, 400, 440, 480, 520, 560])(
  'a run with %i KiB left',
  async (freeKib, context) => {
    const home = homeWithSpace(corrected, freeKib);
    if (home === undefined) return context.skip('mount is not permitted here');
    await expectFull(home, RUN);
    remount(home, 'size=64m');
    await mustRun(home, RUN);
    expect(await settledProblems(home, { revisions: { '2026-10': 2 } })).toEqual([]);
    expect((await callCli(home, ['doctor'])).exit).toBe(0);
  },
);

test.for([300, 1000])('an import with %i KiB left keeps the former source', async (freeKib, context) => {
  const home = homeWithSpace(corrected, freeKib);
  if (home === undefined) return context.skip('mount is not permitted here');
  const before = await sourceState(home);
  const command = ['source', 'import', await csvFiles(dir, 'first'), '--as-of', AS_OF];
  await expectFull(home, command);
  expect(await sourceState(home)).toBe(before);
  remount(home, 'size=64m');
  await mustRun(home, command);
  expect(await sourceState(home)).not.toBe(before);
  expect(await settledProblems(home, { revisions: { '2026-10': 1 } })).toEqual([]);
});

test.for([50, 3000])('a demo source with %i KiB left in an empty home', async (freeKib, context) => {
  const home = homeWithSpace(undefined, freeKib);
  if (home === undefined) return context.skip('mount is not permitted here');
  await expectFull(home, ['demo', '--until', '2026-10']);
  expect(await sourceState(home)).toBe('none');
  remount(home, 'size=256m');
  await mustRun(home, ['demo', '--until', '2026-10']);
  expect(await settledProblems(home, { revisions: {} })).toEqual([]);
});
