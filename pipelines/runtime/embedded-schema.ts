/**
 * The tables of the embedded source, derived from the contract. The demo generator and the CSV import fill them,
 * the embedded source reads them.
 */
import { engineType, VIEWS, type View, type ViewName } from '../../schemas/contract.ts';
import { type Engine, identifier } from './duckdb.ts';

/** Table that says in one row where the data come from. */
export const SOURCE_INFO_TABLE = 'arbdata_source';

/** Columns of `arbdata_source`, all VARCHAR. */
export const SOURCE_INFO_COLUMNS = ['kind', 'made_by', 'as_of', 'until', 'seed', 'size'] as const;

/** Name of a view's table in the embedded source: `ARB_CASE` → `arb_case`. */
export function sourceTable(view: ViewName): Lowercase<ViewName> {
  return view.toLowerCase() as Lowercase<ViewName>;
}

/**
 * Make the contract's six empty tables and `arbdata_source` in the engine's own database, where they do not stand yet.
 * No NOT NULL and no keys: the source holds what the case system holds, and findings are for the rules to make.
 */
export async function createSourceTables(engine: Engine): Promise<void> {
  for (const view of VIEWS) await engine.run(tableDdl(view));
  const columns = SOURCE_INFO_COLUMNS.map((name) => `${name} VARCHAR`).join(', ');
  await engine.run(`CREATE TABLE IF NOT EXISTS ${SOURCE_INFO_TABLE} (${columns})`);
}

function tableDdl(view: View): string {
  const columns = view.columns.map((column) => `${identifier(column.name)} ${engineType(column)}`);
  return `CREATE TABLE IF NOT EXISTS ${sourceTable(view.name)} (${columns.join(', ')})`;
}
