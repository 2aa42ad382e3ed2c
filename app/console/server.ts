/** The door of the console: one port of this machine, or, with TLS, of the network. */
import { readFileSync } from 'node:fs';
import http, { type RequestListener, type Server } from 'node:http';
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
  /** Take no new request; those under way may end. */
  close(): Promise<void>;
}

/** A client that sends or reads slowly is let go. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16_384,
} as const;
const LARGEST_PEM_BYTES = 1024 * 1024;

/** Whether only this machine reaches an address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * What the configuration says of the door, with the certificate read.
 * @throws {ArbdataError} E_CONFIG for an address of the network without TLS, and for a certificate or key that cannot be read
 */
export function doorOptions(
  {
    host,
    port,
    tls,
  }: { host: string; port: number; tls?: { certificateFile: string; keyFile: string } | undefined },
  configFile: string,
): DoorOptions {
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
  const resolve = (file: string) => path.resolve(path.dirname(configFile), file);
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
 * @throws {ArbdataError} E_CONFIG where the address cannot be listened on
 */
export async function openDoor({ host, port, tls }: DoorOptions, listener: RequestListener): Promise<Door> {
  const server = makeServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
    server.listen({ host, port }, resolve);
  });
  const { port: given } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${given}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function makeServer(tls: DoorOptions['tls'], listener: RequestListener): Server {
  if (tls === undefined) return http.createServer(LIMITS, listener);
  const { certificate: cert, key } = tls;
  try {
    return https.createServer({ ...LIMITS, cert, key, minVersion: 'TLSv1.2' }, listener);
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
