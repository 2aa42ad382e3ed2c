/** Reading and writing the primitive values of TTC messages: variable-length integers, chunked bytes, key and value pairs. */

/** Thrown when a message ends before all of it has arrived; the caller waits for the next packet. */
export class ShortMessage extends Error {}

/** Lengths above this are written in chunks. */
const MAX_SHORT_LENGTH = 252;
const LONG_LENGTH = 254;
const NULL_LENGTH = 255;
const CHUNK_BYTES = 32_767;

export class TtcReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  raw(length: number): Buffer {
    if (length > this.left) throw new ShortMessage(`${length} bytes wanted, ${this.left} there`);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  byte(): number {
    return this.raw(1).readUInt8(0);
  }

  peek(): number {
    if (this.left === 0) throw new ShortMessage('no byte left');
    return this.#bytes.readUInt8(this.#at);
  }

  uint16(): number {
    return this.raw(2).readUInt16BE(0);
  }

  uint16LittleEndian(): number {
    return this.raw(2).readUInt16LE(0);
  }

  /** A length byte and that many big-endian bytes; 0x80 in the length means negative. */
  integer(): number {
    const length = this.byte();
    const size = length & 0x7f;
    if (size === 0) return 0;
    if (size > 8) throw new Error(`an integer of ${size} bytes at ${this.#at}`);
    let value = 0n;
    for (const byte of this.raw(size)) value = (value << 8n) | BigInt(byte);
    const number = Number(value);
    return (length & 0x80) === 0 ? number : -number;
  }

  /** Bytes after their length; undefined for NULL. */
  bytes(): Buffer | undefined {
    const length = this.byte();
    if (length === 0 || length === NULL_LENGTH) return undefined;
    if (length !== LONG_LENGTH) return this.raw(length);
    const chunks: Buffer[] = [];
    for (let size = this.integer(); size > 0; size = this.integer()) chunks.push(this.raw(size));
    return Buffer.concat(chunks);
  }

  text(): string {
    return this.bytes()?.toString('utf8') ?? '';
  }

  /** Key, value and flags, as the logon sends them. */
  keyValue(): { key: string; value: string; flags: number } {
    const key = this.integer() > 0 ? this.text() : '';
    const value = this.integer() > 0 ? this.text() : '';
    return { key, value, flags: this.integer() };
  }

  untilNul(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new ShortMessage('no NUL');
    const bytes = this.raw(end - this.#at);
    this.#at += 1;
    return bytes;
  }

  rest(): Buffer {
    return this.raw(this.left);
  }
}

export class TtcWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, without a copy; valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, as a copy of its own; the writer is empty after it. */
  take(): Buffer {
    const taken = Buffer.from(this.view());
    this.#length = 0;
    return taken;
  }

  clear(): void {
    this.#length = 0;
  }

  #room(bytes: number): number {
    const at = this.#length;
    if (at + bytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + bytes));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length = at + bytes;
    return at;
  }

  byte(value: number): this {
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.#room(2);
    this.#bytes.writeUInt16BE(value, at);
    return this;
  }

  uint16LittleEndian(value: number): this {
    const at = this.#room(2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** A variable-length integer of the fewest bytes; the clients take any length. */
  integer(value: number): this {
    if (value === 0) return this.byte(0);
    const sign = value < 0 ? 0x80 : 0;
    let magnitude = BigInt(Math.abs(value));
    const bytes: number[] = [];
    for (; magnitude > 0n; magnitude >>= 8n) bytes.unshift(Number(magnitude & 0xffn));
    this.byte(bytes.length | sign);
    for (const byte of bytes) this.byte(byte);
    return this;
  }

  /** Bytes after their length, in chunks when long; undefined or empty: NULL. */
  bytes(value: Uint8Array | undefined): this {
    if (value === undefined || value.length === 0) return this.byte(0);
    if (value.length <= MAX_SHORT_LENGTH) return this.byte(value.length).raw(value);
    this.byte(LONG_LENGTH);
    for (let at = 0; at < value.length; at += CHUNK_BYTES) {
      const chunk = value.subarray(at, at + CHUNK_BYTES);
      this.integer(chunk.length).raw(chunk);
    }
    return this.integer(0);
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'));
  }

  /** The length as an integer, then (unless it is 0) the bytes after their length once more. */
  bytesWithTwoLengths(value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    this.integer(bytes.length);
    return bytes.length === 0 ? this : this.bytes(bytes);
  }

  keyValue(key: string, value: string, flags = 0): this {
    return this.bytesWithTwoLengths(key).bytesWithTwoLengths(value).integer(flags);
  }
}
