/** Putting the server's TTC messages together. */
import { CHARACTER_SET_IDS, MESSAGE } from './negotiation.ts';
import { type WireColumn, wireShape } from './oracle-types.ts';
import type { TtcWriter } from './primitives.ts';

/** An error as the client gets it. */
export interface OraErrorOptions {
  /** Offset in the statement, from 0. */
  readonly offset?: number;
}

export class OraError extends Error {
  readonly number: number;
  readonly offset: number;

  constructor(number: number, text: string, options: OraErrorOptions = {}) {
    super(`ORA-${String(number).padStart(5, '0')}: ${text}`);
    this.number = number;
    this.offset = options.offset ?? 0;
  }
}

export const NO_DATA_FOUND = 1403;
const CALL_STATUS_TRANSACTION = 0x2;

export interface Outcome {
  readonly cursorId: number;
  readonly rowCount: number;
  readonly inTransaction: boolean;
  /** 0: success. */
  readonly error?: { readonly number: number; readonly message: string; readonly offset: number };
  readonly batchErrors?: readonly {
    readonly number: number;
    readonly message: string;
    readonly row: number;
  }[];
}

/** The message that ends an execute, a fetch or a failed call. */
export function writeOutcome(writer: TtcWriter, outcome: Outcome): void {
  const { error, batchErrors = [] } = outcome;
  const number = error?.number ?? 0;
  writer.byte(MESSAGE.error);
  writer.integer(outcome.inTransaction ? CALL_STATUS_TRANSACTION : 0);
  writer
    .integer(0)
    .integer(Math.min(outcome.rowCount, 0xffffffff))
    .integer(number & 0xffff)
    .integer(0)
    .integer(0);
  writer.integer(outcome.cursorId).integer(error?.offset ?? 0);
  for (let n = 0; n < 6; n++) writer.byte(0);
  writer.integer(0).integer(0).byte(0).integer(0).integer(0);
  writer.integer(0).byte(0).byte(0).integer(0).integer(0);
  writer.integer(0);
  writer.integer(batchErrors.length);
  if (batchErrors.length > 0) {
    writer.byte(batchErrors.length);
    for (const one of batchErrors) writer.integer(one.number);
  }
  writer.integer(batchErrors.length);
  if (batchErrors.length > 0) {
    writer.byte(batchErrors.length);
    for (const one of batchErrors) writer.integer(one.row);
  }
  writer.integer(batchErrors.length);
  if (batchErrors.length > 0) {
    writer.byte(batchErrors.length);
    for (const one of batchErrors) {
      writer
        .integer(Buffer.byteLength(one.message))
        .text(one.message)
        .raw(Buffer.from([0, 0]));
    }
  }
  writer.integer(number).integer(outcome.rowCount);
  if (error !== undefined) writer.text(`${error.message}\n`);
}

/** The end of a call that returns nothing: ping, commit, logoff. */
export function writeStatus(writer: TtcWriter, inTransaction: boolean): void {
  writer
    .byte(MESSAGE.status)
    .integer(inTransaction ? CALL_STATUS_TRANSACTION : 0)
    .integer(0);
}

/** How a client wants a describe. */
export interface DescribeForm {
  readonly fieldVersion: number;
  /** Whether the scale of numbers and timestamps comes as a variable-length integer. */
  readonly integerScale: boolean;
}

export function writeDescribe(writer: TtcWriter, columns: readonly WireColumn[], form: DescribeForm): void {
  writer.byte(MESSAGE.describe).byte(0);
  const bytes = columns.reduce((sum, column) => sum + wireShape(column.type).bytes, 0);
  writer.integer(bytes).integer(columns.length);
  if (columns.length > 0) writer.byte(1);
  for (const [at, column] of columns.entries()) {
    const shape = wireShape(column.type);
    writer.byte(shape.wireType).byte(0x80).byte(shape.precision);
    if (form.integerScale && (column.type.kind === 'number' || column.type.kind === 'timestamp')) {
      writer.integer(shape.scale);
    } else {
      writer.byte(shape.scale & 0xff);
    }
    writer.integer(shape.bytes).integer(0).integer(0);
    writer.integer(0).integer(0);
    writer.integer(shape.characterForm === 1 ? CHARACTER_SET_IDS.AL32UTF8 : 0).byte(shape.characterForm);
    writer.integer(shape.characters);
    if (form.fieldVersion >= 8) writer.integer(0);
    writer.byte(column.nullable ? 1 : 0).byte(Math.min(Buffer.byteLength(column.name), 255));
    writer.bytesWithTwoLengths(column.name).integer(0).integer(0);
    writer.integer(at + 1).integer(0);
  }
  writer.integer(0);
  for (let n = 0; n < 4; n++) writer.integer(0);
  writer.integer(0);
}

export function writeRowHeader(writer: TtcWriter, iterations: number): void {
  writer.byte(MESSAGE.rowHeader).byte(0);
  writer.integer(0).integer(0).integer(iterations).integer(0).integer(0).integer(0);
}
