/** Readers while versions are published: each sees the old version or the new one, never a mix. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { panelJson } from '../../exports/cockpit.json.ts';
import { type FixedClock, fixedClock, shanghaiStamp } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { Secret } from '../../pipelines/runtime/secrets.ts';
import {
  publishVersion,
  type TargetDatabase,
  targetVersion,
} from '../../pipelines/steps/publish/cockpit-tables.ts';
import { placeVersion, pruneVersions, switchTo } from '../../pipelines/steps/publish/cockpit-versions.ts';
import { openPostgresql } from '../../pipelines/steps/publish/postgresql.ts';
import { openSqliteTarget } from '../../pipelines/steps/publish/sqlite-target.ts';
import { postgresqlPrograms, startPostgresql } from '../support/postgresql.ts';
import type { ReaderReport, ReaderTask } from './support/reader.ts';
import { madeDocuments, madeIndex, mixProblems } from './support/versions.ts';

const READERS = 3;
const VERSIONS = 25;
const KEEP = 4;

function temporaryDir(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-cockpit-'));
  onTestFinished(() => removeTree(dir));
  return dir;
}

/** Start readers, publish version after version, and gather what the readers saw. */
async function readDuring(
  task: ReaderTask,
  publish: (version: number) => Promise<void>,
): Promise<ReaderReport[]> {
  const workers = Array.from(
    { length: READERS },
    () => new Worker(new URL('support/reader.ts', import.meta.url), { workerData: task }),
  );
  const next = (worker: Worker) =>
    new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  await Promise.all(workers.map(next));
  for (let version = 2; version <= VERSIONS; version += 1) {
    await publish(version);
    await delay(Math.random() * 10);
  }
  const reports = workers.map(async (worker) => {
    worker.postMessage('stop');
    return (await next(worker)) as ReaderReport;
  });
  return Promise.all(reports);
}

function expectWhole(reports: readonly ReaderReport[]): void {
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  for (const { reads, versions } of reports) {
    expect(reads).toBeGreaterThan(3);
    expect(versions).toBeGreaterThan(2);
  }
}

/** Publish a made-up version as files. */
async function publishFiles(dir: string, version: number, clock: FixedClock): Promise<void> {
  const work = path.join(dir, `work-${version}`);
  await mkdir(work, { recursive: true, mode: 0o700 });
  const files = madeDocuments(version).map((document) => ({
    panel: document.panel,
    text: panelJson(document),
  }));
  for (const { panel, text } of files) await writeFile(path.join(work, `${panel}.json`), text);
  const place = await placeVersion(dir, work, madeIndex(version, shanghaiStamp(clock), files));
  await switchTo(dir, { version, ...place }, clock);
  // Each version is an hour old when the next one comes: every one beyond the number goes at once.
  clock.advance(3_600_000);
  await pruneVersions(dir, KEEP, clock);
}

test('a mix of two versions is found', () => {
  const tables = (version: number) =>
    new Map(madeDocuments(version).flatMap((document) => Object.entries(document.tables)));
  expect(mixProblems(2, tables(2))).toEqual([]);
  const trend = tables(1).get('trend') ?? [];
  expect(mixProblems(2, new Map([...tables(2), ['trend', trend]]))).not.toEqual([]);
});

test('of files', async () => {
  const dir = path.join(temporaryDir(), 'cockpit');
  const clock = fixedClock('2026-11-03T09:00:00+08:00');
  await publishFiles(dir, 1, clock);
  expectWhole(await readDuring({ kind: 'files', dir }, (version) => publishFiles(dir, version, clock)));
});

async function publishTables(target: TargetDatabase, version: number, nowMs: number): Promise<number> {
  const stamp = shanghaiStamp({ now: () => new Date(nowMs) });
  return publishVersion(
    target,
    {
      index: madeIndex(version, stamp, []),
      indexSha256: String(version).padStart(64, '0'),
      documents: madeDocuments(version),
    },
    { keep: KEEP, nowMs },
  );
}

const FIRST_MS = Date.parse('2026-11-03T09:00:00+08:00');
const atHour = (version: number): number => FIRST_MS + version * 3_600_000;

