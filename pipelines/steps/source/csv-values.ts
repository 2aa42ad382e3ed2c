/** How the text of a CSV field becomes a value of the contract, as expressions that the engine runs over whole columns. */
import { type Column, engineType } from '../../../schemas/contract.ts';
import { identifier, literal } from '../../runtime/duckdb.ts';

const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
/** At most microseconds: what is finer than the engine's timestamp would be lost. */
const SECONDS = ':[0-5][0-9](\\.[0-9]{1,6}0*)?';
const HOURS_MINUTES = '([01][0-9]|2[0-3]):[0-5][0-9]';

/**
 * The value of a column of text, NULL where the text is not a value of the contract.
 * The engine's own casts are too lenient to be used alone: they round decimals, take exponents, spaces,
 * `2026-1-5` and `infinity`; so the form is matched first, and the cast then refuses days that do not exist.
 */
export function valueExpression(column: Column): string {
  const text = identifier(column.name);
  if (column.type === 'text') return text;
  const cast = `TRY_CAST(${text} AS ${engineType(column)})`;
  const inForm = `regexp_full_match(${text}, ${literal(form(column))})`;
  const inRange = column.type === 'number' ? '' : ` AND ${text} >= '0001'`;
  return `CASE WHEN ${inForm}${inRange} THEN ${cast} END`;
}

/** Why the text is no value, for people. */
export function valueWords(column: Column): { reason: string; advice: string } {
  switch (column.type) {
    case 'date':
      return {
        reason: 'is not a date',
        advice:
          'Write dates as YYYY-MM-DD, a real day of the years 1 to 9999, where needed with a time HH:MM:SS after it.',
      };
    case 'timestamp':
      return {
        reason: 'is not a date and time',
        advice: 'Write times as YYYY-MM-DD HH:MM:SS, where needed with up to six decimals of the second.',
      };
    case 'number': {
      const { integerDigits, decimals } = digits(column);
      const whole = `is not a whole number of at most ${integerDigits} digits`;
      const decimal = `is not a number of at most ${integerDigits} digits before the point and ${decimals} after it`;
      return {
        reason: decimals === 0 ? whole : decimal,
        advice:
          'Write plain decimal numbers such as -1234.50: no exponent, no thousands separator, no spaces.',
      };
    }
    case 'text':
      return { reason: 'is not text', advice: 'Export the file again.' };
    default:
      return column.type satisfies never;
  }
}

function form(column: Column): string {
  if (column.type === 'date') return `${DATE}([ T]${HOURS_MINUTES}(${SECONDS})?)?`;
  if (column.type === 'timestamp') return `${DATE} ${HOURS_MINUTES}${SECONDS}`;
  const { integerDigits, decimals } = digits(column);
  const whole = `0*[0-9]{1,${integerDigits}}`;
  // Oracle's tools print 0.5 as .5
  if (decimals === 0) return `[+-]?${whole}(\\.0+)?`;
  const fraction = `\\.[0-9]{1,${decimals}}0*`;
  return `[+-]?(${whole}(${fraction})?|${fraction})`;
}

/** NUMBER(p,s): at most p − s digits before the point and s after it. */
function digits(column: Column): { integerDigits: number; decimals: number } {
  const [, precision, scale = '0'] = /^NUMBER\((\d+)(?:,(\d+))?\)$/.exec(column.oracleType) ?? [];
  if (precision === undefined) throw new RangeError(`${column.name} has the type ${column.oracleType}`);
  return { integerDigits: Number(precision) - Number(scale), decimals: Number(scale) };
}
