/** The manifest of one publication or draft: the last file written into its folder. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const artefactEntry = z.strictObject({
  /** Path within the folder, `/` as separator. */
  path: z.string().min(1),
  kind: z.enum([
    'dataset',
    'workbook',
    'page',
    'form',
    'rectification',
    'facts',
    'membership',
    'statement',
    'notice',
    'package',
    'record',
    'schema',
  ]),
  sha256,
  sizeBytes: z.int().nonnegative(),
});
export type ArtefactEntry = z.infer<typeof artefactEntry>;

export const publicationManifest = z.strictObject({
  formatVersion: z.literal(1),
  product: z.string().min(1),
  period: z.string().min(1),
  /** 0 for a draft. */
  revision: z.int().nonnegative(),
  state: z.enum(['draft', 'held', 'published']),
  provisional: z.boolean(),
  /** Why a check holds or held it; Chinese. */
  heldReasons: z.array(z.string()),
  /** The reason given by whoever released it, or null. */
  releaseReason: z.string().nullable(),
  runId: z.string().min(1),
  snapshotId: z.string().min(1),
  /** The seal of the snapshot's manifest: the publication names not only the snapshot but its bytes. */
  snapshotSha256: sha256,
  asOf: z.iso.date(),
  cutoffDay: z.int().min(0).max(28),
  createdAt: z.string().min(1),
  actor: z.string().min(1),
  toolVersion: z.string().min(1),
  definitionsSha256: sha256,
  files: z.array(artefactEntry),
});
export type PublicationManifest = z.infer<typeof publicationManifest>;
