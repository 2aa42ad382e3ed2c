/** Send a batch to its platform: choose it, verify its bytes, settle what earlier deliveries left open, bring it there. */
import path from 'node:path';
import { findBatch, listBatches, platformProducts } from './batches.ts';
import { recover } from './recovery.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Delivery } from './runtime/ledger-submission.ts';
import { duration } from './runtime/progress.ts';
import { type RunContext, type RunEnd, withRun } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import { verifiedArtefact } from './steps/publish/folder.ts';
import type { Batch } from './steps/submit/batch.ts';
import { type Channel, conflict, type Parcel, type Standing } from './steps/submit/channels/channel.ts';
import { channelNames, openChannel } from './steps/submit/channels/open.ts';
import { askPatiently, type DeliverOptions, deliver, errorDetail } from './steps/submit/deliver.ts';

export interface SubmitRequest {
  /** Absent: the only batch that waits to be sent. */
  readonly batch?: string | undefined;
  /** Absent: the platform's own channel, else the default one of config.json. */
  readonly channel?: string | undefined;
}

/**
 * `sent`: it arrived just now. `arrived before`: an earlier attempt had brought it there, as the platform says.
 * `delivered before`, `answered before`: nothing was asked or sent.
 */
export type SubmitState = 'sent' | 'arrived before' | 'delivered before' | 'answered before';

export interface Submitted {
  readonly batch: string;
  readonly product: string;
  readonly state: SubmitState;
  /** Of the delivery that counts; null where the batch was answered without one. */
  readonly channel: string | null;
  readonly target: string | null;
  readonly package: Pick<Parcel, 'name' | 'sizeBytes' | 'sha256'>;
  readonly records: number;
  /** Attempts of this command. */
  readonly attempts: number;
  readonly runId: string | null;
}

/**
 * Deliver a batch. Delivered is not accepted: that is for receipts to say.
 * @throws ArbdataError E_NOT_FOUND, E_NOT_SUBMITTABLE, E_CONFIG, E_RUN_LOCKED, E_ARTEFACT_DAMAGED; E_CHANNEL,
 *   E_CHANNEL_ACCESS, E_CHANNEL_REFUSED where it did not arrive or nobody can say whether it did
 */
export async function submit(service: Service, request: SubmitRequest): Promise<Submitted> {
  await recover(service);
  const { name, product } = await chooseBatch(service, request.batch);
  const before = alreadyThere(await findBatch(service, platformProducts(service), name));
  if (before !== undefined) return before;
  const channelName = request.channel ?? channelOf(service, product);
  const spec = { pipeline: 'submit', parameters: { batch: name, channel: channelName } };
  const { submitted, runId } = await withRun(service, spec, async (run) => {
    // Again, now that no other process sends.
    const batch = await findBatch(run, platformProducts(run), name);
    const settledBefore = alreadyThere(batch);
    if (settledBefore !== undefined) return endOf(settledBefore);
    const channel = openChannel(contextOf(run), channelName, batch.product);
    const parcel = await run.step('verify package', () => parcelOf(batch));
    const found = await settleEarlier(run, batch, parcel);
    return endOf(found ?? (await send(run, { batch, channel, channelName, parcel })));
  });
  return { ...submitted, runId: submitted.runId ?? runId };
}

/** What was seen of a channel without sending anything. */
export interface ChannelCheck {
  readonly channel: string;
  readonly target: string;
  /** The batch that was asked for; null where only the connection was tried. */
  readonly batch: string | null;
  readonly standing: Standing;
}

/**
 * Connect as a delivery would and ask for a batch, or for one that cannot exist.
 * @throws ArbdataError as submit does
 */
export async function checkChannel(service: Service, request: SubmitRequest): Promise<ChannelCheck> {
  const batch =
    request.batch === undefined
      ? undefined
      : await findBatch(service, platformProducts(service), request.batch);
  const product = batch?.product ?? platformProducts(service)[0] ?? '';
  const name =
    request.channel ??
    (batch === undefined ? service.config.submission.channel : channelOf(service, product));
  const channel = openChannel(contextOf(service), name, product);
  const parcel = batch === undefined ? NOBODYS_PARCEL : await parcelOf(batch);
  const standing = await channel.ask(parcel);
  await channel.tryOut?.();
  return { channel: name, target: channel.target, batch: batch?.name ?? null, standing };
}

