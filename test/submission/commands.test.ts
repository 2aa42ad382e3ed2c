/** The commands over batches and records: what they say, and a person's word that is kept. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { withRun } from '../../pipelines/runtime/run.ts';
import { arbdata } from '../app/support.ts';
import { CLERK, homeDir, type TestHome } from '../publish/support.ts';
import { deliver, type GivenAnswer, publishBatch, receiptJson } from '../support/submission.ts';

const FIRST = '110000-ARB-202609-01';
const SECOND = '110000-ARB-202610-01';
const THIRD = '110000-ARB-202611-01';
let home: TestHome;
let inbox = '';

/** Three batches: one fully answered, one partly, one never sent. */
beforeAll(async () => {
  home = await homeDir();
  inbox = await mkdtemp(path.join(os.tmpdir(), 'arbdata-commands-'));
  const says = { caseNo: '京东劳人仲字100号', claimAmount: '10.00' };
  await home.as(CLERK, async (service) => {
    await publishBatch(service, '2026-09', [{ caseId: '100', says }, { caseId: '101' }, { caseId: '102' }]);
    await deliver(service, FIRST, 'failed');
    await deliver(service, FIRST);
    await publishBatch(service, '2026-10', [
      { caseId: '100', op: 'U', says: { caseNo: '京东劳人仲字100号', awardAmount: '5.00' } },
      { caseId: '101', op: 'D' },
      { caseId: '103' },
    ]);
    await deliver(service, SECOND);
    await publishBatch(service, '2026-11', [{ caseId: '104' }]);
  });
  const words = '身份证110101199003078888与\u001b[1m姓名不符';
  await receive(FIRST, [
    { caseId: '100', result: 'accepted' },
    { caseId: '101', result: 'accepted' },
    { caseId: '102', result: 'rejected', code: 'E12', message: words },
  ]);
  await receive(SECOND, [{ caseId: '101', result: 'accepted' }]);
});
afterAll(async () => {
  await rm(inbox, { recursive: true, force: true });
  await removeTree(home.dir);
});

async function receive(batch: string, answers: readonly GivenAnswer[]): Promise<void> {
  await writeFile(path.join(inbox, `receipt-${batch}.json`), receiptJson(batch, answers));
  const { code, stdout } = await run('receipts', 'import', inbox);
  expect(code, stdout).toBe(0);
}
const run = (...args: readonly string[]) => arbdata('--home', home.dir, ...args);
async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await run(...args, '--json')).stdout) as Record<string, unknown>;
}

describe('submissions', () => {
  test('lists every batch with its state and counts', async () => {
    expect((await run('submissions')).stdout).toMatch(/110000-ARB-202609-01 {2}2026-09 {2}partly rejected/);
    const { batches } = await json('submissions');
    expect(batches).toMatchObject([
      { batch: FIRST, state: 'partly rejected', accepted: 2, rejected: 1, unanswered: 0 },
      { batch: SECOND, state: 'sent', counts: { I: 1, U: 1, D: 1 }, accepted: 1, unanswered: 2 },
      { batch: THIRD, state: 'built', lastDelivery: null },
    ]);
  });

  test('show tells deliveries, receipts and what was rejected; no words without the snapshot', async () => {
    const { stdout } = await run('submissions', 'show', FIRST);
    expect(stdout).toContain('delivery failed by directory');
    expect(stdout).toContain('E_CHANNEL: the disk of the inbox is full');
    expect(stdout).toMatch(new RegExp(`file ${FIRST}\\.zip  \\d+ bytes  SHA-256 [0-9a-f]{64}`));
    expect(stdout).toMatch(/receipt receipt-110000-ARB-202609-01\.json: 2 accepted, 1 rejected/);
    expect(stdout).toContain('110000-102  110101  I  E12: （快照不可用，平台原文不予显示）');
    expect(stdout).not.toMatch(/1990|姓名不符/);
    expect(await json('submissions', 'show', FIRST)).toMatchObject({
      deliveries: [{ state: 'failed', error: { code: 'E_CHANNEL' } }, { state: 'delivered' }],
      receipts: [{ accepted: 2, rejected: 1 }],
      rejected: 1,
      rejectedRecords: [{ recordId: '110000-102', code: 'E12', released: false }],
    });
    expect((await run('submissions', 'show', 'nothing')).code).toBe(2);
  });
});

