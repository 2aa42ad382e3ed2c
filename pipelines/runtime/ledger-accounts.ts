/** Accounts of the console with their passwords, second factors, sessions and API tokens: rows and nothing else. */
import type { Role, TokenScope } from '../../schemas/accounts.ts';
import { type AuditEntry, appendAudit, canonicalJson } from './audit.ts';
import { ArbdataError } from './errors.ts';
import type { LedgerAccess } from './ledger-backups.ts';
import type { AccountTable, ApiTokenTable, LedgerDb, SessionTable } from './ledger-tables.ts';

export type Account = Readonly<
  Omit<AccountTable, 'roles' | 'mustChange' | 'totpConfirmed' | 'totpStep' | 'failures' | 'locks'>
> & {
  readonly roles: readonly Role[];
  readonly mustChange: boolean;
  readonly totpConfirmed: boolean;
  readonly totpStep: number;
  readonly failures: number;
  readonly locks: number;
};
export type Session = Readonly<SessionTable>;
export type ApiToken = Readonly<Omit<ApiTokenTable, 'scopes'>> & { readonly scopes: readonly TokenScope[] };

export interface NewAccount {
  readonly name: string;
  readonly title: string;
  readonly roles: readonly Role[];
  readonly orgCode: string | null;
  readonly passwordHash: string;
  readonly oneTimeUntil: string;
  readonly actor: string;
}

export interface NewPassword {
  readonly passwordHash: string;
  /** Set by somebody else: to be changed at the first sign-in, and usable until then. */
  readonly oneTimeUntil?: string;
  /** The session that goes on; all others of the account end. */
  readonly keepSession?: string;
  /** So many former passwords are remembered. */
  readonly remembered: number;
}

export class AccountRecords {
  readonly #ledger: LedgerAccess;

  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  async find(name: string): Promise<Account | undefined> {
    const row = await this.#ledger.db
      .selectFrom('account')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    return row === undefined ? undefined : accountOf(row);
  }

