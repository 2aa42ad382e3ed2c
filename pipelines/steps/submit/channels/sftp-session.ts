/**
 * One SSH connection with SFTP on it. The library loses callbacks when a connection ends in the middle of a call
 * (mscdex/ssh2#1175, #1490): every call is therefore raced against the end of the connection and a time-out.
 */
import { createHash } from 'node:crypto';
import { Client, type ConnectConfig, type SFTPWrapper, type Stats } from 'ssh2';
import { systemCode } from '../../../runtime/errors.ts';
import type { Secret } from '../../../runtime/secrets.ts';
import { ChannelError } from './channel.ts';

export interface SftpSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Folder on the server. */
  readonly directory: string;
  /** `SHA256:…` of the server's keys. */
  readonly hostKeys: readonly string[];
  readonly privateKey: Secret | undefined;
  readonly keyPassphrase: Secret | undefined;
  readonly password: Secret | undefined;
  readonly readBack: boolean;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** Of draft-ietf-secsh-filexfer-02, as OpenSSH has it. */
const STATUS = { noSuchFile: 2, permissionDenied: 3, badMessage: 5, unsupported: 8 } as const;

type Callback<T> = (error: Error | null | undefined, result: T) => void;

export class SftpSession {
  readonly #client: Client;
  readonly #settings: SftpSettings;
  readonly #gone: Promise<never>;
  #sftp: SFTPWrapper | undefined;

