/** The server: listens, counts, and holds what its sessions share. */
import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { VIEW_NAMES, type ViewName } from '../../../schemas/contract.ts';
import { type Account, DEFAULT_ACCOUNTS, privilegesOn } from './accounts.ts';
import { type ColumnOverride, Database } from './database.ts';
import type { DictionaryOptions } from './dictionary.ts';
import { type Fault, Faults } from './faults.ts';
import type { CharacterSet } from './negotiation.ts';
import { type OracleType, parseOracleType, storedType } from './oracle-types.ts';
import type { PlsqlHandler } from './plsql.ts';
import { Replay } from './replay.ts';
import { Session } from './session.ts';
import { quoteName, quoteText } from './sql/translation.ts';
import { dateFieldsOfText } from './values.ts';

const PORT_TRIES = 100;
const PORT_AGAIN_MS = 100;

export interface WireOptions {
  readonly source?: string;
  readonly views?: readonly ViewName[];
  readonly port?: number;
  readonly host?: string;
  readonly serviceName?: string;
  readonly sid?: string;
  readonly owner?: string;
  readonly synonyms?: boolean;
  readonly accounts?: readonly Account[];
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly characterSet?: CharacterSet;
  /** `gbk`: a US7ASCII database whose clients wrote GBK into it. */
  readonly bytes?: 'gbk';
  readonly columns?: Readonly<Record<string, ColumnOverride | null>>;
  readonly databaseTimeZone?: string;
  readonly undoRetentionSeconds?: number;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly nls?: Readonly<Record<string, string>>;
  readonly faults?: readonly Fault[];
  readonly replayDir?: string;
  /** How often replay mode has each row, with the same key each time. */
  readonly replayTimes?: number;
  readonly plsql?: readonly PlsqlHandler[];
  readonly log?: (line: string) => void;
}

/** What sessions see of the server. */
export interface ServerContext {
  readonly options: { readonly serviceName: string };
  readonly database: Database;
  readonly accounts: readonly Account[];
  readonly dictionary: DictionaryOptions;
  readonly characterSet: CharacterSet;
  readonly bytesAsCharacters: boolean;
  readonly faults: Faults;
  readonly plsql: readonly PlsqlHandler[];
  readonly replay: Replay | undefined;
  log(line: string): void;
  note(session: number, sql: string): void;
  nextQuery(): number;
  privileges(account: Account, owner: string, name: string): ReadonlySet<string>;
  /** Number of the TNS error to refuse with, or `closed` to say nothing at all. */
  refusal(descriptor: string, connection: number): number | 'closed' | undefined;
  left(session: Session): void;
}

export interface SentStatement {
  readonly session: number;
  readonly sql: string;
}

export class OracleWire implements ServerContext {
  readonly options: { readonly serviceName: string };
  readonly accounts: readonly Account[];
  readonly database: Database;
  readonly dictionary: DictionaryOptions;
  readonly characterSet: CharacterSet;
  readonly bytesAsCharacters: boolean;
  readonly plsql: readonly PlsqlHandler[];
  readonly replay: Replay | undefined;
  /** Every statement that a client sent, newest last. */
  readonly statements: SentStatement[] = [];
  readonly faults: Faults;
  readonly #settings: WireOptions;
  readonly #sid: string;
  readonly #sessions = new Set<Session>();
  readonly #sockets = new Set<Socket>();
  #listener: NetServer | undefined;
  #switching: Promise<void> = Promise.resolve();
  #port = 0;
  #connections = 0;
  #queries = 0;

