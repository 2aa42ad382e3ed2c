/** Drafts and publications: an intent in the ledger, the folder under its final name, then the ledger again. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileForm, parsePeriod, spanFileForm } from '../../../schemas/period.ts';
import type { PublicationManifest } from '../../../schemas/publication.ts';
import { makeReadOnly, sha256File } from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';
import type { Ledger, Publication, PublicationKey } from '../../runtime/ledger.ts';
import { FINISHED } from '../../runtime/ledger-runs.ts';
import { MANIFEST_NAME, placeFolder, readFolder } from './folder.ts';

/** `published/<product>/<period>/r<n>`. */
export function publicationDir(home: Home, { product, period, revision }: PublicationKey): string {
  return path.join(home.published, product, fileForm(parsePeriod(period)), `r${revision}`);
}

/** `<product>/<period>/r<n>`: how lists, bags and records of purges name a publication. */
export function publicationName({ product, period, revision }: PublicationKey): string {
  return `${product}/${period}/r${revision}`;
}

/** `out/<product>/<period>/<run id>`; days that are no period too. */
export function draftDir(home: Home, product: string, period: string, runId: string): string {
  return path.join(home.out, product, spanFileForm(period), runId);
}

/** Place a draft: complete, marked as such, not a publication. */
export async function placeDraft(
  home: Home,
  dir: string,
  manifest: PublicationManifest,
): Promise<{ dir: string; manifestSha256: string }> {
  const finalDir = draftDir(home, manifest.product, manifest.period, manifest.runId);
  const { manifestSha256 } = await placeFolder(dir, finalDir, manifest);
  return { dir: finalDir, manifestSha256 };
}

/**
 * Publish a finished folder as the revision that was reserved for it.
 * @param manifest whose `revision` is that of the intent
 */
export async function placePublication(
  home: Home,
  ledger: Ledger,
  dir: string,
  manifest: PublicationManifest,
): Promise<{ dir: string; publication: Publication }> {
  const key = { product: manifest.product, period: manifest.period, revision: manifest.revision };
  const finalDir = publicationDir(home, key);
  const { manifestSha256 } = await placeFolder(dir, finalDir, manifest);
  const publication = await ledger.completePublication({ ...key, manifestSha256 });
  return { dir: finalDir, publication };
}

/**
 * Settle what a crash left between the ledger and the disk: an intent whose folder stands under its final name is
 * completed, any other is dropped. Intents of living runs are left alone.
 * @returns one English sentence for each that was settled
 */
export async function settleIntents(home: Home, ledger: Ledger, actor: string): Promise<string[]> {
  const settled: string[] = [];
  for (const intent of await ledger.openIntents()) {
    if (intent.isAlive) continue;
    const dir = publicationDir(home, intent);
    const name = `${intent.product} ${intent.period} r${intent.revision}`;
    if (existsSync(dir)) {
      const { manifestSha256 } = await recordedManifest(dir);
      await ledger.completePublication({ ...intent, manifestSha256, completedBy: actor });
      settled.push(`completed ${name}, which an interrupted run (${intent.runId}) had put in place`);
    } else {
      await ledger.dropIntent(intent);
      settled.push(`withdrew ${name}, which an interrupted run (${intent.runId}) had not finished`);
    }
  }
  return settled;
}

async function recordedManifest(dir: string): Promise<{ manifestSha256: string }> {
  await readFolder(dir);
  await makeReadOnly(dir);
  return { manifestSha256: (await sha256File(path.join(dir, MANIFEST_NAME))).sha256 };
}

/**
 * Snapshots that must stay: those of publications, of runs that go on, and of a held run that is the latest to make a
 * product of its period, which someone may still release.
 */
export async function pinnedSnapshots(ledger: Ledger): Promise<Set<string>> {
  const published = (await ledger.publications()).map(({ snapshotId }) => snapshotId);
  const going = await ledger.listRuns({ limit: 1000, withSnapshot: true, states: ['running'] });
  const finished = await ledger.listRuns({
    limit: 1000,
    withSnapshot: true,
    withPeriod: true,
    states: FINISHED,
  });
  const seen = new Set<string>();
  // A product that another run has made since is not what somebody would release.
  const waiting = finished.filter(({ period, state, summary }) => {
    const products = Object.entries((summary ?? {}) as Record<string, { readonly state?: string } | null>);
    const made = products.filter(([, one]) => one?.state !== 'none');
    const latest = made.filter(([product]) => !seen.has(`${product} ${period}`));
    for (const [product] of latest) seen.add(`${product} ${period}`);
    return state === 'held' && latest.some(([, one]) => one?.state === 'held');
  });
  return new Set([...published, ...[...going, ...waiting].flatMap(({ snapshotId }) => snapshotId ?? [])]);
}
