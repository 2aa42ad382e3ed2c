/** The package of a batch: its schema, its entries, what its manifest says of them, and that the same state gives it again. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchXsd } from '../../exports/batch-xsd.ts';
import type { SubmissionOutcome } from '../../pipelines/national-platform.ts';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import type { BatchManifest } from '../../schemas/submission.ts';
import { INPUT_DIR, plainCsv, quotedCsv } from '../golden/support.ts';
import { copyHome } from '../reliability/support/homes.ts';
import { expectGolden } from './support/golden.ts';
import {
  entriesOf,
  packageFile,
  recordsOf,
  SHIPPED_XSD,
  SubmissionHome,
  xmllint,
} from './support/submission-home.ts';

const INPUT = path.join(INPUT_DIR, 'samples/clean');
const AS_OF = '2026-11-03';

let home: SubmissionHome;
let before: SubmissionHome;
let outcome: SubmissionOutcome;
let snapshotId: string;
beforeAll(async () => {
  home = await SubmissionHome.open();
  await home.fill(quotedCsv(INPUT));
  // A draft of a month that has not ended: it takes the snapshot and builds no batch.
  const draft = await home.build('2026-12', { asOf: AS_OF });
  expect(draft.submission.state).toBe('draft');
  snapshotId = draft.prepared.manifest.id;
  before = home.at(copyHome(home.dir, `${home.dir}-before`));
  ({ submission: outcome } = await home.build('2026-10', { asOf: undefined, snapshotId }));
});
afterAll(async () => {
  await removeTree(home.dir);
  await removeTree(before.dir);
});

const manifestOf = (entries: ReadonlyMap<string, Buffer>): BatchManifest =>
  JSON.parse(String(entries.get('manifest.json'))) as BatchManifest;

test('the same state gives the same bytes', async () => {
  const { submission: again } = await before.build('2026-10', { asOf: undefined, snapshotId });
  expect(readFileSync(packageFile(again)).equals(readFileSync(packageFile(outcome)))).toBe(true);
});

test('records and summary are the golden ones', () => {
  const entries = entriesOf(outcome);
  const { files } = manifestOf(entries);
  expectGolden(
    'national-platform/clean-202610-files.txt',
    `${files.map(({ name, sha256 }) => `${sha256}  ${name}`).join('\n')}\n`,
  );
  expectGolden('national-platform/clean-202610-summary.json', String(entries.get('summary.json')));
});

test('entries stand in a fixed order with a fixed time', () => {
  const listed = execFileSync('python3', ['-c', LIST_ENTRIES, packageFile(outcome)], { encoding: 'utf8' });
  const names = ['records-00001.xml', 'summary.json', 'manifest.json'];
  expect(listed.trim().split('\n')).toEqual(names.map((name) => `${name} (1980, 1, 1, 0, 0, 0) 0o100600`));
});
const LIST_ENTRIES = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
for entry in archive.infolist():
    print(entry.filename, entry.date_time, oct(entry.external_attr >> 16))`;

/** A hash by another program. */
function opensslDigest(name: 'sha256' | 'sm3', bytes: Buffer): string {
  return execFileSync('openssl', ['dgst', `-${name}`, '-r'], { input: bytes, encoding: 'utf8' }).slice(0, 64);
}

test('the manifest tells every other file with size and hashes, and the counts', () => {
  const entries = entriesOf(outcome);
  const manifest = manifestOf(entries);
  const told = [...manifest.files, manifest.summary];
  expect(told.map(({ name }) => name).toSorted()).toEqual(
    [...entries.keys()].filter((name) => name !== 'manifest.json').toSorted(),
  );
  for (const { name, sizeBytes, sha256, sm3 } of told) {
    const bytes = entries.get(name) ?? Buffer.of();
    const found = [bytes.length, opensslDigest('sha256', bytes), opensslDigest('sm3', bytes)];
    expect(found, name).toEqual([sizeBytes, sha256, sm3]);
  }
  const sent = recordsOf(outcome);
  expect(manifest).toMatchObject({
    batch: '110000-ARB-202610-01',
    period: '2026-10',
    platformVersion: '2024-1',
    policy: 'masked',
    snapshot: snapshotId,
    asOf: AS_OF,
    counts: { records: sent.length, I: sent.length, U: 0, D: 0 },
  });
  expect(manifest.files.map(({ records }) => records)).toEqual([sent.length]);
  expect(readFileSync(path.join(outcome.dir, 'batch.json'), 'utf8')).toBe(
    String(entries.get('manifest.json')),
  );
});

