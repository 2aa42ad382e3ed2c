/** The revision statement (修订说明): every case that makes today's stock or flows differ from what was published. */
import {
  type CheckResult,
  type RevisionCause,
  type RevisionEffect,
  type RevisionEntry,
  type RevisionSummary,
  WHOLE_CODE,
} from '../../../schemas/dataset.ts';
import { dayText } from '../../../schemas/period.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import type { Figures } from './figures.ts';
import type { WindowId } from './windows.ts';

/** A publication that is compared with today's facts. */
export interface PublishedBasis {
  /** `previous`: the period before (A01 against its B01); `same`: an earlier revision of this period. */
  readonly kind: 'previous' | 'same';
  readonly period: string;
  readonly revision: number;
  readonly factsFile: string;
  readonly datasetFile: string;
  readonly asOfDay: number;
  readonly basisDay: number;
  readonly flowStartDay: number;
  readonly definitionsSha256: string;
}

interface RawRevision {
  case_id: string | null;
  case_no: string | null;
  cause: RevisionCause;
  is_new: number;
  is_gone: number;
  old_org_code: string | null;
  new_org_code: string | null;
  old_accept_day: string | null;
  new_accept_day: string | null;
  old_close_day: string | null;
  new_close_day: string | null;
  old_deleted: number;
  new_deleted: number;
  old_counted: number;
  new_counted: number;
  old_exclusion: string | null;
  new_exclusion: string | null;
  old_open: number;
  new_open: number;
  old_accepted: number;
  new_accepted: number;
  old_closed: number;
  new_closed: number;
  old_rejected: number;
  new_rejected: number;
}

const REVISION_ORDER = 'ORDER BY cause, new_org_code NULLS LAST, old_org_code NULLS LAST, case_id NULLS LAST';

export interface RevisionResult {
  readonly basis: PublishedBasis;
  /** Cases listed. */
  readonly cases: number;
  readonly summary: readonly RevisionSummary[];
  readonly checks: readonly CheckResult[];
  /** The statement's rows for people, read from the engine when asked for. */
  entries(): AsyncIterable<RevisionEntry>;
  /** SQL of the statement's rows, for the frozen Parquet. */
  readonly select: string;
}

/**
 * Compare frozen facts with today's. Leaves tables `revision_<kind>` and `revision_sum_<kind>` in the engine.
 * The check K11 compares the signed sum of the listed cases with the difference of the figures, body by body.
 */
export async function reviseAgainst(
  engine: Engine,
  basis: PublishedBasis,
  figures: Figures,
  today: { asOfDay: number; definitionsSha256: string },
): Promise<RevisionResult> {
  const table = `revision_${basis.kind}`;
  await engine.run(`
    CREATE VIEW old_fact AS SELECT * FROM read_parquet(${literal(basis.factsFile)});
    CREATE TABLE revision_span AS SELECT CAST(${basis.basisDay} AS BIGINT) AS basis_day,
      CAST(${basis.flowStartDay} AS BIGINT) AS flow_start_day, CAST(${basis.asOfDay} AS BIGINT) AS old_as_of_day,
      CAST(${today.asOfDay} AS BIGINT) AS new_as_of_day,
      ${basis.definitionsSha256 === today.definitionsSha256 ? 0 : 1} AS definitions_changed;`);
  await engine.run(readSql('datasets/020-revision.sql'));
  await engine.run(readSql('datasets/030-revision-sum.sql'));
  await engine.run(`
    DROP VIEW old_fact; DROP TABLE revision_span;
    ALTER TABLE revision RENAME TO ${table}; ALTER TABLE revision_sum RENAME TO revision_sum_${basis.kind};`);
  const { cases } = await engine.one<{ cases: string }>(`SELECT COUNT(*) AS cases FROM ${table}`);
  const select = `SELECT ${literal(basis.kind)} AS basis, * FROM ${table} ${REVISION_ORDER}`;
  const checks = await checkStatement(engine, basis, figures);
  return {
    basis,
    cases: Number(cases),
    summary: checks.filter(({ scope }) => scope === 'month').map(({ summary }) => summary),
    checks,
    entries: () => revisionEntries(engine, select, (org) => figures.nameOf(org)),
    select,
  };
}

type StatementCheck = CheckResult & { readonly summary: RevisionSummary };

