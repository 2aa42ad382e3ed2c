/** What each case to be reported says now, what holds cases back, and what is to be asked of the platform. */
import { createHmac } from 'node:crypto';
import type { Policy } from '../../../schemas/submission.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import type { Layout } from './layout.ts';
import { shownMessageSql } from './platform-words.ts';

/** Cases judged at a time: what they say is held as text meanwhile. */
const SLICE_CASES = 50_000;
/** Stands as the rule of a case that satisfies every rule but does not fit the platform's record. */
export const LAYOUT_RULE = 'FORMAT';

/** What fingerprints are made under: how persons' data go out, and the key. */
export interface Print {
  readonly policy: Policy;
  /** Makes the fingerprint a keyed one: it reveals nothing of what it is made of. */
  readonly key: Buffer;
}

/** Create the views `submission_case`, `submission_party`, `submission_claim`. Needs the valid tables and facts. */
export async function createSubmissionSource(engine: Engine): Promise<void> {
  await engine.run(readSql('submission/010-source.sql'));
}

/** Create `held_finding`: why the rules hold cases back. Needs the views of {@link createSubmissionSource}. */
export async function createHeldFindings(engine: Engine): Promise<void> {
  await engine.run(readSql('submission/020-held-finding.sql'));
}

/**
 * Create `held_finding` (why cases are held back, first by the rules) and `submission_current(case_id, org_code,
 * fingerprint)`: one row per case that is reportable now. Cases that do not fit the platform's record are held back, too.
 */
export async function createCurrent(engine: Engine, layout: Layout, print: Print): Promise<void> {
  await createHeldFindings(engine);
  await engine.run(`
    CREATE TABLE submission_current (case_id BIGINT, org_code VARCHAR, fingerprint VARCHAR);
    CREATE TEMP TABLE held_by_rule AS SELECT DISTINCT case_id FROM held_finding`);
  for (const within of await caseRanges(engine)) {
    const chosen = `${within} AND case_id NOT IN (SELECT case_id FROM held_by_rule)`;
    await engine.run(`
      CREATE TEMP TABLE judged_case AS ${judgedSelect(layout, { chosen, within, ...print })};
      INSERT INTO submission_current SELECT case_id, org_code, fingerprint FROM judged_case WHERE problems IS NULL`);
    await addLayoutFindings(engine, layout);
    await engine.run('DROP TABLE judged_case');
  }
  await engine.run('DROP TABLE held_by_rule');
}

/** Write `case_id, org_code, rules` of every case that is held back: the rules in their order, with commas between. */
export async function writeHeldBack(engine: Engine, file: string): Promise<void> {
  await engine.copyToParquet(
    `SELECT case_id, org_code, string_agg(DISTINCT rule_id, ',' ORDER BY rule_id) AS rules
     FROM held_finding GROUP BY case_id, org_code ORDER BY case_id, org_code`,
    file,
  );
}

/** Conditions that cut the cases into ranges of ids: the engine skips what lies outside of one. */
async function caseRanges(engine: Engine): Promise<string[]> {
  const ranges = await engine.rows<{ first: string; last: string }>(`
    SELECT min(case_id) AS first, max(case_id) AS last
    FROM (SELECT case_id, row_number() OVER (ORDER BY case_id) - 1 AS place FROM submission_case)
    GROUP BY place // ${SLICE_CASES} ORDER BY 1`);
  return ranges.map(({ first, last }) => `case_id BETWEEN ${first} AND ${last}`);
}

/**
 * SQL: `case_id, org_code, case_no, fingerprint, problems` of the cases to be reported that a condition chooses; `within`
 * is a condition on the ids alone, which holds for all of them.
 * The fingerprint is a keyed SHA-256 over the layout's shape and every text of the record; the order of parties and of
 * claims does not count.
 */
function judgedSelect(
  layout: Layout,
  { chosen, within, policy, key }: Print & { readonly chosen: string; readonly within: string },
): string {
  const { platform } = layout;
  const secret = createHmac('sha256', key).update(layout.shape).digest('hex');
  const lists = (['parties', 'claims'] as const).flatMap((name) => {
    const list = platform[name];
    return list === undefined ? [] : [{ name, list, view: LISTS[name].view }];
  });
  const joined = lists.map(
    ({ name, list, view }) => `
    ${name} AS (
      SELECT l.case_id, count(*) AS items, array_to_string(list_sort(list(${layout.plain(list.fields, policy)})), chr(29)) AS text,
        flatten(list(problems) FILTER (problems IS NOT NULL)) AS problems
      FROM (SELECT *, ${layout.problems(list.fields, `${name}/`)} AS problems FROM ${view} WHERE ${within}) l
      GROUP BY l.case_id)`,
  );
  const few = lists.map(
    ({ name, list }) =>
      `CASE WHEN COALESCE(${name}.items, 0) < ${list.minItems} THEN ['${list.element}:number'] END`,
  );
  const texts = [
    literal(secret),
    'c.text',
    ...lists.map(
      ({ name, list }) => `chr(30) || ${literal(`${list.element}/${list.item}=`)} || ${name}.text`,
    ),
  ];
  const problems = ['c.problems', ...lists.map(({ name }) => `${name}.problems`), ...few];
  return `
    WITH chosen AS (
      SELECT case_id, org_code, case_no, ${layout.plain(platform.fields, policy)} AS text, ${layout.problems(platform.fields, '')} AS problems
      FROM submission_case WHERE ${chosen})${joined.map((one) => `,${one}`).join('')}
    SELECT c.case_id, c.org_code, c.case_no,
      sha256(concat(${texts.join(', ')})) AS fingerprint,
      CASE WHEN ${problems.map((one) => `${one} IS NOT NULL`).join(' OR ')}
        THEN list_distinct(flatten(list_filter([${problems.join(', ')}], lambda x: x IS NOT NULL))) END AS problems
    FROM chosen c ${lists.map(({ name }) => `LEFT JOIN ${name} ON ${name}.case_id = c.case_id`).join(' ')}`;
}

