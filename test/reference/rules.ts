/**
 * The rules V001 to V051, each as one plain condition over arrays of rows: a second opinion, written from the
 * rules file alone. A finding is `rule view record`; a missing number counts as 0.
 */

import * as codes from './codes.ts';
import { type Calendar, civilDate } from './dates.ts';
import { isCreditCode, readCitizen } from './identity.ts';
import { type KeptSource, knownBodies, normalised, type Row } from './source.ts';
import { countedRecords, deadlineOf, type Question, type Window, windowsOf } from './statistics.ts';

interface World {
  readonly asOf: number;
  readonly window: Window;
  readonly calendar: Calendar;
  readonly bodies: ReadonlySet<string>;
  readonly caseWords: ReadonlyMap<string, string>;
  readonly cases: readonly Row[];
  readonly caseById: ReadonlyMap<string, Row>;
  readonly parties: readonly Row[];
  readonly claims: readonly Row[];
  readonly preApplications: readonly Row[];
}

type Condition = (row: Row, world: World) => boolean;

const has = (row: Row, column: string) => row.text(column) !== null;
const isAbsentOrAtLeastZero = (row: Row, column: string) => (row.cents(column) ?? 0n) >= 0n;
const notAfter = (day: number | null, limit: number) => day === null || day <= limit;
const isBetween = (day: number, from: number, to: number) => from <= day && day <= to;
const isIn = (day: number | null, { start, end }: Window) => day !== null && isBetween(day, start, end);

const undeleted = (rows: readonly Row[]) => rows.filter((row) => !row.isDeleted);

function ofCase(rows: readonly Row[], caseRow: Row): Row[] {
  return rows.filter((row) => row.text('CASE_ID') !== null && row.text('CASE_ID') === caseRow.key);
}

function caseNumberIsFormed(row: Row, { caseWords }: World): boolean {
  const caseNo = row.text('CASE_NO');
  if (caseNo === null) return true;
  const [, word, year] = /^(.+)劳人仲字〔([0-9]{4})〕第[0-9]{5,6}号$/su.exec(caseNo) ?? [];
  if (word === undefined) return false;
  const ownWord = caseWords.get(row.text('ORG_CODE') ?? '');
  const accept = row.day('ACCEPT_DATE');
  if (ownWord !== undefined && word !== ownWord) return false;
  return accept === null || civilDate(accept).year === Number(year);
}

function decidedInTime(row: Row, { asOf, window, calendar }: World): boolean {
  const apply = row.day('APPLY_DATE');
  if (apply === null) return true;
  const decision = row.day('ACCEPT_DATE') ?? row.day('REJECT_DATE');
  if (decision === null) return !calendar.hasMoreWorkingDays(apply, asOf, 5);
  return !isIn(decision, window) || !calendar.hasMoreWorkingDays(apply, decision, 5);
}

function withinTimeLimit(row: Row, { asOf, window, calendar }: World): boolean {
  const close = row.day('CLOSE_DATE');
  const deadline = deadlineOf(row, calendar);
  if (deadline === null) return true;
  if (close !== null) return !isIn(close, window) || close <= deadline;
  const suspended = row.day('SUSPENDED_SINCE');
  if (!has(row, 'ACCEPT_DATE') || (suspended !== null && suspended <= asOf)) return true;
  return deadline >= asOf;
}

function claimsAddUp(row: Row, { claims }: World): boolean {
  const own = ofCase(claims, row);
  if (own.length === 0) return true;
  const sum = own.reduce((total, claim) => total + (claim.cents('AMOUNT') ?? 0n), 0n);
  const difference = (row.cents('CLAIM_AMOUNT') ?? 0n) - sum;
  return -1n <= difference && difference <= 1n;
}

function isNotRepeated(row: Row, { cases, parties }: World): boolean {
  const idsOf = (caseRow: Row, role: string) =>
    ofCase(parties, caseRow)
      .filter((party) => party.text('ROLE') === role)
      .map((party) => party.text('ID_NO'))
      .filter((idNo) => idNo !== null);
  const apply = row.day('APPLY_DATE');
  const type = row.text('DISPUTE_TYPE');
  if (apply === null || type === null) return true;
  return !undeleted(cases).some((other) => {
    const otherApply = other.day('APPLY_DATE');
    if (other === row || otherApply === null || other.text('DISPUTE_TYPE') !== type) return false;
    if (Math.abs(otherApply - apply) > 7) return false;
    const shares = (role: string) => idsOf(row, role).some((idNo) => idsOf(other, role).includes(idNo));
    return shares('1') && shares('2');
  });
}

