/** What follows from the end of an attempt: the duty is over, or is tried again, and when. Pure. */
import type { Schedule } from '../../../schemas/schedules.ts';
import { stampOf } from '../../runtime/clock.ts';
import { EXIT } from '../../runtime/errors.ts';
import type { DutyEnd, DutyOutcome } from '../../runtime/ledger-duties.ts';

/** Another run of the same pipeline is going on: look again after so long. */
const BUSY_WAIT_MS = 60_000;

export interface Attempt {
  readonly outcome: DutyOutcome;
  /** Attempts that failed before this one. */
  readonly attempts: number;
  readonly nowMs: number;
  readonly retries: Schedule['retries'];
  /** A person asked for it and sees the result: it is not tried again. */
  readonly isByHand: boolean;
  /** Nothing tells how it ended because the service itself was gone: that is nobody's failure. */
  readonly isInterrupted: boolean;
}

/** Decide over an attempt that is over. */
export function endOfAttempt(attempt: Attempt): DutyEnd {
  const { outcome, attempts, nowMs, isInterrupted } = attempt;
  const again = (afterMs: number, reason: string, counted: number): DutyEnd => ({
    state: 'due',
    attempts: counted,
    notBefore: `${stampOf(new Date(nowMs + afterMs))}.000`,
    reason,
  });
  switch (outcome.exit) {
    case EXIT.done:
      return { state: 'done', attempts, notBefore: null, reason: null };
    case EXIT.held:
      return { state: 'held', attempts, notBefore: null, reason: 'held by a check: a person decides' };
    case EXIT.busy:
      return again(BUSY_WAIT_MS, 'another run of the pipeline is going on', attempts);
    default:
      if (outcome.exit === undefined && isInterrupted) return again(0, 'interrupted: begun again', attempts);
      return afterFailure(attempt, again);
  }
}

function afterFailure(
  { outcome, attempts, retries, isByHand }: Attempt,
  again: (afterMs: number, reason: string, counted: number) => DutyEnd,
): DutyEnd {
  const failed = attempts + 1;
  const reason = outcome.error?.code ?? wordless(outcome.exit);
  if (isByHand || failed > retries.attempts || !canHelp(outcome))
    return { state: 'failed', attempts: failed, notBefore: null, reason };
  const { backoffMinutes } = retries;
  const minutes = backoffMinutes[Math.min(failed, backoffMinutes.length) - 1] ?? 0;
  return again(minutes * 60_000, `${reason}: attempt ${failed + 1} follows`, failed);
}

/**
 * Whether another attempt can help: not after wrong usage, nor where a password was refused (a second attempt could
 * lock the account). A fault of the machine, a crash and what the code calls retryable may pass.
 */
function canHelp({ exit, error }: DutyOutcome): boolean {
  return exit === undefined || exit === EXIT.fault || error?.retryable === true;
}

function wordless(exit: number | undefined): string {
  return exit === undefined ? 'the process ended without a word' : `the process ended with exit code ${exit}`;
}
