/** Signing in: passwords, the second factor, sessions, lock-outs; the same work and words for whoever is not known. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { firstAdministrator } from '../../pipelines/accounts.ts';
import { cheapHasher, keepSecret, PASSWORD, type TestConsole, testConsole, work } from './support.ts';

let console_: TestConsole;
beforeAll(async () => {
  console_ = await testConsole({ config: { console: { secondFactor: 'administrators-and-approvers' } } });
  await console_.account('analyst', ['analyst']);
});
afterAll(() => console_.close());
// Attempts of one test are not counted in the next.
beforeEach(() => console_.home.clock.advance(10 * 60_000));

const audited = async (action: string) => await console_.service.ledger.latestAudit({ limit: 50, action });

describe('a password', () => {
  test('opens a session that the cookie alone carries', async () => {
    const client = console_.client();
    const answer = await client.signIn('analyst');
    expect(answer.status).toBe(200);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^arbdata=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(answer.text).not.toContain(client.cookie.slice('arbdata='.length));
    expect((await client.ask('/api/session')).json()).toMatchObject({
      stage: 'full',
      account: { name: 'analyst', roles: ['analyst'] },
    });
    const [session] = await console_.service.ledger.accounts.sessionsOf('analyst');
    const id = client.cookie.slice('arbdata='.length);
    expect(session?.idHash).not.toContain(id);
    expect((await audited('session.begin'))[0]).toMatchObject({
      actor: 'account:analyst',
      detail: { address: '127.0.0.1' },
    });
  });

  test('that is wrong is refused as an unknown account is: same answer, same work', async () => {
    const before = work.done;
    const wrong = await console_.client().signIn('analyst', 'not it at all');
    const afterWrong = work.done;
    const unknown = await console_.client().signIn('nobody', 'not it at all');
    const afterUnknown = work.done;
    const impossible = await console_.client().signIn("x' OR 1=1 --", 'not it at all');
    expect([wrong.status, unknown.status, impossible.status]).toEqual([401, 401, 401]);
    expect(unknown.text).toBe(wrong.text);
    expect(impossible.text).toBe(wrong.text);
    expect(new Set([wrong, unknown].map(({ headers }) => Object.keys(headers).sort().join()))).toHaveProperty(
      'size',
      1,
    );
    expect([afterWrong - before, afterUnknown - afterWrong, work.done - afterUnknown]).toEqual([1, 1, 1]);
    expect(new Set(work.costs.slice(-3))).toEqual(new Set([32_768]));
    expect((await audited('session.refuse')).slice(0, 2)).toMatchObject([
      { actor: 'unknown' },
      { actor: 'unknown' },
    ]);
  });

  test('must satisfy the rules, and does not come back', async () => {
    const client = await console_.as('analyst');
    for (const [wanted, problem] of [
      ['Short-1', '至少12'],
      ['alllowercaseletters', '三类'],
      ['Analyst-2026-xyz', '账号名'],
      ['Password-2026-xyz', '常见'],
      ['Aaaaaaaaaaaa-1', '重复'],
      [PASSWORD, '最近用过'],
    ]) {
      const answer = await client.changePassword(PASSWORD, wanted ?? '');
      expect(answer.status, wanted).toBe(422);
      expect(answer.text).toContain(problem);
    }
  });

  test('changed ends every other session, and the own one gets another id', async () => {
    const [one, other] = [await console_.as('analyst'), await console_.as('analyst')];
    const old = one.cookie;
    expect((await one.changePassword(PASSWORD, 'Another-Horse-8')).status).toBe(200);
    expect(one.cookie).not.toBe(old);
    expect((await other.ask('/api/indicators')).status).toBe(401);
    expect((await one.ask('/api/indicators')).status).toBe(200);
    expect((await one.changePassword('Another-Horse-8', PASSWORD)).status).toBe(422);
    for (const next of [
      'Third-Horse-9!',
      'Fourth-Horse-9!',
      'Fifth-Horse-9!',
      'Sixth-Horse-9!',
      'Seventh-Horse-9!',
    ]) {
      const present = one.csrfToken;
      expect(present).not.toBe('');
      const [last] = history.slice(-1);
      expect((await one.changePassword(last ?? 'Another-Horse-8', next)).status).toBe(200);
      history.push(next);
    }
    expect((await one.changePassword('Seventh-Horse-9!', PASSWORD)).status).toBe(200);
  });
  const history: string[] = [];
});

describe('the first administrator', () => {
  test('is made once, with a one-time password that opens nothing but its change', async () => {
    const fresh = await testConsole({
      config: { console: { secondFactor: 'administrators-and-approvers' } },
    });
    const made = await firstAdministrator(fresh.service, cheapHasher);
    expect(made?.name).toBe('admin');
    expect(await firstAdministrator(fresh.service, cheapHasher)).toBeUndefined();
    const client = fresh.client();
    expect((await client.signIn('admin', made?.password)).json()).toMatchObject({ stage: 'change-password' });
    const refused = await client.ask('/api/accounts');
    expect([refused.status, refused.json()]).toMatchObject([
      403,
      { error: { code: 'unfinished-sign-in', stage: 'change-password' } },
    ]);
    expect((await client.changePassword(made?.password ?? '', PASSWORD)).json()).toMatchObject({
      stage: 'enrol',
    });
    expect((await client.ask('/api/accounts')).status).toBe(403);
    await fresh.close();
  });

  test('cannot sign in with a one-time password that is too old', async () => {
    const fresh = await testConsole();
    const made = await firstAdministrator(fresh.service, cheapHasher);
    fresh.home.clock.advance(73 * 3_600_000);
    expect((await fresh.client().signIn('admin', made?.password)).status).toBe(401);
    await fresh.close();
  });
});

describe('the second factor', () => {
  const enrol = async (name: string) => {
    const client = await console_.as(name);
    expect((await client.ask('/api/session')).json()).toMatchObject({ stage: 'enrol' });
    const { secret } = (await client.ask('/api/session/enrolment', { method: 'POST' })).json<{
      secret: string;
    }>();
    keepSecret(name, secret);
    const confirmed = await client.ask('/api/session/enrolment/confirmation', {
      method: 'POST',
      body: { code: console_.code(name) },
    });
    return { client, confirmed, secret };
  };

  test('is asked for, works once, tolerates a step of skew, and is stored encrypted', async () => {
    await console_.account('approver', ['approver']);
    const { confirmed, secret } = await enrol('approver');
    const { recoveryCodes, session } = confirmed.json<{
      recoveryCodes: string[];
      session: { stage: string };
    }>();
    expect([recoveryCodes.length, session.stage]).toEqual([10, 'full']);
    const stored = await console_.service.ledger.accounts.find('approver');
    expect(stored?.totpSecret).not.toContain(secret);

    const client = console_.client();
    const used = console_.code('approver');
    expect((await client.signIn('approver')).json()).toMatchObject({ stage: 'second-factor' });
    expect((await client.ask('/api/runs')).status).toBe(403);
    // The code that confirmed it was used up.
    expect((await client.second(used)).status).toBe(401);
    console_.home.clock.advance(60_000);
    const early = console_.code('approver');
    console_.home.clock.advance(30_000);
    const before = client.cookie;
    expect((await client.second(early)).status).toBe(200);
    expect(client.cookie).not.toBe(before);
    expect((await client.ask('/api/runs')).status).toBe(200);

    const again = console_.client();
    await again.signIn('approver');
    expect((await again.second(early)).status).toBe(401);
    console_.home.clock.advance(90_000);
    expect((await again.second(early)).status).toBe(401);

    const [code = ''] = recoveryCodes;
    expect((await again.second(code)).status).toBe(200);
    const third = console_.client();
    await third.signIn('approver');
    expect((await third.second(code)).status).toBe(401);
  });

  test('cannot be set up again, or for another, without the one that is there', async () => {
    await console_.account('approver2', ['approver']);
    const { client, confirmed } = await enrol('approver2');
    client.csrfToken = confirmed.json<{ session: { csrfToken: string } }>().session.csrfToken;
    expect((await client.ask('/api/session/enrolment', { method: 'POST' })).status).toBe(401);
  });

  test('guesses lock the account', async () => {
    await console_.account('approver3', ['approver']);
    await enrol('approver3');
    console_.home.clock.advance(60_000);
    const client = console_.client();
    await client.signIn('approver3');
    for (let guess = 0; guess < 5; guess += 1) expect((await client.second('000000')).status).toBe(401);
    expect((await client.second(console_.code('approver3'))).status).toBe(401);
    expect((await console_.client().signIn('approver3')).status).toBe(401);
  });
});

describe('a session', () => {
  test('ends when nothing is asked for a while, and after its time whatever is asked', async () => {
    const idle = await console_.as('analyst');
    console_.home.clock.advance(31 * 60_000);
    expect((await idle.ask('/api/session')).status).toBe(401);
    const busy = await console_.as('analyst');
    for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
      expect((await busy.ask('/api/session')).status).toBe(200);
      console_.home.clock.advance(20 * 60_000);
    }
    expect((await busy.ask('/api/session')).status).toBe(401);
  });

  test('cannot be chosen by a browser: a sign-in never takes the id that came with it', async () => {
    const client = console_.client();
    const planted = 'A'.repeat(43);
    client.cookie = `arbdata=${planted}`;
    expect((await client.signIn('analyst')).status).toBe(200);
    expect(client.cookie).not.toContain(planted);
    const other = console_.client();
    other.cookie = `arbdata=${planted}`;
    expect((await other.ask('/api/session')).status).toBe(401);
  });

  test('that was there ends when its browser signs in again', async () => {
    const client = await console_.as('analyst');
    const old = client.cookie;
    await client.signIn('analyst');
    const other = console_.client();
    other.cookie = old;
    expect((await other.ask('/api/session')).status).toBe(401);
  });

  test('ends at the sign-out, all of them at the sign-out everywhere', async () => {
    const [one, two] = [await console_.as('analyst'), await console_.as('analyst')];
    const kept = one.cookie;
    expect((await one.ask('/api/session', { method: 'DELETE' })).status).toBe(204);
    const old = console_.client();
    old.cookie = kept;
    expect((await old.ask('/api/session')).status).toBe(401);
    expect((await two.ask('/api/session')).status).toBe(200);
    const three = await console_.as('analyst');
    expect((await three.ask('/api/sessions', { method: 'DELETE' })).status).toBe(204);
    expect((await two.ask('/api/session')).status).toBe(401);
  });

  test.each([
    ['forged', (id: string) => `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`],
    ['hashed', (id: string) => createHash('sha256').update(id).digest('hex')],
  ])('that is %s opens nothing', async (_kind, forge) => {
    const client = await console_.as('analyst');
    const [name = '', id = ''] = client.cookie.split('=');
    client.cookie = `${name}=${forge(id)}`;
    expect((await client.ask('/api/session')).status).toBe(401);
  });
});

describe('a lock-out', () => {
  test('comes after five refusals, grows, takes the right password neither, and is released', async () => {
    await console_.account('locked', ['leader']);
    const wrong = async () => (await console_.client().signIn('locked', 'wrong')).status;
    const right = async () => (await console_.client().signIn('locked')).status;
    for (let guess = 0; guess < 5; guess += 1) expect(await wrong()).toBe(401);
    expect(await right()).toBe(401);
    console_.home.clock.advance(59_000);
    expect(await right()).toBe(401);
    console_.home.clock.advance(2_000);
    for (let guess = 0; guess < 5; guess += 1) expect(await wrong()).toBe(401);
    console_.home.clock.advance(90_000);
    expect(await right()).toBe(401);
    console_.home.clock.advance(31_000);
    expect(await right()).toBe(200);
    expect(await console_.service.ledger.accounts.find('locked')).toMatchObject({
      failures: 0,
      locks: 0,
      lockedUntil: null,
    });
    expect((await audited('account.lock')).length).toBeGreaterThanOrEqual(2);
  });

  test('of too many attempts from one address is told with the time to wait, for names that do not exist too', async () => {
    const answers = [];
    for (let guess = 0; guess < 31; guess += 1)
      answers.push(await console_.client().signIn(`nobody${guess}`, 'x'));
    const last = answers.at(-1);
    expect([answers.at(-2)?.status, last?.status]).toEqual([401, 429]);
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await audited('session.limit')).length).toBe(1);
    console_.home.clock.advance(60_000);
    expect((await console_.client().signIn('analyst')).status).toBe(200);
  });
});
