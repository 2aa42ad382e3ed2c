/** The optional config.json of a home directory: every key may be left out, an unknown key is an error. */
import { z } from 'zod';
import { alertsConfig } from './alerts.ts';
import { channelName, DEFAULT_CHANNEL, sendingKeys } from './channels.ts';
import { cockpitConfig } from './cockpit-config.ts';
import { consoleConfig } from './console-config.ts';
import { VIEW_NAMES } from './contract.ts';
import { POLICIES } from './submission.ts';

/** A key that people look for here, and that must not stand here: the file is copied, mailed and backed up. */
const secretElsewhere = (variable: string) =>
  z
    .never({
      error: `a secret never stands in config.json: set ${variable}, or name a file of mode 0600 in ${variable}_FILE`,
    })
    .optional();

const hourAndMinute = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "20:00"');

/** Where a database is; environment variables go before. The password comes from the environment only. */
const connectionKeys = {
  /** `host:port/service`, an Easy Connect Plus string, or an alias of tnsnames.ora. */
  connectString: z.string().min(1).optional(),
  user: z.string().min(1).optional(),
  walletLocation: z.string().min(1).optional(),
  password: secretElsewhere('ORACLE_PASSWORD'),
  walletPassword: secretElsewhere('ORACLE_WALLET_PASSWORD'),
};

export const oracleConfigSchema = z.strictObject({
  ...connectionKeys,
  /** Folder of tnsnames.ora and sqlnet.ora. */
  configDir: z.string().min(1).optional(),
  /** Folder of the Oracle client libraries: turns the driver's thick mode on. */
  clientLibDir: z.string().min(1).optional(),
  /** Views that come over a connection of their own; what is left out is as above. */
  views: z.partialRecord(z.enum(VIEW_NAMES), z.strictObject(connectionKeys)).default({}),
  /** Most sessions on one database at a time; absent: 2, or 1 on a single core. */
  sessions: z.int().min(1).max(16).optional(),
  /** `auto`: AS OF SCN where the account may, else one session in a read-only transaction. */
  consistentRead: z.enum(['auto', 'scn', 'read-only']).default('auto'),
  /** Rows of one round trip. */
  fetchRows: z.int().min(1).max(10_000).default(1000),
  /** Rows of one piece: what is read again when a session is lost. */
  chunkRows: z.int().min(1).max(10_000_000).default(250_000),
  /** Over all sessions together; absent: as fast as it goes. */
  rowsPerSecond: z.int().min(1).optional(),
  /** Outside of these times (Asia/Shanghai) the database is not read; `from` after `to` spans midnight. */
  window: z
    .strictObject({ from: hourAndMinute, to: hourAndMinute })
    .refine(({ from, to }) => from !== to, 'from and to must differ')
    .optional(),
  connectTimeoutSeconds: z.int().min(1).max(600).default(20),
  /** Until the first rows of a statement. */
  statementTimeoutSeconds: z.int().min(1).max(86_400).default(900),
  /** Without a byte while rows are fetched. */
  stallTimeoutSeconds: z.int().min(1).max(3600).default(60),
});
export type OracleConfig = z.infer<typeof oracleConfigSchema>;

/** What goes to a platform, by its product. */
const platformKeys = {
  platforms: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/),
      z.strictObject({
        /** Version of the layout; absent: the latest that is valid on the day of the snapshot. */
        version: z.string().min(1).optional(),
        /** Absent: the layout's own. `plain` needs recipients. */
        policy: z.enum(POLICIES).optional(),
        /** Public keys (`age1…`) of who may open the package; absent: the package is not encrypted. */
        recipients: z.array(z.string().min(1)).min(1).optional(),
        /** Channel of this platform's batches; absent: `submission.channel`. */
        channel: channelName.optional(),
      }),
    )
    .default({}),
};
const keptNumber = (count: number) => z.int().min(0).max(10_000).default(count);

