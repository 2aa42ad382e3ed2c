/** How the backups of each kind stand. They are the city's: no body has any of its own. */
import { BACKUP_KIND_TITLES, BACKUP_KINDS } from '../../../schemas/backup.ts';
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import { WHOLE_CODE } from '../../../schemas/dataset.ts';
import type { Backup } from '../../runtime/ledger-backups.ts';

/** The kinds of which there is a complete backup; verified is one whose every byte was read and found right. */
export function backupRows(all: readonly Backup[]): CockpitRow<'backup'>[] {
  return BACKUP_KINDS.flatMap((kind) => {
    const complete = all.filter((backup) => backup.kind === kind && backup.state === 'complete');
    if (complete.length === 0) return [];
    const good = complete.flatMap(({ checks }) => checks.filter(({ isGood }) => isGood));
    const lastCheck = (what: 'full' | 'drill'): string | null =>
      latest(good.filter((check) => check.kind === what).map(({ checkedAt }) => checkedAt));
    return [
      {
        org_code: WHOLE_CODE,
        kind,
        kind_name: BACKUP_KIND_TITLES[kind],
        backups: complete.length,
        last_good: latest(complete.map(({ createdAt }) => createdAt)),
        last_verified: lastCheck('full'),
        last_drill: lastCheck('drill'),
      },
    ];
  });
}

/** The latest of some times, to the second. */
function latest(times: readonly string[]): string | null {
  return times.toSorted().at(-1)?.slice(0, 19) ?? null;
}
