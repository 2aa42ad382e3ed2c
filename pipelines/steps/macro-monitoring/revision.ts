/** The revision statement (修订说明): every case that makes today's stock or flows differ from what was published. */
import {
  type CheckResult,
  type RevisionCause,
  type RevisionEffect,
  type RevisionEntry,
  type RevisionSummary,
  WHOLE_CODE,
} from '../../../schemas/dataset.ts';
import type { SumIndicator } from '../../../schemas/definitions.ts';
import { dayText } from '../../../schemas/period.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { type Figures, flowIndicators } from './figures.ts';
import { membershipSelect } from './membership.ts';
import type { WindowId } from './windows.ts';

/** What a publication is to this one: the period before (K11), an earlier revision of it, the same period a year ago. */
export type RevisionKind = 'previous' | 'same' | 'last_year';

/** A publication that is compared with today's facts. */
export interface PublishedBasis {
  readonly kind: RevisionKind;
  readonly period: string;
  readonly revision: number;
  readonly caseFactsFile: string;
  readonly mediationFactsFile: string;
  readonly membershipFile: string;
  readonly datasetFile: string;
  /** The spans as they were published, days since 1970-01-01. */
  readonly flowStartDay: number;
  readonly monthStartDay: number;
  readonly endDay: number;
  /** Whether definitions or the cut-off day are other ones today. */
  readonly definitionsChanged: boolean;
  /** Whether another version of this program counted it: then no record is taken to be as it was. */
  readonly versionChanged: boolean;
}

/** Where today's figures stand that belong beside the published ones. */
const TODAY = {
  previous: { stock: 'A01', stockWindow: 'month', month: 'previous', ytd: 'previous_ytd' },
  same: { stock: 'B01', stockWindow: 'month', month: 'month', ytd: 'ytd' },
  last_year: { stock: 'B01', stockWindow: 'last_year', month: 'last_year', ytd: 'last_year_ytd' },
} as const satisfies Record<
  RevisionKind,
  { stock: 'A01' | 'B01'; stockWindow: WindowId; month: WindowId; ytd: WindowId }
>;
const PUBLISHED_STOCK = 'B01';
/** The flows that K11 holds, beside the stock. */
const CHECKED_FLOWS = ['A02', 'C01', 'A09'] as const;

/** Which of today's figures stands beside the published B01. */
export function stockOf(kind: RevisionKind): 'A01' | 'B01' {
  return TODAY[kind].stock;
}

interface RawEntry {
  is_mediation: number;
  record_id: string | null;
  case_no: string | null;
  cause: RevisionCause;
  is_new: number;
  is_gone: number;
  old_org_code: string | null;
  new_org_code: string | null;
  old_accept_day: string | null;
  new_accept_day: string | null;
  old_reject_day: string | null;
  new_reject_day: string | null;
  old_close_day: string | null;
  new_close_day: string | null;
  old_deleted: number | null;
  new_deleted: number | null;
  old_counted: number | null;
  new_counted: number | null;
  old_exclusion: string | null;
  new_exclusion: string | null;
  effect_org_code: string | null;
  open_delta: string;
  other_deltas: string;
}

export interface RevisionResult {
  readonly basis: PublishedBasis;
  /** Records listed. */
  readonly cases: number;
  readonly summary: readonly RevisionSummary[];
  readonly checks: readonly CheckResult[];
  /** The statement's rows for people, read from the engine when asked for. */
  entries(): AsyncIterable<RevisionEntry>;
  /** SQL of the statement's rows, for the frozen Parquet. */
  readonly select: string;
}

/**
 * Compare the members of the published figures with those of the same figures today: a record is listed where it
 * contributes otherwise to the stock or to a flow. Leaves the table `revision_statement_<kind>` in the engine.
 * The check K11 compares the signed sum of the listed records with the difference of the figures, body by body.
 */
