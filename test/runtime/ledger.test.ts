import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fixedClock, shanghaiStampMs, systemClock } from '../../pipelines/runtime/clock.ts';
import { type Home, openHome } from '../../pipelines/runtime/home.ts';
import { type Ledger, openLedger, type Run } from '../../pipelines/runtime/ledger.ts';
import { ledgerMigrations } from '../../pipelines/runtime/ledger-tables.ts';
import { ownProcess, SILENT_HOST_MS } from '../../pipelines/runtime/lock.ts';
import { openSqlite } from '../../pipelines/runtime/node-sqlite.ts';
import { codeOf, errorOf, temporaryDir, temporaryHome } from './support/home.ts';

const NOBODY = { actor: 'li', command: 'arbdata run monthly' };
const MONTHLY = { ...NOBODY, pipeline: 'monthly', period: '2026-10', parameters: { asOf: '2026-11-03' } };

async function opened(home: Home, clock = systemClock): Promise<Ledger> {
  const ledger = await openLedger(home, clock);
  onTestFinished(() => ledger.close());
  return ledger;
}

/** Statements as an outsider with the file in hand would run them. */
async function outside(home: Home, sql: string): Promise<void> {
  const database = await openSqlite(home.ledger);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

describe('the file', () => {
  test('a new ledger has the version of the last migration, is private, and opens again as it was', async () => {
    const home = await temporaryHome();
    const first = await openLedger(home, systemClock);
    await (await first.beginRun(MONTHLY)).finish('done');
    await first.close();
    const again = await opened(home);
    expect(await again.listRuns()).toHaveLength(1);
    const database = await openSqlite(home.ledger);
    expect(Number(database.prepare('PRAGMA user_version').get()?.user_version)).toBe(
      ledgerMigrations().length,
    );
    expect(database.prepare('PRAGMA journal_mode').get()?.journal_mode).toBe('wal');
    database.close();
    expect((await stat(home.ledger)).mode & 0o777).toBe(0o600);
  });

  test('migrations are numbered without gaps', () => {
    expect(ledgerMigrations().map((name) => Number(name.slice(0, 3)))).toEqual(
      ledgerMigrations().map((_, at) => at + 1),
    );
  });

  test('a ledger of a newer program is E_LEDGER and stays as it is', async () => {
    const home = await temporaryHome();
    await (await openLedger(home, systemClock)).close();
    await outside(home, 'PRAGMA user_version = 999');
    const error = await errorOf(() => openLedger(home, systemClock));
    expect(error.code).toBe('E_LEDGER');
    expect(error.message).toContain('999');
  });

  test('a migration that fails leaves nothing of itself', async () => {
    const home = await temporaryHome();
    // A table that is in the way, so that the first migration breaks after its first statements.
    await outside(home, 'CREATE TABLE publication (other TEXT)');
    expect(await codeOf(() => openLedger(home, systemClock))).toBe('E_LEDGER');
    const database = await openSqlite(home.ledger);
    const names = database.prepare('SELECT name FROM sqlite_schema').all();
    expect(names.map(({ name }) => name)).toEqual(['publication']);
    expect(Number(database.prepare('PRAGMA user_version').get()?.user_version)).toBe(0);
    database.close();
  });

  test.each([
    ['garbage', (bytes: Buffer) => Buffer.alloc(bytes.length, 'x')],
    [
      'a damaged schema page',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 7)]),
    ],
    ['a cut file', (bytes: Buffer) => bytes.subarray(0, 6_000)],
  ])('%s is E_LEDGER naming the file', async (_, damage) => {
    const home = await temporaryHome();
    await (await openLedger(home, systemClock)).close();
    await writeFile(home.ledger, damage(await readFile(home.ledger)));
    const error = await errorOf(() => openLedger(home, systemClock));
    expect(error.code).toBe('E_LEDGER');
    expect(error.message).toContain(home.ledger);
  });

  test.each(['deleted', 'emptied'])('a ledger that was %s is not taken for a new one', async (how) => {
    const home = await temporaryHome();
    await (await openLedger(home, systemClock)).close();
    await rm(home.ledger);
    if (how === 'emptied') await writeFile(home.ledger, '');
    expect(await codeOf(() => openLedger(home, systemClock))).toBe('E_LEDGER');
    await rm(home.auditHead);
    await opened(home);
  });

  test('a full disk is E_DISK_FULL, a read-only one E_HOME, and neither spoils what is there', async (context) => {
    const disk = path.join(await temporaryDir(), 'disk');
    await mkdir(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return context.skip('mount is not permitted here');
    }
    onTestFinished(() => {
      execFileSync('umount', [disk]);
    });
    const home = openHome(path.join(disk, 'home'), {});
    const ledger = await opened(home);
    const run = await ledger.beginRun(MONTHLY);
    await writeFile(path.join(disk, 'ballast'), Buffer.alloc(2_000_000)).catch(() => undefined);
    const error = await errorOf(async () => {
      for (;;) await run.startStep('x'.repeat(10_000));
    });
    expect(error.code).toBe('E_DISK_FULL');
    expect(error.message).toContain(home.ledger);
    await rm(path.join(disk, 'ballast'));
    await run.finish('failed', { error: { code: error.code } });
    expect((await ledger.verifyAudit()).ok).toBe(true);
    await ledger.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    expect(await codeOf(() => openLedger(home, systemClock))).toBe('E_HOME');
  });
});

