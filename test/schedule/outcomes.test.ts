/** What follows from the end of an attempt, and from a kill at any place of it: nothing twice, nothing lost. */
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ErrorCode } from '../../pipelines/runtime/errors.ts';
import type { Home } from '../../pipelines/runtime/home.ts';
import type { DutyToken } from '../../pipelines/runtime/ledger-duties.ts';
import { Scheduler, type StartCommand } from '../../pipelines/scheduler.ts';
import { codeOf, temporaryHome } from '../runtime/support/home.ts';
import { homesInMemory, serviceAt, writeSchedules } from './support/home.ts';

homesInMemory();

const MINUTE = 60_000;
const JOB = {
  id: 'monthly',
  pipeline: 'monthly',
  when: { workingDay: 3, at: '06:00' },
  period: 'previous-month',
  missed: 'all',
  retries: { attempts: 2, backoffMinutes: [10, 30] },
};

/** One attempt at a command, as it may go. */
type Fate =
  | 'done'
  | 'held'
  | 'busy'
  | 'no word'
  | 'killed before it took the duty'
  | 'killed in the middle'
  | 'killed when its run had ended'
  | ErrorCode;

/** A service on the second of December 2026, whose commands go as they are told. */
async function setUp(jobs: readonly (typeof JOB)[] = [JOB]) {
  const home = await temporaryHome();
  writeSchedules(home, jobs);
  const service = await serviceAt(home, '2026-12-02T12:00:00+08:00');
  onTestFinished(() => service.ledger.close());
  const fates: Fate[] = [];
  const attempts: string[] = [];
  const late: DutyToken[] = [];
  /** Runs that went through, by what they were for. */
  const finished: string[] = [];
  /** The command has come to the place where it is killed. */
  const state = { isStuck: false };
  const never = new Promise<never>(() => undefined);
  const startCommand: StartCommand = async (words, token) => {
    const { ledger } = service;
    const fate = fates.shift() ?? 'done';
    attempts.push(`${stampNow()} ${words.join(' ')} ${fate}`);
    if (fate === 'killed before it took the duty') {
      late.push(token);
      state.isStuck = true;
      return never;
    }
    await ledger.duties.claim(token);
    const tell = async (exit: number, code?: ErrorCode): Promise<number> => {
      await ledger.duties.tell(token, { exit, error: code === undefined ? undefined : { code } });
      return exit;
    };
    if (fate === 'no word') return undefined;
    if (fate === 'busy') return tell(5, 'E_RUN_LOCKED');
    const run = await ledger.beginRun({ pipeline: 'monthly', actor: 'a', command: 'c', duty: token });
    if (fate === 'killed in the middle') {
      state.isStuck = true;
      return never;
    }
    if (fate === 'done' || fate === 'held' || fate === 'killed when its run had ended') {
      await run.finish(fate === 'held' ? 'held' : 'done');
      finished.push(words.join(' '));
      state.isStuck = fate === 'killed when its run had ended';
      return state.isStuck ? never : tell(fate === 'held' ? 3 : 0);
    }
    await run.finish('failed', { error: { code: fate, message: 'x' } });
    return tell({ E_SOURCE_UNREACHABLE: 4, E_SOURCE_ACCESS: 4, E_CONFIG: 2 }[fate as string] ?? 1, fate);
  };
  const stampNow = () => new Date(service.clock.now().getTime() + 8 * 60 * MINUTE).toISOString().slice(5, 16);
  const fresh = () => new Scheduler(service, { startCommand, parallelRuns: 1, channels: [] });
  const duty = async () => (await service.ledger.duties.list()).find(({ kind }) => kind === 'regular');
  return { home, service, fates, attempts, finished, late, state, fresh, duty };
}

/** Make this process, which plays all others, look dead to who looks at the ledger. */
function kill({ ledger }: Home): void {
  const database = new DatabaseSync(ledger);
  database.exec("UPDATE duty SET process_start = 'gone' WHERE state = 'running'");
  database.exec("UPDATE lock SET process_start = 'gone'");
  database.close();
}

type Rig = Awaited<ReturnType<typeof setUp>>;

