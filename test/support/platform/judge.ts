/**
 * What a platform makes of packages: it reads their records, holds what it accepts, rejects by a rule of the test, and
 * writes receipts: whole or in parts, in order or not, late or twice, in JSON or XML, right or wrong.
 */
import { strFromU8, unzipSync } from 'fflate';

/** A record as the platform reads it. */
export interface SentRecord {
  readonly id: string;
  readonly op: 'I' | 'U' | 'D';
  /** All that it says, as it stands in the package. */
  readonly content: string;
}

export type Verdict =
  | { readonly id: string; readonly result: 'accepted' }
  | { readonly id: string; readonly result: 'rejected'; readonly code: string; readonly message: string };

/** Why a record is rejected; undefined where it is accepted. */
export type JudgeRule = (
  record: SentRecord,
) => { readonly code: string; readonly message: string } | undefined;

/** How the records of a layout are found; the shipped one where nothing is said. */
export interface RecordNames {
  readonly record: string;
  readonly recordId: string;
  readonly op: string;
}
const SHIPPED: RecordNames = { record: 'record', recordId: 'recordId', op: 'op' };

/** The records of a package, in the order of its files. */
export function recordsOf(zip: Uint8Array, names: RecordNames = SHIPPED): SentRecord[] {
  const files = Object.entries(unzipSync(zip)).sort(([a], [b]) => (a < b ? -1 : 1));
  return files.flatMap(([name, bytes]) => {
    if (name.endsWith('.xml')) return xmlRecords(strFromU8(bytes), names);
    if (/\.(jsonl|ndjson)$/.test(name)) return jsonLines(strFromU8(bytes), names);
    return [];
  });
}

function xmlRecords(text: string, { record, recordId, op }: RecordNames): SentRecord[] {
  const textIn = (content: string, name: string): string =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(content)?.[1] ?? '';
  return [...text.matchAll(new RegExp(`<${record}>(.*?)</${record}>`, 'gs'))].map(([, content = '']) => ({
    id: textIn(content, recordId),
    op: textIn(content, op) as SentRecord['op'],
    content,
  }));
}

function jsonLines(text: string, { recordId, op }: RecordNames): SentRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const values = JSON.parse(line) as Record<string, string>;
      return { id: values[recordId] ?? '', op: values[op] as SentRecord['op'], content: line };
    });
}

/** What a platform holds. A batch is judged once, however often it comes. */
export class RecordBook {
  /** What was accepted last of each record that is not deleted. */
  readonly held = new Map<string, string>();
  readonly #judged = new Map<string, readonly Verdict[]>();

  judge(
    batch: string,
    records: readonly SentRecord[],
    rule: JudgeRule = () => undefined,
  ): readonly Verdict[] {
    const known = this.#judged.get(batch);
    if (known !== undefined) return known;
    const verdicts = records.map((record) => this.#judgeOne(record, rule));
    this.#judged.set(batch, verdicts);
    return verdicts;
  }

  #judgeOne(record: SentRecord, rule: JudgeRule): Verdict {
    const { id, op, content } = record;
    const fault = this.#outOfPlace(record) ?? rule(record);
    if (fault !== undefined) return { id, result: 'rejected', ...fault };
    if (op === 'D') this.held.delete(id);
    else this.held.set(id, content);
    return { id, result: 'accepted' };
  }

  /** An operation that does not fit what is held: our side must never ask for one. */
  #outOfPlace({ id, op }: SentRecord): { code: string; message: string } | undefined {
    if (op === 'I' && this.held.has(id)) return { code: 'P001', message: '记录已存在' };
    if (op !== 'I' && !this.held.has(id)) return { code: 'P002', message: '记录不存在' };
    return undefined;
  }
}

export interface ReceiptWish {
  readonly format?: 'json' | 'xml';
  /** Into so many receipts the answers are spread. */
  readonly parts?: number;
  /** Numbers from 0 to 1; given, the answers come in another order. */
  readonly random?: () => number;
  readonly receivedAt?: string;
}

export interface ReceiptFile {
  readonly name: string;
  readonly text: string;
}

/** Receipts that say what was judged; no receipt is empty unless there is nothing to say. */
export function receiptsOf(
  batch: string,
  verdicts: readonly Verdict[],
  wish: ReceiptWish = {},
): ReceiptFile[] {
  const { format = 'json', parts = 1, random, receivedAt = '2026-11-04T10:00:00+08:00' } = wish;
  const ordered = random === undefined ? [...verdicts] : shuffled(verdicts, random);
  const count = Math.max(1, Math.min(parts, ordered.length));
  return Array.from({ length: count }, (_, index) => {
    const records = ordered.filter((_verdict, position) => position % count === index);
    const name = `receipt-${batch}-${index + 1}.${format}`;
    const receipt = { batch, receivedAt, records };
    return { name, text: format === 'json' ? JSON.stringify(receipt) : xmlReceipt(receipt) };
  });
}

function xmlReceipt(receipt: { batch: string; receivedAt: string; records: readonly Verdict[] }): string {
  const element = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;
  const records = receipt.records.map((verdict) => {
    const why =
      verdict.result === 'accepted'
        ? ''
        : element('code', verdict.code) + element('message', verdict.message);
    return `<record>${element('id', verdict.id)}${element('result', verdict.result)}${why}</record>`;
  });
  const head = element('batch', receipt.batch) + element('receivedAt', receipt.receivedAt);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<receipt>${head}<records>${records.join('')}</records></receipt>\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
