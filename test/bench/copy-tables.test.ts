import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type CopyReport, copyTables } from '../../bench/copy-tables.ts';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { createSourceTables } from '../../pipelines/runtime/embedded-schema.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'arbdata-copy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('every table of the contract is copied whole, from a source that is only read', async () => {
  const file = path.join(dir, 'source.duckdb');
  await withEngine({ file, spillDir: path.join(dir, 'spill') }, async (engine) => {
    await createSourceTables(engine);
    await engine.run("INSERT INTO arb_org VALUES ('110101', '东城,\"仲裁\"', '110101', '2', NULL)");
  });
  const csv = path.join(dir, 'csv');
  const script = path.join(PROJECT_DIR, 'bench/copy-tables.ts');
  const report = JSON.parse(
    execFileSync(process.execPath, [script, file, csv, 'csv'], { encoding: 'utf8' }),
  ) as CopyReport;
  expect(report.tables).toMatchObject({ arb_org: 1, arb_case: 0, pre_application: 0 });
  expect(readFileSync(path.join(csv, 'arb_org.csv'), 'utf8')).toBe(
    'ORG_CODE,ORG_NAME,DISTRICT_CODE,ORG_LEVEL,CASE_WORD\n110101,"东城,""仲裁""",110101,2,\n',
  );

  const parquet = path.join(dir, 'parquet');
  expect((await copyTables(file, parquet, 'parquet')).tables).toEqual(report.tables);
  expect(readdirSync(parquet).filter((name) => name.endsWith('.parquet'))).toHaveLength(6);
});
