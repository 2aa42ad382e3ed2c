/**
 * Normalising text: NFKC, trimmed, a final x of a citizen number made X (rule V049).
 * The engine has no NFKC. It filters values that cannot change and trims those of plain characters itself;
 * only the distinct values of the rest pass through JavaScript, in slices, into the mapping `text_form`.
 */
import type { Column, Normalisation, View } from '../../../schemas/contract.ts';
import { type Engine, identifier } from '../../runtime/duckdb.ts';

/**
 * CJK unified ideographs and the brackets of case numbers: like printable ASCII, NFKC leaves them alone
 * next to each other (a test tries every one of them).
 */
const PLAIN_WIDE = '\\x{4E00}-\\x{9FFF}〔〕';
/** What both String.prototype.trim and the engine's trim below remove from plain text. */
const PLAIN_SPACE = '\\t-\\r ';
const SLICE_ROWS = 16_384;

/** The normal form of a text. */
export function normaliseText(kind: Normalisation, text: string): string {
  const trimmed = text.normalize('NFKC').trim();
  return kind === 'identity' && /^\d{17}x$/.test(trimmed) ? trimmed.toUpperCase() : trimmed;
}

/**
 * SQL: true when {@link normaliseText} certainly leaves the text as it is and it is not empty; NULL for NULL.
 * Codes repeat, so the engine runs the regular expression once per dictionary entry. Identity numbers do not repeat:
 * comparing the ends of an ASCII text costs a third of it.
 */
export function isNormalSql(kind: Normalisation, expression: string): string {
  const e = expression;
  if (kind === 'code') return `regexp_full_match(${e}, '[!-~${PLAIN_WIDE}]+')`;
  const endings = ["'x'", "' '", ...[9, 10, 11, 12, 13].map((point) => `chr(${point})`)];
  const isTrimmed = [`${e} >= '!'`, ...endings.map((ending) => `NOT ends_with(${e}, ${ending})`)].join(
    ' AND ',
  );
  return `(strlen(${e}) = length(${e}) AND ${isTrimmed})`;
}

/** SQL: true when {@link normalisePlainSql} gives the normal form. */
export function isPlainSql(expression: string): string {
  return `regexp_full_match(${expression}, '[${PLAIN_SPACE}!-~${PLAIN_WIDE}]*')`;
}

/** SQL: the normal form of a text that is plain. */
export function normalisePlainSql(kind: Normalisation, expression: string): string {
  const trimmed = `trim(${expression}, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ')`;
  if (kind === 'code') return trimmed;
  return `CASE WHEN regexp_full_match(${trimmed}, '[0-9]{17}x') THEN upper(${trimmed}) ELSE ${trimmed} END`;
}

export type NormalisedColumn = Column & { readonly normalise: Normalisation };

/** The columns of a view that are normalised. */
export function normalisedColumns(view: View): NormalisedColumn[] {
  return view.columns.filter((column): column is NormalisedColumn => column.normalise !== undefined);
}

/** Create the empty mapping `text_form(kind, original, normal)`: one row per kind and text that changes. */
export async function createTextForms(engine: Engine): Promise<void> {
  await engine.run('CREATE TABLE text_form (kind VARCHAR, original VARCHAR, normal VARCHAR)');
}

/**
 * Create `odd_row`, the rows of a view with a text that may not be normal or is empty: `raw_row`, the key, `CASE_ID` and
 * the normalised columns, as they are. One scan; what it finds is little.
 * @returns the columns that hold such texts
 */
export async function findOddRows(engine: Engine, view: View): Promise<NormalisedColumn[]> {
  const columns = normalisedColumns(view);
  const isOdd = ({ name, normalise }: NormalisedColumn): string =>
    `NOT ${isNormalSql(normalise, identifier(name))}`;
  const kept = view.columns.filter(
    ({ name, normalise }) => normalise || name === view.key || name === 'CASE_ID',
  );
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE odd_row AS
    SELECT raw_row, ${kept.map(({ name }) => identifier(name)).join(', ')} FROM ${rawName(view)}
    WHERE ${columns.map(isOdd).join(' OR ')}`);
  const counts = columns.map((column) => `count(*) FILTER (${isOdd(column)}) AS ${identifier(column.name)}`);
  const row = await engine.one<Record<string, string>>(`SELECT ${counts.join(', ')} FROM odd_row`);
  return columns.filter(({ name }) => row[name] !== '0');
}

/** Put the forms of the odd texts of some columns (`odd_row`) that normalising changes into `text_form`. */
export async function mapTexts(engine: Engine, columns: readonly NormalisedColumn[]): Promise<void> {
  for (const column of columns) await mapColumn(engine, column);
}

/**
 * Texts are told apart by a number on their way through JavaScript: the engine's client drops a byte order mark at
 * the start of a text, so a text that comes back is not always the one that went out.
 */
async function mapColumn(engine: Engine, column: NormalisedColumn): Promise<void> {
  const { normalise: kind } = column;
  const name = identifier(column.name);
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE odd_text AS
    SELECT CAST(row_number() OVER () AS VARCHAR) AS number, original FROM (
      SELECT DISTINCT ${name} AS original FROM odd_row WHERE NOT ${isNormalSql(kind, name)});
    CREATE OR REPLACE TEMP TABLE odd_form (number VARCHAR, normal VARCHAR);
    INSERT INTO odd_form SELECT number, ${normalisePlainSql(kind, 'original')} FROM odd_text
    WHERE ${isPlainSql('original')};`);
  await normaliseRest(engine, kind);
  await engine.run(`
    INSERT INTO text_form
    SELECT '${kind}', t.original, f.normal FROM odd_text t JOIN odd_form f ON f.number = t.number
    WHERE f.normal <> t.original
      AND NOT EXISTS (SELECT 1 FROM text_form k WHERE k.kind = '${kind}' AND k.original = t.original);
    DROP TABLE odd_text;
    DROP TABLE odd_form`);
}

/** Pass the texts that are not plain through JavaScript, a slice at a time. */
async function normaliseRest(engine: Engine, kind: Normalisation): Promise<void> {
  let slice: [string, string][] = [];
  const rest = `SELECT number, original FROM odd_text WHERE NOT ${isPlainSql('original')}`;
  for await (const rows of engine.stream<{ number: string; original: string }>(rest)) {
    for (const { number, original } of rows) slice.push([number, normaliseText(kind, original)]);
    if (slice.length >= SLICE_ROWS) {
      await engine.append('odd_form', slice);
      slice = [];
    }
  }
  await engine.append('odd_form', slice);
}

/** The name of the view over the raw rows. */
export function rawName(view: View): string {
  return `raw_${view.name.toLowerCase()}`;
}
