/** Date masks of TO_CHAR, TO_DATE and TO_TIMESTAMP. */
import { unsupported } from './translation.ts';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly field: Field };
type Field = 'SYYYY' | 'YYYY' | 'MM' | 'DD' | 'HH24' | 'MI' | 'SS' | 'FF6' | 'FF3' | 'FF' | 'FF9';

const FIELDS: readonly Field[] = ['SYYYY', 'YYYY', 'HH24', 'MM', 'DD', 'MI', 'SS', 'FF6', 'FF3', 'FF9', 'FF'];

/** @throws {OraError} for a mask beyond the served fields */
function parseMask(mask: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < mask.length) {
    const field = FIELDS.find((name) => mask.slice(at, at + name.length).toUpperCase() === name);
    const punctuation = /^[-/,.;:\s]/.exec(mask.slice(at));
    const quoted = /^"([^"]*)"/.exec(mask.slice(at));
    if (field !== undefined) {
      parts.push({ kind: 'field', field });
      at += field.length;
    } else if (quoted !== null) {
      parts.push({ kind: 'text', text: quoted[1] ?? '' });
      at += quoted[0].length;
    } else if (punctuation !== null) {
      parts.push({ kind: 'text', text: punctuation[0] });
      at += 1;
    } else {
      throw unsupported(`the date mask '${mask}'`);
    }
  }
  return parts;
}

const STRFTIME: Readonly<Record<Exclude<Field, 'SYYYY' | 'YYYY'>, string>> = {
  MM: '%m',
  DD: '%d',
  HH24: '%H',
  MI: '%M',
  SS: '%S',
  FF6: '%f',
  FF: '%f',
  FF3: '%g',
  FF9: '%n',
};

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The engine's text of a date by a mask. Years BC are shown as Oracle shows them: `YYYY` hides the era. */
export function dateToText(sql: string, mask: string): { sql: string; length: number } {
  const parts = parseMask(mask);
  const pattern = (year: string) =>
    parts
      .map((part) => {
        if (part.kind === 'text') return part.text.replaceAll('%', '%%');
        if (part.field === 'SYYYY') return ` ${year}`;
        return part.field === 'YYYY' ? year : STRFTIME[part.field];
      })
      .join('');
  const usual = `strftime(CAST(${sql} AS TIMESTAMP), ${literal(pattern('%Y'))})`;
  const length = parts.reduce((sum, part) => sum + (part.kind === 'text' ? part.text.length : 5), 0);
  if (!parts.some((part) => part.kind === 'field' && part.field.endsWith('YYYY')))
    return { sql: usual, length };
  const pieces = parts.map((part) => {
    if (part.kind === 'text') return literal(part.text);
    if (part.field === 'YYYY') return `lpad(CAST(1 - year(${sql}) AS VARCHAR), 4, '0')`;
    if (part.field === 'SYYYY') return `'-' || lpad(CAST(1 - year(${sql}) AS VARCHAR), 4, '0')`;
    return `strftime(CAST(${sql} AS TIMESTAMP), '${STRFTIME[part.field]}')`;
  });
  return { sql: `CASE WHEN year(${sql}) > 0 THEN ${usual} ELSE ${pieces.join(' || ')} END`, length };
}

/** The engine's date of a text by a mask; a text that does not fit raises ORA-01861. */
export function textToDate(sql: string, mask: string): string {
  const parts = parseMask(mask);
  const groups: Field[] = [];
  const pattern = parts.map((part) => {
    if (part.kind === 'text') return part.text === ' ' ? '\\s+' : `\\${part.text}`;
    groups.push(part.field);
    if (part.field === 'SYYYY') return '\\s*(-?\\d{1,4})';
    if (part.field === 'YYYY') return '(\\d{1,4})';
    return part.field.startsWith('FF') ? '(\\d{1,9})' : '(\\d{1,2})';
  });
  // Oracle fills what a mask leaves out with the first of the month and midnight; the rest may be missing from the text.
  const regex = `^\\s*${pattern.join('')}\\s*$`;
  const value = (field: Field) => {
    const at = groups.findIndex((group) => group === field || (field === 'FF' && group.startsWith('FF')));
    return at < 0 ? undefined : `regexp_extract(${sql}, ${literal(regex)}, ${at + 1})`;
  };
  const signed = value('SYYYY');
  const year = signed ?? value('YYYY');
  if (year === undefined) throw unsupported(`the date mask '${mask}' without a year`);
  const astronomical = `CASE WHEN CAST(${year} AS INTEGER) < 0 THEN CAST(${year} AS INTEGER) + 1 ELSE CAST(${year} AS INTEGER) END`;
  const number = (field: Field, otherwise: string) => {
    const text = value(field);
    return text === undefined ? otherwise : `CAST(${text} AS INTEGER)`;
  };
  const fraction = value('FF');
  const whole = `make_timestamp(${astronomical}, ${number('MM', '1')}, ${number('DD', '1')}, ${number('HH24', '0')}, ${number('MI', '0')}, ${number('SS', '0')})`;
  const made =
    fraction === undefined
      ? whole
      : `${whole} + to_microseconds(CAST(rpad(left(${fraction}, 6), 6, '0') AS BIGINT))`;
  const wrong = `error('ORA-01861: literal does not match format string')`;
  return `CASE WHEN ${sql} IS NULL THEN NULL WHEN NOT regexp_matches(${sql}, ${literal(regex)}) THEN ${wrong} ELSE ${made} END`;
}
