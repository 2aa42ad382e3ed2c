/** How the backups of each kind stand. They are the city's: no body has any of its own. */
import type { CockpitRow } from '../../../schemas/cockpit.ts';
import { WHOLE_CODE } from '../../../schemas/dataset.ts';
import type { BackupStanding } from '../../runtime/ledger-standing.ts';

const KIND_NAMES: Readonly<Record<string, string>> = {
  snapshot: '数据快照',
  dump: '数据库导出文件',
  outputs: '已发布成果',
  state: '运行台账',
  evidence: '凭据',
};

export function backupRows(standing: readonly BackupStanding[]): CockpitRow<'backup'>[] {
  return standing.map(({ kind, backups, lastGood, lastVerified, lastDrill }) => ({
    org_code: WHOLE_CODE,
    kind,
    kind_name: KIND_NAMES[kind] ?? kind,
    backups,
    last_good: lastGood,
    last_verified: lastVerified,
    last_drill: lastDrill,
  }));
}
