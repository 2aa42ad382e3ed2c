/** Importing receipts: what is entered, what changes nothing, and what is refused without a trace. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBatch } from '../../pipelines/batches.ts';
import { doctor } from '../../pipelines/doctor.ts';
import { type ImportedReceipt, importReceipts, worstExit } from '../../pipelines/receipts.ts';
import { literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import type { Batch } from '../../pipelines/steps/submit/batch.ts';
import { CLERK, type TestHome, temporaryHome } from '../publish/support.ts';
import {
  deliver,
  type GivenAnswer,
  PRODUCT,
  publishBatch,
  receiptJson,
  recordIdOf,
} from '../support/submission.ts';

let inbox = '';
beforeAll(async () => {
  inbox = await mkdtemp(path.join(os.tmpdir(), 'arbdata-inbox-'));
});
afterAll(() => rm(inbox, { recursive: true, force: true }));

let files = 0;
/** A receipt in a folder of its own. */
async function receipt(name: string, text: string | Uint8Array): Promise<string> {
  const dir = path.join(inbox, String(++files));
  await mkdir(dir);
  const file = path.join(dir, name);
  await writeFile(file, text);
  return file;
}

const CASES = ['100', '101', '102', '103'];
async function homeWithBatch(): Promise<{ home: TestHome; batch: Batch }> {
  const home = await temporaryHome();
  const batch = await home.as(CLERK, async (service) => {
    const made = await publishBatch(
      service,
      '2026-10',
      CASES.map((caseId) => ({ caseId })),
    );
    await deliver(service, made.name);
    return made;
  });
  return { home, batch };
}

async function imported(home: TestHome, file: string): Promise<readonly ImportedReceipt[]> {
  return (await home.as(CLERK, (service) => importReceipts(service, file))).receipts;
}
const batchNow = (home: TestHome, { name }: Batch): Promise<Batch> =>
  home.as(CLERK, (service) => findBatch(service, [PRODUCT], name));

const accepted = (caseId: string): GivenAnswer => ({ caseId, result: 'accepted' });
const rejected = (caseId: string, message = '案号格式不符'): GivenAnswer => ({
  caseId,
  result: 'rejected',
  code: 'E12',
  message,
});

