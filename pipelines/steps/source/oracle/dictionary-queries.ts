/**
 * What `source check` asks the database about itself. An account may lack the right to any of these: each is asked for
 * on its own, so that a refusal costs one answer.
 */
import { sql } from 'kysely';
import { statementOf } from './dialect.ts';
import { columnName, type MappedView } from './names.ts';
import { firstRows, from, statements, text } from './queries.ts';
import type { OracleStatement } from './session.ts';

/** One row: `SESSION_USER`, `CURRENT_SCHEMA`. */
export function accountQuery(): OracleStatement {
  return text(
    statements(),
    sql`select sys_context('USERENV', 'SESSION_USER') as "SESSION_USER", sys_context('USERENV', 'CURRENT_SCHEMA') as "CURRENT_SCHEMA" from dual`,
  );
}

/** One row: `SESSION_ZONE`, `DATABASE_ZONE`. */
export function zonesQuery(): OracleStatement {
  return text(
    statements(),
    sql`select sessiontimezone as "SESSION_ZONE", dbtimezone as "DATABASE_ZONE" from dual`,
  );
}

/** One row: `CLOCK_ZONE`, the offset of the machine's clock, by which SYSDATE and SYSTIMESTAMP tell the time. */
export function clockQuery(): OracleStatement {
  return text(statements(), sql`select to_char(systimestamp, 'TZH:TZM') as "CLOCK_ZONE" from dual`);
}

/** `PRODUCT`, `VERSION`. */
export function versionQuery(): OracleStatement {
  return statementOf(
    statements().selectFrom('PRODUCT_COMPONENT_VERSION').select(['PRODUCT', 'VERSION']).compile(),
  );
}

/** `PARAMETER`, `VALUE`. */
export function nlsQuery(of: 'NLS_DATABASE_PARAMETERS' | 'NLS_SESSION_PARAMETERS'): OracleStatement {
  return statementOf(statements().selectFrom(of).select(['PARAMETER', 'VALUE']).compile());
}

/** `OWNER`, `OBJECT_NAME`, `OBJECT_TYPE`, `STATUS` of what the account can see under these names. */
export function objectsQuery(names: readonly string[]): OracleStatement {
  return statementOf(
    statements()
      .selectFrom('ALL_OBJECTS')
      .select(['OWNER', 'OBJECT_NAME', 'OBJECT_TYPE', 'STATUS'])
      .where('OBJECT_NAME', 'in', names)
      .compile(),
  );
}

/** `OWNER`, `SYNONYM_NAME`, `TABLE_OWNER`, `TABLE_NAME`, `DB_LINK`. */
export function synonymsQuery(names: readonly string[]): OracleStatement {
  return statementOf(
    statements()
      .selectFrom('ALL_SYNONYMS')
      .select(['OWNER', 'SYNONYM_NAME', 'TABLE_OWNER', 'TABLE_NAME', 'DB_LINK'])
      .where('SYNONYM_NAME', 'in', names)
      .compile(),
  );
}

/** One row per column: `OWNER`, `TABLE_NAME`, `COLUMN_NAME` and its type. */
export function columnsQuery(names: readonly string[]): OracleStatement {
  return statementOf(
    statements()
      .selectFrom('ALL_TAB_COLUMNS')
      .select([
        'OWNER',
        'TABLE_NAME',
        'COLUMN_NAME',
        'DATA_TYPE',
        'DATA_LENGTH',
        'DATA_PRECISION',
        'DATA_SCALE',
        'CHAR_LENGTH',
      ])
      .where('TABLE_NAME', 'in', names)
      .compile(),
  );
}

/** `PRIVILEGE` of the session, however it got it. */
export function sessionPrivilegesQuery(): OracleStatement {
  return statementOf(statements().selectFrom('SESSION_PRIVS').select('PRIVILEGE').compile());
}

/** `ROLE`: the session's active ones. */
export function sessionRolesQuery(): OracleStatement {
  return statementOf(statements().selectFrom('SESSION_ROLES').select('ROLE').compile());
}

/** `PRIVILEGE` granted to the account itself. */
export function accountPrivilegesQuery(): OracleStatement {
  return statementOf(statements().selectFrom('USER_SYS_PRIVS').select('PRIVILEGE').compile());
}

/** Privileges on an object by which its rows or its form can be changed. */
const WRITING = ['INSERT', 'UPDATE', 'DELETE', 'ALTER', 'INDEX', 'REFERENCES', 'DEBUG', 'WRITE'] as const;

/** `GRANTEE`, `TABLE_SCHEMA`, `TABLE_NAME`, `PRIVILEGE`: rights to change something that reach this session. */
export function writeGrantsQuery(): OracleStatement {
  return statementOf(
    statements()
      .selectFrom('ALL_TAB_PRIVS')
      .select(['GRANTEE', 'TABLE_SCHEMA', 'TABLE_NAME', 'PRIVILEGE'])
      .where('PRIVILEGE', 'in', WRITING)
      .compile(),
  );
}

/** One row: `ROW_COUNT`, how many tables the account owns. */
export function ownTablesQuery(account: string): OracleStatement {
  return statementOf(
    statements()
      .selectFrom('ALL_OBJECTS')
      .select((eb) => eb.fn.countAll().as('ROW_COUNT'))
      .where('OWNER', '=', account)
      .where('OBJECT_TYPE', '=', 'TABLE')
      .compile(),
  );
}

/** One row: `VALUE`, seconds. */
export function undoRetentionQuery(): OracleStatement {
  return statementOf(
    statements().selectFrom('V$PARAMETER').select('VALUE').where('NAME', '=', 'undo_retention').compile(),
  );
}

/** `BYTES`: how some values of a text column stand in the database, in hexadecimal digits. */
export function bytesQuery(mapped: MappedView, column: string, way: 'raw' | 'dump'): OracleStatement {
  return statementOf(
    from(statements(), mapped)
      .select((eb) => {
        const value = eb.ref(columnName(mapped, column));
        return way === 'raw'
          ? sql<string>`rawtohex(utl_raw.cast_to_raw(${value}))`.as('BYTES')
          : sql<string>`dump(${value}, 16)`.as('BYTES');
      })
      .where(firstRows(200))
      .compile(),
  );
}
