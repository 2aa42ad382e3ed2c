/** A refresh brings the rows of its documents into the database that config.json names. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { COCKPIT_TABLES, type PanelDocument } from '../../schemas/cockpit.ts';
import { temporaryHome } from '../publish/support.ts';
import { postgresqlPrograms, startPostgresql } from '../support/postgresql.ts';
import { refresh, rowsOf, show } from './support.ts';

type Query = (sql: string) => Promise<Record<string, unknown>[]>;

/** Values as they compare: a number is one number, however many places it is written with. */
const plain = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;

/** Every table of a version in the database has exactly the rows of the documents. */
async function expectSameRows(
  query: Query,
  version: number,
  panels: readonly PanelDocument[],
): Promise<void> {
  for (const [table, { columns }] of Object.entries(COCKPIT_TABLES)) {
    const found = await query(`SELECT * FROM CKPT_${table.toUpperCase()} WHERE VERSION = ${version}`);
    const text = (row: Readonly<Record<string, unknown>>) =>
      JSON.stringify(Object.keys(columns).map((column) => plain(row[column])));
    const inLowerCase = found.map((row) =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column.toLowerCase(), value])),
    );
    expect([table, inLowerCase.map(text).sort()]).toEqual([table, rowsOf(panels, table).map(text).sort()]);
  }
}

test('SQLite in the home, unless another is named', async () => {
  const home = await temporaryHome();
  await home.import('small');
  await refresh(home);
  const { index } = await refresh(home);
  expect(index.version).toBe(2);
  const { panels } = await show(home);
  const database = new DatabaseSync(home.path('published/cockpit/cockpit.sqlite'), { readOnly: true });
  onTestFinished(() => database.close());
  await expectSameRows(async (sql) => database.prepare(sql).all(), 2, panels);
});

test.skipIf(postgresqlPrograms() === undefined)('PostgreSQL', async () => {
  const ddl = readFileSync(path.join(PROJECT_DIR, 'sql/cockpit/postgresql.sql'), 'utf8');
  const server = startPostgresql(postgresqlPrograms() ?? '', ddl);
  onTestFinished(() => server.remove());
  const { host, user, database, password } = server;
  const home = await temporaryHome();
  await home.import('small');
  await home.configure({ cockpit: { target: { kind: 'postgresql', host, user, database } } });
  vi.stubEnv('COCKPIT_TARGET_PASSWORD', password);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { index, target } = await refresh(home);
  expect(target).toBe(`${user}@${host}:5432/${database}`);
  const client = new pg.Client({ host, user, database, password });
  await client.connect();
  onTestFinished(() => client.end());
  const query: Query = async (sql) => (await client.query<Record<string, unknown>>(sql)).rows;
  expect(await query('SELECT version FROM ckpt_current')).toEqual([{ version: String(index.version) }]);
  await expectSameRows(query, index.version, (await show(home)).panels);
  // A home that begins anew goes on behind what the database has.
  const other = await temporaryHome();
  await other.import('clean');
  await other.configure({ cockpit: { target: { kind: 'postgresql', host, user, database } } });
  expect((await refresh(other)).index.version).toBe(index.version + 1);
});
