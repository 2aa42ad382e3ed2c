/** The channel https against a server that speaks the documented protocol, with every fault that a request can meet. */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { Authority, type Certificate } from '../support/platform/certificates.ts';
import { Platform, type PlatformFault } from '../support/platform/server.ts';
import { delivered, httpsTo, makeParcel, PART_BYTES, sha256, type TestParcel } from './support/sending.ts';

const SIZE_BYTES = 3 * PART_BYTES + 1000;
const clock = fixedClock('2026-11-03T09:00:00+08:00');

let dir: string;
let authority: Authority;
let server: Certificate;
let client: Certificate;
let platform: Platform;
let parcel: TestParcel;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-https-'));
  authority = new Authority(dir);
  server = authority.sign('server');
  client = authority.sign('client');
  platform = await Platform.start({ certificate: server, clientAuthority: authority.pem });
});
afterAll(async () => {
  await platform?.close();
  await removeTree(dir);
});
beforeEach(() => {
  platform.reset();
  parcel = makeParcel(dir, SIZE_BYTES);
});

const channel = (more: Parameters<typeof httpsTo>[2] = {}) =>
  httpsTo({ url: platform.url, authority, client }, clock, more);

function expectArrived(): void {
  expect(sha256(platform.received.get(parcel.batch) ?? Buffer.alloc(0))).toBe(parcel.sha256);
  expect(platform.completions.get(parcel.batch)).toBe(1);
}

/** The fault happens at the n-th request of a kind, from 1. */
function faultAt(method: string, nth: number, fault: PlatformFault): void {
  let seen = 0;
  platform.fault = (request) => {
    if (request.method !== method) return undefined;
    seen += 1;
    return seen === nth ? fault : undefined;
  };
}

test('a package arrives in parts, once, and is found afterwards', async () => {
  expect(await channel().ask(parcel)).toEqual({ state: 'absent' });
  const end = await delivered(channel(), parcel, { clock });
  expect(end).toMatchObject({ state: 'delivered', attempts: 1, wasSent: true, faults: [] });
  expect(end.received.at(-1)).toBe(SIZE_BYTES);
  expectArrived();
  expect(await channel().ask(parcel)).toEqual({ state: 'arrived' });
  const again = await delivered(channel(), parcel, { clock });
  expect(again).toMatchObject({ state: 'delivered', attempts: 0, wasSent: false });
  expectArrived();
});

test('the platform may want other parts', async () => {
  const other = await Platform.start({ certificate: server, partBytes: 5000 });
  try {
    const to = httpsTo({ url: other.url, authority }, clock);
    expect(await delivered(to, parcel, { clock })).toMatchObject({ state: 'delivered' });
    expect(other.received.get(parcel.batch)?.equals(parcel.bytes)).toBe(true);
  } finally {
    await other.close();
  }
});

describe('a fault that goes by', () => {
  test.each<[string, string, number, PlatformFault]>([
    ['the connection ends in the middle of a part', 'PUT', 2, { kind: 'drop', afterBytes: 10_000 }],
    ['the platform is broken', 'POST', 1, { kind: 'status', status: 500 }],
    ['a part is damaged on its way', 'PUT', 3, { kind: 'damage' }],
    ['an answer to a part is lost', 'PUT', 1, { kind: 'lost answer' }],
    ['the answer to the end is lost: it had arrived', 'POST', 2, { kind: 'lost answer' }],
    ['the beginning is taken, the answer is lost', 'POST', 1, { kind: 'lost answer' }],
    ['nothing comes back', 'PUT', 2, { kind: 'stall' }],
    ['nothing comes back to a question', 'GET', 1, { kind: 'stall' }],
    ['the upload was thrown away', 'PUT', 2, { kind: 'status', status: 410 }],
  ])('%s', async (_what, method, nth, fault) => {
    faultAt(method, nth, fault);
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'delivered', wasSent: true });
    expect(end.faults).toHaveLength(1);
    expect(end.received.at(-1)).toBe(SIZE_BYTES);
    expectArrived();
    // What had arrived was not sent again: no more than the part that was under way.
    expect(platform.bodyBytes).toBeLessThan(SIZE_BYTES + PART_BYTES + 4000);
  });

  test('the end takes long: it is asked for until it is there', async () => {
    faultAt('POST', 2, { kind: 'late', questions: 3 });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'delivered', wasSent: true });
    expect(end.faults).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('still putting')));
    expectArrived();
  });

  test('Retry-After is waited for, in seconds and as a date', async () => {
    for (const after of ['17', new Date(clock.now().getTime() + 17_000).toUTCString()]) {
      platform.reset();
      faultAt('POST', 1, { kind: 'status', status: 503, headers: { 'retry-after': after } });
      const end = await delivered(channel(), makeParcel(dir, 10), { clock, random: () => 0 });
      expect(end).toMatchObject({ state: 'delivered', waitsMs: [17_000] });
      clock.advance(-17_000);
    }
  });

  test('a Retry-After beyond the total time is not waited for', async () => {
    faultAt('POST', 1, { kind: 'status', status: 429, headers: { 'retry-after': '86400' } });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, waitsMs: [] });
  });
});

