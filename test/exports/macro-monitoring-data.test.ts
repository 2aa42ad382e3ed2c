import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeMacroMonitoringCsv } from '../../exports/macro-monitoring.csv.ts';
import { writeMacroMonitoringJson } from '../../exports/macro-monitoring.json.ts';
import { datasetRows } from '../../exports/macro-monitoring.rows.ts';
import { datasetRow } from '../../schemas/dataset.ts';
import { BODIES, fakeDataset, INDICATORS } from './fake-dataset.ts';
import { withTemporaryDir } from './support.ts';

describe('data files of macro-monitoring', () => {
  test('rows stand in the order of the contract: scope, bodies then ALL, indicators', () => {
    const rows = [...datasetRows(fakeDataset())];
    expect(rows).toHaveLength(2 * (BODIES.length + 1) * INDICATORS.length);
    const orgs = [...BODIES.map(({ code }) => code), 'ALL'];
    const expected = ['month', 'ytd'].flatMap((scope) =>
      orgs.flatMap((org) => INDICATORS.map(({ id }) => `${scope} ${org} ${id}`)),
    );
    expect(rows.map(({ scope, org_code, indicator_id }) => `${scope} ${org_code} ${indicator_id}`)).toEqual(
      expected,
    );
    for (const row of rows) datasetRow.parse(row);
  });

  test('the CSV is exactly the contract', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.csv');
      const rows = [...datasetRows(fakeDataset())].slice(0, 2);
      const noValue = { ...rows[1], indicator_name: '率,甲', value: '' } as (typeof rows)[number];
      await writeMacroMonitoringCsv(file, [rows[0] ?? noValue, noValue]);
      const value = fakeDataset().value('month', '110000', 'A01');
      expect(await readFile(file, 'utf8')).toBe(
        '\uFEFFperiod,scope,org_code,org_name,indicator_id,indicator_name,unit,value\r\n' +
          `2026-10,month,110000,北京市劳动人事争议仲裁委员会,A01,上期末累计未结案件数,件,${value}\r\n` +
          '2026-10,month,110000,北京市劳动人事争议仲裁委员会,A02,"率,甲",件,\r\n',
      );
    });
  });

  test('the JSON holds the same rows, one in a line, and both are the same bytes every time', async () => {
    await withTemporaryDir(async (dir) => {
      const files = ['1.json', '2.json', '1.csv', '2.csv'].map((name) => path.join(dir, name));
      const [json1 = '', json2 = '', csv1 = '', csv2 = ''] = files;
      for (const file of [json1, json2]) await writeMacroMonitoringJson(file, datasetRows(fakeDataset()));
      for (const file of [csv1, csv2]) await writeMacroMonitoringCsv(file, datasetRows(fakeDataset()));
      const text = await readFile(json1, 'utf8');
      expect(text).toBe(await readFile(json2, 'utf8'));
      expect(await readFile(csv1, 'utf8')).toBe(await readFile(csv2, 'utf8'));
      const rows = [...datasetRows(fakeDataset())];
      expect(JSON.parse(text)).toEqual(rows);
      const lines = text.split('\n');
      expect(lines).toHaveLength(rows.length + 3);
      expect([lines[0], lines.at(-2), lines.at(-1)]).toEqual(['[', ']', '']);
      expect(lines[1]).toMatch(/^\{"period":"2026-10","scope":"month","org_code":"110000",.*\},$/);
    });
  });

  test('no rows are an empty array', async () => {
    await withTemporaryDir(async (dir) => {
      const file = path.join(dir, 'a.json');
      await writeMacroMonitoringJson(file, []);
      expect(await readFile(file, 'utf8')).toBe('[]\n');
    });
  });
});