describe('runs', () => {
  test('a run is kept with its parameters, steps, files, snapshot and result', async () => {
    const clock = fixedClock('2026-11-23T09:15:00+08:00');
    const ledger = await opened(await temporaryHome(), clock);
    const run = await ledger.beginRun(MONTHLY);
    expect(run.id).toMatch(/^R20261123-091500-[0-9a-f]{4}$/);
    const step = await run.startStep('freeze');
    clock.advance(1_500);
    await step.finish({ rows: 9_007_199_254_740_991, detail: { views: 6 } });
    await run.startStep('validate');
    await run.setSnapshot('20261123-091500-ab12');
    await run.addFiles([{ path: 'out/a.csv', kind: 'csv', sha256: 'old', sizeBytes: 1 }]);
    await run.addFiles([{ path: 'out/a.csv', kind: 'csv', sha256: 'new', sizeBytes: 2 }]);
    await run.finish('held', { summary: { check: 'K12' } });
    expect(await ledger.getRun(run.id)).toEqual({
      id: run.id,
      pipeline: 'monthly',
      period: '2026-10',
      parameters: { asOf: '2026-11-03' },
      actor: 'li',
      pid: process.pid,
      processStart: ownProcess().processStart,
      snapshotId: '20261123-091500-ab12',
      state: 'held',
      startedAt: '2026-11-23 09:15:00.000',
      finishedAt: '2026-11-23 09:15:01.500',
      summary: { check: 'K12' },
      error: null,
      dutyId: null,
      steps: [
        {
          position: 1,
          name: 'freeze',
          startedAt: '2026-11-23 09:15:00.000',
          finishedAt: '2026-11-23 09:15:01.500',
          rows: 9_007_199_254_740_991,
          detail: { views: 6 },
        },
        {
          position: 2,
          name: 'validate',
          startedAt: '2026-11-23 09:15:01.500',
          finishedAt: null,
          rows: null,
          detail: null,
        },
      ],
      files: [{ path: 'out/a.csv', kind: 'csv', sha256: 'new', sizeBytes: 2 }],
    });
    expect(await ledger.getRun('R0')).toBeUndefined();
    expect(await codeOf(() => run.finish('done'))).toBe('E_INTERNAL');
  });

  test('runs are listed from the latest, by pipeline and period', async () => {
    const clock = fixedClock('2026-11-23T09:15:00+08:00');
    const ledger = await opened(await temporaryHome(), clock);
    const ids: string[] = [];
    for (const period of ['2026-08', '2026-09', '2026-10']) {
      const run = await ledger.beginRun({ ...MONTHLY, period });
      await run.finish('done');
      ids.unshift(run.id);
      clock.advance(1_000);
    }
    expect((await ledger.listRuns()).map(({ id }) => id)).toEqual(ids);
    expect((await ledger.listRuns({ limit: 1 })).map(({ id }) => id)).toEqual(ids.slice(0, 1));
    expect((await ledger.listRuns({ period: '2026-09' })).map(({ id }) => id)).toEqual([ids[1]]);
    expect(await ledger.listRuns({ pipeline: 'backup' })).toEqual([]);
  });

  test('parameters that JSON cannot hold leave no run and no lock behind', async () => {
    const ledger = await opened(await temporaryHome());
    await expect(ledger.beginRun({ ...MONTHLY, parameters: { cases: 10n } })).rejects.toThrow('no JSON form');
    expect(await ledger.listRuns()).toEqual([]);
    await ledger.beginRun(MONTHLY);
  });
});

