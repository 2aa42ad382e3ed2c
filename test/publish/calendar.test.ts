/** A year whose arrangement of holidays is not known: counted Monday to Friday, said, and held where it mattered. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { doctor } from '../../pipelines/doctor.ts';
import type { WorkingDaysFile } from '../../schemas/definitions.ts';
import { aCase, type SourceModel } from '../revision/support.ts';
import { CLERK, openWorkbook, type TestHome, temporaryHome, textOfSheet } from './support.ts';

const SOURCE: SourceModel = { orgs: ['110000', '110101'], cases: [], mediations: [] };

async function homeWithout(...years: string[]): Promise<TestHome> {
  const home = await temporaryHome();
  await home.define('working-days.json', ({ years: known, ...rest }: WorkingDaysFile) => ({
    ...rest,
    years: Object.fromEntries(Object.entries(known).filter(([year]) => !years.includes(year))),
  }));
  return home;
}

const workingDays = (home: TestHome) =>
  home.as(CLERK, async (service) => (await doctor(service)).find(({ name }) => name === 'working days'));

test('a time limit that ran out on a provisional day holds the publication; a release publishes it', async () => {
  const home = await homeWithout('2026');
  await home.fill({
    ...SOURCE,
    cases: [aCase(1, { accept: '2026-08-10' }), aCase(2, { accept: '2026-09-29' })],
  });
  const { outcome, runId } = await home.run('2026-10', { asOf: '2026-11-05' });
  expect(outcome).toMatchObject({
    state: 'held',
    reasons: [{ text: '1件案件的审限按未公布放假安排的年份推算', releasable: true }],
  });
  const released = (await home.release(runId, '已核对放假安排')).outcome;
  expect(released.state).toBe('published');
  const notes = textOfSheet(await openWorkbook(path.join(released.dir, '宏观监测-202610.xlsx')), '说明');
  expect(notes).toContain('2026年的放假安排未收录，其工作日按周一至周五（1月1日除外）推算，为暂定');
  expect(await workingDays(home)).toMatchObject({
    state: 'attention',
    message: expect.stringContaining('2026 is not known'),
  });
});

test('provisional days after the snapshot are only said', async () => {
  const home = await homeWithout('2027');
  await home.fill({ ...SOURCE, cases: [aCase(1, { accept: '2026-11-30' })] });
  const { outcome } = await home.run('2026-11', { asOf: '2026-12-05' });
  expect(outcome).toMatchObject({ state: 'published', reasons: [] });
  const notes = textOfSheet(await openWorkbook(path.join(outcome.dir, '宏观监测-202611.xlsx')), '说明');
  expect(notes).toContain('2027年的放假安排未收录');
});

test('doctor names a gap among the years, and next year from December on', async () => {
  const home = await homeWithout('2024');
  expect(await workingDays(home)).toMatchObject({
    state: 'attention',
    message: 'the arrangement of 2024 is not known: its days are provisional',
  });
  const inOrder = await temporaryHome();
  expect(await workingDays(inOrder)).toMatchObject({ state: 'ok' });
  const late = await temporaryHome('2026-12-01T09:00:00+08:00');
  expect(await workingDays(late)).toMatchObject({
    state: 'attention',
    message: expect.stringContaining('2027'),
  });
});
