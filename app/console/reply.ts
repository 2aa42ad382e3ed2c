/** How answers are written: headers that every one carries, JSON, files, events, problems. */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { HttpProblem } from './problem.ts';
import type { FileReply, ReadyReply, Reply } from './route.ts';

/** Nothing from elsewhere, nothing inline, in no frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
/** A downloaded page is opened from disk; opened here it may do nothing. */
const FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const HSTS_SECONDS = 31_536_000;
const SLOW_READER_MS = 60_000;
const HEARTBEAT_MS = 15_000;
/** A client that goes on sending what was refused is cut off. */
const LINGER_MS = 500;

export function setCommonHeaders(response: ServerResponse, hasTls: boolean): void {
  const headers = {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cache-control': 'no-store',
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (hasTls) response.setHeader('strict-transport-security', `max-age=${HSTS_SECONDS}`);
}

/** Write an answer. */
export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  response.statusCode = reply.status ?? 200;
  if (reply.events !== undefined) return sendEvents(response, reply.events);
  if (reply.file !== undefined) return sendFile(request, response, reply.file);
  if (reply.ready !== undefined) return sendReady(request, response, reply.ready);
  if (reply.json === undefined) {
    response.statusCode = reply.status ?? 204;
    response.end();
    return;
  }
  sendBytes(request, response, Buffer.from(JSON.stringify(reply.json)), 'application/json; charset=utf-8');
}

function sendReady(
  request: IncomingMessage,
  response: ServerResponse,
  { text, gzip, tag }: ReadyReply,
): void {
  response.setHeader('cache-control', 'private, no-cache');
  response.setHeader('vary', 'accept-encoding, cookie, authorization');
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (takesGzip) response.setHeader('content-encoding', 'gzip');
  const content = takesGzip ? { text: gzip, tag: `${tag}-gz` } : { text, tag };
  sendTagged(request, response, { ...content, type: 'application/json; charset=utf-8' });
}

/** Bytes with a tag: 304 where the client has them. */
export function sendTagged(
  request: IncomingMessage,
  response: ServerResponse,
  { text, tag, type }: { readonly text: Buffer; readonly tag: string; readonly type: string },
): void {
  const quoted = `"${tag}"`;
  response.setHeader('etag', quoted);
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (known.includes(quoted)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  sendBytes(request, response, text, type);
}

/** Bytes as they are. */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  type: string,
): void {
  response.setHeader('content-type', type);
  response.setHeader('content-length', bytes.length);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, name, sizeBytes }: FileReply,
): Promise<void> {
  response.setHeader('content-security-policy', FILE_POLICY);
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('content-length', sizeBytes);
  response.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodedName(name)}`);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.setTimeout(SLOW_READER_MS, () => response.destroy());
  await pipeline(createReadStream(file), response).catch((error: unknown) => {
    // A client that goes in the middle of a download is no fault of ours.
    if (!isPrematureClose(error)) throw error;
  });
}

/** RFC 8187. */
function encodedName(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function isPrematureClose(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

async function sendEvents(response: ServerResponse, events: NonNullable<Reply['events']>): Promise<void> {
  response.setHeader('content-type', 'text/event-stream; charset=utf-8');
  response.setHeader('x-accel-buffering', 'no');
  response.flushHeaders();
  const beat = setInterval(() => response.write(': beat\n\n'), HEARTBEAT_MS);
  try {
    for await (const { event, data } of events) {
      if (response.destroyed) break;
      // JSON text holds no line break: no event can be put inside of another.
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  } finally {
    clearInterval(beat);
    response.end();
  }
}

/** Tell a refusal; a body that nobody read is not waited for. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: HttpProblem,
  reference?: string,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  const { code, text, more } = problem;
  const hasUnreadBody = !request.complete;
  if (hasUnreadBody) {
    response.setHeader('connection', 'close');
    // Null, whatever its type says, where the client has gone already.
    const socket = request.socket as Socket | null;
    response.on('finish', () => {
      request.resume();
      setTimeout(() => socket?.destroy(), LINGER_MS).unref();
    });
  }
  const body = { error: { code, message: text, ...more, ...(reference === undefined ? {} : { reference }) } };
  sendBytes(request, response, Buffer.from(JSON.stringify(body)), 'application/json; charset=utf-8');
}
