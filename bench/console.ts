/**
 * The console under load: viewers poll the cockpit while a refresh and a whole month at city size run, started over the
 * API as people do. A checker reads every panel and compares versions. In the same run the same bytes are asked, as often,
 * of a bare server of node:http in a process of its own.
 *
 *     node bench/console.ts [--size demo|city] [--viewers 50] [--keep DIR]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isKept, mustSucceed, node, type Ratio, ratioTable } from './measure.ts';
import { inBenchFolder } from './runs.ts';

const PERIOD = '2026-10';
/** Between two polls of one viewer. The page itself asks every 15 s. */
const POLL_MS = 1_000;
/** Each so many polls a viewer reads all panels one by one; viewers do so at different polls, as they came at different times. */
const CHECK_EVERY = 5;
const QUIET_MS = 10_000;
/** Accounts that the viewers share: one may ask 1,200 times a minute, and more sign-ins in a minute than 30 are refused. */
const ACCOUNTS = 20;
const LIMIT_MS = 100;
const NEW_PASSWORD = 'Kettle-9-Lantern-Sparrow';

interface Reply {
  readonly status: number;
  readonly ms: number;
  readonly etag: string;
  readonly setCookie: string;
  readonly bytes: Buffer;
}
interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

function ask(agent: http.Agent, base: string, route: string, asked: Asked = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = asked;
  const startedMs = performance.now();
  const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { method, agent, headers: { ...headers, ...json } };
    const request = http.request(`${base}${route}`, options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          ms: performance.now() - startedMs,
          etag: response.headers.etag ?? '',
          setCookie: response.headers['set-cookie']?.[0]?.split(';')[0] ?? '',
          bytes: Buffer.concat(pieces),
        }),
      );
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

interface Session {
  readonly cookie: string;
  readonly csrfToken: string;
}

/** The first sign-in of a new account: its one-time password is changed. */
async function signIn(
  agent: http.Agent,
  base: string,
  account: { name: string; password: string },
): Promise<Session> {
  const first = await ask(agent, base, '/api/session', {
    method: 'POST',
    headers: { origin: base },
    body: account,
  });
  const { csrfToken } = JSON.parse(String(first.bytes)) as Session;
  const full = await ask(agent, base, '/api/session/password', {
    method: 'POST',
    headers: { origin: base, cookie: first.setCookie, 'x-csrf-token': csrfToken },
    body: { present: account.password, wanted: NEW_PASSWORD },
  });
  const { stage, ...session } = JSON.parse(String(full.bytes)) as { stage: string; csrfToken: string };
  if (stage !== 'full') throw new Error(`${account.name} cannot sign in: ${stage}`);
  return { cookie: full.setCookie, csrfToken: session.csrfToken };
}

class Latencies {
  readonly #ms: number[] = [];
  add(ms: number): void {
    this.#ms.push(ms);
  }
  get count(): number {
    return this.#ms.length;
  }
  at(share: number): number {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }
}

interface Watch {
  readonly console: Latencies;
  readonly peer: Latencies;
  readonly versions: Set<number>;
  checks: number;
  mixed: number;
  refused: number;
  failed: number;
}
const newWatch = (): Watch => ({
  console: new Latencies(),
  peer: new Latencies(),
  versions: new Set(),
  checks: 0,
  mixed: 0,
  refused: 0,
  failed: 0,
});

interface Whole {
  readonly version: number;
  readonly panels: readonly { readonly panel: string; readonly version: number }[];
}

/** One viewer: polls until told to stop, as the page does; now and then it reads the panels one by one. */
async function view(
  watch: Watch,
  place: { base: string; peer: string; cookie: string; index: number; offset: number; isOver: () => boolean },
): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { cookie: place.cookie };
  let etag = '';
  let shown: Whole | undefined;
  let peerEtag = '';
  await sleep(place.offset);
  for (let polls = 1; !place.isOver(); polls++) {
    const startedMs = performance.now();
    const told = await ask(agent, place.base, '/api/cockpit', {
      headers: { ...headers, ...(etag === '' ? {} : { 'if-none-match': etag }) },
    });
    watch.console.add(told.ms);
    if (told.status === 200) {
      etag = told.etag;
      shown = JSON.parse(String(told.bytes)) as Whole;
      const { version } = shown;
      watch.versions.add(version);
      if (shown.panels.some((panel) => panel.version !== version)) watch.mixed += 1;
    } else if (told.status !== 304) watch.failed += 1;
    const fromPeer = await ask(agent, place.peer, '/', {
      headers: peerEtag === '' ? {} : { 'if-none-match': peerEtag },
    });
    watch.peer.add(fromPeer.ms);
    peerEtag = fromPeer.etag;
    if ((polls + place.index) % CHECK_EVERY === 0 && shown !== undefined)
      await checkPanels(watch, { agent, ...place, headers, shown });
    await sleep(Math.max(0, POLL_MS - (performance.now() - startedMs)));
  }
  agent.destroy();
}

