/** A platform's words on a record may quote what was sent: as people see them, persons are masked in them. */
import { type Engine, literal } from '../../runtime/duckdb.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { Home } from '../../runtime/home.ts';
import { maskSql } from '../../runtime/masking.ts';
import { openSnapshotSql } from '../snapshot/list.ts';

/** Longer words are cut. */
const SHOWN_CHARACTERS = 500;

/**
 * SQL: the words as people see them. Numbers of persons' documents and telephones are hidden, the names of the case's
 * persons masked, control characters replaced.
 * @param message the expression of the words
 * @param caseId the expression of the case
 * @param parties `case_id, party_kind, name` of the parties whose names may be quoted
 */
export function shownMessageSql(message: string, caseId: string, parties = 'valid_party'): string {
  const names = `(SELECT list(DISTINCT p.name ORDER BY length(p.name) DESC, p.name) FROM ${parties} p
    WHERE p.case_id = ${caseId} AND p.party_kind IS DISTINCT FROM '2' AND length(p.name) >= 2)`;
  const named = `list_reduce(list_prepend(${message}, COALESCE(${names}, [])),
    lambda shown, name: replace(shown, name, ${maskSql('name', 'name')}))`;
  return `left(regexp_replace(regexp_replace(${named}, '[0-9]{11,17}[0-9Xx]?', '****', 'g'),
    '[\\p{Cc}\\x{FFFE}\\x{FFFF}]', '�', 'g'), ${SHOWN_CHARACTERS})`;
}

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
