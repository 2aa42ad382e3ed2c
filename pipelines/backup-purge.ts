/**
 * Returning or destroying all data of a scope on the bureau's word, with a signed record of what was destroyed. The plan
 * stands on the disk before anything goes: a purge that was killed is brought to its end by the next command.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PurgeRecord } from '../schemas/backup.ts';
import { fileForm } from '../schemas/period.ts';
import { isUsed, withBackupRun } from './backup.ts';
import { finishPurge, PENDING, type Purged, recordText } from './backup-purge-end.ts';
import { shanghaiStamp } from './runtime/clock.ts';
import { ArbdataError } from './runtime/errors.ts';
import { ensureDir, writeFileAtomic } from './runtime/files.ts';
import { findingsFile } from './runtime/home.ts';
import type { Backup } from './runtime/ledger-backups.ts';
import { readPeriod } from './runtime/period.ts';
import { TOOL_VERSION } from './runtime/project.ts';
import type { Service } from './runtime/service.ts';
import { allPlaces, bagDir, placeProblem } from './steps/backup/places.ts';
import { describeItem, type PurgeItem, returnItem } from './steps/backup/purge-files.ts';
import { openSigner } from './steps/backup/signing.ts';
import { publicationName } from './steps/publish/publication.ts';
import { snapshotDir } from './steps/snapshot/manifest-file.ts';
import { isKeptRead } from './steps/source/oracle/kept-read.ts';

const METHOD =
  'Removed from the file system and its folders synced. Blocks of the medium were not overwritten: journals, snapshots ' +
  'of the file system and worn cells of a solid-state disk may keep them. What was encrypted is destroyed for good with its private key.';

/** `all`: everything but ledger, audit record, definitions, configuration, logs and records of purges. */
export interface PurgeScope {
  readonly kind: 'all' | 'period' | 'snapshot' | 'backup';
  /** Period, id of a snapshot or of a backup; empty for all. */
  readonly name: string;
}

/** Read `all`, `period:2026-10`, `snapshot:<id>`, `backup:<id>`. */
export function readScope(text: string): PurgeScope {
  const [kind = '', name = ''] = text.split(/:(.*)/s);
  if (kind === 'all' && name === '') return { kind, name };
  if ((kind === 'period' || kind === 'snapshot' || kind === 'backup') && name !== '') return { kind, name };
  throw new ArbdataError('E_USAGE', `${JSON.stringify(text)} is no scope of a purge`, {
    advice: 'Write all, period:2026-10, snapshot:<id> or backup:<id>.',
  });
}

export interface PurgePlan {
  /** Names exactly this plan. */
  readonly plan: string;
  readonly items: readonly PurgeItem[];
  /** What cannot be reached now and would be left. */
  readonly unreachable: readonly PurgeItem[];
}

/** What a purge of a scope would destroy now; nothing is changed. */
export async function planPurge(service: Service, scope: PurgeScope): Promise<PurgePlan> {
  const all = await itemsOf(service, scope);
  const away = await foldersAway(service);
  const isThere = ({ path: target }: PurgeItem): boolean =>
    away.every((dir) => !target.startsWith(`${dir}${path.sep}`));
  const items = all.filter((one) => isThere(one) && existsSync(one.path));
  const unreachable = all.filter((one) => !isThere(one));
  const name = createHash('sha256').update(JSON.stringify(all.map(({ subject, path: at }) => [subject, at])));
  return { plan: name.digest('hex').slice(0, 8), items, unreachable };
}

/**
 * Folders of bags that nobody can look into now: of a destination whose disk is not there, though the folder it is
 * mounted on may be, and of one that is no longer configured.
 */
async function foldersAway({ home, config, ledger }: Service): Promise<string[]> {
  const places = allPlaces(home, config);
  const backups = await ledger.backups.list();
  const unconfigured = backups
    .filter(isStanding)
    .flatMap(({ copies }) => copies)
    .filter(
      ({ destination, path: bag }) => !places.some(({ name }) => name === destination) && !existsSync(bag),
    );
  return [
    ...places
      .filter((place) => placeProblem(place, isUsed(backups, place)) !== undefined)
      .map(({ dir }) => dir),
    ...unconfigured.map(({ path: bag }) => path.dirname(bag)),
  ];
}

/** Whether a backup may lie somewhere: one whose removal has not come to its end does. */
const isStanding = ({ state }: Backup): boolean => state === 'complete' || state === 'removing';

