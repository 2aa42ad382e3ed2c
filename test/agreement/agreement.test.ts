/** A month whose table, platform and cockpit differ for every reason that a source, a platform and people can give. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Agreement,
  agreement,
  type Gap,
  openAgreement,
  type PairId,
} from '../../pipelines/agreement.ts';
import { planPurge, purge, readScope } from '../../pipelines/backup-purge.ts';
import { runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import { runMacroMonitoring } from '../../pipelines/macro-monitoring.ts';
import { runMonthly } from '../../pipelines/monthly.ts';
import { runNationalPlatform } from '../../pipelines/national-platform.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { declareLost, releaseRecord } from '../../pipelines/submissions.ts';
import { parsePeriod } from '../../schemas/period.ts';
import type { RawSource } from '../reference/source.ts';
import { aCase, type SmallCase, smallSource, withRows } from '../submission/support/small-source.ts';
import { AS_OF, SubmissionHome } from '../submission/support/submission-home.ts';

const SEPTEMBER = parsePeriod('2026-09');
const BATCH = '110000-ARB-202609-01';
const NO_KEY = '（空）';
/** 2 and 9 are rejected, 3 breaks a rule, 4 fits no record, 5 has no answer; 6, 7 and 8 change after the publication. */
const CASES: readonly SmallCase[] = [
  aCase(1),
  aCase(2),
  aCase(3, { error: 'workers' }),
  aCase(4, { error: 'long number' }),
  aCase(5),
  aCase(6),
  aCase(7, { isThere: false }),
  aCase(8),
  aCase(9),
  aCase(10, { accepted: 'late' }),
];
const CHANGED = CASES.map((one) => {
  if (one.id === 6) return { ...one, isDeleted: true };
  if (one.id === 7) return { ...one, isThere: true };
  return one.id === 8 ? { ...one, accepted: 'late' as const } : one;
});

/** With a case that has no key. */
function sourceOf(cases: readonly SmallCase[]): RawSource {
  const source = smallSource(cases);
  const [keyless] = smallSource([aCase(77)]).ARB_CASE;
  return { ...source, ARB_CASE: [...source.ARB_CASE, { ...keyless, CASE_ID: null }] };
}

let home: SubmissionHome;
beforeAll(async () => {
  // Each body has but a few cases, so one that is excluded is many.
  home = await SubmissionHome.open({ exclusionLimitPercent: '100' });
});
afterAll(() => removeTree(home.dir));

async function look<T>(period: string, use: (found: Agreement) => Promise<T> | T, org?: string): Promise<T> {
  return home.home.as('clerk', async (service) => {
    const found = await agreement(service, { period: parsePeriod(period), org });
    try {
      return await use(found);
    } finally {
      found.close();
    }
  });
}

/** The cases of a pair and figure by their reason: `rejected +2` where the left one alone counts case 2. */
async function reasonsOf(period: string, pair: PairId, figure: string): Promise<string[]> {
  return look(period, async (found) => {
    const cases: Gap[] = [];
    for await (const one of found.cases({ pair, figure })) cases.push(one);
    const left = pair.split('-')[0];
    return cases.map(({ reason, caseId, inSide }) => `${reason} ${inSide === left ? '+' : '-'}${caseId}`);
  });
}
const missing = (period: string): Promise<(string | null)[]> =>
  look(period, ({ sides }) => sides.map((side) => side.missing));
const refresh = (): Promise<unknown> =>
  home.home.as('clerk', (service) => runCockpitRefresh(service, { asOf: AS_OF }));

