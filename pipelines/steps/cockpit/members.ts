/** The records behind every figure of a version, frozen: proved against the figures, names of persons masked. */
import { NOW } from '../../../schemas/cockpit.ts';
import type { Indicator } from '../../../schemas/definitions.ts';
import { parseDecimal } from '../../runtime/decimal.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { maskSql, shownPartyNameSql } from '../../runtime/masking.ts';
import { readSql } from '../../runtime/project.ts';
import type { FigureReader } from './figures.ts';
import { TREND_INDICATORS } from './key-figures.ts';
import { type CockpitMonths, DUE_SOON, TODAY } from './months.ts';

export interface MemberSource {
  readonly months: CockpitMonths;
  readonly figures: FigureReader;
  /** SQL of the members of some indicators over a table with the columns of `population`. */
  readonly select: (indicators: readonly Indicator[], source: string) => string;
}

/**
 * Create `figure_member(scope, indicator_id, org_code, record_id, quantity)`: of the trend's indicators in every window,
 * of the others in the shown months and on the days of time limits. Needs `population`.
 * @throws ArbdataError E_CHECK_BROKEN where the members do not add up to a figure
 */
export async function createFigureMembers(engine: Engine, source: MemberSource): Promise<void> {
  const { months, figures, select } = source;
  const trendIds = new Set<string>(Object.values(TREND_INDICATORS));
  const isTrend = ({ id }: Indicator): boolean => trendIds.has(id);
  const shown = [...months.shown.map(({ month }) => month), TODAY, DUE_SOON];
  const selects = [
    select(figures.indicators.filter(isTrend), 'cockpit_population'),
    select(
      figures.indicators.filter((indicator) => !isTrend(indicator)),
      `(SELECT * FROM cockpit_population WHERE window_id IN (${shown.map(literal).join(', ')}))`,
    ),
  ].filter((text) => text !== '');
  await engine.run('CREATE TABLE cockpit_population AS SELECT * FROM population');
  await engine.run(`CREATE TABLE figure_member AS ${selects.join(' UNION ALL ')}`);
  await engine.run('DROP TABLE cockpit_population');
  await proveMembers(engine, figures);
}

/** Every figure whose members are kept is the sum over them. */
async function proveMembers(engine: Engine, figures: FigureReader): Promise<void> {
  const rows = await engine.rows<Record<'scope' | 'indicator_id' | 'org_code' | 'total', string>>(
    `SELECT scope, indicator_id, org_code, CAST(SUM(quantity) AS VARCHAR) AS total
     FROM figure_member GROUP BY scope, indicator_id, org_code`,
  );
  const isMoney = new Map(figures.indicators.map(({ id, kind }) => [id, kind === 'amount']));
  for (const { scope, indicator_id: id, org_code: orgCode, total } of rows) {
    const exact = figures.sum(scope, orgCode, id) * (isMoney.get(id) === true ? 1n : 100n);
    if (parseDecimal(total, 2) === exact) continue;
    throw new ArbdataError(
      'E_CHECK_BROKEN',
      `the records behind ${id}@${orgCode} (${scope}) do not add up to the figure`,
      { advice: 'Nothing was published. Report this as a defect, with the snapshot.' },
    );
  }
}

/** Create `limit_case`: every open case of the as-of day with its time limit. Needs `figure_member`. */
export async function createLimitCases(engine: Engine): Promise<void> {
  await engine.run(readSql('panels/010-limit-case.sql'));
}

/** Figures of the panel of time limits, with the column of `limit_case` that says who belongs to them. */
const LIMIT_FIGURES = {
  open_cases: 'TRUE',
  overdue: 'is_overdue = 1',
  overdue_over_30: 'days_over > 30',
  due_in_7_days: 'is_due_soon = 1',
  suspended: 'is_suspended = 1',
} as const;

/**
 * Create `cockpit_member`, one row per record behind a figure (`figure`: an indicator that is a sum, or a figure of a panel
 * by its name: `overdue`, `MISSING_CASE`, `V023`; `month`: a month, or `now`), and `cockpit_record`, what is shown of each.
 * Needs `figure_member`, `limit_case`, `class_member`, `shown_finding` and the valid tables with names.
 */
export async function createMembers(
  engine: Engine,
  { indicators, months }: { readonly indicators: readonly Indicator[]; readonly months: CockpitMonths },
): Promise<void> {
  const mediations = indicators.flatMap((one) =>
    'population' in one && one.population.startsWith('mediation_') ? [literal(one.id)] : [],
  );
  const isMediation = mediations.length === 0 ? 'FALSE' : `indicator_id IN (${mediations.join(', ')})`;
  const one = 'CAST(1 AS DECIMAL(18, 2))';
  const limits = Object.entries(LIMIT_FIGURES).map(
    ([name, condition]) =>
      `SELECT ${literal(name)}, ${literal(NOW)}, org_code, 'case', record_name(record_id), ${one}
       FROM limit_case WHERE ${condition}`,
  );
  await engine.run(`
    CREATE TABLE cockpit_member AS
    SELECT indicator_id AS figure, scope AS month, org_code,
      CASE WHEN ${isMediation} THEN 'mediation' ELSE 'case' END AS kind, record_name(record_id) AS record_id, quantity
    FROM figure_member WHERE scope IN (${months.trend.map(literal).join(', ')})
    UNION ALL ${limits.join(' UNION ALL ')}
    UNION ALL SELECT class, month, org_code, kind, record_id, ${one} FROM class_member
    UNION ALL SELECT rule_id, ${literal(NOW)}, org_code, 'finding', record_id, ${one} FROM shown_finding`);
  await engine.run(`
    CREATE VIEW shown_party AS
    SELECT case_id, party_id, role, ${shownPartyNameSql('name', 'party_kind', 'id_no')} AS shown_name
    FROM valid_party WHERE role IN ('1', '2') AND case_id IS NOT NULL;
    CREATE VIEW shown_pre_application AS
    SELECT pre_app_id, org_code, case_no, submit_day, review_day, status,
      ${maskSql('name', 'applicant_name')} AS shown_applicant, ${maskSql('name', 'respondent_name')} AS shown_respondent
    FROM valid_pre_application WHERE pre_app_id IS NOT NULL;`);
  await engine.run(readSql('panels/020-record.sql'));
}

/** Write the two files of the drill-down, in an order that follows from their rows. */
export async function writeMembers(
  engine: Engine,
  files: { readonly members: string; readonly records: string },
): Promise<{ members: number; records: number }> {
  const members = await engine.copyToParquet(
    'SELECT * FROM cockpit_member ORDER BY figure, month, org_code, kind, record_id',
    files.members,
  );
  const records = await engine.copyToParquet(
    'SELECT * FROM cockpit_record ORDER BY kind, record_id',
    files.records,
  );
  return { members: members.rows, records: records.rows };
}
