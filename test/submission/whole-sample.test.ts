/** The batch of a whole sample, record by record, against the reference. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SubmissionOutcome } from '../../pipelines/national-platform.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { INPUT_DIR, quotedCsv } from '../golden/support.ts';
import {
  entriesOf,
  recordsOf,
  SHIPPED_XSD,
  SubmissionHome,
  saidIn,
  stateOf,
  writeXml,
  xmllint,
} from './support/submission-home.ts';

describe.each(['clean', 'small'])('the first batch of the sample %s', (sample) => {
  const source = quotedCsv(path.join(INPUT_DIR, 'samples', sample));
  const expected = stateOf(source, '2026-10');
  let home: SubmissionHome;
  let outcome: SubmissionOutcome;
  beforeAll(async () => {
    home = await SubmissionHome.open();
    await home.fill(source);
    ({ submission: outcome } = await home.build('2026-10'));
  });
  afterAll(() => removeTree(home.dir));

  test('holds the reportable cases, word for word, as the reference writes them', () => {
    const sent = recordsOf(outcome);
    const wanted = [...expected.said].filter(([id]) => !expected.heldBack.has(id));
    expect(wanted.length).toBeGreaterThan(200);
    expect(new Map(sent.map((record) => [record.id, saidIn(record)]))).toEqual(new Map(wanted));
    expect(new Set(sent.map(({ op }) => op))).toEqual(new Set(['I']));
    expect(outcome.counts.heldBack).toBe(expected.heldBack.size);
  });

  test('is valid against the shipped schema', () => {
    const files = writeXml(home.newFolder('xml'), entriesOf(outcome));
    expect(files.length).toBeGreaterThan(0);
    expect(xmllint(SHIPPED_XSD, files)).toBe('');
  });
});
