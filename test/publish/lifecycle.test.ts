/** A publication's life: published, unchanged, corrected, superseded; drafts beside it; comparisons with it. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyFolder } from '../../pipelines/steps/publish/folder.ts';
import { aCase, aMediation, type SourceModel } from '../revision/support.ts';
import {
  CLERK,
  contentsOf,
  HEAD,
  manifestOf,
  openWorkbook,
  rowsOf,
  sha256Of,
  temporaryHome,
  textOfSheet,
  valuesOf,
} from './support.ts';

const SOURCE: SourceModel = {
  orgs: ['110000', '110101', '110102'],
  cases: [
    aCase(1, { accept: '2026-08-10' }),
    aCase(2, { accept: '2026-08-12', close: '2026-09-15', award: '10.00' }),
    aCase(3, { accept: '2026-09-03', org: '110102' }),
    aCase(4, { accept: '2026-09-08' }),
    aCase(5, { accept: '2026-10-09', org: '110000' }),
    aCase(6, { reject: '2026-09-09' }),
  ],
  mediations: [aMediation(1, { accept: '2026-09-02', close: '2026-09-20', amount: '100.00' })],
};
const [FIRST, SECOND, ...OTHERS] = SOURCE.cases;
const closedLate = {
  ...SOURCE,
  cases: [{ ...(FIRST ?? aCase(1)), close: '2026-09-28' }, ...(SECOND ? [SECOND] : []), ...OTHERS],
};

test('a month is published, corrected, and compared with what was published', async () => {
  const home = await temporaryHome();
  await home.fill(SOURCE);

  const first = await home.run('2026-09', { asOf: '2026-10-09' });
  const { dir } = first.outcome;
  expect(first.outcome).toMatchObject({ state: 'published', revision: 1, provisional: false, reasons: [] });
  expect(path.relative(home.dir, dir)).toBe(path.join('published', 'macro-monitoring', '202609', 'r1'));
  const before = await contentsOf(dir);
  await checkPublication(home, first.runId, dir);

  // Nothing changed: no second revision, and a draft that says so.
  const same = await home.run('2026-09', { asOf: '2026-10-09' });
  expect(same.outcome).toMatchObject({ state: 'unchanged', revision: 1 });
  expect(path.relative(home.dir, same.outcome.dir)).toBe(
    path.join('out', 'macro-monitoring', '202609', same.runId),
  );
  expect(await manifestOf(same.outcome.dir)).toMatchObject({ state: 'draft', revision: 0 });
  const draft = await openWorkbook(path.join(same.outcome.dir, '宏观监测-202609.xlsx'));
  expect(textOfSheet(draft, '说明')).toContain('各项数据与已发布的 r1 相同，未另行发布');
  await checkDraft(same.outcome.dir, '宏观监测-202609.xlsx');

  // A correction is a new revision with its statement; the earlier one stays as it was.
  await home.fill(closedLate);
  const second = await home.run('2026-09', { asOf: '2026-10-09' });
  expect(second.outcome).toMatchObject({ state: 'published', revision: 2 });
  expect(second.outcome.revised).toEqual([{ baseline: '2026-09 r1', cases: 1 }]);
  expect(await contentsOf(dir)).toEqual(before);
  const publications = await home.as(CLERK, ({ ledger }) => ledger.publications());
  expect(publications.map(({ revision, state }) => [revision, state])).toEqual([
    [1, 'superseded'],
    [2, 'published'],
  ]);
  const statement = await openWorkbook(path.join(second.outcome.dir, '宏观监测-202609.xlsx'));
  const text = textOfSheet(statement, '修订说明');
  expect(text).toContain('本期上一版 2026-09 r1');
  expect(text).toContain('补录结案 -1 110101');
  expect(second.outcome.files).toContain('revision-same.parquet');

  // The next month: its opening stock beside the closing stock that was published last.
  await home.fill({ ...closedLate, cases: [...closedLate.cases, aCase(7, { accept: '2026-09-30' })] });
  const next = await home.run('2026-10', { asOf: '2026-11-05' });
  expect(next.outcome).toMatchObject({ state: 'published', revision: 1 });
  expect(next.outcome.revised).toEqual([{ baseline: '2026-09 r2', cases: 1 }]);
  await checkOctober(next.outcome.dir);
});

type Home = Awaited<ReturnType<typeof temporaryHome>>;

/** Manifest, hashes, ledger, audit record and permissions agree. */
async function checkPublication(home: Home, runId: string, dir: string): Promise<void> {
  const manifest = await manifestOf(dir);
  expect(manifest).toMatchObject({
    product: 'macro-monitoring',
    period: '2026-09',
    revision: 1,
    state: 'published',
    runId,
    asOf: '2026-10-09',
    actor: CLERK,
    heldReasons: [],
    releaseReason: null,
  });
  for (const { path: name, sha256, sizeBytes } of manifest.files) {
    expect(await sha256Of(path.join(dir, name)), name).toBe(sha256);
    expect((await stat(path.join(dir, name))).size, name).toBe(sizeBytes);
  }
  await home.as(CLERK, async ({ ledger }) => {
    const [publication] = await ledger.publications();
    const manifestSha256 = await sha256Of(path.join(dir, 'manifest.json'));
    expect(publication).toMatchObject({ revision: 1, state: 'published', runId, manifestSha256 });
    expect(await verifyFolder(dir, manifestSha256)).toEqual([]);
    const run = await ledger.getRun(runId);
    expect(run?.state).toBe('done');
    expect(run?.files.map((file) => [file.path, file.sha256]).toSorted()).toEqual(
      manifest.files
        .map((file) => [path.relative(home.dir, path.join(dir, file.path)), file.sha256])
        .toSorted(),
    );
    expect(run?.steps.every(({ finishedAt }) => finishedAt !== null)).toBe(true);
    expect((await ledger.verifyAudit()).ok).toBe(true);
  });
  for (const [name, entry] of Object.entries(await contentsOf(dir))) {
    expect(entry.slice(-3), name).toMatch(/^4[04][04]$/);
  }
  expect((await stat(dir)).mode & 0o222).toBe(0);
  expect((await stat(path.join(dir, '待整改'))).mode & 0o222).toBe(0);
  expect(existsSync(home.path('work', runId))).toBe(false);
}

