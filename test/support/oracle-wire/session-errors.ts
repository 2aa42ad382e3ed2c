/** Errors that a session gives on demand or on its own account, and what ends a call without an answer. */
import { OraError } from './replies.ts';

/** Errors after which Oracle keeps no session. */
export const FATAL = new Set([28, 31, 1012, 1033, 1034, 1089, 1092, 2396, 3113, 3114, 3135]);

/** The call cannot go on: the connection is gone, or was given up on purpose. */
export class Gone extends Error {}

/** An error after part of the answer has left. */
export class Cut extends Error {
  readonly error: OraError;

  constructor(error: OraError) {
    super(error.message);
    this.error = error;
  }
}

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  28: 'your session has been killed',
  600: 'internal error code, arguments: [1], [2], [3], [4], [5], [6], [7], [8]',
  1012: 'not logged on',
  1013: 'user requested cancel of current operation',
  1017: 'invalid username/password; logon denied',
  1031: 'insufficient privileges',
  1033: 'ORACLE initialization or shutdown in progress',
  1034: 'ORACLE not available',
  1089: 'immediate shutdown or close in progress - no operations are permitted',
  1466: 'unable to read data - table definition has changed',
  1652: 'unable to extend temp segment by 128 in tablespace TEMP',
  1555: 'snapshot too old: rollback segment number 9 with name "_SYSSMU9_1" too small',
  3113: 'end-of-file on communication channel',
  3114: 'not connected to ORACLE',
  3135: 'connection lost contact',
  8180: 'no snapshot found based on specified time',
  8181: 'specified number is not a valid system change number',
  12609: 'TNS: Receive timeout occurred',
  28000: 'the account is locked',
  28001: 'the password has expired',
  28002: 'the password will expire soon',
};

/** An error by its number. */
export function errorNumbered(number: number): OraError {
  return new OraError(number, ERROR_TEXTS[number] ?? 'error on demand');
}