  private constructor(settings: SftpSettings) {
    this.#settings = settings;
    this.#client = new Client();
    this.#gone = new Promise<never>((_resolve, reject) => {
      // Errors after the first are of no use; without a listener they would end the process.
      this.#client.on('error', (error) => reject(this.#connectionFault(error)));
      this.#client.on('close', () => reject(this.#lost()));
    });
    this.#gone.catch(() => undefined);
  }

  /** @throws ChannelError where the server cannot be reached, is another one, or refuses us */
  static async open(settings: SftpSettings): Promise<SftpSession> {
    const session = new SftpSession(settings);
    try {
      await session.#connect();
      session.#sftp = await session.#call('opening SFTP', (done: Callback<SFTPWrapper>) =>
        session.#client.sftp(done),
      );
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  close(): void {
    this.#client.end();
    // A server that does not answer the farewell must not keep the process.
    this.#client.destroy();
  }

  /** undefined where there is no such file. */
  async stat(file: string): Promise<Stats | undefined> {
    return this.#call<Stats>(file, (done) => this.#wrapper.lstat(file, done)).catch((error: unknown) => {
      if (statusOf(error) === STATUS.noSuchFile) return undefined;
      throw error;
    });
  }

  /** Open a file: `r` to read, `r+` to write into it, `w` to make it anew. */
  async open(file: string, flags: 'r' | 'r+' | 'w'): Promise<Buffer> {
    return this.#call<Buffer>(file, (done) => this.#wrapper.open(file, flags, done));
  }

  async closeFile(file: string, handle: Buffer): Promise<void> {
    await this.#call(file, (done: Callback<void>) => this.#wrapper.close(handle, (error) => done(error)));
  }

  /** Write a whole buffer at a position. */
  async write(file: string, handle: Buffer, bytes: Buffer, position: number): Promise<void> {
    await this.#call(file, (done: Callback<void>) =>
      this.#wrapper.write(handle, bytes, 0, bytes.length, position, (error) => done(error)),
    );
  }

  /** Read up to so many bytes at a position; empty at the end of the file. */
  async read(file: string, handle: Buffer, length: number, position: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    const bytesRead = await this.#call<number>(file, (done) =>
      this.#wrapper.read(handle, buffer, 0, length, position, (error: Error | undefined, count) =>
        // The library reports the end of the file as status 1.
        done(statusOf(error) === 1 ? undefined : error, count ?? 0),
      ),
    );
    return buffer.subarray(0, bytesRead);
  }

  /** Bring a file to the server's disk, where the server knows how. */
  async sync(file: string, handle: Buffer): Promise<void> {
    try {
      await this.#call(file, (done: Callback<void>) =>
        this.#wrapper.ext_openssh_fsync(handle, (error) => done(error)),
      );
    } catch (error) {
      // Thrown by the library itself where the server did not announce it; any other fault shows at the next call.
      if (error instanceof ChannelError) throw error;
    }
  }

  /** The protocol's own rename, which replaces nothing (the OpenSSH extension would). */
  async rename(from: string, to: string): Promise<void> {
    await this.#call(to, (done: Callback<void>) => this.#wrapper.rename(from, to, (error) => done(error)));
  }

  async remove(file: string): Promise<void> {
    await this.#call(file, (done: Callback<void>) => this.#wrapper.unlink(file, (error) => done(error)));
  }

  get #wrapper(): SFTPWrapper {
    if (this.#sftp === undefined) throw new Error('the session is not open');
    return this.#sftp;
  }

  async #connect(): Promise<void> {
    const { host, port, user, privateKey, keyPassphrase, password, connectTimeoutMs, hostKeys } =
      this.#settings;
    let presented = '';
    const config: ConnectConfig = {
      host,
      port,
      username: user,
      readyTimeout: connectTimeoutMs,
      hostVerifier: (key: Buffer) => {
        presented = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
        return hostKeys.includes(presented);
      },
      ...(privateKey === undefined ? {} : { privateKey: privateKey.reveal() }),
      ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase.reveal() }),
      ...(password === undefined ? {} : { password: password.reveal() }),
    };
    const ready = new Promise<void>((resolve) => {
      this.#client.once('ready', () => resolve());
    });
    try {
      this.#client.connect(config);
      // Else each small message waits for the acknowledgement of the one before: 40 ms a call, measured.
      this.#client.setNoDelay(true);
      await Promise.race([ready, this.#gone]);
    } catch (error) {
      if (presented !== '' && !hostKeys.includes(presented)) {
        throw new ChannelError(
          'access',
          `${this.#name} presents the host key ${presented} instead of ${hostKeys.join(' or ')}`,
          {
            advice:
              'Ask the platform by another way whether its key was replaced, and enter the new one in hostKeys only then; nothing was sent.',
          },
        );
      }
      throw error instanceof ChannelError ? error : this.#keyFault(error);
    }
  }

  get #name(): string {
    return `sftp://${this.#settings.user}@${this.#settings.host}:${this.#settings.port}`;
  }

  #lost(): ChannelError {
    return new ChannelError('retry', `the connection to ${this.#name} was lost`);
  }

  /** The library refuses a key that it cannot read before it connects. */
  #keyFault(cause: unknown): ChannelError {
    return new ChannelError('access', `the private key for ${this.#name} cannot be used`, {
      cause,
      advice: 'Check keyFile and ARBDATA_CHANNEL_<NAME>_KEY_PASSPHRASE: OpenSSH and PEM keys are read.',
    });
  }

  #connectionFault(error: Error & { level?: string }): ChannelError {
    const { level } = error;
    if (level === 'client-authentication') {
      return new ChannelError('access', `${this.#name} refuses the user name, key or password`, {
        cause: error,
      });
    }
    if (level === 'client-timeout') {
      return new ChannelError('retry', `${this.#name} did not answer in time`, { cause: error });
    }
    if (level === 'handshake') {
      return new ChannelError('access', `${this.#name} and this service have no way to encrypt in common`, {
        cause: error,
      });
    }
    const code = systemCode(error);
    return new ChannelError('retry', `${this.#name} cannot be reached${code === '' ? '' : ` (${code})`}`, {
      cause: error,
    });
  }

  /** One call of the library, until it answers, the connection ends, or nothing comes for too long. */
  async #call<T>(what: string, start: (done: Callback<T>) => unknown): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new ChannelError('retry', `${this.#name} did not answer in time`));
        this.#client.destroy();
      }, this.#settings.idleTimeoutMs);
      start((error, result) => {
        if (error === undefined || error === null) resolve(result);
        else reject(this.#fileFault(error, what));
      });
    });
    try {
      return await Promise.race([answer, this.#gone]);
    } finally {
      clearTimeout(timer);
      answer.catch(() => undefined);
    }
  }

  #fileFault(error: Error, what: string): Error {
    switch (statusOf(error)) {
      case STATUS.noSuchFile:
        return Object.assign(
          new ChannelError('access', `${this.#name} has no ${what}`, {
            cause: error,
            advice: 'Correct the directory of the channel in config.json, or have the platform make it.',
          }),
          { status: STATUS.noSuchFile },
        );
      case STATUS.permissionDenied:
        return new ChannelError('access', `${this.#name} denies the right to ${what}`, { cause: error });
      case STATUS.badMessage:
      case STATUS.unsupported:
        return new ChannelError('refused', `${this.#name} does not know what was asked for ${what}`, {
          cause: error,
        });
      default:
        return new ChannelError('retry', `${this.#name} failed at ${what}`, { cause: error });
    }
  }
}

/** The number of an SFTP status; undefined for any other error. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (typeof status === 'number') return status;
  return typeof code === 'number' ? code : undefined;
}
