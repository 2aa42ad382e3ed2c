/**
 * Requests to one platform over TLS: its certificate is always verified, redirects are never followed, answers are
 * bounded, and every wait has an end.
 */
import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { systemCode } from '../../../runtime/errors.ts';
import type { Secret } from '../../../runtime/secrets.ts';
import { ChannelError } from './channel.ts';

export interface HttpsConnection {
  /** Without a `/` at its end. */
  readonly url: string;
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: Secret | undefined;
  readonly keyPassphrase: Secret | undefined;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** From the connection's URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FileRange;
}

/** Bytes of a file, the last one not included; streamed. */
export interface FileRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly onSent: (count: number) => void;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** A state of a hundred thousand parts has some 15 MB; nothing else of the protocol is long. */
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;

export class HttpsRequests {
  readonly #connection: HttpsConnection;
  readonly #agent: https.Agent;

  constructor(connection: HttpsConnection) {
    const { ca, certificate, key, keyPassphrase } = connection;
    this.#connection = connection;
    this.#agent = new https.Agent({
      keepAlive: true,
      maxSockets: 1,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key: key.reveal() }),
      ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase.reveal() }),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws ChannelError where no answer came; every status but a redirect is an answer */
  async send(request: Request): Promise<Answer> {
    const { method, path, headers = {}, body } = request;
    const length = lengthOf(body);
    const outgoing = https.request(`${this.#connection.url}${path}`, {
      method,
      agent: this.#agent,
      headers: { accept: 'application/json', ...headers, 'content-length': length },
    });
    const disarm = this.#limit(outgoing);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      // A late error, when the answer came before all was sent, has nobody else to hear it.
      outgoing.on('error', () => undefined);
    });
    try {
      writeBody(outgoing, body);
      const incoming = await answer;
      const status = incoming.statusCode ?? 0;
      if (status >= 300 && status < 400) throw this.#redirected(status);
      const text = await readText(incoming);
      return { status, retryAfter: incoming.headers['retry-after'], text };
    } catch (error) {
      throw this.#fault(error);
    } finally {
      disarm();
      // Before all was sent the connection cannot carry another request.
      if (!outgoing.writableFinished) outgoing.destroy();
    }
  }

  get #host(): string {
    return new URL(this.#connection.url).host;
  }

  /** Time-outs for connecting, for silence and for the whole request; the returned function takes them back. */
  #limit(outgoing: ReturnType<typeof https.request>): () => void {
    const { connectTimeoutMs, idleTimeoutMs, requestTimeoutMs } = this.#connection;
    const late = (what: string) => () => outgoing.destroy(new ChannelError('retry', `${this.#host} ${what}`));
    const whole = setTimeout(late('did not finish in time'), requestTimeoutMs);
    const connecting = setTimeout(late('could not be connected to in time'), connectTimeoutMs);
    outgoing.setTimeout(idleTimeoutMs, late('was silent for too long'));
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('secureConnect', () => clearTimeout(connecting));
      else clearTimeout(connecting);
    });
    return () => {
      clearTimeout(whole);
      clearTimeout(connecting);
    };
  }

  #redirected(status: number): ChannelError {
    return new ChannelError(
      'refused',
      `${this.#host} sends us elsewhere (${status}); redirects are not followed`,
      {
        advice: 'Ask the platform for its right address and enter it as the url of the channel.',
      },
    );
  }

  #fault(error: unknown): Error {
    if (error instanceof ChannelError) return error;
    const code = systemCode(error);
    if (isCertificateFault(code)) {
      return new ChannelError('access', `the certificate of ${this.#host} is not trusted (${code})`, {
        cause: error,
        advice:
          'Enter the certificate of its authority as caFile, or have the platform renew its own; nothing was sent.',
      });
    }
    if (/^ERR_SSL_.*ALERT/.test(code)) {
      return new ChannelError('access', `${this.#host} refuses our certificate (${code})`, { cause: error });
    }
    if (/^ERR_(SSL|OSSL)_/.test(code)) {
      return new ChannelError('access', `TLS with ${this.#host} failed (${code})`, { cause: error });
    }
    if (code === 'ENOENT' || code === 'EACCES') return error as Error;
    const told = code === '' ? '' : ` (${code})`;
    return new ChannelError('retry', `the connection to ${this.#host} failed${told}`, { cause: error });
  }
}

function lengthOf(body: Request['body']): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? Buffer.byteLength(body) : body.to - body.from;
}

function writeBody(outgoing: ReturnType<typeof https.request>, body: Request['body']): void {
  if (body === undefined || typeof body === 'string') {
    outgoing.end(body);
    return;
  }
  const source = createReadStream(body.file, { start: body.from, end: body.to - 1 });
  source.on('data', (piece) => body.onSent(piece.length));
  source.on('error', (error) => outgoing.destroy(error));
  outgoing.on('close', () => source.destroy());
  source.pipe(outgoing);
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LARGEST_ANSWER_BYTES) {
      throw new ChannelError('refused', `the platform's answer is longer than ${LARGEST_ANSWER_BYTES} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** What OpenSSL and Node.js call a certificate that does not hold. */
function isCertificateFault(code: string): boolean {
  return (
    /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/.test(
      code,
    ) || code === 'ERR_TLS_CERT_ALTNAME_INVALID'
  );
}
