/**
 * What a receipt says, whatever it is written in: a batch, when it was received, and an answer per record. The parsers
 * hand over values; here they are held to the limits, counted, and put together. Nothing is kept but the record at hand.
 */
import { RESULTS, type ReceiptAnswer, type Result } from '../../../schemas/submission.ts';

/** Characters of an id, a code, the batch and the time. */
const MAX_WORD_LENGTH = 100;
/** UTF-8 bytes of a message, and of any other value of the file. */
export const MAX_TEXT_BYTES = 64 * 1024;
/** Objects or elements in one another, also in what is not ours to read. */
export const MAX_DEPTH = 64;
/** Keys of an object, attributes of an element. */
export const MAX_KEYS = 64;

export const RECEIPT_KEYS = ['batch', 'receivedAt', 'records'] as const;
export const RECORD_KEYS = ['id', 'result', 'code', 'message'] as const;
type HeadKey = 'batch' | 'receivedAt';
export type RecordKey = (typeof RECORD_KEYS)[number];

export interface ReceiptHead {
  readonly batch: string;
  /** As the platform writes it. */
  readonly receivedAt: string;
  readonly records: number;
}

/** What is wrong with a receipt; the file and the line are added by who knows them. */
export class ReceiptFault extends Error {
  override readonly name = 'ReceiptFault';
  /** From 1, where the fault itself knows it better. */
  readonly line: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly line?: number } = {}) {
    super(message, options);
    this.line = options.line;
  }
}

/** One value, taken in pieces and refused as soon as it is too long. */
export class BoundedText {
  readonly #name: string;
  readonly #maxLength: number;
  #text = '';

  constructor(name: string) {
    this.#name = name;
    this.#maxLength = isWord(name) ? MAX_WORD_LENGTH : MAX_TEXT_BYTES;
  }

  add(piece: string): void {
    // A text has at least as many bytes as UTF-16 units: this bounds what is held before it is measured exactly.
    if (this.#text.length + piece.length > 2 * this.#maxLength) this.#tooLong();
    this.#text += piece;
  }

  take(): string {
    const text = this.#text;
    if (!text.isWellFormed()) {
      throw new ReceiptFault(`${this.#name} has half of a surrogate pair, which is no character`);
    }
    const length = this.#maxLength === MAX_WORD_LENGTH ? [...text].length : Buffer.byteLength(text);
    if (length > this.#maxLength) this.#tooLong();
    return text;
  }

  #tooLong(): never {
    throw new ReceiptFault(
      this.#maxLength === MAX_WORD_LENGTH
        ? `${this.#name} has more than ${MAX_WORD_LENGTH} characters`
        : `${this.#name} has more than ${MAX_TEXT_BYTES / 1024} KiB`,
    );
  }
}

const isWord = (name: string): boolean =>
  name !== 'message' && [...RECEIPT_KEYS, ...RECORD_KEYS].includes(name as never);

export class ReceiptContent {
  readonly #onAnswer: (answer: ReceiptAnswer) => void;
  readonly #head = new Map<HeadKey, string>();
  readonly #record = new Map<RecordKey, string>();
  #hasRecords = false;
  #records = 0;
  #inRecord = false;

  constructor(onAnswer: (answer: ReceiptAnswer) => void) {
    this.#onAnswer = onAnswer;
  }

  /** The number of the record at hand, from 1; undefined between records. */
  get recordNumber(): number | undefined {
    return this.#inRecord ? this.#records : undefined;
  }

  head(key: HeadKey, value: string): void {
    if (this.#head.has(key)) throw new ReceiptFault(`${key} stands twice`);
    if (value === '') throw new ReceiptFault(`${key} is empty`);
    this.#head.set(key, value);
  }

  beginRecords(): void {
    if (this.#hasRecords) throw new ReceiptFault('records stands twice');
    this.#hasRecords = true;
  }

  beginRecord(): void {
    this.#records += 1;
    this.#inRecord = true;
    this.#record.clear();
  }

  field(key: RecordKey, value: string): void {
    if (this.#record.has(key)) throw new ReceiptFault(`${key} stands twice`);
    this.#record.set(key, value);
  }

  endRecord(): void {
    const id = this.#record.get('id') ?? '';
    if (id === '') throw new ReceiptFault('it has no id');
    this.#onAnswer({
      record_id: id,
      result: resultOf(this.#record.get('result')),
      code: this.#record.get('code') || null,
      message: this.#record.get('message') || null,
    });
    this.#inRecord = false;
  }

  end(): ReceiptHead {
    const batch = this.#head.get('batch');
    const receivedAt = this.#head.get('receivedAt');
    if (batch === undefined) throw new ReceiptFault('it names no batch');
    if (receivedAt === undefined) throw new ReceiptFault('it has no receivedAt');
    if (!this.#hasRecords) throw new ReceiptFault('it has no records');
    return { batch, receivedAt, records: this.#records };
  }
}

function resultOf(text: string | undefined): Result {
  if (text === undefined) throw new ReceiptFault('it has no result');
  const result = RESULTS.find((one) => one === text);
  if (result === undefined) throw new ReceiptFault(`its result is neither ${RESULTS.join(' nor ')}`);
  return result;
}
