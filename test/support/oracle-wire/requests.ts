/** Taking the client's TTC messages apart. */
import { MESSAGE } from './negotiation.ts';
import { WIRE_TYPE } from './oracle-types.ts';
import type { TtcReader } from './primitives.ts';
import { dateFieldsOfText, decodeDate, decodeNumber } from './values.ts';

export const FUNCTION = {
  reExecute: 4,
  fetch: 5,
  logoff: 9,
  commit: 14,
  rollback: 15,
  reExecuteAndFetch: 78,
  execute: 94,
  lob: 96,
  closeCursors: 105,
  authTwo: 115,
  authOne: 118,
  cancelCursors: 120,
  endToEnd: 135,
  ping: 147,
  setSchema: 152,
  applicationContext: 154,
  releaseSession: 163,
} as const;

export const EXECUTE_OPTION = {
  parse: 0x01,
  bind: 0x08,
  define: 0x10,
  execute: 0x20,
  fetch: 0x40,
  commit: 0x100,
  describe: 0x20000,
  batchErrors: 0x80000,
} as const;
/** Options that come in al8i4[9]. */
const EXECUTE_FLAG_ROW_COUNTS = 0x4000;
/** Option of a re-execution. */
export const REEXECUTE_COMMIT = 0x1;
const MAX_STRING_BYTES = 32_767;

/** Type of a bind or define variable. */
export interface Variable {
  readonly wireType: number;
  readonly maxBytes: number;
  readonly isArray: boolean;
  readonly characterForm: number;
}

