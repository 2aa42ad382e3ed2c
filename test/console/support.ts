/** A console over a real home on a real socket, accounts of every role, and clients that speak HTTP as browsers do. */
import { createHash } from 'node:crypto';
import http, { type IncomingHttpHeaders } from 'node:http';
import { type Console, openConsole } from '../../app/console/console.ts';
import { type Door, openDoor } from '../../app/console/server.ts';
import { addAccount, type Role } from '../../pipelines/accounts.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { Logger, openTerminal } from '../../pipelines/runtime/log.ts';
import { type DeriveKey, passwordHasher } from '../../pipelines/runtime/passwords.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { type Service, withService } from '../../pipelines/runtime/service.ts';
import { totpCode, totpStep } from '../../pipelines/runtime/totp.ts';
import { homeDir, type TestHome } from '../publish/support.ts';

/** As scrypt to the hasher, in no time; every piece of work is counted. */
export const work = { done: 0, costs: [] as number[] };
const countedKey: DeriveKey = async (password, salt, { cost }) => {
  work.done += 1;
  work.costs.push(cost);
  return createHash('sha256').update(salt).update(password).digest();
};
export const cheapHasher = passwordHasher(countedKey);

export const PASSWORD = 'Correct-Horse-7';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
  json<T = Record<string, unknown>>(): T;
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One browser: its cookie and the token of its session. */
export class Client {
  readonly port: number;
  cookie = '';
  csrfToken = '';

  constructor(port: number) {
    this.port = port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ask as the page would: with cookie, origin and token. */
  async ask(path: string, { method = 'GET', body, headers = {} }: Ask = {}): Promise<Answer> {
    const isChange = method !== 'GET' && method !== 'HEAD';
    const answer = await send(this.port, path, {
      method,
      body,
      headers: {
        ...(this.cookie === '' ? {} : { cookie: this.cookie }),
        ...(isChange ? { origin: this.origin, 'x-csrf-token': this.csrfToken } : {}),
        ...headers,
      },
    });
    const [set] = answer.headers['set-cookie'] ?? [];
    if (set !== undefined) this.cookie = set.split(';')[0] ?? '';
    return answer;
  }

  async signIn(name: string, password: string = PASSWORD): Promise<Answer> {
    const answer = await this.ask('/api/session', { method: 'POST', body: { name, password } });
    this.#keepToken(answer);
    return answer;
  }

  async second(code: string): Promise<Answer> {
    const answer = await this.ask('/api/session/second-factor', { method: 'POST', body: { code } });
    this.#keepToken(answer);
    return answer;
  }

  async changePassword(present: string, wanted: string): Promise<Answer> {
    const answer = await this.ask('/api/session/password', { method: 'POST', body: { present, wanted } });
    this.#keepToken(answer);
    return answer;
  }

  #keepToken(answer: Answer): void {
    if (answer.status === 200)
      this.csrfToken = answer.json<{ csrfToken?: string }>().csrfToken ?? this.csrfToken;
  }
}

/** One request as it is, nothing added. */
async function send(
  port: number,
  path: string,
  { method = 'GET', body, headers = {} }: Ask = {},
): Promise<Answer> {
  const content =
    body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: false,
        headers: {
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': content.length }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            bytes,
            json: <T>() => JSON.parse(text) as T,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(content);
  });
}

export interface TestConsole {
  readonly home: TestHome;
  readonly service: Service;
  readonly port: number;
  client(): Client;
  /** A client that has signed in. */
  as(name: string): Promise<Client>;
  /** The code that the app of an account shows now. */
  code(name: string): string;
  /** An account with this password, no second factor to be set up where its roles do not ask for one. */
  account(name: string, roles: readonly Role[], body?: string): Promise<void>;
  close(): Promise<void>;
}

const secrets = new Map<string, Buffer>();

/** Open a console over a home; `config` is the home's config.json. */
export async function testConsole(
  options: {
    readonly home?: TestHome;
    readonly config?: object;
    readonly limits?: Parameters<typeof openDoor>[2];
  } = {},
): Promise<TestConsole> {
  const home = options.home ?? (await homeDir());
  // Most tests are about what comes after the second factor; those about it say so.
  await home.configure({ console: { secondFactor: 'optional' }, ...options.config });
  const opened = Promise.withResolvers<Service>();
  const done = Promise.withResolvers<void>();
  const effects = {
    clock: home.clock,
    log: new Logger({ terminal: openTerminal({ write: (text) => home.said.push(text) }), clock: home.clock }),
    progress: silentProgress,
    actor: 'server',
    command: 'arbdata serve',
  };
  const closed = withService(home.dir, effects, async (service) => {
    opened.resolve(service);
    await done.promise;
  });
  const service = await opened.promise;
  const doorOptions = { host: '127.0.0.1', port: 0, tls: undefined };
  const console: Console = await openConsole(service, {
    door: doorOptions,
    hasher: cheapHasher,
    checkAnswers: true,
  });
  const door: Door = await openDoor(doorOptions, console.listener, options.limits ?? {});
  const { port } = door;
  const client = () => new Client(port);
  return {
    home,
    service,
    port,
    client,
    as: async (name) => {
      const one = client();
      const answer = await one.signIn(name);
      if (answer.status !== 200) throw new Error(`${name} could not sign in: ${answer.text}`);
      return one;
    },
    code: (name) => totpCode(secrets.get(name) ?? Buffer.alloc(20), totpStep(home.clock.now().getTime())),
    account: async (name, roles, body) => {
      const { password } = await addAccount(
        service,
        { actor: 'owner' },
        { name, title: name, roles, body },
        cheapHasher,
      );
      const one = client();
      await one.signIn(name, password);
      const changed = await one.changePassword(password, PASSWORD);
      if (changed.status !== 200)
        throw new Error(`the password of ${name} could not be changed: ${changed.text}`);
    },
    close: async () => {
      await door.close();
      await console.close();
      done.resolve();
      await closed;
      await removeTree(home.dir);
    },
  };
}

export function keepSecret(name: string, base32: string): void {
  const bits = [...base32]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  secrets.set(name, Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))));
}
