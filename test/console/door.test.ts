/** The door: TLS beyond this machine or nothing, cookies and headers with TLS, a clean end. */
import { mkdtempSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openConsole } from '../../app/console/console.ts';
import { doorOptions, openDoor } from '../../app/console/server.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { addressKey } from '../../pipelines/runtime/rate-limit.ts';
import { Authority, type Certificate } from '../support/platform/certificates.ts';
import { Client, cheapHasher, PASSWORD, type TestConsole, testConsole } from './support.ts';

let console_: TestConsole;
let dir = '';
let authority: Authority;
let certificate: Certificate;
beforeAll(async () => {
  console_ = await testConsole();
  await console_.account('analyst', ['analyst']);
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-door-'));
  authority = new Authority(dir);
  certificate = authority.sign('console', { host: 'arb.example' });
});
afterAll(async () => {
  await console_.close();
  await removeTree(dir);
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'arb.example'])('%s is refused without TLS', (host) => {
  expect(() => doorOptions({ host, port: 0 }, path.join(dir, 'config.json'))).toThrow(
    /service.tls is not set/,
  );
});

test('with TLS the cookie is held to the host, browsers to TLS, names to those of the certificate', async () => {
  const options = doorOptions(
    { host: '127.0.0.1', port: 0, tls: certificate },
    path.join(dir, 'config.json'),
  );
  const { listener, close } = await openConsole(console_.service, { door: options, hasher: cheapHasher });
  const door = await openDoor(options, listener);
  const ask = async (host: string, body?: object, protocol: 'TLSv1.2' | 'TLSv1.1' = 'TLSv1.2') =>
    new Promise<{ status: number; headers: import('node:http').IncomingHttpHeaders }>((resolve, reject) => {
      const request = https.request(
        {
          host: '127.0.0.1',
          port: door.port,
          path: '/api/session',
          method: body === undefined ? 'GET' : 'POST',
          ca: authority.pem,
          servername: 'arb.example',
          maxVersion: protocol,
          minVersion: 'TLSv1',
          ciphers: 'DEFAULT@SECLEVEL=0',
          headers: { host, origin: `https://${host}`, 'content-type': 'application/json' },
        },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, headers: response.headers });
        },
      );
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const host = `arb.example:${door.port}`;
  const signedIn = await ask(host, { name: 'analyst', password: PASSWORD });
  expect(signedIn.status).toBe(200);
  expect(signedIn.headers['set-cookie']?.[0]).toMatch(
    /^__Host-arbdata=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  expect(signedIn.headers['strict-transport-security']).toBe('max-age=31536000');
  expect((await ask(`other.example:${door.port}`)).status).toBe(421);
  await expect(ask(host, undefined, 'TLSv1.1')).rejects.toThrow();
  await door.close();
  await close();
});

test('behind a proxy that does TLS, changes come from the origin that browsers see', async () => {
  const { config } = console_.service;
  const service = {
    ...console_.service,
    config: { ...config, console: { ...config.console, origin: 'https://arb.example' } },
  };
  const options = { host: '127.0.0.1', port: 0, tls: undefined };
  const { listener, close } = await openConsole(service, { door: options, hasher: cheapHasher });
  const door = await openDoor(options, listener);
  const client = new Client(door.port);
  const signIn = (origin: string) =>
    client.ask('/api/session', {
      method: 'POST',
      body: { name: 'analyst', password: PASSWORD },
      headers: { origin, host: 'arb.example' },
    });
  expect((await signIn('http://arb.example')).status).toBe(403);
  const answer = await signIn('https://arb.example');
  expect([answer.status, answer.headers['set-cookie']?.[0]]).toEqual([
    200,
    expect.stringMatching(/^__Host-.*Secure$/),
  ]);
  await door.close();
  await close();
});

test('a key that others can read, and a certificate of another key, are refused', () => {
  const other = authority.sign('other');
  const mixed = { certificateFile: certificate.certificateFile, keyFile: other.keyFile };
  const options = doorOptions({ host: '127.0.0.1', port: 0, tls: mixed }, path.join(dir, 'config.json'));
  return expect(openDoor(options, () => undefined)).rejects.toMatchObject({ code: 'E_CONFIG' });
});

test('a page and what it loads are tagged; what is hashed is kept for ever', async () => {
  const client = console_.client();
  const page = await client.ask('/');
  expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
    200,
    'text/html; charset=utf-8',
    'no-cache',
  ]);
  const again = await client.ask('/', { headers: { 'if-none-match': String(page.headers.etag) } });
  expect(again.status).toBe(304);
  const { loadStaticFiles } = await import('../../app/console/static-files.ts');
  expect(() => loadStaticFiles(dir)).not.toThrow();
});

test('the end waits for answers under way and tells streams to end', async () => {
  const options = { host: '127.0.0.1', port: 0, tls: undefined };
  const door = await openDoor(options, (_request, response) => {
    response.setHeader('content-type', 'text/event-stream');
    response.write(': open\n\n');
  });
  const answer = fetch(`${door.url}/`).then((response) => response.text());
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startMs = Date.now();
  await door.close();
  expect(await answer).toBe(': open\n\n');
  expect(Date.now() - startMs).toBeLessThan(4000);
});

describe('an address as the limit counts it', () => {
  test.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', ':0:0:0'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
