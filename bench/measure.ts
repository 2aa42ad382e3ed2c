/** Measures of whole commands: wall time, CPU time and peak memory of a child process, and tables of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { PROJECT_DIR } from '../pipelines/runtime/project.ts';

export interface Measure {
  readonly exitCode: number;
  readonly wallMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  /** Peak resident set of the largest process that the command started, itself included. */
  readonly peakRssBytes: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether GNU time measures; by default where it is installed. */
  readonly gnuTime?: boolean;
}

interface StartOptions extends Pick<CommandOptions, 'cwd' | 'env'> {
  readonly looksAtMemory: boolean;
}

const GNU_TIME = '/usr/bin/time';
/** bash's own `time` gives the CPU times where GNU time is not installed. */
const BASH_TIME = 'TIMEFORMAT="%U %S"; { time "$@" 2>&3; } 3>&2 2>"$ARBDATA_BENCH_TIMES"';
/** The kernel keeps the high-water mark; only growth after the last look can be missed. */
const LOOK_EVERY_MS = 10;

/** The command that runs a script of the project, named from the project folder. */
export const node = (script: string, ...args: string[]): string[] => [
  process.execPath,
  path.join(PROJECT_DIR, script),
  ...args,
];

/**
 * Measure a command that has to succeed.
 * @throws Error with the end of what it wrote to standard error, where it does not
 */
export async function mustSucceed(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Measure> {
  const result = await measure(command, { env });
  if (result.exitCode !== 0) {
    throw new Error(`${command.join(' ')} ended with ${result.exitCode}:\n${result.stderr.slice(-2000)}`);
  }
  return result;
}

/**
 * Run a command to its end and measure it. GNU time's figures are the kernel's own; without it the CPU times come
 * from bash and the memory from /proc, looked at every 10 ms.
 * @throws Error where the command cannot be started
 */
export async function measure(command: readonly string[], options: CommandOptions = {}): Promise<Measure> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-bench-'));
  const times = path.join(dir, 'times');
  const hasGnuTime = options.gnuTime ?? isExecutable(GNU_TIME);
  const wrapped = hasGnuTime
    ? [GNU_TIME, '-q', '-f', '%U %S %M', '-o', times, '--', ...command]
    : ['bash', '-c', BASH_TIME, 'bash', ...command];
  try {
    const run = await runToEnd(wrapped, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env, ARBDATA_BENCH_TIMES: times },
      // Looking costs what the command then lacks.
      looksAtMemory: !hasGnuTime,
    });
    const [user = 0, system = 0, kib] = readFileSync(times, 'utf8').trim().split(/\s+/).slice(-3).map(Number);
    return {
      ...run,
      userMs: Math.round(user * 1000),
      systemMs: Math.round(system * 1000),
      peakRssBytes: hasGnuTime ? (kib ?? 0) * 1024 : run.peakRssBytes,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type Run = Omit<Measure, 'userMs' | 'systemMs'>;

async function runToEnd(
  command: readonly string[],
  { looksAtMemory, ...options }: StartOptions,
): Promise<Run> {
  const [file = '', ...args] = command;
  const startedMs = performance.now();
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let peakRssBytes = 0;
  const look = looksAtMemory
    ? setInterval(() => {
        peakRssBytes = Math.max(peakRssBytes, ...processTree(child.pid ?? 0).map(peakOf));
      }, LOOK_EVERY_MS)
    : undefined;
  try {
    const closed = once(child, 'close') as Promise<[code: number | null]>;
    const [[code], stdout, stderr] = await Promise.all([
      closed,
      readAll(child.stdout),
      readAll(child.stderr),
    ]);
    return { exitCode: code ?? -1, wallMs: performance.now() - startedMs, peakRssBytes, stdout, stderr };
  } finally {
    clearInterval(look);
  }
}

/** A process and all that descend from it; empty where there is no /proc. */
export function processTree(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    for (const thread of list(`/proc/${pid}/task`)) {
      const children = text(`/proc/${pid}/task/${thread}/children`).trim();
      if (children !== '') found.push(...children.split(' ').map(Number));
    }
  }
  return found;
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** A process may end between two looks: what it no longer has is empty. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** The one in the middle, of two in the middle the lesser. @throws Error where there is none */
export function middleOf<T>(all: readonly T[], by: (one: T) => number): T {
  const middle = all.toSorted((a, b) => by(a) - by(b))[Math.floor((all.length - 1) / 2)];
  if (middle === undefined) throw new Error('there is no middle of nothing');
  return middle;
}

/** The middle one of several measures of one command, by wall time. */
export const median = (measures: readonly Measure[]): Measure => middleOf(measures, (one) => one.wallMs);

export interface Line {
  readonly name: string;
  readonly measure: Pick<Measure, 'wallMs' | 'userMs' | 'systemMs' | 'peakRssBytes'>;
  /** Rows that were read or written, for the rate. */
  readonly rows?: number;
}

export interface Ratio {
  readonly name: string;
  readonly of: number;
  readonly against: number;
  /** Infinity: the ratio is only printed. */
  readonly atMost: number;
}

/** A Markdown table of measures. */
export function measureTable(lines: readonly Line[]): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const rate = (rows: number | undefined, wallMs: number) =>
    rows === undefined ? '' : Math.round(rows / (wallMs / 1000)).toLocaleString('en-US');
  return markdown(
    ['what', 'wall', 'CPU', 'rows/s', 'peak RSS'],
    lines.map(({ name, measure: { wallMs, userMs, systemMs, peakRssBytes }, rows }) => [
      name,
      seconds(wallMs),
      seconds(userMs + systemMs),
      rate(rows, wallMs),
      `${Math.round(peakRssBytes / 2 ** 20)} MiB`,
    ]),
  );
}

/** A Markdown table of ratios, each with its limit and whether it is kept. */
export function ratioTable(ratios: readonly Ratio[]): string {
  return markdown(
    ['ratio', 'value', 'at most', 'kept'],
    ratios.map((ratio) => [
      ratio.name,
      (ratio.of / ratio.against).toFixed(2),
      Number.isFinite(ratio.atMost) ? String(ratio.atMost) : '—',
      isKept(ratio) ? 'yes' : 'NO',
    ]),
  );
}

export function isKept({ of, against, atMost }: Ratio): boolean {
  return of / against <= atMost;
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    `|${header.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}
