/** States against the run before, marks, and fingerprints. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import { type WriteFindingsOptions, writeFindings } from '../../pipelines/steps/validate/findings.ts';
import type { Finding, FindingMark } from '../../schemas/findings.ts';
import { addRow, type Cells, validate, withRaw } from './support.ts';

type Run = Partial<Pick<WriteFindingsOptions, 'previous' | 'marks' | 'today'>> & { readonly file: string };

/** One run over cases: its file and its findings. */
async function runOn(cases: readonly Cells[], run: Run): Promise<Finding[]> {
  return withRaw(async (engine) => {
    for (const cells of cases) await addRow(engine, 'ARB_CASE', { DELETED: '0', ...cells });
    await validate(engine, { period: '2026-Q4' });
    await engine.run("DELETE FROM finding WHERE rule_id NOT IN ('V005', 'V008', 'V016', 'V021')");
    return write(engine, run);
  });
}

async function write(engine: Engine, run: Run): Promise<Finding[]> {
  await writeFindings(engine, { previous: undefined, marks: [], today: '2026-11-03', ...run });
  return engine.rows<Finding>(`SELECT * FROM read_parquet('${run.file}')`);
}

const states = (findings: readonly Finding[]) =>
  findings.map(
    ({ rule_id, record_key, state, first_seen }) => `${rule_id} ${record_key} ${state} ${first_seen}`,
  );
/** A case that breaks V021 alone of the rules kept here. */
const noWorker = (id: string, count = '0'): Cells => ({
  CASE_ID: id,
  ORG_CODE: null,
  WORKER_COUNT: count,
  EXCLUDED_DAYS: '0',
  ACCEPT_DATE: '2026-01-05',
});
const only = (rule: string) => (found: Finding[]) => found.filter(({ rule_id }) => rule_id === rule);

describe('states', () => {
  test('new, continuing, resolved once, new again', async () => {
    await withRaw(async (_, dir) => {
      const file = (name: string) => path.join(dir, name);
      const previous = (name: string) => ({ file: file(name), isSamePeriod: true });
      const keep = only('V021');
      const first = await runOn([noWorker('1'), noWorker('2')], { file: file('1'), today: '2026-09-01' });
      expect(states(keep(first))).toEqual(['V021 1 new 2026-09-01', 'V021 2 new 2026-09-01']);
      const second = await runOn([noWorker('1'), noWorker('3')], {
        file: file('2'),
        previous: previous('1'),
        today: '2026-10-01',
      });
      expect(states(keep(second))).toEqual([
        'V021 1 continuing 2026-09-01',
        'V021 2 resolved 2026-09-01',
        'V021 3 new 2026-10-01',
      ]);
      const third = await runOn([noWorker('2')], {
        file: file('3'),
        previous: previous('2'),
        today: '2026-11-01',
      });
      expect(states(keep(third))).toEqual([
        'V021 1 resolved 2026-09-01',
        'V021 2 new 2026-11-01',
        'V021 3 resolved 2026-10-01',
      ]);
    });
  });

  test('a rule on the period resolves nothing when the run before was of another period', async () => {
    const late: Cells = {
      CASE_ID: '1',
      APPLY_DATE: '2026-10-09',
      ACCEPT_DATE: '2026-10-30',
      WORKER_COUNT: '0',
    };
    await withRaw(async (_, dir) => {
      const file = path.join(dir, '1');
      expect(only('V008')(await runOn([late], { file }))).toHaveLength(1);
      for (const isSamePeriod of [true, false]) {
        const found = await runOn([{ CASE_ID: '2', WORKER_COUNT: '0' }], {
          file: path.join(dir, '2'),
          previous: { file, isSamePeriod },
        });
        const resolved = found.filter(({ state }) => state === 'resolved').map(({ rule_id }) => rule_id);
        expect(resolved.includes('V008')).toBe(isSamePeriod);
        expect(resolved.includes('V021')).toBe(true);
      }
    });
  });

  test('the same source gives the same bytes, in the order of rule, body and record', async () => {
    await withRaw(async (_, dir) => {
      const cases = ['10', '9', '2'].map((id) => noWorker(id));
      const one = await runOn(cases, { file: path.join(dir, '1') });
      const other = await runOn(cases.toReversed(), { file: path.join(dir, '2') });
      expect(only('V021')(one).map(({ record_key }) => record_key)).toEqual(['2', '9', '10']);
      expect(other).toEqual(one);
      expect(await readFile(path.join(dir, '2'))).toEqual(await readFile(path.join(dir, '1')));
    });
  });
});

