/** A person's word on pre-applications and cases: one stands per pair; history stays. */
import { appendAudit } from './audit.ts';
import { ArbdataError } from './errors.ts';
import type { LedgerDb, PairDecisionTable } from './ledger-tables.ts';

export interface NewPairDecision {
  readonly preAppId: string;
  readonly caseId: string;
  readonly verdict: PairDecisionTable['verdict'];
  readonly reason?: string | undefined;
  readonly actor: string;
}

/** Decide a pair; an earlier standing word on it is withdrawn. Inside a transaction. */
export async function decidePair(db: LedgerDb, at: string, wanted: NewPairDecision): Promise<void> {
  const { preAppId, caseId, verdict, reason, actor } = wanted;
  await withdrawStanding(db, at, wanted);
  const values = { preAppId, caseId, verdict, reason: reason ?? null, actor, decidedAt: at };
  await db.insertInto('pairDecision').values(values).execute();
  await appendAudit(db, at, {
    actor,
    action: verdict === 'confirmed' ? 'comparison.confirm' : 'comparison.reject',
    subject: `${preAppId}/${caseId}`,
    detail: { reason },
  });
}

/**
 * Withdraw the standing word on a pair. Inside a transaction.
 * @throws {ArbdataError} E_NOT_FOUND where none stands
 */
export async function withdrawPair(
  db: LedgerDb,
  at: string,
  wanted: Omit<NewPairDecision, 'verdict'>,
): Promise<void> {
  const { preAppId, caseId, reason, actor } = wanted;
  if (!(await withdrawStanding(db, at, wanted))) {
    throw new ArbdataError('E_NOT_FOUND', `nothing was decided on ${preAppId} and case ${caseId}`, {
      advice: 'See `arbdata comparison decisions`.',
    });
  }
  const subject = `${preAppId}/${caseId}`;
  await appendAudit(db, at, { actor, action: 'comparison.withdraw', subject, detail: { reason } });
}

export type StandingDecision = Readonly<Omit<PairDecisionTable, 'id' | 'withdrawnAt'>>;

export type PairDecision = Readonly<Omit<PairDecisionTable, 'id'>>;

/** Every word that was ever said, by when. */
export async function allDecisions(db: LedgerDb): Promise<PairDecision[]> {
  return db
    .selectFrom('pairDecision')
    .select(['preAppId', 'caseId', 'verdict', 'reason', 'actor', 'decidedAt', 'withdrawnAt'])
    .orderBy('decidedAt')
    .orderBy('id')
    .execute();
}

/** Enter words that this ledger does not know; a pair on which one stands keeps it. Inside a transaction. */
export async function enterDecisions(db: LedgerDb, all: readonly PairDecision[]): Promise<void> {
  const standing = new Set((await standingDecisions(db)).map(pairOf));
  for (const one of all) {
    if (!standing.has(pairOf(one))) await db.insertInto('pairDecision').values(one).execute();
  }
}

const pairOf = ({ preAppId, caseId }: Pick<PairDecision, 'preAppId' | 'caseId'>): string =>
  JSON.stringify([preAppId, caseId]);

/** The words that stand, by pre-application and case. */
export async function standingDecisions(db: LedgerDb): Promise<StandingDecision[]> {
  return db
    .selectFrom('pairDecision')
    .select(['preAppId', 'caseId', 'verdict', 'reason', 'actor', 'decidedAt'])
    .where('withdrawnAt', 'is', null)
    .orderBy('preAppId')
    .orderBy('caseId')
    .execute();
}

async function withdrawStanding(
  db: LedgerDb,
  at: string,
  { preAppId, caseId }: Pick<NewPairDecision, 'preAppId' | 'caseId'>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('pairDecision')
    .set({ withdrawnAt: at })
    .where('preAppId', '=', preAppId)
    .where('caseId', '=', caseId)
    .where('withdrawnAt', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
