/** From a request to its answer, read from top to bottom: every request passes every gate. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { messageOf } from '../../pipelines/runtime/errors.ts';
import type { Principal, RateLimit } from '../../pipelines/sign-in.ts';
import { addressKey, isSameText } from '../../pipelines/sign-in.ts';
import { HttpProblem, problemOf } from './problem.ts';
import { sendProblem, sendReply, setCommonHeaders } from './reply.ts';
import { readCookies, readJsonBody, readTarget } from './request.ts';
import type { ConsoleParts, PublicContext, Reply, Route, SignedInRoute } from './route.ts';
import { refuseForeignRows, type Sight, sightOf } from './sight.ts';
import type { StaticFiles } from './static-files.ts';

/** Where routes begin; all else is a static file. */
const ROUTED = new Set(['api', 'health']);

export interface RouterOptions {
  readonly parts: ConsoleParts;
  readonly routes: readonly Route[];
  readonly files: StaticFiles;
  /** Whether browsers reach it by TLS, here or at a proxy. */
  readonly hasTls: boolean;
  /** Where browsers find it; undefined: under the name that they ask for. */
  readonly origin: string | undefined;
  /** Whether a Host header names this console. */
  isOwnHost(host: string): boolean;
  /** Requests of one account, and of one address before it is known whose they are. */
  readonly rates: { readonly account: RateLimit; readonly address: RateLimit };
  /** Hold every answer against its schema: a defect then is an error, not a surprise. */
  readonly checkAnswers: boolean;
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The listener of the server. */
export function router(options: RouterOptions): Listener {
  const table = routingTable(options.routes);
  return (request, response) => {
    setCommonHeaders(response, options.hasTls);
    answer(options, table, request, response)
      .catch((error: unknown) => tell(options, request, response, error))
      // Whatever happens to one request, the process goes on.
      .catch(() => response.destroy());
  };
}

/** The cookie: with TLS the browser itself holds it to this host, the whole path and TLS. */
const cookieName = (hasTls: boolean): string => (hasTls ? '__Host-arbdata' : 'arbdata');

async function answer(
  options: RouterOptions,
  table: Table,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!options.isOwnHost(request.headers.host ?? '')) throw new HttpProblem('other-host');
  const { segments, query } = readTarget(request.url ?? '');
  if (!ROUTED.has(segments[0] ?? '')) {
    options.files.send(request, response, segments);
    return;
  }
  const { route, params } = find(table, request.method ?? '', segments);
  // The socket is gone when its client is: the address is taken before anything is waited for.
  const address = request.socket.remoteAddress ?? '';
  takeTurn(options.rates.address, addressKey(address));
  const who = await identify(options, request);
  refuseForeignOrigin(request, options, who);
  const context = contextOf(options, response, { ...who, address });
  if (route.roles === 'public') {
    const input = await readInput(route, request, { params, query });
    return send(options, request, response, await route.handle(context, input), route);
  }
  const principal = who.principal ?? notSignedIn();
  takeTurn(options.rates.account, principal.account.name);
  requireAccess(route, principal);
  const sight = sightOf(principal.account);
  const input = await readInput(route, request, { params, query });
  requireNamedBodies(sight, input);
  const service = { ...options.parts.service, actor: principal.actor };
  const reply = await route.handle({ ...context, service, principal, sight }, input);
  refuseForeignRows(sight, reply.json);
  return send(options, request, response, reply, route);
}

function notSignedIn(): never {
  throw new HttpProblem('not-signed-in');
}

interface Who {
  readonly principal: Principal | undefined;
  /** The session id of the cookie, valid or not. */
  readonly cookie: string | undefined;
}

/** By the Authorization header where there is one, and then by nothing else; else by the cookie. */
async function identify({ parts, hasTls }: RouterOptions, request: IncomingMessage): Promise<Who> {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer ([A-Za-z0-9_-]{20,100})$/.exec(authorization) ?? [];
    const principal = token === undefined ? undefined : await parts.door.byToken(token);
    if (principal === undefined) throw new HttpProblem('not-signed-in');
    return { principal, cookie: undefined };
  }
  const id = readCookies(cookie).get(cookieName(hasTls));
  if (id === undefined || !/^[A-Za-z0-9_-]{43}$/.test(id)) return { principal: undefined, cookie: undefined };
  return { principal: await parts.door.bySession(id), cookie: id };
}

/**
 * Another page cannot act for the person in front of it: a change comes from our own origin and brings the session's
 * token, which another page cannot read. A request with an API token carries nothing that a browser adds by itself.
 */
function refuseForeignOrigin(
  request: IncomingMessage,
  { hasTls, origin: configured }: Pick<RouterOptions, 'hasTls' | 'origin'>,
  { principal }: Who,
): void {
  if (principal?.token !== undefined) return;
  const { origin, host = '', 'sec-fetch-site': site } = request.headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new HttpProblem('not-same-origin');
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const own = configured ?? `${hasTls ? 'https' : 'http'}://${host}`;
  if (origin === undefined || origin.toLowerCase() !== own.toLowerCase())
    throw new HttpProblem('not-same-origin');
  if (principal?.session === undefined) return;
  const given = request.headers['x-csrf-token'];
  if (typeof given !== 'string' || !isSameText(given, principal.session.csrfToken))
    throw new HttpProblem('csrf-token');
}