describe('locks', () => {
  test('a second run is refused with the holder named; others and later ones are not', async () => {
    const ledger = await opened(await temporaryHome());
    const run = await ledger.beginRun({ ...MONTHLY, alsoLock: ['product:macro-monitoring'] });
    const error = await errorOf(() => ledger.beginRun({ ...MONTHLY, actor: 'wang' }));
    expect(error.code).toBe('E_RUN_LOCKED');
    for (const part of [run.id, 'li', String(process.pid), 'arbdata run monthly']) {
      expect(error.message).toContain(part);
    }
    const other = { ...NOBODY, pipeline: 'macro-monitoring', alsoLock: ['product:macro-monitoring'] };
    expect(await codeOf(() => ledger.beginRun(other))).toBe('E_RUN_LOCKED');
    await (await ledger.beginRun({ ...NOBODY, pipeline: 'backup' })).finish('done');
    await run.finish('failed', { error: { code: 'E_ENGINE' } });
    await (await ledger.beginRun(other)).finish('done');
    expect(await ledger.listRuns({ pipeline: 'monthly' })).toHaveLength(1);
  });

  test('of two processes that begin at once, on a home without a ledger, exactly one wins', async () => {
    for (let round = 0; round < 3; round += 1) {
      const home = await temporaryHome();
      const go = path.join(home.dir, 'go');
      const holders = [hold(home, go), hold(home, go)];
      await writeFile(go, '');
      const said = await Promise.all(holders.map((holder) => holder.said));
      const winners = said.filter(({ run }) => run !== undefined);
      const losers = said.filter(({ code }) => code === 'E_RUN_LOCKED');
      expect({ winners: winners.length, losers: losers.length }).toEqual({ winners: 1, losers: 1 });
      expect(losers[0]?.message).toContain(winners[0]?.run);
      expect(losers[0]?.message).toContain(String(winners[0]?.pid));
      const ledger = await opened(home);
      expect(await ledger.verifyAudit()).toEqual({ records: 1, ok: true });
      await Promise.all(holders.map((holder) => holder.end()));
    }
  });

  test('the lock of a killed process is taken over and its run marked interrupted', async () => {
    const home = await temporaryHome();
    const go = path.join(home.dir, 'go');
    await writeFile(go, '');
    const holder = hold(home, go);
    const { run: dead = '' } = await holder.said;
    const ledger = await opened(home);
    expect(await codeOf(() => ledger.beginRun(MONTHLY))).toBe('E_RUN_LOCKED');
    // One that is merely stopped still lives.
    holder.child.kill('SIGSTOP');
    expect(await codeOf(() => ledger.beginRun(MONTHLY))).toBe('E_RUN_LOCKED');
    await holder.end();
    const run = await ledger.beginRun(MONTHLY);
    expect(run.interrupted).toEqual([dead]);
    const found = await ledger.getRun(dead);
    expect(found?.state).toBe('interrupted');
    expect(found?.steps.map(({ name, finishedAt }) => ({ name, finishedAt }))).toEqual([
      { name: 'freeze', finishedAt: null },
    ]);
    expect(await ledger.verifyAudit()).toEqual({ records: 2, ok: true });
  });

  test('a process id that another process got since is no life', async () => {
    const home = await temporaryHome();
    const ledger = await opened(home);
    const run = await ledger.beginRun(MONTHLY);
    await outside(home, "UPDATE lock SET process_start = 'earlier/1'");
    expect(await ledger.interruptDeadRuns('wang')).toEqual([run.id]);
    expect(await ledger.interruptDeadRuns('wang')).toEqual([]);
    expect((await ledger.getRun(run.id))?.state).toBe('interrupted');
  });

  test('a holder on another host lives as long as its heart beats', async () => {
    const home = await temporaryHome();
    const clock = fixedClock('2026-11-23T09:15:00+08:00');
    const ledger = await opened(home, clock);
    const run = await ledger.beginRun(MONTHLY);
    await outside(home, `UPDATE lock SET host = 'not-${os.hostname()}', pid = 1`);
    clock.advance(SILENT_HOST_MS - 1);
    expect(await codeOf(() => ledger.beginRun(MONTHLY))).toBe('E_RUN_LOCKED');
    await run.beat();
    clock.advance(SILENT_HOST_MS - 1);
    expect(await codeOf(() => ledger.beginRun(MONTHLY))).toBe('E_RUN_LOCKED');
    clock.advance(1);
    expect((await ledger.beginRun(MONTHLY)).interrupted).toEqual([run.id]);
  });

  test('a run that was taken for dead can no longer write, publish or finish', async () => {
    const home = await temporaryHome();
    const ledger = await opened(home);
    const run = await ledger.beginRun(MONTHLY);
    const step = await run.startStep('freeze');
    await outside(home, "UPDATE lock SET process_start = 'earlier/1'");
    const successor = await ledger.beginRun(MONTHLY);
    const acts = [
      () => run.startStep('validate'),
      () => step.finish(),
      () => run.setSnapshot('s'),
      () => run.addFiles([{ path: 'a', kind: 'csv', sha256: '', sizeBytes: 0 }]),
      () => run.finish('done'),
      () => ledger.intendPublication(intentOf(run)),
    ];
    for (const act of acts) expect(await codeOf(act)).toBe('E_RUN_LOCKED');
    await successor.finish('done');
  });
});

