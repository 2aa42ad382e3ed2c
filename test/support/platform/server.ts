/**
 * A platform that takes packages over HTTPS, as docs/submission.md describes it, on the loopback: it stores what it
 * received exactly once, and has every fault that a request can meet, on demand.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificate } from './certificates.ts';

/** What happens to one request instead of an honest answer. */
export type PlatformFault =
  /** The connection ends after so many bytes of the request's body. */
  | { readonly kind: 'drop'; readonly afterBytes: number }
  /** Nothing is done; only a status comes back. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** All is done, but the connection ends before the answer. */
  | { readonly kind: 'lost answer' }
  /** Nothing is done and nothing comes back. */
  | { readonly kind: 'stall' }
  /** A byte of the body is another one when it arrives. */
  | { readonly kind: 'damage' }
  /** The end is taken, and worked on for so many questions after it. */
  | { readonly kind: 'late'; readonly questions: number }
  /** The answer is this text, with status 200. */
  | { readonly kind: 'text'; readonly text: string };

export interface PlatformRequest {
  /** From 1, over all requests of this server. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
}

interface Upload {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly partBytes: number;
  readonly parts: Map<number, Buffer>;
  state: 'open' | 'completing' | 'complete';
  /** Questions that are still answered with `completing`. */
  late: number;
}

export interface PlatformOptions {
  readonly certificate: Certificate;
  /** PEM: then a client must show a certificate of this authority. */
  readonly clientAuthority?: string;
  /** The platform's own wish, whatever the client asks for. */
  readonly partBytes?: number;
}

export class Platform {
  readonly uploads = new Map<string, Upload>();
  /** Whole packages, by batch. */
  readonly received = new Map<string, Buffer>();
  /** How often a package was put together: more than once would be a double. */
  readonly completions = new Map<string, number>();
  readonly requests: PlatformRequest[] = [];
  /** Bytes of bodies that were read. */
  bodyBytes = 0;
  /** Asked at each request. */
  fault: (request: PlatformRequest) => PlatformFault | undefined = () => undefined;
  /** Called when a request's work is done and its answer is not yet sent. */
  beforeAnswer: (request: PlatformRequest) => Promise<void> | void = () => undefined;
  readonly #server: https.Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: PlatformOptions;

