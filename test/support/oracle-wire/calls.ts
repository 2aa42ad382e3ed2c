/** What a logged-on session asks for: executing, fetching, committing; and what it gets back. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Account } from './accounts.ts';
import { findRelation, mayExecute } from './catalogue.ts';
import type { DictionaryContext } from './dictionary.ts';
import type { Fault } from './faults.ts';
import { Lobs } from './lobs.ts';
import type { WireColumn } from './oracle-types.ts';
import { runPlsql } from './plsql.ts';
import { TtcWriter } from './primitives.ts';
import type { ReadyRows } from './replay.ts';
import { NO_DATA_FOUND, OraError, writeDescribe, writeOutcome, writeRowHeader } from './replies.ts';
import {
  type BindValue,
  EXECUTE_OPTION,
  type ExecuteRequest,
  REEXECUTE_COMMIT,
  type Variable,
} from './requests.ts';
import { ResultRows, type RowSource, RowWriter } from './rows.ts';
import type { ServerContext } from './server.ts';
import { otherStatement, type SessionState } from './session-statements.ts';
import { type TranslatedChange, translateChanges } from './sql/changes.ts';
import type { Surroundings } from './sql/translation.ts';
import {
  kindOf,
  oracleError,
  parameters,
  type Running,
  runOn,
  type StatementKind,
  translateQuery,
} from './statements.ts';
import { Transaction } from './transaction.ts';

/** What a fault does to the connection in the middle of a call; made by the session. */
export interface Disturbance {
  /** Send what stands in the writer, then do what the fault says. Resolves when the call may go on. */
  strike(fault: Fault, writer: TtcWriter): Promise<void>;
}

interface Cursor {
  readonly id: number;
  readonly sql: string;
  readonly kind: StatementKind;
  bindTypes: readonly Variable[];
  columns: readonly WireColumn[];
  defines: readonly Variable[];
  rows: RowSource | undefined;
  /** Rows of the replay mode, in place of `rows`. */
  ready: ReadyRows | undefined;
  writer: RowWriter | undefined;
  delivered: number;
  /** Rows after which the result ends early, by a fault. */
  endsAt: number;
  fault: Fault | undefined;
  ended: boolean;
}

export class Calls {
  readonly state: SessionState;
  readonly lobs = new Lobs();
  readonly transaction: Transaction;
  readonly #server: ServerContext;
  readonly #account: Account;
  readonly #session: number;
  readonly #connection: number;
  readonly #engine: DuckDBConnection;
  readonly #cursors = new Map<number, Cursor>();
  readonly #disturbance: Disturbance;
  #nextCursor = 1;
  #running: Running | undefined;

  constructor(
    server: ServerContext,
    account: Account,
    session: number,
    connection: number,
    engine: DuckDBConnection,
    disturbance: Disturbance,
  ) {
    this.#server = server;
    this.#account = account;
    this.#session = session;
    this.#connection = connection;
    this.#engine = engine;
    this.#disturbance = disturbance;
    this.transaction = new Transaction(server.database, engine);
    this.state = { schema: account.name, timeZone: '+00:00', nls: {} };
  }

  /** Stop the query that runs now. */
  interrupt(): void {
    this.#running?.interrupt();
  }

