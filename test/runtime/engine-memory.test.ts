/** A lower memory limit is an aim: what cannot be done within it is done within the limit that the engine was opened with. */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Engine } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';

const OPENED_MB = 300;
/** One text of 60 MB, which the engine cannot put on its disk in parts. */
const LARGE_TEXT = "SELECT string_agg(repeat('x', 1000), '') AS text FROM range(60000)";

let dir = '';
let engine: Engine;
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-engine-'));
  engine = await Engine.open({ spillDir: path.join(dir, 'spill'), memoryLimitMb: OPENED_MB, threads: 1 });
});
afterEach(async () => {
  engine.close();
  await removeTree(dir);
});

test('a statement that does not fit the aim is done again with all that the engine has', async () => {
  await engine.limitMemory(20);
  const { length } = await engine.one<{ length: string }>(
    `SELECT length(text) AS length FROM (${LARGE_TEXT})`,
  );
  expect(length).toBe('60000000');
  expect(engine.memoryLimitMb).toBe(OPENED_MB);
});

test('of several statements only the one that failed is done again', async () => {
  await engine.limitMemory(20);
  await engine.run(`CREATE TABLE small AS SELECT * FROM range(3);
    CREATE TABLE large AS ${LARGE_TEXT};
    INSERT INTO small SELECT * FROM range(4)`);
  expect(
    await engine.one('SELECT (SELECT count(*) FROM small) AS small, (SELECT count(*) FROM large) AS large'),
  ).toEqual({ small: '7', large: '1' });
});

test('what fits the aim leaves it in force', async () => {
  await engine.limitMemoryTo({ share: 1 / 3, leastMb: 50 });
  expect(engine.memoryLimitMb).toBe(100);
  await engine.limitMemoryTo({ share: 1 / 100, leastMb: 50 });
  expect(engine.memoryLimitMb).toBe(50);
  await engine.run('CREATE TABLE small AS SELECT * FROM range(1000)');
  expect(engine.memoryLimitMb).toBe(50);
});

test('no aim goes beyond what the engine was opened with, and what does not fit that is told', async () => {
  await engine.limitMemoryTo({ share: 1, leastMb: 2 * OPENED_MB });
  expect(engine.memoryLimitMb).toBe(OPENED_MB);
  await engine.limitMemory(20);
  const tooLarge = LARGE_TEXT.replace('60000', '600000');
  await expect(engine.rows(`SELECT length(text) FROM (${tooLarge})`)).rejects.toMatchObject({
    code: 'E_ENGINE',
    advice: expect.stringContaining('memoryLimitMb') as string,
  });
});
