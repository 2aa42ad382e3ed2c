/** One consistent read: each view counted, cut into ranges of keys, read range by range, and made into one file. */
import { renameSync } from 'node:fs';
import pLimit from 'p-limit';
import {
  CONTRACT,
  type Column,
  dateColumns,
  VIEWS,
  type View,
  type ViewName,
} from '../../../../schemas/contract.ts';
import { Engine } from '../../../runtime/duckdb.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import { fileError, syncFile } from '../../../runtime/files.ts';
import type { Progress, ProgressStep } from '../../../runtime/progress.ts';
import type { ConsistentRead } from '../source.ts';
import type { QueryColumn } from './connect.ts';
import { isExpired, isLost, isRefused, OracleError } from './errors.ts';
import type { KeptRead, Piece, ViewState } from './kept-read.ts';
import { cannotHold, loadView } from './load.ts';
import type { ConnectionRead } from './moments.ts';
import type { MappedView, SourceNames } from './names.ts';
import { boundsQuery, chunksQuery, earlyRecordsQuery, extractQuery, type KeyRange } from './queries.ts';
import type { OracleBind } from './session.ts';
import type { OracleSettings } from './settings.ts';
import { spoolKind } from './spool.ts';
import type { ThreadedSession } from './threaded-session.ts';

/**
 * The engine only turns text into columns here. With one thread it keeps up with several sessions, and its memory
 * stays with one row group.
 */
const LOAD_ENGINE = { memoryLimitMb: 100, threads: 1 };

export interface OracleReadOptions {
  readonly settings: OracleSettings;
  readonly names: SourceNames;
  readonly connections: readonly ConnectionRead[];
  readonly kept: KeptRead;
  readonly spillDir: string;
  readonly mayStartAnew: (error: OracleError) => boolean;
}

export class OracleRead implements ConsistentRead {
  readonly parallelReads: number;
  readonly #options: OracleReadOptions;
  /** The engine has one connection; two views at a time would only stand in memory together. */
  readonly #load = pLimit(1);
  readonly #finished = new Set<ViewName>();
  #engine: Promise<Engine> | undefined;
  #failure: unknown;

  constructor(options: OracleReadOptions) {
    this.#options = options;
    const { connections } = options;
    // One more than there are sessions: while one view becomes a file, the sessions are at the next.
    this.parallelReads = 1 + Math.max(...connections.map(({ pool }) => pool.limit));
  }

