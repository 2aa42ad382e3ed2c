/** The ledger's tables as types, and the numbered migrations that make them. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Generated, Kysely } from 'kysely';
import type { BackupKind } from '../../schemas/backup.ts';
import { ArbdataError } from './errors.ts';
import { type DatabaseSync, sqliteError } from './node-sqlite.ts';
import { PROJECT_DIR, readSql } from './project.ts';

export type RunState = 'running' | 'done' | 'held' | 'failed' | 'interrupted';
export type PublicationState = 'publishing' | 'published' | 'superseded';

export interface RunTable {
  id: string;
  pipeline: string;
  period: string | null;
  parameters: string;
  actor: string;
  pid: number;
  processStart: string;
  snapshotId: string | null;
  state: RunState;
  startedAt: string;
  finishedAt: string | null;
  summary: string | null;
  error: string | null;
  /** The duty of a schedule that it was started for. */
  dutyId: Generated<number | null>;
  /** Which attempt at the duty. */
  dutyToken: Generated<string | null>;
}

export interface RunStepTable {
  runId: string;
  position: number;
  name: string;
  startedAt: string;
  finishedAt: string | null;
  rows: number | null;
  detail: string | null;
}

export interface RunFileTable {
  runId: string;
  path: string;
  kind: string;
  sha256: string;
  sizeBytes: number;
}

export interface PublicationTable {
  product: string;
  period: string;
  revision: number;
  state: PublicationState;
  runId: string;
  snapshotId: string;
  manifestSha256: string | null;
  publishedAt: string | null;
  actor: string;
  reason: string | null;
}

export interface FindingMarkTable {
  id: Generated<number>;
  ruleId: string;
  /** The view of the record; empty in marks of older ledgers. */
  scope: string;
  recordKey: string;
  fingerprint: string;
  reason: string;
  expiresOn: string;
  actor: string;
  markedAt: string;
  withdrawnAt: string | null;
}

export interface PairDecisionTable {
  id: Generated<number>;
  preAppId: string;
  caseId: string;
  verdict: 'confirmed' | 'rejected';
  reason: string | null;
  actor: string;
  decidedAt: string;
  withdrawnAt: string | null;
}

/** One `submit` of a batch. */
export interface DeliveryTable {
  id: Generated<number>;
  batch: string;
  channel: string;
  runId: string;
  /** `delivered`: the channel has the whole package; `unknown`: it may have, and is asked before anything is sent again. */
  state: 'sending' | 'delivered' | 'failed' | 'unknown';
  attempts: number;
  packageSha256: string;
  startedAt: string;
  finishedAt: string | null;
  error: string | null;
  actor: string;
}

export interface ReceiptTable {
  id: Generated<number>;
  batch: string;
  /** Of the file that was read. */
  sha256: string;
  name: string;
  /** From the home: holds the file as it came and `answers.parquet`. */
  folder: string;
  /** As the platform states it. */
  receivedAt: string;
  /** Records that this receipt was the first to answer. */
  accepted: number;
  rejected: number;
  answersSha256: string;
  actor: string;
  importedAt: string;
}

export interface BatchLossTable {
  batch: string;
  reason: string;
  actor: string;
  declaredAt: string;
}

export interface RecordReleaseTable {
  /** The batch whose rejection is released. */
  batch: string;
  recordId: string;
  reason: string;
  actor: string;
  releasedAt: string;
}

/** A job's schedule as last seen. */
export interface ScheduleTable {
  job: string;
  definition: string;
  state: 'in force' | 'off';
  inForceFrom: string;
  plannedUntil: string;
}

