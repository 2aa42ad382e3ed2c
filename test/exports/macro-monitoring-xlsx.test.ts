import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exactNumber } from '../../exports/decimal.ts';
import { writeMacroMonitoringXlsx } from '../../exports/macro-monitoring.xlsx.ts';
import { cellText, columnName } from '../../exports/workbook.ts';
import type { Scope } from '../../schemas/dataset.ts';
import { formsFile, leafColumns, type TableSheet } from '../../schemas/forms.ts';
import { BODIES, FORM, fakeDataset, HELD, INDICATORS, PROVENANCE } from './fake-dataset.ts';
import {
  convert,
  HAS_LIBREOFFICE,
  openWorkbook,
  partsOfFile,
  readRows,
  withoutCachedResults,
  withTemporaryDir,
} from './support.ts';

const SHEETS = [
  '说明',
  '表1仲裁案件情况',
  '表1累计',
  '表2案外调解情况',
  '分争议类型',
  '分用人单位类型',
  '分行业',
  '同比环比',
  '修订说明',
  '平衡检查',
  '待核查',
];
const TABLES = FORM.sheets.filter((sheet): sheet is TableSheet => sheet.kind === 'table');

let dir: string;
let file: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-xlsx-'));
  file = path.join(dir, 'published.xlsx');
  await writeMacroMonitoringXlsx(file, fakeDataset(), FORM);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Every figure of a table sheet against the dataset; returns how many there were. */
async function compareTable(workbookFile: string, table: TableSheet): Promise<number> {
  const dataset = fakeDataset();
  const columns = leafColumns(table.columns);
  let compared = 0;
  const orders = table.scopes.flatMap((scope): [Scope, string][] =>
    ['ALL', ...BODIES.map(({ code }) => code)].map((org) => [scope, org]),
  );
  for (const row of await readRows(workbookFile, SHEETS.indexOf(table.name) + 1)) {
    const isTotal = row.get('A') === '合计';
    if (!isTotal && !BODIES.some(({ code }) => code === row.get('B'))) continue;
    const [scope, org] = orders.shift() ?? ['month', '?'];
    expect(isTotal ? 'ALL' : row.get('B')).toBe(org);
    for (const [index, { indicator }] of columns.entries()) {
      const value = dataset.value(scope, org, indicator);
      const where = `${table.name} ${scope} ${org} ${indicator}`;
      expect(row.get(columnName(index + 3)), where).toBe(value === '' ? '—' : exactNumber(value));
      compared += 1;
    }
  }
  expect(orders).toEqual([]);
  return compared;
}

