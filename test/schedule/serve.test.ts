/** The service as a process: it fires, is killed in the middle, and goes on; its door; its end. */
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { shanghaiDate, stampOf, systemClock } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { openHome } from '../../pipelines/runtime/home.ts';
import { lastCompleteMonth } from '../../schemas/period.ts';
import { arbdata, documentOf } from '../app/support.ts';
import { homeDir } from '../publish/support.ts';
import { runJson, type Started, startCli } from '../reliability/support/cli.ts';
import { temporaryDir } from '../runtime/support/home.ts';
import { Authority } from '../support/platform/certificates.ts';
import { writeSchedules } from './support/home.ts';

const MONTH = lastCompleteMonth(shanghaiDate(systemClock)).text;
const JOB = { id: 'figures', pipeline: 'macro-monitoring', period: 'previous-month', missed: 'all' };
/** Never in the time of a test. */
const FAR = '0 0 29 2 *';

/** A home with a small source that is removed when the test ends. */
async function sourceHome() {
  const made = await homeDir();
  onTestFinished(() => removeTree(made.dir));
  await made.import('small');
  return openHome(made.dir, {});
}

async function eventually<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 50) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new Error(`never: ${what}`);
}

/** Start a service and wait until it answers. */
async function startService(home: string, more: string[] = []): Promise<{ service: Started; url: string }> {
  const service = startCli(home, ['serve', '--port', '0', ...more]);
  onTestFinished(() => void service.child.kill('SIGKILL'));
  let url = '';
  await service.sawLine((line) => {
    url = /service started url=(\S+)/.exec(line)?.[1] ?? '';
    return url !== '';
  });
  if (url === '') throw new Error(`the service did not start:\n${(await service.ended).stderr}`);
  return { service, url };
}

interface DutyRow {
  readonly state: string;
  readonly pid: number;
  readonly claimed_at: string | null;
}
function rows<T>(ledger: string, sql: string): T[] {
  const database = new DatabaseSync(ledger, { readOnly: true, timeout: 5000 });
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}
const dutyOf = (ledger: string) => rows<DutyRow>(ledger, 'SELECT state, pid, claimed_at FROM duty')[0];
const runsOf = (ledger: string) =>
  rows<{ state: string; duty_id: number | null }>(
    ledger,
    'SELECT state, duty_id FROM run ORDER BY started_at',
  );

/** An expression that fires once, so many seconds from now. */
function inSeconds(seconds: number): string {
  const [, month, day, hour, minute, second] = stampOf(new Date(Date.now() + seconds * 1000))
    .split(/\D/)
    .map(Number);
  return `${second} ${minute} ${hour} ${day} ${month} *`;
}

