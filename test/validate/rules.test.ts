/** Every rule against records of its own: one change to a record in order, and whether the rule must find it. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import type { ViewName } from '../../schemas/contract.ts';
import { addRow, breaches, type Cells, definitions, validate, withRaw } from './support.ts';

const ORG = '110101';
const MAN = '11010119900307123';
/** Valid numbers: a man born 1990-03-07, a woman born 1985-12-31, firms. */
const citizen = (body: string) => {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, place) => total + weight * Number(body[place]), 0);
  return `${body}${'10X98765432'[sum % 11]}`;
};
const person = (born: string, order = '001') => citizen(`110101${born.replaceAll('-', '')}${order}`);
const FIRM = '91110105MA2FC63TQG';

interface Records {
  readonly caseCells?: Cells;
  readonly parties?: readonly Cells[];
  readonly claims?: readonly Cells[];
  readonly mediation?: Cells;
  readonly preApplication?: Cells;
  /** Rows besides the one in order. */
  readonly more?: readonly (readonly [ViewName, Cells])[];
}
type Variant = readonly [rule: string, verdict: 'breaks' | 'holds', records: Records, key?: string];

let nextId = 1000;
/** Key of the record that a variant is about; `$` in cells stands for it. */
const fill = (cells: Cells, id: string): Cells =>
  Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell?.replace('$', id) ?? null]));

async function addVariant(engine: Engine, id: string, records: Records): Promise<void> {
  const number = String(Number(id)).padStart(5, '0');
  const updated = { UPDATED_AT: '2026-10-21 10:00:00' };
  await addRow(engine, 'ARB_CASE', {
    CASE_ID: id,
    CASE_NO: `京东劳人仲字〔2026〕第${number}号`,
    ORG_CODE: ORG,
    APPLY_DATE: '2026-10-09',
    APPLY_CHANNEL: '1',
    ACCEPT_DATE: '2026-10-12',
    EXCLUDED_DAYS: '0',
    EXTEND_DAYS: '0',
    DISPUTE_TYPE: '05',
    APPLICANT_SIDE: '1',
    WORKER_COUNT: '1',
    IS_COLLECTIVE: '0',
    EMPLOYER_NATURE: '150',
    INDUSTRY_CODE: 'C',
    CLAIM_AMOUNT: '100.00',
    HEARING_DATE: '2026-10-19',
    CLOSE_DATE: '2026-10-20',
    CLOSE_MODE: '2',
    FINAL_AWARD: '0',
    AWARD_RESULT: '1',
    AWARD_AMOUNT: '90.00',
    CASE_STATUS: '50',
    DELETED: '0',
    CREATED_AT: '2026-10-09 09:00:00',
    ...updated,
    ...fill(records.caseCells ?? {}, id),
  });
  const order = String(Number(id) % 1000).padStart(3, '0');
  const parties = records.parties ?? [{}, { ROLE: '2', PARTY_KIND: '2', NAME: '某公司', ID_NO: FIRM }];
  for (const [index, cells] of parties.entries()) {
    const own = { PARTY_ID: `${id}${index}`, CASE_ID: id, ROLE: '1', PARTY_KIND: '1', NAME: '张三' };
    await addRow(engine, 'ARB_PARTY', {
      ...own,
      ID_NO: person('1990-03-07', order),
      ...updated,
      ...fill(cells, id),
    });
  }
  for (const [index, cells] of (records.claims ?? [{}]).entries()) {
    const own = { CLAIM_ID: `${id}${index}`, CASE_ID: id, CLAIM_TYPE: '05', AMOUNT: '100.00' };
    await addRow(engine, 'ARB_CLAIM', { ...own, ...updated, ...fill(cells, id) });
  }
  if (records.mediation !== undefined) {
    await addRow(engine, 'ARB_MEDIATION', {
      MEDIATION_ID: id,
      ORG_CODE: ORG,
      MEDIATOR_KIND: '5',
      ACCEPT_DATE: '2026-10-09',
      CLOSE_DATE: '2026-10-12',
      RESULT: '1',
      DISPUTE_TYPE: '05',
      WORKER_COUNT: '1',
      AMOUNT: '1.00',
      DELETED: '0',
      ...updated,
      ...fill(records.mediation, id),
    });
  }
  if (records.preApplication !== undefined) {
    await addRow(engine, 'PRE_APPLICATION', {
      PRE_APP_ID: id,
      SUBMIT_TIME: '2026-10-08 10:00:00',
      ORG_CODE: ORG,
      APPLICANT_KIND: '1',
      APPLICANT_NAME: '张三',
      RESPONDENT_NAME: '某公司',
      STATUS: '2',
      REVIEW_TIME: '2026-10-08 12:00:00',
      ...updated,
      ...fill(records.preApplication, id),
    });
  }
  for (const [view, cells] of records.more ?? [])
    await addRow(engine, view, { ...updated, ...fill(cells, id) });
}

