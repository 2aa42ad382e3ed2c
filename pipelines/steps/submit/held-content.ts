/** What the platform holds says of each case: read from the records as they were sent, element by element. */
import type { Platform, PlatformField } from '../../../schemas/submission.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { createSentContents, type SubmissionHistory } from './history.ts';

/** The batches whose records were written by one layout. */
export interface WrittenBatches {
  readonly platform: Platform;
  readonly batches: readonly string[];
}

/**
 * Create `held_content(record_id, org_code, case_no, accept_day, close_day)`: one row per record that the platform holds,
 * as its last accepted version says. What a layout that is no longer there wrote, or what is no day, is NULL.
 * Needs the tables of `openHistory`, and `day_number`.
 */
export async function createHeldContent(
  engine: Engine,
  history: SubmissionHistory,
  written: readonly WrittenBatches[],
): Promise<void> {
  await createSentContents(engine, history);
  const day = (from: PlatformField['from']) => `day_number(TRY_CAST(${elementSql(written, from)} AS DATE))`;
  await engine.run(`
    CREATE TABLE held_content AS
    SELECT r.record_id, s.org_code, ${elementSql(written, 'case_no')} AS case_no,
      ${day('accept_date')} AS accept_day, ${day('close_date')} AS close_day
    FROM platform_record r
    JOIN sent_content s ON s.batch = r.held_batch AND s.record_id = r.record_id;
    DROP VIEW sent_content`);
}

/** SQL: the text of the element that a layout fills from a column, by the batch of the row. */
function elementSql(written: readonly WrittenBatches[], from: PlatformField['from']): string {
  const cases = written.flatMap(({ platform, batches }) => {
    const field = platform.fields.find((one) => one.from === from);
    if (field === undefined || batches.length === 0) return [];
    return [`WHEN s.batch IN (${batches.map(literal).join(', ')}) THEN ${valueSql(platform, field.element)}`];
  });
  return cases.length === 0 ? 'CAST(NULL AS VARCHAR)' : `CASE ${cases.join(' ')} END`;
}

/** SQL: the text of an element of the case itself; its lists, which stand behind, may have elements of the same name. */
function valueSql({ format, parties, claims }: Platform, element: string): string {
  if (format.kind === 'json-lines') return `json_extract_string(s.content, ${literal(`$."${element}"`)})`;
  const head = [parties, claims].reduce(
    (text, list) => (list === undefined ? text : `split_part(${text}, ${literal(`<${list.element}>`)}, 1)`),
    's.content',
  );
  const pattern = literal(`<${element.replaceAll('.', '\\.')}>([^<]*)</`);
  const text = `NULLIF(regexp_extract(${head}, ${pattern}, 1), '')`;
  return `replace(replace(replace(${text}, '&lt;', '<'), '&gt;', '>'), '&amp;', '&')`;
}
