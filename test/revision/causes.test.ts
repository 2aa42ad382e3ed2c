/** One change of one record: whether the revision statement lists it, with which cause and which effects. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevisionCause } from '../../schemas/dataset.ts';
import {
  aCase,
  aMediation,
  type CaseModel,
  type MediationModel,
  publish,
  type SourceModel,
  type Statement,
  stateAgainst,
} from './support.ts';

const ORGS = ['110000', '110101', '110102'];
const PUBLISHED = { period: '2026-09', asOf: '2026-10-09' };
const TODAY = { period: '2026-10', asOf: '2026-11-09' };

interface Change {
  readonly name: string;
  readonly before: Partial<CaseModel> | 'nothing';
  readonly after: Partial<CaseModel> | 'nothing';
  /** The cause, or that the statement must not list it. */
  readonly cause: RevisionCause | 'not listed';
  /** Per body: change of the stock, and of the other figures in words. */
  readonly effects?: readonly (readonly [org: string, stock: string, others: string])[];
}

const open = { accept: '2026-08-10' };
const closed = { accept: '2026-08-10', close: '2026-09-10' };
const ORG = '110101';

const CHANGES: readonly Change[] = [
  { name: 'nothing changed', before: open, after: open, cause: 'not listed' },
  {
    name: 'closed after the period, as cases are',
    before: open,
    after: { ...open, close: '2026-10-20' },
    cause: 'not listed',
  },
  {
    name: 'accepted after the period, as cases are',
    before: 'nothing',
    after: { accept: '2026-10-02' },
    cause: 'not listed',
  },
  {
    name: 'entered late, accepted in the period',
    before: 'nothing',
    after: { accept: '2026-09-30' },
    cause: '补录受理',
    effects: [[ORG, '1', '当期A02 +1;累计A02 +1']],
  },
  {
    name: 'entered late, accepted and closed in the period',
    before: 'nothing',
    after: { accept: '2026-09-01', close: '2026-09-30' },
    cause: '补录受理',
    effects: [[ORG, '0', '当期A02 +1;当期C01 +1;累计A02 +1;累计C01 +1']],
  },
  {
    name: 'entered late, accepted years ago and open',
    before: 'nothing',
    after: { accept: '2024-03-05' },
    cause: '补录受理',
    effects: [[ORG, '1', '']],
  },
  {
    name: 'entered late, over before the year began',
    before: 'nothing',
    after: { accept: '2025-03-05', close: '2025-05-05' },
    cause: 'not listed',
  },
  {
    name: 'an application accepted late with an earlier date',
    before: {},
    after: { accept: '2026-09-15' },
    cause: '补录受理',
    effects: [[ORG, '1', '当期A02 +1;累计A02 +1']],
  },
  {
    name: 'closing entered late',
    before: open,
    after: { ...open, close: '2026-09-30' },
    cause: '补录结案',
    effects: [[ORG, '-1', '当期C01 +1;累计C01 +1']],
  },
  {
    name: 'closing entered late, of an earlier month',
    before: open,
    after: { ...open, close: '2026-08-31' },
    cause: '补录结案',
    effects: [[ORG, '-1', '累计C01 +1']],
  },
  {
    name: 'closing entered late beside an acceptance date that moved within the same span',
    before: open,
    after: { accept: '2026-08-12', close: '2026-09-30' },
    cause: '补录结案',
  },
  {
    name: 'acceptance date moved out of the period',
    before: { accept: '2026-09-30' },
    after: { accept: '2026-10-01' },
    cause: '受理日期更正',
    effects: [[ORG, '-1', '当期A02 −1;累计A02 −1']],
  },
  {
    name: 'acceptance date moved to the year before',
    before: open,
    after: { accept: '2025-12-31' },
    cause: '受理日期更正',
    effects: [[ORG, '0', '累计A02 −1']],
  },
  {
    name: 'acceptance date moved to another month of the year',
    before: { accept: '2026-09-01' },
    after: { accept: '2026-08-31' },
    cause: '受理日期更正',
    effects: [[ORG, '0', '当期A02 −1']],
  },
  {
    name: 'acceptance date moved within the period',
    before: { accept: '2026-09-01' },
    after: { accept: '2026-09-02' },
    cause: 'not listed',
  },
  {
    name: 'acceptance withdrawn',
    before: open,
    after: {},
    cause: '受理日期更正',
    effects: [[ORG, '-1', '累计A02 −1']],
  },
  {
    name: 'acceptance turned into a rejection',
    before: { accept: '2026-09-03' },
    after: { reject: '2026-09-03' },
    cause: '受理日期更正',
    effects: [[ORG, '-1', '当期A02 −1;当期A09 +1;累计A02 −1;累计A09 +1']],
  },
  {
    name: 'closing date moved past the period',
    before: closed,
    after: { ...closed, close: '2026-10-01' },
    cause: '结案日期更正',
    effects: [[ORG, '1', '当期C01 −1;累计C01 −1']],
  },
  {
    name: 'closing date moved to another month of the year',
    before: closed,
    after: { ...closed, close: '2026-08-31' },
    cause: '结案日期更正',
    effects: [[ORG, '0', '当期C01 −1']],
  },
  {
    name: 'closing withdrawn',
    before: closed,
    after: open,
    cause: '撤销结案',
    effects: [[ORG, '1', '当期C01 −1;累计C01 −1']],
  },
  {
    name: 'removed',
    before: open,
    after: { ...open, deleted: '1' },
    cause: '删除',
    effects: [[ORG, '-1', '累计A02 −1']],
  },
  {
    name: 'removed while closed years ago',
    before: { accept: '2024-03-05', close: '2024-05-05' },
    after: { accept: '2024-03-05', close: '2024-05-05', deleted: '1' },
    cause: 'not listed',
  },
  {
    name: 'gone from the source',
    before: closed,
    after: 'nothing',
    cause: '删除',
    effects: [[ORG, '0', '当期C01 −1;累计A02 −1;累计C01 −1']],
  },
  {
    name: 'restored',
    before: { ...open, deleted: '1' },
    after: open,
    cause: '恢复',
    effects: [[ORG, '1', '累计A02 +1']],
  },
  {
    name: 'moved to another body',
    before: open,
    after: { ...open, org: '110102' },
    cause: '机构变更',
    effects: [
      ['110101', '-1', '累计A02 −1'],
      ['110102', '1', '累计A02 +1'],
    ],
  },
  {
    name: 'moved to another body, closed in the period',
    before: closed,
    after: { ...closed, org: '110102' },
    cause: '机构变更',
    effects: [
      ['110101', '0', '当期C01 −1;累计A02 −1;累计C01 −1'],
      ['110102', '0', '当期C01 +1;累计A02 +1;累计C01 +1'],
    ],
  },
  {
    name: 'moved to a body that nobody knows',
    before: open,
    after: { ...open, org: '999999' },
    cause: '校验状态变化',
    effects: [[ORG, '-1', '累计A02 −1']],
  },
  {
    name: 'its unknown body was mended',
    before: { ...open, org: '999999' },
    after: open,
    cause: '校验状态变化',
    effects: [[ORG, '1', '累计A02 +1']],
  },
  {
    name: 'its empty body was filled',
    before: { ...open, org: null },
    after: open,
    cause: '校验状态变化',
    effects: [[ORG, '1', '累计A02 +1']],
  },
  {
    name: 'closed before it was accepted',
    before: open,
    after: { ...open, close: '2026-08-09' },
    cause: '校验状态变化',
    effects: [[ORG, '-1', '累计A02 −1']],
  },
  {
    name: 'a closing date before the acceptance was mended',
    before: { ...open, close: '2026-08-09' },
    after: { ...open, close: '2026-09-09' },
    cause: '校验状态变化',
    effects: [[ORG, '0', '当期C01 +1;累计A02 +1;累计C01 +1']],
  },
  {
    name: 'its closing date lay after the snapshot then and no longer does',
    before: { ...open, close: '2026-10-20' },
    after: { ...open, close: '2026-10-20' },
    cause: '校验状态变化',
    effects: [[ORG, '1', '累计A02 +1']],
  },
  {
    name: 'its mark of removal became odd',
    before: open,
    after: { ...open, deleted: '2' },
    cause: '校验状态变化',
    effects: [[ORG, '-1', '累计A02 −1']],
  },
  {
    name: 'rejection entered late',
    before: {},
    after: { reject: '2026-09-20' },
    cause: '其他',
    effects: [[ORG, '0', '当期A09 +1;累计A09 +1']],
  },
  {
    name: 'rejection withdrawn',
    before: { reject: '2026-09-20' },
    after: {},
    cause: '其他',
    effects: [[ORG, '0', '当期A09 −1;累计A09 −1']],
  },
  {
    name: 'rejection turned into an acceptance',
    before: { reject: '2026-09-20' },
    after: { accept: '2026-09-20' },
    cause: '补录受理',
    effects: [[ORG, '1', '当期A02 +1;当期A09 −1;累计A02 +1;累计A09 −1']],
  },
  {
    name: 'rejected at an unknown body that was mended',
    before: { reject: '2026-09-20', org: '999999' },
    after: { reject: '2026-09-20' },
    cause: '校验状态变化',
    effects: [[ORG, '0', '当期A09 +1;累计A09 +1']],
  },
  {
    name: 'rejected, its mark of removal became odd',
    before: { reject: '2026-09-20' },
    after: { reject: '2026-09-20', deleted: '2' },
    cause: '校验状态变化',
    effects: [[ORG, '0', '当期A09 −1;累计A09 −1']],
  },
  {
    name: 'kind of dispute corrected',
    before: { accept: '2026-09-05' },
    after: { accept: '2026-09-05', type: '10' },
    cause: '其他',
    effects: [[ORG, '0', '当期T05 −1;当期T10 +1;累计T05 −1;累计T10 +1']],
  },
  {
    name: 'amount in dispute corrected',
    before: open,
    after: { ...open, claim: '9999.50' },
    cause: '其他',
    effects: [[ORG, '0', '累计A08 −0.50元']],
  },
  {
    name: 'awarded amount corrected',
    before: { ...closed, award: '100.00' },
    after: { ...closed, award: '350.25' },
    cause: '其他',
    effects: [[ORG, '0', '当期C13 +250.25元;累计C13 +250.25元']],
  },
  {
    name: 'awarded amount entered with a closing after the period',
    before: open,
    after: { ...open, close: '2026-10-20', award: '350.25' },
    cause: 'not listed',
  },
];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'arbdata-revision-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe.each([false, true])('a case (another version of the program: %s)', (versionChanged) => {
  let statement: Statement;

  beforeAll(async () => {
    const side = (which: 'before' | 'after'): SourceModel => ({
      orgs: ORGS,
      cases: CHANGES.flatMap((change, index) => {
        const one = change[which];
        return one === 'nothing' ? [] : [aCase(index + 1, one)];
      }),
      mediations: [],
    });
    const published = await publish(side('before'), PUBLISHED, path.join(dir, `cases-${versionChanged}`));
    statement = await stateAgainst(published, 'previous', side('after'), { ...TODAY, versionChanged });
  });

  test.each(CHANGES.map((change, index) => ({ ...change, id: String(index + 1) })))(
    '$name: $cause',
    ({ id, cause, effects }) => {
      const listed = statement.entries.filter((entry) => entry.caseId === id);
      expect(listed.map((entry) => entry.cause)).toEqual(cause === 'not listed' ? [] : [cause]);
      if (effects === undefined) return;
      const found = listed[0]?.effects.map((one) => [one.orgCode, one.openingDelta, one.otherDeltas]);
      expect(found).toEqual(effects);
    },
  );

  test('the listed cases add up, body by body, and K11 holds', () => {
    expect(statement.cases).toBe(CHANGES.filter(({ cause }) => cause !== 'not listed').length);
    expect(statement.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(statement.checks.map(({ orgCode }) => orgCode)).toContain('ALL');
    for (const { orgCode, difference, explained } of statement.summary) {
      const effects = statement.entries.flatMap((entry) => entry.effects);
      const sum = effects
        .filter((one) => one.orgCode === orgCode)
        .reduce((total, { openingDelta }) => total + BigInt(openingDelta), 0n);
      expect([difference, explained]).toEqual([String(sum), String(sum)]);
    }
  });

  test('old and new values are shown as people read them', () => {
    const at = (name: string) => CHANGES.findIndex((change) => change.name === name) + 1;
    const entry = (name: string) => statement.entries.find(({ caseId }) => caseId === String(at(name)));
    expect(entry('closing entered late')).toMatchObject({
      caseNo: expect.stringContaining('京东劳人仲字'),
      oldValues: '机构 仲裁委员会110101;受理日期 2026-08-10;结案日期 —;计入',
      newValues: '机构 仲裁委员会110101;受理日期 2026-08-10;结案日期 2026-09-30;计入',
    });
    expect(entry('gone from the source')?.newValues).toBe('无此案');
    expect(entry('entered late, accepted in the period')?.oldValues).toBe('无此案');
    expect(entry('removed')?.newValues).toContain('已删除');
    expect(entry('rejection withdrawn')?.oldValues).toContain('不予受理日期 2026-09-20');
    expect(entry('closed before it was accepted')?.newValues).toContain('待核查（V009）');
  });
});