  async identity(): Promise<string> {
    return [...new Set(this.#options.connections.map(({ identity }) => identity))].join('+');
  }

  async readView(name: ViewName, target: string, progress: Progress): Promise<{ rows: number }> {
    const { kept } = this.#options;
    const step = progress.step(`freeze ${name.toLowerCase()}`, { unit: 'rows' });
    try {
      if (this.#failure !== undefined) throw this.#failure;
      if (kept.view(name)?.parquetBytes === undefined) await this.#makeParquet(CONTRACT[name], step);
      await kept.handOut(name, target);
      const rows = kept.view(name)?.rows ?? 0;
      this.#finished.add(name);
      step.done(rows);
      return { rows };
    } catch (error) {
      step.fail();
      await this.#stop(error);
      throw error;
    }
  }

  /** Whether to open another read instead of this one; a resumable read is never given up for a new moment. */
  shouldStartAnew(error: unknown): boolean {
    if (!(error instanceof OracleError)) return false;
    const isBound = this.#options.connections.some(({ scn }) => scn === undefined);
    return (isExpired(error) || (isLost(error) && isBound)) && this.#options.mayStartAnew(error);
  }

  async close(): Promise<void> {
    const { connections, kept } = this.#options;
    await Promise.all(connections.map(({ pool }) => pool.close()));
    (await this.#engine?.catch(() => undefined))?.close();
    const isResumable =
      isLost(this.#failure) &&
      connections.every(({ scn }) => scn !== undefined) &&
      this.#finished.size < VIEWS.length;
    if (isResumable) await kept.leave();
    else await kept.remove();
  }

  /** One error ends the whole read: nothing else of it is of use. */
  async #stop(error: unknown): Promise<void> {
    this.#failure ??= error;
    await Promise.all(this.#options.connections.map(({ pool }) => pool.stop(this.#failure)));
  }

  #connection(view: ViewName): ConnectionRead {
    const { settings, connections } = this.#options;
    const connection = connections[settings.connectionOf[view]];
    if (connection === undefined) throw new RangeError(`no connection for ${view}`);
    return connection;
  }

  async #makeParquet(view: View, step: ProgressStep): Promise<void> {
    const { kept } = this.#options;
    let plan = kept.view(view.name) ?? (await this.#plan(view));
    const isTakenOver = plan.pieces.length > 0;
    await this.#readPieces(view, plan, step);
    if (rowsOf(plan) !== plan.rows && isTakenOver) {
      // A piece that an earlier read left may be short, which nothing but the sum shows: all of them are read again.
      step.advance(-rowsOf(plan));
      plan = await kept.plan(view.name, plan.rows, plan.ranges);
      await this.#readPieces(view, plan, step);
    }
    if (rowsOf(plan) !== plan.rows) throw incomplete(view, plan.rows, rowsOf(plan));
    await this.#load(async () => {
      const pieces = plan.pieces.toSorted((a, b) => a.index - b.index);
      const spooled = pieces.map((piece) => ({ ...piece, file: kept.pieceFile(view.name, piece.index) }));
      await loadView(await this.#openEngine(), view, spooled, kept.parquetFile(view.name));
    });
    await kept.finishView(view.name);
  }

  /** Read the pieces of a view that are not there yet. */
  async #readPieces(view: View, plan: ViewState, step: ProgressStep): Promise<void> {
    const done = new Set(plan.pieces.map(({ index }) => index));
    step.advance(rowsOf(plan));
    const ranges = plan.ranges.flatMap((range, index) => (done.has(index) ? [] : [{ range, index }]));
    // All of them are waited for: a session that still wrote would write into a folder that is being removed.
    const results = await Promise.allSettled(
      ranges.map(({ range, index }) =>
        this.#readPiece(view, range, index, step).catch(async (error: unknown) => {
          await this.#stop(error);
          throw error;
        }),
      ),
    );
    if (results.some(({ status }) => status === 'rejected')) throw this.#failure;
  }

  #openEngine(): Promise<Engine> {
    this.#engine ??= Engine.open({ ...LOAD_ENGINE, spillDir: this.#options.spillDir }).then(
      async (engine) => {
        // Else it keeps what it has freed: some 30 MiB more with every view.
        await engine.run("SET allocator_flush_threshold = '4MB'");
        await engine.run("SET allocator_bulk_deallocation_flush_threshold = '4MB'");
        return engine;
      },
    );
    return this.#engine;
  }

  /** Count the view, refuse dates before our era, and cut it into ranges of about equal numbers of rows. */
  async #plan(view: View): Promise<ViewState> {
    const { kept, names, settings } = this.#options;
    const { pool, scn } = this.#connection(view.name);
    const mapped = names[view.name];
    const attempts = scn === undefined ? 1 : undefined;
    const { rows, boundaries } = await pool.use(async (session) => {
      const count = await countRows(session, view, mapped, scn);
      const chunks = Math.ceil(count / settings.config.chunkRows);
      // In a read-only transaction nothing can be read again, so nothing is gained by pieces.
      if (scn === undefined || chunks < 2) return { rows: count, boundaries: [] };
      return { rows: count, boundaries: await boundariesOf(session, mapped, chunks, scn) };
    }, attempts);
    return kept.plan(view.name, rows, rangesBetween(boundaries));
  }

  async #readPiece(
    view: View,
    range: ViewState['ranges'][number],
    index: number,
    step: ProgressStep,
  ): Promise<void> {
    const { kept, names, settings, connections } = this.#options;
    const { fetchRows, rowsPerSecond } = settings.config;
    const { pool, scn } = this.#connection(view.name);
    const file = kept.pieceFile(view.name, index);
    const statement = extractQuery(names[view.name], { scn, range: bound(view, range) });
    const sessions = connections.reduce((sum, one) => sum + one.pool.limit, 0);
    const piece = await pool.use(
      async (session): Promise<Piece> => {
        const { rows, sizeBytes, escaped, isRegular, columns } = await session.extract(
          {
            statement,
            file: `${file}.part`,
            fetchRows,
            kinds: view.columns.map(spoolKind),
            rowsPerSecond: rowsPerSecond === undefined ? undefined : rowsPerSecond / sessions,
          },
          (count) => step.advance(count),
        );
        refuseColumns(view, columns);
        return { index, rows, sizeBytes, escaped: [...escaped], isRegular };
      },
      scn === undefined ? 1 : undefined,
    );
    try {
      // The session is at its next piece meanwhile.
      await syncFile(`${file}.part`);
      renameSync(`${file}.part`, file);
    } catch (error) {
      throw fileError(error, file);
    }
    await kept.finishPiece(view.name, piece);
  }
}

