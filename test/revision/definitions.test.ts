/** Changed definitions (口径变更): what the statement says when the rules of counting change, not the records. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Definitions } from '../../pipelines/runtime/definitions.ts';
import type { Indicator } from '../../schemas/definitions.ts';
import {
  aCase,
  type CaseModel,
  definitions,
  type Edition,
  publish,
  type SourceModel,
  type Statement,
  stateAgainst,
} from './support.ts';

const ORGS = ['110000', '110101', '110102'];
const PUBLISHED: Edition = { period: '2026-09', asOf: '2026-10-09' };
const TODAY: Edition = { period: '2026-10', asOf: '2026-11-09' };

let dir: string;
let count = 0;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'arbdata-definitions-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function stated(
  before: readonly CaseModel[],
  after: readonly CaseModel[],
  today: Partial<Edition>,
): Promise<Statement> {
  const source = (cases: readonly CaseModel[]): SourceModel => ({ orgs: ORGS, cases, mediations: [] });
  count += 1;
  const published = await publish(source(before), PUBLISHED, path.join(dir, String(count)));
  const statement = await stateAgainst(published, 'previous', source(after), { ...TODAY, ...today });
  expect(statement.checks.filter(({ ok }) => !ok)).toEqual([]);
  return statement;
}

/** The shipped definitions with some indicators replaced. */
function withIndicators(
  change: (one: Indicator) => Indicator | undefined,
  more: Indicator[] = [],
): Definitions {
  const { indicators, ...rest } = definitions.indicators;
  const changed = indicators.map((one) => change(one) ?? one);
  return { ...definitions, indicators: { ...rest, indicators: [...changed, ...more] } };
}

const onlyPay: (one: Indicator) => Indicator | undefined = (one) =>
  'population' in one && ['A01', 'A02', 'B01'].includes(one.id)
    ? { ...one, where: "dispute_type = '05'" }
    : undefined;

const causes = ({ entries }: Statement) =>
  entries.map(({ caseId, cause }) => `${caseId} ${cause}`).toSorted();

describe('an indicator counts fewer cases', () => {
  const cases = [
    aCase(1, { accept: '2026-08-10', type: '05' }),
    aCase(2, { accept: '2026-08-10', type: '10' }),
    aCase(3, { accept: '2026-09-10', type: '10', org: '110102' }),
    aCase(4, { accept: '2025-09-10', close: '2025-12-01', type: '10' }),
  ];

  test('those that it no longer counts are listed, and the sum is the difference of the figures', async () => {
    const statement = await stated(cases, cases, { definitions: withIndicators(onlyPay) });
    expect(causes(statement)).toEqual(['2 口径变更', '3 口径变更']);
    const at = (org: string) => statement.summary.find(({ orgCode }) => orgCode === org);
    expect(at('110101')).toMatchObject({ publishedClosing: '2', opening: '1', explained: '-1' });
    expect(at('110102')).toMatchObject({ publishedClosing: '1', opening: '0', explained: '-1' });
    expect(statement.entries[1]?.effects[0]?.otherDeltas).toBe('当期A02 −1;累计A02 −1');
  });

  test('a case that closed meanwhile, as cases do, left because of the definition', async () => {
    const later = cases.map((one) =>
      one.id === '2' ? { ...one, close: '2026-10-20', award: '10.00' } : one,
    );
    const statement = await stated(cases, later, { definitions: withIndicators(onlyPay) });
    expect(causes(statement)).toEqual(['2 口径变更', '3 口径变更']);
  });

  test('a closing that was entered late keeps its own cause', async () => {
    const later = cases.map((one) => (one.id === '1' ? { ...one, close: '2026-09-20' } : one));
    const statement = await stated(cases, later, { definitions: withIndicators(onlyPay) });
    expect(causes(statement)).toEqual(['1 补录结案', '2 口径变更', '3 口径变更']);
  });
});

