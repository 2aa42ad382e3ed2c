/**
 * A receipt in XML, event by event: `receipt` with `batch`, `receivedAt` and `records` of `record` with `id`, `result`,
 * `code`, `message`; any namespace or none. Elements and attributes that are not ours are passed over. A document type
 * is refused, whatever it holds: without one there is no entity to expand and no file to fetch.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import {
  BoundedText,
  MAX_DEPTH,
  MAX_KEYS,
  MAX_TEXT_BYTES,
  RECORD_KEYS,
  type ReceiptContent,
  ReceiptFault,
} from './receipt-content.ts';

type Place = 'document' | 'receipt' | 'records' | 'record' | 'field' | 'end';

/** Text that the parser may hold before it tells of it: the longest value, with every character escaped. */
const MAX_HELD_CHARACTERS = 10 * MAX_TEXT_BYTES;

export class XmlReceipt {
  readonly #content: ReceiptContent;
  readonly #parser = new SaxesParser({ xmlns: true });
  #place: Place = 'document';
  #field = '';
  #text = new BoundedText('');
  #strange = 0;
  #attributes = 0;
  /** Where the parser was when it last told of something. */
  #toldAt = 0;

  constructor(content: ReceiptContent) {
    this.#content = content;
    const parser = this.#parser;
    parser.on('error', (error) => {
      const reason = error.message.replace(/^\d+:\d+: /, '');
      throw new ReceiptFault(`it is not XML: ${reason}`, { cause: error });
    });
    parser.on('doctype', () => {
      throw new ReceiptFault('it has a document type (DOCTYPE), which is not accepted');
    });
    parser.on('opentagstart', () => {
      this.#attributes = 0;
      this.#told();
    });
    parser.on('attribute', () => {
      this.#attributes += 1;
      this.#told();
      if (this.#attributes > MAX_KEYS)
        throw new ReceiptFault(`an element has more than ${MAX_KEYS} attributes`);
    });
    parser.on('opentag', (tag) => this.#open(tag));
    parser.on('closetag', () => this.#close());
    parser.on('text', (text) => this.#characters(text));
    parser.on('cdata', (text) => this.#characters(text));
    parser.on('comment', () => this.#told());
    parser.on('processinginstruction', () => this.#told());
  }

  /** Where the parser is, from 1. */
  get line(): number {
    return this.#parser.line;
  }

  /** Take the next piece of the text; no longer than what may be held. */
  push(text: string): void {
    this.#parser.write(text);
    if (this.#parser.position - this.#toldAt > MAX_HELD_CHARACTERS) {
      throw new ReceiptFault(`a value, a comment or white space has more than ${MAX_TEXT_BYTES / 1024} KiB`);
    }
  }

  end(): void {
    this.#parser.close();
    if (this.#place !== 'end') throw new ReceiptFault('it is not XML: it ends too early');
  }

  #told(): void {
    this.#toldAt = this.#parser.position;
  }

  #open({ local }: SaxesTagNS): void {
    this.#told();
    const place = this.#strange > 0 ? 'strange' : this.#place;
    if (place === 'document') {
      if (local !== 'receipt') throw new ReceiptFault('its root is not <receipt>');
      this.#place = 'receipt';
    } else if (place === 'receipt' && local === 'records') {
      this.#content.beginRecords();
      this.#place = 'records';
    } else if (place === 'receipt' && (local === 'batch' || local === 'receivedAt')) {
      this.#openField(local);
    } else if (place === 'records' && local === 'record') {
      this.#content.beginRecord();
      this.#place = 'record';
    } else if (place === 'record' && RECORD_KEYS.some((key) => key === local)) {
      this.#openField(local);
    } else if (place === 'field') {
      throw new ReceiptFault(`${this.#field} holds an element`);
    } else {
      this.#strange += 1;
      if (this.#strange > MAX_DEPTH) throw new ReceiptFault(`it is nested more than ${MAX_DEPTH} deep`);
    }
  }

  #openField(name: string): void {
    this.#field = name;
    this.#text = new BoundedText(name);
    this.#place = 'field';
  }

  #close(): void {
    this.#told();
    if (this.#strange > 0) this.#strange -= 1;
    else if (this.#place === 'field') this.#closeField();
    else if (this.#place === 'record') {
      this.#content.endRecord();
      this.#place = 'records';
    } else this.#place = this.#place === 'records' ? 'receipt' : 'end';
  }

  #closeField(): void {
    const field = RECORD_KEYS.find((key) => key === this.#field);
    const text = this.#text.take();
    // As for xs:token: indented by a tool, a word is the same word. A message is kept as it is.
    const value = field === 'message' ? text : text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    if (field !== undefined) {
      this.#content.field(field, value);
      this.#place = 'record';
    } else {
      this.#content.head(this.#field === 'batch' ? 'batch' : 'receivedAt', value);
      this.#place = 'receipt';
    }
  }

  #characters(text: string): void {
    this.#told();
    if (this.#strange > 0) return;
    if (this.#place === 'field') this.#text.add(text);
    else if (/[^ \t\r\n]/.test(text)) throw new ReceiptFault('it has text outside of a value');
  }
}
