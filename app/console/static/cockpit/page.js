/** The cockpit's page: reads one version, draws all panels of it at once, and watches for the next. */
import { ApiProblem } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { isNothingYet, runPage, tellProblem, toSignIn } from '../lib/shell.js';
import { age, minute, monthName, shortName } from '../lib/words.js';
import { dropCharts, redrawCharts } from './charts.js';
import { openDrill } from './drill.js';
import { loadCockpit, loadOwnMap } from './load.js';
import { bodyName } from './panel.js';
import { drawBreakdown } from './panels/breakdown.js';
import { drawDistricts } from './panels/districts.js';
import { drawKeyFigures } from './panels/key-figures.js';
import {
  drawBackups,
  drawCollective,
  drawDataQuality,
  drawFreshness,
  drawPreApplications,
  drawSubmissions,
} from './panels/state.js';
import { drawTimeLimits } from './panels/time-limits.js';
import { drawTrend } from './panels/trend.js';
import { View, WHOLE } from './view.js';

/** @typedef {import('./load.js').Cockpit} Cockpit */
/** @typedef {import('./view.js').Choice} Choice */

const LOOK_MS = 15_000;

class Page {
  /**
   * @param {Cockpit} cockpit
   * @param {unknown} ownMap
   */
  constructor(cockpit, ownMap) {
    this.cockpit = cockpit;
    this.ownMap = ownMap;
    /** Since when the server does not answer. @type {string | undefined} */
    this.silentSince = undefined;
    /** @type {Choice} */
    this.choice = { body: WHOLE, isCurrent: false, mapFigure: 'B01', tables: new Set() };
    this.keepBody();
  }

  /** A district sees no whole; a body may be gone in a later version. */
  keepBody() {
    const bodies = this.view.all('districts', 'body').map(({ org_code }) => org_code);
    if (bodies.includes(this.choice.body)) return;
    this.choice.body = bodies.includes(WHOLE) ? WHOLE : (bodies[0] ?? WHOLE);
  }

  get view() {
    return new View(this.cockpit, this.choice, this);
  }

  /** @param {Partial<Choice>} change */
  choose(change) {
    Object.assign(this.choice, change);
    this.draw();
  }

  /** @param {import('./view.js').Drill} wanted */
  drill(wanted) {
    const { view } = this;
    void openDrill(wanted, {
      version: this.cockpit.index.version,
      ratios: this.cockpit.index.ratios,
      nameOf: (code) => bodyName(view, code),
      onOtherVersion: () => void this.look(),
    });
  }

  draw() {
    const { view } = this;
    document.body.dataset['version'] = String(this.cockpit.index.version);
    document.body.classList.toggle('one-body', !view.hasWhole);
    drawBar(view);
    this.drawNotices();
    drawKeyFigures(view);
    drawTrend(view);
    drawDistricts(view, this.ownMap);
    drawBreakdown(view, { name: 'dispute-types', title: '争议类型', table: 'dispute_type' });
    drawBreakdown(view, { name: 'industries', title: '行业', table: 'industry' });
    drawBreakdown(view, { name: 'employer-groups', title: '用人单位类型', table: 'employer_group' });
    drawTimeLimits(view);
    drawCollective(view);
    drawPreApplications(view);
    drawDataQuality(view);
    drawSubmissions(view);
    drawBackups(view);
    drawFreshness(view);
    drawFoot(view);
    dropCharts();
  }

  drawNotices() {
    const { index } = this.cockpit;
    const { lastError, isLate, ageHours } = index.freshness;
    replace(
      byId('notices'),
      this.silentSince === undefined
        ? null
        : notice(
            'bad',
            '与服务器的连接中断',
            `自${this.silentSince}起没有应答；显示的是第${index.version}版的数据，恢复后自动更新。`,
          ),
      lastError === null
        ? null
        : notice(
            'bad',
            '最近一次更新失败',
            `${lastError.startedAt} 的更新未生效（${lastError.code}，${lastError.runId}），显示的仍是${index.refreshedAt}的数据。`,
          ),
      isLate
        ? notice(
            'warn',
            '数据已超时',
            `数据时点为${minute(index.dataTime)}，已过${age(ageHours)}，应在${minute(index.lateAfter)}前更新。`,
          )
        : null,
    );
  }

  /** Whether another version came into force; then all panels of it are shown at once. */
  async look() {
    try {
      const next = await loadCockpit(this.cockpit.tag);
      const wasSilent = this.silentSince !== undefined;
      this.silentSince = undefined;
      if (next === undefined) {
        if (wasSilent) this.drawNotices();
        return;
      }
      const isOther = next.index.version !== this.cockpit.index.version;
      this.cockpit = next;
      this.keepBody();
      this.draw();
      if (isOther) byId('said').textContent = `已更新至第${next.index.version}版，数据截至${next.index.asOf}`;
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) await toSignIn();
      this.silentSince ??= new Date().toTimeString().slice(0, 5);
      this.drawNotices();
    }
  }
}

