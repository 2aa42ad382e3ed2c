/** The parts of `source check` that need no database: types, bytes, and the statements that are advised. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  correctedName,
  correctedView,
  decoded,
  grantFlashback,
  grantRead,
  grantScn,
  revoke,
  revokeOnObject,
  setUndoRetention,
  unknownSource,
} from '../../pipelines/steps/source/oracle/advice.ts';
import { bytesOf, holdsChinese, judgeBytes } from '../../pipelines/steps/source/oracle/character-set.ts';
import { dictionaryColumn, typeProblem } from '../../pipelines/steps/source/oracle/column-types.ts';
import * as dictionary from '../../pipelines/steps/source/oracle/dictionary-queries.ts';
import { resolveNames } from '../../pipelines/steps/source/oracle/names.ts';
import { CONTRACT, VIEW_NAMES, VIEWS, type ViewName } from '../../schemas/contract.ts';
import { oracleSyntaxProblems } from './oracle-grammar.ts';

/** A row of ALL_TAB_COLUMNS for a declared type. */
function declared(type: string) {
  const [, name = type, a, b] = /^(\w+)\((\d+)(?:,(-?\d+))?\)$/.exec(type) ?? [];
  const isNumber = name === 'NUMBER';
  const isText = /CHAR/.test(name);
  return dictionaryColumn({
    COLUMN_NAME: 'X',
    DATA_TYPE: isNumber || isText ? name : type === 'INTEGER' ? 'NUMBER' : type,
    DATA_LENGTH: isText && a !== undefined ? String(Number(a) * 3) : '22',
    DATA_PRECISION: isNumber ? (a ?? null) : null,
    DATA_SCALE: isNumber ? (b ?? (a === undefined ? null : '0')) : type === 'INTEGER' ? '0' : null,
    CHAR_LENGTH: isText ? (a ?? null) : '0',
  });
}

function column(view: ViewName, name: string) {
  const found = CONTRACT[view].columns.find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}
const CODE = column('ARB_CASE', 'APPLY_CHANNEL');
const NAME = column('ARB_ORG', 'ORG_NAME');
const KEY = column('ARB_CASE', 'CASE_ID');
const AMOUNT = column('ARB_CASE', 'CLAIM_AMOUNT');
const DAY = column('ARB_CASE', 'APPLY_DATE');
const TIME = column('ARB_CASE', 'UPDATED_AT');

