import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { sha256File } from '../../pipelines/runtime/files.ts';
import { silentLog } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { type FreezableSource, freeze, newSnapshotId } from '../../pipelines/steps/snapshot/freeze.ts';
import { listSnapshots, openSnapshotSql } from '../../pipelines/steps/snapshot/list.ts';
import { readManifest } from '../../pipelines/steps/snapshot/manifest-file.ts';
import { pruneSnapshots } from '../../pipelines/steps/snapshot/retention.ts';
import { verifySnapshot } from '../../pipelines/steps/snapshot/verify.ts';
import { openEmbeddedSource } from '../../pipelines/steps/source/embedded.ts';
import type { Source } from '../../pipelines/steps/source/source.ts';
import { engineType, VIEWS } from '../../schemas/contract.ts';
import {
  fileHash,
  importInto,
  SAMPLES,
  sourceValues,
  temporaryFolder,
  withHeldProcess,
} from '../source/support/csv.ts';

const ID = '20261103-090000-ab12';
const clock = fixedClock('2026-11-03T09:00:00+08:00');
const definitionsSha256 = 'd'.repeat(64);

async function homeWithSource(sample: 'clean' | 'small' = 'clean') {
  const home = await temporaryFolder();
  await importInto(home, path.join(SAMPLES, sample));
  return { home, snapshots: path.join(home, 'snapshots') };
}

async function freezeInto(home: string, snapshotId = ID) {
  const file = path.join(home, 'source', 'source.duckdb');
  const source: Source = await openEmbeddedSource(file, { spillDir: path.join(home, 'spill') });
  try {
    // Every source is one that can be frozen: the two steps share no import.
    return await freezeFrom(source satisfies FreezableSource, path.join(home, 'snapshots'), snapshotId);
  } finally {
    await source.close();
  }
}

const freezeFrom = (source: FreezableSource, snapshots: string, snapshotId: string) =>
  withEngine({ spillDir: `${snapshots}-look` }, (engine) =>
    freeze({
      source,
      engine,
      home: { snapshots },
      asOf: '2026-11-03',
      clock,
      definitionsSha256,
      log: silentLog,
      progress: silentProgress,
      snapshotId,
    }),
  );

async function damage(home: { snapshots: string }, id = ID): Promise<ArbdataError> {
  const error: unknown = await verifySnapshot(home, id).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ArbdataError && error.code === 'E_SNAPSHOT_DAMAGED') return error;
  throw new Error(`expected E_SNAPSHOT_DAMAGED, got ${String(error)}`);
}

