/** Folders of artefacts: sealed with a manifest written last, placed by one rename, read back by their hashes. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type ArtefactEntry,
  type PublicationManifest,
  publicationManifest,
} from '../../../schemas/publication.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { makeReadOnly, publishDir, sha256File, writeFileAtomic } from '../../runtime/files.ts';

export const MANIFEST_NAME = 'manifest.json';

/** A file of a folder that is being made. */
export interface Artefact {
  /** Path within the folder, `/` as separator. */
  readonly path: string;
  readonly kind: ArtefactEntry['kind'];
}

/** Hash the artefacts of a folder, in the order of their paths. */
export async function hashArtefacts(dir: string, artefacts: readonly Artefact[]): Promise<ArtefactEntry[]> {
  const entries: ArtefactEntry[] = [];
  for (const artefact of [...artefacts].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const { sha256, sizeBytes } = await sha256File(path.join(dir, ...artefact.path.split('/')));
    entries.push({ ...artefact, sha256, sizeBytes });
  }
  return entries;
}

/** Write the manifest as the last file, move the folder to its final name, make it read-only. */
export async function placeFolder(
  dir: string,
  finalDir: string,
  manifest: PublicationManifest,
): Promise<{ manifestSha256: string }> {
  const file = path.join(dir, MANIFEST_NAME);
  await writeFileAtomic(file, `${JSON.stringify(publicationManifest.parse(manifest), null, 2)}\n`);
  const { sha256 } = await sha256File(file);
  await publishDir(dir, finalDir);
  await makeReadOnly(finalDir);
  return { manifestSha256: sha256 };
}

/**
 * Read a folder's manifest.
 * @throws ArbdataError E_ARTEFACT_DAMAGED when it is missing, not readable, or not the one that was recorded
 */
export async function readFolder(dir: string, recordedSha256?: string): Promise<PublicationManifest> {
  const file = path.join(dir, MANIFEST_NAME);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw damaged(file, 'is missing or cannot be read', error);
  });
  if (recordedSha256 !== undefined && (await sha256File(file)).sha256 !== recordedSha256) {
    throw damaged(file, 'is not the one that was recorded at publication');
  }
  try {
    return publicationManifest.parse(JSON.parse(text));
  } catch (error) {
    throw damaged(file, 'is not a valid manifest', error);
  }
}

/**
 * The path of one artefact, after its bytes were compared with the manifest.
 * @throws ArbdataError E_ARTEFACT_DAMAGED
 */
export async function verifiedArtefact(
  dir: string,
  manifest: PublicationManifest,
  select: (entry: ArtefactEntry) => boolean,
): Promise<string> {
  const entry = manifest.files.find(select);
  if (entry === undefined) throw damaged(path.join(dir, MANIFEST_NAME), 'lists no such artefact');
  const file = path.join(dir, ...entry.path.split('/'));
  const found = await sha256File(file).catch((error: unknown) => {
    throw damaged(file, 'is missing or cannot be read', error);
  });
  if (found.sha256 !== entry.sha256) throw damaged(file, 'does not have the bytes that were published');
  return file;
}

/** Compare every file of a folder with its manifest; the list of what is wrong, empty when all is well. */
export async function verifyFolder(dir: string, recordedSha256?: string): Promise<string[]> {
  const manifest = await readFolder(dir, recordedSha256).catch((error: unknown) => {
    if (error instanceof ArbdataError) return error;
    throw error;
  });
  if (manifest instanceof ArbdataError) return [manifest.message];
  const problems: string[] = [];
  for (const entry of manifest.files) {
    await verifiedArtefact(dir, manifest, (one) => one.path === entry.path).catch((error: unknown) => {
      if (!(error instanceof ArbdataError)) throw error;
      problems.push(error.message);
    });
  }
  const listed = new Set([MANIFEST_NAME, ...manifest.files.map((entry) => entry.path)]);
  const present = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of present.filter((one) => one.isFile())) {
    const relative = path.relative(dir, path.join(entry.parentPath, entry.name)).split(path.sep).join('/');
    if (!listed.has(relative)) problems.push(`${path.join(dir, relative)} is not in the manifest`);
  }
  return problems;
}

function damaged(file: string, what: string, cause?: unknown): ArbdataError {
  return new ArbdataError('E_ARTEFACT_DAMAGED', `${file} ${what}`, {
    advice: 'Restore the published folder from a backup; never mend it by hand.',
    where: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