export async function reviseAgainst(
  engine: Engine,
  basis: PublishedBasis,
  figures: Figures,
): Promise<RevisionResult> {
  const table = `revision_statement_${basis.kind}`;
  const published = await publishedDataset(engine, basis);
  const nameOf = (org: string): string =>
    figures.bodies.some(({ code }) => code === org)
      ? figures.nameOf(org)
      : (published.names.get(org) ?? figures.nameOf(org));
  await createMembers(engine, basis, figures, published.ids);
  await engine.run(readSql('datasets/020-revision-delta.sql'));
  await engine.run(readSql('datasets/030-revision-sum.sql'));
  await engine.run(readSql('datasets/040-revision-side.sql'));
  await engine.run(readSql('datasets/050-revision.sql'));
  await engine.run(`CREATE TABLE ${table} AS ${readSql('reports/revision-entry.sql')}`);
  const { cases } = await engine.one<{ cases: string }>('SELECT COUNT(*) AS cases FROM revision');
  const compared = await compareBodies(engine, basis, figures, published);
  await engine.run(`
    DROP TABLE old_member; DROP TABLE new_member; DROP TABLE revision_indicator; DROP TABLE revision_span;
    DROP VIEW old_case_fact; DROP VIEW old_mediation_fact;
    DROP TABLE revision_delta; DROP TABLE revision_sum; DROP TABLE revision_side; DROP TABLE revision;`);
  const select = `SELECT ${literal(basis.kind)} AS basis, * FROM ${table}`;
  return {
    basis,
    cases: Number(cases),
    summary: compared
      .filter(({ span, orgCode }) => span === 'stock' && orgCode !== WHOLE_CODE)
      .map((one) => summaryOf(one, nameOf)),
    checks: basis.kind === 'last_year' ? [] : compared.map((one) => checkOf(one, basis, nameOf)),
    entries: () => revisionEntries(engine, select, nameOf),
    select,
  };
}

/** `old_member` and `new_member`: who contributes what to the stock and to each flow that both sides know. */
async function createMembers(
  engine: Engine,
  basis: PublishedBasis,
  figures: Figures,
  publishedIds: ReadonlySet<string>,
): Promise<void> {
  const flows = flowIndicators(figures.indicators).filter(({ id }) => publishedIds.has(id));
  const today = TODAY[basis.kind];
  const stock = figures.indicators.filter(({ id }) => id === today.stock);
  const spanOf = `CASE scope WHEN ${literal(today.month)} THEN 'month' ELSE 'ytd' END`;
  await engine.run(indicatorSql(flows));
  const any = basis.definitionsChanged || basis.versionChanged;
  const files = { case: literal(basis.caseFactsFile), mediation: literal(basis.mediationFactsFile) };
  const membership = `read_parquet(${literal(basis.membershipFile)})`;
  await engine.run(`
    CREATE VIEW old_case_fact AS SELECT * FROM read_parquet(${files.case});
    CREATE VIEW old_mediation_fact AS SELECT * FROM read_parquet(${files.mediation});
    CREATE TABLE revision_span AS SELECT CAST(${basis.flowStartDay} AS BIGINT) AS flow_start_day,
      CAST(${basis.monthStartDay} AS BIGINT) AS month_start_day, CAST(${basis.endDay} AS BIGINT) AS end_day,
      ${basis.definitionsChanged ? 1 : 0} AS definitions_changed;
    ${any ? '' : CANDIDATES_SQL}
    CREATE TABLE old_member AS
      SELECT i.is_mediation, m.record_id, m.org_code, m.scope AS span, m.indicator_id, m.quantity
      FROM ${membership} m JOIN revision_indicator i ON i.indicator_id = m.indicator_id
      WHERE ${any ? 'TRUE' : isCandidate('i.is_mediation = 1', 'm.record_id')}
      UNION ALL
      SELECT 0, m.record_id, m.org_code, 'stock', m.indicator_id, m.quantity
      FROM ${membership} m WHERE m.scope = 'month' AND m.indicator_id = ${literal(PUBLISHED_STOCK)}
        AND ${any ? 'TRUE' : isCandidate('FALSE', 'm.record_id')};
    CREATE TABLE revised_population AS
      SELECT * FROM population
      WHERE window_id IN (${[today.month, today.ytd, today.stockWindow].map(literal).join(', ')})
        AND ${any ? 'TRUE' : isCandidate("population IN ('mediation_accepted', 'mediation_closed')", 'record_id')};
    CREATE TABLE new_member AS
      SELECT i.is_mediation, m.record_id, m.org_code, ${spanOf} AS span, m.indicator_id, m.quantity
      FROM (${membershipSelect(flows, 'revised_population')}) m
      JOIN revision_indicator i ON i.indicator_id = m.indicator_id
      WHERE m.scope IN (${literal(today.month)}, ${literal(today.ytd)})
      UNION ALL
      SELECT 0, record_id, org_code, 'stock', ${literal(PUBLISHED_STOCK)}, quantity
      FROM (${membershipSelect(stock, 'revised_population')}) WHERE scope = ${literal(today.stockWindow)};
    DROP TABLE revised_population; DROP TABLE IF EXISTS revision_candidate;`);
}

/**
 * `revision_candidate`: records whose facts are not word for word those that were frozen. Under the same definitions
 * nothing else can contribute otherwise, and it is a small part of all; K11 proves that nothing was missed.
 */
