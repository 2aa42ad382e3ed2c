/** How old the data are: the moment that the figures show, and when each body last changed anything. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import { dayNumber } from '../../../schemas/period.ts';
import { stampOf, stampToMs } from '../../runtime/clock.ts';
import type { Engine } from '../../runtime/duckdb.ts';

const HOUR_MS = 3_600_000;

/**
 * The moment whose state a snapshot shows: when it was frozen, or the end of its as-of day where that is earlier.
 * @param createdAt `YYYY-MM-DD HH:MM:SS`
 */
export function dataTime({ asOf, createdAt }: { asOf: string; createdAt: string }): string {
  return asOf < createdAt.slice(0, 10) ? `${asOf} 23:59:59` : createdAt;
}

/** So many hours later, as a stamp. */
export function hoursLater(stamp: string, hours: number): string {
  return stampOf(new Date(stampToMs(stamp) + hours * HOUR_MS));
}

/** The latest change of any case of a body up to the as-of day, by the rows' own UPDATED_AT. */
export async function freshnessRows(
  engine: Engine,
  orgCodes: readonly string[],
  moment: { readonly asOf: string; readonly dataTime: string },
): Promise<CockpitRow<'freshness'>[]> {
  const rows = await engine.rows<{ org_code: string; last_change: string | null }>(`
    SELECT CASE WHEN GROUPING(v.org_code) = 1 THEN 'ALL' ELSE v.org_code END AS org_code,
      strftime(MAX(r.UPDATED_AT), '%Y-%m-%d %H:%M:%S') AS last_change
    FROM raw_arb_case r
    JOIN valid_case v ON v.case_id = r.CASE_ID
    CROSS JOIN parameter p
    WHERE day_number(r.UPDATED_AT) BETWEEN 0 AND p.as_of_day
    GROUP BY GROUPING SETS ((v.org_code), ())`);
  const found = new Map(rows.map((row) => [row.org_code, row.last_change]));
  return orgCodes.map((orgCode) => {
    const lastChange = found.get(orgCode) ?? null;
    return {
      org_code: orgCode,
      data_time: moment.dataTime,
      last_change: lastChange,
      days_unchanged:
        lastChange === null ? null : dayNumber(moment.asOf) - dayNumber(lastChange.slice(0, 10)),
    };
  });
}