describe('explain record', () => {
  test('tells every version, what changed, and where the record stands', async () => {
    const { stdout } = await run('explain', 'record', '100');
    expect(stdout).toMatch(
      /^110000-100 \(case 100\): the platform holds it as sent in batch 110000-ARB-202609-01; it waits/,
    );
    expect(stdout).toContain('claimAmount: 10.00 → —');
    expect(stdout).toContain('awardAmount: — → 5.00');
    expect(stdout).not.toMatch(/caseNo: .*→/);
    expect(await json('explain', 'record', '110000-100')).toMatchObject({
      case: '100',
      heldBatch: FIRST,
      isWaiting: true,
      versions: [
        { batch: FIRST, op: 'I', changes: [], answer: { result: 'accepted', receipt: { batch: FIRST } } },
        { batch: SECOND, op: 'U', answer: null, deliveries: [{ state: 'delivered' }] },
      ],
    });
  });

  test.each([
    ['101', 'the platform does not hold it: batch 110000-ARB-202610-01 deleted it'],
    ['103', 'the platform does not hold it; it waits for the answer to batch 110000-ARB-202610-01'],
    [
      '104',
      'the platform does not hold it; it stands in batch 110000-ARB-202611-01, which is built and was not sent yet',
    ],
  ])('of case %s: %s', async (id, words) => {
    expect((await run('explain', 'record', id)).stdout).toContain(words);
  });

  test('that was never sent is not found', async () => {
    const { code, stderr } = await run('explain', 'record', '999');
    expect([code, stderr]).toEqual([2, expect.stringContaining('it was never sent')]);
  });
});

describe('what is refused before anything is read', () => {
  const build = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, stdout } = await run('run', 'national-platform', ...args, '--json');
    // There is no source: whoever wanted to read it would end with 4.
    expect(code).toBe(2);
    return (JSON.parse(stdout) as { error: Record<string, unknown> }).error;
  };

  test('a month before that of the last batch', async () => {
    expect(await build('--period', '2026-10')).toMatchObject({
      code: 'E_NOT_SUBMITTABLE',
      message: `batch ${THIRD} of 2026-11 was built already`,
    });
  });

  test.each([
    ['policy "plain" needs recipients', { policy: 'plain' }, 'E_CONFIG'],
    ['is no public key of age', { recipients: ['age1bad'] }, 'E_KEY'],
    ['there is no version 9', { version: '9' }, 'E_CONFIG'],
  ])('terms that cannot be kept: %s', async (words, terms, code) => {
    await home.configure({ submission: { platforms: { 'national-platform': terms } } });
    const error = await build('--period', '2026-11');
    await rm(path.join(home.dir, 'config.json'));
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test('a platform without a layout, here or in config.json', async () => {
    expect(await build('--period', '2026-11', '--platform', 'cityplatform')).toMatchObject({
      code: 'E_USAGE',
      advice: 'Platforms with a layout: national-platform.',
    });
    await home.configure({ submission: { platforms: { 'national-platfrom': { policy: 'masked' } } } });
    const error = await build('--period', '2026-11');
    const doctor = await run('doctor');
    await rm(path.join(home.dir, 'config.json'));
    expect(error).toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('submission.platforms.national-platfrom is no platform'),
    });
    expect(doctor.stdout).toMatch(/PROBLEM +platforms: .*national-platfrom/);
  });
});

describe("a person's word", () => {
  test('only a rejected record is released, once, with a reason', async () => {
    const release = (id: string, reason = 'list corrected') =>
      run('submissions', 'release', id, '--reason', reason);
    expect((await release('110000-103')).stderr).toContain('was not rejected');
    expect((await release('110000-102', ' ')).stderr).toContain('the reason is empty');
    expect((await release('102')).stdout).toContain('goes out with the next batch');
    expect((await release('102')).stderr).toMatch(/was released by/);
    const { stdout } = await run('explain', 'record', '102');
    expect(stdout).toMatch(/rejected for it and released/);
    expect(stdout).toMatch(/released by .*: list corrected/);
    expect((await run('submissions', 'show', FIRST)).stdout).toContain('[released]');
  });

  test('a batch that waits is declared lost, one never sent withdrawn, one answered neither', async () => {
    const lose = (batch: string) => run('submissions', 'lost', batch, '--reason', 'the platform says so');
    expect((await lose(FIRST)).stderr).toMatch(/^E_NOT_SUBMITTABLE/);
    // Inside the ledger's transaction: a delivery may begin after everything else was looked at.
    await home.as(CLERK, (service) =>
      withRun(service, { pipeline: 'submit' }, async ({ ledger, run: sending }) => {
        const id = await ledger.beginDelivery({
          ...{ batch: THIRD, channel: 'directory', runId: sending.id, packageSha256: '0', actor: CLERK },
        });
        await expect(ledger.declareLost({ batch: THIRD, reason: 'x', actor: CLERK })).rejects.toMatchObject({
          code: 'E_NOT_SUBMITTABLE',
          message: `batch ${THIRD} is being sent by run ${sending.id}`,
        });
        await ledger.endDelivery({ id, state: 'failed', attempts: 1, error: { code: 'E_CHANNEL' } });
        return { state: 'done', summary: null };
      }),
    );
    expect((await lose(SECOND)).stdout).toContain('lost: its 2 unanswered records');
    expect((await lose(SECOND)).stderr).toContain('was declared lost by');
    expect((await lose(THIRD)).stdout).toContain('which was never sent');
    expect(await json('submissions')).toMatchObject({
      batches: [{ state: 'partly rejected' }, { state: 'lost' }, { state: 'lost' }],
    });
    expect((await run('explain', 'record', '103')).stdout).toContain('was declared lost: it goes out');
    expect((await run('audit', 'verify')).code).toBe(0);
  });
});
