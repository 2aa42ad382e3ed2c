/** What becomes of occurrences: which are done, and which are missed by the job's policy. Pure. */
import type { MissedPolicy } from '../../../schemas/schedules.ts';
import type { Occurrence } from './occurrences.ts';

/** What is looked at no later than so long after its time was not missed. */
const ON_TIME_MS = 90_000;

/** A duty that waits: a regular one that never began, or a rehearsal. */
export interface Waiting {
  readonly id: number;
  readonly kind: Occurrence['kind'];
  readonly atMs: number;
}

export interface Fate {
  readonly state: 'due' | 'missed';
  /** Why it is missed. */
  readonly reason: string | null;
}

export interface Fates {
  /** One for each occurrence, in their order. */
  readonly fresh: readonly Fate[];
  /** Waiting duties that are missed now. */
  readonly overtaken: readonly { readonly id: number; readonly reason: string }[];
}

export interface Look {
  readonly nowMs: number;
  /** The service has just started: what waits was planned by one that is gone, and the policy decides over it, too. */
  readonly atStart: boolean;
  readonly missed: MissedPolicy;
  /** How long before the regular run a rehearsal is. */
  readonly rehearsalAheadMs: number;
}

/**
 * Decide over the occurrences since the last look and over what waits.
 * @param fresh in the order of their times
 */
export function decideFates(fresh: readonly Occurrence[], waiting: readonly Waiting[], look: Look): Fates {
  const subjects = [
    ...fresh.map((one) => ({ ...one, id: undefined })),
    ...waiting.map((one) => ({ ...one, id: one.id as number | undefined })),
  ];
  const fateOf = (subject: (typeof subjects)[number]): Fate => {
    const rivals = subjects.filter(({ kind }) => kind === subject.kind);
    return subject.kind === 'rehearsal'
      ? rehearsalFate(subject, rivals, look)
      : regularFate({ ...subject, isWaiting: subject.id !== undefined }, rivals, look);
  };
  return {
    fresh: subjects.filter(({ id }) => id === undefined).map(fateOf),
    overtaken: subjects.flatMap((one) => {
      const { state, reason } = fateOf(one);
      return one.id === undefined || state === 'due' ? [] : [{ id: one.id, reason: reason ?? '' }];
    }),
  };
}

const DUE: Fate = { state: 'due', reason: null };
const missed = (reason: string): Fate => ({ state: 'missed', reason });

interface Timed {
  readonly atMs: number;
}

function regularFate(
  { atMs, isWaiting }: Timed & { readonly isWaiting: boolean },
  rivals: readonly Timed[],
  { missed: policy, nowMs, atStart }: Look,
): Fate {
  if (policy === 'all') return DUE;
  const isOvertaken = rivals.some((other) => other.atMs > atMs);
  if (isOvertaken) return missed('overtaken by a later one');
  // What waits in a service that runs was planned in time; it is only its turn that has not come.
  const isInTime = (isWaiting && !atStart) || nowMs - atMs <= ON_TIME_MS;
  return policy === 'last' || isInTime ? DUE : missed('its time passed while the service was not running');
}

/** A rehearsal is of use before the run itself, and only the latest one. */
function rehearsalFate({ atMs }: Timed, rivals: readonly Timed[], { nowMs, rehearsalAheadMs }: Look): Fate {
  if (rivals.some((other) => other.atMs > atMs)) return missed('overtaken by a later one');
  return atMs + rehearsalAheadMs > nowMs ? DUE : missed('the run itself is due');
}
