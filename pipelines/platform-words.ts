/** A platform's words on records, read long after their batch was built. */
import { type Engine, literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Home } from './runtime/home.ts';
import { openSnapshotSql } from './steps/snapshot/list.ts';
import { shownMessageSql } from './steps/submit/platform-words.ts';

/** Stands for words whose persons cannot be told, because the snapshot that the batch was built from is gone. */
const WITHHELD = '（快照不可用，平台原文不予显示）';

/**
 * SQL: {@link shownMessageSql} for words that are read long after the batch was built: the names are those of the
 * snapshot that it was built from. Without that snapshot no words are shown. Makes the view `quoted_party`.
 * @param snapshotId of the batch
 */
export async function shownLaterSql(
  engine: Engine,
  home: Pick<Home, 'snapshots'>,
  snapshotId: string,
): Promise<(message: string, caseId: string) => string> {
  try {
    await engine.run(await openSnapshotSql(home, snapshotId));
    await engine.run(`
      CREATE OR REPLACE VIEW quoted_party AS
      SELECT TRY_CAST(case_id AS BIGINT) AS case_id, CAST(party_kind AS VARCHAR) AS party_kind, trim(name) AS name
      FROM raw_arb_party`);
    return (message, caseId) => shownMessageSql(message, caseId, 'quoted_party');
  } catch (error) {
    const isGone =
      error instanceof ArbdataError && (error.code === 'E_NOT_FOUND' || error.code === 'E_SNAPSHOT_DAMAGED');
    if (!isGone) throw error;
    return (message) => `CASE WHEN ${message} IS NOT NULL THEN ${literal(WITHHELD)} END`;
  }
}
