/** The parsers of receipts: the same answers from JSON and from XML, and no meaning out of damaged or hostile bytes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_TEXT_BYTES } from '../../pipelines/steps/submit/receipt-content.ts';
import { type ReadReceipt, readReceipt } from '../../pipelines/steps/submit/receipt-file.ts';
import type { ReceiptAnswer } from '../../schemas/submission.ts';

interface Parsed {
  readonly head: Omit<ReadReceipt, 'format'>;
  readonly answers: readonly ReceiptAnswer[];
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function parse(text: string | Uint8Array, size = 1 << 16): Promise<Parsed> {
  return parseStream(pieces(typeof text === 'string' ? new TextEncoder().encode(text) : text, size));
}

async function parseStream(bytes: AsyncIterable<Uint8Array>): Promise<Parsed> {
  const answers: ReceiptAnswer[] = [];
  const { format: _, ...head } = await readReceipt(bytes, 'receipt', async (some) => {
    answers.push(...some);
  });
  return { head, answers };
}

/** Characters that XML can hold, some of them awkward. */
const character = fc.oneof(
  fc.constantFrom(
    '<',
    '&',
    '>',
    '"',
    "'",
    ']]>',
    '\\',
    '\n',
    '\r',
    '\t',
    '𠮷',
    '㐀',
    '中',
    '\u{2a6d6}',
    ' ',
    '\u2028',
  ),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }),
);
const message = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''));
/** A word has no white space around it, or XML's would not be JSON's. */
const word = fc.stringMatching(/^[A-Za-z0-9<&>"'\u4e00-\u4eff-]{1,20}$/);
const receipt = fc.record({
  batch: word,
  receivedAt: word,
  records: fc.array(
    fc.record(
      { id: word, result: fc.constantFrom('accepted', 'rejected'), code: word, message },
      { requiredKeys: ['id', 'result'] },
    ),
    { maxLength: 6 },
  ),
});
type Receipt = typeof receipt extends fc.Arbitrary<infer T> ? T : never;

const expected = ({ batch, receivedAt, records }: Receipt): Parsed => ({
  head: { batch, receivedAt, records: records.length },
  answers: records.map(({ id, result, code, message: words }) => ({
    record_id: id,
    result: result as ReceiptAnswer['result'],
    code: code || null,
    message: words || null,
  })),
});

/** The same keys in an order that a seed decides, with keys that are not ours. */
function shuffled(entries: readonly (readonly [string, unknown])[], seed: number): [string, unknown][] {
  const strange: [string, unknown] = [`x${seed}`, { id: [1, { batch: null }, 'text'], deep: [[true]] }];
  return [...entries, ...(seed % 3 === 0 ? [strange] : [])]
    .map(([key, value], index) => ({ key, value, rank: (index * 7 + seed) % 5 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ key, value }) => [key, value]);
}

function asJson({ records, ...head }: Receipt, seed: number): string {
  const object = (entries: readonly (readonly [string, unknown])[]): object =>
    Object.fromEntries(shuffled(entries, seed));
  return JSON.stringify(
    object([...Object.entries(head), ['records', records.map((one) => object(Object.entries(one)))]]),
    null,
    seed % 2 === 0 ? 2 : 0,
  );
}

const escaped = (text: string): string =>
  text.replace(/[<&>"'\r\t\n]/g, (one) => `&#x${one.charCodeAt(0).toString(16)};`);

function asXml({ records, ...head }: Receipt, seed: number): string {
  const space = seed % 2 === 0 ? '\n  ' : '';
  const prefix = seed % 3 === 0 ? 'r:' : '';
  const element = (name: string, content: string): string =>
    `${space}<${prefix}${name}>${content}</${prefix}${name}>`;
  const strange = element('strange', `<a b="c"><id>1</id>${seed}</a><!-- a comment -->`);
  const fields = (entries: [string, unknown][]): string =>
    entries
      .map(([name, value]) => (typeof value === 'string' ? element(name, escaped(value)) : strange))
      .join('');
  const list = records.map((one) => element('record', fields(shuffled(Object.entries(one), seed)))).join('');
  const namespace = prefix === '' ? ' xmlns="urn:some"' : ' xmlns:r="urn:some"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${prefix}receipt${namespace}>${element('records', list)}${fields(
    shuffled(Object.entries(head), seed),
  )}</${prefix}receipt>\n`;
}

describe('a receipt', () => {
  test('says the same in JSON and in XML, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(receipt, fc.nat(30), fc.integer({ min: 1, max: 40 }), async (one, seed, size) => {
        expect(await parse(asJson(one, seed), size)).toEqual(expected(one));
        expect(await parse(asXml(one, seed), size)).toEqual(expected(one));
      }),
      { numRuns: 300 },
    );
  });

  test('in JSON keeps every text that JSON can hold', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), fc.integer({ min: 1, max: 9 }), async (words, isEscaped, size) => {
        const json = JSON.stringify({
          batch: 'b',
          receivedAt: 't',
          records: [{ id: '1', result: 'rejected', message: words }],
        });
        const ascii = json.replace(
          /[^ -~]/g,
          (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        const { answers } = await parse(isEscaped ? ascii : json, size);
        expect(answers[0]?.message).toBe(words);
      }),
      { numRuns: 300 },
    );
  });

  test('cut short is an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        receipt,
        fc.nat(30),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (one, seed, share) => {
          for (const text of [asJson(one, seed), asXml(one, seed).trimEnd()]) {
            const bytes = new TextEncoder().encode(text);
            const cut = bytes.slice(0, Math.min(bytes.length - 1, Math.floor(share * bytes.length)));
            await expect(parse(cut)).rejects.toMatchObject({ code: 'E_RECEIPT' });
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('with a byte changed is an error or what an independent reader makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        receipt,
        fc.nat(30),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(255),
        async (one, seed, share, value) => {
          const bytes = new TextEncoder().encode(asJson(one, seed));
          bytes[Math.min(bytes.length - 1, Math.floor(share * bytes.length))] = value;
          const found = await parse(bytes).catch((error: unknown) => error);
          if (found instanceof Error) expect(found).toMatchObject({ code: 'E_RECEIPT' });
          else expect(found).toEqual(byTheBook(bytes));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('in XML with a byte changed is an error or something that reads', async () => {
    await fc.assert(
      fc.asyncProperty(
        receipt,
        fc.nat(30),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(255),
        async (one, seed, share, value) => {
          const bytes = new TextEncoder().encode(asXml(one, seed));
          bytes[Math.min(bytes.length - 1, Math.floor(share * bytes.length))] = value;
          const found = await parse(bytes).catch((error: unknown) => error);
          if (found instanceof Error) expect(found).toMatchObject({ code: 'E_RECEIPT' });
          else expect((found as Parsed).answers.length).toBeLessThanOrEqual(one.records.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** The receipt as JSON.parse has it. */
function byTheBook(bytes: Uint8Array): Parsed {
  const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Receipt;
  const plain = (value: unknown): string | null => {
    if (value === undefined || value === null || value === '') return null;
    return String(value);
  };
  return {
    head: { batch: json.batch, receivedAt: json.receivedAt, records: json.records.length },
    answers: json.records.map((one) => ({
      record_id: one.id,
      result: one.result as ReceiptAnswer['result'],
      code: plain(one.code),
      message: plain(one.message),
    })),
  };
}

const GIB = 1024 ** 3;

/** A text of a given size that is made as it is read: a start, a filling repeated, an end. */
async function* endless(start: string, filling: string, end: string): AsyncGenerator<Uint8Array> {
  const block = new TextEncoder().encode(filling.repeat(Math.ceil(65_536 / filling.length)));
  yield new TextEncoder().encode(start);
  for (let sent = 0; sent < GIB; sent += block.length) {
    made += block.length;
    yield block;
  }
  yield new TextEncoder().encode(end);
}
let made = 0;

describe('hostile bytes', () => {
  const JSON_START = '{"batch":"b","receivedAt":"t","records":[{"id":"1","result":"accepted","message":';
  const XML_START =
    '<receipt><batch>b</batch><receivedAt>t</receivedAt><records><record><id>1</id><result>accepted</result>';
  test.each([
    ['a JSON message', `${JSON_START}"`, 'x', '"}]}'],
    ['a JSON value that is not ours', '{"strange":"', 'x', '"}'],
    ['a JSON key', '{"', 'x', '":1}'],
    ['a JSON number', '{"strange":1', '1', '}'],
    ['JSON in JSON', '{"strange":', '[', ''],
    ['JSON keys', '{"a":', '1,"b":', '1}'],
    ['an XML message', `${XML_START}<message>`, 'x', '</message></record></records></receipt>'],
    ['XML white space', '<receipt>', ' ', '</receipt>'],
    ['an XML comment', '<receipt><!--', 'x', '--></receipt>'],
    ['an XML attribute', '<receipt a="', 'x', '"/>'],
    ['an XML name', '<receipt', 'x', '/>'],
    ['CDATA', `${XML_START}<message><![CDATA[`, 'x', ']]></message>'],
    ['XML in XML', '<receipt>', '<a>', ''],
    ['a document type', '<!DOCTYPE r [', '<!ENTITY a "b">', ']><receipt/>'],
    ['an instruction', '<?p ', 'x', '?><receipt/>'],
  ])('a GiB of %s is refused early, and not held', async (_, start, filling, end) => {
    made = 0;
    const held = process.memoryUsage().rss;
    await expect(parseStream(endless(start, filling, end))).rejects.toMatchObject({ code: 'E_RECEIPT' });
    expect(made).toBeLessThan(32 * 65_536);
    expect(process.memoryUsage().rss - held).toBeLessThan(200 * 1024 * 1024);
  });

  test('many XML attributes are refused', async () => {
    const attributes = Array.from({ length: 100 }, (_, index) => `a${index}="1"`).join(' ');
    await expect(parse(`<receipt ${attributes}/>`)).rejects.toMatchObject({ code: 'E_RECEIPT' });
  });

  test.each([
    [
      'an entity bomb',
      '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><receipt><batch>&b;</batch></receipt>',
    ],
    [
      'an external entity',
      '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><receipt><batch>&x;</batch></receipt>',
    ],
    ['an external document type', '<!DOCTYPE r SYSTEM "http://localhost/x.dtd"><receipt/>'],
  ])('%s is refused for its document type', async (_, text) => {
    await expect(parse(text)).rejects.toMatchObject({ message: expect.stringContaining('DOCTYPE') });
  });

  const record = (value: string): string =>
    `{"batch":"b","receivedAt":"t",\n"records":[{"id":"1","result":"accepted"},\n{"id":"2","result":"rejected",${value}}]}`;
  test.each([
    [
      'a lone surrogate',
      record('"message":"\\ud800"'),
      /\(line 3, record 2\): message has half of a surrogate/,
    ],
    ['the wrong half first', record('"message":"\\udc00\\ud800"'), /half of a surrogate/],
    ['a control character as it is', record('"message":"\u0001"'), /line 3.*not JSON/],
    ['a key that stands twice', record('"result":"accepted"'), /line 3, record 2.*"result" stands twice/],
    ['an escaped key that stands twice', record('"\\u0069d":"3"'), /"id" stands twice/],
    [
      'a message that is too long',
      record(`"message":"${'中'.repeat(MAX_TEXT_BYTES / 3 + 1)}"`),
      /more than 64 KiB/,
    ],
    ['an id that is a number', record('"message":"x"').replace('"2"', '2'), /id is a number/],
    ['another result', record('"code":"1"').replace('rejected', 'Rejected'), /neither accepted nor rejected/],
    ['no records', '{"batch":"b","receivedAt":"t"}', /has no records/],
    ['two documents', `${record('"code":"1"')}{}`, /not JSON/],
    ['an entity of its own', '<receipt><batch>&b;</batch></receipt>', /not XML: undefined entity/],
    ['a surrogate as a reference', '<receipt><batch>&#xD800;</batch></receipt>', /not XML/],
    [
      'two ids',
      '<receipt><records><record><id>1</id><id>2</id></record></records></receipt>',
      /id stands twice/,
    ],
    [
      'another encoding',
      '<?xml version="1.0" encoding="Big5"?><receipt/>',
      /says Big5; only UTF-8 and GB18030/,
    ],
    ['nothing', '', /is empty/],
  ])('%s is an error that says where', async (_, text, words) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: 'E_RECEIPT',
      message: expect.stringMatching(words),
    });
  });

  test.each([
    ['UTF-8 cut in a character', Buffer.from('7b22e4b8', 'hex')],
    ['a surrogate in UTF-8', Buffer.from('7b22eda080223a317d', 'hex')],
    ['an overlong form', Buffer.from('7b22c080223a317d', 'hex')],
    ['UTF-16', Buffer.from('fffe7b002200', 'hex')],
  ])('%s is no text', async (_, bytes) => {
    await expect(parse(bytes)).rejects.toMatchObject({ code: 'E_RECEIPT' });
  });

  test('GB18030 is read where XML says so, with the characters that only it has', async () => {
    // Four bytes each for the first two, two for the third, as another program encodes them.
    const message = '𠮷㐀中';
    const words = Buffer.from('9534b2358139ee39d6d0', 'hex');
    const text = Buffer.concat([
      Buffer.from(`<?xml version="1.0" encoding="GB18030"?>${XML_START}<message>`),
      words,
      Buffer.from('</message></record></records></receipt>'),
    ]);
    for (const size of [1, 7, 65_536]) expect((await parse(text, size)).answers[0]?.message).toBe(message);
  });
});
