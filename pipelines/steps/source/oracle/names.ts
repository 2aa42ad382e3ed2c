/** What the contract's views and columns are called in the database: one resolved name for each. */
import { CONTRACT, VIEW_NAMES, type ViewName } from '../../../../schemas/contract.ts';
import { type SourceNamesFile, splitName, unquoted } from '../../../../schemas/source-names.ts';

/** A view of the contract as the database has it; names as in the dictionary. */
export interface MappedView {
  readonly view: ViewName;
  /** Absent: as the session resolves the name, by its current schema or a synonym. */
  readonly owner?: string;
  readonly name: string;
  /** The database's name of each column, by the contract's. */
  readonly columns: ReadonlyMap<string, string>;
}

export type SourceNames = Readonly<Record<ViewName, MappedView>>;

/** Resolve a mapping; without one, every name is the contract's. */
export function resolveNames(file?: SourceNamesFile): SourceNames {
  const owner = file?.owner === undefined ? undefined : unquoted(file.owner);
  const mapped = VIEW_NAMES.map((view): [ViewName, MappedView] => {
    const given = file?.views[view];
    const parts = splitName(given?.name ?? view);
    const itsOwner = parts.length > 1 ? parts[0] : owner;
    const columns = CONTRACT[view].columns.map(({ name }): [string, string] => [
      name,
      unquoted(given?.columns[name] ?? name),
    ]);
    return [
      view,
      {
        view,
        ...(itsOwner === undefined ? {} : { owner: itsOwner }),
        name: parts.at(-1) ?? view,
        columns: new Map(columns),
      },
    ];
  });
  return Object.fromEntries(mapped) as SourceNames;
}

/** The database's name of a column of the contract. */
export function columnName(mapped: MappedView, column: string): string {
  const name = mapped.columns.get(column);
  if (name === undefined) throw new TypeError(`${mapped.view} has no column ${column}`);
  return name;
}
