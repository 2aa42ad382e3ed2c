/** What unfinished work says of its owner: the remains of dead processes go, everything else stays. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fixedClock, systemClock } from '../../pipelines/runtime/clock.ts';
import { removeRemains, removeTree, temporaryName } from '../../pipelines/runtime/files.ts';
import { isOwnerGone, ownedMark } from '../../pipelines/runtime/lock.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { runCli, startCli } from './support/cli.ts';
import { importedHome } from './support/homes.ts';

// Each case is several processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-remains-'));
  onTestFinished(() => removeTree(dir));
  return dir;
}

/** The mark of a process that has ended. */
function markOfTheDead(): string {
  const module = path.join(PROJECT_DIR, 'pipelines/runtime/lock.ts');
  const script = `import(${JSON.stringify(module)}).then((m) => process.stdout.write(m.ownedMark()))`;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout;
}

test('remains of a dead process go, read-only folders too; those of this one and unmarked names stay', async () => {
  const dir = await folder();
  const dead = markOfTheDead();
  expect(dead).toMatch(/^[0-9a-f]{6}-\d+-[0-9a-f]{6}-[0-9a-f]{8}$/);
  const staying = [
    path.basename(temporaryName(path.join(dir, 'audit-head.json'))),
    `query-${ownedMark()}`,
    '.a.tmp',
    'R20261103-090000-abcd',
    'source.duckdb',
  ];
  for (const name of staying) writeFileSync(path.join(dir, name), 'x');
  writeFileSync(path.join(dir, `.audit-head.json.${dead}.tmp`), 'x');
  mkdirSync(path.join(dir, `source-${dead}`));
  writeFileSync(path.join(dir, `source-${dead}`, 'spill'), 'x');
  mkdirSync(path.join(dir, `query-${dead}`), { mode: 0o500 });

  const removed = await removeRemains(dir, systemClock);
  expect(removed).toHaveLength(3);
  expect(readdirSync(dir).toSorted()).toEqual(staying.toSorted());
});

test("a reused process id is not the former process, and another host's remains are given a day", () => {
  const [host, , , chance] = ownedMark().split('-');
  const clock = fixedClock('2026-11-23T10:00:00+08:00');
  const now = clock.now().getTime();
  // This very process id, started at another time.
  expect(isOwnerGone(`query-${host}-${process.pid}-000000-${chance}`, now, clock)).toBe(true);
  expect(isOwnerGone(`query-${ownedMark()}`, 0, clock)).toBe(false);
  const foreign = `.x.${'ffffff'}-1-000000-${chance}.tmp`;
  expect(isOwnerGone(foreign, now - 3_600_000, clock)).toBe(false);
  expect(isOwnerGone(foreign, now - 2 * 86_400_000, clock)).toBe(true);
});

test('marks are never given twice', () => {
  expect(new Set(Array.from({ length: 1000 }, ownedMark)).size).toBe(1000);
});

test('several processes may remove the same remains at once', async () => {
  const dir = await folder();
  const dead = markOfTheDead();
  for (let index = 0; index < 50; index += 1) {
    const one = path.join(dir, `query-${dead.slice(0, -2)}${String(index).padStart(2, '0')}`);
    mkdirSync(path.join(one, 'deep/deeper'), { recursive: true });
    writeFileSync(path.join(one, 'deep/deeper/spill'), 'x');
  }
  await Promise.all(Array.from({ length: 8 }, () => removeRemains(dir, systemClock)));
  expect(readdirSync(dir)).toEqual([]);
});

test('what a killed look at the source left is removed by the next command that settles', async () => {
  const dir = await folder();
  const home = await importedHome(dir, 'home');
  const looking = startCli(home, ['source', 'check'], {});
  const work = path.join(home, 'work');
  // Its spill folder stands from the opening of the source on.
  while (readdirSync(work).length === 0 && looking.child.exitCode === null) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  looking.child.kill('SIGKILL');
  const { signal } = await looking.ended;
  expect(signal).toBe('SIGKILL');
  expect(readdirSync(work)).toEqual([expect.stringMatching(/^source-/)]);
  expect((await runCli(home, ['doctor'])).exit).toBe(0);
  expect(readdirSync(work)).toEqual([]);
});
