import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import { sourceTable } from '../../pipelines/runtime/embedded-schema.ts';
import { DEFECT_RULES } from '../../pipelines/steps/demo/defects.ts';
import { readDemoDefinitions } from '../../pipelines/steps/demo/definitions.ts';
import { type DemoOptions, demoAsOf, expectedFindings } from '../../pipelines/steps/demo/demo.ts';
import { VIEW_NAMES, VIEWS, type ViewName } from '../../schemas/contract.ts';
import { dayNumber } from '../../schemas/period.ts';
import { isCreditCode, readCitizen } from '../reference/identity.ts';
import { count, type OpenDemo, openDemo, SMALL, tableHashes, withDemo } from './support.ts';
import { asRaw, breaches, validate } from './validation.ts';

describe('the same rows', () => {
  test('on one thread and on two, and others with another seed', async () => {
    const one = await withDemo({ ...SMALL, threads: 1 }, async (engine, { defects }) => ({
      hashes: await tableHashes(engine),
      defects,
    }));
    const two = await withDemo({ ...SMALL, threads: 2 }, async (engine, { defects }) => ({
      hashes: await tableHashes(engine),
      defects,
    }));
    expect(two).toEqual(one);
    const other = await withDemo({ ...SMALL, seed: 2 }, tableHashes);
    for (const view of VIEW_NAMES.filter((name) => name !== 'ARB_ORG')) {
      expect(other[view], view).not.toBe(one.hashes[view]);
    }
  });
});

/** Rows per view: the sizes that the contract plans for. */
const PLANNED: [Omit<DemoOptions, 'seed' | 'until'>, Partial<Record<ViewName, number>>][] = [
  [
    { size: 'demo' },
    {
      ARB_CASE: 30_000,
      ARB_PARTY: 65_000,
      ARB_CLAIM: 60_000,
      ARB_MEDIATION: 15_000,
      PRE_APPLICATION: 12_000,
    },
  ],
  [
    { size: 'city', scale: 0.05 },
    {
      ARB_CASE: 35_000,
      ARB_PARTY: 75_000,
      ARB_CLAIM: 70_000,
      ARB_MEDIATION: 20_000,
      PRE_APPLICATION: 17_500,
    },
  ],
  [
    { size: 'nation', scale: 0.001 },
    {
      ARB_CASE: 42_000,
      ARB_PARTY: 92_000,
      ARB_CLAIM: 84_000,
      ARB_MEDIATION: 24_000,
      PRE_APPLICATION: 21_000,
    },
  ],
];

describe.each(PLANNED)('size %o', (size, planned) => {
  test('has the planned rows in whole months up to the as-of date', async () => {
    await withDemo({ ...size, seed: 7, until: '2025-02' }, async (engine, { asOf, defects: { defects } }) => {
      expect(asOf).toBe('2025-03-03');
      const excluded = defects.filter(({ rule }) => ['V005', 'V006', 'V009'].includes(rule)).length;
      expect(excluded / (await count(engine, 'FROM arb_case'))).toBeLessThan(0.001);
      for (const [view, rows] of Object.entries(planned)) {
        const made = await count(engine, `FROM ${sourceTable(view as ViewName)}`);
        expect(Math.abs(made / rows - 1), `${view}: ${made}`).toBeLessThan(0.03);
      }
      expect(await count(engine, `FROM arb_case WHERE apply_date > DATE '2025-02-28' + 3`)).toBe(0);
      expect(await count(engine, `FROM arb_case WHERE apply_date >= DATE '2025-02-01'`)).toBeGreaterThan(300);
      expect(await count(engine, 'FROM arb_org')).toBe(size.size === 'nation' ? 4 : 18);
      expect(await count(engine, 'FROM duckdb_tables() WHERE temporary')).toBe(0);
    });
  });
});

