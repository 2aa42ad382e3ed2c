/** The batches of the platforms: publications of their products, with what became of each. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { destroyed, keptPublications } from './purged.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Service } from './runtime/service.ts';
import { readFolder, verifiedArtefact } from './steps/publish/folder.ts';
import { publicationDir } from './steps/publish/publication.ts';
import { BATCH_FILE, type Batch, HELD_BACK_FILE, readBatchManifest, stateOf } from './steps/submit/batch.ts';

/** The products that platforms take, each once. */
export function platformProducts({ definitions }: Pick<Service, 'definitions'>): string[] {
  return [...new Set(definitions.platforms.map(({ product }) => product))];
}

/** Products of batches that were built and whose layout is no longer there: nobody lists or answers them. */
export async function productsWithoutLayout(
  service: Pick<Service, 'definitions' | 'home' | 'ledger'>,
): Promise<string[]> {
  const known = platformProducts(service);
  const batches = (await keptPublications(service)).filter((one) =>
    existsSync(path.join(publicationDir(service.home, one), BATCH_FILE)),
  );
  return [...new Set(batches.map(({ product }) => product))].filter((product) => !known.includes(product));
}

/** The batches of a product, in the order in which they were built; those that were purged are gone. */
export async function listBatches(
  { home, ledger }: Pick<Service, 'home' | 'ledger'>,
  product: string,
): Promise<Batch[]> {
  const [deliveries, receipts, losses] = await Promise.all([
    ledger.deliveries(),
    ledger.receipts(),
    ledger.batchLosses(),
  ]);
  const batches: Batch[] = [];
  const kept = (await keptPublications({ ledger })).filter((one) => one.product === product);
  for (const publication of kept) {
    const dir = publicationDir(home, publication);
    const folder = await readFolder(dir, publication.manifestSha256 ?? undefined);
    const manifest = await readBatchManifest(dir);
    const known = {
      deliveries: deliveries.filter(({ batch }) => batch === manifest.batch),
      receipts: receipts.filter(({ batch }) => batch === manifest.batch),
      loss: losses.find(({ batch }) => batch === manifest.batch),
    };
    const accepted = known.receipts.reduce((sum, receipt) => sum + receipt.accepted, 0);
    const rejected = known.receipts.reduce((sum, receipt) => sum + receipt.rejected, 0);
    const state = stateOf({ ...known, records: manifest.counts.records, accepted, rejected });
    const { batch: name } = manifest;
    batches.push({ name, product, publication, dir, folder, manifest, ...known, accepted, rejected, state });
  }
  return batches;
}

/** How many batches of a product were purged. Without them nobody knows what its platform holds. */
export async function countPurgedBatches(
  { ledger }: Pick<Service, 'ledger'>,
  product: string,
): Promise<number> {
  const gone = await destroyed({ ledger });
  return (await ledger.publications(product)).filter((one) => gone.publication(one)).length;
}

/**
 * The file that says what a batch held back, its bytes compared with their hash; undefined where it kept none.
 * @throws ArbdataError E_ARTEFACT_DAMAGED
 */
export async function heldBackFile({
  dir,
  folder,
}: Pick<Batch, 'dir' | 'folder'>): Promise<string | undefined> {
  if (!folder.files.some((entry) => entry.path === HELD_BACK_FILE)) return undefined;
  return verifiedArtefact(dir, folder, (entry) => entry.path === HELD_BACK_FILE);
}

/** @throws ArbdataError E_NOT_FOUND */
export async function findBatch(
  service: Pick<Service, 'home' | 'ledger'>,
  products: readonly string[],
  name: string,
): Promise<Batch> {
  for (const product of products) {
    const found = (await listBatches(service, product)).find((batch) => batch.name === name);
    if (found !== undefined) return found;
  }
  throw new ArbdataError('E_NOT_FOUND', `there is no batch ${name}`, {
    advice: 'See `arbdata submissions`.',
  });
}