describe('freeze', () => {
  test.each([
    ['small', [18, 401, 800, 383, 200, 126]],
    ['clean', [18, 300, 600, 280, 150, 90]],
  ] as const)('the sample %s: manifest, files and values', async (sample, rows) => {
    const { home, snapshots } = await homeWithSource(sample);
    const manifest = await freezeInto(home);
    const source = path.join(home, 'source', 'source.duckdb');
    expect(manifest).toMatchObject({
      formatVersion: 1,
      id: ID,
      createdAt: '2026-11-03 09:00:00',
      asOf: '2026-11-03',
      definitionsSha256,
      source: {
        kind: 'embedded',
        identity: `sha256:${await fileHash(source)}`,
        details: { kind: 'csv', made_by: 'test', as_of: '2026-11-03' },
      },
    });
    expect(manifest.views.map((view) => view.rows)).toEqual(rows);
    expect(manifest.views.map((view) => view.columns)).toEqual(
      VIEWS.map(({ columns }) => columns.map((column) => ({ name: column.name, type: engineType(column) }))),
    );
    for (const { file, sha256, sizeBytes } of manifest.views) {
      expect(await sha256File(path.join(snapshots, ID, file))).toEqual({ sha256, sizeBytes });
    }
    expect(await readManifest({ snapshots }, ID)).toEqual(manifest);
    expect(await verifySnapshot({ snapshots }, ID)).toEqual(manifest);
    expect(await snapshotValues(snapshots, home)).toEqual(await sourceValues(home));
    expect((await readdir(path.join(snapshots, ID))).sort()).toEqual(
      ['manifest.json', ...VIEWS.map(({ name }) => `${name.toLowerCase()}.parquet`)].sort(),
    );
    expect(await readdir(snapshots)).toEqual([ID]);
  });

  /** All values of the raw views as text; rows in the order of the files. */
  async function snapshotValues(snapshots: string, home: string) {
    return withEngine({ spillDir: path.join(home, 'spill-values') }, async (engine) => {
      await engine.run(await openSnapshotSql({ snapshots }, ID));
      const tables: Record<string, (string | null)[][]> = {};
      for (const { name: view, columns } of VIEWS) {
        const texts = columns.map(({ name }) => `CAST("${name}" AS VARCHAR) AS "${name}"`);
        const rows = await engine.rows<Record<string, string | null>>(
          `SELECT ${texts.join(', ')} FROM raw_${view.toLowerCase()}`,
        );
        tables[view] = rows.map((row) => columns.map(({ name }) => row[name] ?? null));
      }
      return tables;
    });
  }

  test('empty text becomes NULL; spaces, line ends and quotes stay', async () => {
    const { home, snapshots } = await homeWithSource();
    await withEngine(
      { file: path.join(home, 'source', 'source.duckdb'), spillDir: path.join(home, 's') },
      (engine) =>
        engine.run(`DELETE FROM arb_org; INSERT INTO arb_org VALUES ('', ' ', 'a"b', chr(10), NULL)`),
    );
    await freezeInto(home);
    expect((await snapshotValues(snapshots, home)).ARB_ORG).toEqual([[null, ' ', 'a"b', '\n', null]]);
  });

  test('two freezes of one source give the same files', async () => {
    const { home } = await homeWithSource();
    const [first, second] = [await freezeInto(home), await freezeInto(home, '20261103-090000-ab13')];
    expect(second.views).toEqual(first.views);
  });

  test('nothing can be written in a snapshot', async () => {
    const { home, snapshots } = await homeWithSource();
    await freezeInto(home);
    const dir = path.join(snapshots, ID);
    for (const name of ['.', ...(await readdir(dir))]) {
      expect((await stat(path.join(dir, name))).mode & 0o222, name).toBe(0);
    }
  });

  test('an id that is taken is refused, and the snapshot stays', async () => {
    const { home, snapshots } = await homeWithSource();
    const manifest = await freezeInto(home);
    await expect(freezeInto(home)).rejects.toMatchObject({ code: 'E_HOME' });
    expect(await verifySnapshot({ snapshots }, ID)).toEqual(manifest);
    expect(await readdir(snapshots)).toEqual([ID]);
  });

  test('ids', () => {
    expect(newSnapshotId(clock)).toMatch(/^20261103-090000-[0-9a-f]{4}$/);
  });

  test('a source that does not deliver what it says leaves nothing', async () => {
    const { home, snapshots } = await homeWithSource();
    const file = path.join(home, 'source', 'source.duckdb');
    const source = await openEmbeddedSource(file, { spillDir: path.join(home, 'spill') });
    onTestFinished(() => source.close());
    const claimingMore: FreezableSource = {
      describe: () => source.describe(),
      openRead: async () => {
        const read = await source.openRead();
        return {
          ...read,
          readView: async (...args) => ({ rows: (await read.readView(...args)).rows + 1 }),
        };
      },
    };
    await expect(freezeFrom(claimingMore, snapshots, ID)).rejects.toMatchObject({ code: 'E_ENGINE' });
    expect(await readdir(snapshots)).toEqual([]);
  });

  test.each(['freeze arb_org', 'freeze arb_party', 'freeze pre_application'])(
    'a kill at "%s" leaves no snapshot, and the same id can be frozen again',
    async (place) => {
      const { home, snapshots } = await homeWithSource();
      await withHeldProcess(['freeze', home, ID, place], async () => {
        expect(await pruneSnapshots({ home: { snapshots }, keep: 0, pinned: new Set(), clock })).toEqual([]);
        expect(await readdir(snapshots)).toHaveLength(2);
      });
      expect(await listSnapshots({ snapshots })).toEqual([]);
      await freezeInto(home);
      expect(await readdir(snapshots)).toEqual([ID]);
    },
  );

  test('a kill after the rename leaves a whole snapshot, and what is beside it goes with the next pruning', async () => {
    const { home, snapshots } = await homeWithSource();
    await withHeldProcess(['freeze', home, ID, 'snapshot frozen'], async () => {});
    await verifySnapshot({ snapshots }, ID);
    await pruneSnapshots({ home: { snapshots }, keep: 1, pinned: new Set(), clock });
    expect(await readdir(snapshots)).toEqual([ID]);
  });

  test('a full disk is E_DISK_FULL and leaves nothing', async (context) => {
    const { home, snapshots } = await homeWithSource();
    await mkdir(snapshots);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', snapshots], { stdio: 'ignore' });
    } catch {
      return context.skip('mount is not permitted here');
    }
    try {
      await expect(freezeInto(home)).rejects.toMatchObject({ code: 'E_DISK_FULL' });
      expect(await readdir(snapshots)).toEqual([]);
    } finally {
      execFileSync('umount', [snapshots]);
    }
  });
});