const CANDIDATES_SQL = `
    CREATE TABLE revision_candidate AS
      SELECT 0 AS is_mediation, COALESCE(o.id, n.id) AS record_id
      FROM (SELECT case_id AS id, hash(f) AS row_hash FROM old_case_fact f) o
      FULL JOIN (SELECT case_id AS id, hash(f) AS row_hash FROM case_fact f) n ON n.id = o.id
      WHERE o.row_hash IS DISTINCT FROM n.row_hash
      UNION ALL
      SELECT 1, COALESCE(o.id, n.id)
      FROM (SELECT mediation_id AS id, hash(f) AS row_hash FROM old_mediation_fact f) o
      FULL JOIN (SELECT mediation_id AS id, hash(f) AS row_hash FROM mediation_fact f) n ON n.id = o.id
      WHERE o.row_hash IS DISTINCT FROM n.row_hash;`;

/** A condition that keeps candidates, and every record without a key. */
function isCandidate(isMediation: string, recordId: string): string {
  const among = (kind: 0 | 1): string =>
    `${recordId} IN (SELECT record_id FROM revision_candidate WHERE is_mediation = ${kind} AND record_id IS NOT NULL)`;
  return `(${recordId} IS NULL OR CASE WHEN ${isMediation} THEN ${among(1)} ELSE ${among(0)} END)`;
}

/** `revision_indicator`: the flows; a head counts every member of its population, the others break it down. */
function indicatorSql(flows: readonly SumIndicator[]): string {
  const rows = flows.map(({ id, population, where, quantity, kind }, index) => {
    const isHead = where === undefined && quantity === 'one' ? 1 : 0;
    const isMediation = population.startsWith('mediation_') ? 1 : 0;
    return `(${literal(id)}, ${literal(population)}, ${index}, ${isHead}, ${isMediation}, ${kind === 'amount' ? 1 : 0})`;
  });
  return `CREATE TABLE revision_indicator AS
    SELECT * FROM (VALUES ${rows.join(', ')})
    AS i(indicator_id, population, position, is_head, is_mediation, is_amount);`;
}

interface ComparedFigure {
  readonly orgCode: string;
  readonly span: 'stock' | 'ytd';
  readonly id: string;
  readonly publishedId: string;
  readonly before: bigint;
  readonly now: bigint;
  readonly listed: bigint;
}

/** Per body and for the whole: published and present figure, and the signed sum over the listed records. */
async function compareBodies(
  engine: Engine,
  { kind }: PublishedBasis,
  figures: Figures,
  published: PublishedDataset,
): Promise<ComparedFigure[]> {
  const sums = await engine.rows<{
    org_code: string | null;
    span: string;
    indicator_id: string;
    delta: string;
  }>(
    `SELECT COALESCE(org_code, ${literal(WHOLE_CODE)}) AS org_code, span, indicator_id,
       CAST(CAST(SUM(delta) AS HUGEINT) AS VARCHAR) AS delta
     FROM revision_sum
     WHERE indicator_id IN (${[PUBLISHED_STOCK, ...CHECKED_FLOWS].map(literal).join(', ')})
     GROUP BY GROUPING SETS ((org_code, span, indicator_id), (span, indicator_id))`,
  );
  const listed = new Map(sums.map((row) => [`${row.span}/${row.org_code}/${row.indicator_id}`, row.delta]));
  const orgs = new Set([...figures.bodies.map(({ code }) => code), ...published.names.keys()]);
  orgs.delete(WHOLE_CODE);
  const today = TODAY[kind];
  return [...[...orgs].sort(), WHOLE_CODE].flatMap((orgCode): ComparedFigure[] => [
    {
      orgCode,
      span: 'stock',
      id: today.stock,
      publishedId: PUBLISHED_STOCK,
      before: published.value('month', orgCode, PUBLISHED_STOCK),
      now: figures.sum(today.stockWindow, orgCode, today.stock),
      listed: BigInt(listed.get(`stock/${orgCode}/${PUBLISHED_STOCK}`) ?? '0'),
    },
    ...CHECKED_FLOWS.map((id) => ({
      orgCode,
      span: 'ytd' as const,
      id,
      publishedId: id,
      before: published.value('ytd', orgCode, id),
      now: figures.sum(today.ytd, orgCode, id),
      listed: BigInt(listed.get(`ytd/${orgCode}/${id}`) ?? '0'),
    })),
  ]);
}

/** K11: new − published = signed sum over the listed records, for the stock and the year's flows. */
function checkOf(
  { orgCode, span, id, publishedId, before, now, listed }: ComparedFigure,
  { kind, period, revision }: PublishedBasis,
  nameOf: (org: string) => string,
): CheckResult {
  return {
    id: 'K11',
    name: kind === 'previous' ? '与上期已发布数衔接' : '与本期上一版衔接',
    scope: span === 'stock' ? 'month' : 'ytd',
    orgCode,
    orgName: nameOf(orgCode),
    ok: now - before === listed,
    left: String(now - before),
    right: String(listed),
    note: `${id}现为${now}，${period} r${revision}发布的${publishedId}为${before}，修订说明合计${listed}`,
  };
}

