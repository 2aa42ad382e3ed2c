/**
 * Replay mode, for benchmarks: the rows of plain scans encoded once into bytes of the wire, kept in files, and served
 * from there, so that the server does not limit the client. Everything else runs on the engine as usual.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { CONTRACT, VIEW_NAMES, type ViewName } from '../../../schemas/contract.ts';
import { type Database, onceTable } from './database.ts';
import { type OracleType, parseOracleType, type WireColumn } from './oracle-types.ts';
import { TtcWriter } from './primitives.ts';
import type { BindValue } from './requests.ts';
import { ResultRows, RowWriter } from './rows.ts';
import { quoteName, quoteText, type Surroundings } from './sql/translation.ts';
import { type TranslatedQuery, translateQuery } from './statements.ts';
import { decodeNumber } from './values.ts';

/** Rows whose bytes stand ready. */
export interface ReadyRows {
  readonly columns: readonly WireColumn[];
  readonly rowCount: number;
  /** The bytes of the next rows, at most so many. */
  take(most: number): { readonly bytes: Buffer; readonly rows: number };
}

type Key = number | string;

/** All rows of one select list over one view, in the order of the key, rows without a key first. */
interface Scan {
  readonly columns: readonly WireColumn[];
  readonly file: number;
  /** Where each row begins; one more at the end. */
  readonly offsets: Float64Array;
  /** Keys of the rows that have one; they follow the others. */
  readonly keys: readonly Key[] | Float64Array;
  readonly withoutKey: number;
}

interface Shape {
  readonly list: string;
  readonly table: string;
  readonly view: ViewName;
  readonly low: string | undefined;
  readonly high: string | undefined;
  readonly withNull: boolean;
}

const NAME = '"?[A-Z][A-Z0-9_$#]*"?';
const VALUE = String.raw`(:\s*"?\w+"?|\d+|'[^']*')`;
const QUERY = new RegExp(
  String.raw`^\s*SELECT\s+(.+?)\s+FROM\s+((?:${NAME}\.)?(${NAME}))(?:\s+AS\s+OF\s+SCN\s+(?:\d+|:\w+))?(?:\s+WHERE\s+(.+?))?\s*$`,
  'is',
);
const BEYOND_PLAIN = /\b(COUNT|SUM|MIN|MAX|NTILE|ROW_NUMBER|OVER|DISTINCT|SELECT|CASE)\b/i;

/** @returns undefined where the statement is no plain scan of a view by a range of its key */
export function shapeOf(sql: string): Shape | undefined {
  const [, list, table, name, where] = QUERY.exec(sql) ?? [];
  const view = VIEW_NAMES.find((one) => one === name?.replaceAll('"', '').toUpperCase());
  if (list === undefined || table === undefined || view === undefined || BEYOND_PLAIN.test(list))
    return undefined;
  if (where === undefined) return { list, table, view, low: undefined, high: undefined, withNull: true };
  const key = String.raw`(?:${NAME}\.)?"?${CONTRACT[view].key}"?`;
  const part = (pattern: string) => new RegExp(`^\\s*${pattern}\\s*$`, 'i').exec(where);
  const both = part(`\\(?${key}\\s*>=\\s*${VALUE}\\s+AND\\s+${key}\\s*<\\s*${VALUE}\\)?`);
  if (both !== null) return { list, table, view, low: both[1], high: both[2], withNull: false };
  const from = part(`\\(?${key}\\s*>=\\s*${VALUE}\\)?`);
  if (from !== null) return { list, table, view, low: from[1], high: undefined, withNull: false };
  const below = part(`\\(?${key}\\s*<\\s*${VALUE}\\)?`);
  if (below !== null) return { list, table, view, low: undefined, high: below[1], withNull: false };
  const first = part(`\\(?${key}\\s*<\\s*${VALUE}\\s+OR\\s+${key}\\s+IS\\s+NULL\\)?`);
  if (first !== null) return { list, table, view, low: undefined, high: first[1], withNull: true };
  return undefined;
}

/** Rows of the engine that are encoded in one go. */
const SLICE_ROWS = 400_000;
const CACHE_VERSION = 1;
/** Name of the key behind the columns that were asked for. */
const KEY = 'ARBDATA_REPLAY_KEY';

export interface ReplayOptions {
  readonly dir: string;
  readonly database: Database;
  readonly owner: string;
  /** File whose size and time say whether what was encoded before still holds. */
  readonly source: string;
  /** How often each row is served. */
  readonly times: number;
}

