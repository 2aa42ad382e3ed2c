/** Kysely over a session with a server of Oracle's protocol: rows, streams, changes, transactions. */
import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { OracleDialect } from '../../pipelines/steps/source/oracle/dialect.ts';
import { openReadySession } from '../../pipelines/steps/source/oracle/moments.ts';
import { oracleSettings } from '../../pipelines/steps/source/oracle/settings.ts';
import { oracleConfigSchema } from '../../schemas/config.ts';
import { type OracleWire, startOracleWire } from '../support/oracle-wire/index.ts';
import { environmentOf } from './support/oracle.ts';

interface Tables {
  NOTE: { ID: string | number; TEXT: string | null; AMOUNT: string | number | null };
}

let server: OracleWire;
let db: Kysely<Tables>;
let other: Kysely<Tables>;
beforeAll(async () => {
  server = await startOracleWire();
  db = await connected();
  other = await connected();
  await sql`create table "NOTE" ("ID" number(18) not null, "TEXT" varchar2(200 char), "AMOUNT" number(18, 2))`.execute(
    db,
  );
});
afterAll(async () => {
  await db.destroy();
  await other.destroy();
  await server.close();
});
beforeEach(async () => {
  await db.deleteFrom('NOTE').execute();
});

async function connected(): Promise<Kysely<Tables>> {
  const [settings] = oracleSettings(oracleConfigSchema.parse({}), environmentOf(server, 'ARB')).connections;
  if (settings === undefined) throw new Error('no connection');
  return new Kysely<Tables>({ dialect: new OracleDialect(await openReadySession(settings)) });
}

const notes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ID: index + 1, TEXT: `第${index + 1}号`, AMOUNT: '0.10' }));

test('rows come as exact text, and a change is seen by others at once', async () => {
  const inserted = await db
    .insertInto('NOTE')
    .values([
      { ID: 1, TEXT: '劳动报酬', AMOUNT: '9999999999999999.99' },
      { ID: '999999999999999999', TEXT: '', AMOUNT: null },
    ])
    .executeTakeFirst();
  expect(inserted.numInsertedOrUpdatedRows).toBe(2n);
  expect(await other.selectFrom('NOTE').selectAll().orderBy('ID').execute()).toEqual([
    { ID: '1', TEXT: '劳动报酬', AMOUNT: '9999999999999999.99' },
    { ID: '999999999999999999', TEXT: null, AMOUNT: null },
  ]);
});

test('a stream gives every row once, in batches, and can be left early', async () => {
  await db.insertInto('NOTE').values(notes(25)).execute();
  const ids: (string | number)[] = [];
  for await (const row of db.selectFrom('NOTE').select('ID').orderBy('ID').stream(4)) ids.push(row.ID);
  expect(ids).toEqual(notes(25).map(({ ID }) => String(ID)));
  for await (const row of db.selectFrom('NOTE').select('ID').orderBy('ID').stream(4)) {
    expect(row.ID).toBe('1');
    break;
  }
  expect(
    await db
      .selectFrom('NOTE')
      .select((eb) => eb.fn.countAll().as('N'))
      .executeTakeFirst(),
  ).toEqual({
    N: '25',
  });
});

test('limits and offsets', async () => {
  await db.insertInto('NOTE').values(notes(9)).execute();
  const page = db.selectFrom('NOTE').select('ID').orderBy('ID').limit(3);
  expect(await page.execute()).toEqual([{ ID: '1' }, { ID: '2' }, { ID: '3' }]);
});

test('updates, deletes and merges tell how many rows they changed', async () => {
  await db.insertInto('NOTE').values(notes(3)).execute();
  const updated = await db.updateTable('NOTE').set({ TEXT: 'x' }).where('ID', '>', 1).executeTakeFirst();
  expect(updated.numUpdatedRows).toBe(2n);
  const merged = await db
    .mergeInto('NOTE as N')
    .using(db.selectNoFrom((eb) => [eb.lit(4).as('ID'), eb.val('新').as('TEXT')]).as('S'), (join) =>
      join.onRef('N.ID', '=', 'S.ID'),
    )
    .whenMatched()
    .thenUpdateSet((eb) => ({ TEXT: eb.ref('S.TEXT') }))
    .whenNotMatched()
    .thenInsertValues((eb) => ({ ID: eb.ref('S.ID'), TEXT: eb.ref('S.TEXT'), AMOUNT: null }))
    .executeTakeFirst();
  expect(merged.numChangedRows).toBe(1n);
  const deleted = await db.deleteFrom('NOTE').where('TEXT', 'in', ['x', '新']).executeTakeFirst();
  expect(deleted.numDeletedRows).toBe(3n);
});

test('a transaction is seen by others when it is committed, and not at all when it fails', async () => {
  const count = async () => (await other.selectFrom('NOTE').select('ID').execute()).length;
  await db.transaction().execute(async (transaction) => {
    await transaction.insertInto('NOTE').values(notes(2)).execute();
    expect(await count()).toBe(0);
  });
  expect(await count()).toBe(2);
  const failing = db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('NOTE').execute();
    throw new Error('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  expect(await count()).toBe(2);
});

test('a read-only transaction keeps showing its moment', async () => {
  await db.insertInto('NOTE').values(notes(2)).execute();
  await db
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) => {
      const ids = async () => (await transaction.selectFrom('NOTE').select('ID').execute()).length;
      expect(await ids()).toBe(2);
      await other.insertInto('NOTE').values({ ID: 3, TEXT: null, AMOUNT: null }).execute();
      expect(await ids()).toBe(2);
    });
  expect(await db.selectFrom('NOTE').select('ID').execute()).toHaveLength(3);
});

test('what the dialect does not offer is said so', async () => {
  await expect(db.introspection.getTables()).rejects.toThrow(ArbdataError);
  const snapshot = db
    .transaction()
    .setIsolationLevel('snapshot')
    .execute(async () => undefined);
  await expect(snapshot).rejects.toThrow(/isolation level snapshot/);
});

test('an error of the database names its code and not its data', async () => {
  const failing = db
    .selectFrom('NO_TABLE' as 'NOTE')
    .select('ID')
    .execute();
  await expect(failing).rejects.toThrow(/ORA-00942/);
});
