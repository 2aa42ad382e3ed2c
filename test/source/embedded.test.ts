import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { ensureDir } from '../../pipelines/runtime/files.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { openScratch, removeDeadScratches } from '../../pipelines/runtime/scratch.ts';
import { checkSource } from '../../pipelines/steps/source/check.ts';
import { createEmbeddedSource, openEmbeddedSource } from '../../pipelines/steps/source/embedded.ts';
import { extractQuery } from '../../pipelines/steps/source/queries.ts';
import { CONTRACT, VIEWS } from '../../schemas/contract.ts';
import { fileHash, importInto, META, SAMPLES, temporaryFolder, withHeldProcess } from './support/csv.ts';

const clean = path.join(SAMPLES, 'clean');
const sourceOf = (home: string) => path.join(home, 'source', 'source.duckdb');
const open = (home: string) => openEmbeddedSource(sourceOf(home), { spillDir: path.join(home, 'spill') });

async function alter(home: string, sql: string): Promise<void> {
  await withEngine({ file: sourceOf(home), spillDir: path.join(home, 'alter') }, (engine) => engine.run(sql));
}

describe('building', () => {
  test('the file is whole, for its owner only, and alone', async () => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    expect(await readdir(path.join(home, 'source'))).toEqual(['source.duckdb']);
    expect((await stat(sourceOf(home))).mode & 0o777).toBe(0o600);
  });

  test('the former source stays when the build fails, and when it alters the tables', async () => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    const before = await fileHash(sourceOf(home));
    const failing = createEmbeddedSource(sourceOf(home), () => Promise.reject(new Error('stop')), META);
    await expect(failing).rejects.toThrow('stop');
    const altering = createEmbeddedSource(
      sourceOf(home),
      (engine) => engine.run('DROP TABLE arb_claim'),
      META,
    );
    await expect(altering).rejects.toMatchObject({ code: 'E_SOURCE_CONTRACT' });
    expect(await fileHash(sourceOf(home))).toBe(before);
    expect(await readdir(path.join(home, 'source'))).toEqual(['source.duckdb']);
  });

  test('two builds at once leave one whole source', async () => {
    const home = await temporaryFolder();
    await Promise.all([importInto(home, clean), importInto(home, path.join(SAMPLES, 'small'))]);
    const source = await open(home);
    const [, cases] = await source.figures();
    expect([300, 401]).toContain(cases?.rows);
    await source.close();
    expect(await readdir(path.join(home, 'source'))).toEqual(['source.duckdb']);
  });

  test.each(['check arb_org.csv', 'import arb_case', 'import pre_application', 'source row'])(
    'a kill at "%s" leaves the former source, and the next build removes the rest',
    async (place) => {
      const home = await temporaryFolder();
      await importInto(home, clean);
      const before = await fileHash(sourceOf(home));
      await withHeldProcess(['import', home, path.join(SAMPLES, 'small'), place], async () => {});
      expect(await fileHash(sourceOf(home))).toBe(before);
      expect((await readdir(path.join(home, 'source'))).length).toBe(3);
      await importInto(home, path.join(SAMPLES, 'small'));
      expect(await readdir(path.join(home, 'source'))).toEqual(['source.duckdb']);
      expect(await fileHash(sourceOf(home))).not.toBe(before);
    },
  );

  test('the build of a living process is left alone', async () => {
    const home = await temporaryFolder();
    await withHeldProcess(['import', home, clean, 'import arb_case'], async () => {
      await importInto(home, clean);
      expect((await readdir(path.join(home, 'source'))).length).toBe(3);
    });
  });

  test('a scratch folder lives with its process or, on another host, with its heartbeat', async () => {
    const parent = await temporaryFolder();
    const clock = fixedClock(new Date().toISOString());
    const scratch = await openScratch(parent, 'a', clock);
    // Made in one step: a kill leaves a whole owner or none.
    expect(JSON.parse(await readlink(path.join(parent, '.a.owner')))).toMatchObject({ pid: process.pid });
    await expect(openScratch(parent, 'a', clock)).rejects.toThrow('.a.owner');
    await ensureDir(path.join(parent, '.nobody.tmp'));
    await ensureDir(path.join(parent, '.far.tmp'));
    await writeFile(
      path.join(parent, '.far.owner'),
      JSON.stringify({ pid: 1, processStart: 'x', host: 'elsewhere' }),
    );
    await ensureDir(path.join(parent, '.half.tmp'));
    await writeFile(path.join(parent, '.half.owner'), '{"pid"');
    expect(await removeDeadScratches(parent, '', clock)).toEqual(['nobody']);
    clock.advance(3_600_000);
    expect(await removeDeadScratches(parent, 'h', clock)).toEqual(['half']);
    expect(await removeDeadScratches(parent, '', clock)).toEqual(['far']);
    await scratch.close();
    expect(await readdir(parent)).toEqual([]);
  });
});

