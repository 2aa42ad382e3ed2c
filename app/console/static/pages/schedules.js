/** 计划: month by product, and every job with its next times. */
import { get, send } from '../lib/api.js';
import { openSheet } from '../lib/dialog.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, boxes, field, filled } from '../lib/form.js';
import { listPanel } from '../lib/list.js';
import { hasRole, runPage } from '../lib/shell.js';
import { cellState, pipelineName, runState } from '../lib/states.js';
import { cronWords, minute, monthName } from '../lib/words.js';

/** @typedef {{ readonly period: string, readonly state: string, readonly isLate: boolean, readonly dueAt: string | null, readonly outAt: string | null, readonly runId: string | null }} Cell */
/** @typedef {{ readonly name: string, readonly kind: 'product' | 'job', readonly cells: readonly Cell[] }} Row */
/** @typedef {{ readonly id: string, readonly title: string, readonly pipeline: string, readonly period: 'previous-month' | 'previous-day' | 'none', readonly canRehearse: boolean, readonly when: string | { readonly workingDay: number, readonly at: string }, readonly state: string, readonly next: readonly { readonly at: string, readonly kind: string }[], readonly last: { readonly state: string, readonly period: string | null, readonly runId: string | null, readonly finishedAt: string | null } | null, readonly open: readonly { readonly state: string }[], readonly late: readonly { readonly product: string, readonly period: string, readonly dueAt: string }[] }} Job */

const STATES = /** @type {Readonly<Record<string, string>>} */ ({
  'in force': '启用',
  off: '停用',
  unseen: '尚未生效',
});

void runPage(async (session) => {
  const [{ rows }, { jobs }] = await Promise.all([
    /** @type {Promise<{ rows: Row[] }>} */ (get('/api/schedules/grid', { months: 12 })),
    /** @type {Promise<{ jobs: Job[] }>} */ (get('/api/schedules')),
  ]);
  const late = jobs.flatMap((job) => job.late);
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      late.map(({ product, period, dueAt }) =>
        h(
          'div',
          { class: 'notice bad' },
          h('strong', null, '逾期'),
          `${monthName(period)}${pipelineName(product)}应于${minute(dueAt)}前发布，尚未发布。`,
        ),
      ),
      gridPanel(rows, new Map(jobs.map(({ id, title }) => [id, title]))),
      listPanel(hasRole(session, ['operator']) ? [...JOB_COLUMNS, RUN_COLUMN] : JOB_COLUMNS, jobs, {
        caption: '计划',
        none: '没有计划',
        title: '计划',
      }),
    ),
  );
});

/**
 * The latest month first.
 * @param {readonly Row[]} rows
 * @param {ReadonlyMap<string, string>} titles of the jobs
 */
function gridPanel(rows, titles) {
  const months = (rows[0]?.cells ?? []).map(({ period }) => period).toReversed();
  return listPanel(
    [
      {
        title: '月份',
        kind: 'key',
        isHead: true,
        value: (/** @type {string} */ month) => monthName(month),
      },
      ...rows.map(({ name, kind, cells }) => ({
        title: kind === 'job' ? (titles.get(name) ?? name) : pipelineName(name),
        kind: /** @type {const} */ ('key'),
        value: (/** @type {string} */ month) => shownCell(cells.find(({ period }) => period === month)),
      })),
    ],
    months,
    { caption: '各月运行情况', none: '没有计划', title: '各月运行情况' },
  );
}

/** @param {Cell | undefined} cell */
function shownCell(cell) {
  if (cell === undefined) return null;
  const { state, runId, isLate, outAt, dueAt } = cell;
  const shown = cellState(state);
  const about = [
    outAt === null ? '' : `${minute(outAt)}发布`,
    dueAt === null ? '' : `应于${minute(dueAt)}前`,
  ];
  return h(
    'span',
    { title: about.filter((text) => text !== '').join('，') },
    runId === null ? shown : h('a', { href: `/run?id=${runId}` }, shown),
    isLate && state !== 'late' ? [' ', h('span', { class: 'chip warn' }, '逾期')] : null,
  );
}

/** @type {readonly import('../lib/table.js').Column<Job>[]} */
const JOB_COLUMNS = [
  { title: '名称', kind: 'key', isHead: true, value: ({ title }) => title },
  { title: '类型', kind: 'key', value: ({ pipeline }) => pipelineName(pipeline) },
  {
    title: '时间',
    kind: 'key',
    value: ({ when }) =>
      typeof when === 'string'
        ? h('span', { title: when }, cronWords(when))
        : `每月第${when.workingDay}个工作日 ${when.at}`,
  },
  { title: '状态', kind: 'key', value: ({ state }) => STATES[state] ?? state },
  {
    title: '下次运行',
    kind: 'key',
    value: ({ next: [first] }) =>
      first === undefined ? '—' : `${minute(first.at)}${first.kind === 'rehearsal' ? '（预演）' : ''}`,
  },
  {
    title: '上次结果',
    kind: 'key',
    value: ({ last }) =>
      last === null
        ? '—'
        : [
            last.runId === null
              ? runState(last.state)
              : h('a', { href: `/run?id=${last.runId}` }, runState(last.state)),
            ` ${minute(last.finishedAt)}`,
          ],
  },
];

/** @type {import('../lib/table.js').Column<Job>} */
const RUN_COLUMN = {
  title: '手工运行',
  kind: 'key',
  value: (job) =>
    h('button', { type: 'button', class: 'small', on: { click: () => openRun(job) } }, '立即运行'),
};

/** @param {Job} job */
function openRun({ id, title, pipeline, state, period, canRehearse }) {
  const none = { required: false };
  const form = actionForm({
    fields: [
      period === 'previous-month'
        ? field('period', '报表期', {
            ...none,
            pattern: '\\d{4}-(0[1-9]|1[0-2])',
            placeholder: '2026-10',
            hint: '不填为最近一个完整月',
          })
        : null,
      period === 'previous-day'
        ? field('period', '日期', { ...none, type: 'date', hint: '不填为昨天' })
        : null,
      canRehearse ? boxes('isRehearsal', '方式', [['true', '预演：用今天的数据，只出草稿']]) : null,
    ],
    button: '立即运行',
    done: async (data) => {
      const { isRehearsal, ...given } = filled(data);
      const body = { ...given, isRehearsal: isRehearsal !== undefined };
      const { request } = /** @type {{ request: string }} */ (await send(`/api/schedules/${id}/run`, body));
      location.assign(`/progress?id=${request}`);
    },
  });
  openSheet(
    title,
    {},
    state === 'off' ? h('p', null, '该计划已停用：只运行这一次。') : null,
    pipeline === 'submit'
      ? h(
          'div',
          { class: 'notice warn' },
          h('strong', null, '将发送'),
          '已生成的批次会发往全国平台，不能收回。',
        )
      : null,
    form,
  );
}
