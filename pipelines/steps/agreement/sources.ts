/** What each of the three says, as tables of one form: members (who is counted) and facts (what is known of a case). */
import type { AgreementFile, Side } from '../../../schemas/agreement.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

/** The first and the last day of the period, as day numbers. */
export interface Span {
  readonly startDay: number;
  readonly endDay: number;
}

/** How a side came to its numbers. */
export interface SideSource {
  readonly side: Side;
  /** The snapshot whose state it shows; ids begin with the time of the snapshot. */
  readonly snapshot: string;
  /** Everything but the data that the numbers depend on; equal texts, equal definitions. Empty for the platform. */
  readonly definitions: string;
  /** Of the platform: the last day of the last batch's period, and whether that batch kept a list of held cases. */
  readonly lastDay?: number;
  readonly saysHeld?: boolean;
  /** It cannot tell a case that is not there from one that is not known. */
  readonly isSilent?: boolean;
}

/** Create the functions and the empty tables that sides without a source leave empty. */
export async function createInputs(engine: Engine): Promise<void> {
  await engine.run(readSql('validate/010-functions.sql'));
  const fact = `case_key VARCHAR, state VARCHAR, case_no VARCHAR, org_code VARCHAR, accept_day BIGINT, close_day BIGINT`;
  await engine.run(`
    CREATE TABLE side_source (side VARCHAR, position BIGINT, snapshot VARCHAR, taken_at VARCHAR, definitions VARCHAR,
      silence VARCHAR, last_day BIGINT, says_held INTEGER);
    CREATE TABLE member (side VARCHAR, figure VARCHAR, org_code VARCHAR, case_key VARCHAR, n BIGINT);
    CREATE TABLE table_fact (${fact});
    CREATE TABLE cockpit_fact (${fact});
    CREATE TABLE held_back (case_key VARCHAR, rules VARCHAR)`);
}

/** Enter a side. Only sides that were entered are compared. */
export async function addSide(engine: Engine, position: number, source: SideSource): Promise<void> {
  const { side, snapshot, definitions, lastDay, saysHeld, isSilent = false } = source;
  const known = saysHeld === undefined ? 'NULL' : saysHeld ? '1' : '0';
  await engine.run(`INSERT INTO side_source VALUES (${literal(side)}, ${position}, ${literal(snapshot)},
    ${literal(snapshot.slice(0, 'YYYYMMDD-HHMMSS'.length))}, ${literal(definitions)},
    ${literal(isSilent ? 'unknown' : 'absent')}, ${lastDay ?? 'NULL'}, ${known})`);
}

/** The monthly table: its frozen membership and facts. */
export async function addTable(
  engine: Engine,
  { figures }: AgreementFile,
  files: { readonly membership: string; readonly caseFacts: string },
): Promise<void> {
  await engine.run(`
    INSERT INTO member
    SELECT 'table', indicator_id, org_code, record_name(record_id), count(*)
    FROM read_parquet(${literal(files.membership)})
    WHERE scope = 'month' AND indicator_id IN (${listed(figures)})
    GROUP BY indicator_id, org_code, record_name(record_id);
    INSERT INTO table_fact
    SELECT record_name(case_id),
      CASE
        WHEN counted = 1 THEN 'counted' WHEN deleted = 1 THEN 'deleted' WHEN accept_day IS NULL THEN 'unaccepted'
        ELSE 'excluded'
      END,
      case_no, org_code, accept_day, close_day
    FROM read_parquet(${literal(files.caseFacts)})
    WHERE case_id IS NOT NULL`);
}

/**
 * The cockpit: its members of the month. What it knows of a case is the snapshot's row, with the body as the cockpit
 * shows it where it shows the case.
 * @param files.cases Parquet of the snapshot's ARB_CASE; `same`: the snapshot and the definitions are those of the monthly
 *   table, so that its facts are the cockpit's, too; undefined: the snapshot is gone, and nothing is known
 */
