/**
 * SHA-256 and SM3 of files, on all cores: each algorithm of each file is a task of its own, so that one large file
 * keeps two threads busy and many files all of them. Memory stays at one buffer for each thread.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { fileError } from './files.ts';
import {
  GROWTH,
  GROWTH_STATE,
  type HashAlgorithm,
  type HashResult,
  type HashTask,
  PIECE_SIZE_BYTES,
} from './hash-task.ts';

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

  /**
   * Copy a file and hash the copy as it lies there, while it is written: what is hashed was read back from the copy.
   * The copy has the permissions of the file, and is on the disk when this returns.
   * @throws {ArbdataError} E_DISK_FULL, E_HOME; what cannot be read as the system tells it
   */
  async copy(source: string, target: string): Promise<FileHashes> {
    const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    const growth = new Int32Array(shared);
    const tell = (state: number): void => {
      Atomics.store(growth, GROWTH.state, state);
      Atomics.notify(growth, GROWTH.pieces);
    };
    const from = await open(source, 'r');
    try {
      const to = await open(target, 'wx', 0o600);
      try {
        const hashing = Promise.all([this.#run(target, 'sm3', shared), this.#run(target, 'sha256', shared)]);
        // Where writing fails, that is the error to tell.
        hashing.catch(() => undefined);
        try {
          await copyPieces(from, to, growth);
          tell(GROWTH_STATE.whole);
          await to.chmod((await from.stat()).mode & 0o777);
          const [[sm3, sha256]] = await Promise.all([hashing, to.sync()]);
          return { sha256: sha256.hash, sm3: sm3.hash, sizeBytes: sha256.sizeBytes };
        } catch (error) {
          tell(GROWTH_STATE.failed);
          throw fileError(error, target);
        }
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  }

  async close(): Promise<void> {
    const workers = [...this.#workers.keys()];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #run(
    file: string,
    algorithm: HashAlgorithm,
    growth?: SharedArrayBuffer,
  ): Promise<{ hash: string; sizeBytes: number }> {
    return new Promise((resolve, reject) => {
      const task = growth === undefined ? { file, algorithm } : { file, algorithm, growth };
      this.#waiting.push({ ...task, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.pop() ?? (this.#workers.size < this.#threads ? this.#start() : undefined);
    if (worker === undefined) return;
    const task = this.#waiting.shift();
    this.#workers.set(worker, task);
    if (task === undefined) return;
    const { resolve: _, reject: __, ...plain } = task;
    worker.postMessage(plain satisfies HashTask);
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

/** Piece by piece; each counts when the system has taken all of it. */
async function copyPieces(from: FileHandle, to: FileHandle, growth: Int32Array): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(PIECE_SIZE_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    for (let at = 0; at < bytesRead; ) {
      at += (await to.write(buffer, at, bytesRead - at, position + at)).bytesWritten;
    }
    position += bytesRead;
    Atomics.store(growth, GROWTH.pieces, Math.floor(position / PIECE_SIZE_BYTES));
    Atomics.notify(growth, GROWTH.pieces);
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