/** Look at each minute that something waits for, for two days; a service that was killed is started again. */
async function liveOn({ home, service, fresh, state }: Rig): Promise<void> {
  let scheduler = fresh();
  await scheduler.look();
  const endMs = service.clock.now().getTime() + 2 * 1440 * MINUTE;
  for (let nowMs = service.clock.now().getTime(); nowMs < endMs; nowMs = service.clock.now().getTime()) {
    const next = Math.min(
      (await scheduler.nextLookMs()) ?? endMs,
      scheduler.nextOccurrenceMs() ?? endMs,
      endMs,
    );
    service.clock.advance(Math.max(next - nowMs, 0));
    await scheduler.look();
    while ((await service.ledger.duties.list({ states: ['running'] })).length > 0) {
      if (state.isStuck) {
        state.isStuck = false;
        kill(home);
        scheduler = fresh();
        await scheduler.look();
      } else await setImmediate();
    }
    if (!state.isStuck) await scheduler.quiet();
  }
}

describe('an attempt', () => {
  test.each<[Fate[], string, string[]]>([
    [['done'], 'done', ['12-03T06:00']],
    [['held'], 'held', ['12-03T06:00']],
    [['E_SOURCE_UNREACHABLE', 'done'], 'done', ['12-03T06:00', '12-03T06:10']],
    [['E_ENGINE', 'no word', 'done'], 'done', ['12-03T06:00', '12-03T06:10', '12-03T06:40']],
    [['no word', 'no word', 'no word', 'done'], 'failed', ['12-03T06:00', '12-03T06:10', '12-03T06:40']],
    [['E_CONFIG', 'done'], 'failed', ['12-03T06:00']],
    [['E_SOURCE_ACCESS', 'done'], 'failed', ['12-03T06:00']],
    [['busy', 'busy', 'done'], 'done', ['12-03T06:00', '12-03T06:01', '12-03T06:02']],
    [
      ['busy', 'E_ENGINE', 'busy', 'done'],
      'done',
      ['12-03T06:00', '12-03T06:01', '12-03T06:11', '12-03T06:12'],
    ],
  ])('%j ends as %s', async (fates, state, times) => {
    const rig = await setUp();
    rig.fates.push(...fates);
    await liveOn(rig);
    expect(rig.attempts.map((one) => one.slice(0, 11))).toEqual(times);
    expect(await rig.duty()).toMatchObject({ state, key: '2026-11' });
  });

  test("a kill is nobody's failure: attempts are not used up, and what had ended is not run again", async () => {
    const rig = await setUp();
    rig.fates.push('killed before it took the duty', 'killed in the middle', 'killed in the middle');
    rig.fates.push('killed before it took the duty', 'killed when its run had ended', 'done');
    await liveOn(rig);
    expect(rig.attempts).toHaveLength(5);
    expect(rig.finished).toEqual(['run monthly --period 2026-11']);
    expect(await rig.duty()).toMatchObject({ state: 'done', attempts: 0 });
    for (const token of rig.late)
      expect(await codeOf(() => rig.service.ledger.duties.claim(token))).toBe('E_RUN_LOCKED');
  });

  test('whatever happens, one run goes through or all attempts are used up', async () => {
    const fate = fc.constantFrom<Fate>(
      'done',
      'busy',
      'no word',
      'E_ENGINE',
      'killed before it took the duty',
      'killed in the middle',
      'killed when its run had ended',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 9 }), async (fates) => {
        const rig = await setUp();
        rig.fates.push(...fates);
        await liveOn(rig);
        const failures = rig.attempts.filter((one) => /no word|E_ENGINE/.test(one)).length;
        const isFailed = failures === 3;
        expect(rig.finished).toEqual(isFailed ? [] : ['run monthly --period 2026-11']);
        expect((await rig.duty())?.state).toBe(isFailed ? 'failed' : 'done');
      }),
      { numRuns: 25 },
    );
  });
});

