/** Until when the cockpit's data are fresh: as long as the job that refreshes it, or else the configuration, allows. */
import { stampOf, stampToMs } from './runtime/clock.ts';
import { loadSchedules } from './runtime/definitions.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Service } from './runtime/service.ts';
import { hoursLater } from './steps/cockpit/freshness.ts';
import { nextOccurrences } from './steps/schedule/occurrences.ts';

/** From when a refresh falls due until it is missed: time for its retries and for the work. */
const GRACE_MS = 2 * 3_600_000;

/**
 * The moment after which data of a moment are late: some time after the next refresh falls due, where a job refreshes the
 * cockpit and a service has it in force; else `cockpit.maxAgeHours` after the data.
 * @param dataTime a stamp, and so is the answer
 */
export async function cockpitLateAfter(
  service: Pick<Service, 'home' | 'ledger' | 'config'>,
  dataTime: string,
): Promise<string> {
  const dueMs = await nextRefreshMs(service, stampToMs(dataTime));
  if (dueMs === undefined) return hoursLater(dataTime, service.config.cockpit.maxAgeHours);
  return stampOf(new Date(dueMs + GRACE_MS));
}

/** When the next refresh after an instant falls due; undefined where no schedule says so. */
async function nextRefreshMs(
  { home, ledger, config: { cutoffDay } }: Pick<Service, 'home' | 'ledger' | 'config'>,
  afterMs: number,
): Promise<number | undefined> {
  const definitions = readSchedules(home.definitions);
  if (definitions === undefined) return undefined;
  const { schedules, workingDays } = definitions;
  const states = await ledger.duties.schedules();
  const isInForce = (id: string): boolean =>
    states.some(({ job, state }) => job === id && state === 'in force');
  const times = schedules
    .filter(({ id, enabled, pipeline }) => enabled && pipeline === 'cockpit-refresh' && isInForce(id))
    .flatMap((job) => nextOccurrences(job, { workingDays, cutoffDay }, afterMs, 1))
    .map(({ atMs }) => atMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A mistake in schedules.json keeps no refresh from its work; an alert of the service tells of it. */
function readSchedules(definitions: string): ReturnType<typeof loadSchedules> | undefined {
  try {
    return loadSchedules(definitions);
  } catch (error) {
    if (error instanceof ArbdataError) return undefined;
    throw error;
  }
}
