/** 驾驶室刷新: one snapshot in, one version of all panels out. Read from top to bottom. */
import path from 'node:path';
import { panelJson } from '../exports/cockpit.json.ts';
import {
  COCKPIT_FORMAT_VERSION,
  type CockpitIndex,
  type CockpitStatus,
  type PanelDocument,
} from '../schemas/cockpit.ts';
import { lastCompleteMonth } from '../schemas/period.ts';
import { cockpitLateAfter } from './cockpit-late.ts';
import { type CockpitContents, makePanels, panelDocuments } from './cockpit-panels.ts';
import { type OpenedTarget, openTarget } from './cockpit-target.ts';
import { type PreparedSnapshot, prepareSnapshot, takeSnapshot } from './prepare.ts';
import { recover } from './recovery.ts';
import { shanghaiStamp } from './runtime/clock.ts';
import { ArbdataError } from './runtime/errors.ts';
import { ensureDir, sha256File, writeFileAtomic } from './runtime/files.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import { type RunContext, type RunEnd, withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { dataTime } from './steps/cockpit/freshness.ts';
import { writeMembers } from './steps/cockpit/members.ts';
import { type CockpitMonths, cockpitMonths } from './steps/cockpit/months.ts';
import {
  cockpitDir,
  INDEX_NAME,
  placeVersion,
  pruneVersions,
  readPointer,
  settleVersions,
  switchTo,
  writeStatus,
} from './steps/publish/cockpit-versions.ts';

const COCKPIT_REFRESH = 'cockpit-refresh';
const MEMBERS_FILE = 'members.parquet';
const RECORDS_FILE = 'records.parquet';

export interface CockpitRequest {
  /** YYYY-MM-DD; overrides the date of a new snapshot on the embedded source. */
  readonly asOf?: string | undefined;
  /** Use this snapshot instead of taking one. */
  readonly snapshotId?: string | undefined;
}

export interface CockpitRunEnd extends RunEnd {
  readonly index: CockpitIndex;
  /** The folder of the version. */
  readonly dir: string;
  /** The database that has it too; undefined where none is configured. */
  readonly target: string | undefined;
}

/**
 * Refresh the cockpit. A failed refresh leaves the version in force as it was and says so in `status.json`.
 * @throws ArbdataError E_TARGET, E_TARGET_REFUSED where the files are refreshed and the database is not
 */
export async function runCockpitRefresh(
  service: Service,
  request: CockpitRequest,
): Promise<CockpitRunEnd & { runId: string }> {
  await recover(service);
  const { asOf, snapshotId } = request;
  const spec = { pipeline: COCKPIT_REFRESH, parameters: { asOf, snapshotId } };
  return withRun(service, spec, (context) =>
    reported(context, async () => {
      const taken = await takeSnapshot(context, request);
      const prepared = await prepareSnapshot(context, {
        taken,
        period: lastCompleteMonth(taken.asOf, context.config.cutoffDay),
        readers: ['comparison', 'submission'],
        findingsFile: path.join(context.workDir, 'findings.parquet'),
      });
      return refresh(context, prepared);
    }),
  );
}

/** Keep how the attempt ended beside the versions: who reads only files must learn that they are no longer refreshed. */
async function reported<T>(context: RunContext, work: () => Promise<T>): Promise<T> {
  const dir = cockpitDir(context.home);
  ensureDir(dir);
  const started = { runId: context.run.id, startedAt: shanghaiStamp(context.clock) };
  const report = (end: Pick<CockpitStatus, 'state' | 'endedAt' | 'error'>): Promise<void> =>
    writeStatus(dir, { ...started, ...end });
  await report({ state: 'running', endedAt: null, error: null });
  try {
    const result = await work();
    await report({ state: 'done', endedAt: shanghaiStamp(context.clock), error: null });
    return result;
  } catch (error) {
    await report({ state: 'failed', endedAt: shanghaiStamp(context.clock), error: told(error) }).catch(
      // On a full disk not even this can be written; the ledger's run tells it.
      () => undefined,
    );
    throw error;
  }
}

function told(error: unknown): NonNullable<CockpitStatus['error']> {
  if (!(error instanceof ArbdataError))
    return { code: 'E_INTERNAL', message: 'a defect of the service', advice: 'Report this as a defect.' };
  const { code, message, advice } = error;
  return { code, message, advice };
}

