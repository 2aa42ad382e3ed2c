/**
 * Small sources that are mostly plausible and nasty in places: near the edges of the period, of the snapshot's date and
 * of deadlines around holidays; with duplicates, gaps, unknown codes, padded text and dates out of order.
 */
import fc, { type Arbitrary } from 'fast-check';
import { dateText, dayOf } from '../../reference/dates.ts';
import type { RawRow, RawSource } from '../../reference/source.ts';
import { windowsOf } from '../../reference/statistics.ts';
import { type CaseRows, dirtyCases, strayClaims, strayParties } from './dirty-case.ts';
import {
  type Anchors,
  amounts,
  BODIES,
  between,
  bodies,
  type Cell,
  caseNumbers,
  clocks,
  codes,
  dated,
  flags,
  lots,
  type Made,
  mostly,
  names,
  nearDays,
  none,
  numbers,
  one,
  type Pools,
  pick,
  pools,
  stamps,
  strayDates,
  writings,
  written,
} from './draw.ts';
import type { AskedQuestion } from './product.ts';

export interface AskedSource {
  readonly question: AskedQuestion;
  readonly source: RawSource;
}

// Questions

const periods = fc.oneof(
  { weight: 8, arbitrary: one('2026-10', '2026-09', '2026-01', '2026-02', '2026-03', '2024-03', '2025-12') },
  { weight: 4, arbitrary: one('2026-Q1', '2026-Q3', '2026-Q4', '2026-H1', '2025-H2', '2026', '2025') },
  { weight: 2, arbitrary: one('2027-01', '2027-01', '2009-12', '2010-01', '2027-Q1') },
);
const windowOf = ({ period, cutoffDay }: Pick<AskedQuestion, 'period' | 'cutoffDay'>) =>
  windowsOf(period, cutoffDay === 0 ? undefined : cutoffDay);

/** A period, a cut-off day, and a snapshot before, in or after the period. */
const questions: Arbitrary<AskedQuestion> = fc
  .record({
    period: periods,
    cutoffDay: fc.oneof(fc.constant(0), one(1, 10, 15, 20, 25, 27, 28), between(1, 28)),
    asOf: mostly(75, between(1, 40), between(-40, 120), one(0, -31, 400)),
  })
  .map(({ asOf, ...asked }) => ({ ...asked, asOf: dateText(windowOf(asked).month.end + asOf) }));

/** Days around which working days are odd: holidays, make-up days, turns of years without an arrangement. */
const ODD_DAYS = [
  ...['2025-10-01', '2025-10-08', '2026-01-01', '2026-02-14', '2026-02-17', '2026-02-28', '2026-05-09'],
  ...['2026-09-20', '2026-10-07', '2026-10-10', '2027-01-01', '2024-02-29', '2009-12-31', '2012-01-01'],
].map(dayOf);

function anchorsOf(question: AskedQuestion): Anchors {
  const { month, ytd } = windowOf(question);
  const asOf = dayOf(question.asOf);
  // Most days lie near the period's edges and the snapshot's date.
  const days = [month.start, month.end, month.end, asOf, asOf, ytd.start];
  const near = [...days, ...days, ...ODD_DAYS.filter((day) => Math.abs(day - month.end) < 400)];
  return { asOf, edges: [...near, ...near.map((day) => day - 45), month.start - 360] };
}

// Rows of the other views

const mediations: Arbitrary<Made<RawRow>> = fc
  .record({
    body: bodies,
    kind: codes(['1', '2', '3', '4', '5', '9'], { odd: ['6', ''] }),
    accept: nearDays,
    toClose: mostly<number | null>(60, between(-1, 60), none),
    strays: mostly<[Made<Cell>, Made<Cell>] | null>(92, none, fc.tuple(strayDates, strayDates)),
    result: codes(['1', '2', '3', '4'], { odd: ['5', ''] }),
    fits: mostly(95, fc.constant(true), fc.constant(false)),
    clock: clocks,
    rest: fc.record({
      DISPUTE_TYPE: codes(['01', '05']),
      WORKER_COUNT: numbers(one(1, 3, 15), 0, -2),
      AMOUNT: amounts,
      DELETED: mostly<Cell>(92, flags('0'), fc.constant('1')),
      UPDATED_AT: stamps,
    }),
  })
  .map(({ body, kind, accept, toClose, strays, result, fits, clock, rest }) => (anchors: Anchors) => {
    const day = accept(anchors);
    const close = toClose !== null && day + toClose <= anchors.asOf ? day + toClose : null;
    return {
      ...rest,
      ORG_CODE: body.code,
      MEDIATOR_KIND: kind,
      ACCEPT_DATE: strays === null ? dated(day, clock) : strays[0](anchors),
      CLOSE_DATE: strays === null ? dated(close, clock) : strays[1](anchors),
      RESULT: (close !== null) === fits ? result : null,
    };
  });

