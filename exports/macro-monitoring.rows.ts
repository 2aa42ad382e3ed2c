/** The rows of the dataset file, in the order of its contract. */
import type { Body, DatasetRow, MacroDataset } from '../schemas/dataset.ts';

export type DatasetFigures = Pick<
  MacroDataset,
  'period' | 'scopes' | 'bodies' | 'whole' | 'indicators' | 'value'
>;

/** One row per scope, body and indicator: month then ytd; the bodies as given, then ALL; indicators as given. */
export function* datasetRows(dataset: DatasetFigures): Generator<DatasetRow> {
  for (const scope of dataset.scopes) {
    for (const body of dataset.bodies) yield* bodyRows(dataset, scope, body);
    yield* bodyRows(dataset, scope, dataset.whole);
  }
}

function* bodyRows(dataset: DatasetFigures, scope: DatasetRow['scope'], body: Body): Generator<DatasetRow> {
  for (const { id, name, unit } of dataset.indicators) {
    yield {
      period: dataset.period,
      scope,
      org_code: body.code,
      org_name: body.name,
      indicator_id: id,
      indicator_name: name,
      unit,
      value: dataset.value(scope, body.code, id),
    };
  }
}
