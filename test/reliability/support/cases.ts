/** Seeded cases: a home, a command, and the moments at which it is killed before it may run to its end. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../../pipelines/runtime/files.ts';
import { VIEWS } from '../../../schemas/contract.ts';
import { callCli, runCli } from './cli.ts';
import { AS_OF, copyHome, RUN, type Templates } from './homes.ts';
import { type Expected, restProblems, settledProblems, sha256 } from './invariants.ts';
import { CRASH_POINT, type Fate, killAt, type Moment } from './kill.ts';

export const SCENARIOS = ['first run', 'second revision', 'release', 'import', 'demo'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** A command on a prepared home, and how an undisturbed run of it went. */
export interface Scenario {
  readonly name: ScenarioName;
  /** Absent: a home that does not exist yet. */
  readonly home: string | undefined;
  readonly args: readonly string[];
  readonly expected: Expected;
  /** How the rows of the source stand before and after: one or the other, never between. */
  readonly source: { readonly before: string; readonly after: string };
  /** What the undisturbed run did, in order. */
  readonly operations: readonly string[];
  readonly durationMs: number;
  /** The steps that it told of on standard error. */
  readonly steps: readonly string[];
}

export interface KillCase {
  readonly seed: number;
  readonly scenario: ScenarioName;
  /** One kill after the other, each of a new process. */
  readonly moments: readonly Moment[];
  /** Whether `doctor` is the first to see what was left. */
  readonly doctorFirst: boolean;
}

export interface CaseResult {
  readonly fates: readonly Fate[];
  readonly problems: readonly string[];
}

/** Run every scenario once undisturbed and keep what it came to. */
export async function prepareScenarios(
  dir: string,
  templates: Templates,
  names: readonly ScenarioName[] = SCENARIOS,
): Promise<Map<ScenarioName, Scenario>> {
  const scenarios = new Map<ScenarioName, Scenario>();
  for (const name of names) {
    scenarios.set(
      name,
      await undisturbed(path.join(dir, `reference-${name.replace(' ', '-')}`), name, templates),
    );
  }
  return scenarios;
}

function commandOf(
  name: ScenarioName,
  { bare, published, held, correctedCsv }: Templates,
): Pick<Scenario, 'home' | 'args'> & { revisions: Record<string, number> } {
  switch (name) {
    case 'first run':
      return { home: bare, args: RUN, revisions: { '2026-10': 1 } };
    case 'second revision':
      return { home: published, args: RUN, revisions: { '2026-09': 1, '2026-10': 2 } };
    case 'release': {
      const args = ['runs', 'release', held.runId, '--reason', 'the excluded case was looked at'];
      return { home: held.home, args, revisions: { '2026-10': 1 } };
    }
    case 'import':
      return { home: bare, args: ['source', 'import', correctedCsv, '--as-of', AS_OF], revisions: {} };
    case 'demo':
      return { home: undefined, args: ['demo', '--until', '2026-10'], revisions: {} };
  }
  return name satisfies never;
}

async function undisturbed(home: string, name: ScenarioName, templates: Templates): Promise<Scenario> {
  const { home: from, args, revisions } = commandOf(name, templates);
  if (from !== undefined) copyHome(from, home);
  const before = await sourceState(home);
  const log = `${home}.operations`;
  const started = performance.now();
  const { exit, stderr } = await runCli(home, args, {
    preload: [CRASH_POINT],
    env: { ARBDATA_CRASH_LOG: log },
  });
  const durationMs = performance.now() - started;
  if (exit !== 0) throw new Error(`${name} ended with ${exit}:\n${stderr}`);
  const artefacts = artefactsInForce(home, revisions);
  const problems = await settledProblems(home, { revisions });
  if (problems.length > 0) throw new Error(`${name}, undisturbed: ${problems.join('; ')}`);
  return {
    name,
    home: from,
    args,
    expected: { revisions, artefacts },
    source: { before, after: await sourceState(home) },
    operations: readFileSync(log, 'utf8').trimEnd().split('\n'),
    durationMs,
    steps: stderr
      .split('\n')
      .filter((line) => line.endsWith(': started'))
      .map((line) => line.slice(0, -': started'.length)),
  };
}

/** The files whose bytes follow from the snapshot and the definitions alone. */
const DETERMINISTIC = /\.(csv|json|parquet)$/;

function artefactsInForce(home: string, revisions: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(revisions).map(([period, revision]) => {
      const dir = path.join(home, 'published/macro-monitoring', period.replace('-', ''), `r${revision}`);
      const names = readdirSync(dir).filter((name) => DETERMINISTIC.test(name) && name !== 'manifest.json');
      return [period, Object.fromEntries(names.map((name) => [name, sha256(path.join(dir, name))]))];
    }),
  );
}

