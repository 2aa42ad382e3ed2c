/** Whatever happens to a bag is detected by a full verification, and named. The soak does each a thousand times. */
import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { HashPool } from '../../pipelines/runtime/hashing.ts';
import { verifyBag } from '../../pipelines/steps/backup/verify-bag.ts';
import { type Damage, doDamage, filesOf, type MadeBag, makeBag } from './support.ts';

const RUNS = 40;
const pool = new HashPool(2);
let dir: string;
let first: MadeBag;
let second: MadeBag;
let names: string[];

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-bags-'));
  first = await makeBag(path.join(dir, 'first'), 'B20261103-060000-0001', pool);
  second = await makeBag(path.join(dir, 'second'), 'B20261103-060000-0002', pool);
  names = await filesOf(first.dir);
});
afterAll(async () => {
  await pool.close();
  await removeTree(dir);
});

const look = (bag: string, depth: 'quick' | 'full', expected: MadeBag | undefined) =>
  verifyBag(bag, { depth, expected: expected?.expected, pool });

/** Damage a copy of the first bag and tell what must be named and what was found. */
async function damaged(file: string, damage: Damage, known: boolean) {
  const copy = path.join(dir, `case-${Math.random().toString(16).slice(2)}`);
  execFileSync('cp', ['-a', first.dir, copy]);
  try {
    const named = doDamage(copy, file, damage);
    const expected = known ? first : undefined;
    const [full, quick] = [await look(copy, 'full', expected), await look(copy, 'quick', expected)];
    return { named, full: full.map((one) => one.path), quick: quick.map((one) => one.path) };
  } finally {
    await removeTree(copy);
  }
}

const chosen = () => fc.nat().map((n) => names[n % names.length] ?? '');

test('whole bags are whole', async () => {
  for (const one of [first, second]) {
    expect(await look(one.dir, 'full', one)).toEqual([]);
    expect(await look(one.dir, 'quick', one)).toEqual([]);
    expect(await look(one.dir, 'full', undefined)).toEqual([]);
  }
});

test('a flipped bit in any file, known to a catalogue or not', async () => {
  await fc.assert(
    fc.asyncProperty(chosen(), fc.nat(), fc.boolean(), async (file, bit, known) => {
      const { named, full } = await damaged(file, { what: 'flip', bit }, known);
      if (named !== undefined) expect(full).toEqual(expect.arrayContaining([...named]));
    }),
    { numRuns: RUNS, seed: 1 },
  );
});

test('missing, truncated, renamed, added: named by a full look, and but for sealing files by a quick one', async () => {
  const damage = fc.oneof(
    fc.constant({ what: 'missing' as const }),
    fc.nat().map((to) => ({ what: 'truncated' as const, to })),
    fc.constant({ what: 'renamed' as const }),
    fc.constant({ what: 'added' as const }),
  );
  await fc.assert(
    fc.asyncProperty(chosen(), damage, fc.boolean(), async (file, one, known) => {
      const { named, full, quick } = await damaged(file, one, known);
      if (named === undefined) return;
      expect(full).toEqual(expect.arrayContaining([...named]));
      expect(quick).toEqual(expect.arrayContaining([...named]));
    }),
    { numRuns: RUNS, seed: 2 },
  );
});

test("a file swapped with another bag's", async () => {
  const others = new Set(await filesOf(second.dir));
  for (const file of names.filter((name) => others.has(name))) {
    const { named, full } = await damaged(file, { what: 'swapped', with: second.dir }, true);
    if (named !== undefined) expect(full).toEqual(expect.arrayContaining([...named]));
  }
  expect(names.some((name) => others.has(name))).toBe(true);
});

test('a whole bag in the place of another, and one that is gone', async () => {
  const faults = await look(second.dir, 'full', first);
  expect(faults).toEqual([
    { kind: 'other', path: '', message: `this is backup ${second.expected.id}, not ${first.expected.id}` },
  ]);
  const nowhere = path.join(dir, 'nowhere');
  expect(await look(nowhere, 'quick', first)).toEqual([
    { kind: 'gone', path: '', message: `${nowhere} is gone` },
  ]);
});
