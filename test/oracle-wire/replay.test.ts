/** Replay mode gives the same rows as the engine, and keeps what it encoded. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { shapeOf } from '../support/oracle-wire/replay.ts';
import { errorNumber, logOn, rowsOf, sampleWire, temporaryFolder } from './support.ts';

const LIST = `"CASE_ID", "CASE_NO", TO_CHAR("APPLY_DATE", 'YYYY-MM-DD HH24:MI:SS') AS "APPLY_DATE", "CLAIM_AMOUNT",
  "IS_COLLECTIVE", TO_CHAR("UPDATED_AT", 'YYYY-MM-DD HH24:MI:SS.FF6') AS "UPDATED_AT"`;

describe('replay', () => {
  test('full scans and ranges of numbers and texts equal those of the engine', async () => {
    const replayDir = await temporaryFolder();
    const plain = await logOn(await sampleWire());
    const server = await sampleWire({ replayDir });
    const replayed = await logOn(server);
    const scn = server.currentScn();
    const queries: [string, (number | string)[]][] = [
      [`SELECT ${LIST} FROM "ARB"."ARB_CASE"`, []],
      [`SELECT ${LIST} FROM "ARB"."ARB_CASE" AS OF SCN ${scn}`, []],
      [
        `SELECT ${LIST} FROM ARB_CASE AS OF SCN ${scn} WHERE "CASE_ID" >= :1 AND "CASE_ID" < :2`,
        [100101, 100202],
      ],
      [`SELECT ${LIST} FROM ARB_CASE WHERE "CASE_ID" >= :1`, [100350]],
      [`SELECT ${LIST} FROM ARB_CASE WHERE ("CASE_ID" < :1 OR "CASE_ID" IS NULL)`, [100050]],
      [`SELECT ${LIST} FROM ARB_CASE WHERE "CASE_ID" < 100003`, []],
      [`SELECT ${LIST} FROM ARB_CASE WHERE "CASE_ID" >= :1 AND "CASE_ID" < :2`, [5, 5]],
      ['SELECT * FROM PRE_APPLICATION WHERE PRE_APP_ID >= :1', ['PA2026']],
      ['SELECT NAME, PARTY_ID FROM ARB_PARTY', []],
    ];
    for (const [sql, binds] of queries) {
      const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
      const expected = sorted(await rowsOf(plain, sql, binds));
      for (const fetchArraySize of [1000, 37]) {
        expect(sorted(await rowsOf(replayed, sql, binds, { fetchArraySize }))).toEqual(expected);
      }
    }
    expect(readdirSync(replayDir).filter((name) => name.endsWith('.rows'))).toHaveLength(3);
  });

  test('rows that are there several times are counted and served as often', async () => {
    const replayDir = await temporaryFolder();
    const sql = `SELECT ${LIST} FROM ARB_CASE WHERE "CASE_ID" >= :1 AND "CASE_ID" < :2`;
    const once = await rowsOf(await logOn(await sampleWire({ replayDir })), sql, [100101, 100202]);
    const threeTimes = await logOn(await sampleWire({ replayDir, replayTimes: 3 }));
    for (const fetchArraySize of [1000, 37]) {
      expect(await rowsOf(threeTimes, sql, [100101, 100202], { fetchArraySize })).toEqual([
        ...once,
        ...once,
        ...once,
      ]);
    }
    const [[count] = []] = await rowsOf(
      threeTimes,
      'SELECT COUNT(*) FROM ARB_CASE WHERE CASE_ID >= :1 AND CASE_ID < :2',
      [100101, 100202],
    );
    expect(count).toBe(String(3 * once.length));
    expect(readdirSync(replayDir).filter((name) => name.endsWith('.rows'))).toHaveLength(1);
  });

  test('other statements run on the engine; what was encoded is used again', async () => {
    const replayDir = await temporaryFolder();
    const query = `SELECT ${LIST} FROM ARB_CASE`;
    const first = await logOn(await sampleWire({ replayDir }));
    const rows = await rowsOf(first, query);
    expect(await rowsOf(first, 'SELECT COUNT(*) FROM ARB_CASE')).toEqual([[String(rows.length)]]);
    expect(
      await rowsOf(
        first,
        'SELECT MIN(k) FROM (SELECT CASE_ID k, NTILE(2) OVER (ORDER BY CASE_ID) n FROM ARB_CASE) GROUP BY n ORDER BY 1',
      ),
    ).toHaveLength(2);
    const times = () => readdirSync(replayDir).map((name) => statSync(path.join(replayDir, name)).mtimeMs);
    const before = times();
    expect(await rowsOf(await logOn(await sampleWire({ replayDir })), query)).toEqual(rows);
    expect(times()).toEqual(before);
  });

  test('faults strike as ever', async () => {
    const server = await sampleWire({ replayDir: await temporaryFolder() });
    const connection = await logOn(server);
    const query = `SELECT ${LIST} FROM ARB_CASE`;
    const rows = await rowsOf(connection, query);
    server.faults.add({ kind: 'error', error: 1555, afterRows: 250 });
    server.faults.add({ kind: 'short', missing: 2 });
    expect(await errorNumber(rowsOf(connection, query))).toBe(1555);
    expect(await rowsOf(connection, query)).toEqual(rows.slice(0, -2));
    expect(await errorNumber(connection.execute(`${query} AS OF SCN 9999999`))).toBe(8181);
    expect(
      await errorNumber(
        (await logOn(server, 'ARBPLAIN')).execute(`${query} AS OF SCN ${server.currentScn()}`),
      ),
    ).toBe(1031);
  });

  test('what counts as a plain scan', () => {
    expect(shapeOf('SELECT * FROM ARB.ARB_CASE')).toMatchObject({ view: 'ARB_CASE' });
    for (const sql of [
      'SELECT COUNT(*) FROM ARB_CASE',
      'SELECT * FROM ARB_CASE ORDER BY CASE_ID',
      'SELECT * FROM ARB_CASE WHERE ORG_CODE = :1',
      'SELECT * FROM ARB_CASE a, ARB_ORG b',
      'SELECT DISTINCT ORG_CODE FROM ARB_CASE',
      'SELECT * FROM ARB_CASE FETCH FIRST 1 ROWS ONLY',
      'SELECT * FROM NOWHERE',
    ]) {
      expect([sql, shapeOf(sql)]).toEqual([sql, undefined]);
    }
  });
});
