/** All panels of one version, from one prepared snapshot. Read from top to bottom. */
import { existsSync } from 'node:fs';
import {
  COCKPIT_FORMAT_VERSION,
  type CockpitRows,
  type FigureParts,
  PANEL_NAMES,
  PANEL_TITLES,
  type PanelDocument,
  type PanelName,
  tablesOf,
} from '../schemas/cockpit.ts';
import { OTHER_BODY } from '../schemas/dataset.ts';
import type { Indicator } from '../schemas/definitions.ts';
import { type Period, periodRange } from '../schemas/period.ts';
import { listBatches, platformProducts } from './batches.ts';
import type { PreparedSnapshot } from './prepare.ts';
import { loadDistricts } from './runtime/definitions.ts';
import { findingsFile } from './runtime/home.ts';
import { FINISHED } from './runtime/ledger-runs.ts';
import type { RunContext } from './runtime/run.ts';
import { backupRows } from './steps/cockpit/backups.ts';
import {
  BREAKDOWN_COLUMNS,
  type Breakdown,
  breakdownIndicators,
  breakdownRows,
} from './steps/cockpit/breakdowns.ts';
import {
  createShownFindings,
  qualityRows,
  qualityRuleRows,
  qualityTrendRows,
  type RunFindings,
} from './steps/cockpit/data-quality.ts';
import { bodyRows, type PlacedBody, rankingRows } from './steps/cockpit/districts.ts';
import { type FigureReader, orgCodes } from './steps/cockpit/figures.ts';
import { dataTime, freshnessRows } from './steps/cockpit/freshness.ts';
import {
  COLLECTIVE_INDICATORS,
  comparedRows,
  KEY_INDICATORS,
  sparklineRows,
  TREND_INDICATORS,
  trendRows,
} from './steps/cockpit/key-figures.ts';
import { createFigureMembers, createLimitCases, createMembers } from './steps/cockpit/members.ts';
import type { CockpitMonths } from './steps/cockpit/months.ts';
import { addClassMembers, createClassMembers, preApplicationRows } from './steps/cockpit/pre-applications.ts';
import { heldByBody, sentByBody, submissionRows } from './steps/cockpit/submissions.ts';
import { timeLimitRows } from './steps/cockpit/time-limits.ts';
import { computeFigures, type Figures, WHOLE_NAME } from './steps/macro-monitoring/figures.ts';
import { membershipSelect } from './steps/macro-monitoring/membership.ts';
import { classify, dropClasses } from './steps/pre-application-comparison/classify.ts';
import { openEarlier } from './steps/pre-application-comparison/difference.ts';
import { createCompared } from './steps/pre-application-comparison/forms.ts';
import { closeHistory, openHistory } from './steps/submit/history.ts';
import { createHeldFindings, createSubmissionSource } from './steps/submit/records.ts';
import { setDays } from './steps/validate/normalise.ts';

/** Points of the trend of findings. */
const QUALITY_RUNS = 12;
const BREAKDOWNS = Object.keys(BREAKDOWN_COLUMNS) as Breakdown[];

export interface CockpitContents {
  readonly rows: CockpitRows;
  readonly notes: Readonly<Partial<Record<PanelName, readonly string[]>>>;
  /** The rates of the panels, taken apart into sums whose members are kept. */
  readonly ratios: readonly FigureParts[];
}

/**
 * Compute every panel; leaves the tables of the drill-down in the engine. Needs the tables of a prepared snapshot, with
 * the columns of the comparison and the submission.
 */
