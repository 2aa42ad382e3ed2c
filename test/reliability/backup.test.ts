/**
 * Backups under faults: a kill before each operation, a full disk, a destination that vanishes while it is written. No
 * copy counts that was not read back, and the catalogue agrees with the disks after the next command.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { bagProblems } from '../support/bagit.ts';
import { seededRandom } from './support/cases.ts';
import { callCli, callJson, mustRun, runCli, runJson, startCli } from './support/cli.ts';
import { copyHome, importedHome, mountSmall, RUN, remount, unmount } from './support/homes.ts';
import { strayFiles } from './support/invariants.ts';
import { CRASH_POINT, killAt } from './support/kill.ts';
import { inParallel } from './support/pool.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** As many as take some seconds on two cores; the soak takes more. */
const KILLS = 4;
const DESTINATION = 'nas';

let dir: string;
/** Published, with a destination and no backup. */
let bare: string;
/** The same with backups of which nothing was copied, and a retention that removes some of them. */
let backed: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-backup-faults-'));
  bare = await importedHome(dir, 'bare');
  await mustRun(bare, RUN);
  configure(bare);
  backed = copyHome(bare, path.join(dir, 'backed'));
  for (let i = 0; i < 3; i += 1) await mustRun(backed, ['backup', 'create', '--no-copy']);
});
afterAll(() => removeTree(dir));

const nasOf = (home: string): string => `${home}-nas`;

function configure(home: string): void {
  const backup = {
    destinations: [{ name: DESTINATION, path: nasOf(home) }],
    retention: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
  };
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ backup }));
}

/** A home and its destination, to break. */
function pair(from: string, name: string): string {
  const home = copyHome(from, path.join(dir, name));
  mkdirSync(nasOf(home), { recursive: true });
  configure(home);
  onTestFinished(() => clear(home));
  return home;
}

async function clear(home: string): Promise<void> {
  await removeTree(home);
  await removeTree(nasOf(home));
}

interface CopyRow {
  readonly backup_id: string;
  readonly destination: string;
  readonly state: string;
}

/** What the catalogue tells is on the disks, whole by the independent validator, and nothing else is. */
function catalogueProblems(home: string): string[] {
  // Before the ledger is opened here: a reader, too, leaves SQLite's own files while it looks.
  const stray = strayFiles(home);
  const database = new DatabaseSync(path.join(home, 'ledger.sqlite'), { readOnly: true });
  try {
    const rows = database
      .prepare('SELECT backup_id, destination, state FROM backup_copy')
      .all() as unknown as CopyRow[];
    const states = database.prepare('SELECT id, state FROM backup').all() as unknown as {
      id: string;
      state: string;
    }[];
    const locks = database.prepare('SELECT name FROM lock').all();
    const places: [string, string][] = [
      ['home', path.join(home, 'backups')],
      [DESTINATION, nasOf(home)],
    ];
    return [
      ...rows
        .filter(({ state }) => state !== 'complete')
        .map((row) => `${row.backup_id} at ${row.destination} is ${row.state}`),
      ...states
        .filter(({ state }) => state !== 'complete' && state !== 'removed')
        .map(({ id, state }) => `${id} is ${state}`),
      ...(locks.length === 0 ? [] : ['a lock is left']),
      ...places.flatMap(([name, folder]) =>
        placeProblems(
          folder,
          rows.filter(({ destination }) => destination === name).map((row) => row.backup_id),
        ),
      ),
      ...stray,
    ];
  } finally {
    database.close();
  }
}

function placeProblems(folder: string, ids: readonly string[]): string[] {
  const found = existsSync(folder)
    ? readdirSync(folder).filter((name) => name !== 'expected-backups.json')
    : [];
  return [
    ...ids.filter((id) => !found.includes(id)).map((id) => `${folder}/${id} is not there`),
    ...found.filter((name) => !ids.includes(name)).map((name) => `${folder}/${name} is not in the catalogue`),
    ...ids
      .filter((id) => found.includes(id))
      .flatMap((id) => bagProblems(path.join(folder, id)).map((text) => `${id}: ${text}`)),
  ];
}

