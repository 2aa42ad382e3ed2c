/** Logging on, describing and fetching through node-oracledb. */
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { errorNumber, logOn, rowsOf, sampleWire, wire } from './support.ts';

describe('logging on', () => {
  test('the right password opens a session, a wrong one and an unknown name do not', async () => {
    const server = await wire();
    const connection = await logOn(server);
    expect(connection.oracleServerVersionString).toBe('19.3.0.0.0');
    await connection.ping();
    const attempt = (user: string, password: string) =>
      errorNumber(oracledb.getConnection({ user, password, connectString: server.connectString }));
    expect(await attempt('ARBDATA', 'wrong')).toBe(1017);
    expect(await attempt('NOBODY', server.password('ARBDATA'))).toBe(1017);
    expect(await attempt('ARBEXPIRED', server.password('ARBEXPIRED'))).toBe(28001);
    expect(await attempt('ARBEXPIRED', 'wrong')).toBe(1017);
    expect(await attempt('ARBLOCKED', server.password('ARBLOCKED'))).toBe(28000);
    expect(await attempt('arbdata', server.password('ARBDATA'))).toBeUndefined();
  });

  test('passwords with characters beyond ASCII, and long ones', async () => {
    const passwords = ['密码-пароль', 'x'.repeat(30), 'a"b\'c d'];
    const accounts = passwords.map((password, at) => ({ name: `U${at}`, password }));
    const server = await wire({ accounts });
    for (const { name } of accounts) await (await logOn(server, name)).ping();
  });

  test('a service or SID that is not there', async () => {
    const server = await wire();
    const to = (connectString: string) =>
      errorNumber(oracledb.getConnection({ user: 'ARBDATA', password: 'x', connectString }));
    expect(await to(`127.0.0.1:${server.port}/OTHER`)).toBe('NJS-518');
    const sid = `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.port}))(CONNECT_DATA=(SID=OTHER)))`;
    expect(await to(sid)).toBe('NJS-519');
    expect(await to(sid.replace('OTHER', 'ARB'))).toBe(1017);
  });

  test('several sessions at once', async () => {
    const server = await sampleWire();
    const sessions = await Promise.all(Array.from({ length: 8 }, () => logOn(server)));
    const counts = await Promise.all(sessions.map((one) => rowsOf(one, 'SELECT COUNT(*) FROM ARB_CASE')));
    expect(new Set(counts.map(String))).toEqual(new Set(['401']));
    expect(server.sessions).toHaveLength(8);
  });
});

