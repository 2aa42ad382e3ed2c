import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawn } from '../property/support/cases.ts';
import { dayOf } from '../reference/dates.ts';
import { referenceComparison } from '../reference/pre-applications.ts';
import { keepOnePerKey } from '../reference/source.ts';
import { type AskedWorld, smallWorlds } from './small-world.ts';
import { calendar, comparedLines } from './support.ts';

const worlds = drawn<[AskedWorld]>(15);

test('any source: the lines are those of the reference', { timeout: worlds.timeout }, () =>
  fc.assert(
    fc.asyncProperty(smallWorlds, async ({ source, asked }) => {
      const question = {
        start: dayOf(asked.start),
        end: dayOf(asked.end),
        asOfDay: dayOf(asked.asOf),
        calendar,
        ...(asked.decisions === undefined ? {} : { decisions: asked.decisions }),
      };
      expect(await comparedLines(source, asked)).toEqual(
        referenceComparison(keepOnePerKey(source), question),
      );
    }),
    worlds.parameters,
  ),
);

test('the sources that are drawn reach every class', () => {
  const seen = new Set<string>();
  for (const { source, asked } of fc.sample(smallWorlds, { numRuns: 150, seed: 7 })) {
    const question = {
      start: dayOf(asked.start),
      end: dayOf(asked.end),
      asOfDay: dayOf(asked.asOf),
      calendar,
    };
    for (const line of referenceComparison(keepOnePerKey(source), question))
      seen.add(line.split('|')[0] ?? '');
  }
  expect([...seen].toSorted()).toEqual([
    'CLOSED_UNLINKED',
    'DUPLICATE',
    'FIELD_DIFF',
    'IN_PROGRESS',
    'LINK_CONFLICT',
    'MATCHED',
    'MISSING_CASE',
    'ORPHAN_CASE',
    'OVERDUE_REVIEW',
    'PROBABLE_MATCH',
    'STATUS_CONFLICT',
  ]);
});
