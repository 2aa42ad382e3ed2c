/**
 * What is sent to Oracle to read the views, compiled by Kysely: plain statements that every release from 11.2 takes, so
 * no FETCH FIRST. dictionary-queries.ts has those that look at the database itself.
 *
 * Dates are turned into text by the database, so that no driver's Date comes near them; numbers and texts go as they are.
 */
import { type CompiledQuery, type Expression, Kysely, sql } from 'kysely';
import { CONTRACT, type Column, dateColumns } from '../../../../schemas/contract.ts';
import { compilingDialect, statementOf } from './dialect.ts';
import { columnName, type MappedView } from './names.ts';
import type { OracleBind, OracleStatement } from './session.ts';

/** How DATE columns come; a DATE has no more than this. */
const DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS';
const TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6';

/** The first day that YYYY says unambiguously: before it, Oracle's YYYY hides the era. */
const FIRST_DAY = '0001-01-01';

const NEVER = sql<boolean>`1 = 0`;

type Tables = Record<string, Record<string, OracleBind>>;

/** Statements of one moment: with an SCN, every table of a FROM is read as of it. */
export function statements(asOfScn?: string): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: compilingDialect({ asOfScn }) });
}

/** Half open; without `from` it also holds the rows without a key, so that ranges side by side are the whole view. */
export interface KeyRange {
  readonly from?: OracleBind | undefined;
  readonly to?: OracleBind | undefined;
}

/** What of a view is read: as of an SCN or now, a range of keys or all. */
export interface Extent {
  readonly scn?: string | undefined;
  readonly range?: KeyRange | undefined;
}

/** The rows of a view, columns in contract order under the contract's names. */
export function extractQuery(mapped: MappedView, extent: Extent = {}): OracleStatement {
  return statementOf(contractRows(mapped, extent).compile());
}

/** The same without a row: it fails where the view cannot be read as the contract says. */
export function extractProbe(mapped: MappedView): OracleStatement {
  return statementOf(contractRows(mapped, {}).where(NEVER).compile());
}

/** One row: `ROW_COUNT`, and under the name of each date column the number of its values before our era. */
export function boundsQuery(mapped: MappedView, extent: Extent = {}): OracleStatement {
  return statementOf(
    rowsOf(mapped, extent)
      .select((eb) => [
        eb.fn.countAll().as('ROW_COUNT'),
        ...dateColumns(CONTRACT[mapped.view]).map(({ name }) => {
          const early = isEarly(eb.ref(columnName(mapped, name)));
          return sql<string>`count(case when ${early} then 1 end)`.as(name);
        }),
      ])
      .compile(),
  );
}

/** `RECORD_KEY` of some records whose date lies before our era. */
export function earlyRecordsQuery(mapped: MappedView, column: string, extent: Extent = {}): OracleStatement {
  return statementOf(
    rowsOf(mapped, extent)
      .select((eb) => eb.ref(keyColumn(mapped)).as('RECORD_KEY'))
      .where((eb) => isEarly(eb.ref(columnName(mapped, column))))
      .where(firstRows(5))
      .compile(),
  );
}

/**
 * One row per chunk of about equal size, in key order: `FROM_KEY`, its smallest key, and `ROW_COUNT`. Rows without a
 * key are in none. Keys that stand twice may make neighbours begin alike.
 */
export function chunksQuery(mapped: MappedView, chunks: number, scn?: string): OracleStatement {
  if (!Number.isSafeInteger(chunks) || chunks < 1) throw new RangeError(`${chunks} chunks`);
  const key = keyColumn(mapped);
  const db = statements(scn);
  return statementOf(
    db
      .selectFrom(
        from(db, mapped)
          .select((eb) => [
            eb.ref(key).as('RECORD_KEY'),
            sql<string>`ntile(${sql.lit(chunks)}) over (order by ${eb.ref(key)})`.as('CHUNK'),
          ])
          .where(key, 'is not', null)
          .as('CHUNKS'),
      )
      .select((eb) => [eb.fn.min('RECORD_KEY').as('FROM_KEY'), eb.fn.countAll().as('ROW_COUNT')])
      .groupBy('CHUNK')
      .orderBy((eb) => eb.fn.min('RECORD_KEY'))
      .compile(),
  );
}