describe('publications', () => {
  test('revisions are numbered; the later one supersedes the earlier one', async () => {
    const clock = fixedClock('2026-11-23T09:15:00+08:00');
    const ledger = await opened(await temporaryHome(), clock);
    const run = await ledger.beginRun(MONTHLY);
    for (const [revision, manifestSha256] of [
      [1, 'aa'],
      [2, 'bb'],
    ] as const) {
      expect(await ledger.intendPublication(intentOf(run))).toBe(revision);
      expect(await ledger.openIntents()).toMatchObject([{ revision, state: 'publishing', isAlive: true }]);
      await ledger.completePublication({ ...MACRO, revision, manifestSha256 });
    }
    expect(await ledger.latestPublication(MACRO.product, MACRO.period)).toEqual({
      ...MACRO,
      revision: 2,
      state: 'published',
      runId: run.id,
      snapshotId: 's1',
      manifestSha256: 'bb',
      publishedAt: shanghaiStampMs(clock),
      actor: 'li',
      reason: null,
    });
    expect((await ledger.publications()).map(({ revision, state }) => `${revision} ${state}`)).toEqual([
      '1 superseded',
      '2 published',
    ]);
    expect(await ledger.publications('other')).toEqual([]);
    expect(await ledger.latestPublication(MACRO.product, '2026-11')).toBeUndefined();
    expect(await ledger.openIntents()).toEqual([]);
  });

  test('completing twice changes nothing; completing with another manifest is refused', async () => {
    const ledger = await opened(await temporaryHome());
    const run = await ledger.beginRun(MONTHLY);
    const revision = await ledger.intendPublication(intentOf(run));
    const key = { ...MACRO, revision, manifestSha256: 'aa' };
    const first = await ledger.completePublication(key);
    const { records } = await ledger.verifyAudit();
    expect(await ledger.completePublication(key)).toEqual(first);
    expect((await ledger.verifyAudit()).records).toBe(records);
    expect(await codeOf(() => ledger.completePublication({ ...key, manifestSha256: 'bb' }))).toBe('E_LEDGER');
    expect(await codeOf(() => ledger.dropIntent(key))).toBe('E_LEDGER');
    expect((await ledger.latestPublication(MACRO.product, MACRO.period))?.manifestSha256).toBe('aa');
  });

  test('an intent bars others; a dropped one frees its number', async () => {
    const ledger = await opened(await temporaryHome());
    const run = await ledger.beginRun(MONTHLY);
    const revision = await ledger.intendPublication(intentOf(run));
    expect(await codeOf(() => ledger.intendPublication(intentOf(run)))).toBe('E_RUN_LOCKED');
    await run.finish('failed');
    const next = await ledger.beginRun(MONTHLY);
    expect(await codeOf(() => ledger.intendPublication(intentOf(next)))).toBe('E_LEDGER');
    expect(await ledger.openIntents()).toMatchObject([{ runId: run.id, isAlive: false }]);
    await ledger.dropIntent({ ...MACRO, revision });
    await ledger.dropIntent({ ...MACRO, revision });
    expect(await ledger.intendPublication(intentOf(next))).toBe(revision);
    // One who settles late, by what was open before, does not take the number from its new owner.
    await ledger.dropIntent({ ...MACRO, revision, runId: run.id });
    expect(await ledger.openIntents()).toMatchObject([{ runId: next.id, isAlive: true }]);
  });

  test('the intent of a killed run is completed by its successor', async () => {
    const home = await temporaryHome();
    const ledger = await opened(home);
    const run = await ledger.beginRun(MONTHLY);
    const revision = await ledger.intendPublication(intentOf(run));
    await outside(home, "UPDATE lock SET process_start = 'earlier/1'");
    await ledger.beginRun(MONTHLY);
    const key = { ...MACRO, revision, manifestSha256: 'aa' };
    expect(await codeOf(() => ledger.completePublication(key))).toBe('E_RUN_LOCKED');
    await ledger.completePublication({ ...key, completedBy: 'wang' });
    expect(await ledger.latestPublication(MACRO.product, MACRO.period)).toMatchObject({
      revision,
      actor: 'li',
    });
  });

  test('an intent of a run that does not exist is E_NOT_FOUND', async () => {
    const ledger = await opened(await temporaryHome());
    const run = await ledger.beginRun(MONTHLY);
    expect(await codeOf(() => ledger.intendPublication({ ...intentOf(run), runId: 'R0' }))).toBe(
      'E_NOT_FOUND',
    );
  });

  test('a publication whose audit record fails is not published, and the one before is not superseded', async () => {
    const home = await temporaryHome();
    const ledger = await opened(home);
    const run = await ledger.beginRun(MONTHLY);
    await ledger.intendPublication(intentOf(run));
    await ledger.completePublication({ ...MACRO, revision: 1, manifestSha256: 'aa' });
    await ledger.intendPublication(intentOf(run));
    await outside(
      home,
      "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'refused by the test'); END",
    );
    const act = () => ledger.completePublication({ ...MACRO, revision: 2, manifestSha256: 'bb' });
    expect((await errorOf(act)).message).toContain('refused by the test');
    expect(await ledger.latestPublication(MACRO.product, MACRO.period)).toMatchObject({ revision: 1 });
    expect(await ledger.openIntents()).toMatchObject([{ revision: 2 }]);
    await outside(home, 'DROP TRIGGER refuse');
    await act();
    expect(await ledger.latestPublication(MACRO.product, MACRO.period)).toMatchObject({ revision: 2 });
  });
});

