/** A case with its parties and claims: a plausible life near the edges of the question, nasty in places. */
import fc, { type Arbitrary } from 'fast-check';
import { civilDate, dateText, dayOf } from '../../reference/dates.ts';
import type { RawRow } from '../../reference/source.ts';
import {
  type Anchors,
  amounts,
  between,
  birthdays,
  bodies,
  type Cell,
  caseNumbers,
  clocks,
  codes,
  dated,
  flags,
  type Made,
  made,
  mostly,
  names,
  nearDays,
  none,
  numbers,
  one,
  type Pools,
  pick,
  stamps,
  strayDates,
  writings,
  written,
  yuan,
} from './draw.ts';

/** Rows without the keys that tie them together. */
export interface CaseRows {
  readonly case: RawRow;
  readonly parties: readonly RawRow[];
  readonly claims: readonly RawRow[];
}

type Fate = 'closed' | 'open' | 'suspended' | 'rejected' | 'pending';
const OPEN_STATUS: Readonly<Record<Fate, string>> = {
  closed: '30',
  open: '20',
  suspended: '40',
  rejected: '60',
  pending: '10',
};
/** Days counted from something that the row itself decides. */
interface Since {
  readonly from: 'decision' | 'deadline' | 'snapshot';
  readonly days: number;
}
const since = (from: Since['from'], min: number, max: number): Arbitrary<Since> =>
  between(min, max).map((days) => ({ from, days }));
const maybe = <T>(percent: number, value: Arbitrary<T>): Arbitrary<T | null> =>
  mostly<T | null>(100 - percent, none, value);

const lives = fc.record({
  apply: nearDays,
  /** The edge near which the time limit ends, where the application does not lie near one. */
  aim: maybe(25, nearDays),
  toDecision: mostly(75, between(0, 9), between(-3, 20)),
  fate: mostly<Fate>(84, one('closed', 'closed', 'open', 'open', 'suspended'), one('rejected', 'pending')),
  restart: maybe(20, fc.oneof(since('decision', -2, 60), since('snapshot', -2, 2))),
  extend: mostly(80, fc.constant(0), between(1, 15), one(-1, 16, 999, -999)),
  excluded: mostly(75, fc.constant(0), between(1, 90), one(-1, -45, 99_999, -99_999, 30_000)),
  close: fc.oneof(since('deadline', -3, 14), since('decision', -1, 120), since('snapshot', -30, 2)),
  closesInFuture: mostly(97, fc.constant(false), fc.constant(true)),
  suspendedSince: nearDays,
  hasStatus: mostly(98, fc.constant(true), fc.constant(false)),
  hearing: maybe(40, fc.oneof(since('decision', -1, 130), since('snapshot', 58, 62))),
  clocks: fc.tuple(clocks, clocks, clocks, clocks, clocks),
});
type Life = typeof lives extends Arbitrary<infer T> ? T : never;

/** The dates and the status of a case, which go together. */
function livedFields(life: Life, anchors: Anchors): { year: number; fields: Readonly<Record<string, Cell>> } {
  const { asOf } = anchors;
  const allowed = 45 + life.extend + life.excluded;
  const aimed =
    life.aim === null || Math.abs(allowed) > 400 ? undefined : life.aim(anchors) - allowed - life.toDecision;
  const apply = aimed ?? life.apply(anchors);
  const decision = apply + life.toDecision;
  const isAccepted = life.fate !== 'rejected' && life.fate !== 'pending';
  const at = (value: Since | null, deadline: number): number | null =>
    value === null ? null : { decision, deadline, snapshot: asOf }[value.from] + value.days;
  const limitStart = at(life.restart, decision);
  const deadline = (limitStart ?? decision) + allowed;
  const close = at(life.close, deadline) ?? decision;
  const isClosed = life.fate === 'closed' && (close <= asOf + 2 || life.closesInFuture) && close > -719_000;
  const [c1, c2, c3, c4, c5] = life.clocks;
  return {
    year: civilDate(decision).year,
    fields: {
      APPLY_DATE: dated(apply, c1),
      ACCEPT_DATE: isAccepted ? dated(decision, c2) : null,
      REJECT_DATE: life.fate === 'rejected' ? dated(decision, c3) : null,
      LIMIT_START_DATE: isAccepted ? dated(limitStart, c4) : null,
      EXCLUDED_DAYS: String(life.excluded),
      EXTEND_DAYS: String(life.extend),
      SUSPENDED_SINCE: life.fate === 'suspended' ? dated(life.suspendedSince(anchors), c1) : null,
      HEARING_DATE: isAccepted ? dated(at(life.hearing, deadline), c2) : null,
      CLOSE_DATE: isClosed ? dated(close, c5) : null,
      CASE_STATUS: life.hasStatus ? (isClosed ? '50' : OPEN_STATUS[life.fate]) : null,
    },
  };
}

