/** `submit` as a person calls it: which batch, over which channel, what the ledger then says, and what is not sent. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../pipelines/runtime/clock.ts';
import { temporaryName } from '../../pipelines/runtime/files.ts';
import { openHome } from '../../pipelines/runtime/home.ts';
import { openLedger } from '../../pipelines/runtime/ledger.ts';
import type { Delivery } from '../../pipelines/runtime/ledger-submission.ts';
import { withService } from '../../pipelines/runtime/service.ts';
import { configuredChannels } from '../../pipelines/submit.ts';
import { arbdata, documentOf, type Ended } from '../app/support.ts';
import { temporaryDir } from '../runtime/support/home.ts';
import { type MadeBatch, makeBatch, quietEffects } from '../support/batch-folder.ts';
import { Authority } from '../support/platform/certificates.ts';

let home: string;
let batch: MadeBatch;

beforeEach(async () => {
  home = path.join(await temporaryDir(), 'home');
  batch = await makeBatch(home);
});

const outbox = (...names: string[]): string => path.join(home, 'outbox/national-platform', ...names);
const submit = (...args: string[]): Promise<Ended> => arbdata('submit', ...args, '--home', home, '--json');

/** The one JSON document of a command that must end so. */
async function ended(exit: number, ...args: string[]): Promise<Record<string, unknown>> {
  const result = await submit(...args);
  expect(`${result.code} ${result.stdout}`).toMatch(new RegExp(`^${exit} `));
  return documentOf(result);
}

async function withLedger<T>(
  use: (ledger: Awaited<ReturnType<typeof openLedger>>) => Promise<T>,
): Promise<T> {
  const ledger = await openLedger(openHome(home), systemClock);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}
const deliveries = (): Promise<Delivery[]> => withLedger((ledger) => ledger.deliveries());

/** A delivery that a dead process left, over a channel. */
async function leftSending(channel: string): Promise<void> {
  await withLedger(async (ledger) => {
    const run = await ledger.beginRun({ pipeline: 'submit', actor: 'clerk', command: 'arbdata submit' });
    await ledger.beginDelivery({
      batch: batch.name,
      channel,
      runId: run.id,
      packageSha256: batch.sha256,
      actor: 'clerk',
    });
    await run.finish('failed');
  });
}

function configure(submission: object): void {
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ submission }));
}

