/** LOBs that clients hold locators of: texts of results, and temporary LOBs that clients fill. */
import { MESSAGE } from './negotiation.ts';
import { TtcWriter } from './primitives.ts';
import { OraError } from './replies.ts';
import { LOB, type LobRequest } from './requests.ts';

const LOCATOR_BYTES = 40;
const NUMBER_AT = 16;
/** Flag of byte 6: the characters travel as UTF-16, big-endian, as Oracle stores CLOBs of an AL32UTF8 database. */
const UTF16_AT = 6;
const UTF16 = 0x80;
const CHUNK_SIZE = 8132;

export class Lobs {
  readonly #texts = new Map<number, string>();
  #next = 1;

  add(text: string): Buffer {
    const number = this.#next++;
    this.#texts.set(number, text);
    const locator = Buffer.alloc(LOCATOR_BYTES);
    locator.writeUInt16BE(LOCATOR_BYTES - 2, 0);
    locator[4] = 0x02;
    locator[5] = 0x08;
    locator[UTF16_AT] = UTF16;
    locator.writeUInt32BE(number, NUMBER_AT);
    return locator;
  }

  text(locator: Buffer): string {
    const text = this.#texts.get(locator.length < NUMBER_AT + 4 ? 0 : locator.readUInt32BE(NUMBER_AT));
    if (text === undefined) throw new OraError(22275, 'invalid LOB locator specified');
    return text;
  }

  free(locators: Buffer): void {
    for (let at = 0; at + LOCATOR_BYTES <= locators.length; at += LOCATOR_BYTES) {
      this.#texts.delete(locators.readUInt32BE(at + NUMBER_AT));
    }
  }

  clear(): void {
    this.#texts.clear();
  }

  /**
   * The answer to a LOB operation, without the message that ends the call.
   * @param driver python-oracledb 1.x reads one byte more after a new locator than node-oracledb
   */
  answer(request: LobRequest, driver: string): Buffer {
    const writer = new TtcWriter();
    const { operation, offset } = request;
    if (operation === LOB.createTemporary) {
      writer.byte(MESSAGE.parameter).raw(this.add('')).integer(873).byte(0);
      return (driver.startsWith('python') ? writer.byte(0) : writer).take();
    }
    let { amount } = request;
    if (operation === LOB.read) {
      // UTF-16 code units are what Oracle counts, and what JavaScript's strings hold.
      const part = this.text(request.locator).slice(offset - 1, offset - 1 + amount);
      const bytes = Buffer.from(part, 'utf16le').swap16();
      writer.byte(MESSAGE.lobData).bytes(bytes);
      amount = part.length;
    } else if (operation === LOB.write) {
      const text = this.text(request.locator);
      const data = Buffer.from(request.data ?? Buffer.alloc(0))
        .swap16()
        .toString('utf16le');
      const start = text.slice(0, offset - 1).padEnd(offset - 1, ' ');
      this.#set(request.locator, start + data + text.slice(offset - 1 + data.length));
    } else if (operation === LOB.getLength) amount = this.text(request.locator).length;
    else if (operation === LOB.getChunkSize) amount = CHUNK_SIZE;
    else if (operation === LOB.trim) this.#set(request.locator, this.text(request.locator).slice(0, amount));
    else if (operation === LOB.freeTemporary) this.free(request.locator);
    else if (operation !== LOB.open && operation !== LOB.close) {
      throw new OraError(
        900,
        `invalid SQL statement (oracle-wire does not serve the LOB operation ${operation})`,
      );
    }
    writer.byte(MESSAGE.parameter).raw(request.locator);
    if (request.sendsAmount) writer.integer(amount);
    return writer.take();
  }

  #set(locator: Buffer, text: string): void {
    this.text(locator);
    this.#texts.set(locator.readUInt32BE(NUMBER_AT), text);
  }
}
