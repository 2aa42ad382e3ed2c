/** An Oracle database that takes tables: the same driver, session and dialect as for the source, another account. */
import { Kysely } from 'kysely';
import { ArbdataError } from '../../../runtime/errors.ts';
import type { Secret } from '../../../runtime/secrets.ts';
import { OracleDialect } from './dialect.ts';
import { openReadySession } from './moments.ts';

export interface OracleTargetSettings {
  readonly connectString: string;
  readonly user: string;
  /** The owner of the tables where that is not the user. */
  readonly schema?: string | undefined;
  readonly walletLocation?: string | undefined;
  readonly configDir?: string | undefined;
  readonly clientLibDir?: string | undefined;
  readonly connectTimeoutSeconds: number;
  readonly statementTimeoutSeconds: number;
}

/**
 * Log on and hand out Kysely over the session; destroying it closes the session.
 * @throws ArbdataError E_SOURCE_UNREACHABLE, E_SOURCE_ACCESS, E_SOURCE_DRIVER, E_CONFIG
 */
export async function openOracleTarget<Tables>(
  settings: OracleTargetSettings,
  password: Secret | undefined,
): Promise<Kysely<Tables>> {
  const { connectString, user, schema, statementTimeoutSeconds } = settings;
  if (/^[^(]*\/[^@]*@/.test(connectString) || /\bpassword\b/i.test(connectString)) {
    throw new ArbdataError('E_CONFIG', 'cockpit.target.connectString holds a user name or a password', {
      advice: 'Write host:port/service alone, and give the account in user and COCKPIT_TARGET_PASSWORD.',
    });
  }
  const session = await openReadySession({
    title: `${user}@${connectString}`,
    connectString,
    user,
    password,
    walletLocation: settings.walletLocation,
    walletPassword: undefined,
    configDir: settings.configDir,
    clientLibDir: settings.clientLibDir,
    connectTimeoutSeconds: settings.connectTimeoutSeconds,
    statementTimeoutSeconds,
    stallTimeoutSeconds: statementTimeoutSeconds,
  });
  const db = new Kysely<Tables>({ dialect: new OracleDialect(session) });
  return schema === undefined ? db : db.withSchema(schema.toUpperCase());
}
