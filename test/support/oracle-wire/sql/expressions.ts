/** Values of Oracle's SQL, translated as they are read. Whatever is not listed here is refused. */
import {
  DATE,
  NUMBER,
  type OracleType,
  parseOracleType,
  storedType,
  TIMESTAMP,
  VARCHAR,
} from '../oracle-types.ts';
import { OraError } from '../replies.ts';
import { dateFieldsOfText } from '../values.ts';
import { compare, condition } from './conditions.ts';
import { callFunction } from './functions.ts';
import { dateToText, textToDate } from './masks.ts';
import {
  type Piece,
  quoteName,
  quoteText,
  RESERVED,
  type Scope,
  type Translation,
  unsupported,
} from './translation.ts';

export function isText(type: OracleType | undefined): boolean {
  return type?.kind === 'varchar' || type?.kind === 'char' || type?.kind === 'clob';
}

export function isDate(type: OracleType | undefined): boolean {
  return type?.kind === 'date' || type?.kind === 'timestamp';
}

export function numberOfText(sql: string): string {
  return `CAST(${sql} AS DECIMAL(38,10))`;
}

/** A value, with `||`, `+`, `-` at the lowest level. */
export function value(t: Translation, scope: Scope): Piece {
  let left = product(t, scope);
  while (true) {
    const { at } = t.peek();
    if (t.acceptOperator('||')) {
      const right = product(t, scope);
      left = {
        sql: `nullif(concat(${asText(t, left)}, ${asText(t, right)}), '')`,
        type: VARCHAR,
        form: 'expression',
      };
    } else if (t.acceptOperator('+')) {
      left = sum(left, '+', product(t, scope), at);
    } else if (t.acceptOperator('-')) {
      left = sum(left, '-', product(t, scope), at);
    } else {
      return left;
    }
  }
}

function sum(left: Piece, operator: '+' | '-', right: Piece, at: number): Piece {
  const form = 'expression' as const;
  const aggregate = left.aggregate === true || right.aggregate === true;
  if (isDate(left.type) && right.type?.kind === 'number') {
    const days = `to_days(CAST(${right.sql} AS INTEGER))`;
    const moved = `CAST(${left.sql} ${operator} ${days} AS TIMESTAMP_S)`;
    return {
      sql: `(CASE WHEN ${right.sql} = floor(${right.sql}) THEN ${moved} ELSE error('ORA-00900: parts of days are not served') END)`,
      type: DATE,
      form,
      aggregate,
    };
  }
  if (isDate(left.type) || isDate(right.type)) throw unsupported('arithmetic of dates beyond whole days', at);
  return { sql: `(${number(left, at)} ${operator} ${number(right, at)})`, type: NUMBER, form, aggregate };
}

function number(piece: Piece, at: number): string {
  if (piece.type === undefined || piece.type.kind === 'number') return piece.sql;
  if (isText(piece.type)) return numberOfText(piece.sql);
  throw new OraError(932, 'inconsistent datatypes: expected NUMBER', { offset: at });
}

function product(t: Translation, scope: Scope): Piece {
  let left = sign(t, scope);
  while (true) {
    const { at } = t.peek();
    if (t.isOperator('/')) throw unsupported('division', at);
    if (!t.acceptOperator('*')) return left;
    const right = sign(t, scope);
    left = { sql: `(${number(left, at)} * ${number(right, at)})`, type: NUMBER, form: 'expression' };
  }
}

function sign(t: Translation, scope: Scope): Piece {
  const { at } = t.peek();
  if (t.acceptOperator('-')) {
    return { sql: `(- ${number(sign(t, scope), at)})`, type: NUMBER, form: 'expression' };
  }
  t.acceptOperator('+');
  return primary(t, scope);
}

function primary(t: Translation, scope: Scope): Piece {
  const token = t.peek();
  switch (token.kind) {
    case 'number':
      t.take();
      return numberLiteral(token.text, token.at);
    case 'string':
      t.take();
      return textLiteral(token.text);
    case 'bind':
      t.take();
      return bindPiece(t, token.bind ?? 0, token.at);
    case 'operator':
      return enclosed(t, scope);
    case 'word':
      return word(t, scope);
    case 'quoted':
      return column(t, scope);
    default:
      throw new OraError(936, 'missing expression', { offset: token.at });
  }
}

