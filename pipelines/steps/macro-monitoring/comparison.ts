/** Month on month and year on year: from the same snapshot recomputed, beside what was published then. */
import { type Comparison, type Scope, WHOLE_CODE } from '../../../schemas/dataset.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { type Figures, flowIndicators } from './figures.ts';
import { publishedDatasetSql } from './revision.ts';

/** Values of one earlier publication under `scope/body/indicator`. */
export type PublishedValues = ReadonlyMap<string, string>;

/** The indicators that are flows: sums over what happened in the period. */
export function flowIds(figures: Figures): string[] {
  return flowIndicators(figures.indicators).map(({ id }) => id);
}

/** The values of some indicators in a published dataset. */
export async function readPublished(
  engine: Engine,
  datasetFile: string,
  ids: readonly string[],
): Promise<PublishedValues> {
  const rows = await engine.rows<{
    scope: string;
    org_code: string;
    indicator_id: string;
    value: string | null;
  }>(
    `SELECT scope, org_code, indicator_id, value FROM ${publishedDatasetSql(datasetFile)}
     WHERE indicator_id IN (${ids.map(literal).join(', ')})`,
  );
  return new Map(rows.map((row) => [`${row.scope}/${row.org_code}/${row.indicator_id}`, row.value ?? '']));
}

/**
 * Every flow of every body (ALL first) beside the period before and the same period a year ago; the year to date has
 * no period before.
 */
export function* compareFlows(
  figures: Figures,
  published: { previous: PublishedValues | undefined; lastYear: PublishedValues | undefined },
): Generator<Comparison> {
  const ids = flowIds(figures);
  const orgs = [WHOLE_CODE, ...figures.bodies.map(({ code }) => code)];
  const then = (values: PublishedValues | undefined, scope: Scope, org: string, id: string): string =>
    values?.get(`${scope}/${org}/${id}`) ?? '';
  for (const scope of ['month', 'ytd'] as const) {
    for (const orgCode of orgs) {
      for (const indicatorId of ids) {
        yield {
          scope,
          orgCode,
          orgName: figures.nameOf(orgCode),
          indicatorId,
          current: figures.value(scope, orgCode, indicatorId),
          previous: scope === 'month' ? figures.value('previous', orgCode, indicatorId) : '',
          previousPublished: scope === 'month' ? then(published.previous, scope, orgCode, indicatorId) : '',
          lastYear: figures.value(scope === 'month' ? 'last_year' : 'last_year_ytd', orgCode, indicatorId),
          lastYearPublished: then(published.lastYear, scope, orgCode, indicatorId),
        };
      }
    }
  }
}
