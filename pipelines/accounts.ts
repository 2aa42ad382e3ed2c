/**
 * Accounts of the console and their administration. The three administrations check one another: the system
 * administrator makes, disables and resets accounts, the security administrator gives roles, the audit administrator
 * reads the record. The command line belongs to the owner of the home, who may do all of it.
 */
import {
  ADMINISTRATIONS,
  accountName,
  bodyCode,
  isAdministration,
  type Role,
  rolesProblem,
} from '../schemas/accounts.ts';
import { shanghaiStampMs } from './runtime/clock.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Account } from './runtime/ledger-accounts.ts';
import {
  legibleSecret,
  type PasswordHasher,
  passwordHasher,
  REMEMBERED_PASSWORDS,
} from './runtime/passwords.ts';
import type { Service } from './runtime/service.ts';

export {
  accountName,
  bodyCode,
  ROLE_TITLES,
  ROLES,
  type Role,
  role,
  TOKEN_SCOPES,
  type TokenScope,
  WORK_ROLES,
} from '../schemas/accounts.ts';
export type { Account, ApiToken } from './runtime/ledger-accounts.ts';

const HOUR_MS = 3_600_000;
const FIRST_ACCOUNT = 'admin';

/** Who acts on accounts: an account of the console, or the owner of the home on the command line. */
export interface Administrator {
  readonly actor: string;
  /** Absent: the owner of the home. */
  readonly account?: Account;
}

/** How the audit record and runs name an account: no user of the operating system is called so. */
export const actorOf = (name: string): string => `account:${name}`;

/** Whether two actors may be one person: an account and a system user of the same name count as one. */
export function maybeSamePerson(one: string, other: string): boolean {
  const bare = (actor: string): string => actor.replace(/^account:/, '').toLowerCase();
  return bare(one) === bare(other);
}

/** Accounts as administrators see them: no hash, no secret. */
export interface ShownAccount {
  readonly name: string;
  readonly title: string;
  readonly roles: readonly Role[];
  readonly body: string | null;
  readonly state: 'enabled' | 'disabled';
  readonly secondFactor: boolean;
  readonly mustChange: boolean;
  readonly lockedUntil: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly lastSignInAt: string | null;
}

export function shownAccount(account: Account): ShownAccount {
  const { name, title, roles, orgCode, state, totpConfirmed, mustChange, lockedUntil } = account;
  const { createdAt, createdBy, lastSignInAt } = account;
  const when = { createdAt, createdBy, lastSignInAt };
  return {
    name,
    title,
    roles,
    body: orgCode,
    state,
    secondFactor: totpConfirmed,
    mustChange,
    lockedUntil,
    ...when,
  };
}

/** @throws ArbdataError E_NOT_FOUND */
export async function getAccount({ ledger }: Pick<Service, 'ledger'>, name: string): Promise<Account> {
  const account = await ledger.accounts.find(name);
  if (account !== undefined) return account;
  throw new ArbdataError('E_NOT_FOUND', `there is no account ${name}`, {
    advice: 'See `arbdata account list`.',
  });
}

/**
 * Where there is no account at all, make the first administrator.
 * @returns its name and one-time password, to be shown once; undefined where there are accounts
 */
export async function firstAdministrator(
  service: Service,
  hasher: PasswordHasher = passwordHasher(),
): Promise<{ readonly name: string; readonly password: string } | undefined> {
  if ((await service.ledger.accounts.list()).length > 0) return undefined;
  const { password, ...stored } = await oneTimePassword(service, hasher);
  const account = {
    name: FIRST_ACCOUNT,
    title: '系统管理员',
    roles: ['system-admin' as const],
    orgCode: null,
  };
  const made = await service.ledger.accounts.add({ ...account, ...stored, actor: service.actor }, true);
  return made ? { name: FIRST_ACCOUNT, password } : undefined;
}

export interface NewAccountRequest {
  readonly name: string;
  readonly title: string;
  readonly roles: readonly Role[];
  readonly body?: string | undefined;
}

