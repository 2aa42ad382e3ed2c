/** The lines of the data file, from the classified pre-applications and weighed candidates. */
import type { ComparisonRow } from '../../../schemas/comparison.ts';
import { formatDecimal } from '../../runtime/decimal.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { maskedNumberSql, maskSql } from '../../runtime/masking.ts';
import { readSql } from '../../runtime/project.ts';

/** Create `comparison_line`: one row per line, numbered in the order of the file. Needs the weighed candidates. */
export async function createLines(engine: Engine): Promise<void> {
  await engine.run(`
    CREATE OR REPLACE MACRO masked_number(number) AS ${maskedNumberSql('number')};
    CREATE OR REPLACE MACRO masked_name(name) AS ${maskSql('name', 'name')}`);
  await engine.run(readSql('comparison/060-line.sql'));
}

/** The lines in their order; a score is in bits with two decimals. */
export async function* comparisonRows(engine: Engine): AsyncGenerator<ComparisonRow> {
  type Line = Omit<ComparisonRow, 'score'> & { score: string | null };
  const select = `SELECT pre_app_id, case_id, org_code, class, field, pre_value, case_value,
    CAST(score AS VARCHAR) AS score FROM comparison_line ORDER BY line_number`;
  for await (const lines of engine.stream<Line>(select)) {
    for (const line of lines) yield { ...line, score: scoreText(line.score) };
  }
}

/** Hundredths of a bit as text. */
export function scoreText(score: string | null): string {
  return score === null ? '' : formatDecimal(BigInt(score), 2);
}
