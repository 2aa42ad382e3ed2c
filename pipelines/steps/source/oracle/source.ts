/** The Oracle source: six views in one or more databases, read consistently, in pieces, on several sessions. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { CONTRACT, dateColumns, VIEW_NAMES, VIEWS, type ViewName } from '../../../../schemas/contract.ts';
import { type Clock, shanghaiStamp } from '../../../runtime/clock.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import type { Log } from '../../../runtime/log.ts';
import type { ConsistentRead, Problem, Source, ViewFigures } from '../source.ts';
import { checkOracle, expectedReadSeconds } from './check.ts';
import { isExpired, isLost, type OracleError } from './errors.ts';
import { KeptRead } from './kept-read.ts';
import { type ConnectionRead, openMoments, openReadySession } from './moments.ts';
import type { SourceNames } from './names.ts';
import { extractQuery, figuresQuery } from './queries.ts';
import { OracleRead } from './read.ts';
import { PERSISTENCE, type Persistence } from './session-pool.ts';
import { type OracleSettings, refuseOutsideWindow, viewsOver } from './settings.ts';
import type { ThreadedSession } from './threaded-session.ts';

/** So many sessions read a database where the configuration does not say; more load a case system in use. */
const DEFAULT_SESSIONS = 2;
/** How often one run starts anew because its moment expired, and because a read-only session was lost. */
const FRESH_STARTS = { expired: 1, lost: 2 } as const;

export interface OracleSourceOptions {
  readonly settings: OracleSettings;
  readonly names: SourceNames;
  /** Where finished pieces stand, also for the next run. */
  readonly workDir: string;
  /** For the engine; removed at the end of each read. */
  readonly spillDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly persistence?: Persistence;
}

/** The Oracle source; nothing is connected before something is asked of it. */
export function openOracleSource(options: OracleSourceOptions): Source {
  return new OracleSource(options);
}

class OracleSource implements Source {
  /** The views always show the present. */
  readonly asOf = undefined;
  readonly #options: OracleSourceOptions;
  readonly #left = { expired: FRESH_STARTS.expired as number, lost: FRESH_STARTS.lost as number };
  #last: readonly ConnectionRead[] = [];
  /** What `check` saw of the databases. */
  #facts: Readonly<Record<string, string>> = {};

  constructor(options: OracleSourceOptions) {
    this.#options = options;
  }

