/** What holds a batch: cases without one place, which nobody can release, and a second person's approval. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  makeSubmission,
  NATIONAL_PLATFORM,
  type SubmissionOutcome,
  submissionSummary,
} from '../../pipelines/national-platform.ts';
import { prepareSnapshot } from '../../pipelines/prepare.ts';
import { releaseRun } from '../../pipelines/release.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { type RunContext, withRun } from '../../pipelines/runtime/run.ts';
import { computeFigures } from '../../pipelines/steps/macro-monitoring/figures.ts';
import { periodWindows } from '../../pipelines/steps/macro-monitoring/windows.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { openWorkbook, rowsOf } from '../publish/support.ts';
import { aCase, type SmallCase, smallSource } from './support/small-source.ts';
import { AS_OF, packageFile, recordsOf, SubmissionHome } from './support/submission-home.ts';

async function homeWith(cases: readonly SmallCase[], config: object = {}): Promise<SubmissionHome> {
  const home = await SubmissionHome.open(config);
  onTestFinished(() => removeTree(home.dir));
  await home.fill(smallSource(cases));
  return home;
}

/** A run in which somebody changes tables just before they are tied out. */
async function runTampered(home: SubmissionHome, sql: string) {
  const period = parsePeriod('2026-09');
  return home.home.as('clerk', (service) =>
    withRun(
      service,
      { pipeline: NATIONAL_PLATFORM, period: period.text, products: [NATIONAL_PLATFORM] },
      async (context) => {
        const tampered: RunContext = {
          ...context,
          step: async (name, work, options) => {
            if (name === 'tie-out') await context.engine.run(sql);
            return context.step(name, work, options);
          },
        };
        const request = { period, asOf: AS_OF };
        const prepared = await prepareSnapshot(tampered, { ...request, readers: ['submission'] });
        const figures = await computeFigures(
          context.engine,
          context.definitions.indicators.indicators,
          periodWindows(period, 0),
        );
        const submission = await makeSubmission(tampered, prepared, { ...request, figures });
        if ('why' in submission) throw new Error(submission.why);
        return { state: 'held', summary: submissionSummary(submission), submission };
      },
    ),
  );
}

const release = (home: SubmissionHome, runId: string, actor: string) =>
  home.home.as(actor, (service) => releaseRun(service, runId, 'looked at'));

test('a case without a place and one with two hold the batch, are named, and cannot be released', async () => {
  const home = await homeWith([1, 2, 3].map((id) => aCase(id)));
  const { submission, runId } = await runTampered(
    home,
    `DELETE FROM submission_record WHERE case_id IN (2, 3);
     UPDATE submission_decision SET decision = 'waiting' WHERE case_id = 3;
     INSERT INTO submission_decision SELECT * REPLACE ('rejected' AS decision) FROM submission_decision WHERE case_id = 3`,
  );
  expect(submission).toMatchObject({ state: 'held', batch: undefined });
  const places = { 2: [], 3: ['rejected', 'unanswered'] } as const;
  expect(submission.tieOut).toMatchObject({
    gapCount: 2,
    gaps: Object.entries(places).map(([caseId, found]) => ({
      ...{ indicatorId: 'A02', orgCode: '110101', caseId, places: found },
    })),
  });
  const [reason] = submission.reasons;
  expect(reason).toMatchObject({ releasable: false, text: expect.stringContaining('2件案件') });
  expect(submission.files.filter((file) => /\.zip|records|batch/.test(file))).toEqual([]);
  const workbook = await openWorkbook(path.join(submission.dir, '全国平台报送-202609.xlsx'));
  const named = rowsOf(workbook, '对照差异').map((cells) => [cells[0], cells[3]]);
  expect(named).toContainEqual(['2', '无']);
  expect(named).toContainEqual(['3', '被退回待处理、已报送待回执']);
  await expect(release(home, runId, 'head')).rejects.toMatchObject({
    code: 'E_NOT_RELEASABLE',
    message: expect.stringContaining('2件案件没有唯一去向'),
  });
  expect(await home.batches()).toEqual([]);
  // Undisturbed, the same source ties out; no number was used up.
  const { submission: built } = await home.build('2026-09');
  expect(built).toMatchObject({ state: 'published', batch: '110000-ARB-202609-01', tieOut: { gapCount: 0 } });
});

const bytesOf = (outcome: Pick<SubmissionOutcome, 'dir' | 'files'>, file: string): Buffer =>
  readFileSync(path.join(outcome.dir, file));

test('with approval, another person releases exactly the bytes that were held', async () => {
  const home = await homeWith(
    [1, 2, 3].map((id) => aCase(id)),
    { approval: true },
  );
  const { submission: held, runId } = await home.build('2026-09');
  expect(held).toMatchObject({ state: 'held', reasons: [{ text: '待批准', releasable: true }] });
  expect(await home.batches()).toEqual([]);
  await expect(release(home, runId, 'clerk')).rejects.toMatchObject({ code: 'E_NOT_RELEASABLE' });
  const { submission: released } = await release(home, runId, 'head');
  if (released === undefined) throw new Error('nothing was released');
  expect(released).toMatchObject({ state: 'published', batch: '110000-ARB-202609-01' });
  expect(readFileSync(packageFile(released)).equals(readFileSync(packageFile(held)))).toBe(true);
  for (const file of ['batch.json', 'records/00001.parquet']) {
    expect(bytesOf(released, file).equals(bytesOf(held, file)), file).toBe(true);
  }
  expect(existsSync(path.join(released.dir, 'national-submission-2024-1.xsd'))).toBe(true);
  // What was released once is not released again.
  await expect(release(home, runId, 'head')).rejects.toMatchObject({ code: 'E_NOT_RELEASABLE' });
});

test('a release builds nothing else than what was held: a receipt in between undoes it', async () => {
  const home = await homeWith(
    [1, 2].map((id) => aCase(id)),
    { approval: true },
  );
  const first = await home.build('2026-09');
  const { submission: built } = await release(home, first.runId, 'head');
  if (built === undefined) throw new Error('nothing was released');
  const [one, two] = recordsOf(built).map(({ id }) => ({ id, result: 'accepted' as const }));
  if (one === undefined || two === undefined) throw new Error('there are not two records');
  await home.answer(built.batch ?? '', [one]);
  await home.fill(smallSource([1, 2].map((id) => aCase(id, { amount: 200 }))));
  const second = await home.build('2026-09');
  expect(second.submission.counts).toMatchObject({ records: 1, U: 1, waiting: 1 });
  await home.answer(built.batch ?? '', [two]);
  await expect(release(home, second.runId, 'head')).rejects.toMatchObject({ code: 'E_NOT_RELEASABLE' });
  expect(await home.batches()).toHaveLength(1);
});

test('where nothing is to be asked, nobody has to approve it', async () => {
  const home = await homeWith([aCase(1)], { approval: true });
  const { runId } = await home.build('2026-09');
  const { submission } = await release(home, runId, 'head');
  if (submission === undefined) throw new Error('nothing was released');
  await home.accept(submission);
  const again = await home.build('2026-09');
  expect(again).toMatchObject({ state: 'done', submission: { state: 'unchanged', batch: undefined } });
});
