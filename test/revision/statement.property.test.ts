/**
 * Any history of a source: a period is published, the source is changed in every way that clerks know, the next period
 * (or the same again, or the same a year later) is computed. The statement then lists exactly the records whose
 * contribution changed, each once, with the cause that the change had, and adds up to the figures.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RevisionKind } from '../../pipelines/steps/macro-monitoring/revision.ts';
import type { RevisionCause } from '../../schemas/dataset.ts';
import { dayNumber, dayText, parsePeriod, previousPeriod, samePeriodLastYear } from '../../schemas/period.ts';
import {
  aCase,
  aMediation,
  type CaseModel,
  type Contributions,
  caseContributions,
  difference,
  type MediationModel,
  mediationContributions,
  publish,
  type SourceModel,
  type Statement,
  spansOf,
  stateAgainst,
} from './support.ts';

/** How many histories; raise it for a longer search: ARBDATA_CASES=500. */
const RUNS = Number(process.env.ARBDATA_CASES ?? 16);
const ORGS = ['110000', '110101', '110102', '110105'];
const UNKNOWN = '999999';

const addDays = (day: string, count: number): string => dayText(dayNumber(day) + count);

interface Frame {
  readonly kind: RevisionKind;
  /** The period that is published first. */
  readonly published: string;
  /** The period that is computed afterwards. */
  readonly today: string;
  readonly cutoffDay: number;
}

function frameOf(kind: RevisionKind, today: string, cutoffDay: number): Frame {
  const period = parsePeriod(today);
  const published =
    kind === 'same' ? period : kind === 'previous' ? previousPeriod(period) : samePeriodLastYear(period);
  return { kind, published: published.text, today, cutoffDay };
}

const frame: fc.Arbitrary<Frame> = fc
  .record({
    kind: fc.constantFrom<RevisionKind>('previous', 'same', 'last_year'),
    today: fc.constantFrom(
      '2026-10',
      '2026-01',
      '2026-03',
      '2026-Q1',
      '2026-Q3',
      '2026-H1',
      '2026-H2',
      '2026',
    ),
    cutoffDay: fc.constantFrom(0, 0, 20, 28),
  })
  .map(({ kind, today, cutoffDay }) => frameOf(kind, today, cutoffDay));

/** Days that matter lie around the turns of the published spans. */
function dayAround({ published, cutoffDay }: Frame): fc.Arbitrary<string> {
  const { month, ytd, end } = spansOf(published, cutoffDay);
  return fc
    .tuple(fc.constantFrom(month, ytd, end, end), fc.integer({ min: -40, max: 12 }))
    .map(([turn, offset]) => addDays(turn, offset));
}

function caseArbitrary(around: Frame): fc.Arbitrary<Omit<CaseModel, 'id'>> {
  const day = dayAround(around);
  return fc
    .record({
      org: fc.constantFrom(...ORGS, ...ORGS, ...ORGS, UNKNOWN, null),
      accept: fc.option(day, { freq: 8 }),
      life: fc.option(fc.integer({ min: -3, max: 50 }), { freq: 2 }),
      reject: fc.option(day, { freq: 1 }),
      deleted: fc.constantFrom('0', '0', '0', '0', '0', '0', '0', '0', '1', '2'),
      type: fc.constantFrom('05', '10'),
      workers: fc.integer({ min: 1, max: 9 }),
      claim: fc.integer({ min: 0, max: 9_999_999 }).map(yuan),
    })
    .map(({ accept, life, reject, ...rest }) => {
      const close = accept === null || life === null ? null : addDays(accept, life);
      return { ...rest, accept, reject: accept === null ? reject : null, close, award: close && '88.80' };
    });
}

