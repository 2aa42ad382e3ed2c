/** 三方一致: what the monthly table, the platform and the cockpit say of a month, and the cases in which they differ. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { ALL, bodyFilter, factList, filterForm, pagedTable, wanted } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { table, wide } from '../lib/table.js';
import { figure as figureText, monthName, NONE, shortName } from '../lib/words.js';

/** @typedef {'table' | 'platform' | 'cockpit'} SideId */
/** @typedef {'table-platform' | 'table-cockpit' | 'platform-cockpit'} PairId */
/** @typedef {'defect' | 'timing' | 'definition'} GapClass */
/** @typedef {{ readonly side: SideId, readonly title: string, readonly short: string, readonly text: string, readonly missing: string | null, readonly facts: readonly (readonly [string, string])[], readonly notes: readonly string[] }} Side */
/** @typedef {{ readonly pair: PairId, readonly difference: number, readonly leftOnly: number, readonly rightOnly: number, readonly classes: Readonly<Record<GapClass, number>> }} Difference */
/** @typedef {{ readonly figure: string, readonly orgCode: string, readonly counts: Readonly<Record<SideId, number | null>>, readonly pairs: readonly Difference[] }} Row */
/** @typedef {{ readonly id: string, readonly class: GapClass, readonly title: string, readonly text: string, readonly cases: Readonly<Record<PairId, number>> }} Reason */
/** @typedef {{ readonly state: string, readonly acceptDate: string | null, readonly closeDate: string | null, readonly isElsewhere: boolean }} Fact */
/** @typedef {{ readonly pair: PairId, readonly figure: string, readonly orgCode: string, readonly caseId: string, readonly caseNo: string | null, readonly cases: number, readonly inSide: SideId, readonly outSide: SideId, readonly class: GapClass, readonly reason: string, readonly inFact: Fact, readonly outFact: Fact, readonly rules: string | null, readonly batch: string | null, readonly rejectionCode: string | null }} Gap */
/** @typedef {{ readonly period: string, readonly body: string, readonly months: readonly string[], readonly sides: readonly Side[], readonly classes: readonly { readonly id: GapClass, readonly title: string, readonly text: string }[], readonly states: readonly { readonly id: string, readonly title: string }[], readonly figures: readonly { readonly id: string, readonly name: string, readonly unit: string }[], readonly bodies: readonly { readonly code: string, readonly name: string }[], readonly rows: readonly Row[], readonly reasons: readonly Reason[], readonly cases: readonly Gap[], readonly hasMore: boolean }} Agreement */

/** @type {readonly { readonly id: PairId, readonly left: SideId, readonly right: SideId }[]} */
const PAIRS = [
  { id: 'table-platform', left: 'table', right: 'platform' },
  { id: 'table-cockpit', left: 'table', right: 'cockpit' },
  { id: 'platform-cockpit', left: 'platform', right: 'cockpit' },
];
/** @type {Readonly<Record<GapClass, string>>} */
const TONES = { defect: 'bad', timing: 'warn', definition: '' };
/** @param {Agreement} agreement */
const pageOf = ({ cases, hasMore }) => ({ rows: cases, hasMore });

void runPage(async ({ account }) => {
  const filter = wanted();
  const read = (/** @type {number} */ offset) =>
    /** @type {Promise<Agreement>} */ (get('/api/agreement', { ...filter, offset }));
  const first = await read(0);
  const list = await pagedTable({
    columns: caseColumns(first),
    caption: '差异案件',
    none: first.reasons.length === 0 ? '没有差异案件' : '没有符合条件的案件',
    first: pageOf(first),
    read: async (offset) => pageOf(await read(offset)),
  });
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      filterForm(filters(first, account)),
      verdict(first),
      totalsPanel(first),
      h('div', { class: 'sides' }, first.sides.map(sidePanel)),
      reasonsPanel(first),
      first.body === 'ALL' ? bodiesPanel(first, filter['figure']) : null,
      h('h2', { id: 'cases' }, '差异案件'),
      h('p', { class: 'soft' }, '一案在每一项指标、每一组对照中各列一行；换了机构的案件在两个机构各列一行。'),
      list,
    ),
  );
  if (location.hash === '#cases') byId('cases').scrollIntoView();
});

