/**
 * What every source can do, whatever its dialect. The steps after this one know nothing else.
 *
 * A source is read through one consistent read: all views show the same moment, whose identity goes into the
 * snapshot's manifest. Views may be read at the same time, as many as `parallelReads` says; each either leaves its whole
 * file or none, so a reader may keep the files it has and open the same identity again.
 */
import type { ViewName } from '../../../schemas/contract.ts';
import type { SourceDescription } from '../../../schemas/manifest.ts';
import type { Progress } from '../../runtime/progress.ts';

/** One way in which a source does not fulfil the contract, or something that those who run it should know. */
export interface Problem {
  /** Which of several connections of the source it is about; absent where there is one. */
  readonly connection?: string;
  /** Absent: the source as a whole, its account or its database. */
  readonly view?: ViewName;
  readonly column?: string;
  /** A source with an error is not read; a warning stops nothing. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What a database administrator runs to mend it, one whole statement each, without semicolons. */
  readonly statements: readonly string[];
}

/** Where a problem is, for people: connection and `ARB_CASE.CASE_NO`, `ARB_CASE`, or nothing for the whole source. */
export function problemPlace(problem: Pick<Problem, 'connection' | 'view' | 'column'>): string {
  const { connection, view, column } = problem;
  const isGiven = (part: string | undefined) => part !== undefined && part !== '';
  return [connection, [view, column].filter(isGiven).join('.')].filter(isGiven).join(' ');
}

/** How much a view holds, for people. Dates are `YYYY-MM-DD`, NULL in a column without any. */
export interface ViewFigures {
  readonly view: ViewName;
  readonly rows: number;
  readonly dates: readonly { column: string; first: string | null; last: string | null }[];
}

export interface Source {
  /** The as-of date of a run that names none, `YYYY-MM-DD`; undefined where the source's data are always of today. */
  readonly asOf: string | undefined;
  describe(): SourceDescription;
  /**
   * Compare views, columns and types with the contract; a list without errors is a source that can be read.
   * @param latelySeconds how long the longest of the latest reads took, where one is known
   */
  check(latelySeconds?: number): Promise<Problem[]>;
  /** Rows and ranges of dates of every view; only for a source without errors. */
  figures(): Promise<ViewFigures[]>;
  /**
   * Open a consistent read of all views, of the present state or, given an identity, of that one again.
   * @throws {ArbdataError} E_SOURCE_CONTRACT naming view and column; E_SOURCE_MISSING where the identity is gone
   */
  openRead(identity?: string): Promise<ConsistentRead>;
  close(): Promise<void>;
}

export interface ConsistentRead {
  /**
   * Names the state that is read: `sha256:…` of a file, which is hashed beside the reading, `scn:…` of a database.
   * @throws {ArbdataError} E_SOURCE_LOCKED where the file was replaced meanwhile
   */
  identity(): Promise<string>;
  /** How many views may be read at the same time. */
  readonly parallelReads: number;
  /** Write all rows of a view to a Parquet file in contract order of columns; empty text becomes NULL. */
  readView(view: ViewName, targetParquet: string, progress: Progress): Promise<{ rows: number }>;
  /** Whether, after this error of `readView`, another read (of another moment) is worth opening; absent: never. */
  shouldStartAnew?(error: unknown): boolean;
  close(): Promise<void>;
}
