/** What speaks for a pair of a pre-application and a case, in the manner of Fellegi and Sunter. */
import {
  COMPARISON_CLASSES,
  type ComparisonFile,
  PROBLEM_CLASSES,
  weightHundredths,
} from '../../../schemas/comparison.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

/** Create `evidence_weight(field, level, position, weight, reason)` and `comparison_class(class, position, is_problem)`. */
export async function createWeights(engine: Engine, { evidence }: ComparisonFile): Promise<void> {
  const rows = Object.entries(evidence).flatMap(([field, levels]) =>
    levels.map((one) => [field, one.level, weightHundredths(one), one.reason] as const),
  );
  const values = rows.map(
    ([field, level, weight, reason], place) =>
      `(${literal(field)}, ${literal(level)}, ${place}, CAST(${weight} AS BIGINT), ${literal(reason)})`,
  );
  const classes = COMPARISON_CLASSES.map(
    (name, place) => `(${literal(name)}, ${place}, ${PROBLEM_CLASSES.includes(name) ? 1 : 0})`,
  );
  await engine.run(`
    CREATE TABLE evidence_weight AS
    SELECT * FROM (VALUES ${values.join(', ')}) v(field, level, position, weight, reason);
    CREATE TABLE comparison_class AS SELECT * FROM (VALUES ${classes.join(', ')}) v(class, position, is_problem)`);
}

/** Weigh pairs: creates `pair_evidence` and `pair_score` for what a query gives as `pre_row, case_row`. */
export async function weighPairs(engine: Engine, pairs: string): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE pair AS ${pairs}`);
  await engine.run(readSql('comparison/040-sound.sql'));
  await engine.run(readSql('comparison/050-evidence.sql'));
}