describe('what does not go by', () => {
  test.each<[number, string]>([
    [401, 'E_CHANNEL_ACCESS'],
    [403, 'E_CHANNEL_ACCESS'],
    [409, 'E_CHANNEL_REFUSED'],
    [400, 'E_CHANNEL_REFUSED'],
    [301, 'E_CHANNEL_REFUSED'],
    [307, 'E_CHANNEL_REFUSED'],
  ])('status %i is %s at once', async (status, code) => {
    const headers = { location: 'https://elsewhere.example/uploads' };
    faultAt('POST', 1, { kind: 'status', status, headers });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, error: { code } });
    expect(platform.received.size).toBe(0);
  });

  test.each([
    ['no JSON', '<html>'],
    [
      'another batch',
      JSON.stringify({
        batch: 'x',
        state: 'open',
        sizeBytes: 1,
        sha256: 'a'.repeat(64),
        partBytes: 5000,
        parts: [],
      }),
    ],
    ['an unknown state', JSON.stringify({ batch: 'x', state: 'eaten' })],
  ])('an answer that is %s', async (_what, text) => {
    faultAt('GET', 1, { kind: 'text', text });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'E_CHANNEL_REFUSED' } });
  });

  test('an answer without end is not read to its end', async () => {
    faultAt('GET', 1, { kind: 'text', text: 'x'.repeat(17 * 1024 * 1024) });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'E_CHANNEL_REFUSED' } });
  });

  test('other content under the name of the batch: never overwritten', async () => {
    const other = { ...makeParcel(dir, 5000), batch: parcel.batch };
    await delivered(channel(), other, { clock });
    expect(await channel().ask(parcel)).toMatchObject({ state: 'different' });
    const end = await delivered(channel(), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', error: { code: 'E_CHANNEL_REFUSED' } });
    expect(platform.received.get(parcel.batch)?.equals(other.bytes)).toBe(true);
  });

  test('a platform that always fails: as many attempts as allowed, each wait drawn below a doubling bound', async () => {
    platform.fault = ({ method }) => (method === 'PUT' ? { kind: 'status', status: 500 } : undefined);
    const end = await delivered(channel(), parcel, { clock, random: () => 0.999 });
    expect(end).toMatchObject({ state: 'failed', attempts: 8, error: { code: 'E_CHANNEL' } });
    expect(end.waitsMs).toEqual([1998, 3996, 7992, 15_984, 31_968, 63_936, 127_872]);
    expect(platform.received.size).toBe(0);
  });

  test('nobody can say whether it arrived: unknown', async () => {
    let isGone = false;
    platform.fault = ({ path: asked }) => {
      if (isGone) return { kind: 'stall' };
      isGone = asked.endsWith('/complete');
      return isGone ? { kind: 'lost answer' } : undefined;
    };
    const retry = { attempts: 2, baseSeconds: 0, maxSeconds: 0, totalMinutes: 1 };
    const end = await delivered(channel(), parcel, { clock, retry });
    expect(end).toMatchObject({ state: 'unknown', attempts: 2 });
    platform.fault = () => undefined;
    expect(await delivered(channel(), parcel, { clock })).toMatchObject({
      state: 'delivered',
      wasSent: false,
    });
    expectArrived();
  });
});

describe('who is at the other end', () => {
  const refused = async (to: ReturnType<typeof channel>) => {
    const end = await delivered(to, parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'E_CHANNEL_ACCESS' } });
    expect(platform.received.size).toBe(0);
  };

  test('a certificate of an unknown authority', async () => {
    const stranger = new Authority(dir, 'stranger');
    await refused(httpsTo({ url: platform.url, authority: stranger, client }, clock));
  });

  test('a certificate of another host', async () => {
    await refused(httpsTo({ url: platform.url.replace('localhost', '127.0.0.1'), authority, client }, clock));
  });

  test('without our own certificate', async () => {
    await refused(httpsTo({ url: platform.url, authority }, clock));
  });

  test('nobody', async () => {
    const gone = await Platform.start({ certificate: server });
    const { url } = gone;
    await gone.close();
    const end = await delivered(httpsTo({ url, authority }, clock), parcel, { clock });
    expect(end).toMatchObject({ state: 'failed', attempts: 8, error: { code: 'E_CHANNEL' } });
  });
});
