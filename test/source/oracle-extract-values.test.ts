/** Values at the edges, through the driver and over the wire: exact, or refused by name. */
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import type { Home } from '../../pipelines/runtime/home.ts';
import { snapshotDir } from '../../pipelines/steps/snapshot/manifest-file.ts';
import { GoldenHome, INPUT_DIR } from '../golden/support.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import {
  contentOf,
  environmentOf,
  freezeOracle,
  leftovers,
  openTestHome,
  snapshotsIn,
  tryFreeze,
} from './support/oracle.ts';

let dir: string;
let server: OracleWire;
let home: Home;
let number = 0;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-oracle-values-'));
});
afterAll(() => removeTree(dir));
beforeEach(async () => {
  server = await startOracleWire({});
  home = openTestHome(path.join(dir, `home-${++number}`));
});
afterEach(() => server.close());

const CASE_DEFAULTS = {
  CASE_ID: '1',
  ORG_CODE: "'110101'",
  APPLY_DATE: "TIMESTAMP '2026-01-01 00:00:00'",
  APPLY_CHANNEL: "'1'",
  EXCLUDED_DAYS: '0',
  EXTEND_DAYS: '0',
  WORKER_COUNT: '1',
  IS_COLLECTIVE: "'0'",
  FINAL_AWARD: "'0'",
  CASE_STATUS: "'01'",
  DELETED: "'0'",
  CREATED_AT: "TIMESTAMP '2026-01-01 00:00:00'",
  UPDATED_AT: "TIMESTAMP '2026-01-01 00:00:00'",
};
/** Put rows of expressions into a table of the server. */
async function insert(table: string, rows: readonly Readonly<Record<string, string>>[]): Promise<void> {
  for (const row of rows) {
    await server.run(
      `INSERT INTO "ARB"."${table}" (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`,
    );
  }
}
const insertCases = (rows: readonly Readonly<Record<string, string>>[]) =>
  insert(
    'ARB_CASE',
    rows.map((row) => ({ ...CASE_DEFAULTS, ...row })),
  );
/** Columns of a view of the snapshot as text, in the order of the key. */
async function frozen(view: string, key: string, columns: readonly string[]): Promise<unknown[]> {
  const { id } = await freezeOracle({ home, environment: environmentOf(server) });
  const file = path.join(snapshotDir(home, id), `${view.toLowerCase()}.parquet`);
  return withEngine({ spillDir: path.join(dir, `spill-${number}`) }, async (engine) =>
    (
      await engine.rows<Record<string, string | null>>(
        `SELECT ${columns.map((name) => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ')}
         FROM read_parquet(${literal(file)}) ORDER BY ${key}`,
      )
    ).map((row) => columns.map((name) => row[name])),
  );
}

test('numbers and dates come as they are: 18 digits, cents, the hours that summer time skipped or doubled', async () => {
  await insertCases([
    {
      CASE_ID: '999999999999999999',
      CLAIM_AMOUNT: '9999999999999999.99',
      APPLY_DATE: "TIMESTAMP '1988-04-10 00:30:00'",
      ACCEPT_DATE: "TIMESTAMP '1991-09-14 23:30:00'",
      UPDATED_AT: "TIMESTAMP '9999-12-31 23:59:59.999999'",
    },
    {
      CASE_ID: '-999999999999999999',
      CLAIM_AMOUNT: '-0.01',
      APPLY_DATE: "TIMESTAMP '0001-01-01 00:00:00'",
      ACCEPT_DATE: "TIMESTAMP '1986-05-04 02:30:00'",
      UPDATED_AT: "TIMESTAMP '0099-02-28 12:00:00.000001'",
    },
  ]);
  const columns = ['CASE_ID', 'CLAIM_AMOUNT', 'APPLY_DATE', 'ACCEPT_DATE', 'UPDATED_AT'];
  expect(await frozen('ARB_CASE', 'CASE_ID', columns)).toEqual([
    [
      '-999999999999999999',
      '-0.01',
      '0001-01-01 00:00:00',
      '1986-05-04 02:30:00',
      '0099-02-28 12:00:00.000001',
    ],
    [
      '999999999999999999',
      '9999999999999999.99',
      '1988-04-10 00:30:00',
      '1991-09-14 23:30:00',
      '9999-12-31 23:59:59.999999',
    ],
  ]);
});

test('texts come as they are, and CHAR without the blanks that fill it up', async () => {
  const odd = "'a' || chr(9) || chr(10) || chr(13) || '\\n\\|\"' || chr(39) || '，〔𠮷〕 '";
  await insertCases([{ CASE_ID: '1', CASE_NO: odd, DISPUTE_TYPE: "'1 '", EMPLOYER_NATURE: "'   '" }]);
  expect(
    await frozen('ARB_CASE', 'CASE_ID', ['CASE_NO', 'DISPUTE_TYPE', 'EMPLOYER_NATURE', 'INDUSTRY_CODE']),
  ).toEqual([['a\t\n\r\\n\\|"\'，〔𠮷〕 ', '1', ' ', null]]);
});

describe('what the contract cannot hold', () => {
  const refused = async (code: string) => {
    const result = await tryFreeze({ home, environment: environmentOf(server) });
    if (!(result instanceof ArbdataError)) throw new Error('it was frozen');
    expect([result.code, snapshotsIn(home), leftovers(home)]).toEqual([code, [], []]);
    return result;
  };

  test('a date before our era: view, column and record are named', async () => {
    await insertCases([
      { CASE_ID: '1' },
      { CASE_ID: '4711', APPLY_DATE: "TIMESTAMP '0044-03-15 (BC) 10:00:00'" },
    ]);
    const { where, message } = await refused('E_SOURCE_CONTRACT');
    expect(where).toEqual({ column: 'ARB_CASE.APPLY_DATE', record: '4711' });
    expect(message).not.toContain('0044');
  });

  test('a column of another type: it is named, whatever its values', async () => {
    await server.close();
    server = await startOracleWire({ columns: { 'ARB_CASE.CASE_NO': { oracleType: 'NUMBER(10)' } } });
    const { where, advice } = await refused('E_SOURCE_CONTRACT');
    expect(where).toEqual({ column: 'ARB_CASE.CASE_NO' });
    expect(advice).toContain('source check');
  });

  test('a column that is missing', async () => {
    await server.close();
    server = await startOracleWire({ columns: { 'ARB_ORG.CASE_WORD': null } });
    expect((await refused('E_SOURCE_DATABASE')).message).toContain('ORA-00904');
  });
});

test.each(['small', 'clean'])(
  'the sample %s is frozen as the embedded source freezes it, value for value',
  async (sample) => {
    const embedded = await GoldenHome.of(path.join(INPUT_DIR, 'samples', sample));
    try {
      const { prepared } = await embedded.run('2026-10', '2026-11-03');
      const expected = await contentOf(openTestHome(embedded.dir), prepared.manifest);
      await server.close();
      server = await startOracleWire({ source: path.join(embedded.dir, 'source/source.duckdb') });
      const manifest = await freezeOracle({ home, environment: environmentOf(server) });
      expect(await contentOf(home, manifest)).toBe(expected);
    } finally {
      await embedded.remove();
    }
  },
);
