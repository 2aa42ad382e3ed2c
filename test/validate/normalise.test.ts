/** Which rows are kept, how days become numbers, and the working-day calendar. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import { dayNumber, dayText } from '../../schemas/period.ts';
import { AS_OF, addRow, type Cells, definitions, withRaw } from './support.ts';

const run = (engine: Engine) =>
  normalise(engine, { definitions, asOf: AS_OF, start: '2026-10-01', end: '2026-10-31' });

/** The kept cases of raw rows with the originals of their changed texts, in an order of its own. */
async function keep(rows: readonly Cells[]): Promise<string[]> {
  return withRaw(async (engine) => {
    for (const cells of rows) await addRow(engine, 'ARB_CASE', cells);
    await run(engine);
    const kept = await engine.rows<{ row: string }>(
      `SELECT concat_ws('|', case_id, case_no, dispute_type, (
         SELECT string_agg(field || '=' || original, ',' ORDER BY field) FROM text_change t
         WHERE t.case_id = c.case_id)) AS row
       FROM valid_case c`,
    );
    return kept.map(({ row }) => row).toSorted();
  });
}

describe('one row per key', () => {
  test('the greatest UPDATED_AT stays, an empty one is the least', async () => {
    const rows = [
      { CASE_ID: '1', CASE_NO: 'old', UPDATED_AT: '2026-01-01 00:00:00' },
      { CASE_ID: '1', CASE_NO: 'new', UPDATED_AT: '2026-01-01 00:00:00.000001' },
      { CASE_ID: '1', CASE_NO: 'none', UPDATED_AT: null },
      { CASE_ID: '2', CASE_NO: 'only', UPDATED_AT: null },
    ];
    expect((await keep(rows)).map((row) => row.split('|')[1])).toEqual(['new', 'only']);
  });

  test('a NULL key is no key: all such rows are kept', async () => {
    const rows = [{ CASE_NO: 'a' }, { CASE_NO: 'a' }, { CASE_NO: 'b' }, { CASE_ID: '7' }, { CASE_ID: '7' }];
    expect(await keep(rows)).toHaveLength(4);
  });

  test('a tie is settled alike whatever the order of the rows, over dense and thin keys', async () => {
    const row = fc.record({
      CASE_ID: fc.constantFrom('1', '2', '3', '900000000000000001'),
      CASE_NO: fc.constantFrom(null, 'a', 'Ａ', ' a', 'b'),
      DISPUTE_TYPE: fc.constantFrom(null, '05', '０５'),
      UPDATED_AT: fc.constantFrom(null, '2026-01-01 00:00:00', '2026-01-02 00:00:00'),
    });
    const shuffled = fc
      .array(row, { minLength: 2, maxLength: 10 })
      .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })));
    await fc.assert(
      fc.asyncProperty(shuffled, async ([rows, others]) => {
        const kept = await keep(rows);
        expect(kept).toEqual(await keep(others));
        expect(kept).toHaveLength(new Set(rows.map(({ CASE_ID }) => CASE_ID)).size);
      }),
      { numRuns: 12 },
    );
  });

  test('text keys are compared in their normal form', async () => {
    await withRaw(async (engine) => {
      for (const PRE_APP_ID of ['YSQ1', 'ＹＳＱ１ ', 'YSQ2', null, null]) {
        await addRow(engine, 'PRE_APPLICATION', { PRE_APP_ID });
      }
      await run(engine);
      const kept = await engine.rows('SELECT pre_app_id FROM valid_pre_application ORDER BY 1 NULLS LAST');
      expect(kept.map(({ pre_app_id }) => pre_app_id)).toEqual(['YSQ1', 'YSQ2', null, null]);
    });
  });
});

