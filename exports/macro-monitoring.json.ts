/** `macro-monitoring-YYYYMM.json`: the rows of the CSV file as one JSON array, one row per line. */
import { DATASET_COLUMNS, type DatasetRow, type Stream } from '../schemas/dataset.ts';
import { writeText } from './files.ts';

/** Write the dataset rows as given; the keys stand in the order of the contract, values stay text. */
export async function writeMacroMonitoringJson(file: string, rows: Stream<DatasetRow>): Promise<void> {
  await writeText(file, lines(rows));
}

async function* lines(rows: Stream<DatasetRow>): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const row of rows) {
    yield separator + JSON.stringify(Object.fromEntries(DATASET_COLUMNS.map((name) => [name, row[name]])));
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}
