/** 报送与回执: the batches built for the platforms, and the receipts that came back. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { listPanel } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { batchState } from '../lib/states.js';
import { figure, monthName } from '../lib/words.js';

/** @typedef {{ readonly batch: string, readonly period: string, readonly state: string, readonly asOf: string, readonly counts: { readonly records: number, readonly I: number, readonly U: number, readonly D: number }, readonly accepted: number, readonly rejected: number, readonly unanswered: number }} Batch */
/** @typedef {{ readonly batch: string, readonly name: string, readonly receivedAt: string, readonly accepted: number, readonly rejected: number, readonly actor: string, readonly importedAt: string }} Receipt */

/** @type {readonly import('../lib/table.js').Column<Batch>[]} */
const BATCH_COLUMNS = [
  {
    title: '批次',
    kind: 'key',
    isHead: true,
    value: ({ batch }) => h('a', { href: `/submission?batch=${encodeURIComponent(batch)}` }, batch),
  },
  { title: '月份', kind: 'key', value: ({ period }) => monthName(period) },
  { title: '状态', kind: 'key', value: ({ state }) => batchState(state) },
  { title: '记录', kind: 'number', value: ({ counts }) => figure(counts.records) },
  { title: '新增', kind: 'number', value: ({ counts }) => figure(counts.I) },
  { title: '变更', kind: 'number', value: ({ counts }) => figure(counts.U) },
  { title: '删除', kind: 'number', value: ({ counts }) => figure(counts.D) },
  { title: '接收', kind: 'number', value: ({ accepted }) => figure(accepted) },
  { title: '退回', kind: 'number', value: ({ rejected }) => figure(rejected) },
  { title: '未回执', kind: 'number', value: ({ unanswered }) => figure(unanswered) },
];

/** @type {readonly import('../lib/table.js').Column<Receipt>[]} */
const RECEIPT_COLUMNS = [
  { title: '回执', isHead: true, kind: 'break', value: ({ name }) => name },
  { title: '批次', kind: 'key', value: ({ batch }) => batch },
  { title: '收到', kind: 'key', value: ({ receivedAt }) => receivedAt },
  { title: '接收', kind: 'number', value: ({ accepted }) => figure(accepted) },
  { title: '退回', kind: 'number', value: ({ rejected }) => figure(rejected) },
  { title: '读入', kind: 'key', value: ({ importedAt }) => importedAt },
  { title: '读入人', kind: 'key', value: ({ actor }) => actor },
];

void runPage(async () => {
  const [{ batches }, { receipts }] = await Promise.all([
    /** @type {Promise<{ batches: Batch[] }>} */ (get('/api/submissions')),
    /** @type {Promise<{ receipts: Receipt[] }>} */ (get('/api/receipts')),
  ]);
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      listPanel(BATCH_COLUMNS, batches.toReversed(), {
        caption: '批次',
        none: '尚无报送批次',
        title: '批次',
      }),
      listPanel(RECEIPT_COLUMNS, receipts.toReversed(), { caption: '回执', none: '尚无回执', title: '回执' }),
    ),
  );
});