/**
 * Make an account.
 * @returns its one-time password, to be shown once
 * @throws ArbdataError E_ACCOUNT, E_FORBIDDEN, E_USAGE where the name is taken
 */
export async function addAccount(
  service: Service,
  by: Administrator,
  request: NewAccountRequest,
  hasher: PasswordHasher = passwordHasher(),
): Promise<{ readonly password: string }> {
  const { name, title, roles } = request;
  const body = request.body ?? null;
  if (!accountName.safeParse(name).success) {
    throw refused(
      `${JSON.stringify(name)} is not the name of an account`,
      'Use 2 to 32 of a–z, 0–9, ".", "-", "_", a letter first.',
    );
  }
  checkRoles(roles, body);
  await requireMayGive(service, by, roles);
  const { password, ...stored } = await oneTimePassword(service, hasher);
  await service.ledger.accounts.add({
    name,
    title: title.trim() || name,
    roles,
    orgCode: body,
    ...stored,
    actor: by.actor,
  });
  return { password };
}

/**
 * Give an account other roles; its sessions end.
 * @throws ArbdataError E_ACCOUNT, E_FORBIDDEN, E_NOT_FOUND
 */
export async function giveRoles(
  service: Service,
  by: Administrator,
  request: { readonly name: string; readonly roles: readonly Role[]; readonly body?: string | undefined },
): Promise<void> {
  const { name, roles } = request;
  const body = request.body ?? null;
  const account = await getAccount(service, name);
  requireAdministration(by, 'security-admin');
  refuseOwn(by, name);
  checkRoles(roles, body);
  if (account.roles.includes('system-admin') && !roles.includes('system-admin'))
    await refuseLast(service, account);
  const detail = { before: account.roles, roles, orgCode: body };
  const audit = { actor: by.actor, action: 'account.roles', subject: name, detail };
  await service.ledger.accounts.change(name, { roles, orgCode: body }, audit, { endSessions: true });
}

/** Disable or enable an account. @throws ArbdataError E_ACCOUNT, E_FORBIDDEN, E_NOT_FOUND */
export async function setAccountState(
  service: Service,
  by: Administrator,
  name: string,
  state: Account['state'],
): Promise<void> {
  const account = await getAccount(service, name);
  requireAdministration(by, 'system-admin');
  refuseOwn(by, name);
  if (state === 'disabled') await refuseLast(service, account);
  const action = state === 'disabled' ? 'account.disable' : 'account.enable';
  const audit = { actor: by.actor, action, subject: name };
  await service.ledger.accounts.change(name, { state }, audit, { endSessions: true });
}

/**
 * Give an account a one-time password. Accounts of administrations are reset on the command line alone: whoever could
 * set the password of another administration would hold both.
 * @throws ArbdataError E_FORBIDDEN, E_NOT_FOUND
 */
export async function resetPassword(
  service: Service,
  by: Administrator,
  name: string,
  hasher: PasswordHasher = passwordHasher(),
): Promise<{ readonly password: string }> {
  const account = await getAccount(service, name);
  requireAdministration(by, 'system-admin');
  refuseOwn(by, name);
  if (by.account !== undefined && account.roles.some(isAdministration)) {
    throw forbidden('the password of an administrator is reset on the command line: `arbdata account reset`');
  }
  const { password, ...stored } = await oneTimePassword(service, hasher);
  const audit = { actor: by.actor, action: 'account.reset', subject: name, detail: { what: 'password' } };
  await service.ledger.accounts.setPassword(name, { ...stored, remembered: REMEMBERED_PASSWORDS }, audit);
  return { password };
}

/**
 * Take the second factor away: the account sets up another one. Not by who resets passwords: it takes two persons.
 * @throws ArbdataError E_FORBIDDEN, E_NOT_FOUND
 */
