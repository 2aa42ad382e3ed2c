/** The peer of the benchmark must give the right figures, or comparing with it would mean nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';

/** Debian's own Python is the one that its pandas package serves. */
const PYTHON = '/usr/bin/python3';
const hasPandas = spawnSync(PYTHON, ['-c', 'import pandas, openpyxl']).status === 0;

describe.skipIf(!hasPandas)('pandas peer', () => {
  const out = mkdtempSync(path.join(os.tmpdir(), 'arbdata-peer-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  const cells = (file: string) =>
    readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .trimEnd()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split(','));

  test.each([
    ['clean', '2026-09'],
    ['clean', '2026-10'],
    ['small', '2026-10'],
  ])('%s %s: every value as expected', (sample, period) => {
    const source = path.join(PROJECT_DIR, 'test/input/samples', sample);
    const script = path.join(PROJECT_DIR, 'bench/pandas_peer.py');
    execFileSync(PYTHON, [script, source, period, out, '--as-of', '2026-11-03']);
    const made = cells(path.join(out, `macro-monitoring-${period.replace('-', '')}.csv`));
    const expected = cells(path.join(source, `expected-macro-${period}.csv`));
    expect(expected).toHaveLength(2 * 19 * 84);
    expect(made.map(([of, scope, org, , id, , , value]) => [of, scope, org, id, value])).toEqual(expected);
  });
});