/**
 * @param {Agreement} agreement
 * @param {{ readonly body: string | null }} account
 */
function filters({ period, months, bodies, figures, classes, reasons, ...rest }, account) {
  const shown = months.includes(period) ? months : [period, ...months];
  return [
    {
      name: 'period',
      label: '月份',
      options: shown.map(
        (month) => /** @type {const} */ ([month === months[0] ? '' : month, monthName(month)]),
      ),
    },
    ...bodyFilter(account, [
      ['', '全市'],
      ...bodies.map(({ code, name }) => /** @type {const} */ ([code, shortName(name)])),
    ]),
    {
      name: 'figure',
      label: '指标',
      options: [ALL, ...figures.map(({ id, name }) => /** @type {const} */ ([id, name]))],
    },
    {
      name: 'pair',
      label: '对照',
      options: [ALL, ...PAIRS.map((pair) => /** @type {const} */ ([pair.id, pairTitle(rest, pair)]))],
    },
    {
      name: 'gap',
      label: '类别',
      options: [ALL, ...classes.map(({ id, title }) => /** @type {const} */ ([id, title]))],
    },
    {
      name: 'reason',
      label: '原因',
      options: [ALL, ...reasons.map(({ id, title }) => /** @type {const} */ ([id, title]))],
    },
  ];
}

/** @param {Pick<Agreement, 'sides'>} agreement @param {SideId} id */
const shortOf = ({ sides }, id) => sides.find(({ side }) => side === id)?.short ?? id;
/** @param {Pick<Agreement, 'sides'>} agreement @param {(typeof PAIRS)[number]} pair */
const pairTitle = (agreement, { left, right }) => `${shortOf(agreement, left)}－${shortOf(agreement, right)}`;

/** In one sentence: whether they agree. @param {Agreement} agreement */
function verdict({ sides, classes, reasons }) {
  const there = sides.filter(({ missing }) => missing === null);
  if (there.length < 2) {
    return h(
      'div',
      { class: 'notice warn' },
      h('strong', null, '无从对照'),
      '至少两方有数据才能对照；缺少的一方见下。',
    );
  }
  const names = there.map(({ short }) => short).join('、');
  if (reasons.length === 0)
    return h('div', { class: 'notice good' }, h('strong', null, '一致'), `${names}逐案一致。`);
  const sums = classes
    .map(({ id, title }) => {
      const count = reasons
        .filter((reason) => reason.class === id)
        .reduce((sum, { cases }) => sum + PAIRS.reduce((all, pair) => all + cases[pair.id], 0), 0);
      return { id, title, count };
    })
    .filter(({ count }) => count > 0);
  const isBad = sums.some(({ id }) => id === 'defect');
  return h(
    'div',
    { class: `notice ${isBad ? 'bad' : 'warn'}` },
    h('strong', null, isBad ? '有须处理的差异' : '有差异，均已说明'),
    `${names}之间的差异逐案说明：${sums.map(({ title, count }) => `${title}${figureText(count)}处`).join('，')}。`,
  );
}

/** @param {Side} side */
function sidePanel({ title, text, missing, facts, notes }) {
  return h(
    'section',
    { class: 'panel' },
    h('h2', null, title),
    h('p', { class: 'soft' }, text),
    missing === null ? factList(facts) : h('p', { class: 'notice warn' }, h('strong', null, missing)),
    notes.map((note) => h('p', { class: 'notice' }, note)),
  );
}

/**
 * A difference and its cases by class; each opens them.
 * @param {Agreement} agreement
 * @param {Row} row
 * @param {PairId} pairId
 */
