/**
 * The valid tables: from each raw view one row per key, text normalised, days as numbers.
 * The statements are made from the contract, so a column is stated in one place only.
 */
import type { CodeListName, Column, View, ViewName } from '../../../schemas/contract.ts';
import type { CodesFile } from '../../../schemas/definitions.ts';
import { type Engine, identifier, literal } from '../../runtime/duckdb.ts';
import { findOddRows, mapTexts, type NormalisedColumn, normalisedColumns, rawName } from './text.ts';

/** Columns that nothing reads as they are; V037 and V050 read what the scan finds out about them. */
const UNREAD: Partial<Record<ViewName, readonly string[]>> = {
  ARB_CASE: ['CREATED_AT', 'UPDATED_AT'],
  ARB_PARTY: ['PHONE', 'ADDRESS', 'UPDATED_AT'],
  ARB_CLAIM: ['UPDATED_AT'],
  ARB_MEDIATION: ['DISPUTE_TYPE', 'UPDATED_AT'],
  PRE_APPLICATION: ['APPLICANT_KIND', 'UPDATED_AT'],
};
/** Columns whose code counts under a group of its list. */
const GROUPED: Partial<Record<ViewName, readonly string[]>> = { ARB_CASE: ['EMPLOYER_NATURE'] };
/** A product that reads columns which no rule and no figure reads: they are kept only where it is made. */
export type Reader = 'comparison' | 'submission';
const READ_BY: Record<Reader, Partial<Record<ViewName, readonly string[]>>> = {
  comparison: {
    ARB_PARTY: ['NAME'],
    PRE_APPLICATION: [
      'APPLICANT_NAME',
      'APPLICANT_ID_NO',
      'RESPONDENT_NAME',
      'RESPONDENT_ID_NO',
      'DISPUTE_TYPE',
      'CLAIM_AMOUNT',
    ],
  },
  submission: { ARB_PARTY: ['NAME'] },
};
/** Views whose rows the comparison orders by their number in the snapshot's file. */
const NUMBERED: readonly ViewName[] = ['ARB_CASE', 'ARB_PARTY', 'PRE_APPLICATION'];

type CodedColumn = Column & { readonly codeList: CodeListName };

export interface TableOptions {
  /** The snapshot's day, as a day number: nobody was born after it. */
  readonly asOfDay: number;
  /** The lists that codes are looked up in. */
  readonly codeLists: CodesFile['lists'];
  readonly readers: readonly Reader[];
}

/** Cases are typed when something reads them: `case_record` holds them with their facts, the comparison its own columns. */
const LAZY: readonly ViewName[] = ['ARB_CASE'];

const TABLE_NAMES: Readonly<Record<ViewName, string>> = {
  ARB_ORG: 'valid_org',
  ARB_CASE: 'valid_case',
  ARB_PARTY: 'valid_party',
  ARB_CLAIM: 'valid_claim',
  ARB_MEDIATION: 'valid_mediation',
  PRE_APPLICATION: 'valid_pre_application',
};

/** Create the tables that keep what normalising did, for the rules V001, V045, V049 and V050. */
export async function createTraces(engine: Engine): Promise<void> {
  await engine.run(`
    -- One row per key that several rows share: which of the two key columns holds it depends on the view.
    CREATE TABLE duplicate_key (
      view VARCHAR, key_number BIGINT, key_text VARCHAR, row_count BIGINT, undeleted_count BIGINT, mark VARCHAR);
    -- One row per kept record and column whose text was normalised.
    CREATE TABLE text_change (
      view VARCHAR, record_key VARCHAR, case_id BIGINT, org_code VARCHAR, deleted VARCHAR, is_person BOOLEAN,
      field VARCHAR, original VARCHAR, normal VARCHAR)`);
}

/**
 * Create the valid table of a view from its raw one. What normalising changes and which rows of a repeated key are left
 * out is found first, row by row (the patch), so that the one scan that creates the table joins a few numbers.
 */
