/** Citizen numbers (GB 11643-1999) and unified social credit codes (GB 32100-2015). */

import { dayNumber, daysInMonth } from './dates.ts';

/**
 * GB/T 2260: the codes of provinces, autonomous regions, municipalities, Taiwan, Hong Kong and Macao. 83 is what the
 * residence permits of Taiwan residents carry, whose numbers are citizen numbers in form.
 */
const PROVINCES = new Set([
  ...['11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37'],
  ...['41', '42', '43', '44', '45', '46', '50', '51', '52', '53', '54', '61', '62', '63', '64', '65'],
  ...['71', '81', '82', '83'],
]);

export interface Citizen {
  readonly birthDay: number;
  /** 1 male, 2 female. */
  readonly gender: '1' | '2';
}

/** Check character of the first 17 digits (ISO 7064 MOD 11-2). */
export function citizenCheck(digits: string): string {
  let sum = 0;
  for (let position = 0; position < 17; position += 1) {
    sum += Number(digits[position]) * (2 ** (17 - position) % 11);
  }
  return '10X98765432'.charAt(sum % 11);
}

/** What a citizen number says, or undefined when it is not a valid one at the snapshot's date. */
export function readCitizen(idNo: string, asOfDay: number): Citizen | undefined {
  if (!/^[0-9]{17}[0-9X]$/.test(idNo)) return undefined;
  if (!PROVINCES.has(idNo.slice(0, 2))) return undefined;
  const year = Number(idNo.slice(6, 10));
  const month = Number(idNo.slice(10, 12));
  const day = Number(idNo.slice(12, 14));
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const birthDay = dayNumber({ year, month, day });
  if (birthDay > asOfDay) return undefined;
  if (citizenCheck(idNo) !== idNo.charAt(17)) return undefined;
  return { birthDay, gender: Number(idNo[16]) % 2 === 1 ? '1' : '2' };
}

const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** Check character of the first 17 characters of a credit code. */
export function creditCheck(code: string): string {
  let sum = 0;
  for (let position = 0; position < 17; position += 1) {
    let weight = 1;
    for (let step = 0; step < position; step += 1) weight = (weight * 3) % 31;
    sum += CREDIT_ALPHABET.indexOf(code.charAt(position)) * weight;
  }
  return CREDIT_ALPHABET.charAt((31 - (sum % 31)) % 31);
}

/** Whether the text is a valid unified social credit code. */
export function isCreditCode(idNo: string): boolean {
  if (idNo.length !== 18) return false;
  for (const character of idNo) if (!CREDIT_ALPHABET.includes(character)) return false;
  return creditCheck(idNo) === idNo.charAt(17);
}
