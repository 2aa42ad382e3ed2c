/** The channel `smtp`: a plain-text mail. */
import type { SmtpAlertConfig } from '../../../schemas/alerts.ts';
import type { Secret } from '../../runtime/secrets.ts';
import { type AlertChannel, type AlertMessage, headline } from './channel.ts';

export interface SmtpSettings
  extends Pick<SmtpAlertConfig, 'host' | 'port' | 'security' | 'user' | 'from' | 'to'> {
  readonly ca: string | undefined;
  readonly password: Secret | undefined;
  readonly timeoutMs: number;
}

export function smtpChannel(name: string, settings: SmtpSettings): AlertChannel {
  return { name, send: (message) => mail(settings, message) };
}

async function mail(settings: SmtpSettings, message: AlertMessage): Promise<void> {
  const { host, port, security, user, password, ca, from, to, timeoutMs } = settings;
  // Loaded when it is needed: most commands never send a mail.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A message holds text of our own alone: no file, no address may be fetched for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: headline(message),
      text: body(message),
      // Who receives it twice after a kill sees that it is one.
      messageId: `<arbdata-${message.id}-${message.event}@${domainOf(from)}>`,
    });
  } catch (error) {
    throw new Error(`${host}:${port}: ${reasonOf(error)}`);
  } finally {
    transport.close();
  }
}

/** Server answers may quote addresses or more: the code and the number of the answer say enough. */
function reasonOf(error: unknown): string {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  return [code ?? 'failed', ...(responseCode === undefined ? [] : [`answer ${responseCode}`])].join(', ');
}

function body({ message, raisedAt, resolvedAt, host }: AlertMessage): string {
  const lines = [message, '', `since ${raisedAt}`];
  if (resolvedAt !== null) lines.push(`over since ${resolvedAt}`);
  return [...lines, `machine ${host}`, ''].join('\n');
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);
