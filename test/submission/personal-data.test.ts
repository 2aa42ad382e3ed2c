/** Persons' data in a submission: masked wherever they stand, in plain only inside of an encrypted package. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SubmissionOutcome } from '../../pipelines/national-platform.ts';
import { literal } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { INPUT_DIR, quotedCsv } from '../golden/support.ts';
import type { RawSource } from '../reference/source.ts';
import { recordsOf as sentRecords } from '../support/platform/judge.ts';
import { aCase, CITIZEN, smallSource, withRows } from './support/small-source.ts';
import {
  filesBelow,
  packageFile,
  recordsOf,
  SHIPPED_XSD,
  SubmissionHome,
  writeXml,
  xmllint,
} from './support/submission-home.ts';

/** What holds the source as it is, what a platform wrote, and the tests' own files. */
const RAW_FOLDERS = ['source', 'snapshots', 'receipts', 'test'];

/** Everything that says who a person is. */
class Persons {
  readonly #names: readonly string[];
  readonly #others: readonly string[];

  constructor({ ARB_PARTY, PRE_APPLICATION }: RawSource) {
    const persons = ARB_PARTY.filter((row) => row['PARTY_KIND'] === '1');
    const applicants = PRE_APPLICATION.filter((row) => row['APPLICANT_KIND'] === '1');
    const texts = (rows: readonly (string | null | undefined)[]): string[] => [
      ...new Set(
        rows.filter((text) => text != null && text.trim() !== '').map((text) => String(text).trim()),
      ),
    ];
    this.#names = texts([
      ...persons.map((row) => row['NAME']),
      ...applicants.map((row) => row['APPLICANT_NAME']),
    ]);
    this.#others = texts([
      ...persons.flatMap((row) => [row['ID_NO'], row['PHONE'], row['ADDRESS']]),
      ...applicants.map((row) => row['APPLICANT_ID_NO']),
    ]);
  }

  get count(): number {
    return this.#names.length + this.#others.length;
  }

  /** What of them a text holds. A name counts where no other Chinese character touches it. */
  foundIn(text: string): string[] {
    const words = new Set(text.split(/[^\p{Script=Han}·]+/u));
    return [
      ...this.#names.filter((name) => words.has(name)),
      ...this.#others.filter((other) => text.includes(other)),
    ];
  }
}

/** Every text that a file holds: as it is, unzipped, as rows. */
async function textsOf(home: SubmissionHome, file: string): Promise<string[]> {
  const bytes = readFileSync(file);
  const texts = [bytes.toString('utf8')];
  if (/\.(zip|xlsx)$/.test(file))
    texts.push(...Object.values(unzipSync(bytes)).map((one) => Buffer.from(one).toString()));
  if (file.endsWith('.parquet')) {
    const rows = await home.query<{ row: string }>(
      `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM read_parquet(${literal(file)}) t`,
    );
    texts.push(rows.map(({ row }) => row).join('\n'));
  }
  return texts;
}

/** `file: what` of everything that a home holds of persons. */
async function leaksIn(home: SubmissionHome, persons: Persons): Promise<string[]> {
  const found = persons.foundIn(home.home.said.join('')).map((what) => `log: ${what}`);
  for (const file of filesBelow(home.dir)) {
    const name = path.relative(home.dir, file);
    if (RAW_FOLDERS.includes(name.split(path.sep)[0] ?? '')) continue;
    for (const text of [name, ...(await textsOf(home, file))]) {
      found.push(...persons.foundIn(text).map((what) => `${name}: ${what}`));
    }
  }
  return found;
}

/** A sample with an address of its own for every party. */
function sampleSource(sample: string): RawSource {
  const source = quotedCsv(path.join(INPUT_DIR, 'samples', sample));
  const addressed = source.ARB_PARTY.map((row) => ({
    ...row,
    ADDRESS: `东城区测试路${row['PARTY_ID']}号院`,
  }));
  return { ...source, ARB_PARTY: addressed };
}

