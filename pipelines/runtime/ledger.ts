/**
 * The run ledger: runs with their steps and files, locks, publications, marks on findings and the audit record,
 * in one SQLite file. Every method is one transaction: it happened as a whole or not at all.
 */
import { existsSync } from 'node:fs';
import { CamelCasePlugin } from 'kysely';
import { currentActor } from './actor.ts';
import {
  type AuditEntry,
  type AuditFilter,
  type AuditHead,
  type AuditRecord,
  type AuditVerdict,
  appendAudit,
  lastRecord,
  latestAudit,
  readHead,
  verifyAudit,
  writeHead,
} from './audit.ts';
import { type Clock, shanghaiStampMs } from './clock.ts';
import { ArbdataError } from './errors.ts';
import type { Home } from './home.ts';
import { AccountRecords } from './ledger-accounts.ts';
import { AlertBook } from './ledger-alerts.ts';
import { BackupCatalogue, type LedgerAccess } from './ledger-backups.ts';
import * as decisions from './ledger-decisions.ts';
import { DutyBook } from './ledger-duties.ts';
import * as marks from './ledger-marks.ts';
import * as publishing from './ledger-publications.ts';
import { RequestRecords } from './ledger-requests.ts';
import * as runs from './ledger-runs.ts';
import { ServiceSeat } from './ledger-service.ts';
import * as submission from './ledger-submission.ts';
import { type AuditTable, type LedgerDb, type LedgerTables, migrate } from './ledger-tables.ts';
import { HEARTBEAT_MS } from './lock.ts';
import { type DatabaseSync, kyselyOver, openSqlite } from './node-sqlite.ts';

export type { AuditEntry, AuditVerdict } from './audit.ts';
export type { EnteredPublication, Publication, PublicationKey } from './ledger-publications.ts';
export type { RunDetails, RunRow } from './ledger-runs.ts';

/** One transaction of the ledger: the rows, the time, and the audit record that goes with them. */
interface Write {
  readonly db: LedgerDb;
  /** Now, as the ledger stores it. */
  readonly at: string;
}
type WriteFunction = <T>(act: (write: Write) => Promise<T>) => Promise<T>;

/**
 * Open the ledger of a home, create it or bring it up to date.
 * @throws {ArbdataError} E_LEDGER (damaged, gone, of a newer program), E_HOME, E_DISK_FULL
 */
