/** Who may log on, and what they may do. */

export interface ObjectGrant {
  /** `OWNER.NAME`; `ARB.*` is every table of that owner. */
  readonly object: string;
  readonly privileges: readonly string[];
}

export interface Account {
  readonly name: string;
  readonly password: string;
  readonly status?: 'open' | 'expired' | 'locked';
  readonly systemPrivileges?: readonly string[];
  readonly roles?: readonly string[];
  readonly objects?: readonly ObjectGrant[];
}

const onViews = (...privileges: string[]): ObjectGrant => ({ object: 'ARB.*', privileges });
const session = { systemPrivileges: ['CREATE SESSION'] } as const;

/** Owns the views; may do anything with them. */
export const OWNER: Account = {
  name: 'ARB',
  password: 'owner-secret',
  systemPrivileges: ['CREATE SESSION', 'CREATE TABLE', 'CREATE VIEW', 'UNLIMITED TABLESPACE'],
  roles: ['RESOURCE'],
  objects: [{ object: 'SYS.DBMS_FLASHBACK', privileges: ['EXECUTE'] }],
};
/** What the documents recommend: reads, with one SCN for several sessions. */
export const READER: Account = {
  name: 'ARBDATA',
  password: 'reader-secret',
  ...session,
  objects: [onViews('SELECT', 'FLASHBACK'), { object: 'SYS.DBMS_FLASHBACK', privileges: ['EXECUTE'] }],
};
export const READER_WITHOUT_FLASHBACK: Account = {
  name: 'ARBPLAIN',
  password: 'plain-secret',
  ...session,
  objects: [onViews('SELECT')],
};
export const EXPIRED: Account = {
  ...READER,
  name: 'ARBEXPIRED',
  password: 'expired-secret',
  status: 'expired',
};
export const LOCKED: Account = { ...READER, name: 'ARBLOCKED', password: 'locked-secret', status: 'locked' };

export const DEFAULT_ACCOUNTS: readonly Account[] = [
  OWNER,
  READER,
  READER_WITHOUT_FLASHBACK,
  EXPIRED,
  LOCKED,
];

/** Privileges that the account has on an object, as its owner or by grant. */
export function privilegesOn(account: Account, owner: string, name: string): ReadonlySet<string> {
  if (account.name === owner) {
    return new Set([
      'SELECT',
      'INSERT',
      'UPDATE',
      'DELETE',
      'ALTER',
      'FLASHBACK',
      'EXECUTE',
      'REFERENCES',
      'INDEX',
    ]);
  }
  const found = new Set<string>();
  for (const grant of account.objects ?? []) {
    if (grant.object === `${owner}.${name}` || grant.object === `${owner}.*`) {
      for (const privilege of grant.privileges) found.add(privilege);
    }
  }
  for (const privilege of account.systemPrivileges ?? []) {
    const any = /^(SELECT|READ|INSERT|UPDATE|DELETE|ALTER|FLASHBACK) ANY TABLE$/.exec(privilege);
    if (any?.[1] !== undefined && owner !== 'SYS') found.add(any[1]);
  }
  if ((account.systemPrivileges ?? []).includes('SELECT ANY DICTIONARY') && owner === 'SYS')
    found.add('SELECT');
  if ((account.roles ?? []).includes('DBA'))
    for (const all of ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'FLASHBACK', 'EXECUTE']) found.add(all);
  if (found.has('READ')) found.add('SELECT');
  return found;
}