describe.each(['clean', 'small'])('of the sample %s, under the masked policy', (sample) => {
  const source = sampleSource(sample);
  const persons = new Persons(source);
  let home: SubmissionHome;
  let rejected: SubmissionOutcome;
  beforeAll(async () => {
    home = await SubmissionHome.open();
    await home.fill(source);
    const { submission: first } = await home.build('2026-09', { asOf: '2026-11-03' });
    await home.send(first.batch ?? '');
    // The platform quotes what it should not know.
    const verdicts = recordsOf(first).map(({ id }, index) => {
      if (index % 10 !== 0) return { id, result: 'accepted' as const };
      const party = source.ARB_PARTY.find(
        (row) => `110000-${row['CASE_ID']}` === id && row['PARTY_KIND'] === '1',
      );
      const message = `当事人 ${party?.['NAME']}（${party?.['ID_NO'] ?? ''}，${party?.['PHONE'] ?? ''}）不符`;
      return { id, result: 'rejected' as const, code: 'E9', message };
    });
    await home.answer(first.batch ?? '', verdicts);
    ({ submission: rejected } = await home.build('2026-10', { asOf: '2026-11-03' }));
  });
  afterAll(() => removeTree(home.dir));

  test('nothing that a submission leaves names a person', async () => {
    expect(persons.count).toBeGreaterThan(500);
    expect(rejected.counts.rejected).toBeGreaterThan(10);
    const kinds = filesBelow(home.dir).map((file) => path.extname(file));
    for (const kind of ['.zip', '.xlsx', '.parquet', '.json', '.log', '.sqlite'])
      expect(kinds).toContain(kind);
    expect(await leaksIn(home, persons)).toEqual([]);
  });

  test('this test would find them', async () => {
    const [party] = source.ARB_PARTY.filter((row) => row['PARTY_KIND'] === '1' && row['ID_NO'] !== null);
    const file = path.join(home.newFolder('leak'), 'a.txt');
    writeFileSync(file, `<name>${party?.['NAME']}</name> ${party?.['ID_NO']}`);
    const [text = ''] = await textsOf(home, file);
    expect(persons.foundIn(text).toSorted()).toEqual([party?.['NAME'], party?.['ID_NO']].toSorted());
    const [receipt = ''] = filesBelow(home.home.path('receipts')).filter((name) => name.endsWith('.parquet'));
    expect(persons.foundIn((await textsOf(home, receipt)).join('\n')).length).toBeGreaterThan(10);
  });
});

describe('the plain policy', () => {
  const source = withRows(smallSource([aCase(1), aCase(2, { name: '欧阳小明' })]), {
    ARB_PARTY: { '11': { ID_NO: CITIZEN } },
  });
  const persons = new Persons(source);

  test('is refused without recipients, before anything is built', async () => {
    const home = await SubmissionHome.open({
      submission: { platforms: { 'national-platform': { policy: 'plain' } } },
    });
    await home.fill(source);
    await expect(home.build('2026-10')).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: 'submission.platforms.national-platform: policy "plain" needs recipients',
    });
    expect(await home.batches()).toEqual([]);
    await removeTree(home.dir);
  });

  describe('with recipients', () => {
    let home: SubmissionHome;
    let first: SubmissionOutcome;
    let key = '';
    beforeAll(async () => {
      home = await SubmissionHome.open();
      key = path.join(home.newFolder('keys'), 'platform.key');
      execFileSync('age-keygen', ['-o', key], { stdio: 'pipe' });
      const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim();
      await home.home.configure({
        threads: 1,
        submission: { platforms: { 'national-platform': { policy: 'plain', recipients: [recipient] } } },
      });
      await home.fill(source);
      ({ submission: first } = await home.build('2026-10'));
    });
    afterAll(() => removeTree(home.dir));

    /** The package as the platform opens it. */
    const opened = (outcome: SubmissionOutcome): Buffer =>
      execFileSync('age', ['-d', '-i', key, packageFile(outcome)], { maxBuffer: 1 << 28 });

    test('names and numbers stand in full inside of the package, which is valid, and nowhere else', async () => {
      expect(packageFile(first)).toMatch(/110000-ARB-202610-01\.zip\.age$/);
      const entries = new Map(
        Object.entries(unzipSync(opened(first))).map(([name, bytes]) => [name, Buffer.from(bytes)]),
      );
      const records = String(entries.get('records-00001.xml'));
      expect(records).toContain('policy="plain"');
      expect(records).toContain(`<name>张三</name><idNo>${CITIZEN}</idNo>`);
      expect(records).toContain('<name>欧阳小明</name>');
      expect(records).not.toMatch(/13900001234|东城区/);
      expect(JSON.parse(String(entries.get('manifest.json')))).toMatchObject({ policy: 'plain' });
      expect(xmllint(SHIPPED_XSD, writeXml(home.newFolder('xml'), entries))).toBe('');
      expect(await leaksIn(home, persons)).toEqual([]);
      const kept = filesBelow(path.join(first.dir, 'records'));
      const [, rows = ''] = await textsOf(home, kept[0] ?? '');
      expect(rows).toContain('<name>欧**</name>');
    });

    test('a changed name that is masked to the same is an update, for the platform sees it', async () => {
      const verdicts = sentRecords(opened(first)).map(({ id }) => ({ id, result: 'accepted' as const }));
      await home.answer(first.batch ?? '', verdicts);
      await home.fill(withRows(source, { ARB_PARTY: { '11': { ID_NO: CITIZEN, NAME: '张伟' } } }));
      const { submission: second } = await home.build('2026-10');
      const asked = sentRecords(opened(second));
      expect(asked.map(({ id, op }) => `${id} ${op}`)).toEqual(['110000-1 U']);
      expect(asked[0]?.content).toContain('<name>张伟</name>');
    });
  });
});
