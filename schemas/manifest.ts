/** The manifest of a snapshot: what was frozen, from where, and the hash of every byte of it. */
import { z } from 'zod';
import { VIEW_NAMES } from './contract.ts';

/** Raised when a manifest can no longer be read by an older version. */
export const MANIFEST_FORMAT_VERSION = 1;

/** Id and folder name of a snapshot: `YYYYMMDD-HHMMSS-xxxx`, Asia/Shanghai, four random hexadecimal digits. */
export const snapshotIdSchema = z.string().regex(/^\d{8}-\d{6}-[0-9a-f]{4}$/);

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** What a source says about itself: its kind and facts for people, without any secret. */
export const sourceDescriptionSchema = z.strictObject({
  kind: z.string().min(1),
  details: z.record(z.string(), z.string()),
});
export type SourceDescription = z.infer<typeof sourceDescriptionSchema>;

export const snapshotViewSchema = z.strictObject({
  view: z.enum(VIEW_NAMES),
  /** Name in the snapshot's folder. */
  file: z.string().regex(/^[a-z_]+\.parquet$/),
  rows: z.int().nonnegative(),
  /** In the order of the contract, with the engine's types. */
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  sizeBytes: z.int().positive(),
  sha256: sha256Schema,
});
export type SnapshotView = z.infer<typeof snapshotViewSchema>;

export const manifestSchema = z.strictObject({
  formatVersion: z.literal(MANIFEST_FORMAT_VERSION),
  id: snapshotIdSchema,
  /** When the freeze began, `YYYY-MM-DD HH:MM:SS` in Asia/Shanghai. */
  createdAt: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
  /** The day whose state the snapshot shows; nothing after it is counted. */
  asOf: z.iso.date(),
  source: sourceDescriptionSchema.extend({
    /** The state that all views were read from: a hash of the file, an SCN. */
    identity: z.string().min(1),
  }),
  toolVersion: z.string().min(1),
  /** Hash of all definitions in force at the freeze. */
  definitionsSha256: sha256Schema,
  views: z
    .array(snapshotViewSchema)
    .refine(
      (views) => VIEW_NAMES.every((name, index) => views[index]?.view === name),
      'every view once, in order',
    ),
  /** SHA-256 of the manifest's text without this line's value: a changed manifest shows. */
  contentSha256: sha256Schema,
});
export type Manifest = z.infer<typeof manifestSchema>;
