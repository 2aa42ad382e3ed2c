/** Holding a snapshot against its manifest, byte for byte. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Manifest } from '../../../schemas/manifest.ts';
import { sha256File } from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';
import { damaged, MANIFEST_FILE, readManifest, snapshotDir } from './manifest-file.ts';

/**
 * Rehash every file of a snapshot.
 * @returns its manifest, when every byte is as it was frozen
 * @throws {ArbdataError} E_NOT_FOUND; E_SNAPSHOT_DAMAGED naming every file that is missing, added or altered
 */
export async function verifySnapshot(home: Pick<Home, 'snapshots'>, id: string): Promise<Manifest> {
  const manifest = await readManifest(home, id);
  const dir = snapshotDir(home, id);
  const expected = new Set([MANIFEST_FILE, ...manifest.views.map(({ file }) => file)]);
  const faults: string[] = [];
  for (const name of (await readdir(dir)).sort()) {
    if (!expected.has(name)) faults.push(`${name} does not belong to it`);
  }
  for (const view of manifest.views) {
    const fault = await fileFault(path.join(dir, view.file), view);
    if (fault !== undefined) faults.push(`${view.file} ${fault}`);
  }
  if (faults.length > 0) throw damaged(dir, `snapshot ${id} is damaged: ${faults.join('; ')}`);
  return manifest;
}

async function fileFault(
  file: string,
  expected: { sizeBytes: number; sha256: string },
): Promise<string | undefined> {
  const entry = await lstat(file).catch(() => undefined);
  if (entry === undefined) return 'is missing';
  if (!entry.isFile()) return 'is not a file';
  if (entry.size !== expected.sizeBytes) return `has ${entry.size} bytes instead of ${expected.sizeBytes}`;
  return sha256File(file).then(
    ({ sha256 }) => (sha256 === expected.sha256 ? undefined : 'was altered (its SHA-256 differs)'),
    (error: unknown) => `cannot be read (${error instanceof Error ? error.message : 'unknown'})`,
  );
}
