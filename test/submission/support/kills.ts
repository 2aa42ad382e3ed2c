/**
 * The three commands of a submission, each on a home that is ready for it, killed at seeded moments and run again: the
 * end is that of an undisturbed run.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { doctor } from '../../../pipelines/doctor.ts';
import { removeTree } from '../../../pipelines/runtime/files.ts';
import { withService } from '../../../pipelines/runtime/service.ts';
import { submissions } from '../../../pipelines/submissions.ts';
import { seededRandom } from '../../reliability/support/cases.ts';
import { callCli, callJson, mustRun, runCli } from '../../reliability/support/cli.ts';
import { copyHome } from '../../reliability/support/homes.ts';
import { sha256, strayFiles } from '../../reliability/support/invariants.ts';
import { CRASH_POINT, killAt, type Moment } from '../../reliability/support/kill.ts';
import { quietEffects } from '../../support/batch-folder.ts';
import { RecordBook, receiptsOf, recordsOf } from '../../support/platform/judge.ts';
import { aCase, smallSource } from './small-source.ts';
import { AS_OF, filesBelow, SubmissionHome } from './submission-home.ts';

const STAGES = ['build', 'send', 'receipts'] as const;
export type StageName = (typeof STAGES)[number];

/** A command on a home that is ready for it, and how an undisturbed run of it went. */
export interface Stage {
  readonly name: StageName;
  readonly home: string;
  readonly args: readonly string[];
  /** What it did, in order. */
  readonly operations: readonly string[];
  readonly durationMs: number;
  readonly end: object;
}
export type Stages = ReadonlyMap<StageName, Stage>;

export interface KillCase {
  readonly seed: number;
  readonly stage: Stage;
  /** One kill after the other, each of a new process. */
  readonly moments: readonly Moment[];
}

const SECOND = '110000-ARB-202610-01';

/** Prepare the homes, each from the one before, and run every command once undisturbed. */
export async function prepareKills(dir: string): Promise<Stages> {
  const stages = new Map<StageName, Stage>();
  const { home, snapshot } = await firstMonth(dir);
  const build = ['run', 'national-platform', '--period', '2026-10', '--snapshot', snapshot];
  const built = await undisturbed(dir, { name: 'build', home, args: build });
  stages.set('build', built.stage);
  const sent = await undisturbed(dir, {
    name: 'send',
    home: built.home,
    args: ['submit', '--batch', SECOND],
  });
  stages.set('send', sent.stage);
  const args = ['receipts', 'import', writeReceipts(sent.home, path.join(dir, 'inbox'))];
  stages.set('receipts', (await undisturbed(dir, { name: 'receipts', home: sent.home, args })).stage);
  return stages;
}

/** A home with a first batch that the platform took, a changed source, and a snapshot of it. */
async function firstMonth(dir: string): Promise<{ home: string; snapshot: string }> {
  const world = await SubmissionHome.open();
  const home = path.join(dir, 'first-month');
  await world.fill(smallSource([1, 2, 3, 4].map((id) => aCase(id))));
  copyHome(world.dir, home);
  await mustRun(home, ['run', 'national-platform', '--period', '2026-09', '--as-of', AS_OF]);
  await mustRun(home, ['submit', '--batch', '110000-ARB-202609-01']);
  await mustRun(home, ['receipts', 'import', writeReceipts(home, path.join(dir, 'first-inbox'))]);
  const later = [
    aCase(1, { amount: 200 }),
    aCase(2, { isDeleted: true }),
    aCase(3),
    aCase(4, { error: 'party' }),
  ];
  await world.fill(smallSource([...later, aCase(5), aCase(6, { amount: 300 })]));
  writeFileSync(
    path.join(home, 'source/source.duckdb'),
    readFileSync(world.home.path('source/source.duckdb')),
  );
  await removeTree(world.dir);
  const { json } = await callJson<{ snapshot: string }>(home, [
    ...['run', 'macro-monitoring', '--period', '2026-10', '--as-of', AS_OF],
  ]);
  return { home, snapshot: json.snapshot };
}

