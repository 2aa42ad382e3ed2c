/** Findings of a run for people and programs, and marks "verified correct" on them. */
import { existsSync } from 'node:fs';
import { BOM, CRLF, csvLine, neutralised } from '../exports/csv.ts';
import { VIEW_NAMES } from '../schemas/contract.ts';
import type { Finding } from '../schemas/findings.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { findingsFile } from './runtime/home.ts';
import type { FindingMark } from './runtime/ledger-marks.ts';
import { FINISHED } from './runtime/ledger-runs.ts';
import { readDate } from './runtime/period.ts';
import { openEngine, type Service } from './runtime/service.ts';
import { openSnapshotSql } from './steps/snapshot/list.ts';
import { snapshotDir } from './steps/snapshot/manifest-file.ts';
import { normaliseText } from './steps/validate/text.ts';

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

/**
 * The id of the run whose findings are meant: the one named, or the latest that has any.
 * @throws ArbdataError E_NOT_FOUND, E_NOTHING_YET
 */
export async function findingsRun(service: Service, runId?: string): Promise<string> {
  const has = (id: string): boolean => existsSync(findingsFile(service.home, id));
  if (runId !== undefined) {
    if (has(runId)) return runId;
    throw new ArbdataError('E_NOT_FOUND', `there are no findings of run ${runId}`, {
      advice: 'See `arbdata runs`.',
    });
  }
  const runs = await service.ledger.listRuns({ limit: 1000, withPeriod: true, states: FINISHED });
  const latest = runs.find(({ id }) => has(id));
  if (latest !== undefined) return latest.id;
  throw new ArbdataError('E_NOTHING_YET', 'there are no findings yet', {
    advice: 'Run a period first: `arbdata run monthly`.',
  });
}

/**
 * Hold a body's code against those of a run: one that does not exist has no findings, which would read as good news.
 * Where the run's snapshot is gone, any code is taken.
 * @throws ArbdataError E_NOT_FOUND
 */
export async function knownBody(service: Service, runId: string, code: string): Promise<void> {
  const snapshotId = (await service.ledger.getRun(runId))?.snapshotId ?? undefined;
  if (snapshotId === undefined || !existsSync(snapshotDir(service.home, snapshotId))) return;
  const engine = await openEngine(service);
  try {
    await engine.run(await openSnapshotSql(service.home, snapshotId));
    const file = literal(findingsFile(service.home, runId));
    const rows = await engine.rows<{ org_code: string }>(
      `SELECT ORG_CODE AS org_code FROM raw_arb_org UNION SELECT org_code FROM read_parquet(${file})`,
    );
    const codes = new Set(rows.flatMap(({ org_code: text }) => (text ? [normaliseText('code', text)] : [])));
    if (codes.has(code)) return;
    throw new ArbdataError('E_NOT_FOUND', `there is no body ${code}`, {
      advice: `Bodies of run ${runId}: ${[...codes].sort().join(', ')}.`,
    });
  } finally {
    engine.close();
  }
}

/** Stream the findings of a run that pass a filter, ordered by rule, body and record. */
export async function* findings(service: Service, filter: FindingFilter): AsyncGenerator<ShownFinding> {
  yield* findingRows<ShownFinding>(service, filter, FINDING_COLUMNS);
}

/** A finding with the mark that stands on it now; what the next run makes of it, no column of this run can say. */
export interface MarkedFinding extends ShownFinding {
  readonly standing_mark: {
    readonly reason: string;
    readonly expires_on: string;
    readonly actor: string;
    readonly marked_at: string;
  } | null;
}

/** As `findings`, with the marks that stand. */
export async function* markedFindings(
  service: Service,
  filter: FindingFilter,
): AsyncGenerator<MarkedFinding> {
  const today = shanghaiDate(service.clock);
  const live = (await service.ledger.standingMarks()).filter(({ expiresOn }) => expiresOn >= today);
  const marks = Map.groupBy(live, ({ ruleId, recordKey }) => JSON.stringify([ruleId, recordKey]));
  const columns = [...FINDING_COLUMNS, 'fingerprint'] as const;
  type Row = ShownFinding & Pick<Finding, 'fingerprint'>;
  for await (const { fingerprint, ...row } of findingRows<Row>(service, filter, columns)) {
    const own = marks.get(JSON.stringify([row.rule_id, row.record_key])) ?? [];
    const found = own.findLast((one) => one.fingerprint === fingerprint && isOfScope(one, row));
    yield { ...row, standing_mark: row.state === 'resolved' ? null : shownMark(found) };
  }
}

/** Marks of earlier versions name no view and hold in every one. */
const isOfScope = ({ scope }: FindingMark, finding: ShownFinding): boolean =>
  scope === '' || scope === finding.scope;

function shownMark(mark: FindingMark | undefined): MarkedFinding['standing_mark'] {
  if (mark === undefined) return null;
  const { reason, expiresOn, actor, markedAt } = mark;
  return { reason, expires_on: expiresOn, actor, marked_at: markedAt };
}

async function* findingRows<R>(
  service: Service,
  filter: FindingFilter,
  columns: readonly (keyof Finding)[],
): AsyncGenerator<R> {
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
    for await (const rows of engine.stream<R>(
      `SELECT ${columns.join(', ')} FROM read_parquet(${literal(file)}) ${where}
       ORDER BY rule_id, org_code NULLS FIRST, TRY_CAST(record_key AS BIGINT) NULLS LAST, record_key, scope`,
    )) {
      yield* rows;
    }
  } finally {
    engine.close();
  }
}

