/** What the ledger tells of backups: how each kind stands. */
import { sql } from 'kysely';
import type { LedgerDb } from './ledger-tables.ts';

export interface BackupStanding {
  readonly kind: string;
  /** Backups that are complete. */
  readonly backups: number;
  /** `YYYY-MM-DD HH:MM:SS`; null where there was none. */
  readonly lastGood: string | null;
  readonly lastVerified: string | null;
  readonly lastDrill: string | null;
}

/** Every kind of which there is a complete backup. */
export async function backupStanding(db: LedgerDb): Promise<BackupStanding[]> {
  const { rows } = await sql<BackupStanding>`
    SELECT b.kind, count(DISTINCT b.id) AS backups, substr(max(b.created_at), 1, 19) AS "lastGood",
      substr(max(CASE WHEN c.kind = 'full' THEN c.checked_at END), 1, 19) AS "lastVerified",
      substr(max(CASE WHEN c.kind = 'drill' THEN c.checked_at END), 1, 19) AS "lastDrill"
    FROM backup b LEFT JOIN backup_check c ON c.backup_id = b.id AND c.is_good = 1
    WHERE b.state = 'complete' GROUP BY b.kind ORDER BY b.kind`.execute(db);
  return rows;
}