function enclosed(t: Translation, scope: Scope): Piece {
  if (!t.isOperator('(')) throw new OraError(936, 'missing expression', { offset: t.peek().at });
  t.take();
  let piece: Piece;
  if (t.isWord('SELECT') || t.isWord('WITH')) {
    const { sql, columns } = t.subquery(t, scope);
    if (columns.length !== 1) throw new OraError(913, 'too many values', { offset: t.peek().at });
    piece = { sql: `(${sql})`, type: columns[0]?.type, form: 'expression' };
  } else {
    const inner = value(t, scope);
    if (t.isOperator(',')) throw unsupported('lists of values in parentheses', t.peek().at);
    piece = { ...inner, sql: `(${inner.sql})` };
  }
  t.expectOperator(')');
  return piece;
}

export function numberLiteral(text: string, at: number): Piece {
  if (/[eE]/.test(text)) throw unsupported('numbers with an exponent', at);
  const plain = text.startsWith('.') ? `0${text}` : text.replace(/\.$/, '');
  if (plain.replace('.', '').replace(/^0+/, '').length > 38)
    throw unsupported('numbers of more than 38 digits', at);
  return { sql: plain, type: NUMBER, form: 'literal' };
}

export function textLiteral(text: string): Piece {
  // The empty text is NULL.
  if (text === '') return { sql: 'CAST(NULL AS VARCHAR)', type: VARCHAR, form: 'null' };
  return { sql: quoteText(text), type: { kind: 'char', length: Buffer.byteLength(text) }, form: 'literal' };
}

/** Name of the engine's parameter for the bind at a place. */
export function parameterName(bind: number): string {
  return `b${bind}`;
}

function bindPiece(t: Translation, place: number, at: number): Piece {
  const bind = t.binds[place];
  if (bind === undefined) throw new OraError(1008, 'not all variables bound', { offset: at });
  const sql = `$${parameterName(place)}`;
  switch (bind.kind) {
    case 'number':
      return { sql, type: NUMBER, form: 'bind' };
    case 'date':
      return { sql: `CAST(${sql} AS TIMESTAMP_S)`, type: DATE, form: 'bind' };
    case 'timestamp':
      return { sql: `CAST(${sql} AS TIMESTAMP)`, type: TIMESTAMP, form: 'bind' };
    case 'null':
      return { sql: `CAST(${sql} AS VARCHAR)`, type: bind.wireType === 2 ? NUMBER : VARCHAR, form: 'null' };
    default:
      return { sql: `CAST(${sql} AS VARCHAR)`, type: VARCHAR, form: 'bind' };
  }
}

/** Text of a piece as `||`, LIKE and TO_CHAR without a mask see it. */
export function asText(t: Translation, piece: Piece): string {
  if (piece.type?.kind === 'number') return numberToText(piece.sql);
  if (isDate(piece.type)) return dateToText(piece.sql, t.around.nlsDateFormat).sql;
  return piece.sql;
}

/** As Oracle writes a number: no zero before the point, none at the end. */
export function numberToText(sql: string): string {
  const text = `CAST(${sql} AS VARCHAR)`;
  const trimmed = `regexp_replace(${text}, '(\\.[0-9]*?)0+$', '\\1')`;
  return `regexp_replace(regexp_replace(${trimmed}, '\\.$', ''), '^(-?)0\\.', '\\1.')`;
}

const NOW = "CAST(now() AT TIME ZONE 'Asia/Shanghai' AS TIMESTAMP)";

