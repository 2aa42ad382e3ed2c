/** Where the connections of the Oracle source come from, and that no secret is told on the way. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readConfig, sourceKind } from '../../pipelines/runtime/config.ts';
import { Secret, secretFrom } from '../../pipelines/runtime/secrets.ts';
import {
  isInWindow,
  oracleSettings,
  refuseOutsideWindow,
} from '../../pipelines/steps/source/oracle/settings.ts';
import { configSchema, type OracleConfig, oracleConfigSchema } from '../../schemas/config.ts';
import { VIEW_NAMES } from '../../schemas/contract.ts';
import { errorOf, temporaryDir, temporaryHome } from '../runtime/support/home.ts';

const PASSWORD = 'tiger-7f3a';
const BASE = {
  ORACLE_CONNECT_STRING: 'db.example:1521/ARB',
  ORACLE_USER: 'ARBDATA',
  ORACLE_PASSWORD: PASSWORD,
};
const config = (given: object = {}): OracleConfig => oracleConfigSchema.parse(given);

describe('secrets', () => {
  test('are shown nowhere but to who asks for them', () => {
    const secret = new Secret(PASSWORD);
    const shown = [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`];
    for (const text of shown) expect(text).not.toContain(PASSWORD);
    expect(secret.reveal()).toBe(PASSWORD);
    expect(inspect(oracleSettings(config(), BASE), { depth: 9 })).not.toContain(PASSWORD);
    expect(JSON.stringify(oracleSettings(config(), BASE))).not.toContain(PASSWORD);
  });

  test('come from a file of mode 0600, without the line end', async () => {
    const file = path.join(await temporaryDir(), 'password');
    await writeFile(file, `${PASSWORD}\r\n`, { mode: 0o600 });
    expect(secretFrom({ P_FILE: file }, 'P')?.reveal()).toBe(PASSWORD);
    const link = `${file}.link`;
    await symlink(file, link);
    expect(secretFrom({ P_FILE: link }, 'P')?.reveal()).toBe(PASSWORD);
    expect(secretFrom({ P_FILE: '', P: '' }, 'P')).toBeUndefined();
  });

  test.each([0o640, 0o604, 0o660, 0o620, 0o602, 0o777, 0o610])(
    'in a file of mode %o are refused',
    async (mode) => {
      const file = path.join(await temporaryDir(), 'password');
      await writeFile(file, PASSWORD);
      await chmod(file, mode);
      const error = await errorOf(() => secretFrom({ P_FILE: file }, 'P'));
      expect(error).toMatchObject({ code: 'E_CONFIG', where: { file }, advice: `Run: chmod 600 ${file}` });
      expect(error.message).toContain(mode.toString(8));
      expect(error.message).not.toContain(PASSWORD);
    },
  );

  test('that are missing, empty, a folder, too large or given twice are refused by name', async () => {
    const dir = await temporaryDir();
    const file = path.join(dir, 'password');
    const refused = async (environment: NodeJS.ProcessEnv) =>
      (await errorOf(() => secretFrom(environment, 'P'))).message;
    expect(await refused({ P_FILE: file })).toContain('ENOENT');
    await writeFile(file, '\n', { mode: 0o600 });
    expect(await refused({ P_FILE: file })).toContain('is empty');
    await writeFile(file, 'x'.repeat(5000));
    expect(await refused({ P_FILE: file })).toContain('too large');
    await mkdir(path.join(dir, 'folder'));
    expect(await refused({ P_FILE: path.join(dir, 'folder') })).toContain('is no file');
    expect(await refused({ P_FILE: file, P: PASSWORD })).toBe('both P and P_FILE are set');
  });

  test.each([
    [{ password: PASSWORD }, 'source.oracle.password'],
    [{ walletPassword: PASSWORD }, 'source.oracle.walletPassword'],
    [{ views: { PRE_APPLICATION: { password: PASSWORD } } }, 'source.oracle.views.PRE_APPLICATION.password'],
  ])('in config.json are refused: %j', async (oracle, place) => {
    const home = await temporaryHome();
    await writeFile(home.config, JSON.stringify({ source: { oracle } }));
    const error = await errorOf(() => readConfig(home));
    expect(error).toMatchObject({ code: 'E_CONFIG', where: { column: place } });
    expect(error.message).toContain('never stands in config.json');
    expect(error.message).toMatch(/ORACLE_(WALLET_)?PASSWORD_FILE/);
    expect(error.message).not.toContain(PASSWORD);
  });

  test.each([
    `ARBDATA/${PASSWORD}@db.example:1521/ARB`,
    `ARBDATA/${PASSWORD}@alias`,
    `(DESCRIPTION=(ADDRESS=(HOST=a))(SECURITY=(WALLET_PASSWORD=x)(password=${PASSWORD})))`,
  ])('in a connect string are refused and not told', async (connectString) => {
    const error = await errorOf(() =>
      oracleSettings(config(), { ...BASE, ORACLE_CONNECT_STRING: connectString }),
    );
    expect(error.code).toBe('E_CONFIG');
    expect(error.message + error.advice).not.toContain(PASSWORD);
  });
});

describe('connections', () => {
  test('all views share one, named by account and place', () => {
    const { connections, connectionOf } = oracleSettings(config(), BASE);
    expect(connections).toHaveLength(1);
    expect(connections[0]?.title).toBe('ARBDATA@db.example:1521/ARB');
    expect(new Set(Object.values(connectionOf))).toEqual(new Set([0]));
  });

  test('a view has its own where it is named, and the rest from the first', () => {
    const settings = oracleSettings(config(), {
      ...BASE,
      ORACLE_PRE_APPLICATION_CONNECT_STRING: 'portal.example/PORTAL',
    });
    expect(settings.connections.map(({ title }) => title)).toEqual([
      'ARBDATA@db.example:1521/ARB',
      'ARBDATA@portal.example/PORTAL',
    ]);
    expect(settings.connections[1]?.password?.reveal()).toBe(PASSWORD);
    expect(VIEW_NAMES.filter((view) => settings.connectionOf[view] === 1)).toEqual(['PRE_APPLICATION']);
  });

  test('another account never gets the password of the first', async () => {
    const environment = { ...BASE, ORACLE_PRE_APPLICATION_USER: 'PORTAL' };
    const error = await errorOf(() => oracleSettings(config(), environment));
    expect(error.message).toContain('ORACLE_PRE_APPLICATION_PASSWORD');
    const own = oracleSettings(config(), { ...environment, ORACLE_PRE_APPLICATION_PASSWORD: 'other' });
    expect(own.connections.map(({ password }) => password?.reveal())).toEqual([PASSWORD, 'other']);
  });

  test('the environment goes before config.json', () => {
    const given = config({
      connectString: 'file.example/A',
      user: 'FROM_FILE',
      configDir: '/etc/oracle',
      views: { PRE_APPLICATION: { connectString: 'file.example/B' } },
    });
    const settings = oracleSettings(given, { ORACLE_PASSWORD: PASSWORD, ORACLE_USER: 'ENV' });
    expect(settings.connections.map(({ title }) => title)).toEqual([
      'ENV@file.example/A',
      'ENV@file.example/B',
    ]);
    expect(settings.connections[0]?.configDir).toBe('/etc/oracle');
    expect(oracleSettings(given, { ...BASE, TNS_ADMIN: '/tns' }).connections[0]?.configDir).toBe('/tns');
    expect(
      oracleSettings(given, { ...BASE, TNS_ADMIN: '/tns', ORACLE_CONFIG_DIR: '/dir' }).connections[0]
        ?.configDir,
    ).toBe('/dir');
  });

  test('a descriptor is named by account, host and service', () => {
    const descriptor =
      '(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST= db.example )(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=ARB)))';
    const { connections } = oracleSettings(config(), { ...BASE, ORACLE_CONNECT_STRING: descriptor });
    expect(connections[0]).toMatchObject({ title: 'ARBDATA@db.example/ARB', connectString: descriptor });
  });

  test('the wallet may stand for the account in thick mode only', async () => {
    const wallet = { ORACLE_CONNECT_STRING: 'alias', ORACLE_WALLET_LOCATION: '/wallet' };
    expect((await errorOf(() => oracleSettings(config(), wallet))).message).toContain('ORACLE_USER');
    const thick = oracleSettings(config(), { ...wallet, ORACLE_CLIENT_LIB_DIR: '/opt/instantclient' });
    expect(thick.connections[0]).toMatchObject({ title: 'alias', user: undefined, password: undefined });
  });

  test.each(['ORACLE_CONNECT_STRING', 'ORACLE_USER', 'ORACLE_PASSWORD'] as const)(
    'without %s that variable is named',
    async (name) => {
      const error = await errorOf(() => oracleSettings(config(), { ...BASE, [name]: '' }));
      expect(error).toMatchObject({ code: 'E_CONFIG' });
      expect(error.message).toContain(name);
    },
  );
});

describe('the choice of the source', () => {
  const embedded = configSchema.parse({});
  const oracle = configSchema.parse({ source: { kind: 'oracle' } });

  test('the variable goes before the file, and neither means the embedded source', () => {
    expect(sourceKind(embedded, {})).toBe('embedded');
    expect(sourceKind(oracle, {})).toBe('oracle');
    expect(sourceKind(oracle, { ARBDATA_SOURCE: 'embedded' })).toBe('embedded');
    expect(sourceKind(embedded, { ARBDATA_SOURCE: 'oracle' })).toBe('oracle');
  });

  test('another word is refused', async () => {
    const error = await errorOf(() => sourceKind(embedded, { ARBDATA_SOURCE: 'Oracle' }));
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    expect(error.message).toContain('ARBDATA_SOURCE');
  });
});

describe('the allowed time', () => {
  const night = { from: '20:00', to: '06:30' };
  const noon = { from: '12:00', to: '13:00' };

  test.each([
    [night, '19:59', false],
    [night, '20:00', true],
    [night, '23:59', true],
    [night, '00:00', true],
    [night, '06:29', true],
    [night, '06:30', false],
    [noon, '11:59', false],
    [noon, '12:00', true],
    [noon, '13:00', false],
    [undefined, '10:00', true],
  ])('%j at %s: %s', (window, time, expected) => {
    expect(isInWindow(window, time)).toBe(expected);
  });

  test('outside of it reading is refused, unless it is asked for once', async () => {
    const settings = oracleSettings(config({ window: night }), BASE);
    const error = await errorOf(() => refuseOutsideWindow(settings, '2026-11-03 10:15:00'));
    expect(error).toMatchObject({ code: 'E_SOURCE_WINDOW', exit: 4, retryable: true });
    refuseOutsideWindow(settings, '2026-11-03 21:15:00');
    refuseOutsideWindow(
      oracleSettings(config({ window: night }), { ...BASE, ORACLE_IGNORE_WINDOW: '1' }),
      '2026-11-03 10:15:00',
    );
  });

  test.each([
    { from: '20:00', to: '20:00' },
    { from: '24:00', to: '06:00' },
    { from: '8:00', to: '9:00' },
  ])('%j is no time', (window) => {
    expect(oracleConfigSchema.safeParse({ window }).success).toBe(false);
  });
});
