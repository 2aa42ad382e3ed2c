/** The `channels`, `channel` and `retry` of config.json's `submission`: how packages reach a platform. */
import { z } from 'zod';

/** Used where config.json names no channel: packages are put into the home's own outbox. */
export const DEFAULT_CHANNEL = 'outbox';

const secretElsewhere = (what: string) =>
  z
    .never({
      error:
        `a secret never stands in config.json: set ARBDATA_CHANNEL_<NAME>_${what}, or name a file of mode 0600 in ` +
        `ARBDATA_CHANNEL_<NAME>_${what}_FILE`,
    })
    .optional();

/** Also part of the names of environment variables: `head-office` → ARBDATA_CHANNEL_HEAD_OFFICE_PASSWORD. */
export const channelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a channel name such as "head-office": a–z, 0–9 and hyphens');

const limits = {
  connectTimeoutSeconds: z.int().min(1).max(600).default(20),
  /** Without a byte in either direction, or without an answer. */
  idleTimeoutSeconds: z.int().min(1).max(3600).default(60),
};

const directoryChannel = z.strictObject({
  kind: z.literal('directory'),
  /** An existing folder, from the folder of config.json; absent: `outbox/<product>` of the home, made at first use. */
  path: z.string().min(1).optional(),
});

const fingerprint = z
  .string()
  .regex(
    /^SHA256:[A-Za-z0-9+/]{43}$/,
    'must be a fingerprint as `ssh-keygen -l` prints it: SHA256: and 43 characters',
  );

const sftpChannel = z.strictObject({
  kind: z.literal('sftp'),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(22),
  user: z.string().min(1),
  /** Folder on the server; it must exist. */
  directory: z.string().min(1),
  /** The server's keys; more than one while a key is being replaced, or where it has several kinds. */
  hostKeys: z.array(fingerprint).min(1).max(8),
  /** Private key, a file of mode 0600, from the folder of config.json. */
  keyFile: z.string().min(1).optional(),
  password: secretElsewhere('PASSWORD'),
  keyPassphrase: secretElsewhere('KEY_PASSPHRASE'),
  /** Read the package back and compare its SHA-256; without it only sizes are compared. */
  readBack: z.boolean().default(true),
  ...limits,
});

/** Path from the channel's URL; `{batch}` and `{part}` are filled in. */
const pathTemplate = (holds: readonly string[]) =>
  z
    .string()
    .regex(/^\/[A-Za-z0-9._~/{}?=&-]*$/, 'must be a path that begins with /')
    .refine((text) => holds.every((name) => text.includes(name)), {
      error: `must hold ${holds.join(' and ')}`,
    });

const httpsChannel = z.strictObject({
  kind: z.literal('https'),
  /** `https://host[:port][/path]`, without user, password and query. */
  url: z
    .url({ protocol: /^https$/, error: 'must be an https:// address' })
    .refine((text) => !/[@?#]/.test(text), 'must have no user, password, query or fragment'),
  /** What the platform's certificate is checked against, PEM; absent: the authorities that Node.js knows. */
  caFile: z.string().min(1).optional(),
  /** Our own certificate (PEM) and its key (PEM, mode 0600), where the platform asks for one. */
  certificateFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  keyPassphrase: secretElsewhere('KEY_PASSPHRASE'),
  partBytes: z
    .int()
    .min(65_536)
    .max(256 * 1024 * 1024)
    .default(8 * 1024 * 1024),
  paths: z
    .strictObject({
      create: pathTemplate([]).default('/uploads'),
      state: pathTemplate(['{batch}']).default('/uploads/{batch}'),
      part: pathTemplate(['{batch}', '{part}']).default('/uploads/{batch}/parts/{part}'),
      complete: pathTemplate(['{batch}']).default('/uploads/{batch}/complete'),
    })
    .prefault({}),
  /** One request as a whole, a part's included. */
  requestTimeoutSeconds: z.int().min(1).max(86_400).default(900),
  ...limits,
});

const channelConfig = z.discriminatedUnion('kind', [directoryChannel, sftpChannel, httpsChannel]);
export type DirectoryConfig = z.infer<typeof directoryChannel>;
export type SftpConfig = z.infer<typeof sftpChannel>;
export type HttpsConfig = z.infer<typeof httpsChannel>;

const retryConfig = z
  .strictObject({
    attempts: z.int().min(1).max(100).default(8),
    /** The first wait is random between 0 and this, each later one between 0 and twice as much. */
    baseSeconds: z.number().min(0).max(3600).default(2),
    /** The longest wait that is drawn. */
    maxSeconds: z.number().min(0).max(86_400).default(300),
    /** No wait goes past it; an attempt that is under way is not broken off. */
    totalMinutes: z.number().min(0).max(10_080).default(60),
  })
  .refine(({ baseSeconds, maxSeconds }) => baseSeconds <= maxSeconds, {
    error: 'baseSeconds must not be over maxSeconds',
  });
export type RetryConfig = z.infer<typeof retryConfig>;

/** Keys of `submission` that say how batches are sent. */
export const sendingKeys = {
  channels: z.record(channelName, channelConfig).default({}),
  /** The channel that is used where the command names none. */
  channel: channelName.default(DEFAULT_CHANNEL),
  retry: retryConfig.prefault({}),
};
