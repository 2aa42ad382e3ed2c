/** 宏观监测: figures, checks, revision statement, files, publication. Read from top to bottom. */
import type { CheckResult } from '../schemas/dataset.ts';
import { dayNumber, type Period, parsePeriod, periodRange, ytdRange } from '../schemas/period.ts';
import { MACRO_MONITORING, macroMonitoringFiles } from './macro-monitoring-files.ts';
import { type PeriodRequest, type PreparedSnapshot, prepareSnapshot } from './prepare.ts';
import { type ProductState, type Release, refuseRelease, runSpec } from './product.ts';
import { recover } from './recovery.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import { type RunContext, type RunEnd, withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import {
  checkExclusions,
  checkFigures,
  dataBegin,
  exclusionShare,
  provisionalDeadlines,
} from './steps/macro-monitoring/checks.ts';
import { computeFigures, type Figures } from './steps/macro-monitoring/figures.ts';
import { type RevisionResult, reviseAgainst } from './steps/macro-monitoring/revision.ts';
import { periodWindows } from './steps/macro-monitoring/windows.ts';
import { type EarlierPublications, findEarlier } from './steps/publish/earlier.ts';
import { type HoldReason, holdReasons } from './steps/publish/hold.ts';

export { MACRO_MONITORING } from './macro-monitoring-files.ts';

export interface MacroRequest extends PeriodRequest {
  /** Publish what an earlier run held. */
  readonly release?: Release;
}

export interface MacroOutcome {
  readonly state: ProductState;
  readonly period: Period;
  readonly revision: number | null;
  readonly dir: string;
  readonly files: readonly string[];
  readonly reasons: readonly HoldReason[];
  readonly provisional: boolean;
  /** Key figures of the whole, as published: `A02` → `1234`. */
  readonly keyFigures: Readonly<Record<string, string>>;
  readonly revised: readonly { baseline: string; cases: number }[];
  readonly failedChecks: readonly CheckResult[];
  /** For products of the same run; the ledger does not keep them. */
  readonly figures: Figures;
}

export interface MacroRunEnd extends RunEnd {
  readonly prepared: PreparedSnapshot;
  readonly outcome: MacroOutcome;
}

/** Run the pipeline for one period. */
export async function runMacroMonitoring(
  service: Service,
  request: MacroRequest,
): Promise<MacroRunEnd & { runId: string }> {
  await recover(service);
  const spec = runSpec(MACRO_MONITORING, [MACRO_MONITORING], request.period.text, request);
  return withRun(service, spec, async (context) => {
    const prepared = await prepareSnapshot(context, request);
    const outcome = await makeMacroMonitoring(context, prepared, request);
    return endOf(prepared, outcome);
  });
}

export function endOf(prepared: PreparedSnapshot, outcome: MacroOutcome): MacroRunEnd {
  const { state, revision, reasons, provisional, keyFigures, dir } = outcome;
  return {
    state: state === 'held' ? 'held' : 'done',
    summary: {
      [MACRO_MONITORING]: {
        state,
        revision,
        dir,
        provisional,
        reasons: reasons.map(({ text }) => text),
        keyFigures,
      },
      findings: prepared.findings,
    },
    prepared,
    outcome,
  };
}

/** The product itself, from a prepared snapshot. */
export async function makeMacroMonitoring(
  context: RunContext,
  prepared: PreparedSnapshot,
  request: MacroRequest,
): Promise<MacroOutcome> {
  const { engine, definitions, config, home, ledger } = context;
  const { period } = request;
  const windows = periodWindows(period, config.cutoffDay);

  const figures = await context.step('figures', () =>
    computeFigures(engine, definitions.indicators.indicators, windows),
  );
  const earlier = await findEarlier(home, ledger, MACRO_MONITORING, period);
  const revisions = await context.step('revision statement', () => statements(context, figures, earlier), {
    unit: 'cases',
    count: (results) => results.reduce((sum, { cases }) => sum + cases, 0),
  });
  const checks = await context.step(
    'checks',
    async () => [
      ...checkFigures(figures, definitions.indicators.balances),
      ...revisions.flatMap((revision) => revision.checks),
      checkExclusions(await exclusionShare(engine), config.exclusionLimitPercent),
    ],
    { unit: 'checks', count: (results) => results.length },
  );
  const reasons = holdReasons({
    checks,
    provisionalDeadlines: await provisionalDeadlines(engine),
    dataBegin: await dataBegin(engine),
    needsApproval: config.approval,
  });
  const provisional = periodRange(period, config.cutoffDay).end >= prepared.asOf;
  refuseRelease(request.release, reasons, provisional);

  return macroMonitoringFiles(context, {
    prepared,
    request,
    figures,
    earlier,
    revisions,
    checks,
    reasons,
    provisional,
  });
}

/** Compare with what was published: the period before (K11), this period's revision in force, the year before. */
async function statements(
  { engine, definitions, config }: RunContext,
  figures: Figures,
  { previous, same, lastYear }: EarlierPublications,
): Promise<RevisionResult[]> {
  const results: RevisionResult[] = [];
  for (const [kind, earlier] of [
    ['previous', previous],
    ['same', same],
    ['last_year', lastYear],
  ] as const) {
    // The year before a year is both the period before and the same period a year ago.
    if (
      earlier === undefined ||
      (kind === 'last_year' && earlier.manifest.period === previous?.manifest.period)
    )
      continue;
    const { manifest, caseFactsFile, mediationFactsFile, membershipFile, datasetFile } = earlier;
    const published = parsePeriod(manifest.period);
    const { start, end } = periodRange(published, manifest.cutoffDay);
    const basis = {
      kind,
      period: manifest.period,
      revision: manifest.revision,
      caseFactsFile,
      mediationFactsFile,
      membershipFile,
      datasetFile,
      flowStartDay: dayNumber(ytdRange(published, manifest.cutoffDay).start),
      monthStartDay: dayNumber(start),
      endDay: dayNumber(end),
      definitionsChanged:
        manifest.definitionsSha256 !== definitions.sha256 || manifest.cutoffDay !== config.cutoffDay,
      versionChanged: manifest.toolVersion !== TOOL_VERSION,
    };
    results.push(await reviseAgainst(engine, basis, figures));
  }
  return results;
}
