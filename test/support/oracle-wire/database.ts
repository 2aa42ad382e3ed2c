/**
 * The data behind the server: one DuckDB in memory, system change numbers, and a copy of each table as it stood before
 * each commit that changed it, so that any SCN since the start can be read. (A transaction held open for each SCN would
 * need no copies, but the engine gives a transaction up at the first error or break of any session that reads in it.)
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { CONTRACT, VIEW_NAMES, type ViewName } from '../../../schemas/contract.ts';
import { gbkAsCharacters } from './gbk.ts';
import { type OracleType, parseOracleType, storedType, type WireColumn } from './oracle-types.ts';
import { OraError } from './replies.ts';
import { padded } from './sql/expressions.ts';
import { quoteName, quoteText } from './sql/translation.ts';

export interface StoredTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly WireColumn[];
  /** SCN of its last change of definition. */
  readonly definedAt: number;
}

export interface ColumnOverride {
  readonly oracleType?: string;
  readonly nullable?: boolean;
}

export interface DatabaseOptions {
  /** File of an embedded source. */
  readonly source?: string;
  readonly owner: string;
  readonly views: readonly ViewName[];
  /** `VIEW.COLUMN` to what differs from the contract; null where the column is missing. */
  readonly columns: Readonly<Record<string, ColumnOverride | null>>;
  /** Text is held as one character for each of its GBK bytes. */
  readonly gbkBytes: boolean;
  /** Leave the rows in the source's file: nothing can be changed, and large sources start at once. */
  readonly inPlace: boolean;
  /** How often rows in place are there. */
  readonly times: number;
}

/** A table as it stood up to an SCN. */
interface Version {
  /** The last SCN that it holds for. */
  readonly to: number;
  readonly sql: string;
}

const FIRST_SCN = 4_000_000;
const HISTORY = 'oracle wire history';

/** The rows of a view in place, each once. */
export const onceTable = (view: ViewName): string => `${quoteName(HISTORY)}.${quoteName(view)}`;