export const backupConfigSchema = z.strictObject({
  /** Folders to which every backup is copied: a mounted disk, a NAS, media for the archive; each for this home alone. */
  destinations: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and hyphens, such as "nas"')
          .refine((name) => name !== 'home', '"home" is the name of the home itself'),
        path: z.string().min(1),
        /** A medium of the archive that is mounted now and then: that it is away is no problem. */
        offline: z.boolean().default(false),
      }),
    )
    .refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      'every destination needs a name of its own',
    )
    .default([]),
  /** Public keys (age1…) to which backups are encrypted; none: they are not. */
  recipients: z.array(z.string()).default([]),
  /** How many of the latest days, ISO weeks, months and years keep their last backup of each kind. */
  retention: z
    .strictObject({
      daily: keptNumber(7),
      weekly: keptNumber(5),
      monthly: keptNumber(12),
      yearly: keptNumber(10),
    })
    .prefault({}),
  /** A file outside of the home, on another disk, that also tells which backups there must be. */
  expectedFile: z.string().min(1).optional(),
  /** Where a DBA drops DMP files. */
  dropFolder: z.string().min(1).optional(),
  /** A dropped file that has not changed for so long is finished. */
  settleSeconds: z.int().min(0).max(86_400).default(60),
  /** Private key (PEM, mode 0600) that signs the records of purges; absent: one is made in the home. */
  signingKeyFile: z.string().min(1).optional(),
  /** What doctor asks for: a full look at every backup, and a drill, within so many days. */
  verifyWithinDays: z.int().min(1).max(3650).default(35),
  drillWithinDays: z.int().min(1).max(3650).default(100),
  /** Exports by DBMS_DATAPUMP over the connection of the Oracle source, by an account of its own. */
  dataPump: z
    .strictObject({
      /** Directory object of the database. */
      directory: z
        .string()
        .regex(/^[A-Z][A-Z0-9_$#]{0,127}$/, 'must be the name of a directory object in capitals'),
      schemas: z
        .array(z.string().regex(/^[A-Z][A-Z0-9_$#]{0,127}$/, 'must be the name of a schema in capitals'))
        .min(1),
      /** How long the service waits for the database. */
      waitSeconds: z.int().min(1).max(604_800).default(14_400),
      password: secretElsewhere('ORACLE_DATAPUMP_PASSWORD'),
    })
    .optional(),
});
export type BackupConfig = z.infer<typeof backupConfigSchema>;

const serviceConfig = z.strictObject({
  /** An address of this machine; one that others reach needs `tls`. */
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8700),
  /** PEM files, from the folder of config.json; the key has mode 0600. */
  tls: z.strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  /** Runs of different pipelines at the same time; one pipeline runs once. */
  parallelRuns: z.int().min(1).max(8).default(1),
  /** How long the end of the service waits for what runs. */
  stopWaitSeconds: z.int().min(0).max(3600).default(120),
});

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
  backup: backupConfigSchema.prefault({}),
  /** What is read; ARBDATA_SOURCE goes before `kind`. */
  source: z
    .strictObject({
      kind: z.enum(['embedded', 'oracle']).default('embedded'),
      oracle: oracleConfigSchema.prefault({}),
    })
    .prefault({}),
  /** How the cockpit is refreshed, kept and written to a database. */
  cockpit: cockpitConfig,
  /** How accounts sign in to the console. */
  console: consoleConfig,
  /** What platforms are sent, and how. */
  submission: z
    .strictObject({ ...platformKeys, ...sendingKeys })
    .superRefine(({ channel, channels, platforms }, context) => {
      const named = Object.entries(platforms).map(
        ([product, one]) => [['platforms', product], one.channel] as const,
      );
      for (const [place, name] of [[[], channel] as const, ...named]) {
        if (name === undefined || name === DEFAULT_CHANNEL || name in channels) continue;
        const message = 'must be one of the channels that are defined in submission.channels';
        context.addIssue({ code: 'custom', path: [...place, 'channel'], message });
      }
    })
    .prefault({}),
  /** The service: where its console listens, and how it runs what is due. */
  service: serviceConfig.prefault({}),
  /** Whom the service tells what a person has to know. */
  alerts: alertsConfig.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