const ofCase = (rule: string, verdict: 'breaks' | 'holds', ...changes: Cells[]): Variant[] =>
  changes.map((caseCells) => [rule, verdict, { caseCells }]);
/** Changes to the applicant; the finding names the party. */
const ofParty = (rule: string, verdict: 'breaks' | 'holds', cells: Cells, caseCells: Cells = {}): Variant => [
  rule,
  verdict,
  { caseCells, parties: [cells, { ROLE: '2', PARTY_KIND: '2', NAME: '某公司' }] },
  '$0',
];
const ofClaim = (rule: string, verdict: 'breaks' | 'holds', cells: Cells, caseCells: Cells = {}): Variant => [
  rule,
  verdict,
  { caseCells, claims: [cells] },
  '$0',
];
const ofMediation = (rule: string, verdict: 'breaks' | 'holds', mediation: Cells): Variant => [
  rule,
  verdict,
  { mediation },
];
const ofPreApplication = (rule: string, verdict: 'breaks' | 'holds', preApplication: Cells): Variant => [
  rule,
  verdict,
  { preApplication },
];
/** Cells of a case that is open, undecided, or rejected. */
const OPEN: Cells = {
  CLOSE_DATE: null,
  CLOSE_MODE: null,
  AWARD_RESULT: null,
  AWARD_AMOUNT: null,
  CASE_STATUS: '30',
  HEARING_DATE: null,
};
const UNDECIDED: Cells = { ...OPEN, ACCEPT_DATE: null, CASE_NO: null, CASE_STATUS: '10' };
const REJECTED: Cells = { ...UNDECIDED, REJECT_DATE: '2026-10-12', CASE_STATUS: '60' };
const copyOfCase = (cells: Cells): readonly [ViewName, Cells] => [
  'ARB_CASE',
  { CASE_ID: '$', CASE_NO: '$', ORG_CODE: ORG, DELETED: '0', UPDATED_AT: '2026-01-01', ...cells },
];

