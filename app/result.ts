/** What a command gives back: a document for programs, lines for people, an exit code. */

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

/** Print a result for people: lines, then the rows. */
export async function printLines(output: Output, result: CommandResult): Promise<void> {
  const { stream, lineEnd = '\n' } = result;
  for (const line of result.lines) await output.write(`${line}${lineEnd}`);
  if (stream?.line === undefined) return;
  for await (const row of stream.rows) await output.write(`${stream.line(row)}${lineEnd}`);
}

/** Print a result as one JSON document; long lists are written row by row. */
export async function printJson(output: Output, result: CommandResult): Promise<void> {
  const { stream } = result;
  const head = JSON.stringify(result.json);
  if (stream === undefined) {
    await output.write(`${head}\n`);
    return;
  }
  const opening = head === '{}' ? '{' : `${head.slice(0, -1)},`;
  await output.write(`${opening}${JSON.stringify(stream.key)}:[`);
  let separator = '\n';
  for await (const row of stream.rows) {
    await output.write(`${separator}${JSON.stringify(row)}`);
    separator = ',\n';
  }
  await output.write('\n]}\n');
}

/** Standard output; waits where its reader is slow, and ends quietly where the reader has gone. */
export function standardOutput(): Output {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
  };
}
