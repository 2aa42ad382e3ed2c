/** INSERT, UPDATE, DELETE and MERGE, with values made fit for the columns they go to. */
import { storedType, type WireColumn } from '../oracle-types.ts';
import { OraError } from '../replies.ts';
import type { BindValue } from '../requests.ts';
import { condition } from './conditions.ts';
import { tableName } from './definitions.ts';
import { asText, isDate, isText, numberOfText, padded, value } from './expressions.ts';
import { textToDate } from './masks.ts';
import { query } from './queries.ts';
import {
  type Piece,
  quoteName,
  type Relation,
  type Scope,
  type Surroundings,
  Translation,
  unsupported,
} from './translation.ts';

/** @throws {OraError} ORA-01031 where the account lacks the privilege */
export type Demand = (owner: string, name: string, privilege: string) => void;

export interface TranslatedChange {
  /** `SCHEMA.NAME` of the table that it changes. */
  readonly table: string;
  readonly sql: string;
}

/** The engine's statements for one of Oracle's: more than one only for INSERT ALL. */
export function translateChanges(
  sql: string,
  around: Surroundings,
  binds: readonly BindValue[],
  demand: Demand,
): TranslatedChange[] {
  const t = new Translation(sql, around, binds, query);
  const verb = t.take().text;
  const statements =
    verb === 'INSERT'
      ? insert(t, demand)
      : [verb === 'UPDATE' ? update(t, demand) : verb === 'DELETE' ? remove(t, demand) : merge(t, demand)];
  if (t.isWord('RETURNING') || t.isWord('RETURN')) throw unsupported('RETURNING', t.peek().at);
  t.end();
  return statements;
}

const change = (relation: Relation, sql: string): TranslatedChange => ({
  table: `${relation.schema}.${relation.name}`,
  sql,
});

function target(t: Translation, demand: Demand, privilege: string): Relation {
  const { schema, name, at } = tableName(t);
  const relation = t.around.relation(schema, name, at);
  if (!relation.stored) throw new OraError(1031, 'insufficient privileges', { offset: at });
  demand(relation.schema, relation.name, privilege);
  return relation;
}

function columnNamed(relation: Relation, name: string, at: number): WireColumn {
  const column = relation.columns.find((one) => one.name === name);
  if (column === undefined) throw new OraError(904, `"${name}": invalid identifier`, { offset: at });
  return column;
}

/** A value as the column takes it; one that does not fit raises Oracle's error. */
function assigned(t: Translation, piece: Piece, column: WireColumn, relation: Relation): string {
  const { type } = column;
  if (piece.form === 'null') return 'NULL';
  if (type.kind === 'number') {
    const number = isText(piece.type) ? numberOfText(piece.sql) : piece.sql;
    return `CAST(${number} AS ${storedType(type)})`;
  }
  if (isDate(type)) {
    const date = isText(piece.type) ? textToDate(piece.sql, t.around.nlsDateFormat) : piece.sql;
    return `CAST(${type.kind === 'date' ? `date_trunc('second', CAST(${date} AS TIMESTAMP))` : date} AS ${storedType(type)})`;
  }
  const text = `nullif(${asText(t, piece)}, '')`;
  if (type.kind === 'clob' || type.length === undefined) return text;
  const size =
    type.inCharacters === true || t.around.bytesAsCharacters ? `length(${text})` : `strlen(${text})`;
  const tooLong = `error('ORA-12899: value too large for column "${relation.schema}"."${relation.name}"."${column.name}" (maximum: ${type.length})')`;
  const fitting = type.kind === 'char' ? padded(text, type.length) : text;
  return `CASE WHEN ${size} > ${type.length} THEN ${tooLong} ELSE ${fitting} END`;
}

function insert(t: Translation, demand: Demand): TranslatedChange[] {
  if (!t.acceptWords('ALL')) {
    t.expectWord('INTO');
    return [insertInto(t, demand)];
  }
  const statements: TranslatedChange[] = [];
  while (t.acceptWords('INTO')) statements.push(insertInto(t, demand));
  const rest = query(t, undefined);
  if (!/'X' AS "DUMMY"/.test(rest.sql)) throw unsupported('INSERT ALL with a query but SELECT … FROM DUAL');
  return statements;
}

function insertInto(t: Translation, demand: Demand): TranslatedChange {
  const relation = target(t, demand, 'INSERT');
  const columns = t.isOperator('(') && !t.isWord('SELECT', 1) ? columnList(t, relation) : relation.columns;
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const head = `INSERT INTO ${relation.sql} (${names})`;
  if (t.acceptWords('VALUES')) {
    const values = valueList(t, { sources: [], outer: undefined }, columns, relation);
    if (t.isOperator(',')) throw new OraError(933, 'SQL command not properly ended', { offset: t.peek().at });
    return change(relation, `${head} VALUES (${values.join(', ')})`);
  }
  const selected = query(t, undefined);
  if (selected.columns.length !== columns.length)
    throw new OraError(
      selected.columns.length > columns.length ? 913 : 947,
      selected.columns.length > columns.length ? 'too many values' : 'not enough values',
    );
  const fitted = columns.map((column, at) => {
    const from = selected.columns[at];
    return assigned(t, { sql: `given.c${at}`, type: from?.type, form: 'expression' }, column, relation);
  });
  const aliases = columns.map((_, at) => `c${at}`).join(', ');
  return change(relation, `${head} SELECT ${fitted.join(', ')} FROM (${selected.sql}) AS given(${aliases})`);
}

