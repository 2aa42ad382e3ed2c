import { expect, test } from 'vitest';
import { disagreement } from '../property/support/agreement.ts';
import { askProduct } from '../property/support/product.ts';
import type { RawSource } from '../reference/source.ts';

const question = { period: '2026-10', asOf: '2026-11-03', cutoffDay: 0 };
const accepted = { ORG_CODE: '110101', ACCEPT_DATE: '2026-10-08', DELETED: '0' };

test('records of several views with the same key, and without any, are listed once for each rule', async () => {
  const source: RawSource = {
    ARB_ORG: [{ ORG_CODE: '110101' }],
    ARB_CASE: [
      { ...accepted, CASE_ID: '7', DELETED: 'X' },
      { ...accepted, CASE_ID: '8', ORG_CODE: '110999', CLOSE_DATE: '2026-12-01' },
      { ...accepted, CASE_ID: null, ACCEPT_DATE: '2026-11-04' },
      { ...accepted, CASE_ID: '9', DELETED: '1', ORG_CODE: null },
    ],
    ARB_PARTY: [
      { PARTY_ID: '7', CASE_ID: '7' },
      { PARTY_ID: '8', CASE_ID: '8' },
    ],
    ARB_CLAIM: [{ CLAIM_ID: '7', CASE_ID: '7' }],
    ARB_MEDIATION: [
      { ...accepted, MEDIATION_ID: '7', DELETED: null },
      { ...accepted, MEDIATION_ID: '8', ACCEPT_DATE: null },
      { ...accepted, MEDIATION_ID: '9', CLOSE_DATE: '2026-10-07' },
    ],
    PRE_APPLICATION: [{ PRE_APP_ID: '7' }],
  };
  const answer = await askProduct(source, question);
  expect(answer.excluded).toEqual([
    'ARB_CASE 7 V050',
    'ARB_CASE 8 V005',
    'ARB_CASE 8 V009',
    'ARB_CASE （空） V006',
    'ARB_MEDIATION 7 V050',
    'ARB_MEDIATION 8 V042',
    'ARB_MEDIATION 9 V042',
  ]);
  expect(disagreement({ source, question }, answer)).toEqual([]);
});
