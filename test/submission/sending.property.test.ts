/**
 * Whatever happens on the way, in whatever order: the platform has at most one copy, it is the package, and what the
 * command and the ledger say is true. And once nothing happens any more, the same command delivers.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { withService } from '../../pipelines/runtime/service.ts';
import { submit } from '../../pipelines/submit.ts';
import { type MadeBatch, makeBatch, quietEffects } from '../support/batch-folder.ts';
import type { PlatformFault } from '../support/platform/server.ts';
import { hasSshd } from '../support/platform/sftp-server.ts';
import {
  type ChannelName,
  deliveriesOf,
  foundAt,
  leftAt,
  type Reachable,
  reachable,
} from './support/channels.ts';

const CASES = { https: 10, sftp: 6 };
const clock = fixedClock('2026-11-03T09:00:00+08:00');
let world: Reachable;

beforeAll(async () => {
  world = await reachable({ attempts: 3, baseSeconds: 1, maxSeconds: 4, totalMinutes: 60 });
});
afterAll(() => world?.close());

/** `submit` in this process; what it ended with. */
async function submitted(batch: MadeBatch, channel: ChannelName): Promise<string> {
  clock.advance(60_000);
  try {
    const { state } = await withService(world.home, quietEffects(clock), (service) =>
      submit(service, { batch: batch.name, channel }),
    );
    return state;
  } catch (error) {
    if (error instanceof ArbdataError) return error.code;
    throw error;
  }
}

/** Hold what was said against what is there. */
async function expectTruth(batch: MadeBatch, channel: ChannelName, said: string): Promise<void> {
  const { bytes, times } = foundAt(world, channel, batch);
  const rows = await deliveriesOf(world.home, batch.name);
  const last = rows.at(-1);
  if (bytes !== undefined) {
    expect(bytes.equals(batch.bytes)).toBe(true);
    expect(times).toBe(1);
  }
  expect(rows.filter(({ state }) => state === 'delivered').length).toBeLessThanOrEqual(1);
  if (said.startsWith('E_')) expect(last?.state).toMatch(/^(failed|unknown)$/);
  else expect(last?.state).toBe('delivered');
  if (last?.state === 'delivered') expect(bytes).toBeDefined();
  if (last?.state === 'failed') expect(bytes).toBeUndefined();
}

const httpsFault: fc.Arbitrary<PlatformFault> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), afterBytes: fc.integer({ min: 1, max: 65_536 }) }),
  fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom(500, 502, 503, 429, 410, 401) }),
  fc.constant({ kind: 'lost answer' as const }),
  fc.constant({ kind: 'damage' as const }),
  fc.record({ kind: fc.constant('late' as const), questions: fc.integer({ min: 1, max: 8 }) }),
);

test('over https', { timeout: 120_000 }, async () => {
  const episode = fc.dictionary(fc.integer({ min: 1, max: 14 }).map(String), httpsFault, { maxKeys: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(episode, { minLength: 1, maxLength: 3 }), async (episodes) => {
      const batch = await makeBatch(world.home, { sizeBytes: 150_000 });
      for (const faults of episodes) {
        const before = world.platform.requests.length;
        world.platform.fault = ({ number }) => faults[String(number - before)];
        await expectTruth(batch, 'https', await submitted(batch, 'https'));
      }
      world.platform.fault = () => undefined;
      // An end that takes long may outlast the attempts of one command.
      for (let left = 3; left > 0 && (await submitted(batch, 'https')).startsWith('E_'); left -= 1);
      await expectTruth(batch, 'https', 'delivered');
    }),
    { numRuns: CASES.https },
  );
});

test.skipIf(!hasSshd)('over sftp', { timeout: 120_000 }, async () => {
  const cut = fc.record({
    way: fc.constantFrom('toServer' as const, 'fromServer' as const),
    at: fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 400_000 })),
  });
  const episode = fc.array(cut, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(episode, { minLength: 1, maxLength: 2 }), async (episodes) => {
      const { line } = world.sftp ?? expect.fail('there is no server');
      const batch = await makeBatch(world.home, { sizeBytes: 150_000 });
      for (const cuts of episodes) {
        const left = [...cuts];
        const planNext = (): void => {
          const next = left.shift();
          line.plan(
            next === undefined
              ? undefined
              : {
                  ...next,
                  act: () => {
                    line.cut();
                    planNext();
                  },
                },
          );
        };
        planNext();
        const said = await submitted(batch, 'sftp');
        line.plan();
        await expectTruth(batch, 'sftp', said);
      }
      await submitted(batch, 'sftp');
      await expectTruth(batch, 'sftp', 'delivered');
      expect(leftAt(world, 'sftp')).toEqual([]);
    }),
    { numRuns: CASES.sftp },
  );
});
