/** Logging on: every form of the connect string, and what is told when it does not work. */
import { mkdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openReadySession } from '../../pipelines/steps/source/oracle/moments.ts';
import { oracleSettings } from '../../pipelines/steps/source/oracle/settings.ts';
import { openSession } from '../../pipelines/steps/source/oracle/threaded-session.ts';
import { oracleConfigSchema } from '../../schemas/config.ts';
import { runCli } from '../reliability/support/cli.ts';
import { errorOf, temporaryDir } from '../runtime/support/home.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import { environmentOf } from './support/oracle.ts';

let server: OracleWire;
beforeAll(async () => {
  server = await startOracleWire({});
});
afterAll(() => server.close());

function connectionOf(environment: NodeJS.ProcessEnv, config: object = {}) {
  const given = { connectTimeoutSeconds: 1, statementTimeoutSeconds: 1, stallTimeoutSeconds: 1, ...config };
  const [connection] = oracleSettings(oracleConfigSchema.parse(given), environment).connections;
  if (connection === undefined) throw new Error('no connection');
  return connection;
}
/** Log on, ask who one is, log off. */
async function whoAmI(environment: NodeJS.ProcessEnv, config?: object): Promise<string | null | undefined> {
  const session = await openReadySession(connectionOf(environment, config));
  try {
    const [row] = await session.rows({ sql: 'select user as "NAME" from dual', parameters: [] });
    return row?.NAME;
  } finally {
    await session.close();
  }
}
const at = (connectString: string) => ({ ...environmentOf(server), ORACLE_CONNECT_STRING: connectString });
const descriptor = () =>
  `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.port}))(CONNECT_DATA=(SERVICE_NAME=ARBPDB)))`;

describe('forms of the connect string', () => {
  test('Easy Connect', async () => {
    expect(await whoAmI(at(`127.0.0.1:${server.port}/ARBPDB`))).toBe('ARBDATA');
  });
  test('Easy Connect Plus', async () => {
    expect(await whoAmI(at(`tcp://127.0.0.1:${server.port}/ARBPDB?retry_count=1&connect_timeout=5`))).toBe(
      'ARBDATA',
    );
  });
  test('a descriptor', async () => {
    expect(await whoAmI(at(descriptor()))).toBe('ARBDATA');
  });
  test.each(['ORACLE_CONFIG_DIR', 'TNS_ADMIN'])('an alias of tnsnames.ora in %s', async (variable) => {
    const dir = await temporaryDir();
    await writeFile(path.join(dir, 'tnsnames.ora'), `OTHER = (DESCRIPTION=)\narb =\n  ${descriptor()}\n`);
    expect(await whoAmI({ ...at('arb'), [variable]: dir })).toBe('ARBDATA');
  });
  test('the password from a file', async () => {
    const file = path.join(await temporaryDir(), 'password');
    await writeFile(file, `${server.password('ARBDATA')}\n`, { mode: 0o600 });
    const environment = { ...environmentOf(server), ORACLE_PASSWORD: '', ORACLE_PASSWORD_FILE: file };
    expect(await whoAmI(environment)).toBe('ARBDATA');
  });
});

