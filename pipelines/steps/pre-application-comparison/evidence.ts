/** What speaks for a pair of a pre-application and a case, in the manner of Fellegi and Sunter. */
import {
  COMPARISON_CLASSES,
  type ComparisonFile,
  type ComparisonPartner,
  PROBLEM_CLASSES,
  type SyllablesFile,
  weightHundredths,
} from '../../../schemas/comparison.ts';
import { formatDecimal } from '../../runtime/decimal.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

/** Create `evidence_weight(field, level, position, weight, reason)` and `comparison_class(class, position, is_problem)`. */
export async function createWeights(engine: Engine, { evidence, threshold }: ComparisonFile): Promise<void> {
  const rows = Object.entries(evidence).flatMap(([field, levels]) =>
    levels.map((one) => [field, one.level, weightHundredths(one), one.reason] as const),
  );
  const values = rows.map(
    ([field, level, weight, reason], place) =>
      `(${literal(field)}, ${literal(level)}, ${place}, CAST(${weight} AS BIGINT), ${literal(reason)})`,
  );
  const classes = COMPARISON_CLASSES.map(
    (name, place) => `(${literal(name)}, ${place}, ${PROBLEM_CLASSES.includes(name) ? 1 : 0})`,
  );
  await engine.run(`
    CREATE TABLE evidence_weight AS
    SELECT * FROM (VALUES ${values.join(', ')}) v(field, level, position, weight, reason);
    CREATE TABLE comparison_class AS SELECT * FROM (VALUES ${classes.join(', ')}) v(class, position, is_problem);
    CREATE TABLE evidence_threshold AS SELECT CAST(${Math.round(threshold * 100)} AS BIGINT) AS threshold`);
}

/** Create `syllable(character, syllable)`: how characters sound. */
export async function createSyllables(engine: Engine, { syllables }: SyllablesFile): Promise<void> {
  await engine.run('CREATE TABLE syllable (character VARCHAR, syllable VARCHAR)');
  const rows = Object.entries(syllables).flatMap(([syllable, characters]) =>
    [...characters].map((character) => [character, syllable] as const),
  );
  await engine.append('syllable', rows);
}

/**
 * Find and weigh the pairs that may belong together: the exact candidates, and what shares a key with an unlinked
 * pre-application or orphan case (`block_pair`). Creates `pair_evidence`, `pair_score` and `partner`.
 */
export async function findPartners(engine: Engine): Promise<void> {
  await engine.run(readSql('comparison/035-block.sql'));
  await engine.run(readSql('comparison/040-sound.sql'));
  await engine.run(readSql('comparison/037-block-pair.sql'));
  await engine.run(`
    CREATE OR REPLACE TABLE pair AS
    SELECT pre_row, case_row FROM block_pair UNION SELECT pre_row, case_row FROM candidate;
    CREATE OR REPLACE TABLE heard_name AS
    SELECT p.applicant_name AS name FROM pair x JOIN compared_pre_application p ON p.pre_row = x.pre_row
    WHERE p.applicant_name IS NOT NULL
    UNION
    SELECT p.respondent_name FROM pair x JOIN compared_pre_application p ON p.pre_row = x.pre_row
    WHERE p.respondent_name IS NOT NULL
    UNION
    SELECT q.name FROM pair x JOIN compared_case c ON c.case_row = x.case_row JOIN compared_party q ON q.case_id = c.case_id
    WHERE q.name IS NOT NULL`);
  await engine.run(readSql('comparison/040-sound.sql'));
  await engine.run(readSql('comparison/050-evidence.sql'));
  await engine.run(readSql('comparison/065-partner.sql'));
}

/** All partners: pre-applications first, then cases, each with the likeliest first. */
export async function* partners(engine: Engine): AsyncGenerator<ComparisonPartner> {
  type Raw = Record<'pre_app_id' | 'case_id' | 'org_code' | 'place' | 'score' | 'reasons', string> &
    Pick<ComparisonPartner, 'subject'>;
  const select = `SELECT subject, pre_app_id, case_id, org_code, place, CAST(score AS VARCHAR) AS score, reasons FROM partner
    ORDER BY CASE subject WHEN 'case' THEN 1 ELSE 0 END,
      CASE subject WHEN 'case' THEN '' ELSE pre_app_id END, CASE subject WHEN 'case' THEN case_number END,
      CASE subject WHEN 'case' THEN case_row ELSE pre_row END, place`;
  for await (const rows of engine.stream<Raw>(select)) {
    for (const { subject, pre_app_id, case_id, org_code, place, score, reasons } of rows) {
      yield {
        subject,
        preAppId: pre_app_id,
        caseId: case_id,
        orgCode: org_code,
        place: Number(place),
        score: formatDecimal(BigInt(score), 2),
        reasons,
      };
    }
  }
}
