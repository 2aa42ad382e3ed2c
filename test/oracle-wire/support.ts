/** Servers and clients for the tests of the wire server. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import oracledb from 'oracledb';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { importCsv } from '../../pipelines/steps/source/import-csv.ts';
import { type OracleWire, startOracleWire, type WireOptions } from '../support/oracle-wire/index.ts';

const SMALL = path.join(import.meta.dirname, '../input/samples/small');

/** Seed and number of cases of the property tests, as for the others of the project. */
export const SEED = Number(process.env['ARBDATA_SEED'] ?? 20_261_123);
export function cases(usual: number): number {
  return Number(process.env['ARBDATA_CASES'] ?? usual);
}

/** A folder that is removed at the end of the test. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'oracle-wire-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

let madeSample: Promise<string> | undefined;

/** The embedded source of the small sample; made once for each process. */
export function smallSource(): Promise<string> {
  madeSample ??= (async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'oracle-wire-sample-'));
    process.once('exit', () => rm(dir, { recursive: true, force: true }));
    const file = path.join(dir, 'source.duckdb');
    await importCsv({
      dir: SMALL,
      encoding: 'utf-8',
      file,
      meta: { kind: 'csv', made_by: 'test', as_of: '2026-11-03', until: null, seed: null, size: null },
      personalColumns: new Set(),
      log: silentLog,
      progress: silentProgress,
    });
    return file;
  })();
  return madeSample;
}

/** A server that ends with the test. */
export async function wire(options: WireOptions = {}): Promise<OracleWire> {
  const server = await startOracleWire(options);
  onTestFinished(() => server.close());
  return server;
}

/** A server with the small sample. */
export async function sampleWire(options: WireOptions = {}): Promise<OracleWire> {
  return wire({ source: await smallSource(), ...options });
}

/** Numbers as exact text; everything else as the driver gives it. */
const exactNumbers = (column: oracledb.Metadata<unknown>) =>
  column.dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined;

/** A session of node-oracledb that ends with the test. */
export async function logOn(server: OracleWire, user = 'ARBDATA'): Promise<oracledb.Connection> {
  const connection = await oracledb.getConnection({
    user,
    password: server.password(user),
    connectString: server.connectString,
  });
  onTestFinished(() => connection.close().catch(() => undefined));
  return connection;
}

/** All rows of a query, numbers as exact text. */
export async function rowsOf(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = [],
  options: oracledb.ExecuteOptions = {},
): Promise<unknown[][]> {
  const result = await connection.execute(sql, binds, { fetchTypeHandler: exactNumbers, ...options });
  return (result.rows ?? []) as unknown[][];
}

/** Number of the error that a promise ends in. */
export async function errorNumber(work: Promise<unknown>): Promise<number | string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    const { errorNum, code, message } = error as { errorNum?: number; code?: string; message: string };
    return errorNum ?? code ?? /^[A-Z]+-\d+/.exec(message)?.[0] ?? message;
  }
}

/** Debian's package python3-oracledb installs for the system's Python. */
const PYTHON = '/usr/bin/python3';
const PYTHON_DRIVER = '/usr/lib/python3/dist-packages/oracledb';

/** Whether the second client is there; its absence is said loudly. */
export function hasPythonClient(): boolean {
  const there = existsSync(PYTHON) && existsSync(PYTHON_DRIVER);
  if (!there) {
    process.stderr.write(
      '\n*** python3-oracledb is not installed: the wire server is tested with one client only. ' +
        'Install it with: apt-get install python3-oracledb\n\n',
    );
  }
  return there;
}

/**
 * Run a program of the second client; it reads its arguments as JSON from `sys.argv[1]` and prints JSON.
 * @param program Python, after `connection` was opened as the given user
 */
export async function python(
  server: OracleWire,
  program: string,
  argument: unknown = null,
  user = 'ARBDATA',
): Promise<unknown> {
  const head = `
import datetime, decimal, json, oracledb, sys
oracledb.defaults.fetch_decimals = True
argument = json.loads(sys.stdin.read())
connection = oracledb.connect(user=${JSON.stringify(user)}, password=${JSON.stringify(server.password(user))}, dsn=${JSON.stringify(server.connectString)})
cursor = connection.cursor()
def show(value):
    if isinstance(value, decimal.Decimal): return format(value, 'f')
    if isinstance(value, datetime.datetime): return value.isoformat(sep=' ')
    if isinstance(value, oracledb.LOB): return value.read()
    return value
def rows(): return [[show(value) for value in row] for row in cursor.fetchall()]
`;
  const running = promisify(execFile)(PYTHON, ['-c', head + program], {
    timeout: 30_000,
    maxBuffer: 1 << 26,
  });
  running.child.stdin?.end(JSON.stringify(argument));
  const { stdout } = await running;
  return JSON.parse(stdout);
}
