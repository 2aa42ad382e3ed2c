/** How online pre-applications stand: the classes of the comparison, by body and month. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import { CLASS_TITLES, COMPARISON_CLASSES, PROBLEM_CLASSES } from '../../../schemas/comparison.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';

/** Create the empty `class_member(month, class, org_code, kind, record_id)`. */
export async function createClassMembers(engine: Engine): Promise<void> {
  await engine.run(
    'CREATE TABLE class_member (month VARCHAR, class VARCHAR, org_code VARCHAR, kind VARCHAR, record_id VARCHAR)',
  );
}

/**
 * Add what was just classified for a month: the pre-applications and orphan cases that the report of the month lists.
 * @param otherBody stands for bodies that ARB_ORG does not know
 */
export async function addClassMembers(engine: Engine, month: string, otherBody: string): Promise<void> {
  const org = `COALESCE(o.org_code, ${literal(otherBody)})`;
  await engine.run(`
    INSERT INTO class_member
    SELECT ${literal(month)}, c.class, ${org}, 'pre_application', record_name(c.pre_app_id)
    FROM classified c LEFT JOIN valid_org o ON o.org_code = c.org_code WHERE c.is_listed = 1
    UNION ALL
    SELECT ${literal(month)}, 'ORPHAN_CASE', ${org}, 'case', record_name(c.case_id)
    FROM orphan_case c LEFT JOIN valid_org o ON o.org_code = c.org_code WHERE c.is_listed = 1`);
}

/** Every class of every body in every month, also where there is none of it. */
export async function preApplicationRows(
  engine: Engine,
  orgCodes: readonly string[],
  months: readonly { readonly month: string; readonly isProvisional: boolean }[],
): Promise<CockpitRow<'pre_application'>[]> {
  const rows = await engine.rows<Record<'month' | 'class' | 'org_code' | 'n', string>>(`
    SELECT month, class, COALESCE(org_code, 'ALL') AS org_code, COUNT(*) AS n
    FROM class_member GROUP BY GROUPING SETS ((month, class, org_code), (month, class))`);
  const counts = new Map(rows.map((row) => [`${row.month}/${row.class}/${row.org_code}`, Number(row.n)]));
  return months.flatMap(({ month, isProvisional }) =>
    orgCodes.flatMap((orgCode) =>
      COMPARISON_CLASSES.map((name, index) => ({
        org_code: orgCode,
        month,
        is_provisional: isProvisional ? (1 as const) : (0 as const),
        class: name,
        class_name: CLASS_TITLES[name],
        position: index + 1,
        is_problem: PROBLEM_CLASSES.includes(name) ? (1 as const) : (0 as const),
        records: counts.get(`${month}/${name}/${orgCode}`) ?? 0,
      })),
    ),
  );
}