async function itemsOf(service: Service, { kind, name }: PurgeScope): Promise<PurgeItem[]> {
  const backups = (await service.ledger.backups.list()).filter(isStanding);
  switch (kind) {
    case 'backup': {
      const found = backups.find(({ id }) => id === name);
      if (found === undefined) throw nothing(`there is no backup ${name}`, 'arbdata backup list');
      return copiesOf(service, [found]);
    }
    case 'snapshot':
      return snapshotItems(service, [name], backups);
    case 'period':
      return periodItems(service, name, backups);
    case 'all':
      return [...(await homeItems(service)), ...copiesOf(service, backups)];
  }
  return kind satisfies never;
}

/** Every place of some backups. */
function copiesOf({ home, config }: Service, backups: readonly Backup[]): PurgeItem[] {
  const places = allPlaces(home, config);
  return backups.flatMap(({ id, copies }) =>
    copies.map(({ destination, path: recorded }) => {
      const place = places.find(({ name }) => name === destination);
      return {
        subject: `backup/${id}@${destination}`,
        path: place === undefined ? recorded : bagDir(place, id),
      };
    }),
  );
}

function snapshotItems(service: Service, ids: readonly string[], backups: readonly Backup[]): PurgeItem[] {
  const holding = backups.filter(({ info }) => info.snapshots?.some((id) => ids.includes(id)));
  const items = [
    ...ids.map((id) => ({
      subject: `snapshot/${id}`,
      path: snapshotDir(service.home, id),
    })),
    ...copiesOf(service, holding),
  ];
  if (items.every((one) => !existsSync(one.path)))
    throw nothing(`there is no snapshot ${ids.join(', ')}`, 'arbdata snapshot list');
  return items;
}

/** What was published, drafted, found and sent for a period, the snapshots that only it needs, and every bag with any of it. */
async function periodItems(service: Service, text: string, backups: readonly Backup[]): Promise<PurgeItem[]> {
  const { home, ledger } = service;
  const form = fileForm(readPeriod(text));
  const all = await ledger.publications();
  const own = all.filter(({ period }) => period === text);
  const elsewhere = new Set(all.filter(({ period }) => period !== text).map(({ snapshotId }) => snapshotId));
  const runs = await ledger.listRuns({ limit: 100_000, period: text });
  const snapshots = [...new Set(runs.flatMap(({ snapshotId }) => snapshotId ?? []))].filter(
    (id) => !elsewhere.has(id),
  );
  const names = new Set(own.map(publicationName));
  const holding = backups.filter(
    ({ info }) =>
      info.period === text ||
      info.publications?.some((name) => names.has(name)) ||
      info.snapshots?.some((id) => snapshots.includes(id)),
  );
  const ofPeriod = [
    ...(await entriesNamed(home.dir, ['published', 'out'], (entry) => entry === form)),
    ...(await entriesNamed(home.dir, ['outbox', 'receipts'], (entry) => isOfBatch(entry, form))),
  ];
  const items = [
    ...ofPeriod.map((at) => ({ subject: path.relative(home.dir, at).split(path.sep).join('/'), path: at })),
    ...runs.map(({ id }) => ({ subject: `findings/${id}`, path: findingsFile(home, id) })),
    ...snapshots.map((id) => ({ subject: `snapshot/${id}`, path: path.join(home.snapshots, id) })),
    ...copiesOf(service, holding),
  ];
  if (items.every((one) => !existsSync(one.path)))
    throw nothing(`there is nothing of ${text}`, 'arbdata runs');
  return items;
}

/** Whether a file or folder is named for a batch of a period, as in `110000-ARB-202610-01.zip`. */
const isOfBatch = (name: string, form: string): boolean => new RegExp(`-${form}-\\d+(\\.|$)`).test(name);

/** Files and folders of wanted names anywhere below some folders of the home; nothing twice. */
async function entriesNamed(
  dir: string,
  roots: readonly string[],
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const root of roots) {
    const at = path.join(dir, root);
    if (!existsSync(at)) continue;
    const entries = await readdir(at, { recursive: true, withFileTypes: true });
    found.push(
      ...entries.filter(({ name }) => isWanted(name)).map((one) => path.join(one.parentPath, one.name)),
    );
  }
  const isBelow = (one: string): boolean => found.some((other) => one.startsWith(`${other}${path.sep}`));
  return found.filter((one) => !isBelow(one)).sort();
}

