/** Configuration is read once, at the edge: config.json of the home and two environment variables. */
import { lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { type Config, configSchema } from '../../schemas/config.ts';
import { ArbdataError, messageOf, systemCode } from './errors.ts';
import { fileError } from './files.ts';
import type { Home } from './home.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';

/**
 * The configuration of a home; defaults where config.json or a key of it is absent. Paths come out absolute.
 * @throws {ArbdataError} E_CONFIG naming the file and the key or line
 */
export function readConfig(home: Pick<Home, 'config'>): Config {
  const text = readText(home.config);
  const checked = configSchema.safeParse(text === undefined ? {} : parseJson(text, home.config));
  if (!checked.success) throw invalid(home.config, checked.error);
  return absolute(checked.data, path.dirname(home.config));
}

/** Paths of the file count from its folder. */
function absolute(config: Config, dir: string): Config {
  const at = (file: string | undefined) => (file === undefined ? undefined : path.resolve(dir, file));
  const { backup, forms } = config;
  return {
    ...config,
    forms: defined({ macroMonitoring: at(forms.macroMonitoring) }),
    backup: {
      ...backup,
      destinations: backup.destinations.map((one) => ({ ...one, path: path.resolve(dir, one.path) })),
      ...defined({
        expectedFile: at(backup.expectedFile),
        dropFolder: at(backup.dropFolder),
        signingKeyFile: at(backup.signingKeyFile),
      }),
    },
  };
}

/** The keys that have a value. */
function defined<T extends Record<string, string | undefined>>(values: T): { [key in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/**
 * The level that ARBDATA_LOG asks for; `info` where it is unset.
 * @throws {ArbdataError} E_CONFIG naming the variable
 */
export function logLevelFrom(environment: NodeJS.ProcessEnv): LogLevel {
  const given = environment.ARBDATA_LOG;
  if (given === undefined || given === '') return 'info';
  const level = LOG_LEVELS.find((name) => name === given);
  if (level !== undefined) return level;
  throw new ArbdataError('E_CONFIG', `the environment variable ARBDATA_LOG is ${JSON.stringify(given)}`, {
    advice: `Set ARBDATA_LOG to one of ${LOG_LEVELS.join(', ')}, or unset it.`,
  });
}

export type SourceKind = Config['source']['kind'];
const SOURCE_KINDS: readonly SourceKind[] = ['embedded', 'oracle'];

/**
 * Which source is read: ARBDATA_SOURCE, else what config.json says.
 * @throws {ArbdataError} E_CONFIG naming the variable
 */
export function sourceKind({ source }: Pick<Config, 'source'>, environment: NodeJS.ProcessEnv): SourceKind {
  const given = environment.ARBDATA_SOURCE;
  if (given === undefined || given === '') return source.kind;
  const kind = SOURCE_KINDS.find((name) => name === given);
  if (kind !== undefined) return kind;
  throw new ArbdataError('E_CONFIG', `the environment variable ARBDATA_SOURCE is ${JSON.stringify(given)}`, {
    advice: `Set ARBDATA_SOURCE to one of ${SOURCE_KINDS.join(', ')}, or unset it.`,
  });
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, file);
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    throw new ArbdataError('E_CONFIG', `${file} is a link to a file that is not there`, {
      advice: 'Mount the disk that it leads to, or remove the link: without it the defaults hold.',
      where: { file },
      cause: error,
    });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = messageOf(error);
    const line = lineOf(message, text);
    throw new ArbdataError('E_CONFIG', `${file}: ${message.replaceAll(/\s+/g, ' ')}`, {
      advice:
        'Mend that place (a comma or a quote too many or too few is the usual cause), or remove the file.',
      where: line === undefined ? { file } : { file, line },
      cause: error,
    });
  }
}

/** The engine names the position, or says that the text ends early, or quotes the place instead. */
function lineOf(message: string, text: string): number | undefined {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return message.includes('end of JSON') ? text.split('\n').length : undefined;
}

function invalid(file: string, error: z.ZodError): ArbdataError {
  const problems = error.issues.map((issue) => {
    const at = issue.path.join('.');
    return at === '' ? issue.message : `${at}: ${issue.message}`;
  });
  const [first] = error.issues;
  return new ArbdataError('E_CONFIG', `${file}: ${problems.join('; ')}`, {
    advice: 'Mend the keys that are named; schemas/config.ts lists all keys with their defaults.',
    where: { file, column: first?.path.join('.') ?? '' },
  });
}
