/** Oracle's declared types: how the dictionary, describe and the engine's tables name them. */

export type Kind = 'varchar' | 'char' | 'number' | 'date' | 'timestamp' | 'clob' | 'raw';

export interface OracleType {
  readonly kind: Kind;
  /** Declared length of text, in bytes or characters; of RAW in bytes. */
  readonly length?: number;
  readonly inCharacters?: boolean;
  /** Of NUMBER; undefined for NUMBER without precision. */
  readonly precision?: number;
  /** Of NUMBER; digits of the fraction of TIMESTAMP. */
  readonly scale?: number;
}

/** Numbers of types on the wire. */
export const WIRE_TYPE = {
  varchar: 1,
  number: 2,
  binaryInteger: 3,
  long: 8,
  rowid: 11,
  date: 12,
  raw: 23,
  longRaw: 24,
  char: 96,
  binaryFloat: 100,
  binaryDouble: 101,
  cursor: 102,
  clob: 112,
  blob: 113,
  timestamp: 180,
  timestampTz: 181,
  timestampLtz: 231,
  boolean: 252,
} as const;

/** A column as describe tells it. */
export interface WireColumn {
  readonly name: string;
  readonly type: OracleType;
  readonly nullable: boolean;
}

export const VARCHAR: OracleType = { kind: 'varchar', length: 4000 };
export const NUMBER: OracleType = { kind: 'number' };
export const DATE: OracleType = { kind: 'date' };
export const TIMESTAMP: OracleType = { kind: 'timestamp', scale: 6 };

/** @throws {Error} for a type that is not served */
export function parseOracleType(text: string): OracleType {
  const match = /^\s*([A-Z0-9]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*|(CHAR|BYTE)\s*)?\))?\s*$/i.exec(text);
  const [, name = '', first, second, unit] = match ?? [];
  const size = first === undefined ? undefined : Number(first);
  switch (name.toUpperCase()) {
    case 'VARCHAR2':
    case 'VARCHAR':
      return { kind: 'varchar', length: size ?? 4000, inCharacters: unit?.toUpperCase() === 'CHAR' };
    case 'CHAR':
      return { kind: 'char', length: size ?? 1, inCharacters: unit?.toUpperCase() === 'CHAR' };
    case 'NUMBER':
      return size === undefined ? NUMBER : { kind: 'number', precision: size, scale: Number(second ?? 0) };
    case 'INTEGER':
      return { kind: 'number', precision: 38, scale: 0 };
    case 'DATE':
      return DATE;
    case 'TIMESTAMP':
      return { kind: 'timestamp', scale: size ?? 6 };
    case 'CLOB':
      return { kind: 'clob' };
    case 'RAW':
      return { kind: 'raw', length: size ?? 2000 };
    default:
      throw new Error(`the type ${text} is not served`);
  }
}

/** The engine's type of a stored column. DATE is told from TIMESTAMP by its resolution of a second. */
export function storedType(type: OracleType): string {
  switch (type.kind) {
    case 'date':
      return 'TIMESTAMP_S';
    case 'timestamp':
      return 'TIMESTAMP';
    case 'number':
      return numberStorage(type);
    default:
      return 'VARCHAR';
  }
}

/** NUMBER without precision keeps 28 digits before and 10 after the point; see the README. */
function numberStorage({ precision, scale = 0 }: OracleType): string {
  if (precision === undefined) return 'DECIMAL(38,10)';
  return scale >= 0 && scale <= precision ? `DECIMAL(${precision},${scale})` : 'DECIMAL(38,10)';
}

/** How the dictionary states a type. */
export interface DictionaryType {
  readonly dataType: string;
  readonly dataLength: number;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly charLength: number;
  readonly charUsed: 'B' | 'C' | null;
}

export function dictionaryType(type: OracleType): DictionaryType {
  const none = { precision: null, scale: null, charLength: 0, charUsed: null } as const;
  switch (type.kind) {
    case 'varchar':
    case 'char': {
      const length = type.length ?? 1;
      return {
        ...none,
        dataType: type.kind === 'char' ? 'CHAR' : 'VARCHAR2',
        dataLength: type.inCharacters === true ? Math.min(length * 4, 4000) : length,
        charLength: length,
        charUsed: type.inCharacters === true ? 'C' : 'B',
      };
    }
    case 'number':
      return {
        ...none,
        dataType: 'NUMBER',
        dataLength: 22,
        precision: type.precision ?? null,
        scale: type.precision === undefined ? null : (type.scale ?? 0),
      };
    case 'date':
      return { ...none, dataType: 'DATE', dataLength: 7 };
    case 'timestamp':
      return { ...none, dataType: `TIMESTAMP(${type.scale ?? 6})`, dataLength: 11, scale: type.scale ?? 6 };
    case 'clob':
      return { ...none, dataType: 'CLOB', dataLength: 4000 };
    case 'raw':
      return { ...none, dataType: 'RAW', dataLength: type.length ?? 2000 };
    default:
      return type.kind satisfies never;
  }
}

/** What describe says beside the name: wire type, sizes, character set form. */
export interface WireShape {
  readonly wireType: number;
  readonly precision: number;
  readonly scale: number;
  readonly bytes: number;
  readonly characters: number;
  readonly characterForm: 0 | 1;
}

export function wireShape(type: OracleType): WireShape {
  const plain = { precision: 0, scale: 0, characters: 0, characterForm: 0 } as const;
  switch (type.kind) {
    case 'varchar':
    case 'char': {
      const length = type.length ?? 4000;
      return {
        ...plain,
        wireType: type.kind === 'char' ? WIRE_TYPE.char : WIRE_TYPE.varchar,
        bytes: type.inCharacters === true ? Math.min(length * 4, 4000) : length,
        characters: length,
        characterForm: 1,
      };
    }
    case 'number':
      return type.precision === undefined
        ? { ...plain, wireType: WIRE_TYPE.number, scale: -127, bytes: 22 }
        : {
            ...plain,
            wireType: WIRE_TYPE.number,
            precision: type.precision,
            scale: type.scale ?? 0,
            bytes: 22,
          };
    case 'date':
      return { ...plain, wireType: WIRE_TYPE.date, bytes: 7 };
    case 'timestamp':
      return { ...plain, wireType: WIRE_TYPE.timestamp, scale: type.scale ?? 6, bytes: 11 };
    case 'clob':
      return { ...plain, wireType: WIRE_TYPE.clob, bytes: 4000, characterForm: 1 };
    case 'raw':
      return { ...plain, wireType: WIRE_TYPE.raw, bytes: type.length ?? 2000 };
    default:
      return type.kind satisfies never;
  }
}
