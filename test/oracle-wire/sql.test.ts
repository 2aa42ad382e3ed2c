/** The subset of Oracle's SQL: what it gives, and that everything else is refused loudly. */
import type oracledb from 'oracledb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startOracleWire } from '../support/oracle-wire/index.ts';
import { errorNumber, logOn, rowsOf } from './support.ts';

async function owner(): Promise<oracledb.Connection> {
  const server = await startOracleWire();
  onTestFinished(() => server.close());
  await server.createTable(
    'ARB.EMP',
    [
      { name: 'ID', oracleType: 'NUMBER(9)', nullable: false },
      { name: 'NAME', oracleType: 'VARCHAR2(20)' },
      { name: 'DEPT', oracleType: 'CHAR(2)' },
      { name: 'PAY', oracleType: 'NUMBER(12,2)' },
      { name: 'HIRED', oracleType: 'DATE' },
      { name: 'SEEN', oracleType: 'TIMESTAMP(6)' },
    ],
    [
      ['1', '张三', 'A', '100.50', '2026-01-31 08:30:00', '2026-01-31 08:30:00.000001'],
      ['2', '李四', 'A', '0.05', '1999-12-31 23:59:59', null],
      ['3', null, 'B', null, '-0044-03-15 00:00:00', '1986-05-04 00:00:00.500000'],
      ['4', "O'Hara", 'B', '-20', null, '2026-01-31 08:30:00.000000'],
    ],
  );
  return logOn(server, 'ARB');
}

