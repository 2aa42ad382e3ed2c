/** Where the databases are and how they may be read: from the environment, then from config.json. */
import type { OracleConfig } from '../../../../schemas/config.ts';
import { VIEW_NAMES, type ViewName } from '../../../../schemas/contract.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import { type Secret, secretFrom } from '../../../runtime/secrets.ts';

/** One way into one database. */
export interface ConnectionSettings {
  /** For people, without a secret: `ARBDATA@db.example:1521/ARB`. */
  readonly title: string;
  readonly connectString: string;
  /** Absent with `password`: the wallet names the account (thick mode only). */
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  readonly walletLocation: string | undefined;
  readonly walletPassword: Secret | undefined;
  readonly configDir: string | undefined;
  readonly clientLibDir: string | undefined;
  readonly connectTimeoutSeconds: number;
  readonly statementTimeoutSeconds: number;
  readonly stallTimeoutSeconds: number;
}

export interface OracleSettings {
  /** Every connection once; views that share one also share its moment. */
  readonly connections: readonly ConnectionSettings[];
  /** Index into `connections`. */
  readonly connectionOf: Readonly<Record<ViewName, number>>;
  readonly config: OracleConfig;
  /** Read although the hour is outside of the allowed time, for once. */
  readonly ignoreWindow: boolean;
}

/**
 * The settings of the Oracle source. `ORACLE_<name>` is the connection of every view, `ORACLE_<VIEW>_<name>` that of
 * one; what a view leaves out it has from the first.
 * @throws {ArbdataError} E_CONFIG naming the variable that is missing or wrong
 */
export function oracleSettings(config: OracleConfig, environment: NodeJS.ProcessEnv): OracleSettings {
  const connections: ConnectionSettings[] = [];
  const connectionOf = {} as Record<ViewName, number>;
  for (const view of VIEW_NAMES) {
    const settings = connectionSettings(config, environment, view);
    const known = connections.findIndex((one) => isSame(one, settings));
    connectionOf[view] = known < 0 ? connections.push(settings) - 1 : known;
  }
  const ignore = environment.ORACLE_IGNORE_WINDOW;
  return { connections, connectionOf, config, ignoreWindow: ignore === '1' || ignore === 'true' };
}

/** The views that come over a connection, by its index. */
export function viewsOver({ connectionOf }: Pick<OracleSettings, 'connectionOf'>, index: number): ViewName[] {
  return VIEW_NAMES.filter((view) => connectionOf[view] === index);
}

function connectionSettings(
  config: OracleConfig,
  environment: NodeJS.ProcessEnv,
  view: ViewName,
): ConnectionSettings {
  const own = (name: string): string | undefined => filled(environment[`ORACLE_${view}_${name}`]);
  const shared = (name: string): string | undefined => filled(environment[`ORACLE_${name}`]);
  const viewConfig = config.views[view];
  const connectString =
    own('CONNECT_STRING') ?? viewConfig?.connectString ?? shared('CONNECT_STRING') ?? config.connectString;
  if (connectString === undefined) {
    throw missing('ORACLE_CONNECT_STRING', 'For example ORACLE_CONNECT_STRING=db.example:1521/ARB.');
  }
  refuseSecretInside(connectString);
  const ownUser = own('USER') ?? viewConfig?.user;
  const user = ownUser ?? shared('USER') ?? config.user;
  const ownPassword = secretFrom(environment, `ORACLE_${view}_PASSWORD`);
  // Another account has another password: the shared one is not tried on it, it could lock it.
  const password =
    ownPassword ?? (ownUser === undefined ? secretFrom(environment, 'ORACLE_PASSWORD') : undefined);
  const ownWallet = own('WALLET_LOCATION') ?? viewConfig?.walletLocation;
  const clientLibDir = shared('CLIENT_LIB_DIR') ?? config.clientLibDir;
  const walletLocation = ownWallet ?? shared('WALLET_LOCATION') ?? config.walletLocation;
  refuseHalfAccount({ user, password, view, isOwn: ownUser !== undefined, clientLibDir, walletLocation });
  return {
    title: titleOf(user, connectString),
    connectString,
    user,
    password,
    walletLocation,
    walletPassword:
      secretFrom(environment, `ORACLE_${view}_WALLET_PASSWORD`) ??
      (ownWallet === undefined ? secretFrom(environment, 'ORACLE_WALLET_PASSWORD') : undefined),
    configDir: shared('CONFIG_DIR') ?? filled(environment.TNS_ADMIN) ?? config.configDir,
    clientLibDir,
    connectTimeoutSeconds: config.connectTimeoutSeconds,
    statementTimeoutSeconds: config.statementTimeoutSeconds,
    stallTimeoutSeconds: config.stallTimeoutSeconds,
  };
}

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const missing = (variable: string, advice: string): ArbdataError =>
  new ArbdataError('E_CONFIG', `the environment variable ${variable} is not set`, { advice });