describe('what is told', () => {
  const told = (environment: NodeJS.ProcessEnv, config?: object) =>
    errorOf(() => openSession(connectionOf(environment, config)));

  test('a wrong password, with the account and never with the password', async () => {
    const error = await told({ ...environmentOf(server), ORACLE_PASSWORD: 'wrong-7f3a' });
    expect(error).toMatchObject({ code: 'E_SOURCE_ACCESS', exit: 4, retryable: false });
    expect(error.message).toContain('ARBDATA@127.0.0.1');
    expect(error.message).toContain('ORA-01017');
    expect(JSON.stringify([error.message, error.advice, error.stack])).not.toContain('wrong-7f3a');
  });

  test.each([
    ['ARBEXPIRED', 'ORA-28001'],
    ['ARBLOCKED', 'ORA-28000'],
  ])('the account %s: %s', async (user, code) => {
    const error = await told(environmentOf(server, user));
    expect(error).toMatchObject({ code: 'E_SOURCE_ACCESS' });
    expect(error.message).toContain(code);
  });

  test('an unknown service', async () => {
    const error = await told(at(`127.0.0.1:${server.port}/NOSUCH`));
    expect(error).toMatchObject({ code: 'E_SOURCE_UNREACHABLE', retryable: true });
    expect(error.message).toContain('service');
  });

  test('nobody listens', async () => {
    const probe = net.createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as net.AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const error = await told(at(`127.0.0.1:${port}/ARBPDB`));
    expect(error).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
    expect(error.message).toContain('nothing listens');
  });

  test('a listener that never answers', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as net.AddressInfo;
    const error = await told(at(`127.0.0.1:${port}/ARBPDB`));
    expect(error).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
    expect(error.message).toContain('did not answer');
  });

  test('something that is no Oracle', async () => {
    const web = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void web.close());
    const { port } = web.address() as net.AddressInfo;
    expect(await told(at(`127.0.0.1:${port}/ARBPDB`))).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
  });

  test('an alias without tnsnames.ora, an alias that is not in it, and a mistake', async () => {
    expect(await told(at('arb'))).toMatchObject({ code: 'E_CONFIG' });
    const dir = await temporaryDir();
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, 'tnsnames.ora'), `other = ${descriptor()}\n`);
    const error = await told({ ...at('arb'), ORACLE_CONFIG_DIR: dir });
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    expect(error.advice).toContain('ORACLE_CONNECT_STRING');
    expect(await told(at('(DESCRIPTION=('))).toMatchObject({ code: 'E_CONFIG' });
  });

  test('client libraries that are not there', async () => {
    const error = await told({ ...environmentOf(server), ORACLE_CLIENT_LIB_DIR: await temporaryDir() });
    expect(['E_CONFIG', 'E_SOURCE_DRIVER']).toContain(error.code);
    expect(error.message).toContain('client libraries');
  });
});

describe('a session', () => {
  test('that stalls in a statement ends with the time-out', async () => {
    const session = await openReadySession(connectionOf(environmentOf(server)));
    server.faults.add({ kind: 'stall', when: { statement: 'STALLED' } });
    const error = await errorOf(() =>
      session.rows({ sql: 'select 1 as "STALLED" from dual', parameters: [] }),
    );
    expect(error).toMatchObject({ code: 'E_SOURCE_UNREACHABLE', fate: 'lost' });
    await session.abandon();
  });

  test('streams rows, and leaving the loop leaves the session usable', async () => {
    const session = await openReadySession(connectionOf(environmentOf(server)));
    const statement = {
      sql: 'select 1 as "A" from dual union all select 2 from dual union all select 3 from dual',
      parameters: [],
    };
    for await (const rows of session.stream(statement, 1)) {
      expect(rows).toEqual([{ A: '1' }]);
      break;
    }
    const all: string[] = [];
    for await (const rows of session.stream(statement, 2)) all.push(...rows.map(({ A }) => String(A)));
    expect(all).toEqual(['1', '2', '3']);
    await session.close();
    expect(await errorOf(() => session.rows(statement))).toMatchObject({ fate: 'lost' });
  });
});

test('the command says it in one line, without a secret, and ends with 4', async () => {
  const home = path.join(await temporaryDir(), 'home');
  const env = {
    ARBDATA_SOURCE: 'oracle',
    ARBDATA_LOG: 'debug',
    ...environmentOf(server),
    ORACLE_PASSWORD: 'wrong-7f3a',
  };
  const { exit, stdout, stderr } = await runCli(home, ['run', 'monthly', '--period', '2026-10', '--json'], {
    env,
  });
  expect(exit).toBe(4);
  expect(JSON.parse(stdout).error).toMatchObject({ code: 'E_SOURCE_ACCESS', retryable: false });
  expect(stdout + stderr).not.toContain('wrong-7f3a');
});
