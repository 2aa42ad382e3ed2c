import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type ExcelJS from 'exceljs';
import { describe, expect, test } from 'vitest';
import { RECTIFICATION_ANSWERS, writeRectificationXlsx } from '../../exports/rectification.xlsx.ts';
import { fakeFinding, fakeRectification, HELD } from './fake-dataset.ts';
import { convert, HAS_LIBREOFFICE, openWorkbook, partsOfFile, withTemporaryDir } from './support.ts';

const recordKeys = (sheet: ExcelJS.Worksheet | undefined): string[] => {
  const keys: string[] = [];
  sheet?.eachRow((row) => {
    if (/^1\d{17}$/.test(row.getCell(5).text)) keys.push(row.getCell(5).text);
  });
  return keys;
};

describe('the workbook of a body', () => {
  test('lists every finding with room for the answer', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.xlsx');
      const list = fakeRectification(30);
      await writeRectificationXlsx(file, list);
      const workbook = await openWorkbook(file);
      expect(workbook.worksheets.map(({ name }) => name)).toEqual(['说明', '待整改', '已整改', '已核实']);
      const sheet = workbook.getWorksheet('待整改');
      expect(recordKeys(sheet)).toEqual([...(list.open as { recordKey: string }[])].map((f) => f.recordKey));
      expect(recordKeys(workbook.getWorksheet('已整改'))).toHaveLength(1);
      expect(recordKeys(workbook.getWorksheet('已核实'))).toHaveLength(1);
      const titles = (sheet?.getRow(3).values ?? []) as string[];
      expect(titles.slice(1)).toEqual(
        '序号 规则 级别 表 记录号 案号 字段 当前值 问题说明 法律/业务依据 状态 首次发现 整改情况 核实说明 更正日期'.split(
          ' ',
        ),
      );
      const first = ((sheet?.getRow(4).values ?? []) as (string | number)[]).slice(1, 13);
      expect(first).toEqual([
        1,
        'V009',
        '错误',
        '仲裁案件',
        '100000000000000001',
        '京朝劳人仲字〔2026〕第00001号',
        'ACCEPT_DATE,\nCLOSE_DATE',
        '2026-10-12;2026-10-09',
        fakeFinding(0, 'error').message,
        '数据完整性',
        '新增',
        '2026-11-03',
      ]);
    });
  });

  test('answers are chosen from a list, in a filtered table with a frozen header', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.xlsx');
      await writeRectificationXlsx(file, fakeRectification(30));
      const xml = (await partsOfFile(file)).get('xl/worksheets/sheet2.xml') ?? '';
      expect(xml).toContain('<autoFilter ref="A3:O33"');
      expect(xml).toMatch(/<pane xSplit="2" ySplit="3"[^>]*state="frozen"/);
      const list = `type="list"[^>]*sqref="M4:M33"><formula1>&quot;${RECTIFICATION_ANSWERS.join(',')}&quot;</formula1>`;
      expect(xml).toMatch(new RegExp(list));
      expect(xml).toMatch(/type="date"[^>]*sqref="O4:O33"/);
    });
  });

  test('counts add up on the sheet 说明', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.xlsx');
      await writeRectificationXlsx(file, fakeRectification(3));
      const sheet = (await openWorkbook(file)).getWorksheet('说明');
      const rows: unknown[] = [];
      sheet?.eachRow((row) => {
        if (row.getCell(2).text === '合计') rows.push((row.values as unknown[]).slice(4));
      });
      expect(rows).toEqual([[12, 24, 36, 3, 0]]);
      const texts = (await partsOfFile(file)).get('xl/worksheets/sheet1.xml');
      expect(texts).toContain('完成时限：2026年11月20日');
    });
  });

  test('findings that do not come errors first are refused', async () => {
    await withTemporaryDir(async (dir) => {
      const open = [fakeFinding(0, 'warning'), fakeFinding(1, 'error')];
      const list = { ...fakeRectification(3), open };
      await expect(writeRectificationXlsx(path.join(dir, 'a.xlsx'), list)).rejects.toThrow('errors first');
    });
  });

  test('an error of the list being read is raised as it is', async () => {
    await withTemporaryDir(async (dir) => {
      const broken = async function* () {
        for (let index = 0; index < 300; index += 1) yield fakeFinding(index, 'error');
        throw new Error('the engine stopped');
      };
      const list = { ...fakeRectification(3), open: broken() };
      await expect(writeRectificationXlsx(path.join(dir, 'a.xlsx'), list)).rejects.toThrow(
        'the engine stopped',
      );
    });
  });

  test('a disk that fills up ends the writing of a long list', async () => {
    let taken = 0;
    const endless = async function* () {
      for (;;) yield fakeFinding(taken++, 'error');
    };
    const list = { ...fakeRectification(3), open: endless() };
    await expect(writeRectificationXlsx('/dev/full', list)).rejects.toThrow('ENOSPC');
    expect(taken).toBeLessThan(100_000);
  });

  test('a long list continues, a streamed one too; an empty one says so; bytes are the same every time', async () => {
    await withTemporaryDir(async (dir) => {
      const [file, again] = [path.join(dir, 'a.xlsx'), path.join(dir, 'b.xlsx')];
      const streamed = async function* () {
        for (let index = 0; index < 1200; index += 1) yield fakeFinding(index, 'error');
      };
      const list = () => ({ ...fakeRectification(3), provenance: HELD, open: streamed(), resolved: [] });
      await writeRectificationXlsx(file, list(), { maxRows: 500 });
      await writeRectificationXlsx(again, list(), { maxRows: 500 });
      expect((await readFile(file)).equals(await readFile(again))).toBe(true);
      const workbook = await openWorkbook(file);
      const names = ['待整改', '待整改(2)', '待整改(3)'];
      const keys = names.flatMap((name) => recordKeys(workbook.getWorksheet(name)));
      expect(new Set(keys).size).toBe(1200);
      expect(workbook.getWorksheet('已整改')?.getCell('A5').text).toBe('没有已整改的问题');
    });
  });

  test.skipIf(!HAS_LIBREOFFICE)('opens in LibreOffice with its list of answers', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.xlsx');
      await writeRectificationXlsx(file, fakeRectification(9));
      const out = path.join(dir, 'out');
      await convert([file], 'xlsx', out);
      const sheet = (await openWorkbook(path.join(out, 'a.xlsx'))).getWorksheet('待整改');
      expect(recordKeys(sheet)).toHaveLength(9);
      expect(sheet?.getCell('M4').dataValidation?.formulae[0]).toBe(`"${RECTIFICATION_ANSWERS.join(',')}"`);
    });
  });
});
