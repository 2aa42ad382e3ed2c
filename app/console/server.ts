/** The door of the console: one port of this machine, or, with TLS, of the network. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http, { type RequestListener, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { fileError } from '../../pipelines/runtime/files.ts';
import { readPrivateFile } from '../../pipelines/runtime/secrets.ts';

export interface DoorOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
}

export interface Door {
  /** `http://127.0.0.1:8700` */
  readonly url: string;
  readonly port: number;
  /** Take no new request; those under way may end, for a while. */
  close(): Promise<void>;
}

/** How long a client may take over its headers and its whole request, and how much it may say. */
export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
} as const;
const MOST_CONNECTIONS = 1000;
const MOST_HEADERS = 64;
const LARGEST_PEM_BYTES = 1024 * 1024;
const CLOSE_WAIT_MS = 5_000;

/** Whether only this machine reaches an address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * What the configuration says of the door, with the certificate read.
 * @throws {ArbdataError} E_CONFIG for an address of the network without TLS, and for a key that cannot be used
 */
export function doorOptions(
  given: {
    readonly host: string;
    readonly port: number;
    readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  },
  configFile: string,
): DoorOptions {
  const { host, port, tls } = given;
  if (tls === undefined) {
    if (isLoopback(host)) return { host, port, tls: undefined };
    throw new ArbdataError(
      'E_CONFIG',
      `service.host is ${host}, which others reach, and service.tls is not set`,
      {
        advice:
          'Set service.tls to a certificate and its key, or listen on 127.0.0.1 behind a proxy that does TLS.',
      },
    );
  }
  const resolve = (file: string): string => path.resolve(path.dirname(configFile), file);
  const key = readPrivateFile('service.tls.keyFile', resolve(tls.keyFile), LARGEST_PEM_BYTES);
  return { host, port, tls: { certificate: readCertificate(resolve(tls.certificateFile)), key } };
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, file);
  }
}

/**
 * Listen.
 * @param limits for tests, which cannot wait as long
 * @throws {ArbdataError} E_CONFIG where the address cannot be listened on
 */
export async function openDoor(
  options: DoorOptions,
  listener: RequestListener,
  limits: { readonly [K in keyof typeof LIMITS]?: number } = {},
): Promise<Door> {
  const { host, port, tls } = options;
  if (tls === undefined && !isLoopback(host)) throw new Error(`${host} is not opened without TLS`);
  const open = new Set<ServerResponse>();
  const server = makeServer(tls, { ...LIMITS, ...limits }, (request, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    listener(request, response);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.maxHeadersCount = MOST_HEADERS;
  // Not a word of explanation to who does not speak HTTP, or asks for another protocol.
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('upgrade', (_request, socket) => socket.destroy());
  server.on('connect', (_request, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
    server.listen({ host, port }, resolve);
  });
  const { port: given } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  const url = `${tls === undefined ? 'http' : 'https'}://${name}:${given}`;
  return { url, port: given, close: () => closeServer(server, open) };
}

/** Streams of events never end by themselves: they are told to; who still reads after a while is cut off. */
async function closeServer(server: Server, open: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  for (const response of open) {
    if (String(response.getHeader('content-type')).startsWith('text/event-stream')) response.end();
  }
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_WAIT_MS);
  await closed;
  clearTimeout(timer);
}

function makeServer(
  tls: DoorOptions['tls'],
  limits: { readonly [K in keyof typeof LIMITS]: number },
  listener: RequestListener,
): Server {
  if (tls === undefined) return http.createServer(limits, listener);
  const { certificate: cert, key } = tls;
  try {
    return https.createServer({ ...limits, cert, key, minVersion: 'TLSv1.2' }, listener);
  } catch (error) {
    throw new ArbdataError(
      'E_CONFIG',
      'service.tls: certificate and key do not fit or cannot be read as PEM',
      {
        advice: 'Name a PEM certificate (with its chain) and its unencrypted PEM key.',
        cause: error,
      },
    );
  }
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): ArbdataError {
  return new ArbdataError('E_CONFIG', `${host}:${port} cannot be listened on (${error.code ?? 'unknown'})`, {
    advice: 'Choose another service.host or service.port; EADDRINUSE: another program has the port.',
    cause: error,
  });
}

/**
 * Names under which the console answers: a page of elsewhere whose name was made to point here (DNS rebinding) gets
 * nothing.
 */
export function ownNames({ host, tls }: DoorOptions, configured: readonly string[]): ReadonlySet<string> {
  const loopback = ['localhost', '127.0.0.1', '[::1]'];
  const listening = host === '0.0.0.0' || host === '::' ? [] : [host.includes(':') ? `[${host}]` : host];
  const certified = tls === undefined ? [] : certificateNames(tls.certificate);
  return new Set([...loopback, ...listening, ...configured, ...certified].map((name) => name.toLowerCase()));
}

function certificateNames(certificate: string): string[] {
  const { subjectAltName } = new X509Certificate(certificate);
  return (subjectAltName ?? '').split(', ').flatMap((entry) => {
    const [, kind, name = ''] = /^(DNS|IP Address):([^"]+)$/.exec(entry) ?? [];
    if (kind === undefined || name.startsWith('*')) return [];
    return [name.includes(':') ? `[${name}]` : name];
  });
}

/** The name of a Host header without its port. */
export const hostName = (host: string): string => host.toLowerCase().replace(/:\d{1,5}$/, '');