/** A target holds to its promises, whatever its kind. */
async function holdsPromises(
  target: TargetDatabase,
  count: (table: string) => Promise<number>,
): Promise<void> {
  expect(await targetVersion(target)).toBe(VERSIONS);
  // The same version once more changes nothing.
  const before = await count('CKPT_KEY_FIGURE');
  expect(await publishTables(target, VERSIONS, atHour(VERSIONS))).toBe(0);
  expect(await count('CKPT_KEY_FIGURE')).toBe(before);
  expect(await count('CKPT_VERSION')).toBe(KEEP);
  expect(before).toBe(KEEP * 4);
  // Another home's version under a number that is taken is refused, and changes nothing.
  const stranger = {
    index: madeIndex(VERSIONS, '2026-11-03 09:00:00', []),
    indexSha256: 'f'.repeat(64),
    documents: madeDocuments(1),
  };
  const options = { keep: KEEP, nowMs: atHour(VERSIONS) };
  await expect(publishVersion(target, stranger, options)).rejects.toMatchObject({ code: 'E_TARGET_REFUSED' });
  // A version that fails in the middle leaves no trace: this one has a row twice.
  const documents = madeDocuments(VERSIONS + 1).map((document) =>
    document.panel === 'freshness'
      ? {
          ...document,
          tables: {
            freshness: [...(document.tables['freshness'] ?? []), ...(document.tables['freshness'] ?? [])],
          },
        }
      : document,
  );
  const broken = {
    index: madeIndex(VERSIONS + 1, '2026-11-03 09:00:00', []),
    indexSha256: 'e'.repeat(64),
    documents,
  };
  await expect(publishVersion(target, broken, options)).rejects.toMatchObject({ name: 'ArbdataError' });
  expect(await count('CKPT_KEY_FIGURE')).toBe(before);
  expect(await targetVersion(target)).toBe(VERSIONS);
}

async function counter(target: TargetDatabase): Promise<(table: string) => Promise<number>> {
  const name = (text: string) => (target.letters === 'upper' ? text : text.toLowerCase());
  return async (table) => (await target.db.selectFrom(name(table)).select(name('VERSION')).execute()).length;
}

test('of an SQLite target', async () => {
  const file = path.join(temporaryDir(), 'cockpit.sqlite');
  const target = await openSqliteTarget(file);
  onTestFinished(() => target.close());
  await publishTables(target, 1, atHour(1));
  const reports = await readDuring({ kind: 'sqlite', file }, async (version) => {
    await publishTables(target, version, atHour(version));
  });
  expectWhole(reports);
  await holdsPromises(target, await counter(target));
});

const programs = postgresqlPrograms();

test.skipIf(programs === undefined)('of a PostgreSQL target', async () => {
  const ddl = readFileSync(path.join(PROJECT_DIR, 'sql/cockpit/postgresql.sql'), 'utf8');
  const server = startPostgresql(programs ?? '', ddl);
  onTestFinished(() => server.remove());
  const { host, user, password, database } = server;
  const config = {
    kind: 'postgresql' as const,
    host,
    port: 5432,
    database,
    user,
    schema: 'public',
    connectTimeoutSeconds: 5,
    statementTimeoutSeconds: 30,
  };
  const target = openPostgresql(config, new Secret(password));
  onTestFinished(() => target.close());
  await publishTables(target, 1, atHour(1));
  const connection = { host, user, password, database };
  const reports = await readDuring({ kind: 'postgresql', connection }, async (version) => {
    await publishTables(target, version, atHour(version));
  });
  expectWhole(reports);
  await holdsPromises(target, await counter(target));

  const wrong = openPostgresql(config, new Secret('wrong'));
  await expect(targetVersion(wrong)).rejects.toMatchObject({ code: 'E_TARGET_REFUSED' });
  await wrong.close();
  // The server goes down in between and comes back: told as such, and the next attempt goes on.
  server.stop();
  await expect(publishTables(target, VERSIONS + 1, atHour(VERSIONS + 1))).rejects.toMatchObject({
    code: 'E_TARGET',
    retryable: true,
  });
  server.start();
  expect(await publishTables(target, VERSIONS + 1, atHour(VERSIONS + 1))).toBeGreaterThan(0);
  expect(await targetVersion(target)).toBe(VERSIONS + 1);
});
