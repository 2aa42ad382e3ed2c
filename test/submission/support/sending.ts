/** Parcels, channels and homes for the tests of sending. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../../pipelines/runtime/clock.ts';
import { Secret } from '../../../pipelines/runtime/secrets.ts';
import type { Channel, Parcel } from '../../../pipelines/steps/submit/channels/channel.ts';
import { httpsChannel } from '../../../pipelines/steps/submit/channels/https.ts';
import type { HttpsConnection } from '../../../pipelines/steps/submit/channels/https-requests.ts';
import { sftpChannel } from '../../../pipelines/steps/submit/channels/sftp.ts';
import type { SftpSettings } from '../../../pipelines/steps/submit/channels/sftp-session.ts';
import { type DeliverOptions, deliver } from '../../../pipelines/steps/submit/deliver.ts';
import type { Authority, Certificate } from '../../support/platform/certificates.ts';
import type { SftpServer } from '../../support/platform/sftp-server.ts';

/** Silence that a test waits for; longer than any pause of a busy machine that it must not take for silence. */
const IDLE_MS = 400;
export const PART_BYTES = 64 * 1024;
export const PATHS = {
  create: '/uploads',
  state: '/uploads/{batch}',
  part: '/uploads/{batch}/parts/{part}',
  complete: '/uploads/{batch}/complete',
};

export type TestParcel = Parcel & { readonly bytes: Buffer };

let parcels = 0;

/** A package of random bytes in a folder; each has a batch of its own. */
export function makeParcel(dir: string, sizeBytes: number): TestParcel {
  parcels += 1;
  const batch = `110000-ARB-202610-${parcels}`;
  const file = path.join(dir, `${batch}.zip`);
  const bytes = randomBytes(sizeBytes);
  writeFileSync(file, bytes);
  return { batch, name: path.basename(file), file, sizeBytes, sha256: sha256(bytes), bytes };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function httpsTo(
  target: { readonly url: string; readonly authority: Authority; readonly client?: Certificate },
  clock: Clock,
  more: Partial<HttpsConnection> = {},
): Channel {
  const { url, authority, client } = target;
  return httpsChannel(
    {
      url,
      ca: authority.pem,
      certificate: client === undefined ? undefined : readFileSync(client.certificateFile, 'utf8'),
      key: client === undefined ? undefined : new Secret(readFileSync(client.keyFile, 'utf8')),
      keyPassphrase: undefined,
      connectTimeoutMs: 5000,
      idleTimeoutMs: IDLE_MS,
      requestTimeoutMs: 10_000,
      partBytes: PART_BYTES,
      paths: PATHS,
      ...more,
    },
    clock,
  );
}

export function sftpSettingsOf(server: SftpServer, more: Partial<SftpSettings> = {}): SftpSettings {
  return {
    host: '127.0.0.1',
    port: server.port,
    user: server.user,
    directory: server.directory,
    hostKeys: [server.hostKey],
    privateKey: new Secret(readFileSync(server.keyFile, 'utf8')),
    keyPassphrase: undefined,
    password: undefined,
    readBack: true,
    connectTimeoutMs: 5000,
    idleTimeoutMs: 2000,
    ...more,
  };
}

export function sftpTo(server: SftpServer, more: Partial<SftpSettings> = {}): Channel {
  return sftpChannel(sftpSettingsOf(server, more));
}

/** What a delivery did besides delivering. */
export interface Watched {
  readonly waitsMs: number[];
  readonly faults: string[];
  /** Bytes that were counted as there, at each change. */
  readonly received: number[];
}

/** Deliver with a clock that jumps over every wait. */
export async function delivered(
  channel: Channel,
  parcel: Parcel,
  { clock, ...more }: Partial<DeliverOptions> & { clock: Clock },
): Promise<Awaited<ReturnType<typeof deliver>> & Watched> {
  const watched: Watched = { waitsMs: [], faults: [], received: [0] };
  const end = await deliver(channel, parcel, {
    retry: { attempts: 8, baseSeconds: 2, maxSeconds: 300, totalMinutes: 60 },
    clock,
    random: () => 0.5,
    advance: (bytes) => watched.received.push((watched.received.at(-1) ?? 0) + bytes),
    onFault: async ({ error, waitMs }) => {
      watched.faults.push(error.message);
      watched.waitsMs.push(waitMs);
    },
    wait: (ms) => clock.sleep(ms),
    ...more,
  });
  return { ...end, ...watched };
}