/** K11 per body: new − published = signed sum over the listed cases, for the stock and the year's flows. */
async function checkStatement(
  engine: Engine,
  basis: PublishedBasis,
  figures: Figures,
): Promise<StatementCheck[]> {
  const published = await publishedValues(engine, basis);
  const sums = await engine.rows<{ org_code: string | null } & Record<SumColumn, string>>(
    `SELECT * FROM revision_sum_${basis.kind}`,
  );
  const byOrg = new Map(sums.map((row) => [row.org_code ?? '', row]));
  const orgs = new Set([...figures.bodies.map(({ code }) => code), ...published.orgs]);
  orgs.delete(WHOLE_CODE);
  const flows: WindowId = basis.kind === 'previous' ? 'previous_ytd' : 'ytd';
  const stock =
    basis.kind === 'previous'
      ? { id: 'A01', window: 'month' as WindowId }
      : { id: 'B01', window: 'month' as WindowId };
  const compared = [
    {
      id: stock.id,
      window: stock.window,
      published: 'B01',
      scope: 'month' as const,
      column: 'open_delta' as const,
    },
    { id: 'A02', window: flows, published: 'A02', scope: 'ytd' as const, column: 'accepted_delta' as const },
    { id: 'C01', window: flows, published: 'C01', scope: 'ytd' as const, column: 'closed_delta' as const },
    { id: 'A09', window: flows, published: 'A09', scope: 'ytd' as const, column: 'rejected_delta' as const },
  ];
  return [...orgs].sort().flatMap((orgCode) =>
    compared.map(({ id, window, published: publishedId, scope, column }): StatementCheck => {
      const before = published.value(scope, orgCode, publishedId);
      const now = figures.sum(window, orgCode, id);
      const listed = BigInt(byOrg.get(orgCode)?.[column] ?? '0');
      return {
        id: 'K11',
        name: basis.kind === 'previous' ? '与上期已发布数衔接' : '与本期上一版衔接',
        scope,
        orgCode,
        orgName: figures.nameOf(orgCode),
        ok: now - before === listed,
        left: String(now - before),
        right: String(listed),
        note: `${id}现为${now}，${basis.period} r${basis.revision}发布的${publishedId}为${before}，修订说明合计${listed}`,
        summary: {
          orgCode,
          orgName: figures.nameOf(orgCode),
          publishedClosing: String(before),
          opening: String(now),
          difference: String(now - before),
          explained: String(listed),
        },
      };
    }),
  );
}

type SumColumn = 'open_delta' | 'accepted_delta' | 'closed_delta' | 'rejected_delta';

async function publishedValues(
  engine: Engine,
  basis: PublishedBasis,
): Promise<{ orgs: string[]; value(scope: string, org: string, id: string): bigint }> {
  const rows = await engine.rows<{ scope: string; org_code: string; indicator_id: string; value: string }>(
    `SELECT scope, org_code, indicator_id, value FROM ${publishedDatasetSql(basis.datasetFile)}
     WHERE indicator_id IN ('A02', 'A09', 'B01', 'C01')`,
  );
  const values = new Map(rows.map((row) => [`${row.scope}/${row.org_code}/${row.indicator_id}`, row.value]));
  return {
    orgs: [...new Set(rows.map(({ org_code }) => org_code))],
    value: (scope, org, id) => BigInt(values.get(`${scope}/${org}/${id}`) ?? '0'),
  };
}

/** A published CSV as a table source: every column as text, exactly. */
export function publishedDatasetSql(file: string): string {
  return `read_csv(${literal(file)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', new_line = '\\r\\n', auto_detect = false,
    columns = {'period': 'VARCHAR', 'scope': 'VARCHAR', 'org_code': 'VARCHAR', 'org_name': 'VARCHAR', 'indicator_id': 'VARCHAR', 'indicator_name': 'VARCHAR', 'unit': 'VARCHAR', 'value': 'VARCHAR'})`;
}

async function* revisionEntries(
  engine: Engine,
  select: string,
  nameOf: (org: string) => string,
): AsyncGenerator<RevisionEntry> {
  for await (const rows of engine.stream<RawRevision>(select)) {
    for (const row of rows) {
      yield {
        caseId: row.case_id ?? '',
        caseNo: row.case_no ?? '',
        cause: row.cause,
        oldValues: row.is_new === 1 ? '无此案' : sideText(row, 'old', nameOf),
        newValues: row.is_gone === 1 ? '无此案' : sideText(row, 'new', nameOf),
        effects: effectsOf(row, nameOf),
      };
    }
  }
}

type Side = 'old' | 'new';

function sideText(row: RawRevision, side: Side, nameOf: (org: string) => string): string {
  const day = (value: string | null): string => (value === null ? '—' : dayText(Number(value)));
  const org = row[`${side}_org_code`];
  return [
    `机构 ${org === null ? '—' : nameOf(org)}`,
    `受理日期 ${day(row[`${side}_accept_day`])}`,
    `结案日期 ${day(row[`${side}_close_day`])}`,
    stateText(row[`${side}_deleted`], row[`${side}_counted`], row[`${side}_exclusion`]),
  ].join(';');
}

function stateText(deleted: number, counted: number, exclusion: string | null): string {
  if (deleted === 1) return '已删除';
  if (counted === 1) return '计入';
  return exclusion === null ? '未受理' : `待核查（${exclusion}）`;
}

/** What the case changes: at its body, or at both where the body changed. */
function effectsOf(row: RawRevision, nameOf: (org: string) => string): RevisionEffect[] {
  const effect = (org: string | null, oldSign: 0 | 1, newSign: 0 | 1): RevisionEffect => {
    const delta = (old: number, now: number): number => newSign * now - oldSign * old;
    const others = [
      ['累计A02', delta(row.old_accepted, row.new_accepted)],
      ['累计C01', delta(row.old_closed, row.new_closed)],
      ['累计A09', delta(row.old_rejected, row.new_rejected)],
    ] as const;
    return {
      orgCode: org ?? '',
      orgName: nameOf(org ?? ''),
      openingDelta: String(delta(row.old_open, row.new_open)),
      otherDeltas: others
        .filter(([, change]) => change !== 0)
        .map(([name, change]) => `${name} ${change > 0 ? '+' : '−'}${Math.abs(change)}`)
        .join(';'),
    };
  };
  if (row.is_new === 1) return [effect(row.new_org_code, 0, 1)];
  if (row.is_gone === 1) return [effect(row.old_org_code, 1, 0)];
  return row.old_org_code === row.new_org_code
    ? [effect(row.new_org_code, 1, 1)]
    : [effect(row.old_org_code, 1, 0), effect(row.new_org_code, 0, 1)];
}
