/** What is new, what was resolved and what stayed since the run before, and since when. */
import { COMPARISON_CLASSES } from '../../../schemas/comparison.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

/**
 * Create `earlier_subject`: the problems of the run before, by its frozen file; empty without one. They are classified
 * again, also where they lie outside of today's period, so that what became of them is known and not guessed.
 */
export async function openEarlier(engine: Engine, file: string | undefined): Promise<void> {
  await engine.run(`
    CREATE TABLE earlier_subject (
      pre_app_id VARCHAR, case_id BIGINT, org_code VARCHAR, class VARCHAR, first_seen VARCHAR)`);
  if (file === undefined) return;
  const classes = COMPARISON_CLASSES.map(literal).join(', ');
  await engine.run(`
    INSERT INTO earlier_subject
    SELECT pre_app_id, min(case_id), min(org_code), class, min(first_seen)
    FROM read_parquet(${literal(file)})
    WHERE is_problem = 1 AND class IN (${classes}) AND (pre_app_id IS NOT NULL OR case_id IS NOT NULL)
    GROUP BY class, pre_app_id, CASE WHEN pre_app_id IS NULL THEN case_id END`);
}

/** Create `comparison_subject` and `comparison_difference`. Needs the lines and `earlier_subject`. */
export async function compareWithEarlier(engine: Engine): Promise<void> {
  await engine.run(readSql('comparison/070-subject.sql'));
  await engine.run(readSql('comparison/080-difference.sql'));
}

/** The frozen file of a run: what `explain` and the next run read. */
export async function writeSubjects(engine: Engine, file: string): Promise<void> {
  await engine.copyToParquet(
    `SELECT * EXCLUDE (pre_row, orphan_row) FROM comparison_subject
     ORDER BY class_position, pre_app_id NULLS FIRST, case_id NULLS FIRST, org_code, submit_day`,
    file,
  );
}
