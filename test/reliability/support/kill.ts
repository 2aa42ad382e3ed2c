/** Killing a command at a chosen moment, with SIGKILL: nothing of it gets to clean up. */
import { existsSync, watch } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Started, startCli } from './cli.ts';

export const CRASH_POINT = fileURLToPath(new URL('crash-point.ts', import.meta.url));

/** When a command is killed. Only `operation` falls on the same place every time. */
export type Moment =
  /** Just before its n-th operation on files or on the ledger, from 1. */
  | { readonly kind: 'operation'; readonly at: number }
  /** When standard error shows the n-th line that begins so (from 1), and then so much later. */
  | { readonly kind: 'line'; readonly prefix: string; readonly nth: number; readonly afterMs: number }
  /** So long after it was started. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** At the n-th change that the system reports under the home's folders, from 1. */
  | { readonly kind: 'change'; readonly at: number };

/** `killed`: by the signal; `finished`: the command had ended before the moment came. */
export type Fate = 'killed' | 'finished';

/** Start a command, kill it at a moment, and wait until the process is gone. */
export async function killAt(home: string, args: readonly string[], moment: Moment): Promise<Fate> {
  const started =
    moment.kind === 'operation'
      ? startCli(home, args, { preload: [CRASH_POINT], env: { ARBDATA_CRASH_AT: String(moment.at) } })
      : startCli(home, args);
  const disarm = arm(home, started, moment);
  const { signal } = await started.ended;
  disarm();
  return signal === 'SIGKILL' ? 'killed' : 'finished';
}

/** Make the kill happen at its moment; the returned function takes it back. */
function arm(home: string, { child, sawLine }: Started, moment: Moment): () => void {
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  switch (moment.kind) {
    case 'operation':
      return () => undefined;
    case 'delay': {
      const timer = setTimeout(kill, moment.ms);
      return () => clearTimeout(timer);
    }
    case 'line': {
      let timer: NodeJS.Timeout | undefined;
      let seenLines = 0;
      const isIt = (line: string): boolean => {
        if (line.startsWith(moment.prefix)) seenLines += 1;
        return seenLines === moment.nth;
      };
      void sawLine(isIt).then((seen) => {
        if (!seen) return;
        if (moment.afterMs === 0) kill();
        else timer = setTimeout(kill, moment.afterMs);
      });
      return () => clearTimeout(timer);
    }
    case 'change':
      return killAtChange(home, moment.at, kill);
  }
  return moment satisfies never;
}

function killAtChange(home: string, at: number, kill: () => void): () => void {
  let seen = 0;
  const count = (): void => {
    seen += 1;
    if (seen === at) kill();
  };
  const watchers = ['', 'source', 'snapshots', 'findings', 'published', 'out', 'work'].flatMap((name) => {
    const dir = `${home}/${name}`;
    if (!existsSync(dir)) return [];
    // The folders below come and go while they are watched; that one of them is gone is no fault.
    const watcher = watch(dir, { recursive: name !== '' && name !== 'work' }, count);
    watcher.on('error', () => undefined);
    return [watcher];
  });
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}
