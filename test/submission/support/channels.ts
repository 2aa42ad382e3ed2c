/** A home whose channels lead to a simulated platform, an OpenSSH server behind a line, and a folder. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../pipelines/runtime/clock.ts';
import { removeTree } from '../../../pipelines/runtime/files.ts';
import { openHome } from '../../../pipelines/runtime/home.ts';
import { openLedger } from '../../../pipelines/runtime/ledger.ts';
import type { Delivery } from '../../../pipelines/runtime/ledger-submission.ts';
import type { RetryConfig } from '../../../schemas/channels.ts';
import type { MadeBatch } from '../../support/batch-folder.ts';
import { Authority } from '../../support/platform/certificates.ts';
import { Platform } from '../../support/platform/server.ts';
import { hasSshd, type SftpServer, startSftpServer } from '../../support/platform/sftp-server.ts';
import { type Line, startLine } from '../../support/platform/tcp-proxy.ts';

export type ChannelName = 'drop' | 'sftp' | 'https';

export interface Reachable {
  readonly home: string;
  readonly platform: Platform;
  /** undefined where this machine has no OpenSSH server. */
  readonly sftp: { readonly server: SftpServer; readonly line: Line } | undefined;
  /** Folder of the channel `drop`. */
  readonly drop: string;
  close(): Promise<void>;
}

/** What the other side has under the batch's final name, and how often it was put there where that can be told. */
export interface Found {
  readonly bytes: Buffer | undefined;
  readonly times: number;
}

export async function reachable(retry: Partial<RetryConfig>): Promise<Reachable> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-sending-'));
  const home = path.join(dir, 'home');
  openHome(home);
  const drop = path.join(dir, 'drop');
  mkdirSync(drop);
  const authority = new Authority(home);
  const platform = await Platform.start({
    certificate: authority.sign('server'),
    clientAuthority: authority.pem,
  });
  authority.sign('client');
  const server = hasSshd ? await startSftpServer(dir) : undefined;
  const line = server === undefined ? undefined : await startLine(server.port);
  if (server !== undefined) copyFileSync(server.keyFile, path.join(home, 'sftp.key'));
  const https = {
    kind: 'https',
    url: platform.url,
    caFile: 'authority.crt',
    certificateFile: 'client.crt',
    keyFile: 'client.key',
    partBytes: 65_536,
    idleTimeoutSeconds: 1,
  };
  const sftp = {
    kind: 'sftp',
    host: '127.0.0.1',
    port: line?.port,
    user: server?.user,
    directory: server?.directory,
    hostKeys: [server?.hostKey],
    keyFile: 'sftp.key',
    idleTimeoutSeconds: 2,
  };
  const channels = {
    drop: { kind: 'directory', path: drop },
    https,
    ...(server === undefined ? {} : { sftp }),
  };
  const submission = { channel: 'drop', channels, retry };
  writeFileSync(path.join(home, 'config.json'), JSON.stringify({ submission }));
  return {
    home,
    platform,
    drop,
    sftp: server === undefined || line === undefined ? undefined : { server, line },
    close: async () => {
      await line?.close();
      await server?.close();
      await platform.close();
      await removeTree(dir);
    },
  };
}

/** What stands at the other end of a channel under the final name of a package. */
export function foundAt(
  { platform, sftp, drop }: Reachable,
  channel: ChannelName,
  { name }: MadeBatch,
): Found {
  if (channel === 'https') {
    return { bytes: platform.received.get(name), times: platform.completions.get(name) ?? 0 };
  }
  const folder = channel === 'drop' ? drop : (sftp?.server.directory ?? '');
  const file = path.join(folder, `${name}.zip`);
  const bytes = existsSync(file) ? readFileSync(file) : undefined;
  return { bytes, times: bytes === undefined ? 0 : 1 };
}

/** Names at the other end that are neither a package nor hidden: a `.part` that was left, for example. */
export function leftAt({ sftp, drop }: Reachable, channel: ChannelName): string[] {
  if (channel === 'https') return [];
  const folder = channel === 'drop' ? drop : (sftp?.server.directory ?? '');
  return readdirSync(folder).filter((name) => !name.endsWith('.zip'));
}

/** What the ledger says of the deliveries of a batch. */
export async function deliveriesOf(home: string, batch: string): Promise<Delivery[]> {
  const ledger = await openLedger(openHome(home), systemClock);
  try {
    return await ledger.deliveries(batch);
  } finally {
    await ledger.close();
  }
}
