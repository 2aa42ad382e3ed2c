/** Random members and facts: the cases left over add up to the difference of the numbers, each with one reason. */
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadAgreement } from '../../pipelines/runtime/definitions.ts';
import { type Engine, literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { createGaps, type Gap, gapCounts, gaps, sideCounts } from '../../pipelines/steps/agreement/gaps.ts';
import { addSide, createInputs, type Span } from '../../pipelines/steps/agreement/sources.ts';
import { PAIRS, SIDES, type Side } from '../../schemas/agreement.ts';
import { temporaryHome } from '../publish/support.ts';

const SPAN: Span = { startDay: 100, endDay: 130 };
const NO_KEY = '（空）';
const ORGS = ['110101', '110105'] as const;
const STATES = {
  table: ['counted', 'deleted', 'unaccepted', 'excluded'],
  platform: ['held', 'removed', 'undated', 'untaken'],
  cockpit: ['present', 'deleted', 'unaccepted'],
} as const satisfies Record<Side, readonly string[]>;

interface RandomCase {
  readonly key: string;
  /** By side: how often it stands in which body's figure, and what the side knows of it. */
  readonly sides: Readonly<Record<Side, RandomSide>>;
  readonly waiting: string;
  readonly rejection: string;
  readonly isLost: boolean;
  readonly rules: string | null;
}
interface RandomSide {
  readonly member: { readonly figure: string; readonly org: string; readonly n: number } | null;
  readonly fact: {
    readonly state: string;
    readonly org: string;
    readonly accept: number | null;
    readonly close: number | null;
  } | null;
}

const day = fc.option(fc.integer({ min: 90, max: 140 }), { nil: null });
const seldom = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
const sideOf = (side: Side): fc.Arbitrary<RandomSide> =>
  fc.record({
    member: fc.option(
      fc.record({
        figure: fc.constantFrom('A02', 'C01', 'B01'),
        org: fc.constantFrom(...ORGS),
        n: fc.constant(1),
      }),
      { nil: null },
    ),
    fact: fc.option(
      fc.record({
        state: fc.constantFrom(...STATES[side]),
        org: fc.constantFrom(...ORGS),
        accept: day,
        close: day,
      }),
      { nil: null, freq: 2 },
    ),
  });
const drawnCase = fc.record({
  /** Whether the lists follow from the facts, as they do where nothing is wrong. */
  isSound: fc.boolean(),
  key: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 60 }).map(String) },
    { weight: 1, arbitrary: fc.constant(NO_KEY) },
  ),
  sides: fc.record({ table: sideOf('table'), platform: sideOf('platform'), cockpit: sideOf('cockpit') }),
  waiting: seldom('no', 'delivered', 'not delivered'),
  rejection: seldom('none', 'standing', 'released'),
  isLost: seldom(false, true),
  rules: seldom(null, 'FORMAT', 'V008,V023'),
});
const COUNTING: readonly string[] = ['counted', 'present', 'held'];
const randomCase = drawnCase.map(({ isSound, sides, ...rest }): RandomCase => {
  const soundly = ({ member, fact }: RandomSide): RandomSide => {
    if (!isSound) return { member, fact };
    const falls =
      fact !== null &&
      COUNTING.includes(fact.state) &&
      fact.accept !== null &&
      fact.accept >= SPAN.startDay &&
      fact.accept <= SPAN.endDay;
    return { member: falls ? { figure: 'A02', org: fact.org, n: 1 } : null, fact };
  };
  const { table, platform, cockpit } = sides;
  return {
    ...rest,
    sides: { table: soundly(table), platform: soundly(platform), cockpit: soundly(cockpit) },
  };
});
const world = fc.record({
  cases: fc.uniqueArray(randomCase, { selector: ({ key }) => key, minLength: 5, maxLength: 40 }),
  present: fc.oneof({ weight: 3, arbitrary: fc.constant([...SIDES]) }, fc.subarray([...SIDES])),
  snapshots: fc.array(
    fc.constantFrom('20261103-090000-aaaa', '20261104-090000-bbbb', '20261105-090000-cccc'),
    {
      minLength: 3,
      maxLength: 3,
    },
  ),
  definitions: fc.array(fc.constantFrom('a', 'b'), { minLength: 3, maxLength: 3 }),
  saysHeld: fc.boolean(),
  isSilent: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const file = loadAgreement('');

async function fill(engine: Engine, { cases, present, snapshots, definitions, saysHeld, isSilent }: World) {
  await createInputs(engine);
  await engine.run(`CREATE TABLE platform_fact (case_key VARCHAR, state VARCHAR, org_code VARCHAR, case_no VARCHAR,
    accept_day BIGINT, close_day BIGINT, waiting VARCHAR, rejection VARCHAR, is_lost INTEGER, last_batch VARCHAR,
    rejection_code VARCHAR, place BIGINT)`);
  for (const [position, side] of SIDES.entries()) {
    if (!present.includes(side)) continue;
    await addSide(engine, position, {
      side,
      snapshot: snapshots[position] ?? '',
      definitions: definitions[position] ?? '',
      ...(side === 'platform' ? { lastDay: 120, saysHeld } : {}),
      ...(side === 'cockpit' ? { isSilent } : {}),
    });
    for (const one of cases) await fillCase(engine, side, one);
  }
}

async function fillCase(engine: Engine, side: Side, one: RandomCase): Promise<void> {
  const { member, fact } = one.sides[side];
  const key = literal(one.key);
  if (member !== null)
    await engine.run(
      `INSERT INTO member VALUES (${literal(side)}, ${literal(member.figure)}, ${literal(member.org)}, ${key}, ${member.n})`,
    );
  // Records without a key are members only: nothing is known of any one of them.
  if (fact === null || one.key === NO_KEY) return;
  const { state, org, accept, close } = fact;
  const days = `${accept ?? 'NULL'}, ${close ?? 'NULL'}`;
  await engine.run(
    side === 'platform'
      ? `INSERT INTO platform_fact VALUES (${key}, ${literal(state)}, ${literal(org)}, NULL, ${days}, ${literal(one.waiting)},
          ${literal(one.rejection)}, ${one.isLost ? 1 : 0}, NULL, NULL, 1)`
      : `INSERT INTO ${side}_fact VALUES (${key}, ${literal(state)}, NULL, ${literal(org)}, ${days})`,
  );
  if (side === 'platform' && one.rules !== null)
    await engine.run(`INSERT INTO held_back VALUES (${key}, ${literal(one.rules)})`);
}

/** What is left over, told by sets alone. */
function expectedGaps({ cases, present }: World): string[] {
  return PAIRS.filter(({ left, right }) => present.includes(left) && present.includes(right))
    .flatMap(({ id, left, right }) =>
      cases.flatMap(({ key, sides }) => {
        const place = (side: Side) => {
          const { member } = sides[side];
          return member === null ? undefined : `${member.figure} ${member.org}`;
        };
        if (place(left) === place(right)) return [];
        return [
          ...(place(left) === undefined ? [] : [`${id} ${place(left)} ${key} ${left}`]),
          ...(place(right) === undefined ? [] : [`${id} ${place(right)} ${key} ${right}`]),
        ];
      }),
    )
    .toSorted();
}

test('differences are the cases left over, each once, with one reason of one class', async () => {
  const home = await temporaryHome();
  const reached = new Set<string>();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(world, async (drawn) => {
      number += 1;
      await withEngine({ spillDir: path.join(home.dir, `spill-${number}`), threads: 1 }, async (engine) => {
        await fill(engine, drawn);
        await createGaps(engine, file, { span: SPAN, layoutRule: 'FORMAT' });
        const found: Gap[] = [];
        for await (const gap of gaps(engine, file)) found.push(gap);
        const named = found.map(
          (gap) => `${gap.pair} ${gap.figure} ${gap.orgCode} ${gap.caseId} ${gap.inSide}`,
        );
        expect(named.toSorted()).toEqual(expectedGaps(drawn));
        for (const gap of found) {
          const reason = file.reasons.find(({ id }) => id === gap.reason);
          expect(reason?.class).toBe(gap.class);
          reached.add(gap.reason);
        }
        const counts = await sideCounts(engine);
        const sums = await gapCounts(engine);
        for (const { id, left, right } of PAIRS) {
          if (!drawn.present.includes(left) || !drawn.present.includes(right)) continue;
          for (const org of ORGS) {
            for (const { id: figure } of file.figures) {
              const count = (side: Side) =>
                counts.find((one) => one.side === side && one.figure === figure && one.orgCode === org)
                  ?.cases ?? 0;
              const own = sums.filter(
                (one) => one.pair === id && one.figure === figure && one.orgCode === org,
              );
              const signed = own.reduce(
                (sum, one) => sum + (one.inSide === left ? one.cases : -one.cases),
                0,
              );
              expect(signed).toBe(count(left) - count(right));
            }
          }
        }
      });
    }),
    { numRuns: 150, seed: 20_261_123 },
  );
  // Every reason is reached.
  expect(file.reasons.map(({ id }) => id).filter((id) => !reached.has(id))).toEqual([]);
}, 120_000);
