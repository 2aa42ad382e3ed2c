/** Build the fact tables from the validated ones: one SQL file each, in the order of their numbers. */
import type { Engine } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

const MODELS = ['010-case-fact', '020-mediation-fact', '030-monthly-flow'] as const;

/**
 * Create `case_fact`, `mediation_fact` and `monthly_flow`.
 * Needs the valid tables, `parameter`, `calendar`, `code_list` and `month_window`.
 */
export async function buildFacts(engine: Engine): Promise<void> {
  for (const model of MODELS) await engine.run(readSql(`models/${model}.sql`));
}