const ANSWERS: readonly (readonly [string, unknown[][]])[] = [
  ['SELECT id, "NAME" FROM emp WHERE id = 1', [['1', '张三']]],
  ['SELECT COUNT(*), SUM(PAY), MIN(PAY), MAX(ID) FROM ARB.EMP', [['4', '80.55', '-20', '4']]],
  [
    "SELECT TO_CHAR(HIRED, 'YYYY-MM-DD HH24:MI:SS') FROM EMP ORDER BY ID",
    [['2026-01-31 08:30:00'], ['1999-12-31 23:59:59'], ['0044-03-15 00:00:00'], [null]],
  ],
  [
    "SELECT TO_CHAR(HIRED, 'SYYYY-MM-DD') FROM EMP WHERE ID IN (1, 3) ORDER BY 1",
    [[' 2026-01-31'], ['-0044-03-15']],
  ],
  [
    "SELECT TO_CHAR(SEEN, 'YYYY-MM-DD HH24:MI:SS.FF6') FROM EMP WHERE SEEN IS NOT NULL ORDER BY SEEN",
    [['1986-05-04 00:00:00.500000'], ['2026-01-31 08:30:00.000000'], ['2026-01-31 08:30:00.000001']],
  ],
  ['SELECT TO_CHAR(PAY) FROM EMP ORDER BY ID', [['100.5'], ['.05'], [null], ['-20']]],
  ["SELECT TO_CHAR(PAY, 'FM9999999990.00') FROM EMP WHERE ID = 2", [['0.05']]],
  ["SELECT ID FROM EMP WHERE HIRED < DATE '2000-01-01' ORDER BY HIRED", [['3'], ['2']]],
  ["SELECT ID FROM EMP WHERE HIRED = TO_DATE('1999-12-31 23:59:59', 'YYYY-MM-DD HH24:MI:SS')", [['2']]],
  [
    "SELECT ID FROM EMP WHERE SEEN = TO_TIMESTAMP('2026-01-31 08:30:00.000001', 'YYYY-MM-DD HH24:MI:SS.FF6')",
    [['1']],
  ],
  ["SELECT ID FROM EMP WHERE SEEN = TIMESTAMP '2026-01-31 08:30:00.000001'", [['1']]],
  ["SELECT ID FROM EMP WHERE HIRED = TO_DATE('-0044-03-15', 'SYYYY-MM-DD')", [['3']]],
  [
    "SELECT NVL(NAME, '无'), COALESCE(PAY, 0), NVL2(NAME, 'y', 'n') FROM EMP WHERE ID = 3",
    [['无', '0', 'n']],
  ],
  [
    "SELECT CASE WHEN PAY > 0 THEN 'plus' WHEN PAY < 0 THEN 'minus' END, CASE DEPT WHEN 'A' THEN 1 ELSE 2 END FROM EMP ORDER BY ID",
    [
      ['plus', '1'],
      ['plus', '1'],
      [null, '2'],
      ['minus', '2'],
    ],
  ],
  [
    "SELECT DECODE(ID, 1, 'one', 2, 'two', 'many') FROM EMP ORDER BY ID",
    [['one'], ['two'], ['many'], ['many']],
  ],
  ["SELECT NAME || '-' || ID || '' FROM EMP WHERE ID IN (1, 3) ORDER BY ID", [['张三-1'], ['-3']]],
  ['SELECT LENGTH(NAME), LENGTHB(NAME) FROM EMP WHERE ID = 1', [['2', '6']]],
  [
    "SELECT SUBSTR(NAME, 2), SUBSTR(NAME, -1, 1), INSTR(NAME, '三'), UPPER('aé') FROM EMP WHERE ID = 1",
    [['三', '三', '2', 'AÉ']],
  ],
  [
    "SELECT TRIM('  '), LTRIM(' a '), RPAD('ab', 4, '*'), REPLACE('aXb', 'X') FROM DUAL",
    [[null, 'a ', 'ab**', 'ab']],
  ],
  [
    'SELECT ROUND(2.5), ROUND(-1.25, 1), MOD(7, 3), MOD(7, 0), ABS(-3), TRUNC(HIRED) FROM EMP WHERE ID = 4',
    [['3', '-1.3', '1', '7', '3', null]],
  ],
  ['SELECT CAST(PAY AS NUMBER(10,1)), CAST(ID AS VARCHAR2(10)) FROM EMP WHERE ID = 1', [['100.5', '1']]],
  ['SELECT GREATEST(1, 2, 3), LEAST(1, NULL) FROM DUAL', [['3', null]]],
  [
    "SELECT RAWTOHEX(UTL_RAW.CAST_TO_RAW('中')), DUMP('ab'), DUMP(DEPT, 16) FROM EMP WHERE ID = 1",
    [['E4B8AD', 'Typ=96 Len=2: 97,98', 'Typ=96 Len=2: 41,20']],
  ],
  ['SELECT ID FROM EMP ORDER BY PAY, ID', [['4'], ['2'], ['1'], ['3']]],
  ['SELECT ID FROM EMP ORDER BY PAY DESC', [['3'], ['1'], ['2'], ['4']]],
  ['SELECT ID FROM EMP ORDER BY PAY DESC NULLS LAST FETCH FIRST 2 ROWS ONLY', [['1'], ['2']]],
  ['SELECT ID FROM EMP ORDER BY ID OFFSET 1 ROWS FETCH NEXT 1 ROW ONLY', [['2']]],
  ['SELECT COUNT(*) FROM (SELECT ID FROM EMP WHERE ROWNUM <= 3)', [['3']]],
  ['SELECT * FROM (SELECT ID FROM EMP ORDER BY ID DESC) WHERE ROWNUM < 2', [['4']]],
  [
    'SELECT MIN(k), MAX(k), n FROM (SELECT ID k, NTILE(2) OVER (ORDER BY ID) n FROM EMP) GROUP BY n ORDER BY n',
    [
      ['1', '2', '1'],
      ['3', '4', '2'],
    ],
  ],
  [
    'SELECT ID, ROW_NUMBER() OVER (PARTITION BY DEPT ORDER BY ID DESC) r, COUNT(*) OVER () c FROM EMP ORDER BY ID',
    [
      ['1', '2', '4'],
      ['2', '1', '4'],
      ['3', '2', '4'],
      ['4', '1', '4'],
    ],
  ],
  [
    'SELECT DEPT, COUNT(*) FROM EMP GROUP BY DEPT HAVING COUNT(*) > 1 ORDER BY DEPT',
    [
      ['A ', '2'],
      ['B ', '2'],
    ],
  ],
  [
    'WITH a AS (SELECT ID FROM EMP WHERE ID < 3), b AS (SELECT ID FROM a WHERE ID > 1) SELECT * FROM b',
    [['2']],
  ],
  [
    'SELECT e.ID, d.N FROM EMP e LEFT JOIN (SELECT DEPT, COUNT(NAME) N FROM EMP GROUP BY DEPT) d ON d.DEPT = e.DEPT ORDER BY e.ID',
    [
      ['1', '2'],
      ['2', '2'],
      ['3', '1'],
      ['4', '1'],
    ],
  ],
  [
    'SELECT ID FROM EMP e WHERE EXISTS (SELECT 1 FROM EMP x WHERE x.DEPT = e.DEPT AND x.ID > e.ID) ORDER BY ID',
    [['1'], ['3']],
  ],
  ['SELECT ID FROM EMP WHERE (ID = 1 OR ID = 2) AND NOT (NAME IS NULL OR PAY < 1)', [['1']]],
  ['SELECT ID FROM EMP WHERE ((ID + 1) * 2 = 4)', [['1']]],
  ["SELECT ID FROM EMP WHERE NAME LIKE '%三' OR NAME LIKE 'O_H%' ORDER BY ID", [['1'], ['4']]],
  ["SELECT ID FROM EMP WHERE ID BETWEEN '2' AND 3 ORDER BY ID", [['2'], ['3']]],
  ["SELECT ID FROM EMP WHERE NAME = 'O''Hara' AND NAME = q'[O'Hara]'", [['4']]],
  [
    'SELECT ID FROM EMP WHERE ID = 1 UNION ALL SELECT ID FROM EMP WHERE ID = 1 UNION ALL SELECT 9 FROM DUAL ORDER BY 1',
    [['1'], ['1'], ['9']],
  ],
  ['SELECT ID FROM EMP MINUS SELECT ID FROM EMP WHERE ID > 1', [['1']]],
  ['SELECT (SELECT MAX(ID) FROM EMP) FROM DUAL', [['4']]],
  [
    "SELECT TO_CHAR(DATE '2026-01-31' + 1, 'YYYY-MM-DD'), EXTRACT(YEAR FROM DATE '2026-01-31') FROM DUAL",
    [['2026-02-01', '2026']],
  ],
  ['SELECT 12345678901234567890123456789012345678 FROM DUAL', [['12345678901234567890123456789012345678']]],
  ['SELECT /*+ FULL(e) */ COUNT(*) -- all\n FROM EMP e', [['4']]],
  ["SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA'), USER FROM DUAL", [['ARB', 'ARB']]],
  ["SELECT LISTAGG(NAME, ',') WITHIN GROUP (ORDER BY ID) FROM EMP", [["张三,李四,O'Hara"]]],
];

