/** The snapshots of a home: list, verify, remove the oldest. */
import type { Manifest } from '../schemas/manifest.ts';
import { destroyed } from './purged.ts';
import type { Service } from './runtime/service.ts';
import { pinnedSnapshots } from './steps/publish/publication.ts';
import { type ListedSnapshot, listSnapshots } from './steps/snapshot/list.ts';
import { damaged, snapshotDir } from './steps/snapshot/manifest-file.ts';
import { verifySnapshot } from './steps/snapshot/verify.ts';

export type SnapshotEntry = ListedSnapshot & { readonly pinned: boolean };

/** All snapshots, with whether a publication refers to them; one that should be there and is gone has a problem. */
export async function snapshots(service: Service): Promise<SnapshotEntry[]> {
  const pinned = await pinnedSnapshots(service.ledger);
  const listed = (await listSnapshots(service.home)).map((one) => ({ ...one, pinned: pinned.has(one.id) }));
  const present = new Set(listed.map(({ id }) => id));
  const purged = await destroyed(service);
  const gone = [...pinned]
    .filter((id) => !present.has(id) && !purged.snapshot(id))
    .map((id) => ({
      id,
      problem: `snapshot ${id} is gone, and a publication or run refers to it`,
      pinned: true,
    }));
  return [...listed, ...gone].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Rehash one snapshot, or all that there are or should be.
 * @throws ArbdataError E_SNAPSHOT_DAMAGED, E_NOT_FOUND
 */
export async function verifySnapshots(service: Service, id?: string): Promise<Manifest[]> {
  const all: readonly { id: string; problem?: string | undefined }[] =
    id === undefined ? await snapshots(service) : [{ id }];
  const manifests: Manifest[] = [];
  const shown = service.progress.step('verify', { unit: 'snapshots', total: all.length });
  try {
    for (const { id: one, problem } of all) {
      if (problem !== undefined) throw damaged(snapshotDir(service.home, one), problem);
      manifests.push(await verifySnapshot(service.home, one));
      shown.advance(1);
    }
  } catch (error) {
    shown.fail();
    throw error;
  }
  shown.done();
  return manifests;
}
