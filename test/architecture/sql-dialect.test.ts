/** Models, datasets and checks are written in the SQL that DuckDB, Trino and Spark SQL share. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { indicatorsFile } from '../../schemas/definitions.ts';
import { grainProblem, portabilityProblems } from './portable-sql.ts';

function sqlFiles(folder: string): string[] {
  const dir = path.join(PROJECT_DIR, 'sql', folder);
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.sql'),
  );
  return files.map((name) => `sql/${folder}/${name.split(path.sep).join('/')}`).toSorted();
}
const read = (file: string) => readFileSync(path.join(PROJECT_DIR, file), 'utf8');
const portableFiles = ['models', 'datasets', 'checks'].flatMap(sqlFiles);

describe('the project', () => {
  test('has models and datasets', () => {
    expect(sqlFiles('models')).not.toEqual([]);
    expect(sqlFiles('datasets')).not.toEqual([]);
  });

  test.each(portableFiles)('%s runs unchanged on all three engines', (file) => {
    const problems = portabilityProblems(read(file)).map(
      ({ line, problem }) => `${file}:${line}: ${problem}`,
    );
    expect(problems).toEqual([]);
  });

  test.each(portableFiles)('%s states its grain and makes one thing', (file) => {
    const sql = read(file);
    expect(grainProblem(sql)).toBeUndefined();
    const statements = sql
      .replaceAll(/--[^\n]*/g, '')
      .split(';')
      .map((text) => text.trim());
    expect(statements.filter((text) => text !== '')).toHaveLength(1);
    expect(statements[0]).toMatch(
      file.startsWith('sql/checks/') ? /^(SELECT|WITH)\s/ : /^CREATE (TABLE|VIEW) \w+ AS\s/,
    );
  });

  const { indicators } = indicatorsFile.parse(JSON.parse(read('schemas/definitions/indicators.json')));
  test('conditions and quantities of the indicators run unchanged on all three engines', () => {
    const problems = indicators.flatMap((indicator) => {
      const where = 'where' in indicator ? (indicator.where ?? '1 = 1') : '1 = 1';
      const quantity = 'quantity' in indicator ? indicator.quantity : 'one';
      const sql = `SELECT SUM(${quantity}) AS figure FROM population WHERE ${where}`;
      return portabilityProblems(sql).map(({ problem }) => `${indicator.id}: ${problem}`);
    });
    expect(problems).toEqual([]);
  });
});

describe('finding what is not portable', () => {
  // The parser also writes the errors that it returns to the console.
  beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
  afterAll(() => void vi.restoreAllMocks());

  test.each([
    ['SELECT a::INTEGER FROM t', 'CAST'],
    ['SELECT a FROM t QUALIFY n = 1', 'QUALIFY'],
    ['SELECT DISTINCT ON (a) a, b FROM t', 'DISTINCT ON'],
    ['SELECT arg_max(a, b) FROM t', 'ARG_MAX'],
    ['SELECT max_by(a, b) FROM t', 'MAX_BY'],
    ['SELECT a, COUNT(*) FROM t GROUP BY ALL', 'BY ALL'],
    ['PIVOT t ON a USING SUM(b)', 'PIVOT'],
    ['CREATE MACRO f(x) AS x + 1', 'macros'],
    ["SELECT * FROM read_parquet('a.parquet')", 'READ_PARQUET'],
    ["SELECT * FROM 'a.parquet'", 'not files'],
    ['SELECT * EXCLUDE (a) FROM t', 'star modifiers'],
    ['SELECT SUM(a) / COUNT(*) FROM t', 'divide and round'],
    ['SELECT AVG(a) FROM t', 'AVG'],
    ['SELECT CAST(a AS DOUBLE) FROM t', 'DECIMAL(18, 2)'],
    ["SELECT date_diff('day', a, b) FROM t", 'DATE_DIFF'],
    ['SELECT a FROM t WHERE b < CURRENT_DATE', 'no clock'],
    ['SELECT GREATEST(a, b) FROM t', 'GREATEST'],
    ['SELECT [1, 2] AS a', 'lists and structs'],
    ['SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS n FROM t', 'NULLS'],
    [
      'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b NULLS LAST, c DESC) AS n FROM t',
      'ORDER BY c DESC',
    ],
    ['SELECT ROW_NUMBER() OVER (PARTITION BY a) AS n FROM t', 'total order'],
    ['SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY 1 NULLS LAST) AS n FROM t', 'total order'],
    ['SELECT a FROM t ORDER BY COALESCE(a, b), c NULLS LAST', 'ORDER BY COALESCE(a, b)'],
    ['SELECT a FROM', 'Trino'],
    ['SELECT a FROM', 'Spark'],
    ['SELECT a, FROM t', 'Trino'],
    ['SELECT a FROM t WHERE b ==== c', 'Spark'],
  ])('%s', (sql, expected) => {
    expect(portabilityProblems(`\n${sql}`).map(({ line, problem }) => `${line} ${problem}`)).toContainEqual(
      expect.stringMatching(new RegExp(`^2 .*${expected.replaceAll(/[()]/g, '\\$&')}`)),
    );
  });

  test.each([
    "SELECT a || '::' || b AS c FROM t -- QUALIFY, read_parquet('x')",
    'SELECT "PIVOT" FROM t',
    'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY COALESCE(b, 0) DESC NULLS LAST, c NULLS FIRST) AS n FROM t',
    'SELECT CAST(SUM(CASE WHEN a IN (1, 2) THEN b ELSE CAST(0 AS BIGINT) END) AS DECIMAL(18, 2)) AS c FROM t GROUP BY d',
    'CREATE TABLE a AS WITH b AS (SELECT 1 AS c) SELECT c FROM b WHERE NOT EXISTS (SELECT 1 FROM d WHERE d.c = b.c);',
    'SELECT a FROM t ORDER BY a NULLS LAST LIMIT 3',
  ])('%s is portable', (sql) => {
    expect(portabilityProblems(sql)).toEqual([]);
  });

  test.each([
    ['-- One row per case: what it counts under.\nSELECT 1', true],
    ['-- No row may remain: a body whose sums differ.\nSELECT 1', true],
    ['-- Facts.\nSELECT 1', false],
    ['SELECT 1', false],
    ['\n-- One row per case: late.\nSELECT 1', false],
  ])('the grain of %j', (sql, isStated) => {
    expect(grainProblem(sql) === undefined).toBe(isStated);
  });
});
