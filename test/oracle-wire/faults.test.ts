/** Faults on demand, as the client sees them; afterwards all is well. */
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { startOracleWireProcess } from '../support/oracle-wire/index.ts';
import { errorNumber, logOn, rowsOf, sampleWire, smallSource } from './support.ts';

const PARTIES = 'SELECT PARTY_ID, NAME, ADDRESS FROM ARB_PARTY ORDER BY PARTY_ID';

async function countUntilError(connection: oracledb.Connection, sql: string, fetchArraySize: number) {
  let rows = 0;
  try {
    for await (const _ of connection.queryStream(sql, [], { fetchArraySize })) rows += 1;
    return { rows, error: undefined };
  } catch (error) {
    return { rows, error: await errorNumber(Promise.reject(error)) };
  }
}

describe('connecting', () => {
  test('refused with a number, closed without a word, nobody there; then all is well', async () => {
    const server = await sampleWire();
    const attempt = () =>
      errorNumber(
        oracledb
          .getConnection({
            user: 'ARBDATA',
            password: server.password('ARBDATA'),
            connectString: server.connectString,
          })
          .then((one) => one.close()),
      );
    server.faults.add({ kind: 'refuse', error: 12514 });
    server.faults.add({ kind: 'refuse', error: 12505 });
    server.faults.add({ kind: 'refuse', error: 12528 });
    server.faults.add({ kind: 'refuse' });
    expect(await attempt()).toBe('NJS-518');
    expect(await attempt()).toBe('NJS-519');
    expect(await attempt()).toBe('NJS-511');
    expect(await attempt()).toMatch(/NJS-(500|501|503)/);
    expect(await attempt()).toBeUndefined();
    server.faults.add({ kind: 'down', when: { times: 'always' } });
    await server.settled();
    expect(await attempt()).toMatch(/NJS-(503|511)/);
    server.faults.clear();
    await server.settled();
    expect(await attempt()).toBeUndefined();
    server.faults.add({ kind: 'login', error: 28001 });
    expect(await attempt()).toBe(28001);
    expect(await attempt()).toBeUndefined();
  });
});

describe('in the middle of a query', () => {
  test.each([1555, 1466, 1652])('ORA-%i after some rows, then the same session reads all', async (error) => {
    const server = await sampleWire();
    const connection = await logOn(server);
    const all = await rowsOf(connection, PARTIES);
    for (const afterRows of [0, 1, 50, 57, 100, all.length, all.length + 1000]) {
      server.faults.add({ kind: 'error', error, afterRows, when: { statement: 'ARB_PARTY' } });
      const seen = await countUntilError(connection, PARTIES, 50);
      expect(seen.error).toBe(error);
      expect(seen.rows).toBeLessThanOrEqual(afterRows);
      expect(await rowsOf(connection, PARTIES)).toEqual(all);
    }
    expect(server.faults.fired).toHaveLength(7);
  });

  test('the connection drops after n rows of the third query, once', async () => {
    const server = await sampleWire({ faults: [{ kind: 'drop', afterRows: 123, when: { query: 3 } }] });
    const connection = await logOn(server);
    await rowsOf(connection, PARTIES);
    await rowsOf(connection, 'SELECT 1 FROM DUAL');
    const all = await rowsOf(connection, PARTIES);
    const seen = await countUntilError(connection, PARTIES, 50);
    expect(seen.error).toMatch(/NJS-(500|503)/);
    expect(seen.rows).toBeLessThanOrEqual(123);
    expect(seen.rows).toBeGreaterThanOrEqual(100);
    expect(await rowsOf(await logOn(server), PARTIES)).toEqual(all);
  });

  test('the connection drops in the middle of a packet', async () => {
    const server = await sampleWire({ faults: [{ kind: 'drop', afterRows: 77, midPacket: true }] });
    const seen = await countUntilError(await logOn(server), PARTIES, 20);
    expect(seen.error).toMatch(/NJS-(500|503)/);
    expect(seen.rows).toBeLessThanOrEqual(77);
    const direct = await sampleWire({ faults: [{ kind: 'drop', midPacket: true }] });
    expect((await countUntilError(await logOn(direct), PARTIES, 20)).error).toMatch(/NJS-(500|503)/);
  });

  test.each([28, 3113, 1089])('ORA-%i ends the session', async (error) => {
    const server = await sampleWire({ faults: [{ kind: 'error', error, afterRows: 60 }] });
    const connection = await logOn(server);
    expect((await countUntilError(connection, PARTIES, 50)).error).toBe(error);
    expect(await errorNumber(connection.execute(PARTIES))).toBe('NJS-003');
    await expect.poll(() => server.sessions.length).toBe(0);
  });

  test('a killed session', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    await rowsOf(connection, PARTIES);
    server.kill(server.sessions[0]?.number ?? 0);
    expect(await errorNumber(connection.execute(PARTIES))).toBe(28);
    expect(await errorNumber(connection.execute(PARTIES))).toBe('NJS-003');
  });

  test('a stall of some time is only slow; one for ever ends with the client', async () => {
    const server = await sampleWire({ faults: [{ kind: 'stall', afterRows: 30, ms: 50 }] });
    const connection = await logOn(server);
    const all = await rowsOf(connection, PARTIES);
    expect(all.length).toBeGreaterThan(400);
    server.faults.add({ kind: 'stall', afterRows: 30 });
    let ended = false;
    const reading = countUntilError(connection, PARTIES, 10).finally(() => {
      ended = true;
    });
    await expect.poll(() => server.faults.fired.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ended).toBe(false);
    for (const session of server.sessions) session.destroy();
    expect((await reading).error).toMatch(/NJS-(500|503)/);
  });

  test('fewer rows without an error', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    const all = await rowsOf(connection, PARTIES);
    server.faults.add({ kind: 'short', missing: 1 });
    expect(await rowsOf(connection, PARTIES, [], { fetchArraySize: 33 })).toEqual(all.slice(0, -1));
    expect(await rowsOf(connection, PARTIES)).toEqual(all);
  });

  test('a slow network gives the same rows', async () => {
    const server = await sampleWire();
    const all = await rowsOf(await logOn(server), PARTIES);
    server.faults.add({ kind: 'slow', bytesPerSecond: 400_000, latencyMs: 2 });
    const slow = await logOn(server);
    expect(await rowsOf(slow, PARTIES, [], { fetchArraySize: 100 })).toEqual(all);
  });
});

