/** The channel sftp against a real OpenSSH server, over a line that can be cut. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { Secret } from '../../pipelines/runtime/secrets.ts';
import { hasSshd, type SftpServer, startSftpServer } from '../support/platform/sftp-server.ts';
import { type Line, startLine } from '../support/platform/tcp-proxy.ts';
import { delivered, makeParcel, sftpTo, type TestParcel } from './support/sending.ts';

if (!hasSshd) console.warn('SKIPPED: no OpenSSH server on this machine, so the channel sftp was not tested');

const SIZE_BYTES = 600_000;
const clock = fixedClock('2026-11-03T09:00:00+08:00');

let dir: string;
let server: SftpServer;
let line: Line;
let parcel: TestParcel;

beforeAll(async () => {
  if (!hasSshd) return;
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-sftp-'));
  server = await startSftpServer(dir);
  line = await startLine(server.port);
});
afterAll(async () => {
  await line?.close();
  await server?.close();
  if (dir !== undefined) await removeTree(dir);
});
beforeEach(() => {
  if (!hasSshd) return;
  line.plan();
  for (const name of readdirSync(server.directory))
    rmSync(path.join(server.directory, name), { recursive: true });
  parcel = makeParcel(dir, SIZE_BYTES);
});

const there = (name = parcel.name): string => path.join(server.directory, name);
const channel = (more: Parameters<typeof sftpTo>[1] = {}) => sftpTo(server, { port: line.port, ...more });
function expectArrived(): void {
  expect(readdirSync(server.directory)).toEqual([parcel.name]);
  expect(readFileSync(there()).equals(parcel.bytes)).toBe(true);
}

describe.skipIf(!hasSshd)('a package', () => {
  test('arrives under a temporary name first, and is found afterwards', async () => {
    expect(await channel().ask(parcel)).toEqual({ state: 'absent' });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'delivered', attempts: 1, wasSent: true, faults: [] });
    expect(end.received.at(-1)).toBe(SIZE_BYTES);
    expectArrived();
    expect(await channel().ask(parcel)).toEqual({ state: 'arrived' });
    const again = await delivered(channel(), parcel, { clock });
    expect(again).toMatchObject({ state: 'delivered', attempts: 0, wasSent: false });
  });

  test.each([1, 32 * 1024, 32 * 1024 + 1, 2 * 1024 * 1024 + 7])('of %i bytes', async (sizeBytes) => {
    parcel = makeParcel(dir, sizeBytes);
    expect(await delivered(channel(), parcel, { clock })).toMatchObject({ state: 'delivered' });
    expectArrived();
  });

  test('goes on where it ended: the bytes that are there are compared and not sent again', async () => {
    writeFileSync(there(`${parcel.name}.part`), parcel.bytes.subarray(0, 500_000));
    expect(await channel().ask(parcel)).toEqual({ state: 'partial', receivedBytes: 500_000 });
    line.plan();
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(end.received[1]).toBe(500_000);
    expectArrived();
    expect(line.passed.toServer).toBeLessThan(200_000);
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    [
      'other bytes in its middle',
      (bytes) => Buffer.concat([bytes.subarray(0, 300_000), Buffer.alloc(100_000)]),
    ],
    ['other bytes from its beginning', () => Buffer.alloc(70_000, 7)],
    ['more bytes than the package', (bytes) => Buffer.concat([bytes, Buffer.from('more')])],
    [
      'all bytes and a wrong one',
      (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1) === 0 ? 1 : 0])]),
    ],
  ])('is mended where the begun file has %s', async (_what, change) => {
    writeFileSync(there(`${parcel.name}.part`), change(parcel.bytes));
    expect(await delivered(channel(), parcel, { clock })).toMatchObject({ state: 'delivered', attempts: 1 });
    expectArrived();
  });

  test.each<[string, Buffer | undefined]>([
    ['other bytes of another size', Buffer.from('other')],
    ['other bytes of its size', Buffer.alloc(SIZE_BYTES)],
    ['a folder', undefined],
  ])('never overwrites %s under its name', async (_what, bytes) => {
    if (bytes === undefined) mkdirSync(there());
    else writeFileSync(there(), bytes);
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'E_CHANNEL_REFUSED' } });
    if (bytes !== undefined) expect(readFileSync(there()).equals(bytes)).toBe(true);
    expect(existsSync(there(`${parcel.name}.part`))).toBe(false);
  });

  test('without reading back only sizes are compared', async () => {
    writeFileSync(there(), Buffer.alloc(SIZE_BYTES));
    expect(await channel({ readBack: false }).ask(parcel)).toEqual({ state: 'arrived' });
    rmSync(there());
    const end = await delivered(channel({ readBack: false }), parcel, { clock });
    expect(end).toMatchObject({ state: 'delivered' });
    expectArrived();
  });
});

describe.skipIf(!hasSshd)('a line that is cut', () => {
  test.each([
    ['before a word', 'toServer', 1],
    ['in the handshake', 'toServer', 900],
    ['in the handshake, from the server', 'fromServer', 700],
    ['at the beginning of the package', 'toServer', 60_000],
    ['in its middle', 'toServer', 350_000],
    ['while it is read back', 'fromServer', 300_000],
  ] as const)('%s', async (_what, way, bytes) => {
    line.plan({ way, at: bytes, act: () => line.cut() });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'delivered', wasSent: true });
    expect(end.faults.length).toBeGreaterThan(0);
    expectArrived();
  });

  test('a line that goes silent counts as lost', async () => {
    line.plan({ way: 'toServer', at: 200_000, act: () => line.hold(true) });
    const end = await delivered(channel({ idleTimeoutMs: 400 }), parcel, {
      clock,
      wait: async () => line.hold(false),
    });
    expect(end).toMatchObject({ state: 'delivered' });
    expect(end.faults).toEqual([expect.stringContaining('did not answer in time')]);
    expectArrived();
  });

  test('nothing listens', async () => {
    const gone = await startLine(server.port);
    await gone.close();
    const end = await delivered(channel({ port: gone.port }), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 8, error: { code: 'E_CHANNEL' } });
  });

  test('nobody can say whether it arrived: unknown, and found the next time', async () => {
    const retry = { attempts: 1, baseSeconds: 0, maxSeconds: 0, totalMinutes: 1 };
    line.plan({ way: 'toServer', at: 300_000, act: () => line.hold(true) });
    const end = await delivered(channel({ idleTimeoutMs: 300, connectTimeoutMs: 300 }), parcel, {
      clock,
      retry,
    });
    line.hold(false);
    expect(end).toMatchObject({ state: 'unknown', attempts: 1 });
    expect(existsSync(there())).toBe(false);
    expect(await delivered(channel(), parcel, { clock })).toMatchObject({ state: 'delivered' });
    expectArrived();
  });
});

describe.skipIf(!hasSshd)('who is at the other end, and who are we', () => {
  const refused = async (more: Parameters<typeof sftpTo>[1], text: string | RegExp) => {
    const end = await delivered(channel(more), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'E_CHANNEL_ACCESS' } });
    expect(String('error' in end ? end.error : '')).toMatch(text);
    expect(readdirSync(server.directory)).toEqual([]);
    return end;
  };
  const secret = (file: string) => new Secret(readFileSync(file, 'utf8'));

  test('another host key: both fingerprints are named, nothing is tried again', async () => {
    const other = `SHA256:${'A'.repeat(43)}`;
    const end = await refused({ hostKeys: [other] }, other);
    expect(String('error' in end ? end.error : '')).toContain(server.hostKey);
    expect(line.connections).toBe(1);
    expect(await delivered(channel({ hostKeys: [other, server.hostKey] }), parcel, { clock })).toMatchObject({
      state: 'delivered',
    });
  });

  test('a key that the server does not know', async () => {
    await refused({ privateKey: secret(server.strangersKeyFile) }, 'refuses the user name, key or password');
    expect(line.connections).toBe(1);
  });

  test('a wrong password', async () => {
    await refused({ privateKey: undefined, password: new Secret('wrong-7f3a') }, 'refuses the user name');
  });

  test('a key that is none, and one whose pass phrase is missing or wrong', async () => {
    await refused({ privateKey: new Secret('no key') }, 'the private key');
    const locked = path.join(dir, 'locked');
    if (!existsSync(locked)) {
      execFileSync('cp', [server.keyFile, locked]);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'phrase-7f3a', '-f', locked]);
    }
    await refused({ privateKey: secret(locked) }, 'the private key');
    await refused({ privateKey: secret(locked), keyPassphrase: new Secret('wrong') }, 'the private key');
    const opened = channel({ privateKey: secret(locked), keyPassphrase: new Secret('phrase-7f3a') });
    expect(await opened.ask(parcel)).toEqual({ state: 'absent' });
  });

  test('a folder that is not there', async () => {
    await refused({ directory: path.join(server.directory, 'nowhere') }, 'has no folder');
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written', async () => {
    chmodSync(server.directory, 0o500);
    try {
      await refused({}, 'denies the right');
    } finally {
      chmodSync(server.directory, 0o700);
    }
  });
});
