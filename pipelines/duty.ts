/** A command that carries a duty out: it takes the duty, lives for it, and tells at its end how it went. */
import { ArbdataError, EXIT } from './runtime/errors.ts';
import type { DutyToken } from './runtime/ledger-duties.ts';
import { HEARTBEAT_MS } from './runtime/lock.ts';
import type { Service } from './runtime/service.ts';

/** Names the duty and the attempt: `17/3f0a91c2d4e69b1f`. */
export const DUTY_VARIABLE = 'ARBDATA_DUTY';

export function dutyText({ id, token }: DutyToken): string {
  return `${id}/${token}`;
}

/** The duty that the service started this process for; taken out, so that no further process believes it is meant. */
export function takeDuty(environment: NodeJS.ProcessEnv): DutyToken | undefined {
  const text = environment[DUTY_VARIABLE];
  delete environment[DUTY_VARIABLE];
  const found = /^(\d+)\/([0-9a-f]{16})$/.exec(text ?? '');
  return found === null ? undefined : { id: Number(found[1]), token: found[2] ?? '' };
}

/**
 * Carry a command out for its duty, or as it is where it has none. What a person asked for by hand is done in that
 * person's name: nobody approves the own run by having had the service start it.
 * @throws {ArbdataError} E_RUN_LOCKED where the duty was given to another process before this one took it
 */
export async function withDuty<S extends Service, T extends { readonly exit?: number }>(
  service: S,
  command: (service: S) => Promise<T>,
): Promise<T> {
  const { ledger, duty } = service;
  if (duty === undefined) return command(service);
  const { requestedBy } = await ledger.duties.claim(duty);
  const heartbeat = setInterval(() => {
    // A beat that fails is made up by the next.
    ledger.duties.beat(duty).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    const result = await command(requestedBy === null ? service : { ...service, actor: requestedBy });
    await ledger.duties.tell(duty, { exit: result.exit ?? EXIT.done });
    return result;
  } catch (error) {
    const known = error instanceof ArbdataError ? error : undefined;
    const told = { exit: known?.exit ?? EXIT.fault, error: { code: known?.code ?? ('E_INTERNAL' as const) } };
    // The first error is the one to tell; without this word the run's own end is looked at.
    await ledger.duties.tell(duty, told).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}
