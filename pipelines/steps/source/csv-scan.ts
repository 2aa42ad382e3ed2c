/**
 * A strict reader of the structure of CSV (RFC 4180), byte by byte and in bounded memory.
 *
 * It stands before the engine's own reader, because that one accepts malformed quotes without a word: ` "a"` and
 * `"a" ` lose their spaces, `a"b` and NUL bytes pass, and a file read with the wrong line end gives no rows at all.
 * What the scan counts (records, filled fields and bytes of each column) is compared with what the engine read.
 *
 * It needs no character encoding: comma, quote, CR, LF and NUL never stand inside a character of UTF-8 or GB18030.
 */

/** A record longer than this is a fault, most often of a missing closing quote; it also bounds the memory. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** What is wrong with the structure of a record; the first fault of each record only. */
export type CsvFaultKind =
  | 'stray-quote'
  | 'text-after-quote'
  | 'unclosed-quote'
  | 'nul'
  | 'field-count'
  | 'too-long';

export interface CsvFault {
  readonly kind: CsvFaultKind;
  /** Physical line on which the record starts; the header's is 1. CR LF, LF and CR each end a line. */
  readonly line: number;
  /** Position of the field in the record, from 0. */
  readonly field: number;
  /** Number of fields of the record, for `field-count`. */
  readonly fields: number;
}

export interface CsvRecord {
  /** 0 is the header. */
  readonly index: number;
  /** Physical line on which the record starts. */
  readonly line: number;
  /** Unquoted bytes of each field; empty unless the scanner captures. */
  readonly fields: readonly Buffer[];
}

export interface CsvScan {
  /** Fields of the first record, or undefined in a file without any. */
  readonly header: CsvRecord | undefined;
  /** Records after the header; lines with nothing on them are no records. */
  readonly records: number;
  /** How records end: all LF, all CR LF, or anything else. */
  readonly lineEnds: 'lf' | 'crlf' | 'mixed';
  /** Per field position: how many records after the header have at least one byte there. */
  readonly filled: readonly number[];
  /** Per field position: sum of the bytes of the unquoted values after the header. */
  readonly sizeBytes: readonly number[];
  readonly longestRecordBytes: number;
  /** The first faults, in the order of the file. */
  readonly faults: readonly CsvFault[];
  readonly faultCount: number;
}

export interface CsvScannerOptions {
  /** How many faults are kept; all are counted. */
  readonly keepFaults: number;
  /** Hand over the bytes of every record, not of the header only. */
  readonly capture?: boolean;
  /** Called at the end of each record, the header included. */
  readonly onRecord?: (record: CsvRecord) => void;
}

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
/** 1 for every byte that is not plain text. */
const SPECIAL = new Uint8Array(256);
for (const byte of [NUL, LF, CR, QUOTE, COMMA]) SPECIAL[byte] = 1;

type State = 'field-start' | 'plain' | 'quoted' | 'quote-closed';

export class CsvScanner {
  readonly #options: CsvScannerOptions;
  #state: State = 'field-start';
  /** Bytes seen before the present block. */
  #base = 0;
  #line = 1;
  /** The byte before was a CR: a following LF belongs to it. */
  #afterCr = false;
  #recordLine = 1;
  #recordStart = 0;
  #records = 0;
  #field = 0;
  #fieldBytes = 0;
  #faulty = false;
  #capturing = true;
  #parts: Buffer[] = [];
  #fields: Buffer[] = [];
  #header: CsvRecord | undefined;
  #longest = 0;
  readonly #ends = { lf: 0, crlf: 0, cr: 0 };
  readonly #filled: number[] = [];
  readonly #sizes: number[] = [];
  readonly #faults: CsvFault[] = [];
  #faultCount = 0;

  constructor(options: CsvScannerOptions) {
    this.#options = options;
  }

