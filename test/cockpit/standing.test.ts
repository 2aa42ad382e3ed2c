/** What the cockpit tells of batches, backups and its own age. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createBackups } from '../../pipelines/backup.ts';
import { verifyBackups } from '../../pipelines/backup-look.ts';
import { importReceipts } from '../../pipelines/receipts.ts';
import { Scheduler } from '../../pipelines/scheduler.ts';
import { CLERK, temporaryHome } from '../publish/support.ts';
import { type WrittenJob, writeSchedules } from '../schedule/support/home.ts';
import { deliver, publishBatch, receiptJson } from '../support/submission.ts';
import { AS_OF, refresh, rowsOf, show } from './support.ts';

test('batches with what became of them, and backups with the last look at them', async () => {
  const home = await temporaryHome();
  await home.import('clean');
  await refresh(home);
  const before = await show(home);
  expect(
    rowsOf(before.panels, 'submission').every(({ batch, records }) => batch === null && records === null),
  ).toBe(true);
  expect(before.panels.find(({ panel }) => panel === 'submissions')?.notes).toEqual(['尚无报送批次']);
  expect(rowsOf(before.panels, 'backup')).toEqual([]);
  expect(before.panels.find(({ panel }) => panel === 'backups')?.notes).toEqual(['尚无备份']);

  await home.as(CLERK, async (service) => {
    const { name } = await publishBatch(
      service,
      '2026-10',
      ['1', '2', '3'].map((caseId) => ({ caseId })),
    );
    await deliver(service, name);
    const receipt = home.path('receipt.json');
    writeFileSync(
      receipt,
      receiptJson(name, [
        { caseId: '1', result: 'accepted' },
        { caseId: '2', result: 'rejected', code: '7', message: 'no' },
      ]),
    );
    await importReceipts(service, receipt);
    const { backups } = await createBackups(service, { kinds: ['state'], isCopied: false });
    await verifyBackups(service, { ids: backups.map(({ id }) => id), depth: 'full' });
  });
  await refresh(home);
  const { panels } = await show(home);
  const counts = { records: 3, accepted: 1, rejected: 1, unanswered: 1, state: 'sent', period: '2026-10' };
  const submission = (org: string) => rowsOf(panels, 'submission').find(({ org_code }) => org_code === org);
  expect(submission('ALL')).toMatchObject(counts);
  expect(submission('110101')).toMatchObject(counts);
  expect(submission('110105')).toMatchObject({ records: 0, accepted: 0 });
  const day = expect.stringMatching(/^2026-11-09 09:\d\d:\d\d$/);
  expect(rowsOf(panels, 'backup')).toEqual([
    {
      org_code: 'ALL',
      kind: 'state',
      kind_name: '运行台账',
      backups: 1,
      last_good: day,
      last_verified: day,
      last_drill: null,
    },
  ]);
});

test('data are late when they are older than configured, counted from the day that they show', async () => {
  const home = await temporaryHome('2026-11-03T20:00:00+08:00');
  await home.configure({ cockpit: { maxAgeHours: 12, target: { kind: 'none' } } });
  await home.import('clean');
  const { index, target } = await refresh(home, { asOf: AS_OF });
  expect(target).toBeUndefined();
  expect(index.dataTime).toMatch(/^2026-11-03 20:/);
  expect((await show(home)).freshness).toMatchObject({ ageHours: 0, isLate: false });
  home.clock.advance(11 * 3_600_000);
  expect((await show(home)).freshness).toMatchObject({ ageHours: 11, isLate: false });
  home.clock.advance(3_600_000);
  expect((await show(home)).freshness).toMatchObject({ ageHours: 12, isLate: true });
  // A new look at the same old day is no fresher.
  await refresh(home, { asOf: AS_OF });
  expect((await show(home)).index).toMatchObject({ version: 2, dataTime: '2026-11-03 23:59:59' });
});

test('where a service has a refresh in its schedule, data are late two hours after the next one fell due', async () => {
  const home = await temporaryHome('2026-11-03T04:30:00+08:00');
  await home.configure({ cockpit: { maxAgeHours: 500, target: { kind: 'none' } } });
  const job = { id: 'cockpit', pipeline: 'cockpit-refresh', period: 'none', missed: 'last' };
  const definitions = home.path('definitions');
  mkdirSync(definitions, { recursive: true });
  const write = (...jobs: readonly WrittenJob[]) => writeSchedules({ definitions }, jobs);
  write({ ...job, when: '0 5 * * *' });
  await home.import('clean');
  const lateAfter = async () => (await refresh(home)).index.lateAfter;
  // No service has seen the job yet: nothing but the configuration says how old data may be.
  expect(await lateAfter()).toMatch(/^2026-11-24 00:/);
  await home.as(CLERK, async (service) => {
    await new Scheduler(service, { startCommand: async () => 0, parallelRuns: 0, channels: [] }).look();
  });
  expect(await lateAfter()).toBe('2026-11-03 07:00:00');
  home.clock.advance(3_600_000);
  expect(await lateAfter()).toBe('2026-11-04 07:00:00');
  home.clock.advance(24 * 3_600_000);
  expect((await show(home)).freshness.isLate).toBe(false);
  home.clock.advance(2 * 3_600_000);
  expect((await show(home)).freshness.isLate).toBe(true);
  // One that is switched off does not count, nor does a file that cannot be read keep a refresh from its work.
  write({ ...job, when: '0 5 * * *', enabled: false });
  expect(await lateAfter()).toBe('2026-11-24 19:59:59');
  writeFileSync(path.join(definitions, 'schedules.json'), '{');
  expect(await lateAfter()).toBe('2026-11-24 19:59:59');
});

test('runs stand by the day on which they began, whatever the day of their data', async () => {
  const home = await temporaryHome();
  await home.import('clean');
  await home.run('2026-10', { asOf: '2026-11-05' });
  home.clock.advance(24 * 3600 * 1000);
  const { runId } = await refresh(home, { asOf: AS_OF });
  const { panels } = await show(home);
  const points = rowsOf(panels, 'quality_trend').filter(({ org_code }) => org_code === 'ALL');
  expect([...new Set(points.map(({ run_day }) => run_day))]).toEqual(['2026-11-09', '2026-11-10']);
  expect(points.filter(({ run_id }) => run_id === runId).map(({ run_day }) => run_day)).toContain(
    '2026-11-10',
  );
});
