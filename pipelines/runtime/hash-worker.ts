/** A thread that hashes: one file and one algorithm at a time, in pieces into one buffer. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { GROWTH, GROWTH_STATE, type HashResult, type HashTask, PIECE_SIZE_BYTES } from './hash-task.ts';

/** So long a thread sleeps before it looks again by itself. */
const LOOK_AGAIN_MS = 1000;

const buffer = Buffer.allocUnsafeSlow(PIECE_SIZE_BYTES);

/** Wait until there is something that was not hashed yet, or the file is whole. Returns how many bytes may be read. */
function bytesToRead(growth: Int32Array | undefined, doneBytes: number): number {
  if (growth === undefined) return buffer.length;
  for (;;) {
    // The state first: what is written before it turns is then seen as well.
    const state = Atomics.load(growth, GROWTH.state);
    const pieces = Atomics.load(growth, GROWTH.pieces);
    if (state === GROWTH_STATE.failed) throw new Error('the file was not written to its end');
    if (state === GROWTH_STATE.whole) return buffer.length;
    const written = pieces * PIECE_SIZE_BYTES - doneBytes;
    if (written > 0) return Math.min(written, buffer.length);
    Atomics.wait(growth, GROWTH.pieces, pieces, LOOK_AGAIN_MS);
  }
}

function hashFile({ file, algorithm, growth }: HashTask): HashResult {
  const hash = createHash(algorithm);
  const written = growth === undefined ? undefined : new Int32Array(growth);
  let sizeBytes = 0;
  try {
    const handle = openSync(file, 'r');
    try {
      for (;;) {
        const read = readSync(handle, buffer, 0, bytesToRead(written, sizeBytes), null);
        if (read === 0) break;
        hash.update(buffer.subarray(0, read));
        sizeBytes += read;
      }
    } finally {
      closeSync(handle);
    }
    return { hash: hash.digest('hex'), sizeBytes };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { error: { message, code } };
  }
}

parentPort?.on('message', (task: HashTask) => parentPort?.postMessage(hashFile(task)));