export async function makePanels(
  context: RunContext,
  prepared: PreparedSnapshot,
  months: CockpitMonths,
): Promise<CockpitContents> {
  const { engine, definitions } = context;
  const indicators = neededIndicators(definitions.indicators.indicators);
  const figures = await context.step('figures', () => computeFigures(engine, indicators, months.windows));
  await context.step('members', async () => {
    const select = (some: readonly Indicator[], source: string) => membershipSelect(some, source);
    await createFigureMembers(engine, { months, figures, select });
    await createLimitCases(engine);
  });
  const orgs = [...orgCodes(figures), OTHER_BODY.code];
  const submission = await context.step('submissions', () => submissionPanel(context, orgs));
  const preApplications = await context.step('pre-applications', () =>
    preApplicationPanel(context, months, orgs),
  );
  const quality = await context.step('findings', () => qualityPanel(context, prepared, orgs));
  const rows: CockpitRows = {
    ...(await figurePanels(context, figures, months)),
    time_limit: await timeLimitRows(engine, figures, months),
    pre_application: preApplications,
    ...quality,
    submission,
    backup: backupRows(await context.ledger.backups.list()),
    freshness: await freshnessRows(engine, orgCodes(figures), {
      asOf: prepared.asOf,
      dataTime: dataTime(prepared.manifest),
    }),
  };
  await context.step('drill-down', () => createMembers(engine, { indicators, months }));
  return { rows, notes: notesOf(rows, prepared, months), ratios: ratiosOf(indicators) };
}

/** The indicators of the panels and the sums that their rates are made of, in the order of the definitions. */
function neededIndicators(all: readonly Indicator[]): Indicator[] {
  const wanted = new Set<string>([
    ...KEY_INDICATORS,
    ...COLLECTIVE_INDICATORS,
    ...Object.values(TREND_INDICATORS),
    ...BREAKDOWNS.flatMap((name) => breakdownIndicators(all, name).map(({ id }) => id)),
  ]);
  for (const { numerator, denominator } of ratiosOf(all.filter(({ id }) => wanted.has(id))))
    for (const id of [...numerator, ...denominator]) wanted.add(id);
  return all.filter(({ id }) => wanted.has(id));
}

function ratiosOf(indicators: readonly Indicator[]): FigureParts[] {
  return indicators.flatMap((indicator) => {
    if ('population' in indicator) return [];
    const { id, numerator, denominator } = indicator;
    return [
      { indicatorId: id, numerator: 'indicators' in numerator ? numerator.indicators : [id], denominator },
    ];
  });
}

type FigureTable =
  | 'key_figure'
  | 'sparkline'
  | 'trend'
  | 'body'
  | 'ranking'
  | 'dispute_type'
  | 'employer_group'
  | 'industry'
  | 'collective';

/** Panels that show figures of the indicators and nothing else. */
async function figurePanels(
  { engine, home }: RunContext,
  figures: Figures<string>,
  months: CockpitMonths,
): Promise<Pick<CockpitRows, FigureTable>> {
  return {
    key_figure: comparedRows(figures, months, KEY_INDICATORS),
    sparkline: sparklineRows(figures, months),
    trend: trendRows(figures, months),
    body: bodyRows(await placedBodies({ engine }, figures), loadDistricts(home.definitions), {
      whole: WHOLE_NAME,
      other: OTHER_BODY.code,
    }),
    ranking: rankingRows(figures, months),
    dispute_type: breakdownRows(figures, months, 'dispute_type'),
    employer_group: breakdownRows(figures, months, 'employer_group'),
    industry: breakdownRows(figures, months, 'industry'),
    collective: comparedRows(figures, months, COLLECTIVE_INDICATORS),
  };
}

async function placedBodies(
  { engine }: Pick<RunContext, 'engine'>,
  { bodies }: FigureReader,
): Promise<PlacedBody[]> {
  const rows = await engine.rows<{ code: string; district: string | null }>(
    'SELECT org_code AS code, district_code AS district FROM valid_org WHERE org_code IS NOT NULL',
  );
  const districts = new Map(rows.map(({ code, district }) => [code, district]));
  return bodies.map((body) => ({ ...body, districtCode: districts.get(body.code) ?? null }));
}

/** The last batch of each platform; held back is who a batch of the complete month would not hold. */
async function submissionPanel(
  context: RunContext,
  orgs: readonly string[],
): Promise<CockpitRows['submission']> {
  const { engine, home, ledger } = context;
  await createSubmissionSource(engine);
  await createHeldFindings(engine);
  const held = await heldByBody(engine, OTHER_BODY.code);
  const releases = await ledger.recordReleases();
  const rows: CockpitRows['submission'][number][] = [];
  for (const product of platformProducts(context)) {
    const last = (await listBatches(context, product)).at(-1);
    await openHistory(engine, {
      homeDir: home.dir,
      batches: last === undefined ? [] : [last],
      releases,
    });
    const sent = await sentByBody(engine, OTHER_BODY.code);
    await closeHistory(engine);
    const batch =
      last === undefined ? undefined : { name: last.name, period: last.manifest.period, state: last.state };
    rows.push(...submissionRows(orgs, { product, last: batch, sent }, held));
  }
  return rows;
}

