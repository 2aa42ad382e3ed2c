/** `run national-platform`, `submit` and `receipts import` are killed and run again; the end is as if undisturbed. */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { inParallel } from '../reliability/support/pool.ts';
import { carryOutKill, killCaseOf, prepareKills, type StageName, type Stages } from './support/kills.ts';

const SEEDS = [1, 2, 3];

let dir = '';
let stages: Stages;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-submission-kill-'));
  stages = await prepareKills(dir);
}, 600_000);
afterAll(() => removeTree(dir));

test('undisturbed, the commands end as they should', () => {
  const second = (name: StageName) =>
    (stages.get(name)?.end as { batches: object[] } | undefined)?.batches.at(-1);
  const counts = { records: 4, I: 2, U: 1, D: 1 };
  expect(second('build')).toMatchObject({ state: 'built', counts });
  expect(second('send')).toMatchObject({ state: 'sent', delivered: 1 });
  expect(second('receipts')).toMatchObject({ state: 'partly rejected', accepted: 3, rejected: 1 });
});

/** Around the operations that matter: the number is reserved, the folder placed, the publication completed. */
function placing(): readonly number[] {
  const { operations = [] } = stages.get('build') ?? {};
  const at = (text: RegExp): number => operations.findIndex((operation) => text.test(operation));
  const moments = [at(/insert into "publication"/), at(/^rename .*r1$/), at(/update "publication"/)];
  expect(moments.every((moment) => moment > 0)).toBe(true);
  return moments.map((moment) => moment + 2);
}

test('killed around the placing of a batch', { timeout: 300_000 }, async () => {
  const stage = stages.get('build') ?? expect.fail('there is no stage');
  await inParallel(placing(), 2, async (at) => {
    const hits = await carryOutKill(dir, { seed: 1000 + at, stage, moments: [{ kind: 'operation', at }] });
    expect(hits, `operation ${at}: ${stage.operations[at - 1]}`).toBe(1);
  });
});

// By the clock, so one or the other may come after the end.
test('killed at seeded moments', { timeout: 300_000 }, async () => {
  let hits = 0;
  await inParallel(SEEDS, 2, async (seed) => {
    hits += await carryOutKill(dir, killCaseOf(seed, stages));
  });
  expect(hits).toBeGreaterThan(0);
});
