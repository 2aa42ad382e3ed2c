import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvField, csvLine, neutralised, writeCsv } from '../../exports/csv.ts';
import { withTemporaryDir } from './support.ts';

/** A reader of RFC 4180 written from the standard alone. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at += 1; at < text.length; at += 1) {
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') {
          field += '"';
          at += 1;
        } else break;
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== ',' && !text.startsWith('\r\n', at)) field += text[at++];
    }
    record.push(field);
    if (text[at] === ',') {
      at += 1;
    } else {
      if (!text.startsWith('\r\n', at)) throw new Error(`no end of record at ${at}`);
      at += 2;
      records.push(record);
      record = [];
    }
  }
  return records;
}

const fieldText = fc.string({
  unit: fc.constantFrom('a', '，', '东', ',', '"', '\r', '\n', '\t', ' ', '=', '-', '😀'),
});

describe('csv', () => {
  test('every record is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fieldText, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
        (records) => {
          expect(parseCsv(records.map(csvLine).join(''))).toEqual(records);
        },
      ),
    );
  });

  test('only fields that need quotes have them', () => {
    expect(csvField('东城区 "甲"')).toBe('"东城区 ""甲"""');
    expect(csvField('a,b')).toBe('"a,b"');
    expect(csvField('东城区;甲')).toBe('东城区;甲');
    expect(csvLine([''])).toBe('""\r\n');
    expect(csvLine(['', ''])).toBe(',\r\n');
  });

  test.each([
    ['=1+1', "'=1+1"],
    ['+86 10', "'+86 10"],
    ['-cmd', "'-cmd"],
    ['-1-1', "'-1-1"],
    ['@x', "'@x"],
    ['\tx', "'\tx"],
    ['\rx', "'\rx"],
    ['-12.50', '-12.50'],
    ['-3', '-3'],
    ['12', '12'],
    ['', ''],
    ['a=b', 'a=b'],
  ])('%j is neutralised as %j', (text, expected) => {
    expect(neutralised(text)).toBe(expected);
  });

  test('neutralised text never begins like a formula, and nothing else is altered', () => {
    fc.assert(
      fc.property(fieldText, (text) => {
        const safe = neutralised(text);
        expect(safe.endsWith(text)).toBe(true);
        expect(/^[=+@\t\r]/.test(safe)).toBe(false);
        if (safe.startsWith('-')) expect(Number.isNaN(Number(safe))).toBe(false);
      }),
    );
  });

  test('a file has a BOM, CRLF and all of many records', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.csv');
      const records = Array.from({ length: 20_000 }, (_, index) => [String(index), '东城区,甲']);
      await writeCsv(file, ['编号', '名称'], records);
      const text = await readFile(file, 'utf8');
      expect(text.startsWith('\uFEFF编号,名称\r\n0,"东城区,甲"\r\n')).toBe(true);
      expect(parseCsv(text.slice(1)).slice(1)).toEqual(records);
    });
  });

  test('a file that cannot be written is an error', async () => {
    await expect(writeCsv('/nowhere/at/all.csv', ['a'], [])).rejects.toThrow('ENOENT');
  });
});