describe('killed with kill -9', () => {
  test('the service alone: its run goes on, the next service takes it over, and nothing is run twice', async () => {
    const home = await sourceHome();
    writeSchedules(home, [{ ...JOB, when: FAR }]);
    const first = await startService(home.dir);
    writeSchedules(home, [{ ...JOB, when: inSeconds(3) }]);
    first.service.child.kill('SIGHUP');
    await eventually('the run takes its duty', () => dutyOf(home.ledger)?.claimed_at ?? undefined);
    first.service.child.kill('SIGKILL');
    await first.service.ended;
    const second = await startService(home.dir);
    const state = await eventually('the duty is settled', () => {
      const found = dutyOf(home.ledger)?.state;
      return found === 'done' || found === 'held' ? found : undefined;
    });
    const runs = runsOf(home.ledger);
    expect(runs).toEqual([{ state, duty_id: 1 }]);
    const health = (await (await fetch(`${second.url}/health`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ version: '0.1.0', running: [] });
    second.service.child.kill('SIGTERM');
    expect((await second.service.ended).exit).toBe(0);
  });

  test('the service and its run: the next service runs it again, once', async () => {
    const home = await sourceHome();
    writeSchedules(home, [{ ...JOB, when: FAR }]);
    const first = await startService(home.dir);
    writeSchedules(home, [{ ...JOB, when: inSeconds(3) }]);
    first.service.child.kill('SIGHUP');
    const pid = await eventually('the run is in the ledger', () =>
      runsOf(home.ledger).length > 0 ? dutyOf(home.ledger)?.pid : undefined,
    );
    first.service.child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await first.service.ended;
    const { service } = await startService(home.dir);
    const state = await eventually('the duty is settled', () => {
      const found = dutyOf(home.ledger)?.state;
      return found === 'done' || found === 'held' ? found : undefined;
    });
    expect(runsOf(home.ledger)).toEqual([
      { state: 'interrupted', duty_id: 1 },
      { state, duty_id: 1 },
    ]);
    service.child.kill('SIGINT');
    expect((await service.ended).exit).toBe(0);
  });
});

describe('one service', () => {
  let home: ReturnType<typeof openHome>;
  beforeAll(async () => {
    home = openHome((await homeDir()).dir, {});
    writeSchedules(home, [{ ...JOB, when: FAR, due: { workingDay: 8 } }]);
  });

  afterAll(() => removeTree(home.dir));

  test('per home; by hand through the same path; list and grid; its door', async () => {
    const { service, url } = await startService(home.dir);
    const other = await runJson(home.dir, ['serve', '--port', '0']);
    expect(other).toMatchObject({ exit: 5, error: { code: 'E_SERVICE_RUNNING', retryable: true } });

    // There is no source: the run fails, as the command itself would.
    const byHand = await runJson<{ state: string; reason: string; key: string }>(home.dir, [
      'schedule',
      'run',
      'figures',
    ]);
    expect(byHand).toMatchObject({
      exit: 4,
      json: { state: 'failed', key: MONTH, reason: 'E_SOURCE_MISSING' },
    });
    const list = await runJson(home.dir, ['schedule', 'list']);
    expect(list.json).toMatchObject({
      service: { version: '0.1.0' },
      jobs: [
        {
          id: 'figures',
          state: 'in force',
          last: { state: 'failed', key: MONTH },
          open: [],
          next: [{ kind: 'regular' }, {}, {}],
        },
      ],
    });
    const grid = await runJson<{ rows: { name: string; cells: { period: string; state: string }[] }[] }>(
      home.dir,
      [...['schedule', 'grid', '--months', '2']],
    );
    expect(grid.json.rows.map(({ name }) => name)).toEqual(['macro-monitoring']);
    expect(grid.json.rows[0]?.cells).toMatchObject([
      { period: MONTH, state: 'failed' },
      { state: 'not due' },
    ]);

    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/../ledger.sqlite`)).status).toBe(404);
    const health = await fetch(`${url}/health`);
    expect(health.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys((await health.json()) as object)).toEqual([
      'status',
      'version',
      'startedAt',
      'now',
      'next',
      'running',
      'freshness',
      'alerts',
    ]);
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ exit: 0, signal: null });
    expect((await runJson<{ service: unknown }>(home.dir, ['schedule', 'list'])).json.service).toBeNull();
  });

  test.each([
    [['schedule', 'run', 'nonsense'], 'E_NOT_FOUND'],
    [['schedule', 'run', 'figures', '--period', '2026-Q4'], 'E_USAGE'],
    [['schedule', 'run', 'figures', '--period', 'x'], 'E_PERIOD'],
    [['schedule', 'grid', '--months', '0'], 'E_USAGE'],
    [['serve', '--port', '70000'], 'E_USAGE'],
    [['serve', '--host', '0.0.0.0'], 'E_CONFIG'],
    [['serve', '--host', '::'], 'E_CONFIG'],
    [['serve', '--host', 'localhost.example.org'], 'E_CONFIG'],
  ])('%j is %s', async (args, code) => {
    const ended = await arbdata(...args, '--home', home.dir, '--json');
    expect(documentOf(ended)).toMatchObject({ error: { code } });
  });

  test('beyond the loopback with TLS; a key that others can read is refused', async () => {
    const dir = await temporaryDir();
    const authority = new Authority(dir);
    const certificate = authority.sign('server');
    await writeFile(home.config, JSON.stringify({ service: { host: '0.0.0.0', port: 0, tls: certificate } }));
    await chmod(certificate.keyFile, 0o644);
    const refused = await arbdata('serve', '--home', home.dir, '--json');
    expect(documentOf(refused)).toMatchObject({ error: { code: 'E_CONFIG' } });
    await chmod(certificate.keyFile, 0o600);
    const { service, url } = await startService(home.dir);
    const status = await new Promise((resolve, reject) => {
      https
        .get(
          `${url.replace('0.0.0.0', 'localhost')}/health`,
          { ca: readFileSync(authority.file) },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        )
        .on('error', reject);
    });
    expect(status).toBe(200);
    service.child.kill('SIGTERM');
    await service.ended;
  });
});
