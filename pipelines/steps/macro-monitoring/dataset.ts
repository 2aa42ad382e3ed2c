/** Put figures, checks, comparisons and statements together as the dataset that the exports turn into files. */
import {
  type CheckResult,
  type ExcludedRecord,
  type MacroDataset,
  type Provenance,
  type RevisionStatement,
  SCOPES,
  WHOLE_CODE,
} from '../../../schemas/dataset.ts';
import { monthsBefore, type Period, periodRange, periodWords } from '../../../schemas/period.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';
import { compareFlows, type PublishedValues } from './comparison.ts';
import { type Figures, WHOLE_NAME } from './figures.ts';
import { type RevisionKind, type RevisionResult, stockOf } from './revision.ts';

export interface DatasetParts {
  readonly period: Period;
  readonly cutoffDay: number;
  readonly figures: Figures;
  readonly checks: readonly CheckResult[];
  readonly revisions: readonly RevisionResult[];
  readonly published: { previous: PublishedValues | undefined; lastYear: PublishedValues | undefined };
  readonly provenance: Provenance;
}

/** The dataset of one period. Long lists are read from the engine when an export asks for them. */
export function assembleDataset(engine: Engine, parts: DatasetParts): MacroDataset {
  const { period, cutoffDay, figures, checks, provenance } = parts;
  const { start, end } = periodRange(period, cutoffDay);
  const issuer = figures.bodies.find(({ level }) => level === '1') ?? figures.bodies[0];
  return {
    period: period.text,
    periodText: periodWords(period),
    ytdText: ytdText(period),
    startDay: start,
    endDay: end,
    issuer: issuer?.name ?? '',
    scopes: SCOPES,
    bodies: figures.bodies,
    whole: { code: WHOLE_CODE, name: WHOLE_NAME, level: '' },
    indicators: figures.indicators,
    value: (scope, orgCode, id) => figures.value(scope, orgCode, id),
    provenance,
    checks,
    comparisons: compareFlows(figures, parts.published),
    revisions: parts.revisions.map(statement),
    excluded: excludedRecords(engine, figures),
  };
}

/** `2026年1—10月`. */
function ytdText(period: Period): string {
  const last = monthsBefore(period, 0).index;
  return last === 1 ? `${period.year}年1月` : `${period.year}年1—${last}月`;
}

const BASELINE_WORDS = {
  previous: '上期',
  same: '本期上一版',
  last_year: '上年同期',
} as const satisfies Record<RevisionKind, string>;

function statement(result: RevisionResult): RevisionStatement {
  const { kind, period, revision } = result.basis;
  return {
    baseline: `${BASELINE_WORDS[kind]} ${period} r${revision}`,
    stock: stockOf(kind),
    cases: result.cases,
    summary: result.summary,
    entries: result.entries(),
  };
}

interface RawExcluded {
  kind: string;
  record_key: string | null;
  case_no: string | null;
  org_code: string | null;
  rule_id: string;
  field: string | null;
  value: string | null;
  message: string | null;
}

async function* excludedRecords(engine: Engine, figures: Figures): AsyncGenerator<ExcludedRecord> {
  for await (const rows of engine.stream<RawExcluded>(readSql('reports/excluded-record.sql'))) {
    for (const row of rows) {
      yield {
        kind: row.kind,
        recordKey: row.record_key ?? '',
        caseNo: row.case_no ?? '',
        orgCode: row.org_code ?? '',
        orgName: figures.nameOf(row.org_code ?? ''),
        ruleId: row.rule_id,
        field: row.field ?? '',
        value: row.value ?? '',
        message: row.message ?? '',
      };
    }
  }
}