describe('types', () => {
  test.each(VIEWS.flatMap((view) => view.columns.map((one) => [`${view.name}.${one.name}`, one] as const)))(
    '%s of the contract’s own type is right',
    (_name, one) => {
      expect(typeProblem(one, declared(one.oracleType), '"X"')).toBeUndefined();
    },
  );

  test.each([
    [CODE, 'VARCHAR2(1)'],
    [CODE, 'NCHAR(1)'],
    [NAME, 'VARCHAR2(100)'],
    [NAME, 'VARCHAR2(4000)'],
    [NAME, 'NVARCHAR2(200)'],
    [NAME, 'CHAR(200)'],
    [KEY, 'NUMBER(9)'],
    [AMOUNT, 'NUMBER(16,0)'],
    [AMOUNT, 'NUMBER(12,2)'],
    [DAY, 'TIMESTAMP(6)'],
    [DAY, 'TIMESTAMP(3) WITH LOCAL TIME ZONE'],
    [TIME, 'TIMESTAMP(3)'],
    [TIME, 'TIMESTAMP(9)'],
  ])('$name is harmless as %s', (one, type) => {
    expect(typeProblem(one, declared(type), '"X"')).toBeUndefined();
  });

  test.each([
    [CODE, 'VARCHAR2(10)', 'warning', undefined],
    [NAME, 'CLOB', 'error', 'CAST(DBMS_LOB.SUBSTR("X", 200, 1) AS VARCHAR2(200 CHAR))'],
    [CODE, 'NUMBER(1)', 'error', `TO_CHAR("X", 'FM0')`],
    [NAME, 'NUMBER(9)', 'error', 'TO_CHAR("X")'],
    [NAME, 'DATE', 'error', 'CAST("source of ORG_NAME" AS VARCHAR2(200))'],
    [NAME, 'RAW', 'error', 'CAST("source of ORG_NAME" AS VARCHAR2(200))'],
    [KEY, 'NUMBER', 'warning', 'CAST("X" AS NUMBER(18))'],
    [KEY, 'INTEGER', 'warning', 'CAST("X" AS NUMBER(18))'],
    [KEY, 'NUMBER(19)', 'warning', 'CAST("X" AS NUMBER(18))'],
    [KEY, 'NUMBER(18,2)', 'warning', 'CAST("X" AS NUMBER(18))'],
    [AMOUNT, 'NUMBER(18)', 'warning', 'CAST("X" AS NUMBER(18,2))'],
    [AMOUNT, 'NUMBER(18,4)', 'warning', 'CAST("X" AS NUMBER(18,2))'],
    [AMOUNT, 'FLOAT', 'warning', 'CAST("X" AS NUMBER(18,2))'],
    [AMOUNT, 'BINARY_DOUBLE', 'error', 'CAST("X" AS NUMBER(18,2))'],
    [AMOUNT, 'VARCHAR2(30)', 'error', 'CAST("X" AS NUMBER(18,2))'],
    [AMOUNT, 'DATE', 'error', 'CAST("source of CLAIM_AMOUNT" AS NUMBER(18,2))'],
    [DAY, 'VARCHAR2(10)', 'error', `TO_DATE("X", 'YYYY-MM-DD')`],
    [DAY, 'NUMBER(8)', 'error', 'CAST("source of APPLY_DATE" AS DATE)'],
    [DAY, 'TIMESTAMP(6) WITH TIME ZONE', 'error', `CAST("X" AT TIME ZONE 'Asia/Shanghai' AS DATE)`],
    [TIME, 'DATE', 'error', 'CAST("X" AS TIMESTAMP(6))'],
    [TIME, 'VARCHAR2(30)', 'error', `TO_TIMESTAMP("X", 'YYYY-MM-DD HH24:MI:SS.FF')`],
    [TIME, 'TIMESTAMP(6) WITH TIME ZONE', 'error', `CAST("X" AT TIME ZONE 'Asia/Shanghai' AS TIMESTAMP(6))`],
  ] as const)('$name as %s: %s', (one, type, severity, expression) => {
    const problem = typeProblem(one, declared(type), '"X"');
    expect(problem?.severity).toBe(severity);
    expect(problem?.expression).toBe(expression);
    expect(problem?.message).toContain(one.oracleType);
    if (expression !== undefined) {
      expect(oracleSyntaxProblems(`SELECT ${expression} AS "${one.name}" FROM "T"`)).toEqual([]);
    }
  });
});

/** 劳动人事争议仲裁院 and others, as bytes of GBK. */
const GBK = ['c0cdb6afc8cbcac2d5f9d2e9d6d9b2c3d4ba', 'b1b1beaacad0', 'c1aacda8'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

describe('bytes', () => {
  test('are told apart by the whole sample', () => {
    expect(judgeBytes([])).toBe('ascii');
    expect(judgeBytes([Buffer.from('plain')])).toBe('ascii');
    expect(judgeBytes([Buffer.from('x'), ...GBK])).toBe('gbk');
    expect(judgeBytes([Buffer.from('x'), Buffer.from('北京市')])).toBe('utf-8');
    expect(judgeBytes([...GBK, Buffer.from([0xff, 0xff])])).toBe('other');
  });

  test('a text in UTF-8 is never taken for another', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
        const isAscii = texts.every((text) => /^[\0-\x7f]*$/.test(text));
        expect(judgeBytes(texts.map((text) => Buffer.from(text)))).toBe(isAscii ? 'ascii' : 'utf-8');
      }),
    );
  });

  test('come out of RAWTOHEX and DUMP alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        const digits = [...bytes].map((byte) => byte.toString(16));
        const dump = `Typ=1 Len=${bytes.length}: ${digits.join(',')}`;
        expect([...(bytesOf(dump) ?? [])]).toEqual([...bytes]);
        expect([...(bytesOf(Buffer.from(bytes).toString('hex').toUpperCase()) ?? [])]).toEqual([...bytes]);
      }),
    );
    expect(bytesOf(null)).toBeUndefined();
    expect(bytesOf('NULL')).toBeUndefined();
    expect([...(bytesOf('Typ=96 Len=2 CharacterSet=US7ASCII: b1,1') ?? [])]).toEqual([0xb1, 1]);
  });

  test('character sets', () => {
    expect(['AL32UTF8', 'UTF8', 'ZHS16GBK', 'ZHS32GB18030'].map(holdsChinese)).toEqual([
      'all',
      'all',
      'all',
      'all',
    ]);
    expect(holdsChinese('ZHS16CGB231280')).toBe('common');
    expect(['US7ASCII', 'WE8ISO8859P1', 'WE8MSWIN1252', 'ZHT16BIG5'].map(holdsChinese)).toEqual(
      Array(4).fill('none'),
    );
  });
});