describe('a mediation', () => {
  const changes: readonly {
    name: string;
    before: Partial<MediationModel> | 'nothing';
    after: Partial<MediationModel> | 'nothing';
    cause: RevisionCause | 'not listed';
    others?: string;
  }[] = [
    { name: 'the same', before: {}, after: {}, cause: 'not listed' },
    { name: 'closed later', before: {}, after: { close: '2026-10-03' }, cause: 'not listed' },
    {
      name: 'entered late',
      before: 'nothing',
      after: {},
      cause: '补录受理',
      others: '当期M01 +1;累计M01 +1',
    },
    {
      name: 'closing entered late',
      before: {},
      after: { close: '2026-09-30' },
      cause: '补录结案',
      others: '当期M02 +1;累计M02 +1',
    },
    { name: 'removed', before: {}, after: { deleted: '1' }, cause: '删除', others: '当期M01 −1;累计M01 −1' },
    {
      name: 'persons corrected',
      before: {},
      after: { workers: 4 },
      cause: '其他',
      others: '当期M05 +3;累计M05 +3',
    },
  ];

  test('is listed like a case, under its own number', async () => {
    const side = (which: 'before' | 'after'): SourceModel => ({
      orgs: ORGS,
      cases: [],
      mediations: changes.flatMap((change, index) => {
        const one = change[which];
        return one === 'nothing' ? [] : [aMediation(index + 1, one)];
      }),
    });
    const published = await publish(side('before'), PUBLISHED, path.join(dir, 'mediations'));
    const { entries, checks } = await stateAgainst(published, 'previous', side('after'), TODAY);
    const found = changes.map(({ name }, index) => {
      const entry = entries.find(({ caseId }) => caseId === String(index + 1));
      return [name, entry?.cause ?? 'not listed', entry?.effects[0]?.otherDeltas];
    });
    expect(found).toEqual(changes.map(({ name, cause, others }) => [name, cause, others]));
    expect(entries.every(({ caseNo }) => caseNo === '（案外调解）')).toBe(true);
    expect(checks.every(({ ok }) => ok)).toBe(true);
  });
});