const VARIANTS: readonly Variant[] = [
  ['V001', 'breaks', { more: [copyOfCase({})] }],
  ['V001', 'breaks', { caseCells: { DELETED: '1' }, more: [copyOfCase({})] }],
  ['V001', 'holds', { caseCells: { DELETED: '1' }, more: [copyOfCase({ DELETED: '1' })] }],
  ['V001', 'holds', {}],
  ...ofCase('V002', 'breaks', { CASE_NO: null }, { CASE_NO: ' \u3000' }),
  ...ofCase('V002', 'holds', {}, UNDECIDED, { CASE_NO: null, DELETED: '1' }),
  ['V003', 'breaks', { caseCells: { CASE_NO: 'N$' }, more: [copyOfCase({ CASE_ID: '9$', CASE_NO: ' N$' })] }],
  [
    'V003',
    'breaks',
    { caseCells: { CASE_NO: 'N$' }, more: [copyOfCase({ CASE_ID: '9$', CASE_NO: 'N$' })] },
    '9$',
  ],
  [
    'V003',
    'holds',
    { caseCells: { CASE_NO: 'N$' }, more: [copyOfCase({ CASE_ID: '9$', CASE_NO: 'N$', DELETED: '1' })] },
  ],
  ['V003', 'holds', { caseCells: { CASE_NO: null }, more: [copyOfCase({ CASE_ID: '9$', CASE_NO: null })] }],
  ...ofCase(
    'V004',
    'breaks',
    { CASE_NO: '京西劳人仲字〔2026〕第09001号' },
    { CASE_NO: '京东劳人仲字〔2025〕第09002号' },
    { CASE_NO: '京东劳人仲字〔2026〕第9003号' },
    { CASE_NO: '京东劳人仲字〔2026〕第1234567号' },
    { CASE_NO: 'x京东劳人仲字〔2026〕第09004号' },
    { CASE_NO: '京东劳人仲字〔2026〕第09005号之一' },
    { CASE_NO: '京东劳人仲字(2026)第09006号' },
    { ...UNDECIDED, CASE_NO: '京东〔2026〕第09007号' },
    { CASE_NO: '京东劳人仲字〔2025〕第09010号', ORG_CODE: '999999' },
  ),
  ...ofCase(
    'V004',
    'holds',
    {},
    { CASE_NO: null },
    { CASE_NO: '京东劳人仲字〔2026〕第123456号' },
    { CASE_NO: '京东劳人仲字︹2026︺第０９００８号' },
    { CASE_NO: '随便劳人仲字〔2026〕第09009号', ORG_CODE: '999999' },
    { CASE_NO: '京(开)劳人仲字〔2026〕第09011号', ORG_CODE: '110400' },
    { ...UNDECIDED, CASE_NO: '京东劳人仲字〔1999〕第09012号' },
  ),
  ...ofCase('V005', 'breaks', { ORG_CODE: '999999' }, { ORG_CODE: null }),
  ...ofCase('V005', 'holds', {}, { ORG_CODE: '１１０１０１' }, { ORG_CODE: '999999', DELETED: '1' }),
  ...ofCase('V006', 'breaks', { ACCEPT_DATE: '2026-11-04' }, { ...REJECTED, REJECT_DATE: '2027-01-01' }),
  ...ofCase('V006', 'holds', {}, { ACCEPT_DATE: '2026-11-03 23:59:59' }, REJECTED),
  ...ofCase('V007', 'breaks', { APPLY_DATE: '2026-10-13' }),
  ...ofCase('V007', 'holds', { APPLY_DATE: '2026-10-12 18:00:00' }, { APPLY_DATE: null }, REJECTED),
  // 2026-10-01 to 07 are days off, 2026-10-10 (a Saturday) is worked: five working days after 2026-09-30 is 2026-10-13.
  ...ofCase(
    'V008',
    'breaks',
    { APPLY_DATE: '2026-09-30', ACCEPT_DATE: '2026-10-14' },
    { ...REJECTED, APPLY_DATE: '2026-09-30', REJECT_DATE: '2026-10-14' },
    { ...UNDECIDED, APPLY_DATE: '2026-10-26' },
  ),
  ...ofCase(
    'V008',
    'holds',
    { APPLY_DATE: '2026-09-30', ACCEPT_DATE: '2026-10-13' },
    { APPLY_DATE: '2026-01-05', ACCEPT_DATE: '2026-09-30' },
    { ...UNDECIDED, APPLY_DATE: '2026-10-27' },
    { ...UNDECIDED, APPLY_DATE: null },
    { ...UNDECIDED, APPLY_DATE: '2025-01-05', DELETED: '1' },
  ),
  ...ofCase(
    'V009',
    'breaks',
    { ACCEPT_DATE: null },
    { CLOSE_DATE: '2026-10-11' },
    { CLOSE_DATE: '2026-11-04' },
  ),
  ...ofCase('V009', 'holds', {}, OPEN, {
    CLOSE_DATE: '2026-10-12 08:00:00',
    ACCEPT_DATE: '2026-10-12 09:00:00',
  }),
  ...ofCase('V010', 'breaks', { CASE_STATUS: '30' }, { ...OPEN, CASE_STATUS: '50' }, { CASE_STATUS: null }),
  ...ofCase('V010', 'holds', {}, OPEN),
  ...ofCase('V011', 'breaks', { CLOSE_MODE: null }, { CLOSE_MODE: '8' }, { ...OPEN, CLOSE_MODE: '1' }),
  ...ofCase('V011', 'holds', {}, OPEN, { CLOSE_MODE: '５' }),
  ...ofCase('V012', 'breaks', { FINAL_AWARD: '1', CLOSE_MODE: '1' }, { FINAL_AWARD: '1', CLOSE_MODE: null }),
  ...ofCase('V012', 'holds', { FINAL_AWARD: '1' }, { CLOSE_MODE: '1' }),
  ...ofCase(
    'V013',
    'breaks',
    { AWARD_RESULT: null },
    { AWARD_RESULT: '4' },
    { CLOSE_MODE: '1' },
    { CLOSE_MODE: null },
  ),
  ...ofCase('V013', 'holds', {}, { CLOSE_MODE: '1', AWARD_RESULT: null }),
  ...ofCase(
    'V014',
    'breaks',
    { IS_COLLECTIVE: '1', WORKER_COUNT: '9' },
    { IS_COLLECTIVE: '1', WORKER_COUNT: null },
  ),
  ...ofCase('V014', 'holds', { IS_COLLECTIVE: '1', WORKER_COUNT: '10' }, { WORKER_COUNT: '10' }),
  ...ofCase('V015', 'breaks', { EXTEND_DAYS: '16' }, { EXTEND_DAYS: '-1' }),
  ...ofCase('V015', 'holds', { EXTEND_DAYS: '0' }, { EXTEND_DAYS: '15' }),
  ...ofCase('V016', 'breaks', { EXCLUDED_DAYS: '-1' }),
  ...ofCase('V016', 'holds', { EXCLUDED_DAYS: '0' }, { EXCLUDED_DAYS: '99999' }, { EXCLUDED_DAYS: null }),
  ...ofCase('V017', 'breaks', { CLAIM_AMOUNT: '-0.01' }, { AWARD_AMOUNT: '-1' }),
  ...ofCase('V017', 'holds', { CLAIM_AMOUNT: '0' }, { CLAIM_AMOUNT: null, AWARD_AMOUNT: null }),
  ...ofCase(
    'V018',
    'breaks',
    { DISPUTE_TYPE: null },
    { DISPUTE_TYPE: '13' },
    { APPLICANT_SIDE: '3' },
    { APPLICANT_SIDE: null },
    { EMPLOYER_NATURE: '15' },
    { EMPLOYER_NATURE: null },
    { APPLY_CHANNEL: '4' },
    { APPLY_CHANNEL: null },
  ),
  ...ofCase('V018', 'holds', {}, { DISPUTE_TYPE: ' 05' }, { ...UNDECIDED, DISPUTE_TYPE: null }),
  ...ofCase(
    'V019',
    'breaks',
    { INDUSTRY_CODE: null },
    { INDUSTRY_CODE: 'Z' },
    { INDUSTRY_CODE: 'U' },
    { INDUSTRY_CODE: 'c' },
  ),
  ...ofCase(
    'V019',
    'holds',
    {},
    { INDUSTRY_CODE: 'T' },
    { INDUSTRY_CODE: 'Ａ' },
    { ...UNDECIDED, INDUSTRY_CODE: null },
  ),
  ...ofCase(
    'V020',
    'breaks',
    { CASE_STATUS: '70' },
    { CASE_STATUS: null },
    { CASE_STATUS: '60' },
    { CASE_STATUS: '10' },
    { ...REJECTED, CASE_STATUS: '20' },
    { ...UNDECIDED, CASE_STATUS: '20' },
    { ...REJECTED, ACCEPT_DATE: '2026-10-12' },
  ),
  ...ofCase('V020', 'holds', {}, UNDECIDED, REJECTED, OPEN),
  ...ofCase('V021', 'breaks', { WORKER_COUNT: '0' }, { WORKER_COUNT: '-3' }),
  ...ofCase('V021', 'holds', { WORKER_COUNT: '1' }),
  ...ofCase(
    'V022',
    'breaks',
    { LIMIT_START_DATE: '2026-10-11' },
    { LIMIT_START_DATE: '2026-10-21' },
    { ...OPEN, LIMIT_START_DATE: '2026-11-04' },
    { ...UNDECIDED, LIMIT_START_DATE: '2026-10-20' },
  ),
  ...ofCase(
    'V022',
    'holds',
    {},
    { LIMIT_START_DATE: '2026-10-12' },
    { LIMIT_START_DATE: '2026-10-20' },
    { ...OPEN, LIMIT_START_DATE: '2026-11-03' },
  ),
  // 45 days after 2026-08-19 is 2026-10-03, a day off until 2026-10-08.
  ...ofCase(
    'V023',
    'breaks',
    { ACCEPT_DATE: '2026-08-19', CLOSE_DATE: '2026-10-09' },
    { ...OPEN, ACCEPT_DATE: '2026-09-18' },
    { ...OPEN, ACCEPT_DATE: '2026-09-17', SUSPENDED_SINCE: '2026-11-04' },
    { ACCEPT_DATE: '2026-08-19', LIMIT_START_DATE: '2026-08-18', CLOSE_DATE: '2026-10-09' },
  ),
  ...ofCase(
    'V023',
    'holds',
    {},
    { ACCEPT_DATE: '2026-08-19', CLOSE_DATE: '2026-10-08' },
    { ACCEPT_DATE: '2026-07-01', CLOSE_DATE: '2026-09-30' },
    { ...OPEN, ACCEPT_DATE: '2026-09-19' },
    { ...OPEN, ACCEPT_DATE: '2026-01-05', SUSPENDED_SINCE: '2026-02-01' },
    { ...OPEN, ACCEPT_DATE: '2026-09-17', EXTEND_DAYS: '2' },
    { ...OPEN, ACCEPT_DATE: '2026-09-17', EXCLUDED_DAYS: '2' },
    { ...OPEN, ACCEPT_DATE: '2026-09-17', LIMIT_START_DATE: '2026-10-01' },
    { ...OPEN, ACCEPT_DATE: '2025-01-05', DELETED: '1' },
  ),
  ...ofCase('V024', 'breaks', { SUSPENDED_SINCE: '2026-10-19' }, { ...OPEN, CASE_STATUS: '40' }),
  ...ofCase('V024', 'holds', {}, { ...OPEN, CASE_STATUS: '40', SUSPENDED_SINCE: '2026-10-19' }),
  ...ofCase(
    'V025',
    'breaks',
    { HEARING_DATE: '2026-10-11' },
    { HEARING_DATE: '2026-10-21' },
    { ...OPEN, HEARING_DATE: '2027-01-03' },
    { ...UNDECIDED, HEARING_DATE: '2026-10-20' },
  ),
  ...ofCase('V025', 'holds', {}, { HEARING_DATE: null }, { ...OPEN, HEARING_DATE: '2027-01-02' }),
  ...ofCase(
    'V026',
    'breaks',
    { APPLY_CHANNEL: '2' },
    { APPLY_CHANNEL: '2', PRE_APP_ID: 'NONE' },
    { ...UNDECIDED, APPLY_CHANNEL: '2' },
  ),
  ...ofCase('V026', 'holds', {}, { APPLY_CHANNEL: '1', PRE_APP_ID: 'NONE' }),
  ['V026', 'holds', { caseCells: { APPLY_CHANNEL: '2', PRE_APP_ID: ' $' }, preApplication: {} }],
  ['V026', 'holds', { caseCells: { APPLY_CHANNEL: '2', CASE_NO: 'P$' }, preApplication: { CASE_NO: 'P$ ' } }],
  ['V027', 'breaks', { claims: [{ AMOUNT: '60.00' }, { AMOUNT: '39.98' }] }],
  ['V027', 'breaks', { caseCells: { CLAIM_AMOUNT: null } }],
  ['V027', 'breaks', { claims: [{ AMOUNT: null }] }],
  ['V027', 'holds', { claims: [{ AMOUNT: '60.00' }, { AMOUNT: '39.99' }] }],
  ['V027', 'holds', { claims: [] }],
  ['V027', 'holds', { caseCells: { CLAIM_AMOUNT: null }, claims: [{ AMOUNT: null }, { AMOUNT: '0' }] }],
  ...ofCase('V028', 'breaks', { AWARD_AMOUNT: '100.01' }),
  ...ofCase('V028', 'holds', { AWARD_AMOUNT: '100.00' }, { CLAIM_AMOUNT: null }, { AWARD_AMOUNT: null }),
  ['V030', 'breaks', { parties: [{}] }],
  ['V030', 'breaks', { parties: [{ ROLE: '2' }, { ROLE: '3' }] }],
  ['V030', 'breaks', { parties: [] }],
  ['V030', 'holds', {}],
  ['V030', 'holds', { caseCells: UNDECIDED, parties: [] }],
  ofParty('V031', 'breaks', { CASE_ID: '99999999' }),
  ofParty('V031', 'breaks', { CASE_ID: null }),
  ofParty('V031', 'holds', {}, { DELETED: '1' }),
  ofParty('V032', 'breaks', { ROLE: '4' }),
  ofParty('V032', 'breaks', { PARTY_KIND: null }),
  ofParty('V032', 'holds', { ROLE: '３' }),
  ofParty('V032', 'holds', { ROLE: '4' }, { DELETED: '1' }),
  ofParty('V033', 'breaks', { ID_NO: `${MAN}0` }),
  ofParty('V033', 'breaks', { ID_NO: citizen('11010119900230123') }),
  ofParty('V033', 'breaks', { ID_NO: citizen('11010120261104123') }),
  ofParty('V033', 'breaks', { ID_NO: citizen('99010119900307123') }),
  ofParty('V033', 'breaks', { ID_NO: '110101900307123' }),
  ofParty('V033', 'holds', { ID_NO: person('2000-02-29').toLowerCase() }),
  ofParty('V033', 'holds', { ID_NO: null }),
  ofParty('V033', 'holds', { PARTY_KIND: '2', ID_NO: 'x' }),
  ofParty('V033', 'holds', { ID_NO: 'x' }, { DELETED: '1' }),
  ofParty('V034', 'breaks', { PARTY_KIND: '2', ID_NO: FIRM.replace(/.$/, 'H') }),
  ofParty('V034', 'breaks', { PARTY_KIND: '2', ID_NO: person('1990-03-07') }),
  ofParty('V034', 'holds', { PARTY_KIND: '2', ID_NO: FIRM }),
  ofParty('V034', 'holds', { PARTY_KIND: '2', ID_NO: null }),
  ofParty('V035', 'breaks', { ID_NO: person('1990-03-07', '001'), GENDER: '2' }),
  ofParty('V035', 'breaks', { ID_NO: person('1990-03-07', '002'), BIRTH_DATE: '1990-03-08' }),
  ofParty('V035', 'holds', {
    ID_NO: person('1990-03-07', '003'),
    GENDER: '1',
    BIRTH_DATE: '1990-03-07 12:00:00',
  }),
  ofParty('V035', 'holds', { ID_NO: `${MAN}0`, GENDER: '2' }),
  ofParty('V036', 'breaks', { ID_NO: person('2010-10-10') }),
  ofParty('V036', 'breaks', { ID_NO: person('1925-10-09') }),
  ofParty('V036', 'breaks', { ID_NO: null, BIRTH_DATE: '2010-10-10' }),
  ofParty('V036', 'breaks', { ID_NO: `${MAN}0`, BIRTH_DATE: '2026-10-10' }),
  ofParty('V036', 'holds', { ID_NO: person('2010-10-09') }),
  ofParty('V036', 'holds', { ID_NO: person('1925-10-10') }),
  ofParty('V036', 'holds', { ID_NO: null }),
  ofParty('V036', 'holds', { ID_NO: person('2010-10-10') }, { APPLICANT_SIDE: '2' }),
  ofParty('V036', 'holds', { ID_NO: person('2010-10-10'), ROLE: '3' }),
  ofParty('V036', 'breaks', { ID_NO: person('2008-02-29') }, { APPLY_DATE: '2024-02-28' }),
  ofParty('V037', 'breaks', { NAME: null }),
  ofParty('V037', 'breaks', { NAME: ' \u3000' }),
  ofParty('V037', 'breaks', { NAME: '张\u0007三' }),
  ofParty('V037', 'breaks', { NAME: '张\u0085三' }),
  ofParty('V037', 'holds', { NAME: '张 三·阿不都' }),
  ofClaim('V038', 'breaks', { CASE_ID: '99999999' }),
  ofClaim('V038', 'holds', {}, { DELETED: '1' }),
  ofClaim('V039', 'breaks', { CLAIM_TYPE: '00' }),
  ofClaim('V039', 'breaks', { CLAIM_TYPE: null }),
  ofClaim('V039', 'holds', { CLAIM_TYPE: '９９' }),
  ofClaim('V039', 'holds', { CLAIM_TYPE: '00' }, { DELETED: '1' }),
  ofClaim('V040', 'breaks', { AMOUNT: '-0.01' }),
  ofClaim('V040', 'breaks', { SUPPORTED_AMOUNT: '-1' }),
  ofClaim('V040', 'holds', { AMOUNT: null, SUPPORTED_AMOUNT: '0' }),
  ofClaim('V041', 'breaks', { SUPPORTED_AMOUNT: '100.01' }),
  ofClaim('V041', 'holds', { SUPPORTED_AMOUNT: '100.00' }),
  ofClaim('V041', 'holds', { AMOUNT: null, SUPPORTED_AMOUNT: '5' }),
  ofMediation('V042', 'breaks', { ORG_CODE: '999999' }),
  ofMediation('V042', 'breaks', { ACCEPT_DATE: null }),
  ofMediation('V042', 'breaks', { ACCEPT_DATE: '2026-11-04', CLOSE_DATE: null }),
  ofMediation('V042', 'breaks', { CLOSE_DATE: '2026-10-08' }),
  ofMediation('V042', 'breaks', { CLOSE_DATE: '2026-11-04' }),
  ofMediation('V042', 'holds', {}),
  ofMediation('V042', 'holds', { CLOSE_DATE: null, RESULT: null }),
  ofMediation('V042', 'holds', { ORG_CODE: '999999', DELETED: '1' }),
  ofMediation('V043', 'breaks', { RESULT: null }),
  ofMediation('V043', 'breaks', { RESULT: '5' }),
  ofMediation('V043', 'breaks', { CLOSE_DATE: null }),
  ofMediation('V043', 'holds', { CLOSE_DATE: null, RESULT: null }),
  ofMediation('V044', 'breaks', { MEDIATOR_KIND: '6' }),
  ofMediation('V044', 'breaks', { MEDIATOR_KIND: null }),
  ofMediation('V044', 'holds', { MEDIATOR_KIND: ' 9' }),
  ofPreApplication('V045', 'breaks', { ORG_CODE: null }),
  ofPreApplication('V045', 'breaks', { STATUS: '6' }),
  [
    'V045',
    'breaks',
    { preApplication: {}, more: [['PRE_APPLICATION', { PRE_APP_ID: '$ ', ORG_CODE: ORG, STATUS: '2' }]] },
  ],
  ofPreApplication('V045', 'holds', {}),
  ofPreApplication('V046', 'breaks', { REVIEW_TIME: null }),
  ofPreApplication('V046', 'breaks', { STATUS: '1' }),
  ofPreApplication('V046', 'breaks', { STATUS: null }),
  ofPreApplication('V046', 'breaks', { REVIEW_TIME: '2026-10-08 09:59:59.999999' }),
  ofPreApplication('V046', 'breaks', { STATUS: '5', REVIEW_TIME: '2026-10-08 09:00:00' }),
  ofPreApplication('V046', 'holds', { REVIEW_TIME: '2026-10-08 10:00:00' }),
  ofPreApplication('V046', 'holds', { STATUS: '5', REVIEW_TIME: null }),
  ofPreApplication('V046', 'holds', { STATUS: '5' }),
  ofPreApplication('V046', 'holds', { STATUS: '1', REVIEW_TIME: null }),
  ...ofCase(
    'V049',
    'breaks',
    { DISPUTE_TYPE: '０５' },
    { CASE_NO: '京东劳人仲字〔2026〕第09050号 ' },
    { DELETED: '0 ' },
    { PRE_APP_ID: ' ' },
  ),
  ...ofCase('V049', 'holds', {}, { DISPUTE_TYPE: '０５', DELETED: '1' }),
  ofParty('V049', 'breaks', { ID_NO: '11010119900307001x' }),
  ofParty('V049', 'holds', { ID_NO: '1101011990030700x', NAME: ' 张三 ' }),
  ofParty('V049', 'holds', { ID_NO: '11010119900307001x' }, { DELETED: '1' }),
  ofPreApplication('V049', 'breaks', { APPLICANT_ID_NO: '１' }),
  ...ofCase(
    'V050',
    'breaks',
    { WORKER_COUNT: null },
    { CREATED_AT: null },
    { UPDATED_AT: null },
    { DELETED: null },
    { ORG_CODE: '　' },
    { REJECT_DATE: '2026-10-12' },
  ),
  ...ofCase('V050', 'holds', {}, { CLAIM_AMOUNT: null }, { WORKER_COUNT: null, DELETED: '1' }, REJECTED),
  ofParty('V050', 'breaks', { NAME: null }),
  ofParty('V050', 'holds', { NAME: null }, { DELETED: '1' }),
  [
    'V050',
    'breaks',
    { more: [['ARB_PARTY', { PARTY_ID: '$0', CASE_ID: '$', ROLE: '1', PARTY_KIND: '1', NAME: '李四' }]] },
    '$0',
  ],
  ['V050', 'breaks', { more: [['ARB_CLAIM', { CLAIM_ID: '$0', CASE_ID: '$', CLAIM_TYPE: '05' }]] }, '$0'],
  ['V050', 'breaks', { mediation: {}, more: [['ARB_MEDIATION', { MEDIATION_ID: '$', DELETED: '0' }]] }],
  ofMediation('V050', 'breaks', { UPDATED_AT: null }),
  ofPreApplication('V050', 'breaks', { SUBMIT_TIME: null }),
  ofPreApplication('V050', 'holds', {}),
  ...ofCase('V051', 'breaks', { WORKER_COUNT: '10' }, { WORKER_COUNT: '10', IS_COLLECTIVE: null }),
  ...ofCase('V051', 'holds', { WORKER_COUNT: '9' }, { WORKER_COUNT: '10', IS_COLLECTIVE: '1' }),
];