function mediationArbitrary(around: Frame): fc.Arbitrary<Omit<MediationModel, 'id'>> {
  const day = dayAround(around);
  return fc
    .record({
      org: fc.constantFrom(...ORGS, UNKNOWN),
      accept: day,
      life: fc.option(fc.integer({ min: -2, max: 30 })),
      deleted: fc.constantFrom('0', '0', '0', '1'),
      workers: fc.integer({ min: 1, max: 9 }),
      amount: fc.integer({ min: 0, max: 9_999_999 }).map(yuan),
    })
    .map(({ life, ...rest }) => ({ ...rest, close: life === null ? null : addDays(rest.accept, life) }));
}

const yuan = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

/** One change of a record; undefined where the record has nothing that could be changed so. */
interface Mutation<T> {
  readonly name: string;
  apply(one: T, day: string, org: string): T | 'gone' | undefined;
  /** The cause it has wherever it is listed. */
  readonly cause: RevisionCause;
}

interface Dated {
  readonly org: string | null;
  readonly accept: string | null;
  readonly close: string | null;
  readonly deleted: string;
}

const isRegular = (one: Dated): boolean =>
  one.accept !== null && one.org !== null && one.org !== UNKNOWN && one.deleted === '0';

/** Only where the record counts before and after: what breaks or mends it is another cause. */
function regular<T extends Dated>(change: (one: T, day: string, org: string) => Partial<T> | undefined) {
  return (one: T, day: string, org: string): T | undefined => {
    if (!isRegular(one) || (one.close !== null && one.accept !== null && one.close < one.accept))
      return undefined;
    const changed = change(one, day, org);
    if (changed === undefined) return undefined;
    const after = { ...one, ...changed };
    return after.close !== null && after.accept !== null && after.close < after.accept ? undefined : after;
  };
}

function shared<T extends Dated>(): Mutation<T>[] {
  const close = (text: string | null) => ({ close: text }) as Partial<T>;
  return [
    { name: 'nothing', apply: (one) => one, cause: '其他' },
    { name: 'gone', apply: () => 'gone', cause: '删除' },
    {
      name: 'removed',
      apply: (one) => (one.deleted === '0' ? { ...one, deleted: '1' } : undefined),
      cause: '删除',
    },
    {
      name: 'restored',
      apply: (one) => (one.deleted === '1' ? { ...one, deleted: '0' } : undefined),
      cause: '恢复',
    },
    {
      name: 'closed late',
      apply: regular<T>((one, day) => (one.close === null ? close(day) : undefined)),
      cause: '补录结案',
    },
    {
      name: 'closing withdrawn',
      apply: regular<T>((one) => (one.close === null ? undefined : close(null))),
      cause: '撤销结案',
    },
    {
      name: 'closing date corrected',
      apply: regular<T>((one, day) => {
        if (one.close === null || one.accept === null) return undefined;
        const moved = day < one.accept ? addDays(one.accept, 20) : day;
        return moved === one.close ? undefined : close(moved);
      }),
      cause: '结案日期更正',
    },
    {
      name: 'acceptance date corrected',
      apply: regular<T>((one, day) => {
        const moved = one.close !== null && day > one.close ? addDays(one.close, -20) : day;
        return moved === one.accept ? undefined : ({ accept: moved } as Partial<T>);
      }),
      cause: '受理日期更正',
    },
    {
      name: 'moved to another body',
      apply: regular<T>((one, _day, org) => (one.org === org ? undefined : ({ org } as Partial<T>))),
      cause: '机构变更',
    },
    {
      name: 'its body became unknown',
      apply: (one) => (one.org === UNKNOWN ? undefined : { ...one, org: UNKNOWN }),
      cause: '校验状态变化',
    },
    {
      name: 'its body was mended',
      apply: (one, _day, org) => (one.org === UNKNOWN ? { ...one, org } : undefined),
      cause: '校验状态变化',
    },
    {
      name: 'closed before it was accepted',
      apply: (one) => (one.accept === null ? undefined : { ...one, close: addDays(one.accept, -1) }),
      cause: '校验状态变化',
    },
    {
      name: 'its wrong closing was mended',
      apply: (one) =>
        one.accept !== null && one.close !== null && one.close < one.accept
          ? { ...one, close: one.accept }
          : undefined,
      cause: '校验状态变化',
    },
    {
      name: 'its mark of removal became odd',
      apply: (one) => (one.deleted === '0' ? { ...one, deleted: '2' } : undefined),
      cause: '校验状态变化',
    },
  ];
}