/**
 * @param {'bad' | 'warn'} tone
 * @param {string} what
 * @param {string} more
 */
function notice(tone, what, more) {
  return h(
    'div',
    { class: `notice ${tone}`, role: 'status' },
    h('strong', null, what),
    h('span', null, more),
  );
}

/** Whose figures, of which month, as of when. @param {View} view */
function drawBar(view) {
  const { index } = view.cockpit;
  const { current, complete } = index.months;
  const month = (/** @type {boolean} */ isCurrent, /** @type {string} */ name) =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': view.choice.isCurrent === isCurrent,
        'data-focus': `month-${isCurrent}`,
        on: { click: () => view.page.choose({ isCurrent }) },
      },
      name,
    );
  replace(
    byId('bar'),
    h('h1', null, '驾驶室'),
    bodySelect(view),
    h(
      'div',
      { class: 'segments', role: 'group', 'aria-label': '月份' },
      month(false, monthName(complete)),
      month(true, `${monthName(current)}至${Number(index.asOf.slice(8))}日（暂定）`),
    ),
    h(
      'p',
      { class: 'as-of' },
      h('span', null, '数据截至 ', h('strong', null, index.asOf)),
      h('span', { class: 'soft' }, `更新于 ${minute(index.refreshedAt)}`),
      index.freshness.isLate ? null : h('span', { class: 'chip good' }, '数据正常'),
    ),
  );
}

/** @param {View} view */
function bodySelect(view) {
  const change = (/** @type {Event} */ event) =>
    view.page.choose({ body: /** @type {HTMLSelectElement} */ (event.target).value });
  const own = new Set(view.all('key-figures', 'key_figure').map(({ org_code }) => org_code));
  const option = (/** @type {string} */ code, /** @type {string} */ name) =>
    h('option', { value: code, selected: code === view.choice.body }, name);
  return h(
    'label',
    null,
    '范围',
    h(
      'select',
      { 'data-focus': 'body', on: { change } },
      view.hasWhole ? option(WHOLE, '全市') : null,
      view.bodies
        .filter(({ org_code }) => own.has(org_code))
        .map(({ org_code, org_name }) => option(org_code, shortName(org_name))),
    ),
  );
}

/** Said by the panels themselves. */
const EMPTY_NOTES = new Set(['尚无报送批次', '尚无备份']);

/** Which version this is, and what a reader should know of its figures. @param {View} view */
function drawFoot(view) {
  const { index, panels } = view.cockpit;
  /** @type {Map<string, string[]>} */
  const notes = new Map();
  for (const { title, notes: own } of panels.values())
    for (const note of own) if (!EMPTY_NOTES.has(note)) notes.set(note, [...(notes.get(note) ?? []), title]);
  const item = (/** @type {string} */ text) => h('span', null, text);
  replace(
    byId('foot'),
    h(
      'p',
      { class: 'version' },
      item(`第${index.version}版`),
      item(`快照 ${index.snapshotId}`),
      item(`运行 ${index.runId}`),
      item(`数据时点 ${index.dataTime}`),
      item(`更新于 ${index.refreshedAt}`),
      item(`程序 ${index.toolVersion}`),
    ),
    notes.size === 0
      ? null
      : h(
          'ul',
          { 'aria-label': '说明' },
          [...notes].map(([note, titles]) =>
            h('li', null, titles.length > 2 ? `说明：${note}。` : `${titles.join('、')}：${note}。`),
          ),
        ),
  );
}

/** Paper is light and has a width of its own. */
function preparePaper() {
  let before = '';
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset['theme'] ?? '';
    document.documentElement.dataset['theme'] = 'light';
    document.documentElement.classList.add('on-paper');
    redrawCharts();
  });
  addEventListener('afterprint', () => {
    document.documentElement.dataset['theme'] = before;
    document.documentElement.classList.remove('on-paper');
    redrawCharts();
  });
}

/** The version in force; before the first refresh that is told, and waited for. */
async function firstCockpit() {
  /** @type {HTMLElement | undefined} */
  let told;
  for (;;) {
    try {
      const cockpit = await loadCockpit();
      if (cockpit === undefined) throw new Error('没有读到驾驶室的数据');
      told?.remove();
      return cockpit;
    } catch (error) {
      if (!isNothingYet(error)) throw error;
      told ??= tellProblem(error);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

void runPage(async () => {
  const [cockpit, ownMap] = await Promise.all([firstCockpit(), loadOwnMap()]);
  const page = new Page(cockpit, ownMap);
  document.getElementById('waiting')?.remove();
  page.draw();
  addEventListener('themechange', () => redrawCharts());
  preparePaper();
  byId('drill').addEventListener('click', (event) => {
    if (event.target === event.currentTarget) /** @type {HTMLDialogElement} */ (event.currentTarget).close();
  });
  const again = async () => {
    await page.look();
    setTimeout(() => void again(), LOOK_MS);
  };
  setTimeout(() => void again(), LOOK_MS);
});
