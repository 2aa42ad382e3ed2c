/** How many pre-applications and cases stand in each class, and what changed. */
import { COMPARISON_CLASSES, type ComparisonClass } from '../../../schemas/comparison.ts';
import type { Engine } from '../../runtime/duckdb.ts';

export interface ComparisonCounts {
  readonly classes: Readonly<Record<ComparisonClass, number>>;
  readonly difference: { readonly new: number; readonly staying: number; readonly resolved: number };
}

/** Needs `comparison_subject` and `comparison_difference`. */
export async function comparisonCounts(engine: Engine): Promise<ComparisonCounts> {
  const found = await engine.rows<{ class: ComparisonClass; n: string }>(
    'SELECT class, COUNT(*) AS n FROM comparison_subject WHERE is_listed = 1 GROUP BY class',
  );
  const states = await engine.rows<{ state: keyof ComparisonCounts['difference']; n: string }>(
    'SELECT state, COUNT(*) AS n FROM comparison_difference GROUP BY state',
  );
  const ofClass = new Map(found.map((row) => [row.class, Number(row.n)]));
  const ofState = new Map(states.map((row) => [row.state, Number(row.n)]));
  const count = (state: keyof ComparisonCounts['difference']): number => ofState.get(state) ?? 0;
  return {
    classes: Object.fromEntries(COMPARISON_CLASSES.map((name) => [name, ofClass.get(name) ?? 0])) as Record<
      ComparisonClass,
      number
    >,
    difference: { new: count('new'), staying: count('staying'), resolved: count('resolved') },
  };
}

/**
 * Listed pre-applications that wait, with a day of a year without an announced arrangement among those that decide
 * whether five working days are over: fifteen natural days hold them, but for the longest holidays. After thirty they
 * are over whatever is announced, so that an absurd date of long ago holds nothing back.
 */
export async function provisionalWaits(engine: Engine): Promise<number> {
  const { n } = await engine.one<{ n: string }>(`
    WITH waiting AS (
      SELECT CASE status WHEN '2' THEN COALESCE(review_day, submit_day) ELSE submit_day END AS since_day
      FROM classified
      WHERE is_listed = 1 AND class IN ('MISSING_CASE', 'OVERDUE_REVIEW', 'IN_PROGRESS') AND status IN ('1', '2'))
    SELECT COUNT(*) AS n FROM waiting w CROSS JOIN parameter p
    WHERE p.as_of_day <= w.since_day + 30
      AND EXISTS (
        SELECT 1 FROM calendar k
        WHERE k.is_provisional = 1 AND k.day_number <= p.as_of_day
          AND k.day_number > w.since_day AND k.day_number <= w.since_day + 15)`);
  return Number(n);
}
