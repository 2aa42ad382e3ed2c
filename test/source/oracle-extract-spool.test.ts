/** Rows between driver and engine: what goes into the file comes out of it, exactly, or is refused by name. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { loadView, type SpooledRows } from '../../pipelines/steps/source/oracle/load.ts';
import { Pace } from '../../pipelines/steps/source/oracle/pace.ts';
import { rangesBetween } from '../../pipelines/steps/source/oracle/read.ts';
import type { OracleValue } from '../../pipelines/steps/source/oracle/session.ts';
import { SpoolWriter, spoolKind } from '../../pipelines/steps/source/oracle/spool.ts';
import { CONTRACT, type View } from '../../schemas/contract.ts';
import { drawn } from '../property/support/cases.ts';
import { errorOf, temporaryDir } from '../runtime/support/home.ts';

type Fields = Readonly<Record<string, OracleValue>>;

interface How {
  readonly padded?: readonly string[];
  /** Whether every value is looked at by the engine although all have a form that it could read at once. */
  readonly strictly?: boolean;
}

/** Write rows to files as a session would, load them, and read the Parquet file back as text. */
async function through(
  view: View,
  files: readonly (readonly Fields[])[],
  { padded = [], strictly = false }: How = {},
): Promise<Record<string, string | null>[]> {
  const dir = await temporaryDir();
  const spooled: SpooledRows[] = [];
  for (const [index, rows] of files.entries()) {
    const file = path.join(dir, `${index}.rows`);
    const kinds = view.columns.map((column) => (padded.includes(column.name) ? 'padded' : spoolKind(column)));
    const writer = await SpoolWriter.create(file, kinds);
    for (const row of rows) writer.add([view.columns.map(({ name }) => row[name] ?? null)]);
    const written = await writer.finish();
    expect(written.rows).toBe(rows.length);
    spooled.push({ file, ...written, isRegular: written.isRegular && !strictly });
  }
  const target = path.join(dir, 'view.parquet');
  return withEngine({ spillDir: path.join(dir, 'spill'), memoryLimitMb: 150, threads: 1 }, async (engine) => {
    const { rows } = await loadView(engine, view, spooled, target);
    // As bytes: read as text, the engine's client would drop a byte order mark at its start.
    const columns = view.columns
      .map(({ name }) => `to_base64(encode(CAST(${name} AS VARCHAR))) AS ${name}`)
      .join(', ');
    const read = await engine.rows<Record<string, string | null>>(
      `SELECT ${columns} FROM read_parquet(${literal(target)})`,
    );
    expect(read).toHaveLength(rows);
    const decode = (value: string | null): string | null =>
      value === null ? null : Buffer.from(value, 'base64').toString('utf8');
    return read.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decode(value)])),
    );
  });
}

const party = (fields: Fields): Fields => ({ PARTY_ID: '1', NAME: 'x', ...fields });
const { ARB_PARTY, ARB_CASE, ARB_ORG } = CONTRACT;

/** Everything that UTF-8 can carry, with what a file of lines and fields might stumble over drawn often. */
const text = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '\t',
          '\n',
          '\r',
          '\r\n',
          '\\',
          '\\|',
          '\\J',
          '"',
          "'",
          ',',
          ';',
          '\0',
          '\u001f',
          '\u007f',
          'NULL',
          '|',
          ' ',
        ),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          '张三',
          '〔2026〕',
          '𠮷',
          '\u00a0',
          'é',
          '\uFEFF',
          '\u2028',
          '\uFFFD',
          'A',
        ),
      },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .filter((value) => value !== '');

