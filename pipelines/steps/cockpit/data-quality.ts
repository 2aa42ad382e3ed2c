/** Findings of this snapshot by body and severity, by rule, and what earlier runs found. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import { type Rule, SEVERITIES } from '../../../schemas/definitions.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';

/** A finding that somebody still has to work on: not gone, and nobody's word says that it is right as it is. */
const OPEN = "state <> 'resolved' AND mark IS DISTINCT FROM 'verified'";

/** The findings that a run left. */
export interface RunFindings {
  readonly runId: string;
  /** On which it began, YYYY-MM-DD. */
  readonly day: string;
  readonly file: string;
}

/**
 * Create the view `shown_finding`: the open findings of this snapshot with the body that has to act. Needs `finding_state`.
 * @param otherBody stands for bodies that ARB_ORG does not know
 */
export async function createShownFindings(engine: Engine, otherBody: string): Promise<void> {
  await engine.run(`
    CREATE VIEW shown_finding AS
    SELECT concat_ws('/', f.rule_id, f.scope, f.record_key) AS record_id, f.rule_id, f.severity, f.scope,
      f.record_key, f.field, f.value, f.message, f.state, f.first_seen,
      COALESCE(o.org_code, ${literal(otherBody)}) AS org_code
    FROM (SELECT * FROM finding_state WHERE ${OPEN}) f
    LEFT JOIN valid_org o ON o.org_code = f.org_code`);
}

export async function qualityRows(
  engine: Engine,
  orgCodes: readonly string[],
  otherBody: string,
): Promise<CockpitRow<'quality'>[]> {
  const rows = await engine.rows<Record<'org_code' | 'severity' | 'open' | 'verified', string>>(`
    WITH placed AS (
      SELECT f.*, COALESCE(o.org_code, ${literal(otherBody)}) AS list_org
      FROM finding_state f LEFT JOIN valid_org o ON o.org_code = f.org_code WHERE f.state <> 'resolved')
    SELECT COALESCE(list_org, 'ALL') AS org_code, severity,
      COUNT(*) FILTER (${OPEN}) AS open, COUNT(*) FILTER (mark = 'verified') AS verified
    FROM placed GROUP BY GROUPING SETS ((list_org, severity), (severity))`);
  const found = new Map(rows.map((row) => [`${row.org_code}/${row.severity}`, row]));
  return orgCodes.flatMap((orgCode) =>
    SEVERITIES.map((severity) => ({
      org_code: orgCode,
      severity,
      open_findings: Number(found.get(`${orgCode}/${severity}`)?.open ?? 0),
      verified_findings: Number(found.get(`${orgCode}/${severity}`)?.verified ?? 0),
    })),
  );
}

/** The rules that have open findings, by body; needs `shown_finding`. */
export async function qualityRuleRows(
  engine: Engine,
  rules: readonly Rule[],
): Promise<CockpitRow<'quality_rule'>[]> {
  const rows = await engine.rows<Record<'org_code' | 'rule_id' | 'severity' | 'open', string>>(`
    SELECT COALESCE(org_code, 'ALL') AS org_code, rule_id, severity, COUNT(*) AS open
    FROM shown_finding GROUP BY GROUPING SETS ((org_code, rule_id, severity), (rule_id, severity))
    ORDER BY org_code, rule_id`);
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  return rows.map(({ org_code, rule_id, severity, open }) => ({
    org_code,
    rule_id,
    rule_title: titles.get(rule_id) ?? rule_id,
    severity,
    open_findings: Number(open),
  }));
}

/** What runs left open, in the order in which they are given. */
export async function qualityTrendRows(
  engine: Engine,
  runs: readonly RunFindings[],
  otherBody: string,
): Promise<CockpitRow<'quality_trend'>[]> {
  const points: CockpitRow<'quality_trend'>[] = [];
  for (const { runId, day, file } of runs) {
    const rows = await engine.rows<Record<'org_code' | 'severity' | 'open', string>>(`
      WITH placed AS (
        SELECT f.severity, COALESCE(o.org_code, ${literal(otherBody)}) AS list_org
        FROM (SELECT * FROM read_parquet(${literal(file)}) WHERE ${OPEN}) f
        LEFT JOIN valid_org o ON o.org_code = f.org_code)
      SELECT COALESCE(list_org, 'ALL') AS org_code, severity, COUNT(*) AS open
      FROM placed GROUP BY GROUPING SETS ((list_org, severity), (severity)) ORDER BY org_code, severity`);
    for (const { org_code, severity, open } of rows)
      points.push({ org_code, run_id: runId, run_day: day, severity, open_findings: Number(open) });
  }
  return points;
}
