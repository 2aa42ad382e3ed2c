/** Log lines on standard error and in the run's own file; personal data has no place in either. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Clock, shanghaiStamp } from './clock.ts';
import { fileError } from './files.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** What a terminal needs of a stream; process.stderr is one. */
export interface TextOutput {
  write(text: string): unknown;
  on?(event: 'error', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Standard error as lines with at most one changing line at the bottom; it never throws. */
export interface Terminal {
  readonly isTty: boolean;
  readonly columns: number;
  /** Write a line above the changing one. */
  line(text: string): void;
  /** Show, replace or (undefined) remove the changing line; nothing where there is no terminal. */
  bar(text: string | undefined): void;
}

const CLEAR_LINE = '\r\u001B[2K';
const DEFAULT_COLUMNS = 80;

/** The one terminal that log and progress share, so that a log line does not run into a bar. */
export function openTerminal(stream: TextOutput = process.stderr): Terminal {
  let shown: string | undefined;
  let broken = false;
  // A reader that went away (`2>&1 | head`) raises EPIPE as an event; a run must not end on that.
  stream.on?.('error', () => {
    broken = true;
  });
  const isTty = stream.isTTY === true;
  const write = (text: string): void => {
    if (broken) return;
    try {
      stream.write(text);
    } catch {
      broken = true;
    }
  };
  return {
    isTty,
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    line: (text) => write(shown === undefined ? `${text}\n` : `${CLEAR_LINE}${text}\n${shown}`),
    bar: (text) => {
      if (!isTty || (text === undefined && shown === undefined)) return;
      write(`${CLEAR_LINE}${text ?? ''}`);
      shown = text;
    },
  };
}

export interface LogOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly level?: LogLevel;
  /** Only warnings and errors on the terminal (for --json); a file still gets every line. */
  readonly quiet?: boolean;
}

/** Log to the terminal and, once opened, to the file of a run. */
export class Logger implements Log {
  readonly #options: LogOptions;
  #file: number | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /**
   * Also append to a file (0600) from now on, each line with its date.
   * @throws {ArbdataError} E_HOME, E_DISK_FULL
   */
  openFile(file: string): void {
    this.closeFile();
    try {
      this.#file = openSync(file, 'a', 0o600);
    } catch (error) {
      throw fileError(error, file);
    }
  }

  closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    const { terminal, clock, quiet } = this.#options;
    const wanted = this.#options.level ?? 'info';
    if (rank(level) < rank(wanted)) return;
    const stamp = shanghaiStamp(clock);
    const text = `${level} ${oneLine(message)}${fieldText(fields)}`;
    if (quiet !== true || rank(level) >= rank('warn')) terminal.line(`${stamp.slice(11)} ${text}`);
    this.#append(`${stamp} ${text}\n`);
  }

  #append(line: string): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, line);
    } catch {
      // A full disk shows where the run's own files are written; a log line is not worth ending a run.
    }
  }
}

/** A log that says nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function rank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

function fieldText(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${plain(String(value))}`)
    .join('');
}

/** As it is where it reads unambiguously, else as JSON text. */
function plain(text: string): string {
  return text === '' || /[\s"=\p{Cc}]/u.test(text) ? oneLine(JSON.stringify(text)) : text;
}

/** No text of a record may start a line of its own or move the cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
