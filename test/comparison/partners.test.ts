import { describe, expect, test } from 'vitest';
import type { PairDecision } from '../../pipelines/steps/pre-application-comparison/classify.ts';
import { partners } from '../../pipelines/steps/pre-application-comparison/evidence.ts';
import type { ComparisonPartner } from '../../schemas/comparison.ts';
import { comparisonFile, weightHundredths } from '../../schemas/comparison.ts';
import definitions from '../../schemas/definitions/comparison.json' with { type: 'json' };
import type { RawRow, RawSource } from '../reference/source.ts';
import { compared } from './support.ts';

const ASKED = { start: '2026-10-01', end: '2026-10-31', asOf: '2026-11-03' };
const PRE: RawRow = {
  PRE_APP_ID: 'Y1',
  SUBMIT_TIME: '2026-10-12 10:00:00',
  ORG_CODE: '110101',
  APPLICANT_KIND: '1',
  APPLICANT_NAME: '王小明',
  APPLICANT_ID_NO: '110101199003071233',
  RESPONDENT_NAME: '北京甲乙科技有限公司',
  RESPONDENT_ID_NO: '91110105MA2FC63TQG',
  DISPUTE_TYPE: '05',
  CLAIM_AMOUNT: '12000.00',
  STATUS: '2',
  REVIEW_TIME: '2026-10-14 10:00:00',
  CASE_NO: null,
  UPDATED_AT: '2026-10-14 10:00:00',
};

/** Cases of PRE as somebody typed them, one for each change of the pre-application. */
function source(changes: readonly Partial<RawRow>[], channel = '1'): RawSource {
  const typed = changes.map((change): RawRow => ({ ...PRE, ...(change as RawRow) }));
  return {
    ARB_ORG: [
      { ORG_CODE: '110101', ORG_NAME: '甲', DISTRICT_CODE: '110101', ORG_LEVEL: '2', CASE_WORD: '京东' },
    ],
    ARB_CLAIM: [],
    ARB_MEDIATION: [],
    PRE_APPLICATION: [PRE],
    ARB_CASE: typed.map((one, place) => ({
      CASE_ID: String(place + 1),
      CASE_NO: null,
      ORG_CODE: one['ORG_CODE'] ?? null,
      PRE_APP_ID: null,
      APPLY_DATE: one['SUBMIT_TIME'] ?? null,
      APPLY_CHANNEL: channel,
      EXCLUDED_DAYS: '0',
      EXTEND_DAYS: '0',
      DISPUTE_TYPE: one['DISPUTE_TYPE'] ?? null,
      WORKER_COUNT: '1',
      IS_COLLECTIVE: '0',
      CLAIM_AMOUNT: one['CLAIM_AMOUNT'] ?? null,
      FINAL_AWARD: '0',
      CASE_STATUS: '10',
      DELETED: '0',
      CREATED_AT: '2026-10-15 10:00:00',
      UPDATED_AT: '2026-10-15 10:00:00',
    })),
    ARB_PARTY: typed.flatMap((one, place) =>
      [
        ['1', 'APPLICANT_'],
        ['2', 'RESPONDENT_'],
      ].map(([role, prefix], side) => ({
        PARTY_ID: String(place * 2 + side + 1),
        CASE_ID: String(place + 1),
        ROLE: role ?? '',
        PARTY_KIND: role ?? '',
        NAME: one[`${prefix}NAME`] ?? null,
        ID_NO: one[`${prefix}ID_NO`] ?? null,
        UPDATED_AT: '2026-10-15 10:00:00',
      })),
    ),
  };
}

async function partnersOf(
  changes: readonly Partial<RawRow>[],
  decisions: readonly PairDecision[] = [],
  channel = '1',
): Promise<ComparisonPartner[]> {
  return compared(source(changes, channel), { ...ASKED, decisions }, async (engine) => {
    const found: ComparisonPartner[] = [];
    for await (const one of partners(engine)) found.push(one);
    return found;
  });
}

