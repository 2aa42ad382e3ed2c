/** Tell what is to be told: each message once to each channel; what cannot be told is tried again for days. */
import os from 'node:os';
import { shanghaiStampMs, stampOf } from './runtime/clock.ts';
import type { DueDelivery } from './runtime/ledger-alerts.ts';
import type { Service } from './runtime/service.ts';
import type { AlertChannel, AlertMessage } from './steps/alert/channel.ts';
import { openAlertChannels } from './steps/alert/open.ts';

/** Waits between attempts, in minutes; the last one stands for all that follow. */
const BACKOFF_MINUTES = [1, 2, 5, 15, 30, 60];
/** Three days and more: who was away on a long weekend still hears of it. */
const MOST_ATTEMPTS = 80;

/** The channels that config.json names. @throws {ArbdataError} E_CONFIG */
export function alertChannels({ config, home }: Pick<Service, 'config' | 'home'>): AlertChannel[] {
  return openAlertChannels(config, home.config, process.env);
}

/**
 * Send every message that is due; channels side by side, the messages of one in their order. A kill between the sending
 * and its entry sends a message again, with the same identity.
 */
export async function deliverAlerts(
  service: Pick<Service, 'ledger' | 'clock' | 'log'>,
  channels: readonly AlertChannel[],
): Promise<void> {
  const due = await service.ledger.alerts.dueDeliveries();
  const byChannel = Map.groupBy(due, ({ channel }) => channel);
  await Promise.all(
    [...byChannel].map(async ([name, deliveries]) => {
      const channel = channels.find((one) => one.name === name);
      for (const delivery of deliveries) {
        const isTold = await deliver(service, channel, delivery);
        // What follows would meet the same, and must not overtake.
        if (!isTold && channel !== undefined) return;
      }
    }),
  );
}

async function deliver(
  { ledger, clock, log }: Pick<Service, 'ledger' | 'clock' | 'log'>,
  channel: AlertChannel | undefined,
  { alert, event, channel: name, attempts }: DueDelivery,
): Promise<boolean> {
  const which = { alertId: alert.id, event, channel: name };
  const end = { attempts: attempts + 1, notBefore: shanghaiStampMs(clock), sentAt: null, error: null };
  if (channel === undefined) {
    const error = 'the channel is no longer configured';
    await ledger.alerts.settleDelivery(which, { ...end, attempts, state: 'given up', error });
    return false;
  }
  try {
    await channel.send(messageOf(alert, event));
    await ledger.alerts.settleDelivery(which, { ...end, state: 'sent', sentAt: shanghaiStampMs(clock) });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    const minutes = BACKOFF_MINUTES[Math.min(attempts, BACKOFF_MINUTES.length - 1)] ?? 0;
    const isLast = attempts + 1 >= MOST_ATTEMPTS;
    const notBefore = `${stampOf(new Date(clock.now().getTime() + minutes * 60_000))}.000`;
    log.warn('an alert could not be told', {
      channel: name,
      subject: alert.subject,
      reason,
      attempt: attempts + 1,
    });
    await ledger.alerts.settleDelivery(which, {
      ...end,
      state: isLast ? 'given up' : 'due',
      notBefore,
      error: reason,
    });
    return false;
  }
}

function messageOf(alert: DueDelivery['alert'], event: DueDelivery['event']): AlertMessage {
  const { id, kind, subject, message, raisedAt, resolvedAt } = alert;
  return {
    // With its time, so that a ledger that was begun anew does not repeat identities.
    id: `${id}-${raisedAt.replaceAll(/\D/g, '')}`,
    event,
    kind,
    subject,
    message,
    raisedAt: isoStamp(raisedAt),
    resolvedAt: resolvedAt === null ? null : isoStamp(resolvedAt),
    host: os.hostname(),
  };
}

const isoStamp = (stamp: string): string => `${stamp.slice(0, 19).replace(' ', 'T')}+08:00`;
