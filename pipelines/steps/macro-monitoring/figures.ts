/** Every indicator × body × window, from the facts: exact sums in SQL, one division and rounding here. */
import { type Body, WHOLE_CODE } from '../../../schemas/dataset.ts';
import type { Indicator, PopulationName, SumIndicator } from '../../../schemas/definitions.ts';
import { divideRounded, formatDecimal, parseDecimal } from '../../runtime/decimal.ts';
import { type Engine, identifier, literal } from '../../runtime/duckdb.ts';
import { ArbdataError, messageOf } from '../../runtime/errors.ts';
import { readSql } from '../../runtime/project.ts';
import { type PeriodWindow, periodWindowSql, type WindowId } from './windows.ts';

const ALL = WHOLE_CODE;
/** How the whole is named in data files and tables. */
export const WHOLE_NAME = '合计';

/** One exact sum: a column of the aggregate query. Amounts are in cents, all else in whole units. */
interface SumColumn {
  readonly key: string;
  readonly population: PopulationName;
  readonly where: string | undefined;
  readonly quantity: SumIndicator['quantity'];
}

const TWO_DECIMAL_QUANTITIES: ReadonlySet<string> = new Set(['amount', 'award_amount']);

/** The sums that a set of indicators needs, each under a stable key. */
function sumColumns(indicators: readonly Indicator[]): SumColumn[] {
  return indicators.flatMap((indicator): SumColumn[] => {
    if ('population' in indicator) {
      const { id, population, where, quantity } = indicator;
      return [{ key: id, population, where, quantity }];
    }
    return 'population' in indicator.numerator
      ? [{ key: numeratorKey(indicator.id), where: undefined, ...indicator.numerator }]
      : [];
  });
}

/** The indicators that are sums; the others are ratios of them. */
export function sumIndicators(indicators: readonly Indicator[]): SumIndicator[] {
  return indicators.filter((indicator) => 'population' in indicator);
}

/** The sums over what happened in a period, not over what stood at a day. */
export function flowIndicators(indicators: readonly Indicator[]): SumIndicator[] {
  return sumIndicators(indicators).filter(({ population }) => !population.endsWith('_stock'));
}

const numeratorKey = (id: string): string => `${id}:numerator`;

/** Exact sums and published values per window, body and indicator; the windows are those of one period unless said. */
export class Figures<Id extends string = WindowId> {
  readonly bodies: readonly Body[];
  readonly indicators: readonly Indicator[];
  readonly #sums: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly #byId: ReadonlyMap<string, Indicator>;
  readonly #names: ReadonlyMap<string, string>;

  constructor(
    bodies: readonly Body[],
    indicators: readonly Indicator[],
    sums: ReadonlyMap<string, ReadonlyMap<string, bigint>>,
  ) {
    this.bodies = bodies;
    this.indicators = indicators;
    this.#sums = sums;
    this.#names = new Map(bodies.map(({ code, name }) => [code, name]));
    this.#byId = new Map(indicators.map((indicator) => [indicator.id, indicator]));
  }

