/** The one door to SQLite: node:sqlite opened the ledger's way, and the shim that lets Kysely speak to it. */
import { closeSync, openSync } from 'node:fs';
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type KyselyPlugin,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';
import { ArbdataError, messageOf } from './errors.ts';
import { fileError } from './files.ts';

export type { DatabaseSync };

const BUSY_TIMEOUT_MS = 10_000;
const RETRY_MS = 10;

/**
 * Open (or create, 0600) an SQLite file: WAL, synchronous FULL, foreign keys, 10 s of patience with other writers.
 * @throws {ArbdataError} E_LEDGER, E_HOME, E_DISK_FULL, each naming the file
 */
export async function openSqlite(file: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    // SQLite would create it with the umask's permissions; its -wal and -shm files copy those of the file.
    closeSync(openSync(file, 'a', 0o600));
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    const opened = database;
    // The change to WAL does not wait for other connections by itself: two first openings at once can collide.
    await patiently(() => opened.exec('PRAGMA journal_mode = WAL'));
    database.exec('PRAGMA synchronous = FULL');
    return database;
  } catch (error) {
    database?.close();
    throw sqliteError(fileError(error, file), file);
  }
}

/**
 * Copy an SQLite file as it stands at one moment, while others may write it. The copy is one file, without a log.
 * @throws {ArbdataError} E_LEDGER, E_HOME, E_DISK_FULL, each naming the file
 */
export async function copySqlite(file: string, target: string): Promise<void> {
  let source: DatabaseSync | undefined;
  let copy: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    closeSync(openSync(target, 'wx', 0o600));
    await backup(source, target);
    copy = new DatabaseSync(target);
    copy.exec('PRAGMA journal_mode = DELETE');
  } catch (error) {
    throw sqliteError(fileError(error, target), file);
  } finally {
    copy?.close();
    source?.close();
  }
}

/** Kysely over an open SQLite file; its transactions take the write lock at once. Destroying it closes the file. */
export function kyselyOver<Tables>(
  database: DatabaseSync,
  file: string,
  plugins: KyselyPlugin[],
): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver(database, file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect, plugins });
}

/**
 * Transactions that take the write lock at their start: a deferred one that reads first and writes later fails
 * at once when another process wrote in between.
 */
class ImmediateDriver extends SqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #file: string;

  constructor(database: DatabaseSync, file: string) {
    super({ database: shim(database, file) });
    this.#database = database;
    this.#file = file;
  }

  /** SQLite's own waiting would stop the event loop, and with it a holder of the lock in this very process. */
  override async beginTransaction(): Promise<void> {
    this.#database.exec('PRAGMA busy_timeout = 0');
    try {
      await patiently(() => this.#database.exec('BEGIN IMMEDIATE'));
    } catch (error) {
      throw sqliteError(error, this.#file);
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /** After some errors (a full disk) SQLite has rolled back by itself; a second time would hide that error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** Try again while another connection is writing, up to 10 s. */
async function patiently(act: () => void): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      act();
      return;
    } catch (error) {
      if (primaryCode(error) !== SQLITE.busy || waitedMs >= BUSY_TIMEOUT_MS) throw error;
      await delay(RETRY_MS);
    }
  }
}

/** What Kysely expects (the shape of better-sqlite3) over node:sqlite. */
function shim(database: DatabaseSync, file: string): SqliteDatabase {
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw sqliteError(error, file);
    }
  };
  return {
    close: () => guarded(() => database.close()),
    prepare: (sql) => {
      const statement = guarded(() => database.prepare(sql));
      // Without this, reading an integer over 2^53 throws.
      statement.setReadBigInts(true);
      return shimStatement(statement, guarded);
    },
  };
}

function shimStatement(statement: StatementSync, guarded: <T>(act: () => T) => T): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guarded(() => statement.all(...bound(parameters)).map(plainRow)),
    run: (parameters) => guarded(() => statement.run(...bound(parameters))),
    *iterate(parameters) {
      for (const row of guarded(() => statement.iterate(...bound(parameters)))) yield plainRow(row);
    },
  };
}

/** node:sqlite refuses to bind undefined and booleans. */
function bound(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (value === undefined) return null;
    if (typeof value === 'boolean') return value ? 1 : 0;
    return value as SQLInputValue;
  });
}

/** Rows come with a null prototype and every integer as a bigint; one that a number holds exactly becomes one. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value,
    ]),
  );
}

/** Primary result codes of SQLite, https://sqlite.org/rescode.html. */
const SQLITE = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;
/** SQLITE_IOERR_SHMSIZE: the shared-memory file beside the ledger could not grow, as on a full disk. */
const SHM_SIZE_ERROR = 4874;

function primaryCode(error: unknown): number | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : code & 0xff;
}

function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined;
}

/** An error of SQLite as one of ours; others as they are. */
export function sqliteError(error: unknown, file: string): unknown {
  const where = { where: { file }, cause: error };
  switch (resultCode(error) === SHM_SIZE_ERROR ? SQLITE.full : primaryCode(error)) {
    case undefined:
      return error;
    case SQLITE.busy:
      return new ArbdataError(
        'E_LEDGER',
        `another process has kept ${file} busy for ${BUSY_TIMEOUT_MS / 1000} s`,
        {
          advice: 'Run the same command again; if it goes on, see which process has the file open.',
          ...where,
        },
      );
    case SQLITE.full:
      return new ArbdataError('E_DISK_FULL', `the disk is full: ${file} could not be written`, {
        advice: 'Free disk space under the home directory and run the same command again.',
        ...where,
      });
    case SQLITE.readOnly:
    case SQLITE.cannotOpen:
      return new ArbdataError('E_HOME', `no permission: ${file} cannot be opened for writing`, {
        advice:
          'Give the user of this command read and write access to it, or choose another home with --home.',
        ...where,
      });
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return new ArbdataError('E_LEDGER', `${file} is damaged: it is not a whole SQLite database`, {
        advice:
          'Keep the file for inspection and restore ledger.sqlite and audit-head.json together from a backup.',
        ...where,
      });
    default:
      return new ArbdataError('E_LEDGER', `${file}: ${messageOf(error)}`, {
        advice: 'Run `arbdata doctor`; if it finds nothing, report this as a defect with the command.',
        ...where,
      });
  }
}
