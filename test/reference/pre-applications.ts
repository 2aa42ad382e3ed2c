/**
 * The comparison of pre-applications with cases, read from its specification once more: plain, slow, row by row. Nothing
 * of the product is used here.
 */
import type { Calendar } from './dates.ts';
import type { KeptSource, Row } from './source.ts';

export interface ComparisonQuestion {
  /** First and last day, as day numbers. */
  readonly start: number;
  readonly end: number;
  readonly asOfDay: number;
  readonly calendar: Calendar;
  /** What a person said of a pre-application (PRE_APP_ID) and a case (CASE_ID). */
  readonly decisions?: readonly { preAppId: string; caseId: string; verdict: 'confirmed' | 'rejected' }[];
}

/** One line: `class|pre_app_id|case_id|field|org_code`; nothing stands for an empty value. */
export type ComparisonLine = string;

const WHITE = /[\s\p{White_Space}]/gu;
const bare = (text: string | null): string => (text ?? '').normalize('NFKC').replace(WHITE, '');
const nameOf = (text: string | null): string => bare(text).replaceAll('（', '(').replaceAll('）', ')');
const numberOf = (text: string | null): string => bare(text).toUpperCase();

interface Person {
  readonly name: string;
  readonly id: string;
}
const person = (row: Row, prefix: string): Person => ({
  name: nameOf(row.text(`${prefix}NAME`)),
  id: numberOf(row.text(`${prefix}ID_NO`)),
});
const same = (a: Person, b: Person): boolean =>
  a.id !== '' && b.id !== '' ? a.id === b.id : a.name !== '' && a.name === b.name;

/** Bytes decide: the order of UTF-8. */
const textOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

class Comparison {
  readonly #pre: readonly Row[];
  readonly #cases: readonly Row[];
  readonly #parties = new Map<string, Row[]>();
  readonly #question: ComparisonQuestion;
  readonly #links = new Map<Row, Row[]>();
  readonly #linkedBy = new Map<Row, Row[]>();

  constructor(source: KeptSource, question: ComparisonQuestion) {
    this.#pre = source.PRE_APPLICATION;
    this.#cases = source.ARB_CASE.filter((row) => !row.isDeleted);
    this.#question = question;
    for (const party of source.ARB_PARTY) {
      const id = party.text('CASE_ID');
      if (id !== null) this.#parties.set(id, [...(this.#parties.get(id) ?? []), party]);
    }
    for (const pre of this.#pre) {
      for (const one of this.#cases) {
        if (!this.#isLinked(pre, one)) continue;
        this.#links.set(pre, [...(this.#links.get(pre) ?? []), one]);
        this.#linkedBy.set(one, [...(this.#linkedBy.get(one) ?? []), pre]);
      }
    }
  }

  #isLinked(pre: Row, one: Row): boolean {
    const equal = (a: string | null, b: string | null) => a !== null && a === b;
    return (
      equal(pre.key, one.text('PRE_APP_ID')) ||
      equal(pre.text('CASE_NO'), one.text('CASE_NO')) ||
      this.#verdict(pre, one) === 'confirmed'
    );
  }