describe('fetching', () => {
  test('describe tells the declared types', async () => {
    const server = await sampleWire({
      columns: {
        'ARB_CASE.CLAIM_AMOUNT': { oracleType: 'NUMBER' },
        'ARB_CASE.CASE_NO': { oracleType: 'VARCHAR2(64 CHAR)' },
      },
    });
    const connection = await logOn(server);
    const { metaData } = await connection.execute('SELECT * FROM ARB.ARB_CASE');
    const shown = (name: string) => {
      const column = metaData?.find((one) => one.name === name);
      return [column?.dbTypeName, column?.byteSize, column?.precision, column?.scale, column?.nullable];
    };
    expect(metaData).toHaveLength(29);
    expect(shown('CASE_ID')).toEqual(['NUMBER', undefined, 18, 0, false]);
    expect(shown('CASE_NO')).toEqual(['VARCHAR2', 64, undefined, undefined, true]);
    expect(shown('APPLY_DATE')).toEqual(['DATE', undefined, undefined, undefined, false]);
    expect(shown('IS_COLLECTIVE')).toEqual(['CHAR', 1, undefined, undefined, false]);
    expect(shown('CLAIM_AMOUNT')).toEqual(['NUMBER', undefined, 0, -127, true]);
    expect(shown('AWARD_AMOUNT')).toEqual(['NUMBER', undefined, 18, 2, true]);
    expect(shown('UPDATED_AT')).toEqual(['TIMESTAMP', undefined, 6, undefined, false]);
  });

  test('the same rows whatever the sizes of prefetch and fetch', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    const sql = `SELECT CASE_ID, CASE_NO, TO_CHAR(APPLY_DATE, 'YYYY-MM-DD HH24:MI:SS') AS APPLIED, CLAIM_AMOUNT,
      IS_COLLECTIVE, TO_CHAR(UPDATED_AT, 'YYYY-MM-DD HH24:MI:SS.FF6') FROM ARB_CASE ORDER BY CASE_ID`;
    const all = await rowsOf(connection, sql);
    expect(all).toHaveLength(401);
    for (const [prefetchRows, fetchArraySize] of [
      [0, 1],
      [1, 2],
      [2, 7],
      [400, 1],
      [401, 100],
      [402, 3],
      [50, 1000],
    ]) {
      const got = await rowsOf(connection, sql, [], {
        prefetchRows,
        fetchArraySize,
      } as oracledb.ExecuteOptions);
      expect(got).toEqual(all);
    }
    const expected = await server.rows(
      `SELECT CAST("CASE_ID" AS VARCHAR) AS id, "CASE_NO" AS no FROM "ARB"."ARB_CASE" ORDER BY "CASE_ID"`,
    );
    expect(all.map(([id, no]) => ({ id, no }))).toEqual(expected);
  });

  test('a result set fetched in parts, closed early, and the statement run again', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    for (let round = 0; round < 3; round++) {
      const { resultSet } = await connection.execute(
        'SELECT PARTY_ID, NAME FROM ARB_PARTY WHERE PARTY_ID > :1',
        [round],
        { resultSet: true, fetchArraySize: 10, prefetchRows: 2 },
      );
      expect(await resultSet?.getRows(25)).toHaveLength(25);
      await resultSet?.close();
    }
    expect(server.statements).toHaveLength(3);
  });

  test('a stream of all rows', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    let rows = 0;
    for await (const _ of connection.queryStream('SELECT * FROM ARB_PARTY', [], { fetchArraySize: 50 }))
      rows += 1;
    const [expected] = await server.rows('SELECT count(*)::VARCHAR AS n FROM "ARB"."ARB_PARTY"');
    expect(String(rows)).toBe(expected?.['n']);
  });

  test('errors carry number, text and offset', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    const failure = await connection
      .execute('SELECT CASE_ID, NOTHING FROM ARB_CASE')
      .catch((error: oracledb.DBError) => error);
    expect(failure).toMatchObject({ errorNum: 904, offset: 16 });
    expect((failure as Error).message).toContain('ORA-00904: "NOTHING": invalid identifier');
    expect(await errorNumber(connection.execute('SELECT 1 FROM NOWHERE'))).toBe(942);
    expect(await rowsOf(connection, 'SELECT COUNT(*) FROM ARB_ORG')).toEqual([['18']]);
  });

  test('CHAR comes with its blanks, the empty text as NULL', async () => {
    const server = await wire();
    await server.createTable(
      'ARB.T',
      [
        { name: 'C', oracleType: 'CHAR(4)' },
        { name: 'V', oracleType: 'VARCHAR2(4)' },
      ],
      [
        ['a', ''],
        ['abcd', 'x'],
      ],
    );
    const connection = await logOn(server);
    expect(await rowsOf(connection, 'SELECT C, V, LENGTH(C) FROM ARB.T')).toEqual([
      ['a   ', null, '4'],
      ['abcd', 'x', '4'],
    ]);
    expect(await rowsOf(connection, "SELECT COUNT(*) FROM ARB.T WHERE C = 'a'")).toEqual([['1']]);
    expect(await rowsOf(connection, 'SELECT COUNT(*) FROM ARB.T WHERE C = :1', ['a'])).toEqual([['0']]);
    expect(await rowsOf(connection, "SELECT COUNT(*) FROM ARB.T WHERE V = ''")).toEqual([['0']]);
  });

  test('a US7ASCII database full of GBK: text is lost on the way, the bytes can be looked at', async () => {
    const server = await sampleWire({ characterSet: 'US7ASCII', bytes: 'gbk' });
    const connection = await logOn(server);
    const [row] = await rowsOf(
      connection,
      "SELECT ORG_NAME, RAWTOHEX(UTL_RAW.CAST_TO_RAW(ORG_NAME)), DUMP(ORG_NAME, 1016), LENGTHB(CASE_WORD) FROM ARB_ORG WHERE ORG_CODE = '110000'",
    );
    expect(row?.[0]).toMatch(/^\ufffd{28}$/);
    expect(new TextDecoder('gbk').decode(Buffer.from(String(row?.[1]), 'hex'))).toBe(
      '北京市劳动人事争议仲裁委员会',
    );
    expect(row?.[2]).toMatch(/^Typ=1 Len=28 CharacterSet=US7ASCII: b1,b1,be,a9,/);
    expect(row?.[3]).toBe('2');
  });
});
