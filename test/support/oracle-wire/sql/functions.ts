/** Oracle's functions that are served, each with what it becomes. */
import { DATE, NUMBER, type OracleType, storedType, TIMESTAMP, VARCHAR } from '../oracle-types.ts';
import { OraError } from '../replies.ts';
import { compare } from './conditions.ts';
import {
  asText,
  castTo,
  isDate,
  isText,
  numberOfText,
  numberToText,
  resolveColumn,
  unify,
  value,
} from './expressions.ts';
import { dateToText, textToDate } from './masks.ts';
import { orderBy } from './ordering.ts';
import { type Piece, quoteText, type Scope, type Translation, unsupported } from './translation.ts';

interface Call {
  readonly t: Translation;
  readonly scope: Scope;
  readonly name: string;
  readonly at: number;
  readonly args: readonly Piece[];
}

interface Definition {
  readonly least: number;
  readonly most: number;
  readonly make: (call: Call) => Piece;
}

const expression = (sql: string, type: OracleType | undefined): Piece => ({ sql, type, form: 'expression' });
const arg = (call: Call, at: number): Piece => {
  const piece = call.args[at];
  if (piece === undefined) throw new OraError(938, 'not enough arguments for function', { offset: call.at });
  return piece;
};
const text = (call: Call, at: number): string => asText(call.t, arg(call, at));
const numeric = (call: Call, at: number): string => {
  const piece = arg(call, at);
  return isText(piece.type) ? numberOfText(piece.sql) : piece.sql;
};
const whole = (call: Call, at: number): string => `CAST(${numeric(call, at)} AS INTEGER)`;
/** Text functions never give the empty text. */
const textOf = (sql: string): Piece => expression(`nullif(${sql}, '')`, VARCHAR);
const define = (least: number, most: number, make: (call: Call) => Piece): Definition => ({
  least,
  most,
  make,
});

/** The literal text of an argument: masks and names are known when the statement is read. */
function constant(call: Call, at: number): string {
  const piece = arg(call, at);
  const match = /^'((?:[^']|'')*)'$/.exec(piece.sql);
  if (match === null) throw unsupported(`${call.name} with a computed argument ${at + 1}`, call.at);
  return (match[1] ?? '').replaceAll("''", "'");
}

function toChar(call: Call): Piece {
  const value = arg(call, 0);
  if (call.args.length === 1) {
    if (isDate(value.type)) {
      const mask = value.type?.kind === 'date' ? call.t.around.nlsDateFormat : 'YYYY-MM-DD HH24:MI:SS.FF6';
      return expression(dateToText(value.sql, mask).sql, VARCHAR);
    }
    return expression(value.type?.kind === 'number' ? numberToText(value.sql) : value.sql, VARCHAR);
  }
  const mask = constant(call, 1);
  if (isDate(value.type)) {
    const { sql, length } = dateToText(value.sql, mask);
    return expression(sql, { kind: 'varchar', length });
  }
  if (value.type?.kind !== 'number') throw new OraError(1722, 'invalid number', { offset: call.at });
  if (/^(TM|TM9)$/i.test(mask)) return expression(numberToText(value.sql), { kind: 'varchar', length: 64 });
  const fixed = /^FM9*0\.(0+)$/i.exec(mask);
  if (fixed === null) throw unsupported(`the number mask '${mask}'`, call.at);
  const digits = fixed[1]?.length ?? 0;
  return expression(`CAST(CAST(${value.sql} AS DECIMAL(38,${digits})) AS VARCHAR)`, {
    kind: 'varchar',
    length: 40,
  });
}

function toDate(type: OracleType): (call: Call) => Piece {
  return (call) => {
    const given = arg(call, 0);
    if (isDate(given.type)) return castTo(call.t, given, type);
    const mask = call.args.length > 1 ? constant(call, 1) : call.t.around.nlsDateFormat;
    return expression(`CAST(${textToDate(text(call, 0), mask)} AS ${storedType(type)})`, type);
  };
}

