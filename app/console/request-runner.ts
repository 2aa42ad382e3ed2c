/** Starts what somebody asked for as processes of the same program, a few at a time, and enters how they ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import pLimit from 'p-limit';
import { issueRequest } from '../../pipelines/requests.ts';
import { messageOf } from '../../pipelines/runtime/errors.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { giveWay } from '../child.ts';
import { HttpProblem } from './problem.ts';

const MAIN = path.join(PROJECT_DIR, 'app/main.js');
/** Of the one document that a command prints; its beginning holds an error. */
const KEPT_OUTPUT_CHARS = 64 * 1024;
/** What waits beyond this is refused. */
const MOST_WAITING = 20;
export class RequestRunner {
  readonly #service: Service;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #children = new Set<ChildProcess>();
  readonly #running = new Set<Promise<void>>();
  #isClosing = false;

  constructor(service: Service) {
    this.#service = service;
    this.#limit = pLimit(service.config.console.requestsAtOnce);
  }

  /**
   * Start a command for an account.
   * @param words made of checked values only
   * @returns the id of the request
   * @throws HttpProblem `unavailable` where too many wait
   */
  async start(actor: string, words: readonly string[]): Promise<string> {
    if (this.#isClosing || this.#limit.pendingCount >= MOST_WAITING) throw new HttpProblem('unavailable');
    const issued = await issueRequest(this.#service, actor, words);
    const run = this.#limit(() => this.#carryOut(issued)).catch((error: unknown) => {
      const reason = messageOf(error);
      this.#service.log.error('console: a command could not be carried out', { request: issued.id, reason });
    });
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
    return issued.id;
  }

  /** Wait for what runs; what did not begin is entered as not carried out. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#running);
  }

  async #carryOut({ id, words, environment }: Awaited<ReturnType<typeof issueRequest>>): Promise<void> {
    const { requests } = this.#service.ledger;
    if (this.#isClosing) {
      await requests.end(id, {
        exit: null,
        error: { code: 'E_INTERNAL', message: 'the service ended before it began' },
      });
      return;
    }
    const child = spawn(process.execPath, [MAIN, ...words, '--json'], {
      cwd: PROJECT_DIR,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
      // Ctrl-C at the terminal of the service is not for what runs.
      detached: true,
    });
    giveWay(child);
    this.#children.add(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < KEPT_OUTPUT_CHARS) output += text;
    });
    const exit = await new Promise<number | null>((resolve) => {
      child.on('error', () => resolve(null));
      child.on('close', resolve);
    });
    this.#children.delete(child);
    await requests.end(id, { exit, error: errorIn(output, exit) });
  }
}

/** Code and message of a command that failed. */
function errorIn(output: string, exit: number | null): object | undefined {
  if (exit === 0 || exit === 3) return undefined;
  try {
    const { error } = JSON.parse(output) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === 'string') return { code: error.code, message: String(error.message ?? '') };
  } catch {
    // A process that was killed prints no document.
  }
  return { code: 'E_INTERNAL', message: exit === null ? 'the process was ended' : `exit code ${exit}` };
}
