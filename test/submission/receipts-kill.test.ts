/** The import of a receipt is killed with SIGKILL at operations spread over it; run again, it ends as if undisturbed. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { arbdata } from '../app/support.ts';
import { CLERK, homeDir } from '../publish/support.ts';
import { callCli, runCli } from '../reliability/support/cli.ts';
import { copyHome } from '../reliability/support/homes.ts';
import { sha256, strayFiles } from '../reliability/support/invariants.ts';
import { CRASH_POINT, killAt } from '../reliability/support/kill.ts';
import { inParallel } from '../reliability/support/pool.ts';
import { deliver, publishBatch, receiptJson } from '../support/submission.ts';

const BATCH = '110000-ARB-202610-01';
let dir = '';
let template = '';
let receipt = '';

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-receipt-kill-'));
  const home = await homeDir();
  template = home.dir;
  await home.as(CLERK, async (service) => {
    await publishBatch(service, '2026-10', [{ caseId: '100' }, { caseId: '101' }]);
    await deliver(service, BATCH);
  });
  receipt = path.join(dir, `receipt-${BATCH}.json`);
  const answers = [
    { caseId: '100', result: 'accepted' },
    { caseId: '101', result: 'rejected', code: 'E12' },
  ] as const;
  await writeFile(receipt, receiptJson(BATCH, answers));
});
afterAll(async () => {
  await removeTree(dir);
  await removeTree(template);
});

/** What an import leaves: the folders with their bytes, and what the ledger and the audit say of it. */
async function endOf(home: string): Promise<object> {
  const entries = readdirSync(path.join(home, 'receipts'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .map((file) => [path.relative(home, file), sha256(file)] as const);
  const { stdout } = await arbdata('--home', home, 'submissions', 'show', BATCH, '--json');
  const { receipts, state, accepted, rejected } = JSON.parse(stdout) as Record<string, unknown>;
  const rows = (receipts as { importedAt: string }[]).map(({ importedAt: _, ...rest }) => rest);
  const { code: exit } = await arbdata('--home', home, 'audit', 'verify');
  return { files: files.sort(), rows, state, accepted, rejected, exit, stray: strayFiles(home) };
}

test('a kill at any operation of an import, and the same command again', { timeout: 300_000 }, async () => {
  const command = ['receipts', 'import', receipt];
  const undisturbed = copyHome(template, path.join(dir, 'undisturbed'));
  const log = path.join(dir, 'operations');
  await runCli(undisturbed, command, { preload: [CRASH_POINT], env: { ARBDATA_CRASH_LOG: log } });
  const expected = await endOf(undisturbed);
  expect(expected).toMatchObject({ state: 'partly rejected', accepted: 1, rejected: 1, stray: [], exit: 0 });

  const operations = readFileSync(log, 'utf8').trimEnd().split('\n');
  const placed = operations.findIndex((name) => /^rename .*receipts?\/.*[0-9a-f]{16}$/.test(name));
  const entered = operations.findIndex((name) => name.includes('insert into "receipt"'));
  expect([placed, entered, placed < entered]).toEqual([expect.any(Number), expect.any(Number), true]);
  expect(placed).toBeGreaterThan(0);
  // Around the two that matter, and spread over the rest.
  const spread = Array.from({ length: 4 }, (_, index) => Math.floor(((index + 1) * operations.length) / 5));
  const moments = new Set([placed, placed + 1, entered, entered + 1, ...spread]);
  let kills = 0;
  await inParallel([...moments], 2, async (at) => {
    const home = copyHome(template, path.join(dir, `at-${at}`));
    if ((await killAt(home, command, { kind: 'operation', at: at + 1 })) === 'killed') kills += 1;
    const again = await callCli(home, command);
    expect(again.exit, `killed before ${operations[at]}: ${again.stderr}`).toBe(0);
    expect(await endOf(home), `killed before ${operations[at]}`).toEqual(expected);
  });
  expect(kills).toBe(moments.size);
});
