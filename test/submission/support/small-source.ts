/** Sources of a handful of cases, told by what matters to a platform, as raw rows of the six views. */
import type { RawRow, RawSource } from '../../reference/source.ts';

/** A citizen number and a credit code that are valid. */
export const CITIZEN = '110101199003071233';
const CREDIT_CODE = '91110105MA2FC63TQG';

export interface SmallCase {
  readonly id: number;
  /** False: it is not in the source at all. */
  readonly isThere: boolean;
  readonly isDeleted: boolean;
  /** 2026-09-21, 2026-11-02 (in no batch before that of November), or not accepted. */
  readonly accepted: 'early' | 'late' | 'no';
  /** Yuan. */
  readonly amount: number;
  /** The platform sees the first character alone. */
  readonly name: string;
  /** The platform never sees it. */
  readonly phone: string;
  /** The platform sees the year alone. */
  readonly birth: string;
  readonly isClosed: boolean;
  readonly error: 'none' | 'workers' | 'party' | 'claim' | 'long number' | 'mark';
}

export const PLAIN_CASE: SmallCase = {
  id: 1,
  isThere: true,
  isDeleted: false,
  accepted: 'early',
  amount: 100,
  name: '张三',
  phone: '13900001234',
  birth: '1980-05-05',
  isClosed: false,
  error: 'none',
};

export const aCase = (id: number, more: Partial<SmallCase> = {}): SmallCase => ({
  ...PLAIN_CASE,
  id,
  ...more,
});

const STAMP = '2026-09-22 09:00:00';
const ORGS: readonly RawRow[] = [
  ['110000', '京', '1'],
  ['110101', '京东', '2'],
].map(([code = '', word = '', level = '']) => ({
  ORG_CODE: code,
  ORG_NAME: `仲裁委员会${code}`,
  DISTRICT_CODE: code,
  ORG_LEVEL: level,
  CASE_WORD: word,
}));

/** The rows of some cases. */
export function smallSource(cases: readonly SmallCase[]): RawSource {
  const there = cases.filter(({ isThere }) => isThere);
  return {
    ARB_ORG: ORGS,
    ARB_CASE: there.map(caseRow),
    ARB_PARTY: there.flatMap(partyRows),
    ARB_CLAIM: there.map(claimRow),
    ARB_MEDIATION: [mediationRow()],
    PRE_APPLICATION: [preApplicationRow()],
  };
}

/** The same source with some rows changed: by view and key. */
export function withRows(source: RawSource, changes: Partial<Record<keyof RawSource, Changes>>): RawSource {
  const KEYS = {
    ARB_CASE: 'CASE_ID',
    ARB_PARTY: 'PARTY_ID',
    ARB_CLAIM: 'CLAIM_ID',
    ARB_ORG: 'ORG_CODE',
  } as const;
  const changed = { ...source };
  for (const view of Object.keys(KEYS) as (keyof typeof KEYS)[]) {
    changed[view] = source[view].map((row) => ({ ...row, ...changes[view]?.[row[KEYS[view]] ?? ''] }));
  }
  return changed;
}
export type Changes = Readonly<Record<string, RawRow>>;

function caseRow({ id, isDeleted, accepted, amount, isClosed, error }: SmallCase): RawRow {
  const isAccepted = accepted !== 'no';
  const isDone = isAccepted && isClosed;
  const number = `京东劳人仲字〔2026〕第${String(id).padStart(5, '0')}号`;
  return {
    CASE_ID: String(id),
    CASE_NO: !isAccepted ? null : error === 'long number' ? number.padEnd(65, '号') : number,
    ORG_CODE: '110101',
    APPLY_DATE: accepted === 'late' ? '2026-10-30' : '2026-09-18',
    APPLY_CHANNEL: '1',
    ACCEPT_DATE: { early: '2026-09-21', late: '2026-11-02', no: null }[accepted],
    EXCLUDED_DAYS: '0',
    EXTEND_DAYS: '0',
    DISPUTE_TYPE: '05',
    APPLICANT_SIDE: '1',
    WORKER_COUNT: error === 'workers' ? '0' : '1',
    IS_COLLECTIVE: '0',
    EMPLOYER_NATURE: '300',
    INDUSTRY_CODE: 'C',
    CLAIM_AMOUNT: `${amount}.00`,
    CLOSE_DATE: isDone ? '2026-11-05' : null,
    CLOSE_MODE: isDone ? '2' : null,
    AWARD_RESULT: isDone ? '1' : null,
    AWARD_AMOUNT: isDone ? '50.50' : null,
    FINAL_AWARD: '0',
    CASE_STATUS: isDone ? '50' : isAccepted ? '30' : '10',
    DELETED: isDeleted ? '1' : error === 'mark' ? '2' : '0',
    CREATED_AT: STAMP,
    UPDATED_AT: STAMP,
  };
}

/** Of case 7: parties 71 (a worker) and 72 (the firm). */
function partyRows({ id, name, phone, birth, error }: SmallCase): RawRow[] {
  const common = { CASE_ID: String(id), UPDATED_AT: STAMP };
  const address = '北京市东城区某胡同七号';
  return [
    {
      ...common,
      PARTY_ID: `${id}1`,
      ROLE: '1',
      PARTY_KIND: '1',
      NAME: error === 'party' ? ' ' : name,
      GENDER: '1',
      BIRTH_DATE: birth,
      PHONE: phone,
      ADDRESS: address,
    },
    {
      ...common,
      PARTY_ID: `${id}2`,
      ROLE: '2',
      PARTY_KIND: '2',
      NAME: `北京第${id}机械有限公司`,
      ID_NO: CREDIT_CODE,
      ADDRESS: address,
    },
  ];
}

function claimRow({ id, amount, error }: SmallCase): RawRow {
  return {
    CLAIM_ID: `${id}5`,
    CASE_ID: String(id),
    CLAIM_TYPE: error === 'claim' ? '77' : '05',
    AMOUNT: `${amount}.00`,
    UPDATED_AT: STAMP,
  };
}

function mediationRow(): RawRow {
  return {
    MEDIATION_ID: '900',
    ORG_CODE: '110101',
    MEDIATOR_KIND: '1',
    ACCEPT_DATE: '2026-09-02',
    DISPUTE_TYPE: '05',
    WORKER_COUNT: '1',
    AMOUNT: '1.00',
    DELETED: '0',
    UPDATED_AT: STAMP,
  };
}

function preApplicationRow(): RawRow {
  return {
    PRE_APP_ID: 'Y1',
    SUBMIT_TIME: '2026-09-01 10:00:00',
    ORG_CODE: '110101',
    APPLICANT_KIND: '1',
    APPLICANT_NAME: '赵六',
    APPLICANT_ID_NO: CITIZEN,
    RESPONDENT_NAME: '北京第九机械有限公司',
    DISPUTE_TYPE: '05',
    CLAIM_AMOUNT: '1.00',
    STATUS: '1',
    UPDATED_AT: STAMP,
  };
}