  private constructor(settings: WireOptions, database: Database, replay: Replay | undefined) {
    this.#settings = settings;
    this.database = database;
    this.replay = replay;
    this.options = { serviceName: settings.serviceName ?? 'ARBPDB' };
    this.#sid = settings.sid ?? 'ARB';
    this.accounts = settings.accounts ?? DEFAULT_ACCOUNTS;
    this.characterSet = settings.characterSet ?? 'AL32UTF8';
    this.bytesAsCharacters = settings.bytes === 'gbk';
    this.plsql = settings.plsql ?? [];
    this.dictionary = {
      owner: settings.owner ?? 'ARB',
      synonyms: settings.synonyms ?? true,
      characterSet: this.characterSet,
      databaseTimeZone: settings.databaseTimeZone ?? '+08:00',
      undoRetentionSeconds: settings.undoRetentionSeconds ?? 900,
      databaseName: this.options.serviceName,
      instanceName: this.#sid,
      parameters: settings.parameters ?? {},
      nls: settings.nls ?? {},
    };
    this.faults = new Faults(() => this.#followDown());
    for (const fault of settings.faults ?? []) this.faults.add(fault);
  }

  static async start(settings: WireOptions): Promise<OracleWire> {
    const { source, replayDir, replayTimes = 1, owner = 'ARB' } = settings;
    const database = await Database.open({
      ...(source === undefined ? {} : { source }),
      owner,
      views: settings.views ?? VIEW_NAMES,
      columns: settings.columns ?? {},
      gbkBytes: settings.bytes === 'gbk',
      inPlace: replayDir !== undefined,
      times: replayDir === undefined ? 1 : replayTimes,
    });
    const replay =
      replayDir === undefined || source === undefined
        ? undefined
        : new Replay({ dir: replayDir, database, owner, source, times: replayTimes });
    const server = new OracleWire(settings, database, replay);
    server.#port = settings.port ?? 0;
    await server.#listen();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get connectString(): string {
    const protocol = this.#settings.tls === undefined ? '' : 'tcps://';
    return `${protocol}${this.#settings.host ?? '127.0.0.1'}:${this.#port}/${this.options.serviceName}`;
  }

  password(user: string): string {
    const account = this.accounts.find(({ name }) => name === user.toUpperCase());
    if (account === undefined) throw new Error(`no account ${user}`);
    return account.password;
  }

  get sessions(): readonly { number: number; user: string | undefined; kill(): void; destroy(): void }[] {
    return [...this.#sessions].map((session) => ({
      number: session.number,
      user: session.user,
      kill: () => session.kill(),
      destroy: () => session.destroy(),
    }));
  }

  kill(number: number): void {
    this.sessions.find((session) => session.number === number)?.kill();
  }

  currentScn(): number {
    return this.database.scn;
  }

  expireScnsBefore(scn: number): void {
    this.database.expireBefore(scn);
  }

  /** Run the engine's SQL on the server's tables, as one committed change. */
  run(...sql: string[]): Promise<void> {
    return this.database.change(...sql);
  }

  /** Rows of the engine's SQL, as JSON values. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    const connection = await this.database.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
    }
  }

  /** A table of exact values given as text; NUMBER without precision is held as text, so it is for fetching only. */
  async createTable(
    name: string,
    columns: readonly { readonly name: string; readonly oracleType: string; readonly nullable?: boolean }[],
    rows: readonly (readonly (string | null)[])[],
  ): Promise<void> {
    const [schema, table] = name.includes('.') ? name.split('.', 2) : [this.dictionary.owner, name];
    const typed = columns.map((column) => ({
      name: column.name,
      type: parseOracleType(column.oracleType),
      nullable: column.nullable ?? true,
    }));
    const stored = typed.map(({ type }) =>
      type.kind === 'number' && type.precision === undefined ? 'VARCHAR' : storedType(type),
    );
    const declared = typed.map((column, at) => `${quoteName(column.name)} ${stored[at]}`);
    const place = `${quoteName(schema ?? '')}.${quoteName(table ?? '')}`;
    const statements = [
      `CREATE SCHEMA IF NOT EXISTS ${quoteName(schema ?? '')}`,
      `CREATE TABLE ${place} (${declared.join(', ')})`,
    ];
    for (let at = 0; at < rows.length; at += 500) {
      const values = rows
        .slice(at, at + 500)
        .map(
          (row) =>
            `(${row.map((value, column) => engineValue(value, stored[column] ?? '', typed[column]?.type)).join(', ')})`,
        );
      statements.push(`INSERT INTO ${place} VALUES ${values.join(', ')}`);
    }
    await this.database.define({ schema: schema ?? '', name: table ?? '', columns: typed }, ...statements);
  }

  log(line: string): void {
    this.#settings.log?.(line);
  }

  note(session: number, sql: string): void {
    this.statements.push({ session, sql });
  }

  nextQuery(): number {
    this.#queries += 1;
    return this.#queries;
  }

  privileges(account: Account, owner: string, name: string): ReadonlySet<string> {
    return privilegesOn(account, owner, name);
  }

  refusal(descriptor: string, connection: number): number | 'closed' | undefined {
    const fault = this.faults.strike(['refuse'], { connection });
    if (fault !== undefined) return fault.error ?? 'closed';
    const service = /SERVICE_NAME\s*=\s*([^)\s]*)/i.exec(descriptor)?.[1];
    const sid = /\(\s*SID\s*=\s*([^)\s]*)/i.exec(descriptor)?.[1];
    if (sid !== undefined) return sid.toUpperCase() === this.#sid.toUpperCase() ? undefined : 12505;
    const wanted = this.options.serviceName.toUpperCase();
    return service?.toUpperCase() === wanted ? undefined : 12514;
  }

  left(session: Session): void {
    this.#sessions.delete(session);
  }

  #connected(socket: Socket): void {
    this.#connections += 1;
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    this.#sessions.add(new Session(this, socket, this.#connections, this.#connections));
  }

  async #listen(): Promise<void> {
    const { tls, host = '127.0.0.1' } = this.#settings;
    const listener = tls === undefined ? createServer() : createTlsServer({ key: tls.key, cert: tls.cert });
    listener.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      this.#connected(socket),
    );
    for (let left = PORT_TRIES; ; left -= 1) {
      try {
        listener.listen(this.#port, host);
        await once(listener, 'listening');
        break;
      } catch (error) {
        // While it was `down`, another process's connection may have been given the port.
        if (left <= 1 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        await sleep(PORT_AGAIN_MS);
      }
    }
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#listener = listener;
  }

  /** Stop listening while the fault `down` is armed; open sessions live on. */
  #followDown(): void {
    this.#switching = this.#switching.then(async () => {
      const down = this.faults.has('down');
      if (down && this.#listener !== undefined) {
        this.#listener.close();
        this.#listener = undefined;
      } else if (!down && this.#listener === undefined && this.#port !== 0) await this.#listen();
    });
  }

  /** Resolves when the listener follows the faults. */
  settled(): Promise<void> {
    return this.#switching;
  }

  async close(): Promise<void> {
    await this.#switching.catch(() => undefined);
    this.#listener?.close();
    this.#listener = undefined;
    this.#port = 0;
    const closed = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const session of this.#sessions) session.destroy();
    await Promise.all(closed);
    while (this.#sessions.size > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await this.replay?.close();
    await this.database.close();
  }
}

/** A value given as text, as a literal of the engine; dates may be BC. */
function engineValue(value: string | null, stored: string, type: OracleType | undefined): string {
  if (value === null || value === '') return 'NULL';
  if (type?.kind === 'char') return quoteText(value.padEnd(type.length ?? 1));
  if (!stored.startsWith('TIMESTAMP')) return `CAST(${quoteText(value)} AS ${stored})`;
  const { year, month, day, hour, minute, second, nanosecond } = dateFieldsOfText(value);
  const astronomical = year < 0 ? year + 1 : year;
  const made = `make_timestamp(${astronomical}, ${month}, ${day}, ${hour}, ${minute}, ${second}) + to_microseconds(${Math.floor(nanosecond / 1000)})`;
  return `CAST(${made} AS ${stored})`;
}
