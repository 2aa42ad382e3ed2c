/**
 * Sources of a few people and firms, days and numbers, so that nearly everything meets: pre-applications that repeat each
 * other, cases that name them or nearly do, names and numbers written in many ways.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { PairDecision } from '../../pipelines/steps/pre-application-comparison/classify.ts';
import { between, mostly, none, one, writings, written } from '../property/support/draw.ts';
import { dateText, dayOf } from '../reference/dates.ts';
import type { RawRow, RawSource } from '../reference/source.ts';
import type { ComparisonAsked } from './support.ts';

type Cell = string | null;
export interface AskedWorld {
  readonly source: RawSource;
  readonly asked: ComparisonAsked;
}

const END = dayOf('2026-10-31');
const days = mostly(70, between(-45, 6), between(-70, 12)).map((offset) => dateText(END + offset));
const clocks = one('09:30:00', '09:30:00.5', '16:00:00', '00:00:00');
const stamps = fc.tuple(days, clocks).map(([day, clock]) => `${day} ${clock}`);

const NAMES = ['张三', '李四', '北京甲（集团）有限公司', '乙公司'];
const NUMBERS = ['110101199003071233', '11010119900307002X', '91110105MA2FC63TQG'];
const names: Arbitrary<Cell> = mostly<Cell>(
  88,
  one(...NAMES),
  one(
    '张 三',
    '\u3000李四',
    '北京甲(集团)有限公司',
    '\uFEFF乙公司',
    'ｱ公司',
    'ア公司',
    '乙\u200b公司',
    '张\n三',
  ),
  one<Cell>('', ' ', '\u3000', null),
);
const numbers: Arbitrary<Cell> = mostly<Cell>(
  60,
  one(...NUMBERS),
  one(
    '11010119900307002x',
    '110101 199003071233',
    '１１０１０１１９９００３０７１２３３',
    '91110105ma2fc63tqg',
    '無',
  ),
  one<Cell>(null, '', ' '),
);
const orgs: Arbitrary<Cell> = mostly<Cell>(
  80,
  one('110101'),
  one('110105', ' 110101', '１１０１０１', '999'),
);
const disputes: Arbitrary<Cell> = mostly<Cell>(70, one('05'), one<Cell>('06', null, '', '０５', '77'));
const amounts: Arbitrary<Cell> = one<Cell>(
  ...['100.00', '100.01', '100.02', '99.99', '0', '-100', '9999999999999999.99', '-9999999999999999.99'],
  null,
);
const caseNumbers: Arbitrary<Cell> = mostly<Cell>(
  45,
  none,
  between(1, 4).map((number) => `京东劳人仲字〔2026〕第0000${number}号`),
  one<Cell>('京东劳人仲字〔2026〕第00001号 ', '京东劳人仲字〔２０２６〕第00002号', '', '无'),
);
const updated = between(1, 4).map((day) => `2026-09-0${day} 09:30:00`);

const preApplications: Arbitrary<RawRow> = fc.record({
  SUBMIT_TIME: mostly<Cell>(97, stamps, none),
  ORG_CODE: orgs,
  APPLICANT_KIND: one('1', '2'),
  APPLICANT_NAME: names,
  APPLICANT_ID_NO: numbers,
  RESPONDENT_NAME: names,
  RESPONDENT_ID_NO: numbers,
  DISPUTE_TYPE: disputes,
  CLAIM_AMOUNT: amounts,
  STATUS: mostly<Cell>(92, one('1', '2', '2', '3', '4', '5'), one<Cell>('9', null, '２', ' 1')),
  REVIEW_TIME: mostly<Cell>(50, none, stamps),
  CASE_NO: caseNumbers,
  UPDATED_AT: updated,
});

const cases: Arbitrary<RawRow> = fc.record({
  CASE_NO: caseNumbers,
  ORG_CODE: orgs,
  PRE_APP_ID: mostly<Cell>(
    55,
    none,
    fc.tuple(between(1, 9), writings).map(([n, way]) => written(`Y${n}`, way)),
  ),
  APPLY_DATE: mostly<Cell>(96, days, none),
  APPLY_CHANNEL: mostly<Cell>(90, one('1', '2', '2'), one<Cell>('２', null)),
  ACCEPT_DATE: mostly<Cell>(50, none, days),
  REJECT_DATE: none,
  LIMIT_START_DATE: none,
  EXCLUDED_DAYS: fc.constant('0'),
  SUSPENDED_SINCE: none,
  EXTEND_DAYS: fc.constant('0'),
  DISPUTE_TYPE: disputes,
  APPLICANT_SIDE: fc.constant('1'),
  WORKER_COUNT: fc.constant('1'),
  IS_COLLECTIVE: fc.constant('0'),
  EMPLOYER_NATURE: none,
  INDUSTRY_CODE: none,
  CLAIM_AMOUNT: amounts,
  HEARING_DATE: none,
  CLOSE_DATE: none,
  CLOSE_MODE: none,
  FINAL_AWARD: fc.constant('0'),
  AWARD_RESULT: none,
  AWARD_AMOUNT: none,
  CASE_STATUS: mostly<Cell>(80, one('20', '60'), none),
  DELETED: mostly<Cell>(85, one('0'), one<Cell>('1', '１', null)),
  CREATED_AT: updated,
  UPDATED_AT: updated,
});

const parties: Arbitrary<RawRow> = fc.record({
  ROLE: mostly<Cell>(92, one('1', '2'), one<Cell>('3', null, '２')),
  PARTY_KIND: one('1', '2'),
  NAME: names,
  ID_NO: numbers,
  GENDER: none,
  BIRTH_DATE: none,
  PHONE: none,
  ADDRESS: none,
  UPDATED_AT: updated,
});

/** A key of a few, so that some rows share one; rarely none. */
const keyed = (key: string, most: number, rows: Arbitrary<RawRow>, prefix = ''): Arbitrary<RawRow[]> =>
  fc
    .array(fc.tuple(mostly<number | null>(98, between(1, most), none), rows), {
      maxLength: most,
      size: 'max',
    })
    .map((list) => {
      // Rows of one key differ in UPDATED_AT, so that it is known which one is kept.
      const seen = new Map<string, number>();
      return list.map(([number, row]) => {
        if (number === null) return { [key]: null, ...row };
        const name = `${prefix}${number}`;
        const copy = seen.get(name) ?? 0;
        seen.set(name, copy + 1);
        const minute = String(copy).padStart(2, '0');
        return { [key]: name, ...row, UPDATED_AT: `2026-09-01 09:${minute}:00` };
      });
    });

