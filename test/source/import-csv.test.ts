import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvError } from '../../pipelines/steps/source/csv-problems.ts';
import { CONTRACT, VIEWS, type View } from '../../schemas/contract.ts';
import {
  encodeGb18030,
  fileHash,
  gb18030Bytes,
  importInto,
  layouts,
  SAMPLES,
  sourceValues,
  type Table,
  tables,
  temporaryFolder,
  type Written,
  writeCsv,
  writeFolder,
} from './support/csv.ts';

/** A CSV file of one view in contract order, one record for each set of values by column. */
function fileOf(view: View, rows: readonly Readonly<Record<string, string>>[]): Written {
  const header = view.columns.map(({ name }) => name);
  const records = rows.map((values) => header.map((name) => values[name] ?? '').join(','));
  return {
    text: `${[header.join(','), ...records].join('\n')}\n`,
    lines: rows.map((_, row) => row + 2),
    header,
  };
}

async function importError(home: string, dir: string, more = {}): Promise<CsvError> {
  const error: unknown = await importInto(home, dir, more).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CsvError) return error;
  throw new Error(`expected an error of CSV, got ${String(error)}`);
}

/** Import one column of one view and give the values that were stored. */
async function stored(view: View, column: string, texts: readonly string[]) {
  const home = await temporaryFolder();
  const dir = path.join(home, 'csv');
  const rows = texts.map((text) => ({ [column]: text }));
  await writeFolder(dir, new Map([[view.name, fileOf(view, rows)]]));
  await importInto(home, dir);
  const position = view.columns.findIndex(({ name }) => name === column);
  return (await sourceValues(home))[view.name]?.map((row) => row[position]);
}

/** What the import says about the values of one view, each in a record of its own. */
async function refused(view: View, values: readonly (readonly [column: string, value: string])[]) {
  const home = await temporaryFolder();
  const dir = path.join(home, 'csv');
  const rows = values.map(([column, value]) => ({ [column]: value }));
  await writeFolder(dir, new Map([[view.name, fileOf(view, rows)]]));
  return importError(home, dir);
}

describe('the samples', () => {
  test.each([
    ['small', [18, 401, 800, 383, 200, 126]],
    ['clean', [18, 300, 600, 280, 150, 90]],
  ])('%s', async (name, rows) => {
    const home = await temporaryFolder();
    const imported = await importInto(home, path.join(SAMPLES, name));
    expect(imported.map((file) => file.rows)).toEqual(rows);
    const values = await sourceValues(home);
    for (const { view, file } of imported) {
      // The samples quote nothing, so that they can be read by hand.
      const [, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\r\n');
      const expected = lines.map((line) => line.split(','));
      expect(values[view]).toHaveLength(expected.length);
      const { columns } = CONTRACT[view];
      columns.forEach((column, index) => {
        const shown = expected.map((fields) => {
          const text = fields[index] ?? '';
          if (text === '') return null;
          return column.type === 'date' ? `${text} 00:00:00` : text;
        });
        expect(
          values[view]?.map((row) => row[index]),
          column.name,
        ).toEqual(shown);
      });
    }
  });
});

describe('any tables in any layout', () => {
  for (const encoding of ['utf-8', 'gb18030'] as const) {
    test(`come back equal (${encoding})`, async () => {
      const home = await temporaryFolder();
      const dir = path.join(home, 'csv');
      const all = fc.tuple(...VIEWS.map((view) => fc.tuple(tables(encoding, { view }), layouts)));
      await fc.assert(
        fc.asyncProperty(all, async (files) => {
          const written = files.map(([table, layout]) => [table.view.name, writeCsv(table, layout)] as const);
          await writeFolder(dir, new Map(written), encoding === 'utf-8' ? undefined : encodeGb18030);
          await importInto(home, dir, { encoding });
          const expected = files.map(([{ view, rows }]) => [
            view.name,
            rows.map((row) => row.map(({ value }) => value)),
          ]);
          expect(await sourceValues(home)).toEqual(Object.fromEntries(expected));
        }),
        { numRuns: 12 },
      );
    });
  }
});

describe('any table with one thing wrong', () => {
  test('is refused with file, line and column, and the former source stays', async () => {
    const home = await temporaryFolder();
    await importInto(home, path.join(SAMPLES, 'clean'));
    const source = path.join(home, 'source', 'source.duckdb');
    const before = await fileHash(source);
    const dir = path.join(home, 'csv');
    const cases = tables('utf-8', { minRows: 1 }).chain((table) =>
      fc.tuple(
        fc.constant(table),
        layouts,
        fc.nat(table.rows.length - 1),
        fc.nat(table.view.columns.length - 1),
        fc.nat(1000),
      ),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([table, layout, row, column, choice]) => {
        const wrong = corruption(table, row, column, choice);
        const written = writeCsv(table, layout, new Map([[`${row}/${column}`, wrong.raw]]));
        await writeFolder(dir, new Map([[table.view.name, written]]));
        const error = await importError(home, dir);
        expect(error.code).toBe('E_CSV');
        expect(error.total).toBeGreaterThanOrEqual(1);
        expect(error.where).toEqual({
          file: path.join(dir, `${table.view.name.toLowerCase()}.csv`),
          line: written.lines[row],
          ...(wrong.namesColumn ? { column: table.view.columns[column]?.name } : {}),
        });
        expect(await fileHash(source)).toBe(before);
        expect(await readdir(path.join(home, 'source'))).toEqual(['source.duckdb']);
      }),
      { numRuns: 30 },
    );
  });

  /** Text for the place of one field that makes its record wrong. */
  function corruption(table: Table, row: number, column: number, choice: number) {
    const field = table.rows[row]?.[column]?.text ?? '';
    const quoted = `"${field.replaceAll('"', '""')}"`;
    const values = {
      text: [],
      number: ['x', '1e3', '0x1F', '1,5', ' 1', '1 ', '--1', '1.2.3', '٣', 'NaN', '9'.repeat(19), '1.234'],
      date: [
        '2026-02-30',
        '2026-1-05',
        '20260105',
        '0000-01-01',
        '2026-01-01 24:00',
        'infinity',
        '2026/01/01',
      ],
      timestamp: [
        '2026-01-01',
        '2026-01-01T10:00:00',
        '2026-01-01 10:00',
        '2026-01-01 10:00:60',
        '10000-01-01 00:00:00',
      ],
    }[table.view.columns[column]?.type ?? 'text'];
    const all = [
      ...values.map((value) => ({ raw: `"${value}"`, namesColumn: true })),
      { raw: `x"${field.replaceAll(/[",\r\n]/g, '')}`, namesColumn: true },
      { raw: ` ${quoted}`, namesColumn: true },
      { raw: `${quoted} `, namesColumn: true },
      { raw: '"\0"', namesColumn: true },
      { raw: `${quoted},extra`, namesColumn: false },
    ];
    return all[choice % all.length] as (typeof all)[number];
  }
});

