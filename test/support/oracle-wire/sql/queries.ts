/** SELECT: common table expressions, set operations, joins, AS OF SCN, ROWNUM and FETCH FIRST. */
import { VARCHAR, type WireColumn } from '../oracle-types.ts';
import { OraError } from '../replies.ts';
import { condition, conjuncts } from './conditions.ts';
import { resolveColumn, value } from './expressions.ts';
import { orderBy } from './ordering.ts';
import {
  type Piece,
  quoteName,
  RESERVED,
  type Scope,
  type SelectResult,
  type Source,
  type Translation,
  unsupported,
} from './translation.ts';

/** A query, up to what ends it. */
export function query(t: Translation, outer: Scope | undefined): SelectResult {
  const before = t.ctes;
  const ctes: string[] = [];
  if (t.acceptWords('WITH')) {
    do {
      const { name } = t.name();
      if (t.isOperator('(')) throw unsupported('column lists of WITH', t.peek().at);
      t.expectWord('AS');
      t.expectOperator('(');
      const inner = query(t, outer);
      t.expectOperator(')');
      t.ctes = new Map([...t.ctes, [name, inner.columns]]);
      ctes.push(`${quoteName(name)} AS (${inner.sql})`);
    } while (t.acceptOperator(','));
  }
  const result = compound(t, outer);
  t.ctes = before;
  const head = ctes.length === 0 ? '' : `WITH ${ctes.join(', ')} `;
  return { sql: head + result.sql, columns: result.columns };
}

function compound(t: Translation, outer: Scope | undefined): SelectResult {
  const first = block(t, outer);
  let { sql } = first;
  let combined = false;
  for (let operator = setOperator(t); operator !== undefined; operator = setOperator(t)) {
    combined = true;
    const next = block(t, outer);
    if (next.columns.length !== first.columns.length) {
      throw new OraError(1789, 'query block has incorrect number of result columns', { offset: t.peek().at });
    }
    sql = `${sql} ${operator} ${next.sql}`;
  }
  const scope = combined ? { sources: [], outer, aliases: resultAliases(first.columns) } : first.scope;
  const order = orderBy(t, scope);
  return { sql: sql + order + rowLimit(t), columns: first.columns };
}

function resultAliases(columns: readonly WireColumn[]): Map<string, Piece> {
  return new Map(
    columns.map((one) => [one.name, { sql: quoteName(one.name), type: one.type, form: 'column' }]),
  );
}

function setOperator(t: Translation): string | undefined {
  if (t.acceptWords('UNION', 'ALL')) return 'UNION ALL';
  if (t.acceptWords('UNION')) return 'UNION';
  if (t.acceptWords('INTERSECT')) return 'INTERSECT';
  return t.acceptWords('MINUS') ? 'EXCEPT' : undefined;
}

function rowLimit(t: Translation): string {
  let offset = '';
  if (t.acceptWords('OFFSET')) {
    offset = ` OFFSET ${countOf(t)}`;
    if (!t.acceptWords('ROWS')) t.expectWord('ROW');
  }
  if (!t.acceptWords('FETCH')) return offset;
  if (!t.acceptWords('FIRST')) t.expectWord('NEXT');
  const rows = t.isWord('ROW') || t.isWord('ROWS') ? '1' : countOf(t);
  if (t.isWord('PERCENT')) throw unsupported('FETCH … PERCENT', t.peek().at);
  if (!t.acceptWords('ROWS')) t.expectWord('ROW');
  if (t.isWord('WITH')) throw unsupported('WITH TIES', t.peek().at);
  t.expectWord('ONLY');
  return ` LIMIT ${rows}${offset}`;
}

/** A literal or a bind. */
function countOf(t: Translation): string {
  const { sql } = value(t, { sources: [], outer: undefined });
  return /^\d+$/.test(sql) ? sql : `CAST(${sql} AS BIGINT)`;
}

interface Block extends SelectResult {
  readonly scope: Scope;
}

