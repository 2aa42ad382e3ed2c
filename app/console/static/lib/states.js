/** Chinese words and colours for the states that lists show; a colour never stands without its word. */
import { h } from './dom.js';
import { label } from './labels.js';

/**
 * How states are shown: each by its word, in its colour; an unknown one as it is.
 * @param {Readonly<Record<string, readonly [word: string, tone: string]>>} states
 */
const chipsOf = (states) => (/** @type {string} */ state) =>
  h('span', { class: `chip ${states[state]?.[1] ?? ''}` }, states[state]?.[0] ?? state);

export const runState = chipsOf({
  waiting: ['等待', ''],
  running: ['运行中', 'busy'],
  done: ['完成', 'good'],
  held: ['暂停发布', 'warn'],
  failed: ['失败', 'bad'],
  interrupted: ['中断', 'bad'],
  due: ['待运行', ''],
  missed: ['错过', 'warn'],
  skipped: ['跳过', ''],
});

export const batchState = chipsOf({
  built: ['已生成，未发送', ''],
  sending: ['发送中', 'busy'],
  sent: ['已发送，待回执', 'busy'],
  acknowledged: ['全部接收', 'good'],
  'partly rejected': ['部分退回', 'warn'],
  failed: ['发送失败', 'bad'],
  lost: ['已声明丢失', 'bad'],
});

const PIPELINES = /** @type {Readonly<Record<string, string>>} */ ({
  monthly: '月度全流程',
  'macro-monitoring': '宏观监测',
  'national-platform': '全国平台数据',
  'pre-application-comparison': '预申请比对',
  'cockpit-refresh': '驾驶室数据刷新',
  backup: '备份',
  submit: '全国平台报送',
  'backup-verify': '备份校验',
  'backup-drill': '恢复演练',
  'receipts-import': '读入回执',
});

/** @param {string} name */
export const pipelineName = (name) => PIPELINES[name] ?? name;

/**
 * A severity with its colour.
 * @param {string} severity
 */
export function severityChip(severity) {
  const tone = severity === 'error' ? 'bad' : severity === 'warning' ? 'warn' : '';
  return h('span', { class: `chip ${tone}` }, label('severities', severity));
}

export const deliveryState = chipsOf({
  sending: ['发送中', 'busy'],
  delivered: ['已送达', 'good'],
  failed: ['失败', 'bad'],
  unknown: ['结果不明', 'warn'],
});

export const backupState = chipsOf({
  creating: ['制作中', 'busy'],
  complete: ['完成', 'good'],
  removing: ['清理中', 'busy'],
  removed: ['已清理', ''],
});

const cellChip = chipsOf({
  ran: ['完成', 'good'],
  held: ['暂停', 'warn'],
  failed: ['失败', 'bad'],
  running: ['运行中', 'busy'],
  late: ['逾期', 'bad'],
  'not due': ['未到期', ''],
});
/** A month of a product in the grid of schedules. @param {string} state */
export const cellState = (state) => (state === 'none' ? '—' : cellChip(state));
