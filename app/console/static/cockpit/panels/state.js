/** 集体争议、网上预申请、数据质量、全国平台报送、数据备份、数据时效. */
import { h } from '../../lib/dom.js';
import { label } from '../../lib/labels.js';
import { batchState } from '../../lib/states.js';
import { table } from '../../lib/table.js';
import { age, figure, minute, monthName, plainName, size } from '../../lib/words.js';
import { chart, tip } from '../charts.js';
import { bodyName, changes, count, drawPanel, drillable, figureColumns, monthOf } from '../panel.js';
import { WHOLE } from '../view.js';

/** @typedef {import('../view.js').View} View */

/** @param {View} view */
export function drawCollective(view) {
  const rows = view.ofMonth('collective-disputes', 'collective');
  drawPanel(view, {
    name: 'collective-disputes',
    title: '集体争议',
    of: monthOf(view),
    chart: () =>
      h(
        'div',
        { class: 'pair' },
        rows.map((row) => {
          const name = row.indicator_id === 'A07' ? '涉及劳动者' : '案件';
          return h(
            'div',
            { 'data-indicator': row.indicator_id },
            count(
              name,
              drillable(view, row.value, { figure: row.indicator_id, title: plainName(row.indicator_name) }),
              {
                unit: row.unit,
              },
            ),
            changes(row),
          );
        }),
      ),
    table: () => {
      const { name, value, previous, lastYear } = figureColumns(view);
      return table([name, value, previous, lastYear], rows, `集体争议，${monthOf(view)}`);
    },
  });
}

/** Problems first and large; what is well in one line below. @param {View} view */
export function drawPreApplications(view) {
  const rows = view
    .ofMonth('pre-applications', 'pre_application')
    .toSorted((a, b) => a.position - b.position);
  const problems = rows.filter(({ is_problem }) => is_problem === 1);
  const fine = rows.filter(({ is_problem }) => is_problem === 0);
  const sum = (/** @type {typeof rows} */ some) => some.reduce((total, { records }) => total + records, 0);
  const open = (/** @type {(typeof rows)[number]} */ row) =>
    drillable(view, row.records, { figure: row.class, title: row.class_name });
  drawPanel(view, {
    name: 'pre-applications',
    title: '网上预申请',
    of: `件，${monthOf(view)}`,
    chart: () => [
      h(
        'div',
        { class: 'counts' },
        count('有问题', figure(sum(problems)), { tone: sum(problems) > 0 ? 'bad' : undefined }),
        ...fine.map((row) => count(row.class_name, open(row))),
      ),
      h(
        'dl',
        { class: 'lines two' },
        problems.map((row) =>
          h(
            'div',
            null,
            h('dt', null, row.class_name),
            h('dd', { class: row.records > 0 ? 'hot' : 'soft' }, open(row)),
          ),
        ),
      ),
    ],
    table: () =>
      table(
        [
          { title: '类别', isHead: true, value: (row) => row.class_name },
          { title: '是否问题', value: (row) => (row.is_problem === 1 ? '是' : '否') },
          { title: '件数', kind: 'number', value: open },
        ],
        rows,
        `网上预申请，${monthOf(view)}`,
      ),
  });
}

const SEVERITIES = /** @type {const} */ ([
  { severity: 'error', tone: 'bad' },
  { severity: 'warning', tone: 'warn' },
  { severity: 'info', tone: undefined },
]);

/** @param {View} view */
export function drawDataQuality(view) {
  const own = view.own('data-quality', 'quality');
  const rules = view
    .own('data-quality', 'quality_rule')
    .toSorted((a, b) => b.open_findings - a.open_findings || (a.rule_id < b.rule_id ? -1 : 1));
  const openOf = (/** @type {string} */ severity) =>
    own.find((row) => row.severity === severity)?.open_findings ?? 0;
  drawPanel(view, {
    name: 'data-quality',
    title: '数据质量',
    of: '待处理问题',
    chart: () => [
      h(
        'div',
        { class: 'counts' },
        SEVERITIES.map(({ severity, tone }) =>
          count(label('severities', severity), figure(openOf(severity)), {
            unit: '个',
            mark: severity,
            tone: openOf(severity) > 0 ? tone : undefined,
          }),
        ),
      ),
      h(
        'div',
        { class: 'quality' },
        view.hasWhole ? qualityByBody(view) : null,
        h('div', { class: 'quality-trend' }, qualityTrend(view)),
      ),
    ],
    table: () =>
      table(
        [
          { title: '规则', kind: 'key', value: (row) => row.rule_id },
          { title: '内容', isHead: true, value: (row) => row.rule_title },
          {
            title: '级别',
            value: (row) => label('severities', row.severity),
          },
          {
            title: '待处理',
            kind: 'number',
            value: (row) =>
              drillable(view, row.open_findings, {
                figure: row.rule_id,
                title: row.rule_title,
                month: 'now',
              }),
          },
        ],
        rules,
        '各规则待处理问题',
      ),
  });
}

