/** Passwords, one-time codes and sealed secrets by themselves; the accounts of the command line. */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { openHome } from '../../pipelines/runtime/home.ts';
import { passwordHasher, passwordProblem } from '../../pipelines/runtime/passwords.ts';
import { derivedKey, seal, unseal } from '../../pipelines/runtime/sealing.ts';
import { base32, matchingStep, totpCode, totpStep } from '../../pipelines/runtime/totp.ts';
import { rolesProblem } from '../../schemas/accounts.ts';
import { arbdata, documentOf } from '../app/support.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-accounts-'));
});
afterAll(() => removeTree(dir));

describe('one-time codes', () => {
  // RFC 6238, appendix B, SHA-1.
  test.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('at %d s are those of the RFC', (seconds, code) => {
    expect(totpCode(Buffer.from('12345678901234567890'), totpStep(seconds * 1000), 8)).toBe(code);
  });

  test('of one step before or after are taken, none twice', () => {
    const secret = Buffer.from('12345678901234567890');
    const nowMs = 1_700_000_000_000;
    const step = totpStep(nowMs);
    const match = (at: number, usedStep = 0) =>
      matchingStep(secret, totpCode(secret, at), { nowMs, usedStep });
    expect([-2, -1, 0, 1, 2].map((skew) => match(step + skew))).toEqual([
      undefined,
      step - 1,
      step,
      step + 1,
      undefined,
    ]);
    expect([match(step, step), match(step - 1, step), match(step + 1, step)]).toEqual([
      undefined,
      undefined,
      step + 1,
    ]);
    expect(matchingStep(secret, `${totpCode(secret, step)}0`, { nowMs, usedStep: 0 })).toBeUndefined();
  });

  test('are typed in base 32', () => {
    expect(base32(Buffer.from('foobar'))).toBe('MZXW6YTBOI');
  });
});

describe('a password', () => {
  test('is hashed by scrypt with its parameters beside it, each time with another salt', async () => {
    const hasher = passwordHasher();
    const stored = await hasher.hash('Correct-Horse-7');
    expect(stored).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
    expect(await hasher.matches('Correct-Horse-7', stored)).toBe(true);
    expect(await hasher.matches('Correct-Horse-8', stored)).toBe(false);
    expect(await hasher.matches('Correct-Horse-7', undefined)).toBe(false);
  });

  test.each(['Correct-Horse-7', '正确的马-Battery-9', 'zQ9 four words here'])('%s is taken', (password) => {
    expect(passwordProblem(password, 'li.na')).toBeUndefined();
  });
});

test('a sealed secret opens with its key and label alone', () => {
  const key = derivedKey(openHome(dir), 'totp');
  const sealed = seal(key, 'li.na', Buffer.from('secret'));
  expect(unseal(key, 'li.na', sealed).toString()).toBe('secret');
  expect(() => unseal(key, 'other', sealed)).toThrow(/cannot be read/);
  expect(() => unseal(derivedKey(openHome(dir), 'csrf'), 'li.na', sealed)).toThrow(/cannot be read/);
});

describe('roles', () => {
  test.each([
    [['analyst', 'operator', 'approver'], null, true],
    [['system-admin'], null, true],
    [['system-admin', 'security-admin'], null, false],
    [['audit-admin', 'analyst'], null, false],
    [['district'], '110101', true],
    [['district'], null, false],
    [['district', 'leader'], '110101', false],
    [['leader'], '110101', false],
    [['leader', 'leader'], null, false],
    [[], null, true],
  ] as const)('%j with body %s: %s', (roles, body, isAllowed) => {
    expect(rolesProblem(roles, body) === undefined).toBe(isAllowed);
  });
});

