/** A session's transaction: changes on a connection of its own, committed in order, a failed statement undone alone. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import type { Database } from './database.ts';
import { OraError } from './replies.ts';
import type { Values } from './statements.ts';

interface Change {
  readonly sql: string;
  readonly values: Values;
}

export class Transaction {
  readonly #database: Database;
  readonly connection: DuckDBConnection;
  /** The changes so far: the engine gives up a whole transaction at the first error, Oracle only the statement. */
  readonly #changes: Change[] = [];
  /** Tables that it changed. */
  readonly #changed = new Set<string>();
  #last: { readonly sql: string; readonly statement: DuckDBPreparedStatement } | undefined;
  #open = false;
  #readOnlyAt: number | undefined;

  constructor(database: Database, connection: DuckDBConnection) {
    this.#database = database;
    this.connection = connection;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** SCN that a READ ONLY transaction reads at. */
  get readOnlyAt(): number | undefined {
    return this.#readOnlyAt;
  }

  /** `SET TRANSACTION READ ONLY` */
  setReadOnly(): void {
    if (this.#open || this.#readOnlyAt !== undefined) {
      throw new OraError(1453, 'SET TRANSACTION must be first statement of transaction');
    }
    this.#readOnlyAt = this.#database.scn;
  }

  /**
   * Run a statement that changes rows of a table.
   * @returns how many
   */
  async change(table: string, sql: string, values: Values): Promise<number> {
    if (this.#readOnlyAt !== undefined) {
      throw new OraError(
        1456,
        'may not perform insert, delete, update operation inside a READ ONLY transaction',
      );
    }
    if (!this.#open) {
      await this.connection.run('BEGIN TRANSACTION');
      this.#open = true;
    }
    try {
      const rows = await this.#run(sql, values);
      this.#changes.push({ sql, values });
      this.#changed.add(table);
      return rows;
    } catch (error) {
      await this.recover();
      throw error;
    }
  }

  async #run(sql: string, values: Values): Promise<number> {
    const statement = await this.#prepared(sql);
    statement.bind(values.values, values.types);
    return (await statement.run()).rowsChanged;
  }

  /** Arrays of binds run one statement many times. */
  async #prepared(sql: string): Promise<DuckDBPreparedStatement> {
    if (this.#last?.sql === sql) return this.#last.statement;
    this.#last?.statement.destroySync();
    this.#last = undefined;
    const statement = await this.connection.prepare(sql);
    this.#last = { sql, statement };
    return statement;
  }

  /** Back to the state before a statement that failed or was broken off. */
  async recover(): Promise<void> {
    if (!this.#open) return;
    await this.connection.run('ROLLBACK').catch(() => undefined);
    this.#open = false;
    if (this.#changes.length === 0) return;
    await this.connection.run('BEGIN TRANSACTION');
    this.#open = true;
    for (const { sql, values } of this.#changes) await this.#run(sql, values);
  }

  async commit(): Promise<void> {
    this.#readOnlyAt = undefined;
    this.#changes.length = 0;
    const changed = [...this.#changed];
    this.#changed.clear();
    if (!this.#open) return;
    this.#open = false;
    await this.#database.commit(this.connection, changed);
  }

  async rollback(): Promise<void> {
    this.#readOnlyAt = undefined;
    this.#changes.length = 0;
    this.#changed.clear();
    if (!this.#open) return;
    this.#open = false;
    await this.connection.run('ROLLBACK');
  }
}