function decode(call: Call): Piece {
  const subject = arg(call, 0);
  const pairs = Math.floor((call.args.length - 1) / 2);
  const results: Piece[] = [];
  const whens: string[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const search = arg(call, 1 + pair * 2);
    whens.push(search.form === 'null' ? `${subject.sql} IS NULL` : compare(call.t, subject, '=', search));
    results.push(arg(call, 2 + pair * 2));
  }
  if (call.args.length % 2 === 0) results.push(arg(call, call.args.length - 1));
  const { sqls, type } = unify(call.t, results);
  const otherwise = sqls.length > pairs ? ` ELSE ${sqls.at(-1)}` : '';
  return expression(
    `CASE ${whens.map((when, at) => `WHEN ${when} THEN ${sqls[at]}`).join(' ')}${otherwise} END`,
    type,
  );
}

/** GREATEST and LEAST: NULL as soon as one is NULL. */
function extreme(call: Call): Piece {
  const { sqls, type } = unify(call.t, call.args);
  const anyNull = sqls.map((sql) => `${sql} IS NULL`).join(' OR ');
  return expression(
    `CASE WHEN ${anyNull} THEN NULL ELSE ${call.name.toLowerCase()}(${sqls.join(', ')}) END`,
    type,
  );
}

function truncate(call: Call): Piece {
  const given = arg(call, 0);
  if (isDate(given.type)) {
    const unit = {
      DD: 'day',
      MM: 'month',
      MONTH: 'month',
      YYYY: 'year',
      YEAR: 'year',
      Q: 'quarter',
      HH24: 'hour',
      MI: 'minute',
    }[call.args.length > 1 ? constant(call, 1).toUpperCase() : 'DD'];
    if (unit === undefined) throw unsupported('this unit of TRUNC', call.at);
    return expression(`CAST(date_trunc('${unit}', CAST(${given.sql} AS TIMESTAMP)) AS TIMESTAMP_S)`, DATE);
  }
  if (call.args.length > 1) throw unsupported('TRUNC of a number to digits', call.at);
  return expression(`trunc(${numeric(call, 0)})`, NUMBER);
}

/** Bytes of a text as hexadecimal digits, upper case. */
function hexBytes(call: Call, sql: string): string {
  if (!call.t.around.bytesAsCharacters) return `hex(encode(${sql}))`;
  return `array_to_string(list_transform(string_split(${sql}, ''), lambda c: printf('%02X', unicode(c))), '')`;
}

function dump(call: Call): Piece {
  const given = arg(call, 0);
  if (!isText(given.type)) throw unsupported('DUMP of anything but text', call.at);
  const format = call.args.length > 1 ? Number(arg(call, 1).sql) : 10;
  if (![10, 16, 1010, 1016].includes(format)) throw unsupported(`DUMP with format ${format}`, call.at);
  const bytes = `list_transform(regexp_extract_all(${hexBytes(call, given.sql)}, '..'), lambda h: ${
    format % 1000 === 16 ? "ltrim(lower(h), '0')" : "CAST(CAST(concat('0x', h) AS INTEGER) AS VARCHAR)"
  })`;
  const listed = `array_to_string(${bytes}, ',')`;
  const type = given.type?.kind === 'char' ? 96 : 1;
  const set =
    format > 1000 ? ` CharacterSet=${call.t.around.bytesAsCharacters ? 'US7ASCII' : 'AL32UTF8'}` : '';
  const length = `CAST(length(${hexBytes(call, given.sql)}) // 2 AS VARCHAR)`;
  return expression(
    `CASE WHEN ${given.sql} IS NULL THEN 'NULL' ELSE concat('Typ=${type} Len=', ${length}, '${set}: ', ${listed}) END`,
    VARCHAR,
  );
}

const USERENV: Readonly<Record<string, (t: Translation) => string>> = {
  SESSION_USER: (t) => t.around.user,
  CURRENT_USER: (t) => t.around.user,
  CURRENT_SCHEMA: (t) => t.around.schema,
  DB_NAME: (t) => t.around.databaseName,
  SERVICE_NAME: (t) => t.around.serviceName,
  CON_NAME: (t) => t.around.databaseName,
  SID: (t) => String(t.around.sessionId),
  SESSIONID: (t) => String(t.around.sessionId),
  LANGUAGE: (t) => `AMERICAN_AMERICA.${t.around.bytesAsCharacters ? 'US7ASCII' : 'AL32UTF8'}`,
  DATABASE_ROLE: () => 'PRIMARY',
};

