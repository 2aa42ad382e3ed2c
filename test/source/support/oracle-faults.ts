/** Seeded cases: one or more faults of the database or the network at random points of a read. */
import path from 'node:path';
import { ArbdataError } from '../../../pipelines/runtime/errors.ts';
import { removeTree } from '../../../pipelines/runtime/files.ts';
import { seededRandom } from '../../reliability/support/cases.ts';
import { type Fault, type OracleWire, startOracleWire } from '../../support/oracle-wire/index.ts';
import {
  contentOf,
  environmentOf,
  freezeOracle,
  leftovers,
  openTestHome,
  rememberingLog,
  snapshotsIn,
  tryFreeze,
} from './oracle.ts';

export interface FaultCase {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Whether the account may read as of an SCN. */
  readonly user: 'ARBDATA' | 'ARBPLAIN';
  readonly config: object;
}

export interface FaultResult {
  /** `complete`, or the code that the read ended with. */
  readonly outcome: string;
  /** Faults that struck, by kind. */
  readonly struck: readonly string[];
  /** The second read, after the faults were gone, took up what the first had left. */
  readonly resumed: boolean;
  readonly problems: readonly string[];
}

/** Rows of the sample's largest view; a point of a read lies anywhere up to it. */
const MOST_ROWS = 1500;
/** Errors that a read may end with when the database or the network fails; any other is a defect. */
const ALLOWED = new Set([
  'E_SOURCE_UNREACHABLE',
  'E_SOURCE_ACCESS',
  'E_SOURCE_EXPIRED',
  'E_SOURCE_INCOMPLETE',
]);

/** The case of a seed: the same seed gives the same case. */
export function faultCaseOf(seed: number): FaultCase {
  const random = seededRandom(seed);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from));
  const one = <T>(choices: readonly T[]): T => choices[whole(0, choices.length)] as T;
  const when = (): NonNullable<Fault['when']> => ({
    skip: whole(0, 16),
    ...(random() < 0.4 ? { times: one([2, 3, 'always', 'always'] as const) } : {}),
  });
  const afterRows = (): { afterRows?: number } =>
    random() < 0.3 ? {} : { afterRows: Math.floor(random() ** 2 * MOST_ROWS) };
  const fault = (): Fault => {
    const kind = one([
      'refuse',
      'down',
      'error',
      'error',
      'error',
      'drop',
      'drop',
      'stall',
      'slow',
      'short',
      'login',
    ] as const);
    switch (kind) {
      case 'refuse':
        return {
          kind,
          ...(random() < 0.5 ? { error: one([12514, 12505, 12541, 12516]) } : {}),
          when: { ...when(), skip: whole(0, 4) },
        };
      case 'down':
        return { kind, when: { skip: whole(0, 4) } };
      case 'error':
        return {
          kind,
          error: one([1555, 1466, 3113, 28, 3114, 8181, 1013, 12609, 600]),
          ...afterRows(),
          when: when(),
        };
      case 'drop':
        return { kind, ...afterRows(), midPacket: random() < 0.5, when: when() };
      case 'stall':
        return { kind, ...afterRows(), ...(random() < 0.5 ? { ms: whole(1, 300) } : {}), when: when() };
      case 'slow':
        return {
          kind,
          latencyMs: whole(1, 5),
          bytesPerSecond: whole(200_000, 2_000_000),
          when: { skip: whole(0, 4) },
        };
      case 'short':
        return { kind, missing: whole(1, 4), when: when() };
      case 'login':
        return { kind, error: one([28001, 28000, 1017]), when: { skip: whole(0, 4) } };
    }
    return kind satisfies never;
  };
  return {
    seed,
    faults: Array.from({ length: one([1, 1, 1, 2, 3]) }, fault),
    user: random() < 0.7 ? 'ARBDATA' : 'ARBPLAIN',
    config: {
      sessions: whole(1, 4),
      chunkRows: one([30, 100, 400, 100_000]),
      fetchRows: one([3, 50, 1000]),
      stallTimeoutSeconds: 1,
      statementTimeoutSeconds: 2,
      connectTimeoutSeconds: 2,
    },
  };
}

/** A server over a sample, and what an undisturbed read of it gives. */
export class FaultBench {
  readonly #dir: string;
  readonly #source: string;
  #expected = '';

  private constructor(dir: string, source: string) {
    this.#dir = dir;
    this.#source = source;
  }

  static async open(dir: string, source: string): Promise<FaultBench> {
    const bench = new FaultBench(dir, source);
    const server = await startOracleWire({ source });
    try {
      const home = openTestHome(path.join(dir, 'undisturbed'));
      bench.#expected = await contentOf(
        home,
        await freezeOracle({ home, environment: environmentOf(server) }),
      );
      return bench;
    } finally {
      await server.close();
    }
  }

  /** Read under the faults, look at what there is, read again without them. */
  async carryOut(one: FaultCase): Promise<FaultResult> {
    const server = await startOracleWire({ source: this.#source });
    const dir = path.join(this.#dir, `case-${one.seed}`);
    try {
      return await this.#carryOut(one, server, dir);
    } finally {
      await server.close();
      await removeTree(dir);
    }
  }

  async #carryOut(
    { faults, user, config }: FaultCase,
    server: OracleWire,
    dir: string,
  ): Promise<FaultResult> {
    const home = openTestHome(dir);
    const environment = environmentOf(server, user);
    const { log, lines } = rememberingLog();
    const problems: string[] = [];
    for (const fault of faults) server.faults.add(fault);
    const first = await tryFreeze({ home, environment, config, log });
    const struck = server.faults.fired.map(({ kind }) => kind);
    if (first instanceof ArbdataError) {
      if (!ALLOWED.has(first.code)) problems.push(`ended with ${first.code}: ${first.message}`);
      if (snapshotsIn(home).length > 0) problems.push('an error left a snapshot');
    } else if ((await contentOf(home, first)) !== this.#expected) {
      problems.push('the snapshot is not that of an undisturbed read');
    }
    const left = leftovers(home);
    if (left.some((name) => !/^oracle-read\.free-\w+\.kept$/.test(name)) || left.length > 1) {
      problems.push(`left behind: ${left.join(', ')}`);
    }
    server.faults.clear();
    const again = await tryFreeze({ home, environment, config, log });
    if (again instanceof ArbdataError) problems.push(`without faults: ${again.code}: ${again.message}`);
    else if ((await contentOf(home, again)) !== this.#expected) {
      problems.push('the read after the faults is not that of an undisturbed one');
    }
    if (leftovers(home).length > 0) problems.push(`left behind at the end: ${leftovers(home).join(', ')}`);
    const told = [...lines, first instanceof ArbdataError ? `${first.message} ${first.advice}` : ''].join(
      '\n',
    );
    if (told.includes(server.password(user))) problems.push('a password was told');
    return {
      outcome: first instanceof ArbdataError ? first.code : 'complete',
      struck,
      resumed: lines.some((line) => line.includes('resuming the read')),
      problems,
    };
  }
}
