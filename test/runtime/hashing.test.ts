/** Hashes of files on threads, and of copies while they are written. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PIECE_SIZE_BYTES as PIECE } from '../../pipelines/runtime/hash-task.ts';
import { HashPool } from '../../pipelines/runtime/hashing.ts';
import { temporaryDir } from './support/home.ts';

const pool = new HashPool(2);
afterAll(() => pool.close());

const hashesOf = (bytes: Buffer) => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sm3: createHash('sm3').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
});

test.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 12_345])(
  '%i bytes, read and copied',
  async (size) => {
    const dir = await temporaryDir();
    const [from, to] = [path.join(dir, 'from'), path.join(dir, 'to')];
    const bytes = randomBytes(size);
    await writeFile(from, bytes);
    await chmod(from, 0o440);
    expect(await pool.hash(from)).toEqual(hashesOf(bytes));
    expect(await pool.copy(from, to)).toEqual(hashesOf(bytes));
    expect(bytes.equals(await readFile(to))).toBe(true);
    expect((await stat(to)).mode & 0o777).toBe(0o440);
  },
);

test('many at once, more than there are threads', async () => {
  const dir = await temporaryDir();
  const all = Array.from({ length: 24 }, (_, index) => randomBytes(index * 100_003));
  await Promise.all(all.map((bytes, index) => writeFile(path.join(dir, `from-${index}`), bytes)));
  const found = await Promise.all(
    all.map((_, index) => pool.copy(path.join(dir, `from-${index}`), path.join(dir, `to-${index}`))),
  );
  expect(found).toEqual(all.map(hashesOf));
});

test('what cannot be read or written is told, and the threads go on', async () => {
  const dir = await temporaryDir();
  const [from, to] = [path.join(dir, 'from'), path.join(dir, 'to')];
  await expect(pool.hash(from)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(pool.copy(from, to)).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFile(from, 'x');
  await writeFile(to, 'in the way');
  await expect(pool.copy(from, to)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(to, 'utf8')).toBe('in the way');
  expect((await pool.hash(from)).sizeBytes).toBe(1);
});
