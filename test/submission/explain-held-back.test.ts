/** `explain record` of a case that is held back: never sent, or sent before it broke a rule. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { arbdata } from '../app/support.ts';
import { aCase, smallSource, withRows } from './support/small-source.ts';
import { SubmissionHome } from './support/submission-home.ts';

let home: SubmissionHome;
const CASES = [aCase(1), aCase(2), aCase(3)];
const broken = (...ids: readonly number[]) =>
  withRows(smallSource(CASES), {
    ARB_CASE: Object.fromEntries(ids.map((id) => [String(id), { WORKER_COUNT: '0' }])),
  });
const explain = (id: string, ...more: readonly string[]) =>
  arbdata('--home', home.dir, 'explain', 'record', id, ...more);

beforeAll(async () => {
  home = await SubmissionHome.open();
  await home.fill(broken(3));
  const { submission: first } = await home.build('2026-10');
  await home.accept(first);
  await home.fill(withRows(broken(2, 3), { ARB_CASE: { '1': { CLAIM_AMOUNT: '7' } } }));
  await home.build('2026-11');
});
afterAll(() => removeTree(home.dir));

test.each(['3', '110000-3'])('%s, never sent: which batch held it back, by which rules', async (id) => {
  const { code, stderr } = await explain(id);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'E_NOT_FOUND: case 3 was never sent: batch 110000-ARB-202611-01 held it back (V021)',
  );
  expect(stderr).toContain('待补正');
});

test('2, which the platform holds as it was: both', async () => {
  const { stdout } = await explain('2');
  expect(stdout).toContain(
    'the platform holds it as sent in batch 110000-ARB-202610-01; batch 110000-ARB-202611-01 held it back (V021)',
  );
  expect(JSON.parse((await explain('2', '--json')).stdout)).toMatchObject({
    heldBack: { batch: '110000-ARB-202611-01', rules: ['V021'] },
  });
});

test('1, which nothing holds back, and 9, which there is not', async () => {
  expect(JSON.parse((await explain('1', '--json')).stdout)).toMatchObject({ heldBack: null });
  expect((await explain('9')).stderr).toContain('no batch holds a record 9: it was never sent');
});
