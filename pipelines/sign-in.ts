/**
 * Who is at the door: passwords, second factors, sessions and API tokens. Whatever is wrong with a name and a password,
 * the work done and the answer are the same.
 */
import { randomBytes } from 'node:crypto';
import type { Role, TokenScope } from '../schemas/accounts.ts';
import { isAdministration } from '../schemas/accounts.ts';
import { actorOf } from './accounts.ts';
import { shanghaiStampMs, stampToMs } from './runtime/clock.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Account, ApiToken, Session } from './runtime/ledger-accounts.ts';
import {
  legibleSecret,
  type PasswordHasher,
  passwordHasher,
  passwordProblem,
  REMEMBERED_PASSWORDS,
} from './runtime/passwords.ts';
import { addressKey, RateLimit } from './runtime/rate-limit.ts';
import { derivedKey, keyedHash, randomToken, seal, tokenHash, unseal } from './runtime/sealing.ts';
import type { Service } from './runtime/service.ts';
import { base32, matchingStep, newTotpSecret, totpUri } from './runtime/totp.ts';

export { type PasswordHasher, passwordHasher } from './runtime/passwords.ts';
export { addressKey, RateLimit } from './runtime/rate-limit.ts';
export { isSameText } from './runtime/sealing.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** So many refusals in a row lock an account. */
const FAILURES_TO_LOCK = 5;
/** The first lock-out; each further one without a sign-in between them lasts twice as long. */
const FIRST_LOCK_MS = MINUTE_MS;
const LONGEST_LOCK_MS = HOUR_MS;
/** Between password and second factor, and until a first password is changed. */
const UNFINISHED_MS = 10 * MINUTE_MS;
/** A session's or token's last use is kept to the minute: not every request writes. */
const TOUCH_MS = MINUTE_MS;
const RECOVERY_CODES = 10;
const TOKEN_PREFIX = 'arb_';

/** Attempts, per name and per address; those that succeed do not count. */
const NAME_RATE = { burst: 10, perMinute: 10 };
const ADDRESS_RATE = { burst: 30, perMinute: 30 };

/** What a session may do: until `full`, only what brings it there. */
export type Stage = 'second-factor' | 'change-password' | 'enrol' | 'full';

/** Somebody who is known. */
export interface Principal {
  readonly account: Account;
  /** As runs and the audit record name them. */
  readonly actor: string;
  readonly stage: Stage;
  /** Absent for a request with an API token. */
  readonly session?: Session & { readonly csrfToken: string };
  /** Absent for a session. */
  readonly token?: ApiToken;
}

/** A session that begins: its id goes to the browser and is stored nowhere. */
export interface Begun {
  readonly id: string;
  readonly principal: Principal;
}

export interface Attempt {
  readonly address: string;
  /** The session that the browser brought along: it ends. */
  readonly oldSession?: string | undefined;
}

/** Whether the roles ask for a second factor. */
function needsSecondFactor(
  roles: readonly Role[],
  policy: Service['config']['console']['secondFactor'],
): boolean {
  if (policy === 'everyone') return true;
  return policy !== 'optional' && roles.some((role) => isAdministration(role) || role === 'approver');
}

export class Doorkeeper {
  readonly #service: Service;
  readonly hasher: PasswordHasher;
  readonly #names: RateLimit;
  readonly #addresses: RateLimit;
  readonly #totpKey: Buffer;
  readonly #csrfKey: Buffer;
  readonly #recoveryKey: Buffer;

  constructor(service: Service, hasher: PasswordHasher = passwordHasher()) {
    this.#service = service;
    this.hasher = hasher;
    this.#names = new RateLimit(NAME_RATE, service.clock);
    this.#addresses = new RateLimit(ADDRESS_RATE, service.clock);
    this.#totpKey = derivedKey(service.home, 'totp');
    this.#csrfKey = derivedKey(service.home, 'csrf');
    this.#recoveryKey = derivedKey(service.home, 'recovery-code');
  }

  /**
   * Name and password.
   * @throws ArbdataError E_SIGN_IN, the same whatever is wrong; E_RATE_LIMIT
   */
  async signIn(name: string, password: string, attempt: Attempt): Promise<Begun> {
    await this.#takeTurn(name, attempt.address);
    const account = await this.#accounts.find(name);
    const isRight = await this.hasher.matches(password, account?.passwordHash);
    if (account === undefined) {
      await this.#audit('session.refuse', 'unknown', { reason: 'unknown account', address: attempt.address });
      throw refusal();
    }
    const reason = this.#closedReason(account) ?? (isRight ? undefined : 'wrong password');
    if (reason !== undefined) {
      await this.#refuse(account, reason, attempt.address);
      throw refusal();
    }
    this.#giveTurnBack(name, attempt.address);
    return this.#begin(account, attempt, { secondFactor: false });
  }

