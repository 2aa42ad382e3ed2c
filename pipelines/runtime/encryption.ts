/**
 * Encryption to public keys in the age format (age-encryption.org/v1): what is encrypted here opens with the `age`
 * program, and the other way round. Files of any size go through in pieces of 64 KiB, each authenticated; a file
 * that was decrypted stands under its name only when its last piece was.
 */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { ArbdataError, systemCode } from './errors.ts';
import { fileError, writeStreamAtomic } from './files.ts';

/** A public key: whoever has it can encrypt, and no more. X25519 (`age1…`) or, against future computers, `age1pq1…`. */
export type Recipient = string;

const require = createRequire(import.meta.url);
let loaded: typeof import('age-encryption') | undefined;

/** Loaded when it is needed: a tenth of a second that other commands should not pay for. */
function age(): typeof import('age-encryption') {
  loaded ??= require('age-encryption') as typeof import('age-encryption');
  return loaded;
}

const READ_SIZE_BYTES = 256 * 1024;
/** A key is a line; whoever names a large file has named the wrong one. */
const LARGEST_KEY_FILE_BYTES = 256 * 1024;

/** A private key, which no log and no JSON text shows. */
export class Identity {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the encryption library alone. */
  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return '[hidden]';
  }

  /** The public key that belongs to it. */
  async recipient(): Promise<Recipient> {
    return age().identityToRecipient(this.#text);
  }
}

/**
 * Public keys, each checked.
 * @param from what names them in an error: a file, or a key of the configuration
 * @throws {ArbdataError} E_KEY naming the one that is wrong, or that there is none
 */
export function checkRecipients(keys: readonly string[], from: string): Recipient[] {
  if (keys.length === 0) throw keyError(`${from} names no public key`, RECIPIENT_ADVICE, from);
  for (const [index, key] of keys.entries()) {
    try {
      if (!/^age1(?:pq1)?[02-9ac-hj-np-z]+$/.test(key)) throw new Error('not of the form age1…');
      new (age().Encrypter)().addRecipient(key);
    } catch (error) {
      const hint = key.toUpperCase().startsWith('AGE-SECRET-KEY-') ? ' (it is a private key)' : '';
      throw keyError(
        `${from}: key ${index + 1} is no public key of age${hint}`,
        RECIPIENT_ADVICE,
        from,
        error,
      );
    }
  }
  return [...new Set(keys)];
}

/**
 * The public keys of a file: one a line; empty lines and lines that begin with `#` do not count.
 * @throws {ArbdataError} E_KEY
 */
export function readRecipients(file: string): Recipient[] {
  return checkRecipients(keyLines(file), file);
}

/**
 * The private keys of a file as `age-keygen` writes it, which its owner alone may read (mode 0600).
 * @throws {ArbdataError} E_KEY where it is open to others, holds none, or one that is not valid
 */
export async function readIdentities(file: string): Promise<Identity[]> {
  refuseOpenFile(file);
  const identities = keyLines(file).map((line) => new Identity(line));
  if (identities.length === 0) throw keyError(`${file} holds no private key`, IDENTITY_ADVICE, file);
  for (const [index, identity] of identities.entries()) {
    try {
      await identity.recipient();
    } catch {
      // Without its cause: the library's message might quote the key.
      throw keyError(`${file}: key ${index + 1} is no private key of age`, IDENTITY_ADVICE, file);
    }
  }
  return identities;
}

/**
 * The encrypted form of a stream, as it is read: nothing is kept.
 * @throws {ArbdataError} E_KEY
 */
export async function* encryptStream(
  plain: AsyncIterable<Uint8Array>,
  recipients: readonly Recipient[],
): AsyncGenerator<Uint8Array> {
  const encrypter = new (age().Encrypter)();
  for (const recipient of checkRecipients(recipients, 'the call')) encrypter.addRecipient(recipient);
  yield* Readable.fromWeb(await encrypter.encrypt(webStream(plain)));
}

/**
 * Encrypt a file; the target stands there whole or not at all, an earlier one is replaced in one step.
 * @throws {ArbdataError} E_KEY, E_DISK_FULL, E_HOME
 */
