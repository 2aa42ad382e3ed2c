/** Month by product: what ran, is held, failed, or is late against its due date. Pure. */
import type { Duty } from '../../runtime/ledger-duties.ts';

export const CELL_STATES = ['ran', 'held', 'failed', 'running', 'late', 'not due', 'none'] as const;
/** `none`: nothing ran and nothing was asked for. */
export type CellState = (typeof CELL_STATES)[number];

export interface GridCell {
  readonly period: string;
  readonly state: CellState;
  /** Out after its due date, or not out though it has passed. */
  readonly isLate: boolean;
  /** Asia/Shanghai; null where nothing says by when. */
  readonly dueAt: string | null;
  /** When it came out; null where it is not. */
  readonly outAt: string | null;
  readonly runId: string | null;
}

/** All that is known of one product's month, or of one job's. */
export interface CellFacts {
  readonly period: string;
  /** The publication in force, or the duty that is done. */
  readonly out: { readonly at: string; readonly runId: string | null } | undefined;
  /** Duties and runs of the period. */
  readonly attempts: readonly Attempt[];
  readonly dueAt: string | undefined;
  /** The schedule was in force on the due date, or is now. */
  readonly isScheduled: boolean;
  readonly now: string;
}

/** A duty or a run. */
export interface Attempt {
  readonly state: AttemptState;
  readonly runId: string | null;
  /** When it ended, or began where it goes on. */
  readonly at: string;
}

/** Duties and runs in one word each. */
export type AttemptState = 'done' | 'held' | 'failed' | 'running' | 'open';

/** One cell. Stamps compare as text. */
export function gridCell({ period, out, attempts, dueAt, isScheduled, now }: CellFacts): GridCell {
  const latest = attempts
    .filter(({ state }) => state !== 'open')
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .at(-1);
  const isOverdue = dueAt !== undefined && isScheduled && (out?.at ?? now) >= dueAt;
  return {
    period,
    state: cellState(),
    isLate: isOverdue,
    dueAt: dueAt ?? null,
    outAt: out?.at ?? null,
    runId: out?.runId ?? latest?.runId ?? null,
  };

  function cellState(): CellState {
    if (out !== undefined) return 'ran';
    if (latest !== undefined && latest.state !== 'done' && latest.state !== 'open') return latest.state;
    if (isOverdue) return 'late';
    return isScheduled || attempts.length > 0 ? 'not due' : 'none';
  }
}

/** A duty in the grid's words. */
export function attemptState(state: Duty['state']): AttemptState {
  switch (state) {
    case 'due':
    case 'missed':
    case 'skipped':
      return 'open';
    case 'running':
    case 'done':
    case 'held':
    case 'failed':
      return state;
    default:
      return state satisfies never;
  }
}
