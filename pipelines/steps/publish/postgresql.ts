/** PostgreSQL as a target of the cockpit. */
import { readFileSync } from 'node:fs';
import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { CockpitTargetConfig } from '../../../schemas/cockpit-config.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { Secret } from '../../runtime/secrets.ts';
import type { TargetDatabase, TargetTables } from './cockpit-tables.ts';
import { refused, unreachable } from './target-faults.ts';

type PostgresqlConfig = Extract<CockpitTargetConfig, { kind: 'postgresql' }>;

const DDL = 'sql/cockpit/postgresql.sql';
/** A statement takes at most 65,535 values. */
const MAX_VALUES = 20_000;

/**
 * Open the database; nothing is connected before something is asked of it.
 * @throws ArbdataError E_CONFIG where the authority's certificate cannot be read
 */
export function openPostgresql(config: PostgresqlConfig, password: Secret | undefined): TargetDatabase {
  const { host, port, database, user, schema } = config;
  const title = `${user}@${host}:${port}/${database}`;
  const settings: pg.PoolConfig = {
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password: password.reveal() }),
    ssl: tlsOf(config),
    max: 1,
    connectionTimeoutMillis: config.connectTimeoutSeconds * 1000,
    query_timeout: config.statementTimeoutSeconds * 1000,
    application_name: 'arbdata cockpit',
  };
  const pool = () => openPool(settings);
  const db = new Kysely<TargetTables>({ dialect: new PostgresDialect({ pool }) }).withSchema(schema);
  return {
    db,
    title,
    letters: 'lower',
    maxValues: MAX_VALUES,
    ddl: DDL,
    translate: (error) => translated(title, error),
    close: () => db.destroy(),
  };
}

/** The driver is loaded when it is needed: most commands never ask a target anything. */
async function openPool(settings: pg.PoolConfig): Promise<pg.Pool> {
  const { default: driver } = await import('pg');
  const pool = new driver.Pool(settings);
  // A connection that is lost is told by the statement that meets it; as an event without a listener it would end the
  // process, and the one of a client in use is not the pool's.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Beyond this machine the connection is encrypted and the server's certificate checked, unless that is switched off. */
function tlsOf({ host, tls, caFile }: PostgresqlConfig): false | { rejectUnauthorized: true; ca?: string } {
  const isHere = host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
  if ((tls ?? (isHere ? 'off' : 'verify')) === 'off') return false;
  return { rejectUnauthorized: true, ...(caFile === undefined ? {} : { ca: certificate(caFile) }) };
}

function certificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ArbdataError('E_CONFIG', `cockpit.target.caFile: ${file} cannot be read`, {
      advice: 'Correct the path: it counts from the folder of config.json.',
      where: { file },
      cause: error,
    });
  }
}

/** Classes of SQLSTATE that say: later. 08 connection, 40 conflict, 53 no space or connections, 57 shut down. */
const LATER = /^(08|40|53|57)/;

/** The database's own texts are not passed on: they may quote what was sent. */
function translated(title: string, error: unknown): unknown {
  if (error instanceof ArbdataError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)) {
    return LATER.test(code)
      ? unreachable(title, `the database broke off (SQLSTATE ${code})`, error)
      : refused(title, `the database refuses the statement (SQLSTATE ${code})`, DDL, error);
  }
  return unreachable(title, `cannot be reached (${code ?? 'the connection was lost'})`, error);
}
