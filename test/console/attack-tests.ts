/** Attacks over real HTTP: each runs over the whole routing table, so that a new route cannot be forgotten. */
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../app/console/routes/index.ts';
import { ROLES, type Role } from '../../pipelines/accounts.ts';
import { membersOf, nameOf, PUBLIC, pathOf, QUERIES, queryOf, REFUSED_BODY, SIGNED_IN } from './examples.ts';
import type { Answer, Ask, Client } from './support.ts';
import { accountOf, FOREIGN, NO_ROLE, OWN, type World } from './world.ts';

const isChange = (method: string): boolean => method !== 'GET';

/** Every string in a document. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Bytes on a socket, and what came back until it was closed. */
async function raw(port: number, write: (socket: net.Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.on('connect', () => write(socket));
  });
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

export function attackTests(given: () => World): void {
  const ask = (
    client: Client,
    route: (typeof ROUTES)[number],
    more: Ask & { own?: Record<string, string>; query?: Record<string, string> } = {},
  ) =>
    client.ask(`${pathOf(given(), route, more.own)}${queryOf(route, more.query)}`, {
      method: route.method,
      ...(route.body === undefined ? {} : { body: REFUSED_BODY }),
      ...more,
    });

  describe('without a session', () => {
    const forgeries: readonly [string, Record<string, string>][] = [
      ['no cookie', {}],
      ['a forged cookie', { cookie: `arbdata=${'Z'.repeat(43)}` }],
      ['a cookie of another form', { cookie: "arbdata=' OR 1=1 --" }],
      ['a cookie twice', { cookie: `arbdata=${'Z'.repeat(43)}; arbdata=${'Y'.repeat(43)}` }],
      ['a forged token', { authorization: `Bearer arb_${'Z'.repeat(43)}` }],
      ['a token of another form', { authorization: 'Bearer x' }],
      ['basic credentials', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
    ];
    test.each(forgeries)('%s opens no route', async (_what, headers) => {
      const client = given().console.client();
      for (const route of SIGNED_IN) {
        const answer = await ask(client, route, { headers });
        expect([nameOf(route), answer.status]).toEqual([nameOf(route), 401]);
      }
    });

    test('an expired token, one of a disabled account and one of a demoted one open nothing', async () => {
      const { console: c } = given();
      await c.account('fleeting', ['analyst']);
      const client = await c.as('fleeting');
      const { token } = (
        await client.ask('/api/tokens', {
          method: 'POST',
          body: { title: 't', scopes: ['cockpit'], days: 1 },
        })
      ).json<{ token: string }>();
      const use = async () =>
        (await c.client().ask('/api/cockpit', { headers: { authorization: `Bearer ${token}` } })).status;
      expect(await use()).toBe(200);
      const { accounts } = c.service.ledger;
      const audit = { actor: 'test', action: 'account.state', subject: 'fleeting' };
      await accounts.change('fleeting', { state: 'disabled' }, audit);
      expect(await use()).toBe(401);
      expect((await client.ask('/api/session')).status).toBe(401);
      await accounts.change('fleeting', { state: 'enabled', roles: [] }, audit);
      expect(await use()).toBe(403);
      await accounts.change('fleeting', { roles: ['analyst'] }, audit);
      c.home.clock.advance(25 * 3_600_000);
      expect(await use()).toBe(401);
    });
  });

  describe('roles', () => {
    /** What a route does to the session that uses it: each needs one of its own. */
    const endsItsSession = (path: string): boolean => path === '/api/session' || path === '/api/sessions';

    test.each([...ROLES, NO_ROLE])('%s may use what the table says and nothing else', async (who) => {
      const { console: c } = given();
      const account = who === NO_ROLE ? NO_ROLE : accountOf(who as Role);
      let client = await c.as(account);
      for (const route of SIGNED_IN) {
        const may =
          (route.roles === 'any' || route.roles.includes(who as Role)) &&
          (route.stages ?? ['full']).includes('full');
        if (endsItsSession(route.path) && isChange(route.method)) client = await c.as(account);
        const answer = await ask(client, route);
        if (route.media === 'text/event-stream' && may) expect(answer.status).toBe(404);
        expect([nameOf(route), answer.status === 403, answer.status >= 500]).toEqual([
          nameOf(route),
          !may,
          false,
        ]);
        if (endsItsSession(route.path) && isChange(route.method)) client = await c.as(account);
      }
    });

    test('no route that shows the city is open to districts, and every other names what it shows', () => {
      for (const route of SIGNED_IN) {
        const open = route.roles === 'any' || route.roles.includes('district');
        expect([nameOf(route), open && route.shows === 'city']).toEqual([nameOf(route), false]);
      }
    });

    test('a token opens no route without its scope, and none that has none', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const made = await client.ask('/api/tokens', {
        method: 'POST',
        body: { title: 't', scopes: ['submissions'], days: 1 },
      });
      const headers = { authorization: `Bearer ${made.json<{ token: string }>().token}` };
      const bare = c.client();
      for (const route of SIGNED_IN) {
        const may =
          route.scope === 'submissions' && (route.roles === 'any' || route.roles.includes('operator'));
        expect([nameOf(route), (await ask(bare, route, { headers })).status === 403]).toEqual([
          nameOf(route),
          !may,
        ]);
      }
    });
  });

  describe('a district', () => {
    const open = SIGNED_IN.filter(({ roles }) => roles === 'any' || roles.includes('district'));

    test("gets nothing for another district's code, or for the whole", async () => {
      const client = await given().console.as(accountOf('district'));
      const taking = open.filter(
        (route) =>
          membersOf(route.query).names.includes('body') || membersOf(route.params).names.includes('body'),
      );
      expect(taking.length).toBeGreaterThan(5);
      for (const route of taking) {
        for (const body of [FOREIGN, 'ALL', '110000']) {
          expect([nameOf(route), body, (await ask(client, route, { query: { body } })).status]).toEqual([
            nameOf(route),
            body,
            404,
          ]);
        }
        expect([nameOf(route), (await ask(client, route, { query: { body: OWN } })).status < 500]).toEqual([
          nameOf(route),
          true,
        ]);
      }
    });

    test('finds no other body in any answer', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('district'));
      const leader = await c.as(accountOf('leader'));
      const { figures } = (
        await leader.ask(`/api/figures/${QUERIES['period']}?scope=month&indicator=A02`)
      ).json<{ figures: { org_code: string; org_name: string }[] }>();
      const others = figures
        .filter(({ org_code }) => org_code !== OWN && org_code !== 'ALL')
        .flatMap(({ org_code, org_name }) => [org_code, org_name]);
      expect(others.length).toBeGreaterThan(20);
      for (const route of open.filter(({ method }) => method === 'GET')) {
        const answer = await ask(client, route);
        const texts = answer.text.startsWith('{') ? textsIn(answer.json()) : [];
        const ofRow = texts.filter((text) => others.includes(text));
        expect([nameOf(route), ofRow]).toEqual([nameOf(route), []]);
      }
    });

    test("cannot have another district's, or the city's, files by their ids", async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('district'));
      const operator = await c.as(accountOf('operator'));
      const { publications } = (await operator.ask('/api/files')).json<{
        publications: { files: { id: string; run: string; body: string | null }[] }[];
      }>();
      const files = publications.flatMap(({ files: some }) => some);
      const foreign = files.filter(({ body }) => body !== OWN);
      expect([
        foreign.some(({ body }) => body === FOREIGN),
        foreign.some(({ body }) => body === null),
      ]).toEqual([true, true]);
      for (const { run, id } of foreign)
        expect((await client.ask(`/api/files/${run}/${id}`)).status).toBe(404);
      const own = files.find(({ body }) => body === OWN);
      expect((await client.ask(`/api/files/${own?.run}/${own?.id}`)).status).toBe(200);
    });

    test("cannot have another district's pre-applications by their numbers", async () => {
      const { console: c } = given();
      const [client, analyst] = [await c.as(accountOf('district')), await c.as(accountOf('analyst'))];
      const { subjects } = (await analyst.ask('/api/comparison?limit=1000')).json<{
        subjects: { pre_app_id: string | null; org_code: string | null }[];
      }>();
      const named = subjects.filter(({ pre_app_id }) => /^[\w-]+$/.test(pre_app_id ?? ''));
      const foreign = named.filter(({ org_code }) => org_code !== OWN);
      expect(foreign.length).toBeGreaterThan(0);
      for (const { pre_app_id } of foreign.slice(0, 10)) {
        expect((await client.ask(`/api/comparison/pre-applications/${pre_app_id}`)).status).toBe(404);
      }
    });

    test('is refused even where a handler forgot to narrow its rows', async () => {
      const { sightOf, refuseForeignRows } = await import('../../app/console/sight.ts');
      const sight = sightOf({ roles: ['district'], orgCode: OWN });
      expect(() => refuseForeignRows(sight, { rows: [{ org_code: OWN }, { org_code: FOREIGN }] })).toThrow();
      expect(() => refuseForeignRows(sight, { rows: [{ orgCode: null }, { body: OWN }] })).not.toThrow();
      expect(sightOf({ roles: ['district'], orgCode: null }).may(null)).toBe(false);
    });
  });

  describe('path traversal', () => {
    test.each([
      '/../../etc/passwd',
      '/static/../../../package.json',
      '/static/..%2f..%2f..%2fpackage.json',
      '/static/%2e%2e/%2e%2e/package.json',
      '/static/..%5c..%5cpackage.json',
      '/static//etc/passwd',
      '/api/files/R20261109-090200-0000/..%2f..%2fledger.sqlite',
      '/api/files/..%2f..%2f..%2fsecret.key/x',
      '/api/files/%2e%2e/secret.key',
      '/api/runs/..%2f..%2fsecret/log',
      '/api/runs/R20261109-090200-0000%00/log',
      '//evil.example/',
      '/\\evil.example/',
      'http://evil.example/api/session',
      '/api/cockpit/panels/..%2findex',
      '/%c0%ae%c0%ae/secret.key',
    ])('%s leads nowhere', async (path) => {
      const client = await given().console.as(accountOf('operator'));
      const answer = statusOf(
        await raw(client.port, (socket) =>
          socket.end(
            `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${client.port}\r\nCookie: ${client.cookie}\r\nConnection: close\r\n\r\n`,
          ),
        ),
      );
      expect([400, 404]).toContain(answer);
    });

    test('there is no listing of a folder', async () => {
      for (const path of ['/static', '/static/', '/api', '/api/', '/api/files/']) {
        expect((await given().console.client().ask(path)).status).toBe(404);
      }
    });

    test('an address that is none says nothing of itself, as a page to a browser, else as a problem', async () => {
      const client = given().console.client();
      const address = '/<script>alert(1)</script>';
      const page = await client.ask(address, { headers: { accept: 'text/html' } });
      expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.text).not.toContain('alert(1)');
      const problem = await client.ask(address);
      expect([problem.status, problem.json<{ error: object }>().error]).toMatchObject([
        404,
        { code: 'not-found' },
      ]);
    });
  });

  describe('another page', () => {
    const changes = SIGNED_IN.filter(({ method }) => isChange(method));
    const wrong: readonly [string, (client: Client, other: Client) => Record<string, string>][] = [
      ['no token', () => ({ 'x-csrf-token': '' })],
      ['a wrong token', (client) => ({ 'x-csrf-token': `${client.csrfToken.slice(0, -1)}~` })],
      ["another session's token", (_client, other) => ({ 'x-csrf-token': other.csrfToken })],
      ['another origin', () => ({ origin: 'https://evil.example' })],
      ['an origin of another port', () => ({ origin: 'http://127.0.0.1:1' })],
      ['the origin null', () => ({ origin: 'null' })],
      ['a cross-site mark', () => ({ 'sec-fetch-site': 'cross-site' })],
      ['a same-site mark', () => ({ 'sec-fetch-site': 'same-site' })],
    ];
    test.each(wrong)('with %s changes nothing', async (_what, headers) => {
      const { console: c } = given();
      const [client, other] = [await c.as(accountOf('operator')), await c.as(accountOf('operator'))];
      for (const route of changes) {
        const answer = await ask(client, route, { headers: headers(client, other) });
        expect([nameOf(route), answer.status]).toEqual([nameOf(route), 403]);
      }
      expect((await client.ask('/api/session')).status).toBe(200);
    });

    test('without an origin changes nothing, and cannot sign anybody in', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const lines = (path: string, body: string) =>
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${c.port}\r\nCookie: ${client.cookie}\r\nX-CSRF-Token: ${client.csrfToken}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
      for (const path of ['/api/requests', '/api/session']) {
        expect(
          statusOf(await raw(c.port, (socket) => socket.end(lines(path, '{"pipeline":"monthly"}')))),
        ).toBe(403);
      }
    });

    test('cannot send a form', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/json; charset=gbk',
      ]) {
        const answer = await client.ask('/api/requests', {
          method: 'POST',
          body: { pipeline: 'monthly' },
          headers: { 'content-type': type },
        });
        expect([type, answer.status]).toEqual([type, 415]);
      }
    });

    test('whose name was made to point here gets nothing', async () => {
      const { console: c } = given();
      for (const host of ['evil.example', `evil.example:${c.port}`, '127.0.0.1.evil.example', '']) {
        const answer = await raw(c.port, (socket) =>
          socket.end(`GET /api/openapi.json HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
        );
        expect(statusOf(answer)).toBe(421);
      }
    });
  });

  describe('injection', () => {
    const payloads = [
      `' OR '1'='1`,
      `"; DROP TABLE account; --`,
      `1; COPY (SELECT 1) TO '/tmp/x'`,
      `<script>alert(1)</script>`,
      `a\r\nSet-Cookie: arbdata=x`,
      `__proto__`,
      `constructor`,
      `a\0b`,
      `${'x'.repeat(1500)}`,
      `../../secret.key`,
      `--home=/tmp`,
      `%00`,
      `\ud800`,
      `１１０１０１`,
      `{"$ne":null}`,
      `-1`,
      `1e309`,
    ];
    const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

    function judge(route: string, payload: string, answer: Answer): void {
      const what = `${route} with ${JSON.stringify(payload.slice(0, 40))}`;
      expect([what, answer.status < 500]).toEqual([what, true]);
      expect([what, answer.headers['content-type'] ?? 'application/json']).toEqual([
        what,
        expect.stringMatching(/^application\/json/),
      ]);
      expect([what, answer.headers['set-cookie']]).toEqual([what, undefined]);
      if (answer.status >= 400) expect([what, answer.text.includes('<script>')]).toEqual([what, false]);
    }

    test('through every parameter of a path and a query is refused or harmless', async () => {
      const { console: c } = given();
      const clients = await Promise.all(
        (['operator', 'approver', 'system-admin', 'security-admin', 'audit-admin'] as const).map(
          async (role) => ({ role, client: await c.as(accountOf(role)) }),
        ),
      );
      for (const route of ROUTES.filter(({ method }) => method === 'GET')) {
        const roles: readonly string[] | string = route.roles;
        const { client } = clients.find(({ role }) => !Array.isArray(roles) || roles.includes(role)) ??
          clients[0] ?? { client: c.client() };
        for (const name of membersOf(route.params).names) {
          for (const payload of payloads) {
            const path = route.path.replaceAll(/:(\w+)/g, (_match, own: string) =>
              own === name ? encoded(payload) : 'x',
            );
            judge(nameOf(route), payload, await client.ask(path));
          }
        }
        for (const name of [...membersOf(route.query).names, 'no-such-name']) {
          for (const payload of payloads) {
            const base = `${pathOf(given(), route)}${queryOf(route)}`;
            const known = membersOf(route.query).required.includes(name);
            const path = known
              ? `${pathOf(given(), route)}?${name}=${encoded(payload)}`
              : `${base}${base.includes('?') ? '&' : '?'}${name}=${encoded(payload)}`;
            judge(nameOf(route), payload, await client.ask(path));
          }
        }
      }
    });

    test('through every member of every body is refused', async () => {
      const { console: c } = given();
      const clients = new Map<Role, Client>();
      for (const role of ROLES) clients.set(role, await c.as(accountOf(role)));
      for (const route of ROUTES.filter(({ body }) => body !== undefined)) {
        const { names } = membersOf(route.body);
        const [first] = Array.isArray(route.roles) ? (route.roles as Role[]) : (['leader'] as Role[]);
        const client = clients.get(first ?? 'leader') ?? c.client();
        for (const name of names) {
          for (const payload of [...payloads, { $gt: '' }, ['x'], null, 1, true]) {
            const member = typeof payload === 'string' ? payload.toWellFormed() : payload;
            const body = Object.fromEntries(names.map((one) => [one, one === name ? member : 'x']));
            c.home.clock.advance(60_000);
            const answer = await client.ask(pathOf(given(), route), { method: route.method, body });
            judge(nameOf(route), String(payload), answer);
            expect([nameOf(route), name, answer.status >= 400]).toEqual([nameOf(route), name, true]);
          }
        }
      }
      expect((await c.service.ledger.verifyAudit()).ok).toBe(true);
    });

    test.each([
      ['a key of the prototype', '{"__proto__":{"roles":["operator"]},"pipeline":"monthly"}'],
      ['a constructor', '{"pipeline":"monthly","constructor":{"prototype":{}}}'],
      ['an unknown member', '{"pipeline":"monthly","home":"/tmp"}'],
      ['an option in a value', '{"pipeline":"monthly","period":"--home=/tmp"}'],
      ['another pipeline', '{"pipeline":"demo"}'],
      ['an actor', '{"pipeline":"monthly","actor":"account:admin"}'],
      ['half a document', '{"pipeline":"monthly"'],
      ['a number', '7'],
      ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
      ['a deep nest', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ])('%s in a body is refused', async (_what, text) => {
      const client = await given().console.as(accountOf('operator'));
      const answer = await client.ask('/api/requests', { method: 'POST', body: Buffer.from(text as string) });
      expect(answer.status).toBe(400);
      expect(({} as { roles?: unknown }).roles).toBeUndefined();
    });
  });

  describe('too much', () => {
    test('of a body is refused, announced or not, before and after a sign-in', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const large = Buffer.alloc(70 * 1024, 0x20);
      expect((await client.ask('/api/requests', { method: 'POST', body: large })).status).toBe(413);
      expect((await c.client().ask('/api/session', { method: 'POST', body: large })).status).toBe(413);
      const chunked = await raw(c.port, (socket) => {
        socket.write(
          `POST /api/session HTTP/1.1\r\nHost: 127.0.0.1:${c.port}\r\nOrigin: ${client.origin}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        const piece = `4000\r\n${' '.repeat(0x4000)}\r\n`;
        for (let count = 0; count < 8; count += 1) socket.write(piece);
      });
      expect(statusOf(chunked)).toBe(413);
    });

    test('of an address, of headers or of connections is refused', async () => {
      const { console: c } = given();
      expect((await c.client().ask(`/api/session?x=${'x'.repeat(3000)}`)).status).toBe(414);
      const headers = await raw(c.port, (socket) =>
        socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
      );
      expect([0, 431]).toContain(statusOf(headers));
    });

    test('of requests of one account is told', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('leader'));
      const answers = await Promise.all(Array.from({ length: 230 }, () => client.ask('/api/session')));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
      c.home.clock.advance(60_000);
      expect((await client.ask('/api/session')).status).toBe(200);
    });
  });

  describe('a slow client', () => {
    test('that drips its headers, its body, or smuggles a second request is cut off', async () => {
      const { port } = given().console;
      const drip = (head: string) =>
        raw(port, (socket) => {
          socket.write(head);
          const timer = setInterval(() => socket.write('x'), 50);
          socket.on('close', () => clearInterval(timer));
        });
      const [headers, body] = await Promise.all([
        drip(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: `),
        drip(
          `POST /api/session HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{`,
        ),
      ]);
      expect([0, 408]).toContain(statusOf(headers));
      expect([0, 408, 400]).toContain(statusOf(body));
      const smuggled = await raw(port, (socket) =>
        socket.end(
          `POST /api/session HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
        ),
      );
      expect(smuggled).not.toContain('200 OK');
    });
  });

  describe('every answer', () => {
    test('carries the headers that hold a browser to it', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('analyst'));
      for (const path of [
        '/',
        '/api/session',
        '/api/cockpit',
        '/api/no-such-route',
        '/api/openapi.json',
        '/no-such-page',
      ]) {
        const { headers } = await client.ask(path);
        expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
        expect(headers['content-security-policy']).not.toContain('unsafe');
        expect(headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'no-referrer',
        });
        expect(headers).not.toHaveProperty('x-powered-by');
        expect(headers).not.toHaveProperty('access-control-allow-origin');
      }
      expect((await client.ask('/api/session')).headers['cache-control']).toBe('no-store');
    });

    test.each(['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])('to %s is a refusal', async (method) => {
      const { console: c } = given();
      const client = await c.as(accountOf('analyst'));
      for (const path of ['/', '/api/session', '/api/cockpit'])
        expect((await client.ask(path, { method })).status).toBe(405);
    });

    test('to a defect tells a reference and nothing of the inside', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('audit-admin'));
      const { ledger } = c.service;
      const verify = ledger.verifyAudit.bind(ledger);
      ledger.verifyAudit = async () => {
        throw new Error('secret words of the inside');
      };
      const answer = await client.ask('/api/audit/verification');
      ledger.verifyAudit = verify;
      expect([answer.status, Object.keys(answer.json<{ error: object }>().error)]).toEqual([
        500,
        ['code', 'message', 'reference'],
      ]);
      expect(answer.text).not.toContain('secret');
      expect(c.home.said.join('')).toContain(answer.json<{ error: { reference: string } }>().error.reference);
    });

    test('of a public route needs nobody to be signed in', () => {
      expect(PUBLIC.map(nameOf).toSorted()).toEqual([
        'GET /api/openapi.json',
        'GET /health',
        'POST /api/session',
      ]);
    });
  });
}
