/** Oracle's internal forms of NUMBER, DATE and TIMESTAMP, to and from exact text. */

const MAX_NUMBER_BYTES = 21;

export interface DecimalParts {
  readonly negative: boolean;
  /** Significant digits without leading or trailing zeros; empty for zero. */
  readonly digits: string;
  /** The value is 0.digits × 10^exponent. */
  readonly exponent: number;
}

/** @throws {Error} when the text is not a number */
export function decimalParts(text: string): DecimalParts {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*$/.exec(text);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole.length + fraction.length === 0) throw new Error(`not a number: ${text}`);
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  const exponent = whole.length - (all.length - digits.length) + Number(match[4] ?? 0);
  const trimmed = digits.replace(/0+$/, '');
  return {
    negative: match[1] === '-' && trimmed !== '',
    digits: trimmed,
    exponent: trimmed === '' ? 0 : exponent,
  };
}

/**
 * Internal NUMBER of a decimal text.
 * @throws {Error} beyond 40 digits or Oracle's range
 */
export function encodeNumber(text: string): Buffer {
  const { negative, digits, exponent } = decimalParts(text);
  if (digits === '') return Buffer.from([0x80]);
  // Base 100: the exponent counts pairs, so an odd decimal exponent needs a zero in front.
  const padded = (((exponent % 2) + 2) % 2 === 1 ? '0' : '') + digits;
  const pairsBeforePoint = Math.ceil(exponent / 2);
  const even = padded.length % 2 === 1 ? `${padded}0` : padded;
  const pairs: number[] = [];
  for (let at = 0; at < even.length; at += 2) pairs.push(Number(even.slice(at, at + 2)));
  if (pairs.length > MAX_NUMBER_BYTES - 1) throw new Error(`a number of more than 40 digits: ${text}`);
  const exponentByte = pairsBeforePoint + 192;
  if (exponentByte < 128 || exponentByte > 255) throw new Error(`a number beyond Oracle's range: ${text}`);
  const bytes = negative
    ? [exponentByte ^ 0xff, ...pairs.map((pair) => 101 - pair)]
    : [exponentByte, ...pairs.map((pair) => pair + 1)];
  if (negative && bytes.length < MAX_NUMBER_BYTES) bytes.push(102);
  return Buffer.from(bytes);
}

/** Exact text of an internal NUMBER, without exponent. */
export function decodeNumber(bytes: Uint8Array): string {
  const first = bytes[0] ?? 0x80;
  const positive = (first & 0x80) !== 0;
  if (bytes.length <= 1) return positive ? '0' : '-1e126';
  const pairsBeforePoint = (positive ? first : first ^ 0xff) - 192;
  const end = !positive && bytes.at(-1) === 102 ? bytes.length - 1 : bytes.length;
  let digits = '';
  for (let at = 1; at < end; at++) {
    const byte = bytes[at] ?? 0;
    digits += String(positive ? byte - 1 : 101 - byte).padStart(2, '0');
  }
  const point = pairsBeforePoint * 2;
  const whole = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0');
  const fraction = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point);
  const text = `${whole.replace(/^0+/, '') || '0'}.${fraction.replace(/0+$/, '')}`.replace(/\.$/, '');
  return positive ? text : `-${text}`;
}

/** Wall-clock fields; `year` as Oracle counts: no year 0, 44 BC is -44. */
export interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

const MICROS_PER_DAY = 86_400_000_000n;

/** Fields of microseconds since 1970-01-01, in the proleptic Gregorian calendar. */
export function fieldsOfMicros(micros: bigint): DateFields {
  let days = micros / MICROS_PER_DAY;
  let rest = micros % MICROS_PER_DAY;
  if (rest < 0n) {
    rest += MICROS_PER_DAY;
    days -= 1n;
  }
  const { year, month, day } = civilOfDays(Number(days));
  const seconds = Number(rest / 1_000_000n);
  return {
    year: year <= 0 ? year - 1 : year,
    month,
    day,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    nanosecond: Number(rest % 1_000_000n) * 1000,
  };
}

export function microsOfFields(fields: DateFields): bigint {
  const year = fields.year < 0 ? fields.year + 1 : fields.year;
  const seconds = fields.hour * 3600 + fields.minute * 60 + fields.second;
  return (
    BigInt(daysOfCivil(year, fields.month, fields.day)) * MICROS_PER_DAY +
    BigInt(seconds) * 1_000_000n +
    BigInt(Math.floor(fields.nanosecond / 1000))
  );
}

/** Days since 1970-01-01 of a civil date; the year counts astronomically (0 is 1 BC). */
function daysOfCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  );
}

function civilOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
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
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1,
  };
}

/** Internal DATE (7 bytes) or, with a fraction of a second, TIMESTAMP (11 bytes). */
export function encodeDate(fields: DateFields): Buffer {
  const bytes = Buffer.alloc(fields.nanosecond === 0 ? 7 : 11);
  bytes[0] = Math.trunc(fields.year / 100) + 100;
  bytes[1] = (fields.year % 100) + 100;
  bytes[2] = fields.month;
  bytes[3] = fields.day;
  bytes[4] = fields.hour + 1;
  bytes[5] = fields.minute + 1;
  bytes[6] = fields.second + 1;
  if (fields.nanosecond !== 0) bytes.writeUInt32BE(fields.nanosecond, 7);
  return bytes;
}

export function decodeDate(bytes: Buffer): DateFields {
  return {
    year: (bytes.readUInt8(0) - 100) * 100 + bytes.readUInt8(1) - 100,
    month: bytes.readUInt8(2),
    day: bytes.readUInt8(3),
    hour: bytes.readUInt8(4) - 1,
    minute: bytes.readUInt8(5) - 1,
    second: bytes.readUInt8(6) - 1,
    nanosecond: bytes.length >= 11 ? bytes.readUInt32BE(7) : 0,
  };
}

/** `[-]YYYY-MM-DD HH:MM:SS[.f…]`, the sign for years BC. */
export function dateFieldsOfText(text: string): DateFields {
  const match = /^(-?)(\d{1,4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?$/.exec(text);
  if (match === null) throw new Error(`not a date: ${text}`);
  const year = Number(match[2]);
  return {
    year: match[1] === '-' ? -year : year,
    month: Number(match[3]),
    day: Number(match[4]),
    hour: Number(match[5] ?? 0),
    minute: Number(match[6] ?? 0),
    second: Number(match[7] ?? 0),
    nanosecond: Number((match[8] ?? '').padEnd(9, '0')),
  };
}
