/**
 * `source check` for a database: whether every view can be read as the contract says, and what of the account, the
 * session and the database a DBA should know. What the account may not look at becomes a warning that names the grant.
 */
import { CONTRACT, type ViewName } from '../../../../schemas/contract.ts';
import type { Problem } from '../source.ts';
import {
  correctedName,
  grantRead,
  type ObjectName,
  quote,
  setUndoRetention,
  unknownSource,
} from './advice.ts';
import { characterSetProblems } from './check-characters.ts';
import { asked, type CheckContext, correction, type FoundView } from './check-context.ts';
import { momentProblems, rightsProblems } from './check-rights.ts';
import { dictionaryColumn, typeProblem } from './column-types.ts';
import {
  accountQuery,
  clockQuery,
  columnsQuery,
  nlsQuery,
  objectsQuery,
  synonymsQuery,
  undoRetentionQuery,
  versionQuery,
  zonesQuery,
} from './dictionary-queries.ts';
import { OracleError } from './errors.ts';
import { columnName, type SourceNames } from './names.ts';
import { extractProbe } from './queries.ts';
import { unlessRefused } from './scn.ts';
import type { OracleRow, OracleSession } from './session.ts';

/** Oracle's own default; a read of a city's data takes less. */
const EXPECTED_READ_SECONDS = 900;

/** How long the next read may take: half as long again as one took lately, for data grow and databases are busy. */
export function expectedReadSeconds(latelySeconds: number): number {
  return Math.max(EXPECTED_READ_SECONDS, Math.ceil(latelySeconds * 1.5));
}

export interface OracleCheckOptions {
  /** The views that come over this session. */
  readonly views: readonly ViewName[];
  /** How long a read is expected to take: so long the database must keep its undo. */
  readonly expectedReadSeconds?: number | undefined;
}

