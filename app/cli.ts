/** The command line: from arguments to one exit code. */
import { Argument, Command, CommanderError } from 'commander';
import { ArbdataError, EXIT } from '../pipelines/runtime/errors.ts';
import { requireHome } from '../pipelines/runtime/home.ts';
import type { TextOutput } from '../pipelines/runtime/log.ts';
import { TOOL_VERSION } from '../pipelines/runtime/project.ts';
import { registerAccount } from './commands/account.ts';
import { registerAgreement } from './commands/agreement.ts';
import { registerBackup } from './commands/backup.ts';
import { registerCockpit } from './commands/cockpit.ts';
import { registerComparisonDecisions } from './commands/comparison.ts';
import {
  registerAudit,
  registerDoctor,
  registerExplain,
  registerFindings,
  registerIndicators,
  registerSnapshot,
} from './commands/look.ts';
import { registerRun, registerRuns } from './commands/run.ts';
import { registerSchedule, registerServe } from './commands/schedule.ts';
import { registerDemo, registerSource } from './commands/source.ts';
import { registerReceipts, registerSubmissions } from './commands/submission.ts';
import { registerSubmit } from './commands/submit.ts';
import { candidates, completionScript, SHELLS, type Shell } from './completion.ts';
import { checkHome, type GlobalOptions, isJson, systemEffects, withCommand, withHome } from './context.ts';
import { examplesText, registerWith } from './register.ts';
import {
  errorJson,
  knownError,
  type Output,
  OutputClosed,
  OutputFault,
  PrintedError,
  printJson,
  printLines,
  standardOutput,
} from './result.ts';

/** Where a command line writes: results and documents, and what is said besides. */
export interface Streams {
  readonly output: Output;
  readonly errors: TextOutput;
}

/** All commands; each ends in `end` with its exit code. `--help` and `--version` go to `help`. */
function buildProgram(
  commandLine: readonly string[],
  { output, errors }: Streams,
  { end, help }: { end: (exit: number) => void; help: (text: string) => void },
): Command {
  const program = new Command('arbdata')
    .description("Data service of a city's labour and personnel dispute arbitration case system")
    .version(TOOL_VERSION)
    .option('--home <dir>', 'home directory (default: ARBDATA_HOME, else ./var of the project)')
    .option('--json', 'one JSON document on standard output, log lines on standard error')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help for the options and examples)')
    .exitOverride()
    .configureOutput({ writeOut: help, writeErr: (text) => errors.write(text) })
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 fault, 2 wrong usage or unreadable input, 3 held by a check, 4 source, platform or target not reachable or not as agreed, 5 busy

Examples:
  $ arbdata run monthly --demo-if-missing
  $ arbdata source import ./export && arbdata run monthly --period 2026-10
  $ arbdata explain A02@ALL --period 2026-10`,
    );
  const register = registerWith(async (handler, options, args, needs) => {
    checkHome(options);
    if (needs.home === true) requireHome(options.home);
    const effects = systemEffects(options, commandLine, errors);
    await withCommand(options, args, effects, handler, async (found) => {
      // Before anything is printed: a reader that has gone changes nothing of what came of it.
      end(found.exit ?? EXIT.done);
      if (isJson(options)) await printJson(output, found);
      else await printLines(output, withHome(found, options));
    });
  });
  registerDemo(program, register);
  registerSource(program, register);
  registerRun(program, register);
  registerRuns(program, register);
  registerServe(program, register);
  registerSchedule(program, register);
  registerSnapshot(program, register);
  registerCockpit(program, register);
  registerAgreement(program, register);
  registerFindings(program, register);
  registerExplain(program, register);
  registerComparisonDecisions(program, register);
  registerReceipts(program, register);
  registerSubmissions(program, register);
  registerSubmit(program, register);
  registerIndicators(program, register);
  registerAccount(program, register);
  registerAudit(program, register);
  registerBackup(program, register);
  registerDoctor(program, register);
  program
    .command('completion')
    .description('print a completion script: source <(arbdata completion bash)')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      examplesText(['source <(arbdata completion bash)', 'arbdata completion fish | source']),
    )
    .action((shell: Shell, _options: unknown, command: Command) => {
      const script = completionScript(shell);
      const isDocument = command.optsWithGlobals<GlobalOptions>().json === true;
      return output.write(isDocument ? `${JSON.stringify({ shell, script })}\n` : script);
    });
  return program;
}

/** Carry one command line out and set the process's exit code. Called once. */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that went away must not end the process: what is written then is lost, nothing else.
  process.stderr.on('error', () => undefined);
  process.exitCode = await runCommandLine(args, { output: standardOutput(), errors: process.stderr });
}

/** Carry one command line out. Returns its exit code; nothing is thrown but defects of this function itself. */
export async function runCommandLine(args: readonly string[], streams: Streams): Promise<number> {
  const { output } = streams;
  const wantsJson = args.includes('--json') || /--format[ =]json\b/.test(args.join(' '));
  let exit: number = EXIT.done;
  let help = '';
  try {
    try {
      const program = buildProgram(args, streams, {
        end: (code) => {
          exit = code;
        },
        help: (text) => {
          help += text;
        },
      });
      if (args[0] === '__complete') {
        for (const word of candidates(program, args.slice(1))) await output.write(`${word}\n`);
      } else {
        await program.parseAsync(args, { from: 'user' });
      }
    } catch (error) {
      if (!(error instanceof OutputClosed)) exit = exitOf(error);
      if (help !== '') await output.write(help);
      await report(error, streams, wantsJson);
    }
  } catch (error) {
    // What there was to say has been said to people already.
    if (!(error instanceof OutputClosed || error instanceof OutputFault)) throw error;
  }
  return exit;
}

/** What went wrong as one of our errors; undefined for a request for help, which is answered. */
function toldError(error: unknown): ArbdataError | undefined {
  if (error instanceof CommanderError) return error.exitCode === 0 ? undefined : usageError(error);
  return knownError(error instanceof PrintedError ? error.cause : error);
}

const exitOf = (error: unknown): number => toldError(error)?.exit ?? EXIT.done;

/** Say what went wrong where a person, and with --json a program, looks for it: people first, whoever else reads. */
async function report(error: unknown, { output, errors }: Streams, wantsJson: boolean): Promise<void> {
  const known = error instanceof OutputClosed ? undefined : toldError(error);
  if (known === undefined) return;
  // Commander has told people already.
  if (!(error instanceof CommanderError)) {
    errors.write(`${known.code}: ${known.message}\n  ${known.advice}\n`);
    if (process.env.ARBDATA_LOG === 'debug' && known.cause instanceof Error)
      errors.write(`${known.cause.stack}\n`);
  }
  if (!wantsJson || error instanceof PrintedError || error instanceof OutputFault) return;
  await output.write(`{"error":${errorJson(known)}}\n`);
}

function usageError({ code, message }: CommanderError): ArbdataError {
  const what = code === 'commander.help' ? 'no command was given' : message.replace(/^error: /, '');
  return new ArbdataError('E_USAGE', what, { advice: 'Add --help for the options and examples.' });
}
