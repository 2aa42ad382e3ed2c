/** Where the last batch of each platform stands, by body, and how many cases are held back today. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';

/** The last batch of a platform, if there is one; its records by body come from `attempt`. */
export interface LastBatch {
  readonly name: string;
  readonly period: string;
  readonly state: string;
}

export interface BodyCounts {
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** The body of rows `t`, or what stands for one that ARB_ORG does not know. */
const placed = (rows: string, otherBody: string): string =>
  `(SELECT t.* EXCLUDE (org_code), COALESCE(o.org_code, ${literal(otherBody)}) AS org_code
    FROM ${rows} t LEFT JOIN valid_org o ON o.org_code = t.org_code)`;

/** Records of the batches in `attempt`, by the body that they were sent for; the whole under ALL. */
export async function sentByBody(engine: Engine, otherBody: string): Promise<Map<string, BodyCounts>> {
  const rows = await engine.rows<Record<'org_code' | 'records' | 'accepted' | 'rejected', string>>(`
    SELECT CASE WHEN GROUPING(org_code) = 1 THEN 'ALL' ELSE org_code END AS org_code, COUNT(*) AS records,
      COUNT(*) FILTER (result = 'accepted') AS accepted, COUNT(*) FILTER (result = 'rejected') AS rejected
    FROM ${placed('attempt', otherBody)} GROUP BY GROUPING SETS ((org_code), ())`);
  return new Map(
    rows.map(({ org_code, records, accepted, rejected }) => [
      org_code,
      { records: Number(records), accepted: Number(accepted), rejected: Number(rejected) },
    ]),
  );
}

/** Cases that findings hold back, by body; needs `held_finding`. */
export async function heldByBody(engine: Engine, otherBody: string): Promise<Map<string, number>> {
  const rows = await engine.rows<Record<'org_code' | 'n', string>>(`
    SELECT CASE WHEN GROUPING(org_code) = 1 THEN 'ALL' ELSE org_code END AS org_code, COUNT(DISTINCT case_id) AS n
    FROM ${placed('held_finding', otherBody)} GROUP BY GROUPING SETS ((org_code), ())`);
  return new Map(rows.map(({ org_code, n }) => [org_code, Number(n)]));
}

export function submissionRows(
  orgCodes: readonly string[],
  platform: {
    readonly product: string;
    readonly last: LastBatch | undefined;
    readonly sent: ReadonlyMap<string, BodyCounts>;
  },
  held: ReadonlyMap<string, number>,
): CockpitRow<'submission'>[] {
  const { product, last, sent } = platform;
  return orgCodes.map((orgCode) => {
    const counts = sent.get(orgCode) ?? { records: 0, accepted: 0, rejected: 0 };
    const { records, accepted, rejected } = counts;
    const known =
      last === undefined
        ? { records: null, accepted: null, rejected: null, unanswered: null }
        : { ...counts, unanswered: records - accepted - rejected };
    return {
      org_code: orgCode,
      product,
      batch: last?.name ?? null,
      period: last?.period ?? null,
      state: last?.state ?? null,
      ...known,
      held_back: held.get(orgCode) ?? 0,
    };
  });
}
