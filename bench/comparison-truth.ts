/**
 * Precision and recall of the likeliest partner, per kind of error, on demo sources whose truth is known: of the pairs
 * that the generator linked, some lose their link and have one or two things mistyped.
 *
 *     node bench/comparison-truth.ts [--seeds 101,102,103] [--levels]
 *
 * `--levels` prints how often each level of evidence stands in true and other pairs; the weights in force were set with
 * seeds 1 to 3 in view, so that others are new to them.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadDefinitions } from '../pipelines/runtime/definitions.ts';
import { type Engine, withEngine } from '../pipelines/runtime/duckdb.ts';
import { createSourceTables } from '../pipelines/runtime/embedded-schema.ts';
import { fillDemo } from '../pipelines/steps/demo/demo.ts';
import { classify } from '../pipelines/steps/pre-application-comparison/classify.ts';
import { openEarlier } from '../pipelines/steps/pre-application-comparison/difference.ts';
import {
  createSyllables,
  createWeights,
  findPartners,
} from '../pipelines/steps/pre-application-comparison/evidence.ts';
import { createCompared } from '../pipelines/steps/pre-application-comparison/forms.ts';
import { normalise } from '../pipelines/steps/validate/normalise.ts';
import { VIEWS } from '../schemas/contract.ts';
import { parsePeriod } from '../schemas/period.ts';
import { inBenchFolder } from './runs.ts';

const UNTIL = '2026-10';
/** Every pair that loses its link gets one of these, in turn. */
const KINDS: Readonly<Record<string, string>> = {
  'nothing but the link': '',
  'name: another character': 'applicant_name = other_character(applicant_name, n)',
  'name: a homophone': 'applicant_name = homophone(applicant_name, n)',
  'number: two digits swapped': 'applicant_id_no = swapped(applicant_id_no, n)',
  'number: a digit wrong': 'applicant_id_no = mistyped(applicant_id_no, n)',
  'number: left out': 'applicant_id_no = NULL',
  'date moved 31 to 90 days': 'submit_time = submit_time - to_days(31 + n % 60)',
  'respondent: another character': 'respondent_name = other_character(respondent_name, n)',
  'respondent: number left out': 'respondent_id_no = NULL',
  'name and number':
    'applicant_name = homophone(applicant_name, n), applicant_id_no = mistyped(applicant_id_no, n)',
  'number and amount':
    'applicant_id_no = swapped(applicant_id_no, n), claim_amount = CAST(n * 7 AS DECIMAL(18, 2))',
  'name and both numbers left out':
    'applicant_name = other_character(applicant_name, n), applicant_id_no = NULL, respondent_id_no = NULL',
  'name, number and respondent':
    'applicant_name = homophone(applicant_name, n), applicant_id_no = mistyped(applicant_id_no, n), respondent_name = other_character(respondent_name, n)',
  'name, body and date':
    "applicant_name = other_character(applicant_name, n), org_code = '110000', submit_time = submit_time - to_days(40)",
};

interface Score {
  readonly kind: string;
  readonly pairs: number;
  /** A partner was named, and it was the right one. */
  readonly named: number;
  readonly right: number;
}

const definitions = loadDefinitions();

