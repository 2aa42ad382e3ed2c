/** The records behind one published figure, read from the frozen membership; personal columns masked. */
import { type Scope, WHOLE_CODE } from '../../../schemas/dataset.ts';
import type { Indicator } from '../../../schemas/definitions.ts';
import { dayText, isDayNumber } from '../../../schemas/period.ts';
import { formatDecimal, parseDecimal } from '../../runtime/decimal.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { shownPartyNameSql } from '../../runtime/masking.ts';
import { readSql } from '../../runtime/project.ts';
import { publishedDatasetSql } from './revision.ts';

export interface FrozenFiles {
  readonly membership: string;
  readonly caseFacts: string;
  readonly mediationFacts: string;
  readonly dataset: string;
  /** Parquet of the parties in the snapshot, or undefined when the snapshot is gone. */
  readonly parties: string | undefined;
}

/** One record behind a figure; dates are YYYY-MM-DD or empty. */
export interface ExplainedRecord {
  readonly indicatorId: string;
  readonly orgCode: string;
  /** CASE_ID, or MEDIATION_ID where mediations are counted. */
  readonly recordId: string;
  readonly caseNo: string;
  /** What the record adds: 1, persons, yuan or days. */
  readonly quantity: string;
  readonly acceptDate: string;
  readonly rejectDate: string;
  readonly closeDate: string;
  readonly deadline: string;
  readonly caseStatus: string;
  readonly applicants: string;
  readonly respondents: string;
}

/** One summed part of a figure: itself, or numerator and denominator of a ratio. */
export interface ExplainedPart {
  readonly indicatorId: string;
  readonly name: string;
  readonly role: '合计' | '分子' | '分母';
  readonly records: number;
  /** Sum over the records, as decimal text. */
  readonly total: string;
}

export interface Explanation {
  readonly value: string;
  readonly parts: readonly ExplainedPart[];
  records(): AsyncIterable<ExplainedRecord>;
}

/** The parts of an indicator whose members are frozen. */
function partsOf(indicator: Indicator): { id: string; role: ExplainedPart['role'] }[] {
  if ('population' in indicator) return [{ id: indicator.id, role: '合计' }];
  const numerator = 'indicators' in indicator.numerator ? indicator.numerator.indicators : [indicator.id];
  return [
    ...numerator.map((id) => ({ id, role: '分子' as const })),
    ...indicator.denominator.map((id) => ({ id, role: '分母' as const })),
  ];
}

/** Explain a figure of one body (or ALL) in one scope from frozen files; undefined where the dataset lacks the body. */
export async function explainFigure(
  engine: Engine,
  files: FrozenFiles,
  request: {
    indicator: Indicator;
    indicators: readonly Indicator[];
    orgCode: string;
    scope: Scope;
    unmasked: boolean;
  },
): Promise<Explanation | undefined> {
  const { indicator, indicators, orgCode, scope } = request;
  const parts = partsOf(indicator);
  const [published] = await engine.rows<{ value: string | null }>(
    `SELECT value FROM ${publishedDatasetSql(files.dataset)}
     WHERE scope = ${literal(scope)} AND org_code = ${literal(orgCode)} AND indicator_id = ${literal(indicator.id)}`,
  );
  if (published === undefined) return undefined;
  await createViews(engine, files, {
    ids: parts.map(({ id }) => id),
    mediationIds: indicators.filter(isOfMediations).map(({ id }) => id),
    orgCode,
    scope,
    unmasked: request.unmasked,
  });
  const totals = await engine.rows<{ indicator_id: string; records: string; total: string }>(
    `SELECT indicator_id, COUNT(*) AS records, CAST(SUM(quantity) AS VARCHAR) AS total
     FROM explain_member GROUP BY indicator_id`,
  );
  const byId = new Map(totals.map((row) => [row.indicator_id, row]));
  return {
    value: published.value ?? '',
    parts: parts.map(({ id, role }) => ({
      indicatorId: id,
      name: indicators.find((one) => one.id === id)?.name ?? id,
      role,
      records: Number(byId.get(id)?.records ?? 0),
      total: totalText(
        byId.get(id)?.total ?? '0',
        indicators.find((one) => one.id === id),
      ),
    })),
    records: () => explainedRecords(engine),
  };
}

