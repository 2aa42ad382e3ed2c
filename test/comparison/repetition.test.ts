import { expect, test } from 'vitest';
import type { RawRow, RawSource } from '../reference/source.ts';
import { compared } from './support.ts';

const ASKED = { start: '2026-10-01', end: '2026-10-31', asOf: '2026-11-03' };
const TIMES = 300;

/** One and the same pre-application again and again, as a portal's trial leaves it: now with numbers, now without. */
function again(place: number): RawRow {
  const day = String(1 + Math.floor((place * 28) / TIMES)).padStart(2, '0');
  return {
    PRE_APP_ID: `T${String(place).padStart(4, '0')}`,
    SUBMIT_TIME: `2026-10-${day} 09:00:00`,
    ORG_CODE: '110101',
    APPLICANT_KIND: '1',
    APPLICANT_NAME: '测试',
    APPLICANT_ID_NO: place % 3 === 0 ? '110101199003071233' : null,
    RESPONDENT_NAME: '测试公司',
    RESPONDENT_ID_NO: place % 5 === 0 ? '91110105MA2FC63TQG' : null,
    DISPUTE_TYPE: '05',
    STATUS: '1',
    UPDATED_AT: '2026-10-31 09:00:00',
  };
}

const source: RawSource = {
  ARB_ORG: [
    { ORG_CODE: '110101', ORG_NAME: '甲', DISTRICT_CODE: '110101', ORG_LEVEL: '2', CASE_WORD: '京东' },
  ],
  ARB_CASE: [],
  ARB_PARTY: [],
  ARB_CLAIM: [],
  ARB_MEDIATION: [],
  PRE_APPLICATION: Array.from({ length: TIMES }, (_, place) => again(place)),
};

test('each repeats the latest one before it, and no pairs of each with each are made', async () => {
  const pairs = await compared(source, ASKED, (engine) =>
    engine.rows<{ later: string; earlier: string }>(`
      SELECT x.pre_app_id AS later, y.pre_app_id AS earlier
      FROM repetition r
      JOIN compared_pre_application x ON x.pre_row = r.pre_row
      JOIN compared_pre_application y ON y.pre_row = r.earlier_row
      ORDER BY later`),
  );
  const ids = source.PRE_APPLICATION.map((row) => row['PRE_APP_ID']);
  expect(pairs).toEqual(ids.slice(1).map((later, place) => ({ later, earlier: ids[place] })));
});