const numbered = VARIANTS.map(([rule, verdict, records, key = '$']) => {
  const id = String(nextId++);
  return { rule, verdict, records, id, key: key.replace('$', id), text: JSON.stringify(records) };
});

describe('one record at a time', () => {
  let found: string[] = [];
  beforeAll(async () => {
    found = await withRaw(async (engine) => {
      await addOrgs(engine);
      for (const { id, records } of numbered) await addVariant(engine, id, records);
      await validate(engine);
      return breaches(engine);
    });
  });
  test.each(numbered)('$rule $verdict: $text', ({ rule, verdict, key }) => {
    expect(found.includes(`${rule} ${key}`)).toBe(verdict === 'breaks');
  });
  test('every rule but those on groups, months and platforms is shown to break and to hold', () => {
    // N001 is shown where rejections are: test/submission.
    const elsewhere = ['V029', 'V047', 'V048', 'N001'];
    const shown = (verdict: string) =>
      [...new Set(numbered.flatMap((one) => (one.verdict === verdict ? [one.rule] : [])))].toSorted();
    const rules = definitions.rules.map(({ id }) => id).filter((id) => !elsewhere.includes(id));
    expect(shown('breaks')).toEqual(rules);
    expect(shown('holds')).toEqual(rules);
  });
});

async function addOrgs(engine: Engine): Promise<void> {
  for (const [ORG_CODE, CASE_WORD] of [
    [ORG, '京东'],
    ['110400', '京（开）'],
  ] as const) {
    const rest = { ORG_NAME: '委员会', DISTRICT_CODE: ORG_CODE, ORG_LEVEL: '2', CASE_WORD };
    await addRow(engine, 'ARB_ORG', { ORG_CODE, ...rest });
  }
}

