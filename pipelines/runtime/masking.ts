/**
 * How personal values are masked, once for JavaScript and once for SQL. Both give the same text
 * (test/validate/masking.test.ts); schemas/definitions/personal-columns.json says which column has which kind.
 */
import type { MaskKind } from '../../schemas/definitions.ts';

/** What stands for a value whose form is not the expected one: nothing of it is kept, not even its length. */
const HIDDEN = '****';

/**
 * Mask one value.
 * name `张**`, identity `110101********1234`, phone `139****1234`, address its first three characters,
 * birth the year; identity, phone and birth of another form give `****`.
 */
export function mask(kind: MaskKind, text: string): string {
  const first = (count: number) => Array.from(text).slice(0, count).join('');
  switch (kind) {
    case 'name':
      return `${first(1)}**`;
    case 'identity':
      return /^[0-9]{17}[0-9Xx]$/.test(text) ? `${text.slice(0, 6)}********${text.slice(-4)}` : HIDDEN;
    case 'phone':
      return /^1[0-9]{10}$/.test(text) ? `${text.slice(0, 3)}****${text.slice(-4)}` : HIDDEN;
    case 'address':
      return `${first(3)}***`;
    case 'birth':
      return /^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:.]*)?$/.test(text) ? text.slice(0, 4) : HIDDEN;
    default:
      return kind satisfies never;
  }
}

/** The SQL expression (DuckDB) that masks `expression` as {@link mask} does; NULL stays NULL. */
export function maskSql(kind: MaskKind, expression: string): string {
  const e = `(${expression})`;
  const when = (form: string, shown: string) => shownInForm(e, form, shown);
  switch (kind) {
    case 'name':
      return `(left(${e}, 1) || '**')`;
    case 'identity':
      return when('[0-9]{17}[0-9Xx]', endsOfNumber(e));
    case 'phone':
      return when('1[0-9]{10}', `left(${e}, 3) || '****' || right(${e}, 4)`);
    case 'address':
      return `(left(${e}, 3) || '***')`;
    case 'birth':
      return when('[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:.]*)?', `left(${e}, 4)`);
    default:
      return kind satisfies never;
  }
}

/**
 * The SQL expression that masks the number of a person or an organisation, normalised and in upper case:
 * `110101********1234` for what has the form of a citizen number or a credit code (GB 32100-2015), else `****`.
 */
export function maskedNumberSql(expression: string): string {
  const e = `(${expression})`;
  return shownInForm(e, '[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}', endsOfNumber(e));
}

/** What is shown of a value that has a form; any other is hidden, NULL stays NULL. */
const shownInForm = (e: string, form: string, shown: string): string =>
  `CASE WHEN ${e} IS NULL THEN NULL WHEN regexp_full_match(${e}, '${form}') THEN ${shown} ELSE '${HIDDEN}' END`;

/** The first six and the last four of eighteen characters. */
const endsOfNumber = (e: string): string => `left(${e}, 6) || '********' || right(${e}, 4)`;

/**
 * The SQL expression of a party's name as people see it: a firm's in full, a person's masked. An organisation whose
 * number is a citizen number may be a person: when in doubt it is masked.
 */
export function shownPartyNameSql(name: string, partyKind: string, idNo: string): string {
  const isFirm = `${partyKind} = '2' AND NOT COALESCE(regexp_full_match(trim(${idNo}), '[1-8][0-9]{16}[0-9Xx]'), FALSE)`;
  return `CASE WHEN ${isFirm} THEN ${name} ELSE ${maskSql('name', name)} END`;
}
