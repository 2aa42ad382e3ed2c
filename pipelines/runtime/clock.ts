/** The time is an effect: it is passed in, and people read it as Asia/Shanghai wall-clock time. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  now(): Date;
  /** Wait so long by this clock. */
  sleep(ms: number): Promise<void>;
}

export const systemClock: Clock = { now: () => new Date(), sleep: (ms) => delay(ms) };

/** A clock that stands still until it is moved, for tests and replays; who sleeps by it moves it. */
export interface FixedClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands at an instant such as `2026-11-23T09:15:00+08:00`. */
export function fixedClock(instant: string): FixedClock {
  let nowMs = Date.parse(instant);
  if (Number.isNaN(nowMs)) throw new Error(`${JSON.stringify(instant)} is not an instant`);
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  return { now: () => new Date(nowMs), advance, sleep: async (ms) => advance(ms) };
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
export function shanghaiDate(clock: Pick<Clock, 'now'>): string {
  return shanghaiStamp(clock).slice(0, 10);
}

/** The wall-clock time in Asia/Shanghai, `YYYY-MM-DD HH:MM:SS`. */
export function shanghaiStamp(clock: Pick<Clock, 'now'>): string {
  return stampOf(clock.now());
}

/** The same with milliseconds, `YYYY-MM-DD HH:MM:SS.mmm`: what the ledger stores. */
export function shanghaiStampMs(clock: Pick<Clock, 'now'>): string {
  const now = clock.now();
  return `${stampOf(now)}.${String(now.getUTCMilliseconds()).padStart(3, '0')}`;
}

/** Milliseconds since the epoch of a stamp of this file; Asia/Shanghai has been UTC+8 since 1992. */
export function stampToMs(stamp: string): number {
  return Date.parse(`${stamp.replace(' ', 'T')}+08:00`);
}

/** An instant as the wall-clock time in Asia/Shanghai, `YYYY-MM-DD HH:MM:SS`. */
export function stampOf(instant: Date): string {
  const parts = Object.fromEntries(SHANGHAI.formatToParts(instant).map(({ type, value }) => [type, value]));
  return (
    `${String(parts.year).padStart(4, '0')}-${parts.month}-${parts.day} ` +
    `${parts.hour}:${parts.minute}:${parts.second}`
  );
}
