import fc from 'fast-check';
import { expect, test } from 'vitest';
import { disagreement } from './support/agreement.ts';
import { drawn, LARGEST } from './support/cases.ts';
import { type AskedSource, dirtySources } from './support/dirty-source.ts';
import { flowSources } from './support/flow-source.ts';
import { type Answer, askProduct } from './support/product.ts';

const dirty = drawn<[AskedSource]>(LARGEST);
const flows = drawn<[AskedSource]>(12);

test(
  'any source: figures, comparisons and findings are those of the reference; the checks hold',
  { timeout: dirty.timeout },
  () =>
    fc.assert(
      fc.asyncProperty(dirtySources, async (asked) => {
        const answer = await askProduct(asked.source, asked.question);
        expect(disagreement(asked, answer)).toEqual([]);
        expect(answer.checks.filter(({ ok }) => !ok)).toEqual([]);
        expect(missingChecks(answer)).toEqual([]);
      }),
      dirty.parameters,
    ),
);

test(
  'any numbers of cases in a month and the twelve before: V047 and V048 are those of the reference',
  { timeout: flows.timeout },
  () =>
    fc.assert(
      fc.asyncProperty(flowSources, async (asked) => {
        expect(disagreement(asked, await askProduct(asked.source, asked.question))).toEqual([]);
      }),
      flows.parameters,
    ),
);

/** `check scope body` of each of K01 to K10 that should have been judged and was not. */
function missingChecks({ figures, checks }: Answer): string[] {
  const judged = new Set(checks.map(({ id, scope, orgCode }) => `${id} ${scope} ${orgCode}`));
  const places = new Set([...figures.keys()].map((place) => place.split(' ').slice(0, 2).join(' ')));
  const wanted = [...places].flatMap((place) => {
    const [scope, org] = place.split(' ');
    return ['K01', 'K02', 'K03', 'K04', 'K05', 'K06', 'K07', 'K08', 'K09', 'K10']
      .filter((id) => (id !== 'K08' || org === 'ALL') && (id !== 'K09' || scope === 'ytd'))
      .map((id) => `${id} ${place}`);
  });
  return wanted.filter((check) => !judged.has(check));
}