/** What stands under a name of a backup is whole at every moment. */
function restProblems(home: string): string[] {
  return [path.join(home, 'backups'), nasOf(home)].flatMap((folder) => {
    const ids = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('B')) : [];
    return ids.flatMap((id) => bagProblems(path.join(folder, id)).map((text) => `${folder}/${id}: ${text}`));
  });
}

/** The operations of an undisturbed command. */
async function operations(home: string, args: readonly string[]): Promise<number> {
  const log = `${home}.operations`;
  const { exit, stderr } = await runCli(home, args, {
    preload: [CRASH_POINT],
    env: { ARBDATA_CRASH_LOG: log },
  });
  if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}: ${stderr}`);
  return readFileSync(log, 'utf8').trimEnd().split('\n').length;
}

describe('kills', () => {
  test.each<[string, () => string, readonly string[]]>([
    ['create with copies', () => bare, ['backup', 'create']],
    ['copy', () => backed, ['backup', 'copy']],
  ])('%s', async (name, from, args) => {
    const short = name.replaceAll(' ', '-');
    const count = await operations(pair(from(), `reference-${short}`), args);
    expect(count).toBeGreaterThan(50);
    const random = seededRandom(6);
    const moments = Array.from({ length: KILLS }, () => 1 + Math.floor(random() * count));
    const wrong: string[] = [];
    let kills = 0;
    await inParallel(
      moments.map((at, index) => ({ at, index })),
      2,
      async ({ at, index }) => {
        const home = pair(from(), `kill-${short}-${index}`);
        if ((await killAt(home, args, { kind: 'operation', at })) === 'killed') kills += 1;
        const problems = restProblems(home);
        const listed = await callCli(home, ['backup', 'list']);
        problems.push(
          ...catalogueProblems(home),
          ...(listed.exit === 0 ? [] : [`list: ${listed.stdout}${listed.stderr}`]),
        );
        const again = await callCli(home, args);
        problems.push(...catalogueProblems(home), ...(again.exit === 0 ? [] : [`again: ${again.stderr}`]));
        wrong.push(...problems.map((text) => `operation ${at}: ${text}`));
        await clear(home);
      },
    );
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(KILLS / 2);
  });

  test('prune', async () => {
    const reference = pair(backed, 'reference-prune');
    const plan = await planOf(reference);
    const count = await operations(reference, ['backup', 'prune', '--apply', plan]);
    const random = seededRandom(7);
    const wrong: string[] = [];
    let kills = 0;
    await inParallel(
      Array.from({ length: KILLS / 2 }, (_, index) => index),
      2,
      async (index) => {
        const home = pair(backed, `kill-prune-${index}`);
        const at = 1 + Math.floor(random() * count);
        const command = ['backup', 'prune', '--apply', await planOf(home)];
        if ((await killAt(home, command, { kind: 'operation', at })) === 'killed') kills += 1;
        const problems = restProblems(home);
        await callCli(home, ['backup', 'list']);
        problems.push(...catalogueProblems(home));
        const left = await planOf(home);
        const again = await callCli(home, ['backup', 'prune', '--apply', left]);
        problems.push(...catalogueProblems(home), ...(again.exit === 0 ? [] : [`again: ${again.stderr}`]));
        wrong.push(...problems.map((text) => `operation ${at}: ${text}`));
        await clear(home);
      },
    );
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(0);
  });
});

test('a kill in the middle of a purge: the next command brings it to its end, with its record', async () => {
  const random = seededRandom(8);
  const args = (home: string, plan: string): string[] => [
    'backup',
    'purge',
    '--scope',
    'all',
    '--apply',
    plan,
    '--reason',
    'letter 12',
    '--home',
    home,
  ];
  const planOfPurge = async (home: string) =>
    (await callJson<{ plan: string }>(home, ['backup', 'purge', '--scope', 'all'])).json.plan;
  const reference = pair(backed, 'reference-purge');
  const count = await operations(reference, args(reference, await planOfPurge(reference)));
  const wrong: string[] = [];
  let kills = 0;
  await inParallel([0, 1, 2], 2, async (index) => {
    const home = pair(backed, `kill-purge-${index}`);
    // From the middle on things go; before, nothing has been touched.
    const at = Math.floor(count * (0.3 + 0.7 * random()));
    const command = args(home, await planOfPurge(home));
    if ((await killAt(home, command, { kind: 'operation', at })) === 'killed') kills += 1;
    await callCli(home, ['backup', 'list']);
    const purges = existsSync(path.join(home, 'purges')) ? readdirSync(path.join(home, 'purges')) : [];
    const begun = purges.some((name) => name.endsWith('.sig'));
    const left = ['snapshots', 'published', 'source'].flatMap((name) => readdirSync(path.join(home, name)));
    if (purges.some((name) => name.endsWith('.pending.json'))) wrong.push(`operation ${at}: a plan is left`);
    if (begun !== (left.length === 0)) wrong.push(`operation ${at}: ${purges.join()} with ${left.join()}`);
    wrong.push(
      ...catalogueProblems(home)
        .filter((text) => !/signing\.key/.test(text))
        .map((text) => `operation ${at}: ${text}`),
    );
    await clear(home);
  });
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(1);
});

async function planOf(home: string): Promise<string> {
  return (await callJson<{ plan: string }>(home, ['backup', 'prune'])).json.plan;
}

describe('full disks', () => {
  test.for([40, 300, 700])('the home with %i KiB left', async (freeKib, context) => {
    const home = path.join(dir, `disk-${freeKib}`);
    if (!mountSmall(home, '64m')) return context.skip('mount is not permitted here');
    onTestFinished(() => unmount(home));
    execFileSync('cp', ['-a', `${bare}/.`, home]);
    rmSync(path.join(home, 'config.json'));
    const used = execFileSync('df', ['--output=used', '-k', home], { encoding: 'utf8' }).split('\n')[1];
    remount(home, `size=${Number(used) + freeKib}k`);
    const { exit, error } = await runJson(home, ['backup', 'create']);
    expect([exit, error?.code]).toEqual([1, 'E_DISK_FULL']);
    expect(restProblems(home)).toEqual([]);
    remount(home, 'size=64m');
    await mustRun(home, ['backup', 'create']);
    expect(catalogueProblems(home)).toEqual([]);
  });

  test('a destination that fills up gets no copy, and the backup stands', async (context) => {
    const home = pair(backed, 'full-nas');
    rmSync(nasOf(home), { recursive: true });
    if (!mountSmall(nasOf(home), '700k')) return context.skip('mount is not permitted here');
    onTestFinished(() => unmount(nasOf(home)));
    const { exit, json } = await runJson<{ failed: { code: string }[] }>(home, ['backup', 'copy']);
    expect([exit, json.failed.map(({ code }) => code)]).toEqual([1, ['E_DISK_FULL']]);
    expect(catalogueProblems(home)).toEqual([]);
    remount(nasOf(home), 'size=64m');
    await mustRun(home, ['backup', 'copy']);
    expect(catalogueProblems(home)).toEqual([]);
  });
});

test('a destination that vanishes in mid-copy', async (context) => {
  const home = pair(backed, 'vanishing');
  rmSync(nasOf(home), { recursive: true });
  if (!mountSmall(nasOf(home), '64m')) return context.skip('mount is not permitted here');
  const started = startCli(home, ['backup', 'copy', '--json']);
  const isThere = () => readdirSync(nasOf(home)).some((name) => name.endsWith('.tmp'));
  while (!isThere() && started.child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 2));
  // The mount goes though files are open, as when a cable is pulled; what is below it is an empty folder.
  execFileSync('umount', ['-l', nasOf(home)]);
  const { exit, stdout } = await started.ended;
  const { failed } = JSON.parse(stdout) as { failed: { code: string }[] };
  expect([exit, failed.map(({ code }) => code)]).toEqual([1, ['E_BACKUP_DESTINATION']]);
  // Nothing went to the folder below.
  expect(readdirSync(nasOf(home))).toEqual([]);
  await callCli(home, ['backup', 'list']);
  expect(catalogueProblems(home)).toEqual([]);
});
