/** `pre-application-comparison-YYYYMM.csv`: one line per pre-application, differing field, candidate or linked case. */
import { COMPARISON_COLUMNS, type ComparisonRow } from '../schemas/comparison.ts';
import type { Stream } from '../schemas/dataset.ts';
import { neutralised, writeCsv } from './csv.ts';

/**
 * Write the lines as given: UTF-8 with BOM, CRLF. Names come from a public portal: one that a spreadsheet would run as a
 * formula gets an apostrophe in front.
 */
export async function writeComparisonCsv(file: string, rows: Stream<ComparisonRow>): Promise<void> {
  await writeCsv(file, COMPARISON_COLUMNS, records(rows));
}

async function* records(rows: Stream<ComparisonRow>): AsyncGenerator<readonly string[]> {
  for await (const row of rows) yield COMPARISON_COLUMNS.map((column) => neutralised(row[column]));
}
