/** `预申请比对-YYYYMM.html`, for the city or one body: totals, charts, lists. Names of persons and numbers are masked. */
import {
  CLASS_TITLES,
  type ComparisonBody,
  type ComparisonChange,
  type ComparisonClass,
  type ComparisonRecord,
  PROBLEM_CLASSES,
} from '../schemas/comparison.ts';
import type { ComparisonReport } from '../schemas/comparison-report.ts';
import { CHANGE_LABELS, CLASS_MEANINGS, fieldTitle } from './comparison-words.ts';
import { writeText } from './files.ts';
import {
  escapeHtml,
  type HtmlColumn,
  PAGE_END,
  pageStart,
  sideBySide,
  TABLE_END,
  tableRow,
  tableStart,
} from './html.ts';
import { chineseDay, draftMark } from './sheets/layout.ts';
import { barChart, stackedChart } from './svg.ts';

const SERIES = [
  { title: '一致', colour: '#3b6ea5' },
  { title: '需处理', colour: '#d9822b' },
  { title: '其他', colour: '#b8b8b8' },
] as const;

/**
 * Write a page that can be sent as it is: of one body, only what is its own.
 * @param body absent: the page of the whole
 */
export async function writeComparisonHtml(
  file: string,
  report: ComparisonReport,
  body?: ComparisonBody,
): Promise<void> {
  await writeText(file, pieces(report, body));
}

async function* pieces(report: ComparisonReport, body?: ComparisonBody): AsyncGenerator<string> {
  const shown = body ?? report.whole;
  const title = `网上预申请数据比对情况 ${report.periodText}${body === undefined ? '' : ` ${body.name}`}`;
  yield pageStart(title);
  yield heading(report, title);
  yield keyFigures(shown);
  const bars = PROBLEM_CLASSES.map((name) => ({ title: CLASS_TITLES[name], value: shown.classes[name] }));
  yield sideBySide(
    `<h2>需处理的预申请和案件</h2>\n${barChart(bars, '各类数量')}`,
    `<h2>近十二个月提交的预申请（按今日状况）</h2>\n${trendChart(report, shown.code)}`,
  );
  if (body === undefined) yield* bodiesTable(report);
  yield* changesTable(report, body);
  for (const name of PROBLEM_CLASSES) if (shown.classes[name] > 0) yield* classTable(report, name, body);
  yield `<p class="meta">个人姓名和证件号码已遮盖；请凭预申请编号、案件编号在系统中查看原记录。运行编号 ${escapeHtml(report.provenance.runId)}，数据快照 ${escapeHtml(report.provenance.snapshotId)}。</p>\n`;
  yield PAGE_END;
}

function heading({ provenance, startDay, endDay, issuer }: ComparisonReport, title: string): string {
  const draft = draftMark(provenance);
  return [
    `<h1>${escapeHtml(title)}</h1>`,
    draft === '' ? '' : `<p class="draft">${escapeHtml(draft)}</p>`,
    `<p class="meta">制表机构：${escapeHtml(issuer)}　统计区间：${chineseDay(startDay)}至${chineseDay(endDay)}　数据日期：${chineseDay(provenance.asOf)}　版本：${escapeHtml(provenance.revision)}</p>\n`,
  ].join('\n');
}

function keyFigures(shown: ComparisonBody): string {
  const columns: readonly HtmlColumn<ComparisonBody>[] = [
    { title: '预申请数', isNumber: true, value: ({ preApplications }) => String(preApplications) },
    { title: '已关联', isNumber: true, value: ({ linked }) => String(linked) },
    { title: '需处理', isNumber: true, value: ({ problems }) => String(problems) },
    ...rateColumns,
    {
      title: '提交至审核工作日（中位数/90分位）',
      isNumber: true,
      value: (one) => pair(one.reviewMedian, one.reviewP90),
    },
    {
      title: '提交至受理工作日（中位数/90分位）',
      isNumber: true,
      value: (one) => pair(one.acceptMedian, one.acceptP90),
    },
  ];
  return tableStart(columns) + tableRow(columns, shown) + TABLE_END;
}

const orDash = (value: string): string => (value === '' ? '—' : value);
const pair = (left: string, right: string): string => `${orDash(left)} / ${orDash(right)}`;
const rateColumns: readonly HtmlColumn<ComparisonBody>[] = [
  { title: '关联率(%)', isNumber: true, value: ({ linkedRate }) => orDash(linkedRate) },
  { title: '一致率(%)', isNumber: true, value: ({ matchedRate }) => orDash(matchedRate) },
  { title: '问题率(%)', isNumber: true, value: ({ problemRate }) => orDash(problemRate) },
];

