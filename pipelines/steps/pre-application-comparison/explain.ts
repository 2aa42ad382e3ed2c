/** Why a pre-application stands in its class, read from the frozen files of a run; personal values are masked there. */
import { COMPARISON_CLASSES, type ComparisonClass } from '../../../schemas/comparison.ts';
import { dayText, isDayNumber } from '../../../schemas/period.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { scoreText } from './lines.ts';
import { type ConflictFlags, conflictWords } from './reasons.ts';

/** One class that was tried, in their order; the first that fits is the class. */
export interface TriedClass {
  readonly class: ComparisonClass;
  readonly fits: boolean;
  /** What it was decided by. */
  readonly because: string;
}

/** One thing that was compared. */
export interface Proof {
  /** A link, a compared field, what speaks for a candidate, an earlier pre-application that is repeated. */
  readonly kind: 'link' | 'field' | 'candidate' | 'repeats';
  readonly caseId: string;
  readonly earlierId: string;
  readonly field: string;
  readonly preValue: string;
  readonly caseValue: string;
  readonly verdict: string;
  /** In bits, two decimals; empty where nothing was weighed. */
  readonly weight: string;
}

export interface PreApplicationExplanation {
  readonly preAppId: string;
  readonly class: ComparisonClass;
  readonly orgCode: string;
  readonly status: string;
  readonly caseNo: string;
  readonly submitDate: string;
  readonly reviewDate: string;
  /** Working days since it was submitted, and since the class was seen first. */
  readonly daysSinceSubmit: string;
  readonly firstSeen: string;
  readonly ageDays: string;
  readonly tried: readonly TriedClass[];
  readonly proofs: readonly Proof[];
}

interface Subject extends ConflictFlags {
  readonly class: ComparisonClass;
  readonly org_code: string | null;
  readonly status: string | null;
  readonly case_no: string | null;
  readonly submit_day: string | null;
  readonly review_day: string | null;
  readonly fields: string | null;
  readonly case_count: string;
  readonly days_since_submit: string | null;
  readonly first_seen: string;
  readonly age_days: string | null;
}

/** Write `comparison-proof.parquet`: what was compared, for every pre-application of the frozen subjects. */
export async function writeProofs(engine: Engine, file: string): Promise<void> {
  await engine.run(readSql('comparison/090-proof.sql'));
  await engine.copyToParquet(
    `SELECT * FROM comparison_proof
     ORDER BY pre_app_id NULLS FIRST, case_id NULLS FIRST, earlier_id NULLS FIRST, kind, position, field`,
    file,
  );
}

/** Explain one pre-application; undefined where the run did not look at it. */
export async function explainPreApplication(
  engine: Engine,
  files: { readonly subjects: string; readonly proofs: string },
  preAppId: string,
): Promise<PreApplicationExplanation | undefined> {
  const [subject] = await engine.rows<Subject>(
    `SELECT * FROM read_parquet(${literal(files.subjects)}) WHERE pre_app_id = ${literal(preAppId)}`,
  );
  if (subject === undefined) return undefined;
  const day = (value: string | null): string =>
    value === null || !isDayNumber(Number(value)) ? '' : dayText(Number(value));
  return {
    preAppId,
    class: subject.class,
    orgCode: subject.org_code ?? '',
    status: subject.status ?? '',
    caseNo: subject.case_no ?? '',
    submitDate: day(subject.submit_day),
    reviewDate: day(subject.review_day),
    daysSinceSubmit: subject.days_since_submit ?? '',
    firstSeen: subject.first_seen,
    ageDays: subject.age_days ?? '',
    tried: triedClasses(subject),
    proofs: await proofsOf(engine, files.proofs, preAppId),
  };
}

/** The classes up to the one that fits: what each looks at, and what was found. */
function triedClasses(subject: Subject): TriedClass[] {
  const last = COMPARISON_CLASSES.indexOf(subject.class);
  return COMPARISON_CLASSES.slice(0, last + 1).map((name) => ({
    class: name,
    fits: name === subject.class,
    because: because(name, subject),
  }));
}

function because(name: ComparisonClass, subject: Subject): string {
  const fits = name === subject.class;
  const linked = Number(subject.case_count) > 0;
  switch (name) {
    case 'LINK_CONFLICT':
      return conflictWords(subject) || (linked ? '只与一件案件关联，且该案件无其他预申请' : '没有关联冲突');
    case 'STATUS_CONFLICT':
      if (!linked) return '未关联案件';
      return fits ? '预申请状态与关联案件的受理情况不符' : '状态与关联案件相符';
    case 'FIELD_DIFF':
      if (!linked) return '未关联案件';
      return fits ? `不一致的字段：${subject.fields ?? ''}` : '没有不一致的字段';
    case 'MATCHED':
      return linked ? '已关联，比对字段全部一致' : '未关联案件';
    case 'DUPLICATE':
      return fits ? '此前30日内已有相同当事人、相同争议类型的预申请' : '没有重复的在先预申请';
    case 'PROBABLE_MATCH':
      return fits
        ? '有当事人相同、日期相距不超过30日的未关联案件'
        : '没有这样的未关联案件（当事人相同、日期相距不超过30日、未经人工否定）';
    case 'MISSING_CASE':
      return fits ? '审核通过已超过5个工作日，仍无案件' : '不是审核通过后超过5个工作日无案件';
    case 'OVERDUE_REVIEW':
      return fits ? '提交已超过5个工作日，仍待审核' : '不是超过5个工作日待审核';
    case 'CLOSED_UNLINKED':
      return fits ? '已不予受理或撤回，无关联案件' : '未终结';
    case 'IN_PROGRESS':
      return '不属于以上各类';
    case 'ORPHAN_CASE':
      return '';
    default:
      return name satisfies never;
  }
}

async function proofsOf(engine: Engine, file: string, preAppId: string): Promise<Proof[]> {
  type Raw = Record<
    'case_id' | 'earlier_id' | 'field' | 'pre_value' | 'case_value' | 'verdict' | 'weight',
    string | null
  > & { kind: Proof['kind'] };
  const rows = await engine.rows<Raw>(
    `SELECT kind, case_id, earlier_id, field, pre_value, case_value, verdict, CAST(weight AS VARCHAR) AS weight
     FROM read_parquet(${literal(file)}) WHERE pre_app_id = ${literal(preAppId)}
     ORDER BY CASE kind WHEN 'link' THEN 0 ELSE 1 END, case_id, earlier_id, position, field`,
  );
  return rows.map((row) => ({
    kind: row.kind,
    caseId: row.case_id ?? '',
    earlierId: row.earlier_id ?? '',
    field: row.field ?? '',
    preValue: row.pre_value ?? '',
    caseValue: row.case_value ?? '',
    verdict: row.verdict ?? '',
    weight: scoreText(row.weight),
  }));
}