describe('values that are read', () => {
  test.each([
    ['CLAIM_AMOUNT', { '1234.5': '1234.50', '-.5': '-0.50', '+0001.2300': '1.23', '-0.00': '0.00' }],
    ['CLAIM_AMOUNT', { '9999999999999999.99': '9999999999999999.99', '00000000000000000000000.1': '0.10' }],
    ['CASE_ID', { '999999999999999999': '999999999999999999', '007.00': '7', '-0': '0', '+5': '5' }],
    ['EXCLUDED_DAYS', { '-99999': '-99999', '00': '0' }],
    ['APPLY_DATE', { '0001-01-01': '0001-01-01 00:00:00', '2024-02-29 23:59:59': '2024-02-29 23:59:59' }],
    ['APPLY_DATE', { '9999-12-31T08:05': '9999-12-31 08:05:00' }],
    ['UPDATED_AT', { '2026-01-01 00:00:00.1234560': '2026-01-01 00:00:00.123456' }],
    ['CASE_NO', { '" "" "': ' " ', '\\N': '\\N', NULL: 'NULL', ' x': ' x', "''": "''" }],
  ])('%s %j', async (column, values) => {
    expect(await stored(CONTRACT.ARB_CASE, column, Object.keys(values))).toEqual(Object.values(values));
  });

  test('an empty field is NULL, quoted or not, in a column of any type', async () => {
    for (const column of ['CASE_NO', 'APPLY_DATE', 'CLAIM_AMOUNT']) {
      expect(await stored(CONTRACT.ARB_CASE, column, ['', '""']), column).toEqual([null, null]);
    }
  });

  test('text longer than the contract says is kept for the rules to judge', async () => {
    const long = '长'.repeat(5000);
    expect(await stored(CONTRACT.ARB_CASE, 'ORG_CODE', [long])).toEqual([long]);
  });

  test('a field of 15 MiB with quotes and line ends', async () => {
    const long = '长"\r\n,'.repeat(Math.floor((15 * 1024 * 1024) / 8));
    const [value] = (await stored(CONTRACT.ARB_ORG, 'ORG_NAME', [`"${long.replaceAll('"', '""')}"`])) ?? [];
    expect(value === long).toBe(true);
  });
});