/** Everything of the home that an import may change: the ledger's receipts and their folders, with their bytes. */
async function stateOf(home: TestHome): Promise<unknown> {
  const rows = await home.as(CLERK, ({ ledger }) => ledger.receipts());
  const entries = await readdir(home.path('receipts'), { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return { rows, files: found.sort(), work: await readdir(home.path('work')) };
}

describe('a receipt', () => {
  test('is entered with what it answers, and kept as it came', async () => {
    const { home, batch } = await homeWithBatch();
    const text = receiptJson(batch.name, [accepted('100'), rejected('101')]);
    const [first] = await imported(home, await receipt(`receipt-${batch.name}.json`, text));
    expect(first).toMatchObject({
      state: 'read',
      batch: batch.name,
      accepted: 1,
      rejected: 1,
      unanswered: 2,
      batchState: 'sent',
      notes: [],
    });
    const now = await batchNow(home, batch);
    expect(now).toMatchObject({ accepted: 1, rejected: 1, state: 'sent' });
    const folder = home.path(now.receipts[0]?.folder ?? '');
    expect(await readFile(path.join(folder, 'receipt.json'), 'utf8')).toBe(text);
    const spillDir = path.join(inbox, 'spill');
    const rows = await withEngine({ spillDir }, (engine) =>
      engine.rows(`SELECT * FROM read_parquet(${literal(path.join(folder, 'answers.parquet'))})`),
    );
    expect(rows).toEqual([
      { record_id: recordIdOf('100'), result: 'accepted', code: null, message: null },
      { record_id: recordIdOf('101'), result: 'rejected', code: 'E12', message: '案号格式不符' },
    ]);
    const rest = receiptJson(batch.name, CASES.map(accepted).with(1, rejected('101', 'other words')));
    const [second] = await imported(home, await receipt(`receipt-${batch.name}-2.json`, rest));
    expect(second).toMatchObject({ accepted: 2, rejected: 0, unanswered: 0, batchState: 'partly rejected' });
    expect(await home.as(CLERK, ({ ledger }) => ledger.verifyAudit())).toMatchObject({ ok: true });
  });

  test('that was read, or says what is known, changes nothing', async () => {
    const { home, batch } = await homeWithBatch();
    const text = receiptJson(batch.name, [accepted('100'), rejected('101')]);
    await imported(home, await receipt(`receipt-${batch.name}.json`, text));
    const before = await stateOf(home);
    const again = await imported(home, await receipt(`receipt-${batch.name}-again.json`, text));
    const other = receiptJson(batch.name, [rejected('101'), accepted('100'), accepted('100')]);
    const same = await imported(home, await receipt('answers.json', other));
    expect([...again, ...same].map(({ state }) => state)).toEqual(['unchanged', 'unchanged']);
    expect(await stateOf(home)).toEqual(before);
  });

  test.each([
    ['an unknown record', [accepted('999'), accepted('100')], /holds no record 110000-999 \(record 1\)/],
    ['two results for one record', [accepted('102'), rejected('102')], /110000-102 is answered twice/],
    ['a contradiction', [accepted('102'), accepted('101')], /110000-101 was rejected in an earlier receipt/],
    [
      'many problems',
      Array.from({ length: 30 }, (_, index) => accepted(`9${index}`)),
      /30 answers do not fit: .*110000-90 \(record 1\).*; and 10 more/,
    ],
  ])('with %s changes nothing', async (_, answers, words) => {
    const { home, batch } = await homeWithBatch();
    const first = receiptJson(batch.name, [accepted('100'), rejected('101')]);
    await imported(home, await receipt(`receipt-${batch.name}.json`, first));
    const before = await stateOf(home);
    const file = await receipt(`receipt-${batch.name}-b.json`, receiptJson(batch.name, answers));
    await expect(imported(home, file)).rejects.toMatchObject({
      code: 'E_RECEIPT',
      message: expect.stringMatching(words),
    });
    expect(await stateOf(home)).toEqual(before);
  });

  test('of an unknown batch, or of another than its name says, is refused', async () => {
    const { home, batch } = await homeWithBatch();
    const before = await stateOf(home);
    const strange = await receipt('receipt-x.json', receiptJson('110000-ARB-209901-01', [accepted('100')]));
    await expect(imported(home, strange)).rejects.toMatchObject({ code: 'E_RECEIPT' });
    const traversal = await receipt('answers.json', receiptJson('../../../etc', [accepted('100')]));
    await expect(imported(home, traversal)).rejects.toMatchObject({
      message: expect.stringContaining('which does not exist'),
    });
    const text = receiptJson(batch.name, [accepted('100')]);
    const misnamed = await receipt(`receipt-${batch.name}1.json`, text);
    await expect(imported(home, misnamed)).rejects.toMatchObject({
      message: expect.stringContaining('which its name does not say'),
      advice: expect.stringContaining('rename the file'),
    });
    expect(await stateOf(home)).toEqual(before);
  });

  test('of a batch that was never delivered, or declared lost, counts, and is said to', async () => {
    const home = await temporaryHome();
    const batch = await home.as(CLERK, async (service) => {
      const made = await publishBatch(service, '2026-10', [{ caseId: '100' }]);
      await service.ledger.declareLost({ batch: made.name, reason: 'gone', actor: CLERK });
      return made;
    });
    const [found] = await imported(home, await receipt('r.json', receiptJson(batch.name, [accepted('100')])));
    expect(found?.batchState).toBe('acknowledged');
    expect(found?.notes.join(' ')).toMatch(/declared lost by clerk.*no delivery/);
  });

  test('keeps what a hostile sender wrote, and shows it harmless', async () => {
    const { home, batch } = await homeWithBatch();
    const words = '\u001b[2J\u202e𠮷\u0000 <a>&amp;';
    await imported(home, await receipt('r.json', receiptJson(batch.name, [rejected('100', words)])));
    const now = await batchNow(home, batch);
    const file = home.path(now.receipts[0]?.folder ?? '', 'answers.parquet');
    const spillDir = path.join(inbox, 'spill');
    const [row] = await withEngine({ spillDir }, (engine) =>
      engine.rows<{ message: string }>(`SELECT message FROM read_parquet(${literal(file)})`),
    );
    expect(row?.message).toBe(words);
    const bad = await receipt('r2.json', receiptJson(batch.name, [accepted('\u001b[2J')]));
    const error = await imported(home, bad).catch((one: Error) => one);
    expect((error as Error).message).toContain('\\u001b[2J');
    expect((error as Error).message).not.toContain('\u001b');
  });
});

describe('what is kept', () => {
  test('a folder without a ledger row goes with the next import, a stranger stays', async () => {
    const { home, batch } = await homeWithBatch();
    const orphan = home.path('receipts', batch.name, '0123456789abcdef');
    const stranger = home.path('receipts', batch.name, 'notes');
    for (const dir of [orphan, stranger]) await mkdir(dir, { recursive: true });
    await writeFile(path.join(orphan, 'receipt.json'), 'left by a kill');
    await imported(home, await receipt('r.json', receiptJson(batch.name, [accepted('100')])));
    const names = await readdir(home.path('receipts', batch.name));
    expect(names).toHaveLength(2);
    expect(names).toContain('notes');
  });

  test('the doctor finds what was altered, and nothing is built on it', async () => {
    const { home, batch } = await homeWithBatch();
    await imported(home, await receipt('r.json', receiptJson(batch.name, [accepted('100')])));
    const diagnose = () => home.as(CLERK, async (service) => doctor(service));
    const receiptsOf = async () => (await diagnose()).filter(({ name }) => name === 'receipts');
    expect(await receiptsOf()).toMatchObject([{ state: 'ok' }]);
    const [row] = await home.as(CLERK, ({ ledger }) => ledger.receipts());
    const file = home.path(row?.folder ?? '', 'answers.parquet');
    await chmod(file, 0o600);
    await writeFile(file, 'altered');
    expect(await receiptsOf()).toMatchObject([{ state: 'problem' }]);
    const more = await receipt('r2.json', receiptJson(batch.name, [accepted('101')]));
    await expect(imported(home, more)).rejects.toMatchObject({ code: 'E_ARTEFACT_DAMAGED' });
  });
});

describe('what is no receipt', () => {
  test('links, pipes, archives and missing files are refused, and nothing waits', async () => {
    const { home, batch } = await homeWithBatch();
    const before = await stateOf(home);
    const real = await receipt('r.json', receiptJson(batch.name, [accepted('100')]));
    const dir = path.dirname(real);
    await symlink(real, path.join(dir, 'link.json'));
    execFileSync('mkfifo', [path.join(dir, 'pipe.json')]);
    await writeFile(path.join(dir, 'r.zip'), Buffer.from('504b0304', 'hex'));
    for (const [name, words] of [
      ['link.json', 'is a link'],
      ['pipe.json', 'no regular file'],
      ['r.zip', 'zip archive'],
      ['missing.json', 'no such file'],
    ] as const) {
      await expect(imported(home, path.join(dir, name))).rejects.toMatchObject({
        code: 'E_RECEIPT',
        message: expect.stringContaining(words),
        advice: expect.stringContaining(name === 'r.zip' ? 'Ask the platform' : 'Name the file'),
      });
    }
    expect(await stateOf(home)).toEqual(before);
  });
});

test.each([
  ['{"batch":"110000-ARB-202610-01","rec', 'it is not JSON at its end: expected'],
  ['{"batch":', 'it is not JSON at its end: expected a value'],
  [`{"batch": nothing${' '.repeat(100_000)}}`, 'it is not JSON: expected a value'],
])('what is no JSON is told in words: %#', async (text, words) => {
  const { home } = await homeWithBatch();
  await expect(imported(home, await receipt('r.json', text))).rejects.toMatchObject({
    message: expect.stringContaining(`: ${words}`),
  });
});

test('a receipt without answers says so', async () => {
  const { home, batch } = await homeWithBatch();
  const [found] = await imported(home, await receipt('r.json', receiptJson(batch.name, [])));
  expect(found).toMatchObject({ state: 'unchanged', notes: ['it holds no answer'] });
});

describe('a folder of receipts', () => {
  test('each by itself, by name; strangers are left alone; the worst decides', async () => {
    const { home, batch } = await homeWithBatch();
    const dir = path.join(inbox, 'folder');
    await mkdir(dir);
    const put = (name: string, text: string): Promise<void> => writeFile(path.join(dir, name), text);
    await put(`receipt-${batch.name}-1.json`, receiptJson(batch.name, [accepted('100')]));
    await put(`receipt-${batch.name}-2.json`, receiptJson(batch.name, [rejected('100'), accepted('101')]));
    await put(`receipt-${batch.name}-3.json`, '{');
    await put(`receipt-${batch.name}-4.json`, receiptJson(batch.name, [accepted('100'), accepted('102')]));
    await put('notes.txt', 'not a receipt');
    const found = await imported(home, dir);
    expect(found.map(({ state }) => state)).toEqual(['read', 'failed', 'failed', 'read']);
    expect(worstExit(found)).toBe(2);
    expect(await batchNow(home, batch)).toMatchObject({ accepted: 2, rejected: 0 });
    await rm(dir, { recursive: true });
    await mkdir(dir);
    expect(worstExit(await imported(home, dir))).toBe(0);
  });
});