function summaryOf(
  { orgCode, before, now, listed }: ComparedFigure,
  nameOf: (org: string) => string,
): RevisionSummary {
  return {
    orgCode,
    orgName: nameOf(orgCode),
    publishedClosing: String(before),
    opening: String(now),
    difference: String(now - before),
    explained: String(listed),
  };
}

interface PublishedDataset {
  /** Names of the bodies and of the whole, as published. */
  readonly names: ReadonlyMap<string, string>;
  readonly ids: ReadonlySet<string>;
  value(scope: string, org: string, id: string): bigint;
}

async function publishedDataset(engine: Engine, { datasetFile }: PublishedBasis): Promise<PublishedDataset> {
  const source = publishedDatasetSql(datasetFile);
  const ids = await engine.rows<{ id: string }>(`SELECT DISTINCT indicator_id AS id FROM ${source}`);
  const rows = await engine.rows<
    Record<'scope' | 'org_code' | 'org_name' | 'indicator_id', string> & { value: string | null }
  >(
    `SELECT scope, org_code, org_name, indicator_id, value FROM ${source}
     WHERE indicator_id IN (${[PUBLISHED_STOCK, ...CHECKED_FLOWS].map(literal).join(', ')})`,
  );
  const values = new Map(rows.map((row) => [`${row.scope}/${row.org_code}/${row.indicator_id}`, row.value]));
  return {
    names: new Map(rows.map(({ org_code, org_name }) => [org_code, org_name])),
    ids: new Set(ids.map(({ id }) => id)),
    value: (scope, org, id) => BigInt(values.get(`${scope}/${org}/${id}`) ?? '0'),
  };
}

/** A published CSV as a table source: every column as text, exactly. */
export function publishedDatasetSql(file: string): string {
  return `read_csv(${literal(file)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', new_line = '\\r\\n', auto_detect = false,
    columns = {'period': 'VARCHAR', 'scope': 'VARCHAR', 'org_code': 'VARCHAR', 'org_name': 'VARCHAR', 'indicator_id': 'VARCHAR', 'indicator_name': 'VARCHAR', 'unit': 'VARCHAR', 'value': 'VARCHAR'})`;
}

/** The rows of one record follow one another. */
async function* revisionEntries(
  engine: Engine,
  select: string,
  nameOf: (org: string) => string,
): AsyncGenerator<RevisionEntry> {
  let open: { key: string; entry: RevisionEntry; effects: RevisionEffect[] } | undefined;
  for await (const rows of engine.stream<RawEntry>(select)) {
    for (const row of rows) {
      const key = `${row.is_mediation}/${row.record_id ?? ''}`;
      if (open?.key !== key) {
        if (open !== undefined) yield open.entry;
        const effects: RevisionEffect[] = [];
        open = { key, entry: entryOf(row, effects, nameOf), effects };
      }
      open.effects.push({
        orgCode: row.effect_org_code ?? '',
        orgName: nameOf(row.effect_org_code ?? ''),
        openingDelta: row.open_delta,
        otherDeltas: row.other_deltas,
      });
    }
  }
  if (open !== undefined) yield open.entry;
}

function entryOf(
  row: RawEntry,
  effects: readonly RevisionEffect[],
  nameOf: (org: string) => string,
): RevisionEntry {
  return {
    caseId: row.record_id ?? '',
    caseNo: row.is_mediation === 1 ? '（案外调解）' : (row.case_no ?? ''),
    cause: row.cause,
    oldValues: row.is_new === 1 ? '无此案' : sideText(row, 'old', nameOf),
    newValues: row.is_gone === 1 ? '无此案' : sideText(row, 'new', nameOf),
    effects,
  };
}

type Side = 'old' | 'new';

function sideText(row: RawEntry, side: Side, nameOf: (org: string) => string): string {
  const day = (value: string | null): string => (value === null ? '—' : dayText(Number(value)));
  const org = row[`${side}_org_code`];
  const accepted = row[`${side}_accept_day`];
  const rejected = row[`${side}_reject_day`];
  return [
    `机构 ${org === null ? '—' : nameOf(org)}`,
    `受理日期 ${day(accepted)}`,
    ...(accepted === null && rejected !== null ? [`不予受理日期 ${day(rejected)}`] : []),
    `结案日期 ${day(row[`${side}_close_day`])}`,
    stateText(row[`${side}_deleted`], row[`${side}_counted`], row[`${side}_exclusion`]),
  ].join(';');
}

function stateText(deleted: number | null, counted: number | null, exclusion: string | null): string {
  if (deleted === 1) return '已删除';
  if (counted === 1) return '计入';
  return exclusion === null ? '未受理' : `待核查（${exclusion}）`;
}