/** Rows of the pieces that are there. */
const rowsOf = ({ pieces }: ViewState): number => pieces.reduce((sum, { rows }) => sum + rows, 0);

async function countRows(
  session: ThreadedSession,
  view: View,
  mapped: MappedView,
  scn: string | undefined,
): Promise<number> {
  const [row] = await session.rows(boundsQuery(mapped, { scn }));
  const count = row?.ROW_COUNT;
  if (typeof count !== 'string') throw incomplete(view, 'no number of', 'none');
  for (const column of dateColumns(view)) {
    if (Number(row?.[column.name]) === 0) continue;
    const [first] = await session.rows(earlyRecordsQuery(mapped, column.name, { scn }));
    throw cannotHold(view, column, first?.RECORD_KEY ?? 'without a key');
  }
  return Number(count);
}

/** Where the ranges begin, but for the first. Without an answer the view is read in one piece. */
async function boundariesOf(
  session: ThreadedSession,
  mapped: MappedView,
  chunks: number,
  scn: string,
): Promise<string[]> {
  try {
    const found = await session.rows(chunksQuery(mapped, chunks, scn));
    return found.slice(1).flatMap(({ FROM_KEY }) => FROM_KEY ?? []);
  } catch (error) {
    if (isRefused(error)) return [];
    throw error;
  }
}

/** Half-open ranges side by side, of which the first and the last have one end only. */
export function rangesBetween(boundaries: readonly string[]): ViewState['ranges'] {
  // A key of many rows may begin several neighbours; it begins one range.
  const starts = boundaries.filter((key, index) => key !== boundaries[index - 1]);
  return [undefined, ...starts].map((from, index) => {
    const to = starts[index];
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  });
}

/** Keys of a number column go as numbers, of which no digit may be lost. */
function bound(view: View, { from, to }: ViewState['ranges'][number]): KeyRange {
  const isNumber = view.columns.find(({ name }) => name === view.key)?.type === 'number';
  const value = (key: string | undefined): OracleBind | undefined =>
    key !== undefined && isNumber && /^-?\d+$/.test(key) ? BigInt(key) : key;
  return { from: value(from), to: value(to) };
}

/** Fields are written in the order in which they came: it must be that of the contract, and so must be their types. */
function refuseColumns(view: View, columns: readonly QueryColumn[]): void {
  const isText = ({ type }: Column): boolean => type !== 'number';
  const differing = view.columns.find(
    (column, index) =>
      columns[index]?.name !== column.name || (columns[index].kind !== 'number') !== isText(column),
  );
  if (differing === undefined && columns.length === view.columns.length) return;
  const place = differing === undefined ? view.name : `${view.name}.${differing.name}`;
  throw new ArbdataError(
    'E_SOURCE_CONTRACT',
    `${place} has another type in the database than in the contract`,
    {
      advice: 'Run `arbdata source check`: it names the columns whose type is not that of the contract.',
      where: { column: place },
    },
  );
}

function incomplete(view: View, counted: number | string, read: number | string): ArbdataError {
  return new ArbdataError(
    'E_SOURCE_INCOMPLETE',
    `${view.name}: the database counted ${counted} rows and delivered ${read}`,
    { advice: 'Run the same command again; nothing was frozen. If it happens again, tell the DBA.' },
  );
}