function onlineCaseIsLinked(row: Row, { preApplications }: World): boolean {
  if (row.text('APPLY_CHANNEL') !== '2') return true;
  const preAppId = row.text('PRE_APP_ID');
  const caseNo = row.text('CASE_NO');
  return preApplications.some(
    (pre) =>
      (preAppId !== null && pre.key === preAppId) || (caseNo !== null && pre.text('CASE_NO') === caseNo),
  );
}

/** The conditions that an undeleted row of ARB_CASE must hold, by rule. */
const CASE_RULES: Readonly<Record<string, Condition>> = {
  V002: (row) => !has(row, 'ACCEPT_DATE') || has(row, 'CASE_NO'),
  V003: (row, { cases }) =>
    !has(row, 'CASE_NO') ||
    undeleted(cases).filter((other) => other.text('CASE_NO') === row.text('CASE_NO')).length === 1,
  V004: caseNumberIsFormed,
  V005: (row, { bodies }) => bodies.has(row.text('ORG_CODE') ?? ''),
  V006: (row, { asOf }) => notAfter(row.day('ACCEPT_DATE'), asOf) && notAfter(row.day('REJECT_DATE'), asOf),
  V007: (row) => {
    const apply = row.day('APPLY_DATE');
    const accept = row.day('ACCEPT_DATE');
    return apply === null || accept === null || accept >= apply;
  },
  V008: decidedInTime,
  V009: (row, { asOf }) => {
    const close = row.day('CLOSE_DATE');
    const accept = row.day('ACCEPT_DATE');
    return close === null || (accept !== null && isBetween(close, accept, asOf));
  },
  V010: (row) => has(row, 'CLOSE_DATE') === (row.text('CASE_STATUS') === '50'),
  V011: (row) => {
    const mode = row.text('CLOSE_MODE');
    return has(row, 'CLOSE_DATE') ? codes.isListed(codes.CLOSE_MODES, mode) : mode === null;
  },
  V012: (row) => row.text('FINAL_AWARD') !== '1' || row.text('CLOSE_MODE') === '2',
  V013: (row) => {
    const result = row.text('AWARD_RESULT');
    return row.text('CLOSE_MODE') === '2' ? codes.isListed(codes.AWARD_RESULTS, result) : result === null;
  },
  V014: (row) => row.text('IS_COLLECTIVE') !== '1' || (row.count('WORKER_COUNT') ?? 0) >= 10,
  V015: (row) => isBetween(row.count('EXTEND_DAYS') ?? 0, 0, 15),
  V016: (row) => (row.count('EXCLUDED_DAYS') ?? 0) >= 0,
  V017: (row) => isAbsentOrAtLeastZero(row, 'CLAIM_AMOUNT') && isAbsentOrAtLeastZero(row, 'AWARD_AMOUNT'),
  V018: (row) =>
    !has(row, 'ACCEPT_DATE') ||
    (codes.isListed(codes.DISPUTE_TYPES, row.text('DISPUTE_TYPE')) &&
      codes.isListed(codes.APPLICANT_SIDES, row.text('APPLICANT_SIDE')) &&
      Object.hasOwn(codes.EMPLOYER_GROUPS, row.text('EMPLOYER_NATURE') ?? '') &&
      codes.isListed(codes.APPLY_CHANNELS, row.text('APPLY_CHANNEL'))),
  V019: (row) => !has(row, 'ACCEPT_DATE') || /^[A-T]$/.test(row.text('INDUSTRY_CODE') ?? ''),
  V020: (row) => {
    const status = row.text('CASE_STATUS');
    const accepted = has(row, 'ACCEPT_DATE');
    const rejected = has(row, 'REJECT_DATE');
    return (
      codes.isListed(codes.CASE_STATUSES, status) &&
      (status === '60') === (rejected && !accepted) &&
      (status === '10') === (!rejected && !accepted)
    );
  },
  V021: (row) => (row.count('WORKER_COUNT') ?? 0) >= 1,
  V022: (row, { asOf }) => {
    const start = row.day('LIMIT_START_DATE');
    const accept = row.day('ACCEPT_DATE');
    if (start === null) return true;
    return accept !== null && isBetween(start, accept, row.day('CLOSE_DATE') ?? asOf);
  },
  V023: withinTimeLimit,
  V024: (row) => has(row, 'SUSPENDED_SINCE') === (row.text('CASE_STATUS') === '40'),
  V025: (row, { asOf }) => {
    const hearing = row.day('HEARING_DATE');
    const accept = row.day('ACCEPT_DATE');
    const last = row.day('CLOSE_DATE') ?? asOf + 60;
    return hearing === null || (accept !== null && isBetween(hearing, accept, last));
  },
  V026: onlineCaseIsLinked,
  V027: claimsAddUp,
  V028: (row) => {
    const claim = row.cents('CLAIM_AMOUNT');
    const award = row.cents('AWARD_AMOUNT');
    return claim === null || award === null || award <= claim;
  },
  V029: isNotRepeated,
  V030: (row, { parties }) => {
    const roles = ofCase(parties, row).map((party) => party.text('ROLE'));
    return !has(row, 'ACCEPT_DATE') || (roles.includes('1') && roles.includes('2'));
  },
  V051: (row) => (row.count('WORKER_COUNT') ?? 0) < 10 || row.text('IS_COLLECTIVE') === '1',
};

