/** INSERT, UPDATE, DELETE, MERGE, binds, transactions, CLOBs, definitions and PL/SQL through node-oracledb. */
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { OraError } from '../support/oracle-wire/index.ts';
import { errorNumber, logOn, rowsOf, sampleWire, wire } from './support.ts';

const CREATE =
  'CREATE TABLE T (ID NUMBER(9) PRIMARY KEY, S VARCHAR2(20), N NUMBER(20,5), D DATE, TS TIMESTAMP, C CHAR(4), L CLOB)';
const ALL =
  "SELECT ID, S, N, TO_CHAR(D, 'YYYY-MM-DD HH24:MI:SS'), TO_CHAR(TS, 'YYYY-MM-DD HH24:MI:SS.FF6'), C FROM T ORDER BY ID";

async function owner() {
  const server = await wire();
  const connection = await logOn(server, 'ARB');
  await connection.execute(CREATE);
  return { server, connection };
}

describe('changes', () => {
  test('binds by position and by name, of every type', async () => {
    const { connection } = await owner();
    const when = new Date(2026, 0, 31, 8, 30, 15, 250);
    const insert = 'INSERT INTO T (ID, S, N, D, TS, C) VALUES (:1, :2, :3, :4, :5, :6)';
    const { rowsAffected } = await connection.execute(insert, [
      1,
      '张三',
      -12.5,
      { type: oracledb.DB_TYPE_DATE, val: when },
      { type: oracledb.DB_TYPE_TIMESTAMP, val: when },
      'x',
    ]);
    expect(rowsAffected).toBe(1);
    await connection.execute('INSERT INTO T (ID, S, N) VALUES (:id, :s, :n)', {
      id: 2,
      s: '',
      n: { type: oracledb.NUMBER, val: null },
    } as oracledb.BindParameters);
    expect(await rowsOf(connection, ALL)).toEqual([
      ['1', '张三', '-12.5', '2026-01-31 08:30:15', '2026-01-31 08:30:15.250000', 'x   '],
      ['2', null, null, null, null, null],
    ]);
    expect(
      await rowsOf(connection, 'SELECT ID FROM T WHERE S = :s AND ID < :big AND S = :s', {
        s: '张三',
        big: 10,
      }),
    ).toEqual([['1']]);
    expect(await rowsOf(connection, 'SELECT :1, :2, :3 FROM DUAL', ['文', 12345678901234, null])).toEqual([
      ['文', '12345678901234', null],
    ]);
  });

  test('many rows at once, with the numbers of rows and the faulty ones', async () => {
    const { connection } = await owner();
    const rows = Array.from({ length: 1500 }, (_, at) => [at, `row ${at}`]);
    const result = await connection.executeMany('INSERT INTO T (ID, S) VALUES (:1, :2)', rows);
    expect(result.rowsAffected).toBe(1500);
    expect((await connection.execute("UPDATE T SET S = 'x' WHERE ID >= :1", [1000])).rowsAffected).toBe(500);
    expect((await connection.execute("UPDATE T SET S = 'y' WHERE ID >= :1", [1499])).rowsAffected).toBe(1);
    expect((await connection.execute('DELETE FROM T WHERE ID < 10')).rowsAffected).toBe(10);
    const mixed = await connection.executeMany(
      'INSERT INTO T (ID, S) VALUES (:1, :2)',
      [
        [1, 'a'],
        [1499, 'twice'],
        [2, 'b'],
        [3, 'x'.repeat(21)],
      ],
      { batchErrors: true },
    );
    expect(mixed.rowsAffected).toBe(2);
    expect(mixed.batchErrors?.map(({ message, offset }) => [message.slice(0, 9), offset])).toEqual([
      ['ORA-00001', 1],
      ['ORA-12899', 3],
    ]);
    expect(await rowsOf(connection, 'SELECT COUNT(*) FROM T')).toEqual([['1492']]);
  });

  test('a statement that fails is undone alone; the transaction goes on', async () => {
    const { connection } = await owner();
    await connection.execute("INSERT INTO T (ID, S) VALUES (1, 'a')");
    expect(await errorNumber(connection.execute("INSERT INTO T (ID, S) VALUES (1, 'b')"))).toBe(1);
    expect(await errorNumber(connection.execute('INSERT INTO T (ID, N) VALUES (2, 1e5)'))).toBe(900);
    expect(await errorNumber(connection.execute('INSERT INTO T (ID) VALUES (NULL)'))).toBe(1400);
    expect(await errorNumber(connection.execute('INSERT INTO T (ID) VALUES (1234567890)'))).toBe(1438);
    expect(await errorNumber(connection.execute("UPDATE T SET S = '二十个以上的字节太长了放不下'"))).toBe(
      12899,
    );
    expect(await errorNumber(connection.execute('SELECT TO_NUMBER(S) FROM T'))).toBe(1722);
    await connection.execute("INSERT INTO T (ID, S) VALUES (2, 'c')");
    await connection.commit();
    expect(await rowsOf(connection, 'SELECT ID, S FROM T ORDER BY ID')).toEqual([
      ['1', 'a'],
      ['2', 'c'],
    ]);
  });

  test('others see it after the commit only; rollback undoes it; autocommit commits', async () => {
    const { server, connection } = await owner();
    const other = await logOn(server, 'ARB');
    const count = async () => Number((await rowsOf(other, 'SELECT COUNT(*) FROM T'))[0]?.[0]);
    await connection.execute('INSERT INTO T (ID) VALUES (1)');
    expect(await count()).toBe(0);
    await connection.commit();
    expect(await count()).toBe(1);
    await connection.execute('DELETE FROM T');
    await connection.rollback();
    expect(await count()).toBe(1);
    await connection.execute('INSERT INTO T (ID) VALUES (2)', [], { autoCommit: true });
    expect(await count()).toBe(2);
    await connection.execute('INSERT INTO T (ID) VALUES (3)');
    await connection.close();
    await expect.poll(count).toBe(2);
    const before = server.currentScn();
    await other.execute('UPDATE T SET N = 1');
    expect(await rowsOf(other, `SELECT COUNT(*) FROM T AS OF SCN ${before} WHERE N = 1`)).toEqual([['0']]);
  });

  test('MERGE, INSERT … SELECT and INSERT ALL', async () => {
    const { connection } = await owner();
    await connection.execute(
      "INSERT ALL INTO T (ID, S) VALUES (1, 'a') INTO T (ID, S) VALUES (2, 'b') SELECT * FROM DUAL",
    );
    const merge = `MERGE INTO T t USING (SELECT :id AS ID, :s AS S FROM DUAL) n ON (t.ID = n.ID)
      WHEN MATCHED THEN UPDATE SET t.S = n.S WHEN NOT MATCHED THEN INSERT (ID, S) VALUES (n.ID, n.S)`;
    expect((await connection.execute(merge, { id: 2, s: 'B' })).rowsAffected).toBe(1);
    expect((await connection.execute(merge, { id: 3, s: '三' })).rowsAffected).toBe(1);
    expect(
      (await connection.execute("INSERT INTO T (ID, S) SELECT ID + 10, S || '!' FROM T WHERE ID < 3"))
        .rowsAffected,
    ).toBe(2);
    expect(await rowsOf(connection, 'SELECT ID, S FROM T ORDER BY ID')).toEqual([
      ['1', 'a'],
      ['2', 'B'],
      ['3', '三'],
      ['11', 'a!'],
      ['12', 'B!'],
    ]);
  });

  test('who may not, may not', async () => {
    const server = await sampleWire();
    const reader = await logOn(server);
    for (const sql of [
      'DELETE FROM ARB_CASE',
      'UPDATE ARB.ARB_CASE SET DELETED = 1',
      "INSERT INTO ARB_ORG (ORG_CODE) VALUES ('x')",
      'CREATE TABLE MINE (N NUMBER)',
      'DROP TABLE ARB.ARB_CASE',
      'TRUNCATE TABLE ARB.ARB_CASE',
    ]) {
      expect([sql, await errorNumber(reader.execute(sql))]).toEqual([sql, 1031]);
    }
    expect(await rowsOf(reader, 'SELECT COUNT(*) FROM ARB_CASE')).toEqual([['401']]);
  });
});