function sysContext(call: Call): Piece {
  if (constant(call, 0).toUpperCase() !== 'USERENV') return expression('CAST(NULL AS VARCHAR)', VARCHAR);
  const parameter = USERENV[constant(call, 1).toUpperCase()];
  if (parameter === undefined) throw new OraError(2003, 'invalid USERENV parameter', { offset: call.at });
  return expression(quoteText(parameter(call.t)), { kind: 'varchar', length: 256 });
}

function substring(call: Call): Piece {
  const start = whole(call, 1);
  const from = `CASE WHEN ${start} = 0 THEN 1 ELSE ${start} END`;
  const length = call.args.length > 2 ? `, ${whole(call, 2)}` : '';
  return textOf(`substr(${text(call, 0)}, ${from}${length})`);
}

function currentScn(call: Call): Piece {
  call.t.around.executable('DBMS_FLASHBACK', call.at);
  return expression(String(call.t.around.currentScn()), NUMBER);
}

function castToRaw(call: Call): Piece {
  return expression(hexBytes(call, text(call, 0)), { kind: 'raw', length: 2000 });
}

const SCALAR: Readonly<Record<string, Definition>> = {
  NVL: define(2, 2, (call) => {
    const { sqls, type } = unify(call.t, call.args);
    return expression(`coalesce(${sqls.join(', ')})`, type);
  }),
  NVL2: define(3, 3, (call) => {
    const { sqls, type } = unify(call.t, call.args.slice(1));
    return expression(`CASE WHEN ${arg(call, 0).sql} IS NOT NULL THEN ${sqls[0]} ELSE ${sqls[1]} END`, type);
  }),
  COALESCE: define(2, 99, (call) => {
    const { sqls, type } = unify(call.t, call.args);
    return expression(`coalesce(${sqls.join(', ')})`, type);
  }),
  NULLIF: define(2, 2, (call) =>
    expression(
      `CASE WHEN ${compare(call.t, arg(call, 0), '=', arg(call, 1))} THEN NULL ELSE ${arg(call, 0).sql} END`,
      arg(call, 0).type,
    ),
  ),
  DECODE: define(3, 255, decode),
  GREATEST: define(1, 99, extreme),
  LEAST: define(1, 99, extreme),
  LENGTH: define(1, 1, (call) => expression(`length(${text(call, 0)})`, NUMBER)),
  LENGTHB: define(1, 1, (call) =>
    expression(
      call.t.around.bytesAsCharacters ? `length(${text(call, 0)})` : `strlen(${text(call, 0)})`,
      NUMBER,
    ),
  ),
  SUBSTR: define(2, 3, substring),
  INSTR: define(2, 2, (call) => expression(`instr(${text(call, 0)}, ${text(call, 1)})`, NUMBER)),
  UPPER: define(1, 1, (call) => textOf(`upper(${text(call, 0)})`)),
  LOWER: define(1, 1, (call) => textOf(`lower(${text(call, 0)})`)),
  TRIM: define(1, 1, (call) => textOf(`trim(${text(call, 0)}, ' ')`)),
  LTRIM: define(1, 2, (call) =>
    textOf(`ltrim(${text(call, 0)}, ${call.args.length > 1 ? text(call, 1) : "' '"})`),
  ),
  RTRIM: define(1, 2, (call) =>
    textOf(`rtrim(${text(call, 0)}, ${call.args.length > 1 ? text(call, 1) : "' '"})`),
  ),
  LPAD: define(2, 3, (call) =>
    textOf(`lpad(${text(call, 0)}, ${whole(call, 1)}, ${call.args.length > 2 ? text(call, 2) : "' '"})`),
  ),
  RPAD: define(2, 3, (call) =>
    textOf(`rpad(${text(call, 0)}, ${whole(call, 1)}, ${call.args.length > 2 ? text(call, 2) : "' '"})`),
  ),
  REPLACE: define(2, 3, (call) =>
    textOf(
      `replace(${text(call, 0)}, ${text(call, 1)}, ${call.args.length > 2 ? `coalesce(${text(call, 2)}, '')` : "''"})`,
    ),
  ),
  ABS: define(1, 1, (call) => expression(`abs(${numeric(call, 0)})`, NUMBER)),
  SIGN: define(1, 1, (call) => expression(`sign(${numeric(call, 0)})`, NUMBER)),
  FLOOR: define(1, 1, (call) => expression(`floor(${numeric(call, 0)})`, NUMBER)),
  CEIL: define(1, 1, (call) => expression(`ceil(${numeric(call, 0)})`, NUMBER)),
  MOD: define(2, 2, (call) =>
    expression(
      `CASE WHEN ${numeric(call, 1)} = 0 THEN ${numeric(call, 0)} ELSE ${numeric(call, 0)} % ${numeric(call, 1)} END`,
      NUMBER,
    ),
  ),
  ROUND: define(1, 2, (call) => {
    if (isDate(arg(call, 0).type)) throw unsupported('ROUND of a date', call.at);
    return expression(`round(${numeric(call, 0)}, ${call.args.length > 1 ? whole(call, 1) : '0'})`, NUMBER);
  }),
  TRUNC: define(1, 2, truncate),
  TO_CHAR: define(1, 2, toChar),
  TO_NUMBER: define(1, 1, (call) => expression(numeric(call, 0), NUMBER)),
  TO_DATE: define(1, 2, toDate(DATE)),
  TO_TIMESTAMP: define(1, 2, toDate(TIMESTAMP)),
  TO_CLOB: define(1, 1, (call) => expression(text(call, 0), { kind: 'clob' })),
  RAWTOHEX: define(1, 1, (call) => {
    const given = arg(call, 0);
    return textOf(given.type?.kind === 'raw' ? given.sql : hexBytes(call, text(call, 0)));
  }),
  'UTL_RAW.CAST_TO_RAW': define(1, 1, castToRaw),
  'SYS.UTL_RAW.CAST_TO_RAW': define(1, 1, castToRaw),
  DUMP: define(1, 2, dump),
  SYS_CONTEXT: define(2, 2, sysContext),
  'DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER': define(0, 0, currentScn),
  'SYS.DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER': define(0, 0, currentScn),
  TIMESTAMP_TO_SCN: define(1, 1, (call) => {
    if (!/now\(\)/.test(arg(call, 0).sql))
      throw new OraError(8180, 'no snapshot found based on specified time', { offset: call.at });
    return expression(String(call.t.around.currentScn()), NUMBER);
  }),
};

