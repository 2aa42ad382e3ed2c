/** A PostgreSQL cluster of its own for a test: made in a temporary folder, run as an unprivileged user, removed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = '/usr/lib/postgresql';
/** Users that Debian has for it, or for nothing. */
const USERS = ['postgres', 'nobody'];

export interface Postgresql {
  /** Folder of the Unix socket: what clients name as the host. */
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  stop(): void;
  start(): void;
  remove(): void;
}

/** The folder of the newest server programs; undefined where PostgreSQL is not installed. */
export function postgresqlPrograms(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => path.join(ROOT, version, 'bin'))
    .find((bin) => existsSync(path.join(bin, 'initdb')));
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The server refuses to be run by root. */
function unprivileged(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of USERS) {
    const [uid, gid] = ['-u', '-g'].map((option) => spawnSync('id', [option, user], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(`none of the users ${USERS.join(', ')} exists`);
}

/** Make and start a cluster with the tables of a file of SQL, and an account that may use them and make none. */
export function startPostgresql(programs: string, ddl: string): Postgresql {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-pg-'));
  const account = unprivileged();
  if (account !== undefined) chownSync(dir, account.uid, account.gid);
  chmodSync(dir, 0o755);
  const run = (program: string, args: readonly string[]): void => {
    execFileSync(path.join(programs, program), [...args], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...account,
    });
  };
  const data = path.join(dir, 'data');
  const passwords = { owner: randomBytes(12).toString('hex'), writer: randomBytes(12).toString('hex') };
  const passwordFile = path.join(dir, 'password');
  writeFileSync(passwordFile, passwords.owner);
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  run('initdb', [
    '-D',
    data,
    '-U',
    'owner',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--no-locale',
    '-N',
  ]);
  const options = `-c listen_addresses= -c unix_socket_directories=${dir} -c fsync=off`;
  const start = (): void =>
    run('pg_ctl', ['-D', data, '-o', options, '-l', path.join(dir, 'log'), '-w', 'start']);
  const stop = (): void => run('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
  start();
  const psql = (sql: string): void => {
    execFileSync(
      path.join(programs, 'psql'),
      ['-h', dir, '-U', 'owner', '-v', 'ON_ERROR_STOP=1', '-q', 'postgres'],
      {
        input: sql,
        env: { ...process.env, PGPASSWORD: passwords.owner },
      },
    );
  };
  psql(`${ddl}
    CREATE ROLE writer LOGIN PASSWORD '${passwords.writer}';
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer;`);
  return {
    host: dir,
    user: 'writer',
    password: passwords.writer,
    database: 'postgres',
    start,
    stop,
    remove: () => {
      try {
        stop();
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  };
}
