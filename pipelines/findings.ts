/** Findings of a run for people and programs, and marks "verified correct" on them. */
import { existsSync } from 'node:fs';
import { BOM, CRLF, csvLine, neutralised } from '../exports/csv.ts';
import type { Finding } from '../schemas/findings.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { findingsFile } from './runtime/home.ts';
import { readDate } from './runtime/period.ts';
import { openEngine, type Service } from './runtime/service.ts';

export interface FindingFilter {
  readonly runId?: string | undefined;
  readonly rule?: string | undefined;
  readonly org?: string | undefined;
  readonly state?: string | undefined;
  readonly severity?: string | undefined;
}

/** The columns of a finding that people and programs see, in order. */
export const FINDING_COLUMNS = [
  'rule_id',
  'severity',
  'scope',
  'record_key',
  'org_code',
  'field',
  'value',
  'message',
  'state',
  'mark',
  'mark_reason',
  'mark_expires_on',
  'first_seen',
] as const satisfies readonly (keyof Finding)[];
export type ShownFinding = Pick<Finding, (typeof FINDING_COLUMNS)[number]>;

/** The id of the run whose findings are meant: the one named, or the latest that has any. */
export async function findingsRun(service: Service, runId?: string): Promise<string> {
  const has = (id: string): boolean => existsSync(findingsFile(service.home, id));
  if (runId !== undefined) {
    if (has(runId)) return runId;
    throw new ArbdataError('E_NOT_FOUND', `there are no findings of run ${runId}`, {
      advice: 'See `arbdata runs`.',
    });
  }
  const runs = await service.ledger.listRuns({ limit: 1000 });
  const latest = runs.find(({ id, state }) => (state === 'done' || state === 'held') && has(id));
  if (latest !== undefined) return latest.id;
  throw new ArbdataError('E_NOT_FOUND', 'there are no findings yet', {
    advice: 'Run a period first: `arbdata run monthly`.',
  });
}

/** Stream the findings of a run that pass a filter, ordered by rule, body and record. */
export async function* findings(service: Service, filter: FindingFilter): AsyncGenerator<ShownFinding> {
  const run = await findingsRun(service, filter.runId);
  const conditions = Object.entries({
    rule_id: filter.rule,
    org_code: filter.org,
    state: filter.state,
    severity: filter.severity,
  }).flatMap(([column, value]) => (value === undefined ? [] : [`${column} = ${literal(value)}`]));
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const engine = await openEngine(service);
  try {
    const file = findingsFile(service.home, run);
    for await (const rows of engine.stream<ShownFinding>(
      `SELECT ${FINDING_COLUMNS.join(', ')} FROM read_parquet(${literal(file)}) ${where}
       ORDER BY rule_id, org_code NULLS FIRST, TRY_CAST(record_key AS BIGINT) NULLS LAST, record_key, scope`,
    )) {
      yield* rows;
    }
  } finally {
    engine.close();
  }
}

export { CRLF };
/** The header of findings as CSV for people: UTF-8 with a byte order mark. */
export const FINDINGS_CSV_HEADER = `${BOM}${FINDING_COLUMNS.join(',')}`;

/** One finding as a line of CSV for people, without its line end. */
export function findingCsvLine(finding: ShownFinding): string {
  return csvLine(FINDING_COLUMNS.map((column) => neutralised(finding[column] ?? ''))).trimEnd();
}

/**
 * Mark a finding of the latest run as verified correct. A new value or other related records break the mark.
 * @throws ArbdataError E_NOT_FOUND, E_DATE, E_USAGE
 */
export async function markFinding(
  service: Service,
  request: { ruleId: string; recordKey: string; reason: string; until: string },
): Promise<{ runId: string; fingerprint: string }> {
  const until = readDate(request.until, '--until');
  if (until < shanghaiDate(service.clock)) {
    throw new ArbdataError('E_DATE', `--until ${until} is over already`, {
      advice: 'Give the last day on which the mark is to hold: today or later.',
    });
  }
  if (request.reason.trim() === '') {
    throw new ArbdataError('E_USAGE', 'a mark needs a reason', { advice: 'Add --reason "…".' });
  }
  const runId = await findingsRun(service);
  const engine = await openEngine(service);
  try {
    const file = findingsFile(service.home, runId);
    const [found] = await engine.rows<{ fingerprint: string }>(
      `SELECT fingerprint FROM read_parquet(${literal(file)}) WHERE state <> 'resolved'
       AND rule_id = ${literal(request.ruleId)} AND record_key = ${literal(request.recordKey)}`,
    );
    if (found === undefined) {
      throw new ArbdataError(
        'E_NOT_FOUND',
        `run ${runId} has no finding ${request.ruleId} on ${request.recordKey}`,
        {
          advice: `See \`arbdata findings --rule ${request.ruleId}\`.`,
        },
      );
    }
    await service.ledger.addMark({
      ruleId: request.ruleId,
      recordKey: request.recordKey,
      fingerprint: found.fingerprint,
      reason: request.reason.trim(),
      expiresOn: until,
      actor: service.actor,
    });
    return { runId, fingerprint: found.fingerprint };
  } finally {
    engine.close();
  }
}
