import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import ExcelJS from 'exceljs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../../pipelines/explain.ts';
import type { MacroOutcome } from '../../pipelines/macro-monitoring.ts';
import { releaseRun } from '../../pipelines/release.ts';
import { loadDefinitions } from '../../pipelines/runtime/definitions.ts';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import type { DatasetRow } from '../../schemas/dataset.ts';
import { leafColumns } from '../../schemas/forms.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { publicationManifest } from '../../schemas/publication.ts';
import { INDICATORS, RATES } from '../reference/indicators.ts';
import { roundedRatio } from '../reference/statistics.ts';
import { GoldenHome, INPUT_DIR, plainCsv } from './support.ts';

const AS_OF = '2026-11-03';
const PERIODS = ['2026-09', '2026-10'] as const;
const HEADER = 'period,scope,org_code,org_name,indicator_id,indicator_name,unit,value';
const SAMPLES = [
  { name: 'small', states: ['held', 'held'] },
  { name: 'clean', states: ['published', 'published'] },
] as const;

const runCommand = promisify(execFile);

/** `arbdata …` as a process of its own: its exit code and its one JSON document. */
async function command(
  home: string,
  ...words: string[]
): Promise<{ code: number; json: { state?: string } }> {
  const argv = [path.join(PROJECT_DIR, 'app/main.js'), ...words, '--home', home, '--json'];
  const { code, stdout } = await runCommand(process.execPath, argv).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code, json: JSON.parse(stdout) };
}

function fileOf({ dir, files }: Pick<MacroOutcome, 'dir' | 'files'>, pattern: RegExp): string {
  const found = files.find((file) => pattern.test(file));
  if (found === undefined) throw new Error(`no file ${pattern} in ${dir}`);
  return path.join(dir, found);
}

const datasetRows = (outcome: MacroOutcome): DatasetRow[] =>
  JSON.parse(readFileSync(fileOf(outcome, /\.json$/), 'utf8'));

