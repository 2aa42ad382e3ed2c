/** A manifest as a file: always the same text for the same content, sealed with its own hash. */
import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Manifest, manifestSchema, snapshotIdSchema } from '../../../schemas/manifest.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { Home } from '../../runtime/home.ts';

export const MANIFEST_FILE = 'manifest.json';

/**
 * The folder of a snapshot.
 * @throws {ArbdataError} E_NOT_FOUND for what is no id of a snapshot, so that no id names another folder
 */
export function snapshotDir(home: Pick<Home, 'snapshots'>, id: string): string {
  if (snapshotIdSchema.safeParse(id).success) return path.join(home.snapshots, id);
  throw new ArbdataError('E_NOT_FOUND', `${JSON.stringify(id)} is no id of a snapshot`, {
    advice: 'List the snapshots with `arbdata snapshot list`.',
  });
}

/** Add the hash of the content. */
export function sealManifest(content: Omit<Manifest, 'contentSha256'>): Manifest {
  return manifestSchema.parse({ ...content, contentSha256: contentHash(content) });
}

/** The text of the file; the schema gives the order of the keys. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`;
}

/**
 * Read the manifest of a snapshot, and hold it against its own hash.
 * @throws {ArbdataError} E_NOT_FOUND without such a snapshot; E_SNAPSHOT_DAMAGED when the manifest is missing,
 * unreadable, altered or that of another snapshot
 */
export async function readManifest(home: Pick<Home, 'snapshots'>, id: string): Promise<Manifest> {
  const file = path.join(snapshotDir(home, id), MANIFEST_FILE);
  const text = await readText(home, id, file);
  const manifest = parseManifest(text, file);
  const { contentSha256, ...content } = manifest;
  if (contentHash(content) !== contentSha256 || manifestText(manifest) !== text) {
    throw damaged(file, `the manifest of snapshot ${id} was altered`);
  }
  if (manifest.id !== id)
    throw damaged(file, `the folder ${id} holds the manifest of snapshot ${manifest.id}`);
  return manifest;
}

export function damaged(file: string, message: string, cause?: unknown): ArbdataError {
  return new ArbdataError('E_SNAPSHOT_DAMAGED', message, {
    advice:
      'Do not use this snapshot. Restore its folder from a backup, or freeze a new one; results already published stay.',
    where: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

async function readText(home: Pick<Home, 'snapshots'>, id: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' || (await exists(path.join(home.snapshots, id)))) {
      throw damaged(file, `the manifest of snapshot ${id} cannot be read (${code})`, error);
    }
    throw new ArbdataError('E_NOT_FOUND', `there is no snapshot ${id}`, {
      advice: 'List the snapshots with `arbdata snapshot list`.',
      cause: error,
    });
  }
}

function parseManifest(text: string, file: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged(file, `${file} is not JSON`, error);
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw damaged(file, `${file}: ${issue?.path.join('.')}: ${issue?.message}`, result.error);
}

function contentHash(content: Omit<Manifest, 'contentSha256'>): string {
  const ordered = manifestSchema.omit({ contentSha256: true }).parse(content);
  return createHash('sha256').update(JSON.stringify(ordered)).digest('hex');
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