export async function createValidTable(engine: Engine, view: View, options: TableOptions): Promise<void> {
  const odd = await findOddRows(engine, view);
  await mapTexts(engine, odd);
  await createPatch(engine, view, odd);
  const isPatched = odd.length > 0;
  const normal = normalSelect(view, odd, isPatched);
  const isRepeated = await findRepeatedKeys(engine, view, normal);
  if (isRepeated) await dropRepeated(engine, view, normal);
  const kept = `${normalSelect(view, odd, isPatched || isRepeated)} ${isRepeated ? 'WHERE p.is_dropped IS NOT TRUE' : ''}`;
  const kind = LAZY.includes(view.name) ? 'VIEW' : 'TABLE';
  await engine.run(`CREATE ${kind} ${TABLE_NAMES[view.name]} AS ${typedSelect(view, kept, options)}`);
  if (view.name === 'ARB_PARTY') await markWrongCreditCodes(engine);
  for (const column of odd) await recordChanges(engine, view, column);
  await engine.run('DROP TABLE odd_row');
  if (kind === 'TABLE') await engine.run(`DROP TABLE ${patchName(view)}`);
}

/** What of a view's rows is other than the raw view says: {@link createPatch}. */
const patchName = (view: View): string => `patch_${view.name.toLowerCase()}`;

const originalName = (name: string): string => identifier(`${name}_original`);

/**
 * Create the patch of a view: one row per row of the view with an odd text: what its texts become, with the original of each
 * changed one beside it, and whether the row is left out because another one of its key is kept.
 */
async function createPatch(engine: Engine, view: View, odd: readonly NormalisedColumn[]): Promise<void> {
  const isOdd = new Set(odd.map(({ name }) => name));
  const columns = normalisedColumns(view).map(({ name }) => {
    const own = `o.${identifier(name)}`;
    const normal = isOdd.has(name) ? `COALESCE(f_${name}.normal, ${own})` : own;
    return `NULLIF(${normal}, '') AS ${identifier(name)}`;
  });
  const plain = view.columns.filter(
    ({ name, normalise }) => !normalise && (name === view.key || name === 'CASE_ID'),
  );
  const joins = odd.map(
    ({ name, normalise }) =>
      `LEFT JOIN text_form f_${name} ON f_${name}.kind = '${normalise}' AND f_${name}.original = o.${identifier(name)}`,
  );
  await engine.run(`
    CREATE OR REPLACE TABLE ${patchName(view)} AS
    SELECT ${[
      'o.raw_row',
      'FALSE AS is_dropped',
      ...plain.map(({ name }) => `o.${identifier(name)}`),
      ...columns,
      ...odd.map(({ name }) => `f_${name}.original AS ${originalName(name)}`),
    ].join(', ')}
    FROM odd_row o ${joins.join(' ')}`);
}

/**
 * All raw rows with normalised text; empty text is NULL. `odd` are the columns whose texts the patch may change: the
 * original of a changed one stands beside it, NULL where it is the same.
 */
function normalSelect(view: View, odd: readonly Column[], isPatched: boolean): string {
  const isOdd = new Set(odd.map(({ name }) => name));
  const columns = view.columns.map((column) => {
    const name = identifier(column.name);
    if (isOdd.has(column.name))
      return `CASE WHEN p.raw_row IS NULL THEN r.${name} ELSE p.${name} END AS ${name}`;
    if (column.type === 'text' && column.normalise === undefined) return `NULLIF(r.${name}, '') AS ${name}`;
    return `r.${name}`;
  });
  const originals = odd.map(({ name }) => `p.${originalName(name)}`);
  const join = isPatched ? `LEFT JOIN ${patchName(view)} p ON p.raw_row = r.raw_row` : '';
  return `SELECT ${[...columns, ...originals, 'r.raw_row'].join(', ')} FROM ${rawName(view)} r ${join}`;
}

/** Keys are numbers or text, which is normalised. */
function hasTextKey({ columns, key }: View): boolean {
  return columns.find(({ name }) => name === key)?.type === 'text';
}

/**
 * Find the keys of several rows (`repeated_key`); a NULL key is no key. Numbers are told apart by one bit each: only a
 * block of 64 that has more rows than bits is grouped by them, a fifth of the work of grouping all rows.
 */
