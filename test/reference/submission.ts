/**
 * What the national platform (version 2024-1) is to be told, worked out case by case from the specification alone:
 * which cases are reported, which are held back, and every record word for word. Plain and slow.
 */
import { createHmac } from 'node:crypto';
import * as codes from './codes.ts';
import { dateText } from './dates.ts';
import { isCreditCode, readCitizen } from './identity.ts';
import { referenceFindings } from './rules.ts';
import { type KeptSource, knownBodies, type Row } from './source.ts';
import { deadlineOf, type Question, windowsOf } from './statistics.ts';

export interface SubmissionQuestion extends Question {
  /** Key of HMAC-SM3. */
  readonly identityKey: Buffer;
}

/** What is to be said now. */
export interface ReferenceState {
  /** By record id: what a record says after its id and op, for each case to be reported that can be written. */
  readonly said: ReadonlyMap<string, string>;
  /** Record ids of cases to be reported that must be corrected first. */
  readonly heldBack: ReadonlySet<string>;
}

/** Platform codes, written out a second time. */
const STATUS: Readonly<Record<string, string>> = { '20': '10', '30': '20', '40': '30', '50': '90' };
const CLOSE_MODE: Readonly<Record<string, string>> = {
  '1': '01',
  '2': '02',
  '3': '03',
  '4': '04',
  '5': '09',
};
const disputeCode = (code: string): string | undefined =>
  !codes.DISPUTE_TYPES.includes(code)
    ? undefined
    : code === '99'
      ? '1999'
      : code === '11'
        ? '2001'
        : `10${code}`;

const recordId = (caseId: string): string => `110000-${caseId}`;

/** The state of a source at a question. */
export function referenceState(source: KeptSource, question: SubmissionQuestion): ReferenceState {
  const errors = errorFindings(source, question);
  const said = new Map<string, string>();
  const heldBack = new Set<string>();
  const { end } = windowsOf(question.period, question.cutoffDay).month;
  const bodies = new Set(knownBodies(source));
  for (const row of source.ARB_CASE) {
    const accept = row.day('ACCEPT_DATE');
    if (row.key === null || row.isDeleted || accept === null || accept > end) continue;
    const id = recordId(row.key);
    const content = contentOf(row, source, question);
    if (content !== undefined) said.set(id, content);
    const isBroken =
      errors.has(row) || row.text('DELETED') !== '0' || !bodies.has(row.text('ORG_CODE') ?? '');
    if (isBroken || content === undefined) heldBack.add(id);
  }
  return { said, heldBack };
}

const ERRORS = new Set(
  [
    ...[
      'V001',
      'V002',
      'V003',
      'V005',
      'V006',
      'V007',
      'V009',
      'V010',
      'V011',
      'V012',
      'V013',
      'V014',
      'V015',
    ],
    ...[
      'V016',
      'V017',
      'V018',
      'V020',
      'V021',
      'V030',
      'V031',
      'V032',
      'V037',
      'V038',
      'V039',
      'V040',
      'V050',
    ],
  ].values(),
);

/** Cases with an error of their own, of a party or of a claim. */
function errorFindings(source: KeptSource, question: Question): ReadonlySet<Row> {
  const found = new Set<Row>();
  const named = new Set(
    referenceFindings(source, question).filter((finding) => ERRORS.has(finding.split(' ')[0] ?? '')),
  );
  const isNamed = (row: Row): boolean =>
    [...ERRORS].some((rule) => named.has(`${rule} ${row.view} ${row.record}`));
  for (const row of source.ARB_CASE) {
    const own = [...source.ARB_PARTY, ...source.ARB_CLAIM].filter((one) => one.text('CASE_ID') === row.key);
    if ([row, ...own].some(isNamed)) found.add(row);
  }
  return found;
}

/** A value that cannot be written where it must be. */
class Unwritable extends Error {}

