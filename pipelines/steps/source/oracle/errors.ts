/**
 * What the driver and the database report, as errors of ours: one table of their codes. The database's own texts are
 * never passed on, because they may quote data (ORA-01722 does since release 23) or statements.
 */
import { ArbdataError, type ErrorCode, type ErrorWhere } from '../../../runtime/errors.ts';

/**
 * What a fault means for the read that it strikes: `lost` the session is gone, another may go on; `expired` the moment
 * that is read is gone, a read of another moment may succeed; `fixed` trying again does not help.
 */
export type Fate = 'lost' | 'expired' | 'fixed';

interface Fault {
  readonly code: ErrorCode;
  readonly fate: Fate;
  readonly meaning: string;
  readonly advice: string;
}

/** A fault of driver or database, with what the read may do about it. */
export class OracleError extends ArbdataError {
  /** `ORA-01555`, `NJS-511`, or `STALL` and `WORKER` for what this service found itself. */
  readonly oracleCode: string;
  readonly fate: Fate;

  constructor(
    code: ErrorCode,
    message: string,
    options: { advice: string; oracleCode: string; fate: Fate; where?: ErrorWhere },
  ) {
    super(code, message, options);
    this.oracleCode = options.oracleCode;
    this.fate = options.fate;
  }
}

/** The code of driver or database behind an error, or undefined for any other error. */
export function oracleErrorCode(error: unknown): string | undefined {
  return error instanceof OracleError ? error.oracleCode : undefined;
}

const ASK_NETWORK =
  'Check host, port and service of the connection with the DBA, and that a firewall lets this machine through; then run the same command again.';
const REPEAT = 'Run the same command again; pieces that were read stay usable for the rest of the day.';
const ASK_NAMES = 'Correct ORACLE_CONNECT_STRING; docs/oracle.md shows the forms that it may have.';
const THICK =
  'Install the Oracle Instant Client and name its folder in ORACLE_CLIENT_LIB_DIR (docs/oracle.md, "Thick mode").';
const EXPIRED_ADVICE =
  'Run at a quieter hour, or have the DBA raise the undo retention: ALTER SYSTEM SET UNDO_RETENTION = <seconds>.';

const unreachable = (meaning: string, advice = ASK_NETWORK): Fault => ({
  code: 'E_SOURCE_UNREACHABLE',
  fate: 'lost',
  meaning,
  advice,
});
const lost = (meaning: string): Fault => unreachable(meaning, REPEAT);
const access = (meaning: string, advice: string): Fault => ({
  code: 'E_SOURCE_ACCESS',
  fate: 'fixed',
  meaning,
  advice,
});
const names = (meaning: string): Fault => ({ code: 'E_CONFIG', fate: 'fixed', meaning, advice: ASK_NAMES });
const thick = (meaning: string): Fault => ({
  code: 'E_SOURCE_DRIVER',
  fate: 'fixed',
  meaning,
  advice: THICK,
});
const expired = (meaning: string): Fault => ({
  code: 'E_SOURCE_EXPIRED',
  fate: 'expired',
  meaning,
  advice: EXPIRED_ADVICE,
});
const statement = (meaning: string, advice: string): Fault => ({
  code: 'E_SOURCE_DATABASE',
  fate: 'fixed',
  meaning,
  advice,
});

const GRANTS = 'Have the DBA run the grants of sql/oracle; `arbdata source check` names what is missing.';
const UNLOCK =
  'Have the DBA unlock the account and say why it was locked: ALTER USER <account> ACCOUNT UNLOCK.';
const DISK = 'Tell the DBA; the database is short of space or memory for this statement.';
const WALLET =
  'Check ORACLE_WALLET_LOCATION, ORACLE_WALLET_PASSWORD and the certificate; docs/oracle.md, "TLS".';

