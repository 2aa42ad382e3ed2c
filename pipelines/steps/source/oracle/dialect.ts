/**
 * A Kysely dialect over one Oracle session. Rows come as the session gives them: text, exact, null for NULL.
 * A statement outside of a transaction that Kysely began commits at once, as Kysely's users expect of every dialect.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  DialectAdapterBase,
  type Driver,
  DummyDriver,
  type QueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import { ArbdataError } from '../../../runtime/errors.ts';
import { type OracleCompilerOptions, OracleQueryCompiler } from './query-compiler.ts';
import type { OracleBind, OracleSession, OracleStatement } from './session.ts';

export class OracleDialect implements Dialect {
  readonly #session: OracleSession;

  /** @param session is used by one statement at a time and closed when Kysely is destroyed */
  constructor(session: OracleSession) {
    this.#session = session;
  }

  createAdapter(): OracleAdapter {
    return new OracleAdapter();
  }

  createDriver(): Driver {
    return new OracleDriver(this.#session);
  }

  createQueryCompiler(): QueryCompiler {
    return new OracleQueryCompiler();
  }

  createIntrospector(): DatabaseIntrospector {
    return NO_INTROSPECTION;
  }
}

/** The same statements without a session: they are compiled and sent by other means. */
export function compilingDialect(options: OracleCompilerOptions = {}): Dialect {
  return {
    createAdapter: () => new OracleAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: () => NO_INTROSPECTION,
    createQueryCompiler: () => new OracleQueryCompiler(options),
  };
}

/** The dictionary is looked at by `source check`, with statements of its own. */
const NO_INTROSPECTION: DatabaseIntrospector = {
  getSchemas: () => Promise.reject(notOffered('introspection')),
  getTables: () => Promise.reject(notOffered('introspection')),
};

class OracleAdapter extends DialectAdapterBase {
  override get supportsMultipleConnections(): boolean {
    return false;
  }

  override get supportsCreateIfNotExists(): boolean {
    return false;
  }

  /** Every DDL statement commits what stands open. */
  override get supportsTransactionalDdl(): boolean {
    return false;
  }

  override get supportsReturning(): boolean {
    return false;
  }

  override async acquireMigrationLock(): Promise<void> {
    throw notOffered('migrations');
  }

  override async releaseMigrationLock(): Promise<void> {
    throw notOffered('migrations');
  }
}

class OracleDriver implements Driver {
  readonly #connection: OracleConnection;
  readonly #session: OracleSession;

  constructor(session: OracleSession) {
    this.#session = session;
    this.#connection = new OracleConnection(session);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(_: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const begin = beginStatement(settings);
    if (begin !== undefined) await this.#session.execute({ sql: begin, parameters: [] });
    this.#connection.isInTransaction = true;
  }

  async commitTransaction(): Promise<void> {
    this.#connection.isInTransaction = false;
    await this.#session.commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.isInTransaction = false;
    await this.#session.rollback();
  }

  async savepoint(_: DatabaseConnection, name: string): Promise<void> {
    await this.#session.execute({ sql: `savepoint ${quoted(name)}`, parameters: [] });
  }

  async rollbackToSavepoint(_: DatabaseConnection, name: string): Promise<void> {
    await this.#session.execute({ sql: `rollback to savepoint ${quoted(name)}`, parameters: [] });
  }

  /** Oracle forgets savepoints at the end of the transaction. */
  async releaseSavepoint(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#session.close();
  }
}

class OracleConnection implements DatabaseConnection {
  isInTransaction = false;
  readonly #session: OracleSession;

  constructor(session: OracleSession) {
    this.#session = session;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const statement = statementOf(query);
    if (returnsRows(query)) return { rows: (await this.#session.rows(statement)) as R[] };
    const { rowsAffected } = await this.#session.execute(statement);
    if (!this.isInTransaction) await this.#session.commit();
    return { rows: [], numAffectedRows: BigInt(rowsAffected) };
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    if (!returnsRows(query)) throw notOffered('streaming of a statement that returns no rows');
    for await (const rows of this.#session.stream(statementOf(query), chunkSize)) yield { rows: rows as R[] };
  }
}

/** A compiled query as the session takes it; the compiler lets no other values through. */
export function statementOf({ sql, parameters }: CompiledQuery): OracleStatement {
  return { sql, parameters: parameters as readonly OracleBind[] };
}

function returnsRows({ query, sql }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode' || (query.kind === 'RawNode' && /^\s*(select|with|\()/i.test(sql));
}

function beginStatement({ accessMode, isolationLevel }: TransactionSettings): string | undefined {
  if (accessMode === 'read only') return 'set transaction read only';
  if (isolationLevel === undefined || isolationLevel === 'read committed') return undefined;
  if (isolationLevel === 'serializable') return 'set transaction isolation level serializable';
  throw notOffered(`the isolation level ${isolationLevel}`);
}

function quoted(name: string): string {
  if (!/^\w{1,30}$/.test(name)) throw notOffered(`the savepoint name ${JSON.stringify(name)}`);
  return `"${name}"`;
}

function notOffered(what: string): ArbdataError {
  return new ArbdataError('E_INTERNAL', `the Oracle dialect does not offer ${what}`, {
    advice: 'Report this as a defect with the command that led to it.',
  });
}