/** Receipts for the latest package of the outbox, in two parts: case 5 is refused. */
function writeReceipts(home: string, inbox: string): string {
  const book = new RecordBook();
  mkdirSync(inbox);
  const packages = filesBelow(path.join(home, 'outbox/national-platform'));
  for (const file of packages) {
    const batch = path.basename(file, '.zip');
    const verdicts = book.judge(batch, recordsOf(readFileSync(file)), ({ id }) =>
      id.endsWith('-5') ? { code: 'E05', message: '当事人不符' } : undefined,
    );
    if (file !== packages.at(-1)) continue;
    for (const { name, text } of receiptsOf(batch, verdicts, { parts: 2 }))
      writeFileSync(path.join(inbox, name), text);
  }
  return inbox;
}

/** Run a command on a copy of a home. @returns the stage, and the home as the command left it */
async function undisturbed(
  dir: string,
  { name, home, args }: Pick<Stage, 'name' | 'home' | 'args'>,
): Promise<{ stage: Stage; home: string }> {
  const copy = copyHome(home, path.join(dir, `after-${name}`));
  const log = path.join(dir, `${name}.operations`);
  const started = performance.now();
  const { exit, stderr } = await runCli(copy, args, {
    preload: [CRASH_POINT],
    env: { ARBDATA_CRASH_LOG: log },
  });
  const durationMs = performance.now() - started;
  assert.equal(exit, 0, stderr);
  const operations = readFileSync(log, 'utf8').trimEnd().split('\n');
  return { stage: { name, home, args, operations, durationMs, end: await endOf(copy) }, home: copy };
}

/** What a command leaves: batches with their bytes and states, what lies in the outbox, receipts, what doctor says. */
async function endOf(home: string): Promise<object> {
  const { batches, problems } = await withService(home, quietEffects(), async (service) => ({
    batches: await submissions(service),
    problems: (await doctor(service)).filter(({ state }) => state === 'problem'),
  }));
  const hashes = (folder: string, keep: RegExp): [string, string][] =>
    existsSync(path.join(home, folder))
      ? filesBelow(path.join(home, folder))
          .filter((file) => keep.test(file))
          .map((file) => [path.relative(home, file), sha256(file)])
      : [];
  return {
    batches: batches.map(({ name, state, manifest, accepted, rejected, deliveries, receipts }) => ({
      ...{ name, state, counts: manifest.counts, accepted, rejected },
      delivered: deliveries.filter((one) => one.state === 'delivered').length,
      receipts: receipts.map(({ sha256: receipt, answersSha256 }) => [receipt, answersSha256]),
    })),
    published: hashes('published/national-platform', /\.(zip|parquet|xsd)$|batch\.json$/),
    outbox: hashes('outbox', /./),
    receipts: hashes('receipts', /./),
    stray: strayFiles(home),
    problems,
  };
}

/** The case of a seed. */
export function killCaseOf(seed: number, stages: Stages): KillCase {
  const random = seededRandom(seed);
  const name = STAGES[Math.floor(random() * STAGES.length)] ?? 'build';
  const stage = stages.get(name);
  if (stage === undefined) throw new Error(`the stage ${name} was not prepared`);
  const moment = (): Moment =>
    random() < 0.75
      ? { kind: 'operation', at: 1 + Math.floor(random() * stage.operations.length) }
      : { kind: 'delay', ms: Math.round(random() * stage.durationMs) };
  const moments = Array.from({ length: random() < 0.2 ? 2 : 1 }, moment);
  return { seed, stage, moments };
}

/** Kill, run the same again, compare. @returns how many of the kills hit */
export async function carryOutKill(dir: string, { seed, stage, moments }: KillCase): Promise<number> {
  const home = copyHome(stage.home, path.join(dir, `case-${seed}`));
  const what = `seed ${seed}, ${stage.name} killed at ${moments.map((moment) => JSON.stringify(moment)).join(', ')}`;
  let hits = 0;
  for (const moment of moments) if ((await killAt(home, stage.args, moment)) === 'killed') hits += 1;
  const again = await callCli(home, stage.args);
  assert.equal(again.exit, 0, `${what}: ${again.stderr}`);
  assert.deepEqual(await endOf(home), stage.end, what);
  await removeTree(home);
  return hits;
}
