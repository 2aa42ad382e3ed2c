/** What the parts of the translation share: the place in the statement, names in scope, and what a piece became. */
import type { OracleType, WireColumn } from '../oracle-types.ts';
import { OraError } from '../replies.ts';
import type { BindValue } from '../requests.ts';
import { type Token, tokens } from './lexer.ts';

/** A table, view or dictionary view that a statement may name. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly WireColumn[];
  /** What stands for it in the engine's FROM. */
  readonly sql: string;
  /** Whether it holds rows of the source: AS OF and READ ONLY mean something for it. */
  readonly stored: boolean;
}

/** What the statement's session and server know. */
export interface Surroundings {
  readonly user: string;
  readonly schema: string;
  readonly sessionId: number;
  readonly nlsDateFormat: string;
  readonly sessionTimeZone: string;
  readonly databaseTimeZone: string;
  readonly databaseName: string;
  readonly serviceName: string;
  /** Bytes of the database's text stand as one character each (a US7ASCII database). */
  readonly bytesAsCharacters: boolean;
  /** @throws {OraError} ORA-00942 where the account sees no such table */
  relation(schema: string | undefined, name: string, offset: number): Relation;
  /** @throws {OraError} ORA-00904 where the account may not execute it */
  executable(packageName: string, offset: number): void;
  currentScn(): number;
  /** What stands for a stored table at an SCN, or at the session's present. */
  tableAt(relation: Relation, scn: number | undefined): string;
}

/** A piece of the statement, translated. */
export interface Piece {
  readonly sql: string;
  readonly type: OracleType | undefined;
  /** A literal of text is CHAR to Oracle; a bind is VARCHAR2. */
  readonly form: 'column' | 'literal' | 'bind' | 'expression' | 'null';
  /** Name that Oracle gives the column, for a plain column. */
  readonly columnName?: string;
  readonly nullable?: boolean;
  readonly aggregate?: boolean;
}

/** A name that columns can be qualified with. */
export interface Source {
  readonly alias: string;
  readonly columns: readonly WireColumn[];
}

export interface Scope {
  readonly sources: Source[];
  readonly outer: Scope | undefined;
  /** Aliases of the select list, for ORDER BY. */
  readonly aliases?: ReadonlyMap<string, Piece>;
}

export interface SelectResult {
  readonly sql: string;
  readonly columns: readonly WireColumn[];
}

/** Text as a literal of the engine. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The loud end of the subset. */
export function unsupported(what: string, offset = 0): OraError {
  return new OraError(900, `invalid SQL statement (oracle-wire does not serve ${what})`, { offset });
}

export class Translation {
  readonly sql: string;
  readonly around: Surroundings;
  readonly binds: readonly BindValue[];
  /** Tables of the source that are read, by `SCHEMA.NAME`. */
  readonly reads = new Set<string>();
  /** SCN of each `AS OF`; undefined for a stored table that was named without one. */
  readonly scns: (number | undefined)[] = [];
  /** Common table expressions in sight. */
  ctes: ReadonlyMap<string, readonly WireColumn[]> = new Map();
  /** Set by `queries.ts`; expressions hold subqueries, and queries hold expressions. */
  readonly subquery: (translation: Translation, outer: Scope) => SelectResult;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(
    sql: string,
    around: Surroundings,
    binds: readonly BindValue[],
    subquery: (translation: Translation, outer: Scope) => SelectResult,
  ) {
    this.sql = sql;
    this.around = around;
    this.binds = binds;
    this.subquery = subquery;
    this.#tokens = tokens(sql);
  }

  get place(): number {
    return this.#at;
  }

  set place(place: number) {
    this.#at = place;
  }

  /** The token `ahead` places on. */
  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    return this.tokenAt(Math.min(this.#at + ahead, last));
  }

  tokenAt(place: number): Token {
    const token = this.#tokens[place];
    if (token === undefined) throw new Error(`no token ${place}`);
    return token;
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text === word;
  }

  isOperator(operator: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'operator' && token.text === operator;
  }

  /** Take these words if they come next. */
  acceptWords(...words: string[]): boolean {
    if (!words.every((word, ahead) => this.isWord(word, ahead))) return false;
    this.#at += words.length;
    return true;
  }

  acceptOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false;
    this.#at += 1;
    return true;
  }

  expectWord(word: string, error = 905, text = 'missing keyword'): void {
    if (!this.acceptWords(word)) throw new OraError(error, text, { offset: this.peek().at });
  }

  expectOperator(operator: string): void {
    if (this.acceptOperator(operator)) return;
    const [error, text] = (
      {
        '(': [906, 'missing left parenthesis'],
        ')': [907, 'missing right parenthesis'],
        ',': [917, 'missing comma'],
        '=': [927, 'missing equal sign'],
      } as Record<string, [number, string]>
    )[operator] ?? [900, 'invalid SQL statement'];
    throw new OraError(error, text, { offset: this.peek().at });
  }

  /** A name, folded to upper case unless quoted. */
  name(): { name: string; at: number } {
    const token = this.take();
    if (token.kind === 'quoted') return { name: token.text, at: token.at };
    if (token.kind === 'word' && !RESERVED.has(token.text)) return { name: token.text, at: token.at };
    throw new OraError(903, 'invalid table name', { offset: token.at });
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.text));
  }

  end(): void {
    if (this.peek().kind !== 'end') {
      throw new OraError(933, 'SQL command not properly ended', { offset: this.peek().at });
    }
  }

  /** Text between two places, as Oracle names a column without an alias: upper case, blanks removed. */
  textOf(from: number, to: number): string {
    let text = '';
    for (let place = from; place < to; place++) {
      const token = this.tokenAt(place);
      if (token.kind === 'word') text += token.text;
      else text += this.sql.slice(token.at, token.end);
    }
    return text;
  }
}

/** Words that cannot name a table, column or alias without quotes. */
export const RESERVED = new Set(
  (
    'ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COMMENT COMPRESS CONNECT CREATE CURRENT ' +
    'DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING ' +
    'IDENTIFIED IMMEDIATE IN INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG ' +
    'MAXEXTENTS MINUS MLSLABEL MODE MODIFY NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ' +
    'ORDER PCTFREE PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET SHARE SIZE ' +
    'SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES ' +
    'VARCHAR VARCHAR2 VIEW WHENEVER WHERE WITH'
  ).split(' '),
);
