/** Alerts: each cause is raised once while it stands and told once to each channel; that it is over is told, too. */
import { shanghaiStampMs } from './clock.ts';
import type { LedgerAccess } from './ledger-backups.ts';
import type { AlertDeliveryTable, AlertTable, LedgerDb } from './ledger-tables.ts';

export type Alert = Readonly<Omit<AlertTable, 'id'>> & { readonly id: number };
export type AlertEvent = AlertDeliveryTable['event'];

/** Something that a person has to know, for as long as it stands; no personal data and no secret in it. */
export interface Cause {
  /** Names the cause: what has the same one is the same alert. */
  readonly cause: string;
  readonly kind: string;
  readonly subject: string;
  readonly message: string;
}

/** A message that is to go out now. */
export interface DueDelivery {
  readonly alert: Alert;
  readonly event: AlertEvent;
  readonly channel: string;
  readonly attempts: number;
}

/**
 * Raise the causes that are new and resolve those that stand no more; each is entered for every channel.
 * Inside a transaction.
 * @returns what is new, for the log
 */
async function update(
  db: LedgerDb,
  at: string,
  causes: readonly Cause[],
  channels: readonly string[],
): Promise<{ readonly raised: readonly Alert[]; readonly resolved: readonly Alert[] }> {
  const standing = await standingAlerts(db);
  const gone = standing.filter((one) => !causes.some(({ cause }) => cause === one.cause));
  const news = causes.filter(({ cause }) => !standing.some((one) => one.cause === cause));
  for (const { id } of gone) {
    await db.updateTable('alert').set({ resolvedAt: at }).where('id', '=', id).execute();
    await address(db, at, id, 'resolved', channels);
  }
  const raised: Alert[] = [];
  for (const { cause, kind, subject, message } of news) {
    const row = { cause, kind, subject, message, raisedAt: at, resolvedAt: null };
    const { id } = await db.insertInto('alert').values(row).returning('id').executeTakeFirstOrThrow();
    await address(db, at, id, 'raised', channels);
    raised.push({ id, ...row });
  }
  return { raised, resolved: gone.map((one) => ({ ...one, resolvedAt: at })) };
}

async function address(
  db: LedgerDb,
  at: string,
  alertId: number,
  event: AlertEvent,
  channels: readonly string[],
): Promise<void> {
  for (const channel of channels) {
    await db
      .insertInto('alertDelivery')
      .values({ alertId, event, channel, state: 'due', attempts: 0, notBefore: at })
      .execute();
  }
}

async function standingAlerts(db: LedgerDb): Promise<Alert[]> {
  return db.selectFrom('alert').selectAll().where('resolvedAt', 'is', null).orderBy('id').execute();
}

/** Messages that are to go out by now, in the order of what happened. */
async function dueDeliveries(db: LedgerDb, at: string): Promise<DueDelivery[]> {
  return (await openDeliveries(db)).filter(({ notBefore }) => notBefore <= at);
}

/** When the next message is to go out; undefined where none waits. */
async function nextDeliveryAt(db: LedgerDb): Promise<string | undefined> {
  return (await openDeliveries(db)).map(({ notBefore }) => notBefore).toSorted()[0];
}

/** Messages that wait; that something is over waits until a channel was told that it began. */
async function openDeliveries(db: LedgerDb): Promise<(DueDelivery & { readonly notBefore: string })[]> {
  const rows = await db
    .selectFrom('alertDelivery')
    .innerJoin('alert', 'alert.id', 'alertDelivery.alertId')
    .selectAll('alert')
    .select([
      'alertDelivery.event',
      'alertDelivery.channel',
      'alertDelivery.attempts',
      'alertDelivery.notBefore',
    ])
    .where('alertDelivery.state', '=', 'due')
    .orderBy('alert.id')
    .orderBy('alertDelivery.event')
    .execute();
  const isBlocked = (one: (typeof rows)[number]) =>
    one.event === 'resolved' &&
    rows.some(({ id, event, channel }) => id === one.id && event === 'raised' && channel === one.channel);
  return rows
    .filter((one) => !isBlocked(one))
    .map(({ event, channel, attempts, notBefore, ...alert }) => ({
      alert,
      event,
      channel,
      attempts,
      notBefore,
    }));
}

/** Enter how an attempt to tell ended. Inside a transaction. */
async function settleDelivery(
  db: LedgerDb,
  which: Pick<DueDelivery, 'event' | 'channel'> & { readonly alertId: number },
  end: Pick<AlertDeliveryTable, 'state' | 'attempts' | 'notBefore' | 'sentAt' | 'error'>,
): Promise<void> {
  await db
    .updateTable('alertDelivery')
    .set(end)
    .where('alertId', '=', which.alertId)
    .where('event', '=', which.event)
    .where('channel', '=', which.channel)
    .execute();
}

/** The alerts of a ledger; each method that writes is one transaction. Use `Ledger.alerts`. */
export class AlertBook {
  readonly #ledger: LedgerAccess;

  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  /** Raise the causes that are new, resolve those that stand no more. */
  async update(causes: readonly Cause[], channels: readonly string[]): ReturnType<typeof update> {
    // Most looks find what the last one found: the write lock is for news alone.
    const known = await this.standing();
    const isKnown = ({ cause }: Cause) => known.some((one) => one.cause === cause);
    if (known.length === causes.length && causes.every(isKnown)) return { raised: [], resolved: [] };
    return this.#ledger.write(({ db, at }) => update(db, at, causes, channels));
  }

  async standing(): Promise<Alert[]> {
    return standingAlerts(this.#ledger.db);
  }

  /** Messages that are to go out by now. */
  async dueDeliveries(): Promise<DueDelivery[]> {
    return dueDeliveries(this.#ledger.db, shanghaiStampMs(this.#ledger.clock));
  }

  async nextDeliveryAt(): Promise<string | undefined> {
    return nextDeliveryAt(this.#ledger.db);
  }

  async settleDelivery(
    which: Parameters<typeof settleDelivery>[1],
    end: Parameters<typeof settleDelivery>[2],
  ): Promise<void> {
    await this.#ledger.write(({ db }) => settleDelivery(db, which, end));
  }
}