export interface OracleCheck {
  readonly problems: readonly Problem[];
  /** What was seen, for people: release, character set, zones, account. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Hold the views of one connection against the contract. The session is one whose settings were made
 * (`sessionSettings`).
 * @throws {OracleError} where the session is lost
 */
export async function checkOracle(
  session: OracleSession,
  names: SourceNames,
  options: OracleCheckOptions,
): Promise<OracleCheck> {
  const context = await begin(session, names, options.views);
  const found = await findViews(context);
  const differing = found.map((one) => ({ one, columns: differingColumns(context, one) }));
  const ofCharacters = await characterSetProblems(context, found);
  for (const { one, columns } of differing) await checkView(context, one, columns);
  context.problems.push(...ofCharacters);
  await checkSession(context);
  await rightsProblems(context, found);
  await momentProblems(context, found);
  await checkUndo(context, options.expectedReadSeconds ?? EXPECTED_READ_SECONDS);
  return { problems: context.problems, facts: context.facts };
}

async function begin(
  session: OracleSession,
  names: SourceNames,
  views: readonly ViewName[],
): Promise<CheckContext> {
  const [who] = (await unlessRefused(() => session.rows(accountQuery()))) ?? [];
  const versions = (await unlessRefused(() => session.rows(versionQuery()))) ?? [];
  const product = versions.find((row) => /^(Oracle|Personal Oracle)/i.test(row['PRODUCT'] ?? ''));
  const release = product?.['VERSION'] ?? undefined;
  const account = who?.['SESSION_USER'] ?? 'ARBDATA';
  return {
    session,
    names,
    views,
    account,
    schema: who?.['CURRENT_SCHEMA'] ?? account,
    release,
    problems: [],
    facts: { account, ...(release === undefined ? {} : { release }) },
  };
}

/** Where each view stands; one that is not there, or not for this account, is a problem at once. */
async function findViews(context: CheckContext): Promise<FoundView[]> {
  const mapped = context.views.map((view) => context.names[view]);
  const wanted = [...new Set(mapped.map(({ name }) => name))];
  const objects = await asked(context, objectsQuery(wanted), {
    object: 'ALL_OBJECTS',
    tells: 'that the views exist',
  });
  const synonyms = (await unlessRefused(() => context.session.rows(synonymsQuery(wanted)))) ?? [];
  const found: FoundView[] = [];
  for (const { view, owner = context.schema, name } of mapped) {
    const synonym = synonymOf(context, synonyms, { owner, name }, objects ?? []);
    const dbLink = synonym?.['DB_LINK'] ?? '';
    if (dbLink !== '') context.problems.push(linkProblem(view, { owner, name }));
    const object =
      synonym === undefined || dbLink !== ''
        ? { owner, name }
        : { owner: synonym['TABLE_OWNER'] ?? owner, name: synonym['TABLE_NAME'] ?? name };
    found.push({ view, object, columns: undefined, corrections: new Map() });
  }
  return withColumns(context, found);
}

/** The synonym by which the session reaches a name that no object of the schema has: its own before the public one. */
function synonymOf(
  { names }: CheckContext,
  synonyms: readonly OracleRow[],
  { owner, name }: ObjectName,
  objects: readonly OracleRow[],
): OracleRow | undefined {
  const isHere = objects.some(
    (row) => row['OWNER'] === owner && row['OBJECT_NAME'] === name && row['OBJECT_TYPE'] !== 'SYNONYM',
  );
  if (isHere) return undefined;
  const isQualified = Object.values(names).some((one) => one.name === name && one.owner === owner);
  const of = (schema: string) =>
    synonyms.find((row) => row['OWNER'] === schema && row['SYNONYM_NAME'] === name);
  return of(owner) ?? (isQualified ? undefined : of('PUBLIC'));
}

function linkProblem(view: ViewName, { owner, name }: ObjectName): Problem {
  return {
    view,
    severity: 'error',
    message: `${owner}.${name} stands behind a database link, so it cannot be read of the same moment as the others`,
    statements: [],
  };
}

async function withColumns(context: CheckContext, found: readonly FoundView[]): Promise<FoundView[]> {
  const rows = await asked(context, columnsQuery([...new Set(found.map(({ object }) => object.name))]), {
    object: 'ALL_TAB_COLUMNS',
    tells: 'the types of the columns',
  });
  if (rows === undefined) return [...found];
  return found.map((one) => {
    const own = rows.filter(
      (row) => row['OWNER'] === one.object.owner && row['TABLE_NAME'] === one.object.name,
    );
    const columns = own.map(dictionaryColumn);
    return { ...one, columns: new Map(columns.map((column) => [column.name, column])) };
  });
}

interface DifferingColumn {
  readonly column: string;
  readonly severity: Problem['severity'];
  readonly message: string;
}

/** The columns that are not as the contract says; what sets each right is noted with the view. */
function differingColumns(
  context: CheckContext,
  { view, columns, corrections }: FoundView,
): DifferingColumn[] {
  if (columns === undefined || columns.size === 0) return [];
  return CONTRACT[view].columns.flatMap((column): DifferingColumn[] => {
    const source = columnName(context.names[view], column.name);
    const actual = columns.get(source);
    if (actual === undefined) {
      corrections.set(column.name, unknownSource(column));
      const message = source === column.name ? 'is missing' : `is missing: there is no ${source}`;
      return [{ column: column.name, severity: 'error', message }];
    }
    const problem = typeProblem(column, actual, quote(source));
    if (problem === undefined) return [];
    const { severity, message, expression } = problem;
    if (expression !== undefined) corrections.set(column.name, expression);
    return [{ column: column.name, severity, message }];
  });
}

async function checkView(
  context: CheckContext,
  found: FoundView,
  differing: readonly DifferingColumn[],
): Promise<void> {
  const { view, object, columns } = found;
  if (columns?.size === 0) {
    context.problems.push({
      view,
      severity: 'error',
      message: `there is no ${object.owner}.${object.name} that ${context.account} may read; sql/oracle/020-views.sql makes the views`,
      statements: [grantRead(object, context.account, context.release)],
    });
    return;
  }
  const corrected = correctedName(view, object);
  for (const { column, severity, message } of differing) {
    const isMended = found.corrections.has(column);
    context.problems.push({
      view,
      column,
      severity,
      message: isMended
        ? `${message}; ${corrected.owner}.${corrected.name} sets it right, named in definitions/source-names.json`
        : message,
      statements: isMended ? correction(context, found) : [],
    });
  }
  if (!differing.some(({ severity }) => severity === 'error')) await probeView(context, view, object);
}

/** The dictionary may show a view that nonetheless cannot be read: invalid, or without the rights of its owner. */
async function probeView(context: CheckContext, view: ViewName, object: ObjectName): Promise<void> {
  try {
    await context.session.rows(extractProbe(context.names[view]));
  } catch (error) {
    if (!(error instanceof OracleError) || error.fate === 'lost') throw error;
    const isInvalid = error.oracleCode === 'ORA-04063';
    context.problems.push({
      view,
      severity: 'error',
      message: error.message,
      statements: isInvalid
        ? [`ALTER VIEW ${quote(object.owner)}.${quote(object.name)} COMPILE`]
        : [grantRead(object, context.account, context.release)],
    });
  }
}

const SESSION_NLS = { NLS_SORT: 'BINARY', NLS_COMP: 'BINARY', NLS_CALENDAR: 'GREGORIAN' } as const;

/** The session as the statements rely on it, and the zones that people ask about. */
async function checkSession(context: CheckContext): Promise<void> {
  const { session, problems, facts } = context;
  const rows = (await unlessRefused(() => session.rows(nlsQuery('NLS_SESSION_PARAMETERS')))) ?? [];
  for (const [parameter, wanted] of Object.entries(SESSION_NLS)) {
    const value = rows.find((row) => row['PARAMETER'] === parameter)?.['VALUE'];
    if (value === undefined || value === null || value === wanted) continue;
    problems.push({
      severity: 'error',
      message: `the session has ${parameter} ${value} although it was set to ${wanted}`,
      statements: [],
    });
  }
  const [zones] = (await unlessRefused(() => session.rows(zonesQuery()))) ?? [];
  if (zones?.['SESSION_ZONE']) facts['sessionZone'] = zones['SESSION_ZONE'];
  if (zones?.['DATABASE_ZONE']) facts['databaseZone'] = zones['DATABASE_ZONE'];
  const [clock] = (await unlessRefused(() => session.rows(clockQuery()))) ?? [];
  const offset = clock?.['CLOCK_ZONE'];
  if (!offset) return;
  facts['clockZone'] = offset;
  if (offset === '+08:00') return;
  problems.push({
    severity: 'warning',
    message: `the clock of the database server is at ${offset}: what SYSDATE writes into the tables is not the wall-clock time of Asia/Shanghai, which the contract asks for`,
    statements: [],
  });
}

async function checkUndo(context: CheckContext, seconds: number): Promise<void> {
  const rows = await asked(context, undoRetentionQuery(), {
    object: 'V_$PARAMETER',
    tells: 'the undo retention',
  });
  const value = rows?.[0]?.['VALUE'];
  if (value === undefined || value === null || !/^\d+$/.test(value)) return;
  context.facts['undoRetentionSeconds'] = value;
  if (Number(value) >= seconds) return;
  context.problems.push({
    severity: 'warning',
    message: `the database keeps its undo for ${value} s, and a read may take ${seconds} s: it may end with ORA-01555 (the undo tablespace must have the room; RETENTION GUARANTEE makes it binding)`,
    statements: [setUndoRetention(seconds)],
  });
}