/** Findings of one body, rule, severity and state. */
export interface FindingCount {
  readonly org_code: string | null;
  readonly rule_id: string;
  readonly severity: string;
  readonly state: string;
  readonly findings: number;
}

/** How many findings a run has, of one body where it is given. */
export async function findingCounts(
  service: Service,
  filter: Pick<FindingFilter, 'runId' | 'org'>,
): Promise<{ readonly runId: string; readonly counts: readonly FindingCount[] }> {
  const runId = await findingsRun(service, filter.runId);
  const where = filter.org === undefined ? '' : `WHERE org_code = ${literal(filter.org)}`;
  const engine = await openEngine(service);
  try {
    const rows = await engine.rows<Omit<FindingCount, 'findings'> & { findings: string }>(
      `SELECT org_code, rule_id, severity, state, CAST(count(*) AS VARCHAR) AS findings
       FROM read_parquet(${literal(findingsFile(service.home, runId))}) ${where}
       GROUP BY ALL ORDER BY org_code NULLS FIRST, rule_id, state`,
    );
    return { runId, counts: rows.map((row) => ({ ...row, findings: Number(row.findings) })) };
  } finally {
    engine.close();
  }
}

export { CRLF, VIEW_NAMES };
/** The header of findings as CSV for people: UTF-8 with a byte order mark. */
export const FINDINGS_CSV_HEADER = `${BOM}${FINDING_COLUMNS.join(',')}`;

/** One finding as a line of CSV for people, without its line end. */
export function findingCsvLine(finding: ShownFinding): string {
  return csvLine(FINDING_COLUMNS.map((column) => neutralised(finding[column] ?? ''))).trimEnd();
}

/** Which finding of the latest run is meant. */
export interface FindingRequest {
  readonly ruleId: string;
  /** The view of the record; needed only where the rule lists equal keys of several views. */
  readonly scope?: string | undefined;
  readonly recordKey: string;
  /** Only a finding of this body is meant; absent: of any body, or of none. */
  readonly body?: string | undefined;
}

/**
 * Mark a finding of the latest run as verified correct. A new value or other related records break the mark.
 * @throws ArbdataError E_NOT_FOUND, E_DATE, E_USAGE
 */
export async function markFinding(
  service: Service,
  request: FindingRequest & { readonly reason: string; readonly until: string },
): Promise<{ runId: string; scope: string; fingerprint: string }> {
  const until = readDate(request.until, '--until');
  if (until < shanghaiDate(service.clock)) {
    throw new ArbdataError('E_DATE', `--until ${until} is over already`, {
      advice: 'Give the last day on which the mark is to hold: today or later.',
    });
  }
  if (request.reason.trim() === '') {
    throw new ArbdataError('E_USAGE', 'a mark needs a reason', { advice: 'Add --reason "…".' });
  }
  const found = await openFinding(service, request);
  const { ruleId, recordKey, reason } = request;
  const { scope, fingerprint } = found;
  const mark = { ruleId, scope, recordKey, fingerprint, reason: reason.trim(), expiresOn: until };
  await service.ledger.addMark({ ...mark, actor: service.actor });
  return found;
}

/**
 * Withdraw the mark that stands on a record. Where a body is named, the latest run must list the finding as the body's.
 * @throws ArbdataError E_NOT_FOUND, E_USAGE
 */
export async function unmarkFinding(
  service: Service,
  request: FindingRequest & { readonly reason?: string | undefined },
): Promise<void> {
  const { ruleId, recordKey, body, reason } = request;
  const scope = body === undefined ? request.scope : (await openFinding(service, request)).scope;
  const where = scope === undefined ? {} : { scope };
  const why = reason === undefined ? {} : { reason };
  await service.ledger.withdrawMark({ ruleId, recordKey, actor: service.actor, ...where, ...why });
}

/** The one open finding of the latest run that is meant. @throws ArbdataError E_NOT_FOUND, E_USAGE */
async function openFinding(
  service: Service,
  { ruleId, recordKey, scope, body }: FindingRequest,
): Promise<{ runId: string; scope: string; fingerprint: string }> {
  const runId = await findingsRun(service);
  const engine = await openEngine(service);
  try {
    const file = findingsFile(service.home, runId);
    const meant = scope === undefined ? '' : `AND scope = ${literal(scope)}`;
    const own = body === undefined ? '' : `AND org_code = ${literal(body)}`;
    const [found, other] = await engine.rows<{ scope: string; fingerprint: string }>(
      `SELECT scope, fingerprint FROM read_parquet(${literal(file)}) WHERE state <> 'resolved'
       AND rule_id = ${literal(ruleId)} AND record_key = ${literal(recordKey)} ${meant} ${own} ORDER BY scope`,
    );
    if (found === undefined) {
      throw new ArbdataError('E_NOT_FOUND', `run ${runId} has no finding ${ruleId} on ${recordKey}`, {
        advice: `See \`arbdata findings --rule ${ruleId}\`.`,
      });
    }
    if (other !== undefined) {
      throw new ArbdataError(
        'E_USAGE',
        `${ruleId} lists ${recordKey} of ${found.scope} and of ${other.scope}`,
        {
          advice: `Say which one: --view ${found.scope} or --view ${other.scope}.`,
        },
      );
    }
    return { runId, ...found };
  } finally {
    engine.close();
  }
}
