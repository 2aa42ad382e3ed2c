/** The real command line: as a child process, for what the process does, or called here, for what a command does. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { runCommandLine } from '../../../app/cli.ts';
import { PROJECT_DIR } from '../../../pipelines/runtime/project.ts';
import { COMPILE_CACHE } from '../../support/compile-cache.ts';

const MAIN = path.join(PROJECT_DIR, 'app/main.js');
/** A command that has not ended by then hangs; the machine may be busy with other tests. */
const PATIENCE_MS = 180_000;

export interface Ended {
  /** null where a signal ended it. */
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves at the first line on standard error that a test of it accepts; false where the process ended before. */
  sawLine(accept: (line: string) => boolean): Promise<boolean>;
}

export interface StartOptions {
  /** Modules that are loaded before the program. */
  readonly preload?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Start `arbdata …` on a home. */
export function startCli(home: string, args: readonly string[], options: StartOptions = {}): Started {
  const preload = (options.preload ?? []).flatMap((file) => ['--import', file]);
  const child = spawn(process.execPath, [...preload, MAIN, '--home', home, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env },
  });
  const hang = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let stdout = '';
  let stderr = '';
  let partial = '';
  const waiting = new Set<(line: string) => void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) for (const look of [...waiting]) look(line);
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => {
      clearTimeout(hang);
      resolve({ exit, signal, stdout, stderr });
    });
  });
  const sawLine = (accept: (line: string) => boolean): Promise<boolean> =>
    new Promise((resolve) => {
      const look = (line: string): void => {
        if (!accept(line)) return;
        waiting.delete(look);
        resolve(true);
      };
      waiting.add(look);
      for (const line of stderr.split('\n').slice(0, -1)) look(line);
      ended.then(
        () => resolve(false),
        () => resolve(false),
      );
    });
  return { child, ended, sawLine };
}

/** Run `arbdata …` on a home to its end. */
export async function runCli(
  home: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  return startCli(home, args, options).ended;
}

/** Carry `arbdata …` out on a home in this process: what is not about the process itself costs a third of one. */
export async function callCli(home: string, args: readonly string[]): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  const exit = await runCommandLine(['--home', home, ...args], {
    output: {
      write: async (text) => {
        stdout += text;
      },
    },
    errors: {
      write: (text) => {
        stderr += text;
      },
    },
  });
  return { exit, signal: null, stdout, stderr };
}

/** The error that a command with --json ended with. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly exit: number;
  readonly retryable: boolean;
}

type EndedJson<T> = Ended & { readonly json: T; readonly error: ShownError | undefined };

/** Run `arbdata … --json` to its end and read its one document. */
export async function runJson<T = Record<string, unknown>>(
  home: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<EndedJson<T>> {
  return readJson(args, await runCli(home, [...args, '--json'], options));
}

/** The same in this process. */
export async function callJson<T = Record<string, unknown>>(
  home: string,
  args: readonly string[],
): Promise<EndedJson<T>> {
  return readJson(args, await callCli(home, [...args, '--json']));
}

function readJson<T>(args: readonly string[], ended: Ended): EndedJson<T> {
  let json: unknown;
  try {
    json = JSON.parse(ended.stdout);
  } catch (error) {
    throw new Error(`arbdata ${args.join(' ')} printed no JSON document: ${ended.stdout}\n${ended.stderr}`, {
      cause: error,
    });
  }
  return { ...ended, json: json as T, error: (json as { error?: ShownError }).error };
}

/** Carry a command out that must succeed. */
export async function mustRun(home: string, args: readonly string[]): Promise<Ended> {
  const ended = await callCli(home, args);
  if (ended.exit === 0) return ended;
  throw new Error(`arbdata ${args.join(' ')} ended with ${ended.exit ?? ended.signal}:\n${ended.stderr}`);
}
