/** What a thread that hashes is asked and answers, and how it follows a file that is being written. */

/** SM3 and SHA-256 are what BagIt manifests of this service hold. */
export type HashAlgorithm = 'sha256' | 'sm3';

export interface HashTask {
  readonly file: string;
  readonly algorithm: HashAlgorithm;
  /** Of a file that is being written meanwhile: how far it is. */
  readonly growth?: SharedArrayBuffer;
}

/** Places in `growth`: pieces that are written, and whether more will come. */
export const GROWTH = { pieces: 0, state: 1 } as const;
export const GROWTH_STATE = { growing: 0, whole: 1, failed: 2 } as const;
/** What is written and hashed at a time. */
export const PIECE_SIZE_BYTES = 1024 * 1024;

export type HashResult =
  | { readonly hash: string; readonly sizeBytes: number }
  | { readonly error: { readonly message: string; readonly code: string | undefined } };
