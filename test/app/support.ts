/** The command line, called here or as a process of its own. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect } from 'vitest';
import { runCommandLine } from '../../app/cli.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';

export const MAIN = path.join(PROJECT_DIR, 'app/main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Run a program to its end. */
export async function execute(
  program: string,
  args: readonly string[],
  { cwd = PROJECT_DIR, env = {} }: RunOptions = {},
): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, args, {
    cwd,
    env: { PATH, HOME, LANG: 'C.UTF-8', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

/** `arbdata …` in this process. */
export async function arbdata(...args: readonly string[]): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  const output = {
    write: async (text: string) => {
      texts.stdout += text;
    },
  };
  const errors = {
    write: (text: string) => {
      texts.stderr += text;
    },
  };
  const code = await runCommandLine(args, { output, errors });
  return { code, ...texts };
}

/** `arbdata …` as a process. */
export async function arbdataProcess(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return execute(process.execPath, [MAIN, ...args], options);
}

/** The one JSON document of a command; the test fails where standard output holds anything else. */
export function documentOf({ stdout }: Ended): Record<string, unknown> {
  expect(stdout.endsWith('\n')).toBe(true);
  const parsed = JSON.parse(stdout) as unknown;
  expect(parsed).toBeTypeOf('object');
  expect(Array.isArray(parsed)).toBe(false);
  return parsed as Record<string, unknown>;
}
