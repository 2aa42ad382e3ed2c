/** The submission as people read it: totals of the bodies, and lists that are read when they are asked for. */
import { CONTRACT, type ViewName } from '../../../schemas/contract.ts';
import { type Body, OTHER_BODY } from '../../../schemas/dataset.ts';
import type { Rule } from '../../../schemas/definitions.ts';
import type { HeldRecord, RejectedRecord, SubmissionBody } from '../../../schemas/submission-report.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { shownMessageSql } from './platform-words.ts';
import { LAYOUT_RULE } from './records.ts';

type Count = keyof Omit<SubmissionBody, 'code' | 'name' | 'records'> | 'I' | 'U' | 'D';
const COUNTS: Readonly<Record<Count, string>> = {
  I: "decision = 'I'",
  U: "decision = 'U'",
  D: "decision = 'D'",
  held: 'held_fingerprint IS NOT NULL',
  heldBack: 'is_held_back',
  rejected: "decision = 'rejected'",
  waiting: "decision = 'waiting'",
};

/** Cases whose body is empty or unknown: nobody's list may lose them. */
const LIST_ORG = `CASE WHEN is_known_body(org_code) THEN org_code ELSE '${OTHER_BODY.code}' END`;

/** Totals of each body, in the order given. `code` of the whole counts every case, those of unknown bodies too. */
export async function submissionBodies(
  engine: Engine,
  bodies: readonly Body[],
  wholeCode: string,
): Promise<SubmissionBody[]> {
  const columns = Object.entries(COUNTS).map(
    ([name, when]) => `count(*) FILTER (WHERE ${when}) AS "${name}"`,
  );
  const rows = await engine.rows<Record<Count | 'org', string>>(`
    SELECT COALESCE(org, ${literal(wholeCode)}) AS org, ${columns.join(', ')}
    FROM (SELECT *, ${LIST_ORG} AS org FROM submission_decision)
    GROUP BY GROUPING SETS ((org), ())`);
  const byOrg = new Map(rows.map((row) => [row.org, row]));
  return bodies.map(({ code, name }) => {
    const of = (count: Count) => Number(byOrg.get(code)?.[count] ?? 0);
    return {
      code,
      name,
      records: { I: of('I'), U: of('U'), D: of('D') },
      held: of('held'),
      heldBack: of('heldBack'),
      rejected: of('rejected'),
      waiting: of('waiting'),
    };
  });
}

interface HeldRow {
  readonly case_id: string;
  readonly case_no: string | null;
  readonly org_code: string | null;
  readonly rule_id: string;
  readonly scope: string;
  readonly record_key: string;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** Why cases are held back: of one body, or of all. */
export async function* heldRecords(
  engine: Engine,
  wanted: {
    readonly rules: readonly Rule[];
    readonly nameOf: (org: string) => string;
    readonly orgCode?: string | undefined;
  },
): AsyncGenerator<HeldRecord> {
  const titles = new Map(wanted.rules.map(({ id, title }) => [id, title]));
  const select = `SELECT * FROM held_finding ${ofBody(wanted.orgCode)}
    ORDER BY org_code NULLS LAST, case_id, rule_id, scope, record_key, field`;
  for await (const rows of engine.stream<HeldRow>(select)) {
    for (const row of rows) {
      yield {
        caseId: row.case_id,
        caseNo: row.case_no ?? '',
        orgCode: row.org_code ?? '',
        orgName: wanted.nameOf(row.org_code ?? ''),
        ruleId: row.rule_id === LAYOUT_RULE ? '格式' : row.rule_id,
        ruleTitle: row.rule_id === LAYOUT_RULE ? '不符合平台记录格式' : (titles.get(row.rule_id) ?? ''),
        table: CONTRACT[row.scope as ViewName].title,
        recordKey: row.record_key,
        field: row.field,
        value: row.value,
        message: row.message,
      };
    }
  }
}

/** Rejected records that wait for a change or a release: of one body, or of all. */
export async function* rejectedRecords(
  engine: Engine,
  wanted: { readonly nameOf: (org: string) => string; readonly orgCode?: string | undefined },
): AsyncGenerator<RejectedRecord> {
  const select = `SELECT d.record_id, c.case_no, d.org_code, d.rejection_batch, d.rejection_code, ${shownMessageSql('d.rejection_message', 'd.case_id')} AS message
    FROM (SELECT * FROM submission_decision ${ofBody(wanted.orgCode)}) d
    LEFT JOIN valid_case c ON c.case_id = d.case_id
    WHERE d.decision = 'rejected' ORDER BY d.org_code NULLS LAST, d.record_id`;
  type Row = Record<'record_id' | 'rejection_batch', string> &
    Record<'case_no' | 'org_code' | 'rejection_code' | 'message', string | null>;
  for await (const rows of engine.stream<Row>(select)) {
    for (const row of rows) {
      yield {
        recordId: row.record_id,
        caseNo: row.case_no ?? '',
        orgCode: row.org_code ?? '',
        orgName: wanted.nameOf(row.org_code ?? ''),
        batch: row.rejection_batch,
        code: row.rejection_code ?? '',
        message: row.message ?? '',
      };
    }
  }
}

function ofBody(orgCode: string | undefined): string {
  return orgCode === undefined ? '' : `WHERE ${LIST_ORG} = ${literal(orgCode)}`;
}