describe('marks', () => {
  const MARK = {
    ruleId: 'V012',
    scope: 'ARB_CASE',
    recordKey: '1001',
    fingerprint: 'f1',
    reason: 'seen in the file',
    expiresOn: '2026-12-31',
    actor: 'li',
  };

  test('a mark stands until it is withdrawn or replaced by a new one; history stays', async () => {
    const home = await temporaryHome();
    const ledger = await opened(home);
    await ledger.addMark(MARK);
    await ledger.addMark({ ...MARK, fingerprint: 'f2' });
    await ledger.addMark({ ...MARK, recordKey: '1002', expiresOn: '2026-11-30' });
    const standing = (await ledger.standingMarks()).map(
      (m) => `${m.recordKey} ${m.fingerprint} ${m.expiresOn}`,
    );
    expect(standing).toEqual(['1001 f2 2026-12-31', '1002 f1 2026-11-30']);
    const database = await openSqlite(home.ledger);
    expect(Number(database.prepare('SELECT count(*) AS n FROM finding_mark').get()?.n)).toBe(3);
    database.close();
  });

  test('equal keys of two views are two records', async () => {
    const ledger = await opened(await temporaryHome());
    for (const scope of ['ARB_CASE', 'ARB_PARTY']) await ledger.addMark({ ...MARK, ruleId: 'V050', scope });
    const scopes = async () => (await ledger.standingMarks()).map(({ scope }) => scope);
    expect(await scopes()).toEqual(['ARB_CASE', 'ARB_PARTY']);
    await ledger.withdrawMark({ ruleId: 'V050', scope: 'ARB_PARTY', recordKey: '1001', actor: 'wang' });
    expect(await scopes()).toEqual(['ARB_CASE']);
    await ledger.addMark({ ...MARK, ruleId: 'V050', scope: 'ARB_PARTY' });
    await ledger.withdrawMark({ ruleId: 'V050', recordKey: '1001', actor: 'wang' });
    expect(await scopes()).toEqual([]);
  });

  test('a mark is withdrawn once', async () => {
    const ledger = await opened(await temporaryHome());
    await ledger.addMark(MARK);
    const which = { ruleId: 'V012', recordKey: '1001', actor: 'wang', reason: 'was wrong' };
    await ledger.withdrawMark(which);
    expect(await ledger.standingMarks()).toEqual([]);
    expect(await codeOf(() => ledger.withdrawMark(which))).toBe('E_NOT_FOUND');
    expect(await ledger.verifyAudit()).toEqual({ records: 3, ok: true });
  });
});

const MACRO = { product: 'macro-monitoring', period: '2026-10' };

function intentOf(run: Run) {
  return { ...MACRO, runId: run.id, snapshotId: 's1', actor: 'li' };
}

interface Said {
  readonly pid: number;
  readonly run?: string;
  readonly code?: string;
  readonly message?: string;
}

/** A process that begins a run once the go file is there, and holds it until it is killed. */
function hold(
  home: Home,
  goFile: string,
): { child: ChildProcessWithoutNullStreams; said: Promise<Said>; end: () => Promise<void> } {
  const program = path.join(import.meta.dirname, 'support/hold-run.ts');
  const child = spawn(process.execPath, [program, home.dir, goFile]);
  const errors: Buffer[] = [];
  child.stderr.on('data', (piece: Buffer) => errors.push(piece));
  const closed = once(child, 'close');
  const end = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  onTestFinished(end);
  const line = once(createInterface(child.stdout), 'line').then(([text]) => JSON.parse(String(text)) as Said);
  const failed = closed.then((): never => {
    throw new Error(`the process ended early: ${Buffer.concat(errors).toString()}`);
  });
  failed.catch(() => undefined);
  return { child, said: Promise.race([line, failed]), end };
}
