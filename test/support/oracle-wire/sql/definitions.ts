/** CREATE TABLE: columns, NOT NULL, DEFAULT, keys. */
import { storedType, type WireColumn } from '../oracle-types.ts';
import { OraError } from '../replies.ts';
import { castTo, typeName, value } from './expressions.ts';
import { quoteName, type Translation, unsupported } from './translation.ts';

/** `[schema.]name` */
export function tableName(t: Translation): { schema: string | undefined; name: string; at: number } {
  const first = t.name();
  if (!t.acceptOperator('.')) return { schema: undefined, name: first.name, at: first.at };
  return { schema: first.name, name: t.name().name, at: first.at };
}

/** After the table's name. */
export function createTable(
  t: Translation,
  schema: string,
  name: string,
): { columns: WireColumn[]; sql: string } {
  if (t.isWord('AS')) throw unsupported('CREATE TABLE AS SELECT', t.peek().at);
  t.expectOperator('(');
  const columns: WireColumn[] = [];
  const parts: string[] = [];
  do {
    const constraint = tableConstraint(t);
    if (constraint !== undefined) {
      parts.push(constraint);
      continue;
    }
    const { column, sql } = columnDefinition(t);
    columns.push(column);
    parts.push(sql);
  } while (t.acceptOperator(','));
  t.expectOperator(')');
  t.end();
  return { columns, sql: `CREATE TABLE ${quoteName(schema)}.${quoteName(name)} (${parts.join(', ')})` };
}

function tableConstraint(t: Translation): string | undefined {
  if (t.isWord('CONSTRAINT')) {
    t.take();
    t.name();
  }
  const kind = t.acceptWords('PRIMARY', 'KEY')
    ? 'PRIMARY KEY'
    : t.acceptWords('UNIQUE')
      ? 'UNIQUE'
      : undefined;
  if (t.isWord('FOREIGN') || t.isWord('CHECK')) throw unsupported('FOREIGN KEY and CHECK', t.peek().at);
  if (kind === undefined) return undefined;
  t.expectOperator('(');
  const names: string[] = [];
  do names.push(quoteName(t.name().name));
  while (t.acceptOperator(','));
  t.expectOperator(')');
  return `${kind} (${names.join(', ')})`;
}

function columnDefinition(t: Translation): { column: WireColumn; sql: string } {
  const { name } = t.name();
  const type = typeName(t);
  let nullable = true;
  let sql = `${quoteName(name)} ${storedType(type)}`;
  while (!t.isOperator(',') && !t.isOperator(')')) {
    if (t.acceptWords('DEFAULT'))
      sql += ` DEFAULT (${castTo(t, value(t, { sources: [], outer: undefined }), type).sql})`;
    else if (t.acceptWords('NOT', 'NULL')) {
      nullable = false;
      sql += ' NOT NULL';
    } else if (t.acceptWords('PRIMARY', 'KEY')) {
      nullable = false;
      sql += ' PRIMARY KEY';
    } else if (t.acceptWords('UNIQUE')) sql += ' UNIQUE';
    else if (!t.acceptWords('NULL'))
      throw new OraError(907, 'missing right parenthesis', { offset: t.peek().at });
  }
  return { column: { name, type, nullable }, sql };
}