describe('into the outbox of the home', () => {
  test('the only batch that waits, with the right bytes, and the ledger says so', async () => {
    const document = await ended(0);
    expect(document).toMatchObject({
      batch: batch.name,
      product: 'national-platform',
      state: 'sent',
      channel: 'outbox',
      target: `directory ${outbox()}`,
      package: { name: `${batch.name}.zip`, sizeBytes: batch.bytes.length, sha256: batch.sha256 },
      records: 3,
      attempts: 1,
    });
    expect(readdirSync(outbox())).toEqual([`${batch.name}.zip`]);
    expect(readFileSync(outbox(`${batch.name}.zip`)).equals(batch.bytes)).toBe(true);
    expect(statSync(outbox(`${batch.name}.zip`)).mode & 0o007).toBe(0);
    expect(await deliveries()).toMatchObject([
      { state: 'delivered', attempts: 1, channel: 'outbox', runId: document['run'], error: null },
    ]);
    const actions = await withLedger(async (ledger) => (await ledger.verifyAudit()).ok);
    expect(actions).toBe(true);
  });

  test('a second time: not sent, exit 0, no run', async () => {
    const first = await ended(0);
    rmSync(outbox(), { recursive: true });
    const again = await ended(0, '--batch', batch.name);
    expect(again).toMatchObject({
      state: 'delivered before',
      channel: 'outbox',
      run: first['run'],
      attempts: 0,
    });
    expect(existsSync(outbox())).toBe(false);
    expect(await deliveries()).toHaveLength(1);
    const { code, stdout } = await arbdata('submit', '--batch', batch.name, '--home', home);
    expect(code).toBe(0);
    expect(stdout).toContain('was delivered before; nothing was sent');
    expect(await ended(2)).toMatchObject({ error: { code: 'E_NOT_SUBMITTABLE' } });
  });

  test('several that wait: which there are', async () => {
    const second = await makeBatch(home);
    const { error } = (await ended(2)) as { error: { code: string; message: string } };
    expect(error.code).toBe('E_USAGE');
    expect(error.message).toContain(`${batch.name} (built), ${second.name} (built)`);
    await ended(0, '--batch', batch.name);
    expect(await ended(0)).toMatchObject({ batch: second.name });
  });

  test('a batch that there is not', async () => {
    expect(await ended(2, '--batch', '110000-ARB-209901-01')).toMatchObject({
      error: { code: 'E_NOT_FOUND' },
    });
  });

  test('other bytes under the name: never overwritten', async () => {
    mkdirSync(outbox(), { recursive: true });
    writeFileSync(outbox(`${batch.name}.zip`), 'other');
    expect(await ended(4)).toMatchObject({ error: { code: 'E_CHANNEL_REFUSED', retryable: false } });
    expect(readFileSync(outbox(`${batch.name}.zip`), 'utf8')).toBe('other');
    expect(await deliveries()).toMatchObject([{ state: 'failed' }]);
    rmSync(outbox(`${batch.name}.zip`));
    expect(await ended(0)).toMatchObject({ state: 'sent' });
  });

  test('the same bytes under the name: arrived', async () => {
    mkdirSync(outbox(), { recursive: true });
    writeFileSync(outbox(`${batch.name}.zip`), batch.bytes);
    expect(await ended(0)).toMatchObject({ state: 'arrived before', attempts: 0 });
    expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 0 }]);
  });

  test('a package whose bytes are not those that were built is not sent', async () => {
    chmodSync(path.dirname(batch.file), 0o700);
    chmodSync(batch.file, 0o600);
    writeFileSync(batch.file, Buffer.alloc(batch.bytes.length));
    expect(await ended(1)).toMatchObject({ error: { code: 'E_ARTEFACT_DAMAGED' } });
    expect(await deliveries()).toEqual([]);
    expect(existsSync(outbox(`${batch.name}.zip`))).toBe(false);
  });

  test('what a killed process left half-written is cleared away', async () => {
    mkdirSync(outbox(), { recursive: true });
    const mine = temporaryName(outbox(`${batch.name}.zip`));
    const deadOnes = mine.replace(/-(\d+)-[0-9a-f]{6}-/, '-$1-000000-');
    for (const file of [mine, deadOnes, outbox('somebody-elses.tmp')]) writeFileSync(file, 'half');
    await ended(0);
    const kept = [path.basename(mine), `${batch.name}.zip`, 'somebody-elses.tmp'];
    expect(readdirSync(outbox()).toSorted()).toEqual(kept.toSorted());
  });
});

