import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { writeFindings } from '../../pipelines/steps/validate/findings.ts';
import { finding } from '../../schemas/findings.ts';
import { AS_OF, addCsv, breaches, validate, withRaw } from './support.ts';

/** The expected findings leave out the rules on outliers. */
const isExpected = (breach: string) => !/^V04[78] /.test(breach);

describe.each(['small', 'clean'])('sample %s, 2026-10', (sample) => {
  const dir = path.join(PROJECT_DIR, 'test/input/samples', sample);

  test('gives exactly the expected findings', async () => {
    const [, ...lines] = readFileSync(path.join(dir, 'expected-findings-2026-10.csv'), 'utf8')
      .trim()
      .split(/\r?\n/);
    const expected = lines.map((line) => line.replace(',', ' '));
    expect(expected.length).toBeGreaterThan(70);
    const found = await withRaw(async (engine) => {
      await addCsv(engine, dir);
      await validate(engine);
      return (await breaches(engine)).filter(isExpected);
    });
    expect(found).toEqual(expected.toSorted());
  });

  test('every finding of the file satisfies its schema and no personal value leaves the engine', async () => {
    await withRaw(async (engine, folder) => {
      await addCsv(engine, dir);
      await validate(engine);
      const file = path.join(folder, 'findings.parquet');
      await writeFindings(engine, { file, previous: undefined, marks: [], today: AS_OF });
      const rows = await engine.rows(`SELECT * FROM '${file}'`);
      expect(rows.length).toBeGreaterThan(70);
      for (const row of rows) finding.parse(row);
      const shown = JSON.stringify(rows);
      const people = await engine.rows<{ id: string }>(
        "SELECT DISTINCT id_no AS id FROM arb_party WHERE party_kind = '1' AND id_no IS NOT NULL",
      );
      expect(people.filter(({ id }) => shown.includes(id.trim()))).toEqual([]);
    });
  });
});
