/** System change numbers: AS OF SCN, READ ONLY transactions, and what ends them. */
import { describe, expect, test } from 'vitest';
import { errorNumber, logOn, rowsOf, sampleWire } from './support.ts';

const COUNT = 'SELECT COUNT(*) FROM ARB_CASE';

describe('AS OF SCN', () => {
  test('shows the moment of the SCN while another session writes', async () => {
    const server = await sampleWire();
    const reader = await logOn(server);
    const other = await logOn(server);
    const [scns] = await rowsOf(reader, 'SELECT DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER FROM DUAL');
    const scn = Number(scns?.[0]);
    const writer = await logOn(server, 'ARB');
    await writer.execute('DELETE FROM ARB_CASE WHERE CASE_ID < 100101');
    expect(await rowsOf(reader, COUNT)).toEqual([['401']]);
    await writer.commit();
    expect(await rowsOf(reader, COUNT)).toEqual([['301']]);
    await writer.execute('UPDATE ARB_CASE SET WORKER_COUNT = 999999');
    await writer.commit();
    await writer.execute('DELETE FROM ARB_CASE');
    await writer.commit();
    for (const session of [reader, other]) {
      expect(await rowsOf(session, `${COUNT} AS OF SCN ${scn}`)).toEqual([['401']]);
      expect(await rowsOf(session, `${COUNT} AS OF SCN :1`, [scn])).toEqual([['401']]);
      expect(await rowsOf(session, `${COUNT} AS OF SCN ${scn} WHERE WORKER_COUNT = 999999`)).toEqual([['0']]);
    }
    expect(await rowsOf(reader, `${COUNT} AS OF SCN ${scn + 1}`)).toEqual([['301']]);
    expect(await rowsOf(reader, `${COUNT} AS OF SCN ${scn + 2} WHERE WORKER_COUNT = 999999`)).toEqual([
      ['301'],
    ]);
    expect(await rowsOf(reader, COUNT)).toEqual([['0']]);
    expect(server.currentScn()).toBe(scn + 3);
  });

  test('two sessions read one SCN at the same time, in parts', async () => {
    const server = await sampleWire();
    const sessions = await Promise.all([logOn(server), logOn(server), logOn(server)]);
    const scn = server.currentScn();
    const sql = `SELECT CASE_ID, NAME FROM ARB_PARTY AS OF SCN ${scn} ORDER BY PARTY_ID`;
    const read = sessions.map((session) => rowsOf(session, sql, [], { fetchArraySize: 20 }));
    await server.run('DELETE FROM "ARB"."ARB_PARTY"');
    const [first, ...others] = await Promise.all(read);
    expect(first?.length).toBeGreaterThan(400);
    for (const one of others) expect(one).toEqual(first);
  });

  test('SCNs that cannot be read', async () => {
    const server = await sampleWire();
    const reader = await logOn(server);
    const scn = server.currentScn();
    const at = (n: number | string) => errorNumber(reader.execute(`${COUNT} AS OF SCN ${n}`));
    expect(await at(scn + 1)).toBe(8181);
    expect(await at(1)).toBe(1555);
    await server.run('DELETE FROM "ARB"."ARB_CASE" WHERE "CASE_ID" = 100001');
    expect(await at(scn)).toBeUndefined();
    server.expireScnsBefore(scn + 1);
    expect(await at(scn)).toBe(1555);
    expect(await at(scn + 1)).toBeUndefined();
    const owner = await logOn(server, 'ARB');
    await owner.execute('CREATE TABLE T (N NUMBER(3))');
    expect(await errorNumber(owner.execute(`SELECT * FROM T AS OF SCN ${scn + 1}`))).toBe(1466);
    expect(
      await errorNumber(owner.execute(`SELECT * FROM T AS OF SCN ${server.currentScn()}`)),
    ).toBeUndefined();
    await owner.execute('TRUNCATE TABLE T');
    expect(await errorNumber(owner.execute(`SELECT * FROM T AS OF SCN ${server.currentScn() - 1}`))).toBe(
      1466,
    );
  });

  test('without the privilege FLASHBACK, or the right to ask for an SCN', async () => {
    const server = await sampleWire();
    const plain = await logOn(server, 'ARBPLAIN');
    expect(await errorNumber(plain.execute(`${COUNT} AS OF SCN ${server.currentScn()}`))).toBe(1031);
    expect(await errorNumber(plain.execute('SELECT DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER FROM DUAL'))).toBe(
      904,
    );
    expect(await errorNumber(plain.execute('SELECT CURRENT_SCN FROM V$DATABASE'))).toBe(942);
    const scn = [[String(server.currentScn())]];
    expect(await rowsOf(plain, 'SELECT TIMESTAMP_TO_SCN(SYSTIMESTAMP) FROM DUAL')).toEqual(scn);
    const accounts = [
      { name: 'DBA', password: 'x', objects: [{ object: 'SYS.V_$DATABASE', privileges: ['SELECT'] }] },
    ];
    const second = await sampleWire({ accounts });
    const dba = await logOn(second, 'DBA');
    expect(await rowsOf(dba, 'SELECT CURRENT_SCN FROM V$DATABASE')).toEqual(scn);
    expect(await errorNumber(dba.execute('SELECT * FROM ARB.ARB_CASE'))).toBe(942);
  });
});

describe('SET TRANSACTION READ ONLY', () => {
  test('all statements see the beginning, until commit', async () => {
    const server = await sampleWire();
    const reader = await logOn(server, 'ARBPLAIN');
    await reader.execute('SET TRANSACTION READ ONLY');
    await server.run('DELETE FROM "ARB"."ARB_CASE" WHERE "CASE_ID" < 100101');
    expect(await rowsOf(reader, COUNT)).toEqual([['401']]);
    await server.run('DELETE FROM "ARB"."ARB_CASE"');
    expect(await rowsOf(reader, COUNT)).toEqual([['401']]);
    expect(await errorNumber(reader.execute('SET TRANSACTION READ ONLY'))).toBe(1453);
    await reader.commit();
    expect(await rowsOf(reader, COUNT)).toEqual([['0']]);
  });

  test('nothing can be changed in it', async () => {
    const server = await sampleWire();
    const owner = await logOn(server, 'ARB');
    await owner.execute('SET TRANSACTION READ ONLY');
    expect(await errorNumber(owner.execute('DELETE FROM ARB_CASE'))).toBe(1456);
    await owner.rollback();
    expect((await owner.execute('DELETE FROM ARB_CASE')).rowsAffected).toBe(401);
    expect(await errorNumber(owner.execute('SET TRANSACTION READ ONLY'))).toBe(1453);
  });

  test('ends with ORA-01555 when its state is gone', async () => {
    const server = await sampleWire();
    const reader = await logOn(server);
    await reader.execute('SET TRANSACTION READ ONLY');
    await server.run('DELETE FROM "ARB"."ARB_CASE"');
    server.expireScnsBefore(server.currentScn());
    expect(await errorNumber(reader.execute(COUNT))).toBe(1555);
  });
});
