/** The snapshots of a home: list, verify, remove the oldest. */
import type { Manifest } from '../schemas/manifest.ts';
import type { Service } from './runtime/service.ts';
import { pinnedSnapshots } from './steps/publish/publication.ts';
import { type ListedSnapshot, listSnapshots } from './steps/snapshot/list.ts';
import { verifySnapshot } from './steps/snapshot/verify.ts';

export type SnapshotEntry = ListedSnapshot & { readonly pinned: boolean };

/** All snapshots, with whether a publication refers to them. */
export async function snapshots(service: Service): Promise<SnapshotEntry[]> {
  const pinned = await pinnedSnapshots(service.ledger);
  return (await listSnapshots(service.home)).map((one) => ({ ...one, pinned: pinned.has(one.id) }));
}

/**
 * Rehash one snapshot, or all.
 * @throws ArbdataError E_SNAPSHOT_DAMAGED, E_NOT_FOUND
 */
export async function verifySnapshots(service: Service, id?: string): Promise<Manifest[]> {
  const ids = id === undefined ? (await listSnapshots(service.home)).map((one) => one.id) : [id];
  const manifests: Manifest[] = [];
  const shown = service.progress.step('verify', { unit: 'snapshots', total: ids.length });
  try {
    for (const one of ids) {
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
