/** A session whose driver works in a thread of its own: rows in small results come over, whole views go to files. */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { ArbdataError } from '../../../runtime/errors.ts';
import { OracleError, oracleError } from './errors.ts';
import type { OracleRow, OracleSession, OracleStatement, OracleValue } from './session.ts';
import type {
  Extract,
  Extracted,
  Failure,
  WorkerReply,
  WorkerRequest,
  WorkerSettings,
} from './session-worker.ts';
import type { ConnectionSettings } from './settings.ts';

/**
 * The heap of a thread. Rows live for two batches, some 30 MB in all: a young generation that holds them spares their
 * copying, which one session may afford; with two of them the process would pass 400 MiB. By the limit of the old
 * generation V8 judges how often the buffers of packets are worth a collection: with less than this the thread does
 * little else, and with 4 GB it collects hardly ever.
 */
const YOUNG_GENERATION_MB = { alone: 64, ofSeveral: 24 };
const OLD_GENERATION_MB = 256;

export interface ThreadedSession extends OracleSession {
  /** Write all rows of a query to a file (spool.ts). */
  extract(request: Extract, onRows: (rows: number) => void): Promise<Extracted>;
  /** End the thread and its connection at once. */
  abandon(): Promise<void>;
}

/**
 * Log on in a new thread.
 * @param isAlone whether no other session works beside it: its heap may then be larger
 * @throws {OracleError} as `connect`
 */
export async function openSession(settings: ConnectionSettings, isAlone = false): Promise<ThreadedSession> {
  const session = new Threaded(settings, isAlone);
  try {
    await session.request({ kind: 'connect' });
    return session;
  } catch (error) {
    await session.abandon();
    throw error;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onRows: ((rows: number) => void) | undefined;
}

class Threaded implements ThreadedSession {
  readonly #worker: Worker;
  readonly #title: string;
  #pending: Pending | undefined;
  #isOver = false;

  constructor(settings: ConnectionSettings, isAlone: boolean) {
    this.#title = settings.title;
    const data: WorkerSettings = {
      ...settings,
      password: settings.password?.reveal(),
      walletPassword: settings.walletPassword?.reveal(),
    };
    // So small a young generation is collected as fast by the thread alone, and the helpers, which mostly wait for each
    // other, took as much time from the other cores as the engine does for all rows.
    setFlagsFromString('--no-parallel-scavenge');
    this.#worker = new Worker(new URL('./session-worker.ts', import.meta.url), {
      workerData: data,
      resourceLimits: {
        maxYoungGenerationSizeMb: isAlone ? YOUNG_GENERATION_MB.alone : YOUNG_GENERATION_MB.ofSeveral,
        maxOldGenerationSizeMb: OLD_GENERATION_MB,
      },
      execArgv: [],
    });
    this.#worker.on('message', (reply: WorkerReply) => this.#take(reply));
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
  }

  /** One request at a time; the thread answers in order. */
  request<T>(request: WorkerRequest, onRows?: (rows: number) => void): Promise<T> {
    if (this.#pending !== undefined) {
      throw new ArbdataError('E_INTERNAL', 'a session was asked for two things at a time', {
        advice: 'Report this as a defect, with the command.',
      });
    }
    if (this.#isOver) return Promise.reject(oracleError('WORKER', `reading ${this.#title}`));
    return new Promise<T>((resolve, reject) => {
      this.#pending = { resolve: resolve as (value: unknown) => void, reject, onRows };
      this.#worker.postMessage(request);
    });
  }

  rows(statement: OracleStatement): Promise<readonly OracleRow[]> {
    return this.request({ kind: 'rows', statement });
  }

  async *stream(statement: OracleStatement, batchRows: number): AsyncGenerator<readonly OracleRow[]> {
    const columns = await this.request<readonly string[]>({
      kind: 'open',
      statement,
      fetchRows: batchRows,
    });
    try {
      for (;;) {
        const rows = await this.request<OracleValue[][]>({ kind: 'next', fetchRows: batchRows });
        if (rows.length === 0) return;
        yield rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));
      }
    } finally {
      if (!this.#isOver) await this.request({ kind: 'close-query' });
    }
  }

  execute(statement: OracleStatement): Promise<{ rowsAffected: number }> {
    return this.request({ kind: 'execute', statement });
  }

  commit(): Promise<void> {
    return this.request({ kind: 'commit' });
  }

  rollback(): Promise<void> {
    return this.request({ kind: 'rollback' });
  }

  extract(request: Extract, onRows: (rows: number) => void): Promise<Extracted> {
    return this.request({ kind: 'extract', ...request }, onRows);
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    try {
      await this.request({ kind: 'close' });
    } finally {
      await this.abandon();
    }
  }

  async abandon(): Promise<void> {
    this.#isOver = true;
    await this.#worker.terminate();
  }

  #take(reply: WorkerReply): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    if (reply.kind === 'progress') {
      pending.onRows?.(reply.rows);
      return;
    }
    this.#pending = undefined;
    if (reply.kind === 'done') pending.resolve(reply.value);
    else pending.reject(errorOf(reply.failure));
  }

  #end(): void {
    this.#isOver = true;
    this.#pending?.reject(oracleError('WORKER', `reading ${this.#title}`));
    this.#pending = undefined;
  }
}

function errorOf({ code, message, advice, where, oracle }: Failure): ArbdataError {
  return oracle === undefined
    ? new ArbdataError(code, message, { advice, where })
    : new OracleError(code, message, { advice, where, oracleCode: oracle.code, fate: oracle.fate });
}