/** Codes of the database, the driver (NJS) and its thick half (DPI), and of the system's sockets. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'ORA-00018': unreachable(
    'the database takes no more sessions',
    'Run later, or lower source.oracle.sessions.',
  ),
  'ORA-00020': unreachable('the database takes no more processes', 'Run later, or tell the DBA.'),
  'ORA-00028': lost('the session was ended by a DBA'),
  'ORA-00031': lost('the session was ended by a DBA'),
  'ORA-00600': lost('the database reported an internal error and ended the session'),
  'ORA-00603': lost('the database ended the session over an internal error'),
  'ORA-00904': statement(
    'a column or function of the statement is not known to the database',
    'Run `arbdata source check`; where names differ from the contract, map them (docs/oracle.md, "Renaming").',
  ),
  'ORA-00942': access('a view does not exist, or the account may not read it', GRANTS),
  'ORA-01005': access('no password was given', 'Set ORACLE_PASSWORD or ORACLE_PASSWORD_FILE.'),
  'ORA-01012': lost('the session is no longer logged on'),
  'ORA-01013': lost('the call was broken off, by its time-out or by a DBA'),
  'ORA-01017': access(
    'user name or password is wrong',
    'Correct ORACLE_USER and ORACLE_PASSWORD; nothing was tried again, so that the account is not locked.',
  ),
  'ORA-01031': access('the account lacks a right', GRANTS),
  'ORA-01033': unreachable('the database is starting or stopping', 'Run the same command again later.'),
  'ORA-01034': unreachable(
    'the database is not running',
    'Run the same command again later, or tell the DBA.',
  ),
  'ORA-01035': access('the database is open for administrators only', 'Run the same command again later.'),
  'ORA-01045': access('the account may not log on', 'Have the DBA run: GRANT CREATE SESSION TO <account>.'),
  'ORA-01089': lost('the database is being stopped'),
  'ORA-01092': lost('the database instance ended'),
  'ORA-01466': expired('a table was altered or rebuilt after the moment that is being read'),
  'ORA-01555': expired('the database no longer has the undo of the moment that is being read'),
  'ORA-01652': statement('the database has no temporary space left', DISK),
  'ORA-01722': statement(
    'a text in the view is no number',
    'Tell the DBA which view it was; its definition converts a text that is no number.',
  ),
  'ORA-01821': {
    code: 'E_SOURCE_CONTRACT',
    fate: 'fixed',
    meaning: 'a column that should be a TIMESTAMP is of another type',
    advice: 'Run `arbdata source check`: it names the columns whose type is not that of the contract.',
  },
  'ORA-01841': statement('a date of the view is out of range', 'Tell the DBA which view it was.'),
  'ORA-02391': unreachable(
    'the account has as many sessions as its profile allows',
    'Lower source.oracle.sessions, or have the DBA raise SESSIONS_PER_USER.',
  ),
  'ORA-02396': lost('the session was idle for longer than its profile allows'),
  'ORA-03113': lost('the connection ended in the middle of a call'),
  'ORA-03114': lost('there is no longer a connection to the database'),
  'ORA-03135': lost('the connection was lost'),
  'ORA-04031': statement('the database has no shared memory left', DISK),
  'ORA-04063': statement(
    'a view has errors of its own',
    'Have the DBA recompile it: ALTER VIEW <view> COMPILE.',
  ),
  'ORA-08180': expired('the database has no record of the moment that is to be read'),
  'ORA-08181': expired('the SCN that is to be read is not a valid one any more'),
  'ORA-12154': names('the alias of the connection is in no tnsnames.ora'),
  'ORA-12170': unreachable('the database did not answer in time'),
  'ORA-12505': unreachable('the listener does not know the SID of the connection'),
  'ORA-12514': unreachable('the listener does not know the service of the connection'),
  'ORA-12516': unreachable('the listener has no free handler', 'Run the same command again later.'),
  'ORA-12518': unreachable(
    'the listener could not hand the connection over',
    'Run the same command again later.',
  ),
  'ORA-12519': unreachable('the listener has no free handler', 'Run the same command again later.'),
  'ORA-12520': unreachable('the listener has no free handler', 'Run the same command again later.'),
  'ORA-12526': unreachable('the service takes administrators only', 'Run the same command again later.'),
  'ORA-12528': unreachable('the service takes no new connections', 'Run the same command again later.'),
  'ORA-12537': lost('the connection was closed'),
  'ORA-12541': unreachable('nothing listens at host and port of the connection'),
  'ORA-12543': unreachable('the host of the connection cannot be reached'),
  'ORA-12545': unreachable('the host of the connection is unknown'),
  'ORA-12547': lost('the connection was closed'),
  'ORA-12570': lost('the connection was broken'),
  'ORA-12609': lost('the database did not answer in time'),
  'ORA-12637': thick('the database asks for native network services'),
  'ORA-12660': thick('the database asks for native network encryption'),
  'ORA-28000': access('the account is locked', UNLOCK),
  'ORA-28001': access(
    'the password has expired',
    'Have the DBA set a new one (ALTER USER <account> IDENTIFIED BY …), then put it into ORACLE_PASSWORD.',
  ),
  'ORA-28040': thick('the database does not take the logon protocol of the thin driver'),
  'ORA-28759': names('the wallet cannot be opened'),
  'ORA-29024': access('the certificate of the database is not trusted', WALLET),
  'DPI-1047': {
    code: 'E_CONFIG',
    fate: 'fixed',
    meaning: 'the Oracle client libraries cannot be loaded',
    advice:
      'Check ORACLE_CLIENT_LIB_DIR and that its libraries fit this machine (docs/oracle.md, "Thick mode").',
  },
  'DPI-1050': thick('the Oracle client libraries are too old'),
  'DPI-1072': thick('the Oracle client libraries are of an unsupported release'),
  'DPI-1080': lost('the connection was closed by the database'),
  'NJS-040': unreachable('no connection came free in time'),
  'NJS-045': thick('the part of the driver that loads the Oracle client libraries is not installed'),
  'NJS-100': thick('the national character set of the database is not supported by the thin driver'),
  'NJS-116': thick('the account has a password verifier (10G) that the thin driver cannot use'),
  'NJS-123': lost('the database did not answer within the time-out'),
  'NJS-136': names('no user name and password were given'),
  'NJS-138': thick('the release of the database is older than 12.1'),
  'NJS-192': thick('the character set of the database is not supported by the thin driver'),
  'NJS-500': lost('the connection to the database was closed'),
  'NJS-501': lost('the connection to the database was lost'),
  'NJS-503': unreachable('the connection to the database could not be made'),
  'NJS-504': unreachable('the connection through the web proxy failed'),
  'NJS-505': names('TLS could not be started with this wallet'),
  'NJS-506': access('the TLS handshake failed', WALLET),
  'NJS-507': access('the certificate of the database has another name than expected', WALLET),
  'NJS-508': access('the certificate of the database is of another host', WALLET),
  'NJS-509': lost('the database sent something that is no packet of its protocol'),
  'NJS-510': unreachable('the database did not answer in time'),
  'NJS-511': unreachable('nothing listens at host and port of the connection, or the listener refused'),
  'NJS-512': names('the connect string has wrong parameters'),
  'NJS-513': lost('the database ended the connection'),
  'NJS-514': names('the connect string has a mistake'),
  'NJS-515': names('the connect string has a mistake'),
  'NJS-516': names('no folder with a tnsnames.ora is named (ORACLE_CONFIG_DIR or TNS_ADMIN)'),
  'NJS-517': names('the alias of the connection is not in tnsnames.ora'),
  'NJS-518': unreachable('the listener does not know the service of the connection'),
  'NJS-519': unreachable('the listener does not know the SID of the connection'),
  'NJS-520': names('there is no tnsnames.ora in the folder that is named'),
  'NJS-521': lost('the connection was closed'),
  'NJS-522': names('the connect string is too long'),
  'NJS-529': thick('the wallet is of a kind that the thin driver cannot read (it reads ewallet.pem)'),
  'NJS-530': unreachable('the host of the connection is unknown'),
  'NJS-531': thick('the database asks for native network services'),
  'NJS-532': thick('the database asks for native network services'),
  'NJS-533': thick('the database asks for native network encryption or integrity'),
  ECONNRESET: lost('the connection was reset'),
  ECONNREFUSED: unreachable('nothing listens at host and port of the connection'),
  EPIPE: lost('the connection was broken'),
  ETIMEDOUT: unreachable('the database did not answer in time'),
  EHOSTUNREACH: unreachable('the host of the connection cannot be reached'),
  ENETUNREACH: unreachable('the network of the connection cannot be reached'),
  ENOTFOUND: unreachable('the host of the connection is unknown'),
  /** Found by this service: no byte came within the time-out, and the driver did not end the call either. */
  STALL: lost('the database sent nothing within the time-out'),
  /** The thread that read ended by itself. */
  WORKER: lost('the thread that read the database ended'),
};

