/**
 * A session with an Oracle database as the rest of this folder sees it: the driver stays behind it, tests and a target
 * database use the same seam.
 *
 * Values come as text, whatever their type: a NUMBER as its exact decimal text, NULL and the empty text as null. DATE
 * and TIMESTAMP are never fetched as such: the statements turn them into text. Errors are ArbdataErrors that name the
 * ORA code; `oracleErrorCode` of an error tells it.
 */

/** What a placeholder takes. A NUMBER beyond 2^53 goes as a bigint, a decimal as text. */
export type OracleBind = string | number | bigint | null;

export type OracleValue = string | null;

/** One row, by the names of the select list as the database spells them. */
export type OracleRow = Readonly<Record<string, OracleValue>>;

/** What is sent: one statement without a semicolon, placeholders `:1`, `:2` … in the order of `parameters`. */
export interface OracleStatement {
  readonly sql: string;
  readonly parameters: readonly OracleBind[];
}

export interface OracleSession {
  /** All rows of a query whose result is small. */
  rows(statement: OracleStatement): Promise<readonly OracleRow[]>;
  /**
   * Rows in batches of at most `batchRows`, in the order of the database; leaving the loop closes the cursor.
   * A connection that is lost in between is an error, never an early end.
   */
  stream(statement: OracleStatement, batchRows: number): AsyncIterable<readonly OracleRow[]>;
  /** A statement that returns no rows. Nothing commits by itself. */
  execute(statement: OracleStatement): Promise<{ readonly rowsAffected: number }>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}