/** Aggregates; all but LISTAGG may be windowed. */
const AGGREGATES = new Set(['COUNT', 'SUM', 'MIN', 'MAX', 'LISTAGG']);
/** Functions that stand only before OVER. */
const WINDOW = new Set([
  'ROW_NUMBER',
  'RANK',
  'DENSE_RANK',
  'NTILE',
  'LAG',
  'LEAD',
  'FIRST_VALUE',
  'LAST_VALUE',
]);

/** A call, from its opening parenthesis (or, for a package's value, without one). */
export function callFunction(t: Translation, scope: Scope, name: string, at: number): Piece {
  if (AGGREGATES.has(name) || WINDOW.has(name)) return aggregate(t, scope, name, at);
  if (name === 'EXTRACT') return extract(t, scope, at);
  const definition = SCALAR[name];
  if (definition === undefined) {
    if (name.includes('.') && !t.isOperator('(')) {
      const [qualifier = '', column = ''] = name.split('.').slice(-2);
      return resolveColumn(scope, qualifier, column, at);
    }
    throw unsupported(`the function ${name}`, at);
  }
  const args = argumentsOf(t, scope);
  if (args.length < definition.least) throw new OraError(909, 'invalid number of arguments', { offset: at });
  if (args.length > definition.most) throw new OraError(909, 'invalid number of arguments', { offset: at });
  const made = definition.make({ t, scope, name, at, args });
  return { ...made, aggregate: args.some((piece) => piece.aggregate === true) };
}

