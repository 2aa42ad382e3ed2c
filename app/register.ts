/** Tie a command of the command line to its handler, its help and its examples. */
import type { Command } from 'commander';
import type { GlobalOptions, Handler } from './context.ts';

export interface Needs {
  /** Whether it watches over a home that must be there; others make one where there is none. */
  readonly home?: boolean;
}

/** Registers a handler; `examples` stand at the end of the command's --help. */
export type Register = <O>(
  command: Command,
  handler: Handler<O>,
  examples: readonly string[],
  needs?: Needs,
) => void;

export type Execute = <O>(
  handler: Handler<O>,
  options: O & GlobalOptions,
  args: readonly string[],
  needs: Needs,
) => Promise<void>;

/** The examples at the end of a --help. */
export function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`;
}

/** A Register that carries commands out with `execute`. */
export function registerWith(execute: Execute): Register {
  return (command, handler, examples, needs = {}) => {
    command.addHelpText('after', examplesText(examples)).action(async (...parameters: unknown[]) => {
      const own = parameters.at(-1) as Command;
      const args = own.processedArgs.flat().filter((value): value is string => typeof value === 'string');
      await execute(handler, own.optsWithGlobals(), args, needs);
    });
  };
}