/** Names of the channels, and what is wrong with each as it is configured; nothing is connected. */
export function configuredChannels(
  service: Service,
): { name: string; target: string; problem?: ArbdataError }[] {
  return channelNames(service.config).map((name) => {
    try {
      return {
        name,
        target: openChannel(contextOf(service), name, platformProducts(service)[0] ?? '').target,
      };
    } catch (error) {
      if (error instanceof ArbdataError) return { name, target: '', problem: error };
      throw error;
    }
  });
}

const NOBODYS_PARCEL: Parcel = {
  batch: 'connection-check',
  name: 'connection-check.zip',
  file: '',
  sizeBytes: 1,
  sha256: '0'.repeat(64),
};

/** A platform's own channel goes before the common one: what is meant for one must not reach another. */
function channelOf({ config: { submission } }: Pick<Service, 'config'>, product: string): string {
  return submission.platforms[product]?.channel ?? submission.channel;
}

function contextOf({ home, config, clock }: Service) {
  return { home, config, clock, environment: process.env };
}

async function allBatches(service: Service): Promise<Batch[]> {
  const lists = await Promise.all(platformProducts(service).map((product) => listBatches(service, product)));
  return lists.flat();
}

/** The batch that was asked for, or the only one that waits to be sent. */
async function chooseBatch(service: Service, name: string | undefined): Promise<Batch> {
  if (name !== undefined) return findBatch(service, platformProducts(service), name);
  const waiting = (await allBatches(service)).filter(({ state }) =>
    ['built', 'sending', 'failed'].includes(state),
  );
  const [only, ...others] = waiting;
  if (only === undefined) {
    throw new ArbdataError('E_NOT_SUBMITTABLE', 'no batch waits to be sent', {
      advice: 'Build one with `arbdata run national-platform`, or see `arbdata submissions`.',
    });
  }
  if (others.length === 0) return only;
  throw new ArbdataError(
    'E_USAGE',
    `${waiting.length} batches wait to be sent: ${waiting.map((one) => `${one.name} (${one.state})`).join(', ')}`,
    { advice: 'Name one with --batch.' },
  );
}

/** What there is to say of a batch that must not be sent again; undefined where it may be. */
function alreadyThere(batch: Batch): Submitted | undefined {
  const delivered = batch.deliveries.find(({ state }) => state === 'delivered');
  if (delivered !== undefined) {
    return {
      ...factsOf(batch),
      state: 'delivered before',
      channel: delivered.channel,
      runId: delivered.runId,
    };
  }
  if (batch.accepted + batch.rejected > 0) return { ...factsOf(batch), state: 'answered before' };
  if (batch.loss === undefined) return undefined;
  throw new ArbdataError(
    'E_NOT_SUBMITTABLE',
    `batch ${batch.name} was declared lost by ${batch.loss.actor} at ${batch.loss.declaredAt.slice(0, 19)}`,
    { advice: 'Its records go out again with the next batch: `arbdata run national-platform`.' },
  );
}

function factsOf(batch: Batch): Omit<Submitted, 'state'> {
  const { path: name, sizeBytes, sha256 } = packageOf(batch);
  const nowhere = { channel: null, target: null, attempts: 0, runId: null };
  const { records } = batch.manifest.counts;
  return {
    batch: batch.name,
    product: batch.product,
    package: { name, sizeBytes, sha256 },
    records,
    ...nowhere,
  };
}

function packageOf(batch: Batch) {
  const [entry, ...others] = batch.folder.files.filter(({ kind }) => kind === 'package');
  if (entry !== undefined && others.length === 0) return entry;
  throw new ArbdataError('E_ARTEFACT_DAMAGED', `${batch.dir} does not hold exactly one package`, {
    advice: 'Restore the published folder from a backup; never mend it by hand.',
    where: { file: batch.dir },
  });
}

/** The package, its bytes compared with the hash that was recorded when it was built. */
async function parcelOf(batch: Batch): Promise<Parcel> {
  const { path: name, sizeBytes, sha256 } = packageOf(batch);
  const file = await verifiedArtefact(batch.dir, batch.folder, (entry) => entry.path === name);
  return { batch: batch.name, name: path.posix.basename(name), file, sizeBytes, sha256 };
}

/**
 * A delivery whose process died, or whose end nobody saw, may have arrived: its own channel is asked, whichever one
 * is wanted now. Returns what is to be said where it had arrived.
 */
