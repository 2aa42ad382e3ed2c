/** The `console` of config.json: how accounts sign in, and under which names the console is reached. */
import { z } from 'zod';

export const consoleConfig = z
  .strictObject({
    /** Names under which browsers reach it, besides this machine's loopback and those of the certificate. */
    names: z.array(z.string().regex(/^[A-Za-z0-9.-]+$/, 'must be the name of a host')).default([]),
    /** What browsers see where a proxy on this machine does TLS: `https://arb.example.gov.cn`. */
    origin: z
      .string()
      .regex(
        /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/,
        'must be https:// with a host in small letters, and no path',
      )
      .optional(),
    /** Who needs a second factor: administrators and approvers, everyone, or whoever sets one up. */
    secondFactor: z
      .enum(['administrators-and-approvers', 'everyone', 'optional'])
      .default('administrators-and-approvers'),
    /** A session without a request ends after so long. */
    idleMinutes: z.int().min(5).max(1440).default(30),
    /** Every session ends after so long. */
    sessionHours: z.int().min(1).max(24).default(12),
    /** A password that somebody else set can be used so long. */
    oneTimePasswordHours: z.int().min(1).max(720).default(72),
    /** Commands that run at the same time because somebody asked for them. */
    requestsAtOnce: z.int().min(1).max(8).default(2),
    /** The engine's limit for what the console reads. */
    memoryLimitMb: z.int().min(128).max(16_384).default(256),
  })
  .prefault({});
