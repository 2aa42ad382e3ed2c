/** How backups stand, for doctor: what has vanished, what has no copy elsewhere, what nobody has looked at for long. */
import { publicationsInForce, recoveryPoint } from './backup-drill.ts';
import { type BackupListing, type ListedBackup, listBackups } from './backup-look.ts';
import { openPurges } from './backup-purge-end.ts';
import { shanghaiStamp, stampToMs } from './runtime/clock.ts';
import type { Service } from './runtime/service.ts';
import { hasCopy } from './steps/backup/expected.ts';

export interface BackupHealth {
  /** A backup has vanished or was changed. */
  readonly problems: readonly string[];
  /** What is missing to be safe; each with what to do. */
  readonly wants: readonly { readonly message: string; readonly advice: string }[];
  /** One English sentence where all is well. */
  readonly summary: string;
}

const DAY_MS = 86_400_000;
/** The state changes with every command: what is lost with it is told after so many days. */
const STATE_DAYS = 7;

/** Examine backups; nothing of a payload is read. */
export async function backupHealth(service: Service): Promise<BackupHealth> {
  const listing = await listBackups(service);
  const wants = [
    ...(await unfinishedPurges(service)),
    ...(await missing(service, listing)),
    ...apart(service, listing),
    ...stale(service, listing),
  ];
  const count = listing.backups.length;
  return {
    problems: listing.problems,
    wants,
    summary: count === 0 ? 'nothing was published yet that needs one' : `${count}, all where they must be`,
  };
}

type Want = BackupHealth['wants'][number];

/** Purges that were interrupted and cannot come to their end. */
async function unfinishedPurges(service: Service): Promise<Want[]> {
  return (await openPurges(service)).flatMap(({ pending, away }) =>
    away === undefined
      ? []
      : [
          {
            message: `purge ${pending.id} was interrupted and waits for ${away}, which is not there`,
            advice: 'Mount its disk; the next command then destroys what is left and signs the record.',
          },
        ],
  );
}

/** What a loss of this home would take for good. */
async function missing(service: Service, { backups }: BackupListing): Promise<Want[]> {
  const published = await publicationsInForce(service);
  if (published.length === 0) return [];
  const { publicationsLost, ageSeconds } = await recoveryPoint(service);
  const advice = 'Run `arbdata backup create`.';
  if (backups.length === 0) return [{ message: 'there is no backup of this home', advice }];
  const wants: Want[] = [];
  if (publicationsLost.length > 0) {
    wants.push({
      message: `${publicationsLost.length} publications are in no backup, such as ${publicationsLost[0]}`,
      advice,
    });
  }
  const days = ageSeconds.state === null ? null : ageSeconds.state / 86_400;
  if (days === null || days > STATE_DAYS) {
    const message =
      days === null
        ? 'the run ledger has no backup'
        : `the last backup of the run ledger is ${Math.floor(days)} days old`;
    wants.push({ message, advice });
  }
  return wants;
}

/** A backup on the disk of its home protects against mistakes, not against the disk. */
function apart({ config }: Service, { backups }: BackupListing): Want[] {
  const alone = backups.filter((one) => one.state === 'complete' && !hasCopy(one));
  if (alone.length === 0) return [];
  const advice =
    config.backup.destinations.length === 0
      ? 'Name a folder on another disk under backup.destinations in config.json, then run `arbdata backup copy`.'
      : 'Run `arbdata backup copy`.';
  return [{ message: `${alone.length} backups lie in the home alone`, advice }];
}

function stale({ config, clock }: Service, { backups }: BackupListing): Want[] {
  if (backups.length === 0) return [];
  const { verifyWithinDays, drillWithinDays } = config.backup;
  const now = stampToMs(shanghaiStamp(clock));
  const isOld = (at: string | undefined, days: number) =>
    at === undefined || now - stampToMs(at) > days * DAY_MS;
  // A backup that is younger than the time itself is not late.
  const late = (one: ListedBackup) =>
    isOld(one.createdAt, verifyWithinDays) && isOld(one.verified?.at, verifyWithinDays);
  const unseen = backups.filter(late);
  const drills = backups.flatMap(({ drilled }) => (drilled === null ? [] : [drilled.at]));
  const oldest = backups.at(-1)?.createdAt;
  const isDrillLate = isOld(oldest, drillWithinDays) && isOld(drills.toSorted().at(-1), drillWithinDays);
  return [
    ...backups
      .filter(({ drilled }) => drilled?.isGood === false)
      .map(({ id }) => ({
        message: `the last drill with backup ${id} failed`,
        advice: `See \`arbdata backup show ${id}\`; make a new backup, and find out why.`,
      })),
    ...(unseen.length === 0
      ? []
      : [
          {
            message: `${unseen.length} backups were not verified for ${verifyWithinDays} days`,
            advice: 'Run `arbdata backup verify`.',
          },
        ]),
    ...(isDrillLate
      ? [{ message: `no drill for ${drillWithinDays} days`, advice: 'Run `arbdata backup drill`.' }]
      : []),
  ];
}
