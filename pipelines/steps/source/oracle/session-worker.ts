/**
 * The thread of one session: it alone loads the driver, so that decoding rows never holds up the rest of the service,
 * and a session that hangs can be ended with its thread. It takes one request at a time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { ArbdataError, type ErrorCode, type ErrorWhere, messageOf } from '../../../runtime/errors.ts';
import { fileError } from '../../../runtime/files.ts';
import { Secret } from '../../../runtime/secrets.ts';
import { connect, type DriverSession, type OpenQuery, type QueryColumn } from './connect.ts';
import { type Fate, OracleError } from './errors.ts';
import { Pace } from './pace.ts';
import type { OracleRow, OracleStatement, OracleValue } from './session.ts';
import type { ConnectionSettings } from './settings.ts';
import { type SpoolFile, type SpoolKind, SpoolWriter } from './spool.ts';

/** Settings as they cross over to the thread; its memory is the service's own. */
export type WorkerSettings = Omit<ConnectionSettings, 'password' | 'walletPassword'> & {
  readonly password: string | undefined;
  readonly walletPassword: string | undefined;
};

export type WorkerRequest =
  | { readonly kind: 'connect' }
  | { readonly kind: 'rows'; readonly statement: OracleStatement }
  | { readonly kind: 'open'; readonly statement: OracleStatement; readonly fetchRows: number }
  | { readonly kind: 'next'; readonly fetchRows: number }
  | { readonly kind: 'close-query' }
  | { readonly kind: 'execute'; readonly statement: OracleStatement }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | ({ readonly kind: 'extract' } & Extract)
  | { readonly kind: 'close' };

export interface Extract {
  readonly statement: OracleStatement;
  readonly file: string;
  readonly fetchRows: number;
  readonly rowsPerSecond: number | undefined;
  /** Per column, as the contract has it. */
  readonly kinds: readonly SpoolKind[];
}

/** What one query gave. */
export interface Extracted extends SpoolFile {
  readonly columns: readonly QueryColumn[];
}

export type WorkerReply =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'progress'; readonly rows: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** An error as it crosses over to the service. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
  readonly where: ErrorWhere;
  readonly oracle?: { readonly code: string; readonly fate: Fate };
}

/** How often the service is told of rows that came. */
const TELL_EVERY_ROWS = 10_000;

let session: DriverSession | undefined;
let query: OpenQuery | undefined;

async function answer(request: WorkerRequest): Promise<unknown> {
  if (request.kind === 'connect') {
    session = await connect(settings());
    return undefined;
  }
  if (session === undefined) throw new Error('there is no session');
  switch (request.kind) {
    case 'rows':
      return session.rows(request.statement);
    case 'open':
      query = await session.open(request.statement, request.fetchRows);
      return query.columns.map(({ name }) => name);
    case 'next':
      return query === undefined ? [] : query.next(request.fetchRows);
    case 'close-query':
      await query?.close();
      query = undefined;
      return undefined;
    case 'execute':
      return session.execute(request.statement);
    case 'commit':
      return session.commit();
    case 'rollback':
      return session.rollback();
    case 'extract':
      return extract(session, request);
    case 'close':
      return session.close();
  }
  return request satisfies never;
}

function settings(): ConnectionSettings {
  const given = workerData as WorkerSettings;
  return {
    ...given,
    password: given.password === undefined ? undefined : new Secret(given.password),
    walletPassword: given.walletPassword === undefined ? undefined : new Secret(given.walletPassword),
  };
}

/** All rows of a query into a file. The next rows are on their way while the last ones are written. */
async function extract(of: DriverSession, request: Extract): Promise<Extracted> {
  const { statement, file, fetchRows, rowsPerSecond } = request;
  const pace = rowsPerSecond === undefined ? undefined : new Pace(rowsPerSecond);
  const opened = await of.open(statement, fetchRows);
  try {
    const writer = await openWriter(file, kindsOf(request.kinds, opened.columns));
    let told = 0;
    try {
      for (let rows = await opened.next(fetchRows); rows.length > 0; ) {
        const waitMs = pace?.after(rows.length) ?? 0;
        if (waitMs >= 1) await sleep(waitMs);
        const coming = opened.next(fetchRows);
        // Where writing fails, nobody waits for these rows any more.
        coming.catch(() => undefined);
        writer.add(rows);
        told += rows.length;
        release(rows);
        rows = [];
        if (told >= TELL_EVERY_ROWS) {
          reply({ kind: 'progress', rows: told });
          told = 0;
        }
        await writer.settle();
        rows = await coming;
      }
      reply({ kind: 'progress', rows: told });
      return { ...(await writer.finish()), columns: opened.columns };
    } catch (error) {
      // What went wrong before is the error to tell.
      await writer.close().catch(() => undefined);
      throw fileError(error, file);
    }
  } finally {
    await opened.close();
  }
}

/**
 * Let go of rows that are written. An array that a collection has moved to the old generation keeps alive what it holds
 * even when it is garbage itself: every text would follow it there, and the old generation be collected ten times as often.
 */
function release(rows: OracleValue[][]): void {
  for (const row of rows) row.length = 0;
  rows.length = 0;
}

/** Texts that the database fills up with blanks are told by the type that it declares. */
function kindsOf(kinds: readonly SpoolKind[], columns: readonly QueryColumn[]): SpoolKind[] {
  return kinds.map((kind, index) => (kind === 'text' && columns[index]?.kind === 'padded' ? 'padded' : kind));
}

async function openWriter(file: string, kinds: readonly SpoolKind[]): Promise<SpoolWriter> {
  try {
    return await SpoolWriter.create(file, kinds);
  } catch (error) {
    throw fileError(error, file);
  }
}

function failure(error: unknown): Failure {
  if (error instanceof ArbdataError) {
    const { code, message, advice, where } = error;
    const oracle = error instanceof OracleError ? { code: error.oracleCode, fate: error.fate } : undefined;
    return { code, message, advice, where, ...(oracle === undefined ? {} : { oracle }) };
  }
  return {
    code: 'E_INTERNAL',
    message: `reading the database: ${messageOf(error)}`,
    advice: 'Report this as a defect, with the command.',
    where: {},
  };
}

function reply(message: WorkerReply): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (request: WorkerRequest) => {
  answer(request).then(
    (value) => reply({ kind: 'done', value: value as OracleRow[] }),
    (error: unknown) => reply({ kind: 'failed', failure: failure(error) }),
  );
});