test('dates become numbers of their date part, before 1970 too; what nothing reads is left out', async () => {
  await withRaw(async (engine) => {
    await addRow(engine, 'ARB_PARTY', { PARTY_ID: '1', BIRTH_DATE: '1969-12-31 23:59:59', PHONE: '1' });
    await addRow(engine, 'ARB_CASE', {
      CASE_ID: '1',
      APPLY_DATE: '0001-01-01',
      CLOSE_DATE: '2026-10-01 12:00:00',
    });
    await run(engine);
    const party = await engine.one('SELECT * FROM valid_party');
    expect(party['birth_day']).toBe(-1);
    expect(Object.keys(party).filter((name) => /phone|address|_date$|original/.test(name))).toEqual([]);
    const row = await engine.one('SELECT apply_day, close_day, accept_day FROM valid_case');
    expect(row).toEqual({
      apply_day: dayNumber('0001-01-01'),
      close_day: dayNumber('2026-10-01'),
      accept_day: null,
    });
  });
});

describe('calendar', () => {
  interface Day {
    readonly day_number: string;
    readonly day_text: string;
    readonly is_working: number;
    readonly working_day_number: string;
    readonly next_working_day: string;
    readonly is_provisional: number;
  }
  const years = definitions.workingDays.years;
  const isWorking = (day: string): boolean => {
    const year = years[day.slice(0, 4)];
    if (year?.holidays.includes(day)) return false;
    if (year?.workdays.includes(day)) return true;
    const weekday = (((dayNumber(day) + 3) % 7) + 7) % 7;
    return weekday < 5 && (year !== undefined || !day.endsWith('-01-01'));
  };

  test('says of every day what a plain computation says, listed years and others', async () => {
    await withRaw(async (engine) => {
      const spread = { APPLY_DATE: '2005-06-01', ACCEPT_DATE: '2024-06-01', CLOSE_DATE: '2028-01-01' };
      await addRow(engine, 'ARB_CASE', { CASE_ID: '1', ...spread });
      await run(engine);
      const days = await engine.rows<Day>(`
        SELECT * FROM calendar WHERE day_text >= '2024-01-01' AND day_text < '2028-01-01' ORDER BY day_number`);
      expect(days).toHaveLength(366 + 365 * 3);
      for (const [index, day] of days.entries()) {
        expect(dayText(Number(day.day_number))).toBe(day.day_text);
        expect(day.is_working).toBe(isWorking(day.day_text) ? 1 : 0);
        expect(day.is_provisional).toBe(years[day.day_text.slice(0, 4)] === undefined ? 1 : 0);
        const before = days[index - 1];
        if (before !== undefined) {
          expect(Number(day.working_day_number) - Number(before.working_day_number)).toBe(day.is_working);
        }
        let next = Number(day.day_number);
        while (!isWorking(dayText(next))) next++;
        expect(day.next_working_day).toBe(String(next));
      }
    });
  });

  test('reaches every deadline, and absurd dates do not make millions of rows', async () => {
    await withRaw(async (engine) => {
      await addRow(engine, 'ARB_CASE', { CASE_ID: '1', APPLY_DATE: '0001-01-01', ACCEPT_DATE: '9999-12-31' });
      await addRow(engine, 'ARB_CASE', {
        CASE_ID: '2',
        ACCEPT_DATE: '2026-01-05',
        EXTEND_DAYS: '999',
        EXCLUDED_DAYS: '99999',
      });
      await run(engine);
      const { n } = await engine.one<{ n: string }>('SELECT count(*) AS n FROM calendar');
      expect(Number(n)).toBeLessThan(20_000);
      const wanted = [
        '0001-01-01',
        '9999-12-31',
        dayText(dayNumber('2026-01-05') + 45 + 999 + 99_999),
        AS_OF,
      ];
      const found = await engine.rows<Day>(
        `SELECT * FROM calendar WHERE day_text IN (${wanted.map((day) => `'${day}'`).join(', ')})`,
      );
      expect(found.map(({ day_text }) => day_text).toSorted()).toEqual(wanted.toSorted());
      // Working days between far dates count the days that have no row.
      const [first, last] = [found.at(0), found.at(-1)];
      expect(Number(last?.working_day_number) - Number(first?.working_day_number)).toBeGreaterThan(2_600_000);
    });
  });
});
