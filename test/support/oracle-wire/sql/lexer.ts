/** Words of Oracle's SQL. */
import { OraError } from '../replies.ts';

export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'bind' | 'operator' | 'end';
  /** Upper case for words; without quotes for quoted names and strings; without the colon for binds. */
  readonly text: string;
  /** Offset in the statement, from 0. */
  readonly at: number;
  readonly end: number;
  /** Of a bind: its place among the binds, from 0. */
  readonly bind?: number;
}

const OPERATORS = [
  '||',
  '<=',
  '>=',
  '<>',
  '!=',
  '^=',
  ':=',
  '=>',
  '(',
  ')',
  ',',
  '.',
  '=',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '@',
  ';',
];
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' };

/** @throws {OraError} on a character or a quote that Oracle refuses */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  let binds = 0;
  let at = 0;
  while (true) {
    at = skipBlank(sql, at);
    if (at >= sql.length) break;
    const token = nextToken(sql, at);
    found.push(token.kind === 'bind' ? { ...token, bind: binds++ } : token);
    at = token.end;
  }
  found.push({ kind: 'end', text: '', at: sql.length, end: sql.length });
  return found;
}

/** Past blanks, comments and hints. */
function skipBlank(sql: string, from: number): number {
  const blank = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = from;
  return from + (blank.exec(sql)?.[0].length ?? 0);
}

function nextToken(sql: string, at: number): Token {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(sql);
  };
  const quote = match(/n?q'([\s\S])/iy);
  if (quote !== null) return alternativeQuote(sql, at, quote);
  const string = match(/n?'((?:[^']|'')*)'/iy);
  if (string !== null) {
    return { kind: 'string', text: (string[1] ?? '').replaceAll("''", "'"), at, end: at + string[0].length };
  }
  const quoted = match(/"([^"]+)"/y);
  if (quoted !== null) return { kind: 'quoted', text: quoted[1] ?? '', at, end: at + quoted[0].length };
  const bind = match(/:\s*(?:"([^"]+)"|([\p{L}\p{N}][\p{L}\p{N}_$#]*))/uy);
  if (bind !== null) return { kind: 'bind', text: bind[1] ?? bind[2] ?? '', at, end: at + bind[0].length };
  const number = match(/(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y);
  if (number !== null) return { kind: 'number', text: number[0], at, end: at + number[0].length };
  const word = match(/[\p{L}][\p{L}\p{N}_$#]*/uy);
  if (word !== null) return { kind: 'word', text: word[0].toUpperCase(), at, end: at + word[0].length };
  const operator = OPERATORS.find((text) => sql.startsWith(text, at));
  if (operator !== undefined) return { kind: 'operator', text: operator, at, end: at + operator.length };
  if (sql[at] === "'") throw new OraError(1756, 'quoted string not properly terminated', { offset: at });
  throw new OraError(911, 'invalid character', { offset: at });
}

function alternativeQuote(sql: string, at: number, start: RegExpExecArray): Token {
  const open = start[1] ?? '';
  const close = `${CLOSING[open] ?? open}'`;
  const from = at + start[0].length;
  const end = sql.indexOf(close, from);
  if (end < 0) throw new OraError(1756, 'quoted string not properly terminated', { offset: at });
  return { kind: 'string', text: sql.slice(from, end), at, end: end + close.length };
}