/** Statements that Oracle refuses too, with its number. */
const REFUSED: readonly (readonly [string, number])[] = [
  ['SELECT * FROM EMP LIMIT 1', 933],
  ['SELECT * FROM EMP AS e', 933],
  ['SELECT * FROM EMP;', 933],
  ['SELECT 1', 923],
  ['SELECT ID FROM EMP QUALIFY ID = 1', 933],
  ['SELECT ID FROM EMP WHERE ID', 920],
  ['SELECT ID FROM EMP WHERE ID = 1 = 1', 933],
  ['SELECT ID FROM EMP WHERE ID == 1', 936],
  ['SELECT ID[1] FROM EMP', 911],
  ['SELECT TRUE FROM DUAL', 904],
  ['SELECT "id" FROM EMP', 904],
  ['SELECT x.ID FROM EMP', 904],
  ['SELECT ID FROM EMP a, EMP b', 918],
  ['SELECT ID, COUNT(*) FROM EMP', 979],
  ['SELECT ID FROM EMP WHERE HIRED = 5', 932],
  ["SELECT TO_DATE('31.01.2026', 'YYYY-MM-DD') FROM DUAL", 1861],
  ["SELECT DATE '2026-1' FROM DUAL", 1861],
  ["SELECT ID FROM EMP WHERE ID = 'x'", 1722],
  ['SELECT NVL(1) FROM DUAL', 909],
  ["SELECT 'abc FROM DUAL", 1756],
  ['INSERT INTO EMP (ID) VALUES (1), (2)', 933],
  ['INSERT INTO EMP (ID, NAME) VALUES (1)', 947],
  ['INSERT INTO EMP (ID) VALUES (1, 2)', 913],
  ['MERGE INTO EMP e USING EMP x ON e.ID = x.ID WHEN MATCHED THEN UPDATE SET NAME = NULL', 969],
  ['SELEC 1 FROM DUAL', 900],
];

