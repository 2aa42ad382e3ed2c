/** The `cockpit` of config.json: when its data are late, how many versions stay, which database gets them. */
import { z } from 'zod';

const secretElsewhere = z
  .never({
    error:
      'a secret never stands in config.json: set COCKPIT_TARGET_PASSWORD, or name a file of mode 0600 in ' +
      'COCKPIT_TARGET_PASSWORD_FILE',
  })
  .optional();

/** A name that needs no quoting in any of the databases. */
const plainName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,29}$/, 'must be a plain name of a schema');

const sqliteTarget = z.strictObject({
  kind: z.literal('sqlite'),
  /** From the folder of config.json; absent: `published/cockpit/cockpit.sqlite` of the home. */
  file: z.string().min(1).optional(),
});

const postgresqlTarget = z.strictObject({
  kind: z.literal('postgresql'),
  /** A name or address, or the folder of a Unix socket. */
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(5432),
  database: z.string().min(1),
  user: z.string().min(1),
  /** Where the tables of sql/cockpit/postgresql.sql stand. */
  schema: plainName.default('public'),
  /** `verify`: TLS with a certificate that is checked; absent: `verify` but to this machine. */
  tls: z.enum(['verify', 'off']).optional(),
  /** The authority's certificate (PEM), from the folder of config.json; absent: those that Node.js trusts. */
  caFile: z.string().min(1).optional(),
  password: secretElsewhere,
  connectTimeoutSeconds: z.int().min(1).max(600).default(20),
  statementTimeoutSeconds: z.int().min(1).max(86_400).default(300),
});

const oracleTarget = z.strictObject({
  kind: z.literal('oracle'),
  /** `host:port/service`, an Easy Connect Plus string, or an alias of tnsnames.ora. */
  connectString: z.string().min(1),
  user: z.string().min(1),
  /** The owner of the tables of sql/cockpit/oracle.sql where that is not the user. */
  schema: plainName.optional(),
  password: secretElsewhere,
  walletLocation: z.string().min(1).optional(),
  configDir: z.string().min(1).optional(),
  clientLibDir: z.string().min(1).optional(),
  connectTimeoutSeconds: z.int().min(1).max(600).default(20),
  statementTimeoutSeconds: z.int().min(1).max(86_400).default(300),
});

const target = z.discriminatedUnion('kind', [
  sqliteTarget,
  postgresqlTarget,
  oracleTarget,
  z.strictObject({ kind: z.literal('none') }),
]);
export type CockpitTargetConfig = z.infer<typeof target>;

export const cockpitConfig = z
  .strictObject({
    /** Data that are older are late, where no job of the service refreshes them: somewhat more than the time between two. */
    maxAgeHours: z.int().min(1).max(10_000).default(26),
    /** Versions that stay, the one in force among them, in files and in the database. */
    versionsToKeep: z.int().min(2).max(10_000).default(10),
    target: target.prefault({ kind: 'sqlite' }),
  })
  .prefault({});
