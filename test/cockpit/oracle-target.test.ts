/**
 * The Oracle target over the wire server: the real driver, our dialect, a server of ours. What Oracle itself would say
 * to the DDL and the statements was never tested.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { Secret } from '../../pipelines/runtime/secrets.ts';
import {
  publishVersion,
  type TargetDatabase,
  type TargetTables,
  targetVersion,
} from '../../pipelines/steps/publish/cockpit-tables.ts';
import { openOracleTarget } from '../../pipelines/steps/source/oracle/target.ts';
import { COCKPIT_TABLES } from '../../schemas/cockpit.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import { madeDocuments, madeIndex, mixProblems } from './support/versions.ts';

const DDL = readFileSync(path.join(PROJECT_DIR, 'sql/cockpit/oracle.sql'), 'utf8');
const HOUR_MS = 3_600_000;

let server: OracleWire;
let target: TargetDatabase;
beforeAll(async () => {
  server = await startOracleWire();
  const settings = {
    connectString: server.connectString,
    user: 'ARB',
    connectTimeoutSeconds: 10,
    statementTimeoutSeconds: 60,
  };
  const db = await openOracleTarget<TargetTables>(settings, new Secret(server.password('ARB')));
  target = {
    db,
    title: 'oracle',
    letters: 'upper',
    maxValues: 900,
    ddl: 'sql/cockpit/oracle.sql',
    translate: (error) => error,
    close: () => db.destroy(),
  };
  const statements = DDL.replaceAll(/^--.*$/gm, '').split(';');
  for (const statement of statements.map((text) => text.trim()).filter((text) => text !== ''))
    await sql.raw(statement).execute(db);
});
afterAll(async () => {
  await target.close();
  await server.close();
});

const publish = (version: number) => {
  const documents = madeDocuments(version);
  const stamp = `2026-11-03 ${String(version).padStart(2, '0')}:00:00`;
  const index = madeIndex(version, stamp, []);
  const nowMs = Date.parse('2026-11-03T00:00:00+08:00') + version * HOUR_MS;
  return publishVersion(
    target,
    { index, indexSha256: String(version).padStart(64, '0'), documents },
    { keep: 2, nowMs },
  );
};

test('versions come into force one after the other, whole, and old ones go', async () => {
  for (const version of [1, 2, 3]) expect(await publish(version)).toBeGreaterThan(60);
  expect(await publish(3)).toBe(0);
  expect(await targetVersion(target)).toBe(3);
  const tables = new Map<string, Record<string, unknown>[]>();
  for (const name of Object.keys(COCKPIT_TABLES)) {
    const rows = await target.db
      .selectFrom(`CKPT_${name.toUpperCase()}`)
      .selectAll()
      .where('VERSION', '=', 3)
      .orderBy('ORG_CODE')
      .execute();
    tables.set(
      name,
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value])),
      ),
    );
  }
  expect(mixProblems(3, tables)).toEqual([]);
  const kept = await target.db.selectFrom('CKPT_VERSION').select('VERSION').orderBy('VERSION').execute();
  expect(kept.map(({ VERSION }) => Number(VERSION))).toEqual([2, 3]);
});

test('a session that is lost in the middle leaves the version in force', async () => {
  server.faults.add({ kind: 'drop', when: { statement: 'CKPT_TIME_LIMIT' } });
  await expect(publish(4)).rejects.toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
  const rows = await server.rows('SELECT version FROM "ARB"."CKPT_CURRENT"');
  expect(rows.map((row) => Number(Object.values(row)[0]))).toEqual([3]);
});
