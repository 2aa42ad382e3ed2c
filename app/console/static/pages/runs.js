/** 运行: all runs, the latest first, and the way to start one. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { ALL, filterForm, listPanel, wanted } from '../lib/list.js';
import { hasRole, runPage } from '../lib/shell.js';
import { pipelineName, runState } from '../lib/states.js';
import { second } from '../lib/words.js';

/**
 * @typedef {{ readonly id: string, readonly pipeline: string, readonly period: string | null, readonly actor: string, readonly state: string, readonly startedAt: string, readonly finishedAt: string | null, readonly error: { readonly code: string } | null }} Run
 */

const PIPELINES = [
  'monthly',
  'macro-monitoring',
  'pre-application-comparison',
  'national-platform',
  'cockpit-refresh',
];

/** @type {readonly import('../lib/table.js').Column<Run>[]} */
const COLUMNS = [
  { title: '运行', kind: 'key', isHead: true, value: ({ id }) => h('a', { href: `/run?id=${id}` }, id) },
  { title: '类型', kind: 'key', value: ({ pipeline }) => pipelineName(pipeline) },
  { title: '报表期', kind: 'key', value: ({ period }) => period },
  { title: '状态', kind: 'key', value: ({ state }) => runState(state) },
  { title: '开始', kind: 'key', value: ({ startedAt }) => second(startedAt) },
  { title: '结束', kind: 'key', value: ({ finishedAt }) => second(finishedAt) },
  { title: '发起人', kind: 'key', value: ({ actor }) => actor },
  { title: '错误', kind: 'key', value: ({ error }) => error?.code },
];

void runPage(async (session) => {
  const { pipeline } = wanted();
  const { runs } = /** @type {{ runs: Run[] }} */ (await get('/api/runs', { pipeline, limit: 200 }));
  const names = PIPELINES.map((name) => /** @type {const} */ ([name, pipelineName(name)]));
  const start = h('span', { class: 'push' }, h('a', { class: 'button', href: '/start' }, '发起运行'));
  replace(
    byId('content'),
    h(
      'div',
      { class: 'headline below' },
      filterForm([{ name: 'pipeline', label: '类型', options: [ALL, ...names] }]),
      hasRole(session, ['operator']) ? start : null,
    ),
    listPanel(COLUMNS, runs, { caption: '运行', none: '没有运行' }),
  );
});