function block(t: Translation, outer: Scope | undefined): Block {
  if (t.acceptOperator('(')) {
    const inner = query(t, outer);
    t.expectOperator(')');
    return {
      ...inner,
      sql: `(${inner.sql})`,
      scope: { sources: [], outer, aliases: resultAliases(inner.columns) },
    };
  }
  if (!t.acceptWords('SELECT')) throw new OraError(900, 'invalid SQL statement', { offset: t.peek().at });
  const distinct = t.acceptWords('DISTINCT') || t.acceptWords('UNIQUE') ? 'DISTINCT ' : '';
  if (distinct === '') t.acceptWords('ALL');
  // The list is read after FROM, which says what its names mean.
  const list = t.place;
  skipToFrom(t);
  const scope: Scope = { sources: [], outer };
  const from = fromClause(t, scope);
  const afterFrom = t.place;
  t.place = list;
  const items = selectList(t, scope);
  if (!t.isWord('FROM'))
    throw new OraError(923, 'FROM keyword not found where expected', { offset: t.peek().at });
  t.place = afterFrom;
  const { where, limit } = whereClause(t, scope);
  const group = groupClause(t, scope);
  if (
    limit !== '' &&
    (group !== '' ||
      distinct !== '' ||
      items.some((item) => item.piece.aggregate === true) ||
      t.isWord('ORDER'))
  ) {
    throw unsupported(
      'ROWNUM beside GROUP BY, DISTINCT, aggregates or ORDER BY in one query block',
      t.peek().at,
    );
  }
  const selected = items.map(({ piece, name }) => `${piece.sql} AS ${quoteName(name)}`).join(', ');
  const columns = items.map(({ piece, name }) => ({
    name,
    type: piece.type ?? VARCHAR,
    nullable: piece.nullable ?? true,
  }));
  const aliases = new Map(items.map(({ piece, name }) => [name, { ...piece, sql: quoteName(name) }]));
  return {
    sql: `SELECT ${distinct}${selected}${from}${where}${group}${limit}`,
    columns,
    scope: { ...scope, aliases },
  };
}

/** To the FROM that belongs to the SELECT just read. */
function skipToFrom(t: Translation): void {
  let depth = 0;
  while (true) {
    const token = t.peek();
    if (token.kind === 'end') break;
    if (token.kind === 'operator' && token.text === '(') depth += 1;
    if (token.kind === 'operator' && token.text === ')' && --depth < 0) break;
    if (depth === 0 && token.kind === 'word' && token.text === 'FROM') return;
    t.take();
  }
  throw new OraError(923, 'FROM keyword not found where expected', { offset: t.peek().at });
}

interface Item {
  readonly piece: Piece;
  readonly name: string;
}

function selectList(t: Translation, scope: Scope): Item[] {
  const items: Item[] = [];
  do {
    if (t.acceptOperator('*')) {
      items.push(...scope.sources.flatMap((source) => allColumns(scope, source)));
    } else if (t.isName() && t.isOperator('.', 1) && t.isOperator('*', 2)) {
      const { name, at } = t.name();
      t.take();
      t.take();
      const source = scope.sources.find((one) => one.alias === name);
      if (source === undefined) throw new OraError(904, `"${name}": invalid identifier`, { offset: at });
      items.push(...allColumns(scope, source));
    } else {
      items.push(selectItem(t, scope));
    }
  } while (t.acceptOperator(','));
  return items;
}

function allColumns(scope: Scope, source: Source): Item[] {
  return source.columns.map(({ name }) => ({ piece: resolveColumn(scope, source.alias, name, 0), name }));
}

function selectItem(t: Translation, scope: Scope): Item {
  const from = t.place;
  const piece = value(t, scope);
  const to = t.place;
  if (t.acceptWords('AS')) {
    if (!t.isName())
      throw new OraError(923, 'FROM keyword not found where expected', { offset: t.peek().at });
    return { piece, name: t.name().name };
  }
  if (t.isName() && !t.isWord('FROM')) return { piece, name: t.name().name };
  return { piece, name: piece.columnName ?? t.textOf(from, to).slice(0, 128) };
}

/** ` FROM …`, with what it names put into the scope. */
function fromClause(t: Translation, scope: Scope): string {
  t.expectWord('FROM', 923, 'FROM keyword not found where expected');
  if (t.isWord('DUAL') && !t.isOperator(',', 1)) {
    t.take();
    scope.sources.push({
      alias: 'DUAL',
      columns: [{ name: 'DUMMY', type: { kind: 'varchar', length: 1 }, nullable: true }],
    });
    if (t.isName()) t.take();
    return ` FROM (SELECT 'X' AS "DUMMY") AS "DUAL"`;
  }
  let sql = tableReference(t, scope);
  while (true) {
    if (t.acceptOperator(',')) sql += ` CROSS JOIN ${tableReference(t, scope)}`;
    else {
      const join = joinKind(t);
      if (join === undefined) return ` FROM ${sql}`;
      const right = tableReference(t, scope);
      if (join === 'CROSS JOIN') sql += ` CROSS JOIN ${right}`;
      else {
        if (t.isWord('USING')) throw unsupported('USING', t.peek().at);
        t.expectWord('ON', 905, 'missing keyword');
        sql += ` ${join} ${right} ON ${condition(t, scope)}`;
      }
    }
  }
}

function joinKind(t: Translation): string | undefined {
  if (t.acceptWords('CROSS', 'JOIN')) return 'CROSS JOIN';
  if (t.acceptWords('INNER', 'JOIN') || t.acceptWords('JOIN')) return 'JOIN';
  for (const side of ['LEFT', 'RIGHT', 'FULL']) {
    if (t.acceptWords(side, 'OUTER', 'JOIN') || t.acceptWords(side, 'JOIN')) return `${side} JOIN`;
  }
  if (t.isWord('NATURAL')) throw unsupported('NATURAL JOIN', t.peek().at);
  return undefined;
}

