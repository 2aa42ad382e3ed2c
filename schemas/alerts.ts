/** The `alerts` of config.json: whom the service tells what a person has to know. The log is always told. */
import { z } from 'zod';

const secretElsewhere = (what: string) =>
  z
    .never({
      error:
        `a secret never stands in config.json: set ARBDATA_ALERT_<NAME>_${what}, or name a file of mode 0600 in ` +
        `ARBDATA_ALERT_<NAME>_${what}_FILE`,
    })
    .optional();

/** Also part of the names of environment variables: `duty-desk` → ARBDATA_ALERT_DUTY_DESK_PASSWORD. */
const channelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a channel name such as "duty-desk": a–z, 0–9 and hyphens');
const timeoutSeconds = z.int().min(1).max(300).default(20);
const mailAddress = z.email('must be a mail address');

const fileChannel = z.strictObject({
  kind: z.literal('file'),
  /** One JSON line per message is appended; from the folder of config.json. */
  path: z.string().min(1),
});

const webhookChannel = z.strictObject({
  kind: z.literal('webhook'),
  /** Absent: ARBDATA_ALERT_<NAME>_URL, for an address that holds a secret. */
  url: z
    .url({ protocol: /^https$/, error: 'must be an https:// address' })
    .refine(
      (text) => !/[@?#]/.test(text),
      'must have no user, password or query: an address that holds a secret goes into ARBDATA_ALERT_<NAME>_URL',
    )
    .optional(),
  /** What the server's certificate is checked against, PEM; absent: the authorities that Node.js knows. */
  caFile: z.string().min(1).optional(),
  token: secretElsewhere('TOKEN'),
  timeoutSeconds,
});

const smtpChannel = z.strictObject({
  kind: z.literal('smtp'),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  /** `starttls` and `tls` refuse a server that cannot; `none` is for a server of this very machine. */
  security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
  caFile: z.string().min(1).optional(),
  user: z.string().min(1).optional(),
  password: secretElsewhere('PASSWORD'),
  from: mailAddress,
  to: z.array(mailAddress).min(1).max(50),
  timeoutSeconds,
});

const alertChannel = z
  .discriminatedUnion('kind', [fileChannel, webhookChannel, smtpChannel])
  .refine((one) => one.kind !== 'smtp' || one.security !== 'none' || one.user === undefined, {
    path: ['security'],
    error: 'a password never goes over a line that is not encrypted: leave user out, or use starttls or tls',
  });
export type SmtpAlertConfig = z.infer<typeof smtpChannel>;

export const alertsConfig = z.strictObject({ channels: z.record(channelName, alertChannel).default({}) });