  /** Take the next block of the file (without a byte order mark). The block may be reused afterwards. */
  push(block: Buffer): void {
    let at = 0;
    while (at < block.length) {
      const from = at;
      while (at < block.length && SPECIAL[block[at] as number] === 0) at += 1;
      if (at > from) this.#text(block, from, at);
      if (at < block.length) {
        if (this.#state === 'quoted') this.#quotedSpecial(block, at);
        else this.#special(block, at);
        at += 1;
      }
    }
    this.#base += block.length;
    if (this.#base - this.#recordStart > MAX_RECORD_BYTES) this.#tooLong();
  }

  /** Close the last record and tell what was found. */
  finish(): CsvScan {
    if (this.#afterCr) this.#loneCr();
    if (this.#state === 'quoted') this.#fault('unclosed-quote');
    const hasText = this.#field > 0 || this.#state !== 'field-start';
    if (hasText) this.#endRecord(this.#base, this.#base);
    const { lf, crlf, cr } = this.#ends;
    return {
      header: this.#header,
      records: Math.max(0, this.#records - 1),
      lineEnds: cr > 0 || (lf > 0 && crlf > 0) ? 'mixed' : crlf > 0 ? 'crlf' : 'lf',
      filled: this.#perField(this.#filled),
      sizeBytes: this.#perField(this.#sizes),
      longestRecordBytes: this.#longest,
      faults: this.#faults,
      faultCount: this.#faultCount,
    };
  }

  #perField(counts: readonly (number | undefined)[]): number[] {
    return Array.from(this.#header?.fields ?? [], (_, field) => counts[field] ?? 0);
  }

  #text(block: Buffer, from: number, to: number): void {
    if (this.#afterCr) this.#loneCr();
    if (this.#state === 'field-start') this.#state = 'plain';
    else if (this.#state === 'quote-closed') {
      this.#fault('text-after-quote');
      this.#state = 'plain';
    }
    this.#take(block, from, to);
  }

  #special(block: Buffer, at: number): void {
    const byte = block[at];
    if (this.#afterCr) {
      if (byte === LF) {
        this.#afterCr = false;
        this.#ends.crlf += 1;
        this.#recordStart = this.#base + at + 1;
        return;
      }
      this.#loneCr();
    }
    if (byte === COMMA) this.#endField();
    else if (byte === LF) {
      this.#ends.lf += 1;
      this.#endLine(at);
    } else if (byte === CR) {
      this.#afterCr = true;
      this.#endLine(at);
    } else if (byte === QUOTE) this.#quote(block, at);
    else {
      this.#fault('nul');
      this.#state = 'plain';
      this.#take(block, at, at + 1);
    }
  }

  #quote(block: Buffer, at: number): void {
    if (this.#state === 'field-start') this.#state = 'quoted';
    else if (this.#state === 'quote-closed') {
      this.#state = 'quoted';
      this.#take(block, at, at + 1);
    } else {
      this.#fault('stray-quote');
      this.#take(block, at, at + 1);
    }
  }

  #quotedSpecial(block: Buffer, at: number): void {
    const byte = block[at];
    if (byte === QUOTE) {
      this.#afterCr = false;
      this.#state = 'quote-closed';
      return;
    }
    if (byte === CR || (byte === LF && !this.#afterCr)) this.#line += 1;
    this.#afterCr = byte === CR;
    if (byte === NUL) this.#fault('nul');
    this.#take(block, at, at + 1);
  }

  /** A CR without an LF: inside quotes it is text, else it ended a record. */
  #loneCr(): void {
    this.#afterCr = false;
    if (this.#state !== 'quoted') this.#ends.cr += 1;
  }

  #take(block: Buffer, from: number, to: number): void {
    this.#fieldBytes += to - from;
    if (this.#capturing && !this.#faulty) this.#parts.push(Buffer.from(block.subarray(from, to)));
  }

  #endField(): void {
    if (this.#fieldBytes > 0 && this.#records > 0) {
      this.#filled[this.#field] = (this.#filled[this.#field] ?? 0) + 1;
      this.#sizes[this.#field] = (this.#sizes[this.#field] ?? 0) + this.#fieldBytes;
    }
    if (this.#capturing) {
      this.#fields.push(this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts));
      this.#parts = [];
    }
    this.#field += 1;
    this.#fieldBytes = 0;
    this.#state = 'field-start';
  }

  #endLine(at: number): void {
    const blank = this.#field === 0 && this.#state === 'field-start';
    if (!blank) this.#endRecord(this.#base + at, this.#base + at + 1);
    this.#line += 1;
    this.#recordLine = this.#line;
    this.#recordStart = this.#base + at + 1;
  }

  #endRecord(end: number, next: number): void {
    this.#endField();
    this.#longest = Math.max(this.#longest, end - this.#recordStart);
    if (end - this.#recordStart > MAX_RECORD_BYTES) this.#tooLong();
    const expected = this.#header?.fields.length;
    if (expected !== undefined && this.#field !== expected) this.#fault('field-count', this.#field);
    const record = { index: this.#records, line: this.#recordLine, fields: this.#fields };
    this.#header ??= record;
    this.#options.onRecord?.(record);
    this.#records += 1;
    this.#capturing = this.#options.capture === true;
    this.#fields = [];
    this.#field = 0;
    this.#faulty = false;
    this.#recordStart = next;
  }

  #tooLong(): void {
    this.#fault('too-long');
    this.#parts = [];
  }

  #fault(kind: CsvFaultKind, fields = 0): void {
    if (this.#faulty) return;
    this.#faulty = true;
    this.#faultCount += 1;
    if (this.#faults.length < this.#options.keepFaults) {
      this.#faults.push({ kind, line: this.#recordLine, field: this.#field, fields });
    }
  }
}
