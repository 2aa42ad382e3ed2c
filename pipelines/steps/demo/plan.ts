/** From the caller's options to numbers: months, bodies, rows of each view, defects. Pure. */
import { ArbdataError } from '../../runtime/errors.ts';
import type { DemoDefinitions, DemoSize, Organisation } from './definitions.ts';

export interface DemoOptions {
  readonly size: DemoSize;
  /** Whole number from 0 to 2^31 − 1. */
  readonly seed: number;
  /** Last month with data, YYYY-MM, from 2016-01 to 2035-12. */
  readonly until: string;
  /** Share of the size to make, above 0 and at most 1; an invented nation gets as few bodies. */
  readonly scale?: number;
}

/** What makes a body's last month stand out, for the rules on outliers (V047, V048). */
export type BodyMood = 'steady' | 'crowded' | 'silent' | 'unclosed';

export interface DemoBody extends Organisation {
  readonly mood: BodyMood;
}

export interface DemoPlan {
  readonly size: DemoSize;
  readonly seed: number;
  readonly until: string;
  /** The source's as-of date: the third day of the month after `until`. */
  readonly asOf: string;
  readonly firstMonth: string;
  readonly months: number;
  readonly cases: number;
  readonly mediations: number;
  readonly preApplications: number;
  /** Pre-applications that led to a case, per thousand cases. */
  readonly onlinePermille: number;
  readonly unlinkedPreApplications: number;
  readonly bodies: readonly DemoBody[];
  readonly defectsPerRule: number;
}

/**
 * Turn options into a plan.
 * @throws ArbdataError E_USAGE for a seed or scale out of range, E_PERIOD for an unusable month
 */
export function planDemo(
  options: DemoOptions,
  definitions: { demo: DemoDefinitions; organisations: readonly Organisation[] },
): DemoPlan {
  const { demo, organisations } = definitions;
  const { size, seed, until, scale = 1 } = options;
  checkOptions(seed, until, scale);
  const sizes = demo.sizes[size];
  const preApplications = Math.round(sizes.preApplications * scale);
  const linked = Math.round((preApplications * demo.linkedPreApplicationPercent) / 100);
  const cases = Math.round(sizes.cases * scale);
  const bodies =
    sizes.bodies === 'organisations'
      ? organisations
      : nationBodies(Math.max(MOODS.length + 1, Math.round(sizes.bodies * scale)), demo.provinces);
  return {
    size,
    seed,
    until,
    asOf: `${addMonths(until, 1)}-03`,
    firstMonth: addMonths(until, 1 - sizes.months),
    months: sizes.months,
    cases,
    mediations: Math.round(sizes.mediations * scale),
    preApplications,
    // Deleted cases never come from the portal, so the share is of the others.
    onlinePermille: Math.round((linked * 1_000_000) / (cases * (1000 - demo.permille.deleted))),
    unlinkedPreApplications: preApplications - linked,
    bodies: withMoods(bodies),
    defectsPerRule: defectsPerRule(cases),
  };
}

/** Month arithmetic on YYYY-MM. */
export function addMonths(month: string, by: number): string {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + by;
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
}

function checkOptions(seed: number, until: string, scale: number): void {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(until) || until < '2016-01' || until > '2035-12') {
    throw new ArbdataError('E_PERIOD', `the demo source cannot end with ${until}`, {
      advice: 'Give a month from 2016-01 to 2035-12, as in --until 2026-10.',
    });
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) {
    throw new ArbdataError('E_USAGE', `${seed} is no seed`, {
      advice: 'Give a whole number from 0 to 2147483647.',
    });
  }
  if (!(scale > 0 && scale <= 1)) {
    throw new ArbdataError('E_USAGE', `${scale} is no scale`, {
      advice: 'Give a number above 0 and at most 1.',
    });
  }
}

/** Enough of each to be seen, few enough to stay far below the limit of excluded cases (K12). */
function defectsPerRule(cases: number): number {
  if (cases < 100_000) return 4;
  return cases < 5_000_000 ? 30 : 60;
}

const MOODS = ['crowded', 'silent', 'unclosed'] as const satisfies readonly BodyMood[];

/** The smallest bodies get the odd last months, so that the whole hardly moves. */
function withMoods(bodies: readonly Organisation[]): DemoBody[] {
  const smallest = bodies.toSorted((a, b) => a.demoWeight - b.demoWeight || (a.code < b.code ? -1 : 1));
  const moods = new Map(MOODS.map((mood, index) => [smallest[index]?.code, mood] as const));
  return bodies.map((body) => ({ ...body, mood: moods.get(body.code) ?? 'steady' }));
}

/** Bodies of an invented nation: provinces × cities × (the city's own body and seven districts). */
function nationBodies(count: number, provinces: readonly string[]): Organisation[] {
  return Array.from({ length: count }, (_, index) => {
    const province = provinces[index % provinces.length] ?? '11';
    const number = Math.floor(index / provinces.length);
    const city = String(Math.floor(number / 8) + 1).padStart(2, '0');
    const district = String(number % 8).padStart(2, '0');
    const place = district === '00' ? `省${province}市${city}` : `省${province}市${city}区${district}`;
    const code = `${province}${city}${district}`;
    const rank = (index * 37 + 11) % 100;
    return {
      code,
      name: `${place}劳动人事争议仲裁委员会`,
      district: code,
      place,
      level: district === '00' ? '1' : '2',
      caseWord: place,
      demoWeight: 40 + Math.floor((rank * rank) / 50),
    };
  });
}
