/** The simulated platform's judgement: exactly once, by what it holds, and its receipts in every form. */
import { strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { RecordBook, receiptsOf, recordsOf } from '../support/platform/judge.ts';

const xml = (records: readonly string[]) =>
  strToU8(`<?xml version="1.0"?><records xmlns="urn:x">${records.join('\n')}</records>`);
const record = (id: string, op: string, name = '张**') =>
  `<record><recordId>${id}</recordId><op>${op}</op><name>${name}</name></record>`;

test('records are read from a package, in the order of its files', () => {
  const zip = zipSync({
    'records-00002.xml': xml([record('110000-3', 'D')]),
    'records-00001.xml': xml([record('110000-1', 'I'), record('110000-2', 'U', 'a\nb')]),
    'manifest.json': strToU8('{}'),
  });
  expect(recordsOf(zip).map(({ id, op }) => `${id} ${op}`)).toEqual([
    '110000-1 I',
    '110000-2 U',
    '110000-3 D',
  ]);
  const lines = zipSync({ 'records-1.jsonl': strToU8('{"rid":"1","what":"I"}\n{"rid":"2","what":"D"}\n') });
  const names = { record: '', recordId: 'rid', op: 'what' };
  expect(recordsOf(lines, names).map(({ id, op }) => id + op)).toEqual(['1I', '2D']);
});

test('what is held decides, then the rule; a batch that comes twice is judged once', () => {
  const book = new RecordBook();
  const of = (...records: string[]) => recordsOf(zipSync({ 'records-00001.xml': xml(records) }));
  const rule = ({ id }: { id: string }) => (id === '2' ? { code: 'R7', message: '证件号码有误' } : undefined);
  const first = of(record('1', 'I'), record('2', 'I'), record('3', 'U'));
  expect(book.judge('B1', first, rule)).toEqual([
    { id: '1', result: 'accepted' },
    { id: '2', result: 'rejected', code: 'R7', message: '证件号码有误' },
    { id: '3', result: 'rejected', code: 'P002', message: '记录不存在' },
  ]);
  expect(book.judge('B1', of(record('1', 'D')))).toHaveLength(3);
  expect([...book.held.keys()]).toEqual(['1']);
  book.judge('B2', of(record('1', 'I'), record('1', 'D'), record('2', 'I')));
  expect([...book.held.keys()]).toEqual(['2']);
});

test('receipts: in parts, in another order, every answer once', () => {
  const verdicts = Array.from({ length: 7 }, (_, index) => ({
    id: String(index),
    result: 'accepted' as const,
  }));
  let last = 7;
  const random = () => {
    last = (last * 16_807) % 2_147_483_647;
    return last / 2_147_483_647;
  };
  const files = receiptsOf('B1', verdicts, { parts: 3, random });
  expect(files.map(({ name }) => name)).toEqual([
    'receipt-B1-1.json',
    'receipt-B1-2.json',
    'receipt-B1-3.json',
  ]);
  const ids = files
    .flatMap(({ text }) => (JSON.parse(text) as { records: { id: string }[] }).records)
    .map(({ id }) => id);
  expect(ids).not.toEqual(ids.toSorted());
  expect(ids.toSorted()).toEqual(verdicts.map(({ id }) => id));
});

test('a receipt in XML escapes what a message holds', () => {
  const rejected = { id: '1', result: 'rejected' as const, code: 'R1', message: '<a> & b' };
  const [file] = receiptsOf('B1', [rejected], { format: 'xml' });
  expect(file?.name).toBe('receipt-B1-1.xml');
  expect(file?.text).toContain('<message>&lt;a&gt; &amp; b</message></record></records></receipt>');
});
