/** Two processes on one home: one works, the other is told who does; a killed one holds nobody up. */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { callCli, callJson, mustRun, runCli, runJson, type Started, startCli } from './support/cli.ts';
import { bareHome, copyHome, importedHome, RUN } from './support/homes.ts';
import { settledProblems } from './support/invariants.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let dir: string;
let imported: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-same-time-'));
  imported = await importedHome(dir, 'imported');
});
afterAll(() => removeTree(dir));

const homeOf = (name: string): string => copyHome(imported, path.join(dir, name));

/** A run that stands still in the middle: its process is stopped as soon as it is past its first step. */
async function stoppedRun(home: string, args: readonly string[]): Promise<Started> {
  const started = startCli(home, args);
  onTestFinished(() => {
    started.child.kill('SIGKILL');
  });
  expect(await started.sawLine((line) => line.startsWith('normalise: started'))).toBe(true);
  started.child.kill('SIGSTOP');
  return started;
}

const MONTHLY = ['run', 'monthly', '--period', '2026-10'];

test.each([
  ['of the same pipeline', RUN, RUN],
  ['of another pipeline that makes the same product', MONTHLY, RUN],
  ['of another pipeline, the other way round', RUN, MONTHLY],
])(
  'a second run %s is refused with the holder named, and takes over when that was killed',
  async (name, first, second) => {
    const home = homeOf(name.replace(/\W/g, '-'));
    const holder = await stoppedRun(home, first);

    const refused = await runJson(home, second);
    expect(refused.exit).toBe(5);
    expect(refused.error).toMatchObject({ code: 'E_RUN_LOCKED', exit: 5, retryable: true });
    expect(refused.error?.message).toContain(`process ${holder.child.pid} on ${os.hostname()}`);
    expect(refused.error?.message).toContain(`arbdata --home ${home} ${first.join(' ')}`);
    expect(refused.error?.message).toMatch(/^run R\d{8}-\d{6}-[0-9a-f]{4} of /);
    expect(refused.error?.message).toContain(os.userInfo().username);

    holder.child.kill('SIGKILL');
    await holder.ended;
    const next = await callJson(home, second);
    expect(next.exit).toBe(0);
    expect(next.json).toMatchObject({ state: 'published', revision: 1 });
    expect(next.stderr).toMatch(/run R\S+ was interrupted/);
    expect(await settledProblems(home, { revisions: { '2026-10': 1 } })).toEqual([]);
  },
);

test('a refused run leaves the one that goes on alone', async () => {
  const home = homeOf('left-alone');
  const holder = await stoppedRun(home, RUN);
  expect((await callCli(home, RUN)).exit).toBe(5);
  // Looking, and settling what dead runs left, are no reason to wait or to disturb.
  await mustRun(home, ['doctor']);
  expect((await mustRun(home, ['runs'])).stdout).toMatch(/ running /);
  holder.child.kill('SIGCONT');
  expect((await holder.ended).exit).toBe(0);
  expect((await callJson(home, RUN)).json).toMatchObject({ state: 'unchanged', revision: 1 });
  expect(await settledProblems(home, { revisions: { '2026-10': 1 } })).toEqual([]);
});

test('of several runs that start at the same moment on a home without a ledger one publishes', async () => {
  const home = await bareHome(dir, 'at-once');
  const ended = await Promise.all([RUN, MONTHLY, RUN].map((args) => runCli(home, args)));
  const exits = ended.map(({ exit }) => exit).toSorted();
  // A late one may find the first one finished: then its figures are those already published.
  expect(exits[0]).toBe(0);
  expect(exits.every((exit) => exit === 0 || exit === 5)).toBe(true);
  expect(await settledProblems(home, { revisions: { '2026-10': 1 } })).toEqual([]);
  await mustRun(home, ['doctor']);
});

test('a source may be replaced while a run that has frozen it goes on', async () => {
  const home = homeOf('replaced');
  const holder = await stoppedRun(home, RUN);
  await mustRun(home, ['source', 'import', path.join(dir, 'csv-first')]);
  holder.child.kill('SIGCONT');
  expect((await holder.ended).exit).toBe(0);
  expect(await settledProblems(home, { revisions: { '2026-10': 1 } })).toEqual([]);
});
