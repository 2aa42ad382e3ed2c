/**
 * The sessions on one database: never more than allowed at a time, and a lost one is replaced. Where the database takes
 * no further one, those that there are do the work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { ArbdataError } from '../../../runtime/errors.ts';
import type { Log } from '../../../runtime/log.ts';
import { isLost, OracleError } from './errors.ts';
import type { ThreadedSession } from './threaded-session.ts';

/** How lost sessions are replaced. */
export interface Persistence {
  /** How often one thing is tried in all. */
  readonly attempts: number;
  /** Wait before the second attempt; it doubles with each, up to 32 times this, and varies by half. */
  readonly firstWaitMs: number;
}

export const PERSISTENCE: Persistence = { attempts: 5, firstWaitMs: 500 };

/** No session could be opened for a task, and others are there that will do it. */
class NoFurtherSession extends Error {}

export interface PoolOptions {
  /** Opens a session that is ready for use. */
  readonly open: () => Promise<ThreadedSession>;
  readonly limit: number;
  readonly persistence: Persistence;
  readonly log: Log;
}

export class SessionPool {
  readonly #options: PoolOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #all = new Set<ThreadedSession>();
  #idle: ThreadedSession[] = [];
  /** Errors that were met before there was a session. */
  readonly #unopened = new WeakSet<OracleError>();
  #stopped: unknown;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#limit = pLimit(options.limit);
  }

  /** Most that work at a time. */
  get limit(): number {
    return this.#options.limit;
  }

  /**
   * Do something on a session, as soon as one is free; where the session is lost on the way, again on another one.
   * @param attempts 1 where what was done before on the session is part of it
   */
  async use<T>(
    task: (session: ThreadedSession) => Promise<T>,
    attempts = this.#options.persistence.attempts,
  ): Promise<T> {
    for (;;) {
      try {
        return await this.#limit(() => this.#persistently(task, attempts));
      } catch (error) {
        // Its place is given up before it waits for another, so that those at work are not waited for by themselves.
        if (!(error instanceof NoFurtherSession)) throw error;
      }
    }
  }

  /** End all sessions at once; what is under way or waits fails with the reason. */
  async stop(reason: unknown): Promise<void> {
    this.#stopped ??= reason;
    this.#idle = [];
    await Promise.all([...this.#all].map((session) => session.abandon()));
    this.#all.clear();
  }

  /** Log off. */
  async close(): Promise<void> {
    const idle = this.#idle;
    this.#idle = [];
    await Promise.allSettled(idle.map((session) => session.close()));
    await this.stop(closed());
  }

  async #persistently<T>(task: (session: ThreadedSession) => Promise<T>, attempts: number): Promise<T> {
    const { persistence, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(task);
      } catch (error) {
        if (this.#stopped !== undefined) throw this.#stopped;
        if (!isLost(error)) throw error;
        if (attempt >= attempts) {
          if (this.#mayGoOnWithFewer(error)) throw new NoFurtherSession();
          throw attempt === 1 ? error : gaveUp(error, attempt);
        }
        const waitMs = waitBefore(attempt, persistence);
        log.warn('a session was lost; it is replaced', {
          reason: error.oracleCode,
          attempt,
          waitMs: Math.round(waitMs),
        });
        await sleep(waitMs);
        if (this.#stopped !== undefined) throw this.#stopped;
      }
    }
  }

  /** After a session could not be opened: whether others are there, which from now on work without it. */
  #mayGoOnWithFewer(error: OracleError): boolean {
    const sessions = this.#all.size;
    if (!this.#unopened.has(error) || sessions === 0) return false;
    this.#limit.concurrency = Math.min(sessions, this.#limit.concurrency);
    this.#options.log.warn('the database takes no further session; the others do its work', {
      reason: error.oracleCode,
      sessions,
    });
    return true;
  }

  async #once<T>(task: (session: ThreadedSession) => Promise<T>): Promise<T> {
    const session = this.#idle.pop() ?? (await this.#open());
    try {
      const result = await task(session);
      this.#idle.push(session);
      return result;
    } catch (error) {
      // Whatever it met, the next task starts on a session of which nothing is in doubt.
      this.#all.delete(session);
      await session.abandon();
      throw error;
    }
  }

  async #open(): Promise<ThreadedSession> {
    const session = await this.#options.open().catch((error: unknown) => {
      if (isLost(error)) this.#unopened.add(error);
      throw error;
    });
    if (this.#stopped !== undefined) {
      await session.abandon();
      throw this.#stopped;
    }
    this.#all.add(session);
    return session;
  }
}

/** Several readers that lost the same database do not come back all at once. */
function waitBefore(attempt: number, { firstWaitMs }: Persistence): number {
  return firstWaitMs * 2 ** Math.min(attempt - 1, 5) * (0.5 + Math.random());
}

function gaveUp(error: OracleError, attempts: number): OracleError {
  return new OracleError(error.code, `${error.message}, ${attempts} times in a row`, {
    advice: error.advice,
    oracleCode: error.oracleCode,
    fate: error.fate,
    where: error.where,
  });
}

const closed = (): ArbdataError =>
  new ArbdataError('E_INTERNAL', 'a session was asked for after the source was closed', {
    advice: 'Report this as a defect, with the command.',
  });