  /** All accounts by name. */
  async list(): Promise<Account[]> {
    return (await this.#ledger.db.selectFrom('account').selectAll().orderBy('name').execute()).map(accountOf);
  }

  /**
   * Enter an account.
   * @param onlyFirst nothing happens where there is any account
   * @returns whether it was entered
   * @throws {ArbdataError} E_USAGE where the name is taken
   */
  async add(wanted: NewAccount, onlyFirst = false): Promise<boolean> {
    return this.#ledger.auditedWrite(async ({ db, at }) => {
      const others = await db.selectFrom('account').select('name').execute();
      if (onlyFirst && others.length > 0) return false;
      const { name, title, roles, orgCode, passwordHash, oneTimeUntil, actor } = wanted;
      if (others.some((other) => other.name === name)) {
        throw new ArbdataError('E_USAGE', `there is an account ${name} already`, {
          advice: 'Take another name; a disabled account keeps its name for good.',
        });
      }
      const fixed = {
        state: 'enabled' as const,
        passwordSetAt: at,
        mustChange: 1,
        createdAt: at,
        createdBy: actor,
      };
      await db
        .insertInto('account')
        .values({ ...fixed, name, title, orgCode, passwordHash, oneTimeUntil, roles: canonicalJson(roles) })
        .execute();
      await appendAudit(db, at, { actor, action: 'account.add', subject: name, detail: { roles, orgCode } });
      return true;
    });
  }

  /** Change columns of an account; the audit record goes with it. */
  async change(
    name: string,
    values: {
      readonly roles?: readonly Role[];
      readonly orgCode?: string | null;
      readonly state?: Account['state'];
      readonly lockedUntil?: null;
      readonly failures?: 0;
      readonly locks?: 0;
    },
    audit: AuditEntry,
    options: { readonly endSessions?: boolean } = {},
  ): Promise<void> {
    const { roles, ...rest } = values;
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      await db
        .updateTable('account')
        .set({ ...rest, ...(roles === undefined ? {} : { roles: canonicalJson(roles) }) })
        .where('name', '=', name)
        .execute();
      if (options.endSessions === true) await endSessionsOf(db, name);
      await appendAudit(db, at, audit);
    });
  }

  /** A refused sign-in of an account: counted, and from a number on locked. */
  async fail(
    name: string,
    next: (account: Account) => {
      readonly failures: number;
      readonly locks: number;
      readonly lockedUntil: string | null;
    },
    audit: AuditEntry,
  ): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const row = await db
        .selectFrom('account')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      const changed = next(accountOf(row));
      await db.updateTable('account').set(changed).where('name', '=', name).execute();
      await appendAudit(db, at, audit);
      if (changed.lockedUntil !== null && changed.lockedUntil !== row.lockedUntil) {
        const detail = { until: changed.lockedUntil };
        await appendAudit(db, at, { ...audit, action: 'account.lock', detail });
      }
    });
  }

  /** A whole sign-in: what was counted against it is forgotten. */
  async succeed(name: string): Promise<void> {
    await this.#ledger.write(async ({ db, at }) => {
      const values = { failures: 0, locks: 0, lockedUntil: null, lastSignInAt: at };
      await db.updateTable('account').set(values).where('name', '=', name).execute();
    });
  }

  /** Give an account another password; its other sessions end. */
  async setPassword(name: string, wanted: NewPassword, audit: AuditEntry): Promise<void> {
    const { passwordHash, oneTimeUntil, keepSession, remembered } = wanted;
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const old = await db
        .selectFrom('account')
        .select('passwordHash')
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      await db
        .insertInto('formerPassword')
        .values({ account: name, passwordHash: old.passwordHash, replacedAt: at })
        .execute();
      const kept = db
        .selectFrom('formerPassword')
        .select('id')
        .where('account', '=', name)
        .orderBy('id', 'desc')
        .limit(remembered);
      await db.deleteFrom('formerPassword').where('account', '=', name).where('id', 'not in', kept).execute();
      const values = {
        passwordHash,
        passwordSetAt: at,
        mustChange: oneTimeUntil === undefined ? 0 : 1,
        oneTimeUntil: oneTimeUntil ?? null,
        failures: 0,
        locks: 0,
        lockedUntil: null,
      };
      await db.updateTable('account').set(values).where('name', '=', name).execute();
      await endSessionsOf(db, name, keepSession);
      await appendAudit(db, at, audit);
    });
  }

  /** Hashes of the passwords before the present one, the latest first. */
  async formerPasswords(name: string): Promise<string[]> {
    const rows = await this.#ledger.db
      .selectFrom('formerPassword')
      .select('passwordHash')
      .where('account', '=', name)
      .orderBy('id', 'desc')
      .execute();
    return rows.map(({ passwordHash }) => passwordHash);
  }

  /** Keep a sealed secret that is to be confirmed, or (null) take the second factor away. */
  async setTotp(name: string, totpSecret: string | null, audit?: AuditEntry): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const values = { totpSecret, totpConfirmed: 0, totpStep: 0 };
      await db.updateTable('account').set(values).where('name', '=', name).execute();
      if (totpSecret === null) await db.deleteFrom('recoveryCode').where('account', '=', name).execute();
      if (audit !== undefined) await appendAudit(db, at, audit);
    });
  }

  /** The second factor works: from now on it is asked for, or one of these codes. */
  async confirmTotp(name: string, codeHashes: readonly string[], audit: AuditEntry): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      await db.updateTable('account').set({ totpConfirmed: 1 }).where('name', '=', name).execute();
      await db.deleteFrom('recoveryCode').where('account', '=', name).execute();
      await db
        .insertInto('recoveryCode')
        .values(codeHashes.map((codeHash) => ({ account: name, codeHash })))
        .execute();
      await appendAudit(db, at, audit);
    });
  }

  /** Use a time step up; false where it, or a later one, was used before. */
  async takeTotpStep(name: string, step: number): Promise<boolean> {
    return this.#ledger.write(async ({ db }) => {
      const { numUpdatedRows } = await db
        .updateTable('account')
        .set({ totpStep: step })
        .where('name', '=', name)
        .where('totpStep', '<', step)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    });
  }

  /** Use a recovery code up; false where there is none such. */
  async takeRecoveryCode(name: string, codeHash: string): Promise<boolean> {
    return this.#ledger.write(async ({ db }) => {
      const { numDeletedRows } = await db
        .deleteFrom('recoveryCode')
        .where('account', '=', name)
        .where('codeHash', '=', codeHash)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    });
  }

  async recoveryCodes(name: string): Promise<number> {
    const { n } = await this.#ledger.db
      .selectFrom('recoveryCode')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('account', '=', name)
      .executeTakeFirstOrThrow();
    return n;
  }

  /** Begin a session in the place of another one, if any; sessions that are over go. */
  async beginSession(session: Session, instead: string | undefined, audit: AuditEntry): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      await db.deleteFrom('session').where('expiresAt', '<', at).execute();
      if (instead !== undefined) await db.deleteFrom('session').where('idHash', '=', instead).execute();
      await db.insertInto('session').values(session).execute();
      await appendAudit(db, at, audit);
    });
  }

  async findSession(idHash: string): Promise<Session | undefined> {
    return this.#ledger.db.selectFrom('session').selectAll().where('idHash', '=', idHash).executeTakeFirst();
  }

  async sessionsOf(name: string): Promise<Session[]> {
    return this.#ledger.db
      .selectFrom('session')
      .selectAll()
      .where('account', '=', name)
      .orderBy('createdAt')
      .execute();
  }

  async touchSession(idHash: string): Promise<void> {
    await this.#ledger.write(async ({ db, at }) => {
      await db.updateTable('session').set({ lastSeenAt: at }).where('idHash', '=', idHash).execute();
    });
  }

  async endSession(idHash: string, audit: AuditEntry): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      await db.deleteFrom('session').where('idHash', '=', idHash).execute();
      await appendAudit(db, at, audit);
    });
  }

  /** End every session of an account. */
  async endSessions(name: string, audit: AuditEntry): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      await endSessionsOf(db, name);
      await appendAudit(db, at, audit);
    });
  }

  async addToken(token: ApiToken, audit: AuditEntry): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      await db
        .insertInto('apiToken')
        .values({ ...token, scopes: canonicalJson(token.scopes) })
        .execute();
      await appendAudit(db, at, audit);
    });
  }

  async tokenByHash(hash: string): Promise<ApiToken | undefined> {
    const row = await this.#ledger.db
      .selectFrom('apiToken')
      .selectAll()
      .where('tokenHash', '=', hash)
      .executeTakeFirst();
    return row === undefined ? undefined : tokenOf(row);
  }

  /** Tokens of one account, or of all. */
  async tokens(account?: string): Promise<ApiToken[]> {
    let query = this.#ledger.db.selectFrom('apiToken').selectAll().orderBy('createdAt').orderBy('id');
    if (account !== undefined) query = query.where('account', '=', account);
    return (await query.execute()).map(tokenOf);
  }

  async touchToken(id: string): Promise<void> {
    await this.#ledger.write(async ({ db, at }) => {
      await db.updateTable('apiToken').set({ lastUsedAt: at }).where('id', '=', id).execute();
    });
  }

  /** @returns false where there is no such token of the account that still holds */
  async revokeToken(
    which: { readonly id: string; readonly account?: string },
    audit: AuditEntry,
  ): Promise<boolean> {
    return this.#ledger.auditedWrite(async ({ db, at }) => {
      let query = db
        .updateTable('apiToken')
        .set({ revokedAt: at })
        .where('id', '=', which.id)
        .where('revokedAt', 'is', null);
      if (which.account !== undefined) query = query.where('account', '=', which.account);
      const { numUpdatedRows } = await query.executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) return false;
      await appendAudit(db, at, audit);
      return true;
    });
  }
}

async function endSessionsOf(db: LedgerDb, account: string, except = ''): Promise<void> {
  await db.deleteFrom('session').where('account', '=', account).where('idHash', '!=', except).execute();
}

function accountOf(
  row: {
    [K in keyof AccountTable]: K extends 'totpConfirmed' | 'totpStep' | 'failures' | 'locks'
      ? number
      : AccountTable[K];
  },
): Account {
  return {
    ...row,
    roles: JSON.parse(row.roles) as Role[],
    mustChange: row.mustChange === 1,
    totpConfirmed: row.totpConfirmed === 1,
  };
}

function tokenOf(row: ApiTokenTable): ApiToken {
  return { ...row, scopes: JSON.parse(row.scopes) as TokenScope[] };
}
