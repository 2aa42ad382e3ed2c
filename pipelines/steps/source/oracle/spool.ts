/**
 * Rows on their way from the driver to the engine: a file of lines of tab-separated text, an empty field for NULL.
 * There are no quotes: a control character or backslash of a text is written as two characters, so that a line end is
 * always the end of a row and the engine may read the file in pieces. The file says which such pairs it has, and the
 * engine undoes these and no others.
 *
 * Bytes are put together one by one: three times as fast as joining strings, and nothing is copied twice. What the
 * engine would have to look at every value for is looked at here on the way.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { type Column, engineType } from '../../../../schemas/contract.ts';
import type { OracleValue } from './session.ts';

/**
 * What a column holds: `padded` is text that the database fills up with blanks (CHAR), `cents` a number of at most two
 * decimals, `time` a date or timestamp as text.
 */
export type SpoolKind = 'text' | 'padded' | 'integer' | 'cents' | 'time';

/** The kind of a column of the contract; which texts are filled up with blanks only the database knows. */
export function spoolKind(column: Column): SpoolKind {
  const type = engineType(column);
  switch (type) {
    case 'VARCHAR':
      return 'text';
    case 'TIMESTAMP':
      return 'time';
    case 'DECIMAL(18,2)':
      return 'cents';
    case 'BIGINT':
    case 'INTEGER':
      return 'integer';
  }
  return type satisfies never;
}

const BUFFER_BYTES = 1024 * 1024;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const BAR = 0x7c;
/** A control character is written as a backslash and the character that stands so far above it. */
const CONTROL_OFFSET = 0x40;
/** The longest a UTF-16 unit can become. */
const BYTES_PER_UNIT = 3;
/** `YYYY-MM-DD HH:MM:SS`, and the same with microseconds. */
const TIME_UNITS: readonly number[] = [19, 26];

export interface SpoolFile {
  readonly rows: number;
  readonly sizeBytes: number;
  /** Code points that were written as pairs, ascending. */
  readonly escaped: readonly number[];
  /**
   * Whether every number and time has the form that the engine reads without rounding or reading anything into it: it
   * may then read the columns as their types, and only the range of a value can still be wrong.
   */
  readonly isRegular: boolean;
}

/** Node's own method, older than its types: a call by encoding takes twice as long. */
interface Latin1Writer extends Buffer {
  latin1Write(text: string, offset: number): number;
}

/** Writes rows to a new file that only its owner can read, while further rows are put together. */
export class SpoolWriter {
  readonly #file: FileHandle;
  readonly #escaped = new Set<number>();
  readonly #kinds: readonly SpoolKind[];
  #buffer = newBuffer();
  /** Buffers that are written out. */
  readonly #free: Latin1Writer[] = [];
  /** The last write on its way, which waits for the one before; neither ever fails. */
  #writing: Promise<void> = Promise.resolve();
  #writingBefore = this.#writing;
  #failure: unknown;
  #used = 0;
  #rows = 0;
  #sizeBytes = 0;
  #isRegular = true;

  private constructor(file: FileHandle, kinds: readonly SpoolKind[]) {
    this.#kinds = kinds;
    this.#file = file;
  }

  /** @param kinds of the columns, in the order of a row's values */
  static async create(file: string, kinds: readonly SpoolKind[]): Promise<SpoolWriter> {
    return new SpoolWriter(await open(file, 'w', 0o600), kinds);
  }

