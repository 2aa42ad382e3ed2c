/**
 * A receipt in JSON, token by token: keys in any order, keys that are not ours are passed over, but a key that stands
 * twice in an object of ours is refused, because readers differ on which of the two counts.
 */
import { getManyValues, isMany, none } from 'stream-chain/core';
import { jsonParser, type Token } from 'stream-json/core/parser.js';
import {
  BoundedText,
  MAX_DEPTH,
  MAX_KEYS,
  RECEIPT_KEYS,
  RECORD_KEYS,
  type ReceiptContent,
  ReceiptFault,
} from './receipt-content.ts';

type Place = 'document' | 'receipt' | 'records' | 'record' | 'end';

export class JsonReceipt {
  readonly #content: ReceiptContent;
  readonly #parse = jsonParser({ packValues: false, streamValues: true });
  #place: Place = 'document';
  readonly #receiptKeys = new Set<string>();
  readonly #recordKeys = new Set<string>();
  /** Of the value that stands or follows. */
  #key = '';
  #text = new BoundedText('');
  /** How deep it goes in a value that is not ours to read; 0 outside of one. */
  #strange = 0;

  constructor(content: ReceiptContent) {
    this.#content = content;
  }

  /** Pieces end with their line: the one that was pushed last tells it. */
  readonly line = undefined;

  /** Take the next piece of the text, of any length. */
  push(text: string): void {
    this.#take(this.#tokens(text));
  }

  end(): void {
    this.#take(this.#tokens(none));
    if (this.#place !== 'end') throw new ReceiptFault('it is not JSON: it ends too early');
  }

  #tokens(text: string | typeof none): readonly Token[] {
    try {
      const found = this.#parse(text as string);
      if (found === none) return [];
      return isMany(found) ? (getManyValues(found) as Token[]) : [found as unknown as Token];
    } catch (error) {
      const reason =
        error instanceof Error ? error.message.replace(/^Parser (cannot parse input: |has )?/, '') : '';
      throw new ReceiptFault(`it is not JSON${text === none ? ' at its end' : ''}: ${reason}`, {
        cause: error,
      });
    }
  }

  #take(tokens: readonly Token[]): void {
    for (const token of tokens) this.#token(token);
  }

  #token(token: Token): void {
    switch (token.name) {
      case 'startObject':
      case 'startArray':
        this.#open(token.name === 'startObject');
        break;
      case 'endObject':
      case 'endArray':
        this.#close();
        break;
      case 'startKey':
        this.#text = new BoundedText('a key');
        break;
      case 'startString':
      case 'startNumber':
        this.#text = new BoundedText(this.#strange > 0 ? 'a value' : this.#key || 'a value');
        break;
      case 'stringChunk':
      case 'numberChunk':
        this.#text.add(token.value);
        break;
      case 'endKey':
        this.#beginKey(this.#text.take());
        break;
      case 'endString':
        this.#scalar(this.#text.take());
        break;
      case 'endNumber':
        this.#number(this.#text.take());
        break;
      case 'nullValue':
        this.#null();
        break;
      case 'trueValue':
      case 'falseValue':
        this.#other('true or false');
        break;
      default:
      // Packed values and white space: not asked for.
    }
  }

  #open(isObject: boolean): void {
    if (this.#strange > 0 || this.#isStrangeKey()) {
      this.#strange += 1;
      if (this.#strange > MAX_DEPTH) throw new ReceiptFault(`it is nested more than ${MAX_DEPTH} deep`);
    } else if (this.#place === 'document' && isObject) {
      this.#place = 'receipt';
    } else if (this.#place === 'receipt' && this.#key === 'records' && !isObject) {
      this.#content.beginRecords();
      this.#place = 'records';
    } else if (this.#place === 'records' && isObject) {
      this.#content.beginRecord();
      this.#recordKeys.clear();
      this.#place = 'record';
    } else {
      this.#other(isObject ? 'an object' : 'a list');
    }
    this.#key = '';
  }

  #close(): void {
    if (this.#strange > 0) this.#strange -= 1;
    else if (this.#place === 'record') {
      this.#content.endRecord();
      this.#place = 'records';
    } else this.#place = this.#place === 'records' ? 'receipt' : 'end';
    this.#key = '';
  }

  #beginKey(key: string): void {
    if (this.#strange > 0) return;
    const keys = this.#place === 'record' ? this.#recordKeys : this.#receiptKeys;
    if (keys.has(key)) throw new ReceiptFault(`the key ${JSON.stringify(key.slice(0, 40))} stands twice`);
    keys.add(key);
    if (keys.size > MAX_KEYS) throw new ReceiptFault(`an object has more than ${MAX_KEYS} keys`);
    this.#key = key;
  }

  #scalar(value: string): void {
    if (this.#strange > 0 || this.#isStrangeKey()) return;
    const head = RECEIPT_KEYS.find((key) => key === this.#key);
    const field = RECORD_KEYS.find((key) => key === this.#key);
    if (this.#place === 'receipt' && head !== undefined && head !== 'records')
      this.#content.head(head, value);
    else if (this.#place === 'record' && field !== undefined) this.#content.field(field, value);
    else this.#other('a text');
  }

  /** Only a code may be a number: it is kept as it is written. */
  #number(value: string): void {
    if (this.#place === 'record' && this.#key === 'code') this.#scalar(value);
    else this.#other('a number');
  }

  #null(): void {
    const isOptional = this.#key === 'code' || this.#key === 'message';
    if (this.#place === 'record' && isOptional && this.#strange === 0) return;
    this.#other('null');
  }

  /** A value of a kind that its key does not have. */
  #other(kind: string): void {
    if (this.#strange > 0 || this.#isStrangeKey()) return;
    switch (this.#place) {
      case 'document':
        throw new ReceiptFault(`a receipt is an object, not ${kind}`);
      case 'records':
        throw new ReceiptFault(`records has ${kind} where an object is expected`);
      default:
        throw new ReceiptFault(`${this.#key} is ${kind}`);
    }
  }

  #isStrangeKey(): boolean {
    if (this.#place === 'receipt') return !(RECEIPT_KEYS as readonly string[]).includes(this.#key);
    return this.#place === 'record' && !(RECORD_KEYS as readonly string[]).includes(this.#key);
  }
}