/** What a source holds, as one text: a hash over all its rows. */
export async function sourceState(home: string): Promise<string> {
  const file = path.join(home, 'source/source.duckdb');
  if (!existsSync(file)) return 'none';
  const spillDir = path.join(path.dirname(home), `.state-${process.pid}-${path.basename(home)}`);
  return withEngine({ file, readOnly: true, spillDir, memoryLimitMb: 300, threads: 1 }, async (engine) => {
    const parts: string[] = [];
    for (const table of ['arbdata_source', ...VIEWS.map(({ name }) => name.toLowerCase())]) {
      const { state } = await engine.one<{ state: string }>(
        `SELECT concat(count(*), ' ', coalesce(bit_xor(hash(t)), 0)) AS state FROM ${table} AS t`,
      );
      parts.push(`${table} ${state}`);
    }
    return parts.join(', ');
  });
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several, each as likely as its weight says. */
function weighted<T>(random: () => number, choices: readonly (readonly [number, T])[]): T {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  const last = choices.at(-1);
  if (last === undefined) throw new Error('there is nothing to choose from');
  return last[1];
}

/** The case of a seed: the same seed and the same program give the same case. */
export function caseOf(seed: number, scenarios: ReadonlyMap<ScenarioName, Scenario>): KillCase {
  const random = seededRandom(seed);
  const scenario = weighted<ScenarioName>(
    random,
    (
      [
        [8, 'first run'],
        [5, 'second revision'],
        [3, 'release'],
        [3, 'import'],
        [1, 'demo'],
      ] as const
    ).filter(([, name]) => scenarios.has(name)),
  );
  const of = scenarios.get(scenario);
  if (of === undefined) throw new Error(`the scenario ${scenario} was not prepared`);
  const kills = weighted(random, [
    [7, 1],
    [2, 2],
    [1, 3],
  ]);
  const moments = Array.from({ length: kills }, () => momentOf(random, of));
  return { seed, scenario, moments, doctorFirst: random() < 0.15 };
}

/** One case for each step boundary: where a step starts, and where the last one has ended. */
export function boundaryCases({ name, steps }: Scenario): KillCase[] {
  const at = (step: string, nth: number): Moment => ({ kind: 'line', prefix: `${step}: `, nth, afterMs: 0 });
  const last = steps.at(-1);
  const moments = [...steps.map((step) => at(step, 1)), ...(last === undefined ? [] : [at(last, 2)])];
  return moments.map((moment, index) => ({
    seed: index + 1,
    scenario: name,
    moments: [moment],
    doctorFirst: false,
  }));
}

/** From here on the order of effects matters most: between the reserved revision and the end of the run. */
function publishing(operations: readonly string[]): number {
  const intent = operations.findIndex((name) => name.includes('insert into "publication"'));
  if (intent < 0) return 0;
  const step = operations.findIndex((name, index) => index > intent && name.includes('/.manifest.json.'));
  return step < 0 ? intent : step;
}

function momentOf(random: () => number, scenario: Scenario): Moment {
  const { operations, durationMs, steps } = scenario;
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from));
  const last = steps.at(-1) ?? '';
  const anyStep = (): string => steps[whole(0, steps.length)] ?? last;
  return weighted<() => Moment>(random, [
    [6, () => ({ kind: 'operation', at: whole(publishing(operations), operations.length) + 1 })],
    [5, () => ({ kind: 'operation', at: whole(0, operations.length) + 1 })],
    [3, () => ({ kind: 'line', prefix: `${last}: started`, nth: 1, afterMs: whole(0, 120) })],
    [1, () => ({ kind: 'line', prefix: `${anyStep()}: `, nth: 1, afterMs: whole(0, 40) })],
    [2, () => ({ kind: 'change', at: whole(1, 80) })],
    [2, () => ({ kind: 'delay', ms: whole(0, durationMs * 1.1) })],
    [1, () => ({ kind: 'delay', ms: whole(0, 600) })],
  ])();
}

/** Carry a case out in a folder of its own, which is removed unless something was wrong. */
export async function carryOut(
  dir: string,
  killCase: KillCase,
  scenarios: ReadonlyMap<ScenarioName, Scenario>,
): Promise<CaseResult> {
  const scenario = scenarios.get(killCase.scenario);
  if (scenario === undefined) throw new Error(`the scenario ${killCase.scenario} was not prepared`);
  const home = path.join(dir, `case-${killCase.seed}`);
  if (scenario.home !== undefined) copyHome(scenario.home, home);
  const fates: Fate[] = [];
  const problems: string[] = [];
  for (const moment of killCase.moments) {
    fates.push(await killAt(home, scenario.args, moment));
    problems.push(...(await restProblems(home)).map((text) => `after the kill: ${text}`));
    problems.push(...(await sourceProblems(home, scenario, false)));
  }
  if (killCase.doctorFirst) problems.push(...(await doctorProblems(home, fates)));
  problems.push(...(await rerunProblems(home, scenario, fates)));
  problems.push(...(await settledProblems(home, scenario.expected)));
  problems.push(...(await sourceProblems(home, scenario, true)));
  problems.push(...(await doctorProblems(home, fates)));
  if (problems.length === 0) await removeTree(home);
  return { fates, problems };
}

async function sourceProblems(home: string, { source }: Scenario, isDone: boolean): Promise<string[]> {
  const state = await sourceState(home).catch((error: unknown) =>
    error instanceof Error ? error.message : 'unreadable',
  );
  if (state === source.after || (!isDone && state === source.before)) return [];
  return [`the source is neither the former one nor the new one: ${state}`];
}

/** The same command again; a release that came to its end before the kill may say so. */
async function rerunProblems(
  home: string,
  { name, args }: Scenario,
  fates: readonly Fate[],
): Promise<string[]> {
  const { exit, stderr } = await callCli(home, args);
  if (exit === 0) return [];
  if (name === 'release' && exit === 2 && /was released already/.test(stderr)) return [];
  return [`the same command ended with ${exit} (before it: ${fates.join(', ')}): ${stderr.slice(-600)}`];
}

async function doctorProblems(home: string, fates: readonly Fate[]): Promise<string[]> {
  const { exit, stdout, stderr } = await callCli(home, ['doctor']);
  return exit === 0
    ? []
    : [`doctor ended with ${exit} (${fates.join(', ')}): ${stdout}${stderr.slice(-600)}`];
}