  /** Put rows together; after some of them {@link settle} is to be waited for, or memory grows. */
  add(rows: readonly (readonly OracleValue[])[]): void {
    const kinds = this.#kinds;
    let used = this.#used;
    for (const row of rows) {
      // A look at all texts of a row before the first is written lets the processor fetch them side by side.
      let needed = row.length;
      for (const text of row) if (text !== null) needed += text.length * BYTES_PER_UNIT;
      if (used + needed > this.#buffer.length) used = this.#flush(used, needed);
      const buffer = this.#buffer;
      for (let index = 0; index < row.length; index++) {
        const text = row[index] ?? '';
        if (text !== '') used = this.#field(used, text, kinds[index]);
        buffer[used++] = TAB;
      }
      // Instead of the tab behind the last field, which was not written out yet.
      buffer[used - 1] = LINE_FEED;
    }
    this.#used = used;
    this.#rows += rows.length;
  }

  /** Wait until at most one buffer is on its way. @throws what the system says of an earlier write */
  async settle(): Promise<void> {
    await this.#writingBefore;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Write what is left. Nothing waits for the disk here: who needs that syncs the file beside the next rows. */
  async finish(): Promise<SpoolFile> {
    this.#flush(this.#used);
    await this.close();
    if (this.#failure !== undefined) throw this.#failure;
    return {
      rows: this.#rows,
      sizeBytes: this.#sizeBytes,
      escaped: [...this.#escaped].sort((a, b) => a - b),
      isRegular: this.#isRegular,
    };
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  /** Write a field for which there is room. */
  #field(used: number, text: string, kind: SpoolKind | undefined): number {
    if (kind === 'time') return this.#time(used, text);
    if (kind === 'integer' || kind === 'cents') return this.#number(used, text, kind === 'cents' ? 2 : 0);
    return this.#text(used, text, kind === 'padded' ? unpaddedLength(text) : text.length);
  }

  #time(used: number, text: string): number {
    const first = text.charCodeAt(0);
    const isOfAYear = first > ZERO ? first <= NINE : first === ZERO && !text.startsWith('0000');
    if (!isOfAYear || !TIME_UNITS.includes(text.length)) {
      this.#isRegular = false;
      return this.#text(used, text, text.length);
    }
    // Whatever else it held would be no time, and is refused as none. So long a text is cheaper to write by a call.
    return used + this.#buffer.latin1Write(text, used);
  }

  /** Digits, before them perhaps a minus, in them at most one point with so many decimals behind it. */
  #number(used: number, text: string, mostDecimals: number): number {
    const buffer = this.#buffer;
    const { length } = text;
    let point = length;
    let at = used;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < ZERO || unit > NINE) {
        if (unit === POINT && point === length) point = index;
        else if (unit !== MINUS || index > 0 || length === 1) {
          this.#isRegular = false;
          return this.#text(used, text, length);
        }
      }
      buffer[at++] = unit;
    }
    // Two decimals stand behind a point in the place `length - 3`; a point at the end is no form of the driver's.
    if (point < length && (point < length - 1 - mostDecimals || point === length - 1))
      this.#isRegular = false;
    return at;
  }

  #text(used: number, text: string, length: number): number {
    const buffer = this.#buffer;
    let at = used;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= SPACE && unit < 0x80 && unit !== BACKSLASH) {
        buffer[at++] = unit;
      } else if (unit < 0x80) {
        this.#escaped.add(unit);
        buffer[at++] = BACKSLASH;
        buffer[at++] = unit === BACKSLASH ? BAR : unit + CONTROL_OFFSET;
      } else if (unit < 0x800) {
        buffer[at++] = 0xc0 | (unit >> 6);
        buffer[at++] = 0x80 | (unit & 0x3f);
      } else if (unit < 0xd800 || unit > 0xdfff) {
        buffer[at++] = 0xe0 | (unit >> 12);
        buffer[at++] = 0x80 | ((unit >> 6) & 0x3f);
        buffer[at++] = 0x80 | (unit & 0x3f);
      } else {
        // Two units of the text become four bytes; half a pair cannot come out of UTF-8, and becomes U+FFFD.
        const point = text.codePointAt(index) ?? unit;
        at += buffer.write(point > 0xffff ? String.fromCodePoint(point) : '\uFFFD', at, 'utf8');
        if (point > 0xffff) index++;
      }
    }
    return at;
  }

  /** Send off what is there; afterwards there is room for so many bytes from the returned place on. */
  #flush(used: number, needed = 0): number {
    const buffer = this.#buffer;
    const from = this.#sizeBytes;
    this.#writingBefore = this.#writing;
    this.#writing = this.#writing.then(async () => {
      await this.#write(buffer, used, from);
      if (buffer.length === BUFFER_BYTES) this.#free.push(buffer);
    });
    this.#sizeBytes += used;
    this.#used = 0;
    this.#buffer = needed > BUFFER_BYTES ? newBuffer(needed) : (this.#free.pop() ?? newBuffer());
    return 0;
  }

  /** The first write that fails is the last: the file is of no use any more. */
  async #write(buffer: Buffer, length: number, position: number): Promise<void> {
    try {
      for (let at = 0; at < length && this.#failure === undefined; ) {
        at += (await this.#file.write(buffer, at, length - at, position + at)).bytesWritten;
      }
    } catch (error) {
      this.#failure = error;
    }
  }
}

const newBuffer = (bytes = BUFFER_BYTES): Latin1Writer => Buffer.allocUnsafeSlow(bytes) as Latin1Writer;

/** Without the blanks at its end. A CHAR of blanks alone is not empty: one of them stays. */
function unpaddedLength(text: string): number {
  let length = text.length;
  while (length > 1 && text.charCodeAt(length - 1) === SPACE) length--;
  return length;
}

/**
 * An SQL expression of the engine that gives back the text of a field.
 * @param field the field as it was read
 * @param escaped what the files that are read have as pairs
 */
export function unescapedSql(field: string, escaped: readonly number[]): string {
  const control = escaped
    .filter((point) => point !== BACKSLASH)
    .reduce(
      (text, point) =>
        `replace(${text}, '\\${String.fromCodePoint(point + CONTROL_OFFSET).replace("'", "''")}', chr(${point}))`,
      field,
    );
  // Last: what it brings back is no start of a pair any more.
  return escaped.includes(BACKSLASH) ? `replace(${control}, '\\|', '\\')` : control;
}