const CASE_MUTATIONS: readonly Mutation<CaseModel>[] = [
  ...shared<CaseModel>(),
  {
    name: 'acceptance withdrawn',
    apply: regular<CaseModel>(() => ({ accept: null, close: null })),
    cause: '受理日期更正',
  },
  {
    name: 'rejection set or moved',
    apply: (one, day) => (one.accept === null && one.reject !== day ? { ...one, reject: day } : undefined),
    cause: '其他',
  },
  {
    name: 'rejection withdrawn',
    apply: (one) => (one.reject === null ? undefined : { ...one, reject: null }),
    cause: '其他',
  },
  {
    name: 'kind of dispute corrected',
    apply: (one) => ({ ...one, type: one.type === '05' ? '10' : '05' }),
    cause: '其他',
  },
  { name: 'amount corrected', apply: (one) => ({ ...one, claim: '123456.78' }), cause: '其他' },
  { name: 'award corrected', apply: (one) => ({ ...one, award: '0.01' }), cause: '其他' },
];

const MEDIATION_MUTATIONS: readonly Mutation<MediationModel>[] = [
  ...shared<MediationModel>(),
  { name: 'persons corrected', apply: (one) => ({ ...one, workers: one.workers + 1 }), cause: '其他' },
  { name: 'amount corrected', apply: (one) => ({ ...one, amount: '123456.78' }), cause: '其他' },
];

interface Changed<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
  readonly cause: RevisionCause;
  readonly name: string;
}

interface Step {
  readonly mutation: number;
  readonly day: string;
  readonly org: string;
}

const LATE = { name: 'entered late', cause: '补录受理' } as const;

/** Apply the first mutation, from the one that was drawn, that fits the record. */
function change<T>(one: T, isLate: boolean, step: Step, mutations: readonly Mutation<T>[]): Changed<T> {
  if (isLate) return { before: undefined, after: one, ...LATE };
  for (let turn = 0; turn < mutations.length; turn += 1) {
    const mutation = mutations[(step.mutation + turn) % mutations.length];
    const after = mutation?.apply(one, step.day, step.org);
    if (mutation === undefined || after === undefined) continue;
    return {
      before: one,
      after: after === 'gone' ? undefined : after,
      cause: mutation.cause,
      name: mutation.name,
    };
  }
  return { before: one, after: one, cause: '其他', name: 'nothing' };
}

interface History {
  readonly frame: Frame;
  readonly oldAsOf: string;
  readonly newAsOf: string;
  readonly cases: readonly Changed<CaseModel>[];
  readonly mediations: readonly Changed<MediationModel>[];
}

const history: fc.Arbitrary<History> = frame.chain((around) => {
  const { end } = spansOf(around.published, around.cutoffDay);
  const oldAsOf = addDays(end, 9);
  const todayEnd = spansOf(around.today, around.cutoffDay).end;
  const newAsOf = addDays(todayEnd, 15);
  const step = fc.record({
    mutation: fc.nat(99),
    day: dayAround(around),
    org: fc.constantFrom(...ORGS),
  });
  const isLate = fc.nat(9).map((number) => number === 0);
  return fc
    .record({
      cases: fc.array(fc.tuple(caseArbitrary(around), isLate, step), { minLength: 60, maxLength: 80 }),
      mediations: fc.array(fc.tuple(mediationArbitrary(around), isLate, step), {
        minLength: 5,
        maxLength: 15,
      }),
    })
    .map(({ cases, mediations }) => ({
      frame: around,
      oldAsOf,
      newAsOf,
      cases: cases.map(([one, late, drawn], index) =>
        change(aCase(index + 1, one), late, drawn, CASE_MUTATIONS),
      ),
      mediations: mediations.map(([one, late, drawn], index) =>
        change(aMediation(index + 1, one), late, drawn, MEDIATION_MUTATIONS),
      ),
    }));
});