async function refresh(context: RunContext, prepared: PreparedSnapshot): Promise<CockpitRunEnd> {
  const { home, clock, config } = context;
  const dir = cockpitDir(home);
  const months = cockpitMonths(prepared.asOf, config.cutoffDay);
  await settleVersions(dir, clock);
  const contents = await makePanels(context, prepared, months);

  const target = await openTarget(context);
  try {
    const version = Math.max(readPointer(dir)?.version ?? 0, target.latest) + 1;
    const documents = panelDocuments(contents, { version, asOf: prepared.asOf });
    const index = await context.step('documents', () =>
      writeDocuments(context, { prepared, months, contents, documents, version }),
    );
    const placed = await context.step('publish', async () => {
      const place = await placeVersion(dir, workDirOf(context), index);
      await enterFiles(context, index, path.join(dir, place.folder), place.indexSha256);
      await switchTo(dir, { version, ...place }, clock);
      return place;
    });
    await pruneVersions(dir, config.cockpit.versionsToKeep, clock);
    await publishToTarget(context, target, { index, documents, indexSha256: placed.indexSha256 });
    return endOf(context, index, path.join(dir, placed.folder), target.title);
  } finally {
    await target.close();
  }
}

/** The folder of the version while it is being written. */
const workDirOf = ({ workDir }: RunContext): string => path.join(workDir, 'version');

interface Writing {
  readonly prepared: PreparedSnapshot;
  readonly months: CockpitMonths;
  readonly contents: CockpitContents;
  readonly documents: readonly PanelDocument[];
  readonly version: number;
}

/** Write every file but the index, and make the index of them. */
async function writeDocuments(context: RunContext, writing: Writing): Promise<CockpitIndex> {
  const { prepared, months, contents, documents, version } = writing;
  const { engine, run, clock, config, definitions } = context;
  const dir = workDirOf(context);
  ensureDir(dir);
  const panels: CockpitIndex['panels'] = [];
  for (const document of documents) {
    const file = `${document.panel}.json`;
    await writeFileAtomic(path.join(dir, file), panelJson(document));
    const rows = Object.entries(document.tables).map(([name, list]) => [name, list.length]);
    panels.push({
      panel: document.panel,
      title: document.title,
      rows: Object.fromEntries(rows) as Record<string, number>,
      file,
      ...(await sha256File(path.join(dir, file))),
    });
  }
  const written = await writeMembers(engine, {
    members: path.join(dir, MEMBERS_FILE),
    records: path.join(dir, RECORDS_FILE),
  });
  const moment = dataTime(prepared.manifest);
  return {
    formatVersion: COCKPIT_FORMAT_VERSION,
    version,
    runId: run.id,
    snapshotId: prepared.manifest.id,
    snapshotSha256: prepared.manifest.contentSha256,
    asOf: prepared.asOf,
    dataTime: moment,
    refreshedAt: shanghaiStamp(clock),
    lateAfter: await cockpitLateAfter(context, moment),
    months: { current: months.current.text, complete: months.complete.text },
    cutoffDay: config.cutoffDay,
    toolVersion: TOOL_VERSION,
    definitionsSha256: definitions.sha256,
    panels,
    drillDown: {
      members: {
        rows: written.members,
        file: MEMBERS_FILE,
        ...(await sha256File(path.join(dir, MEMBERS_FILE))),
      },
      records: {
        rows: written.records,
        file: RECORDS_FILE,
        ...(await sha256File(path.join(dir, RECORDS_FILE))),
      },
      ratios: [...contents.ratios],
    },
  };
}

/** The files of the version in the ledger, the index among them. */
async function enterFiles(
  { run, home }: RunContext,
  { panels, drillDown }: CockpitIndex,
  dir: string,
  indexSha256: string,
): Promise<void> {
  const folder = path.relative(home.dir, dir);
  const entry = (file: string, kind: string, seal: { sha256: string; sizeBytes: number }) => ({
    path: path.join(folder, file),
    kind,
    sha256: seal.sha256,
    sizeBytes: seal.sizeBytes,
  });
  const { sizeBytes } = await sha256File(path.join(dir, INDEX_NAME));
  await run.addFiles([
    ...panels.map((panel) => entry(panel.file, 'panel', panel)),
    entry(drillDown.members.file, 'membership', drillDown.members),
    entry(drillDown.records.file, 'membership', drillDown.records),
    entry(INDEX_NAME, 'index', { sha256: indexSha256, sizeBytes }),
  ]);
}

async function publishToTarget(
  context: RunContext,
  target: OpenedTarget,
  version: {
    readonly index: CockpitIndex;
    readonly documents: readonly PanelDocument[];
    readonly indexSha256: string;
  },
): Promise<void> {
  if (target.title === undefined) return;
  await context.step('target database', () => target.publish(version), {
    unit: 'rows',
    count: (rows) => rows,
  });
}

function endOf(
  { home }: RunContext,
  index: CockpitIndex,
  dir: string,
  target: string | undefined,
): CockpitRunEnd {
  const { version, asOf, dataTime: moment, months } = index;
  return {
    state: 'done',
    summary: {
      [COCKPIT_REFRESH]: {
        version,
        folder: path.relative(home.dir, dir),
        asOf,
        dataTime: moment,
        months,
        target: target ?? null,
      },
    },
    index,
    dir,
    target,
  };
}