  private constructor(options: PlatformOptions) {
    const { certificate, clientAuthority } = options;
    this.#options = options;
    const mutual = { ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
    this.#server = https.createServer(
      {
        key: readFileSync(certificate.keyFile),
        cert: readFileSync(certificate.certificateFile),
        ...(clientAuthority === undefined ? {} : mutual),
      },
      (request, response) => {
        void this.#serve(request, response).catch(() => response.destroy());
      },
    );
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  static async start(options: PlatformOptions): Promise<Platform> {
    const platform = new Platform(options);
    await new Promise<void>((resolve) => platform.#server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  /** Forget everything that was sent. */
  reset(): void {
    for (const map of [this.uploads, this.received, this.completions]) map.clear();
    this.requests.length = 0;
    this.bodyBytes = 0;
    this.fault = () => undefined;
    this.beforeAnswer = () => undefined;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request: PlatformRequest = {
      number: this.requests.length + 1,
      method: incoming.method ?? '',
      path: incoming.url ?? '',
    };
    this.requests.push(request);
    const fault = this.fault(request);
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'status') {
      incoming.resume();
      response.writeHead(fault.status, fault.headers).end();
      return;
    }
    const body = await this.#body(incoming, fault);
    if (body === undefined) return;
    const answer = this.#answer(request, incoming, body);
    if (fault?.kind === 'late') this.#makeLate(request.path, fault.questions);
    await this.beforeAnswer(request);
    if (fault?.kind === 'lost answer') {
      incoming.socket.destroy();
      return;
    }
    const text = fault?.kind === 'text' ? fault.text : JSON.stringify(answer.body ?? {});
    response
      .writeHead(fault?.kind === 'text' ? 200 : answer.status, { 'content-type': 'application/json' })
      .end(text);
  }

  /** undefined where the connection was dropped in the middle of it. */
  async #body(incoming: IncomingMessage, fault: PlatformFault | undefined): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of incoming as AsyncIterable<Buffer>) {
      pieces.push(piece);
      size += piece.length;
      this.bodyBytes += piece.length;
      if (fault?.kind === 'drop' && size >= fault.afterBytes) break;
    }
    if (fault?.kind === 'drop') {
      incoming.socket.destroy();
      return undefined;
    }
    const body = Buffer.concat(pieces);
    if (fault?.kind === 'damage' && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
    return body;
  }

  #answer(
    request: PlatformRequest,
    incoming: IncomingMessage,
    body: Buffer,
  ): { status: number; body?: object } {
    const [, top, encoded, kind, part] = request.path.split('/');
    if (top !== 'uploads') return { status: 404 };
    const batch = decodeURIComponent(encoded ?? '');
    if (request.method === 'POST' && batch === '') return this.#create(incoming, body);
    const upload = this.uploads.get(batch);
    if (upload === undefined) return { status: 404 };
    if (incoming.headers['idempotency-key'] !== batch) return { status: 400 };
    if (request.method === 'GET' && kind === undefined)
      return { status: 200, body: this.#state(batch, upload) };
    if (request.method === 'PUT' && kind === 'parts') return this.#put(upload, Number(part), incoming, body);
    if (request.method === 'POST' && kind === 'complete') return this.#complete(batch, upload, body);
    return { status: 405 };
  }

  #create(incoming: IncomingMessage, body: Buffer): { status: number; body?: object } {
    const wanted = parse(body) as {
      batch?: string;
      name: string;
      sizeBytes: number;
      sha256: string;
      partBytes: number;
    };
    if (wanted.batch === undefined || wanted.batch !== incoming.headers['idempotency-key'])
      return { status: 400 };
    const { batch, name, sizeBytes, sha256 } = wanted;
    const known = this.uploads.get(batch);
    if (known !== undefined) {
      if (known.sha256 !== sha256 || known.sizeBytes !== sizeBytes) return { status: 409 };
      return { status: 200, body: this.#state(batch, known) };
    }
    const partBytes = this.#options.partBytes ?? wanted.partBytes;
    const upload: Upload = { name, sizeBytes, sha256, partBytes, parts: new Map(), state: 'open', late: 0 };
    this.uploads.set(batch, upload);
    return { status: 201, body: this.#state(batch, upload) };
  }

  #put(upload: Upload, number: number, incoming: IncomingMessage, body: Buffer): { status: number } {
    const count = Math.ceil(upload.sizeBytes / upload.partBytes);
    if (!(number >= 1 && number <= count)) return { status: 400 };
    if (upload.state !== 'open') return { status: 204 };
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    if (incoming.headers['content-digest'] !== digest) return { status: 422 };
    upload.parts.set(number, body);
    return { status: 204 };
  }

  #complete(batch: string, upload: Upload, body: Buffer): { status: number; body?: object } {
    const end = parse(body) as { sizeBytes: number; sha256: string };
    if (end.sha256 !== upload.sha256 || end.sizeBytes !== upload.sizeBytes) return { status: 409 };
    if (upload.state === 'open') {
      const whole = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
      if (createHash('sha256').update(whole).digest('hex') !== upload.sha256) return { status: 422 };
      upload.state = 'complete';
      this.received.set(batch, whole);
      this.completions.set(batch, (this.completions.get(batch) ?? 0) + 1);
    }
    return { status: 200, body: this.#state(batch, upload) };
  }

  #makeLate(path: string, questions: number): void {
    const upload = this.uploads.get(decodeURIComponent(path.split('/')[2] ?? ''));
    if (upload?.state !== 'complete') return;
    upload.state = 'completing';
    upload.late = questions;
  }

  #state(batch: string, upload: Upload): object {
    if (upload.state === 'completing') {
      if (upload.late === 0) upload.state = 'complete';
      else upload.late -= 1;
    }
    const { state, sizeBytes, sha256, partBytes } = upload;
    const parts = [...upload.parts].map(([number, bytes]) => ({
      number,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }));
    return { batch, state, sizeBytes, sha256, partBytes, parts: state === 'open' ? parts : [] };
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return {};
  }
}