/** Errors as people make them, drawn from the row's number. */
async function createErrors(engine: Engine): Promise<void> {
  const table = Object.entries(definitions.syllables.syllables).map(([, characters]) => characters);
  await engine.run('CREATE TABLE homophones (characters VARCHAR)');
  await engine.append(
    'homophones',
    table.map((characters) => [characters] as const),
  );
  await engine.run(`
    CREATE MACRO at_place(text, place, piece) AS substr(text, 1, place - 1) || piece || substr(text, place + 1);
    CREATE MACRO other_character(text, n) AS at_place(text, 2 + n % (length(text) - 1),
      substr('丽建国海云山林峰涛洁敏军平华', CAST(1 + n % 14 AS INTEGER), 1));
    CREATE MACRO homophone(text, n) AS at_place(text, 2, COALESCE((
      SELECT any_value(substr(characters, CAST(1 + (n + 1) % length(characters) AS INTEGER), 1)) FROM homophones
      WHERE contains(characters, substr(text, 2, 1))), substr(text, 2, 1)));
    CREATE MACRO swapped(text, n) AS substr(text, 1, CAST(8 + n % 8 AS INTEGER)) || substr(text, CAST(10 + n % 8 AS INTEGER), 1)
      || substr(text, CAST(9 + n % 8 AS INTEGER), 1) || substr(text, CAST(11 + n % 8 AS INTEGER));
    CREATE MACRO mistyped(text, n) AS at_place(text, CAST(3 + n % 14 AS INTEGER), CAST((n // 14 + 3) % 10 AS VARCHAR))`);
}

/** Cut the links of every seventh pair of the last months, with one kind of error each; the truth stays in \`truth\`. */
async function breakLinks(engine: Engine): Promise<void> {
  const kinds = Object.keys(KINDS);
  await createErrors(engine);
  await engine.run(`
    CREATE TABLE truth AS
    SELECT pre_app_id, case_id, row_number() OVER (ORDER BY case_id) AS n, 0 AS kind FROM (
      SELECT p.pre_app_id, min(c.case_id) AS case_id
      FROM pre_application p JOIN arb_case c ON c.pre_app_id = p.pre_app_id AND c.deleted = '0'
      WHERE p.status = '2' AND p.submit_time >= TIMESTAMP '2026-01-01' AND p.applicant_kind = '1'
      GROUP BY p.pre_app_id HAVING count(*) = 1)
    WHERE case_id % 3 = 0;
    UPDATE truth SET kind = n % ${kinds.length};
    UPDATE arb_case SET pre_app_id = NULL WHERE case_id IN (SELECT case_id FROM truth);
    UPDATE pre_application SET case_no = NULL WHERE pre_app_id IN (SELECT pre_app_id FROM truth)`);
  await engine.run(`
    UPDATE pre_application SET claim_amount = claim_amount + CAST(1000 + t.n % 5000 AS DECIMAL(18, 2)) FROM truth t
    WHERE t.pre_app_id = pre_application.pre_app_id AND (t.n // 13) % 5 < 2;
    UPDATE pre_application SET dispute_type = '99' FROM truth t
    WHERE t.pre_app_id = pre_application.pre_app_id AND (t.n // 17) % 7 = 0`);
  for (const [place, kind] of kinds.entries()) {
    const change = KINDS[kind] ?? '';
    if (change === '') continue;
    const set = change.replaceAll(/\bn\b/g, 't.n');
    await engine.run(
      `UPDATE pre_application SET ${set} FROM truth t WHERE t.pre_app_id = pre_application.pre_app_id AND t.kind = ${place}`,
    );
  }
}

async function scoreSeed(seed: number, dir: string, showLevels: boolean): Promise<Score[]> {
  return withEngine({ spillDir: path.join(dir, `spill-${seed}`) }, async (engine) => {
    await createSourceTables(engine);
    const { asOf } = await fillDemo(engine, { size: 'demo', seed, until: UNTIL });
    await breakLinks(engine);
    for (const { name } of VIEWS) {
      const table = name.toLowerCase();
      await engine.run(`CREATE VIEW raw_${table} AS SELECT *, rowid AS raw_row FROM ${table}`);
    }
    await normalise(engine, {
      definitions,
      asOf,
      start: '2026-01-01',
      end: '2026-10-31',
      readers: ['comparison'],
    });
    await createCompared(engine, true);
    await openEarlier(engine, undefined);
    await classify(engine, { lastMonth: parsePeriod(UNTIL), cutoffDay: 0, decisions: [] });
    await createWeights(engine, definitions.comparison);
    await createSyllables(engine, definitions.syllables);
    await findPartners(engine);
    if (showLevels) await printLevels(engine);
    return scores(engine);
  });
}

