/** Small sources for the validation: tables of the contract filled row by row or from CSV, and the way to findings. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { type Engine, identifier, literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { createSourceTables } from '../../pipelines/runtime/embedded-schema.ts';
import { monthWindowSql } from '../../pipelines/steps/macro-monitoring/windows.ts';
import { buildFacts } from '../../pipelines/steps/model/build.ts';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import { runRules } from '../../pipelines/steps/validate/rules.ts';
import { CONTRACT, engineType, VIEWS, type ViewName } from '../../schemas/contract.ts';
import { parsePeriod, periodRange } from '../../schemas/period.ts';

export const definitions = loadDefinitions();
const SECRET = Buffer.alloc(32, 7);
export const AS_OF = '2026-11-03';
const PERIOD = '2026-10';

export type Cell = string | null;
/** Columns by contract name; a value is text as CSV has it, null is NULL. */
export type Cells = Readonly<Record<string, Cell>>;

/** An engine with empty raw views in a folder of its own, both gone afterwards. */
export async function withRaw<T>(use: (engine: Engine, dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(tmpdir(), 'arbdata-validate-'));
  try {
    return await withEngine({ spillDir: path.join(dir, 'spill'), threads: 2 }, async (engine) => {
      await createSourceTables(engine);
      for (const { name } of VIEWS) {
        await engine.run(
          `CREATE VIEW raw_${name.toLowerCase()} AS SELECT *, rowid AS raw_row FROM ${name.toLowerCase()}`,
        );
      }
      return await use(engine, dir);
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Add a row to a view; columns that are not named are NULL. */
export async function addRow(engine: Engine, view: ViewName, cells: Cells): Promise<void> {
  const { columns } = CONTRACT[view];
  for (const name of Object.keys(cells)) {
    if (!columns.some((column) => column.name === name)) throw new Error(`${view} has no ${name}`);
  }
  const values = columns.map((column) => {
    const cell = cells[column.name] ?? null;
    return cell === null ? 'NULL' : `CAST(${literal(cell)} AS ${engineType(column)})`;
  });
  await engine.run(`INSERT INTO ${view.toLowerCase()} VALUES (${values.join(', ')})`);
}

/** Load a folder of CSV files as the raw rows. */
export async function addCsv(engine: Engine, dir: string): Promise<void> {
  for (const view of VIEWS) {
    const columns = view.columns.map(
      (column) => `CAST(${identifier(column.name)} AS ${engineType(column)}) AS ${identifier(column.name)}`,
    );
    const table = view.name.toLowerCase();
    const file = literal(path.join(dir, `${table}.csv`));
    await engine.run(
      `INSERT INTO ${table} BY NAME
       SELECT ${columns.join(', ')} FROM read_csv(${file}, all_varchar = true, header = true, delim = ',', quote = '"')`,
    );
  }
}

export interface ValidateOptions {
  readonly period?: string;
  readonly asOf?: string;
}

/** Normalise, build the facts, run the rules. */
export async function validate(engine: Engine, options: ValidateOptions = {}): Promise<void> {
  const period = parsePeriod(options.period ?? PERIOD);
  await normalise(engine, { definitions, asOf: options.asOf ?? AS_OF, ...periodRange(period, 0) });
  await engine.run(monthWindowSql(period, 0));
  await buildFacts(engine);
  await runRules(engine, { definitions, periodKind: period.kind, secret: SECRET });
}

/** `rule record` of every finding, in order. */
export async function breaches(engine: Engine): Promise<string[]> {
  const rows = await engine.rows<{ breach: string }>(
    "SELECT concat(rule_id, ' ', record_key) AS breach FROM finding ORDER BY 1",
  );
  return rows.map(({ breach }) => breach);
}