/** One row for people: `ROW_COUNT`, and `<COLUMN>_FIRST` and `<COLUMN>_LAST` as text for each date column. */
export function figuresQuery(mapped: MappedView): OracleStatement {
  return statementOf(
    rowsOf(mapped, {})
      .select((eb) => [
        eb.fn.countAll().as('ROW_COUNT'),
        ...dateColumns(CONTRACT[mapped.view]).flatMap(({ name }) => {
          const source = columnName(mapped, name);
          return [
            dateText(eb.fn.min(source), DATE_FORMAT).as(`${name}_FIRST`),
            dateText(eb.fn.max(source), DATE_FORMAT).as(`${name}_LAST`),
          ];
        }),
      ])
      .compile(),
  );
}

/** No row, or an error where the account may not look back in this view. */
export function flashbackProbe(mapped: MappedView, scn: string): OracleStatement {
  return statementOf(from(statements(scn), mapped).select(sql.lit(1).as('ONE')).where(NEVER).compile());
}

/** The ways to a system change number, the best first, each one row with `SCN`. */
export const SCN_WAYS = ['dbms_flashback', 'v$database', 'timestamp_to_scn'] as const;
export type ScnWay = (typeof SCN_WAYS)[number];

export function scnQuery(way: ScnWay): OracleStatement {
  const db = statements();
  switch (way) {
    case 'dbms_flashback':
      return text(db, sql`select dbms_flashback.get_system_change_number as "SCN" from dual`);
    case 'v$database':
      return statementOf(
        db
          .selectFrom('V$DATABASE')
          .select((eb) => eb.ref('CURRENT_SCN').as('SCN'))
          .compile(),
      );
    case 'timestamp_to_scn':
      // The mapping of times to numbers is some three seconds coarse: the moment may lie a little back.
      return text(db, sql`select timestamp_to_scn(systimestamp) as "SCN" from dual`);
    default:
      return way satisfies never;
  }
}

/** From here to the next commit or rollback, every query of the session shows this moment. */
export function readOnlyStatement(): OracleStatement {
  return text(statements(), sql`set transaction read only`);
}

/**
 * What every session sets, whatever its client or a logon trigger did: byte order for keys, the point in numbers, the
 * calendar of the dates, and the zone in which a TIMESTAMP WITH LOCAL TIME ZONE is told.
 */
export function sessionSettings(): OracleStatement[] {
  const db = statements();
  return [
    text(db, sql`alter session set nls_sort = binary`),
    text(db, sql`alter session set nls_comp = binary`),
    text(db, sql`alter session set nls_numeric_characters = '.,'`),
    text(db, sql`alter session set nls_calendar = 'GREGORIAN'`),
    text(db, sql`alter session set time_zone = 'Asia/Shanghai'`),
  ];
}

/** `ROWNUM` up to a number: the row limit of every release. */
export function firstRows(count: number): Expression<boolean> {
  return sql<boolean>`rownum <= ${sql.lit(count)}`;
}

/** The compiled text of a statement that Kysely has no words for. */
export function text(
  db: Kysely<Tables>,
  raw: { compile(db: Kysely<Tables>): CompiledQuery },
): OracleStatement {
  return statementOf(raw.compile(db));
}

function keyColumn(mapped: MappedView): string {
  return columnName(mapped, CONTRACT[mapped.view].key);
}

/** A query of a view, by its owner where the mapping names one. */
export function from(db: Kysely<Tables>, { owner, name }: Pick<MappedView, 'owner' | 'name'>) {
  return (owner === undefined ? db : db.withSchema(owner)).selectFrom(name);
}

function rowsOf(mapped: MappedView, { scn, range }: Extent) {
  const query = from(statements(scn), mapped);
  const key = keyColumn(mapped);
  const { from: first, to: end } = range ?? {};
  if (first === undefined && end === undefined) return query;
  if (first === undefined)
    return query.where((eb) => eb.or([eb(key, '<', end ?? null), eb(key, 'is', null)]));
  const after = query.where(key, '>=', first);
  return end === undefined ? after : after.where(key, '<', end);
}

function contractRows(mapped: MappedView, extent: Extent) {
  return rowsOf(mapped, extent).select((eb) =>
    CONTRACT[mapped.view].columns.map((column) => {
      const name = columnName(mapped, column.name);
      const value = eb.ref(name);
      if (column.type === 'text' || column.type === 'number') {
        return name === column.name ? name : value.as(column.name);
      }
      return asText(value, column).as(column.name);
    }),
  );
}

function asText(value: Expression<unknown>, column: Column) {
  return dateText(value, column.type === 'timestamp' ? TIMESTAMP_FORMAT : DATE_FORMAT);
}

function isEarly(value: Expression<unknown>) {
  return sql<boolean>`${value} < date ${sql.lit(FIRST_DAY)}`;
}

function dateText(value: Expression<unknown>, format: string) {
  return sql<string>`to_char(${value}, ${sql.lit(format)})`;
}
