/** The console's API as pages use it: same origin, the session's token on every change, problems as errors. */

/** What the server refused, with its code and its Chinese sentence. */
export class ApiProblem extends Error {
  /**
   * @param {number} status
   * @param {{ readonly code?: string, readonly message?: string, readonly [name: string]: unknown }} problem
   */
  constructor(status, problem) {
    super(problem.message ?? `请求未能完成（${status}）`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = problem.code ?? 'unknown';
    this.problem = problem;
  }
}

let csrfToken = '';

/**
 * The token that goes with every change of this session.
 * @param {string} token
 */
export function useToken(token) {
  csrfToken = token;
}

/**
 * @template T
 * @param {string} path
 * @param {Readonly<Record<string, string | number | undefined>>} [query]
 * @returns {Promise<T>}
 */
export async function get(path, query = {}) {
  return read(await fetch(address(path, query), { headers: { accept: 'application/json' } }));
}

/**
 * What has a tag, unless one has it already.
 * @param {string} path
 * @param {string | undefined} tag
 * @returns {Promise<{ readonly tag: string, readonly content: unknown } | undefined>}
 */
export async function getTagged(path, tag) {
  const known = tag === undefined ? {} : { 'if-none-match': tag };
  const response = await fetch(path, {
    headers: { accept: 'application/json', ...known },
    cache: 'no-store',
  });
  if (response.status === 304) return undefined;
  return { tag: response.headers.get('etag') ?? '', content: await read(response) };
}

/**
 * @template T
 * @param {string} path
 * @param {unknown} [body]
 * @param {'POST' | 'DELETE'} [method]
 * @returns {Promise<T>}
 */
export async function send(path, body, method = 'POST') {
  const headers = { accept: 'application/json', 'x-csrf-token': csrfToken };
  const sent =
    body === undefined
      ? { method, headers }
      : { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return read(await fetch(address(path, {}), sent));
}

/**
 * @param {string} path
 * @param {Readonly<Record<string, string | number | undefined>>} query
 */
function address(path, query) {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** @param {Response} response */
async function read(response) {
  if (response.status === 204) return undefined;
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const content = isJson ? await response.json() : {};
  if (response.ok) return content;
  throw new ApiProblem(response.status, content.error ?? {});
}
