/** One direction: reads every import statement of the project and holds the rules of docs/decisions/0001. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { importsOf, violationsOf } from './import-rules.ts';

const FOLDERS = ['app', 'bench', 'exports', 'pipelines', 'schemas', 'test'];

function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(PROJECT_DIR, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => path.relative(PROJECT_DIR, path.join(entry.parentPath, entry.name)))
    .map((file) => file.split(path.sep).join('/'))
    .toSorted();
}

describe('the project', () => {
  test.each(FOLDERS)('%s imports only what it may', (folder) => {
    const violations = sourceFiles(folder).flatMap((file) =>
      violationsOf(file, readFileSync(path.join(PROJECT_DIR, file), 'utf8')),
    );
    expect(violations.map(({ at, specifier, rule }) => `${at}: '${specifier}': ${rule}`)).toEqual([]);
  });

  test('files of the product are looked at', () => {
    expect(sourceFiles('pipelines')).toContain('pipelines/runtime/duckdb.ts');
    expect(sourceFiles('schemas')).toContain('schemas/contract.ts');
  });

  test('sql holds text only', () => {
    expect(sourceFiles('sql')).toEqual([]);
  });
});

describe('finding imports', () => {
  test('each way of importing is seen, with its line; comments, strings and regular expressions are not', () => {
    const source = [
      "import a from './static.ts';",
      "import type { B } from './type.ts';",
      "import './effect.ts';",
      "export { c } from './re-export.ts';",
      "export * from './all.ts';",
      'const d = async (): Promise<unknown> => await import("./dynamic.ts");',
      "type E = import('./import-type.ts').E;",
      "const f = require('./require.ts');",
      "const g = new Worker(new URL('./worker.ts', import.meta.url));",
      'const h = async (name: string) => import(name);',
      "// import x from './comment.ts';",
      `const i = "import x from './string.ts'";`,
      "const j = `import x from './template.ts'` + String(/import '.\\/regex.ts'/);",
      'export const k = 1; export { d, f };',
    ].join('\n');
    expect(importsOf(source).map(({ line, specifier }) => [line, specifier])).toEqual([
      [1, './static.ts'],
      [2, './type.ts'],
      [3, './effect.ts'],
      [4, './re-export.ts'],
      [5, './all.ts'],
      [6, './dynamic.ts'],
      [7, './import-type.ts'],
      [8, './require.ts'],
      [9, './worker.ts'],
      [10, undefined],
    ]);
  });
});

const NETWORK_RULE =
  'the network is reached only in steps/submit/channels, steps/alert, app/console and bench';

describe('the rules', () => {
  test.each([
    ['schemas/a.ts', 'node:fs', 'schemas import zod and nothing else'],
    ['schemas/a.ts', '../pipelines/runtime/errors.ts', 'schemas may not import pipelines/runtime'],
    ['exports/a.ts', 'node:http', 'exports know no network'],
    ['exports/a.ts', '@duckdb/node-api', 'DuckDB is reached only through pipelines/runtime/duckdb.ts'],
    ['exports/a.ts', '../pipelines/runtime/errors.ts', 'exports may not import pipelines/runtime'],
    [
      'pipelines/runtime/a.ts',
      '@duckdb/node-api',
      'DuckDB is reached only through pipelines/runtime/duckdb.ts',
    ],
    [
      'pipelines/runtime/a.ts',
      'node:sqlite',
      'SQLite is reached only through pipelines/runtime/node-sqlite.ts',
    ],
    ['pipelines/runtime/a.ts', '../../exports/b.ts', 'pipelines/runtime may not import exports'],
    ['pipelines/runtime/a.ts', '../steps/b/c.ts', 'pipelines/runtime may not import pipelines/steps/b'],
    ['pipelines/runtime/a.ts', '../monthly.ts', 'pipelines/runtime may not import pipelines'],
    ['pipelines/steps/a/b.ts', '../c/d.ts', 'a step never imports a sibling step'],
    ['pipelines/steps/a.ts', './c.ts', 'a step never imports a sibling step'],
    ['pipelines/steps/a/b.ts', '../../../exports/c.ts', 'pipelines/steps/a may not import exports'],
    ['pipelines/steps/a/b.ts', '../../monthly.ts', 'pipelines/steps/a may not import pipelines'],
    [
      'pipelines/steps/model/b.ts',
      'kysely',
      'queries are built with Kysely only in the ledger, in steps/source and in steps/publish',
    ],
    [
      'pipelines/steps/model/b.ts',
      'oracledb',
      "other systems' databases are reached only in steps/source, steps/publish and steps/adjust",
    ],
    ['pipelines/steps/submit/a.ts', 'ssh2', NETWORK_RULE],
    ['pipelines/steps/source/a.ts', 'node:https', NETWORK_RULE],
    ['pipelines/runtime/a.ts', 'net', NETWORK_RULE],
    ['app/cli.ts', 'node:dns/promises', NETWORK_RULE],
    ['pipelines/monthly.ts', '../app/cli.ts', 'pipelines may not import app'],
    ['app/cli.ts', '../pipelines/steps/a/b.ts', 'app may not import pipelines/steps/a'],
    ['app/cli.ts', '../exports/a.ts', 'app may not import exports'],
    ['bench/a.ts', '../app/cli.ts', 'bench may not import app'],
    ['app/cli.ts', '../test/support/a.ts', 'app may not import test'],
    ['app/cli.ts', '../elsewhere/a.ts', 'app may not import elsewhere/a.ts'],
  ])('%s may not import %s', (file, specifier, rule) => {
    expect(violationsOf(file, `\nimport '${specifier}';`)).toEqual([{ at: `${file}:2`, specifier, rule }]);
  });

  test('an import that does not name its target is refused in the product', () => {
    expect(violationsOf('app/cli.ts', 'await import(process.argv[2]);')).toHaveLength(1);
  });

  test.each([
    ['schemas/a.ts', 'zod'],
    ['schemas/a.ts', './definitions.ts'],
    ['exports/a.ts', '../schemas/b.ts'],
    ['exports/a.ts', 'exceljs'],
    ['pipelines/runtime/duckdb.ts', '@duckdb/node-api'],
    ['pipelines/runtime/node-sqlite.ts', 'node:sqlite'],
    ['pipelines/runtime/ledger.ts', 'kysely'],
    ['pipelines/runtime/ledger/a.ts', 'kysely'],
    ['pipelines/runtime/a.ts', '../../schemas/b.ts'],
    ['pipelines/steps/source/a.ts', 'kysely'],
    ['pipelines/steps/source/a.ts', 'oracledb'],
    ['pipelines/steps/a/b.ts', './c.ts'],
    ['pipelines/steps/a/b.ts', '../../runtime/c.ts'],
    ['pipelines/steps/submit/channels/a.ts', 'node:https'],
    ['pipelines/steps/submit/channels/a.ts', 'ssh2'],
    ['pipelines/steps/submit/channels/a.ts', '../batch.ts'],
    ['pipelines/monthly.ts', './macro-monitoring.ts'],
    ['pipelines/monthly.ts', './steps/a/b.ts'],
    ['pipelines/monthly.ts', '../exports/a.ts'],
    ['app/cli.ts', '../pipelines/monthly.ts'],
    ['app/cli.ts', '../pipelines/runtime/errors.ts'],
    ['app/cli.ts', './help.ts'],
    ['test/a.test.ts', '../app/cli.ts'],
  ])('%s may import %s', (file, specifier) => {
    expect(violationsOf(file, `import '${specifier}';`)).toEqual([]);
  });
});
