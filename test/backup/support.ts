/** A home with two published months, made once; each test works on a copy of its own. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type CreateRequest, createBackups } from '../../pipelines/backup.ts';
import { runMonthly } from '../../pipelines/monthly.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import type { HashPool } from '../../pipelines/runtime/hashing.ts';
import type { Backup } from '../../pipelines/runtime/ledger-backups.ts';
import type { ExpectedBag } from '../../pipelines/steps/backup/verify-bag.ts';
import { writeBag } from '../../pipelines/steps/backup/write-bag.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { CLERK, TestHome } from '../publish/support.ts';
import { importedHome } from '../reliability/support/homes.ts';

/** 2026-09 and 2026-10 of three bodies, published with both products. */
export async function publishedHome(): Promise<TestHome> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-backup-'));
  const home = new TestHome(await importedHome(dir, 'home'), '2026-11-09T09:00:00+08:00');
  for (const period of ['2026-09', '2026-10']) {
    await home.as(CLERK, (service) => runMonthly(service, { period: parsePeriod(period) }));
  }
  return home;
}

/** Remove a home that publishedHome has made. */
export async function removeHome(home: TestHome): Promise<void> {
  await removeTree(path.dirname(home.dir));
}

/** A copy that goes away with the test. */
export async function copyOf(home: TestHome): Promise<TestHome> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-backup-'));
  onTestFinished(() => removeTree(dir));
  execFileSync('cp', ['-a', `${home.dir}/.`, path.join(dir, 'home')]);
  const copy = new TestHome(path.join(dir, 'home'), '2026-11-09T12:00:00+08:00');
  return copy;
}

export async function create(
  home: TestHome,
  kinds: CreateRequest['kinds'] = ['snapshot', 'outputs', 'state'],
  more: Partial<CreateRequest> = {},
): Promise<readonly Backup[]> {
  const made = await home.as(CLERK, (service) => createBackups(service, { kinds, isCopied: true, ...more }));
  return made.backups;
}

/** The folder of a backup in the home. */
export const bagOf = (home: TestHome, { id }: Pick<Backup, 'id'>): string => home.path('backups', id);

/** Every file of a bag, by its path with `/`. */
export async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

/** Open a bag to damage: what a disk does needs no permission. */
export function unlock(dir: string): void {
  execFileSync('chmod', ['-R', 'u+w', dir]);
}

export function flipBit(file: string, bit: number): void {
  const bytes = readFileSync(file);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  chmodSync(file, 0o600);
  writeFileSync(file, bytes);
}

const sizeOfFile = (file: string): number => statSync(file).size;

/** What can happen to a file of a bag. */
export type Damage =
  | { readonly what: 'flip'; readonly bit: number }
  | { readonly what: 'missing' }
  | { readonly what: 'truncated'; readonly to: number }
  | { readonly what: 'renamed' }
  | { readonly what: 'added' }
  | { readonly what: 'swapped'; readonly with: string };

/** Do it. Returns the paths of which at least one must be named, or undefined where nothing changed. */
export function doDamage(bag: string, file: string, damage: Damage): readonly string[] | undefined {
  const full = path.join(bag, ...file.split('/'));
  switch (damage.what) {
    case 'flip':
      if (sizeOfFile(full) === 0) return undefined;
      flipBit(full, damage.bit % (sizeOfFile(full) * 8));
      return [file];
    case 'missing':
      rmSync(full);
      return [file];
    case 'truncated': {
      const size = sizeOfFile(full);
      if (size === 0) return undefined;
      truncateSync(full, damage.to % size);
      return [file];
    }
    case 'renamed':
      renameSync(full, `${full}-renamed`);
      return [file, `${file}-renamed`];
    case 'added':
      writeFileSync(`${full}.added`, 'x');
      return [`${file}.added`];
    case 'swapped': {
      const other = path.join(damage.with, ...file.split('/'));
      const [mine, theirs] = [readFileSync(full), readFileSync(other)];
      if (mine.equals(theirs)) return undefined;
      writeFileSync(full, theirs);
      return [file];
    }
  }
  return damage satisfies never;
}

const PAYLOAD_FILES = 24;

export interface MadeBag {
  readonly dir: string;
  readonly expected: ExpectedBag;
}

/** A small bag of invented files, under the same names with another content in each; one is empty. */
export async function makeBag(dir: string, id: string, pool: HashPool): Promise<MadeBag> {
  mkdirSync(dir);
  const payload = Array.from({ length: PAYLOAD_FILES }, (_, index) => ({
    path: `published/宏观 100%/r${index % 5}/file-${index}.bin`,
    from: { text: index === 0 ? '' : randomBytes(20 + index * 97).toString('base64') },
  }));
  const info = { publications: [`of ${id}`] };
  const seal = await writeBag(
    dir,
    { id, kind: 'outputs', createdAt: '2026-11-03 06:00:00.000', info, recipients: [], payload },
    pool,
  );
  return { dir, expected: { id, ...seal } };
}
