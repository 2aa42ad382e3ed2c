/** The end of a purge: what its plan names goes, the record is signed. A purge that was killed comes to its end here. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type PurgeRecord, purgeRecordSchema } from '../schemas/backup.ts';
import { fileForm, parsePeriod } from '../schemas/period.ts';
import { destroyedPublication } from './purged.ts';
import { shanghaiStamp } from './runtime/clock.ts';
import { removeRemains, writeFileAtomic } from './runtime/files.ts';
import type { Service } from './runtime/service.ts';
import { allPlaces, placeProblem } from './steps/backup/places.ts';
import { destroyItem } from './steps/backup/purge-files.ts';
import { openSigner } from './steps/backup/signing.ts';

/** The plan of a purge, beside its record to be. */
export const PENDING = '.pending.json';

export interface Purged {
  readonly record: PurgeRecord;
  readonly file: string;
  readonly signature: string;
}

export const recordText = (record: PurgeRecord): string =>
  `${JSON.stringify(purgeRecordSchema.parse(record), null, 2)}\n`;

/** Destroy what is left of a plan, enter it, sign the record; repeatable up to its last step. */
export async function finishPurge(service: Service, pending: PurgeRecord, runId: string): Promise<Purged> {
  const { home, ledger, actor, clock, config } = service;
  const bags = new Set(
    pending.destroyed.flatMap(({ subject }) => /^backup\/(B[\d-]+-[0-9a-f]+)@/.exec(subject)?.[1] ?? []),
  );
  const states = new Map((await ledger.backups.list()).map(({ id, state }) => [id, state]));
  for (const id of bags) {
    if (states.get(id) === 'complete')
      await ledger.backups.intendRemoval(id, { runId, reason: `purge ${pending.id}` });
  }
  const left: PurgeRecord['left'] = [];
  for (const one of pending.destroyed) {
    if (!(await destroyItem(one)))
      left.push({ subject: one.subject, path: one.path, why: 'it is still there' });
  }
  const isLeft = (id: string): boolean => left.some(({ subject }) => subject.startsWith(`backup/${id}@`));
  for (const id of bags) {
    const now = (await ledger.backups.list()).find((one) => one.id === id);
    if (now?.state === 'removing' && !isLeft(id)) await ledger.backups.completeRemoval(id, actor);
  }
  const record: PurgeRecord = { ...pending, left, finishedAt: shanghaiStamp(clock) };
  const content = recordText(record);
  const signer = await openSigner(config.backup.signingKeyFile, home.signingKey);
  const file = path.join(home.purges, `${pending.id}.json`);
  await writeFileAtomic(`${file}.sig`, signer.sign(Buffer.from(content)));
  await writeFileAtomic(path.join(home.purges, `${pending.id}.pub.pem`), signer.publicKey);
  await writeFileAtomic(file, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const subjects = pending.destroyed.map(({ subject }) => subject);
  const publications = (await ledger.publications()).filter(({ product, period }) =>
    subjects.some(
      (one) =>
        one === `published/${product}` || one === `published/${product}/${fileForm(parsePeriod(period))}`,
    ),
  );
  await ledger.backups.addPurge(pending.id, {
    subjects: [...subjects, ...publications.map(destroyedPublication)],
    publications,
    actor,
    detail: {
      scope: pending.scope,
      reason: pending.reason,
      items: pending.destroyed.length,
      recordSha256: sha256,
    },
  });
  await rm(path.join(home.purges, `${pending.id}${PENDING}`), { force: true });
  return { record, file, signature: `${file}.sig` };
}

/** Purges that a kill interrupted, each with a folder that it needs and that is not there now. */
export async function openPurges(
  service: Pick<Service, 'home' | 'config'>,
): Promise<{ readonly pending: PurgeRecord; readonly away: string | undefined }[]> {
  const { home, config } = service;
  if (!existsSync(home.purges)) return [];
  const names = (await readdir(home.purges)).filter((name) => name.endsWith(PENDING)).sort();
  const places = allPlaces(home, config);
  // A copy that was made at a place: its disk holds the record of expected backups.
  const isAway = (dir: string): boolean => {
    const place = places.find((one) => one.dir === dir);
    return place === undefined ? !existsSync(dir) : placeProblem(place, true) !== undefined;
  };
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(home.purges, name), 'utf8');
      const pending = purgeRecordSchema.parse(JSON.parse(text));
      const bags = pending.destroyed.filter(({ subject }) => subject.startsWith('backup/'));
      return { pending, away: bags.map((bag) => path.dirname(bag.path)).find(isAway) };
    }),
  );
}

/**
 * Bring purges to their end that a kill interrupted; one that needs a disk which is not mounted waits for it.
 * Returns one English sentence for each.
 */
export async function finishPurges(service: Service): Promise<string[]> {
  const { home, ledger } = service;
  if (!existsSync(home.purges)) return [];
  await removeRemains(home.purges, service.clock);
  const { alive } = await ledger.heldRuns();
  const settled: string[] = [];
  for (const { pending, away } of await openPurges(service)) {
    const runs = await ledger.listRuns({ limit: 1, pipeline: 'backup' });
    if (runs.some(({ id }) => alive.includes(id))) continue;
    if (away !== undefined) {
      settled.push(`purge ${pending.id} was interrupted and waits: ${away} is not there`);
      continue;
    }
    const runId = runs[0]?.id ?? '';
    await finishPurge(service, pending, runId);
    settled.push(`finished purge ${pending.id}, which was interrupted`);
  }
  return settled;
}