describe('marks', () => {
  const markOf = ({ rule_id, scope, record_key, fingerprint }: Finding, expiresOn: string): FindingMark => ({
    ruleId: rule_id,
    scope,
    recordKey: record_key,
    fingerprint,
    reason: '已核实',
    expiresOn,
  });

  test('hold until their last day, break with a new value, and touch nothing else', async () => {
    await withRaw(async (_, dir) => {
      const file = path.join(dir, 'f');
      const keep = only('V021');
      const [one] = keep(await runOn([noWorker('1')], { file }));
      if (one === undefined) throw new Error('no finding');
      const marks = [markOf(one, '2026-11-03')];
      const shown = async (cases: Cells[], today: string) =>
        keep(await runOn(cases, { file, marks, today })).map(
          ({ record_key, mark }) => `${record_key} ${mark}`,
        );
      expect(await shown([noWorker('1'), noWorker('2')], '2026-11-03')).toEqual(['1 verified', '2 null']);
      expect(await shown([noWorker('1')], '2026-11-04')).toEqual(['1 expired']);
      expect(await shown([noWorker('1', '-5')], '2026-11-03')).toEqual(['1 broken']);
      const [held] = keep(await runOn([noWorker('1')], { file, marks }));
      expect(held?.mark_reason).toBe('已核实');
      expect(held?.mark_expires_on).toBe('2026-11-03');
    });
  });

  test('belong to one view: equal keys of two views are two records; a mark of an older ledger knows no view', async () => {
    await withRaw(async (_, dir) => {
      const file = path.join(dir, 'f');
      const wide = { CASE_ID: '1', PRE_APP_ID: 'ＹＳＱ１' };
      const rows = async (marks: readonly FindingMark[]) =>
        withRaw(async (engine) => {
          await addRow(engine, 'ARB_CASE', { DELETED: '0', WORKER_COUNT: '1', ...wide });
          await addRow(engine, 'PRE_APPLICATION', { PRE_APP_ID: '1', CASE_NO: 'Ａ１' });
          await validate(engine, { period: '2026-Q4' });
          await writeFindings(engine, { file, previous: undefined, marks, today: '2026-11-03' });
          return engine.rows<Finding>(
            `SELECT * FROM read_parquet('${file}') WHERE rule_id = 'V049' AND record_key = '1' ORDER BY scope`,
          );
        });
      const found = await rows([]);
      expect(found.map(({ scope, mark }) => `${scope} ${mark}`)).toEqual([
        'ARB_CASE null',
        'PRE_APPLICATION null',
      ]);
      const marks = found.map((one) => markOf(one, '2026-12-31'));
      const states = async (chosen: readonly FindingMark[]) => (await rows(chosen)).map(({ mark }) => mark);
      expect(await states(marks.slice(0, 1))).toEqual(['verified', null]);
      expect(await states(marks.slice(1))).toEqual([null, 'verified']);
      expect(await states(marks.slice(1).map((one) => ({ ...one, scope: '' })))).toEqual([null, 'verified']);
    });
  });

  test('break when a related record changes', async () => {
    const twin = (id: string): Cells => ({ CASE_ID: id, CASE_NO: 'N1', WORKER_COUNT: '1' });
    const printOf = async (ids: readonly string[]) =>
      withRaw(async (engine) => {
        for (const id of ids) await addRow(engine, 'ARB_CASE', { DELETED: '0', ...twin(id) });
        await validate(engine, { period: '2026-Q4' });
        const row = await engine.one<{ fingerprint: string }>(
          "SELECT fingerprint FROM finding WHERE rule_id = 'V003' AND record_key = '1'",
        );
        return row.fingerprint;
      });
    const alone = await printOf(['1', '2']);
    expect(await printOf(['2', '1'])).toBe(alone);
    expect(await printOf(['1', '2', '3'])).not.toBe(alone);
    expect(await printOf(['1', '2', '3', '4', '5', '6', '7', '8'])).not.toBe(
      await printOf(['1', '2', '3', '4', '5', '6', '7', '9']),
    );
  });
});
