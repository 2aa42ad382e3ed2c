/** Run the rules: each is one SELECT under sql/rules/ that lists the records that break it. */
import type { Rule } from '../../../schemas/definitions.ts';
import type { PeriodKind } from '../../../schemas/period.ts';
import type { Definitions } from '../../runtime/definitions.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { maskSql } from '../../runtime/masking.ts';
import { readSql } from '../../runtime/project.ts';

export interface RuleOptions {
  readonly definitions: Pick<Definitions, 'rules' | 'personalColumns'>;
  /** The rules on outliers (V047, V048) compare months, so they run for months only. */
  readonly periodKind: PeriodKind;
  /** The home's secret key: without it a fingerprint tells nothing about a value. */
  readonly secret: Buffer;
  /** Told after each rule, for progress. */
  readonly onRule?: (done: number, total: number) => void;
}

/** Rules that list what falls in the period of the run; another period's are not resolved by being absent. */
export const PERIOD_BOUND_RULES = ['V008', 'V023', 'V047', 'V048'] as const;
const MONTH_RULES: readonly string[] = ['V047', 'V048'];
/** How a missing value is shown. */
const MISSING = '（空）';
/** Longer values are cut: the finding points at the record, it does not repeat it. */
const VALUE_CHARACTERS = 200;

/**
 * Create the table `finding(rule_id, severity, scope, record_key, org_code, field, value, message, fingerprint)`:
 * one row per rule and record. Needs the valid tables, the facts and, for a month, `monthly_flow` and
 * `month_window`.
 * @returns the number of findings
 */
export async function runRules(engine: Engine, options: RuleOptions): Promise<number> {
  const rules = options.definitions.rules.filter(
    ({ id }) => options.periodKind === 'month' || !MONTH_RULES.includes(id),
  );
  await engine.run(`
    -- One row per rule and record that breaks it, values as they are; removed before this function returns.
    CREATE TEMP TABLE breach (
      rule_id VARCHAR, severity VARCHAR, scope VARCHAR, record_key VARCHAR, org_code VARCHAR,
      field VARCHAR[], value VARCHAR[], is_person BOOLEAN DEFAULT TRUE,
      related VARCHAR, related_mark VARCHAR)`);
  await engine.run(readSql('validate/050-case-block.sql'));
  for (const [index, rule] of rules.entries()) {
    await engine.run(breachSql(rule));
    options.onRule?.(index + 1, rules.length);
  }
  await createFindings(engine, options);
  const { n } = await engine.one<{ n: string }>('SELECT count(*) AS n FROM finding');
  return Number(n);
}

/** The statement that adds a rule's breaches; a rule with scope `any` states each record's view itself. */
function breachSql({ id, severity, scope }: Rule): string {
  const select = readSql(`rules/${id}.sql`).trimEnd().replace(/;$/, '');
  const scopeColumn = scope === 'any' ? '' : `${literal(scope)} AS scope,`;
  return `
    INSERT INTO breach BY NAME
    SELECT ${literal(id)} AS rule_id, ${literal(severity)} AS severity, ${scopeColumn} b.* FROM (${select}) b`;
}

async function createFindings(engine: Engine, { definitions, secret }: RuleOptions): Promise<void> {
  await engine.run('CREATE TEMP TABLE rule_text (rule_id VARCHAR, message VARCHAR)');
  await engine.append(
    'rule_text',
    definitions.rules.map(({ id, message }) => [id, message] as const),
  );
  await engine.run(`
    CREATE TABLE finding AS
    WITH part AS (
      SELECT *, list_filter(list_zip(field, value), lambda x: x[1] IS NOT NULL) AS parts FROM breach
    ),
    shown AS (
      SELECT rule_id, severity, scope, record_key, org_code, related,
        array_to_string(list_transform(parts, lambda x: x[1]), ',') AS field,
        array_to_string(list_transform(parts, lambda x: ${shownValueSql(definitions)}), ';') AS value,
        ${fingerprintSql(secret.toString('hex'))} AS fingerprint
      FROM part
    ),
    one AS (
      SELECT * FROM shown WHERE record_key <> '${MISSING}'
      UNION ALL
      SELECT rule_id, severity, scope, record_key, min(org_code), min(related), min(field),
        string_agg(DISTINCT value, ';' ORDER BY value),
        left(sha256(string_agg(fingerprint, ',' ORDER BY fingerprint)), 32)
      FROM shown WHERE record_key = '${MISSING}' GROUP BY rule_id, severity, scope, record_key
    )
    SELECT o.rule_id, o.severity, o.scope, o.record_key, o.org_code, o.field, o.value,
      replace(replace(t.message, '{related}', COALESCE(o.related, '')), '{value}', o.value) AS message,
      o.fingerprint
    FROM one o JOIN rule_text t ON t.rule_id = o.rule_id;
    DROP TABLE rule_text;
    DROP TABLE case_block;
    DROP TABLE breach`);
}

/**
 * A value (`x[2]` of the column `x[1]`) as people see it: masked where the column is personal and the record may
 * be a person's, cut, without control characters (no workbook can hold them).
 */
function shownValueSql({ personalColumns }: RuleOptions['definitions']): string {
  const masks = Object.entries(personalColumns.columns).map(([place, kind]) => {
    const [view = '', column = ''] = place.split('.');
    return `WHEN is_person AND scope = ${literal(view)} AND x[1] = ${literal(column)} THEN ${maskSql(kind, 'x[2]')}`;
  });
  const shown = masks.length === 0 ? 'x[2]' : `CASE ${masks.join(' ')} ELSE x[2] END`;
  return `COALESCE(regexp_replace(left(${shown}, ${VALUE_CHARACTERS}), '[\\p{Cc}\\x{FFFE}\\x{FFFF}]', '�', 'g'), '${MISSING}')`;
}

/** Keyed SHA-256 over what was judged, 32 hex digits. */
function fingerprintSql(secretHex: string): string {
  return `left(sha256(concat_ws(chr(31), ${literal(secretHex)}, rule_id, scope, record_key,
    to_json(parts), COALESCE(related, ''), COALESCE(related_mark, ''))), 32)`;
}