/**
 * Add to `platform_rejection` what was rejected, has neither changed nor been released since, and waits for no answer.
 * Needs `platform_record`. A rejected deletion stands as long as the case is not to be reported again.
 */
export async function addRejections(engine: Engine, layout: Layout, print: Print): Promise<void> {
  await engine.run(`
    CREATE TEMP TABLE rejected_record AS
    SELECT * FROM platform_record WHERE rejection_batch IS NOT NULL AND NOT is_waiting AND NOT is_released`);
  const within = 'case_id IN (SELECT case_id FROM rejected_record)';
  await engine.run(`
    CREATE TEMP TABLE rejected_now AS ${judgedSelect(layout, { chosen: within, within, ...print })};
    INSERT INTO platform_rejection
    SELECT r.case_id, COALESCE(c.org_code, r.org_code), concat_ws(' ', r.rejection_code, ${shownMessageSql('r.rejection_message', 'r.case_id')}),
      r.rejection_batch
    FROM rejected_record r
    LEFT JOIN rejected_now c ON c.case_id = r.case_id
    WHERE r.rejection_fingerprint = COALESCE(c.fingerprint, '');
    DROP TABLE rejected_record;
    DROP TABLE rejected_now`);
}

/** Where the rows of a list come from, and their order in a record. */
export const LISTS = {
  parties: { view: 'submission_party', order: 'role, party_id' },
  claims: { view: 'submission_claim', order: 'claim_id' },
} as const;

/** What is wrong with an element, in words for the clerk who corrects it. */
const PROBLEM_WORDS = {
  required: '未填写，或者没有对应的平台代码',
  length: '超过平台允许的长度',
  characters: '含有控制字符或非法字符',
  pattern: '不符合平台规定的格式',
  range: '超出平台允许的范围',
  number: '数量不足',
} as const;

/** `problem, field, message` of everything that can be wrong with some elements. */
function wordsOf(
  elements: readonly { readonly element: string; readonly title: string; readonly from?: string }[],
  within: string,
): (readonly [string, string, string])[] {
  return elements.flatMap(({ element, title, from }) =>
    Object.entries(PROBLEM_WORDS).map(
      ([what, text]) =>
        [
          `${within}${element}:${what}`,
          from?.toUpperCase() ?? element,
          `${title}${text}（${element}）`,
        ] as const,
    ),
  );
}

async function addLayoutFindings(engine: Engine, { platform }: Layout): Promise<void> {
  const { fields, parties, claims } = platform;
  const words = [
    ...wordsOf(fields, ''),
    ...Object.entries({ parties, claims }).flatMap(([name, group]) =>
      group === undefined ? [] : [...wordsOf([group], ''), ...wordsOf(group.fields, `${name}/`)],
    ),
  ];
  await engine.run('CREATE TEMP TABLE layout_word (problem VARCHAR, field VARCHAR, message VARCHAR)');
  await engine.append('layout_word', words);
  await engine.run(`
    INSERT INTO held_finding
    SELECT j.case_id, j.org_code, j.case_no, '${LAYOUT_RULE}', 'ARB_CASE', CAST(j.case_id AS VARCHAR), w.field, '', w.message
    FROM (SELECT *, unnest(problems) AS problem FROM judged_case WHERE problems IS NOT NULL) j
    JOIN layout_word w ON w.problem = j.problem;
    DROP TABLE layout_word`);
}

/**
 * Create `submission_decision` (one row per case to be reported or known to the platform, with what is decided) and
 * `submission_record` (what the batch asks, numbered in the order of cases). Needs `platform_record`.
 */
export async function createDecisions(engine: Engine, layout: Layout): Promise<void> {
  const { recordPrefix, format } = layout.platform;
  const decision = readSql('submission/200-decision.sql').replaceAll(':record_prefix', literal(recordPrefix));
  await engine.run(decision);
  await engine.run(
    readSql('submission/210-record.sql').replaceAll(':records_per_file', String(format.recordsPerFile)),
  );
}