export async function openLedger(home: Pick<Home, 'ledger' | 'auditHead'>, clock: Clock): Promise<Ledger> {
  const database = await openSqlite(home.ledger);
  try {
    refuseLostLedger(database, home);
    migrate(database, home.ledger);
  } catch (error) {
    database.close();
    throw error;
  }
  const db = kyselyOver<LedgerTables>(database, home.ledger, [new CamelCasePlugin()]);
  try {
    await beginAudit(db, clock);
    await writeHead(db, home.auditHead);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return new Ledger(db, home, clock);
}

/** An empty ledger beside an audit head is a ledger that was deleted, not a new one: its revisions are gone. */
function refuseLostLedger(database: DatabaseSync, home: Pick<Home, 'ledger' | 'auditHead'>): void {
  if (!existsSync(home.auditHead)) return;
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'audit'").get();
  if (Number(tables?.n) > 0) return;
  const head = readHead(home.auditHead);
  throw new ArbdataError(
    'E_LEDGER',
    `${home.ledger} is empty, but ${home.auditHead} tells of ${head.state === 'known' ? head.seq : 'earlier'} records`,
    {
      advice: 'Restore ledger.sqlite from a backup; to begin anew on purpose, move audit-head.json away.',
      where: { file: home.ledger },
    },
  );
}

/** The chain is never empty, so that a record of which everything was removed is not a new one. */
async function beginAudit(db: LedgerDb, clock: Clock): Promise<void> {
  const any = await db.selectFrom('audit').select('seq').limit(1).executeTakeFirst();
  if (any !== undefined) return;
  await db.transaction().execute(async (transaction) => {
    const again = await transaction.selectFrom('audit').select('seq').limit(1).executeTakeFirst();
    if (again !== undefined) return;
    const entry = { actor: currentActor(), action: 'ledger.create', subject: 'ledger' };
    await appendAudit(transaction, shanghaiStampMs(clock), entry);
  });
}

export class Ledger {
  /** The catalogue of backups. */
  readonly backups: BackupCatalogue;
  /** What schedules asked for. */
  readonly duties: DutyBook;
  /** What a person has to know, and who was told. */
  readonly alerts: AlertBook;
  /** The one service of this home. */
  readonly service: ServiceSeat;
  readonly #db: LedgerDb;
  readonly #home: Pick<Home, 'auditHead'>;
  readonly #clock: Clock;
  readonly #running = new Set<Run>();
  /** Accounts of the console with their passwords, sessions and tokens. */
  readonly accounts: AccountRecords;
  /** What was asked for through the console: commands and approvals. */
  readonly requests: RequestRecords;

  /** Use openLedger. */
  constructor(db: LedgerDb, home: Pick<Home, 'auditHead'>, clock: Clock) {
    this.#db = db;
    this.#home = home;
    this.#clock = clock;
    const access: LedgerAccess = {
      db,
      clock,
      write: (act) => this.#write(act),
      auditedWrite: (act) => this.#auditedWrite(act),
    };
    this.accounts = new AccountRecords(access);
    this.backups = new BackupCatalogue(access);
    this.requests = new RequestRecords(access);
    this.duties = new DutyBook(access);
    this.alerts = new AlertBook(access);
    this.service = new ServiceSeat(access);
  }

  /**
   * Enter a run and take its locks; locks of dead processes are taken over and their runs marked interrupted.
   * @throws {ArbdataError} E_RUN_LOCKED naming the run, its actor and process where a living one holds a lock
   */
  async beginRun(wanted: runs.NewRun): Promise<Run> {
    const begun = await this.#auditedWrite(({ db }) => runs.begin(db, this.#clock, wanted));
    const run = new Run(begun, {
      write: (act) => this.#write(act),
      ended: () => this.#running.delete(run),
    });
    this.#running.add(run);
    return run;
  }

  /** Ids of the runs that hold a lock, by whether their process lives. */
  async heldRuns(): Promise<{ readonly alive: readonly string[]; readonly dead: readonly string[] }> {
    return runs.held(this.#db, this.#clock);
  }

  /** Mark the runs of dead processes as interrupted, free their locks, and tell their ids. */
  async interruptDeadRuns(actor: string): Promise<string[]> {
    return this.#auditedWrite(({ db }) => runs.interruptDead(db, this.#clock, actor));
  }

  /** Runs, the latest first; 20 where no limit is given. */
  async listRuns(filter: runs.RunFilter = {}): Promise<runs.RunRow[]> {
    return runs.list(this.#db, filter);
  }

  /** One run with its steps and files, or undefined. */
  async getRun(id: string): Promise<runs.RunDetails | undefined> {
    return runs.details(this.#db, id);
  }

  /** One run that somebody named. @throws {ArbdataError} E_NOT_FOUND */
  async requireRun(id: string): Promise<runs.RunDetails> {
    const run = await this.getRun(id);
    if (run !== undefined) return run;
    throw new ArbdataError('E_NOT_FOUND', `there is no run ${id}`, { advice: 'See `arbdata runs`.' });
  }

  /**
   * Reserve the next revision of a product's period before its folder gets its final name.
   * @throws {ArbdataError} E_RUN_LOCKED where a living run is publishing it or this run was taken for dead;
   *   E_LEDGER where a dead run left an intent that must first be completed or dropped
   */
  async intendPublication(intent: publishing.PublicationIntent): Promise<number> {
    return this.#write(({ db }) => publishing.intend(db, this.#clock, intent));
  }

  /**
   * Publish an intent whose folder is in place; the earlier publication becomes superseded. Repeatable.
   * @param key with `completedBy`, the actor, where a run that died is completed for it
   */
  async completePublication(
    key: publishing.PublicationKey & {
      readonly manifestSha256: string;
      readonly completedBy?: string | undefined;
    },
  ): Promise<publishing.Publication> {
    return (await this.#auditedWrite(({ db, at }) => publishing.complete(db, at, key))).publication;
  }

  /** Forget an intent whose folder never got its name (with `runId`, only that run's); gone already is fine. */
  async dropIntent(key: publishing.PublicationKey & { readonly runId?: string }): Promise<void> {
    await this.#write(({ db }) => publishing.drop(db, key));
  }

  /** Enter publications and finished runs that this ledger does not know: of a restored home. */
  async enterHistory(history: {
    readonly publications: readonly publishing.EnteredPublication[];
    readonly runs: readonly publishing.EnteredRun[];
    readonly decisions: readonly decisions.PairDecision[];
  }): Promise<void> {
    await this.#write(async ({ db }) => {
      await publishing.enter(db, history.publications);
      for (const run of history.runs) await publishing.enterRun(db, run);
      await decisions.enterDecisions(db, history.decisions);
    });
  }

  /** Publications on their way, and whether the process behind each still lives. */
  async openIntents(): Promise<publishing.OpenIntent[]> {
    return publishing.intents(this.#db, this.#clock);
  }

  /** The publication in force (period as in commands: `2026-10`). */
  async latestPublication(product: string, period: string): Promise<publishing.Publication | undefined> {
    return publishing.latestOf(this.#db, product, period);
  }

  /** All publications, superseded ones too, by product, period and revision. */
  async publications(product?: string): Promise<publishing.Publication[]> {
    return publishing.completed(this.#db, product);
  }

  /** Mark a finding as verified correct; an earlier mark of the same rule, view and record is withdrawn. */
  async addMark(wanted: marks.NewMark): Promise<void> {
    await this.#auditedWrite(({ db, at }) => marks.mark(db, at, wanted));
  }

  /** @throws {ArbdataError} E_NOT_FOUND where no mark stands */
  async withdrawMark(
    which: marks.MarkedRecord & { readonly actor: string; readonly reason?: string },
  ): Promise<void> {
    await this.#auditedWrite(({ db, at }) => marks.withdraw(db, at, which));
  }

  /** Marks that were not withdrawn, expired ones too: who reads them says by which day they are judged. */
  async standingMarks(): Promise<marks.FindingMark[]> {
    return marks.standing(this.#db);
  }

  /** Keep a person's word on a pre-application and a case; an earlier word on the pair is withdrawn. */
  async decidePair(wanted: decisions.NewPairDecision): Promise<void> {
    await this.#auditedWrite(({ db, at }) => decisions.decidePair(db, at, wanted));
  }

  /** @throws {ArbdataError} E_NOT_FOUND where no word stands on the pair */
  async withdrawPair(wanted: Omit<decisions.NewPairDecision, 'verdict'>): Promise<void> {
    await this.#auditedWrite(({ db, at }) => decisions.withdrawPair(db, at, wanted));
  }

  /** What persons said of pairs and did not withdraw. */
  async standingDecisions(): Promise<decisions.StandingDecision[]> {
    return decisions.standingDecisions(this.#db);
  }

  /**
   * Enter that a batch is being delivered.
   * @returns the number of the delivery
   * @throws {ArbdataError} E_NOT_SUBMITTABLE where it was declared lost, delivered, or its last outcome is not settled
   */
  async beginDelivery(wanted: submission.NewDelivery): Promise<number> {
    return this.#auditedWrite(({ db, at }) => submission.beginDelivery(db, at, wanted));
  }

  /** Note the latest fault of a delivery that goes on. */
  async noteDeliveryFault(fault: submission.DeliveryFault): Promise<void> {
    await this.#write(({ db }) => submission.noteDeliveryFault(db, fault));
  }

  /** Enter how a delivery ended; what is known of a delivery may become better, never worse: delivered stays. */
  async endDelivery(end: submission.DeliveryEnd): Promise<void> {
    await this.#auditedWrite(({ db, at }) => submission.endDelivery(db, at, end));
  }

  /** Deliveries of a batch, or of all, in their order. */
  async deliveries(batch?: string): Promise<submission.Delivery[]> {
    return submission.deliveries(this.#db, batch);
  }

  /** Enter a receipt whose folder is in place; the same file of the same batch a second time changes nothing. */
  async addReceipt(wanted: submission.NewReceipt): Promise<{ readonly isNew: boolean }> {
    return this.#auditedWrite(({ db, at }) => submission.addReceipt(db, at, wanted));
  }

  /** Receipts in the order of their reading. */
  async receipts(batch?: string): Promise<submission.Receipt[]> {
    return submission.receipts(this.#db, batch);
  }

  /** Declare a batch lost. @throws {ArbdataError} E_USAGE where it is already; E_NOT_SUBMITTABLE while it is being sent */
  async declareLost(wanted: submission.NewLoss): Promise<void> {
    await this.#auditedWrite(async ({ db, at }) => {
      const { alive } = await runs.held(db, this.#clock);
      return submission.declareLost(db, at, wanted, alive);
    });
  }

  async batchLosses(): Promise<submission.BatchLoss[]> {
    return submission.losses(this.#db);
  }

  /** Let a rejected record go out again as it is. @throws {ArbdataError} E_USAGE where it was released already */
  async releaseRecord(wanted: submission.NewRecordRelease): Promise<void> {
    await this.#auditedWrite(({ db, at }) => submission.releaseRecord(db, at, wanted));
  }

  async recordReleases(): Promise<submission.RecordRelease[]> {
    return submission.releases(this.#db);
  }

  /** Every word on pairs that was ever said, withdrawn ones too, by when it was said. */
  async allDecisions(): Promise<decisions.PairDecision[]> {
    return decisions.allDecisions(this.#db);
  }

  /** The audit records, by number. */
  async auditRecords(): Promise<AuditTable[]> {
    return this.#db.selectFrom('audit').selectAll().orderBy('seq').execute();
  }

  /** Record an audited action that changes nothing else in the ledger. */
  async appendAudit(entry: AuditEntry): Promise<void> {
    await this.#auditedWrite(({ db, at }) => appendAudit(db, at, entry));
  }

  /** Number and hash of the last audit record; null before the first. */
  async auditHead(): Promise<AuditHead | null> {
    return (await lastRecord(this.#db)) ?? null;
  }

  /** Audit records, the latest first. */
  async latestAudit(filter: AuditFilter): Promise<AuditRecord[]> {
    return latestAudit(this.#db, filter);
  }

  /** Recompute the audit chain and compare it with the head kept beside the ledger. */
  async verifyAudit(): Promise<AuditVerdict> {
    return verifyAudit(this.#db, this.#home.auditHead);
  }

  /** Close the file. Runs that were not finished keep their locks until this process ends. */
  async close(): Promise<void> {
    for (const run of this.#running) run.stopHeartbeat();
    await this.#db.destroy();
  }

  async #write<T>(act: (write: Write) => Promise<T>): Promise<T> {
    return this.#db.transaction().execute((db) => act({ db, at: shanghaiStampMs(this.#clock) }));
  }

  /** A write that may add audit records: the head file follows the commit. */
  async #auditedWrite<T>(act: (write: Write) => Promise<T>): Promise<T> {
    const result = await this.#write(act);
    await writeHead(this.#db, this.#home.auditHead);
    return result;
  }
}

/** A step of a run that has been started. */
export interface RunStep {
  finish(end?: { readonly rows?: number | undefined; readonly detail?: unknown }): Promise<void>;
}

/** A run that is going on; it holds its locks until it is finished or its process ends. */
export class Run {
  readonly id: string;
  /** Ids of the dead runs in whose place this one is: what they left in `work/` can go. */
  readonly interrupted: readonly string[];
  readonly #write: WriteFunction;
  readonly #ended: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #steps = 0;

  constructor(begun: runs.BegunRun, ledger: { readonly write: WriteFunction; readonly ended: () => void }) {
    this.id = begun.id;
    this.interrupted = begun.interrupted;
    this.#write = ledger.write;
    this.#ended = ledger.ended;
    this.#heartbeat = setInterval(() => {
      // A beat that fails (busy or full disk) is made up by the next; the locks themselves go by the process.
      this.beat().catch(() => undefined);
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Say that this run lives; a timer does it, too. */
  async beat(): Promise<void> {
    await this.#write(async ({ db, at }) => {
      await db.updateTable('lock').set({ heartbeat: at }).where('runId', '=', this.id).execute();
    });
  }

  /** @throws {ArbdataError} E_RUN_LOCKED where the run was taken for dead, as in every method of it */
  async startStep(name: string): Promise<RunStep> {
    this.#steps += 1;
    const position = this.#steps;
    await this.#change(async ({ db, at }) => {
      await db.insertInto('runStep').values({ runId: this.id, position, name, startedAt: at }).execute();
    });
    return { finish: (end = {}) => this.#finishStep(position, end) };
  }

  async setSnapshot(snapshotId: string): Promise<void> {
    await this.#change(async ({ db }) => {
      await db.updateTable('run').set({ snapshotId }).where('id', '=', this.id).execute();
    });
  }

  /** Enter files of the run, all or none; one of the same path is replaced. */
  async addFiles(files: readonly runs.RunFile[]): Promise<void> {
    await this.#change(async ({ db }) => {
      for (const { path, kind, sha256, sizeBytes } of files) {
        await db
          .insertInto('runFile')
          .values({ runId: this.id, path, kind, sha256, sizeBytes })
          .onConflict((conflict) =>
            conflict.columns(['runId', 'path']).doUpdateSet({ kind, sha256, sizeBytes }),
          )
          .execute();
      }
    });
  }

  /** End the run and free its locks; summary and error are JSON without personal data. */
  async finish(
    state: 'done' | 'held' | 'failed',
    end: { readonly summary?: unknown; readonly error?: unknown } = {},
  ): Promise<void> {
    this.stopHeartbeat();
    await this.#write(({ db, at }) => runs.finish(db, at, this.id, { state, ...end }));
    this.#ended();
  }

  stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
  }

  async #finishStep(position: number, end: { rows?: number | undefined; detail?: unknown }): Promise<void> {
    await this.#change(async ({ db, at }) => {
      await db
        .updateTable('runStep')
        .set({ finishedAt: at, rows: end.rows ?? null, detail: runs.jsonText(end.detail) })
        .where('runId', '=', this.id)
        .where('position', '=', position)
        .execute();
    });
  }

  async #change<T>(act: (write: Write) => Promise<T>): Promise<T> {
    return this.#write(async (write) => {
      await runs.requireRunning(write.db, this.id);
      return act(write);
    });
  }
}