/** First partners of pre-applications, and of those without a true one: these can only be wrong. */
async function scores(engine: Engine): Promise<Score[]> {
  const rows = await engine.rows<{ kind: number | null; pairs: string; named: string; right: string }>(`
    SELECT t.kind, count(*) AS pairs, count(f.case_id) AS named,
      count(*) FILTER (f.case_id = CAST(t.case_id AS VARCHAR)) AS "right"
    FROM (SELECT pre_row, pre_app_id FROM unlinked_pre WHERE is_listed = 1) u
    LEFT JOIN truth t ON t.pre_app_id = u.pre_app_id
    LEFT JOIN (SELECT pre_row, case_id FROM partner WHERE subject = 'pre_application' AND place = 1) f
      ON f.pre_row = u.pre_row
    GROUP BY t.kind ORDER BY t.kind NULLS LAST`);
  return rows.map(({ kind, pairs, named, right }) => ({
    kind: kind === null ? 'no true partner' : (Object.keys(KINDS)[kind] ?? ''),
    pairs: Number(pairs),
    named: Number(named),
    right: Number(right),
  }));
}

async function printLevels(engine: Engine): Promise<void> {
  const rows = await engine.rows<{ field: string; level: string; m: string; u: string }>(`
    WITH judged AS (
      SELECT e.field, e.level, e.position, t.case_id IS NOT NULL AS is_true
      FROM pair_evidence e
      JOIN compared_pre_application p ON p.pre_row = e.pre_row
      JOIN compared_case c ON c.case_row = e.case_row
      LEFT JOIN truth t ON t.pre_app_id = p.pre_app_id AND t.case_id = c.case_id)
    SELECT field, level,
      printf('%.5f', count(*) FILTER (is_true) / sum(count(*) FILTER (is_true)) OVER (PARTITION BY field)) AS m,
      printf('%.6f', count(*) FILTER (NOT is_true) / sum(count(*) FILTER (NOT is_true)) OVER (PARTITION BY field)) AS u
    FROM judged GROUP BY field, level ORDER BY min(position)`);
  for (const { field, level, m, u } of rows) {
    process.stdout.write(`${field.padEnd(18)} ${level.padEnd(14)} m ${m}  u ${u}\n`);
  }
}

const percent = (part: number, all: number): string => (all === 0 ? '—' : (part / all).toFixed(4));

function table(all: readonly Score[]): string {
  const total = (rows: readonly Score[], key: 'pairs' | 'named' | 'right') =>
    rows.reduce((sum, row) => sum + row[key], 0);
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  const lines = kinds.map((kind) => {
    const own = all.filter((row) => row.kind === kind);
    const [pairs, named, right] = [total(own, 'pairs'), total(own, 'named'), total(own, 'right')];
    const recall = kind === 'no true partner' ? '—' : percent(right, pairs);
    return `| ${kind} | ${pairs} | ${named} | ${right} | ${percent(right, named)} | ${recall} |`;
  });
  const withPartner = all.filter(({ kind }) => kind !== 'no true partner');
  const [right, named] = [total(all, 'right'), total(all, 'named')];
  return [
    '| kind of error | pre-applications | partner named | right | precision | recall |',
    '|---|---:|---:|---:|---:|---:|',
    ...lines,
    `| all | ${total(all, 'pairs')} | ${named} | ${right} | ${percent(right, named)} | ${percent(right, total(withPartner, 'pairs'))} |`,
    '',
  ].join('\n');
}

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '101,102,103' }, levels: { type: 'boolean', default: false } },
});
await inBenchFolder({}, async (dir) => {
  const all: Score[] = [];
  for (const seed of values.seeds.split(','))
    all.push(...(await scoreSeed(Number(seed), dir, values.levels)));
  process.stdout.write(table(all));
});
