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

/** One way in which a source does not fulfil the contract. */
export interface Problem {
  readonly view: ViewName;
  readonly column?: string;
  readonly message: string;
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
  /** Compare views, columns and types with the contract; an empty list is a source that can be read. */
  check(): Promise<Problem[]>;
  /** Rows and ranges of dates of every view; only for a source without problems. */
  figures(): Promise<ViewFigures[]>;
  /**
   * Open a consistent read of all views, of the present state or, given an identity, of that one again.
   * @throws {ArbdataError} E_SOURCE_CONTRACT naming view and column; E_SOURCE_MISSING where the identity is gone
   */
  openRead(identity?: string): Promise<ConsistentRead>;
  close(): Promise<void>;
}

export interface ConsistentRead {
  /** Names the state that is read: `sha256:…` of a file, `scn:…` of a database. */
  readonly identity: string;
  /** How many views may be read at the same time. */
  readonly parallelReads: number;
  /** Write all rows of a view to a Parquet file in contract order of columns; empty text becomes NULL. */
  readView(view: ViewName, targetParquet: string, progress: Progress): Promise<{ rows: number }>;
  close(): Promise<void>;
}
