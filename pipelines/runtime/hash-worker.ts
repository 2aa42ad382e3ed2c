/** A thread that hashes: one file and one algorithm at a time, in pieces into one buffer. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** SM3 and SHA-256 are what BagIt manifests of this service hold. */
export type HashAlgorithm = 'sha256' | 'sm3';

export interface HashTask {
  readonly file: string;
  readonly algorithm: HashAlgorithm;
}

export type HashResult =
  | { readonly hash: string; readonly sizeBytes: number }
  | { readonly error: { readonly message: string; readonly code: string | undefined } };

const PIECE_SIZE_BYTES = 1024 * 1024;
const buffer = Buffer.allocUnsafeSlow(PIECE_SIZE_BYTES);

function hashFile({ file, algorithm }: HashTask): HashResult {
  const hash = createHash(algorithm);
  let sizeBytes = 0;
  try {
    const handle = openSync(file, 'r');
    try {
      for (;;) {
        const read = readSync(handle, buffer, 0, buffer.length, null);
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