const sideOf = (drawn: History, side: 'before' | 'after'): SourceModel => ({
  orgs: ORGS,
  cases: drawn.cases.flatMap((one) => one[side] ?? []),
  mediations: drawn.mediations.flatMap((one) => one[side] ?? []),
});

/** What the statement has to say of each record that it has to list. */
interface Expected {
  readonly cause: readonly RevisionCause[];
  readonly deltas: Contributions;
  readonly name: string;
}

function expectedOf(drawn: History): Map<string, Expected> {
  const { published, cutoffDay } = drawn.frame;
  const spans = spansOf(published, cutoffDay);
  const found = new Map<string, Expected>();
  const add = (key: string, changed: Changed<Dated>, before: Contributions, now: Contributions): void => {
    const deltas = difference(before, now);
    if (deltas.size > 0) found.set(key, { cause: causesOf(drawn, changed), deltas, name: changed.name });
  };
  for (const [index, changed] of drawn.cases.entries()) {
    const { before, after } = changed;
    add(
      `case ${index + 1}`,
      changed,
      caseContributions(before, ORGS, drawn.oldAsOf, spans),
      caseContributions(after, ORGS, drawn.newAsOf, spans),
    );
  }
  for (const [index, changed] of drawn.mediations.entries()) {
    const { before, after } = changed;
    add(
      `mediation ${index + 1}`,
      changed,
      mediationContributions(before, ORGS, drawn.oldAsOf, spans),
      mediationContributions(after, ORGS, drawn.newAsOf, spans),
    );
  }
  return found;
}

/** A date after the snapshot's day breaks a record on that side, whatever else was changed. */
function causesOf({ oldAsOf, newAsOf }: History, { before, after, cause }: Changed<Dated>): RevisionCause[] {
  const isBroken = (one: Dated | undefined, asOf: string): boolean =>
    one?.accept != null &&
    (one.accept > asOf || (one.close !== null && (one.close > asOf || one.close < one.accept)));
  const broke = isBroken(before, oldAsOf) !== isBroken(after, newAsOf);
  const isFirst = ['删除', '恢复', '补录受理', '受理日期更正'].includes(cause);
  if (!broke || before === undefined || after === undefined) return [cause];
  return isFirst ? [cause, '校验状态变化'] : ['校验状态变化'];
}

function checkStatement(drawn: History, statement: Statement): void {
  const expected = expectedOf(drawn);
  const keyOf = ({ caseId, caseNo }: { caseId: string; caseNo: string }): string =>
    `${caseNo === '（案外调解）' ? 'mediation' : 'case'} ${caseId}`;
  const listed = statement.entries.map(keyOf);
  expect(listed.toSorted()).toEqual([...expected.keys()].toSorted());
  expect(statement.cases).toBe(listed.length);
  for (const entry of statement.entries) {
    const { cause, deltas, name } = expected.get(keyOf(entry)) ?? { cause: [], deltas: new Map(), name: '' };
    expect(cause, `${keyOf(entry)}, ${name}: ${entry.oldValues} → ${entry.newValues}`).toContain(entry.cause);
    for (const { orgCode, openingDelta, otherDeltas } of entry.effects) {
      expect(BigInt(openingDelta) * 100n).toBe(deltas.get(`${orgCode}/stock/B01`) ?? 0n);
      expect(readDeltas(orgCode, otherDeltas)).toEqual(saidDeltas(orgCode, deltas));
    }
    expect(entry.effects.map(({ orgCode }) => orgCode).toSorted()).toEqual(
      [...new Set([...deltas.keys()].map((key) => key.split('/')[0] ?? ''))].toSorted(),
    );
  }
  checkSums(drawn, statement);
}