describe('CLOB', () => {
  const long = '劳动人事争议𠮷'.repeat(9000);

  test('as text, as a stream, and NULL', async () => {
    const { connection } = await owner();
    await connection.execute('INSERT INTO T (ID, L) VALUES (1, :1)', [{ type: oracledb.CLOB, val: long }]);
    await connection.execute("INSERT INTO T (ID, L) VALUES (2, '短')");
    await connection.execute('INSERT INTO T (ID, L) VALUES (3, NULL)');
    const texts = await connection.execute<[number, string | null]>('SELECT ID, L FROM T ORDER BY ID', [], {
      fetchTypeHandler: (column) =>
        column.dbType === oracledb.DB_TYPE_CLOB ? { type: oracledb.STRING } : undefined,
    });
    expect(texts.rows?.map(([, text]) => text)).toEqual([long, '短', null]);
    const { rows } = await connection.execute<[oracledb.Lob]>('SELECT L FROM T WHERE ID = 1');
    const lob = rows?.[0]?.[0];
    expect(lob?.length).toBe(long.length);
    expect(await lob?.getData()).toBe(long);
    const pieces: string[] = [];
    const again = await connection.execute<[oracledb.Lob]>('SELECT L FROM T WHERE ID = 1');
    const stream = again.rows?.[0]?.[0];
    stream?.setEncoding('utf8');
    for await (const piece of stream ?? []) pieces.push(String(piece));
    expect(pieces.join('')).toBe(long);
  });

  test('a temporary CLOB written in parts', async () => {
    const { connection } = await owner();
    const lob = await connection.createLob(oracledb.CLOB);
    await new Promise<void>((resolve, reject) => {
      lob.on('finish', resolve).on('error', reject);
      lob.write('一部分');
      lob.end('和另一部分');
    });
    await connection.execute('INSERT INTO T (ID, L) VALUES (1, :1)', [lob]);
    await lob.close();
    const { rows } = await connection.execute<[oracledb.Lob]>('SELECT L FROM T');
    expect(await rows?.[0]?.[0].getData()).toBe('一部分和另一部分');
  });
});

describe('PL/SQL', () => {
  test('blocks go to the handlers of the test; others are refused', async () => {
    const server = await wire({
      plsql: [
        {
          pattern: /DBMS_DATAPUMP\.OPEN/i,
          run: (call) => {
            if (call.text('MODE') === 'FULL') throw new OraError(31631, 'privileges are required');
            call.out('handle', 42);
            call.out('job', `${call.user}:${call.text('mode')}`);
          },
        },
      ],
    });
    const connection = await logOn(server);
    const block = 'BEGIN :handle := DBMS_DATAPUMP.OPEN(:mode, :job); END;';
    const out = {
      handle: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
      job: { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 100 },
    };
    const result = await connection.execute<Record<string, unknown>>(block, {
      ...out,
      mode: 'SCHEMA',
    } as oracledb.BindParameters);
    expect(result.outBinds).toEqual({ handle: 42, job: 'ARBDATA:SCHEMA' });
    expect(
      await errorNumber(connection.execute(block, { ...out, mode: 'FULL' } as oracledb.BindParameters)),
    ).toBe(31631);
    await connection.execute('BEGIN NULL; END;');
    expect(await errorNumber(connection.execute('BEGIN DBMS_LOCK.SLEEP(1); END;'))).toBe(6550);
  });
});
