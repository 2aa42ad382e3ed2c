/** Acceptances by dispute type, employer group and industry: the indicators that ask for one value of one column. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import type { Indicator } from '../../../schemas/definitions.ts';
import { formatDecimal } from '../../runtime/decimal.ts';
import { type FigureReader, figure, orgCodes, percent } from './figures.ts';
import type { CockpitMonths } from './months.ts';

/** Tables of the cockpit by the column of the population that they break down. */
export const BREAKDOWN_COLUMNS = {
  dispute_type: 'dispute_type',
  employer_group: 'employer_group',
  industry: 'industry_code',
} as const;
export type Breakdown = keyof typeof BREAKDOWN_COLUMNS;

/** The indicators of a breakdown, in the order of their definitions. */
export function breakdownIndicators(indicators: readonly Indicator[], breakdown: Breakdown): Indicator[] {
  const condition = new RegExp(`^\\s*${BREAKDOWN_COLUMNS[breakdown]}\\s*=\\s*'[^']*'\\s*$`, 'i');
  return indicators.filter(
    (indicator) =>
      'population' in indicator &&
      indicator.population === 'accepted' &&
      indicator.quantity === 'one' &&
      condition.test(indicator.where ?? ''),
  );
}

export function breakdownRows(
  figures: FigureReader,
  months: CockpitMonths,
  breakdown: Breakdown,
): CockpitRow<Breakdown>[] {
  const indicators = breakdownIndicators(figures.indicators, breakdown);
  return months.shown.flatMap(({ month, isProvisional, flow }) =>
    orgCodes(figures).flatMap((orgCode) => {
      const all = indicators.reduce((sum, { id }) => sum + figures.sum(month, orgCode, id), 0n);
      return indicators.map(({ id, name }, position) => {
        const value = figure(figures, month, orgCode, id);
        return {
          org_code: orgCode,
          month,
          is_provisional: isProvisional ? (1 as const) : (0 as const),
          indicator_id: id,
          indicator_name: name,
          position: position + 1,
          value,
          share_percent: percent(value, formatDecimal(all, 0)),
          previous_value: figure(figures, flow.previous, orgCode, id),
          last_year_value: figure(figures, flow.lastYear, orgCode, id),
        };
      });
    }),
  );
}
