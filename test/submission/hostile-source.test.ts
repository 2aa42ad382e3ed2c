/** What a source can hold that no platform can take: it stands in the package exactly, or it is held back and named. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SubmissionOutcome } from '../../pipelines/national-platform.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { openWorkbook, rowsOf } from '../publish/support.ts';
import type { RawRow } from '../reference/source.ts';
import { aCase, CITIZEN, smallSource, withRows } from './support/small-source.ts';
import {
  entriesOf,
  IDENTITY_KEY,
  recordsOf,
  SHIPPED_XSD,
  SubmissionHome,
  saidIn,
  stateOf,
  writeXml,
  xmllint,
} from './support/submission-home.ts';

const LONG_NAME = '长'.repeat(300);
/** A citizen number whose check character is that of a credit code, too. */
const BOTH = '110101198504121492';
/** Of the firm of a case, exactly as they must arrive. */
const FIRMS = {
  3: `a<b>&"c"'d']]>e`,
  4: '㐂𠮷野家䶮（北京）公司𪚥',
  5: LONG_NAME,
} as const;

/** What each case has; parties are numbered as in small-source.ts. */
const PARTIES: Readonly<Record<string, RawRow>> = {
  '11': { NAME: '张\u0007三' },
  '22': { NAME: '北京\uFFFE公司' },
  '32': { NAME: FIRMS[3] },
  '42': { NAME: FIRMS[4] },
  '41': { NAME: '𠮷田一郎' },
  '52': { NAME: FIRMS[5] },
  '62': { NAME: `${LONG_NAME}长` },
  '91': { ID_NO: '11010119900307002x' },
  '102': { ID_NO: CITIZEN, NAME: '李大力' },
  '112': { ID_NO: BOTH, NAME: '王小明' },
  '131': { BIRTH_DATE: '0044-03-15 (BC)' },
  '142': { NAME: '\uFFFF' },
  '151': { PARTY_KIND: '9' },
  '161': { NAME: '张\r\n三' },
};
const CASES: Readonly<Record<string, RawRow>> = {
  '7': { CASE_NO: '京'.repeat(65) },
  '8': { ORG_CODE: 'AB0101' },
  '12': { WORKER_COUNT: '1000000' },
  '17': { CASE_NO: '京东劳人仲字\t〔2026〕第00017号' },
  '18': { DELETED: '7' },
  '19': { CASE_NO: '京'.repeat(64) },
  '20': { CASE_STATUS: '10' },
};
const HELD = [1, 2, 6, 7, 8, 12, 13, 14, 15, 16, 17, 18, 20];

const plain = smallSource(Array.from({ length: 20 }, (_, index) => aCase(index + 1)));
const source = withRows(
  {
    ...plain,
    ARB_ORG: [
      ...plain.ARB_ORG,
      { ORG_CODE: 'AB0101', ORG_NAME: '甲会', DISTRICT_CODE: 'AB0101', ORG_LEVEL: '2', CASE_WORD: '甲' },
    ],
  },
  { ARB_PARTY: PARTIES, ARB_CASE: CASES },
);

let home: SubmissionHome;
let outcome: SubmissionOutcome;
let xml: string[];
beforeAll(async () => {
  home = await SubmissionHome.open();
  await home.fill(source);
  ({ submission: outcome } = await home.build('2026-10'));
  xml = writeXml(home.newFolder('xml'), entriesOf(outcome));
});
afterAll(() => removeTree(home.dir));

test('what can be written arrives word for word, and is valid', () => {
  const { said, heldBack } = stateOf(source, '2026-10');
  const wanted = [...said].filter(([id]) => !heldBack.has(id));
  expect(Object.fromEntries(recordsOf(outcome).map((one) => [one.id, saidIn(one)]))).toEqual(
    Object.fromEntries(wanted),
  );
  expect([...heldBack].toSorted()).toEqual(HELD.map((id) => `110000-${id}`).toSorted());
  expect(xmllint(SHIPPED_XSD, xml)).toBe('');
});

/** The text of an element as another program reads it. */
function readByXmllint(xpath: string): string {
  return execFileSync('xmllint', ['--xpath', xpath, ...xml], { encoding: 'utf8' }).replace(/\n$/, '');
}
const partyOf = (id: number, role: number, element: string): string =>
  readByXmllint(
    `string(//*[local-name()="record"][*[local-name()="recordId"]="110000-${id}"]//*[local-name()="party"][*[local-name()="role"]="${role}"]/*[local-name()="${element}"])`,
  );

test.each(Object.entries(FIRMS))('the firm of case %s stands in full, as any reader reads it', (id, name) => {
  expect(partyOf(Number(id), 2, 'name')).toBe(name);
});

test('persons are masked by their first character, whatever plane it is of', () => {
  expect(partyOf(4, 1, 'name')).toBe('𠮷**');
});

/** HMAC-SM3 by another program. */
function opensslHash(number: string): string {
  const args = ['mac', '-digest', 'SM3', '-macopt', `hexkey:${IDENTITY_KEY}`, 'HMAC'];
  return execFileSync('openssl', args, { input: number, encoding: 'utf8' }).trim().toLowerCase();
}

test('numbers are hashed as openssl hashes them; a small x is the same as a large one', () => {
  expect(partyOf(9, 1, 'idNo')).toBe(opensslHash('11010119900307002X'));
});

test.each([
  [10, CITIZEN, '李**'],
  [11, BOTH, '王**'],
])('an organisation with the number of a citizen is treated as a person: case %i', (id, number, name) => {
  expect(partyOf(id, 2, 'idNo')).toBe(opensslHash(number));
  expect(partyOf(id, 2, 'name')).toBe(name);
});

test('a person without a number has none', () => {
  expect(partyOf(19, 1, 'name')).toBe('张**');
  expect(
    readByXmllint('count(//*[local-name()="party"][*[local-name()="role"]="1"]/*[local-name()="idNo"])'),
  ).toBe('1');
});

test('what cannot be sent is named with its element, for the body that corrects it', async () => {
  const workbook = await openWorkbook(path.join(outcome.dir, '全国平台报送-202610.xlsx'));
  const rows = rowsOf(workbook, '待补正');
  const of = (id: number): string =>
    rows
      .filter((cells) => cells[1] === String(id))
      .map((cells) => cells.join('|'))
      .join('\n');
  expect(of(1)).toContain('V037');
  expect(of(2)).toMatch(/\|格式\|.*\|NAME\|.*姓名或名称含有控制字符或非法字符/);
  expect(of(6)).toMatch(/\|格式\|.*姓名或名称超过平台允许的长度/);
  expect(of(7)).toMatch(/\|格式\|.*\|CASE_NO\|.*案号超过平台允许的长度/);
  expect(of(8)).toMatch(/\|格式\|.*\|ORG_CODE\|.*仲裁机构不符合平台规定的格式/);
  expect(of(12)).toMatch(/\|格式\|.*涉及劳动者人数超出平台允许的范围/);
  expect(of(13)).toMatch(/\|格式\|.*出生年份不符合平台规定的格式/);
  expect(of(17)).toMatch(/\|格式\|.*案号含有控制字符或非法字符/);
  expect(of(18)).toMatch(/\|V050\|.*\|DELETED\|7\|/);
  const districts = outcome.files.filter((file) => file.startsWith('待补正/'));
  expect(districts.toSorted()).toEqual([
    '待补正/待补正-110101-202610.xlsx',
    '待补正/待补正-AB0101-202610.xlsx',
  ]);
});