  get dictionary(): DictionaryContext {
    const { accounts, database, dictionary } = this.#server;
    return { account: this.#account, accounts, database, options: dictionary, sessionNls: this.state.nls };
  }

  get surroundings(): Surroundings {
    const { dictionary, database, bytesAsCharacters, options } = this.#server;
    const account = this.#account;
    return {
      user: account.name,
      schema: this.state.schema,
      sessionId: this.#session,
      nlsDateFormat: this.state.nls['NLS_DATE_FORMAT'] ?? 'DD-MON-RR',
      sessionTimeZone: this.state.timeZone,
      databaseTimeZone: dictionary.databaseTimeZone,
      databaseName: dictionary.databaseName,
      serviceName: options.serviceName,
      bytesAsCharacters,
      relation: (schema, name, offset) =>
        findRelation(this.dictionary, this.state.schema, schema, name, offset),
      executable: (name, offset) => {
        if (!mayExecute(account, name)) throw new OraError(904, `"${name}": invalid identifier`, { offset });
      },
      currentScn: () => database.scn,
      tableAt: (relation, scn) =>
        database.tableAt(relation.schema, relation.name, scn ?? this.transaction.readOnlyAt),
    };
  }

  closeCursors(ids: readonly number[]): void {
    for (const id of ids) this.#cursors.delete(id);
  }

  close(): void {
    this.interrupt();
    this.#cursors.clear();
    this.lobs.clear();
  }

  /** Function 94. */
  async execute(
    request: ExecuteRequest,
    form: { fieldVersion: number; integerScale: boolean },
  ): Promise<TtcWriter> {
    const cursor = this.#cursorOf(request);
    const writer = new TtcWriter(16_384);
    const fetches = (request.options & EXECUTE_OPTION.fetch) !== 0;
    if ((request.options & EXECUTE_OPTION.define) !== 0) cursor.defines = request.defines;
    const isNew = request.sql !== undefined;
    if (request.bindTypes.length > 0) cursor.bindTypes = request.bindTypes;
    if ((request.options & EXECUTE_OPTION.execute) === 0)
      return this.#withoutExecution(cursor, request, form, writer);
    const commits = (request.options & EXECUTE_OPTION.commit) !== 0;
    if (cursor.kind !== 'query') {
      const rows = request.bindRows.length > 0 ? request.bindRows : [[]];
      const batch = (request.options & EXECUTE_OPTION.batchErrors) !== 0;
      return this.#change(cursor, rows, commits, batch, writer);
    }
    await this.#open(cursor, request.bindRows[0] ?? [], writer);
    if (isNew) writeDescribe(writer, cursor.columns, form);
    // LOBs wait for the client's define.
    const waits = cursor.columns.some(({ type }) => type.kind === 'clob') && cursor.defines.length === 0;
    await this.#deliver(cursor, fetches && !waits ? request.fetchRows : 0, writer);
    return writer;
  }

  async #withoutExecution(
    cursor: Cursor,
    request: ExecuteRequest,
    form: { fieldVersion: number; integerScale: boolean },
    writer: TtcWriter,
  ): Promise<TtcWriter> {
    const describes = (request.options & EXECUTE_OPTION.describe) !== 0;
    if (describes && cursor.kind === 'query') {
      const unknown: BindValue[] = Array.from({ length: 256 }, () => ({ kind: 'null', wireType: 1 }));
      cursor.columns = translateQuery(cursor.sql, this.surroundings, unknown).columns;
      writeDescribe(writer, cursor.columns, form);
    }
    const fetches =
      (request.options & EXECUTE_OPTION.fetch) !== 0 &&
      (cursor.rows !== undefined || cursor.ready !== undefined);
    cursor.writer = new RowWriter(cursor.columns, cursor.defines, this.lobs);
    await this.#deliver(cursor, fetches ? request.fetchRows : 0, writer);
    return writer;
  }