function word(t: Translation, scope: Scope): Piece {
  const { text, at } = t.peek();
  if (t.isOperator('(', 1) && text !== 'IN') return call(t, scope);
  if (t.peek(1).kind === 'string' && (text === 'DATE' || text === 'TIMESTAMP')) return dateLiteral(t, text);
  switch (text) {
    case 'NULL':
      t.take();
      return { sql: 'NULL', type: undefined, form: 'null' };
    case 'CASE':
      return caseExpression(t, scope);
    case 'SYSDATE':
    case 'CURRENT_DATE':
      t.take();
      return { sql: `CAST(date_trunc('second', ${NOW}) AS TIMESTAMP_S)`, type: DATE, form: 'expression' };
    case 'SYSTIMESTAMP':
    case 'CURRENT_TIMESTAMP':
    case 'LOCALTIMESTAMP':
      t.take();
      return { sql: NOW, type: TIMESTAMP, form: 'expression' };
    case 'USER':
      t.take();
      return { sql: quoteText(t.around.user), type: { kind: 'varchar', length: 128 }, form: 'expression' };
    case 'DBTIMEZONE':
    case 'SESSIONTIMEZONE': {
      t.take();
      const zone = text === 'DBTIMEZONE' ? t.around.databaseTimeZone : t.around.sessionTimeZone;
      return { sql: quoteText(zone), type: { kind: 'varchar', length: 75 }, form: 'expression' };
    }
    case 'ROWNUM':
      t.take();
      return { sql: 'row_number() OVER ()', type: NUMBER, form: 'expression', columnName: 'ROWNUM' };
    case 'INTERVAL':
      if (t.peek(1).kind === 'string') throw unsupported('intervals', at);
      return column(t, scope);
    case 'ROWID':
    case 'ROWSCN':
    case 'ORA_ROWSCN':
    case 'LEVEL':
    case 'CONNECT_BY_ROOT':
      throw unsupported(text, at);
    default:
      if (RESERVED.has(text)) throw new OraError(936, 'missing expression', { offset: at });
      return column(t, scope);
  }
}

function dateLiteral(t: Translation, kind: 'DATE' | 'TIMESTAMP'): Piece {
  t.take();
  const { text, at } = t.take();
  const shape =
    kind === 'DATE' ? /^-?\d{1,4}-\d\d?-\d\d?$/ : /^-?\d{1,4}-\d\d?-\d\d? \d\d?:\d\d:\d\d(\.\d{1,9})?$/;
  if (!shape.test(text.trim()))
    throw new OraError(1861, 'literal does not match format string', { offset: at });
  const fields = dateFieldsOfText(text.trim());
  const year = fields.year < 0 ? fields.year + 1 : fields.year;
  const base = `make_timestamp(${year}, ${fields.month}, ${fields.day}, ${fields.hour}, ${fields.minute}, ${fields.second})`;
  if (kind === 'DATE') return { sql: `CAST(${base} AS TIMESTAMP_S)`, type: DATE, form: 'expression' };
  const micros = Math.floor(fields.nanosecond / 1000);
  return { sql: `(${base} + to_microseconds(${micros}))`, type: TIMESTAMP, form: 'expression' };
}

/** The common type of the branches of a CASE, NVL, COALESCE. */
export function unify(
  t: Translation,
  pieces: readonly Piece[],
): { sqls: string[]; type: OracleType | undefined } {
  const typed = pieces.filter((piece) => piece.type !== undefined && piece.form !== 'null');
  const first = typed[0]?.type;
  if (first === undefined) return { sqls: pieces.map((piece) => piece.sql), type: undefined };
  const allText = typed.every((piece) => isText(piece.type));
  const sqls = pieces.map((piece) => {
    if (piece.form === 'null') return 'NULL';
    if (first.kind === 'number' && isText(piece.type)) return numberOfText(piece.sql);
    if (isText(first)) return asText(t, piece);
    return piece.sql;
  });
  if (allText) {
    const length = Math.max(...typed.map((piece) => piece.type?.length ?? 4000));
    return { sqls, type: { kind: typed.length === 1 ? first.kind : 'varchar', length } };
  }
  const plain = typed.length === 1 || first.kind !== 'number';
  const timestamp = typed.some((piece) => piece.type?.kind === 'timestamp');
  return { sqls, type: isDate(first) && timestamp ? TIMESTAMP : plain ? first : NUMBER };
}

function caseExpression(t: Translation, scope: Scope): Piece {
  t.take();
  const subject = t.isWord('WHEN') ? undefined : value(t, scope);
  const conditions: string[] = [];
  const results: Piece[] = [];
  while (t.acceptWords('WHEN')) {
    conditions.push(subject === undefined ? condition(t, scope) : compare(t, subject, '=', value(t, scope)));
    t.expectWord('THEN');
    results.push(value(t, scope));
  }
  if (conditions.length === 0) throw new OraError(905, 'missing keyword', { offset: t.peek().at });
  if (t.acceptWords('ELSE')) results.push(value(t, scope));
  t.expectWord('END');
  const { sqls, type } = unify(t, results);
  const whens = conditions.map((when, at) => `WHEN ${when} THEN ${sqls[at]}`);
  const otherwise = sqls.length > conditions.length ? ` ELSE ${sqls.at(-1)}` : '';
  const aggregate = results.some((piece) => piece.aggregate === true);
  return { sql: `CASE ${whens.join(' ')}${otherwise} END`, type, form: 'expression', aggregate };
}