export async function addCockpit(
  engine: Engine,
  { figures }: AgreementFile,
  files: {
    readonly month: string;
    readonly members: string;
    readonly records: string;
    readonly cases: string | 'same' | undefined;
  },
): Promise<void> {
  const { month, members, records, cases } = files;
  await engine.run(`
    INSERT INTO member
    SELECT 'cockpit', figure, org_code, record_id, count(*)
    FROM read_parquet(${literal(members)})
    WHERE kind = 'case' AND month = ${literal(month)} AND figure IN (${listed(figures)})
    GROUP BY figure, org_code, record_id`);
  if (cases === undefined) return;
  await engine.run(
    cases === 'same'
      ? 'INSERT INTO cockpit_fact SELECT * FROM table_fact'
      : `INSERT INTO cockpit_fact
         WITH frozen AS (SELECT * FROM read_parquet(${literal(cases)}) WHERE case_id IS NOT NULL),
         repeated AS (SELECT case_id FROM frozen GROUP BY case_id HAVING count(*) > 1),
         -- Of rows that share a key the latest counts; only they are put in order.
         kept AS (
           SELECT *, 1 AS place FROM frozen WHERE case_id NOT IN (SELECT case_id FROM repeated)
           UNION ALL
           SELECT *, row_number() OVER (PARTITION BY case_id ORDER BY updated_at DESC NULLS LAST, to_json(c)) AS place
           FROM frozen c
           WHERE case_id IN (SELECT case_id FROM repeated))
         SELECT record_name(k.case_id),
           CASE WHEN NOT is_undeleted(trim(k.deleted)) THEN 'deleted' WHEN k.accept_date IS NULL THEN 'unaccepted' ELSE 'present' END,
           COALESCE(r.title, k.case_no), COALESCE(r.org_code, trim(k.org_code)), day_number(k.accept_date), day_number(k.close_date)
         FROM kept k
         LEFT JOIN read_parquet(${literal(records)}) r ON r.kind = 'case' AND r.record_id = record_name(k.case_id)
         WHERE k.place = 1`,
  );
}

/**
 * The platform: what it holds, by the days that its records say. Needs `attempt`, `platform_record`, `held_content`.
 * @param delivered the batches that reached it
 * @param heldBack Parquet of what the last batch held back, where it kept it
 */
export async function addPlatform(
  engine: Engine,
  file: AgreementFile,
  {
    span,
    delivered,
    heldBack,
  }: { readonly span: Span; readonly delivered: readonly string[]; readonly heldBack: string | undefined },
): Promise<void> {
  await engine.run('CREATE TABLE delivered_batch (batch VARCHAR)');
  await engine.append(
    'delivered_batch',
    delivered.map((batch) => [batch]),
  );
  await engine.run(readSql('agreement/010-platform.sql'));
  await engine.run(`
    INSERT INTO member
    SELECT 'platform', figure, org_code, case_key, count(*)
    FROM (${fallsSql(file, span, "SELECT * FROM platform_fact WHERE state = 'held'")}) f
    GROUP BY figure, org_code, case_key`);
  if (heldBack === undefined) return;
  await engine.run(`
    INSERT INTO held_back
    SELECT record_name(case_id), string_agg(DISTINCT rules, ',') FROM read_parquet(${literal(heldBack)}) GROUP BY case_id`);
}

/** Whether the platform holds records that say no day of acceptance: they fall into no month. */
export async function hasUndated(engine: Engine): Promise<boolean> {
  const { n } = await engine.one<{ n: string }>(
    "SELECT count(*) AS n FROM platform_fact WHERE state = 'undated'",
  );
  return n !== '0';
}

/** SQL: the rows of a source with accept_day and close_day, once for each figure that they fall into, as `figure`. */
export function fallsSql({ figures }: AgreementFile, { startDay, endDay }: Span, source: string): string {
  const parts = figures.map(
    ({ id, falls }) => `
    SELECT ${literal(id)} AS figure, s.*
    FROM (SELECT *, ${startDay} AS start_day, ${endDay} AS end_day FROM (${source})) s
    WHERE ${falls}`,
  );
  return parts.join(' UNION ALL ');
}

const listed = (figures: AgreementFile['figures']): string => figures.map(({ id }) => literal(id)).join(', ');
