/** The comparison as people read it: totals of bodies and months, lists, changes. Lists are read when asked for. */
import {
  COMPARISON_CLASSES,
  type ComparisonBody,
  type ComparisonChange,
  type ComparisonClass,
  type ComparisonMonth,
  type ComparisonRecord,
  type ComparisonTotals,
  PROBLEM_CLASSES,
} from '../../../schemas/comparison.ts';
import type { ComparisonReport } from '../../../schemas/comparison-report.ts';
import { OTHER_BODY, WHOLE_CODE } from '../../../schemas/dataset.ts';
import { dayText, isDayNumber, monthsBefore, type Period } from '../../../schemas/period.ts';
import { divideRounded, formatDecimal } from '../../runtime/decimal.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { TREND_MONTHS } from './classify.ts';
import { partners } from './evidence.ts';
import { scoreText } from './lines.ts';
import { type RecordFacts, reasonOf } from './reasons.ts';

interface CountRow {
  readonly org_code: string;
  readonly class: ComparisonClass;
  readonly n: string;
  readonly linked: string;
}
type Percentiles = Record<'review_median' | 'review_p90' | 'accept_median' | 'accept_p90', string | null>;

/** Needs the lines, the subjects and the proofs. */
export async function comparisonReport(
  engine: Engine,
  frame: Pick<ComparisonReport, 'periodText' | 'startDay' | 'endDay' | 'provenance'> & {
    readonly lastMonth: Period;
  },
): Promise<ComparisonReport> {
  await engine.run(readSql('comparison/100-summary.sql'));
  const rows = await engine.rows<CountRow & Percentiles>('SELECT * FROM comparison_summary');
  const trendRows = await engine.rows<CountRow & { month_offset: number }>('SELECT * FROM comparison_trend');
  const bodies = await engine.rows<{ code: string; name: string; level: string | null }>(
    `SELECT org_code AS code, COALESCE(org_name, org_code) AS name, org_level AS level
     FROM valid_org WHERE org_code IS NOT NULL ORDER BY org_code`,
  );
  const known = [...bodies, ...(rows.some((row) => row.org_code === OTHER_BODY.code) ? [OTHER_BODY] : [])];
  const names = new Map(known.map(({ code, name }) => [code, name]));
  const nameOf = (code: string): string => names.get(code) ?? OTHER_BODY.name;
  const bodyOf = (code: string, name: string): ComparisonBody => {
    const own = rows.filter((row) => row.org_code === code);
    const [first] = own;
    return {
      code,
      name,
      ...totalsOf(own),
      reviewMedian: first?.review_median ?? '',
      reviewP90: first?.review_p90 ?? '',
      acceptMedian: first?.accept_median ?? '',
      acceptP90: first?.accept_p90 ?? '',
    };
  };
  const { lastMonth, ...shown } = frame;
  return {
    ...shown,
    issuer: bodies.find(({ level }) => level === '1')?.name ?? bodies[0]?.name ?? '',
    bodies: known.map(({ code, name }) => bodyOf(code, name)),
    whole: bodyOf(WHOLE_CODE, '合计'),
    trend: (orgCode) => trendOf(trendRows, orgCode, lastMonth),
    records: (name, orgCode) => records(engine, { name, orgCode, nameOf }),
    partners: () => partners(engine),
    changes: (orgCode) => changes(engine, { orgCode, nameOf }),
  };
}

function totalsOf(rows: readonly CountRow[]): ComparisonTotals {
  const counts = new Map<ComparisonClass, number>();
  for (const row of rows) counts.set(row.class, (counts.get(row.class) ?? 0) + Number(row.n));
  const count = (name: ComparisonClass): number => counts.get(name) ?? 0;
  const all = COMPARISON_CLASSES.reduce((sum, name) => sum + count(name), 0);
  const preApplications = all - count('ORPHAN_CASE');
  const linked = rows.reduce((sum, row) => sum + Number(row.linked), 0);
  const problems = PROBLEM_CLASSES.reduce((sum, name) => sum + count(name), 0);
  return {
    classes: Object.fromEntries(COMPARISON_CLASSES.map((name) => [name, count(name)])) as Record<
      ComparisonClass,
      number
    >,
    preApplications,
    linked,
    problems,
    linkedRate: percent(linked, preApplications),
    matchedRate: percent(count('MATCHED'), linked),
    problemRate: percent(problems, all),
  };
}

