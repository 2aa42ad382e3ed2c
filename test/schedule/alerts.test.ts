/** Alerts over real lines: an HTTPS server, a mail server with TLS and passwords, a file. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { alertChannels, deliverAlerts } from '../../pipelines/alerts.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import type { Home } from '../../pipelines/runtime/home.ts';
import { openAlertChannels } from '../../pipelines/steps/alert/open.ts';
import { configSchema } from '../../schemas/config.ts';
import { codeOf, errorOf, temporaryHome } from '../runtime/support/home.ts';
import { Authority, type Certificate } from '../support/platform/certificates.ts';
import { homesInMemory, serviceAt } from './support/home.ts';

homesInMemory();
let dir: string;
let authority: Authority;
let certificate: Certificate;
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-alerts-'));
  authority = new Authority(dir);
  certificate = authority.sign('server');
});
afterAll(() => removeTree(dir));

const tls = () => ({
  key: readFileSync(certificate.keyFile),
  cert: readFileSync(certificate.certificateFile),
});
const CAUSE = {
  cause: 'failed monthly',
  kind: 'failed',
  subject: 'monthly 2026-10',
  message: 'monthly failed: E_HOME',
};
const MINUTE = 60_000;

interface Post {
  readonly headers: https.RequestOptions['headers'];
  readonly body: { readonly id: string; readonly event: string };
}

/** A server that takes posts; `answer` says what it does with each. */
async function webhookServer(answer: (number: number) => number | 'stall' | 'drop' = () => 204) {
  const posts: Post[] = [];
  let number = 0;
  const server = https.createServer(tls(), (request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        number += 1;
        const what = answer(number);
        if (what === 'stall') return;
        if (what === 'drop') return void request.socket.destroy();
        if (what < 300)
          posts.push({ headers: request.headers, body: JSON.parse(Buffer.concat(parts).toString()) });
        response.writeHead(what).end('x'.repeat(1000));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { posts, url: `https://localhost:${(server.address() as AddressInfo).port}/alerts` };
}

/** A mail server with STARTTLS that asks for a password. */
async function mailServer() {
  const mails: {
    readonly from: string;
    readonly to: string[];
    readonly text: string;
    readonly isSecure: boolean;
  }[] = [];
  const server = new SMTPServer({
    ...tls(),
    authMethods: ['PLAIN'],
    onAuth: ({ username, password }, _session, done) =>
      username === 'arbdata' && password === 'right' ? done(null, { user: username }) : done(new Error('no')),
    onData: (stream, session, done) => {
      let text = '';
      stream.on('data', (part: Buffer) => {
        text += part.toString();
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        mails.push({ from, to: rcptTo.map(({ address }) => address), text, isSecure: session.secure });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return { mails, port: (server.server.address() as AddressInfo).port };
}

/** A service with these channels, and its channels with these secrets. */
async function setUp(channels: object, secrets: Record<string, string> = {}) {
  const home = await temporaryHome();
  await writeFile(home.config, JSON.stringify({ alerts: { channels } }));
  const service = await serviceAt(home, '2026-11-23T09:00:00+08:00');
  onTestFinished(() => service.ledger.close());
  const opened = openAlertChannels(service.config, home.config, secrets);
  const names = opened.map(({ name }) => name);
  return { home, service, opened, names, deliver: () => deliverAlerts(service, opened) };
}

const lines = (home: Home, name: string) =>
  readFileSync(path.join(home.dir, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Post['body']);

describe('telling', () => {
  test('each cause once to each channel, and that it is over', async () => {
    const webhook = await webhookServer();
    const mail = await mailServer();
    const { home, service, names, deliver } = await setUp(
      {
        log: { kind: 'file', path: 'alerts.jsonl' },
        desk: { kind: 'webhook', url: webhook.url, caFile: authority.file },
        post: {
          ...{ kind: 'smtp', host: 'localhost', port: mail.port, user: 'arbdata', caFile: authority.file },
          ...{ from: 'arbdata@example.org', to: ['a@example.org', 'b@example.org'] },
        },
      },
      { ARBDATA_ALERT_DESK_TOKEN: 'secret-token', ARBDATA_ALERT_POST_PASSWORD: 'right' },
    );
    for (let time = 0; time < 3; time += 1) {
      await service.ledger.alerts.update([CAUSE], names);
      await deliver();
    }
    await service.ledger.alerts.update([], names);
    await deliver();
    await deliver();
    const events = ['raised', 'resolved'];
    expect(lines(home, 'alerts.jsonl').map(({ event }) => event)).toEqual(events);
    expect(webhook.posts.map(({ body }) => body.event)).toEqual(events);
    expect(webhook.posts[0]?.headers).toMatchObject({ authorization: 'Bearer secret-token' });
    expect(webhook.posts[0]?.body).toMatchObject({
      ...{ kind: 'failed', subject: 'monthly 2026-10', message: CAUSE.message },
      ...{ raisedAt: '2026-11-23T09:00:00+08:00', resolvedAt: null },
    });
    expect(mail.mails.map(({ from, to, isSecure }) => ({ from, to, isSecure }))).toEqual(
      events.map(() => ({
        from: 'arbdata@example.org',
        to: ['a@example.org', 'b@example.org'],
        isSecure: true,
      })),
    );
    expect(mail.mails[0]?.text).toContain('Subject: [arbdata] failed: monthly 2026-10');
    expect(mail.mails[1]?.text).toContain('Subject: [arbdata] over: failed: monthly 2026-10');
    // A second time the same cause is another alert.
    await service.ledger.alerts.update([CAUSE], names);
    await deliver();
    const ids = webhook.posts.map(({ body }) => body.id);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(2);
  });

  test('what could not be told is told later, in its order, once; other channels do not wait', async () => {
    const answers = [500, 'drop', 'stall', 404] as const;
    const webhook = await webhookServer((number) => answers[number - 1] ?? 200);
    const { home, service, names, deliver } = await setUp({
      log: { kind: 'file', path: 'alerts.jsonl' },
      desk: { kind: 'webhook', url: webhook.url, caFile: authority.file, timeoutSeconds: 1 },
    });
    await service.ledger.alerts.update([CAUSE], names);
    await deliver();
    await service.ledger.alerts.update([], names);
    const said: string[] = [];
    const log = {
      ...service.log,
      warn: (message: string, fields = {}) => said.push(`${message} ${JSON.stringify(fields)}`),
    };
    const channels = alertChannels(service);
    for (const minutes of [1, 2, 5, 15]) {
      await deliverAlerts({ ...service, log }, channels);
      expect(webhook.posts).toEqual([]);
      service.clock.advance(minutes * MINUTE);
      await deliverAlerts({ ...service, log }, channels);
    }
    await deliver();
    expect(webhook.posts.map(({ body }) => body.event)).toEqual(['raised', 'resolved']);
    expect(lines(home, 'alerts.jsonl').map(({ event }) => event)).toEqual(['raised', 'resolved']);
    expect(said).toHaveLength(3);
    expect(said.join('\n')).toMatch(/localhost:\d+: ECONNRESET.*\n.*no answer in time.*\n.*answered 404/);
    expect(await service.ledger.alerts.nextDeliveryAt()).toBeUndefined();
  });

  test.each([
    ['a wrong password', { user: 'arbdata' }, /EAUTH, answer 535/],
    ['a certificate that nobody knows', { user: 'arbdata', caFile: undefined }, /ESOCKET|ETLS/],
  ])('a mail server with %s: no secret is said', async (_name, more, words) => {
    const mail = await mailServer();
    const { service, names, opened } = await setUp(
      {
        post: {
          ...{ kind: 'smtp', host: 'localhost', port: mail.port, caFile: authority.file, ...more },
          ...{ from: 'a@example.org', to: ['b@example.org'] },
        },
      },
      { ARBDATA_ALERT_POST_PASSWORD: 'wrong-and-secret' },
    );
    await service.ledger.alerts.update([CAUSE], names);
    const said: string[] = [];
    const log = {
      ...service.log,
      warn: (_message: string, fields = {}) => said.push(JSON.stringify(fields)),
    };
    await deliverAlerts({ ...service, log }, opened);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(words);
    expect(said[0]).not.toContain('secret');
    expect(mail.mails).toEqual([]);
  });

  test('a channel that is no longer configured holds nothing up', async () => {
    const { service, names } = await setUp({ log: { kind: 'file', path: 'alerts.jsonl' } });
    await service.ledger.alerts.update([CAUSE], [...names, 'gone']);
    await deliverAlerts(service, []);
    expect(await service.ledger.alerts.nextDeliveryAt()).toBeUndefined();
  });
});

describe('configuration', () => {
  const WEBHOOK = { kind: 'webhook', url: 'https://desk.example.org/x' };
  const SMTP = { kind: 'smtp', host: 'mail.example.org', from: 'a@example.org', to: ['b@example.org'] };
  test.each([
    [{ ...WEBHOOK, url: 'http://desk.example.org/x' }, 'must be an https:// address'],
    [{ ...WEBHOOK, url: 'https://desk.example.org/x?key=1' }, /an address that holds a secret goes into/],
    [{ ...WEBHOOK, token: 'x' }, /a secret never stands in config.json: set ARBDATA_ALERT_<NAME>_TOKEN/],
    [{ ...SMTP, password: 'x' }, /a secret never stands in config.json: set ARBDATA_ALERT_<NAME>_PASSWORD/],
    [{ ...SMTP, security: 'none', user: 'x' }, /a password never goes over a line that is not encrypted/],
    [{ ...SMTP, to: ['nobody'] }, 'must be a mail address'],
  ])('%j is refused', (channel, words) => {
    const { error } = configSchema.safeParse({ alerts: { channels: { desk: channel } } });
    expect(error?.issues[0]?.message).toMatch(words);
  });

  test('an address or a password that is missing, and an address that is none, show no secret', async () => {
    const open = (channel: object, secrets = {}) =>
      openAlertChannels(
        configSchema.parse({ alerts: { channels: { desk: channel } } }),
        'config.json',
        secrets,
      );
    expect(await codeOf(() => open({ kind: 'webhook' }))).toBe('E_CONFIG');
    expect(await codeOf(() => open({ ...SMTP, user: 'x' }))).toBe('E_CONFIG');
    const { message } = await errorOf(() => open({ kind: 'webhook' }, { ARBDATA_ALERT_DESK_URL: 'secret' }));
    expect(message).toBe('ARBDATA_ALERT_DESK_URL is no https:// address');
    expect(
      open({ kind: 'webhook' }, { ARBDATA_ALERT_DESK_URL: 'https://a.example.org/?key=1' }),
    ).toHaveLength(1);
  });
});
