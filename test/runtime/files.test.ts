import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  ensureDir,
  makeReadOnly,
  publishDir,
  removeTree,
  sha256File,
  writeFileAtomic,
} from '../../pipelines/runtime/files.ts';
import { homeSecret, openHome } from '../../pipelines/runtime/home.ts';
import { errorOf, temporaryDir } from './support/home.ts';

/** A small file system of its own, or undefined where this machine does not permit to mount one. */
async function smallDisk(options: string): Promise<string | undefined> {
  const dir = path.join(await temporaryDir(), 'disk');
  await mkdir(dir);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', [dir]);
  });
  return dir;
}

test('a file is written whole and replaced whole, with nothing beside it', async () => {
  const dir = await temporaryDir();
  const file = path.join(dir, 'a.json');
  await writeFileAtomic(file, 'first');
  await writeFileAtomic(file, new TextEncoder().encode('第二'));
  expect(await readFile(file, 'utf8')).toBe('第二');
  expect(await readdir(dir)).toEqual(['a.json']);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('twenty writers of one file leave one whole text', async () => {
  const dir = await temporaryDir();
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50_000));
  await Promise.all(texts.map((text) => writeFileAtomic(path.join(dir, 'a'), text)));
  expect(texts).toContain(await readFile(path.join(dir, 'a'), 'utf8'));
  expect(await readdir(dir)).toEqual(['a']);
});

test('a full disk is E_DISK_FULL naming the file, and the file before stays as it was', async (context) => {
  const disk = await smallDisk('size=256k');
  if (disk === undefined) return context.skip('mount is not permitted here');
  const file = path.join(disk, 'a.csv');
  await writeFileAtomic(file, 'before');
  const error = await errorOf(() => writeFileAtomic(file, new Uint8Array(1_000_000)));
  expect(error.code).toBe('E_DISK_FULL');
  expect(error.message).toContain(file);
  expect(error.where.file).toBe(file);
  expect(await readdir(disk)).toEqual(['a.csv']);
  expect(await readFile(file, 'utf8')).toBe('before');
});

test('a read-only disk is E_HOME for files, folders and homes', async (context) => {
  const disk = await smallDisk('size=256k');
  if (disk === undefined) return context.skip('mount is not permitted here');
  await mkdir(path.join(disk, 'tree'));
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  const acts: (() => unknown)[] = [
    () => writeFileAtomic(path.join(disk, 'a'), 'x'),
    () => ensureDir(path.join(disk, 'b')),
    () => publishDir(path.join(disk, 'tree'), path.join(disk, 'final')),
    () => makeReadOnly(path.join(disk, 'tree')),
    () => removeTree(path.join(disk, 'tree')),
    () => openHome(path.join(disk, 'home'), {}),
  ];
  for (const act of acts) {
    const error = await errorOf(act);
    expect(error.code).toBe('E_HOME');
    expect(error.message).toContain(disk);
  }
});

test('a folder is published under its final name and only once', async () => {
  const dir = await temporaryDir();
  const [draft, final] = [path.join(dir, '.r1.tmp'), path.join(dir, 'macro-monitoring', '202610', 'r1')];
  await ensureDir(path.join(draft, 'inner'));
  await writeFile(path.join(draft, 'inner', 'a.csv'), 'a');
  await publishDir(draft, final);
  expect(await readFile(path.join(final, 'inner', 'a.csv'), 'utf8')).toBe('a');
  expect(await readdir(dir)).toEqual(['macro-monitoring']);

  await ensureDir(draft);
  await ensureDir(path.join(dir, 'empty'));
  for (const taken of [final, path.join(dir, 'empty')]) {
    const error = await errorOf(() => publishDir(draft, taken));
    expect(error.code).toBe('E_HOME');
    expect(error.message).toContain(taken);
  }
  expect(await readdir(final)).toEqual(['inner']);
});

test('a read-only tree keeps no write permission and can still be removed', async () => {
  const dir = await temporaryDir();
  const tree = path.join(dir, 'tree');
  await mkdir(path.join(tree, 'inner'), { recursive: true });
  await writeFile(path.join(tree, 'inner', 'a'), 'a');
  await writeFile(path.join(dir, 'outside'), 'a', { mode: 0o600 });
  await symlink(path.join(dir, 'outside'), path.join(tree, 'link'));
  await makeReadOnly(tree);
  for (const name of ['.', 'inner', 'inner/a']) {
    expect((await stat(path.join(tree, name))).mode & 0o222).toBe(0);
  }
  expect((await stat(path.join(dir, 'outside'))).mode & 0o777).toBe(0o600);
  await chmod(path.join(tree, 'inner'), 0o000);
  await removeTree(tree);
  expect(await readdir(dir)).toEqual(['outside']);
  await removeTree(tree);
});

test('the hash of a file larger than a piece, and of an empty one', async () => {
  const dir = await temporaryDir();
  const bytes = Buffer.alloc(2_500_001, 'arbdata');
  await writeFile(path.join(dir, 'large'), bytes);
  await writeFile(path.join(dir, 'empty'), '');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await sha256File(path.join(dir, 'large'))).toEqual({ sha256, sizeBytes: 2_500_001 });
  expect(await sha256File(path.join(dir, 'empty'))).toEqual({
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    sizeBytes: 0,
  });
});

test('a home is made with private folders; the option goes before the variable', async () => {
  const dir = await temporaryDir();
  const home = openHome(path.join(dir, 'a'), { ARBDATA_HOME: path.join(dir, 'b') });
  expect(home.dir).toBe(path.join(dir, 'a'));
  expect(openHome(undefined, { ARBDATA_HOME: path.join(dir, 'b') }).dir).toBe(path.join(dir, 'b'));
  for (const folder of [home.dir, home.snapshots, home.published]) {
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  }
  expect(openHome(path.relative(process.cwd(), home.dir), {}).dir).toBe(home.dir);
});

test('a file in the place of the home is E_HOME', async () => {
  const file = path.join(await temporaryDir(), 'file');
  await writeFile(file, '');
  expect((await errorOf(() => openHome(file, {}))).code).toBe('E_HOME');
  expect((await errorOf(() => openHome(path.join(file, 'below'), {}))).code).toBe('E_HOME');
});

test('the secret is made once, private and of 32 bytes; a cut one is refused', async () => {
  const home = openHome(path.join(await temporaryDir(), 'home'), {});
  const secret = homeSecret(home);
  expect(secret).toHaveLength(32);
  expect(homeSecret(home)).toEqual(secret);
  expect((await stat(home.secretKey)).mode & 0o777).toBe(0o600);
  expect((await readdir(home.dir)).filter((name) => name.includes('secret'))).toEqual(['secret.key']);
  await writeFile(home.secretKey, 'short');
  expect((await errorOf(() => homeSecret(home))).code).toBe('E_HOME');
});
