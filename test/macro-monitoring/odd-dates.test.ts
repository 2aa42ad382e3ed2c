import { readFileSync } from 'node:fs';
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { explain } from '../../pipelines/explain.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { GoldenHome, INPUT_DIR } from '../golden/support.ts';
import { disagreement } from '../property/support/agreement.ts';
import { askProduct } from '../property/support/product.ts';
import type { RawRow, RawSource } from '../reference/source.ts';

/** Cases with the first and the last day that a date column holds, and with as many days as the others hold. */
const CASES: readonly RawRow[] = [
  { LIMIT_START_DATE: '9999-12-31', CLOSE_DATE: '2026-10-20' },
  { LIMIT_START_DATE: '9999-12-31' },
  { LIMIT_START_DATE: '0001-01-01', EXCLUDED_DAYS: '-99999', CLOSE_DATE: '2026-10-20' },
  { LIMIT_START_DATE: '0001-01-01' },
  { APPLY_DATE: '0001-01-01', ACCEPT_DATE: null, REJECT_DATE: '9999-12-31' },
  { APPLY_DATE: '9999-12-31', ACCEPT_DATE: null },
  { APPLY_DATE: '0001-01-01', ACCEPT_DATE: null },
  { CLOSE_DATE: '9999-12-31' },
  { ACCEPT_DATE: '0001-01-01', HEARING_DATE: '9999-12-31' },
  { EXCLUDED_DAYS: '99999', EXTEND_DAYS: '999', CLOSE_DATE: '2026-10-20', WORKER_COUNT: '999999' },
];

const named = CASES.map(
  (row, place): RawRow => ({
    CASE_ID: String(place + 1),
    ORG_CODE: '110101',
    APPLY_DATE: '2026-10-08',
    ACCEPT_DATE: '2026-10-08',
    DELETED: '0',
    ...row,
  }),
);

test('a limit that never ends or ended before our era, and every other extreme of a column', async () => {
  const source: RawSource = {
    ARB_ORG: [{ ORG_CODE: '110101' }],
    ARB_CASE: named,
    ARB_PARTY: [],
    ARB_CLAIM: [],
    ARB_MEDIATION: [],
    PRE_APPLICATION: [],
  };
  const question = { period: '2026-10', asOf: '2026-11-03', cutoffDay: 0 };
  const answer = await askProduct(source, question);
  expect(answer.figures.get('month 110101 C11')).toBe('2');
  expect(disagreement({ source, question }, answer)).toEqual([]);
});

test('a deadline that no date can say is left out of an explanation', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-odd-dates-'));
  await cp(path.join(INPUT_DIR, 'no-cases'), dir, { recursive: true });
  const header = readFileSync(path.join(dir, 'arb_case.csv'), 'utf8').trim().split(',');
  const lines = named.map((row) => header.map((column) => row[column] ?? '').join(','));
  await appendFile(path.join(dir, 'arb_case.csv'), `${lines.join('\n')}\n`);
  const home = await GoldenHome.of(dir);
  try {
    const { runId } = await home.run('2026-10', '2026-11-03');
    const deadlines = await home.use(async (service) => {
      const request = { figure: 'C01@ALL', scope: 'month', period: parsePeriod('2026-10'), runId } as const;
      const explanation = await explain(service, request);
      const found = new Map<string, string>();
      for await (const { recordId, deadline } of explanation.records()) found.set(recordId, deadline);
      explanation.close();
      return found;
    });
    expect(Object.fromEntries(deadlines)).toEqual({ 1: '', 3: '', 10: '2303-06-02' });
  } finally {
    await home.remove();
    await rm(dir, { recursive: true });
  }
});