describe.each(SAMPLES)('the sample $name', ({ name, states }) => {
  const input = path.join(INPUT_DIR, 'samples', name);
  const bodies = new Map(
    plainCsv(path.join(input, 'arb_org.csv')).map(({ ORG_CODE, ORG_NAME }) => [ORG_CODE, ORG_NAME]),
  );
  const outcomes = new Map<string, { runId: string; outcome: MacroOutcome; findingsFile: string }>();
  let home: GoldenHome;

  beforeAll(async () => {
    home = await GoldenHome.of(input);
    for (const period of PERIODS) {
      const { runId, outcome, prepared } = await home.run(period, AS_OF);
      outcomes.set(period, { runId, outcome, findingsFile: prepared.findingsFile });
    }
  });
  afterAll(() => home.remove());
  const made = (period: string) => {
    const found = outcomes.get(period);
    if (found === undefined) throw new Error(`${period} was not run`);
    return found;
  };

  describe.each(PERIODS.map((period, place) => ({ period, state: states[place] })))(
    '$period',
    ({ period, state }) => {
      const values = plainCsv(path.join(input, `expected-macro-${period}.csv`));

      test(`is ${state}`, () => {
        const { outcome } = made(period);
        expect(outcome.state).toBe(state);
        expect(outcome.failedChecks.map(({ id }) => id)).toEqual(state === 'held' ? ['K12'] : []);
      });

      test('gives the expected data file, byte for byte', () => {
        const byId = new Map(INDICATORS.map((indicator) => [indicator.id, indicator]));
        const lines = values.map(({ scope, org_code, indicator_id, value }) => {
          const { name: title, unit } = byId.get(indicator_id ?? '') ?? {};
          const org = org_code === 'ALL' ? '合计' : bodies.get(org_code ?? '');
          return [period, scope, org_code, org, indicator_id, title, unit, value].join(',');
        });
        const text = readFileSync(fileOf(made(period).outcome, /\.csv$/), 'utf8');
        expect(text.startsWith(`\uFEFF${HEADER}\r\n`)).toBe(true);
        expect(text.slice(1).split('\r\n')).toEqual([HEADER, ...lines, '']);
        expect(values).toHaveLength(2 * (bodies.size + 1) * INDICATORS.length);
      });

      test('gives the same rows as JSON', () => {
        const { outcome } = made(period);
        const [, ...lines] = readFileSync(fileOf(outcome, /\.csv$/), 'utf8')
          .slice(1)
          .trimEnd()
          .split('\r\n');
        const rows = datasetRows(outcome);
        expect(rows.map((row) => Object.values(row).join(','))).toEqual(lines);
        expect(rows.every((row) => Object.keys(row).join(',') === HEADER)).toBe(true);
      });

      test('shows the same figures in every table of the workbook', async () => {
        const { outcome } = made(period);
        const shown = await workbookFigures(fileOf(outcome, /宏观监测.*\.xlsx$/));
        const expected = new Map(
          values.map((row) => [
            `${row['scope']} ${row['org_code']} ${row['indicator_id']}`,
            row['value'] ?? '—',
          ]),
        );
        const differing = [...shown].filter(([place, value]) => {
          const text = expected.get(place);
          return text === '—' || text === undefined ? value !== text : value !== Number(text);
        });
        expect(differing).toEqual([]);
        // Every indicator of every body stands in some table of the workbook, for the month and for the year to date.
        expect([...expected.keys()].filter((place) => !shown.has(place))).toEqual([]);
      });

      test('explains every figure by the records behind it', async () => {
        const { outcome } = made(period);
        expect(await membershipMismatches(home, outcome)).toEqual([]);
      });
    },
  );

  test('gives the expected findings', async () => {
    const found = await home.query<{ line: string }>(
      `SELECT concat(rule_id, ' ', record_key) AS line FROM '${made('2026-10').findingsFile}'
       WHERE state <> 'resolved' AND rule_id NOT IN ('V047', 'V048')`,
    );
    const expected = plainCsv(path.join(input, 'expected-findings-2026-10.csv'));
    expect(expected.length).toBeGreaterThan(70);
    expect(found.map(({ line }) => line).toSorted()).toEqual(
      expected.map(({ rule_id, record }) => `${rule_id} ${record}`).toSorted(),
    );
  });

  test('`explain` tells the value, its parts and as many records as they count', async () => {
    const { outcome, runId } = made('2026-10');
    const [scope, org] = name === 'small' ? ['ytd', 'ALL'] : ['month', '110105'];
    const rows = datasetRows(outcome).filter((row) => row.scope === scope && row.org_code === org);
    const mismatches = await home.use(async (service) => {
      const differing: string[] = [];
      for (const row of rows) if (!(await isExplained(service, row, runId))) differing.push(row.indicator_id);
      return differing;
    });
    expect(mismatches).toEqual([]);
    expect(rows).toHaveLength(INDICATORS.length);
  });
});

/** Whether `explain` gives the value, and parts that its records count and add up to. */
async function isExplained(service: Service, row: DatasetRow, runId: string): Promise<boolean> {
  const { indicator_id: id, org_code, scope, value } = row;
  const period = parsePeriod(row.period);
  const explanation = await explain(service, { figure: `${id}@${org_code}`, scope, period, runId });
  const { parts } = explanation;
  const counts = new Map(parts.map((part) => [part.indicatorId, 0]));
  const totals = new Map(parts.map((part) => [part.indicatorId, 0n]));
  for await (const record of explanation.records()) {
    counts.set(record.indicatorId, (counts.get(record.indicatorId) ?? 0) + 1);
    totals.set(record.indicatorId, (totals.get(record.indicatorId) ?? 0n) + cents(record.quantity));
  }
  explanation.close();
  const isTold = parts.every(
    ({ indicatorId, records, total }) =>
      records === counts.get(indicatorId) && cents(total) === totals.get(indicatorId),
  );
  return isTold && explanation.value === value && figureFrom(id, totals) === value;
}

/** Hundredths of a plain decimal. */
function cents(text: string): bigint {
  const [whole = '0', part = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole) * 100n + BigInt(part.padEnd(2, '0'));
  return text.startsWith('-') ? -size : size;
}

/** The value of an indicator from the sums (in hundredths) over its members. */
function figureFrom(id: string, totals: ReadonlyMap<string, bigint>): string {
  const sum = (part: string) => totals.get(part) ?? 0n;
  const rate = RATES[id];
  if (rate === undefined) {
    const isMoney = INDICATORS.some((indicator) => indicator.id === id && indicator.unit === '万元');
    return isMoney ? roundedRatio(sum(id), 1_000_000n, 2) : roundedRatio(sum(id), 100n, 0);
  }
  const [numerator, denominators] = rate;
  const denominator = denominators.reduce((all, part) => all + sum(part), 0n);
  if (denominator === 0n) return '';
  return id === 'R05'
    ? roundedRatio(sum(numerator), denominator, 1)
    : roundedRatio(sum(numerator) * 100n, denominator, 2);
}

