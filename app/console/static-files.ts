/**
 * The pages and what they load: read once at the start, served from memory, so that no path of a request reaches the
 * disk. Everything that a page loads lies under a folder named for the hash of all of it: it may be kept for ever.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { pageShells } from './page-shells.ts';
import { HttpProblem } from './problem.ts';
import { sendBytes, sendTagged } from './reply.ts';

const FOLDER = path.join(PROJECT_DIR, 'app/console/static');
/** How a page names what it loads: `/static/app.js`, which becomes `/static/<hash>/app.js`. */
const PREFIX = 'static';
/** What a browser is shown for an address that is none. */
const NOT_FOUND = 'not-found';
/** Files of packages, by the names under which pages load them. */
const PACKAGES = {
  'vendor/echarts.js': fileURLToPath(import.meta.resolve('echarts/dist/echarts.esm.min.mjs')),
};
const YEAR_SECONDS = 31_536_000;
const WORTH_COMPRESSING_BYTES = 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

interface StaticFile {
  readonly bytes: Buffer;
  readonly compressed: Buffer | undefined;
  readonly tag: string;
  readonly type: string;
}

export interface StaticFiles {
  /** @throws HttpProblem `not-found`, `method-not-allowed` */
  send(request: IncomingMessage, response: ServerResponse, segments: readonly string[]): void;
}

/**
 * Read the pages of a folder, beside those that a template makes. `index.html` is `/`, `runs.html` is `/runs`; every other file lies under `/static/`.
 * @param extra files from elsewhere, such as a package's, by the name under which pages load them
 */
export function loadStaticFiles(
  folder: string = FOLDER,
  extra: Readonly<Record<string, string>> = PACKAGES,
): StaticFiles {
  const found = new Map<string, Buffer>([
    ...pageShells().map(([name, text]) => [name, Buffer.from(text)] as const),
    ...[...filesIn(folder), ...Object.entries(extra)].map(
      ([name, file]) => [name, readFileSync(file)] as const,
    ),
  ]);
  const hash = setHash(found);
  const pages = new Map<string, StaticFile>();
  const loaded = new Map<string, StaticFile>();
  for (const [name, bytes] of found) {
    const type = TYPES[path.extname(name)];
    if (type === undefined) continue;
    if (name.endsWith('.html')) {
      const text = bytes.toString('utf8').replaceAll(`"/${PREFIX}/`, `"/${PREFIX}/${hash}/`);
      pages.set(
        name === 'index.html' ? '' : name.slice(0, -'.html'.length),
        staticFile(Buffer.from(text), type),
      );
    } else {
      loaded.set(name, staticFile(bytes, type));
    }
  }
  const notFound = pages.get(NOT_FOUND);
  pages.delete(NOT_FOUND);
  return {
    send: (request, response, segments) =>
      send({ pages, loaded, hash, notFound }, request, response, segments),
  };
}

/** Files of a folder by their names from it, `/` between the parts. */
function filesIn(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [path.relative(folder, file).split(path.sep).join('/'), file]);
}

function setHash(files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}

function staticFile(bytes: Buffer, type: string): StaticFile {
  const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const isText = /^text|json|svg|javascript/.test(type) && bytes.length > WORTH_COMPRESSING_BYTES;
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  return { bytes, compressed: isText ? brotliCompressSync(bytes, options) : undefined, tag, type };
}

interface Loaded {
  readonly pages: ReadonlyMap<string, StaticFile>;
  readonly loaded: ReadonlyMap<string, StaticFile>;
  readonly hash: string;
  readonly notFound: StaticFile | undefined;
}

function send(
  { pages, loaded, hash, notFound }: Loaded,
  request: IncomingMessage,
  response: ServerResponse,
  segments: readonly string[],
): void {
  const [first, second, ...rest] = segments;
  const isHashed = first === PREFIX && second === hash;
  const name = isHashed ? rest.join('/') : segments.slice(1).join('/');
  const file = first === PREFIX ? loaded.get(name) : pages.get(segments.join('/'));
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (file === undefined) {
    if (!isRead || first === PREFIX || notFound === undefined || !wantsPage(request))
      throw new HttpProblem('not-found');
    response.statusCode = 404;
    sendBytes(request, response, notFound.bytes, notFound.type);
    return;
  }
  if (!isRead) throw new HttpProblem('method-not-allowed', { headers: { allow: 'GET, HEAD' } });
  response.setHeader('cache-control', isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
  response.setHeader('vary', 'accept-encoding');
  const takesBrotli = /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const compressed = takesBrotli ? file.compressed : undefined;
  if (compressed !== undefined) response.setHeader('content-encoding', 'br');
  const tag = compressed === undefined ? file.tag : `${file.tag}-br`;
  sendTagged(request, response, { text: compressed ?? file.bytes, tag, type: file.type });
}

/** Whether somebody typed the address or followed a link. */
const wantsPage = (request: IncomingMessage): boolean => /\btext\/html\b/.test(request.headers.accept ?? '');
