/** The figures of a publication in force, as its dataset has them. */
import { type DatasetRow, type Scope, WHOLE_CODE } from '../schemas/dataset.ts';
import type { PublicationManifest } from '../schemas/publication.ts';
import { MACRO_MONITORING } from './macro-monitoring.ts';
import { literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { openEngine, type Service } from './runtime/service.ts';
import { publishedDatasetSql } from './steps/macro-monitoring/revision.ts';
import { readFolder, verifiedArtefact } from './steps/publish/folder.ts';
import { publicationDir } from './steps/publish/publication.ts';

export { SCOPES, type Scope } from '../schemas/dataset.ts';
export { indicatorId } from '../schemas/definitions.ts';
export type { PublicationManifest } from '../schemas/publication.ts';

export interface FigureFilter {
  readonly period: string;
  readonly scope?: Scope | undefined;
  readonly body?: string | undefined;
  readonly indicator?: string | undefined;
}

/**
 * The published figures of a period.
 * @throws ArbdataError E_NOT_FOUND where nothing of the period is in force, E_ARTEFACT_DAMAGED
 */
export async function publishedFigures(
  service: Service,
  { period, scope, body, indicator }: FigureFilter,
): Promise<{ readonly manifest: PublicationManifest; readonly rows: readonly DatasetRow[] }> {
  const published = await service.ledger.latestPublication(MACRO_MONITORING, period);
  if (published === undefined) {
    throw new ArbdataError('E_NOT_FOUND', `nothing of ${period} is published`, {
      advice: `Run it: \`arbdata run macro-monitoring --period ${period}\`.`,
    });
  }
  const dir = publicationDir(service.home, published);
  const manifest = await readFolder(dir, published.manifestSha256 ?? undefined);
  const file = await verifiedArtefact(
    dir,
    manifest,
    (entry) => entry.kind === 'dataset' && entry.path.endsWith('.csv'),
  );
  const wanted = Object.entries({ scope, org_code: body, indicator_id: indicator }).flatMap(
    ([column, value]) => (value === undefined ? [] : [`${column} = ${literal(value)}`]),
  );
  const engine = await openEngine(service);
  try {
    const rows = await engine.rows<DatasetRow>(`
      SELECT period, scope, org_code, org_name, indicator_id, indicator_name, unit, COALESCE(value, '') AS value
      FROM ${publishedDatasetSql(file)}
      ${wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`}
      ORDER BY scope, org_code = ${literal(WHOLE_CODE)} DESC, org_code, indicator_id`);
    return { manifest, rows };
  } finally {
    engine.close();
  }
}
