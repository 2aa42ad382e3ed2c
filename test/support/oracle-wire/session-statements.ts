/** Statements that change the session or the definitions: ALTER SESSION, SET TRANSACTION, COMMIT, CREATE TABLE … */
import type { Calls } from './calls.ts';
import { findTable } from './catalogue.ts';
import { OraError } from './replies.ts';
import { createTable, tableName } from './sql/definitions.ts';
import { query } from './sql/queries.ts';
import { Translation, unsupported } from './sql/translation.ts';
import { oracleError } from './statements.ts';

export interface SessionState {
  schema: string;
  timeZone: string;
  /** NLS parameters that the session set. */
  nls: Record<string, string>;
}

/** Run a statement that is no query, no change and no PL/SQL. */
export async function otherStatement(sql: string, calls: Calls): Promise<void> {
  const t = new Translation(sql, calls.surroundings, [], query);
  const { text, at } = t.take();
  switch (text) {
    case 'ALTER':
      return alterSession(t, calls.state);
    case 'SET':
      t.expectWord('TRANSACTION');
      if (!t.acceptWords('READ', 'ONLY')) throw unsupported('SET TRANSACTION but READ ONLY', t.peek().at);
      t.end();
      return calls.transaction.setReadOnly();
    case 'COMMIT':
      t.acceptWords('WORK');
      t.end();
      return calls.transaction.commit();
    case 'ROLLBACK':
      t.acceptWords('WORK');
      t.end();
      return calls.transaction.rollback();
    case 'CREATE':
    case 'DROP':
    case 'TRUNCATE':
      return define(text, t, calls);
    default:
      throw at === 0 && text !== '' && !/^[A-Z]+$/.test(text)
        ? new OraError(900, 'invalid SQL statement')
        : unsupported(`the statement ${text}`, at);
  }
}

/** Parameters that ALTER SESSION may set. */
const SESSION_PARAMETERS =
  /^(NLS_[A-Z_]+|TIME_ZONE|CURRENT_SCHEMA|STATISTICS_LEVEL|OPTIMIZER_[A-Z_]+|DDL_LOCK_TIMEOUT)$/;

/** `ALTER SESSION SET name = value …` after ALTER; also what the logon sends. */
export function alterSession(t: Translation, state: SessionState): void {
  t.expectWord('SESSION', 940, 'invalid ALTER command');
  t.expectWord('SET', 922, 'missing or invalid option');
  do {
    const name = t.take();
    if (!SESSION_PARAMETERS.test(name.text))
      throw new OraError(2248, 'invalid option for ALTER SESSION', { offset: name.at });
    t.expectOperator('=');
    const value = t.take().text;
    if (name.text === 'TIME_ZONE') state.timeZone = zone(value);
    else if (name.text === 'CURRENT_SCHEMA') state.schema = value;
    else if (name.text.startsWith('NLS_')) state.nls[name.text] = value;
  } while (t.peek().kind !== 'end' && !t.isOperator(';'));
  t.end();
}

/** `+8:0` as the clients send it, as `+08:00`. */
function zone(text: string): string {
  const match = /^([+-]?)(\d{1,2}):(\d{1,2})$/.exec(text);
  if (match === null) return text;
  return `${match[1] === '-' ? '-' : '+'}${(match[2] ?? '').padStart(2, '0')}:${(match[3] ?? '').padStart(2, '0')}`;
}

/** A change of definition commits before and after itself, as in Oracle. */
async function define(verb: string, t: Translation, calls: Calls): Promise<void> {
  if (!t.acceptWords('TABLE')) throw unsupported(`${verb} of anything but tables`, t.peek().at);
  const { database } = calls.server;
  const { schema, name, at } = tableName(t);
  await calls.transaction.commit();
  try {
    if (verb === 'CREATE') {
      const owner = schema ?? calls.state.schema;
      if (
        owner !== calls.account.name &&
        !(calls.account.systemPrivileges ?? []).includes('CREATE ANY TABLE')
      )
        throw new OraError(1031, 'insufficient privileges');
      if (
        !['CREATE TABLE', 'CREATE ANY TABLE'].some((privilege) =>
          (calls.account.systemPrivileges ?? []).includes(privilege),
        )
      )
        throw new OraError(1031, 'insufficient privileges');
      if (database.tables.has(`${owner}.${name}`))
        throw new OraError(955, 'name is already used by an existing object', { offset: at });
      const { columns, sql } = createTable(t, owner, name);
      await database.define({ schema: owner, name, columns }, `CREATE SCHEMA IF NOT EXISTS "${owner}"`, sql);
      return;
    }
    const table = findTable(calls.dictionary, calls.state.schema, schema, name);
    if (table === undefined) throw new OraError(942, 'table or view does not exist', { offset: at });
    if (table.schema !== calls.account.name) throw new OraError(1031, 'insufficient privileges');
    if (verb === 'DROP') {
      if (t.acceptWords('CASCADE')) t.expectWord('CONSTRAINTS');
      t.acceptWords('PURGE');
      t.end();
      await database.drop(table.schema, table.name);
    } else {
      t.end();
      await database.truncate(table.schema, table.name);
    }
  } catch (error) {
    throw oracleError(error);
  }
}
