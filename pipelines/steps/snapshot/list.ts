/** The snapshots of a home, and how an engine opens one. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { VIEWS, type ViewName } from '../../../schemas/contract.ts';
import { type Manifest, snapshotIdSchema } from '../../../schemas/manifest.ts';
import { identifier, literal } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { fileError } from '../../runtime/files.ts';
import type { Home } from '../../runtime/home.ts';
import { readManifest, snapshotDir } from './manifest-file.ts';

/** A snapshot with its manifest, or with what is wrong with that. */
export type ListedSnapshot =
  | { readonly id: string; readonly manifest: Manifest; readonly problem?: undefined }
  | { readonly id: string; readonly manifest?: undefined; readonly problem: string };

/**
 * All snapshots, oldest first. A damaged manifest is reported with its snapshot, not thrown; folders with other names
 * (unfinished ones too) are no snapshots.
 */
export async function listSnapshots(home: Pick<Home, 'snapshots'>): Promise<ListedSnapshot[]> {
  const names = await readdir(home.snapshots).catch((error: unknown) => {
    throw fileError(error, home.snapshots);
  });
  const ids = names.filter((name) => snapshotIdSchema.safeParse(name).success).sort();
  const listed: ListedSnapshot[] = [];
  for (const id of ids) {
    try {
      listed.push({ id, manifest: await readManifest(home, id) });
    } catch (error) {
      if (!(error instanceof ArbdataError) || error.code !== 'E_SNAPSHOT_DAMAGED') throw error;
      listed.push({ id, problem: error.message });
    }
  }
  return listed;
}

/**
 * SQL that makes the raw views of a snapshot (`raw_arb_case` …): its Parquet, columns in contract order and case, and
 * `raw_row`, the number of the row in the file, from 0.
 * @param unread views that are shown without rows, for products that do not read them
 * @throws {ArbdataError} E_NOT_FOUND, E_SNAPSHOT_DAMAGED; the files themselves are not rehashed here
 */
export async function openSnapshotSql(
  home: Pick<Home, 'snapshots'>,
  id: string,
  unread: readonly ViewName[] = [],
): Promise<string> {
  const manifest = await readManifest(home, id);
  const dir = snapshotDir(home, id);
  const files = new Map(manifest.views.map(({ view, file }) => [view, path.join(dir, file)]));
  return VIEWS.map((view) => {
    const columns = view.columns.map(({ name }) => identifier(name)).join(', ');
    const file = literal(files.get(view.name) ?? '');
    return `CREATE OR REPLACE VIEW raw_${view.name.toLowerCase()} AS
      SELECT ${columns}, file_row_number AS raw_row FROM read_parquet(${file}, file_row_number = true)${unread.includes(view.name) ? ' WHERE FALSE' : ''};`;
  }).join('\n');
}
