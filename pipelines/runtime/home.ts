/** The home directory: the one place where state lives. docs/data-design.md says what each path holds. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { ArbdataError, systemCode } from './errors.ts';
import { ensureDir, fileError, syncDirNow, temporaryName } from './files.ts';
import { PROJECT_DIR } from './project.ts';

const SECRET_SIZE_BYTES = 32;

/** Absolute paths; the folders exist, the files may not. */
export interface Home {
  readonly dir: string;
  readonly source: string;
  readonly snapshots: string;
  readonly work: string;
  readonly out: string;
  readonly published: string;
  readonly findings: string;
  /** Receipts of the platforms, by batch. */
  readonly receipts: string;
  readonly backups: string;
  readonly definitions: string;
  readonly logs: string;
  /** The SQLite file of the run ledger. */
  readonly ledger: string;
  /** The last record of the audit chain, kept outside of the ledger. */
  readonly auditHead: string;
  readonly config: string;
  readonly secretKey: string;
  /** Signed records of what was destroyed, and the plans of purges that are not finished. */
  readonly purges: string;
  /** The home's own key that signs them. */
  readonly signingKey: string;
}

/** The folder that is meant: the given one, else ARBDATA_HOME, else `var` in the project folder. */
function homeDir(given: string | undefined, environment: NodeJS.ProcessEnv): string {
  const chosen = [given, environment.ARBDATA_HOME].find((text) => text !== undefined && text !== '');
  return chosen === undefined ? path.join(PROJECT_DIR, 'var') : path.resolve(chosen);
}

/**
 * See that there is a home, for commands that watch over one: a new one would be in perfect order.
 * @throws {ArbdataError} E_HOME where the folder is missing or empty
 */
export function requireHome(given?: string, environment: NodeJS.ProcessEnv = process.env): void {
  const dir = homeDir(given, environment);
  if (isFilled(dir)) return;
  throw new ArbdataError('E_HOME', `there is no home at ${dir}: it is missing or empty`, {
    advice:
      'Mount its disk, or correct --home or ARBDATA_HOME. A new home is made by its first run: `arbdata run monthly`.',
    where: { file: dir },
  });
}

function isFilled(dir: string): boolean {
  try {
    return readdirSync(dir).length > 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, dir);
  }
}

/**
 * Open the home directory and create what is missing of it (0700): the given folder, else ARBDATA_HOME, else
 * `var` in the project folder. A relative path counts from the current folder.
 * @throws {ArbdataError} E_HOME, E_DISK_FULL
 */
export function openHome(given?: string, environment: NodeJS.ProcessEnv = process.env): Home {
  const dir = homeDir(given, environment);
  const folder = (name: string): string => {
    ensureDir(path.join(dir, name));
    return path.join(dir, name);
  };
  return {
    dir,
    source: folder('source'),
    snapshots: folder('snapshots'),
    work: folder('work'),
    out: folder('out'),
    published: folder('published'),
    findings: folder('findings'),
    receipts: folder('receipts'),
    backups: folder('backups'),
    definitions: folder('definitions'),
    logs: folder('logs'),
    ledger: path.join(dir, 'ledger.sqlite'),
    auditHead: path.join(dir, 'audit-head.json'),
    config: path.join(dir, 'config.json'),
    secretKey: path.join(dir, 'secret.key'),
    purges: path.join(dir, 'purges'),
    signingKey: path.join(dir, 'signing.key'),
  };
}

/** Where a run's findings are kept. */
export function findingsFile(home: Pick<Home, 'findings'>, runId: string): string {
  return path.join(home.findings, `${runId}.parquet`);
}

/**
 * The home's 32 secret bytes, made at first use (0600).
 * @throws {ArbdataError} E_HOME where the file is not 32 bytes or cannot be used, E_DISK_FULL
 */
export function homeSecret(home: Home): Buffer {
  const secret = readSecret(home) ?? createSecret(home);
  if (secret.length === SECRET_SIZE_BYTES) return secret;
  throw new ArbdataError(
    'E_HOME',
    `${home.secretKey} has ${secret.length} bytes instead of ${SECRET_SIZE_BYTES}`,
    {
      advice:
        'Restore it from a backup; without the old key, marks on findings no longer match their findings.',
      where: { file: home.secretKey },
    },
  );
}

function readSecret(home: Home): Buffer | undefined {
  try {
    return readFileSync(home.secretKey);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, home.secretKey);
  }
}

function createSecret(home: Home): Buffer {
  const temporary = temporaryName(home.secretKey);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, randomBytes(SECRET_SIZE_BYTES));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkUnlessThere(temporary, home.secretKey);
    syncDirNow(home.dir);
    return readFileSync(home.secretKey);
  } catch (error) {
    throw fileError(error, home.secretKey);
  } finally {
    removeQuietly(temporary);
  }
}

/** Unlike a rename, a link never replaces: of two processes that start at once, both use the first one's key. */
function linkUnlessThere(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // On a read-only disk there is nothing to remove, and the first error is the one to tell.
  }
}
