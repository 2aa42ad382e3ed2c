/** What every way to tell an alert has in common. */
import type { AlertEvent } from '../../runtime/ledger-alerts.ts';

/** What is told; no personal data, no secret. The identity stays the same when a message is sent again. */
export interface AlertMessage {
  readonly id: string;
  readonly event: AlertEvent;
  readonly kind: string;
  readonly subject: string;
  readonly message: string;
  /** Asia/Shanghai with its offset. */
  readonly raisedAt: string;
  readonly resolvedAt: string | null;
  readonly host: string;
}

export interface AlertChannel {
  readonly name: string;
  /** @throws {Error} with a sentence that names no secret */
  send(message: AlertMessage): Promise<void>;
}

/** One line for people. */
export function headline({ event, kind, subject }: AlertMessage): string {
  return event === 'raised' ? `[arbdata] ${kind}: ${subject}` : `[arbdata] over: ${kind}: ${subject}`;
}
