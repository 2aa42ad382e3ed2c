/** The time is an effect: it is passed in, and people read it as Asia/Shanghai wall-clock time. */

export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still until it is moved, for tests and replays. */
export interface FixedClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands at an instant such as `2026-11-23T09:15:00+08:00`. */
export function fixedClock(instant: string): FixedClock {
  let nowMs = Date.parse(instant);
  if (Number.isNaN(nowMs)) throw new Error(`${JSON.stringify(instant)} is not an instant`);
  return {
    now: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

const SHANGHAI = new Intl.DateTimeFormat('en-US', {
  timeZone: 'Asia/Shanghai',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** The date in Asia/Shanghai, `YYYY-MM-DD`. */
export function shanghaiDate(clock: Clock): string {
  return shanghaiStamp(clock).slice(0, 10);
}

/** The wall-clock time in Asia/Shanghai, `YYYY-MM-DD HH:MM:SS`. */
export function shanghaiStamp(clock: Clock): string {
  return stampOf(clock.now());
}

/** The same with milliseconds, `YYYY-MM-DD HH:MM:SS.mmm`: what the ledger stores. */
export function shanghaiStampMs(clock: Clock): string {
  const now = clock.now();
  return `${stampOf(now)}.${String(now.getUTCMilliseconds()).padStart(3, '0')}`;
}

/** Milliseconds since the epoch of a stamp of this file; Asia/Shanghai has been UTC+8 since 1992. */
export function stampToMs(stamp: string): number {
  return Date.parse(`${stamp.replace(' ', 'T')}+08:00`);
}

function stampOf(instant: Date): string {
  const parts = Object.fromEntries(SHANGHAI.formatToParts(instant).map(({ type, value }) => [type, value]));
  return (
    `${String(parts.year).padStart(4, '0')}-${parts.month}-${parts.day} ` +
    `${parts.hour}:${parts.minute}:${parts.second}`
  );
}
