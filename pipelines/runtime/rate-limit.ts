/** How often something may happen: a bucket per key that fills again with time, in memory. */
import type { Clock } from './clock.ts';

export interface Rate {
  /** So many at once. */
  readonly burst: number;
  /** So many a minute in the long run. */
  readonly perMinute: number;
}

interface Bucket {
  left: number;
  atMs: number;
}

const MINUTE_MS = 60_000;
/** Who asks from ever other addresses must not fill the memory. */
const MOST_KEYS = 20_000;

export class RateLimit {
  readonly #rate: Rate;
  readonly #clock: Pick<Clock, 'now'>;
  /** The least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Pick<Clock, 'now'>) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Take one; 0 where there was one to take, else the seconds until there is. */
  take(key: string): number {
    const bucket = this.#bucket(key);
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - bucket.left) * 60) / this.#rate.perMinute));
  }

  /** Give one back: it did not count. */
  giveBack(key: string): void {
    const bucket = this.#bucket(key);
    bucket.left = Math.min(this.#rate.burst, bucket.left + 1);
  }

  #bucket(key: string): Bucket {
    const { burst, perMinute } = this.#rate;
    const nowMs = this.#clock.now().getTime();
    const bucket = this.#buckets.get(key) ?? { left: burst, atMs: nowMs };
    bucket.left = Math.min(burst, bucket.left + (Math.max(0, nowMs - bucket.atMs) * perMinute) / MINUTE_MS);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}

/** An address as the limit counts it: of IPv6 the /64, which one customer has whole. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? '').split(':')]
    .slice(0, 4)
    .join(':');
}