const caseCodes = fc.record({
  APPLY_CHANNEL: codes(['1', '2', '2', '3'], { missing: 1 }),
  DISPUTE_TYPE: codes(['01', '05', '05', '05', '10', '12', '99']),
  APPLICANT_SIDE: codes(['1', '1', '1', '2'], { missing: 2, odd: ['3', '0', ''] }),
  WORKER_COUNT: numbers(mostly(70, fc.constant(1), one(9, 10, 11, 120)), 0, -5, 999_999),
  IS_COLLECTIVE: fc.oneof({ weight: 5, arbitrary: flags('0') }, { weight: 2, arbitrary: flags('1') }),
  EMPLOYER_NATURE: codes([
    '110',
    '120',
    '130',
    '150',
    '170',
    '200',
    '300',
    '400',
    '500',
    '600',
    '700',
    '800',
    '900',
  ]),
  INDUSTRY_CODE: codes([...'ABCHTZ'], { odd: ['a', 'U', '1', ''] }),
  DELETED: mostly<Cell>(92, flags('0'), fc.constant('1')),
  CREATED_AT: stamps,
  UPDATED_AT: stamps,
});
const endings = fc.record({
  mode: codes(['1', '2', '2', '2', '3', '4', '5'], { missing: 1, odd: ['9', '0'] }),
  result: codes(['1', '2', '3'], { missing: 1, odd: ['4', 'X'] }),
  final: fc.boolean(),
});

/** Changes of single columns that nothing else in the row knows of. */
const fixed = (column: string, cells: Arbitrary<Cell>) => fc.tuple(one(column), cells.map(made));
const dateColumns = ['APPLY_DATE', 'ACCEPT_DATE', 'REJECT_DATE', 'LIMIT_START_DATE'];
const defects: Arbitrary<readonly (readonly [string, Made<Cell>])[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(one(...dateColumns, 'SUSPENDED_SINCE', 'HEARING_DATE', 'CLOSE_DATE'), strayDates),
    },
    {
      weight: 2,
      arbitrary: fixed('CASE_STATUS', codes(['10', '20', '30', '40', '50', '60'], { missing: 20 })),
    },
    { weight: 2, arbitrary: fixed('CLOSE_MODE', codes(['1', '2', '3', '4', '5'], { missing: 30 })) },
    { weight: 2, arbitrary: fixed('AWARD_RESULT', codes(['1', '2', '3'], { missing: 30 })) },
    { weight: 1, arbitrary: fixed('FINAL_AWARD', flags('1')) },
    {
      weight: 1,
      arbitrary: fc.tuple(one('EXTEND_DAYS', 'EXCLUDED_DAYS', 'WORKER_COUNT'), none.map(made<Cell>)),
    },
  ),
  { maxLength: 2 },
);

const partySpecs = fc.record({
  /** `own`: the first is the applicant, the second the respondent. */
  role: mostly<'own' | Cell>(85, fc.constant('own'), codes(['1', '2', '3'], { odd: ['4', ''] })),
  kind: mostly<'own' | Cell>(90, fc.constant('own'), codes(['1', '2'], { missing: 10, odd: ['3', ''] })),
  person: fc.nat(40),
  way: mostly(94, fc.constant(0), between(1, 5)),
  lower: mostly(90, fc.constant(false), fc.constant(true)),
  hasNumber: mostly(92, fc.constant(true), fc.constant(false)),
  birth: mostly<'same' | 'none' | Made<string>>(75, one('same', 'none'), birthdays),
  gender: mostly<Cell>(75, none, codes(['1', '2'], { odd: ['3', 'M'] })),
  name: names,
  updated: stamps,
  clock: clocks,
});
type PartySpec = typeof partySpecs extends Arbitrary<infer T> ? T : never;

function partyRow(spec: PartySpec, place: number, { people, firms }: Pools, anchors: Anchors): RawRow {
  const role = spec.role === 'own' ? String((place % 2) + 1) : spec.role;
  const kind = spec.kind === 'own' ? String((place % 2) + 1) : spec.kind;
  const number = kind === '2' ? pick(firms, spec.person) : pick(people, spec.person)(anchors);
  const born = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  const isReal = /^\d{4}-\d{2}-\d{2}$/.test(born) && born > '0001' && dateText(dayOf(born)) === born;
  const birth =
    spec.birth === 'same' ? (isReal ? born : null) : spec.birth === 'none' ? null : spec.birth(anchors);
  return {
    ROLE: role,
    PARTY_KIND: kind,
    NAME: spec.name,
    ID_NO: spec.hasNumber ? written(spec.lower ? number.replace(/X$/, 'x') : number, spec.way) : null,
    GENDER: spec.gender,
    BIRTH_DATE: kind !== '2' && birth !== null ? `${birth}${spec.clock}` : null,
    PHONE: '13990192429',
    ADDRESS: ' 北京市 ',
    UPDATED_AT: spec.updated,
  };
}

