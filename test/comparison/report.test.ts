import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComparisonOutcome, runComparison } from '../../pipelines/pre-application-comparison.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { GoldenHome, INPUT_DIR, plainCsv } from '../golden/support.ts';
import { openWorkbook, rowsOf } from '../publish/support.ts';

let home: GoldenHome;
let made: ComparisonOutcome;
const input = path.join(INPUT_DIR, 'samples/small');
beforeAll(async () => {
  home = await GoldenHome.of(input);
  const span = parsePeriod('2026-10');
  made = (await home.use((service) => runComparison(service, { span, asOf: '2026-11-03' }))).comparison;
});
afterAll(() => home.remove());

const pages = () => made.files.filter((file) => file.endsWith('.html'));
const page = (name: string) => readFileSync(path.join(made.dir, name), 'utf8');

describe('pages', () => {
  test('there is one of the city and one of each body with anything listed', () => {
    const orgs = new Set(
      plainCsv(path.join(made.dir, 'pre-application-comparison-202610.csv')).map(({ org_code }) => org_code),
    );
    const known = new Set(plainCsv(path.join(input, 'arb_org.csv')).map(({ ORG_CODE }) => ORG_CODE));
    const bodies = new Set([...orgs].map((org) => (known.has(org ?? null) ? org : '其他')));
    expect(pages().toSorted()).toEqual(
      [
        '预申请比对-202610.html',
        ...[...bodies].map((org) => `各机构/预申请比对-${org}-202610.html`),
      ].toSorted(),
    );
  });

  test('they fetch nothing, run nothing, and draw their charts themselves', () => {
    for (const name of pages()) {
      const html = page(name);
      expect(html).toContain("default-src 'none'");
      expect(html).toContain('@page { size: A4');
      expect(html.match(/<svg /g)).toHaveLength(2);
      expect(html).not.toMatch(/<(script|link|img|iframe|object)|url\(|@import|\bhref=|\bsrc=|https?:/i);
    }
  });

  test('they show no name of a person and no whole number', () => {
    const text = pages().map(page).join('\n');
    const people = plainCsv(path.join(input, 'arb_party.csv')).filter(({ PARTY_KIND }) => PARTY_KIND === '1');
    expect(people.length).toBeGreaterThan(100);
    const shown = people.filter(({ NAME, ID_NO }) =>
      [NAME, ID_NO].some((value) => value && text.includes(value)),
    );
    expect(shown).toEqual([]);
  });

  test("a body's page holds what is its own, and nothing of others", () => {
    const rows = plainCsv(path.join(made.dir, 'pre-application-comparison-202610.csv'));
    const settled = ['MATCHED', 'CLOSED_UNLINKED', 'IN_PROGRESS'];
    const html = page('各机构/预申请比对-110101-202610.html');
    const ids = (own: boolean) =>
      rows
        .filter((row) => (row['org_code'] === '110101') === own && !settled.includes(row['class'] ?? ''))
        .flatMap(({ pre_app_id }) => (pre_app_id === null ? [] : [pre_app_id ?? '']));
    expect(ids(true).length).toBeGreaterThan(0);
    expect(ids(true).filter((id) => !html.includes(id))).toEqual([]);
    expect(ids(false).filter((id) => html.includes(id))).toEqual([]);
  });
});

test('the workbook has its sheets, and its totals are those of the data file', async () => {
  const workbook = await openWorkbook(path.join(made.dir, '预申请比对-202610.xlsx'));
  const names = workbook.worksheets.map(({ name }) => name);
  expect(names).toEqual([
    ...['汇总', '关联冲突', '重复申请', '疑似关联', '通过未立案', '超期未审', '无预申请的网上案件'],
    ...['可能对应', '与上次比较', '趋势', '说明'],
  ]);
  const summary = rowsOf(workbook, '汇总');
  const header = summary.find((row) => row[0] === '机构名称') ?? [];
  const whole = summary.find((row) => row[0] === '合计') ?? [];
  const column = (title: string) => whole[header.indexOf(title)];
  const { classes } = made.counts;
  expect([column('一致'), column('疑似关联'), column('无预申请的网上案件')].map(Number)).toEqual([
    classes.MATCHED,
    classes.PROBABLE_MATCH,
    classes.ORPHAN_CASE,
  ]);
  const listed = rowsOf(workbook, '疑似关联').filter((row) => /^YSQ/.test(row[0] ?? ''));
  expect(listed).toHaveLength(classes.PROBABLE_MATCH);
  expect(rowsOf(workbook, '趋势').filter((row) => /^\d{4}-\d{2}$/.test(row[0] ?? ''))).toHaveLength(12);
});

test('percentiles are nearest ranks of working days', async () => {
  const workbook = await openWorkbook(path.join(made.dir, '预申请比对-202610.xlsx'));
  const whole = rowsOf(workbook, '汇总').find((row) => row[0] === '合计') ?? [];
  const days = (
    await home.query<{ days: string }>(
      `SELECT days_to_review AS days FROM '${path.join(made.dir, 'comparison.parquet')}'
       WHERE is_listed = 1 AND days_to_review IS NOT NULL`,
    )
  )
    .map((row) => Number(row.days))
    .toSorted((a, b) => a - b);
  const rank = (share: number) => days[Math.ceil((share * days.length) / 100) - 1];
  expect(days.length).toBeGreaterThan(10);
  expect(whole.slice(-4, -2).map(Number)).toEqual([rank(50), rank(90)]);
});
