/** From the options of the command line to the service that the pipelines work with. */
import { takeDuty, withDuty } from '../pipelines/duty.ts';
import { claimTicket } from '../pipelines/requests.ts';
import { currentActor } from '../pipelines/runtime/actor.ts';
import { systemClock } from '../pipelines/runtime/clock.ts';
import { logLevelFrom } from '../pipelines/runtime/config.ts';
import { Logger, openTerminal, type TextOutput } from '../pipelines/runtime/log.ts';
import { createProgress, silentProgress } from '../pipelines/runtime/progress.ts';
import { type Effects, type Service, withService } from '../pipelines/runtime/service.ts';
import { type CommandResult, OutputClosed } from './result.ts';

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
): Promise<CommandResult> {
  return withService(options.home, effects, async (service) => {
    const acting = await claimTicket(service);
    const result = await withDuty(acting, (own) => handler(own, options, args));
    try {
      await print(result);
    } catch (error) {
      // What was done is done, and its exit code stands, though nobody reads the summary (`… | head -1`).
      if (!(error instanceof OutputClosed)) throw error;
    } finally {
      result.close?.();
    }
    return result;
  });
}
