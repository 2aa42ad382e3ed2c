/** The records behind a figure, in a sheet over the page: the frozen membership, names of persons masked. */
import { ApiProblem } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { label } from '../lib/labels.js';
import { problemNotice } from '../lib/shell.js';
import { table, tableRow } from '../lib/table.js';
import { figure, monthName } from '../lib/words.js';
import { loadRecords } from './load.js';

/** @typedef {import('./load.js').CockpitRecord} CockpitRecord */
/** @typedef {import('./view.js').Drill} Drill */
/** @typedef {import('../lib/table.js').Column<CockpitRecord>} RecordColumn */

/**
 * Open the sheet. Esc, its button and a click beside it close it; the focus goes back to the figure.
 * @param {Drill} wanted
 * @param {{ version: number, ratios: readonly import('../../../../schemas/cockpit.ts').FigureParts[], nameOf: (body: string) => string, onOtherVersion: () => void }} page
 */
export async function openDrill(wanted, { version, ratios, nameOf, onOtherVersion }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('drill'));
  const body = h(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': '明细列表' },
    '正在读取…',
  );
  const sum = h('p', { class: 'soft' });
  const foot = h('div', { class: 'actions' });
  replace(dialog, sheet(wanted, { nameOf, dialog, sum, body, foot }));
  dialog.showModal();
  const read = (/** @type {number} */ offset) =>
    loadRecords({ version, figure: wanted.figure, month: wanted.month, body: wanted.body, offset });
  try {
    const first = await read(0);
    if (first.records.length === 0) {
      replace(body, h('p', { class: 'nothing' }, '没有明细'));
      return;
    }
    const ratio = ratios.find(({ indicatorId }) => indicatorId === wanted.figure);
    const columns = columnsOf(first.records, ratio, nameOf);
    const list = table(columns, first.records, `${wanted.title}明细`);
    replace(body, list);
    let [count, hasMore] = [first.records.length, first.hasMore];
    const tell = () => {
      sum.textContent = hasMore ? `已显示前${count}条` : `共${count}条`;
    };
    const more = h('button', { type: 'button' }, '再显示100条');
    more.addEventListener('click', async () => {
      more.disabled = true;
      const next = await read(count);
      for (const record of next.records) list.tBodies[0]?.append(tableRow(columns, record));
      [count, hasMore] = [count + next.records.length, next.hasMore];
      more.disabled = false;
      more.hidden = !hasMore;
      tell();
    });
    more.hidden = !hasMore;
    replace(foot, more);
    tell();
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'other-version') onOtherVersion();
    replace(body, problemNotice(error));
  }
}

/**
 * @param {Drill} wanted
 * @param {{ nameOf: (body: string) => string, dialog: HTMLDialogElement, sum: HTMLElement, body: HTMLElement, foot: HTMLElement }} parts
 */
function sheet({ title, month, body: code, value }, { nameOf, dialog, sum, body, foot }) {
  const when = month === undefined || month === 'now' ? '截至数据日期' : monthName(month);
  const close = h('button', { type: 'button', on: { click: () => dialog.close() } }, '关闭');
  return h(
    'div',
    { class: 'drill-sheet' },
    h(
      'div',
      { class: 'headline' },
      h('h2', { id: 'drill-title' }, title),
      h('span', { class: 'soft' }, `${nameOf(code ?? 'ALL')} · ${when}`),
      value === undefined ? null : h('span', { class: 'chip busy' }, value),
      h('span', { class: 'push' }, close),
    ),
    sum,
    body,
    foot,
  );
}

/**
 * Columns by what the records are; a column in which none has anything is left out.
 * @param {readonly CockpitRecord[]} records
 * @param {import('../../../../schemas/cockpit.ts').FigureParts | undefined} ratio
 * @param {(body: string) => string} nameOf
 * @returns {RecordColumn[]}
 */
function columnsOf(records, ratio, nameOf) {
  const kind = records[0]?.kind ?? 'case';
  const isFinding = kind === 'finding';
  const names = NAMES[kind];
  /** @type {(RecordColumn & { has?: (record: CockpitRecord) => boolean })[]} */
  const columns = [
    { title: '计入', kind: 'key', value: (record) => partOf(record, ratio), has: () => ratio !== undefined },
    { title: names.title, kind: 'key', isHead: true, value: ({ title, record_id }) => title ?? record_id },
    { title: '机构', kind: 'key', value: ({ org_code }) => nameOf(org_code) },
    {
      title: names.start,
      kind: 'key',
      value: ({ start_date }) => start_date,
      has: ({ start_date }) => start_date !== null,
    },
    {
      title: names.end,
      kind: 'key',
      value: ({ end_date }) => end_date,
      has: ({ end_date }) => end_date !== null,
    },
    {
      title: '审限届满',
      kind: 'key',
      value: ({ deadline }) => deadline,
      has: ({ deadline }) => deadline !== null,
    },
    {
      title: '状态',
      kind: 'key',
      value: ({ status }) => (isFinding && status !== null ? label('findingStates', status) : status),
      has: ({ status }) => status !== null,
    },
    { title: names.detail, value: ({ detail }) => detail, has: ({ detail }) => detail !== null },
    { title: '申请人', value: ({ applicants }) => applicants, has: ({ applicants }) => applicants !== null },
    {
      title: '被申请人',
      value: ({ respondents }) => respondents,
      has: ({ respondents }) => respondents !== null,
    },
    {
      title: '数量',
      kind: 'number',
      value: ({ quantity }) => figure(quantity.replace(/\.0+$/, '')),
      has: ({ quantity }) => Number(quantity) !== 1,
    },
  ];
  return columns.filter(({ has }) => has === undefined || records.some(has));
}

/**
 * Of which part of a rate a record is.
 * @param {CockpitRecord} record
 * @param {import('../../../../schemas/cockpit.ts').FigureParts | undefined} ratio
 */
function partOf({ figure: id }, ratio) {
  const part = ratio?.numerator.includes(id) === true ? '分子' : '分母';
  return `${part} ${id}`;
}

const NAMES = {
  case: { title: '案号', start: '受理日期', end: '结案日期', detail: '争议类型' },
  mediation: { title: '调解编号', start: '受理日期', end: '结束日期', detail: '调解组织' },
  pre_application: { title: '申请编号', start: '提交日期', end: '审核日期', detail: '说明' },
  finding: { title: '记录', start: '首次发现', end: '', detail: '问题' },
};