describe('findings', () => {
  const sources: [string, number, number][] = [
    ['2026-10', 1, 0.1],
    ['2016-01', 20, 0.1],
    ['2035-12', 300, 0.1],
    ['2024-02', 2 ** 31 - 1, 0.3],
  ];
  const natural = /^V0(08|23|47|48) /;

  test.each(sources)('until %s, seed %i, scale %d: exactly the injected ones', async (until, seed, scale) => {
    await withDemo({ size: 'demo', until, seed, scale }, async (engine, { asOf, defects }) => {
      await asRaw(engine);
      await validate(engine, { period: until, asOf });
      const found = await breaches(engine);
      const expected = expectedFindings(defects).map(({ rule, record }) => `${rule} ${record}`);
      expect(expected.filter((finding) => !found.includes(finding))).toEqual([]);
      expect(found.filter((finding) => !natural.test(finding) && !expected.includes(finding))).toEqual([]);
    });
  });
});

describe('a small source', () => {
  let source: OpenDemo;
  beforeAll(async () => {
    source = await openDemo({ ...SMALL, scale: 0.3 });
  });
  afterAll(() => source.close());

  test('has defects of every rule, each in a record of its own', async () => {
    const { defects } = source.defects;
    for (const rule of DEFECT_RULES) {
      const own = defects.filter((defect) => defect.rule === rule);
      expect(own.length, rule).toBeGreaterThanOrEqual(rule === 'V048' ? 1 : 2);
      expect(own.length, rule).toBeLessThanOrEqual(5);
    }
    expect(new Set(defects.map(({ record }) => record)).size).toBe(defects.length);
  });

  test('has valid citizen numbers and credit codes but for the injected ones', async () => {
    const {
      engine,
      asOf,
      defects: { defects },
    } = source;
    const wrong = new Set(
      defects.filter(({ rule }) => ['V033', 'V034', 'V049'].includes(rule)).map(({ record }) => record),
    );
    const parties = await engine.rows<{
      key: string;
      kind: string;
      id: string;
      gender: string;
      birth: string;
    }>(
      `SELECT party_id AS key, party_kind AS kind, id_no AS id, gender, birth_date::DATE AS birth
         FROM arb_party WHERE id_no IS NOT NULL`,
    );
    expect(parties.length).toBeGreaterThan(15_000);
    const asOfDay = dayNumber(asOf);
    const broken = parties.filter(({ kind, id, key }) =>
      wrong.has(key) ? false : kind === '1' ? readCitizen(id, asOfDay) === undefined : !hasBothChecks(id),
    );
    expect(broken).toEqual([]);
  });

  test('has keys that are found again in every other view', async () => {
    const {
      engine,
      defects: { defects },
    } = source;
    const of = (rule: string) => defects.filter((defect) => defect.rule === rule).length;
    const caseIds = 'SELECT case_id FROM arb_case';
    expect(await count(engine, `FROM arb_party WHERE case_id NOT IN (${caseIds})`)).toBe(of('V031'));
    expect(await count(engine, `FROM arb_claim WHERE case_id NOT IN (${caseIds})`)).toBe(of('V038'));
    expect(await count(engine, `FROM arb_case WHERE case_id NOT IN (SELECT case_id FROM arb_claim)`)).toBe(0);
    expect(
      await count(
        engine,
        `FROM pre_application p WHERE case_no IS NOT NULL AND NOT EXISTS (
             FROM arb_case c WHERE c.case_no = p.case_no AND c.pre_app_id = p.pre_app_id AND c.org_code = p.org_code
               AND c.claim_amount = p.claim_amount AND c.dispute_type = p.dispute_type)`,
      ),
    ).toBe(0);
    expect(await count(engine, 'FROM pre_application WHERE case_no IS NOT NULL')).toBeGreaterThan(2000);
  });

  test('numbers the cases of a body and year without gaps, in the order of acceptance', async () => {
    const { engine } = source;
    const numbers = await caseNumbers(engine);
    expect(numbers.length).toBeGreaterThan(8000);
    const perYear = Map.groupBy(numbers, ({ prefix }) => prefix);
    let missing = 0;
    for (const cases of perYear.values()) {
      missing +=
        Math.max(...cases.map(({ serial }) => serial)) - new Set(cases.map(({ serial }) => serial)).size;
      const days = cases.toSorted((a, b) => a.serial - b.serial).map(({ day }) => day);
      // Injected: numbers given twice (V003) stand out of order.
      const late = days.filter((day, index) => index > 0 && day < (days[index - 1] ?? day)).length;
      expect(late).toBeLessThanOrEqual(6);
    }
    // Injected: numbers removed, misspelt or given twice (V002, V003, V004), of bodies that do not exist (V005).
    expect(missing).toBeLessThanOrEqual(24);
  });

  test('has nothing after the as-of date but what was injected', async () => {
    const { engine, asOf, defects } = source;
    const records = defects.defects.map(({ record }) => `'${record}'`).join(', ');
    for (const view of VIEWS) {
      const dates = view.columns.filter(({ type }) => type === 'date' || type === 'timestamp');
      if (dates.length === 0) continue;
      const late = dates.map(({ name }) => `${name} >= DATE '${asOf}' + 1`).join(' OR ');
      const where = `(${late}) AND ${view.key}::VARCHAR NOT IN (${records})`;
      expect(await count(engine, `FROM ${sourceTable(view.name)} WHERE ${where}`), view.name).toBe(0);
    }
  });

  test('draws codes as often as their shares say', async () => {
    const { engine } = source;
    const { shares } = readDemoDefinitions().demo;
    for (const [column, stated] of [
      ['mediator_kind', shares.mediatorKind],
      ['dispute_type', shares.mediationDisputeType],
      ['result', shares.mediationResult],
    ] as const) {
      const all = await count(engine, `FROM arb_mediation WHERE ${column} IS NOT NULL`);
      for (const [code, permille] of Object.entries(stated)) {
        const share = permille / 1000;
        const rows = await count(engine, `FROM arb_mediation WHERE ${column} = '${code}'`);
        // Four standard deviations of even draws, and the injected ones.
        const tolerance = 4 * Math.sqrt(all * share * (1 - share)) + 4;
        expect(Math.abs(rows - all * share), `${column} ${code}`).toBeLessThan(tolerance);
      }
    }
  });
});

