/** The one place that speaks to the driver: it logs on, and hands out a session whose values are all text. */
import type oracledb from 'oracledb';
import { ArbdataError } from '../../../runtime/errors.ts';
import { oracleError, translated } from './errors.ts';
import type { OracleRow, OracleSession, OracleStatement, OracleValue } from './session.ts';
import type { ConnectionSettings } from './settings.ts';

/** Rows of one round trip where the caller names no number. */
const FETCH_ROWS = 1000;
/** So long after a time-out of a call its session may take to answer the break; then it counts as dead. */
const BREAK_GRACE_MS = 5_000;

/** How long a call with a time-out may take in all. */
const patienceMs = (seconds: number): number => seconds * 1000 + Math.min(BREAK_GRACE_MS, seconds * 1000);

/** A column as the database describes it; `padded` is text that the database fills up with blanks. */
export interface QueryColumn {
  readonly name: string;
  readonly kind: 'text' | 'padded' | 'number';
}

/** A query that is open, read batch by batch. */
export interface OpenQuery {
  readonly columns: readonly QueryColumn[];
  /** The next rows, as arrays of text; an empty array at the end. */
  next(rows: number): Promise<OracleValue[][]>;
  close(): Promise<void>;
}

/** A session of the driver: what the rest of the folder sees of it, and queries read batch by batch. */
export interface DriverSession extends OracleSession {
  /** Open a query; its first `fetchRows` rows come with the first round trip. */
  open(statement: OracleStatement, fetchRows: number): Promise<OpenQuery>;
  /** Drop the connection without a word to the database. */
  abandon(): void;
}

let driver: Promise<typeof oracledb> | undefined;

/** Loaded when it is needed: other sources should not pay for it. */
function loadDriver(): Promise<typeof oracledb> {
  driver ??= import('oracledb').then((module) => module.default);
  return driver;
}

/** Only once in a process; the driver refuses another folder later. */
function startThickMode(oracle: typeof oracledb, settings: ConnectionSettings): void {
  const { clientLibDir, configDir } = settings;
  if (clientLibDir === undefined || !oracle.thin) return;
  try {
    oracle.initOracleClient({ libDir: clientLibDir, ...(configDir === undefined ? {} : { configDir }) });
  } catch (error) {
    throw translated(error, `loading the Oracle client libraries from ${clientLibDir}`);
  }
}

/**
 * Log on. The session reads text as it is, and numbers and dates in the one form that the statements expect, whatever
 * the environment of this machine says.
 * @throws {OracleError} E_SOURCE_UNREACHABLE, E_SOURCE_ACCESS, E_SOURCE_DRIVER, E_CONFIG
 */
export async function connect(settings: ConnectionSettings): Promise<DriverSession> {
  const oracle = await loadDriver();
  startThickMode(oracle, settings);
  const doing = `connecting to ${settings.title}`;
  let connection: oracledb.Connection;
  try {
    connection = await within(
      patienceMs(settings.connectTimeoutSeconds),
      oracle.getConnection(attributes(settings)),
      doing,
    );
  } catch (error) {
    throw translated(error, doing);
  }
  return new Session(oracle, connection, settings);
}

function attributes(settings: ConnectionSettings): oracledb.ConnectionAttributes {
  const { connectString, user, password, walletLocation, walletPassword, configDir } = settings;
  return {
    connectString,
    ...(user === undefined ? { externalAuth: true } : { user, password: password?.reveal() ?? '' }),
    ...(walletLocation === undefined ? {} : { walletLocation }),
    ...(walletPassword === undefined ? {} : { walletPassword: walletPassword.reveal() }),
    ...(configDir === undefined ? {} : { configDir }),
    connectTimeout: settings.connectTimeoutSeconds,
    transportConnectTimeout: settings.connectTimeoutSeconds,
    // Minutes between the packets that keep a firewall from forgetting a connection whose query sorts for long.
    expireTime: 2,
  };
}

/** The driver's own time-outs wait for an answer to their break: without one they never end. */
async function within<T>(ms: number, work: Promise<T>, doing: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(oracleError('STALL', doing)), ms);
  });
  // Its end after the time-out is of no interest any more, and must not end the process.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

class Session implements DriverSession {
  readonly #oracle: typeof oracledb;
  readonly #connection: oracledb.Connection;
  readonly #settings: ConnectionSettings;
  /** How the types come that may come; `long` is text that the driver hands out in pieces unless told otherwise. */
  readonly #kinds: ReadonlyMap<unknown, QueryColumn['kind'] | 'long'>;

