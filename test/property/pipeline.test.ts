import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONTRACT } from '../../schemas/contract.ts';
import type { DatasetRow } from '../../schemas/dataset.ts';
import { GoldenHome, quotedCsv } from '../golden/support.ts';
import type { RawSource, ReferenceView } from '../reference/source.ts';
import { disagreement } from './support/agreement.ts';
import { drawn } from './support/cases.ts';
import { type AskedSource, dirtySources } from './support/dirty-source.ts';
import { askProduct } from './support/product.ts';

const whole = drawn<[AskedSource]>(4);

test(
  'any source as CSV files, imported and run: the files hold the figures and findings of the reference',
  { timeout: whole.timeout },
  () =>
    fc.assert(
      fc.asyncProperty(
        dirtySources.filter(({ source }) => source.ARB_ORG.length > 0),
        async ({ source, question }) => {
          const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-pipeline-'));
          try {
            await writeSource(dir, source);
            const read = quotedCsv(dir);
            const made = await runPipeline(dir, question.period, question.asOf, question.cutoffDay);
            const answer = await askProduct(read, question);
            expect(disagreement({ source: read, question }, answer)).toEqual([]);
            expect(made.figures).toEqual([...answer.figures]);
            expect(made.findings).toEqual(answer.findings);
          } finally {
            await rm(dir, { recursive: true });
          }
        },
      ),
      whole.parameters,
    ),
);

async function runPipeline(dir: string, period: string, asOf: string, cutoffDay: number) {
  const home = await GoldenHome.of(dir, { cutoffDay, exclusionLimitPercent: '100' });
  try {
    const { outcome, prepared } = await home.run(period, asOf);
    const file = outcome.files.find((name) => name.endsWith('.json')) ?? '';
    const rows: DatasetRow[] = JSON.parse(readFileSync(path.join(outcome.dir, file), 'utf8'));
    const findings = await home.query<{ line: string }>(
      `SELECT concat_ws(' ', rule_id, scope, record_key) AS line FROM '${prepared.findingsFile}'`,
    );
    return {
      figures: rows.map((row) => [`${row.scope} ${row.org_code} ${row.indicator_id}`, row.value]),
      findings: findings.map(({ line }) => line).toSorted(),
    };
  } finally {
    await home.remove();
  }
}

async function writeSource(dir: string, source: RawSource): Promise<void> {
  const field = (value: string | null | undefined) => `"${(value ?? '').replaceAll('"', '""')}"`;
  for (const [name, rows] of Object.entries(source)) {
    const columns = CONTRACT[name as ReferenceView].columns.map((column) => column.name);
    const lines = rows.map((row) => columns.map((column) => field(row[column])).join(','));
    await writeFile(
      path.join(dir, `${name.toLowerCase()}.csv`),
      `${[columns.join(','), ...lines].join('\r\n')}\r\n`,
    );
  }
}
