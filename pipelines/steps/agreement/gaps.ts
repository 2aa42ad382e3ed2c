/** Every case that two of the three do not both count, with its one reason. */
import {
  type AgreementFile,
  type FactState,
  type GapClass,
  PAIRS,
  type PairId,
  type Side,
} from '../../../schemas/agreement.ts';
import { dayText, isDayNumber } from '../../../schemas/period.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { fallsSql, type Span } from './sources.ts';

/** What one side says of one figure at one body. */
export interface SideCount {
  readonly side: Side;
  readonly figure: string;
  readonly orgCode: string;
  readonly cases: number;
}

/** How many cases of one reason stand in one of a pair alone. */
export interface GapCount {
  readonly pair: PairId;
  readonly figure: string;
  readonly orgCode: string;
  readonly inSide: Side;
  readonly reason: string;
  readonly class: GapClass;
  readonly cases: number;
}

/** What a side says of a case; days are YYYY-MM-DD, null where there is none. */
export interface SideFact {
  readonly state: FactState;
  readonly orgCode: string | null;
  readonly acceptDate: string | null;
  readonly closeDate: string | null;
}

/** A case at its body that one of a pair counts and the other does not. */
export interface Gap {
  readonly pair: PairId;
  readonly figure: string;
  readonly orgCode: string;
  readonly caseId: string;
  readonly caseNo: string | null;
  /** More than one only of records without a key, which share one name. */
  readonly cases: number;
  readonly inSide: Side;
  readonly outSide: Side;
  readonly class: GapClass;
  readonly reason: string;
  readonly inFact: SideFact;
  readonly outFact: SideFact;
  /** The rules that hold it back, the batch it was sent in last, the platform's code: where they are part of the reason. */
  readonly rules: string | null;
  readonly batch: string | null;
  readonly rejectionCode: string | null;
}

export interface GapFilter {
  readonly org?: string | undefined;
  readonly pair?: PairId | undefined;
  readonly figure?: string | undefined;
  readonly class?: GapClass | undefined;
  readonly reason?: string | undefined;
}

/** Create `gap` and `explained_gap` (its reason and class) over the tables of the sides that were entered. */
export async function createGaps(
  engine: Engine,
  file: AgreementFile,
  { span, layoutRule }: { readonly span: Span; readonly layoutRule: string },
): Promise<void> {
  await engine.run(readSql('agreement/020-gap.sql'));
  await engine.run(readSql('agreement/030-fact.sql'));
  const counting = "SELECT * FROM fact WHERE state IN ('counted', 'present', 'held')";
  await engine.run(`
    CREATE TABLE fallen AS
    SELECT DISTINCT side, figure, org_code, case_key FROM (${fallsSql(file, span, counting)})`);
  await engine.run(readSql('agreement/040-gap-fact.sql').replaceAll(':layout_rule', literal(layoutRule)));
  const classes = file.reasons.map(
    ({ id, class: name }, place) => `(${literal(id)}, ${literal(name)}, ${place})`,
  );
  await engine.run(`
    CREATE TABLE explained_gap AS
    SELECT g.*, r.class, r.place
    FROM (SELECT *, ${reasonSql(file)} AS reason FROM gap_fact) g
    JOIN (VALUES ${classes.join(', ')}) r(id, class, place) ON r.id = g.reason`);
}

/** SQL: the first reason whose condition holds; the last has none. */
function reasonSql({ reasons }: AgreementFile): string {
  const cases = reasons.flatMap(({ id, when }) =>
    when === undefined ? [] : [`WHEN ${when} THEN ${literal(id)}`],
  );
  const otherwise = literal(reasons.at(-1)?.id ?? '');
  return cases.length === 0 ? otherwise : `CASE ${cases.join(' ')} ELSE ${otherwise} END`;
}

