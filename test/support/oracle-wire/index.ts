/** A server of Oracle's wire protocol for tests: see the README beside this file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Fault } from './faults.ts';
import { OracleWire, type WireOptions } from './server.ts';

export type { Account } from './accounts.ts';
export type { Fault } from './faults.ts';
export type { PlsqlHandler } from './plsql.ts';
export { OraError } from './replies.ts';
export type { OracleWire, WireOptions } from './server.ts';

/** Start a server on loopback; `close()` ends it. */
export function startOracleWire(options: WireOptions = {}): Promise<OracleWire> {
  return OracleWire.start(options);
}

/** A server in a process of its own. */
export interface OracleWireProcess {
  readonly port: number;
  readonly connectString: string;
  readonly pid: number;
  addFault(fault: Fault): void;
  clearFaults(): void;
  close(): Promise<void>;
}

/**
 * Start a server in a process of its own, so that its work does not slow the client's.
 * @param options only what JSON can carry: no handlers, no log
 */
export async function startOracleWireProcess(options: WireOptions = {}): Promise<OracleWireProcess> {
  const main = path.join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, '--attached', '--options', JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ready = (await firstLine(child)) as { port: number; connectString: string; pid: number };
  const tell = (message: unknown) => child.stdin?.write(`${JSON.stringify(message)}\n`);
  return {
    ...ready,
    addFault: (fault) => tell({ fault }),
    clearFaults: () => tell({ clear: true }),
    close: async () => {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin?.end();
      await gone;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<unknown> {
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${code} before it was ready`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line);
}
