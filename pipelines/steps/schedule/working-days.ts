/** The nth working day of a month by the State Council's arrangement, as data. */
import type { WorkingDaysFile } from '../../../schemas/definitions.ts';
import { dayNumber, dayText } from '../../../schemas/period.ts';

export interface WorkingDay {
  readonly date: string;
  /** The year's arrangement is not in the definitions: Monday to Friday less 1 January. */
  readonly isProvisional: boolean;
}

/** The nth working day of a month (`2026-10`), or undefined where it has fewer. */
export function nthWorkingDay(calendar: WorkingDaysFile, month: string, n: number): WorkingDay | undefined {
  const isProvisional = calendar.years[month.slice(0, 4)] === undefined;
  const first = dayNumber(`${month}-01`);
  let found = 0;
  for (let number = first; dayText(number).startsWith(month); number += 1) {
    if (isWorkingDay(calendar, number)) found += 1;
    if (found === n) return { date: dayText(number), isProvisional };
  }
  return undefined;
}

function isWorkingDay(calendar: WorkingDaysFile, number: number): boolean {
  const date = dayText(number);
  const year = calendar.years[date.slice(0, 4)];
  // 1970-01-01, day 0, was a Thursday.
  const isWeekend = (number + 3) % 7 >= 5;
  if (year === undefined) return !isWeekend && !date.endsWith('-01-01');
  if (year.workdays.includes(date)) return true;
  return !isWeekend && !year.holidays.includes(date);
}