/** The elements of a record, NULL ones left out; undefined where a required one cannot be written. */
function contentOf(row: Row, source: KeptSource, question: SubmissionQuestion): string | undefined {
  try {
    return caseElements(row, source, question) + partiesOf(row, source, question) + claimsOf(row, source);
  } catch (error) {
    if (error instanceof Unwritable) return undefined;
    throw error;
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const optional = (name: string, text: string | null | undefined): string =>
  text === null || text === undefined ? '' : `<${name}>${escaped(text)}</${name}>`;

function required(name: string, text: string | null | undefined): string {
  if (text === null || text === undefined) throw new Unwritable(name);
  return optional(name, text);
}

/** A text of limited length that XML can carry. */
function limited(text: string | null, most: number, form = /^.*$/su): string | null {
  if (text === null) return null;
  const isCarried = !/[\p{Cc}\uFFFE\uFFFF]/u.test(text);
  if ([...text].length > most || !isCarried || !form.test(text)) throw new Unwritable(text);
  return text;
}

function whole(row: Row, column: string, least: number, most: number): string | null {
  const value = row.count(column);
  if (value !== null && (value < least || value > most)) throw new Unwritable(column);
  return value === null ? null : String(value);
}

const oneOf = (text: string | null, ...known: readonly string[]): string | null =>
  text !== null && known.includes(text) ? text : null;
const day = (number: number | null): string | null => (number === null ? null : dateText(number));

function money(row: Row, column: string): string | null {
  const cents = row.cents(column);
  if (cents === null) return null;
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function caseElements(row: Row, source: KeptSource, { calendar }: SubmissionQuestion): string {
  const org = row.text('ORG_CODE');
  const district = source.ARB_ORG.find(({ key }) => key === org)?.text('DISTRICT_CODE') ?? null;
  const isClosed = row.day('CLOSE_DATE') !== null;
  const sixDigits = /^[0-9]{6}$/;
  const mode = row.text('CLOSE_MODE');
  return [
    required('caseNo', limited(row.text('CASE_NO'), 64)),
    required('orgCode', limited(org, 6, sixDigits)),
    required('districtCode', limited(district, 6, sixDigits)),
    required('applyDate', day(row.day('APPLY_DATE'))),
    required('acceptDate', day(row.day('ACCEPT_DATE'))),
    required('applyChannel', oneOf(row.text('APPLY_CHANNEL'), ...codes.APPLY_CHANNELS)),
    required('disputeType', disputeCode(row.text('DISPUTE_TYPE') ?? '')),
    required('employerNature', oneOf(row.text('EMPLOYER_NATURE'), ...Object.keys(codes.EMPLOYER_GROUPS))),
    required('applicantSide', oneOf(row.text('APPLICANT_SIDE'), '1', '2')),
    optional('industry', oneOf(row.text('INDUSTRY_CODE'), ...'ABCDEFGHIJKLMNOPQRST')),
    required('workerCount', whole(row, 'WORKER_COUNT', 1, 999_999)),
    required('collective', oneOf(row.text('IS_COLLECTIVE'), '0', '1')),
    optional('claimAmount', money(row, 'CLAIM_AMOUNT')),
    required('limitDate', day(deadlineOf(row, calendar))),
    required('extendDays', whole(row, 'EXTEND_DAYS', 0, 15)),
    required('excludedDays', whole(row, 'EXCLUDED_DAYS', 0, 99_999)),
    required('status', STATUS[row.text('CASE_STATUS') ?? '']),
    ...(isClosed
      ? [
          required('closeDate', day(row.day('CLOSE_DATE'))),
          required('closeMode', CLOSE_MODE[mode ?? '']),
          required('finalAward', oneOf(row.text('FINAL_AWARD'), '0', '1')),
        ]
      : []),
    ...(mode === '2'
      ? [required('awardResult', oneOf(row.text('AWARD_RESULT'), ...codes.AWARD_RESULTS))]
      : []),
    optional('awardAmount', money(row, 'AWARD_AMOUNT')),
  ].join('');
}

/** By number: keys compare as numbers, whatever they are as text. */
const byNumber = (a: Row, b: Row): number => {
  const difference = BigInt(a.key ?? 0) - BigInt(b.key ?? 0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

function partiesOf(row: Row, source: KeptSource, question: SubmissionQuestion): string {
  const own = source.ARB_PARTY.filter((party) => party.text('CASE_ID') === row.key);
  if (own.length < 2) throw new Unwritable('parties');
  const ordered = own.toSorted(
    (a, b) => (a.text('ROLE') ?? '').localeCompare(b.text('ROLE') ?? '') || byNumber(a, b),
  );
  return `<parties>${ordered.map((party) => partyElement(party, question)).join('')}</parties>`;
}

function partyElement(party: Row, { identityKey, asOfDay }: SubmissionQuestion): string {
  const kind = party.text('PARTY_KIND');
  const number = party.text('ID_NO');
  const citizen = number === null || kind !== '1' ? undefined : readCitizen(number, asOfDay);
  const isPerson = kind === '1' || isPersonsNumber(number, asOfDay);
  const name = limited(party.text('NAME'), 300);
  // No calendar of the platform goes so far back.
  if (party.text('BIRTH_DATE')?.endsWith('(BC)') === true) throw new Unwritable('birthYear');
  const birth = party.day('BIRTH_DATE') ?? citizen?.birthDay ?? null;
  const hash = (text: string) => createHmac('sm3', identityKey).update(text).digest('hex');
  return `<party>${[
    required('role', oneOf(party.text('ROLE'), '1', '2', '3')),
    required('kind', oneOf(kind, '1', '2')),
    required('name', isPerson && name !== null ? `${[...name][0] ?? ''}**` : name),
    optional('idNo', isPerson && number !== null ? hash(number) : limited(number, 64)),
    optional('gender', oneOf(party.text('GENDER') ?? citizen?.gender ?? null, '1', '2')),
    optional('birthYear', day(birth)?.slice(0, 4)),
  ].join('')}</party>`;
}

/** A number given for an organisation that looks like a citizen's: no credit code, or a valid citizen number. */
function isPersonsNumber(number: string | null, asOfDay: number): boolean {
  if (number === null || !/^[0-9]{17}[0-9X]$/.test(number)) return false;
  return !isCreditCode(number) || readCitizen(number, asOfDay) !== undefined;
}

function claimsOf(row: Row, source: KeptSource): string {
  const own = source.ARB_CLAIM.filter((claim) => claim.text('CASE_ID') === row.key).toSorted(byNumber);
  if (own.length === 0) return '';
  const written = own.map(
    (claim) =>
      `<claim>${[
        required('type', disputeCode(claim.text('CLAIM_TYPE') ?? '')),
        optional('amount', money(claim, 'AMOUNT')),
        optional('supportedAmount', money(claim, 'SUPPORTED_AMOUNT')),
      ].join('')}</claim>`,
  );
  return `<claims>${written.join('')}</claims>`;
}
