/** The record of expected backups, kept in several places: a backup that vanishes with its catalogue is still missed. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ExpectedBackups, expectedBackupsSchema } from '../../../schemas/backup.ts';
import type { AuditHead } from '../../runtime/audit.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { ensureDir, writeFileAtomic } from '../../runtime/files.ts';
import { type Backup, HOME_PLACE } from '../../runtime/ledger-backups.ts';
import { EXPECTED_FILE, type Place, readExpected } from './places.ts';

/** The files in which the record stands: in every place, and in the one that the configuration names. */
export function expectedFiles(places: readonly Place[], own: string | undefined): string[] {
  return [...places.map(({ dir }) => path.join(dir, EXPECTED_FILE)), ...(own === undefined ? [] : [own])];
}

function expectedText(backups: readonly Backup[], auditHead: AuditHead | null): string {
  const entries = backups
    .filter(({ state }) => state !== 'creating')
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((one) => ({
      id: one.id,
      kind: one.kind,
      createdAt: one.createdAt,
      state: one.state === 'complete' ? ('complete' as const) : ('removed' as const),
      tagmanifestSha256: one.tagmanifestSha256 ?? '',
      tagmanifestSm3: one.tagmanifestSm3 ?? '',
      fileCount: one.fileCount ?? 0,
      sizeBytes: one.sizeBytes ?? 0,
      isEncrypted: one.isEncrypted,
      places: one.copies.filter(({ state }) => state === 'complete').map(({ destination }) => destination),
      removedAt: one.removedAt,
      reason: one.reason,
    }));
  const content = expectedBackupsSchema.parse({ formatVersion: 1, auditHead, backups: entries });
  return `${JSON.stringify(content, null, 2)}\n`;
}

/**
 * Bring the record up to date wherever it stands. The file in the home must be written; elsewhere it may lag until the
 * place is there again.
 * @returns the files that could not be written
 * @throws {ArbdataError} E_DISK_FULL, E_HOME of the home's own file
 */
export async function writeExpected(
  files: readonly string[],
  backups: readonly Backup[],
  auditHead: AuditHead | null,
): Promise<string[]> {
  const text = expectedText(backups, auditHead);
  const failed: string[] = [];
  for (const [index, file] of files.entries()) {
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    try {
      ensureDir(path.dirname(file));
      await writeFileAtomic(file, text);
    } catch (error) {
      if (index === 0) throw error;
      failed.push(file);
    }
  }
  return failed;
}

/** What the records elsewhere tell and the catalogue does not: the catalogue was shortened, or is another home's. */
export async function unknownExpected(
  files: readonly string[],
  backups: readonly Backup[],
): Promise<{ readonly file: string; readonly ids: readonly string[] }[]> {
  const known = new Set(backups.map(({ id }) => id));
  const found: { file: string; ids: string[] }[] = [];
  for (const file of files) {
    const expected: ExpectedBackups | undefined = await readExpected(file);
    const ids = (expected?.backups ?? []).filter(({ id }) => !known.has(id)).map(({ id }) => id);
    if (ids.length > 0) found.push({ file, ids });
  }
  return found;
}

/**
 * A record that tells of backups which the catalogue does not know must not be overwritten: it is what is left of them.
 * @throws {ArbdataError} E_BACKUP_REFUSED
 */
export function refuseUnknown(found: Awaited<ReturnType<typeof unknownExpected>>): void {
  const [first] = found;
  if (first === undefined) return;
  throw new ArbdataError(
    'E_BACKUP_REFUSED',
    `${first.file} tells of ${first.ids.length} backups that the catalogue does not know, such as ${first.ids[0]}`,
    {
      advice:
        'The catalogue is older than the backups, or the folder is of another home: run `arbdata backup rebuild-catalogue`, or give every home folders of its own.',
      where: { file: first.file },
    },
  );
}

/** The places of a backup that count. */
const countingPlaces = ({ copies }: Backup): string[] =>
  copies.filter(({ state }) => state === 'complete').map(({ destination }) => destination);

/** Whether a backup lies outside of its home as well. */
export const hasCopy = (backup: Backup): boolean =>
  countingPlaces(backup).some((name) => name !== HOME_PLACE);
