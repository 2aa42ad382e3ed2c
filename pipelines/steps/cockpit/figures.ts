/** The figures as the panels read them, and what is done with two of them. */
import { type Body, WHOLE_CODE } from '../../../schemas/dataset.ts';
import type { Indicator } from '../../../schemas/definitions.ts';
import { divideRounded, formatDecimal, parseDecimal } from '../../runtime/decimal.ts';

/** What computes figures gives this; no panel counts anything that an indicator defines. */
export interface FigureReader {
  readonly bodies: readonly Body[];
  readonly indicators: readonly Indicator[];
  /** The exact sum behind an indicator: pieces, persons, cents. */
  sum(window: string, orgCode: string, indicatorId: string): bigint;
  /** As published: decimal text, empty where a denominator is zero. */
  value(window: string, orgCode: string, indicatorId: string): string;
}

/** Every body, then the city. */
export function orgCodes({ bodies }: Pick<FigureReader, 'bodies'>): string[] {
  return [...bodies.map(({ code }) => code), WHOLE_CODE];
}

/** A figure of a window; null where there is none. */
export function figure(
  figures: FigureReader,
  window: string,
  orgCode: string,
  indicatorId: string,
): string | null {
  const value = figures.value(window, orgCode, indicatorId);
  return value === '' ? null : value;
}

/** A count as a number. */
export function count(figures: FigureReader, window: string, orgCode: string, indicatorId: string): number {
  return Number(figures.sum(window, orgCode, indicatorId));
}

/** Places of any published figure. */
const SCALE = 2;

/** `current − base` with the places of the two; null where one of them is missing. */
export function change(current: string | null, base: string | null): string | null {
  if (current === null || base === null) return null;
  const places = Math.max(placesOf(current), placesOf(base));
  return formatDecimal(parseDecimal(current, places) - parseDecimal(base, places), places);
}

/** `part / whole` in percent, two places, half away from zero; null without a whole other than zero. */
export function percent(part: string | null, whole: string | null): string | null {
  if (part === null || whole === null) return null;
  const divisor = parseDecimal(whole, SCALE);
  if (divisor === 0n) return null;
  const magnitude = divisor < 0n ? -divisor : divisor;
  return formatDecimal(divideRounded(parseDecimal(part, SCALE) * 10_000n, magnitude), SCALE);
}

const placesOf = (text: string): number => text.split('.')[1]?.length ?? 0;
