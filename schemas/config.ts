/** The optional config.json of a home directory: every key may be left out, an unknown key is an error. */
import { z } from 'zod';

export const configSchema = z.strictObject({
  /** 0: natural months; 1 to 28: a month ends on this day. */
  cutoffDay: z.int().min(0).max(28).default(0),
  /** Check K12: excluded cases in percent of the counted ones; text, so that no float comes near it. */
  exclusionLimitPercent: z
    .string('must be a percentage as text, for example "0.5"')
    .regex(
      /^(?:100(?:\.0{1,4})?|\d{1,2}(?:\.\d{1,4})?)$/,
      'must be a percentage from "0" to "100", for example "0.5"',
    )
    .default('0.5'),
  /** The engine's own limit; the process takes up to about 300 MiB more. */
  memoryLimitMb: z.int().min(128).max(1_048_576).default(900),
  /** Threads of the engine; absent: as many as there are cores. */
  threads: z.int().min(1).max(1024).optional(),
  /** Whether a publication waits for a second person. */
  approval: z.boolean().default(false),
  /** Snapshots that stay besides those to which a publication refers. */
  snapshotsToKeep: z.int().min(1).max(100_000).default(12),
  /** The bureau's own forms; paths count from the folder of config.json. */
  forms: z
    .strictObject({
      macroMonitoring: z
        .string()
        .regex(/\.xlsx$/i, 'must be the path of an .xlsx file')
        .optional(),
    })
    .default({}),
});

export type Config = z.infer<typeof configSchema>;