/** Folders of the home with data of the case system or what was made from it. */
const HOME_FOLDERS = ['source', 'snapshots', 'published', 'out', 'outbox', 'findings', 'receipts'];

/** Everything of the home that holds data of the case system or was made from it. */
async function homeItems({ home }: Service): Promise<PurgeItem[]> {
  const items: PurgeItem[] = [];
  for (const name of HOME_FOLDERS) {
    const dir = path.join(home.dir, name);
    if (!existsSync(dir)) continue;
    for (const entry of (await readdir(dir)).sort()) {
      const subject = name === 'snapshots' ? `snapshot/${entry}` : `${name}/${entry}`;
      items.push({ subject, path: path.join(dir, entry) });
    }
  }
  const reads = existsSync(home.work) ? (await readdir(home.work)).filter(isKeptRead).sort() : [];
  return [...items, ...reads.map((name) => ({ subject: `work/${name}`, path: path.join(home.work, name) }))];
}

const nothing = (message: string, look: string): ArbdataError =>
  new ArbdataError('E_NOT_FOUND', message, { advice: `See \`${look}\`.` });

export interface PurgeRequest {
  readonly scope: PurgeScope;
  /** The plan that was shown. */
  readonly plan: string;
  /** The bureau's word: number of the letter, and what it says. */
  readonly reason: string;
  /** Everything is copied there first, read back and compared. */
  readonly returnTo?: string | undefined;
}

/**
 * Destroy what a plan has shown.
 * @throws {ArbdataError} E_BACKUP_REFUSED where the plan is another one by now, or something cannot be reached
 */
export async function purge(service: Service, request: PurgeRequest): Promise<Purged & { runId: string }> {
  const { scope, reason } = request;
  const name = scope.kind === 'all' ? 'all' : `${scope.kind}:${scope.name}`;
  const returnTo = request.returnTo === undefined ? undefined : path.resolve(request.returnTo);
  if (reason.trim() === '') {
    throw new ArbdataError('E_USAGE', 'a purge needs a reason', {
      advice: 'Add --reason with the letter that orders it.',
    });
  }
  if (returnTo !== undefined && existsSync(returnTo)) {
    throw new ArbdataError('E_BACKUP_REFUSED', `${returnTo} exists already`, {
      advice: 'Name a folder that does not exist.',
    });
  }
  return withBackupRun(
    service,
    'purge',
    { scope: name, plan: request.plan, reason, returnTo },
    async (context, pool) => {
      const now = await planPurge(context, scope);
      refuseOther(now, request.plan);
      const signer = await openSigner(context.config.backup.signingKeyFile, context.home.signingKey);
      if (returnTo !== undefined) for (const one of now.items) await returnItem(one, returnTo, pool);
      const destroyed = [];
      for (const one of now.items) destroyed.push(await describeItem(one, pool));
      const id = purgeId(context);
      const pending: PurgeRecord = {
        formatVersion: 1,
        ...{ id, scope: name, reason, actor: context.actor, toolVersion: TOOL_VERSION },
        startedAt: shanghaiStamp(context.clock),
        finishedAt: '',
        returnedTo: returnTo ?? null,
        destroyed,
        left: [],
        method: METHOD,
        auditHead: await context.ledger.auditHead(),
        signer: { algorithm: signer.algorithm, publicKey: signer.publicKey },
      };
      ensureDir(context.home.purges);
      await writeFileAtomic(path.join(context.home.purges, `${id}${PENDING}`), recordText(pending));
      return finishPurge(context, pending, context.run.id);
    },
  );
}

function refuseOther({ plan, unreachable }: PurgePlan, shown: string): void {
  if (plan !== shown) {
    throw new ArbdataError('E_BACKUP_REFUSED', `plan ${shown} is not what would be destroyed now (${plan})`, {
      advice: 'Run `arbdata backup purge` without --apply, look at what it shows, and apply that.',
    });
  }
  const [first] = unreachable;
  if (first === undefined) return;
  throw new ArbdataError(
    'E_BACKUP_REFUSED',
    `${first.path} cannot be reached, and must be destroyed as well`,
    {
      advice:
        'Mount its disk first, or name the destination in config.json again: a purge is all or nothing.',
      where: { file: first.path },
    },
  );
}

const purgeId = ({ clock }: Service): string => {
  const [date = '', time = ''] = shanghaiStamp(clock).split(' ');
  return `P${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
};
