/** Versions that are made up: every count of version n follows from n, so that a mix of two shows in any row. */
import { createHash } from 'node:crypto';
import {
  type AnyRow,
  COCKPIT_TABLES,
  type CockpitIndex,
  type CockpitTable,
  PANEL_NAMES,
  PANEL_TITLES,
  type PanelDocument,
  tablesOf,
} from '../../../schemas/cockpit.ts';

const BODIES = ['110000', '110101', '110105', 'ALL'];
const HASH = '0'.repeat(64);

/** What a column of a row holds in a version; a count is the version times the number of the body. */
function madeValue(kind: string, place: number, version: number): string | number | null {
  switch (kind.replace('?', '')) {
    case 'count':
      return version * (place + 1);
    case 'figure':
      return `${version * (place + 1)}.25`;
    case 'flag':
      return 0;
    case 'month':
      return '2026-10';
    case 'day':
      return '2026-11-03';
    case 'stamp':
      return '2026-11-03 09:00:00';
    default:
      return `版本${version}`;
  }
}

function rowsOf(table: CockpitTable, version: number): AnyRow[] {
  const { columns, key } = COCKPIT_TABLES[table];
  return BODIES.map((org, place) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, kind]) => {
        if (name === 'org_code') return [name, org];
        const isKey = (key as readonly string[]).includes(name) && kind === 'code';
        return [name, isKey ? `K${place}` : madeValue(kind, place, version)];
      }),
    ),
  );
}

export function madeDocuments(version: number): PanelDocument[] {
  return PANEL_NAMES.map((panel) => ({
    formatVersion: 1,
    version,
    panel,
    title: PANEL_TITLES[panel],
    asOf: '2026-11-03',
    notes: [`版本${version}`],
    tables: Object.fromEntries(tablesOf(panel).map((table) => [table, rowsOf(table, version)])),
  }));
}

/** An index whose files are those of the documents; the drill-down is left empty. */
export function madeIndex(
  version: number,
  refreshedAt: string,
  files: readonly { panel: PanelDocument['panel']; text: string }[],
): CockpitIndex {
  const none = { rows: 0, sha256: HASH, sizeBytes: 0 };
  return {
    formatVersion: 1,
    version,
    runId: `R${version}`,
    snapshotId: 'S1',
    snapshotSha256: HASH,
    asOf: '2026-11-03',
    dataTime: '2026-11-03 09:00:00',
    refreshedAt,
    lateAfter: '2026-11-04 11:00:00',
    months: { current: '2026-11', complete: '2026-10' },
    cutoffDay: 0,
    toolVersion: '0',
    definitionsSha256: HASH,
    panels: files.map(({ panel, text }) => ({
      panel,
      title: PANEL_TITLES[panel],
      rows: {},
      file: `${panel}.json`,
      sha256: createHash('sha256').update(text).digest('hex'),
      sizeBytes: Buffer.byteLength(text),
    })),
    drillDown: {
      members: { ...none, file: 'members.parquet' },
      records: { ...none, file: 'records.parquet' },
      ratios: [],
    },
  };
}

/** What is wrong with rows that are meant to be all of one version: a row of another one, or sums that do not agree. */
export function mixProblems(
  version: number,
  tables: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>,
): string[] {
  const problems: string[] = [];
  for (const [table, rows] of tables) {
    if (rows.length !== BODIES.length)
      problems.push(`${table} of version ${version} has ${rows.length} rows`);
    const { columns } = COCKPIT_TABLES[table as CockpitTable];
    for (const [place, row] of rows.entries())
      for (const [column, kind] of Object.entries(columns)) {
        if (!kind.startsWith('count') && !kind.startsWith('figure')) continue;
        if (Number(row[column]) !== Number(madeValue(kind, place, version)))
          problems.push(`${table}.${column} of version ${version} is ${String(row[column])}`);
      }
  }
  return problems;
}