describe('verify', () => {
  async function frozen() {
    const { home, snapshots } = await homeWithSource();
    const manifest = await freezeInto(home);
    const dir = path.join(snapshots, ID);
    await chmod(dir, 0o700);
    for (const name of await readdir(dir)) await chmod(path.join(dir, name), 0o600);
    return { snapshots, dir, manifest };
  }

  async function flipBit(file: string, position: number, bit: number): Promise<void> {
    const bytes = await readFile(file);
    bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
    await writeFile(file, bytes);
  }

  test('one bit of one file', async () => {
    const { snapshots, dir } = await frozen();
    const file = path.join(dir, 'arb_party.parquet');
    await flipBit(file, Math.floor((await stat(file)).size / 2), 3);
    expect((await damage({ snapshots })).message).toMatch(/arb_party\.parquet was altered/);
  });

  test('any bit of the manifest', async () => {
    const { snapshots, dir } = await frozen();
    const file = path.join(dir, 'manifest.json');
    const original = await readFile(file);
    for (let position = 0; position < original.length; position += 41) {
      await writeFile(file, original);
      await flipBit(file, position, position % 8);
      await damage({ snapshots });
    }
    await writeFile(file, original);
    await verifySnapshot({ snapshots }, ID);
  });

  test('a shortened, a missing and an added file, all named at once', async () => {
    const { snapshots, dir } = await frozen();
    await truncate(path.join(dir, 'arb_case.parquet'), 100);
    await rm(path.join(dir, 'arb_org.parquet'));
    await writeFile(path.join(dir, 'more.txt'), '');
    await rm(path.join(dir, 'arb_claim.parquet'));
    await mkdir(path.join(dir, 'arb_claim.parquet'));
    const { message } = await damage({ snapshots });
    expect(message).toContain('arb_case.parquet has 100 bytes instead of');
    expect(message).toContain('arb_org.parquet is missing');
    expect(message).toContain('arb_claim.parquet is not a file');
    expect(message).toContain('more.txt does not belong to it');
  });

  test('a missing manifest, and the manifest of another snapshot', async () => {
    const { snapshots, dir } = await frozen();
    const other = '20261103-090000-ffff';
    await rename(dir, path.join(snapshots, other));
    expect((await damage({ snapshots }, other)).message).toContain(`holds the manifest of snapshot ${ID}`);
    await rm(path.join(snapshots, other, 'manifest.json'));
    expect((await damage({ snapshots }, other)).message).toContain('cannot be read (ENOENT)');
  });

  test('no such snapshot, and what is no id', async () => {
    const { snapshots } = await frozen();
    for (const id of ['20261103-090000-0000', '..', '../snapshots', '']) {
      await expect(verifySnapshot({ snapshots }, id)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
      await expect(openSnapshotSql({ snapshots }, id)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    }
  });
});

describe('list and retention', () => {
  const ids = [
    '20260901-080000-0001',
    '20261001-080000-0002',
    '20261101-080000-0003',
    '20261102-080000-0004',
  ] as const;

  async function four() {
    const { home, snapshots } = await homeWithSource();
    for (const id of ids) await freezeInto(home, id);
    return { snapshots };
  }

  test('the oldest that nothing refers to go; pinned and damaged ones stay', async () => {
    const home = await four();
    await chmod(path.join(home.snapshots, ids[1]), 0o700);
    await rm(path.join(home.snapshots, ids[1], 'manifest.json'));
    const listed = await listSnapshots(home);
    expect(listed.map(({ id }) => id)).toEqual(ids);
    expect(listed.map(({ problem }) => problem !== undefined)).toEqual([false, true, false, false]);
    expect(await pruneSnapshots({ home, keep: 1, pinned: new Set([ids[0]]), clock })).toEqual([ids[2]]);
    expect((await readdir(home.snapshots)).sort()).toEqual([ids[0], ids[1], ids[3]]);
    expect(await pruneSnapshots({ home, keep: 1, pinned: new Set([ids[0]]), clock })).toEqual([]);
    expect(await pruneSnapshots({ home, keep: 0, pinned: new Set(), clock })).toEqual([ids[0], ids[3]]);
    expect(await readdir(home.snapshots)).toEqual([ids[1]]);
  });
});
