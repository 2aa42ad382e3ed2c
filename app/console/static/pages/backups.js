/** 数据备份: the catalogue, and whether each was looked at. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { label } from '../lib/labels.js';
import { listPanel } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { backupState } from '../lib/states.js';
import { fileSize } from '../lib/words.js';

/** @typedef {{ readonly at: string, readonly isGood: boolean } | null} Check */
/** @typedef {{ readonly id: string, readonly kind: string, readonly state: string, readonly createdAt: string, readonly isEncrypted: boolean, readonly sizeBytes: number | null, readonly destinations: readonly string[], readonly verified: Check, readonly drilled: Check }} Backup */

/** @param {Check} check */
function shown(check) {
  if (check === null) return '未做';
  return [
    h('span', { class: `chip ${check.isGood ? 'good' : 'bad'}` }, check.isGood ? '通过' : '未通过'),
    ` ${check.at}`,
  ];
}

/** @type {readonly import('../lib/table.js').Column<Backup>[]} */
const COLUMNS = [
  { title: '备份', kind: 'key', isHead: true, value: ({ id }) => id },
  { title: '种类', kind: 'key', value: ({ kind }) => label('backupKinds', kind) },
  { title: '状态', kind: 'key', value: ({ state }) => backupState(state) },
  { title: '时间', kind: 'key', value: ({ createdAt }) => createdAt },
  {
    title: '大小',
    kind: 'number',
    value: ({ sizeBytes }) => (sizeBytes === null ? '—' : fileSize(sizeBytes)),
  },
  { title: '加密', kind: 'key', value: ({ isEncrypted }) => (isEncrypted ? '是' : '否') },
  {
    title: '存放于',
    value: ({ destinations }) => (destinations.length === 0 ? '—' : destinations.join('、')),
  },
  { title: '校验', kind: 'key', value: ({ verified }) => shown(verified) },
  { title: '恢复演练', kind: 'key', value: ({ drilled }) => shown(drilled) },
];

void runPage(async () => {
  const { backups } = /** @type {{ backups: Backup[] }} */ (await get('/api/backups'));
  replace(byId('content'), listPanel(COLUMNS, backups, { caption: '备份', none: '尚无备份' }));
});
