/**
 * The second client: Debian's python3-oracledb 1.2.1, another driver by other hands in another language, of an older
 * protocol (no end-of-request marks, native network services asked for, LOBs without define).
 */
import { describe, expect, test } from 'vitest';
import { hasPythonClient, logOn, python, rowsOf, sampleWire, wire } from './support.ts';

describe.skipIf(!hasPythonClient())('python-oracledb', () => {
  test('the same rows as node-oracledb, whatever the array size', async () => {
    const server = await sampleWire();
    const sql = `SELECT CASE_ID, CASE_NO, TO_CHAR(APPLY_DATE, 'YYYY-MM-DD HH24:MI:SS'), CLAIM_AMOUNT, IS_COLLECTIVE,
      TO_CHAR(UPDATED_AT, 'YYYY-MM-DD HH24:MI:SS.FF6') FROM ARB_CASE WHERE CASE_ID > :1 ORDER BY CASE_ID`;
    const node = await rowsOf(await logOn(server), sql, [100050]);
    const found = await python(
      server,
      `
found = []
for arraysize, prefetch in ((1, 0), (7, 3), (100, 2), (1000, 1000)):
    cursor = connection.cursor(); cursor.arraysize = arraysize; cursor.prefetchrows = prefetch
    cursor.execute(argument, [100050]); found.append(rows())
print(json.dumps(found))`,
      sql,
    );
    expect(node.length).toBeGreaterThan(300);
    expect(found).toEqual([node, node, node, node]);
  });

  test('describe, errors with offset, and the session after them', async () => {
    const server = await sampleWire();
    const found = await python(
      server,
      `
cursor.execute("SELECT CASE_ID, CASE_NO, CLAIM_AMOUNT, APPLY_DATE, UPDATED_AT, DELETED FROM ARB_CASE")
described = [[d[0], d[1].name, d[4], d[5], d[6]] for d in cursor.description]
failures = []
for sql in ("SELECT 1 FROM NOWHERE", "SELECT NOTHING FROM ARB_CASE", "SELECT 1 FROM ARB_CASE LIMIT 1", "SELECT COUNT(*) FROM ARB_CASE AS OF SCN 1"):
    try: cursor.execute(sql); failures.append(None)
    except oracledb.DatabaseError as error: failures.append([error.args[0].code, error.args[0].offset])
cursor.execute("SELECT COUNT(*) FROM ARB_CASE"); print(json.dumps([described, failures, rows()]))`,
    );
    expect(found).toEqual([
      [
        ['CASE_ID', 'DB_TYPE_NUMBER', 18, 0, false],
        ['CASE_NO', 'DB_TYPE_VARCHAR', null, null, true],
        ['CLAIM_AMOUNT', 'DB_TYPE_NUMBER', 18, 2, true],
        ['APPLY_DATE', 'DB_TYPE_DATE', null, null, false],
        ['UPDATED_AT', 'DB_TYPE_TIMESTAMP', 0, 6, false],
        ['DELETED', 'DB_TYPE_CHAR', null, null, false],
      ],
      [
        [942, 14],
        [904, 7],
        [933, 23],
        [1555, 0],
      ],
      [['401']],
    ]);
  });

  test('changes, transactions, binds by name, CLOBs', async () => {
    const server = await wire();
    const found = await python(
      server,
      `
cursor.execute("CREATE TABLE T (ID NUMBER(9) PRIMARY KEY, S VARCHAR2(20), N NUMBER(38,10), TS TIMESTAMP, L CLOB)")
cursor.setinputsizes(None, None, None, oracledb.DB_TYPE_TIMESTAMP, oracledb.DB_TYPE_CLOB)
cursor.executemany("INSERT INTO T VALUES (:1, :2, :3, :4, :5)", [
    (1, '中文', decimal.Decimal('12345678901234567890.0123456789'), datetime.datetime(2026, 1, 2, 3, 4, 5, 678901), '大' * 40000),
    (2, '', None, None, None)])
counts = [cursor.rowcount]
connection.commit()
cursor.execute("UPDATE T SET S = :s WHERE ID = :id", id=2, s='q'); counts.append(cursor.rowcount)
connection.rollback()
try: cursor.execute("INSERT INTO T (ID) VALUES (1)")
except oracledb.IntegrityError as error: counts.append(error.args[0].code)
cursor.execute("SELECT ID, S, N, TS, L FROM T ORDER BY ID"); connection.ping()
print(json.dumps([counts, rows()]))`,
      null,
      'ARB',
    );
    expect(found).toEqual([
      [2, 1, 1],
      [
        ['1', '中文', '12345678901234567890.0123456789', '2026-01-02 03:04:05.678901', '大'.repeat(40_000)],
        ['2', null, null, null, null],
      ],
    ]);
  });

  test('an error of the client in mid-fetch is recovered from', async () => {
    const server = await wire();
    await server.createTable('ARB.OLD', [{ name: 'D', oracleType: 'DATE' }], [['-0044-03-15 10:00:00']]);
    const found = await python(
      server,
      `
try: cursor.execute("SELECT D FROM ARB.OLD"); rows(); found = None
except ValueError: found = 'no such year'
cursor.execute("SELECT TO_CHAR(D, 'SYYYY-MM-DD') FROM ARB.OLD"); print(json.dumps([found, rows()]))`,
    );
    expect(found).toEqual(['no such year', [['-0044-03-15']]]);
  });

  test('faults reach it too', async () => {
    const server = await sampleWire();
    server.faults.add({ kind: 'error', error: 1555, afterRows: 30 });
    server.faults.add({ kind: 'drop', afterRows: 30, midPacket: true, when: { query: 3 } });
    const found = await python(
      server,
      `
cursor.arraysize = 20
found = []
for attempt in range(3):
    try: cursor.execute("SELECT PARTY_ID, NAME FROM ARB_PARTY"); found.append(len(cursor.fetchall()) > 400)
    except oracledb.Error as error: found.append(error.args[0].full_code)
print(json.dumps(found))`,
    );
    expect(found).toEqual(['ORA-01555', true, expect.stringMatching(/^DPY-(4011|1001)/)]);
  });
});
