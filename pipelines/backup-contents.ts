/** What goes into a backup of each kind: files of the home with the hashes that are known of them. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BackupInfo } from '../schemas/backup.ts';
import { fileForm, parsePeriod, previousPeriod, samePeriodLastYear } from '../schemas/period.ts';
import { earlierComparisons, SUBJECTS_FILE } from './pre-application-comparison.ts';
import { keptPublications } from './purged.ts';
import { definitionFiles } from './runtime/definitions.ts';
import { ArbdataError } from './runtime/errors.ts';
import { fileError } from './runtime/files.ts';
import type { Publication } from './runtime/ledger.ts';
import { copyLedger } from './runtime/ledger-copy.ts';
import type { RunContext } from './runtime/run.ts';
import type { Service } from './runtime/service.ts';
import type { PayloadFile } from './steps/backup/write-bag.ts';
import { MANIFEST_NAME, readFolder } from './steps/publish/folder.ts';
import { publicationDir, publicationName } from './steps/publish/publication.ts';
import { readManifest, snapshotDir } from './steps/snapshot/manifest-file.ts';

/** What a bag holds and says of itself. */
export interface BackupContents {
  readonly info: BackupInfo;
  readonly payload: readonly PayloadFile[];
}

/** Where a restored home finds what is needed to run a period again; no folder of a home has this name. */
export const REPRODUCTION_FOLDER = 'reproduction';
export const REPRODUCTION_CONFIG = 'config.json';
export const HISTORY_FILE = 'comparison-history.json';

/** A snapshot with the definitions and the configuration that its period is run with. */
export async function snapshotContents(service: Service, id: string): Promise<BackupContents> {
  const { home } = service;
  const manifest = await readManifest(home, id);
  const dir = snapshotDir(home, id);
  const at = `snapshots/${id}`;
  const { kind, identity, details } = manifest.source;
  return {
    info: {
      source: `${kind} ${identity}`,
      ...(details.scn === undefined ? {} : { scn: details.scn }),
      asOf: manifest.asOf,
      rows: Object.fromEntries(manifest.views.map(({ view, rows }) => [view, rows])),
      snapshots: [id],
    },
    payload: [
      { path: `${at}/manifest.json`, from: { file: path.join(dir, 'manifest.json') } },
      ...manifest.views.map(({ file, sha256 }) => ({
        path: `${at}/${file}`,
        from: { file: path.join(dir, file), sha256 },
      })),
      ...reproduction(service, id),
    ],
  };
}

/** Definitions, the keys of the configuration that figures depend on, and the bureau's own form. */
function reproduction({ home, config }: Service, snapshotId: string): PayloadFile[] {
  const at = `${REPRODUCTION_FOLDER}/${snapshotId}`;
  const form = config.forms.macroMonitoring;
  const { cutoffDay, exclusionLimitPercent } = config;
  const forms = form === undefined ? {} : { forms: { macroMonitoring: `forms/${path.basename(form)}` } };
  const text = `${JSON.stringify({ cutoffDay, exclusionLimitPercent, ...forms }, null, 2)}\n`;
  return [
    { path: `${at}/${REPRODUCTION_CONFIG}`, from: { text } },
    ...definitionFiles(home.definitions).map(({ name, file }) => ({
      path: `${at}/definitions/${name}`,
      from: { file },
    })),
    ...(form === undefined || !existsSync(form)
      ? []
      : [{ path: `${at}/forms/${path.basename(form)}`, from: { file: form } }]),
  ];
}

/** Everything that was published, and what was answered to it. */
export async function outputsContents(service: Service): Promise<BackupContents> {
  const { home } = service;
  const all = await keptPublications(service);
  const published: PayloadFile[] = [];
  for (const publication of all) published.push(...(await publicationFiles(service, publication)));
  const answered = await filesBelow(home.receipts, 'receipts');
  return {
    info: { publications: all.map(publicationName) },
    payload: [...published, ...answered, ...(await comparisonHistory(service))],
  };
}

/** The files of a publication, with the bytes that were published. */
async function publicationFiles({ home }: Service, publication: Publication): Promise<PayloadFile[]> {
  const dir = publicationDir(home, publication);
  const sealed = publication.manifestSha256 ?? undefined;
  const { files } = await readFolder(dir, sealed);
  const at = path.relative(home.dir, dir).split(path.sep).join('/');
  return [
    {
      path: `${at}/${MANIFEST_NAME}`,
      from: { file: path.join(dir, MANIFEST_NAME), ...(sealed === undefined ? {} : { sha256: sealed }) },
    },
    ...files.map(({ path: name, sha256 }) => ({
      path: `${at}/${name}`,
      from: { file: path.join(dir, ...name.split('/')), sha256 },
    })),
  ];
}

/**
 * What the comparison of a month depends on besides its snapshot: what people said of pairs, with when, and what the
 * runs before it had found, drafts too.
 */