/** The numbers of every side that was entered; a body of whom a side counts nothing has no row. */
export async function sideCounts(engine: Engine): Promise<SideCount[]> {
  const rows = await engine.rows<{ side: Side; figure: string; org_code: string; cases: string }>(`
    SELECT side, figure, org_code, CAST(SUM(n) AS BIGINT) AS cases FROM member
    GROUP BY side, figure, org_code ORDER BY side, figure, org_code`);
  return rows.map(({ side, figure, org_code, cases }) => ({
    side,
    figure,
    orgCode: org_code,
    cases: Number(cases),
  }));
}

export async function gapCounts(engine: Engine): Promise<GapCount[]> {
  type Row = Record<'org_code' | 'figure' | 'reason' | 'cases', string> & {
    pair: PairId;
    in_side: Side;
    class: GapClass;
  };
  const rows = await engine.rows<Row>(`
    SELECT pair, figure, org_code, in_side, reason, class, CAST(SUM(abs(delta)) AS BIGINT) AS cases
    FROM explained_gap GROUP BY pair, figure, org_code, in_side, reason, class, place
    ORDER BY pair, figure, org_code, place, in_side`);
  return rows.map(({ org_code, in_side, cases, ...rest }) => ({
    ...rest,
    orgCode: org_code,
    inSide: in_side,
    cases: Number(cases),
  }));
}

interface RawGap {
  pair: PairId;
  figure: string;
  org_code: string;
  case_key: string;
  case_no: string | null;
  cases: string;
  in_side: Side;
  out_side: Side;
  class: GapClass;
  reason: string;
  in_state: FactState;
  out_state: FactState;
  in_org_code: string | null;
  out_org_code: string | null;
  in_accept_day: string | null;
  out_accept_day: string | null;
  in_close_day: string | null;
  out_close_day: string | null;
  rules: string | null;
  batch: string | null;
  rejection_code: string | null;
}

/** The cases, defects first, then by reason, pair, figure, body and case. */
export async function* gaps(
  engine: Engine,
  file: AgreementFile,
  filter: GapFilter = {},
): AsyncGenerator<Gap> {
  const { org, ...plain } = filter;
  const wanted = Object.entries({ ...plain, org_code: org }).flatMap(([column, value]) =>
    value === undefined ? [] : [`${column} = ${literal(value)}`],
  );
  const order = (list: readonly { readonly id: string }[]): string =>
    list.map(({ id }, place) => `WHEN ${literal(id)} THEN ${place}`).join(' ');
  const rows = engine.stream<RawGap>(`
    SELECT *, CAST(abs(delta) AS BIGINT) AS cases FROM explained_gap
    ${wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`}
    ORDER BY CASE class ${order(file.classes)} END, place, CASE pair ${order(PAIRS)} END,
      CASE figure ${order(file.figures)} END, org_code, TRY_CAST(case_key AS BIGINT) NULLS LAST, case_key`);
  for await (const slice of rows) for (const row of slice) yield gapOf(row);
}

function gapOf(row: RawGap): Gap {
  return {
    pair: row.pair,
    figure: row.figure,
    orgCode: row.org_code,
    caseId: row.case_key,
    caseNo: row.case_no,
    cases: Number(row.cases),
    inSide: row.in_side,
    outSide: row.out_side,
    class: row.class,
    reason: row.reason,
    inFact: factOf(row.in_state, row.in_org_code, row.in_accept_day, row.in_close_day),
    outFact: factOf(row.out_state, row.out_org_code, row.out_accept_day, row.out_close_day),
    rules: row.rules,
    batch: row.batch,
    rejectionCode: row.rejection_code,
  };
}

function factOf(
  state: FactState,
  orgCode: string | null,
  acceptDay: string | null,
  closeDay: string | null,
): SideFact {
  const day = (value: string | null): string | null =>
    value === null || !isDayNumber(Number(value)) ? null : dayText(Number(value));
  return { state, orgCode, acceptDate: day(acceptDay), closeDate: day(closeDay) };
}
