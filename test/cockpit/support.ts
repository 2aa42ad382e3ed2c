/** Homes with a sample, refreshed cockpits, and what they show. */
import { type ShownCockpit, showCockpit } from '../../pipelines/cockpit.ts';
import { type CockpitRunEnd, runCockpitRefresh } from '../../pipelines/cockpit-refresh.ts';
import type { AnyRow, PanelDocument } from '../../schemas/cockpit.ts';
import { CLERK, type TestHome } from '../publish/support.ts';

export const AS_OF = '2026-11-03';

export async function refresh(
  home: TestHome,
  request: { asOf?: string; snapshotId?: string } = { asOf: AS_OF },
): Promise<CockpitRunEnd & { runId: string }> {
  return home.as(CLERK, (service) => runCockpitRefresh(service, request));
}

export async function show(
  home: TestHome,
  wanted: Parameters<typeof showCockpit>[1] = {},
): Promise<ShownCockpit> {
  return home.as(CLERK, (service) => showCockpit(service, wanted));
}

/** The rows of a table of any of the documents. */
export function rowsOf(panels: readonly PanelDocument[], table: string): readonly AnyRow[] {
  const found = panels.find(({ tables }) => table in tables)?.tables[table];
  if (found === undefined) throw new Error(`no table ${table}`);
  return found;
}

/** The sum of a column over the rows that a test of them accepts. */
export function sumOf(rows: readonly AnyRow[], column: string, accept: (row: AnyRow) => boolean): number {
  return rows.filter(accept).reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
}