/** Two decimals, half away from zero; empty without a denominator. */
function percent(numerator: number, denominator: number): string {
  if (denominator === 0) return '';
  return formatDecimal(divideRounded(BigInt(numerator) * 10_000n, BigInt(denominator)), 2);
}

function trendOf(
  rows: readonly (CountRow & { month_offset: number })[],
  orgCode: string,
  lastMonth: Period,
): ComparisonMonth[] {
  return Array.from({ length: TREND_MONTHS }, (_, place) => {
    const back = TREND_MONTHS - 1 - place;
    const own = rows.filter((row) => row.month_offset === -back && row.org_code === orgCode);
    return { month: monthsBefore(lastMonth, back).text, ...totalsOf(own) };
  });
}

interface Wanted {
  readonly orgCode: string | undefined;
  readonly nameOf: (code: string) => string;
}
const day = (value: string | null): string =>
  value === null || !isDayNumber(Number(value)) ? '' : dayText(Number(value));

async function* records(
  engine: Engine,
  { name, orgCode, nameOf }: Wanted & { name: ComparisonClass },
): AsyncGenerator<ComparisonRecord> {
  type Raw = Record<
    | 'pre_app_id'
    | 'case_id'
    | 'org_code'
    | 'body'
    | 'field'
    | 'pre_value'
    | 'case_value'
    | 'shown_pre_value'
    | 'shown_case_value'
    | 'case_no',
    string
  > &
    RecordFacts &
    Record<'score' | 'day' | 'first_seen' | 'age_days' | 'state', string | null>;
  const own = orgCode === undefined ? '' : `AND body = ${literal(orgCode)}`;
  const order = name === 'PROBABLE_MATCH' ? 'pre_app_id, score DESC, line_number' : 'line_number';
  const select = `SELECT * REPLACE (CAST(score AS VARCHAR) AS score) FROM comparison_record
    WHERE class = ${literal(name)} ${own} ORDER BY body, ${order}`;
  for await (const rows of engine.stream<Raw>(select)) {
    for (const row of rows) {
      yield {
        class: row.class,
        preAppId: row.pre_app_id,
        caseId: row.case_id,
        orgCode: row.org_code,
        orgName: nameOf(row.body),
        caseNo: row.case_no,
        status: row.status,
        date: day(row.day),
        field: row.field,
        pre_value: row.pre_value,
        case_value: row.case_value,
        shownPreValue: row.shown_pre_value,
        shownCaseValue: row.shown_case_value,
        score: scoreText(row.score),
        reason: reasonOf(row),
        state: row.state ?? '',
        firstSeen: row.first_seen ?? '',
        ageDays: row.age_days ?? '',
      };
    }
  }
}

async function* changes(engine: Engine, { orgCode, nameOf }: Wanted): AsyncGenerator<ComparisonChange> {
  type Raw = Record<'state' | 'body' | 'class' | 'first_seen', string> &
    Record<'pre_app_id' | 'case_id' | 'org_code' | 'class_now' | 'age_days', string | null>;
  const own = orgCode === undefined ? '' : `WHERE body = ${literal(orgCode)}`;
  const select = `
    SELECT * FROM (
      SELECT d.*, COALESCE(o.org_code, '其他') AS body
      FROM comparison_difference d LEFT JOIN valid_org o ON o.org_code = d.org_code) ${own}
    ORDER BY CASE state WHEN 'new' THEN 0 WHEN 'resolved' THEN 1 ELSE 2 END, age_days DESC NULLS LAST, class_position,
      pre_app_id NULLS LAST, case_id`;
  for await (const rows of engine.stream<Raw>(select)) {
    for (const row of rows) {
      yield {
        state: row.state as ComparisonChange['state'],
        preAppId: row.pre_app_id ?? '',
        caseId: row.case_id ?? '',
        orgCode: row.org_code ?? '',
        orgName: nameOf(row.body),
        class: row.class as ComparisonClass,
        classNow: row.class_now ?? '',
        firstSeen: row.first_seen,
        ageDays: row.age_days ?? '',
      };
    }
  }
}
