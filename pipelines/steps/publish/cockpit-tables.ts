/**
 * Versions of the cockpit in a target database. Every row bears its version; CKPT_CURRENT names the one in force. A version
 * comes in with one transaction, pointer and all: who reads the pointer and then rows of that version sees one version.
 */
import type { Kysely, Transaction } from 'kysely';
import {
  type AnyRow,
  COCKPIT_TABLES,
  type CockpitIndex,
  type CockpitTable,
  type PanelDocument,
  tablesOf,
} from '../../../schemas/cockpit.ts';
import { stampToMs } from '../../runtime/clock.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { READER_GRACE_MS } from './cockpit-versions.ts';

type Value = string | number | null;
/** Tables by their names in the database, whose columns follow from schemas/cockpit.ts. */
export type TargetTables = Record<string, Record<string, Value>>;
export type TargetDb = Kysely<TargetTables>;

/** A database that takes versions, and what is peculiar to its kind. */
export interface TargetDatabase {
  readonly db: TargetDb;
  /** For people, without a secret. */
  readonly title: string;
  /** How names of tables and columns are written: as the database folds them. */
  readonly letters: 'upper' | 'lower';
  /** Most values of one statement. */
  readonly maxValues: number;
  /** Which file of sql/cockpit makes the tables. */
  readonly ddl: string;
  /** A fault of the driver as an error of ours. */
  translate(error: unknown): unknown;
  close(): Promise<void>;
}

export interface TargetVersion {
  readonly index: CockpitIndex;
  readonly indexSha256: string;
  readonly documents: readonly PanelDocument[];
}

export interface PublishOptions {
  readonly keep: number;
  /** Now, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The version in force; 0 before the first. */
export async function targetVersion(target: TargetDatabase): Promise<number> {
  return guarded(target, () => currentVersion(target, target.db));
}

/**
 * Put a version into the database and into force. One that is there already stays as it is.
 * @returns how many rows were written
 * @throws ArbdataError E_TARGET_REFUSED where the database has another content or a later version under that number
 */
export async function publishVersion(
  target: TargetDatabase,
  version: TargetVersion,
  options: PublishOptions,
): Promise<number> {
  return guarded(target, () =>
    target.db.transaction().execute(async (transaction) => {
      if (await isThere(target, transaction, version)) return 0;
      const rows = await insertVersion(target, transaction, version);
      await switchTo(target, transaction, version.index.version);
      await prune(target, transaction, options);
      return rows;
    }),
  );
}

type Name = (text: string) => string;

function namesOf({ letters }: TargetDatabase): Name {
  return (text) => (letters === 'upper' ? text.toUpperCase() : text.toLowerCase());
}

/** Rows of a query by the names of our columns, whatever letters the database answers in. */
function value(row: Record<string, Value> | undefined, name: string): Value {
  return row?.[name] ?? null;
}

async function currentVersion(target: TargetDatabase, db: TargetDb): Promise<number> {
  const name = namesOf(target);
  const row = await db
    .selectFrom(name('ckpt_current'))
    .select(name('version'))
    .where(name('id'), '=', 1)
    .executeTakeFirst();
  return Number(value(row, name('version')) ?? 0);
}

async function isThere(
  target: TargetDatabase,
  db: Transaction<TargetTables>,
  { index, indexSha256 }: TargetVersion,
): Promise<boolean> {
  const name = namesOf(target);
  const row = await db
    .selectFrom(name('ckpt_version'))
    .select(name('index_sha256'))
    .where(name('version'), '=', index.version)
    .executeTakeFirst();
  const current = await currentVersion(target, db);
  if (row === undefined && current < index.version) return false;
  if (value(row, name('index_sha256')) === indexSha256) return true;
  throw new ArbdataError(
    'E_TARGET_REFUSED',
    `${target.title} holds version ${current} of the cockpit, which is not of this home`,
    { advice: 'One home writes to one target: give this home a schema or file of its own (cockpit.target).' },
  );
}

async function insertVersion(
  target: TargetDatabase,
  db: Transaction<TargetTables>,
  { index, indexSha256, documents }: TargetVersion,
): Promise<number> {
  const { version } = index;
  let rows = await insertRows(target, db, 'ckpt_version', [
    {
      version,
      index_sha256: indexSha256,
      run_id: index.runId,
      snapshot_id: index.snapshotId,
      as_of: index.asOf,
      data_time: index.dataTime,
      refreshed_at: index.refreshedAt,
      late_after: index.lateAfter,
      current_month: index.months.current,
      complete_month: index.months.complete,
    },
  ]);
  rows += await insertRows(
    target,
    db,
    'ckpt_panel',
    documents.map(({ panel, title, notes }, position) => ({
      version,
      panel,
      title,
      note: notes.length === 0 ? null : notes.join('\n').slice(0, MAX_NOTE),
      position: position + 1,
    })),
  );
  for (const { panel, tables } of documents) {
    for (const table of tablesOf(panel)) {
      const list = (tables[table] ?? []).map((row) => ({ version, ...row }));
      rows += await insertRows(target, db, targetTable(table), list);
    }
  }
  return rows;
}

/** Characters of a note. */
const MAX_NOTE = 1000;

const targetTable = (table: CockpitTable): string => `ckpt_${table}`;

async function insertRows(
  target: TargetDatabase,
  db: Transaction<TargetTables>,
  table: string,
  rows: readonly AnyRow[],
): Promise<number> {
  const [first] = rows;
  if (first === undefined) return 0;
  const name = namesOf(target);
  const perStatement = Math.max(1, Math.floor(target.maxValues / Object.keys(first).length));
  for (let at = 0; at < rows.length; at += perStatement) {
    const slice = rows
      .slice(at, at + perStatement)
      .map((row) => Object.fromEntries(Object.entries(row).map(([column, one]) => [name(column), one])));
    await db.insertInto(name(table)).values(slice).execute();
  }
  return rows.length;
}

async function switchTo(
  target: TargetDatabase,
  db: Transaction<TargetTables>,
  version: number,
): Promise<void> {
  const name = namesOf(target);
  const table = name('ckpt_current');
  const { numUpdatedRows } = await db
    .updateTable(table)
    .set({ [name('version')]: version })
    .where(name('id'), '=', 1)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n)
    await db
      .insertInto(table)
      .values({ [name('id')]: 1, [name('version')]: version })
      .execute();
}

/** Remove versions beyond the number that stays; what was in force a moment ago stays as well. */
async function prune(
  target: TargetDatabase,
  db: Transaction<TargetTables>,
  { keep, nowMs }: PublishOptions,
): Promise<void> {
  const name = namesOf(target);
  const version = name('version');
  const rows = await db
    .selectFrom(name('ckpt_version'))
    .select([version, name('refreshed_at')])
    .orderBy(version)
    .execute();
  const old = rows.slice(0, -keep).filter((_, place) => {
    const next = rows[place + 1];
    const since = String(value(next, name('refreshed_at')) ?? '');
    return next !== undefined && nowMs - stampToMs(since) > READER_GRACE_MS;
  });
  const last = old.at(-1);
  if (last === undefined) return;
  const tables = [
    ...(Object.keys(COCKPIT_TABLES) as CockpitTable[]).map(targetTable),
    'ckpt_panel',
    'ckpt_version',
  ];
  for (const table of tables)
    await db
      .deleteFrom(name(table))
      .where(version, '<=', Number(value(last, version)))
      .execute();
}

async function guarded<T>(target: TargetDatabase, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof ArbdataError && error.code.startsWith('E_TARGET')
      ? error
      : target.translate(error);
  }
}
