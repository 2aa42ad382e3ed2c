/** Whether the process behind a lock still lives: by process id and start time, so that a reused id is no life. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { type Clock, stampToMs } from './clock.ts';
import { systemCode } from './errors.ts';

/** How often a holder says that it lives. */
export const HEARTBEAT_MS = 15_000;
/** A holder on another host, whose processes cannot be seen, counts as dead after this silence. */
export const SILENT_HOST_MS = 180_000;
/** Another host's unfinished file has no heartbeat: it counts as left behind when it has not changed for a day. */
const FOREIGN_REMAINS_MS = 86_400_000;

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start time in clock ticks on Linux; empty where the system does not tell. */
  readonly processStart: string;
  readonly host: string;
}

/** This process. */
export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, processStart: processStart(process.pid) ?? '', host: os.hostname() };
}

/**
 * Whether the holder of a lock lives. On this host its process decides, and one that is merely stopped lives;
 * on another host (containers that share a home) its last heartbeat does.
 */
export function isHolderAlive(
  holder: ProcessIdentity & { readonly heartbeat: string },
  clock: Clock,
): boolean {
  if (holder.host === os.hostname()) return isProcessAlive(holder.pid, holder.processStart);
  return clock.now().getTime() - stampToMs(holder.heartbeat) < SILENT_HOST_MS;
}

/**
 * A mark for the name of something unfinished: it says which process is at it, and is never given twice.
 * Host, process id, its start, and chance: `3f0a91-4711-c2d4e6-9b1f03aa`.
 */
export function ownedMark(): string {
  const { pid, processStart: start, host } = ownProcess();
  return `${short(host)}-${pid}-${short(start)}-${randomBytes(4).toString('hex')}`;
}

/** Whether a name bears the mark of a process that is gone. Names without a mark belong to nobody in particular. */
export function isOwnerGone(name: string, changedMs: number, clock: Clock): boolean {
  const mark = /(?:^|[.-])([0-9a-f]{6})-(\d+)-([0-9a-f]{6})-[0-9a-f]{8}(?:\.tmp)?$/.exec(name);
  if (mark === null) return false;
  const [, host, pid, start] = mark;
  if (host !== short(os.hostname())) return clock.now().getTime() - changedMs > FOREIGN_REMAINS_MS;
  const now = processStart(Number(pid));
  if (now === 'dead') return true;
  // As for a lock: where the start cannot be compared, a signal 0 is what is left.
  if (now === undefined || start === short('')) return !acceptsSignals(Number(pid));
  return start !== short(now);
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}

function isProcessAlive(pid: number, startedAs: string): boolean {
  const start = processStart(pid);
  if (start === 'dead') return false;
  // Without an entry under /proc (no Linux, or another user's process is hidden) a signal 0 is what is left.
  if (start === undefined || startedAs === '') return acceptsSignals(pid);
  return start === startedAs;
}

/** `dead` for a process that has ended but was not yet collected by its parent; undefined where nothing tells. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return 'dead';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function acceptsSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
