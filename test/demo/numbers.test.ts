import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Engine } from '../../pipelines/runtime/duckdb.ts';
import { readSql } from '../../pipelines/runtime/project.ts';
import { citizenCheck } from '../reference/identity.ts';

let dir: string;
let engine: Engine;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'arbdata-numbers-'));
  engine = await Engine.open({ spillDir: path.join(dir, 'spill'), threads: 2 });
  await engine.run('SET VARIABLE demo_seed = 1::BIGINT');
  await engine.run(readSql('demo/010-numbers.sql'));
});
afterAll(async () => {
  engine.close();
  await rm(dir, { recursive: true, force: true });
});

const KEYS = 40_000;
const BUCKETS = 8;

/** Chi-square of two draws over their 64 pairs of buckets: 63 on average for independent ones, with deviation 11. */
async function chiSquare(first: string, second: string, from: string): Promise<number> {
  const { chi } = await engine.one<{ chi: number }>(
    `SELECT sum((n - ${KEYS / 64}) * (n - ${KEYS / 64})) / ${KEYS / 64} AS chi
     FROM (SELECT unnest(range(64)) AS bucket) LEFT JOIN (
       SELECT ${first} * ${BUCKETS} + ${second} AS bucket, count(*) AS n FROM ${from} GROUP BY 1
     ) USING (bucket)`,
  );
  return chi;
}

test('draws of one row for two purposes do not go together', async () => {
  const keys = `(SELECT demo_key(range, 3) AS key FROM range(${KEYS}))`;
  const purposes = [1, 2, 3, 8, 21, 26, 45, 46, 82, 101];
  const draw = (purpose: number) => `demo_below(key, ${purpose}, ${BUCKETS})`;
  for (const [index, one] of purposes.entries()) {
    for (const other of purposes.slice(index + 1)) {
      expect(await chiSquare(draw(one), draw(other), keys), `${one} and ${other}`).toBeLessThan(140);
    }
  }
});

test('draws of neighbouring rows, of kinds of rows and of seeds do not go together', async () => {
  const below = (key: string) => `demo_below(${key}, 1, ${BUCKETS})`;
  const rows = `range(${KEYS})`;
  const own = below('demo_key(range, 3)');
  expect(await chiSquare(own, below('demo_key(range + 1, 3)'), rows)).toBeLessThan(140);
  expect(await chiSquare(own, below('demo_key(range, 4)'), rows)).toBeLessThan(140);
  await engine.run(`CREATE OR REPLACE TABLE first_seed AS SELECT range, ${own} AS draw FROM ${rows}`);
  await engine.run('SET VARIABLE demo_seed = 2::BIGINT');
  expect(await chiSquare('draw', own, 'first_seed')).toBeLessThan(140);
  await engine.run('SET VARIABLE demo_seed = 1::BIGINT');
});

test('keys are different for different rows', async () => {
  const { keys } = await engine.one<{ keys: string }>(
    'SELECT count(DISTINCT demo_key(range, 3)) AS keys FROM range(300000)',
  );
  expect(Number(keys)).toBe(300_000);
});

test('a distribution runs from its first to its last point', async () => {
  await engine.run('SET VARIABLE points = list_transform(range(101), lambda x: x * x)');
  const { lowest, middle, highest } = await engine.one<{ lowest: string; middle: string; highest: string }>(
    `SELECT demo_between(0::BIGINT, getvariable('points'))::VARCHAR AS lowest,
       demo_between(1073741824::BIGINT, getvariable('points'))::VARCHAR AS middle,
       demo_between(2147483647::BIGINT, getvariable('points'))::VARCHAR AS highest`,
  );
  expect([lowest, middle, highest]).toEqual(['0', '2500', '9999']);
});

test('citizen numbers end with their check character', async () => {
  const rows = await engine.rows<{ id: string }>(
    `SELECT demo_citizen_number(11019019700101000 + demo_below(demo_key(range, 1), 1, 600000) * 100) AS id
     FROM range(500)`,
  );
  expect(rows.filter(({ id }) => id.length !== 18 || citizenCheck(id) !== id.charAt(17))).toEqual([]);
  expect(new Set(rows.map(({ id }) => id.charAt(17))).size).toBe(11);
});