describe('values that are refused', () => {
  const wrong = [
    ['CLAIM_AMOUNT', '1e3'],
    ['CLAIM_AMOUNT', '12345678901234567'],
    ['CLAIM_AMOUNT', '1.005'],
    ['CLAIM_AMOUNT', '１２'],
    ['CLAIM_AMOUNT', '.'],
    ['CLAIM_AMOUNT', '5.'],
    ['CLAIM_AMOUNT', '+ 5'],
    ['CASE_ID', '1.5'],
    ['CASE_ID', '1234567890123456789'],
    ['EXTEND_DAYS', '1000'],
    ['APPLY_DATE', '2025-02-29'],
    ['APPLY_DATE', '1900-02-29'],
    ['APPLY_DATE', '2026-13-01'],
    ['APPLY_DATE', '2026-01-01 '],
    ['APPLY_DATE', '2026-01-01 25:00:00'],
    ['APPLY_DATE', '2026-01-01 (BC)'],
    ['APPLY_DATE', '0000-12-31'],
    ['APPLY_DATE', 'epoch'],
    ['UPDATED_AT', '2026-01-01 10:00:00.1234567'],
    ['UPDATED_AT', '2026-01-01 10:00:00+08'],
  ] as const;

  test('each is named with file, line, column, value and reason', async () => {
    const error = await refused(CONTRACT.ARB_CASE, wrong);
    expect(error.total).toBe(wrong.length);
    expect(error.where).toMatchObject({ line: 2, column: 'CLAIM_AMOUNT' });
    wrong.forEach(([column, value], row) => {
      expect(error.problems[row]).toMatchObject({ line: row + 2, column, value: `"${value}"` });
      expect(error.problems[row]?.advice).not.toBe('');
      expect(error.message).toContain(`arb_case.csv, line ${row + 2}, column ${column}: "${value}" is not a`);
    });
  });

  test('personal values are not shown, nor what a shifted column brings', async () => {
    const birth = await refused(CONTRACT.ARB_PARTY, [['BIRTH_DATE', '1972-13-10']]);
    expect(birth.message).toContain('column BIRTH_DATE: the value (personal, not shown) is not a date');
    const shifted = await refused(CONTRACT.ARB_PARTY, [
      ['UPDATED_AT', '欧阳小明 110106197205105385 13990192429'],
    ]);
    expect(shifted.message).toContain('"欧** 110********385 139********429" is not a date and time');
    expect(shifted.message).not.toMatch(/小明|197205|9019/);
  });
});