/** Read every panel of the version that is shown: each is of that version, or refused because another is in force. */
async function checkPanels(
  watch: Watch,
  at: { agent: http.Agent; base: string; headers: Record<string, string>; shown: Whole },
): Promise<void> {
  watch.checks += 1;
  const { version, panels } = at.shown;
  for (const { panel } of panels) {
    const told = await ask(at.agent, at.base, `/api/cockpit/panels/${panel}?version=${version}`, at);
    watch.console.add(told.ms);
    if (told.status === 409) {
      watch.refused += 1;
      return;
    }
    if (told.status !== 200) {
      watch.failed += 1;
      return;
    }
    const text = told.bytes.toString('latin1');
    const isSame = isOfVersion(text, version) && text.includes(`"panel":"${panel}"`);
    if (!isSame) watch.mixed += 1;
  }
}

/** Whether an answer names this version and no other. Looked for in its text: 50 viewers that parse it would wait for each other. */
function isOfVersion(text: string, version: number): boolean {
  const named = [...text.matchAll(/"version":(\d+)/g)].map(([, number]) => Number(number));
  return named.length > 0 && named.every((one) => one === version);
}

/** Have as many viewers as wanted until `until` ends. */
async function watchWhile(
  until: Promise<unknown>,
  wanted: { viewers: number; base: string; peer: string; sessions: readonly Session[] },
): Promise<Watch> {
  const watch = newWatch();
  let isOver = false;
  const { viewers, base, peer, sessions } = wanted;
  const all = Array.from({ length: viewers }, (_, index) =>
    view(watch, {
      base,
      peer,
      cookie: sessions[index % sessions.length]?.cookie ?? '',
      index,
      offset: (index * POLL_MS) / viewers,
      isOver: () => isOver,
    }),
  );
  await until;
  isOver = true;
  await Promise.all(all);
  return watch;
}

/** Start a run and wait for its end. */
async function run(agent: http.Agent, base: string, session: Session, body: object): Promise<void> {
  const headers = { origin: base, cookie: session.cookie, 'x-csrf-token': session.csrfToken };
  const told = await ask(agent, base, '/api/requests', { method: 'POST', headers, body });
  if (told.status !== 202) throw new Error(`${JSON.stringify(body)}: ${told.status} ${told.bytes}`);
  const { request } = JSON.parse(String(told.bytes)) as { request: string };
  for (;;) {
    await sleep(500);
    const { bytes } = await ask(agent, base, `/api/requests/${request}`, {
      headers: { cookie: session.cookie },
    });
    const { state } = JSON.parse(String(bytes)) as { state: string };
    if (state === 'failed') throw new Error(`${JSON.stringify(body)}: ${String(bytes)}`);
    if (state === 'done' || state === 'held') return;
  }
}

const freePort = async (): Promise<number> => {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** The peer: the bytes of a file, compressed as they are, to whoever does not have them. */
async function servePeer(file: string): Promise<void> {
  const { readFileSync } = await import('node:fs');
  const bytes = readFileSync(file);
  const server = http.createServer((request, response) => {
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304, { etag: '"1"' }).end();
    else response.writeHead(200, { etag: '"1"', 'content-type': 'application/json' }).end(bytes);
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}

async function startPeer(file: string): Promise<{ child: ChildProcess; base: string }> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--peer', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, base: `http://127.0.0.1:${String(line).trim()}` };
}

async function startService(home: string, port: number): Promise<ChildProcess> {
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ service: { port } }), { mode: 0o600 });
  mkdirSync(path.join(home, 'definitions'), { recursive: true, mode: 0o700 });
  // Nothing falls due while the viewers watch.
  writeFileSync(
    path.join(home, 'definitions/schedules.json'),
    JSON.stringify({ recordedAt: '2026-11-01', schedules: [] }),
  );
  const [command = '', ...args] = node('app/main.js', 'serve', '--home', home);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const agent = new http.Agent();
  for (let tries = 0; tries < 100; tries++) {
    await sleep(100);
    const { status } = await ask(agent, `http://127.0.0.1:${port}`, '/health').catch(() => ({ status: 0 }));
    if (status === 200) return child;
  }
  throw new Error('the service does not answer');
}

