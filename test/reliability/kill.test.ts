/**
 * The command line is killed with SIGKILL at every step boundary and at seeded moments, and run again: nothing
 * half-written, no revision lost or doubled, nothing left lying about. `npm run soak` does the same a thousand times.
 */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import {
  boundaryCases,
  carryOut,
  caseOf,
  type KillCase,
  prepareScenarios,
  type Scenario,
  type ScenarioName,
} from './support/cases.ts';
import { prepareTemplates } from './support/homes.ts';
import { inParallel } from './support/pool.ts';

/** As many as take about a minute and a half on two cores. */
const RANDOM_CASES = 24;
const FIRST_SEED = 1;
const WORKERS = 2;

let dir: string;
let scenarios: ReadonlyMap<ScenarioName, Scenario>;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-kill-'));
  scenarios = await prepareScenarios(dir, await prepareTemplates(dir));
}, 240_000);

afterAll(() => removeTree(dir));

/** Carry cases out and tell of each that left something wrong, and how many kills hit a living process. */
async function outcome(cases: readonly KillCase[]): Promise<{ wrong: string[]; kills: number }> {
  const wrong: string[] = [];
  let kills = 0;
  await inParallel(cases, WORKERS, async (one) => {
    const { fates, problems } = await carryOut(dir, one, scenarios);
    kills += fates.filter((fate) => fate === 'killed').length;
    const name = `${one.scenario}, seed ${one.seed}, ${JSON.stringify(one.moments)}`;
    wrong.push(...problems.map((problem) => `${name}: ${problem}`));
  });
  return { wrong, kills };
}

const scenario = (name: ScenarioName): Scenario => {
  const found = scenarios.get(name);
  if (found === undefined) throw new Error(`the scenario ${name} was not prepared`);
  return found;
};

test('a kill at each step boundary of a run', { timeout: 600_000 }, async () => {
  const run = scenario('first run');
  expect(run.steps).toEqual(expect.arrayContaining(['freeze', 'normalise', 'rules', 'figures', 'publish']));
  const cases = boundaryCases(run);
  const { wrong, kills } = await outcome(cases);
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(cases.length / 2);
});

test('kills at seeded moments, several in a row too', { timeout: 900_000 }, async () => {
  const cases = Array.from({ length: RANDOM_CASES }, (_, index) => caseOf(FIRST_SEED + index, scenarios));
  const { wrong, kills } = await outcome(cases);
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(RANDOM_CASES / 2);
});

test('a seed gives the same case again', () => {
  expect(caseOf(7, scenarios)).toEqual(caseOf(7, scenarios));
  const different = new Set(
    [1, 2, 3, 4, 5, 6].map((seed) => JSON.stringify(caseOf(seed, scenarios).moments)),
  );
  expect(different.size).toBeGreaterThan(3);
});