/** Wrappers of the driver whose reason stands beside them: the database's code or the system's says more. */
const WRAPPERS = new Set(['NJS-500', 'NJS-501', 'NJS-503', 'NJS-511', 'NJS-513', 'DPI-1080']);

/**
 * The code of an error of the driver: its own, or that of the database where the driver only wraps it.
 * Undefined for an error of another kind.
 */
export function driverCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const told = [...error.message.matchAll(/\b(?:ORA|NJS|DPI|TNS)-\d{3,5}\b/g)].map(([code]) =>
    code.replace(/^TNS-(?=\d{5})/, 'ORA-'),
  );
  const all = [...(own === undefined ? [] : [own]), ...told];
  const [first] = all;
  if (first === undefined) return undefined;
  if (!WRAPPERS.has(first)) return first;
  const reasons = [...all.slice(1), ...(error.message.match(/\bE[A-Z]{4,}\b/g) ?? [])];
  return reasons.find((code) => !code.startsWith('NJS-') && code in FAULTS) ?? first;
}

/** Sessions that meet an error of the protocol in mid-stream are in an unknown state: not to be used again. */
const isProtocolFault = (code: string): boolean => /^NJS-1(0[236]|1[0123]|27|73)$/.test(code);

/**
 * An error by its code.
 * @param doing what failed, as the first words of the message: `connecting to db.example/ARB as ARBDATA`
 */
