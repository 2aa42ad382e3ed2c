/** What a client sent, read strictly and within bounds: nothing of it is trusted before its schema was held against it. */
import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './problem.ts';

const LONGEST_TARGET = 2048;
const LARGEST_BODY_BYTES = 64 * 1024;
const DEEPEST_JSON = 8;
/** Keys that reach into the prototype of an object. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export interface Target {
  /** Decoded segments of the path. */
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** @throws HttpProblem where the target of a request is not a plain path with a plain query */
export function readTarget(raw: string): Target {
  if (raw.length > LONGEST_TARGET) throw new HttpProblem('address-too-long');
  // Only the form that browsers send: no scheme, no backslash, no control character, nothing beyond ASCII.
  if (!/^\/[\x21\x23-\x5b\x5d\x5f\x61-\x7a\x7e]*$/.test(raw)) throw new HttpProblem('bad-request');
  const [path = '', ...rest] = raw.split('?');
  const segments = path.slice(1).split('/').map(decoded);
  if (segments.some((segment) => segment === '.' || segment === '..' || segment.includes('/'))) {
    throw new HttpProblem('not-found');
  }
  return { segments, query: readQuery(rest.join('?')) };
}

function readQuery(text: string): Readonly<Record<string, string>> {
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  if (text === '') return query;
  for (const pair of text.split('&')) {
    const [name = '', ...value] = pair.split('=');
    const key = decoded(name.replaceAll('+', ' '));
    if (key === '' || key in query || FORBIDDEN_KEYS.has(key)) throw new HttpProblem('bad-request');
    query[key] = decoded(value.join('=').replaceAll('+', ' '));
  }
  return query;
}

/** Percent-decoding; what is no UTF-8 or holds a control character is refused. */
function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    if (!/[\p{Cc}\p{Cs}\\]/u.test(plain)) return plain;
  } catch {
    // Refused below.
  }
  throw new HttpProblem('bad-request');
}

/** Cookies by name; of one that stands twice neither counts. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  const twice = new Set<string>();
  for (const pair of (header ?? '').split(';')) {
    const [name = '', ...value] = pair.split('=');
    const key = name.trim();
    if (key === '') continue;
    if (cookies.has(key)) twice.add(key);
    cookies.set(key, value.join('=').trim());
  }
  for (const name of twice) cookies.delete(name);
  return cookies;
}

/**
 * The JSON body of a request; undefined where there is none.
 * @throws HttpProblem where it is too large, no JSON, or holds keys that no schema knows
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if ((length === undefined || length === '0') && coding === undefined) return undefined;
  if (Number(length ?? 0) > LARGEST_BODY_BYTES) throw new HttpProblem('too-large');
  // A form of another page can send neither this type nor the token's header.
  if (!/^application\/json(; ?charset=utf-8)?$/i.test(type ?? '')) throw new HttpProblem('media-type');
  if (request.headers['content-encoding'] !== undefined) throw new HttpProblem('media-type');
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > LARGEST_BODY_BYTES) throw new HttpProblem('too-large');
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks));
}

function parseJson(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HttpProblem('bad-request');
  }
  refuseStrangeJson(value, 0);
  return value;
}

function refuseStrangeJson(value: unknown, depth: number): void {
  if (depth > DEEPEST_JSON) throw new HttpProblem('bad-request');
  if (typeof value === 'string' && /[\0\p{Cs}]/u.test(value)) throw new HttpProblem('bad-request');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new HttpProblem('bad-request');
    refuseStrangeJson(member, depth + 1);
  }
}
