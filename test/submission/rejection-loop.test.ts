/** A rejection comes back to its case: a finding with the platform's words, the body's lists, and out again by itself. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProductsRunEnd, runMonthly } from '../../pipelines/monthly.ts';
import { literal } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { explainRecord, releaseRecord, submission } from '../../pipelines/submissions.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { openWorkbook, rowsOf } from '../publish/support.ts';
import { aCase, CITIZEN, type SmallCase, smallSource } from './support/small-source.ts';
import { AS_OF, recordsOf, SubmissionHome } from './support/submission-home.ts';

const CASES: readonly SmallCase[] = [aCase(1), aCase(2), aCase(3), aCase(4, { name: '欧阳小明' })];
/** Of case 2: its amount is corrected; of case 4: the platform was wrong. */
const WORDS = {
  2: { code: 'E17', message: `当事人张三（${CITIZEN}，13900001234）：标的金额不符` },
  4: { code: 'E03', message: '\u001b[1m欧阳小明重复' },
} as const;

let home: SubmissionHome;
let first: ProductsRunEnd;
let second: ProductsRunEnd;
beforeAll(async () => {
  home = await SubmissionHome.open();
  await home.fill(smallSource(CASES));
  first = await monthly('2026-09');
  await home.answer('110000-ARB-202609-01', [
    { id: '110000-1', result: 'accepted' },
    { id: '110000-2', result: 'rejected', ...WORDS[2] },
    { id: '110000-3', result: 'accepted' },
    { id: '110000-4', result: 'rejected', ...WORDS[4] },
  ]);
  second = await monthly('2026-10');
});
afterAll(() => removeTree(home.dir));

const monthly = (period: string): Promise<ProductsRunEnd> =>
  home.home.as('clerk', (service) => runMonthly(service, { period: parsePeriod(period), asOf: AS_OF }));

/** The findings N001 of a run: `case state: message`. */
async function rejections({ prepared }: ProductsRunEnd): Promise<string[]> {
  const rows = await home.query<Record<'record_key' | 'state' | 'org_code' | 'severity' | 'message', string>>(
    `SELECT * FROM read_parquet(${literal(prepared?.findingsFile ?? '')}) WHERE rule_id = 'N001' ORDER BY record_key`,
  );
  return rows.map((row) => `${row.record_key} ${row.org_code} ${row.severity} ${row.state}: ${row.message}`);
}

const asked = ({ submission }: ProductsRunEnd): string[] =>
  submission?.batch === undefined ? [] : recordsOf(submission).map(({ id, op }) => `${id} ${op}`);

/** The rows of a sheet of the district's list. */
async function listOf(dir: string, files: readonly string[], name: RegExp, sheet: string): Promise<string> {
  const file = files.find((one) => name.test(one)) ?? expect.fail(`no ${name} among ${files.join(', ')}`);
  const rows = rowsOf(await openWorkbook(path.join(dir, file)), sheet);
  return rows.map((cells) => cells.join('|')).join('\n');
}

test('the first month asks for all, and has no such finding', async () => {
  expect(asked(first)).toHaveLength(4);
  expect(await rejections(first)).toEqual([]);
});

test('the next month has a finding on each rejected case, with code and words, persons masked', async () => {
  expect(asked(second)).toEqual([]);
  expect(second.submission?.counts).toMatchObject({ records: 0, rejected: 2, heldBack: 0 });
  const found = await rejections(second);
  expect(found).toEqual([
    expect.stringMatching(/^2 110101 error new: .*E17 当事人张\*\*（\*{4}，\*{4}）：标的金额不符/),
    expect.stringMatching(/^4 110101 error new: .*E03 �\[1m欧\*\*重复/),
  ]);
});

test("it stands on the district's list 待整改 of macro-monitoring", async () => {
  const { dir = '', files = [] } = second.outcome ?? {};
  const rows = await listOf(dir, files, /^待整改\/.*110101.*\.xlsx$/, '待整改');
  expect(rows).toMatch(/N001.*E17 当事人张\*\*/);
  expect(rows).toMatch(/N001.*E03 �\[1m欧\*\*重复/);
});

test("and on the district's list 待补正, with the batch", async () => {
  const { dir = '', files = [] } = second.submission ?? {};
  const rows = await listOf(dir, files, /^待补正\/.*110101.*\.xlsx$/, '被退回');
  expect(rows).toMatch(/110000-2\|.*\|110000-ARB-202609-01\|E17\|当事人张\*\*（\*{4}，\*{4}）：标的金额不符/);
  expect(rows).toMatch(/110000-4\|.*\|110000-ARB-202609-01\|E03\|�\[1m欧\*\*重复/);
});

test('the batch and the record tell the words so, too: by the names of the snapshot that was sent', async () => {
  const shown = { 2: '当事人张**（****，****）：标的金额不符', 4: '�[1m欧**重复' };
  await home.home.as('clerk', async (service) => {
    const { rejected, close } = await submission(service, '110000-ARB-202609-01');
    const words: (string | null)[] = [];
    for await (const { message } of rejected()) words.push(message);
    close();
    expect(words).toEqual([shown[2], shown[4]]);
    for (const id of [2, 4] as const) {
      const { versions } = await explainRecord(service, String(id));
      expect(versions.map(({ answer }) => answer?.message)).toEqual([shown[id]]);
    }
  });
});

test('corrected in the source it goes out again by itself, released as it is; the findings are resolved', async () => {
  await home.fill(smallSource(CASES.map((one) => (one.id === 2 ? { ...one, amount: 250 } : one))));
  const corrected = await monthly('2026-10');
  expect(asked(corrected)).toEqual(['110000-2 I']);
  expect(await rejections(corrected)).toEqual([
    expect.stringMatching(/^2 110101 error resolved: /),
    expect.stringMatching(/^4 110101 error continuing: /),
  ]);
  await home.home.as('head', (service) => releaseRecord(service, '4', 'the platform has corrected its list'));
  const released = await monthly('2026-10');
  expect(asked(released)).toEqual(['110000-4 I']);
  expect(await rejections(released)).toEqual([expect.stringMatching(/^4 110101 error resolved: /)]);
});
