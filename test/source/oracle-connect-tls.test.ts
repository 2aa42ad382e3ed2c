/** TLS: a wallet whose authority signed the server's certificate opens it, any other does not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { openReadySession } from '../../pipelines/steps/source/oracle/moments.ts';
import { oracleSettings } from '../../pipelines/steps/source/oracle/settings.ts';
import { oracleConfigSchema } from '../../schemas/config.ts';
import { errorOf } from '../runtime/support/home.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import { environmentOf } from './support/oracle.ts';

const WALLET_PASSWORD = 'wallet-7f3a';
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('SKIPPED: no openssl on this machine, so TLS was not tested');

let dir: string;
let server: OracleWire;

/** A key with its own certificate, and a wallet of the two. */
function makeWallet(name: string): string {
  const [key, certificate] = [path.join(dir, `${name}.key`), path.join(dir, `${name}.crt`)];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = ['-keyout', key, '-out', certificate, '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...out, ...subject], { stdio: 'ignore' });
  return wallet(name, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'));
}
function wallet(name: string, content: string): string {
  const folder = path.join(dir, `wallet-${name}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'ewallet.pem'), content, { mode: 0o600 });
  return folder;
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-oracle-tls-'));
  if (!hasOpenssl) return;
  makeWallet('own');
  const [key, cert] = ['key', 'crt'].map((kind) => readFileSync(path.join(dir, `own.${kind}`), 'utf8'));
  server = await startOracleWire({ tls: { key: key ?? '', cert: cert ?? '' } });
});
afterAll(async () => {
  await server?.close();
  await removeTree(dir);
});

async function whoAmI(more: NodeJS.ProcessEnv): Promise<string | null | undefined> {
  const environment = {
    ...environmentOf(server),
    ORACLE_CONNECT_STRING: `tcps://localhost:${server.port}/ARBPDB`,
    ...more,
  };
  const [connection] = oracleSettings(oracleConfigSchema.parse({}), environment).connections;
  if (connection === undefined) throw new Error('no connection');
  const session = await openReadySession(connection);
  try {
    const [row] = await session.rows({ sql: 'select user as "NAME" from dual', parameters: [] });
    return row?.NAME;
  } finally {
    await session.close();
  }
}

test.skipIf(!hasOpenssl)('the wallet that knows the server', async () => {
  expect(await whoAmI({ ORACLE_WALLET_LOCATION: path.join(dir, 'wallet-own') })).toBe('ARBDATA');
});

test.skipIf(!hasOpenssl)('a wallet with a password, from a file', async () => {
  const encrypted = execFileSync(
    'openssl',
    [
      'pkcs8',
      '-topk8',
      '-v2',
      'aes256',
      '-in',
      path.join(dir, 'own.key'),
      '-passout',
      `pass:${WALLET_PASSWORD}`,
    ],
    { encoding: 'utf8' },
  );
  const location = wallet('locked', encrypted + readFileSync(path.join(dir, 'own.crt'), 'utf8'));
  const file = path.join(dir, 'wallet-password');
  writeFileSync(file, WALLET_PASSWORD, { mode: 0o600 });
  const environment = { ORACLE_WALLET_LOCATION: location, ORACLE_WALLET_PASSWORD_FILE: file };
  expect(await whoAmI(environment)).toBe('ARBDATA');
  const wrong = { ORACLE_WALLET_LOCATION: location, ORACLE_WALLET_PASSWORD: 'wrong-7f3a' };
  const error = await errorOf(() => whoAmI(wrong));
  expect(error.code).toBe('E_CONFIG');
  expect(error.message + error.advice).not.toContain('wrong-7f3a');
});

test.skipIf(!hasOpenssl)('another wallet, no wallet, and a wallet without a key', async () => {
  const other = makeWallet('other');
  const error = await errorOf(() => whoAmI({ ORACLE_WALLET_LOCATION: other }));
  expect(error).toMatchObject({ code: 'E_SOURCE_ACCESS', exit: 4 });
  expect(error.advice).toContain('ORACLE_WALLET_LOCATION');
  expect(await errorOf(() => whoAmI({}))).toMatchObject({ code: 'E_SOURCE_ACCESS' });
  const bare = wallet('bare', readFileSync(path.join(dir, 'own.crt'), 'utf8'));
  expect(await errorOf(() => whoAmI({ ORACLE_WALLET_LOCATION: bare }))).toMatchObject({ code: 'E_CONFIG' });
});