function argumentsOf(t: Translation, scope: Scope): Piece[] {
  const args: Piece[] = [];
  if (!t.acceptOperator('(')) return args;
  if (t.acceptOperator(')')) return args;
  do args.push(value(t, scope));
  while (t.acceptOperator(','));
  t.expectOperator(')');
  return args;
}

function extract(t: Translation, scope: Scope, at: number): Piece {
  t.expectOperator('(');
  const field = t.take().text;
  if (!['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE'].includes(field))
    throw unsupported(`EXTRACT of ${field}`, at);
  t.expectWord('FROM');
  const date = value(t, scope);
  t.expectOperator(')');
  const sql = `${field.toLowerCase()}(${date.sql})`;
  return expression(field === 'YEAR' ? `CASE WHEN ${sql} <= 0 THEN ${sql} - 1 ELSE ${sql} END` : sql, NUMBER);
}

function aggregate(t: Translation, scope: Scope, name: string, at: number): Piece {
  t.expectOperator('(');
  const distinct = t.acceptWords('DISTINCT') ? 'DISTINCT ' : '';
  const args: Piece[] = [];
  let star = false;
  if (name === 'COUNT' && t.acceptOperator('*')) star = true;
  else if (!t.isOperator(')')) {
    do args.push(value(t, scope));
    while (t.acceptOperator(','));
  }
  t.expectOperator(')');
  if (args.some((piece) => piece.aggregate === true) && AGGREGATES.has(name))
    throw unsupported('nested aggregates', at);
  const { sql, type } = aggregateCall(t, scope, name, distinct, star, args, at);
  if (t.acceptWords('OVER')) {
    return { sql: `${sql} OVER (${windowOf(t, scope)})`, type, form: 'expression' };
  }
  if (WINDOW.has(name))
    throw new OraError(30484, 'missing window specification for this function', { offset: at });
  return { sql, type, form: 'expression', aggregate: true };
}

function aggregateCall(
  t: Translation,
  scope: Scope,
  name: string,
  distinct: string,
  star: boolean,
  args: readonly Piece[],
  at: number,
): { sql: string; type: OracleType | undefined } {
  const [first] = args;
  if (name === 'LISTAGG') {
    const separator = args[1] === undefined ? "''" : asText(t, args[1]);
    t.expectWord('WITHIN');
    t.expectWord('GROUP');
    t.expectOperator('(');
    const order = orderBy(t, scope);
    t.expectOperator(')');
    if (first === undefined) throw new OraError(909, 'invalid number of arguments', { offset: at });
    return { sql: `string_agg(${distinct}${asText(t, first)}, ${separator}${order})`, type: VARCHAR };
  }
  const list = star ? '*' : args.map((piece) => piece.sql).join(', ');
  if (!star && args.length === 0 && AGGREGATES.has(name))
    throw new OraError(909, 'invalid number of arguments', { offset: at });
  const sameType = ['MIN', 'MAX', 'LAG', 'LEAD', 'FIRST_VALUE', 'LAST_VALUE'].includes(name);
  const summed = name === 'SUM' && isText(first?.type) ? numberOfText(first?.sql ?? '') : list;
  return { sql: `${name.toLowerCase()}(${distinct}${summed})`, type: sameType ? first?.type : NUMBER };
}

function windowOf(t: Translation, scope: Scope): string {
  t.expectOperator('(');
  let partition = '';
  if (t.acceptWords('PARTITION', 'BY')) {
    const columns: string[] = [];
    do columns.push(value(t, scope).sql);
    while (t.acceptOperator(','));
    partition = `PARTITION BY ${columns.join(', ')}`;
  }
  const order = orderBy(t, scope);
  if (t.isWord('ROWS') || t.isWord('RANGE')) throw unsupported('window frames', t.peek().at);
  t.expectOperator(')');
  return `${partition}${order}`;
}
