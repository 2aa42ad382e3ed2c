/**
 * What is read from the embedded source, compiled by Kysely for DuckDB. Nothing is executed here: the engine runs the
 * text, and no row passes through JavaScript.
 */
import {
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import { dateColumns, type View } from '../../../schemas/contract.ts';
import { sourceTable } from '../../runtime/embedded-schema.ts';

/** DuckDB takes PostgreSQL's quoting and literals; the published dialect for it does not run on this Kysely. */
const duckdb = new Kysely<Record<string, Record<string, unknown>>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** All rows of a view in contract order of columns; empty text becomes NULL, as in Oracle. Nothing else changes. */
export function extractQuery(view: View): string {
  return duckdb
    .selectFrom(sourceTable(view.name))
    .select((eb) =>
      view.columns.map((column) =>
        column.type === 'text'
          ? eb.fn<string | null>('nullif', [eb.ref(column.name), sql.lit('')]).as(column.name)
          : eb.ref(column.name).as(column.name),
      ),
    )
    .compile().sql;
}

/** One row: `row_count` and, for each date or timestamp column, `<COLUMN>_first` and `<COLUMN>_last`. */
export function figuresQuery(view: View): string {
  return duckdb
    .selectFrom(sourceTable(view.name))
    .select((eb) => [
      eb.fn.countAll().as('row_count'),
      ...dateColumns(view).flatMap(({ name }) => {
        const text = (value: Expression<unknown>) => eb.cast<string>(value, 'varchar');
        return [text(eb.fn.min(name)).as(`${name}_first`), text(eb.fn.max(name)).as(`${name}_last`)];
      }),
    ])
    .compile().sql;
}
