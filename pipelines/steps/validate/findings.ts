/** The findings of a run with their state against the run before, as Parquet. */
import type { FindingMark } from '../../../schemas/findings.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { PERIOD_BOUND_RULES } from './rules.ts';

export interface WriteFindingsOptions {
  /** Where the Parquet file goes; written under a temporary name first. */
  readonly file: string;
  /** The findings of the run before, if there is one; of another period, rules on the period resolve nothing. */
  readonly previous: { readonly file: string; readonly isSamePeriod: boolean } | undefined;
  /** All marks not withdrawn, those past their expiry included, the latest last. */
  readonly marks: readonly FindingMark[];
  /** The day of the run, YYYY-MM-DD: marks expire after their day; new findings are first seen on it. */
  readonly today: string;
}

export interface FindingCounts {
  /** Rows of the file, resolved ones included. */
  readonly total: number;
  readonly new: number;
  readonly continuing: number;
  readonly resolved: number;
  /** Present findings whose mark holds. */
  readonly verified: number;
  readonly sizeBytes: number;
}

/**
 * Give every finding its state and mark and write `schemas/findings.ts` rows, ordered by rule, body and record.
 * A finding of the run before that is gone is carried once, as resolved. Leaves the table `finding_state`.
 * @returns how many there are of each state
 */
export async function writeFindings(engine: Engine, options: WriteFindingsOptions): Promise<FindingCounts> {
  await createPrevious(engine, options);
  await createMarks(engine, options.marks, options.today);
  await createStates(engine, options);
  const { sizeBytes } = await engine.copyToParquet(
    `SELECT * FROM finding_state
     ORDER BY rule_id, org_code NULLS FIRST, TRY_CAST(record_key AS BIGINT) NULLS LAST, record_key, scope`,
    options.file,
  );
  const counts = await engine.one<Record<keyof FindingCounts, string>>(`
    SELECT count(*) AS total,
      count(*) FILTER (state = 'new') AS new,
      count(*) FILTER (state = 'continuing') AS continuing,
      count(*) FILTER (state = 'resolved') AS resolved,
      count(*) FILTER (mark = 'verified') AS verified
    FROM finding_state`);
  return {
    total: Number(counts.total),
    new: Number(counts.new),
    continuing: Number(counts.continuing),
    resolved: Number(counts.resolved),
    verified: Number(counts.verified),
    sizeBytes,
  };
}

/** `previous_finding`: what the run before found, without what it reported as resolved. */
async function createPrevious(engine: Engine, { previous }: WriteFindingsOptions): Promise<void> {
  const columns =
    'rule_id, severity, scope, record_key, org_code, field, value, message, first_seen, fingerprint';
  await engine.run(
    previous === undefined
      ? `CREATE OR REPLACE TEMP TABLE previous_finding AS
         SELECT rule_id, severity, scope, record_key, org_code, field, value, message,
           CAST(NULL AS VARCHAR) AS first_seen, fingerprint FROM finding LIMIT 0`
      : `CREATE OR REPLACE TEMP TABLE previous_finding AS
         SELECT ${columns} FROM read_parquet(${literal(previous.file)}) WHERE state <> 'resolved'`,
  );
}

/**
 * `live_mark`: per finding its best mark. A mark belongs to the finding with its fingerprint; a mark whose finding is
 * gone breaks on what the same rule says about the same record now. The latest of equal marks is shown.
 */
async function createMarks(engine: Engine, marks: readonly FindingMark[], today: string): Promise<void> {
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE mark_text (
      place VARCHAR, rule_id VARCHAR, scope VARCHAR, record_key VARCHAR, fingerprint VARCHAR, reason VARCHAR, expires_on VARCHAR)`);
  await engine.append(
    'mark_text',
    marks.map(
      ({ ruleId, scope, recordKey, fingerprint, reason, expiresOn }, index) =>
        [String(index), ruleId, scope, recordKey, fingerprint, reason, expiresOn] as const,
    ),
  );
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE live_mark AS
    WITH met AS (
      SELECT f.rule_id, f.scope, f.record_key, m.reason, m.expires_on, CAST(m.place AS BIGINT) AS place,
        CASE WHEN m.fingerprint <> f.fingerprint THEN 'broken'
          WHEN m.expires_on < ${literal(today)} THEN 'expired' ELSE 'verified' END AS mark
      FROM mark_text m
      JOIN finding f ON f.rule_id = m.rule_id AND f.record_key = m.record_key AND m.scope IN (f.scope, '')
      WHERE f.fingerprint = m.fingerprint OR NOT EXISTS (
        SELECT 1 FROM finding g
        WHERE g.rule_id = m.rule_id AND g.record_key = m.record_key AND m.scope IN (g.scope, '')
          AND g.fingerprint = m.fingerprint)
    )
    SELECT * EXCLUDE (place, best) FROM (
      SELECT *, row_number() OVER (
        PARTITION BY rule_id, scope, record_key
        ORDER BY CASE mark WHEN 'verified' THEN 0 WHEN 'expired' THEN 1 ELSE 2 END, place DESC) AS best
      FROM met) WHERE best = 1;
    DROP TABLE mark_text`);
}

async function createStates(engine: Engine, { previous, today }: WriteFindingsOptions): Promise<void> {
  const bound = PERIOD_BOUND_RULES.map(literal).join(', ');
  const resolvable = previous?.isSamePeriod !== false ? 'TRUE' : `p.rule_id NOT IN (${bound})`;
  await engine.run(`
    CREATE OR REPLACE TABLE finding_state AS
    SELECT f.rule_id, f.severity, f.scope, f.record_key, f.org_code, f.field, f.value, f.message,
      CASE WHEN p.rule_id IS NULL THEN 'new' ELSE 'continuing' END AS state,
      m.mark, m.reason AS mark_reason, m.expires_on AS mark_expires_on,
      COALESCE(p.first_seen, ${literal(today)}) AS first_seen,
      f.fingerprint
    FROM finding f
    LEFT JOIN previous_finding p
      ON p.rule_id = f.rule_id AND p.scope = f.scope AND p.record_key = f.record_key
    LEFT JOIN live_mark m ON m.rule_id = f.rule_id AND m.scope = f.scope AND m.record_key = f.record_key
    UNION ALL
    SELECT p.rule_id, p.severity, p.scope, p.record_key, p.org_code, p.field, p.value, p.message,
      'resolved', NULL, NULL, NULL, p.first_seen, p.fingerprint
    FROM previous_finding p
    WHERE ${resolvable} AND NOT EXISTS (
      SELECT 1 FROM finding f
      WHERE f.rule_id = p.rule_id AND f.scope = p.scope AND f.record_key = p.record_key);
    DROP TABLE previous_finding;
    DROP TABLE live_mark`);
}
