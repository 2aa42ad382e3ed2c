/** The three sides of the agreement: where each one's numbers come from, and why one says nothing. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AgreementFile, Side } from '../schemas/agreement.ts';
import type { CockpitIndex } from '../schemas/cockpit.ts';
import { WHOLE_CODE } from '../schemas/dataset.ts';
import { dayNumber, type Period, parsePeriod, periodRange } from '../schemas/period.ts';
import type { PublicationManifest } from '../schemas/publication.ts';
import { countPurgedBatches, heldBackFile, listBatches } from './batches.ts';
import { publishedFigures } from './figures.ts';
import { MACRO_MONITORING } from './macro-monitoring.ts';
import { NATIONAL_PLATFORM } from './national-platform.ts';
import { destroyed } from './purged.ts';
import type { Engine } from './runtime/duckdb.ts';
import { ArbdataError } from './runtime/errors.ts';
import { sha256File } from './runtime/files.ts';
import type { Service } from './runtime/service.ts';
import {
  addCockpit,
  addPlatform,
  addTable,
  hasUndated,
  type SideSource,
  type Span,
} from './steps/agreement/sources.ts';
import type { CockpitVersion } from './steps/publish/cockpit-versions.ts';
import { readFolder, verifiedArtefact } from './steps/publish/folder.ts';
import { publicationDir } from './steps/publish/publication.ts';
import { readManifest, snapshotDir } from './steps/snapshot/manifest-file.ts';
import type { Batch } from './steps/submit/batch.ts';
import { createHeldContent, type WrittenBatches } from './steps/submit/held-content.ts';
import { openHistory } from './steps/submit/history.ts';

/** A side as it was found; its members and facts are in the engine. */
export interface FoundSide {
  readonly side: Side;
  /** Why it says nothing, Chinese. */
  readonly missing?: string;
  /** What it was read from: Chinese name and value. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  /** What to bear in mind, Chinese. */
  readonly notes?: readonly string[];
  /** Absent where it says nothing. */
  readonly source?: SideSource;
}

export interface PublishedTable {
  readonly dir: string;
  readonly manifest: PublicationManifest;
}

/** The publication in force; undefined where there is none. */
export async function publishedTable(service: Service, period: Period): Promise<PublishedTable | undefined> {
  const published = await service.ledger.latestPublication(MACRO_MONITORING, period.text);
  if (published === undefined || (await destroyed(service)).publication(published)) return undefined;
  const dir = publicationDir(service.home, published);
  return { dir, manifest: await readFolder(dir, published.manifestSha256 ?? undefined) };
}

/** The bodies of the publication in force, in their order. */
export async function publishedBodies(
  service: Service,
  period: Period,
): Promise<{ readonly code: string; readonly name: string }[]> {
  const { rows } = await publishedFigures(service, { period: period.text, scope: 'month', indicator: 'A02' });
  return rows
    .filter(({ org_code }) => org_code !== WHOLE_CODE)
    .map(({ org_code, org_name }) => ({ code: org_code, name: org_name }));
}

export async function addPublished(
  engine: Engine,
  file: AgreementFile,
  table: PublishedTable | undefined,
): Promise<FoundSide> {
  if (table === undefined) return { side: 'table', missing: '本月宏观监测尚未发布' };
  const { dir, manifest } = table;
  const artefact = (name: string) => verifiedArtefact(dir, manifest, (entry) => entry.path === name);
  await addTable(engine, file, {
    membership: await artefact('membership.parquet'),
    caseFacts: await artefact('case-facts.parquet'),
  });
  const { revision, asOf, snapshotId, runId } = manifest;
  return {
    side: 'table',
    facts: [
      ['版本', `第${revision}次发布`],
      ['数据截至', asOf],
      ['快照', snapshotId],
      ['运行', runId],
    ],
    source: { side: 'table', snapshot: snapshotId, definitions: definitionsOf(manifest) },
  };
}

/** What figures depend on beside the data: equal texts, equal definitions. */
const definitionsOf = ({
  definitionsSha256,
  cutoffDay,
  toolVersion,
}: Pick<CockpitIndex, 'definitionsSha256' | 'cutoffDay' | 'toolVersion'>): string =>
  `${definitionsSha256} ${cutoffDay} ${toolVersion}`;

/** The batches of the national platform; `purged` where some of them are gone. */
export async function keptBatches(service: Service): Promise<readonly Batch[] | 'purged'> {
  const kept = await listBatches(service, NATIONAL_PLATFORM);
  return (await countPurgedBatches(service, NATIONAL_PLATFORM)) === 0 ? kept : 'purged';
}

