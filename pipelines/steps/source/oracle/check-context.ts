/** What the parts of `source check` share over one connection. */
import type { ViewName } from '../../../../schemas/contract.ts';
import type { Problem } from '../source.ts';
import { correctedName, correctedView, grantRead, type ObjectName, quote } from './advice.ts';
import type { DictionaryColumn } from './column-types.ts';
import type { SourceNames } from './names.ts';
import { unlessRefused } from './scn.ts';
import type { OracleRow, OracleSession, OracleStatement } from './session.ts';

export interface CheckContext {
  readonly session: OracleSession;
  readonly names: SourceNames;
  readonly views: readonly ViewName[];
  readonly account: string;
  /** The schema of names without an owner. */
  readonly schema: string;
  /** `19.3.0.0.0`. */
  readonly release: string | undefined;
  readonly problems: Problem[];
  /** What was seen, for people. */
  readonly facts: Record<string, string>;
}

/** A view as it was found. */
export interface FoundView {
  readonly view: ViewName;
  readonly object: ObjectName;
  /** By the database's names; empty where the view is not there, undefined where the dictionary could not be asked. */
  readonly columns: ReadonlyMap<string, DictionaryColumn> | undefined;
  /** What stands in place of a column in a view that sets everything right, by the contract's name. */
  readonly corrections: Map<string, string>;
}

/** The view that sets right all that was found wrong in this one, and the grant that goes with it. */
export function correction(context: CheckContext, { view, object, corrections }: FoundView): string[] {
  return [
    correctedView(context.names[view], object, corrections),
    grantRead(correctedName(view, object), context.account, context.release),
  ];
}

/** The rows of a query of the dictionary, or undefined and a warning that names the grant. */
export async function asked(
  context: CheckContext,
  statement: OracleStatement,
  { object, tells }: { readonly object: string; readonly tells: string },
): Promise<readonly OracleRow[] | undefined> {
  const rows = await unlessRefused(() => context.session.rows(statement));
  if (rows !== undefined) return rows;
  context.problems.push({
    severity: 'warning',
    message: `${tells} was not checked: the account may not read ${object.replace('V_$', 'V$')}`,
    statements: [`GRANT SELECT ON "SYS".${quote(object)} TO ${quote(context.account)}`],
  });
  return undefined;
}
