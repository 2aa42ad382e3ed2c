/** A route as data: who may use it, what it takes, what it gives, and who makes the answer. */
import type { z } from 'zod';
import { type Role, type TokenScope, WORK_ROLES } from '../../pipelines/accounts.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import type { Doorkeeper, Principal, Stage } from '../../pipelines/sign-in.ts';
import type { AgreementCache } from './agreement-cache.ts';
import type { CockpitCache } from './cockpit-cache.ts';
import type { RequestRunner } from './request-runner.ts';
import type { Sight } from './sight.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

/** What handlers work with. */
export interface ConsoleParts {
  /** The actor of it is the signed-in account. */
  readonly service: Service;
  readonly door: Doorkeeper;
  readonly runner: RequestRunner;
  readonly cockpit: CockpitCache;
  readonly agreements: AgreementCache;
}

export interface PublicContext extends ConsoleParts {
  readonly address: string;
  /** The session that the browser brought along, valid or not. */
  readonly oldSession: string | undefined;
  /** The client has gone. */
  readonly gone: AbortSignal;
}

export interface Context extends PublicContext {
  readonly principal: Principal;
  readonly sight: Sight;
}

/** A file that is sent as it is. */
export interface FileReply {
  readonly file: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/** JSON text that is ready, with its tag: not sent again where the client has it. */
export interface ReadyReply {
  readonly text: Buffer;
  readonly gzip: Buffer;
  readonly tag: string;
}

export interface Reply {
  readonly status?: number;
  /** One JSON document. */
  readonly json?: unknown;
  readonly ready?: ReadyReply;
  readonly file?: FileReply;
  /** Server-sent events, until they end or the client goes. */
  readonly events?: AsyncIterable<{ readonly event: string; readonly data: unknown }>;
  /** Set (or with null remove) the cookie of the session. */
  readonly session?: string | null;
}

interface Shape<P, Q, B> {
  readonly method: Method;
  /** `/api/runs/:run`. */
  readonly path: string;
  /** One English sentence for the API's description. */
  readonly summary: string;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** The JSON document of the answer; absent: no JSON. */
  readonly answer?: z.ZodType;
  /** What is answered in place of JSON. */
  readonly media?: 'application/octet-stream' | 'text/event-stream';
}

export interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

/** A route for who is signed in. */
interface SignedInSpec<P, Q, B> extends Shape<P, Q, B> {
  readonly roles: readonly Role[] | 'any';
  /** The stages of a session in which it may be used; absent: `full`. */
  readonly stages?: readonly Stage[];
  /** The scope that opens it to an API token; absent: sessions only. */
  readonly scope?: TokenScope;
  /**
   * What it shows of bodies: `none` nothing; `city` something of all, so that no district account may use it; `own` rows
   * that the handler narrows by the context's sight. An input named `body` is checked before the handler runs.
   */
  readonly shows: 'none' | 'city' | 'own';
  handle(context: Context, input: Input<P, Q, B>): Promise<Reply>;
}

/** A route that anybody may use. */
interface PublicSpec<P, Q, B> extends Shape<P, Q, B> {
  readonly roles: 'public';
  handle(context: PublicContext, input: Input<P, Q, B>): Promise<Reply>;
}

export type SignedInRoute = SignedInSpec<unknown, unknown, unknown>;
export type PublicRoute = PublicSpec<unknown, unknown, unknown>;
export type Route = SignedInRoute | PublicRoute;

/** A route whose handler knows the types of its input. */
export function route<P = undefined, Q = undefined, B = undefined>(spec: SignedInSpec<P, Q, B>): Route {
  if (spec.shows === 'city' && spec.roles !== 'any' && spec.roles.includes('district')) {
    throw new Error(`${spec.method} ${spec.path} shows the city and is open to districts`);
  }
  return spec as unknown as Route;
}

export function publicRoute<P = undefined, Q = undefined, B = undefined>(spec: PublicSpec<P, Q, B>): Route {
  return spec as unknown as Route;
}

/** Who sees figures. */
export const VIEWERS = [...WORK_ROLES, 'district'] as const satisfies readonly Role[];
/** Who says that a finding is correct, or that records belong together: of the whole, and each body of its own. */
export const JUDGES = ['operator', 'district'] as const satisfies readonly Role[];
/** Who works on the city's figures. */
export const WORKERS = WORK_ROLES;
