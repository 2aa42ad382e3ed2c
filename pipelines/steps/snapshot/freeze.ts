/** Freezing a source: every view read once, raw, into Parquet; the manifest last; the whole under its name in one step. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { engineType, VIEWS, type View, type ViewName } from '../../../schemas/contract.ts';
import {
  MANIFEST_FORMAT_VERSION,
  type Manifest,
  type SnapshotView,
  type SourceDescription,
} from '../../../schemas/manifest.ts';
import { type Clock, shanghaiStamp } from '../../runtime/clock.ts';
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { makeReadOnly, publishDir, sha256File, writeFileAtomic } from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';
import type { Log } from '../../runtime/log.ts';
import type { Progress } from '../../runtime/progress.ts';
import { TOOL_VERSION } from '../../runtime/project.ts';
import { openScratch, removeDeadScratches } from '../../runtime/scratch.ts';
import { MANIFEST_FILE, manifestText, sealManifest, snapshotDir } from './manifest-file.ts';

/** What a freeze needs of a source; every source of the step source is one. */
export interface FreezableSource {
  describe(): SourceDescription;
  openRead(): Promise<{
    identity(): Promise<string>;
    readonly parallelReads: number;
    readView(view: ViewName, targetParquet: string, progress: Progress): Promise<{ rows: number }>;
    /** Whether, after this error, another read (of another moment) is worth opening; absent: never. */
    shouldStartAnew?(error: unknown): boolean;
    close(): Promise<void>;
  }>;
}

export interface FreezeOptions {
  readonly source: FreezableSource;
  /** Looks at what was written; it is not the source's, which reads the next view meanwhile. */
  readonly engine: Engine;
  readonly home: Pick<Home, 'snapshots'>;
  /** `YYYY-MM-DD`: the day whose state the snapshot shows. */
  readonly asOf: string;
  readonly clock: Clock;
  /** SHA-256 of all definitions in force. */
  readonly definitionsSha256: string;
  readonly log: Log;
  readonly progress: Progress;
  /** By default made from the clock and four random hexadecimal digits. */
  readonly snapshotId?: string;
}

/** An id of a snapshot: `YYYYMMDD-HHMMSS-xxxx`. */
export function newSnapshotId(clock: Clock): string {
  const [date = '', time = ''] = shanghaiStamp(clock).split(' ');
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
}

/** When a snapshot was taken, by its id: `YYYYMMDD-HHMMSS`, which sorts by time. */
export const takenAt = (snapshotId: string): string => snapshotId.slice(0, 15);

/**
 * Freeze a source. Nothing is under the snapshot's name until all of it is; on an error nothing is left.
 * @throws {ArbdataError} what the source throws; E_DISK_FULL, E_HOME; E_ENGINE when a file is not what was copied
 */
export async function freeze(options: FreezeOptions): Promise<Manifest> {
  const { source, engine, home, asOf, clock, definitionsSha256, log, progress } = options;
  const id = options.snapshotId ?? newSnapshotId(clock);
  const finalDir = snapshotDir(home, id);
  const createdAt = shanghaiStamp(clock);
  await removeDeadScratches(home.snapshots, id, clock);
  const scratch = await openScratch(home.snapshots, id, clock);
  try {
    const { identity, views } = await readWhole(source, engine, scratch.dir, progress);
    const manifest = sealManifest({
      formatVersion: MANIFEST_FORMAT_VERSION,
      id,
      createdAt,
      asOf,
      source: { ...source.describe(), identity },
      toolVersion: TOOL_VERSION,
      definitionsSha256,
      views,
    });
    await writeFileAtomic(path.join(scratch.dir, MANIFEST_FILE), manifestText(manifest));
    await publishDir(scratch.dir, finalDir);
    await makeReadOnly(finalDir);
    const rows = views.reduce((sum, view) => sum + view.rows, 0);
    log.info('snapshot frozen', { id, asOf, rows, identity });
    return manifest;
  } finally {
    await scratch.close();
  }
}

type Read = Awaited<ReturnType<FreezableSource['openRead']>>;

/** All views of one moment. Where that moment is lost on the way, the source decides whether to take another. */
async function readWhole(
  source: FreezableSource,
  engine: Engine,
  dir: string,
  progress: Progress,
): Promise<{ identity: string; views: SnapshotView[] }> {
  for (;;) {
    const read = await source.openRead();
    try {
      const views = await freezeViews(read, engine, dir, progress);
      return { identity: await read.identity(), views };
    } catch (error) {
      if (read.shouldStartAnew?.(error) !== true) throw error;
      for (const view of VIEWS) await rm(path.join(dir, fileOf(view)), { force: true });
    } finally {
      await read.close();
    }
  }
}

const fileOf = ({ name }: View): string => `${name.toLowerCase()}.parquet`;

/**
 * Read all views, as many at a time as the source allows, and look at what was written while the next one is read. After
 * an error no other read begins.
 */
async function freezeViews(
  read: Read,
  engine: Engine,
  dir: string,
  progress: Progress,
): Promise<SnapshotView[]> {
  const reading = pLimit(Math.max(1, read.parallelReads));
  let failure: { error: unknown } | undefined;
  const freezeView = async (view: View): Promise<SnapshotView[]> => {
    try {
      const target = path.join(dir, fileOf(view));
      const done = await reading(async () =>
        failure === undefined ? read.readView(view.name, target, progress) : undefined,
      );
      return done === undefined ? [] : [await lookAt(engine, view, target, done.rows)];
    } catch (error) {
      failure ??= { error };
      return [];
    }
  };
  const views = await Promise.all(VIEWS.map(freezeView));
  if (failure !== undefined) throw failure.error;
  return views.flat();
}

async function lookAt(engine: Engine, view: View, target: string, rows: number): Promise<SnapshotView> {
  const columns = view.columns.map((column) => ({ name: column.name, type: engineType(column) }));
  await checkFile(engine, target, view, rows, columns);
  return { view: view.name, file: fileOf(view), rows, columns, ...(await sha256File(target)) };
}

/** The file says the same as the source did: a manifest states only what was looked at. */
async function checkFile(
  engine: Engine,
  file: string,
  view: View,
  rows: number,
  columns: readonly { name: string; type: string }[],
): Promise<void> {
  const written = await engine.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM read_parquet(${literal(file)})`,
  );
  const { total } = await engine.one<{ total: string }>(
    `SELECT count(*) AS total FROM read_parquet(${literal(file)})`,
  );
  const shape = (all: readonly { name: string; type: string }[]) =>
    all.map(({ name, type }) => `${name} ${type}`).join();
  const found = written.map((column) => ({ name: column.column_name, type: column.column_type }));
  if (Number(total) === rows && shape(found) === shape(columns)) return;
  throw new ArbdataError('E_ENGINE', `the frozen file of ${view.name} does not hold what was read`, {
    advice: 'Run the same command again; if it happens again, report it as a defect.',
    where: { file },
  });
}
