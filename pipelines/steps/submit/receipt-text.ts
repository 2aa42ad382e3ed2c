/**
 * The bytes of a receipt as text: strict UTF-8, or GB18030 where an XML declaration says so. What the bytes begin with
 * says what the file is, not its name.
 */
import { ReceiptFault } from './receipt-content.ts';

/** Bytes that are looked at to tell what a file is. */
const SNIFFED_BYTES = 1024;
/** A longer line is handed on in pieces: a place is then exact to this. */
const MAX_SLICE_CHARACTERS = 1024;

const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const GB18030_BOM = Buffer.from([0x84, 0x31, 0x95, 0x33]);
/** Names of an XML declaration; GB18030 holds the two older ones. */
const ENCODINGS: Readonly<Record<string, 'utf-8' | 'gb18030'>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  gb18030: 'gb18030',
  gbk: 'gb18030',
  gb2312: 'gb18030',
};

export interface ReceiptForm {
  readonly format: 'json' | 'xml';
  readonly encoding: 'utf-8' | 'gb18030';
  /** Bytes of a byte order mark. */
  readonly skip: number;
}

/** A piece of text: of JSON a line or part of one, with its line end. */
export interface TextSlice {
  readonly text: string;
  /** In which it begins, from 1. */
  readonly line: number;
}

/**
 * Read the text of a receipt.
 * @param bytes blocks that may be reused once the next one is asked for
 * @param form called once, before the first slice
 * @throws ReceiptFault
 */
export async function* receiptText(
  bytes: AsyncIterable<Uint8Array>,
  form: (form: ReceiptForm) => void,
): AsyncGenerator<TextSlice, void, undefined> {
  let known: ReceiptForm | undefined;
  let decoder = new TextDecoder();
  let line = 1;
  for await (const block of sniffable(bytes)) {
    let rest = block;
    if (known === undefined) {
      known = formOf(block);
      form(known);
      decoder = new TextDecoder(known.encoding, { fatal: true, ignoreBOM: true });
      rest = block.subarray(known.skip);
    }
    const text = decode(decoder, known, { block: rest, line });
    // The XML parser counts lines by itself.
    const pieces = known.format === 'xml' ? [text] : slices(text);
    for (const piece of pieces) {
      yield { text: piece, line };
      line += piece.match(/\n/g)?.length ?? 0;
    }
  }
  if (known === undefined) throw new ReceiptFault('it is empty');
  decode(decoder, known, { block: undefined, line });
}

/** The same blocks, of which the first has all that is looked at, or the whole file. */
async function* sniffable(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const block of bytes) {
    if (first === undefined) yield block;
    else {
      first = Buffer.concat([first, block]);
      if (first.length < SNIFFED_BYTES) continue;
      yield first;
      first = undefined;
    }
  }
  if (first !== undefined && first.length > 0) yield first;
}

function formOf(block: Uint8Array): ReceiptForm {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const begins = (...start: number[]): boolean => bytes.subarray(0, start.length).equals(Buffer.from(start));
  if (begins(0x50, 0x4b))
    throw new ReceiptFault('it is a zip archive: unpack it and import the receipts in it');
  if (begins(0x1f, 0x8b)) throw new ReceiptFault('it is compressed: unpack it first');
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) throw new ReceiptFault('it is UTF-16; only UTF-8 is read');
  const mark = [UTF8_BOM, GB18030_BOM].find((bom) => begins(...bom));
  const skip = mark?.length ?? 0;
  const head = bytes.subarray(skip, SNIFFED_BYTES).toString('latin1');
  const first = head.trimStart()[0];
  if (first === '<') {
    const declared = declaredEncoding(head);
    if (mark === UTF8_BOM && declared === 'gb18030') {
      throw new ReceiptFault('its byte order mark says UTF-8, its XML declaration GB18030');
    }
    return { format: 'xml', encoding: mark === GB18030_BOM ? 'gb18030' : declared, skip };
  }
  if (first === '{' || first === '[') {
    if (mark === GB18030_BOM) throw new ReceiptFault('it is JSON in GB18030; JSON is UTF-8');
    return { format: 'json', encoding: 'utf-8', skip };
  }
  throw new ReceiptFault('it is neither JSON nor XML');
}

function declaredEncoding(head: string): 'utf-8' | 'gb18030' {
  const name = /^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1];
  const encoding = name === undefined ? 'utf-8' : ENCODINGS[name.toLowerCase()];
  if (encoding !== undefined) return encoding;
  throw new ReceiptFault(`its XML declaration says ${name}; only UTF-8 and GB18030 are read`);
}

/** @param from the block with the line in which it begins; no block: the end */
function decode(
  decoder: InstanceType<typeof TextDecoder>,
  { encoding }: ReceiptForm,
  { block, line }: { readonly block: Uint8Array | undefined; readonly line: number },
): string {
  try {
    return block === undefined ? decoder.decode() : decoder.decode(block, { stream: true });
  } catch (error) {
    // Decoded again with replacements, the text before the first of them tells the line.
    const before = new TextDecoder(encoding).decode(block).split('\uFFFD', 1)[0] ?? '';
    const lines = before.match(/\n/g)?.length ?? 0;
    throw new ReceiptFault(`it is not ${encoding.toUpperCase()}`, { cause: error, line: line + lines });
  }
}

function* slices(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const piece = text.slice(at, at + MAX_SLICE_CHARACTERS);
    const end = piece.indexOf('\n');
    const slice = end < 0 ? piece : piece.slice(0, end + 1);
    yield slice;
    at += slice.length;
  }
}