describe('a batch of which more is known', () => {
  test('declared lost: not sent', async () => {
    await withLedger((ledger) =>
      ledger.declareLost({ batch: batch.name, reason: 'disk burnt', actor: 'head' }),
    );
    expect(await ended(2, '--batch', batch.name)).toMatchObject({ error: { code: 'E_NOT_SUBMITTABLE' } });
    expect(await deliveries()).toEqual([]);
  });

  test('answered although nobody saw it delivered: not sent', async () => {
    await withLedger((ledger) =>
      ledger.addReceipt({
        batch: batch.name,
        sha256: 'a'.repeat(64),
        answersSha256: 'b'.repeat(64),
        name: 'receipt.json',
        folder: 'receipts/x',
        receivedAt: '2026-11-04T00:00:00+08:00',
        accepted: 1,
        rejected: 0,
        actor: 'clerk',
      }),
    );
    expect(await ended(0, '--batch', batch.name)).toMatchObject({ state: 'answered before', run: null });
    expect(existsSync(outbox())).toBe(false);
  });

  test('left in the middle, arrived: delivered without sending', async () => {
    await leftSending('outbox');
    mkdirSync(outbox(), { recursive: true });
    writeFileSync(outbox(`${batch.name}.zip`), batch.bytes);
    expect(await ended(0)).toMatchObject({ state: 'arrived before', channel: 'outbox' });
    expect(await deliveries()).toMatchObject([{ state: 'delivered' }]);
  });

  test('left in the middle, not arrived: that delivery failed, the next one delivers', async () => {
    await leftSending('outbox');
    expect(await ended(0)).toMatchObject({ state: 'sent' });
    expect(await deliveries()).toMatchObject([{ state: 'failed' }, { state: 'delivered' }]);
  });

  test('left in the middle over another channel: that one is asked first', async () => {
    configure({ channels: { drop: { kind: 'directory', path: 'drop' } } });
    mkdirSync(path.join(home, 'drop'));
    await leftSending('drop');
    writeFileSync(path.join(home, 'drop', `${batch.name}.zip`), batch.bytes);
    expect(await ended(0, '--channel', 'outbox')).toMatchObject({ state: 'arrived before', channel: 'drop' });
    expect(existsSync(outbox(`${batch.name}.zip`))).toBe(false);
  });

  test('left in the middle over a channel that cannot be asked: unknown, and nothing goes out', async () => {
    const retry = { attempts: 2, baseSeconds: 0, maxSeconds: 0, totalMinutes: 1 };
    configure({ retry, channels: { drop: { kind: 'directory', path: 'drop' } } });
    await leftSending('drop');
    expect(await ended(4, '--channel', 'outbox')).toMatchObject({
      error: { code: 'E_CHANNEL', retryable: true },
    });
    expect(await deliveries()).toMatchObject([{ state: 'unknown', attempts: 1 }]);
    expect(existsSync(outbox(`${batch.name}.zip`))).toBe(false);
    configure({});
    const { error } = (await ended(2)) as { error: { code: string; advice: string } };
    expect(error.code).toBe('E_NOT_SUBMITTABLE');
    expect(error.advice).toContain('submissions lost');
  });
});