describe('what is not of one record', () => {
  const cases = [aCase(1, open), aCase(2, { ...open, org: '110102' }), aCase(3, closed)];
  const source: SourceModel = { orgs: ORGS, cases, mediations: [] };

  test('a body that left ARB_ORG: its cases no longer count, and it keeps its name', async () => {
    const published = await publish(source, PUBLISHED, path.join(dir, 'left'));
    const later = { ...source, orgs: ['110000', '110102'] };
    const { entries, checks, summary } = await stateAgainst(published, 'previous', later, TODAY);
    expect(entries.map(({ caseId, cause }) => [caseId, cause])).toEqual([
      ['1', '校验状态变化'],
      ['3', '校验状态变化'],
    ]);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(summary.find(({ orgCode }) => orgCode === '110101')).toEqual({
      orgCode: '110101',
      orgName: '仲裁委员会110101',
      publishedClosing: '1',
      opening: '0',
      difference: '-1',
      explained: '-1',
    });
  });

  test('a body that came into ARB_ORG: its cases count from now on', async () => {
    const earlier = { ...source, orgs: ['110000', '110102'] };
    const published = await publish(earlier, PUBLISHED, path.join(dir, 'came'));
    const { entries, checks, summary } = await stateAgainst(published, 'previous', source, TODAY);
    expect(entries.map(({ caseId, cause }) => [caseId, cause])).toEqual([
      ['1', '校验状态变化'],
      ['3', '校验状态变化'],
    ]);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(summary.find(({ orgCode }) => orgCode === '110101')).toMatchObject({
      publishedClosing: '0',
      opening: '1',
    });
  });

  test('rows without a key are no change while they stay as they are, and add up when they do not', async () => {
    const keyless = { ...source, cases: [...cases, aCase(null, open), aCase(null, closed)] };
    const published = await publish(keyless, PUBLISHED, path.join(dir, 'keyless'));
    const same = await stateAgainst(published, 'previous', keyless, TODAY);
    expect([same.cases, same.checks.every(({ ok }) => ok)]).toEqual([0, true]);
    const later = { ...source, cases: [...cases, aCase(null, closed)] };
    const { entries, checks } = await stateAgainst(published, 'previous', later, TODAY);
    expect(entries).toMatchObject([{ caseId: '', cause: '其他', effects: [{ openingDelta: '-1' }] }]);
    expect(checks.every(({ ok }) => ok)).toBe(true);
  });
});
