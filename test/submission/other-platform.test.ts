/** Another system, and another version of the national platform, as files alone: no code knows of them. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SubmissionOutcome } from '../../pipelines/national-platform.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { releaseRecord } from '../../pipelines/submissions.ts';
import { arbdata } from '../app/support.ts';
import { INPUT_DIR } from '../golden/support.ts';
import { openWorkbook, rowsOf } from '../publish/support.ts';
import { recordsOf as sentRecords } from '../support/platform/judge.ts';
import { expectGolden } from './support/golden.ts';
import { aCase, CITIZEN, type SmallCase, smallSource, withRows } from './support/small-source.ts';
import {
  entriesOf,
  packageFile,
  recordsOf,
  SubmissionHome,
  writeXml,
  xmllint,
} from './support/submission-home.ts';

interface Field {
  readonly element: string;
  readonly type: string;
  readonly codes?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}
interface LayoutFile {
  readonly format: { readonly recordsPerFile: number; readonly [other: string]: unknown };
  readonly fields: readonly Field[];
  readonly claims: object;
  readonly parties: { readonly fields: readonly Field[]; readonly [other: string]: unknown };
  readonly [other: string]: unknown;
}
const layoutFile = (file: string): LayoutFile => JSON.parse(readFileSync(file, 'utf8')) as LayoutFile;

describe('another system', () => {
  const product = 'city-exchange';
  const layout = layoutFile(path.join(INPUT_DIR, 'platforms/city-exchange-2099-1.json'));
  const CASES: readonly SmallCase[] = [
    aCase(1),
    aCase(2, { isClosed: true, amount: 200 }),
    aCase(3, { name: '欧阳"\\小明' }),
    aCase(4),
    aCase(5),
    // More workers than it takes, and a number that is too long.
    aCase(6),
    aCase(7),
  ];
  const sourceOf = (cases: readonly SmallCase[]) =>
    withRows(smallSource(cases), {
      ARB_CASE: { '6': { WORKER_COUNT: '51' }, '5': { DISPUTE_TYPE: '11' } },
      ARB_PARTY: { '41': { ID_NO: CITIZEN }, '72': { ID_NO: '9'.repeat(65) } },
    });
  const sent = (outcome: SubmissionOutcome) =>
    sentRecords(readFileSync(packageFile(outcome)), { record: '', recordId: 'key', op: 'action' }).map(
      ({ id, op }) => `${id} ${op}`,
    );

  let home: SubmissionHome;
  let first: SubmissionOutcome;
  let snapshotId = '';
  beforeAll(async () => {
    home = await SubmissionHome.open();
    home.layout('city-exchange-2099-1.json', layout);
    await home.fill(sourceOf(CASES));
    ({ submission: first } = await home.build('2026-10', { product }));
  });
  afterAll(() => removeTree(home.dir));

  test('its package has its names, its files, and no schema', () => {
    expect(first.batch).toBe('CX-202610-01');
    expect([...entriesOf(first).keys()]).toEqual([
      'part-00001.jsonl',
      'part-00002.jsonl',
      'summary.json',
      'manifest.json',
    ]);
    expect(first.files.some((file) => file.endsWith('.xsd'))).toBe(false);
    expect(sent(first)).toEqual(['BJ-1 add', 'BJ-2 add', 'BJ-3 add', 'BJ-4 add', 'BJ-5 add']);
    expect(first.counts.heldBack).toBe(2);
  });

  test('what it cannot take is named with its own titles, also where two elements share a name', async () => {
    const rows = rowsOf(await openWorkbook(path.join(first.dir, '市级交换平台报送-202610.xlsx')), '待补正');
    const of = (id: number) => rows.find((cells) => cells[1] === String(id))?.join('|');
    expect(of(6)).toMatch(/\|WORKER_COUNT\|.*人数超出平台允许的范围（headcount）/);
    expect(of(7)).toMatch(/\|ID_NO\|.*证件超过平台允许的长度（number）/);
  });

  test.each(['part-00001.jsonl', 'part-00002.jsonl'])('%s is the golden one', (name) => {
    expectGolden(`city-exchange/${name}`, String(entriesOf(first).get(name)));
  });

  test('every line is an object of the layout: its elements in their order, its codes, numbers as numbers', () => {
    const lines = [...entriesOf(first)]
      .filter(([name]) => name.endsWith('.jsonl'))
      .flatMap(([, bytes]) => String(bytes).trimEnd().split('\n'));
    for (const line of lines) {
      const { key, action, people, ...fields } = JSON.parse(line) as Record<string, unknown>;
      expect([key, action]).toEqual([expect.stringMatching(/^BJ-\d$/), 'add']);
      expectFields(fields, layout.fields);
      for (const one of people as object[]) expectFields(one, layout.parties.fields);
    }
  });

  function expectFields(found: object, fields: readonly Field[]): void {
    const order = fields.map(({ element }) => element);
    expect(Object.keys(found)).toEqual(order.filter((name) => name in found));
    for (const [name, value] of Object.entries(found)) {
      const { type, codes } = fields.find(({ element }) => element === name) ?? expect.fail(name);
      if (codes !== undefined) expect(Object.values(codes)).toContain(value);
      expect(typeof value, name).toBe(type === 'integer' || type === 'money' ? 'number' : 'string');
    }
  }

  test('deltas, receipts, rejections and releases work, and the national platform is left alone', async () => {
    const id = (number: number) => `BJ-${number}`;
    await home.answer('CX-202610-01', [
      ...[1, 2, 3, 4].map((number) => ({ id: id(number), result: 'accepted' as const })),
      { id: id(5), result: 'rejected', code: '7', message: '不收' },
    ]);
    const [, ...rest] = CASES;
    const changed = rest.map((one) => (one.id === 2 ? { ...one, amount: 300 } : one));
    await home.fill(sourceOf(changed));
    const { submission: second } = await home.build('2026-10', { product });
    expect([second.batch, ...sent(second)]).toEqual(['CX-202610-02', 'BJ-1 remove', 'BJ-2 change']);
    expect(second.counts.rejected).toBe(1);
    await home.home.as('head', (service) => releaseRecord(service, 'BJ-5', 'asked by telephone'));
    const { submission: third, prepared } = await home.build('2026-11', { product });
    snapshotId = prepared.manifest.id;
    expect([third.batch, ...sent(third)]).toEqual(['CX-202611-01', 'BJ-5 add']);
    const { submission: national } = await home.build('2026-10');
    expect([national.batch, ...recordsOf(national).map(({ id }) => id.slice(-1))]).toEqual([
      '110000-ARB-202610-01',
      ...['2', '3', '4', '5', '6'],
    ]);
  });

  test('the command names it with --platform', async () => {
    const { code, stdout } = await arbdata(
      ...['--home', home.dir, 'run', 'national-platform', '--period', '2026-11'],
      ...['--snapshot', snapshotId],
      ...['--platform', product, '--json'],
    );
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { product, state: 'unchanged' }]);
  });
});

test.each(['macro-monitoring', 'submit'])('a layout cannot take the name %s', async (product) => {
  const home = await SubmissionHome.open();
  const layout = layoutFile(path.join(INPUT_DIR, 'platforms/city-exchange-2099-1.json'));
  home.layout('own.json', { ...layout, product });
  const { code, stderr } = await arbdata('--home', home.dir, 'indicators');
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^E_DEFINITION: .*own\.json: product: must not be/),
  ]);
  await removeTree(home.dir);
});

describe('a layout that is taken away', () => {
  test('is missed by doctor while batches of it are there', async () => {
    const home = await SubmissionHome.open();
    const product = 'city-exchange';
    const file = 'city-exchange-2099-1.json';
    home.layout(file, layoutFile(path.join(INPUT_DIR, 'platforms', file)));
    await home.fill(smallSource([aCase(1)]));
    await home.build('2026-10', { product });
    const told = async (): Promise<string> => (await arbdata('--home', home.dir, 'doctor')).stdout;
    expect(await told()).not.toContain('platforms:');
    rmSync(home.home.path('definitions', 'platforms', file));
    expect(await told()).toMatch(/PROBLEM +platforms: batches of city-exchange were built/);
    await removeTree(home.dir);
  });
});

describe('another version of the national platform', () => {
  const shipped = layoutFile(
    path.join(PROJECT_DIR, 'schemas/definitions/platforms/national-platform-2024-1.json'),
  );
  const next = { ...shipped, version: '2099-1', validFrom: '2026-12-01' };
  const CASES = [aCase(1), aCase(2, { isClosed: true }), aCase(3, { isClosed: true })];

  /** What a home asks after its version changed, where the platform holds everything of the first one. */
  async function askedAfter(
    layout: object,
  ): Promise<{ ops: string[]; outcome: SubmissionOutcome; home: SubmissionHome }> {
    const home = await SubmissionHome.open();
    await home.fill(smallSource(CASES));
    const { submission: first } = await home.build('2026-10');
    await home.accept(first);
    home.layout('national-platform-2099-1.json', layout);
    const { submission: outcome } = await home.build('2026-10');
    const ops = outcome.batch === undefined ? [] : recordsOf(outcome).map(({ id, op }) => `${id} ${op}`);
    return { ops, outcome, home };
  }

  test('what writes every record as before changes nothing', async () => {
    const { ops, outcome, home } = await askedAfter({
      ...next,
      title: '另一版报送',
      format: {
        ...shipped.format,
        namespace: 'urn:arbdata:national-submission:2099-1',
        schemaFile: 'national-submission-2099-1.xsd',
        recordsPerFile: 2,
      },
      fields: [
        ...shipped.fields.map((field) =>
          field.element === 'caseNo' ? { ...field, title: '编号', maxLength: 60 } : field,
        ),
        // An element that no case has.
        {
          element: 'hint',
          title: '提示',
          from: 'award_amount',
          type: 'money',
          required: false,
          when: "case_no = ''",
        },
      ],
    });
    expect([outcome.state, ops]).toEqual(['unchanged', []]);
    await removeTree(home.dir);
  });

  test('a renamed element updates the records that have it, and those alone', async () => {
    const { ops, outcome, home } = await askedAfter({
      ...next,
      format: { ...shipped.format, schemaFile: 'national-submission-2099-1.xsd', recordsPerFile: 1 },
      fields: shipped.fields.map((field) =>
        field.element === 'awardAmount' ? { ...field, element: 'awardSum' } : field,
      ),
    });
    expect(ops).toEqual(['110000-2 U', '110000-3 U']);
    const entries = entriesOf(outcome);
    expect([...entries.keys()].filter((name) => name.endsWith('.xml'))).toHaveLength(2);
    const xsd = path.join(outcome.dir, 'national-submission-2099-1.xsd');
    expect(xmllint(xsd, writeXml(home.newFolder('xml'), entries))).toBe('');
    await removeTree(home.dir);
  });

  test('one whose claims have nothing that can be wrong works, too', async () => {
    const amount = { element: 'amount', title: '金额', from: 'amount', type: 'money', required: false };
    const { ops, home } = await askedAfter({
      ...next,
      format: { ...shipped.format, schemaFile: 'national-submission-2099-1.xsd' },
      claims: { ...shipped.claims, fields: [amount] },
    });
    expect(ops).toHaveLength(3);
    await removeTree(home.dir);
  });

  test('one that takes neither parties nor claims works, too', async () => {
    const { parties: _parties, claims: _claims, ...bare } = next;
    const { ops, outcome, home } = await askedAfter({
      ...bare,
      format: { ...shipped.format, schemaFile: 'national-submission-2099-1.xsd' },
    });
    expect(ops).toEqual(['110000-1 U', '110000-2 U', '110000-3 U']);
    await home.accept(outcome);
    expect((await home.build('2026-10')).submission.state).toBe('unchanged');
    await removeTree(home.dir);
  });
});
