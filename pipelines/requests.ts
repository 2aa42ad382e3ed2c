/**
 * Commands that somebody asks for through the console. Each runs as a process of its own, for the account that asked:
 * the process proves it by a ticket, which works once and for these words only. No argument says who acts.
 */
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { ArbdataError } from './runtime/errors.ts';
import type { RunRequest } from './runtime/ledger-requests.ts';
import { isHolderAlive } from './runtime/lock.ts';
import { randomToken, tokenHash } from './runtime/sealing.ts';
import type { Service } from './runtime/service.ts';

export type { RunRequest } from './runtime/ledger-requests.ts';

const TICKET_VARIABLE = 'ARBDATA_TICKET';

/** A command that may be started once, and what its process gets to know. */
export interface IssuedRequest {
  readonly id: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Enter a command that an account asks for. */
export async function issueRequest(
  { ledger, home }: Pick<Service, 'ledger' | 'home'>,
  actor: string,
  words: readonly string[],
): Promise<IssuedRequest> {
  const id = `Q${randomBytes(8).toString('hex')}`;
  const ticket = randomToken();
  await ledger.requests.add({ id, actor, words, ticketHash: tokenHash(ticket) });
  const environment = {
    ARBDATA_HOME: home.dir,
    [TICKET_VARIABLE]: JSON.stringify({ ticket, words }),
  };
  return { id, words, environment };
}

/**
 * The service as the account that the ticket of this process stands for; without a ticket as it is.
 * @throws ArbdataError E_USAGE where the ticket is not valid
 */
export async function claimTicket<S extends Service>(
  service: S,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<S> {
  const text = environment[TICKET_VARIABLE];
  if (text === undefined || text === '') return service;
  // What this process starts in turn acts for nobody.
  delete environment[TICKET_VARIABLE];
  const { ticket, words } = readTicket(text);
  if (`arbdata ${words.join(' ')} --json` !== service.command) throw notForThis();
  return { ...service, actor: await service.ledger.requests.claim(tokenHash(ticket), words) };
}

function readTicket(text: string): { ticket: string; words: string[] } {
  try {
    const { ticket, words } = JSON.parse(text) as { ticket: unknown; words: unknown };
    if (typeof ticket === 'string' && Array.isArray(words)) return { ticket, words: words.map(String) };
  } catch {
    // Not JSON: refused below.
  }
  throw notForThis();
}

function notForThis(): ArbdataError {
  return new ArbdataError('E_USAGE', 'the ticket of this process is not for this command', {
    advice: 'Unset ARBDATA_TICKET: the console alone sets it, for the commands that it starts.',
  });
}

/** Requests whose process is gone, or never was: what an earlier service left is entered as ended. */
export async function settleRequests({ ledger, clock }: Pick<Service, 'ledger' | 'clock'>): Promise<void> {
  for (const { id, pid, processStart, runIds } of await ledger.requests.unfinished()) {
    const holder = { pid: pid ?? 0, processStart: processStart ?? '', host: os.hostname(), heartbeat: '' };
    if (pid !== null && isHolderAlive(holder, clock)) continue;
    const states = await Promise.all(runIds.map(async (runId) => (await ledger.getRun(runId))?.state));
    const exit =
      EXITS.find(([state]) => states.length > 0 && states.every((one) => one === state))?.[1] ?? null;
    await ledger.requests.end(id, { exit, ...(exit === null ? { error: CUT_OFF } : {}) });
  }
}

const EXITS = [
  ['done', 0],
  ['held', 3],
] as const;
const CUT_OFF = { code: 'E_INTERNAL', message: 'the service ended before the command did' };

/** How a request stands. */
export function requestState({
  claimedAt,
  finishedAt,
  exit,
}: RunRequest): 'waiting' | 'running' | 'done' | 'held' | 'failed' {
  if (finishedAt === null) return claimedAt === null ? 'waiting' : 'running';
  if (exit === 0) return 'done';
  return exit === 3 ? 'held' : 'failed';
}