describe('files and headers', () => {
  let home = '';
  let dir = '';
  const file = (name: string) => path.join(dir, name);
  const fresh = async (): Promise<void> => {
    home = await temporaryFolder();
    dir = path.join(home, 'csv');
    await writeFolder(dir, new Map());
  };

  test('headers only give a source without rows', async () => {
    await fresh();
    expect((await importInto(home, dir)).map(({ rows }) => rows)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('missing, unknown and doubled columns', async () => {
    await fresh();
    await writeFile(file('arb_org.csv'), 'org_code,ORG_NAME,Org_Name,LEVEL,CASE_WORD,DISTRICT_CODE\n');
    const error = await importError(home, dir);
    expect(error.total).toBe(3);
    expect(error.problems.map(({ line, column, reason }) => [line, column, reason])).toEqual([
      [1, 'ORG_LEVEL', 'the column is missing'],
      [1, 'LEVEL', 'the column is unknown'],
      [1, 'ORG_NAME', 'the column stands twice'],
    ]);
  });

  test('a wrong header is told without the records that do not fit it', async () => {
    await fresh();
    await writeFile(file('arb_org.csv'), 'ORG_CODE,ORG_NAME\n110000,a,110100,1,b\n110101,a,110101,2,b\n');
    const error = await importError(home, dir);
    expect(error.total).toBe(3);
    expect(error.problems.map(({ reason }) => reason)).toEqual(Array(3).fill('the column is missing'));
  });

  test('a device, a pipe and a link that leads nowhere are no files', async () => {
    for (const make of [
      () => symlink('/dev/zero', file('arb_org.csv')),
      () => symlink(file('nothing'), file('arb_org.csv')),
      async () => void execFileSync('mkfifo', [file('arb_org.csv')]),
    ]) {
      await fresh();
      await rm(file('arb_org.csv'));
      await make();
      expect((await importError(home, dir)).message).toContain('arb_org.csv: is not a file with records');
    }
  });

  test('an empty file, a missing file, a folder in its place, a missing folder', async () => {
    await fresh();
    await writeFile(file('arb_org.csv'), '\uFEFF\n');
    expect((await importError(home, dir)).message).toContain('arb_org.csv: the file is empty');
    await fresh();
    const other = path.join(home, 'other');
    await mkdir(other);
    const missing = await importError(home, other);
    expect(missing.total).toBe(6);
    expect(missing.message).toContain(`${path.join(other, 'pre_application.csv')}: the file is missing`);
    await mkdir(path.join(other, 'arb_org.csv'));
    await expect(importInto(home, other)).rejects.toMatchObject({ code: 'E_CSV' });
    await expect(importInto(home, path.join(home, 'nothing'))).rejects.toMatchObject({ code: 'E_CSV' });
  });

  test('names of files in capitals, other files in the folder, and a path that looks like a pattern', async () => {
    await fresh();
    dir = path.join(home, "d[1]*{a}'");
    await mkdir(dir);
    for (const view of VIEWS) {
      const header = view.columns.map(({ name }) => name).join(',');
      await writeFile(file(`${view.name}.CSV`), header);
    }
    await writeFile(file('ARB_ORG.CSV'), 'ORG_CODE,ORG_NAME,DISTRICT_CODE,ORG_LEVEL,CASE_WORD\n1,2,3,4,5');
    await writeFile(file('notes.csv'), '"');
    expect((await importInto(home, dir)).map(({ rows }) => rows)).toEqual([1, 0, 0, 0, 0, 0]);
    // Of two that are meant for one view nobody but their owner knows which is the right one.
    await writeFile(file('arb_org.csv'), 'ORG_CODE,ORG_NAME,DISTRICT_CODE,ORG_LEVEL,CASE_WORD\n2,2,3,4,5');
    await expect(importInto(home, dir)).rejects.toMatchObject({
      code: 'E_CSV',
      message: expect.stringContaining('several files of ARB_ORG: ARB_ORG.CSV, arb_org.csv'),
    });
  });

  test('problems of all files are listed in order, twenty at most, and all are counted', async () => {
    await fresh();
    const claims = Array.from({ length: 30 }, (_, index) => `${index},1,"0\n1",x,y,2026-01-01 00:00:00`);
    await writeFile(
      file('arb_claim.csv'),
      `${CONTRACT.ARB_CLAIM.columns.map(({ name }) => name)}\n${claims.join('\n')}`,
    );
    await writeFile(
      file('arb_org.csv'),
      'ORG_CODE,ORG_NAME,DISTRICT_CODE,ORG_LEVEL,CASE_WORD\n1,2\n1,2,3,4,5\n"x\n',
    );
    const error = await importError(home, dir);
    expect(error.total).toBe(62);
    expect(error.problems).toHaveLength(20);
    expect(error.problems.slice(0, 5).map(({ view, line, column }) => [view, line, column])).toEqual([
      ['ARB_ORG', 2, undefined],
      ['ARB_ORG', 4, 'ORG_CODE'],
      ['ARB_CLAIM', 2, 'AMOUNT'],
      ['ARB_CLAIM', 2, 'SUPPORTED_AMOUNT'],
      ['ARB_CLAIM', 4, 'AMOUNT'],
    ]);
    expect(error.message).toContain('… and 42 more');
  });

  test('what the engine takes without a word is refused', async () => {
    for (const line of ['1, "2",3,4,5', '1,"2" ,3,4,5', '1,2"2,3,4,5', '1,2\0,3,4,5']) {
      await fresh();
      await writeFile(file('arb_org.csv'), `ORG_CODE,ORG_NAME,DISTRICT_CODE,ORG_LEVEL,CASE_WORD\n${line}\n`);
      expect((await importError(home, dir)).where).toMatchObject({ line: 2, column: 'ORG_NAME' });
    }
  });

  test('a line far into a file with line ends in quotes', async () => {
    await fresh();
    const rows = Array.from({ length: 60_000 }, (_, index) => {
      const bad = index === 54_321 ? 'x' : '1.00';
      return `${index},1,"0\r\n${index}",${bad},,2026-01-01 00:00:00`;
    });
    const header = CONTRACT.ARB_CLAIM.columns.map(({ name }) => name).join(',');
    await writeFile(file('arb_claim.csv'), `${header}\r\n${rows.join('\r\n')}\r\n`);
    const error = await importError(home, dir);
    expect(error.total).toBe(1);
    expect(error.where).toMatchObject({ line: 2 + 2 * 54_321, column: 'AMOUNT' });
  });
});

describe('encodings', () => {
  const header = 'ORG_CODE,ORG_NAME,DISTRICT_CODE,ORG_LEVEL,CASE_WORD\n';
  const fresh = async (bytes: Buffer) => {
    const home = await temporaryFolder();
    const dir = path.join(home, 'csv');
    await writeFolder(dir, new Map());
    await writeFile(path.join(dir, 'arb_org.csv'), Buffer.concat([Buffer.from(header), bytes]));
    return { home, dir };
  };

  test('the encoder of these tests agrees with fixed examples of the standard', () => {
    const hex = (character: string) => gb18030Bytes(character)?.toString('hex');
    expect(['中', '€', '\u0080', '㐀', '\uFFFF', '𠀀', '\u{10FFFF}'].map(hex)).toEqual([
      'd6d0',
      'a2e3',
      '81308130',
      '8139ee39',
      '8431a439',
      '95328236',
      'e3329a35',
    ]);
  });

  test('GB18030 across blocks of the file: every character of two and four bytes, at every alignment', async () => {
    const points = Array.from({ length: 0x30000 - 0xa0 }, (_, index) => index + 0xa0);
    const characters = points
      .filter((point) => point < 0xd800 || point > 0xdfff)
      .map((point) => String.fromCodePoint(point))
      .filter((character) => gb18030Bytes(character) !== undefined);
    const slices = Array.from({ length: Math.ceil(characters.length / 997) }, (_, index) =>
      characters.slice(index * 997, (index + 1) * 997).join(''),
    );
    const rows = slices.map((name, index) => `${'x'.repeat(index % 5)},${name},,,`);
    const { home, dir } = await fresh(encodeGb18030(rows.join('\n')));
    await importInto(home, dir, { encoding: 'gb18030' });
    const names = (await sourceValues(home)).ARB_ORG?.map((row) => row[1]);
    expect(names?.join('') === slices.join('')).toBe(true);
  });

  test.each([
    ['utf-8', [0xff], 'UTF-8'],
    ['utf-8', [0xc0, 0x80], 'UTF-8'],
    ['utf-8', [0xed, 0xa0, 0x80], 'UTF-8'],
    ['utf-8', [0xd6, 0xd0], 'UTF-8'],
    ['gb18030', [0xff], 'GB18030'],
    ['gb18030', [0x81, 0x7f], 'GB18030'],
    ['gb18030', [0x84, 0x31, 0xa5, 0x30], 'GB18030'],
  ] as const)('%s with the bytes %j', async (encoding, bytes, name) => {
    const { home, dir } = await fresh(
      Buffer.concat([Buffer.from('1,"a\nb",3,4,5\n1,2,3,'), Buffer.from(bytes), Buffer.from(',5\n')]),
    );
    const error = await importError(home, dir, { encoding });
    expect(error.where).toEqual({ file: path.join(dir, 'arb_org.csv'), line: 4, column: 'ORG_LEVEL' });
    expect(error.message).toContain(`has bytes that are not ${name}`);
  });

  test('a character that is cut off at the end of the file', async () => {
    for (const [encoding, bytes] of [
      ['utf-8', [0xe4, 0xb8]],
      ['gb18030', [0x81]],
    ] as const) {
      const { home, dir } = await fresh(Buffer.concat([Buffer.from('1,2,3,4,'), Buffer.from(bytes)]));
      expect((await importError(home, dir, { encoding })).where).toMatchObject({
        line: 2,
        column: 'CASE_WORD',
      });
    }
  });

  test('UTF-8 with its mark is not taken for GB18030', async () => {
    const home = await temporaryFolder();
    const dir = path.join(home, 'csv');
    await writeFolder(dir, new Map(), (text) => Buffer.from(`\uFEFF${text}`));
    const error = await importError(home, dir, { encoding: 'gb18030' });
    expect(error.total).toBe(6);
    expect(error.message).toContain('it is UTF-8');
  });
});

test('a full disk is E_DISK_FULL and leaves nothing', async (context) => {
  const disk = path.join(await temporaryFolder(), 'source');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return context.skip('mount is not permitted here');
  }
  try {
    const importing = importInto(path.dirname(disk), path.join(SAMPLES, 'clean'));
    await expect(importing).rejects.toMatchObject({ code: 'E_DISK_FULL' });
    expect(await readdir(disk)).toEqual([]);
  } finally {
    execFileSync('umount', [disk]);
  }
});
