import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decidePair, explainComparison, withdrawPair } from '../../pipelines/comparison.ts';
import { runMonthly } from '../../pipelines/monthly.ts';
import { type ComparisonRequest, runComparison } from '../../pipelines/pre-application-comparison.ts';
import { releaseRun } from '../../pipelines/release.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { publicationManifest } from '../../schemas/publication.ts';
import { GoldenHome, INPUT_DIR } from '../golden/support.ts';

const OCTOBER = parsePeriod('2026-10');
const CLEAN = path.join(INPUT_DIR, 'samples/clean');
const CSV = 'pre-application-comparison-202610.csv';

const run = (home: GoldenHome, more: Partial<ComparisonRequest> = {}) =>
  home.use((service) => runComparison(service, { span: OCTOBER, asOf: '2026-11-03', ...more }));
const manifestIn = (dir: string) =>
  publicationManifest.parse(JSON.parse(readFileSync(path.join(dir, 'manifest.json'), 'utf8')));
const linesIn = (dir: string, name = CSV) =>
  readFileSync(path.join(dir, name), 'utf8').slice(1).trimEnd().split('\r\n');

describe('runs of one home', () => {
  let home: GoldenHome;
  beforeAll(async () => {
    home = await GoldenHome.of(CLEAN);
  });
  afterAll(() => home.remove());

  test('a period is published, and again it is unchanged: the same bytes from the same snapshot', async () => {
    const first = await run(home);
    expect(first.comparison).toMatchObject({ state: 'published', revision: 1, period: '2026-10' });
    expect(first.comparison.counts.difference).toEqual({ new: 28, staying: 0, resolved: 0 });
    const second = await run(home, { asOf: undefined, snapshotId: first.opened.manifest.id });
    expect(second.comparison).toMatchObject({ state: 'unchanged', revision: 1 });
    expect(second.comparison.counts.difference).toEqual({ new: 0, staying: 28, resolved: 0 });
    expect(linesIn(second.comparison.dir)).toEqual(linesIn(first.comparison.dir));
  });

  test('lines stand in the order of classes, pre-applications, cases and fields, numbers masked', async () => {
    const { comparison } = await run(home);
    const [header, ...lines] = linesIn(comparison.dir);
    expect(header).toBe('pre_app_id,case_id,org_code,class,field,pre_value,case_value,score');
    const classes = lines.map((line) => line.split(',')[3] ?? '');
    const order = Object.keys(comparison.counts.classes);
    expect(classes.map((name) => order.indexOf(name))).toEqual(
      classes.map((name) => order.indexOf(name)).toSorted((a, b) => a - b),
    );
    expect(lines).toContain('YSQ0000074,100296,110105,FIELD_DIFF,APPLICANT_NAME,张明博某,张明博,');
    expect(lines.some((line) => /\d{17}[\dX]/.test(line))).toBe(false);
  });

  test('days that are no period are a draft, also when they have passed; what they leave is carried on', async () => {
    const { comparison } = await run(home, { span: { start: '2026-01-01', end: '2026-03-31' } });
    expect(comparison).toMatchObject({ state: 'draft', revision: null, period: '2026-01-01..2026-03-31' });
    expect(comparison.files).toContain('草稿-未发布.txt');
    expect(comparison.dir).toContain(path.join('pre-application-comparison', '20260101-20260331'));
    expect(manifestIn(comparison.dir)).toMatchObject({ state: 'draft', revision: 0 });
    const next = await run(home);
    expect(next.comparison.counts.difference).toMatchObject({ resolved: 0 });
    expect(next.comparison.state).toBe('unchanged');
  });

  test('a period that has not ended is a draft', async () => {
    const { comparison } = await run(home, { asOf: '2026-10-20' });
    expect(comparison).toMatchObject({ state: 'draft', provisional: true, revision: null });
  });

  test('explains what was compared and why', async () => {
    const explain = (preAppId: string) => home.use((service) => explainComparison(service, { preAppId }));
    const found = await explain('YSQ0000034');
    expect(found).toMatchObject({ class: 'FIELD_DIFF', orgCode: '110111', status: '2' });
    expect(found.tried.map((one) => one.class)).toEqual(['LINK_CONFLICT', 'STATUS_CONFLICT', 'FIELD_DIFF']);
    expect(found.proofs.filter(({ verdict }) => verdict === '不一致')).toMatchObject([
      { field: 'CLAIM_AMOUNT', preValue: '849.82', caseValue: '539119.86', caseId: '100133' },
    ]);
    expect(found.proofs.find(({ field }) => field === 'APPLICANT_NAME')?.preValue).toBe('吴**');
    const candidate = await explain('YSQ0000003');
    expect(candidate.proofs.map(({ kind, caseId }) => `${kind} ${caseId}`)).toContain('candidate 100010');
    expect((await explain('YSQ0000036')).proofs).toMatchObject([
      { kind: 'repeats', earlierId: 'YSQ0000035' },
    ]);
    await expect(explain('YSQ9999999')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test('a word on a pair is kept, audited, respected and can be taken back', async () => {
    await home.use((service) =>
      decidePair(service, 'rejected', { preAppId: ' YSQ0000013', caseId: '100034' }),
    );
    await home.use((service) =>
      decidePair(service, 'confirmed', { preAppId: 'YSQ0000018', caseId: '100065' }),
    );
    const { comparison } = await run(home);
    const lines = linesIn(comparison.dir);
    expect(lines.some((line) => line.startsWith('YSQ0000013,100034'))).toBe(false);
    expect(lines.some((line) => line.includes('YSQ0000018,100065,110107,PROBABLE_MATCH'))).toBe(false);
    expect(comparison).toMatchObject({ state: 'published', revision: 2 });
    expect(comparison.counts.difference.resolved).toBe(2);
    const confirmed = await home.use((service) => explainComparison(service, { preAppId: 'YSQ0000018' }));
    expect(confirmed.proofs[0]).toMatchObject({ kind: 'link', caseId: '100065', verdict: '人工确认' });
    expect(confirmed.class).toBe('MATCHED');

    const pair = { preAppId: 'YSQ0000018', caseId: '100065' };
    await home.use((service) => withdrawPair(service, pair));
    await expect(home.use((service) => withdrawPair(service, pair))).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    await expect(
      home.use((service) => decidePair(service, 'confirmed', { ...pair, caseId: '999' })),
    ).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(
      home.use((service) => decidePair(service, 'confirmed', { ...pair, caseId: '1 OR 1=1' })),
    ).rejects.toMatchObject({ code: 'E_USAGE' });
    const again = await run(home);
    expect(linesIn(again.comparison.dir).some((line) => line.includes('YSQ0000018,100065'))).toBe(true);
    expect(await home.use(({ ledger }) => ledger.verifyAudit())).toMatchObject({ ok: true });
  });
});

test('with approval the month holds both products, and a release publishes the same bytes of both', async () => {
  const home = await GoldenHome.of(CLEAN);
  try {
    await writeFile(path.join(home.dir, 'config.json'), JSON.stringify({ approval: true }));
    const held = await home.use((service) => runMonthly(service, { period: OCTOBER, asOf: '2026-11-03' }));
    expect(held).toMatchObject({
      state: 'held',
      outcome: { state: 'held' },
      comparison: { state: 'held' },
      submission: { state: 'held', batch: undefined },
    });
    await writeFile(path.join(home.dir, 'config.json'), JSON.stringify({ approval: false }));
    const released = await home.use((service) => releaseRun(service, held.runId, '已核对'));
    expect(released).toMatchObject({
      outcome: { state: 'published', revision: 1 },
      comparison: { state: 'published', revision: 1 },
      submission: { state: 'published', batch: '110000-ARB-202610-01' },
    });
    expect(linesIn(released.comparison?.dir ?? '')).toEqual(linesIn(held.comparison?.dir ?? ''));
    expect(manifestIn(released.comparison?.dir ?? '')).toMatchObject({ releaseReason: '已核对' });
    await expect(home.use((service) => releaseRun(service, held.runId, '再次'))).rejects.toMatchObject({
      code: 'E_NOT_RELEASABLE',
    });
  } finally {
    await home.remove();
  }
});
