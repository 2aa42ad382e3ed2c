import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decidePair } from '../../pipelines/comparison.ts';
import { type ComparisonOutcome, runComparison } from '../../pipelines/pre-application-comparison.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { GoldenHome, INPUT_DIR, plainCsv } from '../golden/support.ts';
import { openWorkbook, rowsOf } from '../publish/support.ts';
import type { RawRow } from '../reference/source.ts';

const SECRET = '欧阳秘密人';
/** A mistyped citizen number each: a letter for a digit, another first digit, letters in front and behind. */
const MISTYPED = ['11010519900101O01X', '91010519900101001X', 'A1010519900101001X', '1101051990010100AX'];

let home: GoldenHome;
let made: ComparisonOutcome;
const folder = mkdtempSync(path.join(os.tmpdir(), 'arbdata-words-'));

/** The clean sample with pre-applications linked to cases of other people, one of which has no party at all. */
beforeAll(async () => {
  cpSync(path.join(INPUT_DIR, 'samples/clean'), folder, { recursive: true });
  const cases: RawRow[] = plainCsv(path.join(folder, 'arb_case.csv'));
  const pres = plainCsv(path.join(folder, 'pre_application.csv'));
  const free = cases.filter((one) => one['PRE_APP_ID'] === null && one['CASE_STATUS'] !== '60');
  const of = (place: number): RawRow => free[place] as RawRow;
  const linked = [...MISTYPED, null].map((number, place): RawRow => {
    cases[cases.indexOf(of(place))] = { ...of(place), PRE_APP_ID: `LINKED${place}` };
    return pre(`LINKED${place}`, {
      ORG_CODE: of(place)['ORG_CODE'] ?? null,
      APPLICANT_NAME: SECRET,
      APPLICANT_ID_NO: number,
      RESPONDENT_NAME: '北京某某科技有限公司',
      RESPONDENT_ID_NO: '91110105MA2FC63TQG',
    });
  });
  const ofNobody = of(MISTYPED.length)['CASE_ID'];
  const parties = plainCsv(path.join(folder, 'arb_party.csv'));
  write(
    'arb_party.csv',
    parties.filter((one) => one['CASE_ID'] !== ofNobody),
  );
  write('arb_case.csv', cases);
  write('pre_application.csv', [
    ...pres,
    ...linked,
    // A date that nobody can have meant, long ago: its working days are certainly over.
    pre('ANCIENT', { SUBMIT_TIME: '0001-01-01 00:00:00', STATUS: '1' }),
  ]);
  home = await GoldenHome.of(folder);
  const span = parsePeriod('2026-10');
  made = (await home.use((service) => runComparison(service, { span, asOf: '2026-11-03' }))).comparison;
});
afterAll(async () => {
  await home.remove();
  await rm(folder, { recursive: true });
});

function pre(id: string, more: RawRow): RawRow {
  const plain = { SUBMIT_TIME: '2026-10-08 09:00:00', APPLICANT_KIND: '1', DISPUTE_TYPE: '05', STATUS: '2' };
  return { PRE_APP_ID: id, ...plain, UPDATED_AT: '2026-10-08 09:00:00', ...more };
}

function write(name: string, rows: readonly RawRow[]): void {
  const [header = ''] = readFileSync(path.join(folder, name), 'utf8').split(/\r?\n/);
  const columns = header.replace(/^\uFEFF/, '').split(',');
  const lines = rows.map((row) => columns.map((column) => row[column] ?? '').join(','));
  writeFileSync(path.join(folder, name), `${[columns.join(','), ...lines].join('\n')}\n`);
}

/** The cells of the page's rows that begin with a key. */
function rowsOfPage(key: string): string[][] {
  const html = readFileSync(path.join(made.dir, '预申请比对-202610.html'), 'utf8');
  return [...html.matchAll(/<tr>(.*?)<\/tr>/gs)]
    .map(([, row = '']) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell = '']) => cell))
    .filter(([first]) => first === key);
}

describe('names on the pages', () => {
  test('a person whose number is mistyped stays masked; an organisation with a credit code is named', () => {
    const pages = made.files.filter((file) => file.endsWith('.html'));
    const text = pages.map((file) => readFileSync(path.join(made.dir, file), 'utf8')).join('\n');
    expect(text).toContain('欧**');
    expect(text).toContain('北京某某科技有限公司');
    expect(text).not.toContain(SECRET);
  });

  test('a name that the case does not have is empty, and no masked one', () => {
    const names = rowsOfPage('LINKED4').filter((row) => row.includes('申请人名称'));
    expect(names.map((row) => row.slice(5, 7))).toEqual([['欧**', '']]);
  });
});

describe('what is wrong is said', () => {
  test('on the page: what is repeated, how links contradict, how long it waits', () => {
    const reason = (key: string) => rowsOfPage(key).map((row) => row.at(-3));
    expect(reason('YSQ0000036')).toEqual(['与在先的YSQ0000035重复']);
    expect(reason('YSQ0000042').map((text) => text?.split('；')[0])).toEqual([
      '与多件案件关联',
      '与多件案件关联',
    ]);
    expect(reason('YSQ0000084')).toEqual([expect.stringMatching(/^审核通过后已过\d+个工作日$/)]);
    expect(reason('YSQ0000079')).toEqual([expect.stringMatching(/^提交后已过\d+个工作日$/)]);
    expect(reason('')).toEqual([expect.stringMatching(/预申请编号/)]);
  });

  test('in the workbook, where codes and states stand with their names', async () => {
    const workbook = await openWorkbook(path.join(made.dir, '预申请比对-202610.xlsx'));
    const [repeated] = rowsOf(workbook, '重复申请').filter((row) => row[0] === 'YSQ0000036');
    expect(repeated).toContain('与在先的YSQ0000035重复');
    const differing = rowsOf(workbook, '字段不一致').filter((row) => row[0]?.startsWith('LINKED'));
    expect(differing.flat()).toContain('审核通过');
    const disputes = differing.filter((row) => row.includes('争议类型'));
    expect(disputes.length).toBeGreaterThan(0);
    for (const row of disputes) expect(row).toContain('05 劳动报酬');
  });
});

test('a pre-application of a year without an arrangement holds nothing back where five days are surely over', () => {
  expect(made).toMatchObject({ state: 'published', reasons: [] });
});

test('a case is one and the same however its number is written', async () => {
  const pair = { preAppId: 'YSQ0000003', caseId: '0000100010' };
  expect(await home.use((service) => decidePair(service, 'rejected', pair))).toEqual({
    preAppId: 'YSQ0000003',
    caseId: '100010',
  });
});
