/** Commands of this program as processes of their own: a crash of one never takes along who started it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DUTY_VARIABLE, dutyText } from '../pipelines/duty.ts';
import { fileError } from '../pipelines/runtime/files.ts';
import type { Home } from '../pipelines/runtime/home.ts';
import { PROJECT_DIR } from '../pipelines/runtime/project.ts';
import type { StartCommand } from '../pipelines/scheduler.ts';

const MAIN = path.join(PROJECT_DIR, 'app/main.js');

/**
 * Starts commands on a home. A process is a group of its own: Ctrl-C at the terminal of the service, or its end, does not
 * reach it. What it says goes to `logs/duty-<id>.log`, or where this process says things.
 */
export function commandStarter(
  home: Pick<Home, 'dir' | 'logs'>,
  { isShown }: { readonly isShown: boolean },
): StartCommand {
  return (words, duty) =>
    new Promise((resolve, reject) => {
      const log = isShown ? undefined : openLog(path.join(home.logs, `duty-${duty.id}.log`));
      const child = spawn(process.execPath, [MAIN, '--home', home.dir, ...words, '--json'], {
        stdio: ['ignore', 'ignore', log ?? 'inherit'],
        env: { ...process.env, [DUTY_VARIABLE]: dutyText(duty) },
        detached: true,
      });
      giveWay(child);
      if (log !== undefined) closeSync(log);
      child.on('error', reject);
      child.on('exit', (code) => resolve(code ?? undefined));
    });
}

/** What the service starts gives way to those who look at its pages: a run ends a little later, a page never waits for it. */
export function giveWay({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    os.setPriority(pid, os.constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended, or this system does not allow it: then it runs as everything else does.
  }
}

function openLog(file: string): number {
  try {
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw fileError(error, file);
  }
}