describe('retries', () => {
  test('a folder that is not there: as often as config.json says, then failed, with the error kept', async () => {
    const retry = { attempts: 3, baseSeconds: 0, maxSeconds: 0, totalMinutes: 1 };
    configure({ retry, channel: 'drop', channels: { drop: { kind: 'directory', path: 'mount/drop' } } });
    const { error } = (await ended(4)) as { error: { message: string } };
    expect(error.message).toContain('mount/drop is not there');
    const [row] = await deliveries();
    expect(row).toMatchObject({ state: 'failed', attempts: 3 });
    expect(JSON.parse(row?.error ?? '')).toMatchObject({ code: 'E_CHANNEL' });
    expect(existsSync(path.join(home, 'mount'))).toBe(false);
    mkdirSync(path.join(home, 'mount/drop'), { recursive: true });
    expect(await ended(0)).toMatchObject({ state: 'sent', channel: 'drop' });
  });

  test('what is no folder, or may not be written, is told at once as the fault of the channel', async () => {
    configure({
      channels: {
        file: { kind: 'directory', path: 'config.json' },
        kernel: { kind: 'directory', path: '/sys' },
      },
    });
    for (const [channel, words] of [
      ['file', 'config.json is no folder'],
      ['kernel', '/sys/'],
    ] as const) {
      const { error } = (await ended(4, '--channel', channel)) as { error: Record<string, string> };
      expect(error).toMatchObject({ code: 'E_CHANNEL_ACCESS', retryable: false });
      expect(error['message']).toContain(words);
      expect(error['advice']).toContain('path of the channel');
    }
    expect(await deliveries()).toMatchObject([
      { state: 'failed', attempts: 1 },
      { state: 'failed', attempts: 1 },
    ]);
    expect(await ended(4, '--check', '--channel', 'file')).toMatchObject({
      error: { code: 'E_CHANNEL_ACCESS' },
    });
    expect(await ended(0)).toMatchObject({ state: 'sent' });
  });

  test('a full disk of the channel is tried again, and leaves nothing half-written', async (context) => {
    const disk = path.join(home, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return context.skip('mount is not permitted here');
    }
    onTestFinished(() => {
      execFileSync('umount', [disk]);
    });
    writeFileSync(path.join(disk, 'fill'), Buffer.alloc(4096));
    const retry = { attempts: 2, baseSeconds: 0, maxSeconds: 0, totalMinutes: 1 };
    configure({ retry, channels: { disk: { kind: 'directory', path: 'disk' } } });
    const { error } = (await ended(4, '--channel', 'disk')) as { error: Record<string, string> };
    expect(error).toMatchObject({ code: 'E_CHANNEL', retryable: true });
    expect(error['message']).toContain("disk of the channel's folder is full");
    expect(await deliveries()).toMatchObject([{ state: 'failed', attempts: 2 }]);
    expect(readdirSync(disk)).toEqual(['fill']);
  });

  test('another submit that goes on: busy', async () => {
    await withLedger(async (ledger) => {
      const run = await ledger.beginRun({ pipeline: 'submit', actor: 'clerk', command: 'arbdata submit' });
      expect(await ended(5)).toMatchObject({ error: { code: 'E_RUN_LOCKED' } });
      await run.finish('failed');
    });
    expect(await deliveries()).toEqual([]);
  });
});

describe("a platform's own channel", () => {
  const channels = {
    common: { kind: 'directory', path: 'common' },
    own: { kind: 'directory', path: 'own' },
  };

  test('goes before the common one, for sending and for --check', async () => {
    for (const name of ['common', 'own']) mkdirSync(path.join(home, name));
    configure({ channel: 'common', channels, platforms: { 'national-platform': { channel: 'own' } } });
    expect(await ended(0, '--check', '--batch', batch.name)).toMatchObject({ channel: 'own' });
    expect(await ended(0, '--check')).toMatchObject({ channel: 'common' });
    expect(await ended(0)).toMatchObject({ channel: 'own' });
    expect(readdirSync(path.join(home, 'own'))).toEqual([`${batch.name}.zip`]);
    expect(readdirSync(path.join(home, 'common'))).toEqual([]);
  });

  test('is not asked where the command names another', async () => {
    mkdirSync(path.join(home, 'common'));
    configure({ channels, platforms: { 'national-platform': { channel: 'own' } } });
    expect(await ended(0, '--channel', 'common')).toMatchObject({ channel: 'common' });
  });
});

describe('--check', () => {
  test('asks, sends nothing, enters nothing', async () => {
    expect(await ended(0, '--check')).toMatchObject({ channel: 'outbox', batch: null, state: 'absent' });
    expect(await ended(0, '--check', '--batch', batch.name)).toMatchObject({
      batch: batch.name,
      state: 'absent',
    });
    expect(readdirSync(outbox())).toEqual([]);
    writeFileSync(outbox(`${batch.name}.zip`), batch.bytes);
    expect(await ended(0, '--check', '--batch', batch.name)).toMatchObject({ state: 'arrived' });
    writeFileSync(outbox(`${batch.name}.zip`), 'other');
    expect(await ended(4, '--check', '--batch', batch.name)).toMatchObject({ state: 'different' });
    expect(await deliveries()).toEqual([]);
  });

  test('a channel that there is not', async () => {
    const { error } = (await ended(2, '--check', '--channel', 'nowhere')) as { error: { code: string } };
    expect(error.code).toBe('E_USAGE');
  });
});