  /** The name of a body, or of the whole. */
  nameOf(org: string): string {
    return org === ALL ? WHOLE_NAME : (this.#names.get(org) ?? org);
  }

  /** The exact, unrounded sum behind an indicator: pieces, persons, days, or cents for amounts. */
  sum(window: Id, org: string, key: string): bigint {
    return this.#sums.get(`${window}/${org}`)?.get(key) ?? 0n;
  }

  /** The value as published: plain decimal text, empty where a denominator is zero. */
  value(window: Id, org: string, id: string): string {
    const indicator = this.#byId.get(id);
    if (indicator === undefined) throw new RangeError(`no indicator ${id}`);
    return indicatorValue(indicator, (key) => this.sum(window, org, key));
  }
}

/** The published value of an indicator from exact sums. Rounding is half away from zero. */
function indicatorValue(indicator: Indicator, sum: (key: string) => bigint): string {
  if ('population' in indicator) {
    const exact = sum(indicator.id);
    if (!TWO_DECIMAL_QUANTITIES.has(indicator.quantity)) return formatDecimal(exact, 0);
    // cents / 100 / divideBy, kept to `decimals` places
    const scaled = divideRounded(
      exact * 10n ** BigInt(indicator.decimals),
      100n * BigInt(indicator.divideBy),
    );
    return formatDecimal(scaled, indicator.decimals);
  }
  const total = (ids: readonly string[]): bigint => ids.reduce((all, id) => all + sum(id), 0n);
  const denominator = total(indicator.denominator);
  if (denominator === 0n) return '';
  const numerator =
    'indicators' in indicator.numerator
      ? total(indicator.numerator.indicators)
      : sum(numeratorKey(indicator.id));
  const scaled = numerator * BigInt(indicator.multiplyBy) * 10n ** BigInt(indicator.decimals);
  return formatDecimal(divideRounded(scaled, denominator), indicator.decimals);
}

/**
 * Compute all figures of the given windows. Needs the fact tables; leaves the view `population` and the table
 * `period_window` in the engine.
 */
export async function computeFigures<Id extends string>(
  engine: Engine,
  indicators: readonly Indicator[],
  windows: readonly PeriodWindow<Id>[],
): Promise<Figures<Id>> {
  await engine.run(periodWindowSql(windows));
  await engine.run(readSql('datasets/010-population.sql'));
  const bodies = await engine.rows<{ code: string; name: string | null; level: string | null }>(
    'SELECT org_code AS code, org_name AS name, org_level AS level FROM valid_org WHERE org_code IS NOT NULL ORDER BY org_code',
  );
  const sums = new Map<string, Map<string, bigint>>();
  const columns = sumColumns(indicators);
  for (const population of new Set(columns.map((column) => column.population))) {
    await addSums(
      engine,
      columns.filter((column) => column.population === population),
      population,
      sums,
    );
  }
  return new Figures(
    bodies.map(({ code, name, level }) => ({ code, name: name ?? code, level: level ?? '' })),
    indicators,
    sums,
  );
}

/** Aggregate one population per window and body, and per window alone (ALL is summed by the engine, not added up here). */
async function addSums(
  engine: Engine,
  columns: readonly SumColumn[],
  population: PopulationName,
  sums: Map<string, Map<string, bigint>>,
): Promise<void> {
  const selected = columns.map(
    ({ key, where, quantity }) =>
      `CAST(SUM(${where === undefined ? quantity : `CASE WHEN ${where} THEN ${quantity} END`}) AS VARCHAR) AS ${identifier(key)}`,
  );
  const rows = await engine
    .rows<Record<string, string | null>>(
      `SELECT window_id, org_code, ${selected.join(', ')} FROM population
       WHERE population = ${literal(population)} GROUP BY GROUPING SETS ((window_id, org_code), (window_id))`,
    )
    .catch(async (error: unknown) => {
      throw (await conditionError(engine, columns)) ?? error;
    });
  for (const row of rows) {
    const place = `${row['window_id']}/${row['org_code'] ?? ALL}`;
    const found = sums.get(place) ?? new Map<string, bigint>();
    sums.set(place, found);
    for (const { key, quantity } of columns) {
      const text = row[key];
      if (text !== null && text !== undefined) {
        found.set(key, parseDecimal(text, TWO_DECIMAL_QUANTITIES.has(quantity) ? 2 : 0));
      }
    }
  }
}

/** A home may bring conditions of its own: which one the engine cannot read, or undefined where it reads them all. */
async function conditionError(
  engine: Engine,
  columns: readonly SumColumn[],
): Promise<ArbdataError | undefined> {
  for (const { key, where } of columns) {
    if (where === undefined) continue;
    try {
      await engine.rows(`SELECT 1 FROM population WHERE ${where} LIMIT 0`);
    } catch (error) {
      const reason = messageOf(error);
      return new ArbdataError(
        'E_DEFINITION',
        `indicators.json: the condition of ${key} (${where}) cannot be used: ${reason}`,
        {
          advice: 'Mend the condition in the home folder definitions/, or remove the file there.',
          where: { file: 'indicators.json' },
          cause: error,
        },
      );
    }
  }
  return undefined;
}
