/** The six views as raw rows of text, and what stays of them: one row per key, normalised, typed. */

import { dayOf } from './dates.ts';

/** One row as it stands in a CSV file: column name to text; null where nothing is given. */
export type RawRow = Readonly<Record<string, string | null>>;

const VIEW_LIST = [
  'ARB_ORG',
  'ARB_CASE',
  'ARB_PARTY',
  'ARB_CLAIM',
  'ARB_MEDIATION',
  'PRE_APPLICATION',
] as const;
export type ReferenceView = (typeof VIEW_LIST)[number];
export type RawSource = Readonly<Record<ReferenceView, readonly RawRow[]>>;

/** Per view, in contract order: `!` not null, `c` a code, `i` an identity number, `*` the key. */
const COLUMNS: Readonly<Record<ReferenceView, string>> = {
  ARB_ORG: 'ORG_CODE*!c ORG_NAME! DISTRICT_CODE!c ORG_LEVEL!c CASE_WORD!',
  ARB_CASE:
    'CASE_ID*! CASE_NOc ORG_CODE!c PRE_APP_IDc APPLY_DATE! APPLY_CHANNEL!c ACCEPT_DATE REJECT_DATE ' +
    'LIMIT_START_DATE EXCLUDED_DAYS! SUSPENDED_SINCE EXTEND_DAYS! DISPUTE_TYPEc APPLICANT_SIDEc WORKER_COUNT! ' +
    'IS_COLLECTIVE!c EMPLOYER_NATUREc INDUSTRY_CODEc CLAIM_AMOUNT HEARING_DATE CLOSE_DATE CLOSE_MODEc ' +
    'FINAL_AWARD!c AWARD_RESULTc AWARD_AMOUNT CASE_STATUS!c DELETED!c CREATED_AT! UPDATED_AT!',
  ARB_PARTY:
    'PARTY_ID*! CASE_ID! ROLE!c PARTY_KIND!c NAME! ID_NOi GENDERc BIRTH_DATE PHONE ADDRESS UPDATED_AT!',
  ARB_CLAIM: 'CLAIM_ID*! CASE_ID! CLAIM_TYPE!c AMOUNT SUPPORTED_AMOUNT UPDATED_AT!',
  ARB_MEDIATION:
    'MEDIATION_ID*! ORG_CODE!c MEDIATOR_KIND!c ACCEPT_DATE! CLOSE_DATE RESULTc DISPUTE_TYPEc WORKER_COUNT! ' +
    'AMOUNT DELETED!c UPDATED_AT!',
  PRE_APPLICATION:
    'PRE_APP_ID*!c SUBMIT_TIME! ORG_CODE!c APPLICANT_KIND!c APPLICANT_NAME! APPLICANT_ID_NOi RESPONDENT_NAME! ' +
    'RESPONDENT_ID_NOi DISPUTE_TYPEc CLAIM_AMOUNT STATUS!c REVIEW_TIME CASE_NOc UPDATED_AT!',
};

interface ColumnNote {
  readonly name: string;
  readonly key: boolean;
  readonly needed: boolean;
  readonly text: 'code' | 'identity' | undefined;
}

/** The columns of a view, read from COLUMNS. */
function columnsOf(view: ReferenceView): ColumnNote[] {
  return COLUMNS[view].split(' ').map((note) => {
    const [, name = '', key, needed, kind] = /^([A-Z_]+)(\*)?(!)?([ci])?$/.exec(note) ?? [];
    return {
      name,
      key: key !== undefined,
      needed: needed !== undefined,
      text: kind === 'c' ? 'code' : kind === 'i' ? 'identity' : undefined,
    };
  });
}

/** V049: NFKC, trimmed, and the lower-case x at the end of a citizen number made X; nothing left is no value. */
export function normalised(text: string, kind: 'code' | 'identity'): string | null {
  const trimmed = text.normalize('NFKC').trim();
  if (trimmed === '') return null;
  return kind === 'identity' && /^[0-9]{17}x$/.test(trimmed) ? `${trimmed.slice(0, 17)}X` : trimmed;
}

/** A kept row: its values normalised, and which columns needed it. */
export class Row {
  readonly view: ReferenceView;
  readonly key: string | null;
  /** Whether several rows of the source have this key, and not all of them are deleted. */
  readonly isRepeated: boolean;
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly #values = new Map<string, string | null>();

  constructor(view: ReferenceView, raw: RawRow, isRepeated: boolean) {
    const changed: string[] = [];
    const missing: string[] = [];
    let key: string | null = null;
    for (const column of columnsOf(view)) {
      const given = raw[column.name] || null;
      const value = given !== null && column.text !== undefined ? normalised(given, column.text) : given;
      if (given !== null && column.text !== undefined && value !== given) changed.push(column.name);
      if (value === null && column.needed) missing.push(column.name);
      if (column.key) key = value;
      this.#values.set(column.name, value);
    }
    this.view = view;
    this.key = key;
    this.isRepeated = isRepeated;
    this.changed = changed;
    this.missing = missing;
  }