async function newAccount(home: string, name: string, role: string) {
  const made = await mustSucceed(node('app/main.js', 'account', 'add', name, role, '--home', home, '--json'));
  return { name, password: (JSON.parse(made.stdout) as { oneTimePassword: string }).oneTimePassword };
}

async function bench(dir: string, wanted: { size: string; viewers: number }): Promise<boolean> {
  const home = path.join(dir, 'home');
  if (!existsSync(home)) {
    await mustSucceed(node('app/main.js', 'demo', '--size', wanted.size, '--until', PERIOD, '--home', home));
    await mustSucceed(node('app/main.js', 'run', 'cockpit-refresh', '--home', home));
  }
  const port = await freePort();
  const service = await startService(home, port);
  const base = `http://127.0.0.1:${port}`;
  const agent = new http.Agent({ keepAlive: true });
  const stamp = Date.now().toString(36);
  let peer: Awaited<ReturnType<typeof startPeer>> | undefined;
  try {
    const operator = await signIn(agent, base, await newAccount(home, `operator.${stamp}`, 'operator'));
    const sessions: Session[] = [];
    for (let index = 1; index <= ACCOUNTS; index++) {
      const leader = await newAccount(home, `leader${index}.${stamp}`, 'leader');
      sessions.push(await signIn(agent, base, leader));
    }
    const [{ cookie }] = sessions as [Session];
    const whole = await ask(agent, base, '/api/cockpit', { headers: { cookie } });
    const file = path.join(dir, 'whole.json');
    writeFileSync(file, whole.bytes);
    peer = await startPeer(file);
    const all = { viewers: wanted.viewers, base, peer: peer.base, sessions };
    const quiet = await watchWhile(sleep(QUIET_MS), all);
    const work = Promise.all([
      run(agent, base, operator, { pipeline: 'cockpit-refresh' }),
      run(agent, base, operator, { pipeline: 'monthly', period: PERIOD }),
    ]);
    const busy = await watchWhile(work, all);
    return report(wanted, { quiet, busy, sizeBytes: whole.bytes.length });
  } finally {
    peer?.child.kill();
    service.kill('SIGTERM');
    await once(service, 'exit');
  }
}

function report(
  wanted: { size: string; viewers: number },
  found: { quiet: Watch; busy: Watch; sizeBytes: number },
): boolean {
  const { quiet, busy } = found;
  const line = (name: string, latencies: Latencies): string =>
    `| ${name} | ${latencies.count} | ${[0.5, 0.99, 1].map((share) => latencies.at(share).toFixed(1)).join(' ms | ')} ms |`;
  const ratios: Ratio[] = [
    { name: 'p99 while both run, ms / 100', of: busy.console.at(0.99), against: LIMIT_MS, atMost: 1 },
    {
      name: 'p99 while both run / p99 of the bare server',
      of: busy.console.at(0.99),
      against: busy.peer.at(0.99),
      atMost: Number.POSITIVE_INFINITY,
    },
    { name: 'answers of mixed versions / 1', of: quiet.mixed + busy.mixed, against: 1, atMost: 0 },
    { name: 'failed answers / 1', of: quiet.failed + busy.failed, against: 1, atMost: 0 },
  ];
  process.stdout.write(
    `size ${wanted.size}, ${wanted.viewers} viewers, ${os.cpus().length} cores; the cockpit has ${found.sizeBytes.toLocaleString('en-US')} bytes\n\n` +
      `| what | requests | p50 | p99 | longest |\n|---|---:|---:|---:|---:|\n${[
        line('console, nothing runs', quiet.console),
        line('peer: a bare server, nothing runs', quiet.peer),
        line('console, refresh and month run', busy.console),
        line('peer: a bare server, refresh and month run', busy.peer),
      ].join('\n')}\n\n` +
      `versions seen ${[...busy.versions].join(', ')}; all panels read one by one ${quiet.checks + busy.checks} times, ` +
      `of them cut short by a newer version ${busy.refused}\n\n${ratioTable(ratios)}\n`,
  );
  return ratios.every(isKept);
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'city' },
    viewers: { type: 'string', default: '50' },
    keep: { type: 'string' },
    peer: { type: 'string' },
  },
});
if (values.peer === undefined) {
  const wanted = { size: values.size, viewers: Number(values.viewers) };
  if (!(await inBenchFolder(values, (dir) => bench(dir, wanted)))) process.exitCode = 1;
} else await servePeer(values.peer);
