/** Breaks every rule V001 to V051 a known number of times and says where. */
import type { Engine } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { readSql } from '../../runtime/project.ts';
import type { DemoPlan } from './plan.ts';

/** One thing done wrong on purpose. */
export interface Defect {
  /** V001 to V051. */
  readonly rule: string;
  readonly view: string;
  /** The key that a finding names: of the view's row, or ORG_CODE for the rules on periods. */
  readonly record: string;
  readonly done: string;
}

/** A further finding that a defect brings about. */
export interface SideEffect {
  readonly rule: string;
  readonly record: string;
  readonly causedBy: { readonly rule: string; readonly record: string };
}

/** The content of demo-defects.json, besides where it came from. */
export interface DefectList {
  readonly defects: readonly Defect[];
  readonly sideEffects: readonly SideEffect[];
}

export const DEFECT_RULES: readonly string[] = Array.from(
  { length: 51 },
  (_, index) => `V${String(index + 1).padStart(3, '0')}`,
);

/**
 * The findings that a validation must make, each once, ordered by rule and record: exactly these for most rules, at
 * least these for V008 and V023, which realistic life breaks as well (late decisions and closings), and for V047 and
 * V048, which look at chance from month to month.
 */
export function expectedFindings(list: DefectList): { rule: string; record: string }[] {
  const all = [...list.defects, ...list.sideEffects].map(({ rule, record }) => `${rule} ${record}`);
  return [...new Set(all)].toSorted().map((text) => {
    const [rule = '', record = ''] = text.split(' ');
    return { rule, record };
  });
}

/** The rules on periods: their defects are in the numbers of a body's cases, made before any slice. */
const PERIOD_RULES = ['V047', 'V048'];

/** Defects come in batches, so that each batch has all variants of a rule. */
const BATCH = 4;

/**
 * Inject the slice's share of the defects of sql/demo/defects, rule by rule, into clean rows of the slice
 * that have no other defect. What one slice could not hold, the next ones make up for.
 */
export async function injectDefects(
  engine: Engine,
  plan: DemoPlan,
  slice: { readonly cases: number; readonly doneCases: number; readonly allCases: number },
): Promise<void> {
  const due =
    slice.doneCases === slice.allCases
      ? plan.defectsPerRule
      : Math.floor((plan.defectsPerRule * slice.doneCases) / slice.allCases / BATCH) * BATCH;
  const made = await countByRule(engine);
  const rules = DEFECT_RULES.filter((rule) => !PERIOD_RULES.includes(rule) && (made.get(rule) ?? 0) < due);
  if (rules.length === 0) return;
  await engine.run(`SET VARIABLE demo_slice_cases = ${Math.max(1, slice.cases)}::BIGINT`);
  await engine.run(readSql('demo/defects/000-pool.sql'));
  for (const rule of rules) {
    await engine.run(`SET VARIABLE demo_defects = ${due - (made.get(rule) ?? 0)}::BIGINT`);
    await engine.run(readSql(`demo/defects/${rule}.sql`));
  }
}

async function countByRule(engine: Engine): Promise<Map<string, number>> {
  const rows = await engine.rows<{ rule: string; defects: number }>(
    'SELECT rule_id AS "rule", count(*)::INTEGER AS defects FROM demo_defect GROUP BY rule_id',
  );
  return new Map(rows.map(({ rule, defects }) => [rule, defects]));
}

/**
 * What was injected in all slices, and the bodies whose last month stands out.
 * @throws ArbdataError E_USAGE when the source is too small to hold defects of every rule
 */
export async function listDefects(engine: Engine, plan: DemoPlan): Promise<DefectList> {
  for (const rule of PERIOD_RULES) await engine.run(readSql(`demo/defects/${rule}.sql`));
  const defects = await engine.rows<Defect & Record<string, string>>(
    `SELECT rule_id AS "rule", view_name AS "view", record_key AS "record", done
     FROM demo_defect ORDER BY rule_id, length(record_key), record_key`,
  );
  requireEveryRule(defects, plan);
  const effects = await engine.rows<{ rule: string; record: string; by_rule: string; by_record: string }>(
    `SELECT DISTINCT rule_id AS "rule", record_key AS "record", caused_by_rule AS by_rule,
       caused_by_record AS by_record
     FROM demo_side_effect ORDER BY rule_id, length(record_key), record_key`,
  );
  return {
    defects,
    sideEffects: effects.map(({ rule, record, by_rule, by_record }) => ({
      rule,
      record,
      causedBy: { rule: by_rule, record: by_record },
    })),
  };
}

function requireEveryRule(defects: readonly Defect[], plan: DemoPlan): void {
  const made = new Set(defects.map((defect) => defect.rule));
  const missing = DEFECT_RULES.filter((rule) => !made.has(rule));
  if (missing.length === 0) return;
  throw new ArbdataError(
    'E_USAGE',
    `${plan.cases} cases hold no row fit for a defect of ${missing.join(', ')}`,
    {
      advice: 'Make a larger demo source: raise the scale.',
    },
  );
}
