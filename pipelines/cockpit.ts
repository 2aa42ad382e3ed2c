/** Looking at the cockpit: the version in force, the rows of one body, and the records behind a figure. */
import path from 'node:path';
import {
  type CockpitIndex,
  type CockpitStatus,
  type MemberKind,
  NOW,
  type PanelDocument,
  type PanelName,
} from '../schemas/cockpit.ts';
import { WHOLE_CODE } from '../schemas/dataset.ts';
import { shanghaiStamp, stampToMs } from './runtime/clock.ts';
import { literal } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { openEngine, type Service } from './runtime/service.ts';
import {
  type CockpitVersion,
  cockpitDir,
  readPointer,
  readStatus,
  readVersion,
} from './steps/publish/cockpit-versions.ts';

export { type CockpitIndex, PANEL_NAMES, type PanelDocument, type PanelName } from '../schemas/cockpit.ts';

const HOUR_MS = 3_600_000;

/** How the figures in force stand to the present. */
export interface CockpitFreshness {
  readonly ageHours: number;
  readonly isLate: boolean;
  /** Why the latest attempt did not come into force; undefined where it did or goes on. */
  readonly lastError:
    | (NonNullable<CockpitStatus['error']> & { readonly runId: string; readonly startedAt: string })
    | undefined;
}

export interface ShownCockpit {
  readonly index: CockpitIndex;
  readonly freshness: CockpitFreshness;
  /** In their order, each of the same version. */
  readonly panels: readonly PanelDocument[];
}

/**
 * The version in force.
 * @param wanted.org only the rows of this body; absent or ALL: every row
 * @throws ArbdataError E_NOTHING_YET before the first refresh; E_NOT_FOUND where there is no such body; E_ARTEFACT_DAMAGED
 */
export async function showCockpit(
  service: Service,
  wanted: { readonly panel?: PanelName | undefined; readonly org?: string | undefined } = {},
): Promise<ShownCockpit> {
  const { panel, org } = wanted;
  const version = await inForce(service, panel === undefined ? undefined : [panel, 'districts']);
  requireBody(version, org);
  const chosen = [...version.panels.values()].filter((one) => panel === undefined || one.panel === panel);
  return {
    index: version.index,
    freshness: await cockpitFreshness(service, version.index),
    panels: chosen.map((document) => ownRows(document, org)),
  };
}

/**
 * What tells the version in force from every other: the hash of its index.
 * @throws ArbdataError E_NOTHING_YET before the first refresh
 */
export function cockpitInForce({ home }: Pick<Service, 'home'>): string {
  const pointer = readPointer(cockpitDir(home));
  if (pointer === undefined) throw neverRefreshed();
  return pointer.indexSha256;
}

async function inForce(service: Service, wanted?: readonly PanelName[]): Promise<CockpitVersion> {
  const version = await readVersion(cockpitDir(service.home), wanted);
  if (version !== undefined) return version;
  throw neverRefreshed();
}

function neverRefreshed(): ArbdataError {
  return new ArbdataError('E_NOTHING_YET', 'the cockpit was never refreshed', {
    advice: 'Run `arbdata run cockpit-refresh`.',
  });
}

function requireBody({ panels }: CockpitVersion, org: string | undefined): void {
  const bodies = panels.get('districts')?.tables['body']?.map((row) => row['org_code']) ?? [];
  if (org === undefined || bodies.includes(org)) return;
  throw new ArbdataError('E_NOT_FOUND', `there is no body ${org}`, {
    advice: `Bodies of this version: ${bodies.join(', ')}.`,
  });
}

/** What a district may see of a document: its own rows and no others. */
function ownRows(document: PanelDocument, org: string | undefined): PanelDocument {
  if (org === undefined || org === WHOLE_CODE) return document;
  const tables = Object.entries(document.tables).map(([name, rows]) => [
    name,
    rows.filter((row) => row['org_code'] === org),
  ]);
  return { ...document, tables: Object.fromEntries(tables) };
}

/** How a version stands to the present. */
export async function cockpitFreshness(
  service: Service,
  { dataTime, lateAfter }: Pick<CockpitIndex, 'dataTime' | 'lateAfter'>,
): Promise<CockpitFreshness> {
  const now = service.clock.now().getTime();
  return {
    ageHours: Math.max(0, Math.floor((now - stampToMs(dataTime)) / HOUR_MS)),
    isLate: now > stampToMs(lateAfter),
    lastError: await lastError(service),
  };
}