/** Statements that Oracle takes and this server does not: refused with ORA-00900, never answered wrongly. */
const NOT_SERVED: readonly string[] = [
  'SELECT PAY / 2 FROM EMP',
  'SELECT AVG(PAY) FROM EMP',
  'SELECT ROWID FROM EMP',
  "SELECT INTERVAL '1' DAY FROM DUAL",
  'SELECT HIRED - SEEN FROM EMP',
  'SELECT HIRED + 0.5 FROM EMP WHERE ID = 1',
  'SELECT * FROM EMP AS OF TIMESTAMP SYSTIMESTAMP',
  'SELECT * FROM EMP NATURAL JOIN EMP',
  'SELECT * FROM EMP a JOIN EMP b USING (ID)',
  'SELECT * FROM EMP@LINK',
  'SELECT COUNT(*) FROM EMP GROUP BY ROLLUP (DEPT)',
  'SELECT SUM(PAY) OVER (ORDER BY ID ROWS 1 PRECEDING) FROM EMP',
  "SELECT TO_CHAR(HIRED, 'DAY') FROM EMP",
  "SELECT TO_CHAR(PAY, '999G990') FROM EMP",
  'SELECT SOUNDEX(NAME) FROM EMP',
  'SELECT ID FROM EMP FOR UPDATE',
  'SELECT ID FROM EMP WHERE ROWNUM <= 1 ORDER BY ID',
  'CREATE INDEX i ON EMP (ID)',
  'LOCK TABLE EMP IN EXCLUSIVE MODE',
];

describe('the subset', () => {
  test('answers as Oracle would', async () => {
    const connection = await owner();
    await connection.execute("ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'");
    for (const [sql, rows] of ANSWERS) expect([sql, await rowsOf(connection, sql)]).toEqual([sql, rows]);
  });

  test('refuses what Oracle refuses', async () => {
    const connection = await owner();
    for (const [sql, number] of REFUSED)
      expect([sql, await errorNumber(connection.execute(sql))]).toEqual([sql, number]);
    expect(await rowsOf(connection, 'SELECT COUNT(*) FROM EMP')).toEqual([['4']]);
  });

  test('refuses loudly what it does not serve', async () => {
    const connection = await owner();
    for (const sql of NOT_SERVED) {
      const error = await connection.execute(sql).then(
        () => undefined,
        (reason: oracledb.DBError) => reason,
      );
      expect([sql, error?.errorNum]).toEqual([sql, 900]);
      expect(error?.message).toContain('not serve');
    }
  });

  test('names of columns without an alias', async () => {
    const connection = await owner();
    const { metaData } = await connection.execute(
      'SELECT id, count( * ), nvl(Name, \'a B\') x, max(pay)*2, e.dept "d" FROM emp e GROUP BY id, name, dept',
    );
    expect(metaData?.map((column) => column.name)).toEqual(['ID', 'COUNT(*)', 'X', 'MAX(PAY)*2', 'd']);
  });
});
