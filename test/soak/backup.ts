/** npm run soak -- backup: each kind of damage to a bag at seeded places; a full look names it, a quick one what it can. */
import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { HashPool } from '../../pipelines/runtime/hashing.ts';
import { type ExpectedBag, verifyBag } from '../../pipelines/steps/backup/verify-bag.ts';
import { type Damage, doDamage, filesOf, makeBag } from '../backup/support.ts';
import { seededRandom } from '../reliability/support/cases.ts';
import { bagProblems } from '../support/bagit.ts';

const KINDS = ['flip', 'missing', 'added', 'truncated', 'renamed', 'swapped'] as const;
const PROGRESS_EVERY = 500;

export interface BackupSoak {
  /** Of each kind. */
  readonly cases: number;
  readonly seed: number;
  readonly only: number | undefined;
}

/** What a seed stands for: the kind, the file, the place in it, and whether a catalogue knows the bag. */
function caseOf(
  seed: number,
  names: readonly string[],
  other: string,
): { file: string; damage: Damage; known: boolean } {
  const random = seededRandom(seed);
  const number = Math.floor(random() * 2 ** 31);
  const what = KINDS[seed % KINDS.length] ?? 'flip';
  const file = names[Math.floor(random() * names.length)] ?? '';
  const damages: Record<(typeof KINDS)[number], Damage> = {
    flip: { what: 'flip', bit: number },
    missing: { what: 'missing' },
    added: { what: 'added' },
    truncated: { what: 'truncated', to: number },
    renamed: { what: 'renamed' },
    swapped: { what: 'swapped', with: other },
  };
  // A seal swapped whole is told from the right one by a catalogue alone.
  return { file, damage: damages[what], known: what === 'swapped' || random() < 0.5 };
}

/** Carry the cases out and print what came of them. Returns the number that failed. */
export async function soakBackup({ cases, seed, only }: BackupSoak): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-soak-'));
  const pool = new HashPool(2);
  const started = performance.now();
  const done = new Map<string, number>();
  const failed: string[] = [];
  let unchanged = 0;
  try {
    const first = await makeBag(path.join(dir, 'first'), 'B20261103-060000-0001', pool);
    const second = await makeBag(path.join(dir, 'second'), 'B20261103-060000-0002', pool);
    const names = await filesOf(first.dir);
    const wanted = only === undefined ? Number.POSITIVE_INFINITY : 1;
    const enough = () => KINDS.every((kind) => (done.get(kind) ?? 0) >= cases);
    for (let one = only ?? seed, count = 0; count < wanted && !enough(); one += 1, count += 1) {
      const { file, damage, known } = caseOf(one, names, second.dir);
      if ((done.get(damage.what) ?? 0) >= cases) continue;
      const copy = path.join(dir, 'case');
      execFileSync('cp', ['-a', first.dir, copy]);
      const named = doDamage(copy, file, damage);
      const problems =
        named === undefined ? [] : await look(copy, named, damage, known ? first.expected : undefined, pool);
      await removeTree(copy);
      // Nothing changed (an empty file cannot be cut): another seed stands in for it.
      if (named === undefined) unchanged += 1;
      else done.set(damage.what, (done.get(damage.what) ?? 0) + 1);
      if (problems.length > 0) {
        failed.push(
          `seed ${one} (replay: npm run soak -- backup --only ${one}): ${damage.what} ${file}: ${problems.join('; ')}`,
        );
        console.log(`FAILED ${failed.at(-1)}`);
      }
      if (only !== undefined) console.log(JSON.stringify({ file, damage, known }));
      if (count % PROGRESS_EVERY === PROGRESS_EVERY - 1)
        console.log(`${count + 1} cases, ${failed.length} failed`);
    }
  } finally {
    await pool.close();
    await removeTree(dir);
  }
  const list = [...done].sort().map(([kind, count]) => `${count} ${kind}`);
  console.log(
    `\n${list.join(', ')} in ${Math.round((performance.now() - started) / 1000)} s (${unchanged} drawn that change nothing); ` +
      `${failed.length} cases failed`,
  );
  return failed.length;
}

/** What keeps a damaged bag from being told as it must. */
async function look(
  copy: string,
  named: readonly string[],
  damage: Damage,
  expected: ExpectedBag | undefined,
  pool: HashPool,
): Promise<string[]> {
  const full = (await verifyBag(copy, { depth: 'full', expected, pool })).map((fault) => fault.path);
  const quick = (await verifyBag(copy, { depth: 'quick', expected, pool })).map((fault) => fault.path);
  const problems = named
    .filter((name) => !full.includes(name))
    .map((name) => `a full look does not name ${name}`);
  const isQuick =
    damage.what === 'missing' ||
    damage.what === 'added' ||
    damage.what === 'truncated' ||
    damage.what === 'renamed';
  if (isQuick) {
    problems.push(
      ...named.filter((name) => !quick.includes(name)).map((name) => `a quick look does not name ${name}`),
    );
  }
  // The independent validator has to see it as well, but for files that no manifest has to list.
  const isBeside = damage.what === 'added' && !named.some((name) => name.startsWith('data/'));
  if (!isBeside && bagProblems(copy).length === 0 && !isSealAlone(named))
    problems.push('the independent validator sees nothing');
  return problems;
}

/** A tag manifest may be left out, and nothing in a bag seals it: only a catalogue can miss it. */
const isSealAlone = (named: readonly string[]): boolean =>
  named.every((name) => name.startsWith('tagmanifest-'));