/** A refresh that failed says so; one that was cut off is told by the ledger. */
async function lastError({ home, ledger, clock }: Service): Promise<CockpitFreshness['lastError']> {
  const status = readStatus(cockpitDir(home));
  if (status === undefined || status.state === 'done') return undefined;
  const { runId, startedAt, state, error } = status;
  if (state === 'failed' && error !== null) return { ...error, runId, startedAt };
  const isAlive = (await ledger.heldRuns()).alive.includes(runId);
  if (isAlive) return undefined;
  return {
    code: 'E_INTERRUPTED',
    message: `the refresh was cut off, and nothing of it is in force (seen ${shanghaiStamp(clock)})`,
    advice: 'Run `arbdata run cockpit-refresh` again.',
    runId,
    startedAt,
  };
}

/** A record behind a figure, names of persons masked. */
export interface CockpitRecord {
  readonly org_code: string;
  readonly kind: MemberKind;
  readonly record_id: string;
  /** What it adds. */
  readonly quantity: string;
  readonly title: string | null;
  readonly start_date: string | null;
  readonly end_date: string | null;
  readonly deadline: string | null;
  readonly status: string | null;
  readonly detail: string | null;
  readonly applicants: string | null;
  readonly respondents: string | null;
}

export interface CockpitRecords {
  readonly index: CockpitIndex;
  /** The sums whose records these are: the figure itself, or numerator and denominator of a rate. */
  readonly figures: readonly string[];
  readonly month: string;
  readonly records: AsyncGenerator<CockpitRecord & { readonly figure: string }>;
}

/**
 * The records behind a figure of the version in force.
 * @param wanted.month a month of the figure; absent: the last complete one, or the as-of day where it belongs to none
 * @throws ArbdataError E_NOT_FOUND where no member of such a figure was kept
 */
export async function cockpitRecords(
  service: Service,
  wanted: {
    readonly figure: string;
    readonly month?: string | undefined;
    readonly org?: string | undefined;
  },
): Promise<CockpitRecords> {
  const version = await inForce(service, ['districts']);
  const { index } = version;
  requireBody(version, wanted.org);
  const ratio = index.drillDown.ratios.find(({ indicatorId }) => indicatorId === wanted.figure);
  const figures = ratio === undefined ? [wanted.figure] : [...ratio.numerator, ...ratio.denominator];
  const month = wanted.month ?? (await defaultMonth(service, version, figures));
  return { index, figures, month, records: recordsOf(service, version, { figures, month, org: wanted.org }) };
}

const membersOf = ({ dir, index }: CockpitVersion): string =>
  `read_parquet(${literal(path.join(dir, index.drillDown.members.file))})`;
const listed = (figures: readonly string[]): string => figures.map(literal).join(', ');

async function defaultMonth(
  service: Service,
  version: CockpitVersion,
  figures: readonly string[],
): Promise<string> {
  const engine = await openEngine(service);
  try {
    const rows = await engine.rows<{ month: string }>(
      `SELECT DISTINCT month FROM ${membersOf(version)} WHERE figure IN (${listed(figures)})`,
    );
    const months = rows.map(({ month }) => month);
    if (months.includes(NOW)) return NOW;
    if (months.length > 0) return version.index.months.complete;
  } finally {
    engine.close();
  }
  throw new ArbdataError('E_NOT_FOUND', `no record stands behind ${figures.join(', ')}`, {
    advice: 'Name an indicator, a class of pre-applications, a rule, or a figure of the time limits.',
  });
}

async function* recordsOf(
  service: Service,
  version: CockpitVersion,
  { figures, month, org }: { figures: readonly string[]; month: string; org: string | undefined },
): CockpitRecords['records'] {
  const engine = await openEngine(service);
  const own = org === undefined || org === WHOLE_CODE ? '' : `AND m.org_code = ${literal(org)}`;
  const records = literal(path.join(version.dir, version.index.drillDown.records.file));
  try {
    for await (const rows of engine.stream<CockpitRecord & { figure: string }>(`
      SELECT m.figure, m.org_code, m.kind, m.record_id, CAST(m.quantity AS VARCHAR) AS quantity, r.title, r.start_date,
        r.end_date, r.deadline, r.status, r.detail, r.applicants, r.respondents
      FROM ${membersOf(version)} m
      LEFT JOIN read_parquet(${records}) r ON r.kind = m.kind AND r.record_id = m.record_id
      WHERE m.figure IN (${listed(figures)}) AND m.month = ${literal(month)} ${own}
      ORDER BY m.figure, m.org_code, TRY_CAST(m.record_id AS BIGINT) NULLS LAST, m.record_id`)) {
      yield* rows;
    }
  } finally {
    engine.close();
  }
}