describe('channels of config.json', () => {
  const HOST_KEY = `SHA256:${'A'.repeat(43)}`;
  const sftp = { kind: 'sftp', host: 'sftp.example', user: 'arb', directory: '/in', hostKeys: [HOST_KEY] };
  const https = { kind: 'https', url: 'https://platform.example/api' };

  test.each<[string, object, string]>([
    ['an unknown default', { channel: 'nowhere' }, 'submission.channel'],
    [
      "a platform's unknown channel",
      { platforms: { 'national-platform': { channel: 'nowhere' } } },
      'submission.platforms.national-platform.channel',
    ],
    ['a password', { channels: { a: { ...sftp, password: 'x' } } }, 'ARBDATA_CHANNEL_<NAME>_PASSWORD'],
    [
      'a pass phrase',
      { channels: { a: { ...https, keyPassphrase: 'x' } } },
      'ARBDATA_CHANNEL_<NAME>_KEY_PASSPHRASE',
    ],
    ['no host key', { channels: { a: { ...sftp, hostKeys: [] } } }, 'hostKeys'],
    ['a host key of another form', { channels: { a: { ...sftp, hostKeys: ['MD5:00:11'] } } }, 'fingerprint'],
    ['plain http', { channels: { a: { ...https, url: 'http://platform.example' } } }, 'https://'],
    ['a user in the address', { channels: { a: { ...https, url: 'https://u:p@platform.example' } } }, 'url'],
    ['a path without the part', { channels: { a: { ...https, paths: { part: '/p/{batch}' } } } }, '{part}'],
    ['an unknown key', { channels: { a: { ...https, proxy: 'x' } } }, 'proxy'],
    ['an odd name', { channels: { 'A b': https } }, 'submission.channels.A b'],
    ['a first wait over the longest', { retry: { baseSeconds: 9, maxSeconds: 8 } }, 'baseSeconds'],
  ])('%s is E_CONFIG', async (_what, submission, named) => {
    configure(submission);
    const { error } = (await ended(2)) as { error: { code: string; message: string } };
    expect(error.code).toBe('E_CONFIG');
    expect(error.message).toContain(named);
  });

  test('doctor tells what is wrong with each, without connecting', async () => {
    const authority = new Authority(home, 'authority');
    const ours = authority.sign('ours');
    const theirs = authority.sign('theirs');
    writeFileSync(path.join(home, 'open.key'), readFileSync(ours.keyFile), { mode: 0o644 });
    const certificateFile = path.basename(ours.certificateFile);
    configure({
      channels: {
        good: { ...https, caFile: 'authority.crt', certificateFile, keyFile: 'ours.key' },
        open: { ...https, certificateFile, keyFile: 'open.key' },
        other: { ...https, certificateFile, keyFile: path.basename(theirs.keyFile) },
        alone: { ...https, certificateFile },
        missing: { ...https, caFile: 'nowhere.crt' },
        bare: sftp,
      },
    });
    const found = await withService(home, quietEffects(), async (service) => configuredChannels(service));
    const told = Object.fromEntries(found.map(({ name, problem }) => [name, problem?.message ?? 'ok']));
    expect(told).toEqual({
      outbox: 'ok',
      good: 'ok',
      open: expect.stringContaining('mode 644'),
      other: expect.stringContaining('not of its certificateFile'),
      alone: expect.stringContaining('only one of'),
      missing: expect.stringContaining('nowhere.crt'),
      bare: expect.stringContaining('neither a keyFile nor a password'),
    });
    const doctor = await arbdata('doctor', '--home', home, '--json');
    const { diagnoses } = documentOf(doctor) as { diagnoses: { name: string; state: string }[] };
    expect(diagnoses.filter(({ name }) => name === 'channels').map(({ state }) => state)).toEqual([
      'ok',
      'ok',
      ...Array.from({ length: 5 }, () => 'problem'),
    ]);
    expect(doctor.code).toBe(1);
  });
});
