/** What a command gives back: a document for programs, lines for people, an exit code. */
import { ArbdataError, messageOf } from '../pipelines/runtime/errors.ts';
import { visible } from '../pipelines/runtime/visible.ts';

/** A list that may be long: streamed, never held. */
export interface RowStream {
  /** The member of the JSON document under which the rows stand. */
  readonly key: string;
  readonly rows: AsyncIterable<object>;
  /** One row as lines for people; absent: the rows are for programs alone. */
  line?(row: object): string;
}

export interface CommandResult {
  /** The members of the one JSON document that --json prints. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly stream?: RowStream;
  /** What ends a line for people; absent: LF. */
  readonly lineEnd?: string;
  readonly exit?: number;
  /** Called when the result has been printed. */
  close?(): void;
}

export interface Output {
  write(text: string): Promise<void>;
}

/** The reader of standard output has gone: nobody is left to tell. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Standard output cannot be written: nothing more is tried there. */
export class OutputFault extends ArbdataError {}

/** An error that stands in the JSON document already. */
export class PrintedError extends Error {
  override readonly name = 'PrintedError';
}

/** Anything that was thrown as one of our errors. */
export function knownError(error: unknown): ArbdataError {
  if (error instanceof ArbdataError) return error;
  return new ArbdataError('E_INTERNAL', messageOf(error), {
    advice: 'Report this as a defect, with the command and the text above.',
    cause: error,
  });
}

/** An error as --json shows it, under the key `error`. */
export function errorJson({ code, message, advice, where, exit, retryable }: ArbdataError): string {
  return JSON.stringify({ code, message, advice, where, exit, retryable });
}

/** Print a result for people: lines, then the rows. What came from outside cannot steer a terminal; files stay as they are. */
export async function printLines(output: Output, result: CommandResult): Promise<void> {
  const { stream, lineEnd = '\n' } = result;
  const say = (line: string) => output.write(`${lineEnd === '\n' ? visible(line) : line}${lineEnd}`);
  for (const line of result.lines) await say(line);
  if (stream?.line === undefined) return;
  for await (const row of stream.rows) await say(stream.line(row));
}

/** Print a result as one JSON document, whatever happens on the way; long lists are written row by row. */
export async function printJson(output: Output, result: CommandResult): Promise<void> {
  const { stream } = result;
  const head = JSON.stringify(result.json);
  if (stream === undefined) {
    await output.write(`${head}\n`);
    return;
  }
  const rows = stream.rows[Symbol.asyncIterator]();
  try {
    // What cannot be read shows with the first row, while nothing is printed yet.
    let next = await rows.next();
    const opening = head === '{}' ? '{' : `${head.slice(0, -1)},`;
    await output.write(`${opening}${JSON.stringify(stream.key)}:[`);
    for (let separator = '\n'; next.done !== true; separator = ',\n') {
      await output.write(`${separator}${JSON.stringify(next.value)}`);
      next = await nextOrClose(rows, output);
    }
    await output.write('\n]}\n');
  } finally {
    await rows.return?.();
  }
}

/** The next row; where reading it fails, the document ends with the error. */
async function nextOrClose(
  rows: AsyncIterator<object>,
  output: Output,
): Promise<IteratorResult<object, unknown>> {
  try {
    return await rows.next();
  } catch (error) {
    await output.write(`\n],"error":${errorJson(knownError(error))}}\n`);
    throw new PrintedError('printed', { cause: error });
  }
}

/** Standard output; waits where its reader is slow, and says so where the reader has gone. */
export function standardOutput(): Output {
  // The write that meets the closed end is told as well: this keeps the event from ending the process.
  process.stdout.on('error', () => undefined);
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => {
          if (error === null || error === undefined) resolve();
          else reject(isClosed(error) ? new OutputClosed() : outputFault(error));
        });
      }),
  };
}

function outputFault(cause: NodeJS.ErrnoException): OutputFault {
  const { code, message, advice } =
    cause.code === 'ENOSPC'
      ? {
          code: 'E_DISK_FULL' as const,
          message: 'the disk that standard output is written to is full',
          advice: 'Free space there. What the command did stands: see `arbdata runs`.',
        }
      : {
          code: 'E_HOME' as const,
          message: `standard output cannot be written: ${cause.message}`,
          advice: 'Write it elsewhere. What the command did stands: see `arbdata runs`.',
        };
  return new OutputFault(code, message, { advice, cause });
}

const isClosed = (error: NodeJS.ErrnoException): boolean =>
  error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
