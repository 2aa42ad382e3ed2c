/** `macro-monitoring-YYYYMM.csv`: the contract that other programs read. */
import { DATASET_COLUMNS, type DatasetRow, type Stream } from '../schemas/dataset.ts';
import { writeCsv } from './csv.ts';

/** Write the dataset rows as given: UTF-8 with BOM, CRLF, the contract's header; no text is altered. */
export async function writeMacroMonitoringCsv(file: string, rows: Stream<DatasetRow>): Promise<void> {
  await writeCsv(file, DATASET_COLUMNS, records(rows));
}

async function* records(rows: Stream<DatasetRow>): AsyncGenerator<readonly string[]> {
  for await (const row of rows) yield DATASET_COLUMNS.map((column) => row[column]);
}