describe('texts', () => {
  const { parameters, timeout } = drawn(25);
  test(
    'every text comes back as it was, from whichever of several files',
    async () => {
      const row = fc.record({ NAME: text, ADDRESS: fc.option(text), PHONE: fc.option(text) });
      const files = fc.array(fc.array(row, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(files, async (drawnFiles) => {
          const given = drawnFiles.map((rows) => rows.map((fields) => party(fields)));
          const back = await through(ARB_PARTY, given);
          expect(back.map(({ NAME, ADDRESS, PHONE }) => ({ NAME, ADDRESS, PHONE }))).toEqual(
            drawnFiles.flat(),
          );
        }),
        parameters as fc.Parameters<unknown>,
      );
    },
    timeout,
  );

  test('a text longer than the buffer, and many that together are', async () => {
    const long = '长'.repeat(600_000);
    const rows = [
      { NAME: long },
      ...Array.from({ length: 3000 }, (_, i) => ({ NAME: `${i}\n`.repeat(200) })),
    ];
    const back = await through(ARB_PARTY, [rows.map((row) => party(row))]);
    expect(back.map(({ NAME }) => NAME)).toEqual(rows.map(({ NAME }) => NAME));
  });

  test('half a surrogate pair, which no UTF-8 can hold, becomes the replacement character', async () => {
    const [row] = await through(ARB_PARTY, [[party({ NAME: 'a\ud840b\udc00' })]]);
    expect(row?.NAME).toBe('a\ufffdb\ufffd');
  });

  test('blanks that fill up a CHAR go, a CHAR of blanks alone keeps one; a VARCHAR2 keeps all', async () => {
    const rows = [
      { DISTRICT_CODE: '1101  ', CASE_WORD: 'x  ' },
      { DISTRICT_CODE: '      ', CASE_WORD: '  ' },
      { DISTRICT_CODE: ' 11010', CASE_WORD: null },
    ];
    const back = await through(ARB_ORG, [rows], { padded: ['DISTRICT_CODE'] });
    expect(back.map(({ DISTRICT_CODE, CASE_WORD }) => [DISTRICT_CODE, CASE_WORD])).toEqual([
      ['1101', 'x  '],
      [' ', '  '],
      [' 11010', null],
    ]);
  });

  test('a view without rows is an empty file of the right columns', async () => {
    expect(await through(ARB_ORG, [])).toEqual([]);
    expect(await through(ARB_ORG, [[], []])).toEqual([]);
  });
});

describe('numbers and dates', () => {
  test('come exactly', async () => {
    const rows = [
      { CASE_ID: '999999999999999999', CLAIM_AMOUNT: '9999999999999999.99', EXCLUDED_DAYS: '-99999' },
      { CASE_ID: '-1', CLAIM_AMOUNT: '-0.01', EXCLUDED_DAYS: '0' },
      { CASE_ID: '2', CLAIM_AMOUNT: '1.5', APPLY_DATE: '0001-01-01 00:00:00' },
      { CASE_ID: '3', APPLY_DATE: '1988-04-10 00:30:00', UPDATED_AT: '9999-12-31 23:59:59.999999' },
      { CASE_ID: '4', CREATED_AT: '1991-09-15 01:00:00.000001' },
    ];
    const back = await through(ARB_CASE, [rows]);
    const shown = back.map((row) => [
      row.CASE_ID,
      row.CLAIM_AMOUNT,
      row.EXCLUDED_DAYS,
      row.APPLY_DATE,
      row.CREATED_AT,
      row.UPDATED_AT,
    ]);
    expect(shown).toEqual([
      ['999999999999999999', '9999999999999999.99', '-99999', null, null, null],
      ['-1', '-0.01', '0', null, null, null],
      ['2', '1.50', null, '0001-01-01 00:00:00', null, null],
      ['3', null, null, '1988-04-10 00:30:00', null, '9999-12-31 23:59:59.999999'],
      ['4', null, null, null, '1991-09-15 01:00:00.000001', null],
    ]);
  });

  const { parameters, timeout } = drawn(25);
  test(
    'come the same whether the engine reads them at once or looks at every value',
    async () => {
      const digits = (most: number) =>
        fc.bigInt({ min: -(10n ** BigInt(most)) + 1n, max: 10n ** BigInt(most) - 1n });
      // As the driver writes numbers: no zero before the point, none at the end behind it.
      const cents = digits(18).map((value) => {
        const [, sign = '', whole = '', part = ''] = /^(-?)(\d*?)(\d{1,2})$/.exec(value.toString()) ?? [];
        const behind = part.padStart(2, '0').replace(/0+$/, '');
        return behind === '' ? `${sign}${whole === '' ? '0' : whole}` : `${sign}${whole}.${behind}`;
      });
      const time = fc
        .date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: true,
        })
        .map((date) => date.toISOString().slice(0, 19).replace('T', ' '));
      const stamp = fc
        .tuple(time, fc.nat(999_999))
        .map(([text, micros]) => `${text}.${String(micros).padStart(6, '0')}`);
      const row = fc.record({
        CASE_ID: digits(18).map(String),
        EXCLUDED_DAYS: digits(5).map(String),
        CLAIM_AMOUNT: fc.option(cents),
        APPLY_DATE: time,
        CLOSE_DATE: fc.option(time),
        UPDATED_AT: stamp,
      });
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
          const back = await through(ARB_CASE, [rows]);
          expect(back).toEqual(await through(ARB_CASE, [rows], { strictly: true }));
          expect(back.map(({ CASE_ID }) => CASE_ID)).toEqual(rows.map(({ CASE_ID }) => CASE_ID));
        }),
        parameters as fc.Parameters<unknown>,
      );
    },
    timeout,
  );

  test.each([
    ['EXCLUDED_DAYS', '1.0'],
    ['EXCLUDED_DAYS', '1.'],
    ['EXCLUDED_DAYS', ' 1'],
    ['EXCLUDED_DAYS', '+1'],
    ['EXCLUDED_DAYS', '1e2'],
    ['EXCLUDED_DAYS', '-'],
    ['CLAIM_AMOUNT', '1.2.3'],
    ['CLAIM_AMOUNT', '1.005'],
    ['CLAIM_AMOUNT', '1_000'],
    ['CLAIM_AMOUNT', '1-2'],
    ['APPLY_DATE', '0000-01-01 00:00:00'],
    ['APPLY_DATE', '2026-01-01'],
    ['APPLY_DATE', '-044-03-15 00:00:00'],
    ['UPDATED_AT', '2026-01-01 00:00:00.5'],
    ['UPDATED_AT', '12026-01-01 00:00:00.000000'],
  ])('%s %s is not left to the reader of the engine', async (column, value) => {
    const writer = await SpoolWriter.create(
      path.join(await temporaryDir(), 'x.rows'),
      ARB_CASE.columns.map(spoolKind),
    );
    writer.add([ARB_CASE.columns.map(({ name }) => (name === column ? value : null))]);
    expect((await writer.finish()).isRegular).toBe(false);
  });

  test.each([
    ['CLAIM_AMOUNT', '1.005'],
    ['CLAIM_AMOUNT', '0.001'],
    ['CLAIM_AMOUNT', '10000000000000000'],
    ['CLAIM_AMOUNT', '1e20'],
    ['EXCLUDED_DAYS', '0.5'],
    ['EXCLUDED_DAYS', '2147483648'],
    ['WORKER_COUNT', '12345678901234567890123456789012345678'],
    ['APPLY_DATE', '0000-00-00 00:00:00'],
    ['APPLY_DATE', '0000-01-01 00:00:00'],
    ['APPLY_DATE', '-0044-03-15 00:00:00'],
    ['CLOSE_DATE', '2026-02-30 00:00:00'],
    ['UPDATED_AT', 'yesterday'],
  ])('%s %s cannot be held: column and record are named, the value is not', async (column, value) => {
    const good = Array.from({ length: 50 }, (_, index) => ({ CASE_ID: String(index) }));
    const error = await errorOf(() =>
      through(ARB_CASE, [good, [{ CASE_ID: '4711', [column]: value }], good]),
    );
    expect(error).toMatchObject({
      code: 'E_SOURCE_CONTRACT',
      where: { column: `ARB_CASE.${column}`, record: '4711' },
    });
    expect(error.message).toContain('record 4711');
    expect(error.message).not.toContain(value);
  });
});