/** An amount and some cents; an amount that no number of JavaScript holds stays. */
function shifted(amount: string, cents: number): string {
  const all = Math.round(Number(amount) * 100);
  return Math.abs(all) < 1e14 ? yuan(all + cents) : amount;
}

const claimSpecs = fc
  .record({
    CLAIM_TYPE: codes(['01', '05', '10'], { missing: 1 }),
    AMOUNT: mostly<Cell>(85, between(0, 9_000_000).map(yuan), amounts),
    /** Cents between what was supported and what was claimed. */
    supportedGap: mostly<number | null>(50, none, one(-1, 0, 1)),
    SUPPORTED_AMOUNT: fc.oneof<Arbitrary<Cell>[]>(none, amounts),
    UPDATED_AT: stamps,
  })
  .map(({ supportedGap, ...claim }) => ({
    ...claim,
    SUPPORTED_AMOUNT:
      supportedGap === null || claim.AMOUNT === null
        ? claim.SUPPORTED_AMOUNT
        : shifted(claim.AMOUNT, supportedGap),
  }));

/** A party or a claim of no case, or of one that it names by chance. */
export const strayParties = (pools: Pools): Arbitrary<Made<RawRow>> =>
  partySpecs.map((spec) => (anchors: Anchors) => partyRow(spec, 0, pools, anchors));
export const strayClaims: Arbitrary<RawRow> = claimSpecs;

const money = fc.record({
  claims: fc.array(claimSpecs, { maxLength: 3 }),
  /** Cents between the case's amount and the sum of its claims; null: the two know nothing of each other. */
  gap: mostly<number | null>(80, mostly(60, fc.constant(0), one(-2, -1, 1, 2)), none),
  claimed: amounts,
  /** Cents between what was awarded and what was claimed. */
  awardGap: mostly<number | null>(30, one(-100, -1, 0, 1), none),
  awarded: amounts,
});
type Money = typeof money extends Arbitrary<infer T> ? T : never;

function moneyFields({ claims, gap, claimed, awardGap, awarded }: Money) {
  const sum = claims.reduce((total, { AMOUNT }) => total + Math.round(Number(AMOUNT ?? 0) * 100), 0);
  const isSum = gap !== null && claims.length > 0 && Math.abs(sum) < 1e14;
  const claim = isSum ? yuan(sum + gap) : claimed;
  return {
    CLAIM_AMOUNT: claim,
    AWARD_AMOUNT: awardGap === null || claim === null ? awarded : shifted(claim, awardGap),
  };
}

/** Cases with what hangs on them. */
export const dirtyCases = (pools: Pools): Arbitrary<Made<CaseRows>> =>
  fc
    .record({
      body: bodies,
      number: caseNumbers,
      preAppId: maybe(40, fc.tuple(between(1, 8), writings)),
      life: lives,
      codes: caseCodes,
      ending: endings,
      money,
      parties: mostly(
        90,
        fc.array(partySpecs, { minLength: 2, maxLength: 2 }),
        fc.array(partySpecs, { maxLength: 4 }),
      ),
      defects: mostly(75, fc.constant([]), defects),
    })
    .map((spec) => (anchors: Anchors) => {
      const { life, ending } = spec;
      const { year, fields } = livedFields(life, anchors);
      const isClosed = fields['CLOSE_DATE'] !== null;
      const isAward = isClosed && ending.mode === '2';
      const row: Record<string, Cell> = {
        ...spec.codes,
        ...fields,
        ...moneyFields(spec.money),
        CASE_NO: fields['ACCEPT_DATE'] === null ? null : spec.number(spec.body.word, year),
        ORG_CODE: spec.body.code,
        PRE_APP_ID: spec.preAppId === null ? null : written(`YSQ${spec.preAppId[0]}`, spec.preAppId[1]),
        CLOSE_MODE: isClosed ? ending.mode : null,
        FINAL_AWARD: isAward && ending.final ? '1' : '0',
        AWARD_RESULT: isAward ? ending.result : null,
      };
      for (const [column, value] of spec.defects) row[column] = value(anchors);
      return {
        case: row,
        parties: spec.parties.map((party, place) => partyRow(party, place, pools, anchors)),
        claims: spec.money.claims,
      };
    });