/** Completed years from a birthday up to a day. */
function ageAt(birthDay: number, day: number): number {
  const birth = civilDate(birthDay);
  const at = civilDate(day);
  const hadBirthday = at.month > birth.month || (at.month === birth.month && at.day >= birth.day);
  return at.year - birth.year - (hadBirthday ? 0 : 1);
}

function citizenOf(row: Row, { asOf }: World) {
  const idNo = row.text('ID_NO');
  return idNo === null || row.text('PARTY_KIND') !== '1' ? undefined : readCitizen(idNo, asOf);
}

function workerIsOfAge(row: Row, world: World): boolean {
  const ownCase = world.caseById.get(row.text('CASE_ID') ?? '');
  const apply = ownCase?.day('APPLY_DATE') ?? null;
  const isWorker =
    row.text('ROLE') === '1' && row.text('PARTY_KIND') === '1' && ownCase?.text('APPLICANT_SIDE') === '1';
  const birth = citizenOf(row, world)?.birthDay ?? row.day('BIRTH_DATE');
  return !isWorker || apply === null || birth === null || isBetween(ageAt(birth, apply), 16, 100);
}

const caseExists: Condition = (row, { caseById }) => caseById.has(row.text('CASE_ID') ?? '');

const PARTY_RULES: Readonly<Record<string, Condition>> = {
  V031: caseExists,
  V032: (row) =>
    codes.isListed(['1', '2', '3'], row.text('ROLE')) && codes.isListed(['1', '2'], row.text('PARTY_KIND')),
  V033: (row, world) =>
    row.text('PARTY_KIND') !== '1' || !has(row, 'ID_NO') || citizenOf(row, world) !== undefined,
  V034: (row) =>
    row.text('PARTY_KIND') !== '2' || !has(row, 'ID_NO') || isCreditCode(row.text('ID_NO') ?? ''),
  V035: (row, world) => {
    const citizen = citizenOf(row, world);
    if (citizen === undefined) return true;
    const gender = row.text('GENDER');
    const birth = row.day('BIRTH_DATE');
    return (gender === null || gender === citizen.gender) && (birth === null || birth === citizen.birthDay);
  },
  V036: workerIsOfAge,
  V037: (row) => (row.text('NAME') ?? '').trim() !== '' && !/\p{Cc}/u.test(row.text('NAME') ?? ''),
};

const CLAIM_RULES: Readonly<Record<string, Condition>> = {
  V038: caseExists,
  V039: (row) => codes.isListed(codes.DISPUTE_TYPES, row.text('CLAIM_TYPE')),
  V040: (row) => isAbsentOrAtLeastZero(row, 'AMOUNT') && isAbsentOrAtLeastZero(row, 'SUPPORTED_AMOUNT'),
  V041: (row) => {
    const amount = row.cents('AMOUNT');
    const supported = row.cents('SUPPORTED_AMOUNT');
    return amount === null || supported === null || supported <= amount;
  },
};

const MEDIATION_RULES: Readonly<Record<string, Condition>> = {
  V042: (row, { bodies, asOf }) => {
    const accept = row.day('ACCEPT_DATE');
    const close = row.day('CLOSE_DATE');
    if (!bodies.has(row.text('ORG_CODE') ?? '') || accept === null || accept > asOf) return false;
    return close === null || isBetween(close, accept, asOf);
  },
  V043: (row) => {
    const result = row.text('RESULT');
    return has(row, 'CLOSE_DATE') ? codes.isListed(codes.MEDIATION_RESULTS, result) : result === null;
  },
  V044: (row) => codes.isListed(codes.MEDIATOR_KINDS, row.text('MEDIATOR_KIND')),
};

const PRE_APPLICATION_RULES: Readonly<Record<string, Condition>> = {
  V045: (row, { bodies }) =>
    !row.isRepeated &&
    bodies.has(row.text('ORG_CODE') ?? '') &&
    codes.isListed(codes.PRE_APPLICATION_STATUSES, row.text('STATUS')),
  V046: (row) => {
    const status = row.text('STATUS');
    const submit = row.time('SUBMIT_TIME');
    const review = row.time('REVIEW_TIME');
    if (review !== null && submit !== null && review < submit) return false;
    return status === '5' || (review !== null) === ['2', '3', '4'].includes(status ?? '');
  },
};

