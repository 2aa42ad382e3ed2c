/** Exact arithmetic on decimal text for the columns that a workbook adds: differences and changes in percent. */

interface Decimal {
  readonly digits: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
/** An IEEE double keeps every decimal number of up to 15 significant digits. */
const EXACT_DIGITS = 15;

function parse(text: string): Decimal {
  const match = DECIMAL.exec(text);
  if (match === null) throw new RangeError(`not a decimal number: ${JSON.stringify(text)}`);
  const [, sign = '', whole = '', fraction = ''] = match;
  return { digits: BigInt(sign + whole + fraction), scale: fraction.length };
}

function format(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function rescale({ digits, scale }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - scale);
}

/** `current − base` with the digits of the longer one; empty where one of them is. */
export function difference(current: string, base: string): string {
  if (current === '' || base === '') return '';
  const [left, right] = [parse(current), parse(base)];
  const scale = Math.max(left.scale, right.scale);
  return format(rescale(left, scale) - rescale(right, scale), scale);
}

/** `(current − base) / |base|` in percent, 2 decimals, half away from zero; empty without a base other than 0. */
export function changePercent(current: string, base: string): string {
  if (current === '' || base === '') return '';
  const [left, right] = [parse(current), parse(base)];
  const scale = Math.max(left.scale, right.scale);
  const divisor = rescale(right, scale);
  if (divisor === 0n) return '';
  const magnitude = divisor < 0n ? -divisor : divisor;
  return format(divideHalfAway((rescale(left, scale) - divisor) * 10_000n, magnitude), 2);
}

function divideHalfAway(dividend: bigint, divisor: bigint): bigint {
  const magnitude = dividend < 0n ? -dividend : dividend;
  const quotient = (2n * magnitude + divisor) / (2n * divisor);
  return dividend < 0n ? -quotient : quotient;
}

/** Whether both texts are the same number (`1.50` and `1.5` are); two empty texts are equal too. */
export function sameNumber(left: string, right: string): boolean {
  if (left === '' || right === '') return left === right;
  return BigInt(difference(left, right).replace('.', '')) === 0n;
}

/**
 * The number that a spreadsheet cell can hold without losing a digit, or undefined: such a figure goes into the
 * cell as text.
 */
export function exactNumber(text: string): number | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, , whole = '', fraction = ''] = match;
  const significant = (whole + fraction).replace(/^0+/, '').length;
  return significant > EXACT_DIGITS ? undefined : Number(text);
}
