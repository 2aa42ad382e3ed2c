/** What lies beside the dataset: the bureau's own form, and each body's list of findings. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ExcelJS from 'exceljs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FindingFilter, findings, markFinding, type ShownFinding } from '../../pipelines/findings.ts';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { CLERK, homeDir, type MadeRun, manifestOf, openWorkbook, rowsOf, type TestHome } from './support.ts';

let home: TestHome;
let made: MadeRun;

beforeAll(async () => {
  home = await homeDir();
  await home.import('small');
  const form = new ExcelJS.Workbook();
  const sheet = form.addWorksheet('本市表样');
  sheet.addRow(['{{period}}', '{{A02@ALL}}', '{{A02@ALL:ytd}}', '{{R02@110101}}', '不动']);
  await form.xlsx.writeFile(home.path('form.xlsx'));
  await home.configure({ forms: { macroMonitoring: 'form.xlsx' } });
  made = await home.run('2026-10', { asOf: '2026-11-03' });
});
afterAll(() => removeTree(home.dir));

test("the bureau's own form is filled beside the workbook; the form itself stays as it was", async () => {
  // Held: the sample is dirtier than K12 allows.
  const file = path.join(made.outcome.dir, '宏观监测表-202610-草稿.xlsx');
  const entry = (await manifestOf(made.outcome.dir)).files.find(({ kind }) => kind === 'form');
  expect(entry?.sha256).toBe(
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  );
  const expected = await expectedValues();
  const rows = rowsOf(await openWorkbook(file), '本市表样');
  const filled = rows.find((row) => row.includes('2026年10月'));
  expect(filled?.slice(0, 5)).toEqual([
    '2026年10月',
    expected.get('month/ALL/A02'),
    expected.get('ytd/ALL/A02'),
    String(Number(expected.get('month/110101/R02'))),
    '不动',
  ]);
  expect(rowsOf(await openWorkbook(home.path('form.xlsx')), '本市表样')[0]?.[0]).toBe('{{period}}');
});

async function expectedValues(): Promise<Map<string, string>> {
  const file = new URL('../input/samples/small/expected-macro-2026-10.csv', import.meta.url);
  const lines = (await readFile(file, 'utf8'))
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/)
    .slice(1);
  return new Map(
    lines.map((line) => {
      const [, scope, org, id, value = ''] = line.split(',');
      return [`${scope}/${org}/${id}`, value];
    }),
  );
}

describe('the lists of findings', () => {
  const all = (filter: FindingFilter = {}): Promise<ShownFinding[]> =>
    home.as(CLERK, async (service) => {
      const found: ShownFinding[] = [];
      for await (const one of findings(service, filter)) found.push(one);
      return found;
    });
  const listed = async (code: string): Promise<string[]> => {
    const file = path.join(made.outcome.dir, '待整改', `待整改-${code}-202610.xlsx`);
    const rows = rowsOf(await openWorkbook(file), '待整改');
    return rows.filter((row) => /^V\d{3}$/.test(row[1] ?? '')).map((row) => `${row[1]} ${row[4]}`);
  };

  test('each body has a workbook with exactly its findings, and no finding is in none', async () => {
    const known = new Set(
      (await readFile(new URL('../input/samples/small/arb_org.csv', import.meta.url), 'utf8'))
        .split(/\r?\n/)
        .slice(1)
        .map((line) => line.split(',')[0] ?? ''),
    );
    const expected = new Map<string, string[]>();
    for (const { rule_id, record_key, org_code } of await all()) {
      const list = org_code !== null && known.has(org_code) ? org_code : '其他';
      expected.set(list, [...(expected.get(list) ?? []), `${rule_id} ${record_key}`]);
    }
    expect(expected.get('其他')?.length).toBeGreaterThan(0);
    const files = await readdir(path.join(made.outcome.dir, '待整改'));
    expect(files.toSorted()).toEqual(
      [...expected.keys()].map((code) => `待整改-${code}-202610.xlsx`).toSorted(),
    );
    for (const [code, keys] of expected)
      expect((await listed(code)).toSorted(), code).toEqual(keys.toSorted());
  });

  test('findings without a known body are in a workbook of their own', async () => {
    const file = path.join(made.outcome.dir, '待整改', '待整改-其他-202610.xlsx');
    const book = await openWorkbook(file);
    expect(rowsOf(book, '说明').flat()).toContain('发至：机构不明');
  });

  test('a mark as verified shows in the next run, breaks with another value, and can be withdrawn', async () => {
    const target = (await all()).find(({ rule_id }) => rule_id === 'V028');
    if (target === undefined) throw new Error('the sample has no V028');
    const mark = { ruleId: 'V028', recordKey: target.record_key, reason: '含利息', until: '2027-06-30' };
    await home.as(CLERK, (service) => markFinding(service, mark));
    const nextRun = async (): Promise<ShownFinding | undefined> => {
      await home.run('2026-10', { asOf: '2026-11-03' });
      return (await all({ rule: 'V028' })).find(({ record_key }) => record_key === target.record_key);
    };
    expect(await nextRun()).toMatchObject({ state: 'continuing', mark: 'verified', mark_reason: '含利息' });

    await edit(`UPDATE arb_case SET award_amount = award_amount + 1 WHERE case_id = ${target.record_key}`);
    expect(await nextRun()).toMatchObject({ state: 'continuing', mark: 'broken' });
    await edit(`UPDATE arb_case SET award_amount = award_amount - 1 WHERE case_id = ${target.record_key}`);
    expect(await nextRun()).toMatchObject({ mark: 'verified' });

    home.clock.advance(365 * 86_400_000);
    expect(await nextRun()).toMatchObject({ mark: 'expired', mark_expires_on: '2027-06-30' });
    await home.as('head', ({ ledger }) =>
      ledger.withdrawMark({ ruleId: 'V028', recordKey: target.record_key, actor: 'head' }),
    );
    expect(await nextRun()).toMatchObject({ mark: null });
    await expect(
      home.as('head', ({ ledger }) =>
        ledger.withdrawMark({ ruleId: 'V028', recordKey: target.record_key, actor: 'head' }),
      ),
    ).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test.each([
    [{ ruleId: 'V028', recordKey: '1', reason: 'x', until: '2099-01-01' }, 'E_NOT_FOUND'],
    [{ ruleId: 'V999', recordKey: '1', reason: 'x', until: '2099-01-01' }, 'E_NOT_FOUND'],
    [{ ruleId: 'V028', recordKey: '1', reason: ' ', until: '2099-01-01' }, 'E_USAGE'],
    [{ ruleId: 'V028', recordKey: '1', reason: 'x', until: '2026-02-30' }, 'E_DATE'],
    [{ ruleId: 'V028', recordKey: '1', reason: 'x', until: '2020-01-01' }, 'E_DATE'],
  ])('%j cannot be marked: %s', async (mark, code) => {
    await expect(home.as(CLERK, (service) => markFinding(service, mark))).rejects.toMatchObject({ code });
  });
});

/** A statement on the source's own tables. */
async function edit(sql: string): Promise<void> {
  const file = home.path('source', 'source.duckdb');
  await withEngine({ file, spillDir: home.path('work', 'edit') }, (engine) => engine.run(sql));
}
