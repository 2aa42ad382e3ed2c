/** The source that this home reads, and what it says of itself. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { lastCompleteMonth, monthOf, type Period, parsePeriod } from '../schemas/period.ts';
import { recover } from './recovery.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { sourceKind } from './runtime/config.ts';
import { loadSourceNames } from './runtime/definitions.ts';
import { namedPath } from './runtime/files.ts';
import { ownedMark } from './runtime/lock.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import { engineLimits, openEngine, type Service } from './runtime/service.ts';
import { openSnapshotSql } from './steps/snapshot/list.ts';
import { readManifest } from './steps/snapshot/manifest-file.ts';
import { checkSource as check, type SourceCheck } from './steps/source/check.ts';
import { openEmbeddedSource } from './steps/source/embedded.ts';
import { type CsvEncoding, type ImportedFile, importCsv } from './steps/source/import-csv.ts';
import { resolveNames } from './steps/source/oracle/names.ts';
import { oracleSettings } from './steps/source/oracle/settings.ts';
import { openOracleSource } from './steps/source/oracle/source.ts';
import type { Source } from './steps/source/source.ts';

export type { SourceCheck } from './steps/source/check.ts';
export { CSV_ENCODINGS, type CsvEncoding } from './steps/source/csv-files.ts';
export { problemPlace } from './steps/source/source.ts';

/** The file of the embedded source. */
export function sourceFile(service: Pick<Service, 'home'>): string {
  return path.join(service.home.source, 'source.duckdb');
}

/** What the demo generator injected; it stands beside a demo source only. */
export function defectsFile(service: Pick<Service, 'home'>): string {
  return path.join(service.home.source, 'demo-defects.json');
}

/** Open the source for reading, use it, close it. */
export async function withSource<T>(service: Service, use: (source: Source) => Promise<T>): Promise<T> {
  const spillDir = path.join(service.home.work, `source-${ownedMark()}`);
  const source = await openSource(service, spillDir, process.env);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

/** Which source is read: ARBDATA_SOURCE, else `source.kind` of config.json, else the embedded one. */
async function openSource(
  service: Service,
  spillDir: string,
  environment: NodeJS.ProcessEnv,
): Promise<Source> {
  const kind = sourceKind(service.config, environment);
  if (kind === 'embedded') {
    return openEmbeddedSource(sourceFile(service), { spillDir, ...engineLimits(service) });
  }
  return openOracleSource({
    settings: oracleSettings(service.config.source.oracle, environment),
    names: resolveNames(loadSourceNames(service.home.definitions)),
    workDir: service.home.work,
    spillDir,
    clock: service.clock,
    log: service.log,
  });
}

/** The step of a run that reads the source. */
export const FREEZE_STEP = 'freeze';

/** Hold the source against the contract. */
export async function checkSource(service: Service): Promise<SourceCheck> {
  const seconds = await latelySeconds(service);
  return withSource(service, (source) => check(source, seconds));
}

/** As many runs are looked at for how long a read takes. */
const LATEST_RUNS = 24;

/**
 * How long the longest of the latest reads of the source took; one that failed on the way took at least so long. A killed
 * run ended when that was noticed, which tells nothing.
 */
async function latelySeconds({ ledger }: Service): Promise<number> {
  const runs = await ledger.listRuns({ limit: LATEST_RUNS });
  const ended = runs.filter(({ state }) => state === 'done' || state === 'held' || state === 'failed');
  const all = await Promise.all(ended.map(({ id }) => ledger.getRun(id)));
  const seconds = all.flatMap((run) =>
    (run?.steps ?? [])
      .filter(({ name }) => name === FREEZE_STEP)
      .map(({ startedAt, finishedAt }) => {
        const end = finishedAt ?? run?.finishedAt ?? startedAt;
        return (Date.parse(end) - Date.parse(startedAt)) / 1000;
      }),
  );
  return Math.max(0, ...seconds);
}

/** Load the embedded source from a folder of CSV files; the former source stays on any error. */
export async function importSource(
  service: Service,
  request: { readonly dir: string; readonly encoding: CsvEncoding; readonly asOf?: string | undefined },
): Promise<ImportedFile[]> {
  await recover(service);
  const files = await importCsv({
    dir: namedPath(request.dir, 'folder of the CSV files'),
    encoding: request.encoding,
    file: sourceFile(service),
    meta: {
      kind: 'csv',
      made_by: `arbdata ${TOOL_VERSION}`,
      as_of: request.asOf ?? null,
      until: null,
      seed: null,
      size: null,
    },
    personalColumns: new Set(Object.keys(service.definitions.personalColumns.columns)),
    log: service.log,
    progress: service.progress,
    limits: engineLimits(service),
  });
  await rm(defectsFile(service), { force: true });
  await service.ledger.appendAudit({
    actor: service.actor,
    action: 'source.import',
    subject: 'source',
    detail: { rows: Object.fromEntries(files.map(({ view, rows }) => [view, rows])) },
  });
  return files;
}

/** The date of a snapshot taken now: as told, else the source's own, else today in Asia/Shanghai. */
export function snapshotDate(service: Service, source: Source, asOf?: string): string {
  return asOf ?? source.asOf ?? shanghaiDate(service.clock);
}

/** The latest month that had ended by the snapshot's date and in or before which something happened. */
export async function lastCompletePeriod(service: Service, asOf?: string): Promise<Period> {
  return withSource(service, async (source) => {
    const date = snapshotDate(service, source, asOf);
    const { until } = source.describe().details;
    const cases = (await source.figures()).find(({ view }) => view === 'ARB_CASE');
    const days = (cases?.dates ?? [])
      .filter(({ column }) => column === 'ACCEPT_DATE' || column === 'CLOSE_DATE')
      .flatMap(({ last }) => (last === null ? [] : [last]));
    return lastMonth(service, { date, until, days });
  });
}

/**
 * The same for a snapshot that was taken before; the source may be another one now.
 * @throws {ArbdataError} E_NOT_FOUND, E_SNAPSHOT_DAMAGED
 */
export async function lastCompletePeriodOf(service: Service, snapshotId: string): Promise<Period> {
  const { asOf, source } = await readManifest(service.home, snapshotId);
  const { until } = source.details;
  const engine = await openEngine(service);
  try {
    await engine.run(await openSnapshotSql(service.home, snapshotId));
    const row = await engine.one<Record<'accepted' | 'closed', string | null>>(
      `SELECT CAST(CAST(max(ACCEPT_DATE) AS DATE) AS VARCHAR) AS accepted,
         CAST(CAST(max(CLOSE_DATE) AS DATE) AS VARCHAR) AS closed FROM raw_arb_case`,
    );
    const days = [row.accepted, row.closed].filter((day) => day !== null);
    return lastMonth(service, { date: asOf, until, days });
  } finally {
    engine.close();
  }
}

/** @param found the source's own last month, else the last days on which something happened */
function lastMonth(
  { config: { cutoffDay } }: Service,
  found: { readonly date: string; readonly until: string | undefined; readonly days: readonly string[] },
): Period {
  const latest = lastCompleteMonth(found.date, cutoffDay);
  if (found.until !== undefined) return earlier(latest, parsePeriod(found.until));
  const lastDay = found.days
    .filter((day) => day <= found.date)
    .toSorted()
    .at(-1);
  return lastDay === undefined ? latest : earlier(latest, monthOf(lastDay, cutoffDay));
}

const earlier = (a: Period, b: Period): Period => (a.text <= b.text ? a : b);
