import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { INPUT_DIR, plainCsv, quotedCsv } from '../golden/support.ts';
import { dayOf } from '../reference/dates.ts';
import { referenceComparison } from '../reference/pre-applications.ts';
import { keepOnePerKey } from '../reference/source.ts';
import { calendar, comparedLines } from './support.ts';

const OCTOBER = { start: '2026-10-01', end: '2026-10-31', asOf: '2026-11-03' };

/** `class|pre_app_id|fields` of each pre-application, `class||case_id` of each case without one. */
function summary(lines: readonly string[]): string[] {
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const [name = '', preAppId = '', caseId = '', field = ''] = line.split('|');
    const key = [name, preAppId, preAppId === '' ? caseId : ''].join('|');
    fields.set(key, [...(fields.get(key) ?? []), ...(field === '' ? [] : [field])]);
  }
  return [...fields].map(([key, names]) => `${key}|${names.join(';')}`).toSorted();
}

describe.each(['small', 'clean'])('the sample %s', (name) => {
  const dir = path.join(INPUT_DIR, 'samples', name);

  test('gives the expected classes and fields', async () => {
    const expected = plainCsv(path.join(dir, 'expected-pre-application-2026-10.csv'));
    const lines = expected.map(({ pre_app_id, case_id, class: kind, fields }) =>
      [kind, pre_app_id, pre_app_id === null ? case_id : '', fields].join('|'),
    );
    expect(lines.length).toBeGreaterThan(35);
    expect(summary(await comparedLines(quotedCsv(dir), OCTOBER))).toEqual(lines.toSorted());
  });

  test.each([
    OCTOBER,
    { start: '2026-09-01', end: '2026-09-30', asOf: '2026-11-03' },
    { start: '2026-01-01', end: '2026-06-30', asOf: '2026-07-15' },
  ])('$start to $end is what the reference says, line by line', async (asked) => {
    const source = quotedCsv(dir);
    const question = {
      start: dayOf(asked.start),
      end: dayOf(asked.end),
      asOfDay: dayOf(asked.asOf),
      calendar,
    };
    expect(await comparedLines(source, asked)).toEqual(referenceComparison(keepOnePerKey(source), question));
  });
});
