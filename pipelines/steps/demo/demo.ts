/**
 * The demo source: invented bodies' years of cases, made in SQL inside the engine from a seed.
 * The same size, scale, seed and month give the same rows, whatever the number of threads.
 */
import { type Engine, identifier, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { type DefectList, injectDefects, listDefects } from './defects.ts';
import { type DemoDefinitions, readDemoDefinitions } from './definitions.ts';
import { type DemoOptions, type DemoPlan, planDemo } from './plan.ts';
import { setVariables } from './variables.ts';

export type { DefectList } from './defects.ts';
export { expectedFindings } from './defects.ts';
export { DEMO_SIZES, type DemoSize } from './definitions.ts';
export type { DemoOptions } from './plan.ts';

/** Called after each slice of bodies with the share of the rows that is there, 0 to 1. */
export type DemoProgress = (share: number) => void;

export interface DemoResult {
  readonly asOf: string;
  readonly defects: DefectList;
}

/** The as-of date that a demo source ending with `until` has: the third day of the next month. */
export function demoAsOf(options: DemoOptions): string {
  return planDemo(options, readDemoDefinitions()).asOf;
}

/**
 * Fill the six empty contract tables of an open engine. No row passes through JavaScript.
 * Memory stays bounded: bodies are made in slices of together about 200,000 cases.
 * @throws ArbdataError E_USAGE or E_PERIOD for options out of range, E_DEFINITION for a broken file
 */
export async function fillDemo(
  engine: Engine,
  options: DemoOptions,
  onProgress: DemoProgress = () => {},
): Promise<DemoResult> {
  const definitions = readDemoDefinitions();
  const plan = planDemo(options, definitions);
  // Rows get their order when they are written (290-write-slice.sql); before that, it only costs time.
  await engine.run('SET preserve_insertion_order = false');
  await prepare(engine, plan, definitions.demo);
  const slices = await engine.rows<{ slice: string; cases: string }>(
    'SELECT slice, sum(cases)::BIGINT AS cases FROM demo_body_range GROUP BY slice ORDER BY slice',
  );
  const allCases = slices.reduce((sum, { cases }) => sum + Number(cases), 0);
  let doneCases = 0;
  for (const { slice, cases } of slices) {
    await makeSlice(engine, slice);
    doneCases += Number(cases);
    await injectDefects(engine, plan, { cases: Number(cases), doneCases, allCases });
    await runFile(engine, '290-write-slice');
    onProgress(doneCases / allCases);
  }
  const defects = await listDefects(engine, plan);
  await dropWorkTables(engine);
  await engine.run('RESET preserve_insertion_order');
  return { asOf: plan.asOf, defects };
}

async function prepare(engine: Engine, plan: DemoPlan, demo: DemoDefinitions): Promise<void> {
  await setVariables(engine, plan, demo);
  for (const file of ['005-body', '010-numbers', '050-person']) await runFile(engine, file);
  await insertBodies(engine, plan);
  for (const file of ['020-day', '030-month', '040-body-month', '210-arb-org']) await runFile(engine, file);
}

const SLICE_FILES = [
  '110-firm',
  '120-case-start',
  '130-case-life',
  '140-case',
  '150-repeated',
  '200-slice-tables',
  '220-arb-case',
  '230-arb-party',
  '240-arb-claim',
  '250-pre-application-linked',
  '260-pre-application-unlinked',
  '270-arb-mediation',
] as const;

async function makeSlice(engine: Engine, slice: string): Promise<void> {
  await engine.run(`SET VARIABLE demo_slice = ${slice}`);
  for (const file of SLICE_FILES) await runFile(engine, file);
}

async function insertBodies(engine: Engine, plan: DemoPlan): Promise<void> {
  const bodies = plan.bodies.toSorted((a, b) => (a.code < b.code ? -1 : 1));
  const values = bodies.map((body, number) => {
    const texts = [body.code, body.name, body.district, body.place, body.level, body.caseWord].map(literal);
    return `(${number}, ${texts.join(', ')}, ${body.demoWeight}, ${literal(body.mood)})`;
  });
  await engine.run(`INSERT INTO demo_body VALUES ${values.join(', ')}`);
}

/** Temporary tables end with the connection; these are dropped at once, to give their memory back. */
async function dropWorkTables(engine: Engine): Promise<void> {
  const tables = await engine.rows<{ name: string }>(
    "SELECT table_name AS name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, 'demo_')",
  );
  for (const { name } of tables) await engine.run(`DROP TABLE ${identifier(name)}`);
}

async function runFile(engine: Engine, name: string): Promise<void> {
  await engine.run(readSql(`demo/${name}.sql`));
}
