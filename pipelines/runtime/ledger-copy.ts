/** A copy of the ledger at one moment, with the audit head that belongs to it. */
import { type AuditHead, canonicalJson } from './audit.ts';
import type { Home } from './home.ts';
import { copySqlite, openSqlite } from './node-sqlite.ts';

/**
 * Copy the ledger while it is in use. The head is that of the copy, not that of the home: a head that is ahead of its
 * ledger reads as a record that was shortened.
 * @returns the head, and its file's text
 * @throws {ArbdataError} E_LEDGER, E_DISK_FULL, E_HOME
 */
export async function copyLedger(
  home: Pick<Home, 'ledger'>,
  target: string,
): Promise<{ readonly head: AuditHead; readonly headText: string }> {
  await copySqlite(home.ledger, target);
  const database = await openSqlite(target);
  try {
    const last = database.prepare('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').get();
    const head = { seq: Number(last?.seq ?? 0), hash: String(last?.hash ?? '') };
    database.exec('PRAGMA journal_mode = DELETE');
    return { head, headText: `${canonicalJson(head)}\n` };
  } finally {
    database.close();
  }
}