describe('every statement that is advised is Oracle’s syntax:', () => {
  const names = resolveNames();
  const object = { owner: 'ARB', name: 'ARB_CASE' };
  test.each([
    ...[undefined, '11.2.0.4.0', '12.1.0.1.0', '12.1.0.2.0', '19.3.0.0.0'].map((release) =>
      grantRead(object, 'R', release),
    ),
    grantFlashback(object, 'R'),
    ...grantScn('R'),
    revoke(['INSERT ANY TABLE', 'CREATE TABLE'], 'R'),
    revoke(['DBA', 'RESOURCE'], 'R'),
    revokeOnObject(['DELETE', 'INSERT'], object, 'PUBLIC_USER'),
    setUndoRetention(3600),
    ...VIEWS.map((view) =>
      correctedView(
        names[view.name],
        object,
        new Map(view.columns.map((one) => [one.name, unknownSource(one)])),
      ),
    ),
    correctedView(names.ARB_ORG, object, new Map([['ORG_NAME', decoded('"ORG_NAME"', 'ZHS16GBK')]])),
  ])('%s', (sql) => {
    expect(oracleSyntaxProblems(sql)).toEqual([]);
  });

  test('a view that was mended before is not made to refer to itself', () => {
    const first = correctedName('ARB_CASE', object);
    expect(first).toEqual({ owner: 'ARB', name: 'ARBDATA_ARB_CASE' });
    expect(correctedName('ARB_CASE', first).name).not.toBe(first.name);
  });

  test('READ where the release has it, else SELECT', () => {
    const right = (release?: string) => grantRead(object, 'R', release).split(' ')[1];
    expect(['12.1.0.2.0', '12.2.0.1.0', '19.0.0.0.0', '23.4.0.24.5'].map(right)).toEqual(
      Array(4).fill('READ'),
    );
    expect([undefined, '11.2.0.4.0', '12.1.0.1.0'].map(right)).toEqual(Array(3).fill('SELECT'));
  });
});

test('the queries of the dictionary', () => {
  const mapped = resolveNames();
  const all = [
    dictionary.accountQuery(),
    dictionary.zonesQuery(),
    dictionary.clockQuery(),
    dictionary.versionQuery(),
    dictionary.nlsQuery('NLS_DATABASE_PARAMETERS'),
    dictionary.nlsQuery('NLS_SESSION_PARAMETERS'),
    dictionary.objectsQuery(VIEW_NAMES),
    dictionary.synonymsQuery(VIEW_NAMES),
    dictionary.columnsQuery(VIEW_NAMES),
    dictionary.sessionPrivilegesQuery(),
    dictionary.sessionRolesQuery(),
    dictionary.accountPrivilegesQuery(),
    dictionary.writeGrantsQuery(),
    dictionary.ownTablesQuery('ARBDATA'),
    dictionary.undoRetentionQuery(),
    dictionary.bytesQuery(mapped.ARB_ORG, 'ORG_NAME', 'raw'),
    dictionary.bytesQuery(mapped.ARB_ORG, 'ORG_NAME', 'dump'),
  ];
  for (const { sql } of all) expect(oracleSyntaxProblems(sql), sql).toEqual([]);
  expect(all).toMatchSnapshot();
});
