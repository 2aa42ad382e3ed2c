/** 发起运行: choose what, and go on to its progress. */
import { send } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, filled } from '../lib/form.js';
import { hasRole, runPage } from '../lib/shell.js';
import { pipelineName } from '../lib/states.js';

const PIPELINES = ['monthly', 'macro-monitoring', 'pre-application-comparison', 'national-platform'];
const PERIOD = '\\d{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?';

void runPage(async (session) => {
  if (!hasRole(session, ['operator'])) throw new Error('只有操作人员可以发起运行');
  const form = actionForm({
    fields: fields(),
    button: '开始',
    done: async (data) => {
      const { request } = /** @type {{ request: string }} */ (await send('/api/requests', filled(data)));
      location.assign(`/progress?id=${request}`);
    },
  });
  replace(byId('content'), h('section', { class: 'panel' }, form));
});

function fields() {
  const pipelines = PIPELINES.map((name) => h('option', { value: name }, pipelineName(name)));
  const hint = (/** @type {string} */ text) => h('span', { class: 'soft' }, text);
  return [
    h('label', null, '类型', h('select', { name: 'pipeline' }, pipelines)),
    h(
      'label',
      null,
      '报表期',
      h('input', { name: 'period', pattern: PERIOD, placeholder: '2026-10', autocomplete: 'off' }),
      hint('月2026-10、季2026-Q4、半年2026-H2、年2026；不填为最近一个完整月'),
    ),
    h(
      'label',
      null,
      '数据日期',
      h('input', { name: 'asOf', type: 'date' }),
      hint('不填为数据源的日期或今天'),
    ),
  ];
}