export async function addTaken(
  service: Service,
  engine: Engine,
  {
    file,
    span,
    batches,
  }: { readonly file: AgreementFile; readonly span: Span; readonly batches: readonly Batch[] | 'purged' },
): Promise<FoundSide> {
  const side = 'platform' as const;
  const known = batches === 'purged' ? [] : batches;
  await openHistory(engine, {
    homeDir: service.home.dir,
    batches: known,
    releases: await service.ledger.recordReleases(),
  });
  await createHeldContent(engine, writtenBatches(service, known));
  const last = known.at(-1);
  const heldBack = last === undefined ? undefined : await heldBackFile(last);
  const delivered = known
    .filter(({ state }) => state !== 'built' && state !== 'failed')
    .map(({ name }) => name);
  await addPlatform(engine, file, { span, delivered, heldBack });
  if (batches === 'purged') return { side, missing: '报送批次已按要求销毁，平台现存的记录无从得知' };
  if (last === undefined) return { side, missing: '尚无报送批次' };
  const { manifest, folder } = last;
  const answers = known.reduce((sum, { accepted, rejected }) => sum + accepted + rejected, 0);
  return {
    side,
    facts: [
      ['最近批次', last.name],
      ['批次数据截至', manifest.asOf],
      ['快照', manifest.snapshot],
    ],
    notes: [
      ...(answers === 0 ? ['尚未读到任何回执，平台一方按零件计，差异均列出原因'] : []),
      ...((await hasUndated(engine)) ? ['平台现存的部分记录读不出受理日期，不能归入任何一期'] : []),
      ...(heldBack === undefined ? ['最近批次生成时未保存待补正清单，暂缓报送的案件列为“未能说明”'] : []),
    ],
    source: {
      side,
      snapshot: manifest.snapshot,
      definitions: '',
      lastDay: dayNumber(periodRange(parsePeriod(manifest.period), folder.cutoffDay).end),
      saysHeld: heldBack !== undefined,
    },
  };
}

/** The batches by the layout that wrote them; a layout that is no longer there reads nothing. */
function writtenBatches({ definitions }: Service, batches: readonly Batch[]): WrittenBatches[] {
  return definitions.platforms
    .filter(({ product }) => product === NATIONAL_PLATFORM)
    .map((platform) => ({
      platform,
      batches: batches
        .filter(({ manifest }) => manifest.platformVersion === platform.version)
        .map(({ name }) => name),
    }));
}

export async function addShown(
  service: Service,
  engine: Engine,
  {
    file,
    period,
    cockpit,
    table,
  }: {
    readonly file: AgreementFile;
    readonly period: Period;
    readonly cockpit: CockpitVersion | undefined;
    readonly table: PublishedTable | undefined;
  },
): Promise<FoundSide> {
  const side = 'cockpit' as const;
  if (cockpit === undefined) return { side, missing: '驾驶室尚未更新过' };
  const { index, dir, panels } = cockpit;
  const months = (panels.get('trend')?.tables['trend'] ?? []).map((row) => row['month']);
  if (!months.includes(period.text)) return { side, missing: '驾驶室现行版本不含本月' };
  const definitions = definitionsOf(index);
  const isSame =
    table !== undefined &&
    table.manifest.snapshotId === index.snapshotId &&
    definitionsOf(table.manifest) === definitions;
  const cases = isSame ? 'same' : await snapshotCases(service, index.snapshotId);
  const { members, records } = index.drillDown;
  await addCockpit(engine, file, {
    month: period.text,
    members: await drillDownFile(dir, members),
    records: await drillDownFile(dir, records),
    cases,
  });
  return {
    side,
    facts: [
      ['版本', `第${index.version}版`],
      ['数据截至', index.asOf],
      ['快照', index.snapshotId],
      ['运行', index.runId],
    ],
    notes: [
      ...(period.text === index.months.current ? ['本月尚未结束，驾驶室的数字为暂定'] : []),
      ...(cases === undefined ? ['驾驶室所用快照已不在或已损坏，与它有关的差异可能无从说明'] : []),
    ],
    source: { side, snapshot: index.snapshotId, definitions, isSilent: cases === undefined },
  };
}

/** @throws ArbdataError E_ARTEFACT_DAMAGED */
async function drillDownFile(
  dir: string,
  { file, sha256 }: { file: string; sha256: string },
): Promise<string> {
  const whole = path.join(dir, file);
  const found = await sha256File(whole).catch(() => undefined);
  if (found?.sha256 === sha256) return whole;
  throw new ArbdataError(
    'E_ARTEFACT_DAMAGED',
    `${whole} is missing or does not have the bytes that were published`,
    {
      advice: 'Refresh the cockpit: `arbdata run cockpit-refresh` makes a new version.',
      where: { file: whole },
    },
  );
}

/** The cases of a snapshot as they were frozen; undefined where they are gone or not what was frozen. */
async function snapshotCases({ home }: Service, id: string): Promise<string | undefined> {
  if (!existsSync(snapshotDir(home, id))) return undefined;
  const manifest = await readManifest(home, id).catch(() => undefined);
  const view = manifest?.views.find((one) => one.view === 'ARB_CASE');
  if (view === undefined) return undefined;
  const file = path.join(snapshotDir(home, id), view.file);
  const found = await sha256File(file).catch(() => undefined);
  return found?.sha256 === view.sha256 ? file : undefined;
}
