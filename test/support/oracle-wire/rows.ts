/** Rows of a result as the wire carries them. */
import {
  DuckDBDecimalValue,
  type DuckDBMaterializedResult,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { MESSAGE } from './negotiation.ts';
import { type Kind, WIRE_TYPE, type WireColumn } from './oracle-types.ts';
import type { TtcWriter } from './primitives.ts';
import type { Variable } from './requests.ts';
import { dateFieldsOfText, encodeDate, encodeNumber, fieldsOfMicros } from './values.ts';

/** A CLOB that a client holds a locator of. */
export interface LobStore {
  /** The locator of a text. */
  add(text: string): Buffer;
}

/** Where rows come from, one after another. */
export interface RowSource {
  /** The next row's column values, encoded without their lengths; undefined at the end. */
  next(): Promise<RowValues | undefined>;
}

export type RowValues = readonly (Buffer | string | undefined)[];

/** Rows of the engine. The result is whole before the first row leaves: a fault in it is raised, never swallowed. */
export class ResultRows implements RowSource {
  readonly #result: DuckDBMaterializedResult;
  readonly #columns: readonly WireColumn[];
  readonly #bytesAsCharacters: boolean;
  #chunk: readonly (readonly DuckDBValue[])[] = [];
  #at = 0;

  constructor(result: DuckDBMaterializedResult, columns: readonly WireColumn[], bytesAsCharacters: boolean) {
    this.#result = result;
    this.#columns = columns;
    this.#bytesAsCharacters = bytesAsCharacters;
  }

  async next(): Promise<RowValues | undefined> {
    while (this.#at >= this.#chunk.length) {
      const chunk = await this.#result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return undefined;
      this.#chunk = chunk.getRows();
      this.#at = 0;
    }
    const row = this.#chunk[this.#at++] ?? [];
    return this.#columns.map((column, at) =>
      encodeValue(row[at] ?? null, column.type.kind, this.#bytesAsCharacters),
    );
  }
}

/** Rows that stand ready. */
export class ListedRows implements RowSource {
  readonly #rows: readonly (readonly (string | null)[])[];
  readonly #columns: readonly WireColumn[];
  #at = 0;

  constructor(rows: readonly (readonly (string | null)[])[], columns: readonly WireColumn[]) {
    this.#rows = rows;
    this.#columns = columns;
  }

  async next(): Promise<RowValues | undefined> {
    const row = this.#rows[this.#at++];
    return row?.map((value, at) => encodeValue(value, this.#columns[at]?.type.kind ?? 'varchar', false));
  }
}

const REPLACEMENT = '\ufffd';

/** The bytes of a value, or its text where it travels as a LOB; undefined for NULL. */
function encodeValue(
  value: DuckDBValue,
  kind: Kind,
  bytesAsCharacters: boolean,
): Buffer | string | undefined {
  if (value === null || value === '') return undefined;
  switch (kind) {
    case 'number':
      return encodeNumber(numberText(value));
    case 'date':
    case 'timestamp':
      return encodeDate(dateFields(value, kind));
    case 'raw':
      return Buffer.from(String(value), 'hex');
    case 'clob':
      return String(value);
    default: {
      const text = String(value);
      // The client declares AL32UTF8: a US7ASCII database converts, and knows no character above 127.
      return Buffer.from(bytesAsCharacters ? text.replace(/[^\0-\x7f]/g, REPLACEMENT) : text, 'utf8');
    }
  }
}

function numberText(value: DuckDBValue): string {
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value, value.scale);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value);
}

/** `DuckDBDecimalValue` writes fractions of negative numbers below 1 without care for the sign on every path: do it here. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function dateFields(value: DuckDBValue, kind: 'date' | 'timestamp') {
  if (value instanceof DuckDBTimestampSecondsValue) return fieldsOfMicros(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampValue) {
    const fields = fieldsOfMicros(value.micros);
    return kind === 'date' ? { ...fields, nanosecond: 0 } : fields;
  }
  return dateFieldsOfText(String(value));
}

const CHUNK_SIZE_OF_LOBS = 8132;

/**
 * Writes rows: a column equal to the row before it is left out, told by a bit vector before the row, as Oracle does.
 * The first row of an execution is always complete.
 */
export class RowWriter {
  readonly #columns: readonly WireColumn[];
  readonly #defines: readonly Variable[];
  readonly #lobs: LobStore;
  #previous: RowValues | undefined;

  constructor(columns: readonly WireColumn[], defines: readonly Variable[], lobs: LobStore) {
    this.#columns = columns;
    this.#defines = defines;
    this.#lobs = lobs;
  }

  write(writer: TtcWriter, row: RowValues): void {
    const previous = this.#previous;
    this.#previous = row;
    const same = row.map((value, at) => previous !== undefined && this.#repeats(value, previous[at], at));
    const sent = same.filter((one) => !one).length;
    if (sent < row.length) writeBitVector(writer, same, sent);
    writer.byte(MESSAGE.rowData);
    for (const [at, value] of row.entries()) if (same[at] !== true) this.#writeValue(writer, value, at);
  }

  #repeats(value: Buffer | string | undefined, before: Buffer | string | undefined, at: number): boolean {
    if (this.#columns[at]?.type.kind === 'clob') return false;
    if (!Buffer.isBuffer(value) || !Buffer.isBuffer(before)) return false;
    return value.equals(before);
  }

  #writeValue(writer: TtcWriter, value: Buffer | string | undefined, at: number): void {
    const define = this.#defines[at];
    const isLong = define?.wireType === WIRE_TYPE.long || define?.wireType === WIRE_TYPE.longRaw;
    if (this.#columns[at]?.type.kind === 'clob' && !isLong && define?.wireType !== WIRE_TYPE.varchar) {
      this.#writeLob(writer, typeof value === 'string' ? value : value?.toString('utf8'));
      return;
    }
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    writer.bytes(bytes);
    // LONG carries its indicator and return code behind each value.
    if (isLong) writer.integer(bytes === undefined ? -1 : 0).integer(bytes === undefined ? 1405 : 0);
  }

  #writeLob(writer: TtcWriter, text: string | undefined): void {
    if (text === undefined) {
      writer.integer(0);
      return;
    }
    const locator = this.#lobs.add(text);
    writer.integer(locator.length);
    // Only a client that defined the column asked for its size too.
    if (this.#defines.length > 0) writer.integer(text.length).integer(CHUNK_SIZE_OF_LOBS);
    writer.bytes(locator);
  }
}

function writeBitVector(writer: TtcWriter, same: readonly boolean[], sent: number): void {
  const bits = Buffer.alloc(Math.ceil(same.length / 8));
  for (const [at, repeated] of same.entries()) {
    if (!repeated) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  }
  writer.byte(MESSAGE.bitVector).integer(sent).raw(bits);
}
