/**
 * One read of the Oracle source to Parquet, as a process of its own, so that its time and memory are its own:
 * node bench/oracle-freeze.ts HOME (connection from ORACLE_…, `{"config":…}` in ORACLE_BENCH). Prints one JSON line.
 */
import path from 'node:path';
import { systemClock } from '../pipelines/runtime/clock.ts';
import { withEngine } from '../pipelines/runtime/duckdb.ts';
import { openHome } from '../pipelines/runtime/home.ts';
import { silentLog } from '../pipelines/runtime/log.ts';
import { silentProgress } from '../pipelines/runtime/progress.ts';
import { freeze } from '../pipelines/steps/snapshot/freeze.ts';
import { resolveNames } from '../pipelines/steps/source/oracle/names.ts';
import { oracleSettings } from '../pipelines/steps/source/oracle/settings.ts';
import { openOracleSource } from '../pipelines/steps/source/oracle/source.ts';
import { oracleConfigSchema } from '../schemas/config.ts';

const home = openHome(process.argv[2], {});
const source = openOracleSource({
  settings: oracleSettings(
    oracleConfigSchema.parse(JSON.parse(process.env.ORACLE_BENCH ?? '{}')),
    process.env,
  ),
  names: resolveNames(),
  workDir: home.work,
  spillDir: path.join(home.work, 'oracle-spill'),
  clock: systemClock,
  log: silentLog,
});
const startedMs = performance.now();
const looking = { spillDir: path.join(home.work, 'look-spill'), memoryLimitMb: 100, threads: 1 };
const { views } = await withEngine(looking, (engine) =>
  freeze({
    source,
    engine,
    home,
    asOf: '2026-11-03',
    clock: systemClock,
    definitionsSha256: '0'.repeat(64),
    log: silentLog,
    progress: silentProgress,
  }),
);
const ms = performance.now() - startedMs;
process.stdout.write(`${JSON.stringify({ ms, rows: views.reduce((sum, { rows }) => sum + rows, 0) })}\n`);