export async function encryptFile(
  source: string,
  target: string,
  recipients: readonly Recipient[],
): Promise<void> {
  await writeStreamAtomic(target, encryptStream(fileChunks(source), recipients));
}

/**
 * What an encrypted stream holds. Every piece that comes out is authentic; whether it is all of it is known at the
 * end only, so that what was made from it is to be thrown away where this ends in an error.
 * @param name what the stream is, for errors
 * @throws {ArbdataError} E_KEY where none of the keys fits; E_DECRYPT where a byte was changed, added or cut off
 */
export async function* decryptStream(
  encrypted: AsyncIterable<Uint8Array>,
  identities: readonly Identity[],
  name: string,
): AsyncGenerator<Uint8Array> {
  const decrypter = new (age().Decrypter)();
  for (const identity of identities) decrypter.addIdentity(identity.reveal());
  const chunks = encrypted[Symbol.asyncIterator]();
  try {
    yield* Readable.fromWeb(await decrypter.decrypt(webStream({ [Symbol.asyncIterator]: () => chunks })));
  } catch (error) {
    throw decryptionError(error, name);
  } finally {
    // The library leaves what it read open where the header is not as it should be.
    await chunks.return?.();
  }
}

/**
 * Decrypt a file; the target (mode 0600) stands there whole and authentic, or not at all.
 * @throws {ArbdataError} E_KEY, E_DECRYPT, E_DISK_FULL, E_HOME
 */
export async function decryptFile(
  source: string,
  target: string,
  identities: readonly Identity[],
): Promise<void> {
  await writeStreamAtomic(target, decryptStream(fileChunks(source), identities, source));
}

/** A file in pieces; a fault of reading it is one of ours. */
async function* fileChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: READ_SIZE_BYTES });
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, file);
    throw new ArbdataError('E_NOT_FOUND', `there is no file ${file}`, {
      advice: 'Correct the path.',
      where: { file },
      cause: error,
    });
  }
}

/** The library reads web streams, one piece at a time. */
function webStream(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
}

/** The library throws plain errors of its own for whatever is wrong with the bytes; a fault of reading is ours already. */
function decryptionError(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof ArbdataError || 'errno' in error) return error;
  if (error.message.startsWith('no identity matched')) {
    return keyError(
      `none of the private keys opens ${name}`,
      'Name the file of the private key that belongs to one of the public keys it was encrypted to.',
      name,
      error,
    );
  }
  return new ArbdataError('E_DECRYPT', `${name} cannot be decrypted: it is damaged, cut off or no age file`, {
    advice: 'Take another copy of it; nothing of what it seems to hold was kept.',
    where: { file: name },
    cause: error,
  });
}

const RECIPIENT_ADVICE = 'Name public keys (age1…) as `age-keygen -y` shows them, one a line.';
const IDENTITY_ADVICE =
  'Name a file that holds private keys (AGE-SECRET-KEY-1…), one a line, as `age-keygen -o FILE` makes it.';

function keyError(message: string, advice: string, file: string, cause?: unknown): ArbdataError {
  return new ArbdataError('E_KEY', message, {
    advice,
    where: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

function keyLines(file: string): string[] {
  try {
    if (statSync(file).size > LARGEST_KEY_FILE_BYTES) {
      throw keyError(`${file} is too large for a file of keys`, 'Name a file that holds keys alone.', file);
    }
    return readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw unreadable(error, file);
  }
}

/** A private key that others can read is no longer private. Windows has no such bits. */
function refuseOpenFile(file: string): void {
  if (process.platform === 'win32') return;
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
  } catch (error) {
    throw unreadable(error, file);
  }
  if ((mode & 0o077) === 0) return;
  throw keyError(
    `${file} can be read or written by others than its owner (mode ${mode.toString(8)})`,
    `Run: chmod 600 ${file}; and think of who may have read it.`,
    file,
  );
}

function unreadable(error: unknown, file: string): unknown {
  if (error instanceof ArbdataError || !(error instanceof Error) || !('code' in error)) return error;
  return keyError(
    `${file} cannot be read (${String(error.code)})`,
    'Correct the path, or give the user of this command the right to read it.',
    file,
    error,
  );
}