  constructor(oracle: typeof oracledb, connection: oracledb.Connection, settings: ConnectionSettings) {
    this.#oracle = oracle;
    this.#connection = connection;
    this.#settings = settings;
    this.#kinds = new Map<unknown, QueryColumn['kind'] | 'long'>([
      [oracle.DB_TYPE_VARCHAR, 'text'],
      [oracle.DB_TYPE_NVARCHAR, 'text'],
      [oracle.DB_TYPE_CHAR, 'padded'],
      [oracle.DB_TYPE_NCHAR, 'padded'],
      [oracle.DB_TYPE_CLOB, 'long'],
      [oracle.DB_TYPE_NCLOB, 'long'],
      [oracle.DB_TYPE_NUMBER, 'number'],
      [oracle.DB_TYPE_BINARY_INTEGER, 'number'],
      [oracle.DB_TYPE_BINARY_FLOAT, 'number'],
      [oracle.DB_TYPE_BINARY_DOUBLE, 'number'],
    ]);
  }

  async rows(statement: OracleStatement): Promise<readonly OracleRow[]> {
    const all: OracleRow[] = [];
    for await (const rows of this.stream(statement, FETCH_ROWS)) all.push(...rows);
    return all;
  }

  async *stream(statement: OracleStatement, batchRows: number): AsyncGenerator<readonly OracleRow[]> {
    const query = await this.open(statement, batchRows);
    try {
      for (;;) {
        const rows = await query.next(batchRows);
        if (rows.length === 0) return;
        yield rows.map((row) =>
          Object.fromEntries(query.columns.map(({ name }, index) => [name, row[index] ?? null])),
        );
      }
    } finally {
      await query.close();
    }
  }

  async open(statement: OracleStatement, fetchRows: number): Promise<OpenQuery> {
    const { resultSet, metaData } = await this.#call(this.#settings.statementTimeoutSeconds, () =>
      this.#connection.execute(statement.sql, [...statement.parameters] as oracledb.BindParameters, {
        resultSet: true,
        outFormat: this.#oracle.OUT_FORMAT_ARRAY,
        fetchArraySize: fetchRows,
        prefetchRows: fetchRows,
        fetchTypeHandler: this.#asText,
      }),
    );
    if (resultSet === undefined) throw notA('query');
    return {
      columns: (metaData ?? []).map((column) => this.#column(column)),
      next: async (rows) =>
        (await this.#call(this.#settings.stallTimeoutSeconds, () =>
          resultSet.getRows(rows),
        )) as OracleValue[][],
      close: async () => {
        // A session that was lost has nothing left to close, and what the reader met before is the error to tell.
        await resultSet.close().catch(() => undefined);
      },
    };
  }

  async execute(statement: OracleStatement): Promise<{ rowsAffected: number }> {
    const { rowsAffected } = await this.#call(this.#settings.statementTimeoutSeconds, () =>
      this.#connection.execute(statement.sql, [...statement.parameters] as oracledb.BindParameters),
    );
    return { rowsAffected: rowsAffected ?? 0 };
  }

  async commit(): Promise<void> {
    await this.#call(this.#settings.statementTimeoutSeconds, () => this.#connection.commit());
  }

  async rollback(): Promise<void> {
    await this.#call(this.#settings.statementTimeoutSeconds, () => this.#connection.rollback());
  }

  async close(): Promise<void> {
    try {
      await within(BREAK_GRACE_MS, this.#connection.close(), 'closing');
    } catch {
      // The database ends a session by itself whose connection is gone.
      this.abandon();
    }
  }

  abandon(): void {
    this.#connection.close({ drop: true }).catch(() => undefined);
  }

  /** NUMBER as exact text, CLOB as text; a date or timestamp is never fetched as such, see session.ts. */
  readonly #asText = ({ dbType }: oracledb.Metadata<unknown>): oracledb.FetchTypeResponse | undefined => {
    const kind = this.#kinds.get(dbType);
    return kind === 'number' || kind === 'long' ? { type: this.#oracle.STRING } : undefined;
  };

  /** Any other type would come as something else than text, and be taken for NULL. */
  #column({ name, dbType, dbTypeName }: oracledb.Metadata<unknown>): QueryColumn {
    const kind = this.#kinds.get(dbType);
    if (kind !== undefined) return { name, kind: kind === 'long' ? 'text' : kind };
    throw new ArbdataError(
      'E_SOURCE_CONTRACT',
      `the column ${name} comes as ${dbTypeName ?? 'another type'}`,
      {
        advice: 'Run `arbdata source check`: it names the columns whose type is not that of the contract.',
        where: { column: name },
      },
    );
  }

  async #call<T>(seconds: number, call: () => Promise<T>): Promise<T> {
    const doing = `reading ${this.#settings.title}`;
    this.#connection.callTimeout = seconds * 1000;
    try {
      return await within(patienceMs(seconds), call(), doing);
    } catch (error) {
      const known = translated(error, doing);
      if (known instanceof ArbdataError || !(error instanceof TypeError)) throw known;
      // What the driver makes of bytes that are no packets of its protocol.
      throw oracleError('NJS-509', doing);
    }
  }
}

const notA = (what: string): ArbdataError =>
  new ArbdataError('E_INTERNAL', `a statement is no ${what}`, { advice: 'Report this as a defect.' });
