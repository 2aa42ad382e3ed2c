/** One moment for each database: an SCN that several sessions may read as of, or a read-only transaction of one. */
import type { ViewName } from '../../../../schemas/contract.ts';
import { type Clock, shanghaiStamp } from '../../../runtime/clock.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import type { Log } from '../../../runtime/log.ts';
import { isRefused, oracleError } from './errors.ts';
import type { SourceNames } from './names.ts';
import { flashbackProbe, readOnlyStatement, sessionSettings } from './queries.ts';
import { currentScn, unlessRefused } from './scn.ts';
import { type Persistence, SessionPool } from './session-pool.ts';
import { type ConnectionSettings, type OracleSettings, viewsOver } from './settings.ts';
import { openSession, type ThreadedSession } from './threaded-session.ts';

/** One connection with its sessions and the moment that they read. */
export interface ConnectionRead {
  readonly settings: ConnectionSettings;
  readonly pool: SessionPool;
  /** Absent in a read-only transaction, whose moment is that of its one session. */
  readonly scn: string | undefined;
  /** `scn:123`, `read-only:2026-11-03 02:00:00`. */
  readonly identity: string;
}

export interface MomentOptions {
  readonly settings: OracleSettings;
  readonly names: SourceNames;
  readonly clock: Clock;
  readonly log: Log;
  readonly persistence: Persistence;
  readonly sessions: number;
  /** SCNs of an earlier read, one for each connection: these moments or none. */
  readonly scns?: readonly string[] | undefined;
}

/**
 * Log on, and make what every statement relies on certain. A setting that a server does not know, it does not need
 * either; what a wrong one could do to a read, its counts would show.
 * @param isAlone whether no other session works beside it
 */
export async function openReadySession(
  settings: ConnectionSettings,
  { log, isAlone }: { readonly log?: Log; readonly isAlone?: boolean } = {},
): Promise<ThreadedSession> {
  const session = await openSession(settings, isAlone);
  try {
    for (const statement of sessionSettings()) {
      try {
        await session.execute(statement);
      } catch (error) {
        if (!isRefused(error)) throw error;
        log?.warn('a setting of the session was refused', { sql: statement.sql, reason: error.oracleCode });
      }
    }
    return session;
  } catch (error) {
    await session.abandon();
    throw error;
  }
}

/**
 * Open every connection at its moment. Connections to one database share its SCN.
 * @throws {ArbdataError} E_SOURCE_EXPIRED where a given SCN is no longer readable; as `openSession`
 */
export async function openMoments(options: MomentOptions): Promise<ConnectionRead[]> {
  const opened: ConnectionRead[] = [];
  try {
    for (const [index, settings] of options.settings.connections.entries()) {
      const sameDatabase = opened.find(
        (one) => one.scn !== undefined && one.settings.connectString === settings.connectString,
      );
      const given = options.scns?.[index];
      opened.push(await openMoment(options, index, given, sameDatabase?.scn));
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map(({ pool }) => pool.close()));
    throw error;
  }
}

async function openMoment(
  options: MomentOptions,
  index: number,
  given: string | undefined,
  shared: string | undefined,
): Promise<ConnectionRead> {
  const settings = options.settings.connections[index];
  if (settings === undefined) throw new RangeError(`connection ${index}`);
  const views = viewsOver(options.settings, index);
  const { consistentRead } = options.settings.config;
  const isAlone = options.sessions === 1 && options.settings.connections.length === 1;
  const parallel = new SessionPool({
    open: () => openReadySession(settings, { log: options.log, isAlone }),
    limit: options.sessions,
    persistence: options.persistence,
    log: options.log,
  });
  try {
    if (given !== undefined) {
      await parallel.use((session) => probe(session, options.names, views, given));
      return { settings, pool: parallel, scn: given, identity: `scn:${given}` };
    }
    const scn =
      consistentRead === 'read-only'
        ? undefined
        : await parallel.use((session) => readableScn(session, options.names, views, shared));
    if (scn !== undefined) return { settings, pool: parallel, scn, identity: `scn:${scn}` };
    if (consistentRead === 'scn') throw noFlashback(settings);
    await parallel.close();
    return await openReadOnly(options, settings);
  } catch (error) {
    await parallel.close();
    throw error;
  }
}

/** The present SCN, where the account may read all its views as of it. */
async function readableScn(
  session: ThreadedSession,
  names: SourceNames,
  views: readonly ViewName[],
  shared: string | undefined,
): Promise<string | undefined> {
  const scn = shared ?? (await currentScn(session))?.scn;
  if (scn === undefined) return undefined;
  return unlessRefused(async () => {
    await probe(session, names, views, scn);
    return scn;
  });
}

async function probe(
  session: ThreadedSession,
  names: SourceNames,
  views: readonly ViewName[],
  scn: string,
): Promise<void> {
  for (const view of views) await session.rows(flashbackProbe(names[view], scn));
}

/** One session for everything: a second one, or this one after a new logon, would see another moment. */
async function openReadOnly(options: MomentOptions, settings: ConnectionSettings): Promise<ConnectionRead> {
  const { log, persistence, clock } = options;
  let stamp = '';
  const pool = new SessionPool({
    open: async () => {
      // After a new logon another moment would be read, and the views would not agree.
      if (stamp !== '') throw oracleError('NJS-500', `reading ${settings.title} in one transaction`);
      const isAlone = options.settings.connections.length === 1;
      const session = await openReadySession(settings, { log, isAlone });
      try {
        await session.execute(readOnlyStatement());
        stamp = shanghaiStamp(clock);
        return session;
      } catch (error) {
        await session.abandon();
        throw error;
      }
    },
    limit: 1,
    persistence,
    log,
  });
  await pool.use(async () => undefined);
  return { settings, pool, scn: undefined, identity: `read-only:${stamp}` };
}

function noFlashback({ title }: ConnectionSettings): ArbdataError {
  return new ArbdataError('E_SOURCE_ACCESS', `${title}: the account may not read as of an SCN`, {
    advice:
      'Have the DBA grant FLASHBACK on the views and a way to the SCN (sql/oracle), or set source.oracle.consistentRead to "auto".',
  });
}