function columnList(t: Translation, relation: Relation): WireColumn[] {
  t.expectOperator('(');
  const columns: WireColumn[] = [];
  do {
    let { name, at } = t.name();
    if (t.acceptOperator('.')) ({ name, at } = t.name());
    columns.push(columnNamed(relation, name, at));
  } while (t.acceptOperator(','));
  t.expectOperator(')');
  return columns;
}

function valueList(
  t: Translation,
  scope: Scope,
  columns: readonly WireColumn[],
  relation: Relation,
): string[] {
  t.expectOperator('(');
  const values: string[] = [];
  do {
    const column = columns[values.length];
    if (column === undefined) throw new OraError(913, 'too many values', { offset: t.peek().at });
    if (t.acceptWords('DEFAULT')) values.push('DEFAULT');
    else values.push(assigned(t, value(t, scope), column, relation));
  } while (t.acceptOperator(','));
  if (values.length < columns.length) throw new OraError(947, 'not enough values', { offset: t.peek().at });
  t.expectOperator(')');
  return values;
}

/** `name [alias]`, for UPDATE, DELETE and MERGE. */
function aliased(t: Translation, relation: Relation): string {
  const alias = t.isName() && !t.isWord('USING') ? t.name().name : relation.name;
  return alias;
}

function assignments(t: Translation, scope: Scope, relation: Relation, alias: string): string {
  const sets: string[] = [];
  do {
    let { name, at } = t.name();
    if (t.acceptOperator('.')) {
      if (name !== alias) throw new OraError(904, `"${name}": invalid identifier`, { offset: at });
      ({ name, at } = t.name());
    }
    const column = columnNamed(relation, name, at);
    t.expectOperator('=');
    sets.push(`${quoteName(name)} = ${assigned(t, value(t, scope), column, relation)}`);
  } while (t.acceptOperator(','));
  return sets.join(', ');
}

function update(t: Translation, demand: Demand): TranslatedChange {
  const relation = target(t, demand, 'UPDATE');
  const alias = t.isWord('SET') ? relation.name : aliased(t, relation);
  t.expectWord('SET', 971, 'missing SET keyword');
  const scope: Scope = { sources: [{ alias, columns: relation.columns }], outer: undefined };
  const sets = assignments(t, scope, relation, alias);
  const where = t.acceptWords('WHERE') ? ` WHERE ${condition(t, scope)}` : '';
  return change(relation, `UPDATE ${relation.sql} AS ${quoteName(alias)} SET ${sets}${where}`);
}

function remove(t: Translation, demand: Demand): TranslatedChange {
  t.acceptWords('FROM');
  const relation = target(t, demand, 'DELETE');
  const alias = t.isWord('WHERE') ? relation.name : aliased(t, relation);
  const scope: Scope = { sources: [{ alias, columns: relation.columns }], outer: undefined };
  const where = t.acceptWords('WHERE') ? ` WHERE ${condition(t, scope)}` : '';
  return change(relation, `DELETE FROM ${relation.sql} AS ${quoteName(alias)}${where}`);
}

function merge(t: Translation, demand: Demand): TranslatedChange {
  t.expectWord('INTO');
  const relation = target(t, demand, 'UPDATE');
  demand(relation.schema, relation.name, 'INSERT');
  const alias = aliased(t, relation);
  t.expectWord('USING');
  const source = mergeSource(t);
  if (!t.acceptWords('ON') || !t.isOperator('('))
    throw new OraError(969, 'missing ON keyword', { offset: t.peek().at });
  const scope: Scope = { sources: [{ alias, columns: relation.columns }, source.scope], outer: undefined };
  t.expectOperator('(');
  const on = condition(t, scope);
  t.expectOperator(')');
  let sql = `MERGE INTO ${relation.sql} AS ${quoteName(alias)} USING ${source.sql} ON (${on})`;
  while (t.acceptWords('WHEN')) {
    if (t.acceptWords('MATCHED')) {
      t.expectWord('THEN');
      t.expectWord('UPDATE');
      t.expectWord('SET');
      const sets = assignments(t, scope, relation, alias);
      const where = t.acceptWords('WHERE') ? ` AND (${condition(t, scope)})` : '';
      if (t.isWord('DELETE')) throw unsupported('DELETE in MERGE', t.peek().at);
      sql += ` WHEN MATCHED${where} THEN UPDATE SET ${sets}`;
    } else {
      t.expectWord('NOT');
      t.expectWord('MATCHED');
      t.expectWord('THEN');
      t.expectWord('INSERT');
      const columns = t.isOperator('(') ? columnList(t, relation) : relation.columns;
      t.expectWord('VALUES');
      const values = valueList(t, { sources: [source.scope], outer: undefined }, columns, relation);
      const where = t.acceptWords('WHERE') ? ` AND (${condition(t, scope)})` : '';
      const names = columns.map(({ name }) => quoteName(name)).join(', ');
      sql += ` WHEN NOT MATCHED${where} THEN INSERT (${names}) VALUES (${values.join(', ')})`;
    }
  }
  return change(relation, sql);
}

function mergeSource(t: Translation): {
  sql: string;
  scope: { alias: string; columns: readonly WireColumn[] };
} {
  if (t.acceptOperator('(')) {
    const inner = query(t, undefined);
    t.expectOperator(')');
    const { name } = t.name();
    return { sql: `(${inner.sql}) AS ${quoteName(name)}`, scope: { alias: name, columns: inner.columns } };
  }
  const { schema, name, at } = tableName(t);
  const relation = t.around.relation(schema, name, at);
  const alias = t.isWord('ON') ? name : t.name().name;
  return { sql: `${relation.sql} AS ${quoteName(alias)}`, scope: { alias, columns: relation.columns } };
}
