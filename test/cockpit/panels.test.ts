/** What the panels show: the figures of the published dataset, and what an independent recomputation comes to. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CockpitRecord, cockpitRecords } from '../../pipelines/cockpit.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { type AnyRow, COCKPIT_TABLES, type PanelDocument } from '../../schemas/cockpit.ts';
import { INPUT_DIR, plainCsv, quotedCsv } from '../golden/support.ts';
import { CLERK, homeDir, type TestHome, valuesOf } from '../publish/support.ts';
import { Calendar, dayOf } from '../reference/dates.ts';
import { keepOnePerKey } from '../reference/source.ts';
import { deadlineOf, referenceFigures } from '../reference/statistics.ts';
import { AS_OF, refresh, rowsOf, show, sumOf } from './support.ts';

const COMPLETE = '2026-10';
const CURRENT = '2026-11';
const ALL = 'ALL';
const calendar = new Calendar(
  JSON.parse(readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/working-days.json'), 'utf8')),
);

describe.each(['clean', 'small'] as const)('the sample %s', (sample) => {
  const input = path.join(INPUT_DIR, 'samples', sample);
  let home: TestHome;
  let panels: readonly PanelDocument[];
  /** `month` → `month/body/indicator` → value, of the datasets of the same snapshot. */
  const datasets = new Map<string, Map<string, string>>();
  beforeAll(async () => {
    home = await homeDir();
    await home.import(sample);
    const { index } = await refresh(home);
    for (const period of [COMPLETE, CURRENT]) {
      const { outcome } = await home.run(period, { snapshotId: index.snapshotId });
      datasets.set(period, await valuesOf(outcome.dir, `macro-monitoring-${period.replace('-', '')}.csv`));
    }
    ({ panels } = await show(home));
  });
  afterAll(() => removeTree(home.dir));
  const rows = (table: string) => rowsOf(panels, table);
  const published = (month: string, org: unknown, indicator: unknown) =>
    datasets.get(month)?.get(`month/${org}/${indicator}`);
  const then = (month: '2026-09' | '2026-10') =>
    new Map(
      plainCsv(path.join(input, `expected-macro-${month}.csv`))
        .filter(({ scope }) => scope === 'month')
        .map(({ org_code, indicator_id, value }) => [`${org_code}/${indicator_id}`, value ?? '']),
    );

  test.each(['key_figure', 'collective', 'dispute_type', 'employer_group', 'industry'])(
    'every figure of %s is that of the dataset of the same snapshot and month',
    (table) => {
      const different = rows(table).filter(
        ({ month, org_code, indicator_id, value }) =>
          published(String(month), org_code, indicator_id) !== (value ?? ''),
      );
      expect(different).toEqual([]);
      expect(new Set(rows(table).map(({ month }) => month))).toEqual(new Set([COMPLETE, CURRENT]));
      // 18 bodies and the city, two months.
      expect(rows(table).length % (19 * 2)).toBe(0);
    },
  );

  test('the complete month is compared with the whole month before', () => {
    const before = then('2026-09');
    const compared = rows('key_figure').filter(({ month }) => month === COMPLETE);
    expect(compared.length).toBe(19 * 8);
    expect(
      compared.filter(
        ({ org_code, indicator_id, previous_value }) =>
          before.get(`${org_code}/${indicator_id}`) !== (previous_value ?? ''),
      ),
    ).toEqual([]);
    expect(new Set(compared.map(({ compared_days }) => compared_days))).toEqual(new Set(['whole']));
  });

  test('the flows of the unfinished month are compared with the same days of the month before', () => {
    const cases = quotedCsv(input);
    const kept = keepOnePerKey(cases);
    const accepted = (first: string, last: string) =>
      kept.ARB_CASE.filter((row) => {
        const day = row.day('ACCEPT_DATE');
        const org = row.text('ORG_CODE');
        const close = row.day('CLOSE_DATE');
        return (
          row.text('DELETED') === '0' &&
          kept.ARB_ORG.some((body) => body.text('ORG_CODE') === org) &&
          day !== null &&
          day >= dayOf(first) &&
          day <= dayOf(last) &&
          (close === null || (close >= day && close <= dayOf(AS_OF)))
        );
      }).length;
    const row = rows('key_figure').find(
      ({ month, org_code, indicator_id }) => month === CURRENT && org_code === ALL && indicator_id === 'A02',
    );
    expect(row).toMatchObject({
      is_provisional: 1,
      compared_days: '2026-10-01..2026-10-03',
      value: String(accepted('2026-11-01', '2026-11-03')),
      previous_value: String(accepted('2026-10-01', '2026-10-03')),
      last_year_value: String(accepted('2025-11-01', '2025-11-03')),
    });
  });

  test('trend and sparklines are what an independent recomputation gives', () => {
    const kept = keepOnePerKey(quotedCsv(input));
    const months = ['2024-11', '2025-03', '2026-02', COMPLETE, CURRENT];
    const wrong: unknown[] = [];
    for (const period of months) {
      const figures = referenceFigures(kept, {
        period,
        asOfDay: dayOf(AS_OF),
        cutoffDay: undefined,
        calendar,
      });
      const ours = (org: unknown, id: string) => figures.get(`month ${org} ${id}`);
      for (const row of rows('trend').filter(({ month }) => month === period)) {
        const expected = ['A02', 'C01', 'B01'].map((id) => ours(row['org_code'], id));
        const found = [row['accepted'], row['closed'], row['stock']].map(String);
        if (expected.join() !== found.join()) wrong.push({ row, expected });
      }
      for (const row of rows('sparkline').filter(({ month }) => month === period)) {
        const expected = ours(row['org_code'], String(row['indicator_id']));
        if (expected !== (row['value'] ?? '')) wrong.push({ row, expected });
      }
    }
    expect(wrong).toEqual([]);
    expect(new Set(rows('trend').map(({ month }) => month)).size).toBe(25);
    expect(new Set(rows('sparkline').map(({ month }) => month)).size).toBe(14);
  });

  test('time limits are what an independent recomputation gives', () => {
    const kept = keepOnePerKey(quotedCsv(input));
    const bodies = new Set(kept.ARB_ORG.map((row) => row.text('ORG_CODE')));
    const today = dayOf(AS_OF);
    const open = kept.ARB_CASE.filter((row) => {
      const [accept, close] = [row.day('ACCEPT_DATE'), row.day('CLOSE_DATE')];
      return (
        row.text('DELETED') === '0' &&
        bodies.has(row.text('ORG_CODE')) &&
        accept !== null &&
        accept <= today &&
        close === null
      );
    });
    const stands = (row: (typeof open)[number], day: number) => {
      const suspended = row.day('SUSPENDED_SINCE');
      const deadline = deadlineOf(row, calendar);
      return deadline !== null && deadline <= day && (suspended === null || suspended > day);
    };
    for (const found of rows('time_limit')) {
      const own = open.filter(
        (row) => found['org_code'] === ALL || row.text('ORG_CODE') === found['org_code'],
      );
      const overdue = own.filter((row) => stands(row, today));
      const days = overdue.map((row) => today - (deadlineOf(row, calendar) ?? today));
      expect(found).toEqual({
        org_code: found['org_code'],
        as_of: AS_OF,
        open_cases: own.length,
        suspended: own.filter((row) => (row.day('SUSPENDED_SINCE') ?? today + 1) <= today).length,
        overdue: overdue.length,
        overdue_over_30: days.filter((one) => one > 30).length,
        longest_overdue_days: days.length === 0 ? null : Math.max(...days),
        due_in_7_days: own.filter((row) => stands(row, today + 7) && !stands(row, today)).length,
      });
    }
  });

  test('pre-applications stand in the classes of the report of the month', () => {
    const lines = plainCsv(path.join(input, 'expected-pre-application-2026-10.csv'));
    const expected = new Map<string, number>();
    for (const line of lines) expected.set(line['class'] ?? '', (expected.get(line['class'] ?? '') ?? 0) + 1);
    const found = rows('pre_application')
      .filter((row) => row['month'] === COMPLETE && row['org_code'] === ALL && row['records'] !== 0)
      .map((row) => [row['class'], row['records']] as const);
    expect(new Map(found)).toEqual(expected);
  });

  test('findings are counted as they were expected', () => {
    const lines = plainCsv(path.join(input, 'expected-findings-2026-10.csv'));
    const expected = new Map<string, number>();
    for (const { rule_id } of lines) expected.set(rule_id ?? '', (expected.get(rule_id ?? '') ?? 0) + 1);
    // Outliers and volume of the period's figures are listed by no sample.
    const found = rows('quality_rule')
      .filter(({ org_code, rule_id }) => org_code === ALL && !['V047', 'V048'].includes(String(rule_id)))
      .map(({ rule_id, open_findings }) => [rule_id, open_findings] as const);
    expect(new Map(found)).toEqual(expected);
    const all = (table: string) => sumOf(rows(table), 'open_findings', ({ org_code }) => org_code === ALL);
    expect(all('quality')).toBe(all('quality_rule'));
  });

  test('what adds up over bodies adds up to the city', () => {
    const wrong: unknown[] = [];
    const sums = [
      ['trend', ['accepted', 'closed', 'stock'], ['month']],
      ['time_limit', ['open_cases', 'suspended', 'overdue', 'overdue_over_30', 'due_in_7_days'], []],
      ['pre_application', ['records'], ['month', 'class']],
      ['quality', ['open_findings', 'verified_findings'], ['severity']],
      ['dispute_type', ['value'], ['month', 'indicator_id']],
      ['submission', ['held_back'], ['product']],
    ] as const;
    for (const [table, columns, by] of sums) {
      const keyOf = (row: AnyRow) => by.map((column) => row[column]).join('/');
      const groups = Map.groupBy(rows(table), keyOf);
      for (const [key, group] of groups)
        for (const column of columns) {
          const whole = sumOf(group, column, ({ org_code }) => org_code === ALL);
          const parts = sumOf(group, column, ({ org_code }) => org_code !== ALL);
          if (whole !== parts) wrong.push({ table, key, column, whole, parts });
        }
    }
    expect(wrong).toEqual([]);
  });

  test('every row has its body, and no key stands twice', () => {
    const bodies = new Set(rows('body').map(({ org_code }) => org_code));
    for (const [table, { key }] of Object.entries(COCKPIT_TABLES)) {
      const list = rows(table);
      expect(list.filter(({ org_code }) => !bodies.has(String(org_code)))).toEqual([]);
      expect(new Set(list.map((row) => key.map((column) => row[column]).join('|'))).size).toBe(list.length);
    }
    expect(rows('body')).toHaveLength(20);
    expect(rows('body').filter(({ tile_column }) => tile_column !== null)).toHaveLength(17);
  });

  test('a district sees its own rows alone', async () => {
    const own = await show(home, { org: '110105' });
    const seen = own.panels.flatMap(({ tables }) => Object.values(tables).flat());
    expect(new Set(seen.map(({ org_code }) => org_code))).toEqual(new Set(['110105']));
    expect(seen.length).toBeGreaterThan(280);
  });

  test('the records behind a figure add up to it, and no name of a person is among them', async () => {
    const limit = rows('time_limit').find(({ org_code }) => org_code === ALL);
    const of = async (figure: string, org?: string) =>
      home.as(CLERK, async (service) => {
        const found = await cockpitRecords(service, { figure, ...(org === undefined ? {} : { org }) });
        const records: (CockpitRecord & { readonly figure: string })[] = [];
        for await (const record of found.records) records.push(record);
        return { month: found.month, records };
      });
    const overdue = await of('overdue');
    expect(overdue.month).toBe('now');
    expect(overdue.records).toHaveLength(Number(limit?.['overdue']));
    const accepted = await of('A02');
    expect(accepted).toMatchObject({ month: COMPLETE });
    expect(accepted.records).toHaveLength(Number(published(COMPLETE, ALL, 'A02')));
    const rate = await of('R01', '110000');
    const count = (figure: string) => rate.records.filter((record) => record.figure === figure).length;
    expect([count('C01'), count('A01'), count('A02')].map(String)).toEqual(
      ['C01', 'A01', 'A02'].map((id) => published(COMPLETE, '110000', id)),
    );
    expect(new Set(rate.records.map(({ org_code }) => org_code))).toEqual(new Set(['110000']));
    const persons = plainCsv(path.join(input, 'arb_party.csv')).filter(
      ({ PARTY_KIND }) => PARTY_KIND === '1',
    );
    const shown = accepted.records.map(({ applicants, respondents }) => `${applicants}${respondents}`).join();
    expect(persons.filter(({ NAME }) => NAME !== null && NAME !== undefined && shown.includes(NAME))).toEqual(
      [],
    );
    expect(shown).toContain('**');
  });
});
