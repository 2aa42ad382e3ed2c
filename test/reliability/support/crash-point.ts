/**
 * Preloaded into the program: ends it with SIGKILL just before its n-th operation on files or on the ledger.
 *
 * A kill by time rarely falls between two neighbouring renames; this one falls where it is told, again and again.
 * `ARBDATA_CRASH_AT=n` names the operation (from 1); `ARBDATA_CRASH_LOG=file` lists the operations of an undisturbed
 * process instead, one a line. What DuckDB and SQLite do inside of a call is not seen here: kills by time meet that.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const crashAt = Number(process.env['ARBDATA_CRASH_AT'] ?? 0);
const logFile = process.env['ARBDATA_CRASH_LOG'];
const appendLine = fs.appendFileSync;
let count = 0;

function operation(name: string): void {
  count += 1;
  if (logFile !== undefined) appendLine(logFile, `${name}\n`);
  if (count !== crashAt) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives at the latest with the next system call; nothing of ours runs before.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

type Call = (...args: unknown[]) => unknown;

/** Count a function of an object; only calls that `counts` accepts. */
function watch(target: object, name: string, counts: (args: unknown[], self: unknown) => string | undefined) {
  const holder = target as Record<string, Call>;
  const original = holder[name];
  if (original === undefined) throw new Error(`there is no ${name} to watch`);
  const watched = function (this: unknown, ...args: unknown[]): unknown {
    const what = counts(args, this);
    if (what !== undefined) operation(`${name} ${what}`);
    return original.apply(this, args);
  };
  holder[name] = Object.assign(watched, original);
}

const base = (file: unknown): string =>
  typeof file === 'string' ? file.split(path.sep).slice(-3).join('/') : String(typeof file);
/** An opening that only reads changes nothing. */
const writes = (flags: unknown): boolean => /[wa+]/.test(typeof flags === 'string' ? flags : 'r');

for (const name of ['rename', 'rm', 'chmod', 'mkdir', 'utimes', 'writeFile']) {
  watch(fs.promises, name, ([file, to]) => base(name === 'rename' ? to : file));
}
for (const name of ['renameSync', 'rmSync', 'mkdirSync', 'linkSync']) {
  watch(fs, name, ([file, to]) => base(name === 'linkSync' || name === 'renameSync' ? to : file));
}
for (const name of ['writeSync', 'fsyncSync']) watch(fs, name, () => '');
watch(fs, 'openSync', ([file, flags]) => (writes(flags) ? base(file) : undefined));
// What a write stream does, piece by piece.
watch(fs, 'write', () => '');
watch(fs, 'open', ([file, flags]) => (writes(flags) ? base(file) : undefined));

const handle = await fs.promises.open(new URL(import.meta.url), 'r');
const fileHandle = Object.getPrototypeOf(handle) as object;
await handle.close();
for (const name of ['sync', 'write', 'writeFile']) watch(fileHandle, name, () => '');
watch(fs.promises, 'open', ([file, flags]) => (writes(flags) ? base(file) : undefined));
syncBuiltinESMExports();

const changes = (sql: string): string | undefined =>
  /^\s*(?:select|pragma busy_timeout|with)\b/i.test(sql) ? undefined : sql.replace(/\s+/g, ' ').slice(0, 60);
watch(DatabaseSync.prototype, 'exec', ([sql]) => changes(String(sql)));
for (const name of ['run', 'all']) {
  watch(StatementSync.prototype, name, (_args, self) => changes((self as StatementSync).sourceSQL));
}