function call(t: Translation, scope: Scope): Piece {
  const { text, at } = t.take();
  if (text !== 'CAST') return callFunction(t, scope, text, at);
  t.expectOperator('(');
  const inner = value(t, scope);
  t.expectWord('AS');
  const type = typeName(t);
  t.expectOperator(')');
  return castTo(t, inner, type);
}

/** A type's name in CAST or CREATE TABLE. */
export function typeName(t: Translation): OracleType {
  const from = t.place;
  const { at } = t.take();
  if (t.isOperator('(')) {
    while (!t.acceptOperator(')')) {
      if (t.take().kind === 'end') throw new OraError(907, 'missing right parenthesis', { offset: at });
    }
  }
  if (t.isWord('WITH')) throw unsupported('timestamps with a time zone', at);
  const text = t.sql.slice(at, t.tokenAt(t.place - 1).end);
  try {
    return parseOracleType(text);
  } catch {
    t.place = from;
    throw new OraError(902, 'invalid datatype', { offset: at });
  }
}

export function castTo(t: Translation, piece: Piece, type: OracleType): Piece {
  const form = 'expression' as const;
  if (type.kind === 'number') {
    const sql =
      piece.type?.kind === 'number' && type.precision === undefined
        ? piece.sql
        : `CAST(${piece.sql} AS ${storedType(type)})`;
    return { sql, type, form };
  }
  if (isDate(type)) {
    const sql = isText(piece.type) ? textToDate(piece.sql, t.around.nlsDateFormat) : piece.sql;
    const whole = type.kind === 'date' ? `date_trunc('second', CAST(${sql} AS TIMESTAMP))` : sql;
    return { sql: `CAST(${whole} AS ${storedType(type)})`, type, form };
  }
  const text = asText(t, piece);
  const cut = type.length === undefined ? text : `left(${text}, ${type.length})`;
  return { sql: type.kind === 'char' ? padded(cut, type.length ?? 1) : cut, type, form };
}

/** Blanks added up to a CHAR column's length; longer text stays as it is. */
export function padded(sql: string, length: number): string {
  return `CASE WHEN length(${sql}) < ${length} THEN rpad(${sql}, ${length}, ' ') ELSE ${sql} END`;
}

/** A column, or a function of a package. */
function column(t: Translation, scope: Scope): Piece {
  const first = t.take();
  const parts = [first];
  while (t.isOperator('.') && !t.isOperator('*', 1)) {
    t.take();
    parts.push(t.take());
  }
  const names = parts.map((part) => part.text);
  if (t.isOperator('(') || PACKAGE_VALUES.has(names.slice(-2).join('.'))) {
    return callFunction(t, scope, names.join('.'), first.at);
  }
  const name = names.at(-1) ?? '';
  const qualifier = names.length > 1 ? names.at(-2) : undefined;
  return resolveColumn(scope, qualifier, name, first.at);
}

/** Functions of packages that are called without parentheses. */
const PACKAGE_VALUES = new Set(['DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER']);

/** @throws {OraError} ORA-00904 where no such column is in sight, ORA-00918 where two are */
export function resolveColumn(scope: Scope, qualifier: string | undefined, name: string, at: number): Piece {
  if (qualifier === undefined) {
    const alias = scope.aliases?.get(name);
    if (alias !== undefined) return alias;
  }
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const found = level.sources.flatMap((source) =>
      qualifier === undefined || source.alias === qualifier
        ? source.columns.filter((one) => one.name === name).map((one) => ({ source, one }))
        : [],
    );
    if (found.length > 1) throw new OraError(918, 'column ambiguously defined', { offset: at });
    const [only] = found;
    if (only !== undefined) {
      return {
        sql: `${quoteName(only.source.alias)}.${quoteName(name)}`,
        type: only.one.type,
        form: 'column',
        columnName: name,
        nullable: only.one.nullable,
      };
    }
  }
  const shown = qualifier === undefined ? `"${name}"` : `"${qualifier}"."${name}"`;
  throw new OraError(904, `${shown}: invalid identifier`, { offset: at });
}