/** GB 32100 and, inside it, GB 11714. */
function hasBothChecks(code: string): boolean {
  const weights = [3, 7, 9, 10, 5, 8, 4, 2];
  const inner = code.slice(8, 16);
  const sum = weights.reduce(
    (total, weight, index) => total + weight * Number.parseInt(inner.charAt(index), 36),
    0,
  );
  const check = 11 - (sum % 11);
  return isCreditCode(code) && code.charAt(16) === (check === 10 ? 'X' : String(check % 11));
}

async function caseNumbers(engine: Engine): Promise<{ prefix: string; serial: number; day: number }[]> {
  const rows = await engine.rows<{ no: string; day: string }>(
    `SELECT case_no AS no, accept_date::DATE AS day FROM arb_case
     WHERE regexp_full_match(case_no, '.+劳人仲字〔\\d{4}〕第\\d{5}号')`,
  );
  return rows.map(({ no, day }) => ({
    prefix: no.slice(0, -6),
    serial: Number(no.slice(-6, -1)),
    day: dayNumber(day),
  }));
}

test('refuses what it cannot make', () => {
  const of = (changed: Partial<DemoOptions>) => () => demoAsOf({ ...SMALL, ...changed });
  expect(of({ until: '2015-12' })).toThrow(/cannot end with 2015-12/);
  expect(of({ until: '2026-13' })).toThrow(/cannot end with 2026-13/);
  expect(of({ seed: -1 })).toThrow(/-1 is no seed/);
  expect(of({ seed: 1.5 })).toThrow(/1.5 is no seed/);
  expect(of({ scale: 0 })).toThrow(/0 is no scale/);
  expect(demoAsOf({ ...SMALL, until: '2025-12' })).toBe('2026-01-03');
});

test('says that a source is too small for its defects', async () => {
  await expect(withDemo({ ...SMALL, scale: 0.004 }, async () => {})).rejects.toThrow(
    /hold no row fit for a defect/,
  );
});