/** As the style sheet has it. */
const SHOWN_ON_WALL = 13;

/** Errors and warnings by body, the most first. @param {View} view */
function qualityByBody(view) {
  const rows = view.all('data-quality', 'quality').filter(({ org_code }) => org_code !== WHOLE);
  const bodies = [...new Set(rows.map(({ org_code }) => org_code))].map((code) => {
    const of = (/** @type {string} */ severity) =>
      rows.find((row) => row.org_code === code && row.severity === severity)?.open_findings ?? 0;
    const counts = { error: of('error'), warning: of('warning'), info: of('info') };
    return { code, ...counts, total: counts.error + counts.warning + counts.info };
  });
  const most = Math.max(1, ...bodies.map(({ total }) => total));
  const sorted = bodies.filter(({ total }) => total > 0).toSorted((a, b) => b.total - a.total);
  const rest = sorted.slice(SHOWN_ON_WALL);
  if (sorted.length === 0) return h('p', { class: 'nothing' }, '没有待处理的问题');
  return h(
    'div',
    { class: 'by-body' },
    h(
      'ol',
      { class: 'bars quality-bars' },
      sorted.map(({ code, total, ...counts }) =>
        h(
          'li',
          null,
          h(
            'div',
            {
              class: 'row',
              role: 'group',
              'aria-label': `${bodyName(view, code)}：错误${counts.error}，预警${counts.warning}，提示${counts.info}`,
            },
            h('span', { class: 'label' }, bodyName(view, code)),
            h(
              'span',
              { class: 'track' },
              SEVERITIES.map(({ severity }) =>
                h('span', {
                  class: `part is-${severity}`,
                  style: { '--part': (counts[severity] / most) * 100 },
                }),
              ),
            ),
            h('span', { class: 'figure' }, figure(total)),
          ),
        ),
      ),
      // A wall screen has room for so many; the others are summed up there.
      rest.length === 0
        ? null
        : h(
            'li',
            { class: 'rest soft' },
            `其余${rest.length}个机构共${rest.reduce((sum, { total }) => sum + total, 0)}个`,
          ),
    ),
  );
}

/** Open findings of the latest runs. @param {View} view */
function qualityTrend(view) {
  const rows = view.own('data-quality', 'quality_trend');
  const runs = [...new Set(rows.map(({ run_id }) => run_id))];
  if (runs.length < 2) return null;
  const openIn = (/** @type {string} */ run, /** @type {string} */ severity) =>
    rows.find((row) => row.run_id === run && row.severity === severity)?.open_findings ?? 0;
  const dayOf = (/** @type {string} */ run) => rows.find(({ run_id }) => run_id === run)?.run_day ?? '';
  return [
    h('h3', { class: 'soft' }, `近${runs.length}次运行`),
    chart({
      className: 'small-chart',
      label: `近${runs.length}次运行的待处理问题：${runs.map((run) => `${dayOf(run)}错误${openIn(run, 'error')}、预警${openIn(run, 'warning')}`).join('；')}`,
      option: (look) => ({
        ...look.common,
        grid: { left: look.px(2.4), right: look.px(0.4), top: look.px(0.5), bottom: look.px(1.5) },
        xAxis: {
          type: 'category',
          data: runs,
          ...look.axis,
          splitLine: { show: false },
          axisLabel: { ...look.axis.axisLabel, formatter: (run) => dayOf(run).slice(5), hideOverlap: true },
        },
        yAxis: { type: 'value', ...look.axis, splitNumber: 2, minInterval: 1 },
        tooltip: {
          ...look.common.tooltip,
          trigger: 'axis',
          formatter: (points) => {
            const [point] = Array.isArray(points) ? points : [points];
            const run = runs[point?.dataIndex ?? 0] ?? '';
            return tip(
              `${dayOf(run)} ${run}`,
              SEVERITIES.map(({ severity }) => [
                label('severities', severity),
                String(openIn(run, severity)),
              ]),
            );
          },
        },
        series: SEVERITIES.map(({ severity }) => ({
          name: label('severities', severity),
          type: /** @type {const} */ ('bar'),
          stack: 'all',
          barMaxWidth: look.px(2),
          data: runs.map((run) => openIn(run, severity)),
          itemStyle: { color: look.colour(`series-${severity}`) },
        })),
      }),
    }),
  ];
}

const PRODUCTS = /** @type {Readonly<Record<string, string>>} */ ({ 'national-platform': '全国平台' });