describe('alerts', () => {
  const standing = async ({ service }: Rig) =>
    (await service.ledger.alerts.standing()).map(({ kind, subject }) => `${kind} ${subject}`);

  test('a failure is raised once and is over when the month is made good', async () => {
    const rig = await setUp([{ ...JOB, due: { workingDay: 3, at: '20:00' } } as never]);
    rig.fates.push('E_CONFIG');
    await liveOn(rig);
    // Due on the evening of that day, and not out: three products.
    expect(await standing(rig)).toEqual([
      'failed monthly 2026-11',
      'late macro-monitoring 2026-11',
      'late pre-application-comparison 2026-11',
      'late national-platform 2026-11',
    ]);
    const [first] = await rig.service.ledger.alerts.standing();
    expect(first?.message).toMatch(
      /^monthly 2026-11 failed: E_CONFIG \(The configuration .*\); see `arbdata runs show R/,
    );
    const token = await rig.service.ledger.duties.beginByHand({
      ...{ job: 'monthly', kind: 'regular', key: '2026-11', period: '2026-11', actor: 'li' },
    });
    await rig.service.ledger.duties.claim(token);
    await rig.service.ledger.duties.settle(token, () => ({
      state: 'done',
      attempts: 0,
      notBefore: null,
      reason: null,
    }));
    await rig.fresh().look();
    expect(await standing(rig)).not.toContain('failed monthly 2026-11');
  });

  test('a held month waits for a person and is over with its release', async () => {
    const rig = await setUp();
    rig.fates.push('held');
    await liveOn(rig);
    expect(await standing(rig)).toEqual(['held monthly 2026-11']);
    const { runId } = (await rig.duty()) ?? {};
    const release = await rig.service.ledger.beginRun({
      ...{ pipeline: 'monthly', actor: 'wang', command: 'c', parameters: { releases: runId } },
    });
    await release.finish('done');
    await rig.fresh().look();
    expect(await standing(rig)).toEqual([]);
    expect(await rig.duty()).toMatchObject({ state: 'done', reason: `released by run ${release.id}` });
  });

  test('a mistake in an edited file leaves the former schedules in force, and says so', async () => {
    const rig = await setUp();
    const scheduler = rig.fresh();
    await scheduler.look();
    writeSchedules(rig.home, [{ ...JOB, when: 'nonsense' }]);
    rig.service.clock.advance(1440 * MINUTE);
    await scheduler.look();
    await scheduler.quiet();
    expect(rig.finished).toEqual(['run monthly --period 2026-11']);
    expect(await standing(rig)).toEqual(['definitions schedules.json']);
    writeSchedules(rig.home, [JOB]);
    await scheduler.look();
    expect(await standing(rig)).toEqual([]);
  });
});

test('pipelines side by side where that is configured, each once; a rehearsal on the data of the day', async () => {
  const home = await temporaryHome();
  const job = (id: string, more = {}) => ({ ...JOB, id, ...more });
  writeSchedules(home, [
    job('monthly', { rehearsalDays: 5 }),
    job('again'),
    {
      id: 'inbox',
      pipeline: 'receipts-import',
      when: '0 6 * * *',
      period: 'none',
      missed: 'last',
      arguments: ['inbox'],
    },
  ]);
  const service = await serviceAt(home, '2026-11-27T12:00:00+08:00');
  onTestFinished(() => service.ledger.close());
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const startCommand: StartCommand = (words) =>
    new Promise((resolve) => {
      started.push(words.join(' '));
      ends.push(() => resolve(0));
    });
  const scheduler = new Scheduler(service, { startCommand, parallelRuns: 2, channels: [] });
  await scheduler.look();
  service.clock.advance(18 * 60 * MINUTE);
  await scheduler.look();
  expect(started.splice(0)).toEqual([
    'run monthly --period 2026-11 --as-of 2026-11-28',
    'receipts import inbox',
  ]);
  for (const end of ends.splice(0)) end();
  await scheduler.quiet();
  service.clock.advance(5 * 1440 * MINUTE);
  await scheduler.look();
  // Of the five mornings of the inbox the last one, and one run of the pipeline monthly.
  expect(started.splice(0)).toEqual(['run monthly --period 2026-11', 'receipts import inbox']);
  for (const end of ends.splice(0)) end();
  await scheduler.quiet();
  await scheduler.look();
  expect(started).toEqual(['run monthly --period 2026-11']);
  for (const end of ends.splice(0)) end();
  await scheduler.quiet();
});
