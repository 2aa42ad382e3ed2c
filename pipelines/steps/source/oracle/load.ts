/** From the files of a view's rows (spool.ts) to its one Parquet file, with the engine's types, exactly or not at all. */
import { type Column, engineType, type View } from '../../../../schemas/contract.ts';
import { type Engine, identifier, literal } from '../../../runtime/duckdb.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import { unescapedSql } from './spool.ts';

/** A file of rows, and what its reader must know of it. */
export interface SpooledRows {
  readonly file: string;
  readonly rows: number;
  readonly escaped: readonly number[];
  /** Columns that the database fills up with blanks (CHAR). */
  readonly padded: readonly string[];
}

/** Bytes that the engine reads at a time; its default of 32 MB would stand in memory for each thread. */
const READ_BUFFER_BYTES = 4 * 1024 * 1024;
const LONGEST_LINE_BYTES = 2 * 1024 * 1024;

/**
 * Write all rows of a view's files to one Parquet file, in the order of the files.
 * @throws {ArbdataError} E_SOURCE_CONTRACT naming column and record of a value that the contract's type cannot hold;
 * E_SOURCE_INCOMPLETE where the file holds another number of rows than were read
 */
export async function loadView(
  engine: Engine,
  view: View,
  spooled: readonly SpooledRows[],
  target: string,
): Promise<{ rows: number }> {
  const expected = spooled.reduce((sum, { rows }) => sum + rows, 0);
  const select = selectSql(view, spooled);
  let written: { rows: number };
  try {
    written = await engine.copyToParquet(select, target);
  } catch (error) {
    if (!(error instanceof ArbdataError) || error.code !== 'E_ENGINE') throw error;
    throw (await unreadableValue(engine, view, spooled)) ?? error;
  }
  if (written.rows === expected) return { rows: expected };
  throw new ArbdataError(
    'E_SOURCE_INCOMPLETE',
    `${view.name}: ${expected} rows were read, and the engine wrote ${written.rows}`,
    { advice: 'Run the same command again; if it happens again, report it as a defect.' },
  );
}

/** Marks the engine's own error over a value; what is told stands in `unreadableValue`. */
const UNREADABLE = 'unreadable value';

function selectSql(view: View, spooled: readonly SpooledRows[]): string {
  const columns = view.columns.map(
    (column) => `${strictSql(column, fieldSql(column, spooled))} AS ${identifier(column.name)}`,
  );
  return `SELECT ${columns.join(', ')} FROM ${readerSql(view, spooled)}`;
}

/** The engine's reader with every choice made for it. */
function readerSql(view: View, spooled: readonly SpooledRows[]): string {
  const types = view.columns.map(({ name }) => `${literal(name)}: 'VARCHAR'`).join(', ');
  // Where no row was read there is no file to name, and an empty list is refused.
  if (spooled.length === 0) {
    const empty = view.columns.map(({ name }) => `CAST(NULL AS VARCHAR) AS ${identifier(name)}`).join(', ');
    return `(SELECT ${empty} WHERE false)`;
  }
  const options = [
    'auto_detect = false',
    `columns = {${types}}`,
    'header = false',
    "delim = '\\t'",
    "quote = ''",
    "escape = ''",
    "comment = ''",
    "nullstr = ''",
    "new_line = '\\n'",
    'null_padding = false',
    'ignore_errors = false',
    'strict_mode = true',
    "compression = 'none'",
    "encoding = 'utf-8'",
    `buffer_size = ${READ_BUFFER_BYTES}`,
    `max_line_size = ${LONGEST_LINE_BYTES}`,
  ];
  return `read_csv([${spooled.map(({ file }) => literal(file)).join(', ')}], ${options.join(', ')})`;
}

/** The text of a field as the database has it, but for the blanks that fill up a CHAR. */
function fieldSql({ name, type }: Column, spooled: readonly SpooledRows[]): string {
  const field = identifier(name);
  if (type !== 'text') return field;
  const escaped = [...new Set(spooled.flatMap((one) => one.escaped))].sort((a, b) => a - b);
  const text = unescapedSql(field, escaped);
  if (!spooled.some(({ padded }) => padded.includes(name))) return text;
  // Most values fill their column, so the end is looked at first: a third of the time of trimming every value.
  // A CHAR of blanks alone is not empty: one of them stays.
  return `CASE WHEN suffix(${text}, ' ') THEN coalesce(nullif(rtrim(${text}, ' '), ''), ' ') ELSE ${text} END`;
}

/** The value of a field, or NULL where the contract's type cannot hold it exactly. */
function valueSql(column: Column, field: string): string {
  const type = engineType(column);
  switch (type) {
    case 'VARCHAR':
      return field;
    case 'TIMESTAMP':
      // Oracle knows no year 0; the engine would take it, and years before it, for years before Christ.
      return `CASE WHEN starts_with(${field}, '0000') OR starts_with(${field}, '-') THEN NULL ELSE TRY_CAST(${field} AS TIMESTAMP) END`;
    case 'DECIMAL(18,2)':
      // A cast would round what does not fit.
      return `CASE WHEN contains(${field}, '.') AND strlen(${field}) - instr(${field}, '.') > 2 THEN NULL ELSE TRY_CAST(${field} AS ${type}) END`;
    case 'BIGINT':
    case 'INTEGER':
      return `CASE WHEN contains(${field}, '.') THEN NULL ELSE TRY_CAST(${field} AS ${type}) END`;
  }
  return type satisfies never;
}

function strictSql(column: Column, field: string): string {
  if (column.type === 'text') return field;
  return `coalesce(${valueSql(column, field)}, CASE WHEN ${field} IS NOT NULL THEN CAST(error('${UNREADABLE}') AS ${engineType(column)}) END)`;
}

/** The slow way, taken only when something is wrong: which value it is. */
async function unreadableValue(
  engine: Engine,
  view: View,
  spooled: readonly SpooledRows[],
): Promise<ArbdataError | undefined> {
  for (const column of view.columns.filter(({ type }) => type !== 'text')) {
    const field = identifier(column.name);
    const found = await engine.rows<{ record: string | null }>(
      `SELECT ${identifier(view.key)} AS record FROM ${readerSql(view, spooled)}
       WHERE ${field} IS NOT NULL AND (${valueSql(column, field)}) IS NULL LIMIT 1`,
    );
    const [first] = found;
    if (first !== undefined) return cannotHold(view, column, first.record ?? 'without a key');
  }
  return undefined;
}

/** The value itself may be personal, and is not shown. */
export function cannotHold(view: View, column: Column, record: string): ArbdataError {
  const what =
    column.type === 'number'
      ? `a number that ${column.oracleType} cannot hold`
      : 'a date that is not of the years 1 to 9999';
  return new ArbdataError(
    'E_SOURCE_CONTRACT',
    `${view.name}.${column.name} of the record ${record} is ${what}`,
    {
      advice: 'Have that record corrected in the case system, or the view altered; nothing was frozen.',
      where: { column: `${view.name}.${column.name}`, record },
    },
  );
}
