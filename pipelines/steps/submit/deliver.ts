/**
 * Bring a package to a platform, whatever happens on the way: before anything is sent, and after every fault, the
 * platform is asked what it has.
 */
import type { RetryConfig } from '../../../schemas/channels.ts';
import type { Clock } from '../../runtime/clock.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { type Channel, ChannelError, conflict, type Parcel, type Standing } from './channels/channel.ts';

export interface DeliverOptions {
  readonly retry: RetryConfig;
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** The difference to what was there when it was last told; negative where a part had to begin again. */
  readonly advance: (bytes: number) => void;
  /** An attempt failed and another one follows. */
  readonly onFault: (fault: Fault) => Promise<void>;
  /** Wait, and show it. */
  readonly wait: (ms: number) => Promise<void>;
}

export interface Fault {
  /** From 1. */
  readonly attempt: number;
  readonly error: ChannelError;
  readonly waitMs: number;
}

/**
 * `delivered`: the platform has the package, whether or not it was sent just now. `failed`: it surely has nothing
 * under the package's name that is ours. `unknown`: it could not be asked since something was sent.
 */
export type Delivered =
  | { readonly state: 'delivered'; readonly attempts: number; readonly wasSent: boolean }
  | { readonly state: 'failed' | 'unknown'; readonly attempts: number; readonly error: unknown };

export async function deliver(channel: Channel, parcel: Parcel, options: DeliverOptions): Promise<Delivered> {
  const onProgress = differences(options.advance);
  const lastMs = lastMoment(options);
  // Whether nothing was sent since the platform last said that it has not got it.
  let isCertain = true;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const standing = await channel.ask(parcel);
      if (standing.state === 'arrived') {
        await channel.tidy?.();
        return { state: 'delivered', attempts: attempt - 1, wasSent: !isCertain };
      }
      isCertain = true;
      if (standing.state === 'different') throw conflict(parcel, standing.found);
      isCertain = false;
      await channel.send(parcel, onProgress);
      return { state: 'delivered', attempts: attempt, wasSent: true };
    } catch (error) {
      if (await waitForNext({ error, attempt, lastMs }, options)) continue;
      return settleFailed(channel, parcel, { attempts: attempt, error, isCertain });
    }
  }
}

/**
 * Ask the platform until it answers, as often and as long as a delivery would try.
 * @throws what the last attempt ended with
 */
export async function askPatiently(
  channel: Channel,
  parcel: Parcel,
  options: DeliverOptions,
): Promise<Standing> {
  const lastMs = lastMoment(options);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await channel.ask(parcel);
    } catch (error) {
      if (!(await waitForNext({ error, attempt, lastMs }, options))) throw error;
    }
  }
}

function lastMoment({ clock, retry }: DeliverOptions): number {
  return clock.now().getTime() + retry.totalMinutes * 60_000;
}

/** Wait for the next attempt; false where there is none: no use in it, too many, or too late. */
async function waitForNext(
  after: { readonly error: unknown; readonly attempt: number; readonly lastMs: number },
  options: DeliverOptions,
): Promise<boolean> {
  const { error, attempt, lastMs } = after;
  const { retry, clock, random } = options;
  if (!(error instanceof ChannelError) || error.failure !== 'retry' || attempt >= retry.attempts)
    return false;
  const waitMs = Math.max(drawWaitMs(attempt, retry, random), error.retryAfterMs ?? 0);
  if (clock.now().getTime() + waitMs > lastMs) return false;
  await options.onFault({ attempt, error, waitMs });
  await options.wait(waitMs);
  return true;
}

/** Full jitter: anything from nothing to a bound that doubles, so that many senders do not come back at once. */
function drawWaitMs(
  attempt: number,
  { baseSeconds, maxSeconds }: Pick<RetryConfig, 'baseSeconds' | 'maxSeconds'>,
  random: () => number,
): number {
  return Math.round(random() * Math.min(maxSeconds, baseSeconds * 2 ** (attempt - 1)) * 1000);
}

/** Nothing more is tried: ask once more, so that as little as possible stays unknown. */
async function settleFailed(
  channel: Channel,
  parcel: Parcel,
  end: { readonly attempts: number; readonly error: unknown; readonly isCertain: boolean },
): Promise<Delivered> {
  const { attempts, error, isCertain } = end;
  if (isCertain) return { state: 'failed', attempts, error };
  try {
    const standing = await channel.ask(parcel);
    return standing.state === 'arrived'
      ? { state: 'delivered', attempts, wasSent: true }
      : { state: 'failed', attempts, error };
  } catch {
    return { state: 'unknown', attempts, error };
  }
}

/** From how many bytes are there to how many more there are. */
function differences(advance: (bytes: number) => void): (receivedBytes: number) => void {
  let known = 0;
  return (receivedBytes) => {
    advance(receivedBytes - known);
    known = receivedBytes;
  };
}

/** An error as the ledger keeps it. */
export function errorDetail(error: unknown): { code: string; message: string } {
  return error instanceof ArbdataError
    ? { code: error.code, message: error.message }
    : { code: 'E_INTERNAL', message: 'a defect of the service' };
}
