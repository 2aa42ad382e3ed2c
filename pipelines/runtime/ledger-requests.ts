/** What was asked for through the console: commands with the processes that carry them out, and approvals. */
import { appendAudit, canonicalJson } from './audit.ts';
import { ArbdataError } from './errors.ts';
import type { LedgerAccess } from './ledger-backups.ts';
import type { ApprovalTable, RunRequestTable } from './ledger-tables.ts';
import { ownProcess } from './lock.ts';

export type Approval = Readonly<ApprovalTable>;
export type RunRequest = Readonly<Omit<RunRequestTable, 'words' | 'error' | 'ticketHash'>> & {
  readonly words: readonly string[];
  readonly error: unknown;
  /** Ids of the runs that its process made, or, of a job by hand, those of the duty that it began. */
  readonly runIds: readonly string[];
};

export class RequestRecords {
  readonly #ledger: LedgerAccess;

  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  /** Enter a command that an account asks for. */
  async add(wanted: {
    readonly id: string;
    readonly actor: string;
    readonly words: readonly string[];
    readonly ticketHash: string;
  }): Promise<void> {
    const { id, actor, words, ticketHash } = wanted;
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const row = { id, actor, words: canonicalJson(words), ticketHash, requestedAt: at };
      await db.insertInto('runRequest').values(row).execute();
      await appendAudit(db, at, { actor, action: 'run.request', subject: id, detail: { words } });
    });
  }

  /**
   * Take a ticket as this process, for the words it was given for, once.
   * @returns who acts
   * @throws {ArbdataError} E_USAGE where there is no such ticket, it was used, or it is for another command
   */
  async claim(ticketHash: string, words: readonly string[]): Promise<string> {
    return this.#ledger.write(async ({ db, at }) => {
      const { pid, processStart } = ownProcess();
      const claimed = await db
        .updateTable('runRequest')
        .set({ pid, processStart, claimedAt: at })
        .where('ticketHash', '=', ticketHash)
        .where('words', '=', canonicalJson(words))
        .where('claimedAt', 'is', null)
        .where('finishedAt', 'is', null)
        .returning('actor')
        .executeTakeFirst();
      if (claimed !== undefined) return claimed.actor;
      throw new ArbdataError('E_USAGE', 'the ticket of this command is not valid', {
        advice: 'Unset ARBDATA_TICKET: the console alone sets it, for the commands that it starts.',
      });
    });
  }

  /** Enter how the process of a request ended. */
  async end(id: string, end: { readonly exit: number | null; readonly error?: unknown }): Promise<void> {
    await this.#ledger.write(async ({ db, at }) => {
      const error = end.error === undefined ? null : canonicalJson(end.error);
      await db
        .updateTable('runRequest')
        .set({ exit: end.exit, error, finishedAt: at })
        .where('id', '=', id)
        .where('finishedAt', 'is', null)
        .execute();
    });
  }

  async find(id: string): Promise<RunRequest | undefined> {
    const row = await this.#ledger.db
      .selectFrom('runRequest')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? undefined : this.#withRuns(row);
  }

  /** Requests, the latest first. */
  async list(limit: number): Promise<RunRequest[]> {
    const rows = await this.#ledger.db
      .selectFrom('runRequest')
      .selectAll()
      .orderBy('requestedAt', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return Promise.all(rows.map((row) => this.#withRuns(row)));
  }

  /** Requests of which no end was entered. */
  async unfinished(): Promise<RunRequest[]> {
    const rows = await this.#ledger.db
      .selectFrom('runRequest')
      .selectAll()
      .where('finishedAt', 'is', null)
      .execute();
    return Promise.all(rows.map((row) => this.#withRuns(row)));
  }

  async #withRuns(row: RunRequestTable): Promise<RunRequest> {
    const { ticketHash: _hidden, words, error, ...rest } = row;
    const parsed = JSON.parse(words) as string[];
    const [command, verb, job] = parsed;
    const isJob = command === 'schedule' && verb === 'run' && job !== undefined;
    return {
      ...rest,
      words: parsed,
      error: error === null ? null : (JSON.parse(error) as unknown),
      runIds: await (isJob ? this.#runsOfJob(row, job) : this.#runsOfProcess(row)),
    };
  }

  async #runsOfProcess({ pid, processStart, actor }: RunRequestTable): Promise<string[]> {
    if (pid === null || processStart === null) return [];
    const runs = await this.#ledger.db
      .selectFrom('run')
      .select('id')
      .where('pid', '=', pid)
      .where('processStart', '=', processStart)
      .where('actor', '=', actor)
      .orderBy('startedAt')
      .execute();
    return runs.map(({ id }) => id);
  }

  /** A job's command is a further process: its runs are those of the job until the account asks for it again. */
  async #runsOfJob({ actor, claimedAt }: RunRequestTable, job: string): Promise<string[]> {
    if (claimedAt === null) return [];
    const { db } = this.#ledger;
    const next = await db
      .selectFrom('runRequest')
      .select('claimedAt')
      .where('actor', '=', actor)
      .where('claimedAt', '>', claimedAt)
      .where('words', 'like', `["schedule","run","${job}"%`)
      .orderBy('claimedAt')
      .executeTakeFirst();
    const runs = await db
      .selectFrom('run')
      .innerJoin('duty', 'duty.id', 'run.dutyId')
      .select('run.id')
      .where('duty.job', '=', job)
      .where('run.actor', '=', actor)
      .where('run.startedAt', '>=', claimedAt)
      .$if(next !== undefined, (query) => query.where('run.startedAt', '<', next?.claimedAt ?? ''))
      .orderBy('run.startedAt')
      .execute();
    return runs.map(({ id }) => id);
  }

  /** Keep an approval; a second one of the same person replaces the first. */
  async approve(wanted: Omit<Approval, 'approvedAt'>): Promise<void> {
    const { runId, artefactsSha256, actor, reason } = wanted;
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const values = { artefactsSha256, reason, approvedAt: at };
      await db
        .insertInto('approval')
        .values({ runId, actor, ...values })
        .onConflict((conflict) => conflict.columns(['runId', 'actor']).doUpdateSet(values))
        .execute();
      await appendAudit(db, at, {
        actor,
        action: 'run.approve',
        subject: runId,
        detail: { artefactsSha256, reason },
      });
    });
  }

  async approvals(runId: string): Promise<Approval[]> {
    return this.#ledger.db
      .selectFrom('approval')
      .selectAll()
      .where('runId', '=', runId)
      .orderBy('approvedAt')
      .execute();
  }
}