/** Pre-applications of the complete month as its report has them, and those of the current month. */
async function preApplicationPanel(
  context: RunContext,
  { complete, current, shown }: CockpitMonths,
  orgs: readonly string[],
): Promise<CockpitRows['pre_application']> {
  const { engine, config, ledger } = context;
  const decisions = await ledger.standingDecisions();
  await createCompared(engine, false);
  await openEarlier(engine, undefined);
  await createClassMembers(engine);
  const classifyMonth = async (month: Period): Promise<void> => {
    await setDays(engine, periodRange(month, config.cutoffDay));
    await classify(engine, { lastMonth: month, cutoffDay: config.cutoffDay, decisions });
    await addClassMembers(engine, month.text, OTHER_BODY.code);
    await dropClasses(engine);
  };
  await classifyMonth(current);
  await classifyMonth(complete);
  return preApplicationRows(engine, orgs, shown);
}

async function qualityPanel(
  context: RunContext,
  prepared: PreparedSnapshot,
  orgs: readonly string[],
): Promise<Pick<CockpitRows, 'quality' | 'quality_rule' | 'quality_trend'>> {
  const { engine, definitions } = context;
  await createShownFindings(engine, OTHER_BODY.code);
  const runs = await findingsOfRuns(context, prepared.findingsFile);
  return {
    quality: await qualityRows(engine, orgs, OTHER_BODY.code),
    quality_rule: await qualityRuleRows(engine, definitions.rules),
    quality_trend: await qualityTrendRows(engine, runs, OTHER_BODY.code),
  };
}

/** This run and the latest finished ones whose findings the home keeps, with the day of each, the earliest first. */
async function findingsOfRuns({ ledger, home, run }: RunContext, ownFile: string): Promise<RunFindings[]> {
  const own = await ledger.requireRun(run.id);
  const others = await ledger.listRuns({ limit: 1000, withPeriod: true, states: FINISHED });
  return [own, ...others]
    .map(({ id, startedAt }) => {
      const file = id === run.id ? ownFile : findingsFile(home, id);
      return { runId: id, day: startedAt.slice(0, 10), file };
    })
    .filter(({ file }) => existsSync(file))
    .slice(0, QUALITY_RUNS)
    .toReversed();
}

function notesOf(
  rows: CockpitRows,
  { remarks }: PreparedSnapshot,
  { current, asOf }: CockpitMonths,
): CockpitContents['notes'] {
  const provisional = `${current.text}为当前月份，数据截至${asOf}，为暂定；流量与上月、上年同期的相同天数比较`;
  const month = [provisional, ...remarks];
  return {
    'key-figures': [...month, '当前月份的“超审限未结”为至月末仍未结案时的件数；截至当日的件数见“审限”'],
    trend: month,
    districts: month,
    'dispute-types': month,
    'employer-groups': month,
    industries: month,
    'collective-disputes': month,
    'time-limits': remarks,
    submissions: rows.submission.some(({ batch }) => batch !== null) ? [] : ['尚无报送批次'],
    backups: rows.backup.length > 0 ? [] : ['尚无备份'],
  };
}

/** The documents of a version. */
export function panelDocuments(
  { rows, notes }: CockpitContents,
  head: { readonly version: number; readonly asOf: string },
): PanelDocument[] {
  return PANEL_NAMES.map((panel) => ({
    formatVersion: COCKPIT_FORMAT_VERSION,
    version: head.version,
    panel,
    title: PANEL_TITLES[panel],
    asOf: head.asOf,
    notes: notes[panel] ?? [],
    tables: Object.fromEntries(tablesOf(panel).map((name) => [name, rows[name]])),
  }));
}
