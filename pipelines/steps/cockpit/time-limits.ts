/** Who is overdue and who will be within seven days, by body, on the as-of day. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { count, type FigureReader, orgCodes } from './figures.ts';
import { type CockpitMonths, TODAY } from './months.ts';

interface LimitCounts {
  org_code: string | null;
  suspended: string;
  overdue_over_30: string;
  longest: string | null;
  due_soon: string;
}

/** Needs `limit_case`. Open and overdue are the indicators B01 and B02 of the as-of day. */
export async function timeLimitRows(
  engine: Engine,
  figures: FigureReader,
  { asOf }: CockpitMonths,
): Promise<CockpitRow<'time_limit'>[]> {
  const rows = await engine.rows<LimitCounts>(`
    SELECT COALESCE(org_code, 'ALL') AS org_code,
      COUNT(*) FILTER (is_suspended = 1) AS suspended,
      COUNT(*) FILTER (days_over > 30) AS overdue_over_30,
      MAX(days_over) AS longest,
      COUNT(*) FILTER (is_due_soon = 1) AS due_soon
    FROM limit_case GROUP BY GROUPING SETS ((org_code), ())`);
  const byOrg = new Map(rows.map((row) => [row.org_code, row]));
  return orgCodes(figures).map((orgCode) => {
    const found = byOrg.get(orgCode);
    return {
      org_code: orgCode,
      as_of: asOf,
      open_cases: count(figures, TODAY, orgCode, 'B01'),
      suspended: Number(found?.suspended ?? 0),
      overdue: count(figures, TODAY, orgCode, 'B02'),
      overdue_over_30: Number(found?.overdue_over_30 ?? 0),
      longest_overdue_days:
        found?.longest === null || found?.longest === undefined ? null : Number(found.longest),
      due_in_7_days: Number(found?.due_soon ?? 0),
    };
  });
}
