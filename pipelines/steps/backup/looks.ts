/** What the looks at a backup add up to: damage at one place is not undone by a good look at another. */
import type { Backup, BackupCheck, BackupCopy } from '../../runtime/ledger-backups.ts';

/** How looks ended, and when. */
export interface Outcome {
  readonly at: string;
  readonly isGood: boolean;
}

/**
 * The look that found the copy at a place damaged, as long as none has found it whole since: a quick look, which reads no
 * payload, does not undo a full one. What was found before the copy was made anew is about another one.
 */
export function damageAt(
  { checks }: Pick<Backup, 'checks'>,
  { destination, copiedAt }: Pick<BackupCopy, 'destination' | 'copiedAt'>,
): BackupCheck | undefined {
  const own = checks.filter(
    (one) => one.destination === destination && one.kind !== 'drill' && one.checkedAt >= (copiedAt ?? ''),
  );
  let isQuicklyGood = false;
  for (const one of own) {
    if (!one.isGood && !(isQuicklyGood && one.kind === 'quick')) return one;
    if (one.isGood && one.kind === 'full') return undefined;
    if (one.isGood) isQuicklyGood = true;
  }
  return undefined;
}

/** When every byte was last read, and whether no copy stands as damaged; null where nobody has looked. */
export function verifiedOutcome(backup: Pick<Backup, 'checks' | 'copies'>): Outcome | null {
  const [damage] = backup.copies.flatMap((copy) => damageAt(backup, copy) ?? []).toSorted(latestFirst);
  if (damage !== undefined) return { at: damage.checkedAt, isGood: false };
  const found = backup.checks.find(({ kind, isGood }) => kind === 'full' && isGood);
  return found === undefined ? null : { at: found.checkedAt, isGood: true };
}

/** How the latest drill ended. */
export function drilledOutcome({ checks }: Pick<Backup, 'checks'>): Outcome | null {
  const found = checks.find(({ kind }) => kind === 'drill');
  return found === undefined ? null : { at: found.checkedAt, isGood: found.isGood };
}

const latestFirst = (a: BackupCheck, b: BackupCheck): number => (a.checkedAt < b.checkedAt ? 1 : -1);
