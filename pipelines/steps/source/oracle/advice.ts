/** What a DBA runs to mend what `source check` found: whole statements, without semicolons. */
import { CONTRACT, type Column, type ViewName } from '../../../../schemas/contract.ts';
import { columnName, type MappedView } from './names.ts';

/** An object as the dictionary has it. */
export interface ObjectName {
  readonly owner: string;
  readonly name: string;
}

export const quote = (name: string): string => `"${name}"`;
const qualified = ({ owner, name }: ObjectName): string => `${quote(owner)}.${quote(name)}`;

/** The right to read a view; READ, which cannot lock rows, came with release 12.1.0.2. */
export function grantRead(object: ObjectName, account: string, release: string | undefined): string {
  return `GRANT ${hasRead(release) ? 'READ' : 'SELECT'} ON ${qualified(object)} TO ${quote(account)}`;
}

function hasRead(release: string | undefined): boolean {
  const [major = 0, minor = 0, , patch = 0] = (release ?? '').split('.').map(Number);
  return major > 12 || (major === 12 && (minor > 1 || patch >= 2));
}

export function grantFlashback(object: ObjectName, account: string): string {
  return `GRANT FLASHBACK ON ${qualified(object)} TO ${quote(account)}`;
}

export function grantScn(account: string): string[] {
  return [`GRANT EXECUTE ON "SYS"."DBMS_FLASHBACK" TO ${quote(account)}`];
}

export function revokeOnObject(privileges: readonly string[], object: ObjectName, from: string): string {
  return `REVOKE ${privileges.join(', ')} ON ${qualified(object)} FROM ${quote(from)}`;
}

export function revoke(privilegesOrRoles: readonly string[], account: string): string {
  return `REVOKE ${privilegesOrRoles.join(', ')} FROM ${quote(account)}`;
}

export function setUndoRetention(seconds: number): string {
  return `ALTER SYSTEM SET UNDO_RETENTION = ${seconds} SCOPE = BOTH`;
}

/**
 * A view beside the present one in which the columns are as the contract says; definitions/source-names.json then
 * names it. What is not known stands as a name that the database refuses, so that no half-mended view comes about.
 * @param expressions what stands in place of a column, by the contract's name
 */
export function correctedView(
  mapped: MappedView,
  present: ObjectName,
  expressions: ReadonlyMap<string, string>,
): string {
  const list = CONTRACT[mapped.view].columns.map(({ name }) => {
    const source = quote(columnName(mapped, name));
    const expression = expressions.get(name) ?? source;
    return expression === quote(name) ? expression : `${expression} AS ${quote(name)}`;
  });
  return `CREATE OR REPLACE VIEW ${qualified(correctedName(mapped.view, present))} AS SELECT ${list.join(', ')} FROM ${qualified(present)} WITH READ ONLY`;
}

/** A name beside the present view's: one that was mended so before stands on its own and cannot refer to itself. */
export function correctedName(view: ViewName, { owner, name }: ObjectName): ObjectName {
  const wanted = `ARBDATA_${view}`;
  return { owner, name: name === wanted ? `${wanted}_2` : wanted };
}

/** In place of a column that the view does not have: the DBA puts the name of the true one here. */
export function unknownSource(column: Column): string {
  return `CAST(${quote(`source of ${column.name}`)} AS ${column.oracleType})`;
}

/** Bytes of another character set as the text that they are, in the national character set, which holds Chinese. */
export function decoded(source: string, characterSet: 'ZHS16GBK' | 'AL32UTF8'): string {
  return `UTL_I18N.RAW_TO_NCHAR(UTL_RAW.CAST_TO_RAW(${source}), '${characterSet}')`;
}