function difference({ classes }, { figure, orgCode, pairs }, pairId) {
  const found = pairs.find(({ pair }) => pair === pairId);
  if (found === undefined) return null;
  if (found.leftOnly + found.rightOnly === 0) return h('span', { class: 'soft' }, '一致');
  const own = orgCode === 'ALL' ? {} : { body: orgCode };
  return h(
    'span',
    { class: 'difference' },
    h(
      'span',
      { class: 'chips' },
      classes.map(({ id, title }) =>
        found.classes[id] === 0
          ? null
          : h(
              'a',
              { class: `chip ${TONES[id]}`, href: link({ ...own, figure, pair: pairId, gap: id }) },
              `${title} ${figureText(found.classes[id])}`,
            ),
      ),
    ),
    h(
      'span',
      { class: 'sum', title: `左方独有${found.leftOnly}件，右方独有${found.rightOnly}件` },
      `${found.difference > 0 ? '+' : ''}${figureText(found.difference)}`,
    ),
  );
}

/** The page with other choices; month and body stay. @param {Readonly<Record<string, string>>} choice */
function link(choice) {
  const { period, body } = wanted();
  const kept = Object.entries({ period, body, ...choice }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return `?${new URLSearchParams(kept)}#cases`;
}

/**
 * Columns of the three numbers and their differences. Each cell bears its title, which a phone shows in place of the head.
 * @param {Agreement} agreement
 * @returns {readonly import('../lib/table.js').Column<Row>[]}
 */
function numberColumns(agreement) {
  return [
    ...agreement.sides.map(({ side, short }) => ({
      title: short,
      kind: /** @type {const} */ ('number'),
      value: (/** @type {Row} */ { counts }) => [label(short), figureText(counts[side])],
    })),
    ...PAIRS.map((pair) => ({
      title: pairTitle(agreement, pair),
      kind: /** @type {const} */ ('number'),
      value: (/** @type {Row} */ row) => [
        label(pairTitle(agreement, pair)),
        difference(agreement, row, pair.id) ?? NONE,
      ],
    })),
  ];
}

/** @param {string} text */
const label = (text) => h('span', { class: 'label' }, text);

/** @param {Agreement} agreement */
function totalsPanel(agreement) {
  const { body, bodies, rows, figures, period } = agreement;
  const name = bodies.find(({ code }) => code === body)?.name;
  const title = `${monthName(period)}，${name === undefined ? '全市' : shortName(name)}`;
  /** @type {import('../lib/table.js').Column<Row>} */
  const head = {
    title: '指标',
    isHead: true,
    kind: 'key',
    value: ({ figure }) => {
      const known = figures.find(({ id }) => id === figure);
      return known === undefined ? figure : `${known.name}（${known.unit}）`;
    },
  };
  const own = rows.filter(({ orgCode }) => orgCode === body);
  const content = table([head, ...numberColumns(agreement)], own, title);
  return h('section', { class: 'panel totals numbers' }, h('h2', null, title), wide(content, title));
}

/** @param {Agreement} agreement */
function reasonsPanel(agreement) {
  const { reasons, classes } = agreement;
  if (reasons.length === 0) return null;
  const titleOf = (/** @type {GapClass} */ id) => classes.find((one) => one.id === id);
  /** @type {readonly import('../lib/table.js').Column<Reason>[]} */
  const columns = [
    {
      title: '类别',
      kind: 'key',
      value: (reason) =>
        h(
          'span',
          { class: `chip ${TONES[reason.class]}`, title: titleOf(reason.class)?.text },
          titleOf(reason.class)?.title,
        ),
    },
    {
      title: '原因',
      kind: 'key',
      isHead: true,
      value: ({ id, title }) => h('a', { href: link({ reason: id }) }, title),
    },
    ...PAIRS.map((pair) => ({
      title: pairTitle(agreement, pair),
      kind: /** @type {const} */ ('number'),
      value: (/** @type {Reason} */ { cases }) => figureText(cases[pair.id]),
    })),
    { title: '说明', value: ({ text }) => h('div', { class: 'matters' }, text) },
  ];
  return h(
    'section',
    { class: 'panel' },
    h('h2', null, '差异原因'),
    wide(table(columns, reasons, '差异原因'), '差异原因'),
    h('p', { class: 'soft' }, classes.map(({ title, text }) => `${title}：${text}`).join('。'), '。'),
  );
}

/**
 * @param {Agreement} agreement
 * @param {string | undefined} wantedFigure
 */
function bodiesPanel(agreement, wantedFigure) {
  const { bodies, figures, rows } = agreement;
  const shown = figures.find(({ id }) => id === wantedFigure) ?? figures[0];
  const names = new Map(bodies.map(({ code, name }) => [code, shortName(name)]));
  const own = rows.filter(({ figure, orgCode }) => figure === shown?.id && orgCode !== 'ALL');
  const title = `各机构：${shown?.name ?? ''}`;
  /** @type {import('../lib/table.js').Column<Row>} */
  const head = {
    title: '机构',
    isHead: true,
    kind: 'key',
    value: ({ orgCode }) =>
      h('a', { href: link({ body: orgCode }).replace('#cases', '') }, names.get(orgCode) ?? orgCode),
  };
  return h(
    'details',
    { class: 'panel numbers', open: true },
    h('summary', null, title),
    wide(table([head, ...numberColumns(agreement)], own, title), title),
  );
}

/**
 * @param {Agreement} agreement
 * @returns {readonly import('../lib/table.js').Column<Gap>[]}
 */
function caseColumns(agreement) {
  const { classes, reasons, bodies, figures, states } = agreement;
  const names = new Map(bodies.map(({ code, name }) => [code, shortName(name)]));
  const fact = (/** @type {Fact} */ { state, acceptDate, closeDate, isElsewhere }) =>
    [
      states.find(({ id }) => id === state)?.title ?? state,
      ...(isElsewhere ? ['在其他机构'] : []),
      ...(acceptDate === null ? [] : [`受理${acceptDate}`]),
      ...(closeDate === null ? [] : [`结案${closeDate}`]),
    ].join('，');
  return [
    {
      title: '类别',
      kind: 'key',
      value: (gap) =>
        h('span', { class: `chip ${TONES[gap.class]}` }, classes.find(({ id }) => id === gap.class)?.title),
    },
    {
      title: '原因',
      kind: 'key',
      value: ({ reason }) => reasons.find(({ id }) => id === reason)?.title ?? reason,
    },
    {
      title: '指标',
      kind: 'key',
      value: ({ figure }) => h('span', { title: figures.find(({ id }) => id === figure)?.name }, figure),
    },
    {
      title: '差异',
      kind: 'key',
      value: ({ inSide, outSide, cases }) =>
        `${shortOf(agreement, inSide)}有，${shortOf(agreement, outSide)}无${cases === 1 ? '' : `（${cases}件）`}`,
    },
    { title: '机构', kind: 'key', value: ({ orgCode }) => names.get(orgCode) ?? orgCode },
    { title: '案件', kind: 'key', isHead: true, value: ({ caseId }) => caseId },
    { title: '案号', kind: 'key', value: ({ caseNo }) => caseNo },
    { title: '计入方所记', value: ({ inFact }) => h('div', { class: 'matters' }, fact(inFact)) },
    { title: '未计入方所记', value: ({ outFact }) => h('div', { class: 'matters' }, fact(outFact)) },
    { title: '依据', kind: 'key', value: grounds },
  ];
}

/** What the reason rests on, where it rests on more than the two sides' facts. @param {Gap} gap */
function grounds({ rules, rejectionCode, batch }) {
  if (rules !== null) return `规则 ${rules.replaceAll(',', '、').replace('FORMAT', '格式')}`;
  if (rejectionCode !== null) return `错误码 ${rejectionCode}`;
  return batch === null ? null : `批次 ${batch}`;
}