describe('opening', () => {
  test('no source, and a file that is none', async () => {
    const home = await temporaryFolder();
    await expect(open(home)).rejects.toMatchObject({
      code: 'E_SOURCE_MISSING',
      advice: expect.stringMatching(/arbdata demo.*arbdata source import DIR/),
    });
    await ensureDir(path.join(home, 'source'));
    await writeFile(sourceOf(home), 'x'.repeat(20_000));
    await expect(open(home)).rejects.toMatchObject({ code: 'E_SOURCE_CONTRACT' });
  });

  test('a source that another process holds: its process id is named', async () => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    await withHeldProcess(['open', home], async (pid) => {
      const opening = open(home);
      await expect(opening).rejects.toMatchObject({ code: 'E_SOURCE_LOCKED' });
      await expect(opening).rejects.toThrow(new RegExp(`PID ${pid}\\b`));
    });
    await (await open(home)).close();
  });

  test('reading leaves the file as it is, and two can read at once', async () => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    const before = await fileHash(sourceOf(home));
    const source = await open(home);
    const other = await openEmbeddedSource(sourceOf(home), { spillDir: path.join(home, 'spill-2') });
    const read = await source.openRead();
    await read.readView('ARB_CASE', path.join(home, 'a.parquet'), silentProgress);
    await source.close();
    await other.close();
    expect(await fileHash(sourceOf(home))).toBe(before);
    expect(await read.identity()).toBe(`sha256:${before}`);
  });

  test('a source that was replaced after it was opened is not read under the new one’s identity', async () => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    const source = await open(home);
    const identity = await (await source.openRead()).identity();
    await importInto(home, path.join(SAMPLES, 'small'));
    await expect(source.openRead()).rejects.toMatchObject({ code: 'E_SOURCE_LOCKED', retryable: true });
    await source.close();
    const next = await open(home);
    await expect(next.openRead(identity)).rejects.toMatchObject({ code: 'E_SOURCE_MISSING' });
    await next.close();
  });
});

describe('check', () => {
  test('figures of the samples', async () => {
    const home = await temporaryFolder();
    await importInto(home, path.join(SAMPLES, 'small'));
    const source = await open(home);
    const check = await checkSource(source);
    expect(check).toMatchObject({ kind: 'embedded', asOf: '2026-11-03', problems: [] });
    expect(check.views.map(({ rows }) => rows)).toEqual([18, 401, 800, 383, 200, 126]);
    const accepted = check.views[1]?.dates.find(({ column }) => column === 'ACCEPT_DATE');
    const days = (await readFile(path.join(SAMPLES, 'small', 'arb_case.csv'), 'utf8'))
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[6] ?? '')
      .filter((day) => day !== '')
      .sort();
    expect(accepted).toEqual({ column: 'ACCEPT_DATE', first: days[0], last: days.at(-1) });
    await source.close();
  });

  test.each([
    ['DROP TABLE arb_claim', 'the view ARB_CLAIM is missing', undefined],
    [
      'ALTER TABLE arb_case DROP COLUMN CLOSE_MODE',
      'the column ARB_CASE.CLOSE_MODE is missing',
      'ARB_CASE.CLOSE_MODE',
    ],
    [
      'ALTER TABLE arb_claim ALTER AMOUNT TYPE DOUBLE',
      'the column ARB_CLAIM.AMOUNT has the type DOUBLE instead of DECIMAL(18,2)',
      'ARB_CLAIM.AMOUNT',
    ],
  ])('%s', async (sql, message, column) => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    await alter(home, sql);
    const source = await open(home);
    const check = await checkSource(source);
    expect(check.problems.map((problem) => problem.message)).toEqual([message]);
    expect(check.views).toEqual([]);
    await expect(source.openRead()).rejects.toMatchObject({
      code: 'E_SOURCE_CONTRACT',
      message,
      where: { file: sourceOf(home), ...(column === undefined ? {} : { column }) },
    });
    await source.close();
  });

  test('a view may stand for a table, and columns may be more', async () => {
    const home = await temporaryFolder();
    await importInto(home, clean);
    await alter(
      home,
      'ALTER TABLE arb_claim RENAME TO other; CREATE VIEW arb_claim AS SELECT *, 1 AS more FROM other',
    );
    const source = await open(home);
    const read = await source.openRead();
    expect(await read.readView('ARB_CLAIM', path.join(home, 'a.parquet'), silentProgress)).toEqual({
      rows: 280,
    });
    await source.close();
  });
});

test('the extraction makes empty text NULL and changes nothing else', async () => {
  for (const view of VIEWS) {
    const expected = view.columns.map(({ name, type }) =>
      type === 'text' ? `nullif("${name}", '') as "${name}"` : `"${name}" as "${name}"`,
    );
    expect(extractQuery(view)).toBe(`select ${expected.join(', ')} from "${view.name.toLowerCase()}"`);
  }
  expect(CONTRACT.ARB_CASE.columns).toHaveLength(29);
});
