/** The product's comparison of a source, from its own steps in one engine. */
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { type Engine, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { classify, type PairDecision } from '../../pipelines/steps/pre-application-comparison/classify.ts';
import {
  createSyllables,
  createWeights,
  findPartners,
} from '../../pipelines/steps/pre-application-comparison/evidence.ts';
import { createCompared } from '../../pipelines/steps/pre-application-comparison/forms.ts';
import { comparisonRows, createLines } from '../../pipelines/steps/pre-application-comparison/lines.ts';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import type { ComparisonRow } from '../../schemas/comparison.ts';
import { type DateRange, monthOf } from '../../schemas/period.ts';
import { loadRaw } from '../property/support/product.ts';
import { Calendar } from '../reference/dates.ts';
import type { RawSource } from '../reference/source.ts';

const definitions = loadDefinitions();

/** The reference's own calendar over the shipped arrangement. */
export const calendar = new Calendar(
  JSON.parse(readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/working-days.json'), 'utf8')),
);

export interface ComparisonAsked extends DateRange {
  readonly asOf: string;
  readonly decisions?: readonly PairDecision[];
}

let workDir: string | undefined;

/** A folder for everything that engines write; it is gone when the process ends. */
async function work(): Promise<string> {
  if (workDir === undefined) {
    const dir = await mkdtemp(path.join(tmpdir(), 'arbdata-comparison-'));
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    workDir = dir;
  }
  return workDir;
}

/** Classify a source and use the engine that holds the result. */
export async function compared<T>(
  source: RawSource,
  { start, end, asOf, decisions = [] }: ComparisonAsked,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const spillDir = path.join(await work(), 'spill');
  return withEngine({ spillDir, threads: 1 }, async (engine) => {
    await loadRaw(engine, source);
    await normalise(engine, { definitions, asOf, start, end, readers: ['comparison'] });
    await createCompared(engine, true);
    await engine.run(
      'CREATE TABLE earlier_subject (pre_app_id VARCHAR, case_id BIGINT, class VARCHAR, first_seen VARCHAR)',
    );
    await classify(engine, { lastMonth: monthOf(end), cutoffDay: 0, decisions });
    await createWeights(engine, definitions.comparison);
    await createSyllables(engine, definitions.syllables);
    await findPartners(engine);
    await createLines(engine);
    return use(engine);
  });
}

/** `class|pre_app_id|case_id|field|org_code` of every line, sorted as the reference sorts. */
export async function comparedLines(source: RawSource, asked: ComparisonAsked): Promise<string[]> {
  return compared(source, asked, async (engine) => {
    const rows: ComparisonRow[] = [];
    for await (const row of comparisonRows(engine)) rows.push(row);
    return rows
      .map((row) => [row.class, row.pre_app_id, row.case_id, row.field, row.org_code].join('|'))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  });
}
