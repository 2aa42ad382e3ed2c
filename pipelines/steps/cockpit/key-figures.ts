/** Key figures with what they are compared with, their sparklines, and the trend. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import type { Indicator } from '../../../schemas/definitions.ts';
import { change, count, type FigureReader, figure, orgCodes, percent } from './figures.ts';
import type { CockpitMonths, ShownMonth } from './months.ts';

/** 受理、结案、未结、超审限未结、结案率、调解率、审限内结案率、案外调解成功率. */
export const KEY_INDICATORS = ['A02', 'C01', 'B01', 'B02', 'R01', 'R02', 'R04', 'M04'] as const;
/** 集体争议案件数、集体争议劳动者人数. */
export const COLLECTIVE_INDICATORS = ['A03', 'A07'] as const;
/** Columns of the trend. */
export const TREND_INDICATORS = { accepted: 'A02', closed: 'C01', stock: 'B01' } as const;

type ComparedRow = CockpitRow<'key_figure'>;

/** Every body's value of some indicators in the shown months, beside the month and the year before. */
export function comparedRows(
  figures: FigureReader,
  months: CockpitMonths,
  ids: readonly string[],
): ComparedRow[] {
  return chosen(figures, ids).flatMap((indicator) =>
    months.shown.flatMap((shown) =>
      orgCodes(figures).map((orgCode) => comparedRow(figures, indicator, shown, orgCode)),
    ),
  );
}

function comparedRow(
  figures: FigureReader,
  indicator: Indicator,
  shown: ShownMonth,
  orgCode: string,
): ComparedRow {
  const { id, name, unit } = indicator;
  const isStock = 'population' in indicator && indicator.population.endsWith('_stock');
  const windows = isStock ? shown.stock : shown.flow;
  const value = figure(figures, shown.month, orgCode, id);
  const previous = figure(figures, windows.previous, orgCode, id);
  const lastYear = figure(figures, windows.lastYear, orgCode, id);
  const [previousChange, lastYearChange] = [change(value, previous), change(value, lastYear)];
  const isSum = 'population' in indicator;
  return {
    org_code: orgCode,
    month: shown.month,
    is_provisional: shown.isProvisional ? 1 : 0,
    indicator_id: id,
    indicator_name: name,
    unit,
    value,
    previous_value: previous,
    previous_change: previousChange,
    previous_percent: isSum ? percent(previousChange, previous) : null,
    last_year_value: lastYear,
    last_year_change: lastYearChange,
    last_year_percent: isSum ? percent(lastYearChange, lastYear) : null,
    compared_days: isStock ? 'whole' : shown.comparedDays,
  };
}

export function sparklineRows(figures: FigureReader, months: CockpitMonths): CockpitRow<'sparkline'>[] {
  return chosen(figures, KEY_INDICATORS).flatMap(({ id }) =>
    orgCodes(figures).flatMap((orgCode) =>
      months.sparkline.map((month) => ({
        org_code: orgCode,
        month,
        is_provisional: month === months.current.text ? 1 : 0,
        indicator_id: id,
        value: figure(figures, month, orgCode, id),
      })),
    ),
  );
}

export function trendRows(figures: FigureReader, months: CockpitMonths): CockpitRow<'trend'>[] {
  const { accepted, closed, stock } = TREND_INDICATORS;
  return orgCodes(figures).flatMap((orgCode) =>
    months.trend.map((month) => ({
      org_code: orgCode,
      month,
      is_provisional: month === months.current.text ? 1 : 0,
      accepted: count(figures, month, orgCode, accepted),
      closed: count(figures, month, orgCode, closed),
      stock: count(figures, month, orgCode, stock),
    })),
  );
}

/** The indicators of a list that are defined: a home's own definitions may lack some. */
export function chosen(
  { indicators }: Pick<FigureReader, 'indicators'>,
  ids: readonly string[],
): Indicator[] {
  return ids.flatMap((id) => indicators.filter((indicator) => indicator.id === id));
}
