/**
 * The valid tables: from each raw view one row per key, text normalised, days as numbers.
 * The statements are made from the contract, so a column is stated in one place only.
 */
import type { Column, View, ViewName } from '../../../schemas/contract.ts';
import { type Engine, identifier } from '../../runtime/duckdb.ts';
import { mapTexts, type NormalisedColumn, normalisedColumns, rawName } from './text.ts';

/** Beyond these a key range is too thin for one bit per number: 25 MB a thread, 8 bytes a row. */
const KEY_BITS_LIMIT = 200_000_000n;
const KEY_BITS_PER_ROW = 64n;

/** Columns that no rule, indicator or link reads. */
const UNREAD: Partial<Record<ViewName, readonly string[]>> = { ARB_PARTY: ['PHONE', 'ADDRESS'] };
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
 * Create the valid table of a view from its raw one.
 * @param asOfDay the snapshot's day, as a day number: nobody was born after it
 */
export async function createValidTable(engine: Engine, view: View, asOfDay: number): Promise<void> {
  const changed = await mapTexts(engine, view);
  const normal = normalSelect(view, changed);
  const isRepeated = (await mayRepeatKeys(engine, view)) && (await findRepeatedKeys(engine, view, normal));
  const kept = isRepeated ? keptSelect(view, normal) : normal;
  const table = TABLE_NAMES[view.name];
  if (view.name === 'ARB_PARTY') await findWrongCreditCodes(engine, normal);
  await engine.run(`CREATE TABLE ${table} AS ${typedSelect(view, changed, kept, asOfDay)}`);
  if (view.name === 'ARB_PARTY') await engine.run('DROP TABLE wrong_credit_code');
  for (const column of changed) await recordChanges(engine, view, column);
  for (const { name } of changed) await engine.run(`ALTER TABLE ${table} DROP COLUMN ${originalName(name)}`);
}

const originalName = (column: string) => `original_${column.toLowerCase()}`;

/**
 * All raw rows with normalised text; empty text is NULL.
 * The original of a column that has changed texts stands beside it, NULL where it is the same.
 */
function normalSelect(view: View, changed: readonly NormalisedColumn[]): string {
  const isChanged = (column: Column) => changed.some(({ name }) => name === column.name);
  const normalised = new Set(normalisedColumns(view).map(({ name }) => name));
  const columns = view.columns.map((column) => {
    const name = identifier(column.name);
    if (isChanged(column)) return `NULLIF(COALESCE(f_${column.name}.normal, r.${name}), '') AS ${name}`;
    if (normalised.has(column.name) || column.type === 'text') return `NULLIF(r.${name}, '') AS ${name}`;
    return `r.${name}`;
  });
  const originals = changed.map(({ name }) => `f_${name}.original AS ${originalName(name)}`);
  const joins = changed.map(
    ({ name, normalise }) =>
      `LEFT JOIN text_form f_${name} ON f_${name}.kind = '${normalise}' AND f_${name}.original = r.${identifier(name)}`,
  );
  return `SELECT ${[...columns, ...originals].join(', ')} FROM ${rawName(view)} r ${joins.join(' ')}`;
}

/**
 * Whether a key may stand twice. Numbers of a dense range are told apart by one bit each, three times as fast as
 * grouping by them; text keys are always grouped.
 */
async function mayRepeatKeys(engine: Engine, view: View): Promise<boolean> {
  if (view.columns.find(({ name }) => name === view.key)?.type !== 'number') return true;
  const key = identifier(view.key);
  const { first, last, n } = await engine.one<{ first: string | null; last: string | null; n: string }>(
    `SELECT min(${key}) AS first, max(${key}) AS last, count(${key}) AS n FROM ${rawName(view)}`,
  );
  if (first === null || last === null) return false;
  const range = BigInt(last) - BigInt(first);
  if (range > KEY_BITS_LIMIT || range > BigInt(n) * KEY_BITS_PER_ROW) return true;
  const { bits } = await engine.one<{ bits: string }>(
    `SELECT bit_count(bitstring_agg(${key}, ${first}, ${last})) AS bits FROM ${rawName(view)}`,
  );
  return bits !== n;
}