export class Replay {
  readonly #dir: string;
  readonly #database: Database;
  readonly #owner: string;
  readonly #source: string;
  readonly #times: number;
  readonly #scans = new Map<string, Promise<Scan>>();

  constructor({ dir, database, owner, source, times }: ReplayOptions) {
    this.#dir = dir;
    this.#database = database;
    this.#owner = owner;
    this.#source = source;
    this.#times = times;
    mkdirSync(dir, { recursive: true });
  }

  /** The rows of a statement, or undefined where it is no plain scan. The first of its kind is encoded now. */
  async find(sql: string, binds: readonly BindValue[]): Promise<ReadyRows | undefined> {
    const shape = shapeOf(sql);
    if (shape === undefined) return undefined;
    const name = `${shape.view} ${shape.list.replace(/\s+/g, ' ')}`;
    const known = this.#scans.get(name) ?? this.#open(shape);
    this.#scans.set(name, known);
    const scan = await known;
    let used = 0;
    const bound = (text: string | undefined): Key | undefined => {
      if (text === undefined) return undefined;
      const bind = text.startsWith(':') ? binds[used++] : undefined;
      const value = bind === undefined ? text.replace(/^'|'$/g, '') : 'text' in bind ? bind.text : '';
      return CONTRACT[shape.view].columns.find((one) => one.name === CONTRACT[shape.view].key)?.type ===
        'number'
        ? Number(value)
        : value;
    };
    const low = bound(shape.low);
    const high = bound(shape.high);
    const from =
      low === undefined ? (shape.withNull ? 0 : scan.withoutKey) : scan.withoutKey + placeOf(scan.keys, low);
    const to = high === undefined ? scan.offsets.length - 1 : scan.withoutKey + placeOf(scan.keys, high);
    return new Slice(scan, from, Math.max(from, to), this.#times);
  }

  async #open(shape: Shape): Promise<Scan> {
    const { size, mtimeMs } = statSync(this.#source);
    const identity = JSON.stringify([
      CACHE_VERSION,
      size,
      mtimeMs,
      shape.view,
      shape.list.replace(/\s+/g, ' '),
    ]);
    const base = path.join(
      this.#dir,
      `${shape.view}-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`,
    );
    if (!existsSync(`${base}.json`)) await this.#encode(shape, base);
    const facts = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as {
      columns: { name: string; type: OracleType; nullable: boolean }[];
      withoutKey: number;
      keys: string[] | null;
    };
    const offsets = readFileSync(`${base}.offsets`);
    const keys = facts.keys ?? floats(readFileSync(`${base}.keys`));
    return {
      columns: facts.columns,
      file: openSync(`${base}.rows`, 'r'),
      offsets: floats(offsets),
      keys,
      withoutKey: facts.withoutKey,
    };
  }

  /** Translate the shape's list over the whole view, with the key behind it. */
  #translate(shape: Shape): TranslatedQuery {
    const table = onceTable(shape.view);
    const columns = CONTRACT[shape.view].columns.map(({ name, oracleType, nullable }) => ({
      name,
      type: parseOracleType(oracleType),
      nullable,
    }));
    const around: Surroundings = {
      user: this.#owner,
      schema: this.#owner,
      sessionId: 0,
      nlsDateFormat: 'YYYY-MM-DD HH24:MI:SS',
      sessionTimeZone: '+08:00',
      databaseTimeZone: '+08:00',
      databaseName: '',
      serviceName: '',
      bytesAsCharacters: false,
      executable: () => undefined,
      currentScn: () => this.#database.scn,
      tableAt: () => table,
      relation: () => ({ schema: this.#owner, name: shape.view, columns, sql: table, stored: true }),
    };
    const list = `${shape.list}, ${quoteName(CONTRACT[shape.view].key)} AS ${quoteName(KEY)}`;
    return translateQuery(`SELECT ${list} FROM ${shape.view}`, around, []);
  }

  async #encode(shape: Shape, base: string): Promise<void> {
    const { key, columns } = CONTRACT[shape.view];
    const isNumber = columns.find((one) => one.name === key)?.type === 'number';
    const translated = this.#translate(shape);
    const shown = translated.columns.slice(0, -1);
    const connection = await this.#database.connect();
    const rowsFile = openSync(`${base}.rows.part`, 'w');
    const offsets: number[] = [0];
    const keys: Key[] = [];
    let at = 0;
    try {
      for (const range of await keyRanges(connection, translated.sql, isNumber)) {
        const result = await connection.run(
          `SELECT * FROM (${translated.sql}) WHERE ${range} ORDER BY ${quoteName(KEY)}`,
        );
        const source = new ResultRows(result, translated.columns, false);
        const writer = new TtcWriter(1 << 20);
        for (let row = await source.next(); row !== undefined; row = await source.next()) {
          const value = row.at(-1);
          // A writer of its own for each row: rows must not lean on the one before.
          new RowWriter(shown, [], { add: () => Buffer.alloc(0) }).write(writer, row.slice(0, -1));
          if (value !== undefined) keys.push(keyOf(value, isNumber));
          offsets.push(at + writer.length);
          if (writer.length > 1 << 22) at += flush(rowsFile, writer);
        }
        at += flush(rowsFile, writer);
      }
    } finally {
      connection.closeSync();
      closeSync(rowsFile);
    }
    const withoutKey = offsets.length - 1 - keys.length;
    writeFileSync(`${base}.offsets`, Buffer.from(Float64Array.from(offsets).buffer));
    if (isNumber) writeFileSync(`${base}.keys`, Buffer.from(Float64Array.from(keys as number[]).buffer));
    renameSync(`${base}.rows.part`, `${base}.rows`);
    writeFileSync(
      `${base}.json`,
      JSON.stringify({ columns: shown, withoutKey, keys: isNumber ? null : keys }),
    );
  }

  async close(): Promise<void> {
    for (const scan of this.#scans.values()) {
      const opened = await scan.catch(() => undefined);
      if (opened !== undefined) closeSync(opened.file);
    }
  }
}

/** Conditions that cut the rows into slices in the order of the key, those without a key first. */
async function keyRanges(connection: DuckDBConnection, sql: string, isNumber: boolean): Promise<string[]> {
  const key = quoteName(KEY);
  const marks = await connection.runAndReadAll(
    `SELECT ${key} FROM (SELECT ${key}, row_number() OVER (ORDER BY ${key}) AS n FROM (${sql}) WHERE ${key} IS NOT NULL)
      WHERE n > 1 AND n % ${SLICE_ROWS} = 1 ORDER BY 1`,
  );
  const bounds = marks.getRows().map(([mark]) => (isNumber ? String(mark) : quoteText(String(mark))));
  const ranges = [...bounds, undefined].map((high, n) => {
    const low = n === 0 ? `${key} IS NOT NULL` : `${key} >= ${bounds[n - 1]}`;
    return high === undefined ? low : `${low} AND ${key} < ${high}`;
  });
  return [`${key} IS NULL`, ...ranges];
}

function flush(file: number, writer: TtcWriter): number {
  const bytes = writer.view();
  writeSync(file, bytes);
  const size = bytes.length;
  writer.clear();
  return size;
}

function keyOf(value: Buffer | string, isNumber: boolean): Key {
  if (!isNumber) return value.toString();
  return Buffer.isBuffer(value) ? Number(decodeNumber(value)) : Number(value);
}

function floats(bytes: Buffer): Float64Array {
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** How many keys are below this one. */
function placeOf(keys: readonly Key[] | Float64Array, key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = keys[middle] ?? key;
    if (found < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Slice implements ReadyRows {
  readonly columns: readonly WireColumn[];
  readonly rowCount: number;
  readonly #scan: Scan;
  readonly #from: number;
  readonly #to: number;
  #at: number;
  #timesLeft: number;

  constructor(scan: Scan, from: number, to: number, times: number) {
    this.#scan = scan;
    this.#from = from;
    this.#at = from;
    this.#to = to;
    this.#timesLeft = times - 1;
    this.columns = scan.columns;
    this.rowCount = (to - from) * times;
  }

  take(most: number): { bytes: Buffer; rows: number } {
    if (this.#at === this.#to && this.#timesLeft > 0) {
      this.#timesLeft -= 1;
      this.#at = this.#from;
    }
    const rows = Math.min(most, this.#to - this.#at);
    const start = this.#scan.offsets[this.#at] ?? 0;
    const end = this.#scan.offsets[this.#at + rows] ?? start;
    const bytes = Buffer.allocUnsafe(end - start);
    let done = 0;
    while (done < bytes.length)
      done += readSync(this.#scan.file, bytes, done, bytes.length - done, start + done);
    this.#at += rows;
    return { bytes, rows };
  }
}
