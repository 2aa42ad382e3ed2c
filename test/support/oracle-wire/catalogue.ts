/** What names mean to an account: tables by schema and synonym, and the dictionary views with their content. */
import { type Account, privilegesOn } from './accounts.ts';
import type { StoredTable } from './database.ts';
import { type DictionaryContext, dictionaryView } from './dictionary.ts';
import { OraError } from './replies.ts';
import { quoteName, quoteText, type Relation } from './sql/translation.ts';

export interface CatalogueOptions {
  readonly owner: string;
  readonly synonyms: boolean;
}

const missing = (offset: number) => new OraError(942, 'table or view does not exist', { offset });

/**
 * The relation that a name stands for.
 * @throws {OraError} ORA-00942 where the account sees none, ORA-01031 where it may not read it
 */
export function findRelation(
  context: DictionaryContext,
  currentSchema: string,
  schema: string | undefined,
  name: string,
  offset: number,
): Relation {
  const table = findTable(context, currentSchema, schema, name);
  if (table !== undefined) {
    const privileges = privilegesOn(context.account, table.schema, table.name);
    if (privileges.size === 0) throw missing(offset);
    if (!privileges.has('SELECT')) throw new OraError(1031, 'insufficient privileges', { offset });
    return {
      schema: table.schema,
      name: table.name,
      columns: table.columns,
      sql: `${quoteName(table.schema)}.${quoteName(table.name)}`,
      stored: true,
    };
  }
  if (schema !== undefined && schema !== 'SYS' && schema !== 'PUBLIC') throw missing(offset);
  const view = dictionaryView(context, name);
  if (view === undefined) throw missing(offset);
  return { schema: 'SYS', name, columns: view.columns, sql: inline(view), stored: false };
}

/** A stored table by its name, whatever the account may do with it. */
export function findTable(
  context: DictionaryContext,
  currentSchema: string,
  schema: string | undefined,
  name: string,
): StoredTable | undefined {
  const { database, options } = context;
  if (schema !== undefined) return database.tables.get(`${schema}.${name}`);
  const own = database.tables.get(`${currentSchema}.${name}`);
  if (own !== undefined || !options.synonyms) return own;
  return database.tables.get(`${options.owner}.${name}`);
}

/** Rows of the dictionary as a subquery: they differ from account to account. */
function inline(view: NonNullable<ReturnType<typeof dictionaryView>>): string {
  const names = view.columns.map(({ name }) => quoteName(name)).join(', ');
  const casts = view.columns.map(({ name, type }) => {
    const engine =
      type.kind === 'number' ? 'DECIMAL(38,0)' : type.kind === 'date' ? 'TIMESTAMP_S' : 'VARCHAR';
    return `CAST(${quoteName(name)} AS ${engine}) AS ${quoteName(name)}`;
  });
  const values = view.rows.map(
    (row) =>
      `(${row.map((value) => (value === null || value === '' ? 'NULL' : quoteText(String(value)))).join(', ')})`,
  );
  const nothing = `(${view.columns.map(() => 'NULL').join(', ')})`;
  const list = values.length === 0 ? nothing : values.join(', ');
  const none = values.length === 0 ? ' WHERE 1 = 0' : '';
  return `(SELECT ${casts.join(', ')} FROM (VALUES ${list}) AS made(${names})${none})`;
}

/** Whether an account may execute a package. */
export function mayExecute(account: Account, packageName: string): boolean {
  return privilegesOn(account, 'SYS', packageName).has('EXECUTE');
}

/** Whether an account may read V$ views. */
export function mayRead(account: Account, name: string): boolean {
  return privilegesOn(account, 'SYS', name).has('SELECT');
}
