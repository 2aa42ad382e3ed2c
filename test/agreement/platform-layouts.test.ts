/** What the platform holds is read by the layout of each batch, whatever that calls things. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { agreement } from '../../pipelines/agreement.ts';
import type { SubmissionOutcome } from '../../pipelines/national-platform.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { aCase, smallSource } from '../submission/support/small-source.ts';
import { SubmissionHome } from '../submission/support/submission-home.ts';

interface Layout {
  readonly fields: readonly { readonly element: string; readonly from: string }[];
  readonly claims: { readonly fields: readonly object[] };
  readonly [other: string]: unknown;
}
const shipped = JSON.parse(
  readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/platforms/national-platform-2024-1.json'), 'utf8'),
) as Layout;
/** Claims whose amount bears the name of the case's closing date: an open case must not seem to be closed. */
const AMBIGUOUS: Layout = {
  ...shipped,
  version: '2026-x',
  claims: {
    ...shipped.claims,
    fields: [
      ...shipped.claims.fields,
      { element: 'closeDate', title: '日期', from: 'amount', type: 'money', required: false },
    ],
  },
};
const LINES: Layout = {
  ...shipped,
  version: '2026-l',
  format: { kind: 'json-lines', recordsFile: 'records-{number}.jsonl', recordsPerFile: 2 },
  fields: shipped.fields.map((field) => ({ ...field, element: `the.${field.element}` })),
};
const NEVER = { kind: 'json-lines', recordsFile: 'other-{number}.jsonl', recordsPerFile: 9 };

/** Numbers of the platform for a month, A02, C01, B01, and what is to be borne in mind. */
const numbersOf = (home: SubmissionHome, month: string): Promise<(number | string | null)[]> =>
  home.home.as('clerk', async (service) => {
    const found = await agreement(service, { period: parsePeriod(month) });
    found.close();
    const whole = found.rows.filter(({ orgCode }) => orgCode === 'ALL');
    const notes = found.sides.flatMap((side) => side.notes);
    return [...whole.map(({ counts }) => counts.platform), ...notes];
  });

const CASES = [aCase(1), aCase(2, { isClosed: true }), aCase(3, { accepted: 'late' })];

async function buildAndAccept(home: SubmissionHome): Promise<SubmissionOutcome> {
  const { submission } = await home.build('2026-11');
  const answers = CASES.map(({ id }) => ({ id: `110000-${id}`, result: 'accepted' as const }));
  await home.answer(submission.batch ?? '', answers);
  return submission;
}

test('XML with lists that use the same names, JSON lines, and a layout that is gone', async () => {
  const home = await SubmissionHome.open({
    submission: { platforms: { 'national-platform': { version: '2026-x' } } },
  });
  onTestFinished(() => removeTree(home.dir));
  home.layout('x.json', AMBIGUOUS);
  home.layout('l.json', LINES);
  await home.fill(smallSource(CASES));
  expect((await buildAndAccept(home)).counts).toMatchObject({ I: 3 });
  expect(await numbersOf(home, '2026-09')).toEqual([2, 0, 2]);
  expect(await numbersOf(home, '2026-11')).toEqual([1, 1, 2]);

  const threads = { threads: 1, memoryLimitMb: 300 };
  await home.home.configure({
    ...threads,
    submission: { platforms: { 'national-platform': { version: '2026-l' } } },
  });
  expect((await buildAndAccept(home)).counts).toMatchObject({ U: 3 });
  expect(await numbersOf(home, '2026-09')).toEqual([2, 0, 2]);
  expect(await numbersOf(home, '2026-11')).toEqual([1, 1, 2]);

  home.layout('l.json', { ...LINES, version: 'another', format: NEVER });
  await home.home.configure(threads);
  expect(await numbersOf(home, '2026-11')).toEqual([0, 0, 0, expect.stringContaining('读不出受理日期')]);
});
