/** The channel `webhook`: a POST of one JSON document over HTTPS. */
import https from 'node:https';
import type { Secret } from '../../runtime/secrets.ts';
import type { AlertChannel, AlertMessage } from './channel.ts';

export interface WebhookSettings {
  readonly url: Secret;
  /** PEM; undefined: the authorities that Node.js knows. */
  readonly ca: string | undefined;
  /** Sent as `Authorization: Bearer`. */
  readonly token: Secret | undefined;
  /** For the message as a whole. */
  readonly timeoutMs: number;
}

export function webhookChannel(name: string, settings: WebhookSettings): AlertChannel {
  return { name, send: (message) => post(settings, message) };
}

function post({ url, ca, token, timeoutMs }: WebhookSettings, message: AlertMessage): Promise<void> {
  const body = Buffer.from(JSON.stringify(message));
  const target = new URL(url.reveal());
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`${target.host}: ${what}`));
    const request = https.request(target, {
      method: 'POST',
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': body.length,
        'idempotency-key': `${message.id}-${message.event}`,
        ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
      },
    });
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      // What the answer says is not needed, and it may be without an end.
      response.destroy();
      if (statusCode >= 200 && statusCode < 300) resolve();
      else fail(`answered ${statusCode}`);
    });
    // The text of an error could quote the address; its code cannot.
    request.on('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.name === 'TimeoutError' || error.name === 'AbortError'
          ? 'no answer in time'
          : (error.code ?? error.name),
      ),
    );
    request.end(body);
  });
}
