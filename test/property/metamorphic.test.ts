import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLOWS, INDICATORS } from '../reference/indicators.ts';
import type { RawRow, RawSource, ReferenceView } from '../reference/source.ts';
import { drawn } from './support/cases.ts';
import { type AskedSource, dirtySources } from './support/dirty-source.ts';
import { type Answer, askProduct } from './support/product.ts';

const VIEWS: readonly ReferenceView[] = [
  ...(['ARB_ORG', 'ARB_CASE', 'ARB_PARTY', 'ARB_CLAIM'] as const),
  ...(['ARB_MEDIATION', 'PRE_APPLICATION'] as const),
];

function everyView(
  source: RawSource,
  change: (rows: readonly RawRow[], view: ReferenceView) => readonly RawRow[],
): RawSource {
  return Object.fromEntries(VIEWS.map((view) => [view, change(source[view], view)])) as Record<
    ReferenceView,
    readonly RawRow[]
  >;
}

/** Sources in which every row of a key that stands twice is as new as the other: the tie decides. */
const tiedSources: Arbitrary<AskedSource> = dirtySources.map(({ question, source }) => ({
  question,
  source: everyView(source, (rows) =>
    rows.map((row) => ('UPDATED_AT' in row ? { ...row, UPDATED_AT: '2026-09-09 09:30:00' } : row)),
  ),
}));

/** Rows in another order, by a number for each. */
function reordered(rows: readonly RawRow[], ranks: readonly number[]): RawRow[] {
  return rows
    .map((row, place) => ({ row, rank: ranks[place % ranks.length] ?? 0 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ row }) => row);
}

const permutation = drawn<[AskedSource, number[]]>(10);
test(
  'the order of the rows changes nothing, not even which of two equally new rows stays',
  { timeout: permutation.timeout },
  () =>
    fc.assert(
      fc.asyncProperty(
        tiedSources,
        fc.array(fc.nat(), { minLength: 37, maxLength: 37, size: 'max' }),
        async ({ source, question }, ranks) => {
          const other = everyView(source, (rows) => reordered(rows, ranks));
          expect(await askProduct(other, question)).toEqual(await askProduct(source, question));
        },
      ),
      permutation.parameters,
    ),
);

const deletion = drawn<[AskedSource]>(8);
test(
  'deleted cases with their parties and claims, and deleted mediations, change nothing',
  { timeout: deletion.timeout },
  () =>
    fc.assert(
      fc.asyncProperty(dirtySources, async ({ source, question }) => {
        const id = (key: string | null | undefined) =>
          key == null ? null : String(BigInt(key) + 10n ** 17n);
        const doubled = (view: ReferenceView, ...keys: string[]) => [
          ...source[view],
          ...source[view]
            .filter((row) => keys.every((key) => row[key] != null))
            .map((row) => ({ ...row, ...Object.fromEntries(keys.map((key) => [key, id(row[key])])) })),
        ];
        const count = source.ARB_CASE.length;
        const own = new Set(source.ARB_CASE.map((row) => row['CASE_ID']));
        const removed = (rows: readonly RawRow[], from: number) =>
          rows.map((row, place) => (place < from ? row : { ...row, DELETED: place % 2 === 0 ? '1' : ' １' }));
        const ofOwnCases = (view: ReferenceView, key: string) => [
          ...source[view],
          ...doubled(view, key, 'CASE_ID')
            .slice(source[view].length)
            .filter((row) => own.has(String(BigInt(row['CASE_ID'] ?? '0') - 10n ** 17n))),
        ];
        const more: RawSource = {
          ...source,
          ARB_CASE: removed(doubled('ARB_CASE', 'CASE_ID'), count),
          ARB_PARTY: ofOwnCases('ARB_PARTY', 'PARTY_ID'),
          ARB_CLAIM: ofOwnCases('ARB_CLAIM', 'CLAIM_ID'),
          ARB_MEDIATION: removed(doubled('ARB_MEDIATION', 'MEDIATION_ID'), source.ARB_MEDIATION.length),
        };
        expect(await askProduct(more, question)).toEqual(await askProduct(source, question));
      }),
      deletion.parameters,
    ),
);

describe('periods join', () => {
  const parts = drawn<[AskedSource]>(3);
  test('a quarter and the year to date are the sums of their months', { timeout: parts.timeout }, () =>
    fc.assert(
      fc.asyncProperty(dirtySources, async ({ source, question }) => {
        const ask = (period: string) => askProduct(source, { ...question, period });
        const months = [await ask('2026-01'), await ask('2026-02'), await ask('2026-03')] as const;
        const quarter = await ask('2026-Q1');
        const year = (answer: Answer) => [...answer.figures].filter(([place]) => place.startsWith('ytd'));
        expect(year(quarter)).toEqual(year(months[2]));
        const counted = FLOWS.filter((id) => INDICATORS.some((one) => one.id === id && one.unit !== '万元'));
        const sums = (pick: (place: string) => string | undefined) =>
          [...quarter.figures.keys()]
            .filter((place) => place.startsWith('month') && counted.includes(place.split(' ')[2] ?? ''))
            .map((place) => [place, pick(place)]);
        const added = (place: string) =>
          String(months.reduce((sum, { figures }) => sum + BigInt(figures.get(place) ?? '0'), 0n));
        const ytd = (place: string) => quarter.figures.get(place.replace('month', 'ytd'));
        expect(sums((place) => quarter.figures.get(place))).toEqual(sums(added));
        expect(sums(ytd)).toEqual(sums(added));
      }),
      parts.parameters,
    ),
  );
});
