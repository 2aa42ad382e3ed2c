/** Reading the wire server of test/support/oracle-wire: sources to serve, settings to read them with, what came of it. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fixedClock } from '../../../pipelines/runtime/clock.ts';
import { literal, withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { ArbdataError } from '../../../pipelines/runtime/errors.ts';
import { type Home, openHome } from '../../../pipelines/runtime/home.ts';
import { type Log, silentLog } from '../../../pipelines/runtime/log.ts';
import { silentProgress } from '../../../pipelines/runtime/progress.ts';
import { freeze } from '../../../pipelines/steps/snapshot/freeze.ts';
import { snapshotDir } from '../../../pipelines/steps/snapshot/manifest-file.ts';
import { importCsv } from '../../../pipelines/steps/source/import-csv.ts';
import { resolveNames } from '../../../pipelines/steps/source/oracle/names.ts';
import { oracleSettings } from '../../../pipelines/steps/source/oracle/settings.ts';
import { openOracleSource } from '../../../pipelines/steps/source/oracle/source.ts';
import { oracleConfigSchema } from '../../../schemas/config.ts';
import { VIEWS } from '../../../schemas/contract.ts';
import type { Manifest } from '../../../schemas/manifest.ts';
import { INPUT_DIR } from '../../golden/support.ts';

export const CLOCK = fixedClock('2026-11-09T09:00:00+08:00');
/** A test waits for no network: lost sessions come back at once. */
export const IMPATIENT = { attempts: 5, firstWaitMs: 5 } as const;

/** A DuckDB file with the contract's tables, from one of the samples. */
export async function sampleSource(dir: string, sample: string): Promise<string> {
  const file = path.join(dir, `${sample}.duckdb`);
  await importCsv({
    dir: path.join(INPUT_DIR, 'samples', sample),
    encoding: 'utf-8',
    file,
    meta: { kind: 'csv', made_by: 'test', as_of: null, until: null, seed: null, size: null },
    personalColumns: new Set(),
    log: silentLog,
    progress: silentProgress,
  });
  return file;
}

/** A server as seen by its clients. */
export interface Served {
  readonly connectString: string;
  password(user: string): string;
}

/** The environment of a command that reads a server as one of its accounts. */
export function environmentOf(server: Served, user = 'ARBDATA'): Record<string, string> {
  return {
    ORACLE_CONNECT_STRING: server.connectString,
    ORACLE_USER: user,
    ORACLE_PASSWORD: server.password(user),
  };
}

export interface ReadRequest {
  readonly home: Home;
  readonly environment: NodeJS.ProcessEnv;
  /** Keys of `source.oracle` in config.json. */
  readonly config?: object;
  readonly log?: Log;
}

export function openTestHome(dir: string): Home {
  return openHome(dir, {});
}

export function oracleSourceOf({ home, environment, config = {}, log = silentLog }: ReadRequest) {
  return openOracleSource({
    settings: oracleSettings(oracleConfigSchema.parse(config), environment),
    names: resolveNames(),
    workDir: home.work,
    spillDir: path.join(home.work, 'oracle-spill'),
    clock: CLOCK,
    log,
    persistence: IMPATIENT,
  });
}

/** Freeze the Oracle source into a home. */
export async function freezeOracle(request: ReadRequest): Promise<Manifest> {
  const source = oracleSourceOf(request);
  try {
    const spillDir = path.join(request.home.work, 'look-spill');
    return await withEngine({ spillDir, memoryLimitMb: 100, threads: 1 }, (engine) =>
      freeze({
        source,
        engine,
        home: request.home,
        asOf: '2026-11-03',
        clock: CLOCK,
        definitionsSha256: '0'.repeat(64),
        log: request.log ?? silentLog,
        progress: silentProgress,
      }),
    );
  } finally {
    await source.close();
  }
}

/** The same, with an error of ours as a result. */
export async function tryFreeze(request: ReadRequest): Promise<Manifest | ArbdataError> {
  try {
    return await freezeOracle(request);
  } catch (error) {
    if (error instanceof ArbdataError) return error;
    throw error;
  }
}

/** What a snapshot holds, as one text: per view its rows and a hash over all of them, whatever their order. */
export async function contentOf(home: Home, { id }: Pick<Manifest, 'id'>): Promise<string> {
  const spillDir = path.join(home.work, 'content-spill');
  return withEngine({ spillDir, memoryLimitMb: 300, threads: 1 }, async (engine) => {
    const parts: string[] = [];
    for (const { name } of VIEWS) {
      const file = path.join(snapshotDir(home, id), `${name.toLowerCase()}.parquet`);
      const { state } = await engine.one<{ state: string }>(
        `SELECT concat(count(*), ' ', coalesce(sum(CAST(hash(t) AS HUGEINT)), 0)) AS state
         FROM read_parquet(${literal(file)}) AS t`,
      );
      parts.push(`${name} ${state}`);
    }
    return parts.join(', ');
  });
}

/** What stands in a home besides snapshots: nothing, when a read has ended well or for good. */
export function leftovers(home: Home): string[] {
  const hidden = readdirSync(home.snapshots).filter((name) => name.startsWith('.'));
  return [...hidden, ...(existsSync(home.work) ? readdirSync(home.work) : [])].sort();
}

export function snapshotsIn(home: Home): string[] {
  return readdirSync(home.snapshots).filter((name) => !name.startsWith('.'));
}

/** A log that remembers: `warn: a session was lost … {"reason":"ORA-03113"}`. */
export function rememberingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (message: string, fields?: object) => {
    lines.push(`${level}: ${message} ${JSON.stringify(fields ?? {})}`);
  };
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
}
