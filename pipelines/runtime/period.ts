/** Periods and dates as people type them, with the errors of the command line. */
import { isRealDate, type Period, parsePeriod } from '../../schemas/period.ts';
import { ArbdataError, messageOf } from './errors.ts';

/**
 * A period that a person typed.
 * @throws {ArbdataError} E_PERIOD
 */
export function readPeriod(text: string): Period {
  try {
    return parsePeriod(text);
  } catch (error) {
    throw new ArbdataError('E_PERIOD', messageOf(error), {
      advice: 'Give the period as in `--period 2026-10`.',
      cause: error,
    });
  }
}

/**
 * A date that a person typed, `YYYY-MM-DD`.
 * @param option the option or field that it was given for, named in the error
 * @throws {ArbdataError} E_DATE
 */
export function readDate(text: string, option: string): string {
  // The same span as periods have: a mistyped year must not ask for a calendar of millennia.
  if (isRealDate(text) && text >= '1900' && text < '3000') return text;
  const what = isRealDate(text) ? 'is not between 1900 and 2999' : 'is not a day in the form YYYY-MM-DD';
  throw new ArbdataError('E_DATE', `${option}: ${JSON.stringify(text)} ${what}`, {
    advice: 'Give a day that exists, for example 2026-11-03.',
  });
}
