/** Put every pre-application in exactly one class, by the models of sql/datasets. */
import { dayNumber, monthsBefore, type Period, periodRange } from '../../../schemas/period.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { readSql } from '../../runtime/project.ts';

/** What a person said of a pre-application and a case; it stands until it is withdrawn. */
export interface PairDecision {
  readonly preAppId: string;
  readonly caseId: string;
  readonly verdict: 'confirmed' | 'rejected';
}

const MODELS = [
  '110-link',
  '120-member',
  '130-agreement',
  '140-repetition',
  '150-candidate',
  '160-classified',
  '170-orphan-case',
] as const;

const CLASS_TABLES = [
  'pair_decision',
  'trend_month',
  ...MODELS.map((model) => model.replace(/^\d+-/, '').replaceAll('-', '_')),
] as const;

/** The month in which the period ends and the eleven before it. */
export const TREND_MONTHS = 12;

export interface ClassifyOptions {
  /** The month of the trend's last point. */
  readonly lastMonth: Period;
  readonly cutoffDay: number;
  readonly decisions: readonly PairDecision[];
}

/**
 * Create the tables `link` to `orphan_case`. Needs the compared tables, `parameter`, `calendar` and `earlier_subject`.
 * @throws ArbdataError E_CHECK_BROKEN where a pre-application has not exactly one class
 */
export async function classify(engine: Engine, options: ClassifyOptions): Promise<void> {
  await createDecisions(engine, options.decisions);
  await engine.run(trendSql(options));
  for (const model of MODELS) await engine.run(readSql(`datasets/${model}.sql`));
  const { members, classes } = await engine.one<{ members: string; classes: string }>(
    `SELECT (SELECT COUNT(*) FROM member) AS members,
       (SELECT COUNT(*) FROM classified c JOIN member m ON m.pre_row = c.pre_row) AS classes`,
  );
  if (members === classes) return;
  throw new ArbdataError('E_CHECK_BROKEN', `${members} pre-applications have ${classes} classes`, {
    advice: 'Report this as a defect, with the snapshot.',
  });
}

/** Forget what {@link classify} made, so that other days can be classified. */
export async function dropClasses(engine: Engine): Promise<void> {
  for (const table of CLASS_TABLES.toReversed()) await engine.run(`DROP TABLE ${table}`);
}

async function createDecisions(engine: Engine, decisions: readonly PairDecision[]): Promise<void> {
  await engine.run(
    'CREATE TEMP TABLE pair_decision_text (pre_app_id VARCHAR, case_id VARCHAR, verdict VARCHAR)',
  );
  await engine.append(
    'pair_decision_text',
    decisions.map(({ preAppId, caseId, verdict }) => [preAppId, caseId, verdict] as const),
  );
  await engine.run(`
    CREATE TABLE pair_decision AS
    SELECT pre_app_id, CAST(case_id AS BIGINT) AS case_id, verdict FROM pair_decision_text;
    DROP TABLE pair_decision_text`);
}

/** `trend_month(month_offset, start_day, end_day)`: 0 is the last month, -11 the first. */
function trendSql({ lastMonth, cutoffDay }: ClassifyOptions): string {
  const rows = Array.from({ length: TREND_MONTHS }, (_, back) => {
    const { start, end } = periodRange(monthsBefore(lastMonth, back), cutoffDay);
    return `(${-back}, CAST(${dayNumber(start)} AS BIGINT), CAST(${dayNumber(end)} AS BIGINT))`;
  });
  return `CREATE TABLE trend_month AS
    SELECT * FROM (VALUES ${rows.join(', ')}) t(month_offset, start_day, end_day)`;
}