/** What a schedule asked for; sql/ledger says what each column holds. */
export interface DutyTable {
  id: Generated<number>;
  job: string;
  kind: 'regular' | 'rehearsal';
  key: string;
  period: string | null;
  plannedAt: string;
  state: 'due' | 'running' | 'done' | 'held' | 'failed' | 'missed' | 'skipped';
  reason: string | null;
  requestedBy: string | null;
  /** Attempts that failed. */
  attempts: number;
  notBefore: string | null;
  token: string | null;
  pid: number | null;
  processStart: string | null;
  host: string | null;
  heartbeat: string | null;
  claimedAt: string | null;
  exit: number | null;
  error: string | null;
  runId: string | null;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface ServiceTable {
  id: number;
  pid: number;
  processStart: string;
  host: string;
  heartbeat: string;
  actor: string;
  version: string;
  startedAt: string;
}

export interface AlertTable {
  id: Generated<number>;
  cause: string;
  kind: string;
  subject: string;
  message: string;
  raisedAt: string;
  resolvedAt: string | null;
}

export interface AlertDeliveryTable {
  alertId: number;
  event: 'raised' | 'resolved';
  channel: string;
  state: 'due' | 'sent' | 'given up';
  attempts: number;
  notBefore: string;
  sentAt: string | null;
  error: string | null;
}

/** An account of the console; sql/ledger says what each column holds. */
export interface AccountTable {
  name: string;
  title: string;
  roles: string;
  orgCode: string | null;
  state: 'enabled' | 'disabled';
  passwordHash: string;
  passwordSetAt: string;
  mustChange: number;
  /** Until when a password that somebody else set can be used. */
  oneTimeUntil: string | null;
  totpSecret: string | null;
  totpConfirmed: Generated<number>;
  totpStep: Generated<number>;
  failures: Generated<number>;
  locks: Generated<number>;
  lockedUntil: string | null;
  createdAt: string;
  createdBy: string;
  lastSignInAt: string | null;
}

export interface FormerPasswordTable {
  id: Generated<number>;
  account: string;
  passwordHash: string;
  replacedAt: string;
}

export interface RecoveryCodeTable {
  account: string;
  codeHash: string;
}

export interface SessionTable {
  idHash: string;
  account: string;
  address: string;
  secondFactor: number;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
}

export interface ApiTokenTable {
  id: string;
  account: string;
  title: string;
  tokenHash: string;
  scopes: string;
  createdAt: string;
  expiresAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface RunRequestTable {
  id: string;
  actor: string;
  words: string;
  ticketHash: string;
  requestedAt: string;
  pid: number | null;
  processStart: string | null;
  claimedAt: string | null;
  exit: number | null;
  error: string | null;
  finishedAt: string | null;
}

export interface ApprovalTable {
  runId: string;
  artefactsSha256: string;
  actor: string;
  reason: string;
  approvedAt: string;
}

export interface LockTable {
  name: string;
  runId: string;
  pid: number;
  processStart: string;
  heartbeat: string;
  host: string;
  actor: string;
  command: string;
}

export interface AuditTable {
  seq: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
  detail: string;
  previousHash: string;
  hash: string;
}

export type BackupState = 'creating' | 'complete' | 'removing' | 'removed';

export interface BackupTable {
  id: string;
  kind: BackupKind;
  state: BackupState;
  runId: string;
  createdAt: string;
  info: string;
  isEncrypted: number;
  fileCount: number | null;
  sizeBytes: number | null;
  tagmanifestSha256: string | null;
  tagmanifestSm3: string | null;
  removedAt: string | null;
  reason: string | null;
}

export interface BackupCopyTable {
  backupId: string;
  destination: string;
  path: string;
  state: 'copying' | 'complete';
  runId: string;
  copiedAt: string | null;
}

export interface BackupCheckTable {
  id: Generated<number>;
  backupId: string;
  destination: string;
  kind: 'quick' | 'full' | 'drill';
  checkedAt: string;
  actor: string;
  isGood: number;
  detail: string;
}

export interface PurgedTable {
  subject: string;
  purgeId: string;
  purgedAt: string;
}

export interface LedgerTables {
  backup: BackupTable;
  backupCopy: BackupCopyTable;
  backupCheck: BackupCheckTable;
  purged: PurgedTable;
  run: RunTable;
  runStep: RunStepTable;
  runFile: RunFileTable;
  publication: PublicationTable;
  findingMark: FindingMarkTable;
  pairDecision: PairDecisionTable;
  delivery: DeliveryTable;
  receipt: ReceiptTable;
  batchLoss: BatchLossTable;
  recordRelease: RecordReleaseTable;
  schedule: ScheduleTable;
  duty: DutyTable;
  service: ServiceTable;
  alert: AlertTable;
  alertDelivery: AlertDeliveryTable;
  account: AccountTable;
  formerPassword: FormerPasswordTable;
  recoveryCode: RecoveryCodeTable;
  session: SessionTable;
  apiToken: ApiTokenTable;
  runRequest: RunRequestTable;
  approval: ApprovalTable;
  lock: LockTable;
  audit: AuditTable;
}

/** The ledger or a transaction on it. */
export type LedgerDb = Kysely<LedgerTables>;

/** `001-ledger.sql` … in order; the position is the version that the file brings the ledger to. */
export function ledgerMigrations(): string[] {
  return readdirSync(path.join(PROJECT_DIR, 'sql/ledger'))
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort();
}

/**
 * Bring a ledger to the version of this program, each migration in a transaction of its own.
 * @throws {ArbdataError} E_LEDGER where a newer program has written it
 */
export function migrate(database: DatabaseSync, file: string): void {
  const migrations = ledgerMigrations();
  try {
    for (let done = false; !done; ) done = applyNext(database, migrations, file);
  } catch (error) {
    throw sqliteError(error, file);
  }
}

/** Apply one migration; true where there was none left. */
function applyNext(database: DatabaseSync, migrations: readonly string[], file: string): boolean {
  if (version(database) === migrations.length) return true;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the write lock: another process may have applied it meanwhile.
    const from = version(database);
    if (from > migrations.length) throw newerLedger(file, from, migrations.length);
    const name = migrations[from];
    if (name !== undefined) {
      database.exec(readSql(`ledger/${name}`));
      database.exec(`PRAGMA user_version = ${from + 1}`);
    }
    database.exec('COMMIT');
    return name === undefined;
  } catch (error) {
    // After some errors (a full disk) SQLite has rolled back by itself; a second time would hide that error.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function version(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

function newerLedger(file: string, found: number, known: number): ArbdataError {
  return new ArbdataError(
    'E_LEDGER',
    `${file} has version ${found}; this program knows versions up to ${known}`,
    {
      advice: 'Use the newer version of arbdata that has written this home directory.',
      where: { file },
    },
  );
}
