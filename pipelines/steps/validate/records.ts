/** Findings as people read them: with the names of body, rule and table, and the number of the case. */
import { CONTRACT, type ViewName } from '../../../schemas/contract.ts';
import {
  type Body,
  type FindingRecord,
  type FindingState,
  OTHER_BODY,
  type RuleCount,
} from '../../../schemas/dataset.ts';
import type { Rule } from '../../../schemas/definitions.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

/**
 * Create `finding_record` from a run's findings: one row per finding, `list_org` the known body or that of OTHER_BODY,
 * `list_state` new, continuing, resolved or verified. Needs the valid tables.
 */
export async function createFindingRecords(engine: Engine, findingsFile: string): Promise<void> {
  await engine.run(`
    CREATE VIEW finding_file AS SELECT * FROM read_parquet(${literal(findingsFile)});
    CREATE TABLE finding_record AS
    SELECT r.*, COALESCE(o.org_code, ${literal(OTHER_BODY.code)}) AS list_org,
      CASE WHEN r.mark = 'verified' AND r.state <> 'resolved' THEN 'verified' ELSE r.state END AS list_state
    FROM (${readSql('reports/finding-record.sql')}) r
    LEFT JOIN valid_org o ON o.org_code = r.org_code`);
}

/** How many findings of each rule each body has, by body code; rules in their order. */
export async function countFindings(
  engine: Engine,
  rules: readonly Rule[],
): Promise<Map<string, RuleCount[]>> {
  const rows = await engine.rows<{ list_org: string; rule_id: string } & Record<FindingState, string>>(
    `SELECT list_org, rule_id,
       COUNT(*) FILTER (WHERE list_state = 'new') AS new,
       COUNT(*) FILTER (WHERE list_state = 'continuing') AS continuing,
       COUNT(*) FILTER (WHERE list_state = 'resolved') AS resolved,
       COUNT(*) FILTER (WHERE list_state = 'verified') AS verified
     FROM finding_record GROUP BY list_org, rule_id ORDER BY list_org, rule_id`,
  );
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const counts = new Map<string, RuleCount[]>();
  for (const row of rows) {
    const rule = byId.get(row.rule_id);
    const list = counts.get(row.list_org) ?? [];
    counts.set(row.list_org, list);
    list.push({
      ruleId: row.rule_id,
      ruleTitle: rule?.title ?? '',
      severity: rule?.severity ?? 'error',
      new: Number(row.new),
      continuing: Number(row.continuing),
      resolved: Number(row.resolved),
      verified: Number(row.verified),
    });
  }
  return counts;
}

interface RawFinding {
  rule_id: string;
  severity: FindingRecord['severity'];
  scope: string;
  record_key: string | null;
  org_code: string | null;
  field: string | null;
  value: string | null;
  message: string | null;
  list_state: FindingState;
  first_seen: string | null;
  mark_reason: string | null;
  mark_expires_on: string | null;
  case_no: string | null;
}

/** The findings of one body in some state (`open`: new and continuing), errors first, then by rule and record. */
export async function* findingRecords(
  engine: Engine,
  wanted: {
    readonly rules: readonly Rule[];
    readonly org: Body;
    readonly state: FindingState | 'open';
  },
): AsyncGenerator<FindingRecord> {
  const states = wanted.state === 'open' ? "'new', 'continuing'" : literal(wanted.state);
  const rules = new Map(wanted.rules.map((rule) => [rule.id, rule]));
  const select = `SELECT * FROM finding_record
    WHERE list_org = ${literal(wanted.org.code)} AND list_state IN (${states})
    ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule_id, record_key NULLS LAST, field`;
  for await (const rows of engine.stream<RawFinding>(select)) {
    for (const row of rows) {
      const rule = rules.get(row.rule_id);
      yield {
        ruleId: row.rule_id,
        ruleTitle: rule?.title ?? '',
        severity: row.severity,
        table: tableTitle(row.scope),
        recordKey: row.record_key ?? '',
        caseNo: row.case_no ?? '',
        orgCode: row.org_code ?? '',
        orgName: wanted.org.name,
        field: row.field ?? '',
        value: row.value ?? '',
        message: row.message ?? '',
        basis: rule?.basis ?? '',
        state: row.list_state,
        firstSeen: row.first_seen ?? '',
        verifiedUntil: row.list_state === 'verified' ? (row.mark_expires_on ?? '') : '',
        verifiedReason: row.list_state === 'verified' ? (row.mark_reason ?? '') : '',
      };
    }
  }
}

function tableTitle(scope: string): string {
  if (scope in CONTRACT) return CONTRACT[scope as ViewName].title;
  return scope === 'period' ? '月度汇总' : '各表';
}
