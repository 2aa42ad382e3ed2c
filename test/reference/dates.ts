/** Day numbers (days since 1970-01-01) by civil arithmetic, and China's working days. Plain and slow. */

/** What schemas/definitions/working-days.json holds, as far as the calendar needs it. */
export interface WorkingDayLists {
  readonly years: Readonly<
    Record<string, { readonly holidays: readonly string[]; readonly workdays: readonly string[] }>
  >;
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Whether the Gregorian year has a 29 February. */
function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Number of days of a month. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Day number of a calendar date (Hinnant's days_from_civil). */
export function dayNumber({ year, month, day }: CivilDate): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Calendar date of a day number. */
export function civilDate(number: number): CivilDate {
  const shifted = number + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Day number of `YYYY-MM-DD`, whatever follows it. */
export function dayOf(text: string): number {
  return dayNumber({
    year: Number(text.slice(0, 4)),
    month: Number(text.slice(5, 7)),
    day: Number(text.slice(8, 10)),
  });
}

/** `YYYY-MM-DD` of a day number. */
export function dateText(number: number): string {
  const { year, month, day } = civilDate(number);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** The working days of China: a listed day as it is listed, else Monday to Friday; an unlisted year less 1 January. */
export class Calendar {
  readonly #holidays = new Set<string>();
  readonly #workdays = new Set<string>();
  readonly #years: ReadonlySet<string>;

  constructor(lists: WorkingDayLists) {
    this.#years = new Set(Object.keys(lists.years));
    for (const { holidays, workdays } of Object.values(lists.years)) {
      for (const day of holidays) this.#holidays.add(day);
      for (const day of workdays) this.#workdays.add(day);
    }
  }

  isWorking(day: number): boolean {
    const text = dateText(day);
    if (this.#holidays.has(text)) return false;
    if (this.#workdays.has(text)) return true;
    if (!this.#years.has(text.slice(0, 4)) && text.endsWith('-01-01')) return false;
    const weekday = (((day + 4) % 7) + 7) % 7; // 1970-01-01 was a Thursday; 0 is Sunday
    return weekday !== 0 && weekday !== 6;
  }

  /** That day, or the next working day. */
  workingDayFrom(day: number): number {
    let found = day;
    while (!this.isWorking(found)) found += 1;
    return found;
  }

  /** Whether more than `limit` working days lie after `from`, up to and including `to`. */
  hasMoreWorkingDays(from: number, to: number, limit: number): boolean {
    let count = 0;
    for (let day = from + 1; day <= to && count <= limit; day += 1) if (this.isWorking(day)) count += 1;
    return count > limit;
  }
}
