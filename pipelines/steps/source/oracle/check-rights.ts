/** What the account may do: too much of writing, too little of looking back. */
import { grantFlashback, grantScn, type ObjectName, revoke, revokeOnObject } from './advice.ts';
import { asked, type CheckContext, type FoundView } from './check-context.ts';
import {
  accountPrivilegesQuery,
  ownTablesQuery,
  sessionPrivilegesQuery,
  sessionRolesQuery,
  writeGrantsQuery,
} from './dictionary-queries.ts';
import { flashbackProbe } from './queries.ts';
import { currentScn, unlessRefused } from './scn.ts';
import type { OracleStatement } from './session.ts';

/** System privileges with which nothing can be changed but the session itself. */
const READING =
  /^(CREATE SESSION|ALTER SESSION|RESTRICTED SESSION|SET CONTAINER|SELECT ANY (TABLE|DICTIONARY|SEQUENCE|TRANSACTION)|READ ANY TABLE|FLASHBACK ANY TABLE|(LOGMINING|INHERIT ANY PRIVILEGES))$/;
/** Roles of which each can change much, whatever else is known. */
const STRONG_ROLES = new Set([
  'DBA',
  'PDB_DBA',
  'CDB_DBA',
  'RESOURCE',
  'IMP_FULL_DATABASE',
  'DATAPUMP_IMP_FULL_DATABASE',
]);
/** Roles that carry nothing but reading; every other one is named where privileges come through roles. */
const READING_ROLES = new Set(['CONNECT', 'SELECT_CATALOG_ROLE', 'HS_ADMIN_SELECT_ROLE']);

/** Warn of every right by which the account could change something: a reader that cannot write cannot be misused. */
export async function rightsProblems(context: CheckContext, found: readonly FoundView[]): Promise<void> {
  await systemPrivileges(context);
  await objectPrivileges(context, found);
  await ownership(context, found);
}

async function systemPrivileges(context: CheckContext): Promise<void> {
  const { session, account, problems } = context;
  const rows = await asked(context, sessionPrivilegesQuery(), {
    object: 'SESSION_PRIVS',
    tells: 'what the account may change',
  });
  const all = (rows ?? []).flatMap((row) => row['PRIVILEGE'] ?? []);
  const writing = all.filter((privilege) => !READING.test(privilege)).toSorted();
  const named = async (statement: OracleStatement, column: string): Promise<string[]> => {
    const answer = await unlessRefused(() => session.rows(statement));
    return (answer ?? []).flatMap((row) => row[column] ?? []).toSorted();
  };
  const roles = await named(sessionRolesQuery(), 'ROLE');
  const strong = roles.filter((role) => STRONG_ROLES.has(role));
  if (writing.length === 0 && strong.length === 0) return;
  const own = new Set(await named(accountPrivilegesQuery(), 'PRIVILEGE'));
  const direct = writing.filter((privilege) => own.has(privilege));
  // Which role carries a privilege cannot be seen by every account: all that may are named.
  const carrying = direct.length < writing.length ? roles.filter((role) => !READING_ROLES.has(role)) : strong;
  const parts = [
    ...(writing.length === 0 ? [] : [shortened(writing)]),
    ...(carrying.length === 0 ? [] : [`by the roles ${shortened(carrying)}`]),
  ];
  problems.push({
    severity: 'warning',
    message: `the account ${account} can do more than read: ${parts.join(', ')}`,
    statements: [direct, carrying].filter((names) => names.length > 0).map((names) => revoke(names, account)),
  });
}

function shortened(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

/** Grants on objects; those to PUBLIC only where they are on the views, for every database has some of its own. */
async function objectPrivileges(context: CheckContext, found: readonly FoundView[]): Promise<void> {
  const rows = await asked(context, writeGrantsQuery(), {
    object: 'ALL_TAB_PRIVS',
    tells: 'which objects the account may change',
  });
  const views = new Set(found.map(({ object }) => `${object.owner}.${object.name}`));
  const byObject = new Map<string, { grantee: string; object: ObjectName; privileges: string[] }>();
  for (const row of rows ?? []) {
    const { GRANTEE: grantee, TABLE_SCHEMA: owner, TABLE_NAME: name, PRIVILEGE: privilege } = row;
    if (!grantee || !owner || !name || !privilege) continue;
    // The account may see grants that it gave or that others hold on what it owns.
    if (owner === context.account) continue;
    if (grantee === 'PUBLIC' && !views.has(`${owner}.${name}`)) continue;
    const key = JSON.stringify([grantee, owner, name]);
    const entry = byObject.get(key) ?? { grantee, object: { owner, name }, privileges: [] };
    byObject.set(key, { ...entry, privileges: [...entry.privileges, privilege].toSorted() });
  }
  for (const [, { grantee, object, privileges }] of [...byObject].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const through = grantee === context.account ? '' : ` (through ${grantee})`;
    context.problems.push({
      severity: 'warning',
      message: `the account ${context.account} may ${privileges.join(', ')} ${object.owner}.${object.name}${through}`,
      statements: [revokeOnObject(privileges, object, grantee)],
    });
  }
}

async function ownership(context: CheckContext, found: readonly FoundView[]): Promise<void> {
  const { account, session, problems } = context;
  const [row] = (await unlessRefused(() => session.rows(ownTablesQuery(account)))) ?? [];
  const tables = Number(row?.['ROW_COUNT'] ?? 0);
  const isOwner = found.some(({ object, columns }) => object.owner === account && (columns?.size ?? 0) > 0);
  if (tables === 0 && !isOwner) return;
  problems.push({
    severity: 'warning',
    message: `the account ${account} owns ${isOwner ? 'the views' : `${tables} tables`}, so it can change them: let the service log on as an account that owns nothing (sql/oracle/030-account.sql)`,
    statements: [],
  });
}

/** Whether several sessions can read one moment: a way to its number, and FLASHBACK on every view. */
export async function momentProblems(context: CheckContext, found: readonly FoundView[]): Promise<void> {
  const { session, names, account, problems, facts } = context;
  const readable = found.filter(({ columns }) => columns?.size !== 0);
  const moment = await currentScn(session);
  if (moment === undefined) {
    problems.push({
      severity: 'warning',
      message: `the account ${account} has no way to the system change number, so one session reads everything in one transaction and a broken read starts anew`,
      statements: [...grantScn(account), ...readable.map(({ object }) => grantFlashback(object, account))],
    });
    return;
  }
  facts['scnBy'] = moment.way;
  const refused: FoundView[] = [];
  for (const one of readable) {
    const rows = await unlessRefused(() => session.rows(flashbackProbe(names[one.view], moment.scn)));
    if (rows === undefined) refused.push(one);
  }
  if (refused.length === 0) return;
  problems.push({
    severity: 'warning',
    message: `the account ${account} may not look back in ${refused.map(({ view }) => view).join(', ')}, so one session reads everything in one transaction and a broken read starts anew`,
    statements: refused.map(({ object }) => grantFlashback(object, account)),
  });
}
