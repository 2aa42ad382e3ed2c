/** A statement from its text to what it did: classified, translated, run, its errors told in Oracle's numbers. */
import {
  BIGINT,
  DECIMAL,
  TIMESTAMP as DUCK_TIMESTAMP,
  VARCHAR as DUCK_VARCHAR,
  type DuckDBConnection,
  DuckDBDecimalValue,
  type DuckDBMaterializedResult,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
} from '@duckdb/node-api';
import { OraError } from './replies.ts';
import type { BindValue } from './requests.ts';
import { parameterName } from './sql/expressions.ts';
import { query } from './sql/queries.ts';
import { type SelectResult, type Surroundings, Translation } from './sql/translation.ts';
import { dateFieldsOfText, decimalParts, microsOfFields } from './values.ts';

export type StatementKind = 'query' | 'change' | 'plsql' | 'other';

export function kindOf(sql: string): StatementKind {
  const word = /^(?:\s|\(|--[^\n]*\n|\/\*[\s\S]*?\*\/)*([A-Za-z]+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  if (word === 'SELECT' || word === 'WITH') return 'query';
  if (['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(word)) return 'change';
  return ['BEGIN', 'DECLARE', 'CALL'].includes(word) ? 'plsql' : 'other';
}

export interface TranslatedQuery extends SelectResult {
  readonly reads: ReadonlySet<string>;
  /** The one SCN that the whole statement reads at, or undefined for the present. */
  readonly scn: number | undefined;
}

/** @throws {OraError} what Oracle would say, or ORA-00900 for what is not served */
export function translateQuery(
  sql: string,
  around: Surroundings,
  binds: readonly BindValue[],
): TranslatedQuery {
  const t = new Translation(sql, around, binds, query);
  const result = query(t, undefined);
  if (t.isWord('FOR'))
    throw new OraError(900, 'invalid SQL statement (oracle-wire does not serve FOR UPDATE)', {
      offset: t.peek().at,
    });
  t.end();
  const scns = new Set(t.scns);
  if (scns.size > 1) {
    throw new OraError(
      900,
      'invalid SQL statement (oracle-wire serves one SCN for all tables of a statement)',
    );
  }
  return { ...result, reads: t.reads, scn: t.scns[0] };
}

export interface Values {
  readonly values: Record<string, DuckDBValue>;
  readonly types: Record<string, DuckDBType | undefined>;
}

/** Binds as the engine takes them; only those that the translation kept. */
export function parameters(
  sql: string,
  binds: readonly BindValue[],
  lobText: (locator: Buffer) => string,
): Values {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType | undefined> = {};
  for (const [at, bind] of binds.entries()) {
    const name = parameterName(at);
    if (!new RegExp(`\\$${name}(?!\\d)`).test(sql)) continue;
    const { value, type } = parameter(bind, lobText);
    values[name] = value;
    types[name] = type;
  }
  return { values, types };
}

function parameter(
  bind: BindValue,
  lobText: (locator: Buffer) => string,
): { value: DuckDBValue; type: DuckDBType } {
  switch (bind.kind) {
    case 'null':
      return { value: null, type: DUCK_VARCHAR };
    case 'text':
      return { value: bind.text, type: DUCK_VARCHAR };
    case 'number':
      return numberParameter(bind.text);
    case 'date':
    case 'timestamp':
      return {
        value: new DuckDBTimestampValue(microsOfFields(dateFieldsOfText(bind.text))),
        type: DUCK_TIMESTAMP,
      };
    case 'raw':
      return { value: bind.bytes.toString('hex').toUpperCase(), type: DUCK_VARCHAR };
    case 'locator':
      return { value: lobText(bind.bytes), type: DUCK_VARCHAR };
    default:
      return bind satisfies never;
  }
}

/** @throws {OraError} for numbers that the engine cannot hold exactly */
function numberParameter(text: string): { value: DuckDBValue; type: DuckDBType } {
  const { negative, digits, exponent } = decimalParts(text);
  const scale = Math.max(0, digits.length - exponent);
  const wholeDigits = Math.max(exponent, 0);
  if (scale + wholeDigits > 38) {
    throw new OraError(900, 'invalid SQL statement (oracle-wire serves binds of at most 38 digits)');
  }
  const unscaled = BigInt(digits.padEnd(wholeDigits + scale - Math.max(-exponent, 0), '0') || '0');
  const value = negative ? -unscaled : unscaled;
  if (scale === 0) return { value, type: wholeDigits <= 18 ? BIGINT : HUGEINT };
  const width = Math.max(scale + wholeDigits, 1);
  return { value: new DuckDBDecimalValue(value, width, scale), type: DECIMAL(width, scale) };
}

/** A query that can be stopped. */
export interface Running {
  readonly result: Promise<DuckDBMaterializedResult>;
  interrupt(): void;
}

export function runOn(connection: DuckDBConnection, sql: string, { values, types }: Values): Running {
  let running = true;
  return {
    result: connection.run(sql, values, types).finally(() => {
      running = false;
    }),
    interrupt: () => {
      if (running) connection.interrupt();
    },
  };
}

/** The engine's error in Oracle's words. Its own text stays behind it: this is a server for tests. */
export function oracleError(error: unknown): OraError {
  if (error instanceof OraError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const own = /ORA-(\d{5}): ([^\n]*)/.exec(message);
  if (own !== null) return new OraError(Number(own[1]), own[2] ?? '');
  for (const [pattern, number, text] of ENGINE_ERRORS) {
    if (pattern.test(message)) return new OraError(number, `${text} (engine: ${message.split('\n', 1)[0]})`);
  }
  return new OraError(900, `invalid SQL statement (engine: ${message.split('\n', 1)[0]})`);
}

const ENGINE_ERRORS: readonly (readonly [RegExp, number, string])[] = [
  [/INTERRUPT/i, 1013, 'user requested cancel of current operation'],
  [/NOT NULL constraint failed/i, 1400, 'cannot insert NULL'],
  [/(Duplicate key|PRIMARY KEY or UNIQUE|unique constraint)/i, 1, 'unique constraint violated'],
  [/Conflict on|write-write conflict/i, 8177, "can't serialize access for this transaction"],
  [
    /(Could not cast value|Casting value) .* to (type )?DECIMAL/i,
    1438,
    'value larger than specified precision allowed for this column',
  ],
  [/Could not convert string|Could not cast|invalid input syntax/i, 1722, 'invalid number'],
  [
    /date field value|not a valid date|make_timestamp|Date out of range/i,
    1847,
    'day of month must be between 1 and last day of month',
  ],
  [
    /out of range|Overflow|does not fit/i,
    1438,
    'value larger than specified precision allowed for this column',
  ],
  [/must appear in the GROUP BY/i, 979, 'not a GROUP BY expression'],
  [/aggregates? function|aggregate .* cannot/i, 934, 'group function is not allowed here'],
  [/Cannot compare|Cannot mix values|No function matches/i, 932, 'inconsistent datatypes'],
  [/already exists/i, 955, 'name is already used by an existing object'],
];
