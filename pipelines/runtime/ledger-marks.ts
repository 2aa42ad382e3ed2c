/** Marks "verified correct" on findings: one stands per rule, view and record; history stays. */
import { appendAudit } from './audit.ts';
import { ArbdataError } from './errors.ts';
import type { FindingMarkTable, LedgerDb } from './ledger-tables.ts';

export interface FindingMark extends Readonly<Omit<FindingMarkTable, 'id'>> {
  readonly id: number;
}

export interface NewMark {
  readonly ruleId: string;
  /** The view of the record. */
  readonly scope: string;
  readonly recordKey: string;
  /** The finding's fingerprint when it was marked: the mark holds for this value alone. */
  readonly fingerprint: string;
  readonly reason: string;
  /** Last day on which the mark holds, `YYYY-MM-DD`. */
  readonly expiresOn: string;
  readonly actor: string;
}

/** Mark a finding; an earlier standing mark of the same rule, view and record is withdrawn. Inside a transaction. */
export async function mark(db: LedgerDb, at: string, wanted: NewMark): Promise<void> {
  const { ruleId, scope, recordKey, fingerprint, reason, expiresOn, actor } = wanted;
  await withdrawStanding(db, at, wanted);
  const values = { ruleId, scope, recordKey, fingerprint, reason, expiresOn, actor, markedAt: at };
  await db.insertInto('findingMark').values(values).execute();
  const detail = { scope, fingerprint, reason, expiresOn };
  await appendAudit(db, at, { actor, action: 'finding.mark', subject: `${ruleId}/${recordKey}`, detail });
}

/** Which standing marks are meant: without a scope those of every view. */
export interface MarkedRecord {
  readonly ruleId: string;
  readonly scope?: string;
  readonly recordKey: string;
}

/** Withdraw the standing mark of a rule and record. Inside a transaction. */
export async function withdraw(
  db: LedgerDb,
  at: string,
  wanted: MarkedRecord & { readonly actor: string; readonly reason?: string },
): Promise<void> {
  const { ruleId, scope, recordKey, actor, reason } = wanted;
  if (!(await withdrawStanding(db, at, wanted))) {
    throw new ArbdataError('E_NOT_FOUND', `there is no standing mark of ${ruleId} on ${recordKey}`, {
      advice: 'See `arbdata findings` for the findings that are marked.',
    });
  }
  const subject = `${ruleId}/${recordKey}`;
  await appendAudit(db, at, { actor, action: 'finding.withdraw-mark', subject, detail: { scope, reason } });
}

/** Marks that were not withdrawn, expired ones too. */
export async function standing(db: LedgerDb): Promise<FindingMark[]> {
  return db
    .selectFrom('findingMark')
    .selectAll()
    .where('withdrawnAt', 'is', null)
    .orderBy('ruleId')
    .orderBy('recordKey')
    .execute();
}

async function withdrawStanding(
  db: LedgerDb,
  at: string,
  { ruleId, scope, recordKey }: MarkedRecord,
): Promise<boolean> {
  const standingMarks = db
    .updateTable('findingMark')
    .set({ withdrawnAt: at })
    .where('ruleId', '=', ruleId)
    .where('recordKey', '=', recordKey)
    .where('withdrawnAt', 'is', null);
  const meant = scope === undefined ? standingMarks : standingMarks.where('scope', 'in', [scope, '']);
  const { numUpdatedRows } = await meant.executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
