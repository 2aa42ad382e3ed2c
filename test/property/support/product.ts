/** The product's answer to a source and a question: figures, checks and findings, from its own steps in one engine. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadDefinitions } from '../../../pipelines/runtime/definitions.ts';
import { type Engine, literal, withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { createSourceTables } from '../../../pipelines/runtime/embedded-schema.ts';
import { readSql } from '../../../pipelines/runtime/project.ts';
import { checkFigures } from '../../../pipelines/steps/macro-monitoring/checks.ts';
import { compareFlows } from '../../../pipelines/steps/macro-monitoring/comparison.ts';
import { computeFigures, type Figures } from '../../../pipelines/steps/macro-monitoring/figures.ts';
import { writeMembership } from '../../../pipelines/steps/macro-monitoring/membership.ts';
import { monthWindowSql, periodWindows } from '../../../pipelines/steps/macro-monitoring/windows.ts';
import { buildFacts } from '../../../pipelines/steps/model/build.ts';
import { normalise } from '../../../pipelines/steps/validate/normalise.ts';
import { runRules } from '../../../pipelines/steps/validate/rules.ts';
import { engineType, VIEWS, type View } from '../../../schemas/contract.ts';
import type { CheckResult, Comparison } from '../../../schemas/dataset.ts';
import { parsePeriod, periodRange } from '../../../schemas/period.ts';
import type { RawSource } from '../../reference/source.ts';

export const definitions = loadDefinitions();
const SECRET = Buffer.alloc(32, 7);

/** What is asked of a source, as a person would type it. */
export interface AskedQuestion {
  readonly period: string;
  /** YYYY-MM-DD */
  readonly asOf: string;
  /** 0: natural months. */
  readonly cutoffDay: number;
}

export interface Answer {
  /** `scope body indicator` to value, in the order of the dataset. */
  readonly figures: ReadonlyMap<string, string>;
  readonly checks: readonly CheckResult[];
  readonly comparisons: readonly Comparison[];
  /** `view record rule` of what the sheet 待核查 lists, as often as it is listed. */
  readonly excluded: readonly string[];
  /** `rule view record`, sorted. */
  readonly findings: readonly string[];
}

let workDir: string | undefined;

/** A folder for everything that engines write; it is gone when the process ends. */
async function work(): Promise<string> {
  if (workDir === undefined) {
    const dir = await mkdtemp(path.join(tmpdir(), 'arbdata-property-'));
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    workDir = dir;
  }
  return workDir;
}

/** Ask the product. */
export async function askProduct(source: RawSource, question: AskedQuestion): Promise<Answer> {
  const dir = await work();
  return withEngine({ spillDir: path.join(dir, 'spill'), threads: 1 }, async (engine) => {
    await loadRaw(engine, source);
    const { asOf, cutoffDay } = question;
    const period = parsePeriod(question.period);
    await normalise(engine, { definitions, asOf, ...periodRange(period, cutoffDay) });
    await engine.run(monthWindowSql(period, cutoffDay));
    await buildFacts(engine);
    await runRules(engine, { definitions, periodKind: period.kind, secret: SECRET });
    const { indicators, balances } = definitions.indicators;
    const figures = await computeFigures(engine, indicators, periodWindows(period, cutoffDay));
    await writeMembership(engine, figures, path.join(dir, 'membership.parquet'));
    return {
      figures: valuesOf(figures),
      checks: checkFigures(figures, balances),
      comparisons: [...compareFlows(figures, { previous: undefined, lastYear: undefined })],
      excluded: await excludedOf(engine),
      findings: await findingsOf(engine),
    };
  });
}

/** Load a source as the raw views of a snapshot. */
export async function loadRaw(engine: Engine, source: RawSource): Promise<void> {
  await createSourceTables(engine);
  for (const view of VIEWS) {
    const table = view.name.toLowerCase();
    const rows = source[view.name].map((row) => `(${rowSql(view, row)})`);
    const insert = rows.length === 0 ? '' : `INSERT INTO ${table} VALUES ${rows.join(', ')};`;
    await engine.run(`${insert} CREATE VIEW raw_${table} AS SELECT *, rowid AS raw_row FROM ${table}`);
  }
}

function rowSql(view: View, row: RawSource[keyof RawSource][number]): string {
  return view.columns
    .map((column) => {
      const value = row[column.name] ?? null;
      if (value === null || (value === '' && column.type !== 'text')) return 'NULL';
      return `CAST(${literal(value)} AS ${engineType(column)})`;
    })
    .join(', ');
}

function valuesOf(figures: Figures): Map<string, string> {
  const values = new Map<string, string>();
  for (const scope of ['month', 'ytd'] as const) {
    for (const org of [...figures.bodies.map(({ code }) => code), 'ALL']) {
      for (const { id } of figures.indicators)
        values.set(`${scope} ${org} ${id}`, figures.value(scope, org, id));
    }
  }
  return values;
}

async function findingsOf(engine: Engine): Promise<string[]> {
  const rows = await engine.rows<{ found: string }>(
    `SELECT concat(rule_id, ' ', scope, ' ', record_key) AS found FROM finding`,
  );
  return rows.map(({ found }) => found).toSorted();
}

async function excludedOf(engine: Engine): Promise<string[]> {
  const rows = await engine.rows<{ kind: string; record_key: string | null; rule_id: string }>(
    readSql('reports/excluded-record.sql'),
  );
  const views: Readonly<Record<string, string>> = { 仲裁案件: 'ARB_CASE', 案外调解: 'ARB_MEDIATION' };
  return rows.map(({ kind, record_key, rule_id }) => `${views[kind]} ${record_key} ${rule_id}`).toSorted();
}
