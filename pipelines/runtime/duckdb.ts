/** The one door to DuckDB: bounded memory, spill to a folder of the caller, no network, no extension fetched. */
import { rmSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  DuckDBResultReader,
} from '@duckdb/node-api';
import { ArbdataError, messageOf } from './errors.ts';
import { ensureDir, fileError, syncDirNow, syncFile, temporaryName } from './files.ts';

/** Values as JSON has them: BIGINT, DECIMAL, DATE and TIMESTAMP arrive as exact text, INTEGER as a number. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Row = Record<string, Json>;

export interface EngineOptions {
  /** A DuckDB file, or in memory when absent. */
  readonly file?: string;
  readonly readOnly?: boolean;
  /** Folder for spilled data; it is removed when the engine closes. */
  readonly spillDir: string;
  /** DuckDB's own limit; the process takes up to about 300 MiB more. */
  readonly memoryLimitMb?: number;
  readonly threads?: number;
  /** Whether {@link Engine.progress} tells something: the engine then counts at every turn, up to a tenth of its work. */
  readonly tellsProgress?: boolean;
}

export const DEFAULT_MEMORY_LIMIT_MB = 900;

/** A part of a limit, and what it does not fall below. */
export interface MemoryShare {
  readonly share: number;
  readonly leastMb: number;
}

/**
 * Parquet of version 2 at zstd level 1, with dictionaries for codes only (a column of more distinct values seldom gains
 * from one, and the engine finds that out late): against the engine's defaults a third less time, and hardly larger (its
 * delta encodings make up for the level): 1.05 s and 91 MB instead of 1.55 s and 89 MB for a city's tables. Bloom filters
 * of codes would keep nobody from reading a row group: another thirtieth.
 */
const PARQUET_OPTIONS =
  'FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 2000, WRITE_BLOOM_FILTER false';

