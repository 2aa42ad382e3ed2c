/** An SQLite file as a target of the cockpit: the one that needs no database beside the service. */
import path from 'node:path';
import { ArbdataError } from '../../runtime/errors.ts';
import { ensureDir } from '../../runtime/files.ts';
import { type DatabaseSync, kyselyOver, openSqlite } from '../../runtime/node-sqlite.ts';
import { readSql } from '../../runtime/project.ts';
import type { TargetDatabase, TargetTables } from './cockpit-tables.ts';
import { refused, unreachable } from './target-faults.ts';

const DDL = 'sql/cockpit/sqlite.sql';
/** Raised when the tables are no longer those of an older version. */
const TABLES_VERSION = 1;
/** A statement takes at most 32,766 values. */
const MAX_VALUES = 20_000;

/**
 * Open the file; where it is missing it is made with its tables.
 * @throws ArbdataError E_TARGET, E_TARGET_REFUSED, E_DISK_FULL, E_HOME
 */
export async function openSqliteTarget(file: string): Promise<TargetDatabase> {
  ensureDir(path.dirname(file));
  const translate = (error: unknown) => translated(file, error);
  let database: DatabaseSync | undefined;
  try {
    database = await openSqlite(file);
    createTables(database, file);
  } catch (error) {
    database?.close();
    throw translate(error);
  }
  const db = kyselyOver<TargetTables>(database, file, []);
  return {
    db,
    title: file,
    letters: 'upper',
    maxValues: MAX_VALUES,
    ddl: DDL,
    translate,
    close: () => db.destroy(),
  };
}

/** All tables or none: another process that opens the file meanwhile waits. */
function createTables(database: DatabaseSync, file: string): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found === TABLES_VERSION) return;
  if (found !== 0) {
    throw refused(file, `its tables are of version ${found}, this program's of ${TABLES_VERSION}`, DDL, null);
  }
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(readSql(DDL.replace(/^sql\//, '')));
    database.exec(`PRAGMA user_version = ${TABLES_VERSION}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** What the ledger's door calls a fault of the ledger is one of the target here. */
function translated(file: string, error: unknown): unknown {
  if (!(error instanceof ArbdataError) || error.code !== 'E_LEDGER') return error;
  return /busy/.test(error.message)
    ? unreachable(file, 'another process keeps the file busy', error)
    : refused(file, 'the file is damaged or no target of the cockpit: move it away', DDL, error);
}
