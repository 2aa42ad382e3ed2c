/** Small pieces of generated rows: shares of chance, days near what matters, codes written in many ways, people, firms. */
import fc, { type Arbitrary } from 'fast-check';
import { dateText, dayOf } from '../../reference/dates.ts';
import { citizenCheck, creditCheck } from '../../reference/identity.ts';

export type Cell = string | null;

/** The days that matter to a question: its edges, the snapshot's, those of odd working days nearby. */
export interface Anchors {
  readonly asOf: number;
  readonly edges: readonly number[];
}

/**
 * A value that is known once the question is. Dates are drawn so, and resolved at the end: a failing source shrinks
 * field by field and prints as the rows that it is.
 */
export type Made<T> = (anchors: Anchors) => T;

/** Draws `usual` in about `percent` of all cases, the others evenly in the rest. */
export function mostly<T>(percent: number, usual: Arbitrary<T>, ...others: Arbitrary<T>[]): Arbitrary<T> {
  const weight = Math.max(1, Math.round((100 - percent) / others.length));
  return fc.oneof(
    { weight: percent, arbitrary: usual },
    ...others.map((arbitrary) => ({ weight, arbitrary })),
  );
}

export const one = <T>(...values: T[]): Arbitrary<T> => fc.constantFrom(...values);
export const between = (min: number, max: number): Arbitrary<number> => fc.integer({ min, max });
export const none: Arbitrary<null> = fc.constant(null);
export const made =
  <T>(value: T): Made<T> =>
  () =>
    value;

/** Up to `most` rows, often many: what must meet seldom meets in a few. */
export const lots = <T>(rows: Arbitrary<T>, most: number): Arbitrary<T[]> =>
  fc.array(rows, { maxLength: most, size: 'max' });

