/**
 * The source contract: the six read-only views that the service reads, stated once.
 * Column order is the order in CSV files. NULL and the empty string are the same thing.
 */

/** Names of the views, in the order in which they are read. */
export const VIEW_NAMES = [
  'ARB_ORG',
  'ARB_CASE',
  'ARB_PARTY',
  'ARB_CLAIM',
  'ARB_MEDIATION',
  'PRE_APPLICATION',
] as const;
export type ViewName = (typeof VIEW_NAMES)[number];

/** Code lists of schemas/definitions/codes.json. */
export const CODE_LIST_NAMES = [
  'apply_channel',
  'award_result',
  'case_status',
  'close_mode',
  'dispute_type',
  'employer_nature',
  'industry',
  'mediation_result',
  'mediator_kind',
  'pre_application_status',
] as const;
export type CodeListName = (typeof CODE_LIST_NAMES)[number];

/**
 * How a text column is normalised before any rule, indicator or link:
 * `code` (NFKC, trimmed), `identity` (the same, and a final x of a citizen number made X).
 */
export type Normalisation = 'code' | 'identity';

export interface Column {
  /** Upper-case name, as in the contract. */
  readonly name: string;
  readonly type: 'text' | 'number' | 'date' | 'timestamp';
  /** Oracle's declared type, word for word. */
  readonly oracleType: string;
  /** Whether the contract allows NULL. */
  readonly nullable: boolean;
  readonly normalise?: Normalisation;
  readonly codeList?: CodeListName;
}

export interface View {
  readonly name: ViewName;
  /** Chinese name for people. */
  readonly title: string;
  readonly key: string;
  readonly columns: readonly Column[];
}

const column = (
  name: string,
  oracleType: string,
  nullability: 'null' | 'not null',
  more: Pick<Column, 'normalise' | 'codeList'> = {},
): Column => ({
  name,
  oracleType,
  type: oracleType.startsWith('NUMBER')
    ? 'number'
    : oracleType === 'DATE'
      ? 'date'
      : oracleType.startsWith('TIMESTAMP')
        ? 'timestamp'
        : 'text',
  nullable: nullability === 'null',
  ...more,
});
const code = { normalise: 'code' } as const;
const identity = { normalise: 'identity' } as const;
const listed = (codeList: CodeListName) => ({ normalise: 'code', codeList }) as const;