describe('in the order of events', () => {
  test('a side without a source says so and shows no number', async () => {
    expect(await missing('2026-09')).toEqual(['本月宏观监测尚未发布', '尚无报送批次', '驾驶室尚未更新过']);
    expect(
      await look('2026-09', ({ rows, reasons }) => ({ counts: rows.map(({ counts }) => counts), reasons })),
    ).toEqual({
      counts: Array.from({ length: 3 }, () => ({ table: null, platform: null, cockpit: null })),
      reasons: [],
    });
    await expect(home.home.as('clerk', (service) => agreement(service))).rejects.toMatchObject({
      code: 'E_NOTHING_YET',
    });
    await expect(look('2026-Q3', () => undefined)).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  test('published and not sent: nothing has reached the platform but what is held back', async () => {
    await home.fill(sourceOf(CASES));
    await home.home.as('clerk', (service) => runMonthly(service, { period: SEPTEMBER, asOf: AS_OF }));
    expect(await missing('2026-09')).toEqual([null, null, '驾驶室尚未更新过']);
    const undelivered = [1, 2, 5, 6, 8, 9].map((id) => `not-delivered +${id}`);
    expect(await reasonsOf('2026-09', 'table-platform', 'A02')).toEqual([
      ...undelivered,
      `no-key +${NO_KEY}`,
      'unfit +4',
      'held-back +3',
    ]);
    const notes = await look('2026-09', ({ sides }) => sides[1]?.notes);
    expect(notes).toEqual([expect.stringContaining('尚未读到任何回执')]);
  });

  test('answered and changed since: each case has its reason, and the sums are those of the numbers', async () => {
    await home.send(BATCH);
    expect(await reasonsOf('2026-09', 'table-platform', 'A02')).toContain('unanswered +1');
    await home.answer(BATCH, [
      { id: '110000-1', result: 'accepted' },
      { id: '110000-2', result: 'rejected', code: 'E17', message: '金额不符' },
      { id: '110000-6', result: 'accepted' },
      { id: '110000-8', result: 'accepted' },
      { id: '110000-9', result: 'rejected', code: 'E03', message: '重复' },
    ]);
    await home.home.as('head', (service) => releaseRecord(service, '9', 'the platform has mended it'));
    await home.fill(sourceOf(CHANGED));
    await refresh();
    expect(await reasonsOf('2026-09', 'table-platform', 'A02')).toEqual([
      'rejected +2',
      'unanswered +5',
      'released +9',
      `no-key +${NO_KEY}`,
      'unfit +4',
      'held-back +3',
    ]);
    expect(await reasonsOf('2026-09', 'table-cockpit', 'A02')).toEqual([
      'corrected +8',
      'left +6',
      'entered -7',
    ]);
    expect(await reasonsOf('2026-09', 'platform-cockpit', 'A02')).toEqual([
      'rejected -2',
      'unanswered -5',
      'released -9',
      'corrected +8',
      'left +6',
      'entered -7',
      `no-key -${NO_KEY}`,
      'unfit -4',
      'held-back -3',
    ]);
    const [row] = await look('2026-09', ({ rows }) => rows);
    expect(row).toEqual({
      figure: 'A02',
      orgCode: 'ALL',
      counts: { table: 9, platform: 3, cockpit: 8 },
      pairs: [
        {
          ...{ pair: 'table-platform', difference: 6, leftOnly: 6, rightOnly: 0 },
          classes: { defect: 1, timing: 2, definition: 3 },
        },
        {
          ...{ pair: 'table-cockpit', difference: 1, leftOnly: 2, rightOnly: 1 },
          classes: { defect: 0, timing: 3, definition: 0 },
        },
        {
          ...{ pair: 'platform-cockpit', difference: -5, leftOnly: 2, rightOnly: 7 },
          classes: { defect: 1, timing: 5, definition: 3 },
        },
      ],
    });
  });

  test('what is known of a case stands beside it; of persons nothing does', async () => {
    const [rejected, ...others] = await look('2026-09', async (found) => {
      const cases: Gap[] = [];
      for await (const one of found.cases({ pair: 'table-platform', figure: 'A02' })) cases.push(one);
      return cases;
    });
    expect(rejected).toEqual({
      ...{ pair: 'table-platform', figure: 'A02', orgCode: '110101', caseId: '2', cases: 1 },
      ...{ caseNo: '京东劳人仲字〔2026〕第00002号', inSide: 'table', outSide: 'platform' },
      ...{ class: 'defect', reason: 'rejected' },
      inFact: { state: 'counted', orgCode: '110101', acceptDate: '2026-09-21', closeDate: null },
      outFact: { state: 'untaken', orgCode: '110101', acceptDate: null, closeDate: null },
      ...{ rules: null, batch: BATCH, rejectionCode: 'E17' },
    });
    expect(others.map(({ rules }) => rules)).toContain('FORMAT');
    expect(JSON.stringify(others)).not.toMatch(/张|金额不符/);
  });

  test('one body has its own rows and cases, and another one none of them', async () => {
    const of = (org: string) =>
      look(
        '2026-09',
        async ({ rows, bodies, cases }) => {
          const own: string[] = [];
          for await (const { orgCode } of cases()) own.push(orgCode);
          return { orgs: [...new Set(rows.map(({ orgCode }) => orgCode))], bodies, own: [...new Set(own)] };
        },
        org,
      );
    expect(await of('110101')).toMatchObject({ orgs: ['110101'], own: ['110101'] });
    expect(await of('110000')).toMatchObject({ orgs: ['110000'], own: [] });
    await expect(of('999999')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test('a later month whose batch is not built', async () => {
    const november = parsePeriod('2026-11');
    await home.home.as('clerk', (service) => runMacroMonitoring(service, { period: november, asOf: AS_OF }));
    expect(await reasonsOf('2026-11', 'table-platform', 'A02')).toEqual(['after-batch +10', 'corrected +8']);
  });

  test('a batch that was declared lost', async () => {
    await home.home.as('head', (service) => declareLost(service, BATCH, 'nobody answers'));
    expect(await reasonsOf('2026-09', 'table-platform', 'A02')).toContain('lost +5');
  });

  test('a case that the table excludes by now, and that the platform still holds', async () => {
    await home.fill(
      withRows(sourceOf(CHANGED), { ARB_CASE: { 1: { CLOSE_DATE: '2026-09-01', CLOSE_MODE: '2' } } }),
    );
    await home.home.as('clerk', (service) => runMacroMonitoring(service, { period: SEPTEMBER, asOf: AS_OF }));
    expect(await reasonsOf('2026-09', 'table-platform', 'A02')).toContain('excluded -1');
    expect(await reasonsOf('2026-09', 'table-cockpit', 'A02')).toEqual(['corrected -1']);
  });

  test('another cut-off day in the cockpit is another definition', async () => {
    await home.home.configure({ threads: 1, exclusionLimitPercent: '100', cutoffDay: 20 });
    const snapshot = await look(
      '2026-09',
      ({ sides }) => sides[0]?.facts.find(([name]) => name === '快照')?.[1],
    );
    await home.home.as('clerk', (service) => runCockpitRefresh(service, { snapshotId: snapshot }));
    const found = await reasonsOf('2026-09', 'table-cockpit', 'A02');
    expect(found).toContain('other-definitions +2');
    expect(found.every((one) => /^other-definitions/.test(one))).toBe(true);
    await home.home.configure({ threads: 1, exclusionLimitPercent: '100' });
  });

  test('what cannot be explained is a defect: the snapshot of the cockpit is gone', async () => {
    await home.fill(sourceOf(CASES.map((one) => (one.id === 2 ? { ...one, isDeleted: true } : one))));
    await refresh();
    expect(await reasonsOf('2026-09', 'table-cockpit', 'A02')).toContain('left +2');
    const snapshot = await look(
      '2026-09',
      ({ sides }) => sides[2]?.facts.find(([name]) => name === '快照')?.[1],
    );
    await removeTree(home.home.path('snapshots', snapshot ?? ''));
    expect(await reasonsOf('2026-09', 'table-cockpit', 'A02')).toContain('unexplained +2');
    const [, , cockpit] = await look('2026-09', ({ sides }) => sides);
    expect(cockpit?.notes).toEqual([expect.stringContaining('快照已不在')]);
  });

  test('an earlier answer serves until a side changes', async () => {
    await home.home.as('clerk', async (service) => {
      const first = await openAgreement(service, SEPTEMBER);
      expect(await openAgreement(service, SEPTEMBER, first)).toBe(first);
      await refresh();
      const second = await openAgreement(service, SEPTEMBER, first);
      expect(second).not.toBe(first);
      for (const one of [first, second]) one.close();
    });
  });

  test('of a purged month nobody knows what the platform holds, and no batch of it is built', async () => {
    const scope = readScope('period:2026-09');
    await home.home.as('clerk', async (service) => {
      const { plan } = await planPurge(service, scope);
      await purge(service, { scope, plan, reason: '京人社函〔2026〕12号' });
    });
    expect(await missing('2026-09')).toEqual([
      '本月宏观监测尚未发布',
      '报送批次已按要求销毁，平台现存的记录无从得知',
      null,
    ]);
    await expect(
      home.home.as('clerk', (service) => runNationalPlatform(service, { period: SEPTEMBER, asOf: AS_OF })),
    ).rejects.toMatchObject({ code: 'E_NOT_SUBMITTABLE', message: expect.stringContaining('purged') });
  });
});