/** Figures of the dataset that their frozen members do not give. */
async function membershipMismatches(home: GoldenHome, outcome: MacroOutcome): Promise<string[]> {
  const members = await home.query<{ scope: string; org: string; id: string; total: string; twice: string }>(
    `SELECT scope, COALESCE(org_code, 'ALL') AS org, indicator_id AS id, CAST(SUM(quantity) AS VARCHAR) AS total,
       COUNT(*) - COUNT(DISTINCT record_id) AS twice
     FROM '${fileOf(outcome, /membership\.parquet$/)}'
     GROUP BY GROUPING SETS ((scope, org_code, indicator_id), (scope, indicator_id))`,
  );
  expect(members.filter(({ twice }) => twice !== '0')).toEqual([]);
  const totals = new Map<string, Map<string, bigint>>();
  for (const { scope, org, id, total } of members) {
    const place = `${scope} ${org}`;
    totals.set(place, (totals.get(place) ?? new Map<string, bigint>()).set(id, cents(total)));
  }
  return datasetRows(outcome)
    .filter(({ scope, org_code, indicator_id, value }) => {
      const own = totals.get(`${scope} ${org_code}`) ?? new Map<string, bigint>();
      return figureFrom(indicator_id, own) !== value;
    })
    .map(({ scope, org_code, indicator_id }) => `${scope} ${org_code} ${indicator_id}`);
}

/** `scope body indicator` to what stands in the tables of the workbook; formulas by their cached results. */
async function workbookFigures(file: string): Promise<Map<string, unknown>> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  const shown = new Map<string, unknown>();
  for (const form of loadDefinitions().forms.macroMonitoring.sheets) {
    if (form.kind !== 'table') continue;
    const columns = leafColumns(form.columns).map(({ indicator }) => indicator);
    let block = -1;
    workbook.getWorksheet(form.name)?.eachRow((row) => {
      const isWhole = row.getCell(1).value === '合计';
      const code = String(row.getCell(2).value);
      if (isWhole) block += 1;
      if (!isWhole && !/^\d{6}$/.test(code)) return;
      const scope = form.scopes[block] ?? '';
      columns.forEach((id, place) => {
        const cell = row.getCell(3 + place);
        shown.set(`${scope} ${isWhole ? 'ALL' : code} ${id}`, cell.formula ? cell.result : cell.value);
      });
    });
  }
  return shown;
}

test('the sample small on the command line: held with exit code 3, then released with the same bytes', async () => {
  const input = path.join(INPUT_DIR, 'samples/small');
  const home = await GoldenHome.of(input);
  try {
    const held = await command(home.dir, 'run', 'macro-monitoring', '--period', '2026-10', '--as-of', AS_OF);
    expect(held).toMatchObject({ code: 3 });
    const [run] = await home.use(({ ledger }) => ledger.listRuns({ limit: 1 }));
    expect(run?.state).toBe('held');
    const draft = path.join(home.dir, 'out/macro-monitoring/202610', run?.id ?? '');
    expect(
      publicationManifest.parse(JSON.parse(readFileSync(path.join(draft, 'manifest.json'), 'utf8'))),
    ).toMatchObject({
      state: 'held',
      revision: 0,
    });
    expect(readdirSync(draft).some((file) => /草稿|DRAFT|notice/i.test(file))).toBe(true);

    const { outcome } = await home.use((service) => releaseRun(service, run?.id ?? '', '核对无误'));
    if (outcome === undefined) throw new Error('the release made no dataset');
    expect(outcome).toMatchObject({ state: 'published', revision: 1 });
    for (const file of ['macro-monitoring-202610.csv', 'macro-monitoring-202610.json']) {
      expect(
        readFileSync(path.join(outcome.dir, file)).equals(readFileSync(path.join(draft, file))),
        file,
      ).toBe(true);
    }
    const expected = plainCsv(path.join(input, 'expected-macro-2026-10.csv'));
    expect(datasetRows(outcome).map(({ value }) => value)).toEqual(expected.map(({ value }) => value ?? ''));
  } finally {
    await home.remove();
  }
});
