/** The dictionary as different accounts see it. */
import { expect, test } from 'vitest';
import { CONTRACT, VIEWS } from '../../schemas/contract.ts';
import { errorNumber, logOn, rowsOf, sampleWire, wire } from './support.ts';

test('the columns of the contract, with overrides', async () => {
  const server = await wire({
    columns: {
      'ARB_CASE.CLAIM_AMOUNT': { oracleType: 'NUMBER', nullable: false },
      'ARB_ORG.ORG_NAME': { oracleType: 'VARCHAR2(100 CHAR)' },
      'ARB_ORG.CASE_WORD': null,
    },
  });
  const connection = await logOn(server);
  const columns = await rowsOf(
    connection,
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, DATA_LENGTH, DATA_PRECISION, DATA_SCALE, CHAR_LENGTH, CHAR_USED, NULLABLE, COLUMN_ID
       FROM ALL_TAB_COLUMNS WHERE OWNER = :1 ORDER BY TABLE_NAME, COLUMN_ID`,
    ['ARB'],
  );
  expect(columns).toHaveLength(VIEWS.reduce((sum, view) => sum + view.columns.length, 0) - 1);
  const of = (table: string, column: string) =>
    columns.find((row) => row[0] === table && row[1] === column)?.slice(2);
  expect(of('ARB_CASE', 'CASE_ID')).toEqual(['NUMBER', '22', '18', '0', '0', null, 'N', '1']);
  expect(of('ARB_CASE', 'CASE_NO')).toEqual(['VARCHAR2', '64', null, null, '64', 'B', 'Y', '2']);
  expect(of('ARB_CASE', 'CLAIM_AMOUNT')).toEqual(['NUMBER', '22', null, null, '0', null, 'N', '19']);
  expect(of('ARB_CASE', 'UPDATED_AT')).toEqual(['TIMESTAMP(6)', '11', null, '6', '0', null, 'N', '29']);
  expect(of('ARB_CASE', 'APPLY_DATE')).toEqual(['DATE', '7', null, null, '0', null, 'N', '5']);
  expect(of('ARB_ORG', 'ORG_NAME')).toEqual(['VARCHAR2', '400', null, null, '100', 'C', 'N', '2']);
  expect(of('ARB_ORG', 'ORG_LEVEL')).toEqual(['CHAR', '1', null, null, '1', 'B', 'N', '4']);
  expect(of('ARB_ORG', 'CASE_WORD')).toBeUndefined();
  expect(await errorNumber(connection.execute('SELECT CASE_WORD FROM ARB_ORG'))).toBe(904);
  const objects = await rowsOf(
    connection,
    "SELECT OBJECT_NAME, OBJECT_TYPE FROM ALL_OBJECTS WHERE OWNER = 'ARB' ORDER BY OBJECT_NAME",
  );
  expect(objects).toEqual(
    Object.keys(CONTRACT)
      .sort()
      .map((name) => [name, 'VIEW']),
  );
});

test('what an account may do', async () => {
  const accounts = [
    {
      name: 'R',
      password: 'r',
      systemPrivileges: ['CREATE SESSION', 'SELECT ANY TABLE'],
      roles: ['CONNECT'],
    },
    { name: 'W', password: 'w', objects: [{ object: 'ARB.ARB_CASE', privileges: ['SELECT', 'UPDATE'] }] },
    { name: 'N', password: 'n' },
  ];
  const server = await sampleWire({ accounts });
  const [reader, writer, nobody] = [
    await logOn(server, 'R'),
    await logOn(server, 'W'),
    await logOn(server, 'N'),
  ];
  expect(await rowsOf(reader, 'SELECT PRIVILEGE FROM SESSION_PRIVS ORDER BY 1')).toEqual([
    ['CREATE SESSION'],
    ['SELECT ANY TABLE'],
  ]);
  expect(await rowsOf(reader, 'SELECT ROLE FROM SESSION_ROLES')).toEqual([['CONNECT']]);
  expect(await rowsOf(reader, 'SELECT COUNT(*) FROM ARB.ARB_ORG')).toEqual([['18']]);
  expect(
    await rowsOf(writer, "SELECT TABLE_NAME, PRIVILEGE FROM USER_TAB_PRIVS WHERE OWNER = 'ARB' ORDER BY 2"),
  ).toEqual([
    ['ARB_CASE', 'SELECT'],
    ['ARB_CASE', 'UPDATE'],
  ]);
  expect(await rowsOf(writer, 'SELECT COUNT(*) FROM USER_TAB_PRIVS_RECD')).toEqual([['2']]);
  expect(await rowsOf(writer, "SELECT COUNT(*) FROM ALL_TAB_PRIVS WHERE GRANTEE = 'W'")).toEqual([['2']]);
  expect(await rowsOf(writer, 'SELECT SYNONYM_NAME, TABLE_OWNER FROM ALL_SYNONYMS')).toEqual([
    ['ARB_CASE', 'ARB'],
  ]);
  expect(
    (await writer.execute('UPDATE ARB_CASE SET WORKER_COUNT = 1 WHERE CASE_ID = 100001')).rowsAffected,
  ).toBe(1);
  expect(await errorNumber(writer.execute('SELECT * FROM ARB_ORG'))).toBe(942);
  expect(await errorNumber(writer.execute('SELECT * FROM ARB_CASE AS OF SCN 4000000'))).toBe(1031);
  expect(await errorNumber(nobody.execute('SELECT * FROM ARB.ARB_CASE'))).toBe(942);
  expect(await rowsOf(nobody, 'SELECT COUNT(*) FROM ALL_TAB_COLUMNS')).toEqual([['0']]);
});

test('without synonyms, names need their owner or CURRENT_SCHEMA', async () => {
  const server = await sampleWire({ synonyms: false });
  const connection = await logOn(server);
  expect(await errorNumber(connection.execute('SELECT * FROM ARB_ORG'))).toBe(942);
  expect(await rowsOf(connection, 'SELECT COUNT(*) FROM ARB.ARB_ORG')).toEqual([['18']]);
  await connection.execute('ALTER SESSION SET CURRENT_SCHEMA = ARB');
  expect(await rowsOf(connection, 'SELECT COUNT(*) FROM ARB_ORG')).toEqual([['18']]);
});

test('the database, its parameters and the session', async () => {
  const dba = { name: 'D', password: 'd', systemPrivileges: ['SELECT ANY DICTIONARY'] };
  const server = await wire({
    characterSet: 'US7ASCII',
    databaseTimeZone: '+00:00',
    undoRetentionSeconds: 60,
    accounts: [dba, { name: 'P', password: 'p' }],
  });
  const connection = await logOn(server, 'D');
  const one = async (sql: string) => (await rowsOf(connection, sql))[0]?.[0];
  expect(await one("SELECT VALUE FROM NLS_DATABASE_PARAMETERS WHERE PARAMETER = 'NLS_CHARACTERSET'")).toBe(
    'US7ASCII',
  );
  expect(await one("SELECT VALUE FROM V$PARAMETER WHERE NAME = 'undo_retention'")).toBe('60');
  expect(await one('SELECT DBTIMEZONE FROM DUAL')).toBe('+00:00');
  await connection.execute("ALTER SESSION SET TIME_ZONE = '+08:00' NLS_SORT = BINARY");
  expect(await one('SELECT SESSIONTIMEZONE FROM DUAL')).toBe('+08:00');
  await connection.execute("ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD'");
  expect(await one("SELECT VALUE FROM NLS_SESSION_PARAMETERS WHERE PARAMETER = 'NLS_DATE_FORMAT'")).toBe(
    'YYYY-MM-DD',
  );
  expect(await one("SELECT TO_CHAR(DATE '2026-01-31') FROM DUAL")).toBe('2026-01-31');
  expect(await errorNumber(connection.execute('ALTER SESSION SET NOTHING = 1'))).toBe(2248);
  expect(await one('SELECT CURRENT_SCN FROM V$DATABASE')).toBe(String(server.currentScn()));
  expect(await one('SELECT VERSION FROM PRODUCT_COMPONENT_VERSION')).toMatch(/^19\./);
  expect(await errorNumber((await logOn(server, 'P')).execute('SELECT * FROM V$PARAMETER'))).toBe(942);
});