function trendChart(report: ComparisonReport, code: string): string {
  const columns = report.trend(code).map(({ month, classes, problems, preApplications }) => ({
    title: month.slice(2),
    values: [classes.MATCHED, problems, preApplications - classes.MATCHED - problems],
  }));
  return stackedChart(columns, SERIES, '近十二个月');
}

function* bodiesTable({ bodies, whole }: ComparisonReport): Generator<string> {
  const columns: readonly HtmlColumn<ComparisonBody>[] = [
    { title: '机构', value: ({ name }) => name },
    { title: '预申请数', isNumber: true, value: ({ preApplications }) => String(preApplications) },
    ...PROBLEM_CLASSES.map((name) => ({
      title: CLASS_TITLES[name],
      isNumber: true,
      value: ({ classes }: ComparisonBody) => String(classes[name]),
    })),
    ...rateColumns,
  ];
  yield `<h2>各机构情况</h2>\n${tableStart(columns)}`;
  for (const body of [...bodies, whole]) yield tableRow(columns, body);
  yield TABLE_END;
}

async function* changesTable(report: ComparisonReport, body?: ComparisonBody): AsyncGenerator<string> {
  const columns: readonly HtmlColumn<ComparisonChange>[] = [
    { title: '变化', value: ({ state }) => CHANGE_LABELS[state] },
    { title: '预申请编号', value: ({ preAppId }) => preAppId },
    { title: '案件编号', value: ({ caseId }) => caseId },
    ...bodyColumn<ComparisonChange>(body),
    { title: '类别', value: (change) => CLASS_TITLES[change.class] },
    { title: '现为', value: ({ classNow }) => CLASS_TITLES[classNow as ComparisonClass] ?? '' },
    { title: '首次发现', value: ({ firstSeen }) => firstSeen },
    { title: '持续工作日', isNumber: true, value: ({ ageDays }) => ageDays },
  ];
  const counts = { new: 0, resolved: 0, staying: 0 };
  for await (const { state } of report.changes(body?.code)) counts[state] += 1;
  yield `<h2>与上次比对相比</h2>\n<p>新增 ${counts.new}，已解决 ${counts.resolved}，持续 ${counts.staying}。${counts.resolved > 0 ? '已解决的如下；新增和持续的见各类清单。' : ''}</p>\n`;
  if (counts.resolved === 0) return;
  yield tableStart(columns);
  for await (const change of report.changes(body?.code)) {
    if (change.state === 'resolved') yield tableRow(columns, change);
  }
  yield TABLE_END;
}

/** On the page of the whole each line names its body. */
function bodyColumn<T extends { readonly orgName: string }>(body?: ComparisonBody): HtmlColumn<T>[] {
  return body === undefined ? [{ title: '机构', value: ({ orgName }) => orgName }] : [];
}

async function* classTable(
  report: ComparisonReport,
  name: ComparisonClass,
  body?: ComparisonBody,
): AsyncGenerator<string> {
  const columns: readonly HtmlColumn<ComparisonRecord>[] = [
    { title: '预申请编号', value: ({ preAppId }) => preAppId },
    { title: '案件编号', value: ({ caseId }) => caseId },
    ...bodyColumn<ComparisonRecord>(body),
    { title: name === 'ORPHAN_CASE' ? '收到申请' : '提交日期', value: ({ date }) => date },
    ...(name === 'FIELD_DIFF'
      ? [
          { title: '字段', value: ({ field }: ComparisonRecord) => fieldTitle(field) },
          { title: '预申请的值', value: ({ shownPreValue }: ComparisonRecord) => shownPreValue },
          { title: '案件的值', value: ({ shownCaseValue }: ComparisonRecord) => shownCaseValue },
        ]
      : []),
    ...(name === 'PROBABLE_MATCH'
      ? [
          { title: '得分', isNumber: true, value: ({ score }: ComparisonRecord) => score },
          { title: '理由', value: ({ reason }: ComparisonRecord) => reason },
        ]
      : []),
    ...(name !== 'FIELD_DIFF' && name !== 'PROBABLE_MATCH'
      ? [{ title: '情况', value: ({ reason }: ComparisonRecord) => reason }]
      : []),
    { title: '首次发现', value: ({ firstSeen }) => firstSeen },
    { title: '持续工作日', isNumber: true, value: ({ ageDays }) => ageDays },
  ];
  yield `<h2>${CLASS_TITLES[name]}</h2>\n<p class="meta">${escapeHtml(CLASS_MEANINGS[name])}</p>\n${tableStart(columns)}`;
  for await (const record of report.records(name, body?.code)) yield tableRow(columns, record);
  yield TABLE_END;
}