export function oracleError(oracleCode: string, doing: string, where: ErrorWhere = {}): OracleError {
  const fault = FAULTS[oracleCode] ?? otherFault(oracleCode);
  const shown = /^[A-Z]+-\d+$/.test(oracleCode) ? ` (${oracleCode})` : '';
  return new OracleError(fault.code, `${doing}: ${fault.meaning}${shown}`, {
    advice: fault.advice,
    oracleCode,
    fate: fault.fate,
    where,
  });
}

function otherFault(code: string): Fault {
  if (isProtocolFault(code)) return lost('the database sent something that the driver does not understand');
  const advice = code.startsWith('ORA-')
    ? `Look ${code} up in the error messages of Oracle, or ask the DBA. Its text is not shown, because it may quote data.`
    : `Look ${code} up in the documentation of the driver node-oracledb.`;
  return statement('the database or its driver reported an error', advice);
}

/**
 * Whatever was thrown over a session as one of our errors; what is no error of driver or database stays as it is.
 */
export function translated(error: unknown, doing: string, where: ErrorWhere = {}): unknown {
  if (error instanceof ArbdataError) return error;
  const code = driverCodeOf(error);
  return code === undefined ? error : oracleError(code, doing, where);
}

export const isLost = (error: unknown): error is OracleError =>
  error instanceof OracleError && error.fate === 'lost';
/** Refused for good: another session or moment would be answered alike. */
export const isRefused = (error: unknown): error is OracleError =>
  error instanceof OracleError && error.fate === 'fixed';
export const isExpired = (error: unknown): error is OracleError =>
  error instanceof OracleError && error.fate === 'expired';
