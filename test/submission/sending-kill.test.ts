/**
 * `submit` is killed with SIGKILL at chosen places and called again: the platform ends with one whole copy, and nothing
 * but a whole copy ever stood under its name.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callCli, type Started, startCli } from '../reliability/support/cli.ts';
import { CRASH_POINT, killAt } from '../reliability/support/kill.ts';
import { type MadeBatch, makeBatch } from '../support/batch-folder.ts';
import { hasSshd } from '../support/platform/sftp-server.ts';
import type { Plan } from '../support/platform/tcp-proxy.ts';
import {
  type ChannelName,
  deliveriesOf,
  foundAt,
  leftAt,
  type Reachable,
  reachable,
} from './support/channels.ts';

const SIZE_BYTES = 300_000;
let world: Reachable;

beforeAll(async () => {
  world = await reachable({ attempts: 4, baseSeconds: 0, maxSeconds: 0 });
});
afterAll(() => world?.close());
afterEach(() => {
  world.platform.fault = () => undefined;
  world.platform.beforeAnswer = () => undefined;
  world.sftp?.line.plan();
});

const argsFor = (batch: MadeBatch, channel: ChannelName) => [
  'submit',
  '--batch',
  batch.name,
  '--channel',
  channel,
];

/** Start the command, let something kill it, and hold what is there against what may be. */
async function killed(
  batch: MadeBatch,
  channel: ChannelName,
  arm: (kill: () => Promise<void>) => void,
): Promise<void> {
  let started: Started | undefined;
  arm(async () => {
    started?.child.kill('SIGKILL');
    await started?.ended;
  });
  started = startCli(world.home, argsFor(batch, channel));
  expect((await started.ended).signal).toBe('SIGKILL');
  expectWholeOrNothing(batch, channel);
}

function expectWholeOrNothing(batch: MadeBatch, channel: ChannelName): void {
  const { bytes } = foundAt(world, channel, batch);
  if (bytes !== undefined) expect(bytes.equals(batch.bytes)).toBe(true);
}

/** The same command again, and what it must lead to. */
async function expectRepaired(batch: MadeBatch, channel: ChannelName): Promise<void> {
  const { exit, stderr } = await callCli(world.home, argsFor(batch, channel));
  expect(`${exit} ${stderr}`).toMatch(/^0 /);
  const { bytes, times } = foundAt(world, channel, batch);
  expect(bytes?.equals(batch.bytes)).toBe(true);
  expect(times).toBe(1);
  const states = (await deliveriesOf(world.home, batch.name)).map(({ state }) => state);
  expect(states.at(-1)).toBe('delivered');
  expect(states.filter((state) => state !== 'delivered' && state !== 'failed')).toEqual([]);
  expect(leftAt(world, channel)).toEqual([]);
}

describe('over https, when the platform has', () => {
  // A question, the beginning, five parts, the end, a question.
  test.each([
    ['been asked', 1, 'before'],
    ['begun', 2, 'after'],
    ['two parts, and gets the third', 5, 'before'],
    ['everything, and does not yet put it together', 8, 'before'],
    ['put it together, and has not answered', 8, 'after'],
  ] as const)('%s', async (_what, nth, when) => {
    const batch = await makeBatch(world.home, { sizeBytes: SIZE_BYTES });
    await killed(batch, 'https', (kill) => {
      const first = world.platform.requests.length;
      const isIt = (number: number): boolean => number - first === nth;
      if (when === 'after') {
        world.platform.beforeAnswer = async ({ number }) => {
          if (isIt(number)) await kill();
        };
      } else {
        world.platform.fault = ({ number }) => {
          if (!isIt(number)) return undefined;
          void kill();
          return { kind: 'stall' };
        };
      }
    });
    world.platform.fault = () => undefined;
    const bodies = world.platform.bodyBytes;
    await expectRepaired(batch, 'https');
    if (nth === 8) expect(world.platform.bodyBytes - bodies).toBeLessThan(1000);
  });
});

describe.skipIf(!hasSshd)('over sftp', () => {
  const there = ({ name }: MadeBatch) => path.join(world.sftp?.server.directory ?? '', `${name}.zip`);
  const killedAt = async (planOf: (batch: MadeBatch) => Pick<Plan, 'way' | 'at'>): Promise<MadeBatch> => {
    const { line } = world.sftp ?? expect.fail('there is no server');
    const batch = await makeBatch(world.home, { sizeBytes: SIZE_BYTES });
    await killed(batch, 'sftp', (kill) => line.plan({ ...planOf(batch), act: () => void kill() }));
    line.plan();
    return batch;
  };

  test.each([
    ['at the first word', 'toServer', 1],
    ['in the middle of the package', 'toServer', 150_000],
    ['while it is read back', 'fromServer', 200_000],
  ] as const)('%s', async (_what, way, at) => {
    const batch = await killedAt(() => ({ way, at }));
    await expectRepaired(batch, 'sftp');
  });

  test('when the file has its name, and the answer has not come', async () => {
    const batch = await killedAt((of) => ({ way: 'fromServer', at: () => existsSync(there(of)) }));
    expect(existsSync(there(batch))).toBe(true);
    const { mtimeMs } = statSync(there(batch));
    await expectRepaired(batch, 'sftp');
    expect(statSync(there(batch)).mtimeMs).toBe(mtimeMs);
  });
});

test('into a folder, before an operation on files or on the ledger', async () => {
  const first = await makeBatch(world.home, { sizeBytes: SIZE_BYTES });
  const log = path.join(world.home, 'operations.log');
  const undisturbed = { preload: [CRASH_POINT], env: { ARBDATA_CRASH_LOG: log } };
  await startCli(world.home, argsFor(first, 'drop'), undisturbed).ended;
  const operations = readFileSync(log, 'utf8').trimEnd().split('\n');
  const at = (text: RegExp): number => operations.findIndex((operation) => text.test(operation)) + 1;
  // The delivery is entered; the file is opened, written, named; its end is entered; the run ends.
  const moments = [
    at(/insert into "delivery"/) + 1,
    at(/^open .*\/drop\/\./) + 1,
    at(/^rm .*\/drop\/\./) - 1,
    at(/^rm .*\/drop\/\./),
    at(/update "delivery"/),
    at(/update "delivery"/) + 3,
  ];
  expect(moments.every((moment) => moment > 1)).toBe(true);
  for (const moment of moments) {
    const batch = await makeBatch(world.home, { sizeBytes: SIZE_BYTES });
    const fate = await killAt(world.home, argsFor(batch, 'drop'), { kind: 'operation', at: moment });
    expect(`${moment} ${fate}`).toBe(`${moment} killed`);
    expectWholeOrNothing(batch, 'drop');
    await expectRepaired(batch, 'drop');
  }
}, 120_000);