describe('the workbook', () => {
  test('has exactly the sheets of the specification, in their order', async () => {
    const workbook = await openWorkbook(file);
    expect(workbook.worksheets.map(({ name }) => name)).toEqual(SHEETS);
  });

  test.each(TABLES.map((table) => [table.name, table] as const))(
    '%s shows the dataset',
    async (_name, table) => {
      const compared = await compareTable(file, table);
      expect(compared).toBe(table.scopes.length * 19 * leafColumns(table.columns).length);
    },
  );

  test('every indicator stands in some table', () => {
    const shown = new Set(TABLES.flatMap(({ columns }) => leafColumns(columns).map((c) => c.indicator)));
    expect(INDICATORS.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([]);
  });

  test('totals of counts are sums over the bodies, other totals are plain', async () => {
    const sheet = (await openWorkbook(file)).getWorksheet('表1仲裁案件情况');
    const kinds = new Map(INDICATORS.map(({ id, kind }) => [id, kind]));
    const columns = leafColumns(TABLES[0]?.columns ?? []);
    let total = 0;
    sheet?.eachRow((row, number) => {
      if (row.getCell(1).text === '合计') total = number;
    });
    const formulas = columns.map(({ indicator }, index) => {
      const { formula } = sheet?.getCell(total, index + 3) ?? {};
      expect(formula !== undefined, indicator).toBe(kinds.get(indicator) === 'count');
      return formula;
    });
    expect(formulas[0]).toBe(`SUM(C${total + 1}:C${total + 18})`);
  });

  test('numbers have the formats of the form', async () => {
    const sheet = (await openWorkbook(file)).getWorksheet('表1仲裁案件情况');
    const kinds = new Map(INDICATORS.map(({ id, kind }) => [id, kind]));
    for (const [index, { indicator }] of leafColumns(TABLES[0]?.columns ?? []).entries()) {
      const kind = kinds.get(indicator) ?? 'count';
      expect(sheet?.getCell(12, index + 3).numFmt, indicator).toBe(FORM.numberFormats[kind]);
    }
  });

  test('is the same bytes every time, with fixed times', async () => {
    const again = path.join(dir, 'again.xlsx');
    await writeMacroMonitoringXlsx(again, fakeDataset(), FORM);
    expect((await readFile(again)).equals(await readFile(file))).toBe(true);
    expect((await partsOfFile(file)).get('docProps/core.xml')).toContain('2026-11-03T01:31:12Z');
  });

  test('is printed on A4 landscape, fitted to the width, with repeated titles and page numbers', async () => {
    const parts = await partsOfFile(file);
    const titles = parts.get('xl/workbook.xml')?.match(/_xlnm\.Print_Titles/g);
    expect(titles).toHaveLength(SHEETS.length);
    for (let number = 1; number <= SHEETS.length; number += 1) {
      const xml = parts.get(`xl/worksheets/sheet${number}.xml`) ?? '';
      expect(xml).toContain('<pageSetUpPr fitToPage="1"/>');
      expect(xml).toMatch(
        /<pageSetup paperSize="9" orientation="landscape"[^>]* fitToWidth="1" fitToHeight="[01]"/,
      );
      expect(xml).toMatch(/<oddFooter>.*第 &amp;P 页 共 &amp;N 页.*<\/oddFooter>/);
      expect(xml).toContain('state="frozen"');
    }
  });

  test('a published workbook bears no mark of a draft, a held one bears it on every sheet and says why', async () => {
    await withTemporaryDir(async (temporary) => {
      const held = path.join(temporary, 'held.xlsx');
      await writeMacroMonitoringXlsx(held, fakeDataset({ provenance: HELD }), FORM);
      const marks = async (name: string): Promise<boolean[]> =>
        (await openWorkbook(name)).worksheets.map((sheet) => {
          const cell = sheet.getCell('A2');
          return cell.text.startsWith('草稿 未发布') && cell.font.color?.argb === 'FFFF0000';
        });
      expect(await marks(held)).toEqual(SHEETS.map(() => true));
      expect(await marks(file)).toEqual(SHEETS.map(() => false));
      const shared = (await partsOfFile(held)).get('xl/sharedStrings.xml');
      expect(shared).toContain(HELD.heldReasons[0]);
    });
  });

  test.each([
    [{ ...PROVENANCE, state: 'draft', revision: '草稿' } as const, '草稿 未发布'],
    [{ ...PROVENANCE, provisional: true } as const, '草稿 未发布（报表期尚未结束，数据为暂行数）'],
  ])('%#: what is not published says so', async (provenance, mark) => {
    await withTemporaryDir(async (temporary) => {
      const draft = path.join(temporary, 'draft.xlsx');
      await writeMacroMonitoringXlsx(draft, fakeDataset({ provenance }), FORM);
      for (const sheet of (await openWorkbook(draft)).worksheets) expect(sheet.getCell('A2').text).toBe(mark);
    });
  });

  test('a figure that differs from what was published is marked', async () => {
    const sheet = (await openWorkbook(file)).getWorksheet('同比环比');
    const marked: string[] = [];
    sheet?.eachRow((row) => {
      if (row.getCell(19).text.startsWith('※')) marked.push(`${row.getCell(2).text} ${row.getCell(3).text}`);
    });
    expect(marked).toEqual(['北京市东城区劳动人事争议仲裁委员会 A02']);
  });

  test('record and case numbers are text', async () => {
    const sheet = (await openWorkbook(file)).getWorksheet('待核查');
    expect(sheet?.getCell('C4').value).toBe('900000000000000100');
    expect(sheet?.getCell('D4').value).toBe('京朝劳人仲字〔2026〕第00001号');
  });

  test('a list that a sheet cannot hold continues on the next', async () => {
    await withTemporaryDir(async (temporary) => {
      const long = path.join(temporary, 'long.xlsx');
      await writeMacroMonitoringXlsx(long, fakeDataset({ excludedCount: 250 }), FORM, { maxRows: 105 });
      const workbook = await openWorkbook(long);
      const parts = ['待核查', '待核查(2)', '待核查(3)'].map((name) => workbook.getWorksheet(name));
      expect(workbook.getWorksheet('待核查(4)')).toBeUndefined();
      const keys = parts.flatMap((sheet) => {
        expect(sheet?.rowCount).toBeLessThanOrEqual(105);
        const found: string[] = [];
        sheet?.eachRow((row) => {
          if (/^9\d{17}$/.test(row.getCell(3).text)) found.push(row.getCell(3).text);
        });
        return found;
      });
      expect(keys).toHaveLength(250);
      expect(new Set(keys).size).toBe(250);
    });
  });

  test('a form that names an unknown indicator is an error', async () => {
    const [notes, table, ...others] = FORM.sheets;
    if (notes === undefined || table?.kind !== 'table') throw new Error('the form has changed');
    const wrong = { ...table, columns: [{ title: '?', indicator: 'X99' }] };
    const form = { ...FORM, sheets: [notes, wrong, ...others] };
    await withTemporaryDir(async (temporary) => {
      const broken = path.join(temporary, 'broken.xlsx');
      await expect(writeMacroMonitoringXlsx(broken, fakeDataset(), form)).rejects.toThrow('X99');
    });
  });

  test('a full disk is an error, not the end of the process', async () => {
    await expect(writeMacroMonitoringXlsx('/dev/full', fakeDataset(), FORM)).rejects.toThrow('ENOSPC');
  });
});

describe('LibreOffice', () => {
  test.skipIf(!HAS_LIBREOFFICE)(
    'opens the workbook and computes what its formulas were said to give',
    async () => {
      await withTemporaryDir(async (temporary) => {
        const bare = path.join(temporary, 'bare.xlsx');
        await withoutCachedResults(file, bare);
        const out = path.join(temporary, 'out');
        await convert([bare], 'xlsx', out);
        const recomputed = path.join(out, 'bare.xlsx');
        const workbook = await openWorkbook(recomputed);
        expect(workbook.worksheets.map(({ name }) => name)).toEqual(SHEETS);
        for (const table of TABLES) await compareTable(recomputed, table);
      });
    },
  );
});

describe('text in cells', () => {
  test.each([
    ['a\u0000b\u001Fc', 'a\u2400b\u241Fc'],
    ['x\u007F', 'x\u2421'],
    ['\uD800', '\uFFFD'],
    ['_x0041_', '_x005F_x0041_'],
    ['a\r\nb\tc', 'a\nb\tc'],
    ['东城区', '东城区'],
  ])('%j is written as %j', (text, expected) => {
    expect(cellText(text)).toBe(expected);
  });

  test('text that a cell cannot hold says that it was cut', () => {
    const cut = cellText('长'.repeat(40_000));
    expect(cut).toHaveLength(32_767);
    expect(cut.endsWith('以下略）')).toBe(true);
  });
});

describe('the form file', () => {
  test('refuses sheet names that a workbook cannot have', () => {
    const file = (name: string): unknown => ({
      recordedAt: '2026-11-23',
      macroMonitoring: { ...FORM, sheets: [{ kind: 'notes', name, title: 'x' }] },
    });
    for (const name of ['a/b', 'a'.repeat(28), "'a", '']) {
      expect(formsFile.safeParse(file(name)).success, name).toBe(false);
    }
    expect(formsFile.safeParse(file('说明')).success).toBe(true);
  });
});