/** Value of a bind: exact text, the fields of a date as text, raw bytes, a locator, or NULL. */
export type BindValue =
  | { readonly kind: 'null'; readonly wireType: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  /** `[-]YYYY-MM-DD HH:MM:SS[.ffffff]` */
  | { readonly kind: 'date' | 'timestamp'; readonly text: string }
  | { readonly kind: 'raw'; readonly bytes: Buffer }
  | { readonly kind: 'locator'; readonly bytes: Buffer };

export interface ExecuteRequest {
  readonly options: number;
  readonly cursorId: number;
  /** Undefined when the cursor's statement is executed again. */
  readonly sql: string | undefined;
  readonly fetchRows: number;
  readonly defines: readonly Variable[];
  readonly bindTypes: readonly Variable[];
  readonly bindRows: readonly (readonly BindValue[])[];
  readonly isQuery: boolean;
  readonly executions: number;
  readonly wantsRowCounts: boolean;
}

/** What a client's message is read against. */
export interface ReadContext {
  readonly fieldVersion: number;
  readonly convertsLength: boolean;
}

export function readExecute(reader: TtcReader, context: ReadContext): ExecuteRequest {
  const options = reader.integer();
  const cursorId = reader.integer();
  const hasSql = reader.byte() !== 0;
  const sqlLength = reader.integer();
  reader.byte();
  const vectorLength = reader.integer();
  reader.byte();
  reader.byte();
  reader.integer();
  const fetchRows = reader.integer();
  reader.integer();
  reader.byte();
  const bindCount = reader.integer();
  for (let n = 0; n < 5; n++) reader.byte();
  reader.byte();
  const defineCount = reader.integer();
  reader.integer();
  for (let n = 0; n < 3; n++) reader.byte();
  reader.integer();
  reader.byte();
  reader.integer();
  reader.integer();
  reader.byte();
  reader.integer();
  reader.byte();
  if (context.fieldVersion >= 8) {
    for (let n = 0; n < 2; n++) {
      reader.byte();
      reader.integer();
    }
    reader.byte();
    if (context.fieldVersion >= 9) {
      reader.byte();
      reader.integer();
    }
  }
  const sql = hasSql && sqlLength > 0 ? readSql(reader, sqlLength, context) : undefined;
  const vector: number[] = [];
  for (let n = 0; n < vectorLength; n++) vector.push(reader.integer());
  const isQuery = (vector[7] ?? 0) !== 0;
  const executions = isQuery ? 1 : Math.max(vector[1] ?? 1, 1);
  const defines = readVariables(reader, defineCount, context);
  const bindTypes = readVariables(reader, bindCount, context);
  const bindRows: BindValue[][] = [];
  if (bindCount > 0) {
    for (let n = 0; n < executions; n++) bindRows.push(readBindRow(reader, bindTypes));
  }
  return {
    options,
    cursorId,
    sql,
    fetchRows,
    defines,
    bindTypes,
    bindRows,
    isQuery,
    executions,
    wantsRowCounts: ((vector[9] ?? 0) & EXECUTE_FLAG_ROW_COUNTS) !== 0,
  };
}

function readSql(reader: TtcReader, length: number, context: ReadContext): string {
  return context.convertsLength ? reader.text() : reader.raw(length).toString('utf8');
}

function readVariables(reader: TtcReader, count: number, context: ReadContext): Variable[] {
  const variables: Variable[] = [];
  for (let n = 0; n < count; n++) {
    const wireType = reader.byte();
    const flags = reader.byte();
    reader.byte();
    reader.byte();
    const maxBytes = reader.integer();
    reader.integer();
    reader.integer();
    if (reader.integer() > 0) reader.bytes();
    reader.integer();
    reader.integer();
    const characterForm = reader.byte();
    reader.integer();
    if (context.fieldVersion >= 8) reader.integer();
    variables.push({ wireType, maxBytes, isArray: (flags & 0x40) !== 0, characterForm });
  }
  return variables;
}

/** One row of binds; those longer than the longest string come last. */
export function readBindRow(reader: TtcReader, types: readonly Variable[]): BindValue[] {
  const mark = reader.byte();
  if (mark !== MESSAGE.rowData) throw new Error(`a row of binds starts with ${mark}`);
  const values: BindValue[] = new Array(types.length);
  const isLong = (type: Variable) => type.maxBytes > MAX_STRING_BYTES;
  for (const long of [false, true]) {
    for (const [at, type] of types.entries()) {
      if (isLong(type) === long) values[at] = readBind(reader, type);
    }
  }
  return values;
}

function readBind(reader: TtcReader, type: Variable): BindValue {
  if (type.isArray) throw new Error('arrays of PL/SQL are not served as binds');
  const { wireType } = type;
  if (wireType === WIRE_TYPE.clob || wireType === WIRE_TYPE.blob) {
    const length = reader.integer();
    const bytes = length > 0 ? reader.bytes() : undefined;
    return bytes === undefined ? { kind: 'null', wireType } : { kind: 'locator', bytes };
  }
  const bytes = reader.bytes();
  if (bytes === undefined) return { kind: 'null', wireType };
  switch (wireType) {
    case WIRE_TYPE.varchar:
    case WIRE_TYPE.char:
    case WIRE_TYPE.long:
    case WIRE_TYPE.rowid:
      return { kind: 'text', text: type.characterForm === 2 ? utf16(bytes) : bytes.toString('utf8') };
    case WIRE_TYPE.number:
    case WIRE_TYPE.binaryInteger:
      return { kind: 'number', text: decodeNumber(bytes) };
    case WIRE_TYPE.date:
      return { kind: 'date', text: dateText(bytes) };
    case WIRE_TYPE.timestamp:
    case WIRE_TYPE.timestampTz:
    case WIRE_TYPE.timestampLtz:
      return { kind: 'timestamp', text: dateText(bytes) };
    case WIRE_TYPE.raw:
    case WIRE_TYPE.longRaw:
      return { kind: 'raw', bytes };
    case WIRE_TYPE.binaryDouble:
      return { kind: 'number', text: String(binaryDouble(bytes)) };
    default:
      throw new Error(`binds of type ${wireType} are not served`);
  }
}

function utf16(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le');
}

/** BINARY_DOUBLE is an IEEE double whose bits are turned so that bytes sort like numbers. */
function binaryDouble(bytes: Buffer): number {
  const copy = Buffer.from(bytes);
  if ((copy.readUInt8(0) & 0x80) !== 0) copy.writeUInt8(copy.readUInt8(0) & 0x7f, 0);
  else for (const [at, byte] of copy.entries()) copy[at] = byte ^ 0xff;
  return copy.readDoubleBE(0);
}

function dateText(bytes: Buffer): string {
  const { year, month, day, hour, minute, second, nanosecond } = decodeDate(bytes);
  const two = (value: number) => String(value).padStart(2, '0');
  const sign = year < 0 ? '-' : '';
  const text = `${sign}${String(Math.abs(year)).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
  dateFieldsOfText(text);
  return nanosecond === 0 ? text : `${text}.${String(Math.floor(nanosecond / 1000)).padStart(6, '0')}`;
}

export interface LobRequest {
  readonly operation: number;
  readonly locator: Buffer;
  readonly offset: number;
  readonly amount: number;
  readonly sendsAmount: boolean;
  readonly data: Buffer | undefined;
}

export const LOB = {
  read: 0x0002,
  trim: 0x0020,
  write: 0x0040,
  getLength: 0x0001,
  getChunkSize: 0x4000,
  createTemporary: 0x0110,
  freeTemporary: 0x0111,
  open: 0x8000,
  close: 0x10000,
  isOpen: 0x11000,
  array: 0x80000,
} as const;

export function readLob(reader: TtcReader): LobRequest {
  const hasSource = reader.byte() !== 0;
  const sourceLength = reader.integer();
  reader.byte();
  reader.integer();
  reader.integer();
  reader.integer();
  for (let n = 0; n < 3; n++) reader.byte();
  const operation = reader.integer();
  reader.byte();
  reader.byte();
  const offset = reader.integer();
  reader.integer();
  const sendsAmount = reader.byte() !== 0;
  for (let n = 0; n < 3; n++) reader.uint16();
  const locator = hasSource ? Buffer.from(reader.raw(sourceLength)) : Buffer.alloc(0);
  if (operation === LOB.createTemporary) reader.integer();
  let data: Buffer | undefined;
  if (operation === LOB.write) {
    const mark = reader.byte();
    if (mark !== MESSAGE.lobData) throw new Error(`data of a LOB start with ${mark}`);
    data = Buffer.from(reader.bytes() ?? Buffer.alloc(0));
  }
  const amount = sendsAmount ? reader.integer() : 0;
  return { operation, locator, offset, amount, sendsAmount, data };
}

/** What a message that rides on another asks for. */
export type Piggyback =
  | { readonly kind: 'closeCursors'; readonly cursors: readonly number[] }
  | { readonly kind: 'setSchema'; readonly schema: string }
  | { readonly kind: 'freeLobs'; readonly locators: Buffer }
  | { readonly kind: 'ignored' };

/** After the message type; every byte counts, because the real message follows. */
export function readPiggyback(reader: TtcReader): Piggyback {
  const code = reader.byte();
  reader.byte();
  switch (code) {
    case FUNCTION.closeCursors:
    case FUNCTION.cancelCursors: {
      reader.byte();
      const cursors: number[] = [];
      for (let left = reader.integer(); left > 0; left--) cursors.push(reader.integer());
      return code === FUNCTION.closeCursors ? { kind: 'closeCursors', cursors } : { kind: 'ignored' };
    }
    case FUNCTION.setSchema:
      reader.byte();
      return { kind: 'setSchema', schema: reader.integer() > 0 ? reader.text() : '' };
    case FUNCTION.endToEnd:
      return readEndToEnd(reader);
    case FUNCTION.lob:
      return readFreeLobs(reader);
    case FUNCTION.applicationContext:
      return readApplicationContext(reader);
    default:
      throw new Error(`the piggyback function ${code} is not served`);
  }
}

function readFreeLobs(reader: TtcReader): Piggyback {
  reader.byte();
  const total = reader.integer();
  reader.byte();
  for (let n = 0; n < 3; n++) reader.integer();
  for (let n = 0; n < 3; n++) reader.byte();
  reader.integer();
  reader.byte();
  for (let n = 0; n < 3; n++) reader.integer();
  reader.byte();
  for (let n = 0; n < 3; n++) {
    reader.byte();
    reader.integer();
  }
  return { kind: 'freeLobs', locators: Buffer.from(reader.raw(total)) };
}

function readEndToEnd(reader: TtcReader): Piggyback {
  reader.byte();
  reader.byte();
  reader.integer();
  let texts = 0;
  const attribute = () => {
    reader.byte();
    if (reader.integer() > 0) texts += 1;
  };
  for (let n = 0; n < 4; n++) attribute();
  reader.byte();
  reader.integer();
  attribute();
  for (let n = 0; n < 2; n++) {
    reader.byte();
    reader.integer();
  }
  attribute();
  for (let n = 0; n < texts; n++) reader.bytes();
  return { kind: 'ignored' };
}

function readApplicationContext(reader: TtcReader): Piggyback {
  if (reader.byte() !== 0) reader.integer();
  reader.byte();
  const pairs = reader.integer();
  reader.integer();
  reader.byte();
  reader.bytes();
  for (let n = 0; n < pairs; n++) reader.keyValue();
  return { kind: 'ignored' };
}