  #verdict(pre: Row, one: Row) {
    return this.#question.decisions?.find(
      ({ preAppId, caseId }) => preAppId === pre.key && caseId === one.key,
    )?.verdict;
  }

  #partiesOf(one: Row, role: string): Person[] {
    const all = one.key === null ? [] : (this.#parties.get(one.key) ?? []);
    return all.filter((party) => party.text('ROLE') === role).map((party) => person(party, ''));
  }

  lines(): ComparisonLine[] {
    const { start, end } = this.#question;
    const lines: ComparisonLine[] = [];
    for (const pre of this.#pre) {
      const submitted = pre.day('SUBMIT_TIME');
      if (submitted === null || submitted > end) continue;
      if (submitted < start && !this.#isUnfinished(pre)) continue;
      lines.push(...this.#linesOf(pre));
    }
    for (const one of this.#cases) {
      if (one.text('APPLY_CHANNEL') !== '2' || this.#linkedBy.has(one)) continue;
      const isIn = ['APPLY_DATE', 'ACCEPT_DATE'].some((column) => {
        const day = one.day(column);
        return day !== null && day >= start && day <= end;
      });
      if (isIn) lines.push(line('ORPHAN_CASE', null, one, '', one.text('ORG_CODE')));
    }
    return lines.toSorted(textOrder);
  }

  #isUnfinished(pre: Row): boolean {
    const status = pre.text('STATUS');
    return status === '1' || status === '3' || (status === '2' && !this.#links.has(pre));
  }

  #linesOf(pre: Row): ComparisonLine[] {
    const status = pre.text('STATUS');
    const linked = this.#links.get(pre) ?? [];
    const [only] = linked;
    const open = only === undefined && ['1', '2', '3'].includes(status ?? '');
    const make = (kind: string, one: Row | null = null, field = '') =>
      line(kind, pre, one, field, pre.text('ORG_CODE'));
    if (this.#isConflict(pre, linked)) {
      return linked.length === 0 ? [make('LINK_CONFLICT')] : linked.map((one) => make('LINK_CONFLICT', one));
    }
    if (only !== undefined) {
      const isAccepted = only.text('ACCEPT_DATE') !== null;
      if (['1', '3', '4', '5'].includes(status ?? '') && isAccepted) return [make('STATUS_CONFLICT', only)];
      if (status === '2' && only.text('CASE_STATUS') === '60') return [make('STATUS_CONFLICT', only)];
      const fields = this.#differences(pre, only);
      if (fields.length > 0) return fields.map((field) => make('FIELD_DIFF', only, field));
      return [make('MATCHED', only)];
    }
    if (open && this.#isRepeated(pre)) return [make('DUPLICATE')];
    if (open) {
      const candidates = this.#cases.filter((one) => this.#isCandidate(pre, one));
      if (candidates.length > 0) return candidates.map((one) => make('PROBABLE_MATCH', one));
    }
    const submitted = pre.day('SUBMIT_TIME');
    if (status === '2' && this.#isLate(pre.day('REVIEW_TIME') ?? submitted)) return [make('MISSING_CASE')];
    if (status === '1' && this.#isLate(submitted)) return [make('OVERDUE_REVIEW')];
    if (status === '4' || status === '5') return [make('CLOSED_UNLINKED')];
    return [make('IN_PROGRESS')];
  }

  #isLate(day: number | null): boolean {
    const { calendar, asOfDay } = this.#question;
    return day !== null && calendar.hasMoreWorkingDays(day, asOfDay, 5);
  }

  #isConflict(pre: Row, linked: readonly Row[]): boolean {
    if (linked.length > 1) return true;
    if (linked.some((one) => (this.#linkedBy.get(one)?.length ?? 0) > 1)) return true;
    const number = pre.text('CASE_NO');
    if (number === null) return false;
    const named = this.#cases.filter((one) => one.text('CASE_NO') === number);
    if (named.length === 0) return true;
    return named.some((one) => one.text('PRE_APP_ID') !== null && one.text('PRE_APP_ID') !== pre.key);
  }

  #differences(pre: Row, one: Row): string[] {
    const differing: string[] = [];
    const check = (field: string, given: string, others: readonly string[]) => {
      if (given !== '' && !others.includes(given)) differing.push(field);
    };
    check('ORG_CODE', pre.text('ORG_CODE') ?? '', [one.text('ORG_CODE') ?? '']);
    for (const [prefix, role] of [
      ['APPLICANT', '1'],
      ['RESPONDENT', '2'],
    ] as const) {
      const given = person(pre, `${prefix}_`);
      const parties = this.#partiesOf(one, role);
      check(
        `${prefix}_NAME`,
        given.name,
        parties.map(({ name }) => name),
      );
      check(
        `${prefix}_ID_NO`,
        given.id,
        parties.map(({ id }) => id),
      );
    }
    check('DISPUTE_TYPE', pre.text('DISPUTE_TYPE') ?? '', [one.text('DISPUTE_TYPE') ?? '']);
    const [asked, claimed] = [pre.cents('CLAIM_AMOUNT'), one.cents('CLAIM_AMOUNT')];
    if (asked !== null && (claimed === null || asked - claimed > 1n || claimed - asked > 1n)) {
      differing.push('CLAIM_AMOUNT');
    }
    return differing;
  }

  #isRepeated(pre: Row): boolean {
    const [day, time] = [pre.day('SUBMIT_TIME'), pre.time('SUBMIT_TIME')];
    if (day === null || time === null) return false;
    return this.#pre.some((other) => {
      const otherTime = other.time('SUBMIT_TIME');
      const otherDay = other.day('SUBMIT_TIME');
      if (other === pre || otherDay === null || otherTime === null) return false;
      if (['4', '5'].includes(other.text('STATUS') ?? '')) return false;
      if (otherDay > day || day - otherDay > 30) return false;
      const isEarlier =
        otherTime < time ||
        (otherTime === time && other.key !== null && pre.key !== null && textOrder(other.key, pre.key) < 0);
      return (
        isEarlier &&
        same(person(pre, 'APPLICANT_'), person(other, 'APPLICANT_')) &&
        same(person(pre, 'RESPONDENT_'), person(other, 'RESPONDENT_')) &&
        (pre.text('DISPUTE_TYPE') ?? '') === (other.text('DISPUTE_TYPE') ?? '')
      );
    });
  }

  #isCandidate(pre: Row, one: Row): boolean {
    const [submitted, applied] = [pre.day('SUBMIT_TIME'), one.day('APPLY_DATE')];
    if (submitted === null || applied === null || Math.abs(applied - submitted) > 30) return false;
    if (this.#linkedBy.has(one) || this.#verdict(pre, one) === 'rejected') return false;
    return (
      this.#partiesOf(one, '1').some((party) => same(person(pre, 'APPLICANT_'), party)) &&
      this.#partiesOf(one, '2').some((party) => same(person(pre, 'RESPONDENT_'), party))
    );
  }
}

function line(kind: string, pre: Row | null, one: Row | null, field: string, org: string | null): string {
  return [kind, pre?.key ?? '', one?.key ?? '', field, org ?? ''].join('|');
}

/** The lines of the comparison, sorted. */
export function referenceComparison(source: KeptSource, question: ComparisonQuestion): ComparisonLine[] {
  return new Comparison(source, question).lines();
}