/** A draft has the note beside it, the red mark on every sheet, and is whole. */
async function checkDraft(dir: string, workbook: string): Promise<void> {
  expect(await verifyFolder(dir)).toEqual([]);
  const notice = await readFile(path.join(dir, '草稿-未发布.txt'), 'utf8');
  expect(notice).toContain('草稿，未发布，不得引用');
  const book = await openWorkbook(path.join(dir, workbook));
  for (const sheet of book.worksheets) {
    const mark = [1, 2, 3]
      .map((row) => sheet.getRow(row).getCell(1))
      .find((cell) => cell.text.startsWith('草稿'));
    expect(mark?.font.color?.argb, sheet.name).toMatch(/^FF[A-F][0-9A-F]0000$/);
    expect(sheet.properties.tabColor?.argb, sheet.name).toMatch(/^FF[A-F][0-9A-F]0000$/);
  }
}

/** K11, the statement and the comparison (recomputed, and as published then) of October. */
async function checkOctober(dir: string): Promise<void> {
  const values = await valuesOf(dir, 'macro-monitoring-202610.csv');
  expect(values.get('month/110101/A01')).toBe('2');
  const book = await openWorkbook(path.join(dir, '宏观监测-202610.xlsx'));
  const statement = textOfSheet(book, '修订说明');
  expect(statement).toContain('上期 2026-09 r2');
  expect(statement).toContain('补录受理 1 110101');
  const checks = rowsOf(book, '平衡检查').filter((row) => row.includes('K11'));
  expect(checks.length).toBeGreaterThan(0);
  expect(checks.filter((row) => row.includes('未通过'))).toEqual([]);
  const comparison = (org: string, id: string) =>
    rowsOf(book, '同比环比').find((row) => row[0] === '当期' && row[1] === org && row[2] === id);
  // 当期, body, id, name, unit, this month, then the month before recomputed (figure, change, %) and as published.
  expect(comparison('仲裁委员会110101', 'A02')?.slice(5, 12)).toEqual([
    '0',
    '2',
    '-2',
    '-100',
    '1',
    '-1',
    '-100',
  ]);
  expect(comparison('仲裁委员会110101', 'A02')?.at(-1)).toBe('※见修订说明');
  expect(comparison('仲裁委员会110102', 'A02')?.slice(5, 12)).toEqual([
    '0',
    '1',
    '-1',
    '-100',
    '1',
    '-1',
    '-100',
  ]);
  expect(comparison('仲裁委员会110102', 'A02')?.at(-1)).toBe('');
}

test('a period wholly before the data waits for a person: most likely its year was mistyped', async () => {
  const home = await temporaryHome();
  await home.fill(SOURCE);
  const { outcome, runId } = await home.run('1990-01', { asOf: '2026-10-09' });
  expect(outcome).toMatchObject({
    state: 'held',
    reasons: [
      { text: expect.stringMatching(/^数据自20\d\d-\d\d-\d\d起，报表期内没有任何数据$/), releasable: true },
    ],
  });
  expect((await home.release(runId, 'as it is', HEAD)).outcome).toMatchObject({
    state: 'published',
    revision: 1,
  });
});

