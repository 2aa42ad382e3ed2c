/** What every product of a month starts from: one frozen snapshot, validated, with facts and findings. */
import { existsSync } from 'node:fs';
import type { ViewName } from '../schemas/contract.ts';
import { OTHER_BODY, WHOLE_CODE } from '../schemas/dataset.ts';
import type { Manifest } from '../schemas/manifest.ts';
import { type DateRange, type Period, periodRange } from '../schemas/period.ts';
import { findRejections, rejectingPlatforms } from './rejections.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { type Engine, literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { findingsFile, homeSecret } from './runtime/home.ts';
import { FINISHED } from './runtime/ledger-runs.ts';
import type { RunContext } from './runtime/run.ts';
import { FREEZE_STEP, snapshotDate, withSource } from './source.ts';
import { monthWindowSql } from './steps/macro-monitoring/windows.ts';
import { buildFacts } from './steps/model/build.ts';
import { pinnedSnapshots } from './steps/publish/publication.ts';
import { freeze } from './steps/snapshot/freeze.ts';
import { openSnapshotSql } from './steps/snapshot/list.ts';
import { pruneSnapshots } from './steps/snapshot/retention.ts';
import { verifySnapshot } from './steps/snapshot/verify.ts';
import { type FindingCounts, writeFindings } from './steps/validate/findings.ts';
import { normalise } from './steps/validate/normalise.ts';
import { runRules } from './steps/validate/rules.ts';
import type { Reader } from './steps/validate/valid-tables.ts';

/** A list of findings is named for its body; with every character escaped the name still fits a folder. */
const LONGEST_BODY_CODE = 60;

export interface PeriodRequest {
  readonly period: Period;
  /** YYYY-MM-DD; overrides the date of a new snapshot on the embedded source. */
  readonly asOf?: string | undefined;
  /** Use this snapshot instead of taking one. */
  readonly snapshotId?: string | undefined;
  /** Products of the same run that read columns which no rule and no figure reads. */
  readonly readers?: readonly Reader[];
  /**
   * Where the findings go; absent: to the findings of the home, which later runs compare theirs with and people work
   * through. A look at the data that is no run of the period keeps them to itself.
   */
  readonly findingsFile?: string;
  /** The snapshot, where it was taken before the period could be known: {@link takeSnapshot}. */
  readonly taken?: Manifest;
}

/** What is read, and the days that it is read for. */
export interface SnapshotRequest extends DateRange, Omit<PeriodRequest, 'period'> {
  /** Views that the products of the run do not read. */
  readonly unread?: readonly ViewName[];
}

/** A snapshot whose normalised tables stand in the run's engine. */
export interface OpenedSnapshot {
  readonly manifest: Manifest;
  readonly asOf: string;
}

export interface PreparedSnapshot extends OpenedSnapshot {
  readonly findingsFile: string;
  readonly findings: FindingCounts;
  /** What a reader of the figures should know of the snapshot; Chinese. */
  readonly remarks: readonly string[];
}

/** Freeze or reopen the snapshot and normalise it: what comes before every product. */
export async function openSnapshot(context: RunContext, request: SnapshotRequest): Promise<OpenedSnapshot> {
  const { engine, definitions, home, run } = context;
  const manifest = request.taken ?? (await takeSnapshot(context, request));
  const { asOf } = manifest;
  await run.setSnapshot(manifest.id);

  const { unread = [] } = request;
  const read = manifest.views.filter(({ view }) => !unread.includes(view));
  const rowsOf = new Map(read.map(({ view, rows }) => [view, rows]));
  const rows = read.reduce((sum, view) => sum + view.rows, 0);
  await context.step(
    'normalise',
    async (advance) => {
      await engine.run(await openSnapshotSql(home, manifest.id, unread));
      const { start, end, readers } = request;
      const onView = (view: ViewName): void => advance(rowsOf.get(view) ?? 0);
      await normalise(engine, { definitions, asOf, start, end, readers: readers ?? [], onView });
      await refuseBodies(engine);
    },
    { unit: 'rows', total: rows, count: () => rows },
  );
  return { manifest, asOf };
}

/** Codes that stand for something else, and what cannot name a file; without any body nothing can be counted. */
async function refuseBodies(engine: Engine): Promise<void> {
  const { n, reserved } = await engine.one<{ n: string; reserved: string | null }>(
    `SELECT count(org_code) AS n,
       min(org_code) FILTER (org_code IN (${[WHOLE_CODE, OTHER_BODY.code].map(literal).join(', ')})
         OR length(org_code) > ${LONGEST_BODY_CODE}) AS reserved
     FROM valid_org`,
  );
  if (n !== '0' && reserved === null) return;
  throw new ArbdataError(
    'E_SOURCE_CONTRACT',
    reserved === null
      ? 'ARB_ORG has no body'
      : `ARB_ORG, column ORG_CODE: ${JSON.stringify(reserved.slice(0, LONGEST_BODY_CODE))} cannot be the code of a body`,
    {
      advice: `Give every body a code of its own, other than ${WHOLE_CODE} and ${OTHER_BODY.code}, of at most ${LONGEST_BODY_CODE} characters; then import the source again. Nothing was published.`,
      where: { column: 'ORG_CODE' },
    },
  );
}

