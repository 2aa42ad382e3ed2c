/** The one service of a home: who it is, and that it lives. */
import { type Clock, shanghaiStampMs } from './clock.ts';
import { ArbdataError } from './errors.ts';
import type { LedgerAccess } from './ledger-backups.ts';
import type { LedgerDb, ServiceTable } from './ledger-tables.ts';
import { isHolderAlive, ownProcess } from './lock.ts';

export type RunningService = Readonly<Omit<ServiceTable, 'id'>>;

/**
 * Become the service of this home. Inside a transaction.
 * @throws {ArbdataError} E_SERVICE_RUNNING where one lives
 */
async function begin(
  db: LedgerDb,
  clock: Clock,
  { actor, version }: Pick<RunningService, 'actor' | 'version'>,
): Promise<void> {
  const found = await livingService(db, clock);
  if (found !== undefined) throw running(found);
  const at = shanghaiStampMs(clock);
  const row = { ...ownProcess(), heartbeat: at, actor, version, startedAt: at };
  await db.deleteFrom('service').execute();
  await db
    .insertInto('service')
    .values({ id: 1, ...row })
    .execute();
}

/** The service of this home if it lives. */
async function livingService(db: LedgerDb, clock: Clock): Promise<RunningService | undefined> {
  const found = await db.selectFrom('service').selectAll().executeTakeFirst();
  return found !== undefined && isHolderAlive(found, clock) ? found : undefined;
}

/** @returns false where another process has become the service */
async function beat(db: LedgerDb, at: string): Promise<boolean> {
  const { pid, processStart, host } = ownProcess();
  const { numUpdatedRows } = await db
    .updateTable('service')
    .set({ heartbeat: at })
    .where('pid', '=', pid)
    .where('processStart', '=', processStart)
    .where('host', '=', host)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function end(db: LedgerDb): Promise<void> {
  const { pid, processStart, host } = ownProcess();
  await db
    .deleteFrom('service')
    .where('pid', '=', pid)
    .where('processStart', '=', processStart)
    .where('host', '=', host)
    .execute();
}

function running({ pid, host, actor, startedAt }: RunningService): ArbdataError {
  return new ArbdataError(
    'E_SERVICE_RUNNING',
    `the service of this home is running: ${actor} started it (process ${pid} on ${host}) at ${startedAt.slice(0, 19)}`,
    { advice: 'Use that one, or stop it first; another home can have a service of its own.' },
  );
}

/** The seat of the one service; each method that writes is one transaction. Use `Ledger.service`. */
export class ServiceSeat {
  readonly #ledger: LedgerAccess;

  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  /** Become the service of this home. @throws {ArbdataError} E_SERVICE_RUNNING where one lives */
  async begin(who: Parameters<typeof begin>[2]): Promise<void> {
    await this.#ledger.write(({ db }) => begin(db, this.#ledger.clock, who));
  }

  /** Say that this process still is the service; false where another has become it. */
  async beat(): Promise<boolean> {
    return this.#ledger.write(({ db, at }) => beat(db, at));
  }

  async end(): Promise<void> {
    await this.#ledger.write(({ db }) => end(db));
  }

  /** The service of this home if it lives. */
  async living(): Promise<RunningService | undefined> {
    return livingService(this.#ledger.db, this.#ledger.clock);
  }
}
