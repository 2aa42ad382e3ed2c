/** The command that carries a duty out. */
import { parsePeriod, periodRange } from '../schemas/period.ts';
import { jobCommand, type Schedule } from '../schemas/schedules.ts';
import { type Clock, shanghaiDate } from './runtime/clock.ts';
import type { Duty } from './runtime/ledger-duties.ts';

/**
 * The words after `arbdata`. A rehearsal takes the state of a day of the period itself: what is provisional is a draft
 * and can never be published.
 */
export function dutyWords(
  { pipeline, period: rule, arguments: more }: Pick<Schedule, 'pipeline' | 'period' | 'arguments'>,
  { kind, period }: Pick<Duty, 'kind' | 'period'>,
  { clock, cutoffDay }: { readonly clock: Pick<Clock, 'now'>; readonly cutoffDay: number },
): string[] {
  const { words } = jobCommand(pipeline);
  if (period === null || rule === 'none') return [...words, ...more];
  if (rule === 'previous-day') return [...words, '--from', period, '--to', period, ...more];
  if (kind === 'regular') return [...words, '--period', period, ...more];
  const today = shanghaiDate(clock);
  const { end } = periodRange(parsePeriod(period), cutoffDay);
  const [asOf = today] = [today, end].toSorted();
  return [...words, '--period', period, '--as-of', asOf, ...more];
}