/** @param {View} view */
export function drawSubmissions(view) {
  const rows = view.own('submissions', 'submission');
  drawPanel(view, {
    name: 'submissions',
    title: '全国平台报送',
    // Cases held back for other reasons, such as a code that the platform does not know, show in the next batch alone.
    of: '暂缓仅计有数据问题的',
    chart: () => (rows.length === 0 ? h('p', { class: 'nothing' }, '尚无报送批次') : rows.map(batch)),
    table: () =>
      table(
        [
          { title: '机构', isHead: true, value: (row) => bodyName(view, row.org_code) },
          { title: '批次', kind: 'key', value: (row) => row.batch },
          { title: '记录', kind: 'number', value: (row) => figure(row.records) },
          { title: '接收', kind: 'number', value: (row) => figure(row.accepted) },
          { title: '退回', kind: 'number', value: (row) => figure(row.rejected) },
          { title: '未回执', kind: 'number', value: (row) => figure(row.unanswered) },
          { title: '暂缓', kind: 'number', value: (row) => figure(row.held_back) },
        ],
        view.all('submissions', 'submission'),
        '全国平台报送，各机构',
      ),
  });
}

/** @param {import('../view.js').Row<'submission'>} row */
function batch(row) {
  const parts = /** @type {const} */ ([
    ['accepted', '接收'],
    ['rejected', '退回'],
    ['unanswered', '未回执'],
  ]);
  return h(
    'div',
    { class: 'lines' },
    h(
      'div',
      null,
      h(
        'dt',
        null,
        row.batch === null ? (PRODUCTS[row.product] ?? row.product) : `${monthName(row.period)}批次`,
      ),
      h('dd', null, row.batch === null ? '尚无批次' : batchState(row.state ?? '')),
    ),
    row.batch === null
      ? null
      : h(
          'div',
          {
            class: 'stacked',
            role: 'img',
            'aria-label': parts.map(([key, name]) => `${name}${row[key] ?? 0}`).join('，'),
          },
          parts.map(([key]) => h('i', { class: `is-${key}`, style: { '--part': row[key] ?? 0 } })),
        ),
    h(
      'dl',
      { class: 'counts tight' },
      [...parts, /** @type {const} */ (['held_back', '暂缓'])].map(([key, name]) =>
        h(
          'div',
          null,
          h('dt', null, key === 'held_back' ? null : h('i', { class: `mark is-${key}` }), name),
          h('dd', null, figure(row[key])),
        ),
      ),
    ),
  );
}

/** @param {View} view */
export function drawBackups(view) {
  const rows = view.all('backups', 'backup');
  drawPanel(view, {
    name: 'backups',
    title: '数据备份',
    // Backups are the city's: who sees one district sees none of them.
    isShown: view.hasWhole,
    chart: () => (rows.length === 0 ? h('p', { class: 'nothing' }, '尚无备份') : backupTable(rows)),
  });
}

/** The day; the minute where one points at it. @param {string | null} stamp */
const dayOf = (stamp) => (stamp === null ? null : h('span', { title: stamp }, stamp.slice(0, 10)));

/** @param {readonly import('../view.js').Row<'backup'>[]} rows */
function backupTable(rows) {
  return h(
    'div',
    { class: 'by-body' },
    table(
      [
        { title: '种类', isHead: true, value: (row) => row.kind_name },
        { title: '最近成功', kind: 'key', value: (row) => dayOf(row.last_good) },
        { title: '最近校验', kind: 'key', value: (row) => dayOf(row.last_verified) },
        { title: '最近演练', kind: 'key', value: (row) => dayOf(row.last_drill) },
      ],
      rows,
      '数据备份',
    ),
  );
}

/** @param {View} view */
export function drawFreshness(view) {
  const { index } = view.cockpit;
  const { freshness } = index;
  const [own] = view.own('freshness', 'freshness');
  const quiet = view
    .all('freshness', 'freshness')
    .filter(
      ({ org_code, days_unchanged }) => org_code !== WHOLE && (days_unchanged === null || days_unchanged > 3),
    )
    .map(
      ({ org_code, days_unchanged }) =>
        `${bodyName(view, org_code)}${days_unchanged === null ? '' : `（${days_unchanged}天）`}`,
    );
  const line = (/** @type {string} */ name, /** @type {import('../../lib/dom.js').Child} */ value) =>
    h('div', null, h('dt', null, name), h('dd', null, value));
  drawPanel(view, {
    name: 'freshness',
    title: '数据时效',
    chart: () =>
      h(
        'dl',
        { class: 'lines' },
        line('数据时点', [
          `${minute(index.dataTime)}，距今${age(freshness.ageHours)} `,
          freshness.isLate
            ? h('span', { class: 'chip bad' }, '已超时')
            : h('span', { class: 'chip good' }, '正常'),
        ]),
        line('应于此前更新', minute(index.lateAfter)),
        line('来源最近变动', minute(own?.last_change)),
        view.hasWhole ? line('超过3天无变动', quiet.length === 0 ? '无' : quiet.join('、')) : null,
      ),
    table: () =>
      table(
        [
          { title: '机构', isHead: true, value: (row) => bodyName(view, row.org_code) },
          { title: '最近变动', kind: 'key', value: (row) => minute(row.last_change) },
          { title: '无变动天数', kind: 'number', value: (row) => figure(row.days_unchanged) },
        ],
        view
          .all('freshness', 'freshness')
          .toSorted((a, b) => size(b.days_unchanged) - size(a.days_unchanged)),
        '各机构数据最近变动',
      ),
  });
}
