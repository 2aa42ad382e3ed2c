/** The database that gets the cockpit's tables, as config.json says: the embedded one unless another is named. */
import path from 'node:path';
import type { CockpitTargetConfig } from '../schemas/cockpit-config.ts';
import { ArbdataError } from './runtime/errors.ts';
import { type Secret, secretFrom } from './runtime/secrets.ts';
import type { Service } from './runtime/service.ts';
import {
  publishVersion,
  type TargetDatabase,
  type TargetTables,
  type TargetVersion,
  targetVersion,
} from './steps/publish/cockpit-tables.ts';
import { cockpitDir } from './steps/publish/cockpit-versions.ts';
import { openPostgresql } from './steps/publish/postgresql.ts';
import { openSqliteTarget } from './steps/publish/sqlite-target.ts';
import { refused, unreachable } from './steps/publish/target-faults.ts';
import { openOracleTarget } from './steps/source/oracle/target.ts';

const PASSWORD = 'COCKPIT_TARGET_PASSWORD';
const SQLITE_FILE = 'cockpit.sqlite';

/** A target that can be asked for, whether it was reached or not. */
export interface OpenedTarget {
  /** For people; undefined where none is configured. */
  readonly title: string | undefined;
  /** The version that it has in force; 0 where it has none or was not reached. */
  readonly latest: number;
  /**
   * Put a version into it.
   * @returns how many rows were written
   * @throws ArbdataError E_TARGET, E_TARGET_REFUSED; also where it was not reached
   */
  publish(version: TargetVersion): Promise<number>;
  close(): Promise<void>;
}

const NO_TARGET: OpenedTarget = {
  title: undefined,
  latest: 0,
  publish: async () => 0,
  close: async () => undefined,
};

/** Open the target. One that cannot be reached is told when it is published to: the files do not wait for it. */
export async function openTarget(service: Service, environment = process.env): Promise<OpenedTarget> {
  const { config, home, clock } = service;
  const wanted = config.cockpit.target;
  if (wanted.kind === 'none') return NO_TARGET;
  let database: TargetDatabase | undefined;
  try {
    database = await openDatabase(service, wanted, secretFrom(environment, PASSWORD));
    const latest = await targetVersion(database);
    const opened = database;
    return {
      title: wanted.kind === 'sqlite' ? path.relative(home.dir, opened.title) : opened.title,
      latest,
      publish: (version) =>
        publishVersion(opened, version, {
          keep: config.cockpit.versionsToKeep,
          nowMs: clock.now().getTime(),
        }),
      close: () => opened.close(),
    };
  } catch (error) {
    await database?.close().catch(() => undefined);
    return {
      title: wanted.kind,
      latest: 0,
      publish: () => Promise.reject(error),
      close: async () => undefined,
    };
  }
}

async function openDatabase(
  { home }: Service,
  wanted: Exclude<CockpitTargetConfig, { kind: 'none' }>,
  password: Secret | undefined,
): Promise<TargetDatabase> {
  const fromConfig = (file: string): string => path.resolve(path.dirname(home.config), file);
  switch (wanted.kind) {
    case 'sqlite':
      return openSqliteTarget(
        wanted.file === undefined ? path.join(cockpitDir(home), SQLITE_FILE) : fromConfig(wanted.file),
      );
    case 'postgresql': {
      const { caFile } = wanted;
      return openPostgresql(
        caFile === undefined ? wanted : { ...wanted, caFile: fromConfig(caFile) },
        password,
      );
    }
    case 'oracle':
      return openOracle(wanted, password);
    default:
      return wanted satisfies never;
  }
}

const ORACLE_DDL = 'sql/cockpit/oracle.sql';
/** Oracle takes an INSERT of several rows as one statement of at most 999 columns. */
const ORACLE_MAX_VALUES = 900;

async function openOracle(
  wanted: Extract<CockpitTargetConfig, { kind: 'oracle' }>,
  password: Secret | undefined,
): Promise<TargetDatabase> {
  if (password === undefined && wanted.walletLocation === undefined) {
    throw new ArbdataError('E_CONFIG', `the environment variable ${PASSWORD} is not set`, {
      advice: `Set it, or name a file of mode 0600 that holds the password in ${PASSWORD}_FILE.`,
    });
  }
  const title = `${wanted.user}@${wanted.connectString}`;
  const translate = (error: unknown): unknown => {
    if (!(error instanceof ArbdataError) || !error.code.startsWith('E_SOURCE')) return error;
    const what = `the database answers ${error.message}`;
    return error.retryable ? unreachable(title, what, error) : refused(title, what, ORACLE_DDL, error);
  };
  try {
    const db = await openOracleTarget<TargetTables>(wanted, password);
    return {
      db,
      title,
      letters: 'upper',
      maxValues: ORACLE_MAX_VALUES,
      ddl: ORACLE_DDL,
      translate,
      close: () => db.destroy(),
    };
  } catch (error) {
    throw translate(error);
  }
}
