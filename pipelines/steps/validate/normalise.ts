/** From the raw views of a snapshot to the tables that every rule, indicator and link reads. */
import { VIEWS, type ViewName } from '../../../schemas/contract.ts';
import type { Definitions } from '../../runtime/definitions.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { createTextForms, normaliseText } from './text.ts';
import { createTraces, createValidTable, type Reader } from './valid-tables.ts';

export interface NormaliseOptions {
  readonly definitions: Pick<Definitions, 'codes' | 'workingDays'>;
  /** The snapshot's day, YYYY-MM-DD. */
  readonly asOf: string;
  /** First and last day of the period, YYYY-MM-DD. */
  readonly start: string;
  readonly end: string;
  /** Products whose own columns are kept besides; absent: none. */
  readonly readers?: readonly Reader[];
  /** Told after each view, for progress. */
  readonly onView?: (view: ViewName) => void;
}

/**
 * Create `code_list`, `parameter`, the valid tables and `calendar` (docs/data-design.md, Engine tables of a run)
 * from the views `raw_*`, with what the rules need about duplicates and changed texts (`duplicate_key`,
 * `text_change`). Source of the rules: statistics, Who is counted; V049.
 */
export async function normalise(engine: Engine, options: NormaliseOptions): Promise<void> {
  await engine.run(readSql('validate/010-functions.sql'));
  await createCodeLists(engine, options.definitions);
  const asOfDay = await createParameter(engine, options);
  await createTextForms(engine);
  await createTraces(engine);
  await createRejections(engine);
  for (const view of VIEWS) {
    await createValidTable(engine, view, {
      asOfDay,
      codeLists: options.definitions.codes.lists,
      readers: options.readers ?? [],
    });
    if (view.name === 'ARB_ORG') await engine.run(readSql('validate/020-lookups.sql'));
    options.onView?.(view.name);
  }
  await addCaseNumberWords(engine);
  await engine.run(readSql('validate/030-needed-block.sql'));
  await createCalendar(engine, options.definitions);
}

async function createCodeLists(engine: Engine, { codes }: NormaliseOptions['definitions']): Promise<void> {
  const rows = Object.entries(codes.lists).flatMap(([list, { entries }]) =>
    entries.map(
      ({ code, name, macroGroup, success }, index) =>
        [list, code, name, macroGroup ?? null, success?.toString() ?? null, String(index + 1)] as const,
    ),
  );
  await engine.run(`
    CREATE TEMP TABLE code_text (
      list VARCHAR, code VARCHAR, name VARCHAR, macro_group VARCHAR, success VARCHAR, position VARCHAR)`);
  await engine.append('code_text', rows);
  await engine.run(`
    CREATE TABLE code_list AS
    SELECT list, code, name, macro_group, CAST(success AS INTEGER) AS success, CAST(position AS INTEGER) AS position
    FROM code_text;
    DROP TABLE code_text`);
}

/** Look at other days than those that the tables were made for: their calendar must reach that far. */
export async function setDays(engine: Engine, { start, end }: { start: string; end: string }): Promise<void> {
  const day = (text: string) => `day_number(DATE ${literal(text)})`;
  await engine.run(`UPDATE parameter SET start_day = ${day(start)}, end_day = ${day(end)}`);
}

/** What platforms rejected, for rule N001; the submission fills it before the rules run. */
async function createRejections(engine: Engine): Promise<void> {
  await engine.run(`
    -- One row per case whose record a platform rejected and which has neither changed nor been released since.
    CREATE TABLE platform_rejection (case_id BIGINT, org_code VARCHAR, words VARCHAR, batch VARCHAR)`);
}

async function createParameter(engine: Engine, { asOf, start, end }: NormaliseOptions): Promise<number> {
  const day = (text: string) => `day_number(DATE ${literal(text)})`;
  await engine.run(`
    CREATE TABLE parameter AS
    SELECT ${day(asOf)} AS as_of_day, ${day(start)} AS start_day, ${day(end)} AS end_day`);
  const row = await engine.one<{ as_of_day: string }>('SELECT as_of_day FROM parameter');
  return Number(row.as_of_day);
}

/**
 * CASE_NO is compared after normalising, so the CASE_WORD that it starts with is normalised for the comparison too
 * (「京（开）」 becomes 「京(开)」); the word itself stays as it is. A few thousand rows at most.
 */
async function addCaseNumberWords(engine: Engine): Promise<void> {
  const words = await engine.rows<{ case_word: string }>(
    'SELECT DISTINCT case_word FROM valid_org WHERE case_word IS NOT NULL',
  );
  await engine.run('CREATE TEMP TABLE case_word_form (original VARCHAR, normal VARCHAR)');
  await engine.append(
    'case_word_form',
    words.map(({ case_word }) => [case_word, normaliseText('code', case_word)] as const),
  );
  await engine.run(`
    ALTER TABLE valid_org ADD COLUMN case_number_word VARCHAR;
    UPDATE valid_org SET case_number_word = f.normal FROM case_word_form f WHERE f.original = case_word;
    DROP TABLE case_word_form`);
}

async function createCalendar(
  engine: Engine,
  { workingDays }: NormaliseOptions['definitions'],
): Promise<void> {
  const years = Object.entries(workingDays.years);
  await engine.run(`
    CREATE TEMP TABLE arrangement (day VARCHAR, is_working VARCHAR);
    CREATE TEMP TABLE arranged_year_text (year VARCHAR)`);
  await engine.append(
    'arrangement',
    years.flatMap(([, { holidays, workdays }]) => [
      ...holidays.map((day) => [day, '0'] as const),
      ...workdays.map((day) => [day, '1'] as const),
    ]),
  );
  await engine.append(
    'arranged_year_text',
    years.map(([year]) => [year] as const),
  );
  await engine.run(`
    CREATE TEMP TABLE arranged_day AS
    SELECT day_number(CAST(day AS DATE)) AS day_number, max(CAST(is_working AS INTEGER)) AS is_working
    FROM arrangement GROUP BY 1;
    CREATE TEMP TABLE arranged_year AS SELECT CAST(year AS BIGINT) AS year FROM arranged_year_text`);
  const { first, last } = await engine.one<{ first: string; last: string }>(`
    SELECT (min(block) - 1) * 512 - 1024000 AS first, (max(block) + 2) * 512 - 1024000 AS last FROM needed_block`);
  await engine.run(
    readSql('validate/040-calendar.sql').replace(':first_day, :last_day', `${first}, ${last}`),
  );
  await engine.run(`
    DROP TABLE arrangement; DROP TABLE arranged_year_text; DROP TABLE arranged_day; DROP TABLE arranged_year;
    DROP TABLE needed_block`);
}
