import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeMacroMonitoringCsv } from '../../exports/macro-monitoring.csv.ts';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { withEngine } from '../../pipelines/runtime/duckdb.ts';
import { compareFlows, flowIds, readPublished } from '../../pipelines/steps/macro-monitoring/comparison.ts';
import { Figures } from '../../pipelines/steps/macro-monitoring/figures.ts';
import type { DatasetRow } from '../../schemas/dataset.ts';
import { FLOWS } from '../reference/indicators.ts';

const { indicators } = loadDefinitions().indicators;
const BODY = { code: '110101', name: '甲委', level: '2' };

/** Figures in which a body's A02 of each window is a number of its own. */
function figures(): Figures {
  const counts = { month: 7n, ytd: 70n, previous: 6n, previous_ytd: 63n, last_year: 5n, last_year_ytd: 50n };
  const sums = Object.entries(counts).flatMap(([window, count]) =>
    [BODY.code, 'ALL'].map((org) => [`${window}/${org}`, new Map([['A02', count]])] as const),
  );
  return new Figures([BODY], indicators, new Map(sums));
}
const row = (scope: 'month' | 'ytd', id: string, value: string): DatasetRow => ({
  period: '2026-09',
  scope,
  org_code: BODY.code,
  org_name: BODY.name,
  indicator_id: id,
  indicator_name: '',
  unit: '件',
  value,
});

describe('comparisons', () => {
  test('are of every flow and of nothing else', () => {
    expect(flowIds(figures())).toEqual(FLOWS);
  });

  test('stand for every scope, body and flow once, the whole first', () => {
    const places = [...compareFlows(figures(), { previous: undefined, lastYear: undefined })].map(
      ({ scope, orgCode, indicatorId }) => `${scope} ${orgCode} ${indicatorId}`,
    );
    const wanted = ['month', 'ytd'].flatMap((scope) =>
      ['ALL', BODY.code].flatMap((org) => FLOWS.map((id) => `${scope} ${org} ${id}`)),
    );
    expect(places).toEqual(wanted);
  });

  test('compare the month with the period before and a year ago, the year to date with a year ago only', () => {
    const all = [...compareFlows(figures(), { previous: undefined, lastYear: undefined })];
    const of = (scope: string) =>
      all.find((one) => one.scope === scope && one.orgCode === BODY.code && one.indicatorId === 'A02');
    const common = { orgName: BODY.name, previousPublished: '', lastYearPublished: '' };
    expect(of('month')).toMatchObject({ ...common, current: '7', previous: '6', lastYear: '5' });
    expect(of('ytd')).toMatchObject({ ...common, current: '70', previous: '', lastYear: '50' });
  });

  test('show what was published then beside it, each in its own scope', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-comparison-'));
    try {
      const file = path.join(dir, 'dataset.csv');
      const published = [row('month', 'A02', '61'), row('ytd', 'A02', '611'), row('month', 'R01', '1.50')];
      await writeMacroMonitoringCsv(file, [...published, row('month', 'A08', '')]);
      const then = await withEngine({ spillDir: path.join(dir, 'spill') }, (engine) =>
        readPublished(engine, file, FLOWS),
      );
      expect([...then.keys()].toSorted()).toEqual(['month/110101/A02', 'month/110101/A08', 'ytd/110101/A02']);
      const all = [...compareFlows(figures(), { previous: then, lastYear: then })];
      const of = (scope: string, id: string) =>
        all.find((one) => one.scope === scope && one.orgCode === BODY.code && one.indicatorId === id);
      expect(of('month', 'A02')).toMatchObject({ previousPublished: '61', lastYearPublished: '61' });
      expect(of('ytd', 'A02')).toMatchObject({ previousPublished: '', lastYearPublished: '611' });
      expect(of('month', 'A08')).toMatchObject({ previousPublished: '', current: '0.00' });
      expect(of('month', 'A03')).toMatchObject({ previousPublished: '', lastYearPublished: '' });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