  text(column: string): string | null {
    const value = this.#values.get(column);
    if (value === undefined) throw new Error(`${this.view} has no column ${column}`);
    return value;
  }

  /** How a finding names the row: rows without a key share one name. */
  get record(): string {
    return this.key ?? '（空）';
  }

  /** A DATE or TIMESTAMP: its date part as a day number. */
  day(column: string): number | null {
    const value = this.text(column);
    return value === null ? null : dayOf(value);
  }

  /** A TIMESTAMP in a form that sorts as time does. */
  time(column: string): string | null {
    const value = this.text(column);
    if (value === null) return null;
    const clock = value.slice(11);
    return `${value.slice(0, 10)} ${(clock.includes('.') ? clock : `${clock || '00:00:00'}.`).padEnd(15, '0')}`;
  }

  /** A whole number. */
  count(column: string): number | null {
    const value = this.text(column);
    return value === null ? null : Number(value);
  }

  /** An amount in cents. */
  cents(column: string): bigint | null {
    const value = this.text(column);
    if (value === null) return null;
    const [, sign, yuan = '', cents = ''] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(value) ?? [];
    if (sign === undefined) throw new Error(`not an amount: ${value}`);
    const magnitude = BigInt(yuan) * 100n + BigInt(cents.padEnd(2, '0'));
    return sign === '-' ? -magnitude : magnitude;
  }

  /** A deleted row is one that the business removed: DELETED is '1'. Views without the column have none. */
  get isDeleted(): boolean {
    return this.#values.has('DELETED') && this.text('DELETED') === '1';
  }
}

/** Which of several rows with the same key and the same, greatest UPDATED_AT stays: "any one". */
export type ChooseTied = (view: ReferenceView, rows: readonly RawRow[]) => RawRow;

/** The kept rows of every view; rows without a key are all kept. */
export type KeptSource = Readonly<Record<ReferenceView, readonly Row[]>>;

function keyText(view: ReferenceView, raw: RawRow): string | null {
  const column = columnsOf(view).find(({ key }) => key);
  const given = column === undefined ? null : raw[column.name] || null;
  return given !== null && column?.text !== undefined ? normalised(given, column.text) : given;
}

function updatedAt(raw: RawRow): string {
  const value = raw['UPDATED_AT'] || '';
  return value === ''
    ? ''
    : value
        .padEnd(19, ' ')
        .replace(/^(.{19})$/, '$1.')
        .padEnd(26, '0');
}

function keep(view: ReferenceView, rows: readonly RawRow[], choose: ChooseTied): Row[] {
  const groups = new Map<string, RawRow[]>();
  const kept: Row[] = [];
  for (const raw of rows) {
    const key = keyText(view, raw);
    if (key === null) kept.push(new Row(view, raw, false));
    else groups.set(key, [...(groups.get(key) ?? []), raw]);
  }
  for (const group of groups.values()) {
    const newest = group.map(updatedAt).toSorted().at(-1);
    const tied = group.filter((raw) => updatedAt(raw) === newest);
    const [only] = tied;
    const isRepeated = group.length > 1 && group.some((raw) => !new Row(view, raw, false).isDeleted);
    kept.push(new Row(view, tied.length === 1 && only ? only : choose(view, tied), isRepeated));
  }
  return kept;
}

const chooseFirst: ChooseTied = (_view, rows) => {
  const [first] = rows;
  if (first === undefined) throw new Error('no row to choose from');
  return first;
};

/** One row per key of every view, normalised. */
export function keepOnePerKey(source: RawSource, choose: ChooseTied = chooseFirst): KeptSource {
  return {
    ARB_ORG: keep('ARB_ORG', source.ARB_ORG, choose),
    ARB_CASE: keep('ARB_CASE', source.ARB_CASE, choose),
    ARB_PARTY: keep('ARB_PARTY', source.ARB_PARTY, choose),
    ARB_CLAIM: keep('ARB_CLAIM', source.ARB_CLAIM, choose),
    ARB_MEDIATION: keep('ARB_MEDIATION', source.ARB_MEDIATION, choose),
    PRE_APPLICATION: keep('PRE_APPLICATION', source.PRE_APPLICATION, choose),
  };
}

/** Codes of the known bodies, in the order of the codes. */
export function knownBodies(source: KeptSource): string[] {
  return source.ARB_ORG.map(({ key }) => key)
    .filter((key) => key !== null)
    .toSorted();
}
