/**
 * The floor of the freeze: DuckDB merely copying the contract's tables out of an embedded source, in one process.
 * With `csv` it makes the files that the pandas peer reads.
 *
 *     node bench/copy-tables.ts SOURCE.duckdb OUT_DIR parquet|csv
 *
 * Prints one JSON document: the tables with their rows, and the milliseconds that the copying took.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { literal, withEngine } from '../pipelines/runtime/duckdb.ts';
import { sourceTable } from '../pipelines/runtime/embedded-schema.ts';
import { VIEW_NAMES } from '../schemas/contract.ts';

/** What `copy-tables` prints. */
export interface CopyReport {
  readonly copyMs: number;
  readonly tables: Readonly<Record<string, number>>;
}

const FORMATS = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: "FORMAT csv, HEADER true, NULLSTR ''",
} as const;
type Format = keyof typeof FORMATS;

/**
 * @param file an embedded source
 * @param outDir where `<table>.parquet` or `<table>.csv` are written; made where it does not exist
 */
export async function copyTables(file: string, outDir: string, format: Format): Promise<CopyReport> {
  mkdirSync(outDir, { recursive: true });
  const options = { file, readOnly: true, spillDir: path.join(outDir, '.spill') };
  return withEngine(options, async (engine) => {
    const tables: Record<string, number> = {};
    const startedMs = performance.now();
    for (const view of VIEW_NAMES) {
      const table = sourceTable(view);
      const target = literal(path.join(outDir, `${table}.${format}`));
      const [row] = await engine.rows<{ Count: string }>(`COPY ${table} TO ${target} (${FORMATS[format]})`);
      tables[table] = Number(row?.Count ?? 0);
    }
    return { copyMs: performance.now() - startedMs, tables };
  });
}

if (import.meta.main) {
  const [file, outDir, format] = process.argv.slice(2);
  if (file === undefined || outDir === undefined || (format !== 'parquet' && format !== 'csv')) {
    process.stderr.write('usage: node bench/copy-tables.ts SOURCE.duckdb OUT_DIR parquet|csv\n');
    process.exitCode = 2;
  } else {
    process.stdout.write(`${JSON.stringify(await copyTables(file, outDir, format))}\n`);
  }
}
