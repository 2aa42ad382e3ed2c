/** The records behind every published figure, frozen: what `explain` and later revision statements read. */
import type { Indicator } from '../../../schemas/definitions.ts';
import { parseDecimal } from '../../runtime/decimal.ts';
import { type Engine, identifier, literal } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { Figures } from './figures.ts';

/**
 * SQL of the members: one row per window (as `scope`), summed indicator and record, with what the record adds to the
 * sum (`quantity`, DECIMAL(18,2): pieces, persons, yuan). R05 adds its trial days under its own identifier.
 * @param source a table with the columns of `population`
 */
export function membershipSelect(indicators: readonly Indicator[], source: string): string {
  const parts = indicators.flatMap((indicator) => {
    const member =
      'population' in indicator
        ? indicator
        : 'population' in indicator.numerator
          ? { ...indicator.numerator, where: undefined }
          : undefined;
    if (member === undefined) return [];
    const condition = member.where === undefined ? '' : ` AND (${member.where})`;
    return [
      `SELECT window_id AS scope, ${literal(indicator.id)} AS indicator_id, org_code, record_id,
         CAST(COALESCE(${identifier(member.quantity)}, 0) AS DECIMAL(18, 2)) AS quantity
       FROM ${source} WHERE population = ${literal(member.population)}${condition}`,
    ];
  });
  return parts.join(' UNION ALL ');
}

/**
 * Write `membership.parquet` sorted by scope, indicator, body and record, and prove that it adds up to the figures.
 * @throws ArbdataError E_CHECK_BROKEN when a figure differs from the sum over its members
 */
export async function writeMembership(
  engine: Engine,
  figures: Figures,
  file: string,
): Promise<{ rows: number; sizeBytes: number }> {
  await engine.run(
    "CREATE TABLE scoped_population AS SELECT * FROM population WHERE window_id IN ('month', 'ytd')",
  );
  await engine.run(`CREATE TABLE membership AS ${membershipSelect(figures.indicators, 'scoped_population')}`);
  await engine.run('DROP TABLE scoped_population');
  await proveMembership(engine, figures);
  const written = await engine.copyToParquet(
    'SELECT * FROM membership ORDER BY scope, indicator_id, org_code, record_id',
    file,
  );
  return written;
}

async function proveMembership(engine: Engine, figures: Figures): Promise<void> {
  const rows = await engine.rows<{
    scope: 'month' | 'ytd';
    indicator_id: string;
    org_code: string;
    total: string;
  }>(
    `SELECT scope, indicator_id, org_code, CAST(SUM(quantity) AS VARCHAR) AS total
     FROM membership GROUP BY scope, indicator_id, org_code`,
  );
  const totals = new Map(
    rows.map(({ scope, indicator_id, org_code, total }) => [
      `${scope}/${indicator_id}/${org_code}`,
      parseDecimal(total, 2),
    ]),
  );
  for (const scope of ['month', 'ytd'] as const) {
    for (const indicator of figures.indicators) {
      const isMoney = 'population' in indicator && indicator.kind === 'amount';
      const key = 'population' in indicator ? indicator.id : `${indicator.id}:numerator`;
      if (!('population' in indicator) && !('population' in indicator.numerator)) continue;
      for (const { code } of figures.bodies) {
        const members = totals.get(`${scope}/${indicator.id}/${code}`) ?? 0n;
        const figure = figures.sum(scope, code, key) * (isMoney ? 1n : 100n);
        if (members !== figure) throw membershipError(indicator.id, code, scope);
      }
    }
  }
}

function membershipError(indicator: string, org: string, scope: string): ArbdataError {
  const place = `${indicator}@${org}`;
  return new ArbdataError(
    'E_CHECK_BROKEN',
    `the cases behind ${place} (${scope}) do not add up to the figure`,
    {
      advice: 'Nothing was published. Report this as a defect; the snapshot named in the run reproduces it.',
    },
  );
}

/** Freeze the facts behind a publication: `case-facts.parquet` and `mediation-facts.parquet`, sorted by key. */
export async function writeFacts(engine: Engine, caseFile: string, mediationFile: string): Promise<void> {
  await engine.copyToParquet('SELECT * FROM case_fact ORDER BY case_id NULLS LAST', caseFile);
  await engine.copyToParquet('SELECT * FROM mediation_fact ORDER BY mediation_id NULLS LAST', mediationFile);
}