export class Database {
  readonly tables = new Map<string, StoredTable>();
  readonly #instance: DuckDBInstance;
  readonly #admin: DuckDBConnection;
  /** Former states of a table, oldest first. */
  readonly #versions = new Map<string, Version[]>();
  #scn = FIRST_SCN;
  #oldest = FIRST_SCN;
  /** Commits wait for one another, and for the reads of the present by its SCN; such reads wait for commits. */
  #order: Promise<unknown> = Promise.resolve();
  #commits = 0;
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(instance: DuckDBInstance, admin: DuckDBConnection) {
    this.#instance = instance;
    this.#admin = admin;
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      threads: '2',
    });
    const admin = await instance.connect();
    const database = new Database(instance, admin);
    await admin.run("SET TimeZone = 'Asia/Shanghai'");
    await admin.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(options.owner)}`);
    await admin.run(`CREATE SCHEMA ${quoteName(HISTORY)}`);
    await database.#load(options);
    return database;
  }

  async #load(options: DatabaseOptions): Promise<void> {
    const { source } = options;
    if (source !== undefined) await this.#admin.run(`ATTACH ${quoteText(source)} AS source (READ_ONLY)`);
    for (const view of VIEW_NAMES.filter((name) => options.views.includes(name))) {
      const columns: WireColumn[] = [];
      for (const column of CONTRACT[view].columns) {
        const override = options.columns[`${view}.${column.name}`];
        if (override === null) continue;
        const type = parseOracleType(override?.oracleType ?? column.oracleType);
        columns.push({ name: column.name, type, nullable: override?.nullable ?? column.nullable });
      }
      const from = source === undefined ? undefined : `source.${view.toLowerCase()}`;
      await this.#fill(options, view, columns, from);
    }
    if (source !== undefined && !options.inPlace) await this.#admin.run('DETACH source');
  }

  async #fill(
    options: DatabaseOptions,
    view: ViewName,
    columns: readonly WireColumn[],
    from: string | undefined,
  ): Promise<void> {
    const table = `${quoteName(options.owner)}.${quoteName(view)}`;
    this.tables.set(`${options.owner}.${view}`, {
      schema: options.owner,
      name: view,
      columns,
      definedAt: this.#scn,
    });
    if (from === undefined) {
      const declared = columns.map(({ name, type }) => `${quoteName(name)} ${storedType(type)}`);
      await this.#admin.run(`CREATE TABLE ${table} (${declared.join(', ')})`);
      return;
    }
    if (options.gbkBytes)
      await gbkAsCharacters(
        this.#admin,
        from,
        columns.filter(({ type }) => type.kind === 'varchar' || type.kind === 'char').map(({ name }) => name),
      );
    const readFrom = options.gbkBytes ? 'gbk_bytes' : from;
    const selected = columns.map(
      ({ name, type }) => `${loaded(quoteName(name), type)} AS ${quoteName(name)}`,
    );
    const select = `SELECT ${selected.join(', ')} FROM ${readFrom}`;
    if (options.inPlace) {
      await this.#admin.run(`CREATE VIEW ${onceTable(view)} AS ${select}`);
      await this.#admin.run(
        `CREATE VIEW ${table} AS SELECT once.* FROM ${onceTable(view)} AS once, range(${options.times})`,
      );
    } else await this.#admin.run(`CREATE TABLE ${table} AS ${select}`);
    if (options.gbkBytes) await this.#admin.run('DROP TABLE gbk_bytes');
  }

  get scn(): number {
    return this.#scn;
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Reading below this SCN gives ORA-01555 from now on. */
  expireBefore(scn: number): void {
    this.#oldest = Math.max(this.#oldest, scn);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.#commits += 1;
    const next = this.#order.then(work, work).finally(() => {
      this.#commits -= 1;
    });
    this.#order = next.catch(() => undefined);
    return next;
  }

  /** Commit what a connection changed: the SCN moves on, the tables before it stay readable. */
  commit(connection: DuckDBConnection, changed: Iterable<string>): Promise<void> {
    return this.#inOrder(async () => {
      await Promise.allSettled(this.#reads);
      for (const name of changed) await this.#keep(name);
      await connection.run('COMMIT');
      this.#scn += 1;
    });
  }

  /** Copy a table as it stands before the next commit. */
  async #keep(name: string): Promise<void> {
    const table = this.tables.get(name);
    if (table === undefined) return;
    const copy = `${quoteName(HISTORY)}.${quoteName(`${name}@${this.#scn}`)}`;
    await this.#admin.run(
      `CREATE TABLE ${copy} AS SELECT * FROM ${quoteName(table.schema)}.${quoteName(table.name)}`,
    );
    const versions = this.#versions.get(name) ?? [];
    versions.push({ to: this.#scn, sql: copy });
    this.#versions.set(name, versions);
  }

  /** What stands for a table in the engine's FROM at an SCN, or now. */
  tableAt(schema: string, name: string, scn: number | undefined): string {
    const version =
      scn === undefined ? undefined : this.#versions.get(`${schema}.${name}`)?.find(({ to }) => scn <= to);
    return version?.sql ?? `${quoteName(schema)}.${quoteName(name)}`;
  }

  /** Read by an SCN: no commit comes between the choice of the tables and the end of the query. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    while (this.#commits > 0) await this.#order;
    const reading = work();
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Run statements of the engine as one committed change, outside any session. */
  async change(...statements: string[]): Promise<void> {
    const connection = await this.connect();
    const text = statements.join('\n').toUpperCase();
    const changed = [...this.tables]
      .filter(([, { name }]) => text.includes(name.toUpperCase()))
      .map(([name]) => name);
    try {
      await connection.run('BEGIN TRANSACTION');
      for (const statement of statements) await connection.run(statement);
      await this.commit(connection, changed);
    } finally {
      connection.closeSync();
    }
  }

  async define(table: Omit<StoredTable, 'definedAt'>, ...statements: string[]): Promise<void> {
    await this.change(...statements);
    this.tables.set(`${table.schema}.${table.name}`, { ...table, definedAt: this.#scn });
  }

  async drop(schema: string, name: string): Promise<void> {
    await this.change(`DROP TABLE ${quoteName(schema)}.${quoteName(name)}`);
    this.tables.delete(`${schema}.${name}`);
    this.#versions.delete(`${schema}.${name}`);
  }

  /** Empty a table; like every change of definition it ends the reading of it at earlier SCNs. */
  async truncate(schema: string, name: string): Promise<void> {
    await this.change(`DELETE FROM ${quoteName(schema)}.${quoteName(name)}`);
    const table = this.tables.get(`${schema}.${name}`);
    if (table !== undefined) this.tables.set(`${schema}.${name}`, { ...table, definedAt: this.#scn });
  }

  /** @throws {OraError} ORA-08181, ORA-01555, ORA-01466 where these tables cannot be read at an SCN */
  checkScn(scn: number, reads: Iterable<string>): void {
    if (scn > this.#scn || scn < 1)
      throw new OraError(8181, 'specified number is not a valid system change number');
    if (scn < this.#oldest)
      throw new OraError(1555, 'snapshot too old: rollback segment number  with name "" too small');
    for (const name of reads) {
      if ((this.tables.get(name)?.definedAt ?? 0) > scn) {
        throw new OraError(1466, 'unable to read data - table definition has changed');
      }
    }
  }

  async close(): Promise<void> {
    await this.#order;
    this.#admin.closeSync();
    this.#instance.closeSync();
  }
}

/** How a value of the embedded source is held: CHAR with its blanks, DATE to the second, no empty text. */
function loaded(column: string, type: OracleType): string {
  switch (type.kind) {
    case 'char':
      return padded(`nullif(${column}, '')`, type.length ?? 1);
    case 'varchar':
    case 'clob':
      return `nullif(${column}, '')`;
    case 'date':
      return `CAST(${column} AS TIMESTAMP_S)`;
    case 'number':
      return type.precision === undefined ? column : `CAST(${column} AS ${storedType(type)})`;
    default:
      return column;
  }
}
