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
  readonly isRegular: boolean;
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
  const written =
    (await loadTyped(engine, view, spooled, target)) ?? (await loadStrictly(engine, view, spooled, target));
  if (written.rows === expected) return { rows: expected };
  throw new ArbdataError(
    'E_SOURCE_INCOMPLETE',
    `${view.name}: ${expected} rows were read, and the engine wrote ${written.rows}`,
    { advice: 'Run the same command again; if it happens again, report it as a defect.' },
  );
}

/**
 * The usual way: the engine's reader makes the columns' types itself, in half the time of casts that look at every value.
 * @returns undefined where not every value has a form for that, or one is beyond its type's range
 */
async function loadTyped(
  engine: Engine,
  view: View,
  spooled: readonly SpooledRows[],
  target: string,
): Promise<{ rows: number } | undefined> {
  if (!spooled.every(({ isRegular }) => isRegular)) return undefined;
  const columns = view.columns.map((column) => `${fieldSql(column, spooled)} AS ${identifier(column.name)}`);
  try {
    return await engine.copyToParquet(
      `SELECT ${columns.join(', ')} FROM ${readerSql(view, spooled, engineType)}`,
      target,
    );
  } catch (error) {
    if (isOfEngine(error)) return undefined;
    throw error;
  }
}

/** Every value looked at: what the type holds exactly is written, and what it does not is found and named. */
async function loadStrictly(
  engine: Engine,
  view: View,
  spooled: readonly SpooledRows[],
  target: string,
): Promise<{ rows: number }> {
  const columns = view.columns.map(
    (column) => `${strictSql(column, fieldSql(column, spooled))} AS ${identifier(column.name)}`,
  );
  try {
    return await engine.copyToParquet(
      `SELECT ${columns.join(', ')} FROM ${readerSql(view, spooled)}`,
      target,
    );
  } catch (error) {
    if (!isOfEngine(error)) throw error;
    throw (await unreadableValue(engine, view, spooled)) ?? error;
  }
}

function isOfEngine(error: unknown): boolean {
  return error instanceof ArbdataError && error.code === 'E_ENGINE';
}

/** Marks the engine's own error over a value; what is told stands in `unreadableValue`. */
const UNREADABLE = 'unreadable value';

/** The engine's reader with every choice made for it. */
function readerSql(
  view: View,
  spooled: readonly SpooledRows[],
  typeOf: (column: Column) => ReturnType<typeof engineType> = () => 'VARCHAR',
): string {
  const types = view.columns
    .map((column) => `${literal(column.name)}: ${literal(typeOf(column))}`)
    .join(', ');
  // Where no row was read there is no file to name, and an empty list is refused.
  if (spooled.length === 0) {
    const empty = view.columns
      .map((column) => `CAST(NULL AS ${typeOf(column)}) AS ${identifier(column.name)}`)
      .join(', ');
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

/** A field as the file has it, texts without the pairs in which the file holds them. */
function fieldSql({ name, type }: Column, spooled: readonly SpooledRows[]): string {
  const field = identifier(name);
  if (type !== 'text') return field;
  const escaped = [...new Set(spooled.flatMap((one) => one.escaped))].sort((a, b) => a - b);
  return unescapedSql(field, escaped);
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
