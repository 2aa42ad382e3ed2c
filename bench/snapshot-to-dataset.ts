/**
 * From a frozen snapshot to the dataset and its workbook, and nothing else: what the pandas peer does from CSV.
 *
 *     node bench/snapshot-to-dataset.ts HOME SNAPSHOT_ID PERIOD OUT_DIR
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { writeMacroMonitoringCsv } from '../exports/macro-monitoring.csv.ts';
import { datasetRows } from '../exports/macro-monitoring.rows.ts';
import { writeMacroMonitoringXlsx } from '../exports/macro-monitoring.xlsx.ts';
import { loadDefinitions } from '../pipelines/runtime/definitions.ts';
import { withEngine } from '../pipelines/runtime/duckdb.ts';
import { openHome } from '../pipelines/runtime/home.ts';
import { checkFigures } from '../pipelines/steps/macro-monitoring/checks.ts';
import { assembleDataset } from '../pipelines/steps/macro-monitoring/dataset.ts';
import { computeFigures } from '../pipelines/steps/macro-monitoring/figures.ts';
import { monthWindowSql, periodWindows } from '../pipelines/steps/macro-monitoring/windows.ts';
import { buildFacts } from '../pipelines/steps/model/build.ts';
import { openSnapshotSql } from '../pipelines/steps/snapshot/list.ts';
import { readManifest } from '../pipelines/steps/snapshot/manifest-file.ts';
import { normalise } from '../pipelines/steps/validate/normalise.ts';
import { fileForm, type Period, parsePeriod, periodRange } from '../schemas/period.ts';

async function snapshotToDataset(homeDir: string, id: string, period: Period, outDir: string): Promise<void> {
  const home = openHome(homeDir);
  const definitions = loadDefinitions();
  const manifest = await readManifest(home, id);
  mkdirSync(outDir, { recursive: true });
  await withEngine({ spillDir: path.join(outDir, '.spill') }, async (engine) => {
    await engine.run(await openSnapshotSql(home, id));
    await normalise(engine, { definitions, asOf: manifest.asOf, ...periodRange(period) });
    await engine.run(monthWindowSql(period, 0));
    await buildFacts(engine);
    const { indicators, balances } = definitions.indicators;
    const figures = await computeFigures(engine, indicators, periodWindows(period, 0));
    const dataset = assembleDataset(engine, {
      period,
      cutoffDay: 0,
      figures,
      checks: checkFigures(figures, balances),
      revisions: [],
      published: { previous: undefined, lastYear: undefined },
      provenance: {
        snapshotId: id,
        asOf: manifest.asOf,
        generatedAt: '2026-11-03T00:00:00+08:00',
        state: 'draft',
        revision: '草稿',
        runId: 'bench',
        actor: 'bench',
        toolVersion: manifest.toolVersion,
        definitionsSha256: definitions.sha256,
        provisional: false,
        heldReasons: [],
        remarks: [],
      },
    });
    // The sheet of excluded records says what the findings say; this bench judges no rules.
    await engine.run(
      'CREATE TABLE finding (rule_id VARCHAR, scope VARCHAR, record_key VARCHAR, field VARCHAR, value VARCHAR, message VARCHAR)',
    );
    const name = path.join(outDir, `macro-monitoring-${fileForm(period)}`);
    await writeMacroMonitoringCsv(`${name}.csv`, datasetRows(dataset));
    await writeMacroMonitoringXlsx(`${name}.xlsx`, dataset, definitions.forms.macroMonitoring);
  });
}

const [homeDir, id, period, outDir] = process.argv.slice(2);
if (homeDir === undefined || id === undefined || period === undefined || outDir === undefined) {
  process.stderr.write('usage: node bench/snapshot-to-dataset.ts HOME SNAPSHOT_ID PERIOD OUT_DIR\n');
  process.exitCode = 2;
} else {
  await snapshotToDataset(homeDir, id, parsePeriod(period), outDir);
}