describe('a period that has not ended is a draft for ever', () => {
  test.each([
    ['2026-10', '2026-10-31'],
    ['2026-10', '2026-10-09'],
    ['2026-11', '2026-10-09'],
    ['2026-Q4', '2026-11-09'],
    ['2026', '2026-12-31'],
  ])('%s as of %s', async (period, asOf) => {
    const home = await temporaryHome();
    await home.fill(SOURCE);
    const { outcome, runId } = await home.run(period, { asOf });
    expect(outcome).toMatchObject({ state: 'draft', provisional: true, revision: null });
    expect(await manifestOf(outcome.dir)).toMatchObject({ state: 'draft', provisional: true, revision: 0 });
    const notice = await readFile(path.join(outcome.dir, '草稿-未发布.txt'), 'utf8');
    expect(notice).toContain('报表期截止日不早于数据日期');
    await home.as(CLERK, async ({ ledger }) => {
      expect(await ledger.publications()).toEqual([]);
      expect((await ledger.getRun(runId))?.state).toBe('done');
    });
    await expect(home.release(runId, 'all the same')).rejects.toMatchObject({ code: 'E_NOT_RELEASABLE' });
  });

  test('and is published from the day after', async () => {
    const home = await temporaryHome();
    await home.fill(SOURCE);
    const { outcome } = await home.run('2026-10', { asOf: '2026-11-01' });
    expect(outcome).toMatchObject({ state: 'published', provisional: false });
  });
});

test('a year ago and the turn of the year, with a cut-off day', async () => {
  const home = await temporaryHome('2026-02-09T09:00:00+08:00');
  // The source already holds what happened after the first snapshots.
  await home.configure({ cutoffDay: 20, exclusionLimitPercent: '100' });
  const cases = [
    aCase(1, { accept: '2024-12-25' }),
    aCase(2, { accept: '2025-12-20', close: '2025-12-21' }),
    aCase(3, { accept: '2025-12-21', org: '110102' }),
    aCase(4, { accept: '2025-01-05', close: '2025-01-20' }),
  ];
  await home.fill({ ...SOURCE, cases });
  const january = await home.run('2025-01', { asOf: '2025-02-05' });
  const december = await home.run('2025-12', { asOf: '2025-12-21' });
  expect([january.outcome.state, december.outcome.state]).toEqual(['published', 'published']);

  // Entered late: a case of December 2025, and a closing of January 2025.
  await home.fill({
    ...SOURCE,
    cases: [
      { ...(cases[0] ?? aCase(1)), close: '2025-01-19' },
      ...cases.slice(1),
      aCase(5, { accept: '2025-12-19', org: '110102' }),
    ],
  });
  const { outcome } = await home.run('2026-01', { asOf: '2026-02-05' });
  expect(outcome).toMatchObject({ state: 'published', revision: 1, failedChecks: [] });
  expect(outcome.revised).toEqual([
    { baseline: '2025-12 r1', cases: 2 },
    { baseline: '2025-01 r1', cases: 1 },
  ]);
  const values = await valuesOf(outcome.dir, 'macro-monitoring-202601.csv');
  expect([values.get('month/110101/A01'), values.get('month/110102/A01')]).toEqual(['1', '1']);
  expect([values.get('month/110101/C01'), values.get('ytd/110102/A02')]).toEqual(['1', '1']);
  const text = textOfSheet(await openWorkbook(path.join(outcome.dir, '宏观监测-202601.xlsx')), '修订说明');
  expect(text).toContain('上年同期 2025-01 r1');
});

test.each([
  ['2026-Q2', '2026-Q3', '2026-10-09'],
  ['2025-H2', '2026-H1', '2026-10-09'],
  ['2024', '2025', '2026-10-09'],
])('%s is what %s is compared with', async (earlier, later, asOf) => {
  const home = await temporaryHome();
  const cases = [
    aCase(1, { accept: '2024-03-01' }),
    aCase(2, { accept: '2025-11-03', close: '2026-02-01' }),
    aCase(3, { accept: '2026-05-03', org: '110102' }),
  ];
  await home.fill({ ...SOURCE, cases });
  expect((await home.run(earlier, { asOf })).outcome.state).toBe('published');
  await home.fill({ ...SOURCE, cases: [...cases, aCase(9, { accept: '2024-06-07' })] });
  const { outcome } = await home.run(later, { asOf });
  expect(outcome).toMatchObject({ state: 'published', failedChecks: [] });
  expect(outcome.revised).toEqual([{ baseline: `${earlier} r1`, cases: 1 }]);
});