export const CONTRACT: Readonly<Record<ViewName, View>> = {
  ARB_ORG: {
    name: 'ARB_ORG',
    title: '仲裁机构',
    key: 'ORG_CODE',
    columns: [
      column('ORG_CODE', 'VARCHAR2(12)', 'not null', code),
      column('ORG_NAME', 'VARCHAR2(200)', 'not null'),
      column('DISTRICT_CODE', 'CHAR(6)', 'not null', code),
      column('ORG_LEVEL', 'CHAR(1)', 'not null', code),
      column('CASE_WORD', 'VARCHAR2(20)', 'not null'),
    ],
  },
  ARB_CASE: {
    name: 'ARB_CASE',
    title: '仲裁案件',
    key: 'CASE_ID',
    columns: [
      column('CASE_ID', 'NUMBER(18)', 'not null'),
      column('CASE_NO', 'VARCHAR2(64)', 'null', code),
      column('ORG_CODE', 'VARCHAR2(12)', 'not null', code),
      column('PRE_APP_ID', 'VARCHAR2(32)', 'null', code),
      column('APPLY_DATE', 'DATE', 'not null'),
      column('APPLY_CHANNEL', 'CHAR(1)', 'not null', listed('apply_channel')),
      column('ACCEPT_DATE', 'DATE', 'null'),
      column('REJECT_DATE', 'DATE', 'null'),
      column('LIMIT_START_DATE', 'DATE', 'null'),
      column('EXCLUDED_DAYS', 'NUMBER(5)', 'not null'),
      column('SUSPENDED_SINCE', 'DATE', 'null'),
      column('EXTEND_DAYS', 'NUMBER(3)', 'not null'),
      column('DISPUTE_TYPE', 'CHAR(2)', 'null', listed('dispute_type')),
      column('APPLICANT_SIDE', 'CHAR(1)', 'null', code),
      column('WORKER_COUNT', 'NUMBER(6)', 'not null'),
      column('IS_COLLECTIVE', 'CHAR(1)', 'not null', code),
      column('EMPLOYER_NATURE', 'CHAR(3)', 'null', listed('employer_nature')),
      column('INDUSTRY_CODE', 'CHAR(1)', 'null', listed('industry')),
      column('CLAIM_AMOUNT', 'NUMBER(18,2)', 'null'),
      column('HEARING_DATE', 'DATE', 'null'),
      column('CLOSE_DATE', 'DATE', 'null'),
      column('CLOSE_MODE', 'CHAR(1)', 'null', listed('close_mode')),
      column('FINAL_AWARD', 'CHAR(1)', 'not null', code),
      column('AWARD_RESULT', 'CHAR(1)', 'null', listed('award_result')),
      column('AWARD_AMOUNT', 'NUMBER(18,2)', 'null'),
      column('CASE_STATUS', 'CHAR(2)', 'not null', listed('case_status')),
      column('DELETED', 'CHAR(1)', 'not null', code),
      column('CREATED_AT', 'TIMESTAMP(6)', 'not null'),
      column('UPDATED_AT', 'TIMESTAMP(6)', 'not null'),
    ],
  },
  ARB_PARTY: {
    name: 'ARB_PARTY',
    title: '当事人',
    key: 'PARTY_ID',
    columns: [
      column('PARTY_ID', 'NUMBER(18)', 'not null'),
      column('CASE_ID', 'NUMBER(18)', 'not null'),
      column('ROLE', 'CHAR(1)', 'not null', code),
      column('PARTY_KIND', 'CHAR(1)', 'not null', code),
      column('NAME', 'VARCHAR2(300)', 'not null'),
      column('ID_NO', 'VARCHAR2(40)', 'null', identity),
      column('GENDER', 'CHAR(1)', 'null', code),
      column('BIRTH_DATE', 'DATE', 'null'),
      column('PHONE', 'VARCHAR2(40)', 'null'),
      column('ADDRESS', 'VARCHAR2(500)', 'null'),
      column('UPDATED_AT', 'TIMESTAMP(6)', 'not null'),
    ],
  },
  ARB_CLAIM: {
    name: 'ARB_CLAIM',
    title: '仲裁请求',
    key: 'CLAIM_ID',
    columns: [
      column('CLAIM_ID', 'NUMBER(18)', 'not null'),
      column('CASE_ID', 'NUMBER(18)', 'not null'),
      column('CLAIM_TYPE', 'CHAR(2)', 'not null', listed('dispute_type')),
      column('AMOUNT', 'NUMBER(18,2)', 'null'),
      column('SUPPORTED_AMOUNT', 'NUMBER(18,2)', 'null'),
      column('UPDATED_AT', 'TIMESTAMP(6)', 'not null'),
    ],
  },
  ARB_MEDIATION: {
    name: 'ARB_MEDIATION',
    title: '案外调解',
    key: 'MEDIATION_ID',
    columns: [
      column('MEDIATION_ID', 'NUMBER(18)', 'not null'),
      column('ORG_CODE', 'VARCHAR2(12)', 'not null', code),
      column('MEDIATOR_KIND', 'CHAR(1)', 'not null', listed('mediator_kind')),
      column('ACCEPT_DATE', 'DATE', 'not null'),
      column('CLOSE_DATE', 'DATE', 'null'),
      column('RESULT', 'CHAR(1)', 'null', listed('mediation_result')),
      column('DISPUTE_TYPE', 'CHAR(2)', 'null', listed('dispute_type')),
      column('WORKER_COUNT', 'NUMBER(6)', 'not null'),
      column('AMOUNT', 'NUMBER(18,2)', 'null'),
      column('DELETED', 'CHAR(1)', 'not null', code),
      column('UPDATED_AT', 'TIMESTAMP(6)', 'not null'),
    ],
  },
  PRE_APPLICATION: {
    name: 'PRE_APPLICATION',
    title: '网上预申请',
    key: 'PRE_APP_ID',
    columns: [
      column('PRE_APP_ID', 'VARCHAR2(32)', 'not null', code),
      column('SUBMIT_TIME', 'TIMESTAMP(6)', 'not null'),
      column('ORG_CODE', 'VARCHAR2(12)', 'not null', code),
      column('APPLICANT_KIND', 'CHAR(1)', 'not null', code),
      column('APPLICANT_NAME', 'VARCHAR2(300)', 'not null'),
      column('APPLICANT_ID_NO', 'VARCHAR2(40)', 'null', identity),
      column('RESPONDENT_NAME', 'VARCHAR2(300)', 'not null'),
      column('RESPONDENT_ID_NO', 'VARCHAR2(40)', 'null', identity),
      column('DISPUTE_TYPE', 'CHAR(2)', 'null', listed('dispute_type')),
      column('CLAIM_AMOUNT', 'NUMBER(18,2)', 'null'),
      column('STATUS', 'CHAR(1)', 'not null', listed('pre_application_status')),
      column('REVIEW_TIME', 'TIMESTAMP(6)', 'null'),
      column('CASE_NO', 'VARCHAR2(64)', 'null', code),
      column('UPDATED_AT', 'TIMESTAMP(6)', 'not null'),
    ],
  },
};

/** All views, in reading order. */
export const VIEWS: readonly View[] = VIEW_NAMES.map((name) => CONTRACT[name]);

/** The columns of a view that hold dates or times. */
export function dateColumns({ columns }: Pick<View, 'columns'>): Column[] {
  return columns.filter(({ type }) => type === 'date' || type === 'timestamp');
}

/**
 * The engine's type of a column: how the embedded source and every snapshot hold it.
 * DATE keeps Oracle's time of day (TIMESTAMP); money and NUMBER stay exact.
 */
export function engineType(column: Column): 'VARCHAR' | 'BIGINT' | 'INTEGER' | 'DECIMAL(18,2)' | 'TIMESTAMP' {
  if (column.type === 'text') return 'VARCHAR';
  if (column.type === 'date' || column.type === 'timestamp') return 'TIMESTAMP';
  if (column.oracleType === 'NUMBER(18)') return 'BIGINT';
  if (column.oracleType === 'NUMBER(18,2)') return 'DECIMAL(18,2)';
  return 'INTEGER';
}