interface Account {
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  readonly view: ViewName;
  readonly isOwn: boolean;
  readonly clientLibDir: string | undefined;
  readonly walletLocation: string | undefined;
}

function refuseHalfAccount({ user, password, view, isOwn, clientLibDir, walletLocation }: Account): void {
  // The thick driver may take the account from the wallet; the thin one never does.
  if (
    user === undefined &&
    password === undefined &&
    clientLibDir !== undefined &&
    walletLocation !== undefined
  )
    return;
  if (user === undefined) throw missing('ORACLE_USER', 'Set it to the read-only account of the pipeline.');
  if (password !== undefined) return;
  const variable = isOwn ? `ORACLE_${view}_PASSWORD` : 'ORACLE_PASSWORD';
  throw missing(variable, `Set it, or name a file of mode 0600 that holds the password in ${variable}_FILE.`);
}

/** `user/password@host` would bring a password into logs and manifests: such a string is not even quoted. */
function refuseSecretInside(connectString: string): void {
  if (!/^[^(]*\/[^@]*@/.test(connectString) && !/\bpassword\b/i.test(connectString)) return;
  throw new ArbdataError('E_CONFIG', 'the connect string holds a user name or a password', {
    advice: 'Write host:port/service alone, and give the account in ORACLE_USER and ORACLE_PASSWORD.',
  });
}

/** A long descriptor is named by its service and host: that is what people know. */
function titleOf(user: string | undefined, connectString: string): string {
  const part = (name: string): string | undefined =>
    new RegExp(`\\(\\s*${name}\\s*=\\s*([^()]+?)\\s*\\)`, 'i').exec(connectString)?.[1];
  const service = part('SERVICE_NAME') ?? part('SID');
  const place = connectString.includes('(')
    ? [part('HOST'), service].filter((text) => text !== undefined).join('/')
    : connectString.replace(/\?.*$/, '');
  return user === undefined ? place : `${user}@${place === '' ? 'the database' : place}`;
}

function isSame(one: ConnectionSettings, other: ConnectionSettings): boolean {
  const keys = ['connectString', 'user', 'walletLocation'] as const;
  return keys.every((key) => one[key] === other[key]) && one.password?.reveal() === other.password?.reveal();
}

/** Minutes since midnight of `HH:MM`. */
const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/**
 * Whether the source may be read at a time of day.
 * @param time `HH:MM` in Asia/Shanghai
 */
export function isInWindow(window: OracleConfig['window'], time: string): boolean {
  if (window === undefined) return true;
  const [from, to, now] = [window.from, window.to, time].map(minutesOf) as [number, number, number];
  return from < to ? now >= from && now < to : now >= from || now < to;
}

/**
 * Refuse to read outside of the allowed hours: a scheduler repeats this error, and a process that waited would hold
 * its locks all day. A read that began in time is brought to its end.
 * @param stamp `YYYY-MM-DD HH:MM:SS`
 * @throws {ArbdataError} E_SOURCE_WINDOW
 */
export function refuseOutsideWindow({ config, ignoreWindow }: OracleSettings, stamp: string): void {
  const { window } = config;
  if (ignoreWindow || window === undefined || isInWindow(window, stamp.slice(11, 16))) return;
  throw new ArbdataError(
    'E_SOURCE_WINDOW',
    `the database may be read from ${window.from} to ${window.to} only, and it is ${stamp.slice(11, 16)}`,
    { advice: 'Run in that time, or set ORACLE_IGNORE_WINDOW=1 for this once.' },
  );
}
