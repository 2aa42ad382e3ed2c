/** What a backup says of itself, and the record that tells elsewhere which backups there must be. */
import { z } from 'zod';

export const BACKUP_KINDS = ['snapshot', 'dump', 'outputs', 'state', 'evidence'] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

/** Chinese names of the kinds. */
export const BACKUP_KIND_TITLES = {
  snapshot: '数据快照',
  dump: '数据库导出文件',
  outputs: '已发布成果',
  state: '运行台账',
  evidence: '凭据',
} as const satisfies Record<BackupKind, string>;

/** Id and folder name of a backup: `BYYYYMMDD-HHMMSS-xxxx`, Asia/Shanghai, four random hexadecimal digits. */
export const backupIdSchema = z.string().regex(/^B\d{8}-\d{6}-[0-9a-f]{4}$/);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** SM3 has 256 bits as well. */
const sm3 = sha256;

/** One file of a dump, as its header tells. */
export const dumpEntrySchema = z.strictObject({
  /** Below `data/`, without the suffix of encryption. */
  path: z.string().min(1),
  /** `data-pump` and `export` are recognised by their headers; `unknown` is hashed and kept all the same. */
  format: z.enum(['data-pump', 'export', 'log', 'unknown']),
  schema: z.string().nullable(),
  /** Release of the database that wrote it, as the header states it. */
  release: z.string().nullable(),
  /** SHA-256 of the file as it lay in the drop folder: by it a duplicate is known. */
  sha256,
  sizeBytes: z.int().nonnegative(),
  /** `YYYY-MM-DD` of its last change. */
  date: z.iso.date(),
});
export type DumpEntry = z.infer<typeof dumpEntrySchema>;

/** What is in a backup; what does not apply is left out. */
export const backupInfoSchema = z.strictObject({
  /** Kind and identity of the source of a snapshot, such as `oracle scn:8841207`. */
  source: z.string().optional(),
  scn: z.string().optional(),
  /** The day whose state a snapshot shows. */
  asOf: z.iso.date().optional(),
  period: z.string().optional(),
  rows: z.record(z.string(), z.int().nonnegative()).optional(),
  snapshots: z.array(z.string()).optional(),
  /** `macro-monitoring/2026-10/r1`. */
  publications: z.array(z.string()).optional(),
  dumps: z.array(dumpEntrySchema).optional(),
  /** Number and hash of the last audit record in a copied ledger. */
  auditHead: z.strictObject({ seq: z.int().nonnegative(), hash: z.string() }).optional(),
  /** What is not in it though one could look for it, and why; English. */
  without: z.array(z.string()).optional(),
});
export type BackupInfo = z.infer<typeof backupInfoSchema>;

/** `backup.json`, a tag file of the bag: what programs need, in one place; the manifests seal it. */
export const backupFileSchema = z.strictObject({
  formatVersion: z.literal(1),
  id: backupIdSchema,
  kind: z.enum(BACKUP_KINDS),
  /** `YYYY-MM-DD HH:MM:SS.mmm` in Asia/Shanghai. */
  createdAt: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/),
  toolVersion: z.string().min(1),
  encryption: z
    .strictObject({ format: z.literal('age-encryption.org/v1'), recipients: z.array(z.string()) })
    .nullable(),
  info: backupInfoSchema,
  /** Every payload file as it stands in the bag, by path: a manifest of BagIt knows no sizes. */
  files: z.array(z.strictObject({ path: z.string().min(1), sizeBytes: z.int().nonnegative() })),
});
export type BackupFile = z.infer<typeof backupFileSchema>;

const expectedBackupSchema = z.strictObject({
  id: backupIdSchema,
  kind: z.enum(BACKUP_KINDS),
  createdAt: z.string(),
  state: z.enum(['complete', 'removed']),
  tagmanifestSha256: sha256,
  tagmanifestSm3: sm3,
  fileCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
  isEncrypted: z.boolean(),
  /** Where it lies: `home` or names of destinations. */
  places: z.array(z.string()),
  removedAt: z.string().nullable(),
  reason: z.string().nullable(),
});
export type ExpectedBackup = z.infer<typeof expectedBackupSchema>;

/** `expected-backups.json`: kept in the home and at every destination, so that no single loss takes both. */
export const expectedBackupsSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** The audit record at that time, kept where whoever can write the home cannot reach it. */
  auditHead: z.strictObject({ seq: z.int().nonnegative(), hash: z.string() }).nullable(),
  backups: z.array(expectedBackupSchema),
});
export type ExpectedBackups = z.infer<typeof expectedBackupsSchema>;

/** What a purge leaves: what was destroyed, by whose word, and the seal of every bag and file. */
export const purgeRecordSchema = z.strictObject({
  formatVersion: z.literal(1),
  id: z.string().regex(/^P\d{8}-\d{6}-[0-9a-f]{4}$/),
  scope: z.string().min(1),
  /** The bureau's word: number of the letter and what it says. */
  reason: z.string().min(1),
  actor: z.string().min(1),
  toolVersion: z.string().min(1),
  startedAt: z.string(),
  /** Empty in the plan that is written before anything is destroyed. */
  finishedAt: z.string(),
  /** Where everything was returned to before it was destroyed; null where it was destroyed only. */
  returnedTo: z.string().nullable(),
  destroyed: z.array(
    z.strictObject({
      subject: z.string().min(1),
      path: z.string().min(1),
      files: z.int().nonnegative(),
      sizeBytes: z.int().nonnegative(),
      /** SHA-256 over the sorted lines `<sha256>  <path>` of its files. */
      sha256,
    }),
  ),
  /** What was to be destroyed and could not be reached; empty in a finished purge. */
  left: z.array(z.strictObject({ subject: z.string(), path: z.string(), why: z.string() })),
  /** How it was destroyed, and what that does not promise. */
  method: z.string().min(1),
  /** The last audit record before the purge. */
  auditHead: z.strictObject({ seq: z.int().nonnegative(), hash: z.string() }).nullable(),
  /** What the signature beside the record is verified with. */
  signer: z.strictObject({ algorithm: z.enum(['Ed25519', 'SM2 with SM3']), publicKey: z.string() }),
});
export type PurgeRecord = z.infer<typeof purgeRecordSchema>;
