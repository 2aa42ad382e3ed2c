/** What the platform holds says of each case: read from the records as they were sent, element by element. */
import type { Platform, PlatformField } from '../../../schemas/submission.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';

/** The batches whose records were written by one layout. */
export interface WrittenBatches {
  readonly platform: Platform;
  readonly batches: readonly string[];
}

/**
 * Create `held_content(record_id, org_code, case_no, accept_day, close_day)`: one row per record that the platform holds,
 * as its last accepted version says. What a layout that is no longer there wrote, or what is no day, is NULL.
 * Needs the tables and views of `openHistory`, and `day_number`.
 */
export async function createHeldContent(engine: Engine, written: readonly WrittenBatches[]): Promise<void> {
  const day = (from: PlatformField['from']) => `day_number(TRY_CAST(${elementSql(written, from)} AS DATE))`;
  // The head of a record, which has the elements of the case itself, is cut once and read for each of them.
  await engine.run(`
    CREATE TABLE held_content AS
    WITH s AS MATERIALIZED (
      SELECT r.record_id, s.batch, s.org_code, ${headSql(written)} AS head
      FROM platform_record r
      JOIN sent_content s ON s.batch = r.held_batch AND s.record_id = r.record_id)
    SELECT record_id, org_code, ${elementSql(written, 'case_no')} AS case_no,
      ${day('accept_date')} AS accept_day, ${day('close_date')} AS close_day
    FROM s`);
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

/** SQL: a record without its lists, which may have elements of the same names; JSON as it is. */
function headSql(written: readonly WrittenBatches[]): string {
  const cases = written.flatMap(({ platform: { format, parties, claims }, batches }) => {
    if (format.kind !== 'xml' || batches.length === 0) return [];
    const head = [parties, claims].reduce(
      (text, list) => (list === undefined ? text : `split_part(${text}, ${literal(`<${list.element}>`)}, 1)`),
      's.content',
    );
    return [`WHEN s.batch IN (${batches.map(literal).join(', ')}) THEN ${head}`];
  });
  return cases.length === 0 ? 's.content' : `CASE ${cases.join(' ')} ELSE s.content END`;
}

/** SQL: the text of an element in the head of a record. */
function valueSql({ format }: Platform, element: string): string {
  if (format.kind === 'json-lines') return `json_extract_string(s.head, ${literal(`$."${element}"`)})`;
  const after = `split_part(s.head, ${literal(`<${element}>`)}, 2)`;
  const text = `NULLIF(split_part(${after}, '<', 1), '')`;
  return `replace(replace(replace(${text}, '&lt;', '<'), '&gt;', '>'), '&amp;', '&')`;
}
