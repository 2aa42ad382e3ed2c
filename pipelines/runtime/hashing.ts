/**
 * SHA-256 and SM3 of files, on all cores: each algorithm of each file is a task of its own, so that one large file
 * keeps two threads busy and many files all of them. Memory stays at one buffer for each thread.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { fileError } from './files.ts';
import type { HashAlgorithm, HashResult, HashTask } from './hash-worker.ts';

export type { HashAlgorithm } from './hash-worker.ts';

/** More threads than this wait for the disk. */
const MOST_THREADS = 4;

/** Lower-case hexadecimal. */
export interface FileHashes {
  readonly sha256: string;
  readonly sm3: string;
  readonly sizeBytes: number;
}

interface Waiting extends HashTask {
  resolve(result: { hash: string; sizeBytes: number }): void;
  reject(error: unknown): void;
}

/** Threads that hash files; close it, or the process does not end. */
export class HashPool {
  readonly #waiting: Waiting[] = [];
  readonly #idle: Worker[] = [];
  readonly #workers = new Map<Worker, Waiting | undefined>();
  readonly #threads: number;

  constructor(threads: number = Math.max(2, Math.min(MOST_THREADS, availableParallelism()))) {
    this.#threads = threads;
  }

  /**
   * Both hashes of a file.
   * @throws {ArbdataError} E_HOME; other faults of reading as the system tells them
   */
  async hash(file: string): Promise<FileHashes> {
    // The slower one first: the other is done meanwhile.
    const [sm3, sha256] = await Promise.all([this.#run(file, 'sm3'), this.#run(file, 'sha256')]);
    return { sha256: sha256.hash, sm3: sm3.hash, sizeBytes: sha256.sizeBytes };
  }

  async close(): Promise<void> {
    const workers = [...this.#workers.keys()];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #run(file: string, algorithm: HashAlgorithm): Promise<{ hash: string; sizeBytes: number }> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ file, algorithm, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.pop() ?? (this.#workers.size < this.#threads ? this.#start() : undefined);
    if (worker === undefined) return;
    const task = this.#waiting.shift();
    this.#workers.set(worker, task);
    if (task !== undefined) worker.postMessage({ file: task.file, algorithm: task.algorithm });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url));
    worker.on('message', (result: HashResult) => this.#done(worker, result));
    worker.on('error', (error) => {
      this.#workers.get(worker)?.reject(error);
      this.#workers.delete(worker);
    });
    return worker;
  }

  #done(worker: Worker, result: HashResult): void {
    const task = this.#workers.get(worker);
    this.#workers.set(worker, undefined);
    this.#idle.push(worker);
    this.#next();
    if (task === undefined) return;
    if (!('error' in result)) task.resolve(result);
    else
      task.reject(
        fileError(Object.assign(new Error(result.error.message), { code: result.error.code }), task.file),
      );
  }
}

/** Use a pool and close it whatever happens. */
export async function withHashPool<T>(use: (pool: HashPool) => Promise<T>): Promise<T> {
  const pool = new HashPool();
  try {
    return await use(pool);
  } finally {
    await pool.close();
  }
}
