/**
 * npm run soak: kill the real command line at seeded moments, run the same command again, hold the home against its
 * invariants. A failing case names the seed that replays it and leaves its home to be looked at.
 *
 *   npm run soak                             1,000 cases
 *   npm run soak -- --cases 200 --seed 5000  others: seeds 5000 to 5199
 *   npm run soak -- --only 5017              one case again
 *   npm run soak -- --every release          one kill before every operation of a scenario
 *   npm run soak -- --every release --from 250   from the 250th on
 *   npm run soak -- backup                   1,000 of each kind of damage to a bag; --cases, --seed, --only
 *   npm run soak -- oracle                   1,000 reads of the Oracle source under faults; --cases, --seed, --only
 *   npm run soak -- submission               histories of a platform submission; --cases 10000, --seed, --only
 *   npm run soak -- submission --cases 500 --together 20   500 homes, 20 histories sharing the batches of each
 *   npm run soak -- submission-kill          building, sending and receipts of a batch, killed; --cases, --seed, --only
 */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { removeTree } from '../../pipelines/runtime/files.ts';
import {
  carryOut,
  caseOf,
  type KillCase,
  prepareScenarios,
  SCENARIOS,
  type Scenario,
  type ScenarioName,
} from '../reliability/support/cases.ts';
import { prepareTemplates } from '../reliability/support/homes.ts';
import { inParallel } from '../reliability/support/pool.ts';
import { soakBackup } from './backup.ts';
import { soakOracle } from './oracle.ts';
import { soakHistories, soakSubmissionKills } from './submission.ts';

const PROGRESS_EVERY = 25;

const TARGETS = ['kills', 'backup', 'oracle', 'submission', 'submission-kill'] as const;
type Target = (typeof TARGETS)[number];

interface Wanted {
  readonly what: Target;
  readonly cases: number;
  readonly seed: number;
  readonly only: number | undefined;
  readonly every: ScenarioName | undefined;
  readonly from: number;
  readonly workers: number;
  readonly together: number;
}

const tally = { kills: 0, finishedBefore: 0, failed: [] as string[], done: 0 };
const perScenario = new Map<string, number>();
const perMoment = new Map<string, number>();

function readWanted(): Wanted {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cases: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      every: { type: 'string' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      together: { type: 'string', default: '1' },
    },
  });
  const number = (
    name: 'cases' | 'seed' | 'only' | 'from' | 'workers' | 'together',
    text: string,
  ): number => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new Error(`--${name} ${text} is not a whole number`);
  };
  const every = SCENARIOS.find((name) => name === values.every);
  if (values.every !== undefined && every === undefined) {
    throw new Error(`--every ${values.every} is none of ${SCENARIOS.map((name) => `"${name}"`).join(', ')}`);
  }
  const [named = 'kills', ...others] = positionals;
  const what = TARGETS.find((one) => one === named);
  if (others.length > 0 || what === undefined) {
    throw new Error(`${positionals.join(' ')}: name one of ${TARGETS.join(', ')}`);
  }
  return {
    what,
    cases: number('cases', values.cases),
    seed: number('seed', values.seed),
    only: values.only === undefined ? undefined : number('only', values.only),
    every,
    from: number('from', values.from),
    workers: number('workers', values.workers),
    together: number('together', values.together),
  };
}

function casesFor(wanted: Wanted, scenarios: ReadonlyMap<ScenarioName, Scenario>): KillCase[] {
  const { every, only, cases, seed } = wanted;
  if (every !== undefined) {
    const { operations } = scenarios.get(every) ?? { operations: [] };
    const all = operations.map(
      (_, index): KillCase => ({
        seed: index + 1,
        scenario: every,
        moments: [{ kind: 'operation', at: index + 1 }],
        doctorFirst: false,
      }),
    );
    return all.slice(wanted.from - 1);
  }
  if (only !== undefined) return [caseOf(only, scenarios)];
  return Array.from({ length: cases }, (_, index) => caseOf(seed + index, scenarios));
}

const add = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const words = ({ scenario, moments }: KillCase): string =>
  `${scenario}: ${moments.map((moment) => JSON.stringify(moment)).join(', ')}`;

async function soak(dir: string, wanted: Wanted): Promise<void> {
  const templates = await prepareTemplates(dir);
  const scenarios = await prepareScenarios(
    dir,
    templates,
    wanted.every === undefined ? SCENARIOS : [wanted.every],
  );
  const cases = casesFor(wanted, scenarios);
  for (const { name, operations, durationMs, steps } of scenarios.values()) {
    console.log(
      `${name}: ${operations.length} operations, ${steps.length} steps, ${(durationMs / 1000).toFixed(1)} s`,
    );
  }
  if (wanted.only !== undefined) for (const one of cases) console.log(`seed ${one.seed}: ${words(one)}`);
  await inParallel(cases, wanted.workers, async (one) => {
    const { fates, problems } = await carryOut(dir, one, scenarios).catch((error: unknown) => ({
      fates: [],
      problems: [`the case itself failed: ${error instanceof Error ? error.stack : String(error)}`],
    }));
    for (const [index, fate] of fates.entries()) {
      if (fate === 'killed') add(perMoment, one.moments[index]?.kind ?? '');
      tally[fate === 'killed' ? 'kills' : 'finishedBefore'] += 1;
    }
    add(perScenario, one.scenario);
    tally.done += 1;
    if (problems.length > 0) {
      const how =
        wanted.every === undefined ? `--only ${one.seed}` : `--every "${one.scenario}" --from ${one.seed}`;
      tally.failed.push(`seed ${one.seed} (replay: npm run soak -- ${how}) ${words(one)}`);
      console.log(`FAILED ${tally.failed.at(-1)}`);
      for (const problem of problems) console.log(`    ${problem}`);
      console.log(`    its home is left at ${path.join(dir, `case-${one.seed}`)}`);
    }
    if (tally.done % PROGRESS_EVERY === 0) {
      console.log(
        `${tally.done} of ${cases.length} cases, ${tally.kills} kills, ${tally.failed.length} failed`,
      );
    }
  });
}

const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, count]) => `${count} ${name}`).join(', ');

async function soakKills(wanted: Wanted): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-soak-'));
  const started = performance.now();
  await soak(dir, wanted);
  console.log(
    `\n${tally.done} cases (${list(perScenario)}) in ${Math.round((performance.now() - started) / 1000)} s: ` +
      `${tally.kills} kills (by ${list(perMoment)}), ${tally.finishedBefore} commands had ended before their kill; ` +
      `${tally.failed.length} cases failed`,
  );
  for (const line of tally.failed) console.log(`FAILED ${line}`);
  if (tally.failed.length === 0) await removeTree(dir);
  return tally.failed.length;
}

const SOAKS: Readonly<Record<Target, (wanted: Wanted) => Promise<number>>> = {
  kills: soakKills,
  backup: soakBackup,
  oracle: soakOracle,
  submission: soakHistories,
  'submission-kill': soakSubmissionKills,
};

const wanted = readWanted();
if ((await SOAKS[wanted.what](wanted)) > 0) process.exitCode = 1;