  /**
   * The second factor of a session: a code of the app, or one of the recovery codes. The session gets another id.
   * @throws ArbdataError E_SIGN_IN, E_RATE_LIMIT
   */
  async passSecondFactor(
    { account, session, stage }: Principal,
    code: string,
    address: string,
  ): Promise<Begun> {
    if (session === undefined || stage !== 'second-factor') throw refusal();
    await this.#takeTurn(account.name, address);
    // The account as it is now: it may have been locked since.
    const present = (await this.#accounts.find(account.name)) ?? account;
    const closed = this.#closedReason(present);
    const passed = closed === undefined && (await this.#isSecondFactor(present, code));
    if (!passed) {
      await this.#refuse(present, closed ?? 'wrong code', address);
      throw refusal();
    }
    this.#giveTurnBack(account.name, address);
    return this.#begin(
      present,
      { address, oldSession: session.idHash },
      { secondFactor: true, isHash: true },
    );
  }

  /** Who a cookie belongs to; undefined where it is not, or no longer, valid. */
  async bySession(id: string): Promise<Principal | undefined> {
    const session = await this.#accounts.findSession(tokenHash(id));
    if (session === undefined) return undefined;
    const account = await this.#accounts.find(session.account);
    if (account === undefined || account.state === 'disabled') return undefined;
    const nowMs = this.#nowMs();
    const seenMs = stampToMs(session.lastSeenAt);
    const idleMs = this.#service.config.console.idleMinutes * MINUTE_MS;
    const principal = this.#principal(account, session, id);
    const unfinishedOver = principal.stage !== 'full' && nowMs - stampToMs(session.createdAt) > UNFINISHED_MS;
    if (nowMs >= stampToMs(session.expiresAt) || nowMs - seenMs > idleMs || unfinishedOver) return undefined;
    if (nowMs - seenMs > TOUCH_MS) await this.#accounts.touchSession(session.idHash);
    return principal;
  }

  /** Who an API token belongs to; undefined where it is not, or no longer, valid. */
  async byToken(text: string): Promise<Principal | undefined> {
    if (!text.startsWith(TOKEN_PREFIX)) return undefined;
    const token = await this.#accounts.tokenByHash(tokenHash(text));
    if (token === undefined || token.revokedAt !== null) return undefined;
    const nowMs = this.#nowMs();
    if (nowMs >= stampToMs(token.expiresAt)) return undefined;
    const account = await this.#accounts.find(token.account);
    if (account === undefined || account.state === 'disabled' || account.roles.some(isAdministration))
      return undefined;
    if (token.lastUsedAt === null || nowMs - stampToMs(token.lastUsedAt) > TOUCH_MS) {
      await this.#accounts.touchToken(token.id);
    }
    return { account, actor: actorOf(account.name), stage: 'full', token };
  }

  /** End the session of somebody. */
  async signOut({ actor, session }: Principal): Promise<void> {
    if (session === undefined) return;
    await this.#accounts.endSession(session.idHash, {
      actor,
      action: 'session.end',
      subject: session.account,
    });
  }

  /** End all of somebody's sessions, the present one too. */
  async signOutEverywhere({ actor, account: { name } }: Principal): Promise<void> {
    await this.#accounts.endSessions(name, { actor, action: 'session.end-all', subject: name });
  }

  /**
   * Change the own password; the session gets another id, all others end.
   * @throws ArbdataError E_SIGN_IN where the present one is not right, E_PASSWORD with a Chinese reason, E_RATE_LIMIT
   */
  async changePassword(
    principal: Principal,
    change: { readonly present: string; readonly wanted: string },
    address: string,
  ): Promise<Begun> {
    const { account, actor, session } = principal;
    if (session === undefined) throw refusal();
    await this.#takeTurn(account.name, address);
    if (!(await this.hasher.matches(change.present, account.passwordHash))) {
      await this.#refuse(account, 'wrong password at its change', address);
      throw refusal();
    }
    this.#giveTurnBack(account.name, address);
    await this.#requireGoodPassword(account, change.wanted);
    const passwordHash = await this.hasher.hash(change.wanted);
    const audit = { actor, action: 'account.password', subject: account.name };
    await this.#accounts.setPassword(account.name, { passwordHash, remembered: REMEMBERED_PASSWORDS }, audit);
    const present = (await this.#accounts.find(account.name)) ?? account;
    return this.#begin(present, { address }, { secondFactor: session.secondFactor === 1 });
  }

  /**
   * Begin to set up a second factor: the secret for the app, shown once. It counts when a code of it was given.
   * @throws ArbdataError E_SIGN_IN where one is set up already
   */
  async enrol({ account, session }: Principal): Promise<{ readonly secret: string; readonly uri: string }> {
    if (session === undefined || account.totpConfirmed) throw refusal();
    const secret = newTotpSecret();
    await this.#accounts.setTotp(account.name, seal(this.#totpKey, account.name, secret));
    return { secret: base32(secret), uri: totpUri(secret, account.name) };
  }

  /**
   * Confirm the second factor with a code of the app.
   * @returns the recovery codes, shown once, and the session under another id
   * @throws ArbdataError E_SIGN_IN
   */
  async confirmEnrolment(
    principal: Principal,
    code: string,
    address: string,
  ): Promise<Begun & { readonly recoveryCodes: readonly string[] }> {
    const { account, actor, session } = principal;
    if (session === undefined || account.totpConfirmed) throw refusal();
    await this.#takeTurn(account.name, address);
    if (!(await this.#isTotp(account, code))) {
      await this.#refuse(account, 'wrong code at enrolment', address);
      throw refusal();
    }
    this.#giveTurnBack(account.name, address);
    const recoveryCodes = Array.from({ length: RECOVERY_CODES }, () => legibleSecret(2, 5));
    const hashes = recoveryCodes.map((one) => this.#recoveryHash(account.name, one));
    await this.#accounts.confirmTotp(account.name, hashes, {
      actor,
      action: 'account.second-factor',
      subject: account.name,
    });
    const present = (await this.#accounts.find(account.name)) ?? account;
    const begun = await this.#begin(
      present,
      { address, oldSession: session.idHash },
      { secondFactor: true, isHash: true },
    );
    return { ...begun, recoveryCodes };
  }

  /**
   * Make an API token; its text is shown once.
   * @throws ArbdataError E_FORBIDDEN for administrators
   */
  async issueToken(
    { account, actor }: Principal,
    wanted: { readonly title: string; readonly scopes: readonly TokenScope[]; readonly days: number },
  ): Promise<{ readonly id: string; readonly token: string; readonly expiresAt: string }> {
    if (account.roles.some(isAdministration) || account.roles.length === 0) {
      throw new ArbdataError('E_FORBIDDEN', 'accounts of administrators have no tokens', {
        advice: 'Use an account that works with the figures.',
      });
    }
    const token = `${TOKEN_PREFIX}${randomToken()}`;
    const id = `T${randomBytes(6).toString('hex')}`;
    const { title, scopes, days } = wanted;
    const expiresAt = this.#stampIn(days * DAY_MS);
    const row = { id, account: account.name, title, scopes, tokenHash: tokenHash(token), expiresAt };
    await this.#accounts.addToken(
      { ...row, createdAt: this.#stampIn(0), lastUsedAt: null, revokedAt: null },
      { actor, action: 'token.issue', subject: id, detail: { scopes, expiresAt } },
    );
    return { id, token, expiresAt };
  }

  get #accounts(): Service['ledger']['accounts'] {
    return this.#service.ledger.accounts;
  }

  #nowMs(): number {
    return this.#service.clock.now().getTime();
  }

  #stampIn(ms: number): string {
    const at = new Date(this.#nowMs() + ms);
    return shanghaiStampMs({ now: () => at });
  }

  async #takeTurn(name: string, address: string): Promise<void> {
    const seconds = Math.max(this.#addresses.take(addressKey(address)), this.#names.take(name));
    if (seconds === 0) return;
    await this.#auditLimit(address);
    throw new ArbdataError('E_RATE_LIMIT', `too many attempts: wait ${seconds} s`, {
      advice: 'Wait, then try again.',
      where: { record: String(seconds) },
    });
  }

  readonly #limitTold = new Map<string, number>();

  /** One record a minute and address: a flood of attempts must not become a flood of records. */
  async #auditLimit(address: string): Promise<void> {
    const key = addressKey(address);
    const nowMs = this.#nowMs();
    if (nowMs - (this.#limitTold.get(key) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return;
    if (this.#limitTold.size > 1000) this.#limitTold.clear();
    this.#limitTold.set(key, nowMs);
    await this.#audit('session.limit', 'unknown', { address });
  }

  #giveTurnBack(name: string, address: string): void {
    this.#names.giveBack(name);
    this.#addresses.giveBack(addressKey(address));
  }

  /** Why an account takes no sign-in at all now. */
  #closedReason({ state, lockedUntil, mustChange, oneTimeUntil }: Account): string | undefined {
    const now = this.#stampIn(0);
    if (state === 'disabled') return 'disabled';
    if (lockedUntil !== null && lockedUntil > now) return 'locked';
    if (mustChange && oneTimeUntil !== null && oneTimeUntil <= now) return 'one-time password expired';
    return undefined;
  }

  /** Count a refusal; what is locked already is not locked longer by it. */
  async #refuse({ name }: Account, reason: string, address: string): Promise<void> {
    const audit = {
      actor: actorOf(name),
      action: 'session.refuse',
      subject: name,
      detail: { reason, address },
    };
    const now = this.#stampIn(0);
    await this.#accounts.fail(
      name,
      ({ failures, locks, lockedUntil }) => {
        if (lockedUntil !== null && lockedUntil > now) return { failures, locks, lockedUntil };
        if (failures + 1 < FAILURES_TO_LOCK) return { failures: failures + 1, locks, lockedUntil: null };
        const lockMs = Math.min(FIRST_LOCK_MS * 2 ** locks, LONGEST_LOCK_MS);
        return { failures: 0, locks: locks + 1, lockedUntil: this.#stampIn(lockMs) };
      },
      audit,
    );
  }

  async #begin(
    account: Account,
    { address, oldSession }: Attempt,
    how: { readonly secondFactor: boolean; readonly isHash?: boolean },
  ): Promise<Begun> {
    const id = randomToken();
    const now = this.#stampIn(0);
    const session: Session = {
      idHash: tokenHash(id),
      account: account.name,
      address,
      secondFactor: how.secondFactor ? 1 : 0,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: this.#stampIn(this.#service.config.console.sessionHours * HOUR_MS),
    };
    const principal = this.#principal(account, session, id);
    const { actor, stage } = principal;
    const detail = { address, stage };
    const old = oldSession === undefined || how.isHash === true ? oldSession : tokenHash(oldSession);
    await this.#accounts.beginSession(session, old, {
      actor,
      action: 'session.begin',
      subject: account.name,
      detail,
    });
    if (stage !== 'second-factor') await this.#accounts.succeed(account.name);
    return { id, principal };
  }

  #principal(account: Account, session: Session, id: string): Principal {
    const csrfToken = keyedHash(this.#csrfKey, id);
    return {
      account,
      actor: actorOf(account.name),
      stage: this.#stage(account, session),
      session: { ...session, csrfToken },
    };
  }

  #stage({ roles, totpConfirmed, mustChange }: Account, { secondFactor }: Session): Stage {
    if (totpConfirmed && secondFactor === 0) return 'second-factor';
    if (mustChange) return 'change-password';
    if (!totpConfirmed && needsSecondFactor(roles, this.#service.config.console.secondFactor)) return 'enrol';
    return 'full';
  }

  async #isSecondFactor(account: Account, code: string): Promise<boolean> {
    if (/^\d{6}$/.test(code)) return this.#isTotp(account, code);
    const used = await this.#accounts.takeRecoveryCode(account.name, this.#recoveryHash(account.name, code));
    if (used)
      await this.#audit('account.recovery-code', actorOf(account.name), {
        left: await this.#accounts.recoveryCodes(account.name),
      });
    return used;
  }

  async #isTotp({ name, totpSecret, totpStep }: Account, code: string): Promise<boolean> {
    if (totpSecret === null) return false;
    const secret = unseal(this.#totpKey, name, totpSecret);
    const step = matchingStep(secret, code, { nowMs: this.#nowMs(), usedStep: totpStep });
    return step !== undefined && (await this.#accounts.takeTotpStep(name, step));
  }

  #recoveryHash(name: string, code: string): string {
    return keyedHash(this.#recoveryKey, `${name}\0${code.replaceAll('-', '').trim()}`);
  }

  async #requireGoodPassword({ name, passwordHash }: Account, wanted: string): Promise<void> {
    const problem = passwordProblem(wanted, name);
    if (problem !== undefined) throw badPassword(problem);
    for (const hash of [passwordHash, ...(await this.#accounts.formerPasswords(name))]) {
      if (await this.hasher.matches(wanted, hash)) throw badPassword('不得使用最近用过的口令');
    }
  }

  async #audit(action: string, actor: string, detail: object): Promise<void> {
    await this.#service.ledger.appendAudit({ actor, action, subject: 'console', detail });
  }
}

function refusal(): ArbdataError {
  return new ArbdataError('E_SIGN_IN', 'the sign-in is refused', {
    advice: 'Check name, password and code; after several refusals wait a while.',
  });
}

function badPassword(problem: string): ArbdataError {
  return new ArbdataError('E_PASSWORD', problem, {
    advice: 'Take a longer one of several kinds of characters.',
  });
}