/** `累计A02 +1;当期A08 −0.50元` → quantities under `body/span/indicator`. */
function readDeltas(orgCode: string, text: string): Record<string, bigint> {
  const parts = text === '' ? [] : text.split(';');
  return Object.fromEntries(
    parts.map((part) => {
      const [, span, id, sign, whole, fraction] =
        /^(当期|累计)([A-Z]+\d*) ([+−])(\d+)(?:\.(\d\d)元)?$/.exec(part) ?? [];
      const quantity = BigInt(whole ?? 'x') * 100n + BigInt(fraction ?? '0');
      return [`${orgCode}/${span === '累计' ? 'ytd' : 'month'}/${id}`, sign === '−' ? -quantity : quantity];
    }),
  );
}

const HEADS: readonly (readonly [head: string, parts: RegExp])[] = [
  ['A02', /^(A06|A08|T\d\d)$/],
  ['C01', /^(C11|C12|C13)$/],
  ['M01', /^M05$/],
  ['M02', /^M06$/],
];

/** The deltas without the stock, and without the breakdowns of a figure that changed itself. */
function saidDeltas(orgCode: string, deltas: Contributions): Record<string, bigint> {
  return Object.fromEntries(
    [...deltas].filter(([key]) => {
      const [org, span, id = ''] = key.split('/');
      const head = HEADS.find(([, parts]) => parts.test(id))?.[0];
      return org === orgCode && span !== 'stock' && !deltas.has(`${org}/${span}/${head}`);
    }),
  );
}

/** New figure − published figure = signed sum over the list, by the naive count and by the statement itself. */
function checkSums(drawn: History, { checks, summary, entries }: Statement): void {
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const spans = spansOf(drawn.frame.published, drawn.frame.cutoffDay);
  const stock = (side: 'before' | 'after', asOf: string, org: string): bigint =>
    sideOf(drawn, side).cases.reduce(
      (sum, one) => sum + (caseContributions(one, ORGS, asOf, spans).get(`${org}/stock/B01`) ?? 0n) / 100n,
      0n,
    );
  expect(summary.map(({ orgCode }) => orgCode)).toEqual(ORGS);
  for (const { orgCode, publishedClosing, opening, difference: delta, explained } of summary) {
    const listed = entries
      .flatMap(({ effects }) => effects)
      .filter((effect) => effect.orgCode === orgCode)
      .reduce((sum, { openingDelta }) => sum + BigInt(openingDelta), 0n);
    const before = stock('before', drawn.oldAsOf, orgCode);
    const now = stock('after', drawn.newAsOf, orgCode);
    expect([publishedClosing, opening, delta, explained]).toEqual(
      [before, now, now - before, listed].map(String),
    );
    expect(delta).toBe(explained);
  }
}

describe('any history', () => {
  let dir: string;
  let number = 0;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'arbdata-revision-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test(
    `${RUNS} histories: the statement is complete, exact and adds up`,
    async () => {
      const causes = new Set<string>();
      await fc.assert(
        fc.asyncProperty(history, async (drawn) => {
          const { kind, published, today, cutoffDay } = drawn.frame;
          number += 1;
          const files = await publish(
            sideOf(drawn, 'before'),
            { period: published, asOf: drawn.oldAsOf, cutoffDay },
            path.join(dir, String(number)),
          );
          const statement = await stateAgainst(files, kind, sideOf(drawn, 'after'), {
            period: today,
            asOf: drawn.newAsOf,
            cutoffDay,
          });
          for (const { cause } of statement.entries) causes.add(cause);
          checkStatement(drawn, statement);
        }),
        { numRuns: RUNS, seed: Number(process.env.ARBDATA_SEED ?? 20261103), endOnFailure: true },
      );
      // Every cause but a change of definitions came up.
      expect([...causes].toSorted()).toEqual(
        [
          '其他',
          '删除',
          '受理日期更正',
          '恢复',
          '撤销结案',
          '机构变更',
          '校验状态变化',
          '结案日期更正',
          '补录受理',
          '补录结案',
        ].toSorted(),
      );
    },
    RUNS * 10_000,
  );
});
