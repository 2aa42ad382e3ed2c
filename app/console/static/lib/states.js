/** Chinese words and colours for the states that lists show; a colour never stands without its word. */
import { h } from './dom.js';

const RUN_STATES = /** @type {Readonly<Record<string, readonly [string, string]>>} */ ({
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

const BATCH_STATES = /** @type {Readonly<Record<string, readonly [string, string]>>} */ ({
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
  'cockpit-refresh': '驾驶室更新',
  backup: '备份',
  submit: '全国平台报送',
  'backup-drill': '恢复演练',
});

/** @param {readonly [string, string] | undefined} known @param {string} state */
const chip = (known, state) => h('span', { class: `chip ${known?.[1] ?? ''}` }, known?.[0] ?? state);

/** @param {string} state */
export const runState = (state) => chip(RUN_STATES[state], state);
/** @param {string} state */
export const batchState = (state) => chip(BATCH_STATES[state], state);
/** @param {string} name */
export const pipelineName = (name) => PIPELINES[name] ?? name;

export const SEVERITIES = /** @type {Readonly<Record<string, string>>} */ ({
  error: '错误',
  warning: '预警',
  info: '提示',
});
export const FINDING_STATES = /** @type {Readonly<Record<string, string>>} */ ({
  new: '新增',
  continuing: '持续',
  resolved: '已整改',
});

/**
 * A severity with its colour.
 * @param {string} severity
 */
export function severityChip(severity) {
  const tone = severity === 'error' ? 'bad' : severity === 'warning' ? 'warn' : '';
  return h('span', { class: `chip ${tone}` }, SEVERITIES[severity] ?? severity);
}

/** Classes of the comparison of pre-applications. */
export const CLASSES = /** @type {Readonly<Record<string, string>>} */ ({
  LINK_CONFLICT: '关联冲突',
  STATUS_CONFLICT: '状态不一致',
  FIELD_DIFF: '字段不一致',
  MATCHED: '一致',
  DUPLICATE: '重复申请',
  PROBABLE_MATCH: '疑似关联',
  MISSING_CASE: '通过未立案',
  OVERDUE_REVIEW: '超期未审',
  CLOSED_UNLINKED: '已终结',
  IN_PROGRESS: '办理中',
  ORPHAN_CASE: '无预申请的网上案件',
});

/** States of a pre-application, by their codes. */
export const PRE_APPLICATION_STATES = /** @type {Readonly<Record<string, string>>} */ ({
  1: '待审核',
  2: '审核通过',
  3: '退回补正',
  4: '不予受理',
  5: '申请人撤回',
});

/** Fields that the comparison holds against each other. */
export const COMPARED_FIELDS = /** @type {Readonly<Record<string, string>>} */ ({
  ORG_CODE: '受理机构',
  APPLICANT_NAME: '申请人名称',
  APPLICANT_ID_NO: '申请人证件号码',
  RESPONDENT_NAME: '被申请人名称',
  RESPONDENT_ID_NO: '被申请人证件号码',
  DISPUTE_TYPE: '争议类型',
  CLAIM_AMOUNT: '请求金额',
});

const DELIVERY_STATES = /** @type {Readonly<Record<string, readonly [string, string]>>} */ ({
  sending: ['发送中', 'busy'],
  delivered: ['已送达', 'good'],
  failed: ['失败', 'bad'],
  unknown: ['结果不明', 'warn'],
});
/** @param {string} state */
export const deliveryState = (state) => chip(DELIVERY_STATES[state], state);

export const BACKUP_KINDS = /** @type {Readonly<Record<string, string>>} */ ({
  snapshot: '数据快照',
  dump: '数据库导出文件',
  outputs: '已发布成果',
  state: '运行台账',
  evidence: '凭据',
});

const BACKUP_STATES = /** @type {Readonly<Record<string, readonly [string, string]>>} */ ({
  creating: ['制作中', 'busy'],
  complete: ['完成', 'good'],
  removing: ['清理中', 'busy'],
  removed: ['已清理', ''],
});
/** @param {string} state */
export const backupState = (state) => chip(BACKUP_STATES[state], state);

const CELLS = /** @type {Readonly<Record<string, readonly [string, string]>>} */ ({
  ran: ['完成', 'good'],
  held: ['暂停', 'warn'],
  failed: ['失败', 'bad'],
  running: ['运行中', 'busy'],
  late: ['逾期', 'bad'],
  'not due': ['未到期', ''],
});
/** A month of a product in the grid of schedules. @param {string} state */
export const cellState = (state) => (state === 'none' ? '—' : chip(CELLS[state], state));