  describe() {
    const { connections } = this.#options.settings;
    const scns = [...new Set(this.#last.flatMap(({ scn }) => scn ?? []))];
    const ways = [
      ...new Set(this.#last.map(({ scn }) => (scn === undefined ? 'read-only transaction' : 'as of SCN'))),
    ];
    return {
      kind: 'oracle',
      details: {
        database: connections.map(({ title }) => title).join(', '),
        ...(ways.length === 0 ? {} : { read: ways.join(', ') }),
        ...(scns.length === 0 ? {} : { scn: scns.join('+') }),
        ...this.#facts,
      },
    };
  }

  async check(latelySeconds = 0): Promise<Problem[]> {
    const { settings, names } = this.#options;
    const problems: Problem[] = [];
    const facts: Record<string, string> = {};
    await this.#onEachConnection(async (session, views, index) => {
      const found = await checkOracle(session, names, {
        views,
        expectedReadSeconds: expectedReadSeconds(latelySeconds),
      });
      // With several connections each problem and fact says which it is of.
      const connection = settings.connections.length === 1 ? undefined : settings.connections[index]?.title;
      problems.push(
        ...found.problems.map((one) => (connection === undefined ? one : { connection, ...one })),
      );
      const prefix = connection === undefined ? '' : `${connection} `;
      for (const [name, value] of Object.entries(found.facts)) facts[`${prefix}${name}`] = value;
    });
    this.#facts = facts;
    return problems;
  }

  async figures(): Promise<ViewFigures[]> {
    const figures = new Map<ViewName, ViewFigures>();
    await this.#onEachConnection(async (session, views) => {
      for (const view of views) figures.set(view, await viewFigures(session, this.#options.names, view));
    });
    return VIEW_NAMES.flatMap((view) => figures.get(view) ?? []);
  }

  async openRead(identity?: string): Promise<ConsistentRead> {
    const { settings, clock, log } = this.#options;
    refuseOutsideWindow(settings, shanghaiStamp(clock));
    if (identity !== undefined) return this.#read(await this.#openAgain(identity), undefined);
    const resumed = await this.#resume();
    if (resumed !== undefined) return resumed;
    const moments = await openMoments(this.#momentOptions());
    log.info('reading the database', { moments: moments.map((one) => one.identity).join('+') });
    return this.#read(moments, undefined);
  }

  async close(): Promise<void> {}

  /** Go on with what an earlier run of today has left, where its moment is still readable. */
  async #resume(): Promise<ConsistentRead | undefined> {
    const { workDir, clock, log } = this.#options;
    const kept = await KeptRead.takeOver(workDir, clock, this.#fingerprint());
    if (kept === undefined) return undefined;
    try {
      const moments = await openMoments({ ...this.#momentOptions(), scns: kept.scns });
      log.info('resuming the read of an earlier run', {
        scn: kept.scns.join('+'),
        pieces: kept.pieceCount,
      });
      return await this.#read(moments, kept);
    } catch (error) {
      if (isLost(error)) {
        await kept.leave();
        throw error;
      }
      await kept.remove();
      if (!isExpired(error)) throw error;
      log.warn('the moment of an earlier run is no longer readable; reading starts anew', {
        scn: kept.scns.join('+'),
        reason: error.oracleCode,
      });
      return undefined;
    }
  }

  async #openAgain(identity: string): Promise<ConnectionRead[]> {
    const { connections } = this.#options.settings;
    const parts = identity.split('+').map((part) => /^scn:(\d+)$/.exec(part)?.[1]);
    const scns = connections.map((_, index) => (parts.length === 1 ? parts[0] : parts[index]));
    const gone = (cause?: unknown) =>
      new ArbdataError('E_SOURCE_MISSING', `the source can no longer be read as of ${identity}`, {
        advice: 'Freeze a new snapshot.',
        ...(cause === undefined ? {} : { cause }),
      });
    if ((parts.length !== 1 && parts.length !== connections.length) || scns.includes(undefined)) throw gone();
    try {
      return await openMoments({ ...this.#momentOptions(), scns: scns.flatMap((scn) => scn ?? []) });
    } catch (error) {
      throw isExpired(error) ? gone(error) : error;
    }
  }

  async #read(moments: ConnectionRead[], kept: KeptRead | undefined): Promise<ConsistentRead> {
    const { workDir, clock } = this.#options;
    this.#last = moments;
    try {
      const scns = moments.flatMap(({ scn }) => scn ?? []);
      const own = kept ?? (await KeptRead.begin(workDir, clock, { source: this.#fingerprint(), scns }));
      return new OracleRead({
        ...this.#options,
        connections: moments,
        kept: own,
        mayStartAnew: (error) => this.#mayStartAnew(error),
      });
    } catch (error) {
      await Promise.all(moments.map(({ pool }) => pool.close()));
      throw error;
    }
  }

  /** Whether a read of a new moment is worth trying after this error; each answer of yes is given a few times only. */
  #mayStartAnew(error: OracleError): boolean {
    const kind = isExpired(error) ? 'expired' : 'lost';
    if (this.#left[kind] === 0) return false;
    this.#left[kind] -= 1;
    this.#options.log.warn('reading starts anew at another moment', { reason: error.oracleCode });
    return true;
  }

  #momentOptions() {
    const { settings, names, clock, log, persistence = PERSISTENCE } = this.#options;
    const sessions = settings.config.sessions ?? Math.min(DEFAULT_SESSIONS, availableParallelism());
    return { settings, names, clock, log, persistence, sessions };
  }

  /** What a piece on the disk must agree in to be of use: places, accounts, statements, and how views are cut. */
  #fingerprint(): string {
    const { settings, names } = this.#options;
    const content = {
      connections: settings.connections.map(({ connectString, user }) => [connectString, user]),
      views: VIEWS.map(({ name }) => [settings.connectionOf[name], extractQuery(names[name]).sql]),
      chunkRows: settings.config.chunkRows,
    };
    return createHash('sha256').update(JSON.stringify(content)).digest('hex');
  }

  async #onEachConnection(
    work: (session: ThreadedSession, views: readonly ViewName[], index: number) => Promise<void>,
  ): Promise<void> {
    const { settings } = this.#options;
    for (const [index, connection] of settings.connections.entries()) {
      const session = await openReadySession(connection);
      try {
        await work(session, viewsOver(settings, index), index);
        await session.close();
      } catch (error) {
        await session.abandon();
        throw error;
      }
    }
  }
}

async function viewFigures(
  session: ThreadedSession,
  names: SourceNames,
  view: ViewName,
): Promise<ViewFigures> {
  const [row] = await session.rows(figuresQuery(names[view]));
  return {
    view,
    rows: Number(row?.ROW_COUNT ?? 0),
    dates: dateColumns(CONTRACT[view]).map(({ name }) => ({
      column: name,
      first: row?.[`${name}_FIRST`]?.slice(0, 10) ?? null,
      last: row?.[`${name}_LAST`]?.slice(0, 10) ?? null,
    })),
  };
}
