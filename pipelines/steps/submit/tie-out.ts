/** 与宏观监测对照: each case behind A02 and C01 of the same snapshot has exactly one place. */

import type { Body } from '../../../schemas/dataset.ts';
import { PLACES, type TieOut, type TiePlace, type TieRow } from '../../../schemas/submission-report.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

const GAPS_SHOWN = 100;

/**
 * Needs `population`, the decisions and `platform_record`.
 * @param bodies in their order, the whole last
 */
export async function tieOut(engine: Engine, bodies: readonly Body[], wholeCode: string): Promise<TieOut> {
  await engine.run(readSql('submission/220-tie-out.sql'));
  const { n } = await engine.one<{ n: string }>(
    'SELECT count(DISTINCT case_id) AS n FROM tied_case WHERE len(places) <> 1',
  );
  return { rows: await tieRows(engine, bodies, wholeCode), gaps: await tieGaps(engine), gapCount: Number(n) };
}

async function tieRows(engine: Engine, bodies: readonly Body[], wholeCode: string): Promise<TieRow[]> {
  const places = PLACES.map(
    (place) =>
      `CAST(sum(CASE WHEN list_contains(places, '${place}') THEN n ELSE 0 END) AS BIGINT) AS ${place}`,
  );
  type Row = Record<TiePlace | 'scope' | 'indicator_id' | 'org_code' | 'cases', string>;
  const found = await engine.rows<Row>(`
    SELECT scope, indicator_id, COALESCE(org_code, '${wholeCode}') AS org_code, CAST(sum(n) AS BIGINT) AS cases,
      ${places.join(', ')}
    FROM tied_case GROUP BY GROUPING SETS ((scope, indicator_id, org_code), (scope, indicator_id))`);
  const byKey = new Map(found.map((row) => [`${row.scope}/${row.indicator_id}/${row.org_code}`, row]));
  return (['month', 'ytd'] as const).flatMap((scope) =>
    (['A02', 'C01'] as const).flatMap((indicatorId) =>
      bodies.map(({ code, name }) => {
        const row = byKey.get(`${scope}/${indicatorId}/${code}`);
        const at = (place: TiePlace) => [place, Number(row?.[place] ?? 0)] as const;
        return {
          scope,
          indicatorId,
          orgCode: code,
          orgName: name,
          cases: Number(row?.cases ?? 0),
          places: Object.fromEntries(PLACES.map(at)) as Record<TiePlace, number>,
        };
      }),
    ),
  );
}

async function tieGaps(engine: Engine): Promise<TieOut['gaps']> {
  const rows = await engine.rows<{
    indicator_id: string;
    org_code: string;
    case_id: string;
    places: TiePlace[];
  }>(`
    SELECT DISTINCT indicator_id, org_code, COALESCE(CAST(case_id AS VARCHAR), '') AS case_id, places FROM tied_case
    WHERE len(places) <> 1 ORDER BY indicator_id, org_code, case_id LIMIT ${GAPS_SHOWN}`);
  return rows.map(({ indicator_id, org_code, case_id, places }) => ({
    indicatorId: indicator_id,
    orgCode: org_code,
    caseId: case_id,
    places,
  }));
}
