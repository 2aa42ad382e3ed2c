import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CsvScanner } from '../../pipelines/steps/source/csv-scan.ts';
import { layouts, tables, writeCsv } from './support/csv.ts';

function scan(blocks: readonly Buffer[]) {
  const records: { line: number; fields: string[] }[] = [];
  const scanner = new CsvScanner({
    keepFaults: 20,
    capture: true,
    onRecord: ({ line, fields }) => records.push({ line, fields: fields.map((bytes) => bytes.toString()) }),
  });
  for (const block of blocks) scanner.push(block);
  const { header: _, ...found } = scanner.finish();
  return { ...found, records: records };
}

const scanText = (text: string) => scan([Buffer.from(text)]);
const faults = (text: string) =>
  scanText(`A,B,C\n${text}`).faults.map(({ kind, line, field, fields }) => [kind, line, field, fields]);

test('records, fields and lines, whatever the line end, the quoting and the cut into blocks', () => {
  fc.assert(
    fc.property(tables('utf-8'), layouts, fc.integer({ min: 1, max: 40 }), (table, layout, blockBytes) => {
      const written = writeCsv(table, { ...layout, mark: false });
      const bytes = Buffer.from(written.text);
      const blocks = Array.from({ length: Math.ceil(bytes.length / blockBytes) }, (_, index) =>
        bytes.subarray(index * blockBytes, (index + 1) * blockBytes),
      );
      const found = scan(blocks);
      expect(found.faults).toEqual([]);
      const positions = written.header.map((name) =>
        table.view.columns.findIndex((column) => column.name === name),
      );
      const expected = table.rows.map((row) => positions.map((position) => row[position]?.text));
      expect(found.records.slice(1).map(({ fields }) => fields)).toEqual(expected);
      expect(found.records.slice(1).map(({ line }) => line)).toEqual(written.lines);
      expect(found.filled).toEqual(
        positions.map((_, index) => expected.filter((record) => record[index] !== '').length),
      );
      expect(found.sizeBytes).toEqual(
        positions.map((_, index) =>
          expected.reduce((sum, record) => sum + Buffer.byteLength(record[index] ?? ''), 0),
        ),
      );
    }),
    { numRuns: 300 },
  );
});

test('the kind of line end', () => {
  expect(scanText('A\n1\n').lineEnds).toBe('lf');
  expect(scanText('A\r\n"1\n2"\r\n3').lineEnds).toBe('crlf');
  expect(scanText('A\n"1\r\n2"\n').lineEnds).toBe('lf');
  expect(scanText('A\r1\r').lineEnds).toBe('mixed');
  expect(scanText('A\r\n1\n').lineEnds).toBe('mixed');
  expect(scanText('A\n1\r').lineEnds).toBe('mixed');
});

test('lines with nothing on them are no records', () => {
  const { records } = scanText('\nA,B\n\n1,2\n\r\n\n"x\n\n",4\n\n');
  expect(records).toEqual([
    { line: 2, fields: ['A', 'B'] },
    { line: 4, fields: ['1', '2'] },
    { line: 7, fields: ['x\n\n', '4'] },
  ]);
  expect(scanText('').records).toEqual([]);
  expect(scanText('A,B\n').records).toHaveLength(1);
});

test.each([
  ['1,a"b,3', [['stray-quote', 2, 1, 0]]],
  ['1, "b",3', [['stray-quote', 2, 1, 0]]],
  ['1,"b" ,3', [['text-after-quote', 2, 1, 0]]],
  ['1,"b"c,3', [['text-after-quote', 2, 1, 0]]],
  ['1,2,"3\n4,5,6\n', [['unclosed-quote', 2, 2, 0]]],
  ['1,2,3\n"a\nb",2,"', [['unclosed-quote', 3, 2, 0]]],
  ['1,\0,3', [['nul', 2, 1, 0]]],
  ['1,"\0",3', [['nul', 2, 1, 0]]],
  ['1,2', [['field-count', 2, 2, 2]]],
  [
    '1,2,3,4\n""',
    [
      ['field-count', 2, 4, 4],
      ['field-count', 3, 1, 1],
    ],
  ],
  ['"a\r\nb\rc\nd",2,3\n1', [['field-count', 6, 1, 1]]],
  ['"a""b","""","c"', []],
])('%j', (text, expected) => {
  expect(faults(text)).toEqual(expected);
});

test('faults beyond those kept are counted', () => {
  const found = scanText(`A,B\n${'1\n'.repeat(50)}`);
  expect(found.faultCount).toBe(50);
  expect(found.faults).toHaveLength(20);
});

test('a record of more than 16 MiB is a fault, and one of 16 MiB is not', () => {
  const limit = 16 * 1024 * 1024;
  const withField = (bytes: number) =>
    scan([Buffer.from('A,B\n'), Buffer.alloc(bytes - 2, 'x'), Buffer.from(',1\n2,3')]);
  expect(withField(limit).faults).toEqual([]);
  expect(withField(limit + 1).faults).toMatchObject([{ kind: 'too-long', line: 2 }]);
  expect(scan([Buffer.from('A,B\n"'), Buffer.alloc(limit), Buffer.alloc(9)]).faults).toMatchObject([
    { line: 2 },
  ]);
});