test('a record in order has no finding at all', async () => {
  const found = await withRaw(async (engine) => {
    await addOrgs(engine);
    await addVariant(engine, '1', { mediation: {}, preApplication: {} });
    await validate(engine, { period: '2026-Q4' });
    return breaches(engine);
  });
  expect(found).toEqual([]);
});

test('V050 and V049 on bodies', async () => {
  const found = await withRaw(async (engine) => {
    await addOrgs(engine);
    const more = { ORG_NAME: '委员会', DISTRICT_CODE: '110400', ORG_LEVEL: '2', CASE_WORD: '京开' };
    await addRow(engine, 'ARB_ORG', { ORG_CODE: '110400 ', ...more });
    await addRow(engine, 'ARB_ORG', { ...more, ORG_CODE: '110500', CASE_WORD: null });
    await addRow(engine, 'ARB_ORG', { ...more, ORG_CODE: '１１０６００' });
    await addRow(engine, 'ARB_ORG', { ...more, ORG_CODE: null });
    await validate(engine, { period: '2026-Q4' });
    return (await breaches(engine)).filter((breach) => /^V0(49|50)/.test(breach));
  });
  expect(found.filter((breach) => breach !== 'V049 110400')).toEqual(
    ['V049 110600', 'V050 110400', 'V050 110500', 'V050 （空）'].toSorted(),
  );
});

