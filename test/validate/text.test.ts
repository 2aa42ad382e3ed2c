import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import {
  isNormalSql,
  isPlainSql,
  normalisePlainSql,
  normaliseText,
} from '../../pipelines/steps/validate/text.ts';
import { AS_OF, addRow, definitions, withRaw } from './support.ts';

const KINDS = ['code', 'identity'] as const;

/** How many of the texts the engine skips; what it skips or normalises itself agrees with JavaScript. */
async function expectAgreement(engine: Engine, texts: readonly string[]): Promise<number> {
  let skipped = 0;
  await engine.run('CREATE OR REPLACE TABLE sample (n VARCHAR, t VARCHAR)');
  await engine.append(
    'sample',
    texts.map((t, n) => [String(n), t] as const),
  );
  for (const kind of KINDS) {
    const rows = await engine.rows<{ skipped: boolean; form: string | null }>(`
      SELECT ${isNormalSql(kind, 't')} AS skipped,
        CASE WHEN ${isPlainSql('t')} THEN ${normalisePlainSql(kind, 't')} END AS form
      FROM sample ORDER BY CAST(n AS INTEGER)`);
    const normal = texts.map((t) => normaliseText(kind, t));
    expect(texts.filter((t, n) => rows[n]?.skipped === true && normal[n] !== t)).toEqual([]);
    expect(texts.filter((_, n) => (rows[n]?.form ?? normal[n]) !== normal[n])).toEqual([]);
    skipped += rows.filter((row) => row.skipped).length;
  }
  return skipped;
}

test('normalising: NFKC, trimmed, the final x of a citizen number', () => {
  expect(normaliseText('code', ' ０８\u3000')).toBe('08');
  expect(normaliseText('code', '京东劳人仲字︹2026︺第00001号')).toBe('京东劳人仲字〔2026〕第00001号');
  expect(normaliseText('identity', '１１０１０１１９９００３０７１２３ｘ ')).toBe('11010119900307123X');
  expect(normaliseText('identity', '1101011990030712x')).toBe('1101011990030712x');
  expect(normaliseText('code', '11010119900307123x')).toBe('11010119900307123x');
});

test('the engine never skips or mis-trims a text that JavaScript would change: every character', async () => {
  const characters: string[] = [];
  for (let point = 0; point <= 0x1ffff; point++) {
    if (point < 0xd800 || point > 0xdfff) characters.push(String.fromCodePoint(point));
  }
  await withRaw(async (engine) => {
    for (const around of [(c: string) => c, (c: string) => `A${c}字`]) {
      await engine.run('CREATE OR REPLACE TABLE sample (n VARCHAR, t VARCHAR)');
      const texts = characters.map(around);
      await engine.append(
        'sample',
        texts.map((t, n) => [String(n), t] as const),
      );
      const wrong: string[] = [];
      for (const kind of KINDS) {
        const rows = await engine.rows<{ n: number; skipped: boolean; form: string | null }>(`
          SELECT CAST(n AS INTEGER) AS n, ${isNormalSql(kind, 't')} AS skipped,
            CASE WHEN ${isPlainSql('t')} THEN ${normalisePlainSql(kind, 't')} END AS form
          FROM sample WHERE ${isNormalSql(kind, 't')} OR ${isPlainSql('t')}`);
        expect(rows.length).toBeGreaterThan(kind === 'code' ? 21_000 : 90);
        for (const { n, skipped, form } of rows) {
          const normal = normaliseText(kind, texts[n] ?? '');
          if ((skipped && normal !== texts[n]) || (form !== null && form !== normal))
            wrong.push(texts[n] ?? '');
        }
      }
      expect(wrong).toEqual([]);
    }
  });
});

test('the same for random texts', async () => {
  const unit = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(...'0123456789xXAZ劳仲〔〕第号 \t\n\u3000\u00a0０Ｘｘ︹\ufeff\u0301'),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  );
  const citizen = fc
    .tuple(fc.stringMatching(/^[0-9]{16,18}$/), fc.constantFrom('x', 'X', 'ｘ', 'x ', ''))
    .map(([digits, end]) => digits + end);
  const text = fc.oneof(
    fc.array(unit, { maxLength: 20 }).map((units) => units.join('')),
    citizen,
  );
  let skipped = 0;
  await withRaw(async (engine) => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 100, maxLength: 100 }), async (texts) => {
        skipped += await expectAgreement(engine, texts);
      }),
      { numRuns: 20 },
    );
  });
  expect(skipped).toBeGreaterThan(0);
});

test('valid tables hold the normal form, empty text as NULL, and the originals that changed', async () => {
  const unit = fc.constantFrom(...'0１2Ａ字〔〕 \u3000\ufeff');
  const text = fc.array(unit, { minLength: 1, maxLength: 6 }).map((units) => units.join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 12 }), async (texts) => {
      await withRaw(async (engine) => {
        for (const [index, CASE_NO] of texts.entries()) {
          await addRow(engine, 'ARB_CASE', { CASE_ID: String(index), CASE_NO });
        }
        await normalise(engine, { definitions, asOf: AS_OF, start: '2026-10-01', end: '2026-10-31' });
        const rows = await engine.rows<{ case_no: string | null }>(
          'SELECT case_no FROM valid_case ORDER BY case_id',
        );
        expect(rows.map(({ case_no }) => case_no)).toEqual(
          texts.map((t) => normaliseText('code', t) || null),
        );
        const changes = await engine.rows<{ place: number }>(
          'SELECT CAST(record_key AS INTEGER) AS place FROM text_change ORDER BY 1',
        );
        expect(changes.map(({ place }) => place)).toEqual(
          texts.flatMap((t, place) => (normaliseText('code', t) === t ? [] : [place])),
        );
        const { n } = await engine.one<{ n: string }>(`
          SELECT count(*) AS n FROM text_change t
          JOIN arb_case c ON CAST(c.CASE_ID AS VARCHAR) = t.record_key AND c.CASE_NO <> t.original`);
        expect(n).toBe('0');
      });
    }),
    { numRuns: 8 },
  );
});