/** One of a list, whatever the number. */
export function pick<T>(list: readonly T[], place: number): T {
  const found = list[place % list.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

// Days

/** A day near an edge. */
export const nearDays: Arbitrary<Made<number>> = fc
  .tuple(fc.nat(200), mostly(65, between(-4, 4), between(-120, 60)))
  .map(
    ([place, offset]) =>
      ({ edges }: Anchors) =>
        pick(edges, place) + offset,
  );

/** A date that nothing else in its row knows of. */
export const strayDates: Arbitrary<Made<Cell>> = fc.oneof(
  { weight: 30, arbitrary: none.map(made<Cell>) },
  { weight: 66, arbitrary: nearDays.map((day) => (anchors: Anchors) => dateText(day(anchors))) },
  // Rare, since each makes the calendar long.
  { weight: 4, arbitrary: one('1900-01-01', '9999-12-31', '0001-01-01', '2019-02-28').map(made<Cell>) },
);

/** The time of day that Oracle's DATE may carry. */
export const clocks = mostly(90, fc.constant(''), one(' 00:00:01', ' 13:45:10', ' 23:59:59'));

export function dated(day: number | null, clock = ''): Cell {
  return day === null ? null : `${dateText(day)}${clock}`;
}

/** Moments of UPDATED_AT: many near each other, some equal, some missing. */
export const stamps: Arbitrary<Cell> = mostly<Cell>(
  97,
  fc
    .tuple(between(1, 28), between(0, 59), one('', '.5', '.000001', '.123456'))
    .map(([day, second, part]) => `2026-09-${two(day)} 09:30:${two(second)}${part}`),
  none,
);
const two = (n: number) => String(n).padStart(2, '0');

// Text

/** A code written in one of six ways that mean the same after normalising. */
export function written(code: string, way: number): string {
  const wide = code.replaceAll(/[!-~]/g, (character) =>
    String.fromCharCode(character.charCodeAt(0) + 0xfee0),
  );
  return [code, wide, ` ${code}`, `${code}  `, `\u3000${code}\t`, `${code}\u00a0`][way] ?? code;
}
export const writings = mostly(97, fc.constant(0), between(1, 5));

export interface CodeOdds {
  /** Percent of missing codes. */
  readonly missing?: number;
  /** Codes that are in no list. */
  readonly odd?: readonly string[];
}

/** Codes of a list, now and then missing, out of the list, or oddly written. */
export function codes(valid: readonly string[], odds: CodeOdds = {}): Arbitrary<Cell> {
  const { missing = 3, odd = ['77', 'X', ''] } = odds;
  const code = fc
    .tuple(mostly(96, one(...valid), one(...odd)), writings)
    .map(([text, way]): Cell => written(text, way));
  return mostly<Cell>(100 - missing, code, none);
}

/** A flag: usually `usual`. */
export const flags = (usual: string): Arbitrary<Cell> =>
  mostly<Cell>(97, fc.constant(usual), codes(['0', '1'], { missing: 20, odd: ['2', 'Y', ' ', ''] }));

/** A whole number, now and then odd or missing. */
export const numbers = (usual: Arbitrary<number>, ...odd: number[]): Arbitrary<Cell> =>
  mostly<Cell>(96, usual.map(String), one<Cell>(...odd.map(String), null));

/** Yuan: also none, nothing, little, less than nothing, and as much as the column holds. */
export const amounts: Arbitrary<Cell> = mostly<Cell>(
  60,
  between(0, 30_000_000).map(yuan),
  none,
  one('0.00', '0.01', '49.99', '50.00', '50.01', '100.00', '-0.01', '-49.99', '-50.00', '1000'),
  one('9999999999999999.99', '-9999999999999999.99'),
);

/** Cents as the text of an amount. */
export function yuan(cents: number): string {
  const [sign, size] = cents < 0 ? ['-', -cents] : ['', cents];
  return `${sign}${Math.floor(size / 100)}.${two(size % 100)}`;
}

export const names: Arbitrary<Cell> = mostly<Cell>(
  95,
  one('张三', '欧阳小明', '北京远盛科技有限公司', "O'Neil"),
  none,
  one('', ' ', '\u3000', '李\n四', '王\u0007五', '\u007f', '赵\u0085六'),
);

// People and firms

/** A number of the form of GB 11643 with its check character. */
function citizenNumber(province: string, birth: string, sequence: number): string {
  const digits = `${province}0101${birth.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`;
  return `${digits}${citizenCheck(digits)}`;
}

/** Birthdays of note: summer time of 1986 to 1991, leap days, the edges of 16 and 100 years, the unborn. */
export const birthdays: Arbitrary<Made<string>> = fc.oneof(
  one('1986-05-04', '1987-04-12', '1988-04-10', '1989-09-17', '1990-04-15', '1991-09-15').map(made),
  one('1972-02-29', '1980-06-30', '1999-12-31', '2000-01-01', '1900-02-28').map(made),
  fc
    .tuple(nearDays, one(0, 16, 16, 100, 101, 101), between(-2, 2))
    .map(([day, years, offset]) => (anchors: Anchors) => {
      const at = dateText(day(anchors) + offset);
      return dateText(dayOf(`${Number(at.slice(0, 4)) - years}${at.slice(4)}`));
    }),
);

/** A citizen number, or nearly one. */
export const citizens: Arbitrary<Made<string>> = fc
  .record({
    province: mostly(95, one('11', '13', '37', '62', '81'), one('00', '16', '99')),
    birth: birthdays,
    sequence: between(0, 999),
    flaw: mostly(88, fc.constant(0), between(1, 8)),
  })
  .map(({ province, birth, sequence, flaw }) => (anchors: Anchors) => {
    const born = birth(anchors);
    const number = citizenNumber(province, born, sequence);
    const flawed = [
      number,
      number.slice(0, 17) + (number.endsWith('1') ? '2' : '1'),
      citizenNumber(province, `${born.slice(0, 4)}-02-30`, sequence),
      citizenNumber(province, `${born.slice(0, 4)}-13-01`, sequence),
      citizenNumber(province, `0000${born.slice(4)}`, sequence),
      number.slice(0, 15),
      `${number}0`,
      number.replace(/^(.{8})./, '$1A'),
      `X${number.slice(1)}`,
    ];
    return pick(flawed, flaw);
  });

/** A credit code, or nearly one. */
export const creditCodes: Arbitrary<string> = fc
  .tuple(
    fc.string({ unit: one(...'0123456789ABCDEFGHJKLMNPQRTUWXY'), minLength: 17, maxLength: 17 }),
    mostly(90, fc.constant(0), between(1, 5)),
  )
  .map(([body, flaw]) => {
    const code = body + creditCheck(body);
    const flawed = [
      code,
      body + (code.endsWith('0') ? '1' : '0'),
      code.slice(0, 17),
      `${code.slice(0, 5)}I${code.slice(6)}`,
      code.toLowerCase(),
      '11010119900307123X',
    ];
    return pick(flawed, flaw);
  });

/** Numbers that parties and pre-applications of one source share, so that they meet. */
export interface Pools {
  readonly people: readonly Made<string>[];
  readonly firms: readonly string[];
}

export const pools: Arbitrary<Pools> = fc.record({
  people: fc.array(citizens, { minLength: 2, maxLength: 8, size: 'max' }),
  firms: fc.array(creditCodes, { minLength: 1, maxLength: 4, size: 'max' }),
});

// Bodies and case numbers

/** Bodies of ARB_ORG with the words of their case numbers. */
export const BODIES = [
  ['110000', '京'],
  ['110101', '京东'],
  ['110105', '京朝'],
  ['110108', '京海'],
  ['110400', '京（开）'],
] as const;

/** A body of the list, or rarely a stranger, and how its code is written. */
export const bodies = fc
  .tuple(mostly<number | Cell>(95, fc.nat(9), one<Cell>(null, '', '110999', '1101')), writings)
  .map(([place, way]) => {
    const [code, word] = typeof place === 'number' ? pick(BODIES, place) : [place, '京'];
    return { code: code === null ? null : written(code, way), word };
  });

/** A case number of a word and a year, mostly in the form of the contract; numbers are few, so that they meet. */
export const caseNumbers: Arbitrary<(word: string, year: number) => Cell> = fc
  .record({
    number: between(1, 40),
    digits: mostly(97, one(5, 6), one(4, 7)),
    yearOff: mostly(97, fc.constant(0), one(-1, 1)),
    otherWord: mostly<Cell>(97, none, one<Cell>('京东', '京', '')),
    way: mostly(95, fc.constant(0), one(2, 3, 4)),
    flaw: mostly<Cell | undefined>(
      97,
      fc.constant(undefined),
      one(null, '', '  ', '第00001号', '京劳仲字[2026]第1号', '京东劳人仲字〔2026〕第00001号 再'),
    ),
  })
  .map(({ number, digits, yearOff, otherWord, way, flaw }) => (word: string, year: number) => {
    if (flaw !== undefined) return flaw;
    const shown = String(number).padStart(digits, '0');
    return written(`${otherWord ?? word}劳人仲字〔${year + yearOff}〕第${shown}号`, way);
  });