/** Quote text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quote a name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export class Engine {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #spillDir: string;
  readonly #mostMemoryMb: number;
  #streams = 0;
  #memoryLimitMb: number;
  /** The end of the latest statement; it never fails. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, options: EngineOptions) {
    this.#instance = instance;
    this.#connection = connection;
    this.#spillDir = options.spillDir;
    this.#mostMemoryMb = options.memoryLimitMb ?? DEFAULT_MEMORY_LIMIT_MB;
    this.#memoryLimitMb = this.#mostMemoryMb;
  }

  static async open(options: EngineOptions): Promise<Engine> {
    ensureDir(options.spillDir);
    let instance: DuckDBInstance | undefined;
    try {
      instance = await DuckDBInstance.create(options.file ?? ':memory:', {
        access_mode: options.readOnly === true ? 'READ_ONLY' : 'AUTOMATIC',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        memory_limit: `${options.memoryLimitMb ?? DEFAULT_MEMORY_LIMIT_MB}MB`,
        temp_directory: options.spillDir,
        ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
      });
      const connection = await instance.connect();
      await connection.run("SET TimeZone = 'Asia/Shanghai'");
      // Without a wait of 0 the engine tells no progress for its first seconds.
      await connection.run(
        options.tellsProgress === true
          ? 'SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0'
          : 'SET enable_progress_bar = false',
      );
      return new Engine(instance, connection, options);
    } catch (error) {
      instance?.closeSync();
      rmSync(options.spillDir, { recursive: true, force: true });
      throw engineError(error, options.file);
    }
  }

  /** The limit in force, in MB; the process takes more than the engine. */
  get memoryLimitMb(): number {
    return this.#memoryLimitMb;
  }

  /** Aim at a part of the limit that the engine was opened with, as {@link limitMemory} does. */
  async limitMemoryTo({ share, leastMb }: MemoryShare): Promise<void> {
    await this.limitMemory(Math.max(leastMb, Math.round(this.#mostMemoryMb * share)));
  }

  /**
   * Aim at a lower limit from now on: what is beyond it goes to the engine's disk. A statement that cannot be done within
   * it is done again within the limit that the engine was opened with, which then is in force.
   */
  async limitMemory(limitMb: number): Promise<void> {
    this.#memoryLimitMb = Math.min(limitMb, this.#mostMemoryMb);
    try {
      await this.#connection.run(`SET memory_limit = '${this.#memoryLimitMb}MB'`);
    } catch (error) {
      throw engineError(error);
    }
  }

  /** Run one or several statements; errors in any of them are raised. */
  async run(sql: string): Promise<void> {
    try {
      await this.#execute(sql);
    } catch (error) {
      throw engineError(error);
    }
  }

  /** All rows of a small result (aggregates, lists for people), as JSON-safe values. */
  async rows<T = Row>(sql: string): Promise<T[]> {
    try {
      const reader = await this.#read(sql);
      return reader.getRowObjectsJson() as unknown as T[];
    } catch (error) {
      throw engineError(error);
    }
  }

  /** The only row of a result. */
  async one<T = Row>(sql: string): Promise<T> {
    const [row, ...others] = await this.rows<T>(sql);
    if (row === undefined || others.length > 0) {
      throw new ArbdataError(
        'E_INTERNAL',
        `a query meant for one row gave ${row === undefined ? 0 : others.length + 1}`,
        {
          advice: 'Report this as a defect, with the command.',
        },
      );
    }
    return row;
  }

  /** The texts of a result's only column, of any length, as UTF-8: nothing is copied into a JavaScript string. */
  async texts(sql: string): Promise<Buffer[]> {
    let rows: unknown[][];
    try {
      const reader = await this.#read(`SELECT encode(value) FROM (${sql}) t(value)`);
      rows = reader.getRows();
    } catch (error) {
      throw engineError(error);
    }
    return rows.map(([value]) => {
      if (value instanceof DuckDBBlobValue)
        return Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength);
      throw new ArbdataError('E_INTERNAL', 'a query meant for texts gave something else', {
        advice: 'Report this as a defect, with the command.',
      });
    });
  }

  /**
   * Stream the rows of a query in slices, in its order, on a connection of its own.
   * The result is materialised first and the number of rows compared at the end, because an open stream
   * of the engine ends silently on an error.
   */
  async *stream<T = Row>(select: string): AsyncGenerator<T[]> {
    const table = `stream_${++this.#streams}`;
    await this.run(`CREATE TABLE ${table} AS ${select}`);
    const connection = await this.#instance.connect();
    try {
      const expected = Number((await this.one<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).n);
      const result = await connection.stream(`SELECT * FROM ${table}`);
      let seen = 0;
      for await (const rows of result.yieldRowObjectJson()) {
        seen += rows.length;
        yield rows as unknown as T[];
      }
      if (seen !== expected) {
        throw new ArbdataError('E_ENGINE', `the engine delivered ${seen} of ${expected} rows`, {
          advice: 'Run the same command again; if it happens again, report it as a defect.',
        });
      }
    } finally {
      connection.closeSync();
      await this.run(`DROP TABLE ${table}`);
    }
  }

  /** Write a query's rows as Parquet (zstd) under a temporary name, fsync, rename; nothing half-written stays. */
  async copyToParquet(select: string, file: string): Promise<{ rows: number; sizeBytes: number }> {
    const temporary = temporaryName(file);
    try {
      const [row] = await this.rows<{ Count: string }>(
        `COPY (${select}) TO ${literal(temporary)} (${PARQUET_OPTIONS})`,
      );
      await syncFile(temporary);
      await rename(temporary, file);
      syncDirNow(path.dirname(file));
      return { rows: Number(row?.Count ?? 0), sizeBytes: statSync(file).size };
    } catch (error) {
      rmSync(temporary, { force: true });
      throw fileError(error, file);
    }
  }

  /** Share of the running statement that is done, 0 to 1; undefined where the engine cannot tell, or need not. */
  progress(): number | undefined {
    const { percentage } = this.#connection.progress;
    return percentage < 0 ? undefined : percentage / 100;
  }

  /** Append rows of JavaScript values (text or null) to a table whose columns are all VARCHAR. */
  async append(table: string, rows: Iterable<readonly (string | null)[]>): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    try {
      for (const row of rows) {
        for (const value of row) {
          if (value === null) appender.appendNull();
          else appender.appendVarchar(value);
        }
        appender.endRow();
      }
    } finally {
      appender.closeSync();
    }
  }

  async #read(sql: string): Promise<DuckDBResultReader> {
    const reader = new DuckDBResultReader(await this.#execute(sql));
    await reader.readAll();
    return reader;
  }

  /**
   * Run statements once those before them are done: a connection takes one at a time, and one that waits in it would hold
   * a thread that files are read and written with. @returns the result of the last
   */
  #execute(sql: string): Promise<DuckDBMaterializedResult> {
    const result = this.#turn.then(() => this.#executeNow(sql));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #executeNow(sql: string): Promise<DuckDBMaterializedResult> {
    if (this.#memoryLimitMb >= this.#mostMemoryMb) return this.#connection.run(sql);
    const { count } = await this.#connection.extractStatements(sql);
    // Only a whole text tells what is wrong in it: a statement taken out of several does not.
    if (count === 1) return this.#insist(() => this.#connection.run(sql));
    for (let index = 0; index < count - 1; index++) await this.#insist(() => this.#runOneOf(sql, index));
    return this.#insist(() => this.#runOneOf(sql, count - 1));
  }

  /** What failed for want of memory has done nothing, so it can be done again with more. */
  async #insist<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isOutOfMemory(messageOf(error)) || this.#memoryLimitMb >= this.#mostMemoryMb) throw error;
      await this.limitMemory(this.#mostMemoryMb);
      return work();
    }
  }

  async #runOneOf(sql: string, index: number): Promise<DuckDBMaterializedResult> {
    const statements = await this.#connection.extractStatements(sql);
    const prepared = await statements.prepare(index);
    try {
      return await prepared.run();
    } finally {
      prepared.destroySync();
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.#spillDir, { recursive: true, force: true });
  }
}