const preApplications = ({ people, firms }: Pools): Arbitrary<Made<RawRow>> =>
  fc
    .record({
      body: bodies,
      submit: mostly<Made<number> | null>(98, nearDays, none),
      toReview: mostly<number | null>(60, between(-1, 12), none),
      submitClock: one('09:30:00', '16:00:00.5'),
      reviewClock: one('09:29:59', '16:00:00.5', '09:30:00', '09:30:00.000001'),
      number: mostly<((word: string, year: number) => Cell) | null>(50, none, caseNumbers),
      person: fc.nat(40),
      way: writings,
      name: names,
      rest: fc.record({
        APPLICANT_KIND: codes(['1', '2'], { missing: 1 }),
        DISPUTE_TYPE: codes(['01', '05']),
        CLAIM_AMOUNT: amounts,
        STATUS: codes(['1', '2', '2', '2', '3', '4', '5'], { missing: 1 }),
        UPDATED_AT: stamps,
      }),
    })
    .map((spec) => (anchors: Anchors) => {
      const submit = spec.submit === null ? null : dateText(spec.submit(anchors));
      const day = submit === null ? anchors.asOf : dayOf(submit);
      return {
        ...spec.rest,
        ORG_CODE: spec.body.code,
        SUBMIT_TIME: submit === null ? null : `${submit} ${spec.submitClock}`,
        REVIEW_TIME: spec.toReview === null ? null : `${dateText(day + spec.toReview)} ${spec.reviewClock}`,
        APPLICANT_NAME: spec.name,
        APPLICANT_ID_NO: written(pick(people, spec.person)(anchors), spec.way),
        RESPONDENT_NAME: spec.name,
        RESPONDENT_ID_NO: pick(firms, spec.person),
        CASE_NO: spec.number === null ? null : spec.number(spec.body.word, Number(dateText(day).slice(0, 4))),
      };
    });

const orgs: Arbitrary<RawRow[]> = fc
  .record({
    count: mostly(92, fc.constant(BODIES.length), between(0, BODIES.length)),
    name: mostly<Cell>(96, one('某仲裁委员会'), none),
    level: codes(['1', '2'], { missing: 2 }),
    district: codes(['110000'], { missing: 2 }),
    word: mostly<Cell | undefined>(96, fc.constant(undefined), one(null, '')),
    way: writings,
  })
  .map(({ count, name, level, district, word, way }) =>
    BODIES.slice(0, count).map(([code, ownWord], place) => ({
      ORG_CODE: place === 0 ? written(code, way) : code,
      ORG_NAME: name,
      DISTRICT_CODE: district,
      ORG_LEVEL: level,
      CASE_WORD: place === 1 && word !== undefined ? word : ownWord,
    })),
  );

// Keys and duplicates

/** A second row of the key of one row, with some columns of another. */
interface Copy {
  readonly of: number;
  readonly other: number;
  readonly columns: number;
  /** `tied`: as new as the row that it copies. */
  readonly updated: 'tied' | Cell;
  /** Both rows are deleted. */
  readonly isRemoved: boolean;
}
const copies = (most: number): Arbitrary<readonly Copy[]> =>
  fc.array(
    fc.record({
      of: fc.nat(100),
      other: fc.nat(100),
      columns: between(1, 0x3fff_ffff),
      updated: mostly<'tied' | Cell>(10, one('tied'), stamps),
      isRemoved: mostly(90, fc.constant(false), fc.constant(true)),
    }),
    { maxLength: most },
  );

/** The rows and their copies; a copy takes about every second column from another row, never the key. */
function withCopies(key: string, rows: readonly RawRow[], list: readonly Copy[]): RawRow[] {
  if (rows.length === 0) return [];
  const copied = list.map(({ of, other, columns, updated, isRemoved }): RawRow => {
    const base = pick(rows, of);
    const donor = pick(rows, other);
    const row: Record<string, Cell> = { ...base };
    Object.keys(base).forEach((column, place) => {
      const isTaken = ((columns >> (place % 30)) & 1) === 1;
      if (column !== key && column !== 'UPDATED_AT' && isTaken) row[column] = donor[column] ?? null;
    });
    if (updated !== 'tied' && 'UPDATED_AT' in row) row['UPDATED_AT'] = updated;
    if (isRemoved && 'DELETED' in row) row['DELETED'] = '1';
    return row;
  });
  const removed = new Set(list.filter(({ isRemoved }) => isRemoved).map(({ of }) => pick(rows, of)));
  const kept = rows.map((row) => (removed.has(row) && 'DELETED' in row ? { ...row, DELETED: '1' } : row));
  return [...kept, ...copied];
}

