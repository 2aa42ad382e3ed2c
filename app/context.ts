/** From the options of the command line to the service that the pipelines work with. */
import { takeDuty, withDuty } from '../pipelines/duty.ts';
import { claimTicket } from '../pipelines/requests.ts';
import { currentActor } from '../pipelines/runtime/actor.ts';
import { systemClock } from '../pipelines/runtime/clock.ts';
import { logLevelFrom } from '../pipelines/runtime/config.ts';
import { ArbdataError } from '../pipelines/runtime/errors.ts';
import { Logger, openTerminal, type TextOutput } from '../pipelines/runtime/log.ts';
import { createProgress, silentProgress } from '../pipelines/runtime/progress.ts';
import { type Effects, type Service, withService } from '../pipelines/runtime/service.ts';
import type { CommandResult } from './result.ts';

export interface GlobalOptions {
  readonly home?: string;
  readonly json?: boolean;
}

/** Whether one JSON document is wanted; `--format json` is another word for `--json`. */
export function isJson(options: GlobalOptions & { readonly format?: string }): boolean {
  return options.json === true || options.format === 'json';
}

/** The outside world as this process has it: the actor is the system's user. `errors` is where people read along. */
export function systemEffects(options: GlobalOptions, args: readonly string[], errors: TextOutput): Effects {
  const terminal = openTerminal(errors);
  const quiet = isJson(options);
  return {
    clock: systemClock,
    log: new Logger({ terminal, clock: systemClock, level: logLevelFrom(process.env), quiet }),
    progress: quiet ? silentProgress : createProgress(terminal),
    actor: currentActor(),
    command: `arbdata ${args.join(' ')}`,
    duty: takeDuty(process.env),
  };
}

/**
 * Refuse what is no folder but a slip: an empty variable, the next option, a ~ that the shell left as it is.
 * @throws ArbdataError E_USAGE
 */
export function checkHome({ home }: GlobalOptions): void {
  if (home === undefined || !(home === '' || /^(-|~(\/|$))/.test(home))) return;
  throw new ArbdataError('E_USAGE', `--home ${JSON.stringify(home)} is no folder`, {
    advice: 'Name the folder in full; a relative one that begins so is written ./-… or ./~….',
  });
}

/** The result with commands to type next that mean the home which was named. */
export function withHome(result: CommandResult, { home }: GlobalOptions): CommandResult {
  if (home === undefined) return result;
  const named = (line: string): string =>
    line.includes('--home')
      ? line
      : line.replaceAll('npx arbdata ', `npx arbdata --home ${shellWord(home)} `);
  return { ...result, lines: result.lines.map(named) };
}

/** A text as one word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./\p{L}-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

export type Handler<O> = (
  service: Service,
  options: O & GlobalOptions,
  args: readonly string[],
) => Promise<CommandResult>;

/** Open the service as the options say, carry a command out, and print its result while the service is open. */
export async function withCommand<O>(
  options: O & GlobalOptions,
  args: readonly string[],
  effects: Effects,
  handler: Handler<O>,
  print: (result: CommandResult) => Promise<void>,
): Promise<void> {
  return withService(options.home, effects, async (service) => {
    const acting = await claimTicket(service);
    const result = await withDuty(acting, (own) => handler(own, options, args));
    try {
      await print(result);
    } finally {
      result.close?.();
    }
  });
}