async function comparisonHistory(service: Service): Promise<PayloadFile[]> {
  const { ledger, home } = service;
  const decisions = await ledger.allDecisions();
  const runs = await earlierComparisons(service);
  const drafts = runs.filter(({ folder }) => folder.startsWith('out'));
  return [
    {
      path: `${REPRODUCTION_FOLDER}/${HISTORY_FILE}`,
      from: { text: `${JSON.stringify({ decisions, runs }, null, 2)}\n` },
    },
    ...drafts.map(({ folder }) => ({
      path: [...folder.split(path.sep), SUBJECTS_FILE].join('/'),
      from: { file: path.join(home.dir, folder, SUBJECTS_FILE) },
    })),
  ];
}

/**
 * The run ledger at one moment with what belongs to it. Without encryption the home's secret key stays out: with it
 * the fingerprints of findings could be guessed.
 */
export async function stateContents(context: RunContext, isEncrypted: boolean): Promise<BackupContents> {
  const { home, workDir } = context;
  const copy = path.join(workDir, 'ledger.sqlite');
  const { head, headText } = await copyLedger(home, copy);
  const single = (file: string): PayloadFile[] =>
    existsSync(file) ? [{ path: path.basename(file), from: { file } }] : [];
  return {
    info: {
      auditHead: head,
      ...(isEncrypted || !existsSync(home.secretKey)
        ? {}
        : {
            without: ['secret.key: the backup is not encrypted; keep it by other means (docs/operations.md)'],
          }),
    },
    payload: [
      { path: 'ledger.sqlite', from: { file: copy } },
      { path: 'audit-head.json', from: { text: headText } },
      ...single(home.config),
      ...(isEncrypted ? single(home.secretKey) : []),
      ...(await filesBelow(home.definitions, 'definitions')),
      ...(await filesBelow(home.findings, 'findings')),
      ...(await filesBelow(home.purges, 'purges')),
    ],
  };
}

/** All that stands behind what was published for a period, so that it can be made again anywhere. */
export async function evidenceContents(service: Service, periodText: string): Promise<BackupContents> {
  const { home } = service;
  const period = parsePeriod(periodText);
  const all = await keptPublications(service);
  const own = all.filter((one) => one.period === period.text);
  if (own.length === 0) {
    throw new ArbdataError('E_NOT_FOUND', `nothing was published for ${period.text}`, {
      advice: 'See `arbdata runs`; evidence is kept of published periods.',
    });
  }
  const basis = new Set([...own, ...own.flatMap((one) => basisOf(one, all))]);
  const snapshots = [...new Set(own.map(({ snapshotId }) => snapshotId))].sort();
  const contents: BackupContents[] = [];
  for (const id of snapshots) contents.push(await snapshotContents(service, id));
  const published: PayloadFile[] = [];
  for (const one of basis) published.push(...(await publicationFiles(service, one)));
  const answered = (await filesBelow(home.receipts, 'receipts')).filter((file) =>
    file.path.split('/').some((part) => belongsTo(part, period.text)),
  );
  return {
    info: {
      ...contents[0]?.info,
      period: period.text,
      snapshots,
      publications: [...basis].map(publicationName),
    },
    payload: [
      ...contents.flatMap(({ payload }) => payload),
      ...published,
      ...answered,
      ...(await comparisonHistory(service)),
      { path: 'evidence.json', from: { text: await evidenceText(service, own) } },
    ],
  };
}

/** The publications that one was compared with: earlier ones of its period, the one before, a year ago, the latest. */
function basisOf(one: Publication, all: readonly Publication[]): Publication[] {
  const period = parsePeriod(one.period);
  const compared = [period, previousPeriod(period), samePeriodLastYear(period)].map(({ text }) => text);
  const earlier = all.filter(
    ({ product, publishedAt }) => product === one.product && (publishedAt ?? '') < (one.publishedAt ?? ''),
  );
  const latest = earlier.toSorted((a, b) => ((a.publishedAt ?? '') < (b.publishedAt ?? '') ? 1 : -1))[0];
  return earlier.filter((other) => other === latest || compared.includes(other.period));
}

const belongsTo = (part: string, periodText: string): boolean => {
  const form = fileForm(parsePeriod(periodText));
  return part === periodText || part.split(/[^0-9A-Z]+/).includes(form);
};

/** Runs, approvals and audit records of a period, for people and for whoever asks. */
async function evidenceText({ ledger }: Service, own: readonly Publication[]): Promise<string> {
  const runs = await Promise.all([...new Set(own.map(({ runId }) => runId))].map((id) => ledger.getRun(id)));
  const subjects = new Set(own.map(publicationName));
  const audit = (await ledger.auditRecords()).filter(({ subject }) => subjects.has(subject));
  return `${JSON.stringify({ publications: own, runs, audit }, null, 2)}\n`;
}

/** Every finished file below a folder; a folder that is not there holds none. */
async function filesBelow(dir: string, prefix: string): Promise<PayloadFile[]> {
  if (!existsSync(dir)) return [];
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ parentPath, name }) => {
        const file = path.join(parentPath, name);
        return { path: [prefix, ...path.relative(dir, file).split(path.sep)].join('/'), from: { file } };
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    throw fileError(error, dir);
  }
}

/** A JSON file of a restored bag. */
export async function readRestored(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fileError(error, file);
  }
}
