/** A secret: read from the environment or a file that only its owner can read, and shown nowhere. */
import { readFileSync, statSync } from 'node:fs';
import { inspect } from 'node:util';
import { ArbdataError } from './errors.ts';

const HIDDEN = '[hidden]';
/** A password is short; whoever names a large file has named the wrong one. */
const LARGEST_SECRET_BYTES = 4096;

/** Text that neither a log nor a JSON text nor a debugger's view of an object shows. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the driver alone. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/**
 * The secret that a variable holds, or that stands in the file which `<variable>_FILE` names (the line end at its end
 * does not count). Undefined where neither is set.
 * @throws {ArbdataError} E_CONFIG where both are set, or where others than the owner can read the file
 */
export function secretFrom(environment: NodeJS.ProcessEnv, variable: string): Secret | undefined {
  const direct = environment[variable];
  const fileVariable = `${variable}_FILE`;
  const file = environment[fileVariable];
  if (direct !== undefined && direct !== '') {
    if (file === undefined || file === '') return new Secret(direct);
    throw new ArbdataError('E_CONFIG', `both ${variable} and ${fileVariable} are set`, {
      advice: 'Unset one of them.',
    });
  }
  return file === undefined || file === '' ? undefined : new Secret(readPrivateFile(fileVariable, file));
}

/**
 * The text of a file that only its owner can read, without the line end at its end.
 * @param name what names the file: a variable or a key of config.json
 * @throws {ArbdataError} E_CONFIG saying what is wrong with it
 */
export function readPrivateFile(
  name: string,
  file: string,
  largestBytes: number = LARGEST_SECRET_BYTES,
): string {
  const refuse = (what: string, advice: string, cause?: unknown): ArbdataError =>
    new ArbdataError('E_CONFIG', `${name}: ${file} ${what}`, {
      advice,
      where: { file },
      ...(cause === undefined ? {} : { cause }),
    });
  try {
    const entry = statSync(file);
    if (!entry.isFile()) throw refuse('is no file', `Name a file that holds the secret alone in ${name}.`);
    // Windows has no such bits: its mode tells nothing about who can read the file.
    if (process.platform !== 'win32') refuseOpenFile(entry, refuse, file);
    if (entry.size > largestBytes) {
      throw refuse('is too large for a secret', 'Name a file that holds the secret alone.');
    }
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (text === '') throw refuse('is empty', 'Put the secret into it, on one line.');
    return text;
  } catch (error) {
    if (error instanceof ArbdataError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw refuse(
      `cannot be read (${code})`,
      'Correct the path, or give the user of this command the right to read it.',
      error,
    );
  }
}

function refuseOpenFile(
  entry: { readonly mode: number; readonly uid: number },
  refuse: (what: string, advice: string) => ArbdataError,
  file: string,
): void {
  if ((entry.mode & 0o077) !== 0) {
    throw refuse(
      `can be read or written by others than its owner (mode ${(entry.mode & 0o777).toString(8)})`,
      `Run: chmod 600 ${file}`,
    );
  }
  const me = process.getuid?.();
  if (me !== undefined && me !== 0 && entry.uid !== me) {
    throw refuse('belongs to another user', 'Name a file of the user who runs this command.');
  }
}
