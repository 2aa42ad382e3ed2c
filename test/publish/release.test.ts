/** Held, released, published; and every release that is refused. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runComparison } from '../../pipelines/pre-application-comparison.ts';
import { shanghaiStamp } from '../../pipelines/runtime/clock.ts';
import { pinnedSnapshots } from '../../pipelines/steps/publish/publication.ts';
import type { IndicatorsFile } from '../../schemas/definitions.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { aCase, type SourceModel } from '../revision/support.ts';
import {
  CLERK,
  HEAD,
  manifestOf,
  openWorkbook,
  sha256Of,
  type TestHome,
  temporaryHome,
  textOfSheet,
} from './support.ts';

const AS_OF = '2026-10-09';
const CLEAN: SourceModel = {
  orgs: ['110000', '110101', '110102'],
  cases: [aCase(1, { accept: '2026-08-10' }), aCase(2, { accept: '2026-09-12' })],
  mediations: [],
};
/** One case of three fails a counting field: more than the 0.5 % of K12. */
const DIRTY: SourceModel = {
  ...CLEAN,
  cases: [...CLEAN.cases, aCase(3, { accept: '2026-09-10', close: '2026-09-01' })],
};

async function heldHome(): Promise<{ home: TestHome; runId: string; dir: string }> {
  const home = await temporaryHome();
  await home.fill(DIRTY);
  const { outcome, runId } = await home.run('2026-09', { asOf: AS_OF });
  expect(outcome).toMatchObject({ state: 'held', revision: null });
  return { home, runId, dir: outcome.dir };
}

const notReleasable = (pattern: RegExp) =>
  expect.objectContaining({ code: 'E_NOT_RELEASABLE', message: expect.stringMatching(pattern) });

test('a held run is a draft; its release publishes the same bytes, with the reason everywhere', async () => {
  const { home, runId, dir } = await heldHome();
  expect(await manifestOf(dir)).toMatchObject({
    state: 'held',
    revision: 0,
    heldReasons: [expect.stringContaining('K12')],
  });
  const notice = await readFile(path.join(dir, '草稿-未发布.txt'), 'utf8');
  expect(notice).toContain('暂缓原因1：K12');
  const draft = await openWorkbook(path.join(dir, '宏观监测-202609.xlsx'));
  expect(textOfSheet(draft, '说明')).toContain('未发布的原因');
  await home.as(CLERK, async ({ ledger }) => {
    expect((await ledger.getRun(runId))?.state).toBe('held');
    expect(await ledger.publications()).toEqual([]);
  });

  const { outcome, runId: releasing } = await home.release(runId, ' 已与区级核对 ', HEAD);
  expect(outcome).toMatchObject({ state: 'published', revision: 1 });
  for (const name of ['macro-monitoring-202609.csv', 'macro-monitoring-202609.json']) {
    expect(await sha256Of(path.join(outcome.dir, name)), name).toBe(await sha256Of(path.join(dir, name)));
  }
  expect(await manifestOf(outcome.dir)).toMatchObject({
    state: 'published',
    actor: HEAD,
    releaseReason: '已与区级核对',
    heldReasons: [expect.stringContaining('K12')],
  });
  const book = await openWorkbook(path.join(outcome.dir, '宏观监测-202609.xlsx'));
  const notes = textOfSheet(book, '说明');
  expect(notes).toContain(`经放行发布：已与区级核对（放行人 ${HEAD}，原运行 ${runId}）`);
  expect(notes).toContain('放行时未通过：K12');
  expect(notes).not.toContain('未发布的原因');
  expect(outcome.files).not.toContain('草稿-未发布.txt');
  await home.as(CLERK, async ({ ledger }) => {
    const [publication] = await ledger.publications();
    expect(publication).toMatchObject({ runId: releasing, actor: HEAD, reason: '已与区级核对' });
    const run = await ledger.getRun(releasing);
    expect(run?.parameters).toMatchObject({ releases: runId, reason: '已与区级核对' });
  });
  expect(await auditRecords(home)).toContainEqual(
    expect.objectContaining({
      actor: HEAD,
      action: 'publication.publish',
      subject: 'macro-monitoring/2026-09/r1',
      detail: expect.objectContaining({ reason: '已与区级核对', run: releasing }),
    }),
  );

  await expect(home.release(runId, 'once more')).rejects.toEqual(notReleasable(/released already/));
  await expect(home.release(releasing, 'once more')).rejects.toEqual(notReleasable(/not held/));
});

interface AuditRecord {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: unknown;
}

async function auditRecords(home: TestHome): Promise<AuditRecord[]> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(home.path('ledger.sqlite'), { readOnly: true });
  try {
    const rows = database.prepare('SELECT actor, action, subject, detail FROM audit ORDER BY seq').all();
    return rows.map((row) => ({
      actor: String(row.actor),
      action: String(row.action),
      subject: String(row.subject),
      detail: JSON.parse(String(row.detail)) as unknown,
    }));
  } finally {
    database.close();
  }
}