  #cursorOf(request: ExecuteRequest): Cursor {
    if (request.sql === undefined) return this.#known(request.cursorId);
    const kind = kindOf(request.sql);
    const id = request.cursorId !== 0 ? request.cursorId : this.#nextCursor++;
    const cursor: Cursor = {
      id,
      sql: request.sql,
      kind,
      bindTypes: request.bindTypes,
      columns: [],
      defines: [],
      rows: undefined,
      ready: undefined,
      writer: undefined,
      delivered: 0,
      endsAt: Number.POSITIVE_INFINITY,
      fault: undefined,
      ended: false,
    };
    this.#cursors.set(id, cursor);
    return cursor;
  }

  #known(id: number): Cursor {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) throw new OraError(1001, 'invalid cursor');
    return cursor;
  }

  /** Types of a cursor's binds, for a repeated execution that sends values only. */
  bindTypes(id: number): readonly Variable[] {
    return this.#known(id).bindTypes;
  }

  /** Functions 4 and 78. */
  async executeAgain(
    id: number,
    count: number,
    flags: number,
    bindRows: readonly (readonly BindValue[])[],
    fetch: boolean,
  ): Promise<TtcWriter> {
    const cursor = this.#known(id);
    const writer = new TtcWriter(16_384);
    if (cursor.kind !== 'query') {
      const rows = bindRows.length > 0 ? bindRows : Array.from({ length: Math.max(count, 1) }, () => []);
      return this.#change(cursor, rows, (flags & REEXECUTE_COMMIT) !== 0, false, writer);
    }
    await this.#open(cursor, bindRows[0] ?? [], writer);
    await this.#deliver(cursor, fetch ? count : 0, writer);
    return writer;
  }

  /** Function 5. */
  async fetch(id: number, rows: number): Promise<TtcWriter> {
    const cursor = this.#known(id);
    const writer = new TtcWriter(65_536);
    if (cursor.rows === undefined && cursor.ready === undefined && !cursor.ended)
      throw new OraError(1002, 'fetch out of sequence');
    await this.#deliver(cursor, rows, writer);
    return writer;
  }

  /** Run the query of a cursor; its rows wait. */
  async #open(cursor: Cursor, binds: readonly BindValue[], writer: TtcWriter): Promise<void> {
    cursor.fault = undefined;
    this.#server.note(this.#session, cursor.sql);
    const replayed = await this.#server.replay?.find(cursor.sql, binds);
    const readsSource = replayed !== undefined || this.#readsSource(cursor.sql, binds);
    cursor.fault = this.#fault(cursor.sql, readsSource);
    if (cursor.fault?.kind === 'error' || cursor.fault?.kind === 'drop' || cursor.fault?.kind === 'stall') {
      if ((cursor.fault.afterRows ?? 0) === 0) await this.#strike(cursor, writer);
    }
    cursor.delivered = 0;
    cursor.ended = false;
    cursor.endsAt = Number.POSITIVE_INFINITY;
    if (replayed !== undefined) {
      this.#mayReplay(cursor.sql, binds);
      cursor.columns = replayed.columns;
      cursor.rows = undefined;
      cursor.ready = replayed;
      if (cursor.fault?.kind === 'short')
        cursor.endsAt = Math.max(0, replayed.rowCount - cursor.fault.missing);
    } else await this.#run(cursor, binds);
    cursor.writer = new RowWriter(cursor.columns, cursor.defines, this.lobs);
  }

  /** The same refusals as for a query that is run. */
  #mayReplay(sql: string, binds: readonly BindValue[]): void {
    const { reads, scn } = translateQuery(sql, this.surroundings, binds);
    if (scn !== undefined) {
      this.#mayFlashBack(reads);
      this.#server.database.checkScn(scn, reads);
    }
  }

  async #run(cursor: Cursor, binds: readonly BindValue[]): Promise<void> {
    const { scn, reads } = translateQuery(cursor.sql, this.surroundings, binds);
    if (scn !== undefined) this.#mayFlashBack(reads);
    const readAt = scn ?? (reads.size > 0 ? this.transaction.readOnlyAt : undefined);
    if (readAt === undefined) return this.#runNow(cursor, binds, this.#engine);
    const { database } = this.#server;
    database.checkScn(readAt, reads);
    // Inside a transaction the engine does not see copies that were made since it began.
    const apart = this.transaction.isOpen ? await database.connect() : undefined;
    try {
      await database.read(() => this.#runNow(cursor, binds, apart ?? this.#engine));
    } finally {
      apart?.closeSync();
    }
  }

  async #runNow(cursor: Cursor, binds: readonly BindValue[], engine: DuckDBConnection): Promise<void> {
    const translated = translateQuery(cursor.sql, this.surroundings, binds);
    this.#running = runOn(
      engine,
      translated.sql,
      parameters(translated.sql, binds, (locator) => this.lobs.text(locator)),
    );
    try {
      const result = await this.#running.result;
      cursor.columns = translated.columns;
      cursor.rows = new ResultRows(result, translated.columns, this.#server.bytesAsCharacters);
      if (cursor.fault?.kind === 'short') cursor.endsAt = Math.max(0, result.rowCount - cursor.fault.missing);
    } catch (error) {
      await this.transaction.recover();
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /** @throws {OraError} ORA-01031 without the privilege FLASHBACK on all that is read */
  #mayFlashBack(reads: ReadonlySet<string>): void {
    for (const read of reads) {
      const [owner = '', name = ''] = read.split('.');
      if (!this.#server.privileges(this.#account, owner, name).has('FLASHBACK')) {
        throw new OraError(1031, 'insufficient privileges');
      }
    }
  }

  #readsSource(sql: string, binds: readonly BindValue[]): boolean {
    try {
      return translateQuery(sql, this.surroundings, binds).reads.size > 0;
    } catch {
      return false;
    }
  }

  #fault(sql: string, readsSource: boolean): Fault | undefined {
    const query = readsSource ? this.#server.nextQuery() : undefined;
    const occasion = {
      connection: this.#connection,
      statement: sql,
      readsSource,
      ...(query === undefined ? {} : { query }),
    };
    return this.#server.faults.strike(['error', 'drop', 'stall', 'short'], occasion);
  }

  async #strike(cursor: Cursor, writer: TtcWriter): Promise<void> {
    const { fault } = cursor;
    cursor.fault = undefined;
    if (fault !== undefined) await this.#disturbance.strike(fault, writer);
  }

  /** Up to so many rows, and the message that ends the call. */
  async #deliver(cursor: Cursor, asked: number, writer: TtcWriter): Promise<void> {
    if (asked > 0) writeRowHeader(writer, asked);
    let sent = 0;
    while (sent < asked && !cursor.ended) {
      const before = rowsBefore(cursor);
      if (before === 0) await this.#strike(cursor, writer);
      const taken = await takeRows(
        cursor,
        Math.min(asked - sent, before > 0 ? before : Number.POSITIVE_INFINITY),
        writer,
      );
      if (taken === 0) {
        // A fault beyond the last row strikes at the end.
        if (cursor.fault !== undefined && cursor.fault.kind !== 'short') await this.#strike(cursor, writer);
        cursor.ended = true;
        cursor.rows = undefined;
        cursor.ready = undefined;
        break;
      }
      cursor.delivered += taken;
      sent += taken;
    }
    const atEnd = sent < asked;
    writeOutcome(writer, {
      cursorId: cursor.id,
      rowCount: cursor.delivered,
      inTransaction: this.transaction.isOpen,
      ...(atEnd ? { error: { number: NO_DATA_FOUND, message: 'ORA-01403: no data found', offset: 0 } } : {}),
    });
  }

  /** INSERT, UPDATE, DELETE, MERGE, PL/SQL, and what is none of them. */
  async #change(
    cursor: Cursor,
    bindRows: readonly (readonly BindValue[])[],
    commits: boolean,
    batch: boolean,
    writer: TtcWriter,
  ): Promise<TtcWriter> {
    this.#server.note(this.#session, cursor.sql);
    const fault = this.#fault(cursor.sql, false);
    if (fault !== undefined) await this.#disturbance.strike(fault, writer);
    let affected = 0;
    const batchErrors: { number: number; message: string; row: number }[] = [];
    if (cursor.kind === 'plsql') {
      await runPlsql(
        this.#server.plsql,
        cursor.sql,
        bindRows[0] ?? [],
        cursor.bindTypes,
        this.#account.name,
        writer,
      );
    } else if (cursor.kind === 'other') {
      await otherStatement(cursor.sql, this);
    } else {
      const changesFor = this.#changesFor(cursor.sql);
      for (const [row, binds] of bindRows.entries()) {
        try {
          affected += await this.#changeOnce(changesFor(binds), binds);
        } catch (error) {
          const { number, message } = oracleError(error);
          if (!batch) throw error;
          batchErrors.push({ number, message, row });
        }
      }
    }
    if (commits) await this.transaction.commit();
    writeOutcome(writer, {
      cursorId: cursor.id,
      rowCount: affected,
      inTransaction: this.transaction.isOpen,
      ...(batchErrors.length > 0
        ? { batchErrors, error: { number: 24381, message: 'ORA-24381: error(s) in array DML', offset: 0 } }
        : {}),
    });
    return writer;
  }

  async #changeOnce(changes: readonly TranslatedChange[], binds: readonly BindValue[]): Promise<number> {
    let affected = 0;
    for (const { table, sql } of changes) {
      affected += await this.transaction.change(
        table,
        sql,
        parameters(sql, binds, (locator) => this.lobs.text(locator)),
      );
    }
    return affected;
  }

  /** Rows of binds of the same kinds share a translation. */
  #changesFor(sql: string): (binds: readonly BindValue[]) => readonly TranslatedChange[] {
    const known = new Map<string, readonly TranslatedChange[]>();
    const { surroundings } = this;
    return (binds) => {
      const kinds = binds.map((bind) => bind.kind + (bind.kind === 'null' ? bind.wireType : '')).join(' ');
      const found =
        known.get(kinds) ?? translateChanges(sql, surroundings, binds, (...asked) => this.#demand(...asked));
      known.set(kinds, found);
      return found;
    };
  }

  #demand(owner: string, name: string, privilege: string): void {
    if (!this.#server.privileges(this.#account, owner, name).has(privilege)) {
      throw new OraError(1031, 'insufficient privileges');
    }
  }

  get server(): ServerContext {
    return this.#server;
  }

  get account(): Account {
    return this.#account;
  }
}

/** Rows to go before the cursor's fault strikes. */
function rowsBefore({ fault, delivered }: Cursor): number {
  if (fault === undefined || !('afterRows' in fault)) return Number.POSITIVE_INFINITY;
  return Math.max(0, (fault.afterRows ?? 0) - delivered);
}

/** Write at most so many rows. @returns how many; 0 at the end */
async function takeRows(cursor: Cursor, most: number, writer: TtcWriter): Promise<number> {
  const allowed = Math.min(most, cursor.endsAt - cursor.delivered);
  if (allowed <= 0) return 0;
  if (cursor.ready !== undefined) {
    const { bytes, rows } = cursor.ready.take(allowed);
    writer.raw(bytes);
    return rows;
  }
  const row = await cursor.rows?.next();
  if (row === undefined) return 0;
  cursor.writer?.write(writer, row);
  return 1;
}
