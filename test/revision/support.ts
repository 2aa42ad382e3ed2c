/**
 * A small source as a model that a test can change, the way from it to published files and to a revision statement
 * (real engine, no pipeline around it), and a naive count of the same figures.
 */
import path from 'node:path';
import { writeMacroMonitoringCsv } from '../../exports/macro-monitoring.csv.ts';
import { datasetRows } from '../../exports/macro-monitoring.rows.ts';
import { type Definitions, loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { type Engine, literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { createSourceTables } from '../../pipelines/runtime/embedded-schema.ts';
import { ensureDir } from '../../pipelines/runtime/files.ts';
import { computeFigures, type Figures } from '../../pipelines/steps/macro-monitoring/figures.ts';
import { writeFacts, writeMembership } from '../../pipelines/steps/macro-monitoring/membership.ts';
import {
  type PublishedBasis,
  type RevisionKind,
  reviseAgainst,
} from '../../pipelines/steps/macro-monitoring/revision.ts';
import { monthWindowSql, periodWindows } from '../../pipelines/steps/macro-monitoring/windows.ts';
import { buildFacts } from '../../pipelines/steps/model/build.ts';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import { CONTRACT, engineType, VIEWS, type ViewName } from '../../schemas/contract.ts';
import type { CheckResult, RevisionEntry, RevisionSummary } from '../../schemas/dataset.ts';
import { dayNumber, dayText, parsePeriod, periodRange, ytdRange } from '../../schemas/period.ts';

export const definitions = loadDefinitions();

/** Days are `YYYY-MM-DD`, which compare as text. */
export interface CaseModel {
  /** No key at all is possible in a dirty source. */
  readonly id: string | null;
  readonly org: string | null;
  readonly accept: string | null;
  readonly close: string | null;
  readonly reject: string | null;
  readonly deleted: string;
  readonly type: string;
  readonly workers: number;
  /** Yuan with two decimals. */
  readonly claim: string;
  readonly award: string | null;
}

export interface MediationModel {
  readonly id: string;
  readonly org: string | null;
  readonly accept: string;
  readonly close: string | null;
  readonly deleted: string;
  readonly workers: number;
  readonly amount: string;
}

export interface SourceModel {
  readonly orgs: readonly string[];
  readonly cases: readonly CaseModel[];
  readonly mediations: readonly MediationModel[];
}

const PLAIN_CASE: CaseModel = {
  id: '1',
  org: '110101',
  accept: null,
  close: null,
  reject: null,
  deleted: '0',
  type: '05',
  workers: 1,
  claim: '10000.00',
  award: null,
};

/** A case with what a test says of it. */
export function aCase(id: number | null, more: Partial<CaseModel> = {}): CaseModel {
  return { ...PLAIN_CASE, id: id === null ? null : String(id), ...more };
}

/** A mediation with what a test says of it. */
export function aMediation(id: number, more: Partial<MediationModel> = {}): MediationModel {
  const plain = {
    org: '110101',
    accept: '2026-09-01',
    close: null,
    deleted: '0',
    workers: 1,
    amount: '0.00',
  };
  return { ...plain, id: String(id), ...more };
}

type Cells = Readonly<Record<string, string | null>>;

function caseCells(one: CaseModel): Cells {
  const isClosed = one.close !== null;
  return {
    CASE_ID: one.id,
    CASE_NO:
      one.accept === null
        ? null
        : `京东劳人仲字〔${one.accept.slice(0, 4)}〕第${(one.id ?? '9').padStart(5, '0')}号`,
    ORG_CODE: one.org,
    APPLY_DATE: one.accept ?? one.reject ?? '2026-01-05',
    APPLY_CHANNEL: '1',
    ACCEPT_DATE: one.accept,
    REJECT_DATE: one.reject,
    EXCLUDED_DAYS: '0',
    EXTEND_DAYS: '0',
    DISPUTE_TYPE: one.type,
    APPLICANT_SIDE: '1',
    WORKER_COUNT: String(one.workers),
    IS_COLLECTIVE: '0',
    EMPLOYER_NATURE: '300',
    INDUSTRY_CODE: 'C',
    CLAIM_AMOUNT: one.claim,
    CLOSE_DATE: one.close,
    CLOSE_MODE: isClosed ? '1' : null,
    FINAL_AWARD: '0',
    AWARD_AMOUNT: one.award,
    CASE_STATUS: isClosed ? '50' : one.accept !== null ? '30' : one.reject !== null ? '60' : '10',
    DELETED: one.deleted,
    CREATED_AT: '2026-01-05 09:00:00',
    UPDATED_AT: '2026-01-05 09:00:00',
  };
}

function mediationCells(one: MediationModel): Cells {
  return {
    MEDIATION_ID: one.id,
    ORG_CODE: one.org,
    MEDIATOR_KIND: '1',
    ACCEPT_DATE: one.accept,
    CLOSE_DATE: one.close,
    RESULT: one.close === null ? null : '1',
    DISPUTE_TYPE: '05',
    WORKER_COUNT: String(one.workers),
    AMOUNT: one.amount,
    DELETED: one.deleted,
    UPDATED_AT: '2026-01-05 09:00:00',
  };
}

function orgCells(code: string): Cells {
  return {
    ORG_CODE: code,
    ORG_NAME: `仲裁委员会${code}`,
    DISTRICT_CODE: code,
    ORG_LEVEL: code === '110000' ? '1' : '2',
    CASE_WORD: '京东',
  };
}

/** Rows of the contract's tables, as the source holds them. */
function sourceRows(model: SourceModel): ReadonlyMap<ViewName, readonly Cells[]> {
  return new Map<ViewName, readonly Cells[]>([
    ['ARB_ORG', model.orgs.map(orgCells)],
    ['ARB_CASE', model.cases.map(caseCells)],
    ['ARB_MEDIATION', model.mediations.map(mediationCells)],
  ]);
}

/** Fill the contract's tables of an engine. */
export async function fillSource(engine: Engine, model: SourceModel): Promise<void> {
  for (const [name, rows] of sourceRows(model)) {
    const { columns } = CONTRACT[name];
    const tuples = rows.map((cells) => {
      const values = columns.map((column) => {
        const cell = cells[column.name] ?? null;
        return cell === null ? 'NULL' : `CAST(${literal(cell)} AS ${engineType(column)})`;
      });
      return `(${values.join(', ')})`;
    });
    if (tuples.length > 0) await engine.run(`INSERT INTO ${name.toLowerCase()} VALUES ${tuples.join(', ')}`);
  }
}

export interface Edition {
  readonly period: string;
  readonly asOf: string;
  readonly cutoffDay?: number;
  readonly definitions?: Definitions;
  /** Computed by another version than the publication it is compared with. */
  readonly versionChanged?: boolean;
}

/** Compute the figures of a model's period in an engine of its own. */
async function withFigures<T>(
  model: SourceModel,
  edition: Edition,
  dir: string,
  use: (engine: Engine, figures: Figures) => Promise<T>,
): Promise<T> {
  const period = parsePeriod(edition.period);
  const cutoffDay = edition.cutoffDay ?? 0;
  const own = edition.definitions ?? definitions;
  return withEngine({ spillDir: path.join(dir, 'spill'), threads: 2 }, async (engine) => {
    await createSourceTables(engine);
    for (const { name } of VIEWS) {
      await engine.run(
        `CREATE VIEW raw_${name.toLowerCase()} AS SELECT *, rowid AS raw_row FROM ${name.toLowerCase()}`,
      );
    }
    await fillSource(engine, model);
    const range = periodRange(period, cutoffDay);
    await normalise(engine, { definitions: own, asOf: edition.asOf, ...range });
    await engine.run(monthWindowSql(period, cutoffDay));
    await buildFacts(engine);
    const windows = periodWindows(period, cutoffDay);
    return use(engine, await computeFigures(engine, own.indicators.indicators, windows));
  });
}

/** The files of a publication that later ones are compared with. */
export interface PublishedFiles {
  readonly edition: Edition;
  readonly dir: string;
}

/** Write what a publication freezes: facts, membership and dataset. */
export async function publish(model: SourceModel, edition: Edition, dir: string): Promise<PublishedFiles> {
  ensureDir(dir);
  await withFigures(model, edition, dir, async (engine, figures) => {
    await writeFacts(engine, path.join(dir, 'case-facts.parquet'), path.join(dir, 'mediation-facts.parquet'));
    await writeMembership(engine, figures, path.join(dir, 'membership.parquet'));
    await writeMacroMonitoringCsv(
      path.join(dir, 'dataset.csv'),
      datasetRows({
        period: edition.period,
        scopes: ['month', 'ytd'],
        bodies: figures.bodies,
        whole: { code: 'ALL', name: '合计', level: '' },
        indicators: figures.indicators,
        value: figures.value.bind(figures),
      }),
    );
  });
  return { edition, dir };
}

export interface Statement {
  readonly cases: number;
  readonly entries: readonly RevisionEntry[];
  readonly summary: readonly RevisionSummary[];
  readonly checks: readonly CheckResult[];
  /** Rows of the frozen Parquet. */
  readonly frozenRows: number;
}

/** The statement of a model's period against a publication. */
export async function stateAgainst(
  published: PublishedFiles,
  kind: RevisionKind,
  model: SourceModel,
  edition: Edition,
): Promise<Statement> {
  const { dir } = published;
  const old = parsePeriod(published.edition.period);
  const oldCutoff = published.edition.cutoffDay ?? 0;
  const { start, end } = periodRange(old, oldCutoff);
  const basis: PublishedBasis = {
    kind,
    period: published.edition.period,
    revision: 1,
    caseFactsFile: path.join(dir, 'case-facts.parquet'),
    mediationFactsFile: path.join(dir, 'mediation-facts.parquet'),
    membershipFile: path.join(dir, 'membership.parquet'),
    datasetFile: path.join(dir, 'dataset.csv'),
    flowStartDay: dayNumber(ytdRange(old, oldCutoff).start),
    monthStartDay: dayNumber(start),
    endDay: dayNumber(end),
    definitionsChanged:
      (published.edition.definitions ?? definitions) !== (edition.definitions ?? definitions) ||
      oldCutoff !== (edition.cutoffDay ?? 0),
    versionChanged: edition.versionChanged ?? false,
  };
  return withFigures(model, edition, path.join(dir, 'later'), async (engine, figures) => {
    const result = await reviseAgainst(engine, basis, figures);
    const entries: RevisionEntry[] = [];
    for await (const entry of result.entries()) entries.push(entry);
    const frozen = await engine.rows(result.select);
    return {
      cases: result.cases,
      entries,
      summary: result.summary,
      checks: result.checks,
      frozenRows: frozen.length,
    };
  });
}

/** What one record contributes: `body/span/indicator` → quantity in hundredths. */
export type Contributions = ReadonlyMap<string, bigint>;

/** Count a case naively, from the definition in words. */
export function caseContributions(
  one: CaseModel | undefined,
  orgs: readonly string[],
  asOf: string,
  spans: { readonly month: string; readonly ytd: string; readonly end: string },
): Contributions {
  const found = new Map<string, bigint>();
  if (one === undefined || one.org === null || one.deleted !== '0' || !orgs.includes(one.org)) return found;
  const add = (span: string, indicator: string, quantity: bigint) =>
    found.set(`${one.org}/${span}/${indicator}`, quantity);
  const { accept, close, reject } = one;
  const flows = [
    ['month', spans.month],
    ['ytd', spans.ytd],
  ] as const;
  const isIn = (day: string | null, from: string) => day !== null && day >= from && day <= spans.end;
  if (accept === null) {
    if (reject !== null && reject <= asOf) {
      for (const [span, from] of flows) if (isIn(reject, from)) add(span, 'A09', 100n);
    }
    return found;
  }
  if (accept > asOf || (close !== null && (close < accept || close > asOf))) return found;
  if (accept <= spans.end && (close === null || close > spans.end)) add('stock', 'B01', 100n);
  for (const [span, from] of flows) {
    if (isIn(accept, from)) {
      add(span, 'A02', 100n);
      add(span, `T${one.type}`, 100n);
      add(span, 'A06', BigInt(one.workers) * 100n);
      add(span, 'A08', hundredths(one.claim));
    }
    if (isIn(close, from)) {
      add(span, 'C01', 100n);
      if (close !== null && close <= deadlineOf(accept)) add(span, 'C11', 100n);
      add(span, 'C12', BigInt(one.workers) * 100n);
      add(span, 'C13', hundredths(one.award ?? '0.00'));
    }
  }
  return found;
}

/** 45 days, and on to the next working day. */
function deadlineOf(accept: string): string {
  let day = dayNumber(accept) + 45;
  while (!isWorkingDay(day)) day += 1;
  return dayText(day);
}

function isWorkingDay(number: number): boolean {
  const day = dayText(number);
  const year = definitions.workingDays.years[day.slice(0, 4)];
  if (year?.workdays.includes(day) === true) return true;
  if (year?.holidays.includes(day) === true || (year === undefined && day.endsWith('-01-01'))) return false;
  // 1970-01-01 was a Thursday.
  return ((number % 7) + 7 + 3) % 7 < 5;
}

/** Count a mediation naively. */
export function mediationContributions(
  one: MediationModel | undefined,
  orgs: readonly string[],
  asOf: string,
  spans: { readonly month: string; readonly ytd: string; readonly end: string },
): Contributions {
  const found = new Map<string, bigint>();
  if (one === undefined || one.org === null || one.deleted !== '0' || !orgs.includes(one.org)) return found;
  if (one.accept > asOf || (one.close !== null && (one.close < one.accept || one.close > asOf))) return found;
  for (const [span, from] of [
    ['month', spans.month],
    ['ytd', spans.ytd],
  ] as const) {
    const isIn = (day: string | null) => day !== null && day >= from && day <= spans.end;
    if (isIn(one.accept)) {
      found.set(`${one.org}/${span}/M01`, 100n);
      found.set(`${one.org}/${span}/M05`, BigInt(one.workers) * 100n);
    }
    if (isIn(one.close)) {
      found.set(`${one.org}/${span}/M02`, 100n);
      found.set(`${one.org}/${span}/M06`, hundredths(one.amount));
    }
  }
  return found;
}

const hundredths = (yuan: string): bigint => BigInt(yuan.replace('.', ''));

/** New minus old, without what is equal. */
export function difference(before: Contributions, now: Contributions): Contributions {
  const found = new Map<string, bigint>();
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    const delta = (now.get(key) ?? 0n) - (before.get(key) ?? 0n);
    if (delta !== 0n) found.set(key, delta);
  }
  return found;
}

/** The spans of a period, as days. */
export function spansOf(period: string, cutoffDay = 0): { month: string; ytd: string; end: string } {
  const parsed = parsePeriod(period);
  const { start, end } = periodRange(parsed, cutoffDay);
  return { month: start, ytd: ytdRange(parsed, cutoffDay).start, end };
}
