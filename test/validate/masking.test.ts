import fc from 'fast-check';
import { expect, test } from 'vitest';
import { literal } from '../../pipelines/runtime/duckdb.ts';
import { mask, maskedNumberSql, maskSql } from '../../pipelines/runtime/masking.ts';
import { CONTRACT, VIEW_NAMES } from '../../schemas/contract.ts';
import { MASKS } from '../../schemas/definitions.ts';
import { definitions, withRaw } from './support.ts';

test('each kind keeps what it may and no more', () => {
  expect(mask('name', '张三丰')).toBe('张**');
  expect(mask('name', '𠮷田')).toBe('𠮷**');
  expect(mask('identity', '11010119900307123x')).toBe('110101********123x');
  expect(mask('identity', '110101900307123')).toBe('****');
  expect(mask('identity', '')).toBe('****');
  expect(mask('phone', '13912341234')).toBe('139****1234');
  expect(mask('phone', '010-12345678')).toBe('****');
  expect(mask('birth', '1990-03-07')).toBe('1990');
  expect(mask('birth', '07.03.1990')).toBe('****');
  expect(mask('address', '北京市朝阳区某路1号')).toBe('北京市***');
});

test("a number that may be an organisation's is shown by its ends only where it has the form of one", async () => {
  const numbers = [
    '110101199003071234',
    '91110105MA01ABCD2X',
    '张三13812345678ABCDE',
    'ZHANGSAN1381234567',
    '12',
    '',
  ];
  await withRaw(async (engine) => {
    const shown = numbers.map((number, index) => `${maskedNumberSql(literal(number))} AS n${index}`);
    expect(Object.values(await engine.one(`SELECT ${shown.join(', ')}`))).toEqual([
      '110101********1234',
      '911101********CD2X',
      ...['****', '****', '****', '****'],
    ]);
  });
});

test('JavaScript and SQL mask alike', async () => {
  const digits = (size: number) => fc.stringMatching(new RegExp(`^[0-9]{${size}}$`));
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 24 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    digits(18),
    digits(17).map((number) => `${number}x`),
    digits(10).map((number) => `1${number}`),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  );
  await withRaw(async (engine) => {
    const shown = MASKS.map((kind) => `${maskSql(kind, 't')} AS ${kind}`).join(', ');
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 60, maxLength: 60 }), async (texts) => {
        await engine.run('CREATE OR REPLACE TABLE sample (n VARCHAR, t VARCHAR)');
        await engine.append(
          'sample',
          texts.map((t, n) => [String(n), t] as const),
        );
        const rows = await engine.rows<Record<string, string>>(
          `SELECT ${shown} FROM sample ORDER BY CAST(n AS INTEGER)`,
        );
        const expected = texts.map((t) => Object.fromEntries(MASKS.map((kind) => [kind, mask(kind, t)])));
        expect(rows).toEqual(expected);
      }),
      { numRuns: 20 },
    );
    const empty = await engine.one(`SELECT ${shown} FROM (SELECT CAST(NULL AS VARCHAR) AS t)`);
    expect(Object.values(empty)).toEqual(MASKS.map(() => null));
    expect((await engine.one<{ m: string }>(`SELECT ${maskSql('name', literal("'张"))} AS m`)).m).toBe("'**");
  });
});

test('every personal column is one of the contract', () => {
  const places = VIEW_NAMES.flatMap((view) => CONTRACT[view].columns.map(({ name }) => `${view}.${name}`));
  expect(Object.keys(definitions.personalColumns.columns).filter((place) => !places.includes(place))).toEqual(
    [],
  );
});