export async function resetSecondFactor(service: Service, by: Administrator, name: string): Promise<void> {
  const account = await getAccount(service, name);
  requireAdministration(by, 'security-admin');
  refuseOwn(by, name);
  if (by.account !== undefined && account.roles.some(isAdministration)) {
    throw forbidden(
      'the second factor of an administrator is reset on the command line: `arbdata account reset`',
    );
  }
  const audit = {
    actor: by.actor,
    action: 'account.reset',
    subject: name,
    detail: { what: 'second factor' },
  };
  await service.ledger.accounts.setTotp(name, null, audit);
  await service.ledger.accounts.endSessions(name, { ...audit, action: 'session.end-all', detail: {} });
}

/** End a lock-out before its time. @throws ArbdataError E_FORBIDDEN, E_NOT_FOUND */
export async function unlockAccount(service: Service, by: Administrator, name: string): Promise<void> {
  await getAccount(service, name);
  requireAdministration(by, 'security-admin');
  refuseOwn(by, name);
  const audit = { actor: by.actor, action: 'account.unlock', subject: name };
  await service.ledger.accounts.change(name, { lockedUntil: null, failures: 0, locks: 0 }, audit);
}

/** End all sessions of another account. @throws ArbdataError E_FORBIDDEN, E_NOT_FOUND */
export async function endSessions(service: Service, by: Administrator, name: string): Promise<void> {
  await getAccount(service, name);
  requireAdministration(by, 'security-admin');
  await service.ledger.accounts.endSessions(name, {
    actor: by.actor,
    action: 'session.end-all',
    subject: name,
  });
}

async function oneTimePassword(
  { clock, config }: Pick<Service, 'clock' | 'config'>,
  hasher: PasswordHasher,
): Promise<{ password: string; passwordHash: string; oneTimeUntil: string }> {
  const password = legibleSecret(4, 5);
  const endMs = clock.now().getTime() + config.console.oneTimePasswordHours * HOUR_MS;
  const oneTimeUntil = shanghaiStampMs({ now: () => new Date(endMs) });
  return { password, passwordHash: await hasher.hash(password), oneTimeUntil };
}

function checkRoles(roles: readonly Role[], body: string | null): void {
  const problem = rolesProblem(roles, body);
  if (problem !== undefined) throw refused(problem, 'See docs/console.md, "Roles".');
  if (body !== null && !bodyCode.safeParse(body).success) {
    throw refused(`${JSON.stringify(body)} is not the code of a body`, 'Give a code such as 110101.');
  }
}

/**
 * A system administrator makes accounts without roles. The one exception lets a new system begin: the first security
 * administrator and the first audit administrator.
 */
async function requireMayGive(service: Service, by: Administrator, roles: readonly Role[]): Promise<void> {
  requireAdministration(by, 'system-admin');
  if (by.account === undefined || roles.length === 0) return;
  const [first] = roles;
  const others = await service.ledger.accounts.list();
  const isVacant =
    first !== undefined &&
    first !== 'system-admin' &&
    (ADMINISTRATIONS as readonly Role[]).includes(first) &&
    !others.some((one) => one.state === 'enabled' && one.roles.includes(first));
  if (!isVacant) throw forbidden('roles are given by the security administrator');
}

function requireAdministration({ account }: Administrator, wanted: Role): void {
  if (account === undefined || account.roles.includes(wanted)) return;
  throw forbidden(`this takes the role ${wanted}`);
}

function refuseOwn({ account }: Administrator, name: string): void {
  if (account?.name === name) throw forbidden('nobody does this to the own account');
}

/** Somebody must be left who can make accounts. */
async function refuseLast({ ledger }: Service, account: Account): Promise<void> {
  if (!account.roles.includes('system-admin') || account.state === 'disabled') return;
  const others = (await ledger.accounts.list()).filter(
    ({ name, state, roles }) =>
      name !== account.name && state === 'enabled' && roles.includes('system-admin'),
  );
  if (others.length > 0) return;
  throw refused(`${account.name} is the only system administrator`, 'Make another one first.');
}

function refused(what: string, advice: string): ArbdataError {
  return new ArbdataError('E_ACCOUNT', what, { advice });
}

function forbidden(what: string): ArbdataError {
  return new ArbdataError('E_FORBIDDEN', what, { advice: 'See docs/console.md, "Roles".' });
}