describe('a release is refused', () => {
  test('for a run that is not there, without a reason, or of a run that failed', async () => {
    const { home, runId } = await heldHome();
    await expect(home.release('R20260101-000000-0000', 'why')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(home.release(runId, '  ')).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(home.run('2026-09', { snapshotId: '20260101-000000-0000' })).rejects.toThrow();
    const failed = await home.as(CLERK, async ({ ledger }) =>
      (await ledger.listRuns({})).find(({ state }) => state === 'failed'),
    );
    await expect(home.release(failed?.id ?? '', 'why')).rejects.toEqual(notReleasable(/not held/));
  });

  test('after definitions changed that change a figure; nothing is published then', async () => {
    const { home, runId } = await heldHome();
    await home.define('indicators.json', ({ indicators, ...rest }: IndicatorsFile) => ({
      ...rest,
      indicators: indicators.map((one) => (one.id === 'A02' ? { ...one, name: '受理件数' } : one)),
    }));
    await expect(home.release(runId, 'why')).rejects.toEqual(notReleasable(/other figures/));
    await home.as(CLERK, async ({ ledger, home: { work } }) => {
      expect(await ledger.publications()).toEqual([]);
      expect(await ledger.openIntents()).toEqual([]);
      const { readdirSync } = await import('node:fs');
      expect(readdirSync(work)).toEqual([]);
    });
  });

  test('where K01 to K10 fail', async () => {
    const home = await temporaryHome();
    await home.fill(CLEAN);
    await home.define('indicators.json', ({ indicators, ...rest }: IndicatorsFile) => ({
      ...rest,
      indicators: indicators.map((one) =>
        one.id === 'T05' ? { ...one, where: "dispute_type = '05' AND worker_count > 100" } : one,
      ),
    }));
    const { outcome, runId } = await home.run('2026-09', { asOf: AS_OF });
    expect(outcome.state).toBe('held');
    expect(outcome.reasons).toMatchObject([{ text: expect.stringContaining('K02'), releasable: false }]);
    await expect(home.release(runId, 'why')).rejects.toEqual(notReleasable(/K02/));
    await home.as(CLERK, async ({ ledger }) => expect(await ledger.publications()).toEqual([]));
  });

  test('where a newer snapshot was published meanwhile; a newer held run may be released', async () => {
    const { home, runId } = await heldHome();
    await home.fill(CLEAN);
    expect((await home.run('2026-09', { asOf: AS_OF })).outcome).toMatchObject({
      state: 'published',
      revision: 1,
    });
    await expect(home.release(runId, 'why')).rejects.toEqual(notReleasable(/overtaken/));
    await home.fill({ ...DIRTY, cases: [...DIRTY.cases, aCase(4, { accept: '2026-09-13' })] });
    const later = await home.run('2026-09', { asOf: AS_OF });
    expect(later.outcome.state).toBe('held');
    expect((await home.release(later.runId, 'checked')).outcome).toMatchObject({
      state: 'published',
      revision: 2,
    });
  });
});

test('a held run keeps its snapshot until another has made the same product of its period', async () => {
  const { home, runId } = await heldHome();
  const snapshotOf = (id: string) =>
    home.as(CLERK, async ({ ledger }) => (await ledger.getRun(id))?.snapshotId ?? '');
  const pinned = () => home.as(CLERK, ({ ledger }) => pinnedSnapshots(ledger));
  const held = await snapshotOf(runId);
  await home.as(CLERK, (service) => runComparison(service, { span: parsePeriod('2026-09'), asOf: AS_OF }));
  // Nor do runs that belong to no period push it out of sight.
  await home.as(CLERK, async ({ ledger, clock }) => {
    for (let index = 0; index < 1100; index += 1) {
      const wanted = { pipeline: 'cockpit-refresh', actor: CLERK, command: 'arbdata run cockpit-refresh' };
      await (await ledger.beginRun(wanted)).finish('done', { summary: { at: shanghaiStamp(clock) } });
    }
  });
  expect([...(await pinned())]).toContain(held);
  const again = await home.run('2026-09', { asOf: AS_OF });
  expect(again.prepared.findings).toMatchObject({ new: 0 });
  expect(again.prepared.findings.continuing).toBeGreaterThan(0);
  expect([...(await pinned())]).not.toContain(held);
});

describe('where a publication waits for a second person', () => {
  test('a period that has not ended does not wait: nobody could release it', async () => {
    const home = await temporaryHome();
    await home.configure({ approval: true });
    await home.fill(CLEAN);
    const { outcome } = await home.run('2026-09', { asOf: '2026-09-15' });
    expect(outcome).toMatchObject({ state: 'draft', provisional: true });
  });

  test('whoever ran it cannot release it; another can', async () => {
    const home = await temporaryHome();
    await home.configure({ approval: true });
    await home.fill(CLEAN);
    const { outcome, runId } = await home.run('2026-09', { asOf: AS_OF });
    expect(outcome).toMatchObject({ state: 'held', reasons: [{ text: '待批准', releasable: true }] });
    await expect(home.release(runId, 'fine', CLERK)).rejects.toEqual(notReleasable(/cannot also approve/));
    const released = await home.release(runId, 'fine', HEAD);
    expect(released.outcome).toMatchObject({ state: 'published', revision: 1 });
    expect(await manifestOf(released.outcome.dir)).toMatchObject({
      actor: HEAD,
      releaseReason: 'fine',
      heldReasons: ['待批准'],
    });
  });

  test('a correction waits too, and the publication in force stays until then', async () => {
    const home = await temporaryHome();
    await home.configure({ approval: true });
    await home.fill(CLEAN);
    const first = await home.run('2026-09', { asOf: AS_OF });
    await home.release(first.runId, 'fine', HEAD);
    await home.fill({ ...CLEAN, cases: [...CLEAN.cases, aCase(3, { accept: '2026-09-20' })] });
    const second = await home.run('2026-09', { asOf: AS_OF }, HEAD);
    expect(second.outcome.state).toBe('held');
    const inForce = () =>
      home.as(CLERK, ({ ledger }) => ledger.latestPublication('macro-monitoring', '2026-09'));
    expect((await inForce())?.revision).toBe(1);
    await home.release(second.runId, 'fine', CLERK);
    expect((await inForce())?.revision).toBe(2);
  });
});
