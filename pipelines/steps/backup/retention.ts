/** Which backups stay: pure arithmetic on days, weeks, months and years, and on what must never go. */
import type { BackupConfig } from '../../../schemas/config.ts';

export type RetentionPolicy = BackupConfig['retention'];

/** What the plan needs to know of a backup. */
export interface Retained {
  readonly id: string;
  /** Backups of one group take each other's place: a kind, for dumps also a schema. */
  readonly group: string;
  /** `YYYY-MM-DD HH:MM:SS.mmm`. */
  readonly createdAt: string;
  /** Present somewhere, and the last look at it found nothing. */
  readonly isGood: boolean;
  /** Why it must stay whatever its age; English. */
  readonly pinned: readonly string[];
}

export interface RetentionPlan {
  readonly keep: readonly { readonly id: string; readonly because: readonly string[] }[];
  /** The oldest first. */
  readonly remove: readonly string[];
}

/**
 * Plan what to remove. Of each group the last good backup of the latest n days, ISO weeks, months and years stays; the
 * last good one of all, a damaged one (someone has to look at it first) and a pinned one always do.
 */
export function planRetention(backups: readonly Retained[], policy: RetentionPolicy): RetentionPlan {
  const because = new Map<string, string[]>(
    backups.map(({ id, pinned, isGood }) => [
      id,
      [...pinned, ...(isGood ? [] : ['damaged or not there: look at it first'])],
    ]),
  );
  for (const group of Map.groupBy(backups, (one) => one.group).values()) {
    const good = group.filter(({ isGood }) => isGood).toSorted(latestFirst);
    if (good[0] !== undefined) because.get(good[0].id)?.push('last good one');
    for (const [name, count] of Object.entries(policy) as [keyof RetentionPolicy, number][]) {
      const spans = Map.groupBy(good, ({ createdAt }) => SPAN[name](createdAt.slice(0, 10)));
      for (const [span, [last]] of [...spans].slice(0, count)) {
        if (last !== undefined) because.get(last.id)?.push(`${name} ${span}`);
      }
    }
  }
  const oldestFirst = backups.toSorted(latestFirst).toReversed();
  return {
    keep: oldestFirst
      .map(({ id }) => ({ id, because: because.get(id) ?? [] }))
      .filter((one) => one.because.length > 0),
    remove: oldestFirst.filter(({ id }) => (because.get(id) ?? []).length === 0).map(({ id }) => id),
  };
}

const latestFirst = (a: Retained, b: Retained): number =>
  a.createdAt === b.createdAt ? (a.id < b.id ? 1 : -1) : a.createdAt < b.createdAt ? 1 : -1;

/** From a day `YYYY-MM-DD` to the span that it lies in. */
const SPAN = {
  daily: (day: string) => day,
  weekly: isoWeek,
  monthly: (day: string) => day.slice(0, 7),
  yearly: (day: string) => day.slice(0, 4),
} as const satisfies Record<keyof RetentionPolicy, (day: string) => string>;

const DAY_MS = 86_400_000;

/** The ISO week of a day, `2026-W45`: it belongs to the year of its Thursday. */
function isoWeek(day: string): string {
  const date = Date.parse(`${day}T00:00:00Z`);
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = new Date(date + (3 - weekday) * DAY_MS);
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = 1 + Math.floor((thursday.getTime() - yearStart) / (7 * DAY_MS));
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