function tableReference(t: Translation, scope: Scope): string {
  if (t.acceptOperator('(')) {
    if (!t.isWord('SELECT') && !t.isWord('WITH') && !t.isOperator('('))
      throw unsupported('joins in parentheses', t.peek().at);
    const inner = query(t, scope.outer);
    t.expectOperator(')');
    const alias = tableAlias(t) ?? `SUBQUERY_${scope.sources.length + 1}`;
    scope.sources.push({ alias, columns: inner.columns });
    return `(${inner.sql}) AS ${quoteName(alias)}`;
  }
  const { at } = t.peek();
  const first = t.name().name;
  const second = t.acceptOperator('.') ? t.name().name : undefined;
  if (t.isOperator('@')) throw unsupported('database links', at);
  const name = second ?? first;
  const cte = second === undefined ? t.ctes.get(name) : undefined;
  if (cte !== undefined) {
    const alias = tableAlias(t) ?? name;
    scope.sources.push({ alias, columns: cte });
    return `${quoteName(name)} AS ${quoteName(alias)}`;
  }
  const relation = t.around.relation(second === undefined ? undefined : first, name, at);
  const scn = asOf(t);
  if (relation.stored) {
    t.reads.add(`${relation.schema}.${relation.name}`);
    t.scns.push(scn);
  }
  const alias = tableAlias(t) ?? name;
  scope.sources.push({ alias, columns: relation.columns });
  const sql = relation.stored ? t.around.tableAt(relation, scn) : relation.sql;
  return `${sql} AS ${quoteName(alias)}`;
}

/** Oracle takes no AS before the alias of a table. */
function tableAlias(t: Translation): string | undefined {
  if (t.isWord('AS')) throw new OraError(933, 'SQL command not properly ended', { offset: t.peek().at });
  const token = t.peek();
  const starts = [
    'LEFT',
    'RIGHT',
    'FULL',
    'INNER',
    'CROSS',
    'JOIN',
    'NATURAL',
    'ON',
    'USING',
    'WHERE',
    'GROUP',
    'ORDER',
    'HAVING',
    'FETCH',
    'OFFSET',
    'UNION',
    'LIMIT',
    'QUALIFY',
    'SAMPLE',
    'FOR',
    'SET',
    'WHEN',
  ];
  if (token.kind === 'word' && (RESERVED.has(token.text) || starts.includes(token.text))) return undefined;
  return t.isName() ? t.name().name : undefined;
}

/** The SCN of `AS OF SCN n`: a literal or a bind. */
function asOf(t: Translation): number | undefined {
  if (!t.isWord('AS') || !t.isWord('OF', 1)) return undefined;
  t.take();
  t.take();
  if (!t.acceptWords('SCN')) throw unsupported('AS OF TIMESTAMP', t.peek().at);
  const wrapped = t.acceptOperator('(');
  const token = t.take();
  const bind = token.kind === 'bind' ? t.binds[token.bind ?? -1] : undefined;
  const text = token.kind === 'number' ? token.text : bind !== undefined && 'text' in bind ? bind.text : '';
  if (wrapped) t.expectOperator(')');
  if (!/^\d+$/.test(text))
    throw new OraError(8181, 'specified number is not a valid system change number', { offset: token.at });
  return Number(text);
}

function whereClause(t: Translation, scope: Scope): { where: string; limit: string } {
  if (!t.acceptWords('WHERE')) return { where: '', limit: '' };
  let limit = '';
  const sql = conjuncts(t, scope, () => {
    if (!t.isWord('ROWNUM')) return false;
    t.take();
    const operator = t.take();
    const { sql: count } = value(t, scope);
    const rows = `CAST(${count} AS BIGINT)`;
    if (operator.text === '<=') limit = ` LIMIT ${rows}`;
    else if (operator.text === '<') limit = ` LIMIT greatest(${rows} - 1, 0)`;
    else if (operator.text === '=' && count === '1') limit = ' LIMIT 1';
    else throw unsupported('ROWNUM but for < and <=', operator.at);
    return true;
  });
  return { where: sql === '' ? '' : ` WHERE ${sql}`, limit };
}

function groupClause(t: Translation, scope: Scope): string {
  let sql = '';
  if (t.acceptWords('GROUP', 'BY')) {
    const terms: string[] = [];
    do {
      if (['ROLLUP', 'CUBE', 'GROUPING'].some((word) => t.isWord(word)))
        throw unsupported('ROLLUP and CUBE', t.peek().at);
      terms.push(value(t, scope).sql);
    } while (t.acceptOperator(','));
    sql += ` GROUP BY ${terms.join(', ')}`;
  }
  if (t.acceptWords('HAVING')) sql += ` HAVING ${condition(t, scope)}`;
  return sql;
}