async function findRepeatedKeys(engine: Engine, view: View, normal: string): Promise<boolean> {
  const key = identifier(view.key);
  const rows = hasTextKey(view)
    ? `(${normal})`
    : `${rawName(view)} WHERE ${key} >> 6 IN (
        SELECT ${key} >> 6 FROM ${rawName(view)} WHERE ${key} IS NOT NULL
        GROUP BY ALL HAVING count(*) > bit_count(bit_or(bit_of(${key}))))`;
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE repeated_key AS
    SELECT ${key} AS key FROM ${rows} GROUP BY ${key} HAVING ${key} IS NOT NULL AND count(*) > 1`);
  const { n } = await engine.one<{ n: string }>('SELECT count(*) AS n FROM repeated_key');
  return n !== '0';
}

/**
 * Record the repeated keys and mark all rows but one of each in the patch: the row with the greatest UPDATED_AT is kept,
 * ties are settled by all columns, so that the same snapshot always keeps the same row.
 */
async function dropRepeated(engine: Engine, view: View, normal: string): Promise<void> {
  const key = identifier(view.key);
  const has = (name: string) => view.columns.some((column) => column.name === name);
  const undeleted = has('DELETED') ? 'count(*) FILTER (is_undeleted(deleted))' : 'count(*)';
  const mark = has('UPDATED_AT') ? 'md5(CAST(list(updated ORDER BY updated) AS VARCHAR))' : 'NULL';
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE repeated_row AS
    SELECT raw_row, ${key} AS key, ${has('UPDATED_AT') ? 'UPDATED_AT' : 'NULL'} AS updated,
      ${has('DELETED') ? 'DELETED' : 'NULL'} AS deleted
    FROM (${normal}) WHERE ${key} IN (SELECT key FROM repeated_key);
    INSERT INTO duplicate_key
    SELECT '${view.name}', ${hasTextKey(view) ? 'NULL, key' : 'key, NULL'}, count(*), ${undeleted}, ${mark}
    FROM repeated_row GROUP BY key;
    CREATE OR REPLACE TEMP TABLE latest_row AS
    SELECT raw_row, key, count(*) OVER (PARTITION BY key) > 1 AS is_tied FROM (
      SELECT raw_row, key, rank() OVER (PARTITION BY key ORDER BY updated DESC NULLS LAST) AS place FROM repeated_row)
    WHERE place = 1`);
  await settleTies(engine, normal);
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE dropped_row AS
    SELECT raw_row FROM repeated_row WHERE raw_row NOT IN (SELECT raw_row FROM latest_row);
    UPDATE ${patchName(view)} SET is_dropped = TRUE WHERE raw_row IN (SELECT raw_row FROM dropped_row);
    INSERT INTO ${patchName(view)} BY NAME
    SELECT raw_row, TRUE AS is_dropped FROM dropped_row WHERE raw_row NOT IN (SELECT raw_row FROM ${patchName(view)});
    DROP TABLE repeated_row;
    DROP TABLE latest_row;
    DROP TABLE dropped_row`);
}

/** Leave one row of each key in `latest_row`: of those that were updated at the same moment the first by all columns. */
async function settleTies(engine: Engine, normal: string): Promise<void> {
  const { n } = await engine.one<{ n: string }>('SELECT count(*) AS n FROM latest_row WHERE is_tied');
  if (n === '0') return;
  await engine.run(`
    DELETE FROM latest_row WHERE raw_row IN (
      SELECT raw_row FROM (
        SELECT n.raw_row, row_number() OVER (PARTITION BY l.key ORDER BY to_json(n)) AS place
        FROM (${normal}) n JOIN latest_row l ON l.raw_row = n.raw_row AND l.is_tied)
      WHERE place > 1)`);
}

function typedSelect(view: View, kept: string, { asOfDay, codeLists, readers }: TableOptions): string {
  const read = readers.flatMap((reader) => READ_BY[reader][view.name] ?? []);
  const others = Object.values(READ_BY).flatMap((views) => views[view.name] ?? []);
  const unread = [...(UNREAD[view.name] ?? []), ...others.filter((name) => !read.includes(name))];
  const columns = view.columns.filter(({ name }) => !unread.includes(name)).flatMap(typedColumns);
  if (readers.includes('comparison') && NUMBERED.includes(view.name)) columns.push('raw_row');
  columns.push(absentColumn(view), ...unlistedColumn(view, codeLists), ...groupColumns(view, codeLists));
  if (view.name !== 'ARB_ORG' && view.columns.some(({ name }) => name === 'ORG_CODE'))
    columns.push('is_known_body(ORG_CODE) AS is_known_body');
  if (view.name !== 'ARB_PARTY') return `SELECT ${columns.join(', ')} FROM (${kept})`;
  return partySelect(columns.join(', '), kept, asOfDay);
}

/** `absent`: the columns of a row that must be filled and are not, NULL where there are none (rule V050). */
function absentColumn(view: View): string {
  const required = view.columns.filter(({ nullable }) => !nullable);
  return `${columnNames(required, ({ name }) => `${identifier(name)} IS NULL`)} AS absent`;
}

/** `unlisted`: the columns of a row whose code is in none of its list, NULL where there are none (macro is_listed). */
function unlistedColumn({ columns }: View, codeLists: CodesFile['lists']): string[] {
  const coded = columns.filter((column): column is CodedColumn => column.codeList !== undefined);
  if (coded.length === 0) return [];
  const isUnlisted = ({ name, codeList }: CodedColumn): string => {
    const codes = codeLists[codeList].entries.map(({ code }) => code);
    return `NOT list_contains(${textList(codes)}, ${identifier(name)})`;
  };
  return [`${columnNames(coded, isUnlisted)} AS unlisted`];
}

/**
 * `<column>_group`: the group that a code counts under, NULL for what its list lacks. Looked up in two lists, because the
 * engine then asks once for each text of a dictionary; a join costs five times as much.
 */
function groupColumns({ name: view, columns }: View, codeLists: CodesFile['lists']): string[] {
  return (GROUPED[view] ?? []).flatMap((grouped) => {
    const codeList = columns.find(({ name }) => name === grouped)?.codeList;
    if (codeList === undefined) return [];
    const { entries } = codeLists[codeList];
    const place = `list_position(${textList(entries.map(({ code }) => code))}, ${identifier(grouped)})`;
    const groups = textList(entries.map(({ macroGroup }) => macroGroup));
    return [`list_extract(${groups}, ${place}) AS ${grouped.toLowerCase()}_group`];
  });
}

/** SQL: a list of texts; what is absent is NULL. */
function textList(texts: readonly (string | undefined)[]): string {
  return `CAST([${texts.map((text) => (text === undefined ? 'NULL' : literal(text))).join(', ')}] AS VARCHAR[])`;
}

/** SQL: the columns of a row of which a condition is true, joined with a comma (a list takes more memory), NULL where there are none. */
function columnNames<C extends Column>(columns: readonly C[], condition: (column: C) => string): string {
  const names = columns.map((column) => `CASE WHEN ${condition(column)} THEN ${literal(column.name)} END`);
  return `CASE WHEN ${columns.map(condition).join(' OR ')} THEN concat_ws(',', ${names.join(', ')}) END`;
}

/**
 * SQL: whether NAME has a visible character and no control characters (Unicode Cc): rule V037. A name that begins with a
 * Chinese character and whose characters all take three bytes has; only the others need the regular expression.
 */
const IS_NAME = `CASE
  WHEN NAME IS NULL THEN FALSE
  WHEN NAME >= '一' AND strlen(NAME) = 3 * length(NAME) THEN TRUE
  ELSE regexp_full_match(NAME, '[^\\p{Cc}]*[^\\p{Z}\\p{Cc}][^\\p{Cc}]*') END`;

/**
 * Parties with the check columns of their names and numbers; each level names what the next one uses twice. A citizen
 * number is judged as a number; that its text is what the number says proves its form. Numbers of organisations count
 * as valid here.
 */
function partySelect(columns: string, kept: string, asOfDay: number): string {
  return `
    SELECT * EXCLUDE (number, birth_day_in_number, is_citizen),
      CASE WHEN id_no IS NULL THEN NULL
        WHEN party_kind = '1' THEN CASE WHEN is_citizen THEN 1 ELSE 0 END
        WHEN party_kind = '2' THEN 1
      END AS id_is_valid,
      CASE WHEN is_citizen THEN birth_day_in_number END AS id_birth_day
    FROM (
      SELECT * EXCLUDE residues,
        CASE WHEN birth_day_in_number <= ${asOfDay}
          THEN CAST(number AS VARCHAR) || citizen_check_character(number, residues) = id_no
          ELSE FALSE END AS is_citizen
      FROM (
        SELECT * EXCLUDE birth_date, CASE WHEN is_province(number // 1000000000000000)
          THEN real_day(birth_date // 10000, birth_date // 100 % 100, birth_date % 100) END AS birth_day_in_number
        FROM (
          SELECT *, CAST(number // 1000 % 100000000 AS INTEGER) AS birth_date
          FROM (
            SELECT ${columns},
              CASE WHEN NOT ${IS_NAME} THEN COALESCE(NAME, '') END AS broken_name,
              CASE WHEN PARTY_KIND = '1' AND strlen(ID_NO) = 18 AND ID_NO BETWEEN '1' AND '9'
                THEN TRY_CAST(substr(ID_NO, 1, 17) AS BIGINT) END AS number
            FROM (${kept}))))
      CROSS JOIN digit_residues())`;
}

/**
 * Mark the numbers of organisations that are none. The same firms stand in many cases, so the distinct numbers are judged;
 * MATERIALIZED, because the engine else judges every row before making them distinct.
 */
async function markWrongCreditCodes(engine: Engine): Promise<void> {
  await engine.run(`
    UPDATE valid_party SET id_is_valid = 0 WHERE party_kind = '2' AND id_no IN (
      WITH given AS MATERIALIZED (SELECT DISTINCT id_no AS code FROM valid_party WHERE party_kind = '2'),
      judged AS MATERIALIZED (SELECT code, is_credit_code(code) AS is_valid FROM given)
      SELECT code FROM judged WHERE NOT is_valid)`);
}

/**
 * A contract column as the valid table holds it: dates as day numbers, timestamps kept, with their days where read; what
 * nearly every rule asks of DELETED is answered once.
 */
function typedColumns({ name, type }: Column): string[] {
  const lower = name.toLowerCase();
  if (type === 'date') {
    const day = lower.endsWith('_date') ? lower.replace(/_date$/, '_day') : `${lower}_day`;
    return [`day_number(${identifier(name)}) AS ${day}`];
  }
  const plain = `${identifier(name)} AS ${lower}`;
  if (name === 'DELETED') return [plain, `is_undeleted(${identifier(name)}) AS is_undeleted`];
  if (type !== 'timestamp' || !lower.endsWith('_time')) return [plain];
  return [plain, `day_number(${identifier(name)}) AS ${lower.replace(/_time$/, '_day')}`];
}

/** Keep the originals of a changed column for rule V049. */
async function recordChanges(engine: Engine, view: View, { name }: NormalisedColumn): Promise<void> {
  const has = (column: string) => view.columns.some((other) => other.name === column);
  const orNull = (column: string) => (has(column) ? column : 'NULL');
  const isPerson =
    view.name === 'ARB_PARTY'
      ? 'may_name_person(PARTY_KIND, ID_NO)'
      : name === 'APPLICANT_ID_NO'
        ? 'may_name_person(APPLICANT_KIND, APPLICANT_ID_NO)'
        : 'TRUE';
  await engine.run(`
    INSERT INTO text_change
    SELECT '${view.name}', record_name(${identifier(view.key)}), ${orNull('CASE_ID')}, ${orNull('ORG_CODE')},
      ${orNull('DELETED')}, ${isPerson}, '${name}', ${originalName(name)}, ${identifier(name)}
    FROM ${patchName(view)} WHERE NOT is_dropped AND ${originalName(name)} IS NOT NULL`);
}