/** What a person said of some pairs. */
const decisions = fc.uniqueArray(
  fc.record({
    preAppId: between(1, 9).map((n) => `Y${n}`),
    caseId: between(1, 9).map(String),
    verdict: one<'confirmed' | 'rejected'>('confirmed', 'rejected'),
  }),
  { maxLength: 3, selector: ({ preAppId, caseId }) => `${preAppId} ${caseId}` },
);

/** Sources and what is asked of them. */
export const smallWorlds: Arbitrary<AskedWorld> = fc
  .record({
    asOf: between(-5, 20).map((offset) => dateText(END + offset)),
    preApplications: keyed('PRE_APP_ID', 9, preApplications, 'Y'),
    cases: keyed('CASE_ID', 9, cases),
    parties: fc.array(fc.tuple(mostly<number | null>(97, between(1, 9), none), parties), {
      maxLength: 30,
      size: 'max',
    }),
    decisions: mostly<PairDecision[]>(70, fc.constant([]), decisions),
    /** Cases that were entered from a pre-application as it was. */
    faithful: fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 4, size: 'max' }),
  })
  .map((drawn) => withFaithfulCases(drawn, assemble(drawn)));

/** Let some cases, with two parties more, be what a pre-application says. */
function withFaithfulCases(
  { faithful }: { faithful: readonly (readonly [number, number])[] },
  world: AskedWorld,
): AskedWorld {
  const cases = [...world.source.ARB_CASE];
  const parties = [...world.source.ARB_PARTY];
  for (const [preAt, caseAt] of faithful) {
    const pre = world.source.PRE_APPLICATION[preAt];
    const one = cases[caseAt];
    if (pre === undefined || one === undefined) continue;
    const { ORG_CODE = null, DISPUTE_TYPE = null, CLAIM_AMOUNT = null } = pre;
    const copy = { ORG_CODE, DISPUTE_TYPE, CLAIM_AMOUNT, PRE_APP_ID: pre['PRE_APP_ID'] ?? null };
    cases[caseAt] = { ...one, ...copy, ACCEPT_DATE: caseAt % 2 === 0 ? '2026-10-20' : null };
    for (const [role, prefix] of [
      ['1', 'APPLICANT_'],
      ['2', 'RESPONDENT_'],
    ] as const) {
      parties.push({
        PARTY_ID: String(parties.length + 1),
        CASE_ID: one['CASE_ID'] ?? null,
        ROLE: role,
        PARTY_KIND: '1',
        NAME: pre[`${prefix}NAME`] ?? null,
        ID_NO: pre[`${prefix}ID_NO`] ?? null,
        UPDATED_AT: '2026-09-01 09:30:00',
      });
    }
  }
  return { ...world, source: { ...world.source, ARB_CASE: cases, ARB_PARTY: parties } };
}

interface DrawnWorld {
  readonly asOf: string;
  readonly preApplications: RawRow[];
  readonly cases: RawRow[];
  readonly parties: readonly (readonly [number | null, RawRow])[];
  readonly decisions: NonNullable<ComparisonAsked['decisions']>;
}

function assemble(drawn: DrawnWorld): AskedWorld {
  return {
    asked: { start: '2026-10-01', end: '2026-10-31', asOf: drawn.asOf, decisions: drawn.decisions },
    source: {
      ARB_ORG: [
        {
          ORG_CODE: '110101',
          ORG_NAME: '某委',
          DISTRICT_CODE: '110101',
          ORG_LEVEL: '2',
          CASE_WORD: '京东',
        },
      ],
      ARB_CASE: drawn.cases,
      ARB_PARTY: drawn.parties.map(([caseId, row], place) => ({
        PARTY_ID: String(place + 1),
        CASE_ID: caseId === null ? null : String(caseId),
        ...row,
      })),
      ARB_CLAIM: [],
      ARB_MEDIATION: [],
      PRE_APPLICATION: drawn.preApplications,
    },
  };
}