describe('ranges of keys', () => {
  test('lie side by side; a key that begins two is one start', () => {
    expect(rangesBetween([])).toEqual([{}]);
    expect(rangesBetween(['5'])).toEqual([{ to: '5' }, { from: '5' }]);
    expect(rangesBetween(['5', '5', '9'])).toEqual([{ to: '5' }, { from: '5', to: '9' }, { from: '9' }]);
  });
});

describe('a polite pace', () => {
  test('waits so that the rows of any stretch keep to the rate', () => {
    let now = 0;
    const pace = new Pace(1000, () => now);
    let rows = 0;
    for (let batch = 0; batch < 200; batch++) {
      now += 20;
      rows += 100;
      now += pace.after(100);
      expect(rows / (now / 1000)).toBeLessThanOrEqual(1000.001);
    }
    expect(rows / (now / 1000)).toBeGreaterThan(990);
  });

  test('does not make up for a long pause at full speed', () => {
    let now = 0;
    const pace = new Pace(1000, () => now);
    expect(pace.after(1000)).toBe(1000);
    now = 60_000;
    expect(pace.after(1000)).toBe(1000);
    now += 1000;
    expect(pace.after(1000)).toBe(1000);
  });
});

describe('the writer', () => {
  test.skipIf(!existsSync('/dev/full'))(
    'a disk that takes nothing more is told at the next wait, and by the end',
    async () => {
      const writer = await SpoolWriter.create('/dev/full', ['text']);
      for (let megabytes = 0; megabytes < 3; megabytes++) writer.add([['x'.repeat(1024 * 1024)]]);
      await expect(writer.settle()).rejects.toMatchObject({ code: 'ENOSPC' });
      await expect(writer.finish()).rejects.toMatchObject({ code: 'ENOSPC' });
    },
  );

  test('fields longer than a buffer and many buffers on their way keep their order', async () => {
    const file = path.join(await temporaryDir(), 'long.rows');
    const writer = await SpoolWriter.create(file, ['text', 'integer']);
    const rows = Array.from({ length: 60 }, (_, index) => ['案'.repeat(index * 5_000), String(index)]);
    for (const row of rows) {
      writer.add([row]);
      await writer.settle();
    }
    const { sizeBytes } = await writer.finish();
    const text = readFileSync(file, 'utf8');
    expect(Buffer.byteLength(text)).toBe(sizeBytes);
    expect(text).toBe(rows.map((row) => `${row.join('\t')}\n`).join(''));
  });
});