/** Whether an indicator sums over mediations; their records are named by MEDIATION_ID. */
function isOfMediations(indicator: Indicator): boolean {
  return 'population' in indicator && indicator.population.startsWith('mediation_');
}

/** Whole numbers without decimals, yuan with two. */
function totalText(total: string, indicator: Indicator | undefined): string {
  const isMoney = indicator?.kind === 'amount';
  const cents = parseDecimal(total, 2);
  return isMoney ? formatDecimal(cents, 2) : formatDecimal(cents / 100n, 0);
}

async function createViews(
  engine: Engine,
  files: FrozenFiles,
  wanted: {
    ids: readonly string[];
    mediationIds: readonly string[];
    orgCode: string;
    scope: Scope;
    unmasked: boolean;
  },
): Promise<void> {
  const { ids, mediationIds, orgCode, scope, unmasked } = wanted;
  const isMediation =
    mediationIds.length === 0 ? 'FALSE' : `indicator_id IN (${mediationIds.map(literal).join(', ')})`;
  const positions = ids.map((id, index) => `WHEN ${literal(id)} THEN ${index}`).join(' ');
  const org = orgCode === WHOLE_CODE ? '' : ` AND org_code = ${literal(orgCode)}`;
  const name = unmasked ? 'name' : shownPartyNameSql('name', 'party_kind', 'id_no');
  await engine.run(`
    CREATE TABLE explain_member AS
      SELECT *, CASE WHEN ${isMediation} THEN 1 ELSE 0 END AS is_mediation,
        CASE indicator_id ${positions} END AS position
      FROM read_parquet(${literal(files.membership)})
      WHERE scope = ${literal(scope)} AND indicator_id IN (${ids.map(literal).join(', ')})${org};
    CREATE VIEW explain_case AS SELECT * FROM read_parquet(${literal(files.caseFacts)});
    CREATE VIEW explain_mediation AS SELECT * FROM read_parquet(${literal(files.mediationFacts)});
    ${
      files.parties === undefined
        ? 'CREATE TABLE explain_party(case_id BIGINT, party_id BIGINT, role VARCHAR, masked_name VARCHAR);'
        : `CREATE TABLE explain_party AS
             WITH party AS (SELECT * FROM read_parquet(${literal(files.parties)})),
             kept AS (
               SELECT *, row_number() OVER (
                 PARTITION BY party_id ORDER BY updated_at DESC NULLS LAST, to_json(party)) AS place
               FROM party
               WHERE party_id IS NULL OR party_id IN (
                 SELECT party_id FROM party
                 WHERE case_id IN (SELECT record_id FROM explain_member WHERE is_mediation = 0)))
             SELECT case_id, party_id, role, ${name} AS masked_name
             FROM kept WHERE place = 1 OR party_id IS NULL;`
    }`);
}

interface RawRecord {
  indicator_id: string;
  org_code: string;
  record_id: string | null;
  quantity: string;
  case_no: string | null;
  accept_day: string | null;
  reject_day: string | null;
  close_day: string | null;
  deadline_day: string | null;
  case_status: string | null;
  applicants: string | null;
  respondents: string | null;
}

async function* explainedRecords(engine: Engine): AsyncGenerator<ExplainedRecord> {
  // A deadline counted from 9999-12-31, which stands for "never" in some sources, is no day that can be written.
  const day = (value: string | null): string =>
    value === null || !isDayNumber(Number(value)) ? '' : dayText(Number(value));
  for await (const rows of engine.stream<RawRecord>(readSql('reports/explained-record.sql'))) {
    for (const row of rows) {
      yield {
        indicatorId: row.indicator_id,
        orgCode: row.org_code,
        recordId: row.record_id ?? '',
        caseNo: row.case_no ?? '',
        quantity: row.quantity.replace(/\.00$/, ''),
        acceptDate: day(row.accept_day),
        rejectDate: day(row.reject_day),
        closeDate: day(row.close_day),
        deadline: day(row.deadline_day),
        caseStatus: row.case_status ?? '',
        applicants: row.applicants ?? '',
        respondents: row.respondents ?? '',
      };
    }
  }
}