/** How the keys of a source run: from where, in which steps, and which row has none. */
const keySpecs = fc.record({
  first: mostly(70, one(1001n), one(1n, -7n, 990_000_000_000_000_000n)),
  step: mostly(85, one(1n), one(7_000_003n)),
  lost: mostly<number | null>(95, none, fc.nat(30)),
});
type KeySpec = typeof keySpecs extends Arbitrary<infer T> ? T : never;
const keyAt = ({ first, step }: KeySpec, place: number): string => String(first + BigInt(place) * step);

/** Give rows their keys, then copy some, then take one key away. */
function keyed(key: string, rows: readonly RawRow[], spec: KeySpec, list: readonly Copy[]): RawRow[] {
  const named = rows.map((row, place): RawRow => ({ [key]: keyAt(spec, place), ...row }));
  return withCopies(key, named, list).map((row, place) =>
    place === spec.lost ? { ...row, [key]: null } : row,
  );
}

const links = mostly<number | null>(60, fc.nat(100), none, one(-1));
const strays = <T>(rows: Arbitrary<T>) => fc.array(fc.tuple(links, rows), { maxLength: 4 });

const parts = (pool: Pools) =>
  fc.record({
    question: questions,
    orgs,
    cases: lots(dirtyCases(pool), 40),
    strayParties: strays(strayParties(pool)),
    strayClaims: strays(strayClaims),
    mediations: lots(mediations, 25),
    preApplications: fc.array(fc.tuple(writings, preApplications(pool)), { maxLength: 12, size: 'max' }),
    copies: fc.tuple(copies(1), copies(3), copies(2), copies(2), copies(2), copies(2)),
    keys: fc.tuple(keySpecs, keySpecs, keySpecs, keySpecs),
  });
type Parts = ReturnType<typeof parts> extends Arbitrary<infer T> ? T : never;

/** The parties (or claims) of all cases and the strays, each with the key of its case. */
function linked(
  rows: readonly (readonly RawRow[])[],
  strayRows: (readonly [number | null, RawRow])[],
  key: KeySpec,
) {
  const own = rows.flatMap((list, place) =>
    list.map((row): RawRow => ({ CASE_ID: keyAt(key, place), ...row })),
  );
  const caseId = (link: number | null) =>
    link === null ? null : link < 0 ? '424242' : keyAt(key, link % 40);
  return [...own, ...strayRows.map(([link, row]): RawRow => ({ CASE_ID: caseId(link), ...row }))];
}

function assemble({
  question,
  copies: [c0, c1, c2, c3, c4, c5],
  keys: [k1, k2, k3, k4],
  ...drawn
}: Parts): AskedSource {
  const anchors = anchorsOf(question);
  const cases: CaseRows[] = drawn.cases.map((one) => one(anchors));
  const parties = linked(
    cases.map((one) => one.parties),
    drawn.strayParties.map(([link, row]) => [link, row(anchors)]),
    k1,
  );
  const claims = linked(
    cases.map((one) => one.claims),
    drawn.strayClaims,
    k1,
  );
  const preApplicationRows = drawn.preApplications.map(
    ([way, row], place): RawRow => ({ PRE_APP_ID: written(`YSQ${place + 1}`, way), ...row(anchors) }),
  );
  return {
    question,
    source: {
      ARB_ORG: withCopies('ORG_CODE', drawn.orgs, c0),
      ARB_CASE: keyed(
        'CASE_ID',
        cases.map((one) => one.case),
        k1,
        c1,
      ),
      ARB_PARTY: keyed('PARTY_ID', parties, k2, c2),
      ARB_CLAIM: keyed('CLAIM_ID', claims, k3, c3),
      ARB_MEDIATION: keyed(
        'MEDIATION_ID',
        drawn.mediations.map((row) => row(anchors)),
        k4,
        c4,
      ),
      PRE_APPLICATION: withCopies('PRE_APP_ID', preApplicationRows, c5),
    },
  };
}

/** Dirty sources with the question that is asked of them. */
export const dirtySources: Arbitrary<AskedSource> = pools.chain((pool) => parts(pool).map(assemble));