describe('V029: the same parties and dispute within 7 days', () => {
  const firm = { ROLE: '2', PARTY_KIND: '2', NAME: '某公司', ID_NO: FIRM };
  const one = { ID_NO: person('1990-03-07', '501') };
  const two = { ID_NO: person('1990-03-07', '502') };
  const cases: readonly (readonly [id: string, Cells, readonly Cells[]])[] = [
    ['1', { APPLY_DATE: '2026-10-01' }, [one, one, firm]],
    ['2', { APPLY_DATE: '2026-10-08 23:00:00' }, [two, one, firm]],
    ['3', { APPLY_DATE: '2026-10-16' }, [one, firm]],
    ['4', { APPLY_DATE: '2026-10-09', DISPUTE_TYPE: '06' }, [one, firm]],
    ['5', { APPLY_DATE: '2026-10-15', DELETED: '1' }, [one, firm]],
    ['6', { APPLY_DATE: '2026-10-08', DISPUTE_TYPE: null }, [one, firm]],
    ['7', { APPLY_DATE: '2026-10-08' }, [one, { ...firm, ID_NO: null }]],
    ['8', { APPLY_DATE: '2026-10-02' }, [{ ...one, ROLE: '3' }, firm]],
    ['9', { APPLY_DATE: '2026-10-10' }, [two, { ...one, ROLE: '2' }]],
  ];
  test('finds both and no other', async () => {
    const rows = await withRaw(async (engine) => {
      await addOrgs(engine);
      for (const [id, caseCells, parties] of cases) await addVariant(engine, id, { caseCells, parties });
      await validate(engine);
      return engine.rows<{ record_key: string; message: string }>(
        "SELECT record_key, message FROM finding WHERE rule_id = 'V029' ORDER BY 1",
      );
    });
    expect(rows.map(({ record_key }) => record_key)).toEqual(['1', '2']);
    expect(rows[0]?.message).toContain('与案件 2 的');
  });
});