/** Open an engine, use it, close it whatever happens. */
export async function withEngine<T>(options: EngineOptions, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await Engine.open(options);
  try {
    return await use(engine);
  } finally {
    engine.close();
  }
}

/** Translate an error of DuckDB into one of ours; its text never carries personal data of ours on purpose. */
function engineError(error: unknown, file?: string): ArbdataError {
  if (error instanceof ArbdataError) return error;
  const message = messageOf(error);
  if (/no space left|disk full|could not write|ENOSPC/i.test(message)) {
    return new ArbdataError('E_DISK_FULL', `the disk is full: ${firstLine(message)}`, {
      advice:
        'Free disk space under the home directory (arbdata doctor shows how much is used) and run the same command again.',
      cause: error,
    });
  }
  if (/permission denied/i.test(message)) {
    return new ArbdataError('E_HOME', `no permission: ${firstLine(message)}`, {
      advice:
        'Give the user of this command read and write access to it, or choose another home with --home.',
      ...(file === undefined ? {} : { where: { file } }),
      cause: error,
    });
  }
  if (/could not set lock|conflicting lock/i.test(message)) {
    return new ArbdataError(
      'E_SOURCE_LOCKED',
      `another process holds the database file open: ${firstLine(message)}`,
      {
        advice:
          'Wait until that process has ended (its PID is named above), then run the same command again.',
        ...(file === undefined ? {} : { where: { file } }),
        cause: error,
      },
    );
  }
  return new ArbdataError('E_ENGINE', firstLine(message), {
    advice: isOutOfMemory(message)
      ? 'Raise `memoryLimitMb` in config.json, or lower `threads`; then run the same command again.'
      : 'Run `arbdata doctor`; if it finds nothing, report this as a defect with the command.',
    ...(file === undefined ? {} : { where: { file } }),
    cause: error,
  });
}

const isOutOfMemory = (message: string): boolean => message.startsWith('Out of Memory Error');

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').trim();
}