describe('one thing mistyped', () => {
  test.each([
    ['a homophone', { APPLICANT_NAME: '王晓明' }, '申请人名称同音'],
    ['another character', { APPLICANT_NAME: '王小强' }, '申请人名称仅一字不同'],
    ['a character left out', { APPLICANT_NAME: '王小' }, '申请人名称仅一字不同'],
    ['two characters swapped', { APPLICANT_NAME: '王明小' }, '申请人名称仅一字不同'],
    ['digits swapped', { APPLICANT_ID_NO: '110101199003072133' }, '申请人证件号码仅一处录入差异'],
    ['a digit wrong', { APPLICANT_ID_NO: '110101199008071233' }, '申请人证件号码仅一处录入差异'],
    ['the date moved', { SUBMIT_TIME: '2026-07-20' }, '收到申请与提交相距超过30天'],
    ['the employer mistyped', { RESPONDENT_NAME: '北京甲已科技有限公司' }, '被申请人名称同音'],
    ['another amount', { CLAIM_AMOUNT: '12500.00' }, '请求金额相差不超过一成'],
  ])('%s: the case is named, with the reason', async (_what, change, reason) => {
    const [first, ...others] = await partnersOf([change]);
    expect(first).toMatchObject({ subject: 'pre_application', preAppId: 'Y1', caseId: '1', place: 1 });
    expect(first?.reasons.split('；')).toContain(reason);
    expect(others).toEqual([]);
  });
});

test('a case of other people is not named', async () => {
  const stranger = { APPLICANT_NAME: '李丽', APPLICANT_ID_NO: '130101198501011221', CLAIM_AMOUNT: '900.00' };
  expect(await partnersOf([stranger])).toEqual([]);
});

test('the likeliest stands first, at most three are named, and what was rejected is not', async () => {
  const changes = [
    { APPLICANT_NAME: '王小强', CLAIM_AMOUNT: '1.00' },
    { APPLICANT_NAME: '王晓明' },
    { APPLICANT_ID_NO: '110101199003072133', ORG_CODE: '110105' },
    { DISPUTE_TYPE: '06', CLAIM_AMOUNT: '2.00', SUBMIT_TIME: '2026-08-01' },
  ];
  const found = await partnersOf(changes);
  expect(found.map(({ place }) => place)).toEqual([1, 2, 3]);
  const scores = found.map(({ score }) => Number(score));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  const best = found[0]?.caseId ?? '';
  const after = await partnersOf(changes, [{ preAppId: 'Y1', caseId: best, verdict: 'rejected' }]);
  expect(after.map(({ caseId }) => caseId)).not.toContain(best);
  expect(after[0]?.caseId).toBe(found[1]?.caseId);
  expect(await partnersOf(changes, [{ preAppId: 'Y1', caseId: best, verdict: 'confirmed' }])).toEqual([]);
});

test('an orphan case is told its likeliest pre-application', async () => {
  const found = await partnersOf([{ APPLICANT_NAME: '王晓明' }], [], '2');
  expect(found.map(({ subject, preAppId, caseId }) => [subject, preAppId, caseId])).toEqual([
    ['pre_application', 'Y1', '1'],
    ['case', 'Y1', '1'],
  ]);
});

describe('weights', () => {
  const { evidence } = comparisonFile.parse(definitions);

  test('better agreement weighs more, and disagreement speaks against', () => {
    for (const levels of Object.values(evidence)) {
      const weights = levels.map(weightHundredths);
      expect(weights[0]).toBeGreaterThan(0);
      expect(weights.at(-1)).toBeLessThan(0);
    }
  });

  test('a level that is missing or misspelt is refused', () => {
    const [equal, ...others] = evidence.DISPUTE_TYPE;
    const change = (levels: unknown) => ({ ...definitions, evidence: { ...evidence, DISPUTE_TYPE: levels } });
    expect(comparisonFile.safeParse(change(others)).success).toBe(false);
    expect(comparisonFile.safeParse(change([{ ...equal, level: 'same' }, ...others])).success).toBe(false);
  });
});