function requireAccess(route: SignedInRoute, { account, stage, token }: Principal): void {
  const stages = route.stages ?? ['full'];
  if (!stages.includes(stage)) throw new HttpProblem('unfinished-sign-in', { more: { stage } });
  const { roles, scope } = route;
  if (roles !== 'any' && !account.roles.some((role) => roles.includes(role)))
    throw new HttpProblem('forbidden');
  if (token !== undefined && (scope === undefined || !token.scopes.includes(scope)))
    throw new HttpProblem('forbidden');
}

function contextOf(
  { parts }: RouterOptions,
  response: ServerResponse,
  { cookie, address }: Who & { readonly address: string },
): PublicContext {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  return { ...parts, address, oldSession: cookie, gone: gone.signal };
}

function takeTurn(limit: RateLimit, key: string): void {
  const seconds = limit.take(key);
  if (seconds > 0) throw new HttpProblem('too-many', { headers: { 'retry-after': String(seconds) } });
}

interface RawInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

async function readInput(
  route: Route,
  request: IncomingMessage,
  { params, query }: RawInput,
): Promise<{ params: unknown; query: unknown; body: unknown }> {
  const body = await readJsonBody(request);
  return {
    params: checked(route.params, params, 'not-found'),
    query: checked(route.query, query, 'bad-request'),
    body: checked(route.body, body, 'bad-request'),
  };
}

/** What its schema makes of a part of the input; a part without a schema must be empty. */
function checked(schema: z.ZodType | undefined, value: unknown, code: 'not-found' | 'bad-request'): unknown {
  if (schema === undefined) {
    const isEmpty =
      value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
    if (isEmpty) return undefined;
    throw new HttpProblem(code);
  }
  const result = schema.safeParse(
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : value,
  );
  if (result.success) return result.data;
  // Which member, not which value: a value may be a password.
  const at = result.error.issues[0]?.path.map(String).join('.') ?? '';
  throw new HttpProblem(code, at === '' || code === 'not-found' ? {} : { more: { member: at.slice(0, 40) } });
}

/** Whatever names a body is held against the sight before a handler sees it. */
function requireNamedBodies(sight: Sight, input: { readonly [part: string]: unknown }): void {
  for (const part of Object.values(input)) {
    if (typeof part !== 'object' || part === null || !('body' in part)) continue;
    if (typeof part.body === 'string') sight.require(part.body);
  }
}

async function send(
  { hasTls, checkAnswers }: RouterOptions,
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  route: Route,
): Promise<void> {
  if (checkAnswers) checkAnswer(route, reply);
  if (reply.session !== undefined) response.setHeader('set-cookie', cookie(reply.session, hasTls));
  await sendReply(request, response, reply);
}

function checkAnswer(route: Route, { json, ready }: Reply): void {
  const document: unknown = ready === undefined ? json : JSON.parse(String(ready.text));
  if (document !== undefined) (route.answer ?? noAnswer(route)).parse(document);
}

function noAnswer({ method, path }: Route): never {
  throw new Error(`${method} ${path} answers a document without a schema`);
}

function cookie(session: string | null, hasTls: boolean): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(hasTls ? ['Secure'] : [])];
  const value = session === null ? ['', 'Max-Age=0'] : [session];
  const [first, ...rest] = value;
  return [`${cookieName(hasTls)}=${first}`, ...rest, ...attributes].join('; ');
}

/** A refusal is told; a defect is logged under a reference that the client can name. */
async function tell(
  options: RouterOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): Promise<void> {
  if (response.destroyed) return;
  const problem = problemOf(error);
  if (problem !== undefined) {
    sendProblem(request, response, problem);
    return;
  }
  const reference = randomBytes(6).toString('hex');
  const message = messageOf(error);
  options.parts.service.log.error('console: a request failed', {
    reference,
    method: request.method,
    error: message,
  });
  sendProblem(request, response, new HttpProblem('internal'), reference);
}

type Table = readonly { readonly route: Route; readonly pattern: readonly string[] }[];

function routingTable(routes: readonly Route[]): Table {
  const seen = new Set<string>();
  return routes.map((route) => {
    const shape = `${route.method} ${route.path.replaceAll(/:\w+/g, ':')}`;
    if (seen.has(shape)) throw new Error(`${shape} stands twice in the routing table`);
    seen.add(shape);
    return { route, pattern: route.path.slice(1).split('/') };
  });
}

function find(
  table: Table,
  method: string,
  segments: readonly string[],
): { route: Route; params: Readonly<Record<string, string>> } {
  const matching = table.flatMap(({ route, pattern }) => {
    const params = matched(pattern, segments);
    return params === undefined
      ? []
      : [{ route, params, literals: pattern.filter((part) => !part.startsWith(':')).length }];
  });
  if (matching.length === 0) throw new HttpProblem('not-found');
  // A literal goes before a parameter: /api/findings/counts is no finding named counts.
  const most = Math.max(...matching.map(({ literals }) => literals));
  const best = matching.filter(({ literals }) => literals === most);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = best.find(({ route }) => route.method === wanted);
  if (found !== undefined) return found;
  const allow = best.map(({ route }) => route.method).join(', ');
  throw new HttpProblem('method-not-allowed', { headers: { allow } });
}

function matched(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