/** Open the snapshot, build the facts, judge every rule. */
export async function prepareSnapshot(
  context: RunContext,
  request: PeriodRequest,
): Promise<PreparedSnapshot> {
  const { engine, definitions, config, home, ledger, run } = context;
  const { period, asOf: wanted, snapshotId } = request;
  const days = periodRange(period, config.cutoffDay);
  const rejecting = await rejectingPlatforms(context);
  const { manifest, asOf } = await openSnapshot(context, {
    ...days,
    asOf: wanted,
    snapshotId,
    ...(request.taken === undefined ? {} : { taken: request.taken }),
    readers: [...(request.readers ?? []), ...(rejecting.length > 0 ? (['submission'] as const) : [])],
  });
  await context.step('facts', async () => {
    await engine.run(monthWindowSql(request.period, config.cutoffDay));
    await buildFacts(engine);
    await findRejections(context, rejecting, asOf);
  });

  const file = request.findingsFile ?? findingsFile(home, run.id);
  const findings = await context.step(
    'rules',
    async (advance) => {
      await runRules(engine, {
        definitions,
        periodKind: request.period.kind,
        secret: homeSecret(home),
        onRule: () => advance(1),
      });
      return writeFindings(engine, {
        file,
        previous: await previousFindings(context, request.period),
        marks: await ledger.standingMarks(),
        today: shanghaiDate(context.clock),
      });
    },
    { unit: 'rules', total: definitions.rules.length },
  );
  await pruneOldSnapshots(context);
  return { manifest, asOf, findingsFile: file, findings, remarks: await calendarRemarks(context) };
}

/** Freeze a snapshot, or verify the one that was asked for. */
export async function takeSnapshot(
  context: RunContext,
  request: Pick<PeriodRequest, 'asOf' | 'snapshotId'>,
): Promise<Manifest> {
  const { engine, home, definitions, clock, log, progress } = context;
  const { snapshotId } = request;
  if (snapshotId !== undefined) {
    const manifest = await context.step('verify snapshot', () => verifySnapshot(home, snapshotId));
    if (request.asOf !== undefined && request.asOf !== manifest.asOf) {
      throw new ArbdataError(
        'E_USAGE',
        `snapshot ${snapshotId} is of ${manifest.asOf}, not of ${request.asOf}`,
        {
          advice: 'Leave --as-of away with --snapshot, or take a new snapshot.',
        },
      );
    }
    return manifest;
  }
  return context.step(
    FREEZE_STEP,
    () =>
      withSource(context, (source) =>
        freeze({
          source,
          engine,
          home,
          asOf: snapshotDate(context, source, request.asOf),
          clock,
          definitionsSha256: definitions.sha256,
          log,
          progress,
        }),
      ),
    { unit: 'rows', count: ({ views }) => views.reduce((sum, { rows }) => sum + rows, 0) },
  );
}

/** The findings of the latest finished run before this one, and whether it was of the same period. */
async function previousFindings(
  { ledger, home, run }: RunContext,
  period: Period,
): Promise<{ file: string; isSamePeriod: boolean } | undefined> {
  const runs = await ledger.listRuns({ limit: 1000, withSnapshot: true, withPeriod: true, states: FINISHED });
  const usable = runs.filter(({ id }) => id !== run.id && existsSync(findingsFile(home, id)));
  const chosen = usable.find((one) => one.period === period.text) ?? usable[0];
  return chosen === undefined
    ? undefined
    : { file: findingsFile(home, chosen.id), isSamePeriod: chosen.period === period.text };
}

/** Remove snapshots beyond the configured number; those that a publication refers to stay. */
export async function pruneOldSnapshots({ home, ledger, config, clock, log }: RunContext): Promise<void> {
  const pinned = await pinnedSnapshots(ledger);
  const removed = await pruneSnapshots({ home, keep: config.snapshotsToKeep, pinned, clock });
  for (const id of removed) log.info('removed an old snapshot', { snapshot: id });
}

/** Years whose arrangement of holidays was not in the definitions though their days decided a time limit. */
async function calendarRemarks({ engine }: RunContext): Promise<string[]> {
  const rows = await engine.rows<{ year: string }>(
    `SELECT DISTINCT substr(k.day_text, 1, 4) AS year FROM case_fact c
     JOIN calendar k ON k.day_number = c.deadline_day
     WHERE c.counted = 1 AND c.deadline_is_provisional = 1 ORDER BY year`,
  );
  return rows.length === 0
    ? []
    : [
        `${rows.map(({ year }) => year).join('、')}年的放假安排未收录，其工作日按周一至周五（1月1日除外）推算，为暂定`,
      ];
}