describe('V047 and V048: a month against the twelve before', () => {
  /** Cases accepted per month, the twelve before 2026-10 and it; each is closed on the 20th of its month. */
  async function judge(counts: readonly (readonly [org: string, months: readonly number[]])[]) {
    return withRaw(async (engine) => {
      for (const [org, months] of counts) {
        await addRow(engine, 'ARB_ORG', {
          ORG_CODE: org,
          ORG_NAME: org,
          DISTRICT_CODE: org,
          ORG_LEVEL: '2',
          CASE_WORD: org,
        });
        for (const [index, count] of months.entries()) {
          const month = `DATE '2025-10-01' + INTERVAL ${index + 13 - months.length} MONTH`;
          await engine.run(`
            INSERT INTO arb_case BY NAME
            SELECT CAST(${org} AS BIGINT) * 100000 + ${index} * 1000 + n AS "CASE_ID", '${org}' AS "ORG_CODE",
              CAST(${month} AS TIMESTAMP) AS "ACCEPT_DATE",
              CAST(${month} AS TIMESTAMP) + INTERVAL 19 DAY AS "CLOSE_DATE", '0' AS "DELETED"
            FROM range(${count}) t(n)`);
        }
      }
      await validate(engine);
      return (await breaches(engine)).filter((breach) => /^V04[78]/.test(breach));
    });
  }
  const flat = (now: number) => [...Array<number>(12).fill(10), now];
  const swinging = (now: number) => [...Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? 8 : 12)), now];

  test('mean ± 3 sample standard deviations, and nothing at all', async () => {
    // Swinging between 8 and 12: mean 10, s² = 48/11, 3 s = 6.27; a population's deviation would give 6.00.
    const found = await judge([
      ['1', flat(10)],
      ['2', flat(11)],
      ['3', flat(0)],
      ['4', swinging(16)],
      ['5', swinging(17)],
      ['6', swinging(4)],
      ['7', swinging(3)],
    ]);
    const expected = ['2', '3', '5', '7'];
    expect(found).toEqual([...expected.map((org) => `V047 ${org}`), ...expected.map((org) => `V048 ${org}`)]);
  });
  test('without twelve months before only nothing at all is found', async () => {
    expect(
      await judge([
        ['1', flat(99).slice(1)],
        ['2', flat(0).slice(1)],
      ]),
    ).toEqual(['V047 2', 'V048 2']);
  });
});
