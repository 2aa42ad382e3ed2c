/** 运行进度: what a command that somebody asked for is doing, as it happens. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { factList, wanted } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { pipelineName, runState } from '../lib/states.js';
import { stepList } from '../lib/steps.js';
import { second } from '../lib/words.js';

/** @typedef {{ readonly id: string, readonly actor: string, readonly words: readonly string[], readonly state: string, readonly requestedAt: string, readonly finishedAt: string | null, readonly error: { readonly code: string, readonly message: string } | null, readonly runIds: readonly string[] }} Request */
/** @typedef {import('../lib/steps.js').Step} Step */

const LONGEST_LOG = 2000;

/** What is shown of a command, and how each kind of news changes it. */
class Progress {
  facts = h('section', { class: 'panel', id: 'request' });
  steps = h('section', { class: 'panel', id: 'steps' }, h('h2', null, '步骤'));
  log = h('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': '日志' });
  said = h('p', { class: 'unseen', role: 'status' });
  /** @type {Map<string, readonly Step[]>} */
  byRun = new Map();

  /** @param {Request} request */
  request(request) {
    replace(this.facts, h('h2', null, commandTitle(request.words)), requestFacts(request));
    this.said.textContent = `状态：${this.facts.querySelector('.chip')?.textContent ?? request.state}`;
  }

  /** @param {{ run: string, steps: readonly Step[] }} news */
  step({ run, steps }) {
    this.byRun.set(run, steps);
    replace(
      this.steps,
      h('h2', null, '步骤'),
      [...this.byRun].map(([id, own]) => [
        h('h3', null, h('a', { href: `/run?id=${id}` }, id)),
        stepList(own),
      ]),
    );
  }

  /** The end stays in sight for who looks at the end. @param {{ lines: readonly string[] }} news */
  lines({ lines }) {
    const { log } = this;
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
    const all = `${log.textContent ?? ''}${lines.join('\n')}\n`.split('\n');
    log.textContent = all.slice(-LONGEST_LOG).join('\n');
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }
}

void runPage(async () => {
  const { id = '' } = wanted();
  const path = `/api/requests/${encodeURIComponent(id)}`;
  const progress = new Progress();
  progress.request(/** @type {Request} */ (await get(path)));
  const { facts, steps, log, said } = progress;
  const logPanel = h('section', { class: 'panel' }, h('h2', null, '日志'), log);
  replace(byId('content'), h('div', { class: 'stack' }, facts, steps, logPanel, said));
  const source = new EventSource(`${path}/events`);
  const on = (/** @type {string} */ name, /** @type {(data: any) => void} */ use) =>
    source.addEventListener(name, (event) => use(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  on('request', (request) => progress.request(request));
  on('step', (news) => progress.step(news));
  on('log', (news) => progress.lines(news));
  on('end', (request) => {
    source.close();
    progress.request(request);
  });
});

/** @param {Request} request */
function requestFacts({ id, actor, words, state, requestedAt, finishedAt, error, runIds }) {
  const runs = runIds.map((run) => [h('a', { href: `/run?id=${run}` }, run), ' ']);
  return factList([
    ['状态', runState(state)],
    ['命令', h('code', null, `arbdata ${words.join(' ')}`)],
    ['申请', id],
    ['发起人', actor],
    ['提出', second(requestedAt)],
    ['结束', second(finishedAt)],
    ['运行', runs.length === 0 ? '尚未开始' : runs],
    ...(error === null ? [] : [/** @type {const} */ (['错误', `${error.code}：${error.message}`])]),
  ]);
}

/**
 * What a command does, in a few words.
 * @param {readonly string[]} words
 */
function commandTitle(words) {
  const [command = '', ...rest] = words;
  /** @param {string} option */
  const given = (option) => words[words.indexOf(option) + 1 || words.length] ?? '';
  if (command === 'run') {
    const days = [given('--from'), given('--to')].filter((day) => day !== '').join('至');
    return `${pipelineName(rest[0] ?? '')} ${given('--period')}${days}`.trim();
  }
  if (command === 'schedule') return `计划作业 ${rest[1] ?? ''} ${given('--period')}`.trim();
  if (command === 'runs') return `批准并发布 ${rest[1] ?? ''}`;
  return pipelineName(command);
}
