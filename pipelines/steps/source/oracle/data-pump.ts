/**
 * Exports by DBMS_DATAPUMP: started by an account of its own, carried out by the database, whose server the files then
 * lie on. Nothing here was ever tested against Oracle: the calls were, against the wire server of the tests.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OracleConfig } from '../../../../schemas/config.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import { readSql } from '../../../runtime/project.ts';
import { secretFrom } from '../../../runtime/secrets.ts';
import { openReadySession } from './moments.ts';
import type { OracleStatement } from './session.ts';
import { type ConnectionSettings, oracleSettings } from './settings.ts';

const POLL_MS = 5_000;

export interface ExportRequest {
  readonly settings: ConnectionSettings;
  /** Capitals, digits and underscores; no other job of the account has it. */
  readonly jobName: string;
  /** Directory object of the database. */
  readonly directory: string;
  readonly schemas: readonly string[];
  /** How long to wait for its end. */
  readonly waitSeconds: number;
  readonly pollMs?: number;
}

export interface Exported {
  readonly jobName: string;
  /** Names that the database gives the files in the folder of the directory object. */
  readonly dumpFiles: string;
  readonly logFile: string;
}

/**
 * The connection of the account that exports: `ORACLE_DATAPUMP_USER` and its password; the database is that of the
 * source unless `ORACLE_DATAPUMP_CONNECT_STRING` names another.
 * @throws {ArbdataError} E_CONFIG naming the variable that is missing
 */
export function exportSettings(config: OracleConfig, environment: NodeJS.ProcessEnv): ConnectionSettings {
  const user = environment.ORACLE_DATAPUMP_USER;
  const password = secretFrom(environment, 'ORACLE_DATAPUMP_PASSWORD');
  if (user === undefined || user === '' || password === undefined) {
    throw new ArbdataError('E_CONFIG', 'the account of Data Pump exports is not set', {
      advice:
        'Set ORACLE_DATAPUMP_USER, and ORACLE_DATAPUMP_PASSWORD_FILE with a file of mode 0600 (sql/oracle/060-data-pump.sql makes the account).',
    });
  }
  const own = environment.ORACLE_DATAPUMP_CONNECT_STRING ?? environment.ORACLE_CONNECT_STRING;
  const { views: _, ...shared } = config;
  const { connections } = oracleSettings(
    { ...shared, views: {} },
    {
      ...Object.fromEntries(
        Object.entries(environment).filter(
          ([name]) => !/^ORACLE_(?:[A-Z]+_)*(?:USER|PASSWORD(?:_FILE)?)$/.test(name),
        ),
      ),
      ORACLE_USER: user,
      ORACLE_PASSWORD: password.reveal(),
      ...(own === undefined ? {} : { ORACLE_CONNECT_STRING: own }),
    },
  );
  const [settings] = connections;
  if (settings === undefined) throw new Error('a connection without views');
  return settings;
}

/**
 * Start an export and wait until its job is no longer there. Whether it succeeded is told by its log file and by the header
 * of what is adopted: the database keeps no word on a job that has ended.
 * @throws {ArbdataError} E_SOURCE_ACCESS where the account may not; E_SOURCE_UNREACHABLE; E_SOURCE_DATABASE
 */
export async function exportByDataPump(request: ExportRequest): Promise<Exported> {
  const { settings, jobName, directory, schemas, waitSeconds, pollMs = POLL_MS } = request;
  const session = await openReadySession(settings);
  try {
    const list = schemas.map((schema) => `'${schema}'`).join(', ');
    await session.execute({
      sql: readSql('data-pump/start-export.sql'),
      parameters: [jobName, directory, list],
    });
    const state: OracleStatement = { sql: plainSql('data-pump/job-state.sql'), parameters: [jobName] };
    const until = performance.now() + waitSeconds * 1000;
    for (let rows = await session.rows(state); rows.length > 0; rows = await session.rows(state)) {
      if (performance.now() > until) throw stillRunning(jobName, waitSeconds);
      await sleep(pollMs);
    }
    await session.close();
  } catch (error) {
    await session.abandon();
    throw error;
  }
  const name = jobName.toLowerCase();
  return { jobName, dumpFiles: `${name}_%U.dmp`, logFile: `${name}.log` };
}

/** The statement alone: a comment before a query would go to the database with every look. */
const plainSql = (name: string): string =>
  readSql(name)
    .replace(/^--.*\n/gm, '')
    .trim();

function stillRunning(jobName: string, waitSeconds: number): ArbdataError {
  return new ArbdataError(
    'E_SOURCE_UNREACHABLE',
    `the export ${jobName} has not ended after ${waitSeconds} s`,
    {
      advice:
        'It goes on in the database: look at USER_DATAPUMP_JOBS, and adopt its files when they have arrived.',
    },
  );
}
