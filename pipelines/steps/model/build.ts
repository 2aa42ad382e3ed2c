/** Build the fact tables from the validated ones: one SQL file each, in the order of their numbers. */
import { type Engine, identifier } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

const MODELS = ['020-case-fact', '030-mediation-fact', '040-monthly-flow'] as const;

/**
 * Create `case_record`, of which `case_fact` and from now on `valid_case` are views, `mediation_fact` and `monthly_flow`.
 * Needs the valid tables, `parameter`, `calendar`, `code_list` and `month_window`.
 */
export async function buildFacts(engine: Engine): Promise<void> {
  const columns = await engine.rows<{ column_name: string }>('DESCRIBE valid_case');
  await engine.run(readSql('models/010-case-record.sql'));
  const names = columns.map(({ column_name }) => identifier(column_name)).join(', ');
  await engine.run(`CREATE OR REPLACE VIEW valid_case AS SELECT ${names} FROM case_record`);
  for (const model of MODELS) await engine.run(readSql(`models/${model}.sql`));
}
