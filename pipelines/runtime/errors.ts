/**
 * Every error that the service raises on purpose, in one table. docs/errors.md lists the same codes;
 * a test holds the two together.
 */

/** Exit codes of the command line. */
export const EXIT = { done: 0, fault: 1, usage: 2, held: 3, sourceUnreachable: 4, busy: 5 } as const;

export interface ErrorKind {
  readonly exit: number;
  /** Whether the same command can succeed later without anyone mending anything. */
  readonly retryable: boolean;
  readonly meaning: string;
}

const fault = (meaning: string): ErrorKind => ({ exit: EXIT.fault, retryable: false, meaning });
const usage = (meaning: string): ErrorKind => ({ exit: EXIT.usage, retryable: false, meaning });

export const ERROR_KINDS = {
  E_USAGE: usage('The command was called wrongly.'),
  E_PERIOD: usage('The period is not YYYY-MM, YYYY-Qn, YYYY-Hn or YYYY.'),
  E_DATE: usage('A date is not a real day in the form YYYY-MM-DD.'),
  E_NOT_FOUND: usage('The named run, snapshot, indicator, body, rule or record does not exist.'),
  E_NOTHING_YET: usage('Nothing of what is asked for was made yet.'),
  E_NOT_RELEASABLE: usage('The run cannot be released.'),
  E_CONFIG: usage('The configuration file or an environment variable is not valid.'),
  E_DEFINITION: usage('A definition file is not valid.'),
  E_FORM: usage("The bureau's own form cannot be read or filled."),
  E_NOT_SUBMITTABLE: usage('The batch cannot be built or sent as things stand.'),
  E_RECEIPT: usage("A platform's receipt cannot be read or contradicts what is known; nothing was changed."),
  E_ACCOUNT: usage('An account cannot be made or changed as asked.'),
  E_PASSWORD: usage('A password does not satisfy the rules.'),
  E_SIGN_IN: usage('A sign-in, a session, a token or a second factor is refused.'),
  E_FORBIDDEN: usage('The account may not do this.'),
  E_CSV: usage('A CSV file of the source cannot be read.'),
  E_KEY: usage('A public or private key of the encryption is missing, not valid, or does not fit.'),
  E_HELD: { exit: EXIT.held, retryable: false, meaning: 'A check holds the run: its files are a draft.' },
  E_SOURCE_MISSING: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: 'There is no source to read.',
  },
  E_SOURCE_LOCKED: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: 'Another process holds the source open.',
  },
  E_SOURCE_CONTRACT: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: 'The source does not fulfil the contract: a view or column is missing or has another type.',
  },
  E_SOURCE_UNREACHABLE: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: 'The database cannot be reached, or the connection was lost again and again.',
  },
  E_SOURCE_ACCESS: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: 'The database refuses the account: its logon or a right that it lacks.',
  },
  E_SOURCE_DRIVER: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: 'The database asks for something that the driver can do only with the Oracle client libraries.',
  },
  E_SOURCE_EXPIRED: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: 'The moment that was being read is no longer readable in the database.',
  },
  E_SOURCE_INCOMPLETE: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: 'The database delivered another number of rows than it had counted.',
  },
  E_SOURCE_DATABASE: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: 'The database reported an error over a statement.',
  },
  E_SOURCE_WINDOW: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: 'The source may not be read at this time of day.',
  },
  E_CHANNEL: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: 'The channel to a platform cannot be reached, or delivered nothing within its limits.',
  },
  E_CHANNEL_ACCESS: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: 'The platform or its server refuses us, or is not the one that it should be.',
  },
  E_CHANNEL_REFUSED: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning:
      'The platform holds something else under the name of the batch, or does not keep to the protocol.',
  },
  E_TARGET: {
    exit: EXIT.sourceUnreachable,
    retryable: true,
    meaning: "The cockpit's target database cannot be reached, or the connection was lost.",
  },
  E_TARGET_REFUSED: {
    exit: EXIT.sourceUnreachable,
    retryable: false,
    meaning: "The cockpit's target database refuses the account or the statement, or is another home's.",
  },
  E_RUN_LOCKED: {
    exit: EXIT.busy,
    retryable: true,
    meaning: 'Another run of the same pipeline is going on.',
  },
  E_SERVICE_RUNNING: {
    exit: EXIT.busy,
    retryable: true,
    meaning: 'The service of this home is running already.',
  },
  E_RATE_LIMIT: {
    exit: EXIT.busy,
    retryable: true,
    meaning: 'Too many attempts or requests from one account or address.',
  },
  E_SNAPSHOT_DAMAGED: fault('A snapshot does not have the bytes that its manifest states.'),
  E_ARTEFACT_DAMAGED: fault('A published file or its manifest does not have the bytes that were recorded.'),
  E_DECRYPT: fault('An encrypted file is damaged, cut off or no age file.'),
  E_BACKUP_DAMAGED: fault('A backup is gone, or does not have the bytes that were recorded.'),
  E_BACKUP_DESTINATION: {
    exit: EXIT.fault,
    retryable: true,
    meaning: 'A destination of backups is not there, or vanished while it was written.',
  },
  E_BACKUP_REFUSED: usage('Something exists already, or must not be removed.'),
  E_CHECK_BROKEN: fault('An internal cross-check failed: two computations of one figure disagree.'),
  E_DISK_FULL: fault('The disk is full.'),
  E_HOME: fault('The home directory cannot be used.'),
  E_LEDGER: fault('The run ledger cannot be used.'),
  E_AUDIT_BROKEN: fault('The audit record has been altered.'),
  E_ENGINE: fault('The database engine reported an error.'),
  E_NODE_VERSION: fault('Node.js is too old.'),
  E_INTERNAL: fault('A defect of the service itself.'),
} as const satisfies Record<string, ErrorKind>;
export type ErrorCode = keyof typeof ERROR_KINDS;

export interface ErrorWhere {
  readonly file?: string;
  readonly line?: number;
  readonly column?: string;
  readonly record?: string;
}

/** An error that says what is wrong, where, and what to do next. */
export class ArbdataError extends Error {
  override readonly name = 'ArbdataError';
  readonly code: ErrorCode;
  /** What the reader should do next; one English sentence. */
  readonly advice: string;
  readonly where: ErrorWhere;

  constructor(
    code: ErrorCode,
    message: string,
    options: { advice: string; where?: ErrorWhere; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.advice = options.advice;
    this.where = options.where ?? {};
  }

  get exit(): number {
    return ERROR_KINDS[this.code].exit;
  }

  get retryable(): boolean {
    return ERROR_KINDS[this.code].retryable;
  }
}

/** `ENOENT`, `ECONNRESET` and the like; empty for an error without one. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What whatever was thrown says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