describe('definitions changed that count nothing otherwise', () => {
  const cases = [aCase(1, { accept: '2026-09-10' }), aCase(2, { accept: '2026-09-10', close: '2026-09-20' })];
  const extra: Indicator = {
    id: 'X01',
    name: '附加',
    unit: '件',
    definition: '附加指标',
    validFrom: '2026-01-01',
    kind: 'count',
    population: 'accepted',
    quantity: 'one',
    divideBy: 1,
    decimals: 0,
  };
  const added = withIndicators(() => undefined, [extra]);

  test('a new indicator lists nobody', async () => {
    expect((await stated(cases, cases, { definitions: added })).cases).toBe(0);
  });

  test('a corrected amount is no change of definitions', async () => {
    const later = [aCase(1, { accept: '2026-09-10', claim: '1.00' }), cases[1] ?? aCase(2)];
    expect(causes(await stated(cases, later, { definitions: added }))).toEqual(['1 其他']);
  });

  test('a corrected award is no change of definitions', async () => {
    const later = [
      cases[0] ?? aCase(1),
      aCase(2, { accept: '2026-09-10', close: '2026-09-20', award: '5.00' }),
    ];
    expect(causes(await stated(cases, later, { definitions: added }))).toEqual(['2 其他']);
  });
});

describe('other definitions', () => {
  test('a group of employers moved to another line', async () => {
    const { lists } = definitions.codes;
    const moved: Definitions = {
      ...definitions,
      codes: {
        ...definitions.codes,
        lists: {
          ...lists,
          employer_nature: {
            ...lists.employer_nature,
            entries: lists.employer_nature.entries.map((one) =>
              one.code === '300' ? { ...one, macroGroup: '社会组织' } : one,
            ),
          },
        },
      },
    };
    const cases = [aCase(1, { accept: '2026-09-10' })];
    const statement = await stated(cases, cases, { definitions: moved });
    expect(causes(statement)).toEqual(['1 口径变更']);
    expect(statement.entries[0]?.effects).toMatchObject([
      { openingDelta: '0', otherDeltas: expect.stringMatching(/^当期E0\d −1;当期E08 \+1;累计/) },
    ]);
  });

  test('a calendar that became known moves a time limit', async () => {
    const { '2026': year2026, ...others } = definitions.workingDays.years;
    expect(year2026).toBeDefined();
    const unknown: Definitions = {
      ...definitions,
      workingDays: { ...definitions.workingDays, years: others },
    };
    // 45 days after 17 August is 1 October: a holiday until the 7th, a working day where the year is unknown.
    const cases = [aCase(1, { accept: '2026-08-17', close: '2026-10-08' })];
    const source: SourceModel = { orgs: ORGS, cases, mediations: [] };
    const published = await publish(
      source,
      { period: '2026-10', asOf: '2026-11-09', definitions: unknown },
      path.join(dir, 'calendar'),
    );
    const statement = await stateAgainst(published, 'same', source, TODAY);
    expect(causes(statement)).toEqual(['1 口径变更']);
    expect(statement.entries[0]?.effects[0]?.otherDeltas).toBe('当期C11 +1;累计C11 +1');
  });

  test('another cut-off day: what lies between the two ends', async () => {
    const cases = [
      aCase(1, { accept: '2026-08-10' }),
      aCase(2, { accept: '2026-09-25' }),
      aCase(3, { accept: '2026-08-10', close: '2026-09-25' }),
      aCase(4, { accept: '2025-12-25', close: '2026-02-25' }),
      aCase(5, { accept: '2026-08-10', close: '2026-09-20' }),
    ];
    const statement = await stated(cases, cases, { cutoffDay: 20 });
    expect(causes(statement)).toEqual(['2 口径变更', '3 口径变更', '4 口径变更']);
    const effects = statement.entries.map(({ caseId, effects: [first] }) => [
      caseId,
      first?.openingDelta,
      first?.otherDeltas,
    ]);
    expect(effects.toSorted()).toEqual([
      ['2', '-1', '当期A02 −1;累计A02 −1'],
      ['3', '1', '当期C01 −1;累计C01 −1'],
      ['4', '0', '累计A02 +1'],
    ]);
  });
});