async function settleEarlier(run: RunContext, batch: Batch, parcel: Parcel): Promise<Submitted | undefined> {
  for (const delivery of batch.deliveries.filter(({ state }) => state === 'sending' || state === 'unknown')) {
    const channel = formerChannel(run, batch, delivery);
    const standing = await run.step('ask for earlier deliveries', () =>
      askAfter(run, { channel, parcel, delivery }),
    );
    if (standing.state === 'arrived') {
      await channel.tidy?.();
      await run.ledger.endDelivery({ id: delivery.id, state: 'delivered' });
      const { target } = channel;
      return { ...factsOf(batch), state: 'arrived before', channel: delivery.channel, target };
    }
    const error =
      standing.state === 'different'
        ? conflict(parcel, standing.found)
        : { code: 'E_CHANNEL', message: 'the process ended before the package had arrived' };
    await run.ledger.endDelivery({
      id: delivery.id,
      state: 'failed',
      error: error instanceof ArbdataError ? errorDetail(error) : error,
    });
    if (error instanceof ArbdataError) throw error;
  }
  return undefined;
}

function formerChannel(run: RunContext, batch: Batch, { channel }: Delivery): Channel {
  if (channelNames(run.config).includes(channel)) return openChannel(contextOf(run), channel, batch.product);
  throw new ArbdataError(
    'E_NOT_SUBMITTABLE',
    `batch ${batch.name} may have arrived over the channel ${channel}, which is no longer configured`,
    {
      advice: `Enter the channel in config.json again, so that it can be asked; or \`arbdata submissions lost ${batch.name} --reason …\`.`,
    },
  );
}

async function askAfter(
  run: RunContext,
  of: { readonly channel: Channel; readonly parcel: Parcel; readonly delivery: Delivery },
): Promise<Standing> {
  const { channel, parcel, delivery } = of;
  try {
    return await askPatiently(
      channel,
      parcel,
      deliverOptions(run, { id: delivery.id, advance: () => undefined }),
    );
  } catch (error) {
    await run.ledger.endDelivery({ id: delivery.id, state: 'unknown', error: errorDetail(error) });
    throw error;
  }
}

interface Sending {
  readonly batch: Batch;
  readonly channel: Channel;
  readonly channelName: string;
  readonly parcel: Parcel;
}

/** Deliver, and enter how it ended. */
async function send(run: RunContext, { batch, channel, channelName, parcel }: Sending): Promise<Submitted> {
  const id = await run.ledger.beginDelivery({
    batch: batch.name,
    channel: channelName,
    runId: run.run.id,
    packageSha256: parcel.sha256,
    actor: run.actor,
  });
  const { sizeBytes } = parcel;
  const { attempts, wasSent } = await run.step(
    'send',
    async (advance) => {
      const end = await deliver(channel, parcel, deliverOptions(run, { id, advance }));
      const { state, attempts } = end;
      if (end.state === 'delivered') {
        await run.ledger.endDelivery({ id, state, attempts });
        return end;
      }
      await run.ledger.endDelivery({ id, state, attempts, error: errorDetail(end.error) });
      throw end.error;
    },
    { unit: 'bytes', total: sizeBytes, count: (end) => (end.wasSent ? sizeBytes : 0) },
  );
  const state = wasSent ? 'sent' : 'arrived before';
  return { ...factsOf(batch), state, channel: channelName, target: channel.target, attempts };
}

function deliverOptions(
  run: RunContext,
  { id, advance }: { readonly id: number; readonly advance: (bytes: number) => void },
): DeliverOptions {
  const { retry } = run.config.submission;
  return {
    retry,
    clock: run.clock,
    random: Math.random,
    advance,
    onFault: async ({ attempt, error, waitMs }) => {
      run.log.warn(`attempt ${attempt} of ${retry.attempts}: ${error.message}`, {
        code: error.code,
        next: `in ${duration(waitMs)}`,
      });
      await run.ledger.noteDeliveryFault({ id, attempt, error: errorDetail(error) });
    },
    wait: (ms) => waitShown(run, ms),
  };
}

/** A wait is progress, too: whoever looks sees why nothing moves. */
async function waitShown({ clock, progress }: RunContext, ms: number): Promise<void> {
  const until = clock.now().getTime() + ms;
  const shown = progress.step(`wait ${duration(ms)}`, {
    poll: () => (ms === 0 ? 1 : 1 - (until - clock.now().getTime()) / ms),
  });
  try {
    await clock.sleep(ms);
  } finally {
    shown.done();
  }
}

/** How a run of `submit` ends: always done, for a fault is thrown. */
function endOf(submitted: Submitted): RunEnd & { readonly submitted: Submitted } {
  const { runId: _runId, ...summary } = submitted;
  return { state: 'done', summary, submitted };
}
