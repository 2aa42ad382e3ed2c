/** A real OpenSSH server on the loopback: keys made on the fly, SFTP alone, as the user who runs the test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SSHD = '/usr/sbin/sshd';
export const hasSshd = existsSync(SSHD);

export interface SftpServer {
  readonly port: number;
  readonly user: string;
  /** Folder for packages on the server. */
  readonly directory: string;
  /** `SHA256:…` of its key. */
  readonly hostKey: string;
  /** The private key that it lets in. */
  readonly keyFile: string;
  /** One that it does not know. */
  readonly strangersKeyFile: string;
  close(): Promise<void>;
}

export async function startSftpServer(dir: string): Promise<SftpServer> {
  // OpenSSH wants this folder where it starts as root, and its package makes it only with its service.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const file = (name: string): string => path.join(dir, name);
  for (const name of ['host', 'ours', 'strangers']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
  }
  writeFileSync(file('authorized_keys'), readFileSync(file('ours.pub')), { mode: 0o600 });
  const directory = file('incoming');
  mkdirSync(directory);
  const port = await freePort();
  writeFileSync(
    file('sshd_config'),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${file('host')}`,
      `PidFile ${file('pid')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'UseDNS no',
      'MaxStartups 100',
      'Subsystem sftp internal-sftp',
      'ForceCommand internal-sftp',
    ].join('\n'),
  );
  const server = spawn(SSHD, ['-D', '-e', '-f', file('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(server, port);
  const told = execFileSync('ssh-keygen', ['-l', '-f', file('host.pub')], { encoding: 'utf8' });
  return {
    port,
    user: os.userInfo().username,
    directory,
    hostKey: told.split(' ')[1] ?? '',
    keyFile: file('ours'),
    strangersKeyFile: file('strangers'),
    close: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Until it lets somebody connect; its own words where it ended instead. */
async function listening(server: ChildProcess, port: number): Promise<void> {
  let said = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  for (;;) {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isThere) return;
    await delay(10);
  }
}