describe('arbdata account', () => {
  const run = (...args: readonly string[]) => arbdata('--home', dir, 'account', ...args);

  test('adds, lists, changes, resets, disables; each is in the audit record', async () => {
    const added = documentOf(await run('add', 'li.na', 'analyst,operator', '--title', '李娜', '--json'));
    expect(added).toMatchObject({
      account: { name: 'li.na', roles: ['analyst', 'operator'], mustChange: true },
    });
    expect(added['oneTimePassword']).toMatch(/^\w{5}(-\w{5}){3}$/);
    expect(JSON.stringify(documentOf(await run('list', '--json')))).not.toMatch(/scrypt|oneTimePassword/);
    expect((await run('add', 'dongcheng', 'district', '--body', '110101')).code).toBe(0);
    expect(documentOf(await run('roles', 'li.na', 'approver', '--json'))).toMatchObject({
      account: { roles: ['approver'] },
    });
    expect((await run('reset', 'li.na', '--second-factor')).stdout).toContain('one-time password: ');
    expect((await run('unlock', 'li.na')).code).toBe(0);
    expect(documentOf(await run('disable', 'li.na', '--json'))).toMatchObject({
      account: { state: 'disabled' },
    });
    expect((await run('enable', 'li.na')).code).toBe(0);
    expect((await run('list')).stdout).toMatch(/dongcheng\s+dongcheng\s+district 110101\s+enabled/);
    expect((await arbdata('--home', dir, 'audit', 'verify')).code).toBe(0);
  });

  test.each([
    [['add', 'li.na'], 'E_USAGE'],
    [['add', 'Li Na'], 'E_ACCOUNT'],
    [['add', 'wang', 'king'], 'E_USAGE'],
    [['add', 'wang', 'district'], 'E_ACCOUNT'],
    [['add', 'wang', 'system-admin,audit-admin'], 'E_ACCOUNT'],
    [['reset', 'nobody'], 'E_NOT_FOUND'],
  ])('%j is refused', async (args, code) => {
    const ended = await run(...args, '--json');
    expect(ended.code).toBe(2);
    expect(documentOf(ended)).toMatchObject({ error: { code } });
  });

  test('the only system administrator stays', async () => {
    await run('add', 'root1', 'system-admin');
    expect(documentOf(await run('disable', 'root1', '--json'))).toMatchObject({
      error: { code: 'E_ACCOUNT' },
    });
    expect(documentOf(await run('roles', 'root1', '', '--json'))).toMatchObject({
      error: { code: 'E_ACCOUNT' },
    });
    await run('add', 'root2', 'system-admin');
    expect((await run('disable', 'root1')).code).toBe(0);
  });

  test('a ticket of the console works once, for its words, and for nobody else', async () => {
    const { issueRequest, claimTicket } = await import('../../pipelines/requests.ts');
    const { withService } = await import('../../pipelines/runtime/service.ts');
    const { systemClock } = await import('../../pipelines/runtime/clock.ts');
    const { silentLog } = await import('../../pipelines/runtime/log.ts');
    const { silentProgress } = await import('../../pipelines/runtime/progress.ts');
    const words = ['runs', 'show', 'R1'];
    const effects = {
      clock: systemClock,
      log: silentLog,
      progress: silentProgress,
      actor: 'owner',
      command: 'arbdata runs show R1 --json',
    };
    await withService(dir, effects, async (service) => {
      const { environment } = await issueRequest(service, 'account:li.na', words);
      await expect(
        claimTicket({ ...service, command: 'arbdata runs --json' }, { ...environment }),
      ).rejects.toMatchObject({ code: 'E_USAGE' });
      expect((await claimTicket(service, { ...environment })).actor).toBe('account:li.na');
      await expect(claimTicket(service, { ...environment })).rejects.toMatchObject({ code: 'E_USAGE' });
      const forged = { ARBDATA_TICKET: JSON.stringify({ ticket: 'x', words }) };
      await expect(claimTicket(service, forged)).rejects.toMatchObject({ code: 'E_USAGE' });
      expect((await claimTicket(service, {})).actor).toBe('owner');
    });
  });
});
