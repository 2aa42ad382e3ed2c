/** 报送批次: one batch with its deliveries, its receipts, and the records that the platform did not take. */
import { get } from '../lib/api.js';
import { loadBodies } from '../lib/bodies.js';
import { byId, h, replace } from '../lib/dom.js';
import { factList, listPanel, pagedTable, wanted } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { batchState, deliveryState } from '../lib/states.js';
import { figure, monthName } from '../lib/words.js';

/** @typedef {{ readonly channel: string, readonly state: string, readonly attempts: number, readonly startedAt: string, readonly finishedAt: string | null, readonly actor: string, readonly packageSha256: string }} Delivery */
/** @typedef {{ readonly name: string, readonly receivedAt: string, readonly accepted: number, readonly rejected: number }} Receipt */
/** @typedef {{ readonly recordId: string, readonly caseId: string, readonly op: string, readonly orgCode: string, readonly code: string | null, readonly message: string | null, readonly released: boolean }} Rejected */
/** @typedef {{ readonly batch: string, readonly period: string, readonly platformVersion: string, readonly state: string, readonly asOf: string, readonly counts: { readonly records: number }, readonly accepted: number, readonly rejected: number, readonly unanswered: number, readonly lost: { readonly reason: string, readonly actor: string, readonly declaredAt: string } | null, readonly deliveries: readonly Delivery[], readonly receipts: readonly Receipt[] }} Batch */

/** @type {readonly import('../lib/table.js').Column<Delivery>[]} */
const DELIVERY_COLUMNS = [
  { title: '通道', isHead: true, value: ({ channel }) => channel },
  { title: '结果', kind: 'key', value: ({ state }) => deliveryState(state) },
  { title: '尝试', kind: 'number', value: ({ attempts }) => figure(attempts) },
  { title: '开始', kind: 'key', value: ({ startedAt }) => startedAt },
  { title: '结束', kind: 'key', value: ({ finishedAt }) => finishedAt },
  { title: '操作人', kind: 'key', value: ({ actor }) => actor },
  {
    title: '数据包SHA-256',
    kind: 'key',
    value: ({ packageSha256: sha }) => h('code', { title: sha }, `${sha.slice(0, 16)}…`),
  },
];

/** @type {readonly import('../lib/table.js').Column<Receipt>[]} */
const RECEIPT_COLUMNS = [
  { title: '回执', isHead: true, kind: 'break', value: ({ name }) => name },
  { title: '收到', kind: 'key', value: ({ receivedAt }) => receivedAt },
  { title: '接收', kind: 'number', value: ({ accepted }) => figure(accepted) },
  { title: '退回', kind: 'number', value: ({ rejected }) => figure(rejected) },
];

const OPERATIONS = /** @type {Readonly<Record<string, string>>} */ ({ I: '新增', U: '变更', D: '删除' });

void runPage(async () => {
  const { batch: name = '' } = wanted();
  const path = `/api/submissions/${encodeURIComponent(name)}`;
  const [batch, bodies] = await Promise.all([/** @type {Promise<Batch>} */ (get(path)), loadBodies()]);
  const rejected = await pagedTable({
    columns: rejectedColumns(bodies.nameOf),
    caption: '退回的记录',
    none: '没有退回的记录',
    read: async (offset) => {
      const { records, hasMore } = /** @type {{ records: Rejected[], hasMore: boolean }} */ (
        await get(`${path}/rejected`, { offset })
      );
      return { rows: records, hasMore };
    },
  });
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      h('section', { class: 'panel' }, h('h2', null, batch.batch), batchFacts(batch)),
      listPanel(DELIVERY_COLUMNS, batch.deliveries, { caption: '发送', none: '尚未发送', title: '发送' }),
      listPanel(RECEIPT_COLUMNS, batch.receipts, { caption: '回执', none: '尚无回执', title: '回执' }),
      h('h2', null, '退回的记录'),
      rejected,
    ),
  );
});

/** @param {Batch} batch */
function batchFacts({ period, state, asOf, platformVersion, counts, accepted, rejected, unanswered, lost }) {
  return factList([
    ['月份', monthName(period)],
    ['状态', batchState(state)],
    ['数据截至', asOf],
    ['平台规范版本', platformVersion],
    ['记录', figure(counts.records)],
    ['接收', figure(accepted)],
    ['退回', figure(rejected)],
    ['未回执', figure(unanswered)],
    ...(lost === null
      ? []
      : [/** @type {const} */ (['声明丢失', `${lost.actor}，${lost.declaredAt}：${lost.reason}`])]),
  ]);
}

/**
 * @param {(code: string) => string} nameOf
 * @returns {readonly import('../lib/table.js').Column<Rejected>[]}
 */
function rejectedColumns(nameOf) {
  return [
    { title: '记录', kind: 'key', isHead: true, value: ({ recordId }) => recordId },
    { title: '案件', kind: 'key', value: ({ caseId }) => caseId },
    { title: '机构', kind: 'key', value: ({ orgCode }) => nameOf(orgCode) },
    { title: '操作', kind: 'key', value: ({ op }) => OPERATIONS[op] ?? op },
    { title: '错误码', kind: 'key', value: ({ code }) => code },
    { title: '原因', value: ({ message }) => message },
    { title: '处理', kind: 'key', value: ({ released }) => (released ? '已放行' : '待整改') },
  ];
}
