/** The SQL that DuckDB, Trino and Spark SQL share: both other grammars, and rules that no grammar knows. */
import { SparkSQL } from 'dt-sql-parser/dist/parser/spark/index.js';
import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';

export interface Problem {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

const GRAMMARS = [
  ['Trino', new TrinoSQL()],
  ['Spark', new SparkSQL()],
] as const;

/** Constructs that DuckDB takes and at least one of the others does not, or takes with another meaning. */
const FORBIDDEN: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/::/g, 'write CAST(… AS …), not ::'],
  [/\bQUALIFY\b/gi, 'QUALIFY is not shared: filter a ROW_NUMBER in an outer query'],
  [/\bDISTINCT\s+ON\b/gi, 'DISTINCT ON is not shared: filter a ROW_NUMBER in an outer query'],
  [/\b(UN)?PIVOT\b/gi, 'PIVOT is not shared: write one SUM(CASE …) per column'],
  [/\b(GROUP|ORDER)\s+BY\s+ALL\b/gi, 'name the columns: BY ALL is not shared'],
  [/\b(ASOF|POSITIONAL|SEMI|ANTI|LATERAL)\s+JOIN\b/gi, 'this kind of join is not shared'],
  [/\bNATURAL\s+JOIN\b|\bUSING\s*\(/gi, 'say the join condition: ON …'],
  [
    /\*\s*(EXCLUDE|EXCEPT|REPLACE|RENAME)\s*\(|\bCOLUMNS\s*\(/gi,
    'name the columns: star modifiers are not shared',
  ],
  [/\bUNION\s+(ALL\s+)?BY\s+NAME\b/gi, 'UNION BY NAME is not shared'],
  [/\bMACRO\b/gi, 'no macros: the text must mean the same everywhere'],
  [/\bFROM\s+'/gi, 'models read tables, not files'],
  [/\b(DOUBLE|FLOAT|REAL|HUGEINT)\b/gi, 'sums and amounts are BIGINT or DECIMAL(18, 2)'],
  [/\/(?!\*)/g, 'divide and round once, exactly, outside SQL: DuckDB divides decimals as DOUBLE'],
  [
    /\b(CURRENT_DATE|CURRENT_TIMESTAMP|CURRENT_TIME|LOCALTIMESTAMP)\b/gi,
    'a model has no clock: the as-of day is a parameter',
  ],
  [/\bINTERVAL\b|\b(DATE|TIMESTAMP)\s+'/gi, 'days are numbers of the calendar table, not dates'],
  [/\[|\{/g, 'lists and structs are not shared'],
  [/->/g, 'arrows are not shared'],
];

/** Functions with one meaning in all three. Left out on purpose: CONCAT, GREATEST and LEAST treat NULL differently. */
const FUNCTIONS = new Set(
  'ABS CAST COALESCE CONCAT_WS COUNT DENSE_RANK FIRST_VALUE LAG LAST_VALUE LEAD LENGTH LOWER MAX MIN MOD NULLIF RANK REPLACE ROW_NUMBER SUBSTR SUBSTRING SUM TRIM UPPER'.split(
    ' ',
  ),
);
const NOT_FUNCTIONS = new Set(
  'ALL AND ANY AS BETWEEN BY CASE CHAR CREATE DECIMAL DISTINCT ELSE EXCEPT EXISTS FILTER FROM IN INTERSECT IS JOIN LIKE NOT ON OR OVER PARTITION SELECT THEN UNION VALUES VARCHAR WHEN WHERE WITH'.split(
    ' ',
  ),
);

/** Blank out comments and the inside of text literals and quoted names; lengths and lines stay. */
function withoutComments(sql: string): string {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, ' ');
  return sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (match) =>
    match.startsWith('-') || match.startsWith('/')
      ? blank(match)
      : `${match[0]}${blank(match.slice(1, -1))}${match.at(-1)}`,
  );
}

const lineAt = (text: string, index: number) => text.slice(0, index).split('\n').length;

/**
 * Everything that keeps a text from running unchanged in DuckDB, Trino and Spark SQL.
 * @param sql one or several statements
 */
export function portabilityProblems(sql: string): Problem[] {
  const code = withoutComments(sql);
  const grammar = GRAMMARS.flatMap(([name, parser]) =>
    parser
      .validate(sql)
      .map(({ startLine, message }) => ({ line: startLine, problem: `${name}: ${message}` })),
  );
  const forbidden = FORBIDDEN.flatMap(([pattern, problem]) =>
    [...code.matchAll(pattern)].map(({ index }) => ({ line: lineAt(code, index), problem })),
  );
  return [
    ...grammar,
    ...forbidden,
    ...unknownFunctions(code),
    ...ordersWithoutNulls(code),
    ...partialOrders(code),
  ].sort((a, b) => a.line - b.line);
}

function unknownFunctions(code: string): Problem[] {
  return [...code.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)].flatMap(({ 1: name = '', index }) => {
    const word = name.toUpperCase();
    // `WITH name (…)` is not used here, so a name before a bracket is a function or a keyword.
    if (FUNCTIONS.has(word) || NOT_FUNCTIONS.has(word)) return [];
    return [
      { line: lineAt(code, index), problem: `${word} is not known to mean the same in all three engines` },
    ];
  });
}

interface Order {
  readonly index: number;
  readonly items: readonly string[];
}

/** Each ORDER BY with its items, split at commas outside brackets. */
function ordersIn(code: string): Order[] {
  return [...code.matchAll(/\bORDER\s+BY\b/gi)].map((match) => {
    const items = [''];
    let depth = 0;
    for (const [token] of code.slice(match.index + match[0].length).matchAll(/[\w.]+|\s+|[^\w\s]/g)) {
      if (token === '(') depth += 1;
      if (token === ')') depth -= 1;
      if (depth < 0 || (depth === 0 && /^(;|ROWS|RANGE|GROUPS|LIMIT|OFFSET|UNION)$/i.test(token))) break;
      if (token === ',' && depth === 0) items.push('');
      else items.push(`${items.pop() ?? ''}${token}`);
    }
    return { index: match.index, items: items.map((item) => item.trim()) };
  });
}

/** The engines put NULLs at different ends unless told. */
function ordersWithoutNulls(code: string): Problem[] {
  return ordersIn(code).flatMap(({ index, items }) =>
    items
      .filter((item) => !/\bNULLS\s+(FIRST|LAST)$/i.test(item))
      .map((item) => ({
        line: lineAt(code, index),
        problem: `ORDER BY ${item}: say NULLS FIRST or NULLS LAST`,
      })),
  );
}

/** A ROW_NUMBER without an order, or ordered by a constant, picks another row on each engine. */
function partialOrders(code: string): Problem[] {
  return [...code.matchAll(/\bROW_NUMBER\s*\(\s*\)\s*OVER\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)/gi)].flatMap(
    ({ 1: window = '', index }) => {
      const [order] = ordersIn(window);
      const isTotal =
        order?.items.some((item) => /[A-Za-z_]/.test(item.replace(/\bNULLS\b.*$/i, ''))) ?? false;
      return isTotal ? [] : [{ line: lineAt(code, index), problem: 'ROW_NUMBER needs a total order' }];
    },
  );
}

/** What is wrong with the first line of an SQL file, which states the grain of what it makes. */
export function grainProblem(sql: string): string | undefined {
  const [first = ''] = sql.split('\n', 1);
  return /^-- (One|No) rows? \S/.test(first)
    ? undefined
    : 'the first line states the grain: "-- One row per …: …"';
}
