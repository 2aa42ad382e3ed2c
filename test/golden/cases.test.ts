/**
 * Golden folders: test/input/<case>/ holds a source and `case.json`, test/output/<case>/ what its periods give. Adding a
 * case is adding a folder; `ARBDATA_WRITE_GOLDEN=1` writes what is missing in the output, to be looked at.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { disagreement } from '../property/support/agreement.ts';
import { askProduct } from '../property/support/product.ts';
import { GoldenHome, INPUT_DIR, OUTPUT_DIR, quotedCsv } from './support.ts';

const caseFile = z.strictObject({
  title: z.string().min(1),
  asOf: z.iso.date(),
  config: z.looseObject({ cutoffDay: z.int().optional() }),
  periods: z.array(z.string()).min(1),
});

const cases = readdirSync(INPUT_DIR)
  .filter((name) => existsSync(path.join(INPUT_DIR, name, 'case.json')))
  .map((name) => ({
    name,
    ...caseFile.parse(JSON.parse(readFileSync(path.join(INPUT_DIR, name, 'case.json'), 'utf8'))),
  }));

test('there are cases', () => expect(cases.length).toBeGreaterThan(1));

/** Compare bytes with a golden file, or write it where it is missing and that was asked for. */
async function expectGolden(file: string, text: string): Promise<void> {
  if (!existsSync(file) && process.env['ARBDATA_WRITE_GOLDEN'] === '1') {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe.each(cases)('$name: $title', ({ name, asOf, config, periods }) => {
  let home: GoldenHome;
  beforeAll(async () => {
    home = await GoldenHome.of(path.join(INPUT_DIR, name), config);
  });
  afterAll(() => home.remove());

  test.each(periods)('%s', async (period) => {
    const { outcome, prepared } = await home.run(period, asOf);
    const dataset = outcome.files.find((file) => file.endsWith('.csv')) ?? '';
    await expectGolden(
      path.join(OUTPUT_DIR, name, dataset),
      readFileSync(path.join(outcome.dir, dataset), 'utf8'),
    );
    const findings = await home.query<{ line: string }>(
      `SELECT concat_ws(',', rule_id, scope, record_key) AS line FROM '${prepared.findingsFile}'
       WHERE state <> 'resolved' ORDER BY rule_id, scope, record_key`,
    );
    const list = ['rule_id,scope,record', ...findings.map(({ line }) => line), ''].join('\n');
    await expectGolden(path.join(OUTPUT_DIR, name, dataset.replace('macro-monitoring', 'findings')), list);
  });

  test.each(periods)('%s is what the reference says', async (period) => {
    const source = quotedCsv(path.join(INPUT_DIR, name));
    const question = { period, asOf, cutoffDay: config.cutoffDay ?? 0 };
    expect(disagreement({ source, question }, await askProduct(source, question))).toEqual([]);
  });
});
