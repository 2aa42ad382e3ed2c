/** 运行详情: one run with its steps, files, log and approval. */
import { ApiProblem, get, send } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { FILE_COLUMNS } from '../lib/files.js';
import { actionForm, field, filled } from '../lib/form.js';
import { factList, listPanel, wanted } from '../lib/list.js';
import { hasRole, runPage, WORK_ROLES } from '../lib/shell.js';
import { pipelineName, runState } from '../lib/states.js';
import { stepList } from '../lib/steps.js';
import { second } from '../lib/words.js';

/**
 * @typedef {{
 *   readonly id: string, readonly pipeline: string, readonly period: string | null, readonly actor: string, readonly state: string,
 *   readonly snapshotId: string | null, readonly startedAt: string, readonly finishedAt: string | null,
 *   readonly error: { readonly code: string, readonly message: string } | null,
 *   readonly steps: readonly import('../lib/steps.js').Step[], readonly files: readonly import('../lib/files.js').RunFile[],
 * }} Run
 */
/**
 * @typedef {{
 *   readonly artefactsSha256: string, readonly canApprove: boolean,
 *   readonly approvals: readonly { readonly actor: string, readonly reason: string, readonly approvedAt: string }[],
 * }} Approval
 */

const LOG_READERS = ['analyst', 'operator', 'approver', 'system-admin'];

void runPage(async (session) => {
  const { id = '' } = wanted();
  const run = /** @type {Run} */ (await get(`/api/runs/${encodeURIComponent(id)}`));
  const [log, approval] = await Promise.all([
    hasRole(session, LOG_READERS) ? readLog(run.id) : undefined,
    run.state === 'held' && hasRole(session, WORK_ROLES) ? readApproval(run.id) : undefined,
  ]);
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      h('section', { class: 'panel' }, h('h2', null, run.id), runFacts(run)),
      approval === undefined ? null : approvalPanel(run, approval),
      h(
        'section',
        { class: 'panel' },
        h('h2', null, '步骤'),
        run.steps.length === 0 ? h('p', { class: 'nothing' }, '没有步骤') : stepList(run.steps),
      ),
      listPanel(FILE_COLUMNS, run.files, { caption: '文件', none: '没有可下载的文件', title: '文件' }),
      log === undefined ? null : logPanel(log),
    ),
  );
});

/** @param {Run} run */
function runFacts({ pipeline, period, state, actor, startedAt, finishedAt, snapshotId, error }) {
  return factList([
    ['类型', pipelineName(pipeline)],
    ['报表期', period],
    ['状态', runState(state)],
    ['发起人', actor],
    ['开始', second(startedAt)],
    ['结束', second(finishedAt)],
    ['快照', snapshotId],
    ...(error === null ? [] : [/** @type {const} */ (['错误', `${error.code}：${error.message}`])]),
  ]);
}

/** @param {string} id */
function readLog(id) {
  return /** @type {Promise<{ lines: string[], isWhole: boolean }>} */ (get(`/api/runs/${id}/log`));
}

/** What an approval would be about; a run that nobody can approve has none. @param {string} id */
async function readApproval(id) {
  try {
    return /** @type {Approval} */ (await get(`/api/runs/${id}/approval`));
  } catch (error) {
    if (error instanceof ApiProblem && error.status < 500) return undefined;
    throw error;
  }
}

/** @param {{ lines: readonly string[], isWhole: boolean }} log */
function logPanel({ lines, isWhole }) {
  return h(
    'section',
    { class: 'panel' },
    h('h2', null, isWhole ? '日志' : '日志（末尾部分）'),
    lines.length === 0
      ? h('p', { class: 'nothing' }, '没有日志')
      : h('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': '日志' }, lines.join('\n')),
  );
}

/**
 * @param {Run} run
 * @param {Approval} approval
 */
function approvalPanel(run, { artefactsSha256, approvals, canApprove }) {
  const given = approvals.map(
    ({ actor, approvedAt, reason }) =>
      /** @type {const} */ (['已批准', `${actor}，${approvedAt}：${reason}`]),
  );
  return h(
    'section',
    { class: 'panel' },
    h('h2', null, '审批'),
    factList([['成果SHA-256', h('code', null, artefactsSha256)], ...given]),
    canApprove
      ? approvalForm(run, artefactsSha256)
      : h('p', { class: 'soft' }, '须由审批人员批准；发起人不能批准自己的运行。'),
  );
}

/**
 * @param {Run} run
 * @param {string} artefactsSha256
 */
function approvalForm(run, artefactsSha256) {
  return actionForm({
    fields: field('reason', '理由', { maxlength: 500 }),
    button: '批准并发布',
    done: async (data) => {
      const answer = /** @type {{ request: string }} */ (
        await send(`/api/runs/${run.id}/approval`, { artefactsSha256, ...filled(data) })
      );
      location.assign(`/progress?id=${answer.request}`);
    },
  });
}