describe('breaks', () => {
  test('the client breaks off a running query with ORA-01013; the session lives on', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    const endless =
      'SELECT COUNT(*) FROM ARB_PARTY a, ARB_PARTY b, ARB_PARTY c, ARB_PARTY d WHERE a.NAME || b.NAME < c.NAME || d.NAME';
    for (const sql of [
      endless,
      endless.replaceAll('ARB_PARTY ', `ARB_PARTY AS OF SCN ${server.currentScn()} `),
    ]) {
      const running = errorNumber(connection.execute(sql));
      await expect.poll(() => server.statements.at(-1)?.sql).toBe(sql);
      await connection.break();
      expect(await running).toBe(1013);
      expect(await rowsOf(connection, 'SELECT COUNT(*) FROM ARB_CASE')).toEqual([['401']]);
    }
  });

  test('a call that takes longer than the client allows', async () => {
    const server = await sampleWire();
    const connection = await logOn(server);
    connection.callTimeout = 100;
    const endless =
      'SELECT COUNT(*) FROM ARB_PARTY a, ARB_PARTY b, ARB_PARTY c, ARB_PARTY d WHERE a.NAME || b.NAME < c.NAME || d.NAME';
    expect(await errorNumber(connection.execute(endless))).toBe('NJS-123');
    connection.callTimeout = 0;
    expect(await rowsOf(connection, 'SELECT COUNT(*) FROM ARB_CASE')).toEqual([['401']]);
  });
});

test('a server in a process of its own takes faults while it runs', async () => {
  const server = await startOracleWireProcess({ source: await smallSource() });
  try {
    const settings = { user: 'ARBDATA', password: 'reader-secret', connectString: server.connectString };
    const connection = await oracledb.getConnection(settings);
    const all = await rowsOf(connection, PARTIES);
    server.addFault({ kind: 'error', error: 1555, afterRows: 3 });
    await expect.poll(() => errorNumber(connection.execute(PARTIES))).toBe(1555);
    server.addFault({ kind: 'error', error: 1555, when: { times: 'always' } });
    await expect.poll(() => errorNumber(connection.execute(PARTIES))).toBe(1555);
    server.clearFaults();
    await expect.poll(() => errorNumber(connection.execute(PARTIES))).toBeUndefined();
    expect(await rowsOf(connection, PARTIES)).toEqual(all);
    await connection.close();
  } finally {
    await server.close();
  }
});