/** V049 and V050, which judge rows of every view. */
const ANY_RULES: Readonly<Record<string, Condition>> = {
  V049: (row) => row.changed.length === 0,
  V050: (row) => {
    if (row.missing.length > 0) return false;
    if (!['ARB_CASE', 'PRE_APPLICATION'].includes(row.view) && row.isRepeated) return false;
    return row.view !== 'ARB_CASE' || !has(row, 'ACCEPT_DATE') || !has(row, 'REJECT_DATE');
  },
};

function outliers(source: KeptSource, question: Question, rule: 'V047' | 'V048'): string[] {
  const day = rule === 'V047' ? 'ACCEPT_DATE' : 'CLOSE_DATE';
  if (!/^\d{4}-\d{2}$/.test(question.period)) return [];
  const { cases } = countedRecords(source, question.asOfDay);
  const [year, month] = question.period.split('-').map(Number) as [number, number];
  const monthBefore = (steps: number) => {
    const index = year * 12 + month - 1 - steps;
    return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
  };
  return knownBodies(source).filter((body) => {
    const own = cases.filter((row) => row.text('ORG_CODE') === body);
    const flow = (steps: number) => {
      const { month: window } = windowsOf(monthBefore(steps), question.cutoffDay);
      return own.filter((row) => isIn(row.day(day), window)).length;
    };
    const current = flow(0);
    if (current === 0) return true;
    const before = Array.from({ length: 12 }, (_, index) => flow(index + 1));
    const firstEnd = windowsOf(monthBefore(12), question.cutoffDay).month.end;
    if (!cases.some((row) => (row.day('ACCEPT_DATE') ?? 0) <= firstEnd)) return false;
    // |12x − S|² × 11 ≤ 9 × 12 × (12 Σx² − S²) is |x − mean| ≤ 3 sample standard deviations, without a fraction.
    const sum = before.reduce((a, b) => a + b, 0);
    const squares = before.reduce((a, b) => a + b * b, 0);
    return (12 * current - sum) ** 2 * 11 > 9 * 12 * (12 * squares - sum * sum);
  });
}

function worldOf(source: KeptSource, question: Question): World {
  const caseWords = new Map<string, string>();
  for (const org of source.ARB_ORG) {
    const word = org.text('CASE_WORD');
    if (org.key !== null && word !== null) caseWords.set(org.key, normalised(word, 'code') ?? '');
  }
  return {
    asOf: question.asOfDay,
    window: windowsOf(question.period, question.cutoffDay).month,
    calendar: question.calendar,
    bodies: new Set(knownBodies(source)),
    caseWords,
    cases: source.ARB_CASE,
    caseById: new Map(source.ARB_CASE.flatMap((row) => (row.key === null ? [] : [[row.key, row] as const]))),
    parties: source.ARB_PARTY,
    claims: source.ARB_CLAIM,
    preApplications: source.PRE_APPLICATION,
  };
}

/** All findings, as sorted `rule view record`. */
export function referenceFindings(source: KeptSource, question: Question): string[] {
  const world = worldOf(source, question);
  const findings = new Set<string>();
  const judge = (rules: Readonly<Record<string, Condition>>, rows: readonly Row[]) => {
    for (const row of rows) {
      for (const [rule, holds] of Object.entries(rules)) {
        if (!holds(row, world)) findings.add(`${rule} ${row.view} ${row.record}`);
      }
    }
  };
  // Parties and claims of a deleted case are judged by no rule.
  const ofLivingCases = (rows: readonly Row[]) =>
    rows.filter((row) => world.caseById.get(row.text('CASE_ID') ?? '')?.isDeleted !== true);
  const parties = ofLivingCases(source.ARB_PARTY);
  const claims = ofLivingCases(source.ARB_CLAIM);
  for (const row of source.ARB_CASE) if (row.isRepeated) findings.add(`V001 ARB_CASE ${row.record}`);
  for (const row of source.ARB_MEDIATION)
    if (row.isRepeated) findings.add(`V050 ARB_MEDIATION ${row.record}`);
  judge(CASE_RULES, undeleted(source.ARB_CASE));
  judge(PARTY_RULES, parties);
  judge(CLAIM_RULES, claims);
  judge(MEDIATION_RULES, undeleted(source.ARB_MEDIATION));
  judge(PRE_APPLICATION_RULES, source.PRE_APPLICATION);
  for (const rows of [
    source.ARB_ORG,
    undeleted(source.ARB_CASE),
    parties,
    claims,
    undeleted(source.ARB_MEDIATION),
    source.PRE_APPLICATION,
  ]) {
    judge(ANY_RULES, rows);
  }
  for (const rule of ['V047', 'V048'] as const) {
    for (const body of outliers(source, question, rule)) findings.add(`${rule} period ${body}`);
  }
  return [...findings].toSorted();
}