/** Record the keys of several rows; a NULL key is no key. */
async function findRepeatedKeys(engine: Engine, view: View, normal: string): Promise<boolean> {
  const key = identifier(view.key);
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE repeated_key AS
    SELECT ${key} AS key FROM (${normal}) WHERE ${key} IS NOT NULL GROUP BY ${key} HAVING count(*) > 1`);
  const { n } = await engine.one<{ n: string }>('SELECT count(*) AS n FROM repeated_key');
  if (n === '0') return false;
  const has = (name: string) => view.columns.some((column) => column.name === name);
  const isText = view.columns.find(({ name }) => name === view.key)?.type === 'text';
  const undeleted = has('DELETED') ? 'count(*) FILTER (is_undeleted(DELETED))' : 'count(*)';
  const mark = has('UPDATED_AT') ? 'md5(CAST(list(UPDATED_AT ORDER BY UPDATED_AT) AS VARCHAR))' : 'NULL';
  await engine.run(`
    INSERT INTO duplicate_key
    SELECT '${view.name}', ${isText ? `NULL, ${key}` : `${key}, NULL`}, count(*), ${undeleted}, ${mark}
    FROM (${normal}) WHERE ${key} IN (SELECT key FROM repeated_key) GROUP BY ${key}`);
  return true;
}

/**
 * Of the rows of one key the one with the greatest UPDATED_AT. Ties are settled by all columns, so that the same
 * snapshot always keeps the same row; only rows whose key is repeated are sorted.
 */
function keptSelect(view: View, normal: string): string {
  const key = identifier(view.key);
  const updated = view.columns.some(({ name }) => name === 'UPDATED_AT')
    ? ['UPDATED_AT DESC NULLS LAST']
    : [];
  const order = [...updated, 'to_json(n) ASC'].join(', ');
  return `
    WITH n AS (${normal})
    SELECT * FROM n WHERE ${key} IS NULL OR ${key} NOT IN (SELECT key FROM repeated_key)
    UNION ALL
    SELECT * EXCLUDE (place) FROM (
      SELECT n.*, row_number() OVER (PARTITION BY ${key} ORDER BY ${order}) AS place
      FROM n WHERE ${key} IN (SELECT key FROM repeated_key)
    ) WHERE place = 1`;
}

function typedSelect(
  view: View,
  changed: readonly NormalisedColumn[],
  kept: string,
  asOfDay: number,
): string {
  const unread = UNREAD[view.name] ?? [];
  const columns = view.columns.filter(({ name }) => !unread.includes(name)).flatMap(typedColumns);
  const originals = changed.map(({ name }) => originalName(name));
  if (view.name !== 'ARB_PARTY') return `SELECT ${[...columns, ...originals].join(', ')} FROM (${kept})`;
  return partySelect([...columns, ...originals].join(', '), kept, asOfDay);
}

/** Parties with the check columns of their numbers; each level names what the next one uses twice. */
function partySelect(columns: string, kept: string, asOfDay: number): string {
  return `
    SELECT * EXCLUDE (number, birth_day_in_number, is_citizen),
      CASE WHEN id_no IS NULL THEN NULL
        WHEN party_kind = '1' THEN CASE WHEN is_citizen THEN 1 ELSE 0 END
        WHEN party_kind = '2' THEN CASE WHEN id_no IN (SELECT code FROM wrong_credit_code) THEN 0 ELSE 1 END
      END AS id_is_valid,
      CASE WHEN is_citizen THEN birth_day_in_number END AS id_birth_day,
      CASE WHEN is_citizen THEN CASE WHEN (number % 2) = 1 THEN '1' ELSE '2' END END AS id_gender
    FROM (
      SELECT *,
        COALESCE(birth_day_in_number <= ${asOfDay} AND citizen_check_character(number) = substr(id_no, 18, 1), FALSE)
          AS is_citizen
      FROM (
        SELECT *, CASE WHEN is_province(number // 1000000000000000) THEN citizen_birth_day(id_no) END
          AS birth_day_in_number
        FROM (
          SELECT ${columns},
            CASE WHEN PARTY_KIND = '1' AND regexp_full_match(ID_NO, '[0-9]{17}[0-9X]')
              THEN CAST(substr(ID_NO, 1, 17) AS BIGINT) END AS number
          FROM (${kept}))))`;
}

/**
 * `wrong_credit_code`: one row per number of an organisation that is none. The same firms stand in many cases, so the
 * distinct numbers are judged; MATERIALIZED, because the engine else judges every row before making them distinct.
 */
async function findWrongCreditCodes(engine: Engine, normal: string): Promise<void> {
  await engine.run(`
    CREATE TEMP TABLE wrong_credit_code AS
    WITH given AS MATERIALIZED (
      SELECT DISTINCT ID_NO AS code FROM (${normal}) WHERE PARTY_KIND = '2' AND ID_NO IS NOT NULL),
    judged AS MATERIALIZED (SELECT code, is_credit_code(code) AS is_valid FROM given)
    SELECT code FROM judged WHERE NOT is_valid`);
}

/** A contract column as the valid table holds it: dates as day numbers, timestamps kept, with their days where read. */
function typedColumns({ name, type }: Column): string[] {
  const lower = name.toLowerCase();
  if (type === 'date') {
    const day = lower.endsWith('_date') ? lower.replace(/_date$/, '_day') : `${lower}_day`;
    return [`day_number(${identifier(name)}) AS ${day}`];
  }
  const plain = `${identifier(name)} AS ${lower}`;
  if (type !== 'timestamp' || !lower.endsWith('_time')) return [plain];
  return [plain, `day_number(${identifier(name)}) AS ${lower.replace(/_time$/, '_day')}`];
}

/** Keep the originals of a changed column for rule V049. */
async function recordChanges(engine: Engine, view: View, { name }: NormalisedColumn): Promise<void> {
  const has = (column: string) => view.columns.some((other) => other.name === column);
  const orNull = (column: string) => (has(column) ? column.toLowerCase() : 'NULL');
  const field = name.toLowerCase();
  const isPerson =
    view.name === 'ARB_PARTY'
      ? 'may_name_person(party_kind, id_no)'
      : name === 'APPLICANT_ID_NO'
        ? 'may_name_person(applicant_kind, applicant_id_no)'
        : 'TRUE';
  await engine.run(`
    INSERT INTO text_change
    SELECT '${view.name}', record_name(${view.key.toLowerCase()}), ${orNull('CASE_ID')}, ${orNull('ORG_CODE')},
      ${orNull('DELETED')}, ${isPerson}, '${name}', ${originalName(name)}, ${field}
    FROM ${TABLE_NAMES[view.name]} WHERE ${originalName(name)} IS NOT NULL`);
}
