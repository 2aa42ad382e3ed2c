/** Retention: what would be removed is shown first, and only what was shown is removed. */
import { createHash } from 'node:crypto';
import { withBackupRun } from './backup.ts';
import { type ListedBackup, listBackups } from './backup-look.ts';
import { keptPublications } from './purged.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Publication } from './runtime/ledger.ts';
import type { Service } from './runtime/service.ts';
import { damageAt } from './steps/backup/looks.ts';
import { allPlaces } from './steps/backup/places.ts';
import { planRetention, type Retained, type RetentionPlan } from './steps/backup/retention.ts';
import { removeEverywhere } from './steps/backup/settle.ts';
import { publicationName } from './steps/publish/publication.ts';

export interface PrunePlan extends RetentionPlan {
  /** Names exactly this plan: what has changed since is not removed by it. */
  readonly plan: string;
  readonly sizeBytes: number;
}

/** What retention would remove now; nothing is changed. */
export async function planPrune(service: Service): Promise<PrunePlan> {
  const { backups } = await listBackups(service);
  const complete = backups.filter(({ state }) => state === 'complete');
  // Superseded ones, too: what they say can still be asked for.
  const published = await keptPublications(service);
  const retained = complete.map((one) => retainedOf(one, complete, published));
  const plan = planRetention(retained, service.config.backup.retention);
  const sizes = new Map(complete.map(({ id, sizeBytes }) => [id, sizeBytes ?? 0]));
  const name = createHash('sha256').update(plan.remove.join('\n')).digest('hex').slice(0, 8);
  return { ...plan, plan: name, sizeBytes: plan.remove.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0) };
}

function retainedOf(
  backup: ListedBackup,
  all: readonly ListedBackup[],
  published: readonly Publication[],
): Retained {
  const { id, kind, createdAt, info, places } = backup;
  const schemas = [...new Set(info.dumps?.map(({ schema }) => schema ?? 'unknown'))].sort().join(',');
  const pinned: string[] = [];
  if (kind === 'evidence') pinned.push('evidence of a published period');
  const referring = published.find(
    ({ snapshotId }) => kind === 'snapshot' && info.snapshots?.includes(snapshotId),
  );
  if (referring !== undefined) pinned.push(`${publicationName(referring)} refers to it`);
  const only = published
    .map(publicationName)
    .find(
      (name) =>
        info.publications?.includes(name) &&
        !all.some((one) => one !== backup && isGood(one) && one.info.publications?.includes(name)),
    );
  if (only !== undefined) pinned.push(`the only backup of ${only}`);
  const absent = places.find(({ state }) => state === 'unreachable');
  if (absent !== undefined) pinned.push(`its copy at ${absent.destination} cannot be reached now`);
  return { id, group: kind === 'dump' ? `dump ${schemas}` : kind, createdAt, isGood: isGood(backup), pinned };
}

/** Present somewhere, and not found damaged there. */
function isGood(backup: ListedBackup): boolean {
  const present = new Set(
    backup.places.filter(({ state }) => state === 'present').map(({ destination }) => destination),
  );
  return backup.copies.some((copy) => present.has(copy.destination) && damageAt(backup, copy) === undefined);
}

/**
 * Remove what a plan has shown.
 * @throws {ArbdataError} E_BACKUP_REFUSED where the plan is another one by now
 */
export async function prune(service: Service, planned: string): Promise<PrunePlan & { runId: string }> {
  return withBackupRun(service, 'prune', { plan: planned }, async (context) => {
    const now = await planPrune(context);
    if (now.plan !== planned) {
      throw new ArbdataError(
        'E_BACKUP_REFUSED',
        `plan ${planned} is not what would be removed now (${now.plan})`,
        {
          advice: 'Run `arbdata backup prune` again, look at what it shows, and apply that.',
        },
      );
    }
    const places = allPlaces(context.home, context.config);
    for (const id of now.remove) {
      const backup = (await context.ledger.backups.list()).find((one) => one.id === id);
      await context.ledger.backups.intendRemoval(id, { runId: context.run.id, reason: 'retention' });
      if (await removeEverywhere(id, backup?.copies ?? [], places)) {
        await context.ledger.backups.completeRemoval(id, context.actor);
      }
    }
    return now;
  });
}