test('the summary has the figures of macro-monitoring, and every case its one place', () => {
  interface Totals {
    readonly orgCode: string;
    readonly month: Readonly<Record<string, number>>;
    readonly year: Readonly<Record<string, number>>;
  }
  type Tie = Readonly<Record<string, number | string>>;
  const { totals, tieOut } = JSON.parse(String(entriesOf(outcome).get('summary.json'))) as {
    totals: Totals[];
    tieOut: Tie[];
  };
  const scopes = { month: 'month', ytd: 'year' } as const;
  const wanted = plainCsv(path.join(INPUT, 'expected-macro-2026-10.csv')).filter(({ indicator_id: id }) =>
    ['A02', 'C01', 'B01'].includes(id ?? ''),
  );
  expect(wanted.length).toBeGreaterThan(100);
  for (const { scope, org_code: org, indicator_id: id, value } of wanted) {
    const found = totals.find(({ orgCode }) => orgCode === org);
    expect(found?.[scopes[scope as 'month' | 'ytd']][id ?? ''], `${scope} ${org} ${id}`).toBe(Number(value));
  }
  const places = ['current', 'stale', 'held_back', 'rejected', 'unanswered'];
  for (const row of tieOut) {
    const sum = places.reduce((total, place) => total + Number(row[place]), 0);
    expect(sum, JSON.stringify(row)).toBe(row['cases']);
    const figure = totals.find(({ orgCode }) => orgCode === row['orgCode']);
    const scope = row['scope'] as 'month' | 'year';
    expect(figure?.[scope][String(row['indicator'])]).toBe(row['cases']);
  }
});

test('the shipped schema is what the shipped layout makes, and lies beside the package', () => {
  const { platforms, codes } = loadDefinitions();
  const [platform] = platforms;
  if (platform === undefined) throw new Error('there is no platform');
  const shipped = readFileSync(SHIPPED_XSD, 'utf8');
  expect(shipped).toBe(batchXsd(platform, codes));
  expect(readFileSync(path.join(outcome.dir, path.basename(SHIPPED_XSD)), 'utf8')).toBe(shipped);
});

describe('the schema', () => {
  let text = '';
  let dir = '';
  beforeAll(() => {
    const records = String(entriesOf(outcome).get('records-00001.xml'));
    // Two records: a closed case with an award, and an open one.
    const all = records.match(/<record>.*?<\/record>/gs) ?? [];
    const closed = all.find((one) => one.includes('<awardResult>')) ?? '';
    const open = all.find((one) => !one.includes('<closeDate>')) ?? '';
    text = records.replace(/<record>.*<\/record>/s, `${closed}\n${open}`);
    dir = home.newFolder('schema');
  });
  const judged = (xml: string): string => {
    const file = path.join(dir, 'records.xml');
    writeFileSync(file, xml);
    return xmllint(SHIPPED_XSD, [file]);
  };

  test('accepts the records as they are, and a deletion', () => {
    expect(judged(text)).toBe('');
    const deletion = '<record><recordId>110000-1</recordId><op>D</op></record>';
    expect(judged(text.replace(/<record>.*<\/record>/s, deletion))).toBe('');
  });

  test.each([
    ['a code that the platform does not know', /<disputeType>\d+/, '<disputeType>05', 'disputeType'],
    ['an op that there is not', '<op>I<', '<op>X<', 'op'],
    ['a missing required element', /<acceptDate>.*?<\/acceptDate>/, '', 'applyChannel'],
    ['an element that it does not know', '<status>', '<phone>13900001234</phone><status>', 'phone'],
    ['a date with a time', /<applyDate>(.*?)</, '<applyDate>$1T08:00:00<', 'applyDate'],
    ['a date with a zone', /<applyDate>(.*?)</, '<applyDate>$1Z<', 'applyDate'],
    ['an impossible date', /<applyDate>.*?</, '<applyDate>2026-02-30<', 'applyDate'],
    ['an amount with one decimal', /<claimAmount>.*?</, '<claimAmount>12.5<', 'claimAmount'],
    ['too many workers', /<workerCount>.*?</, '<workerCount>1000000<', 'workerCount'],
    ['an empty name', /<name>.*?</, '<name><', 'name'],
    ['a case number that is too long', /<caseNo>/, `<caseNo>${'京'.repeat(64)}`, 'caseNo'],
    ['one party alone', /(<parties><party>.*?<\/party>).*?<\/parties>/s, '$1</parties>', 'parties'],
    ['a policy that there is not', 'policy="masked"', 'policy="none"', 'policy'],
    ['another namespace', 'submission:2024-1', 'submission:2024-2', 'records'],
  ])('refuses %s', (_what, from, to, named) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(judged(changed)).toMatch(new RegExp(`${named}.*(?:error|fails)|(?:error|fails).*${named}`, 's'));
  });
});
