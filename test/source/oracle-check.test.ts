/** `source check` over the wire: what a DBA is told for each way in which a database differs from the contract. */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { checkOracle, type OracleCheck } from '../../pipelines/steps/source/oracle/check.ts';
import { OracleError } from '../../pipelines/steps/source/oracle/errors.ts';
import { openReadySession } from '../../pipelines/steps/source/oracle/moments.ts';
import { resolveNames } from '../../pipelines/steps/source/oracle/names.ts';
import { oracleSettings } from '../../pipelines/steps/source/oracle/settings.ts';
import { oracleConfigSchema } from '../../schemas/config.ts';
import { VIEW_NAMES, type ViewName } from '../../schemas/contract.ts';
import { type SourceNamesFile, sourceNamesFile } from '../../schemas/source-names.ts';
import {
  type Account,
  type OracleWire,
  startOracleWire,
  type WireOptions,
} from '../support/oracle-wire/index.ts';
import { oracleSyntaxProblems } from './oracle-grammar.ts';
import { environmentOf, sampleSource } from './support/oracle.ts';

let dir: string;
let source: string;
/** One server for what differs by the account alone. */
let shared: OracleWire;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-check-'));
  source = await sampleSource(dir, 'clean');
  shared = await startOracleWire({ accounts: ACCOUNTS });
});
afterAll(async () => {
  await shared.close();
  await removeTree(dir);
});
const servers: OracleWire[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Request {
  readonly user?: string;
  readonly names?: Partial<SourceNamesFile>;
  readonly views?: readonly ViewName[];
  readonly expectedReadSeconds?: number;
}

async function check(options: WireOptions, request: Request = {}): Promise<OracleCheck> {
  const server = await startOracleWire(options);
  servers.push(server);
  return checkOn(server, request);
}

async function checkOn(server: OracleWire, request: Request): Promise<OracleCheck> {
  const { user = 'ARBDATA', names = {}, views = VIEW_NAMES, expectedReadSeconds } = request;
  const settings = oracleSettings(oracleConfigSchema.parse({}), environmentOf(server, user));
  const [connection] = settings.connections;
  if (connection === undefined) throw new Error('no connection');
  const session = await openReadySession(connection);
  try {
    const found = await checkOracle(session, resolveNames(sourceNamesFile.parse(names)), {
      views,
      expectedReadSeconds,
    });
    for (const { statements } of found.problems) {
      for (const statement of statements) expect(oracleSyntaxProblems(statement), statement).toEqual([]);
    }
    return found;
  } finally {
    await session.abandon();
  }
}

/** An account with everything that the documents recommend, and more. */
const account = (more: Partial<Account> = {}): Account => ({
  name: 'ARBDATA',
  password: 'secret',
  systemPrivileges: ['CREATE SESSION'],
  objects: [
    { object: 'ARB.*', privileges: ['READ', 'FLASHBACK'] },
    { object: 'SYS.DBMS_FLASHBACK', privileges: ['EXECUTE'] },
    { object: 'SYS.V_$PARAMETER', privileges: ['SELECT'] },
  ],
  ...more,
});
const only = (one: Account): WireOptions => ({ accounts: [one] });
const GRANTED = account().objects ?? [];
const ACCOUNTS: readonly Account[] = [
  account(),
  account({ name: 'ARB', systemPrivileges: ['CREATE SESSION', 'CREATE TABLE', 'CREATE VIEW'] }),
  account({
    name: 'WRITER',
    objects: [...GRANTED, { object: 'ARB.ARB_CASE', privileges: ['UPDATE', 'INSERT'] }],
  }),
  account({ name: 'DEPUTY', systemPrivileges: ['CREATE SESSION'], roles: ['CONNECT', 'DBA'] }),
  account({
    name: 'ANYREADER',
    systemPrivileges: ['CREATE SESSION', 'SELECT ANY TABLE', 'FLASHBACK ANY TABLE', 'SELECT ANY DICTIONARY'],
  }),
  account({ name: 'PLAIN', objects: [{ object: 'ARB.*', privileges: ['SELECT'] }] }),
];
const told = ({ problems }: OracleCheck) =>
  problems.map(({ view, column, severity, message }) =>
    [severity, [view, column].filter(Boolean).join('.'), message].filter((part) => part !== '').join(' | '),
  );

test('a database as sql/oracle makes it has no problems', async () => {
  const found = await checkOn(shared, {});
  expect(found.problems).toEqual([]);
  expect(found.facts).toEqual({
    account: 'ARBDATA',
    release: '19.0.0.0.0',
    characterSet: 'AL32UTF8',
    nationalCharacterSet: 'AL16UTF16',
    sessionZone: 'Asia/Shanghai',
    databaseZone: '+08:00',
    scnBy: 'dbms_flashback',
    undoRetentionSeconds: '900',
  });
});

describe('views and columns', () => {
  test('a missing view is named with its grant', async () => {
    const views = VIEW_NAMES.filter((view) => view !== 'ARB_CLAIM');
    const found = await check({ ...only(account()), views });
    expect(found.problems).toEqual([
      {
        view: 'ARB_CLAIM',
        severity: 'error',
        message:
          'there is no ARBDATA.ARB_CLAIM that ARBDATA may read; sql/oracle/020-views.sql makes the views',
        statements: ['GRANT READ ON "ARBDATA"."ARB_CLAIM" TO "ARBDATA"'],
      },
    ]);
  });

  test('names without a synonym are looked for in the schema that the mapping names', async () => {
    const server = await startOracleWire({ ...only(account()), synonyms: false });
    servers.push(server);
    const without = await checkOn(server, {});
    expect(without.problems.filter(({ severity }) => severity === 'error')).toHaveLength(VIEW_NAMES.length);
    const withOwner = await checkOn(server, { names: { owner: 'arb' } });
    expect(withOwner.problems).toEqual([]);
  });

  test('missing columns and other types come with one view that sets all of them right', async () => {
    const found = await check({
      ...only(account()),
      columns: {
        'ARB_CLAIM.CLAIM_TYPE': null,
        'ARB_CLAIM.AMOUNT': { oracleType: 'NUMBER' },
        'ARB_CLAIM.UPDATED_AT': { oracleType: 'DATE' },
      },
    });
    expect(told(found)).toEqual([
      'error | ARB_CLAIM.CLAIM_TYPE | is missing; ARB.ARBDATA_ARB_CLAIM sets it right, named in definitions/source-names.json',
      'warning | ARB_CLAIM.AMOUNT | is NUMBER, the contract says NUMBER(18,2): a value that does not fit stops the read; ARB.ARBDATA_ARB_CLAIM sets it right, named in definitions/source-names.json',
      'error | ARB_CLAIM.UPDATED_AT | is DATE, the contract says TIMESTAMP(6): fractions of a second cannot be asked of a DATE; ARB.ARBDATA_ARB_CLAIM sets it right, named in definitions/source-names.json',
    ]);
    for (const { statements } of found.problems) {
      expect(statements).toEqual([
        'CREATE OR REPLACE VIEW "ARB"."ARBDATA_ARB_CLAIM" AS SELECT "CLAIM_ID", "CASE_ID", CAST("source of CLAIM_TYPE" AS CHAR(2)) AS "CLAIM_TYPE", CAST("AMOUNT" AS NUMBER(18,2)) AS "AMOUNT", "SUPPORTED_AMOUNT", CAST("UPDATED_AT" AS TIMESTAMP(6)) AS "UPDATED_AT" FROM "ARB"."ARB_CLAIM" WITH READ ONLY',
        'GRANT READ ON "ARB"."ARBDATA_ARB_CLAIM" TO "ARBDATA"',
      ]);
    }
  });

  test('a mapping is followed, and a column that it names wrongly is told by both names', async () => {
    const server = await startOracleWire(
      only(account({ objects: [{ object: 'CMS.*', privileges: ['SELECT'] }] })),
    );
    servers.push(server);
    await server.createTable(
      'CMS.机构',
      [
        'CODE VARCHAR2(12)',
        '名称 VARCHAR2(200)',
        'DISTRICT_CODE CHAR(6)',
        'ORG_LEVEL CHAR(1)',
        'CASE_WORD VARCHAR2(20)',
      ].map((text) => ({ name: text.split(' ')[0] ?? '', oracleType: text.split(' ')[1] ?? '' })),
      [['110101', '东城区仲裁院', '110101', '2', '京东']],
    );
    const named = (columns: Record<string, string>) => ({
      views: ['ARB_ORG'] as const,
      names: { views: { ARB_ORG: { name: 'cms.机构', columns } } },
    });
    const errorsOf = async (columns: Record<string, string>) =>
      told(await checkOn(server, named(columns))).filter((text) => text.startsWith('error'));
    expect(await errorsOf({ ORG_CODE: 'code', ORG_NAME: '名称' })).toEqual([]);
    expect(await errorsOf({ ORG_CODE: 'kode', ORG_NAME: '名称' })).toEqual([
      expect.stringMatching(/^error \| ARB_ORG.ORG_CODE \| is missing: there is no KODE;/),
    ]);
  });
});

describe('the account', () => {
  test('one that owns the views and more is told so, with what takes the rights away', async () => {
    const found = await checkOn(shared, { user: 'ARB' });
    expect(told(found)).toEqual([
      'warning | the account ARB can do more than read: CREATE TABLE, CREATE VIEW',
      expect.stringMatching(/^warning \| the account ARB owns the views/),
    ]);
    expect(found.problems[0]?.statements).toEqual(['REVOKE CREATE TABLE, CREATE VIEW FROM "ARB"']);
  });

  test('each object that it may change', async () => {
    expect((await checkOn(shared, { user: 'WRITER' })).problems).toEqual([
      {
        severity: 'warning',
        message: 'the account WRITER may INSERT, UPDATE ARB.ARB_CASE',
        statements: ['REVOKE INSERT, UPDATE ON "ARB"."ARB_CASE" FROM "WRITER"'],
      },
    ]);
  });

  test('a role of administrators, though the grants themselves are those of a reader', async () => {
    expect((await checkOn(shared, { user: 'DEPUTY' })).problems).toMatchObject([
      {
        severity: 'warning',
        message: 'the account DEPUTY can do more than read: by the roles DBA',
        statements: ['REVOKE DBA FROM "DEPUTY"'],
      },
    ]);
  });

  test('reading anything is no writing', async () => {
    expect((await checkOn(shared, { user: 'ANYREADER' })).problems).toEqual([]);
  });

  test('without FLASHBACK and without the parameters the grants are named', async () => {
    const found = await checkOn(shared, { user: 'PLAIN', views: ['ARB_ORG', 'ARB_CASE'] });
    expect(found.problems.map(({ statements }) => statements)).toEqual([
      ['GRANT FLASHBACK ON "ARB"."ARB_ORG" TO "PLAIN"', 'GRANT FLASHBACK ON "ARB"."ARB_CASE" TO "PLAIN"'],
      ['GRANT SELECT ON "SYS"."V_$PARAMETER" TO "PLAIN"'],
    ]);
    expect(found.facts.scnBy).toBe('timestamp_to_scn');
    expect(found.problems.every(({ severity }) => severity === 'warning')).toBe(true);
  });
});

describe('the database', () => {
  test('undo that is kept too short', async () => {
    const server = await startOracleWire({ ...only(account()), undoRetentionSeconds: 300 });
    servers.push(server);
    expect((await checkOn(server, {})).problems).toMatchObject([
      { severity: 'warning', statements: ['ALTER SYSTEM SET UNDO_RETENTION = 900 SCOPE = BOTH'] },
    ]);
    expect((await checkOn(server, { expectedReadSeconds: 300 })).problems).toEqual([]);
    expect((await checkOn(server, { expectedReadSeconds: 7200 })).problems).toMatchObject([
      { statements: ['ALTER SYSTEM SET UNDO_RETENTION = 7200 SCOPE = BOTH'] },
    ]);
  });

  test('a US7ASCII database that holds bytes of GBK', async () => {
    const found = await check({ ...only(account()), source, characterSet: 'US7ASCII', bytes: 'gbk' });
    expect(found.problems).toMatchObject([
      { severity: 'error', message: expect.stringContaining('its names are bytes of ZHS16GBK') },
    ]);
    const statements = found.problems[0]?.statements ?? [];
    expect(statements[0]).toBe(
      `CREATE OR REPLACE VIEW "ARB"."ARBDATA_ARB_ORG" AS SELECT "ORG_CODE", UTL_I18N.RAW_TO_NCHAR(UTL_RAW.CAST_TO_RAW("ORG_NAME"), 'ZHS16GBK') AS "ORG_NAME", "DISTRICT_CODE", "ORG_LEVEL", UTL_I18N.RAW_TO_NCHAR(UTL_RAW.CAST_TO_RAW("CASE_WORD"), 'ZHS16GBK') AS "CASE_WORD" FROM "ARB"."ARB_ORG" WITH READ ONLY`,
    );
    // One view and one grant for each view with names; ARB_CLAIM and ARB_MEDIATION hold codes only.
    expect(statements).toHaveLength(8);
    expect(JSON.stringify(found)).not.toMatch(/[\u4e00-\u9fff]/);
  });

  test('one without Chinese is a warning only', async () => {
    const found = await check({ ...only(account()), characterSet: 'US7ASCII' });
    expect(found.problems).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('no Chinese was seen') },
    ]);
  });

  test('rights and types beside foreign bytes: one view sets both right', async () => {
    const found = await check({
      ...only(account()),
      source,
      characterSet: 'US7ASCII',
      bytes: 'gbk',
      columns: { 'ARB_ORG.ORG_LEVEL': { oracleType: 'NUMBER(1)' } },
    });
    const [ofColumn, ofCharacters] = found.problems;
    expect(ofColumn).toMatchObject({ view: 'ARB_ORG', column: 'ORG_LEVEL', severity: 'error' });
    expect(ofColumn?.statements[0]).toContain(`TO_CHAR("ORG_LEVEL", 'FM0') AS "ORG_LEVEL"`);
    expect(ofColumn?.statements[0]).toContain('RAW_TO_NCHAR');
    expect(ofCharacters?.statements[0]).toBe(ofColumn?.statements[0]);
  });
});

test('a session that is lost ends the check; a refusal never does', async () => {
  const server = await startOracleWire(only(account()));
  servers.push(server);
  server.faults.add({ kind: 'drop', when: { statement: /ALL_TAB_PRIVS/ } });
  await expect(checkOn(server, {})).rejects.toBeInstanceOf(OracleError);
  const statements = server.statements.length;
  server.faults.clear();
  server.faults.add({
    kind: 'error',
    error: 942,
    when: {
      statement: /^select.*(ALL_|SESSION_|USER_|NLS_|PRODUCT|V\$|sys_context|zone|dbms|scn)/i,
      times: 'always',
    },
  });
  const found = await checkOn(server, {});
  expect(server.statements.length).toBeGreaterThan(statements);
  expect(found.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(found.problems.length).toBeGreaterThan(5);
});
