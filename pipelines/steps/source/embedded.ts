/** The embedded source: a DuckDB file with the contract's tables, built whole or not at all, read without changing it. */
import { randomBytes } from 'node:crypto';
import { chmod, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { CONTRACT, dateColumns, engineType, VIEWS, type View } from '../../../schemas/contract.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { Engine, type EngineOptions, literal, withEngine } from '../../runtime/duckdb.ts';
import {
  createSourceTables,
  SOURCE_INFO_COLUMNS,
  SOURCE_INFO_TABLE,
  sourceTable,
} from '../../runtime/embedded-schema.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { ensureDir, fileError, sha256File, syncDirNow, syncFile } from '../../runtime/files.ts';
import type { Progress } from '../../runtime/progress.ts';
import { openScratch, removeDeadScratches } from '../../runtime/scratch.ts';
import { extractQuery, figuresQuery } from './queries.ts';
import { type ConsistentRead, type Problem, problemPlace, type Source, type ViewFigures } from './source.ts';

/** The row of `arbdata_source`: where the data come from. NULL where it does not apply. */
export interface EmbeddedMeta {
  /** `demo` or `csv`. */
  readonly kind: string;
  /** Tool and version. */
  readonly made_by: string;
  /** `YYYY-MM-DD`: the day whose state the data show. */
  readonly as_of: string | null;
  /** `YYYY-MM`: the last whole month with data. */
  readonly until: string | null;
  readonly seed: string | null;
  readonly size: string | null;
}

export type EngineLimits = Pick<EngineOptions, 'memoryLimitMb' | 'threads'>;

/**
 * Build the embedded source in a folder beside the file, then put it in the former one's place.
 * On any error, and when the process is killed, the former source stays as it was; the folder of a process that is
 * gone is removed by the next build.
 * @param fill fills the contract's tables, which stand empty; its second argument is a folder that goes with the build
 * @throws {ArbdataError} what `fill` throws; E_SOURCE_CONTRACT when it altered the tables
 */
export async function createEmbeddedSource(
  file: string,
  fill: (engine: Engine, workDir: string) => Promise<void>,
  meta: EmbeddedMeta,
  options: EngineLimits & { clock?: Clock } = {},
): Promise<void> {
  const { clock = systemClock, ...limits } = options;
  const parent = path.dirname(file);
  const name = `${path.basename(file)}.`;
  ensureDir(parent);
  await removeDeadScratches(parent, name, clock);
  const scratch = await openScratch(parent, name + randomBytes(4).toString('hex'), clock);
  try {
    const built = path.join(scratch.dir, 'build.duckdb');
    const spillDir = path.join(scratch.dir, 'spill');
    await withEngine({ ...limits, file: built, spillDir, tellsProgress: true }, async (engine) => {
      await createSourceTables(engine);
      await fill(engine, scratch.dir);
      const values = SOURCE_INFO_COLUMNS.map((column) =>
        meta[column] === null ? 'NULL' : literal(meta[column]),
      );
      await engine.run(`DELETE FROM ${SOURCE_INFO_TABLE}`);
      await engine.run(`INSERT INTO ${SOURCE_INFO_TABLE} VALUES (${values.join(', ')})`);
      failOn(await contractProblems(engine), file);
      await engine.run('CHECKPOINT');
    });
    await putInPlace(built, file);
  } finally {
    await scratch.close();
  }
}

/**
 * Open the embedded source for reading only; no one can write it until it is closed.
 * @param spillDir a folder of the caller for the engine's spill; it is removed at the end
 * @throws {ArbdataError} E_SOURCE_MISSING, E_SOURCE_LOCKED (with the PID of the holder), E_SOURCE_CONTRACT
 */
export async function openEmbeddedSource(
  file: string,
  options: EngineLimits & { spillDir: string },
): Promise<Source> {
  const opened = await inode(file);
  if (opened === undefined) {
    throw new ArbdataError('E_SOURCE_MISSING', `there is no source at ${file}`, {
      advice: 'Make one with `arbdata demo`, or load your own with `arbdata source import DIR`.',
      where: { file },
    });
  }
  const engine = await openReadOnly(file, options);
  try {
    return new EmbeddedSource(file, engine, await readInfo(engine), opened);
  } catch (error) {
    engine.close();
    throw damagedSource(error, file);
  }
}

class EmbeddedSource implements Source {
  readonly asOf: string | undefined;
  readonly #file: string;
  readonly #engine: Engine;
  readonly #info: Readonly<Record<string, string>>;
  /** Inode of the file that was opened: a build replaces the file, never its content. */
  readonly #opened: bigint;

  constructor(file: string, engine: Engine, info: Readonly<Record<string, string>>, opened: bigint) {
    this.#file = file;
    this.#engine = engine;
    this.#info = info;
    this.#opened = opened;
    this.asOf = info.as_of;
  }

  describe() {
    return { kind: 'embedded', details: this.#info };
  }

  async check(): Promise<Problem[]> {
    return this.#reading(() => contractProblems(this.#engine));
  }

  async figures(): Promise<ViewFigures[]> {
    const figures: ViewFigures[] = [];
    for (const view of VIEWS) figures.push(await this.#reading(() => viewFigures(this.#engine, view)));
    return figures;
  }

  async openRead(identity?: string): Promise<ConsistentRead> {
    failOn(await this.check(), this.#file);
    await this.#refuseReplaced();
    const present = this.#identity();
    // Whoever asks for it learns why there is none.
    present.catch(() => undefined);
    if (identity !== undefined && identity !== (await present)) {
      throw new ArbdataError(
        'E_SOURCE_MISSING',
        `the source is no longer the one read before (${identity})`,
        {
          advice: 'Freeze a new snapshot; the source was replaced since.',
          where: { file: this.#file },
        },
      );
    }
    return {
      identity: () => present,
      // The engine copies one view at a time, with all its threads; meanwhile the file of the one before gets to the disk.
      parallelReads: 2,
      readView: (name, target, progress) =>
        this.#reading(() => copyView(this.#engine, CONTRACT[name], target, progress)),
      close: async () => {
        await Promise.allSettled([present]);
      },
    };
  }

  async close(): Promise<void> {
    this.#engine.close();
  }

  /** The hash of the file that is open. */
  async #identity(): Promise<string> {
    const { sha256 } = await sha256File(this.#file);
    await this.#refuseReplaced();
    return `sha256:${sha256}`;
  }

  async #refuseReplaced(): Promise<void> {
    if ((await inode(this.#file)) === this.#opened) return;
    throw new ArbdataError('E_SOURCE_LOCKED', `${this.#file} was replaced just after it was opened`, {
      advice: 'Run the same command again; it then reads the new source.',
      where: { file: this.#file },
    });
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw damagedSource(error, this.#file);
    }
  }
}

async function copyView(
  engine: Engine,
  view: View,
  target: string,
  progress: Progress,
): Promise<{ rows: number }> {
  // Counted before the step begins: its turn comes when the view before is copied.
  const total = await rowCount(engine, view);
  const step = progress.step(`freeze ${sourceTable(view.name)}`, {
    unit: 'rows',
    poll: () => engine.progress(),
  });
  try {
    const { rows } = await engine.copyToParquet(extractQuery(view), target);
    if (rows === total) {
      step.done(rows);
      return { rows };
    }
    throw new ArbdataError('E_ENGINE', `the engine copied ${rows} of ${total} rows of ${view.name}`, {
      advice: 'Run the same command again; if it happens again, report it as a defect.',
    });
  } catch (error) {
    step.fail();
    throw error;
  }
}

async function openReadOnly(file: string, options: EngineLimits & { spillDir: string }): Promise<Engine> {
  try {
    return await Engine.open({ ...options, file, readOnly: true, tellsProgress: true });
  } catch (error) {
    throw damagedSource(error, file);
  }
}

/** What the engine says of a file that is no database, of another version, cut short, or altered. */
const DAMAGE = /not a valid DuckDB database|version number|corrupt database|could not read enough bytes/i;

/** An error of the engine over a damaged file as one that says what to do; any other as it is. */
function damagedSource(error: unknown, file: string): unknown {
  if (!(error instanceof ArbdataError) || error.code !== 'E_ENGINE' || !DAMAGE.test(error.message))
    return error;
  return new ArbdataError(
    'E_SOURCE_CONTRACT',
    `${file} is damaged or not a source of this version: ${error.message}`,
    {
      advice: 'Make it again with `arbdata demo` or `arbdata source import DIR`.',
      where: { file },
      cause: error,
    },
  );
}

/** The filled fields of `arbdata_source`; none in a source that has no such table. */
async function readInfo(engine: Engine): Promise<Record<string, string>> {
  const known = await engine.rows<{ column_name: string }>(
    `SELECT column_name FROM duckdb_columns()
     WHERE table_name = ${literal(SOURCE_INFO_TABLE)} AND database_name = current_database()`,
  );
  if (known.length === 0) return {};
  const [row] = await engine.rows<Record<string, string | null>>(
    `SELECT * FROM ${SOURCE_INFO_TABLE} LIMIT 1`,
  );
  const filled = SOURCE_INFO_COLUMNS.flatMap((name) => {
    const value = row?.[name];
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(filled);
}

/** One row per column of the database that is open; views count as tables. */
const COLUMNS_SQL = `
  SELECT lower(table_name) AS table_name, upper(column_name) AS column_name, data_type
  FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal`;

async function contractProblems(engine: Engine): Promise<Problem[]> {
  const tables = new Map<string, Map<string, string>>();
  for (const row of await engine.rows<Record<'table_name' | 'column_name' | 'data_type', string>>(
    COLUMNS_SQL,
  )) {
    const columns = tables.get(row.table_name) ?? new Map<string, string>();
    tables.set(row.table_name, columns.set(row.column_name, row.data_type));
  }
  return VIEWS.flatMap((view) => viewProblems(view, tables.get(sourceTable(view.name))));
}

function viewProblems(view: View, columns: ReadonlyMap<string, string> | undefined): Problem[] {
  const problem = (message: string, column?: string): Problem => ({
    view: view.name,
    ...(column === undefined ? {} : { column }),
    severity: 'error',
    message,
    statements: [],
  });
  if (columns === undefined) return [problem(`the view ${view.name} is missing`)];
  return view.columns.flatMap((column) => {
    const type = columns.get(column.name);
    if (type === engineType(column)) return [];
    const message =
      type === undefined
        ? `the column ${view.name}.${column.name} is missing`
        : `the column ${view.name}.${column.name} has the type ${type} instead of ${engineType(column)}`;
    return [problem(message, column.name)];
  });
}

function failOn(problems: readonly Problem[], file: string): void {
  const [first] = problems;
  if (first === undefined) return;
  const column = first.column === undefined ? {} : { column: problemPlace(first) };
  throw new ArbdataError('E_SOURCE_CONTRACT', problems.map(({ message }) => message).join('; '), {
    advice:
      'Make the source again with `arbdata demo` or `arbdata source import DIR`; `arbdata source check` lists this too.',
    where: { file, ...column },
  });
}

async function rowCount(engine: Engine, view: View): Promise<number> {
  return Number((await engine.one<{ n: string }>(`SELECT count(*) AS n FROM ${sourceTable(view.name)}`)).n);
}

async function viewFigures(engine: Engine, view: View): Promise<ViewFigures> {
  const row = await engine.one<Record<string, string | null>>(figuresQuery(view));
  const dates = dateColumns(view).map(({ name }) => ({
    column: name,
    first: row[`${name}_first`]?.slice(0, 10) ?? null,
    last: row[`${name}_last`]?.slice(0, 10) ?? null,
  }));
  return { view: view.name, rows: Number(row.row_count), dates };
}

async function inode(file: string): Promise<bigint | undefined> {
  try {
    return (await stat(file, { bigint: true })).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, file);
  }
}

async function putInPlace(built: string, file: string): Promise<void> {
  try {
    await chmod(built, 0o600);
    await syncFile(built);
    await rename(built, file);
    syncDirNow(path.dirname(file));
  } catch (error) {
    throw fileError(error, file);
  }
}
