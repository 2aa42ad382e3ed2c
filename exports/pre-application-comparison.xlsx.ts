/** `预申请比对-YYYYMM.xlsx`: totals by body, a sheet per class with findings, changes, the trend, and how to read it. */
import {
  CLASS_TITLES,
  COMPARISON_CLASSES,
  type ComparisonBody,
  type ComparisonChange,
  type ComparisonPartner,
  type ComparisonRecord,
  type ComparisonTotals,
  PROBLEM_CLASSES,
} from '../schemas/comparison.ts';
import type { ComparisonReport } from '../schemas/comparison-report.ts';
import { CHANGE_LABELS, CLASS_MEANINGS, FIELD_TITLES, fieldTitle } from './comparison-words.ts';
import { cell, chineseDay, figureCell } from './sheets/layout.ts';
import { addExplanation, addTable, type Column, type Sheet } from './sheets/table.ts';
import { STYLES } from './styles.ts';
import { type Cell, type WorkbookWriter, writeWorkbook } from './workbook.ts';

const text = (value: string): Cell => cell(value, STYLES.textTop);
const code = (value: string): Cell => cell(value, STYLES.code);
const whole = (value: number | string): Cell => figureCell(String(value), '#,##0');
const rate = (value: string): Cell => figureCell(value, '0.00');

/**
 * Write the workbook. Names stand in full, as a clerk needs them to correct a difference; numbers are masked.
 * @param file temporary path of the caller's choice; after an error a partial file may stay there
 */
export async function writeComparisonXlsx(file: string, report: ComparisonReport): Promise<void> {
  const spec = {
    file,
    title: `预申请比对 ${report.periodText}`,
    creator: report.issuer,
    generatedAt: report.provenance.generatedAt,
  };
  await writeWorkbook(spec, async (book) => {
    await addTable(book, report, SUMMARY, [...report.bodies, report.whole]);
    for (const name of PROBLEM_CLASSES) {
      if (report.whole.classes[name] === 0) continue;
      const sheet = {
        name: CLASS_TITLES[name],
        title: `${CLASS_TITLES[name]}清单`,
        emptyText: '没有记录',
        columns: recordColumns(name),
        frozenColumns: 2,
      };
      await addTable(book, report, sheet, report.records(name));
    }
    await addTable(book, report, PARTNERS, report.partners());
    await addTable(book, report, CHANGES, report.changes());
    await addTable(book, report, TREND, report.trend('ALL'));
    await addNotes(book, report);
  });
}

const TOTALS: readonly Column<ComparisonTotals>[] = [
  { title: '预申请数', width: 10, cell: ({ preApplications }) => whole(preApplications) },
  { title: '已关联', width: 10, cell: ({ linked }) => whole(linked) },
  ...COMPARISON_CLASSES.map((name) => ({
    title: CLASS_TITLES[name],
    width: 10,
    cell: ({ classes }: ComparisonTotals) => whole(classes[name]),
  })),
  { title: '关联率(%)', width: 10, cell: ({ linkedRate }) => rate(linkedRate) },
  { title: '一致率(%)', width: 10, cell: ({ matchedRate }) => rate(matchedRate) },
  { title: '问题率(%)', width: 10, cell: ({ problemRate }) => rate(problemRate) },
];
const SUMMARY: Sheet<ComparisonBody> = {
  name: '汇总',
  title: '网上预申请数据比对情况汇总',
  emptyText: '没有机构',
  frozenColumns: 2,
  columns: [
    { title: '机构名称', width: 34, cell: ({ name }) => text(name) },
    { title: '机构代码', width: 10, cell: (body) => code(body.code) },
    ...TOTALS,
    { title: '提交至审核工作日(中位数)', width: 12, cell: ({ reviewMedian }) => whole(reviewMedian) },
    { title: '提交至审核工作日(90分位)', width: 12, cell: ({ reviewP90 }) => whole(reviewP90) },
    { title: '提交至受理工作日(中位数)', width: 12, cell: ({ acceptMedian }) => whole(acceptMedian) },
    { title: '提交至受理工作日(90分位)', width: 12, cell: ({ acceptP90 }) => whole(acceptP90) },
  ],
  notes: [
    '关联率＝已关联÷预申请数；一致率＝一致÷已关联；问题率＝需处理的各类÷（预申请数＋无预申请的网上案件）。',
    '分位数按最近秩法取值；工作日自提交次日起计，含当日。',
  ],
};
const CHANGES: Sheet<ComparisonChange> = {
  name: '与上次比较',
  title: '与上次比对相比的变化',
  emptyText: '没有变化',
  frozenColumns: 2,
  columns: [
    { title: '变化', width: 8, cell: ({ state }) => code(CHANGE_LABELS[state]) },
    { title: '预申请编号', width: 22, cell: ({ preAppId }) => code(preAppId) },
    { title: '案件编号', width: 14, cell: ({ caseId }) => code(caseId) },
    { title: '机构', width: 34, cell: ({ orgName }) => text(orgName) },
    { title: '类别', width: 14, cell: (change) => code(CLASS_TITLES[change.class]) },
    { title: '现为', width: 14, cell: ({ classNow }) => code(classTitle(classNow)) },
    { title: '首次发现', width: 12, cell: ({ firstSeen }) => code(firstSeen) },
    { title: '持续工作日', width: 10, cell: ({ ageDays }) => whole(ageDays) },
  ],
};
const PARTNERS: Sheet<ComparisonPartner> = {
  name: '可能对应',
  title: '未关联预申请和网上案件的可能对应（按可能性排列）',
  emptyText: '没有达到阈值的可能对应',
  frozenColumns: 3,
  columns: [
    { title: '对象', width: 9, cell: ({ subject }) => code(subject === 'case' ? '案件' : '预申请') },
    { title: '预申请编号', width: 22, cell: ({ preAppId }) => code(preAppId) },
    { title: '案件编号', width: 14, cell: ({ caseId }) => code(caseId) },
    { title: '机构代码', width: 10, cell: ({ orgCode }) => code(orgCode) },
    { title: '名次', width: 7, cell: ({ place }) => whole(place) },
    { title: '得分', width: 9, cell: ({ score }) => figureCell(score, '0.00') },
    { title: '理由', width: 90, cell: ({ reasons }) => text(reasons) },
  ],
  notes: ['核对后请用 arbdata comparison confirm 或 reject 登记，以后各次比对照此处理。'],
};
const TREND: Sheet<ComparisonTotals & { readonly month: string }> = {
  name: '趋势',
  title: '近十二个月提交的预申请（按今日状况）',
  emptyText: '没有数据',
  frozenColumns: 1,
  columns: [{ title: '提交月份', width: 12, cell: ({ month }) => code(month) }, ...TOTALS],
};

function recordColumns(name: (typeof COMPARISON_CLASSES)[number]): readonly Column<ComparisonRecord>[] {
  return [
    { title: '预申请编号', width: 22, cell: ({ preAppId }) => code(preAppId) },
    { title: '案件编号', width: 14, cell: ({ caseId }) => code(caseId) },
    { title: '机构', width: 34, cell: ({ orgName }) => text(orgName) },
    { title: name === 'ORPHAN_CASE' ? '收到申请' : '提交日期', width: 12, cell: ({ date }) => code(date) },
    { title: '状态', width: 11, cell: ({ status }) => code(status) },
    { title: '案号', width: 26, cell: ({ caseNo }) => text(caseNo) },
    ...(name === 'FIELD_DIFF'
      ? [
          { title: '字段', width: 16, cell: ({ field }: ComparisonRecord) => text(fieldTitle(field)) },
          { title: '预申请的值', width: 28, cell: ({ pre_value }: ComparisonRecord) => text(pre_value) },
          { title: '案件的值', width: 28, cell: ({ case_value }: ComparisonRecord) => text(case_value) },
        ]
      : []),
    ...(name === 'PROBABLE_MATCH'
      ? [
          { title: '得分', width: 9, cell: ({ score }: ComparisonRecord) => figureCell(score, '0.00') },
          { title: '理由', width: 70, cell: ({ reason }: ComparisonRecord) => text(reason) },
        ]
      : []),
    ...(name !== 'FIELD_DIFF' && name !== 'PROBABLE_MATCH'
      ? [{ title: '情况', width: 44, cell: ({ reason }: ComparisonRecord) => text(reason) }]
      : []),
    { title: '新旧', width: 8, cell: ({ state }) => code(changeTitle(state)) },
    { title: '首次发现', width: 12, cell: ({ firstSeen }) => code(firstSeen) },
    { title: '持续工作日', width: 10, cell: ({ ageDays }) => whole(ageDays) },
  ];
}

const classTitle = (name: string): string =>
  name in CLASS_TITLES ? CLASS_TITLES[name as keyof typeof CLASS_TITLES] : '';
const changeTitle = (state: string): string =>
  state in CHANGE_LABELS ? CHANGE_LABELS[state as keyof typeof CHANGE_LABELS] : '';

async function addNotes(book: WorkbookWriter, report: ComparisonReport): Promise<void> {
  const { provenance } = report;
  const lines: readonly (readonly [string, string])[] = [
    ['报表期', `${report.periodText}（${chineseDay(report.startDay)}至${chineseDay(report.endDay)}）`],
    ['版本', provenance.revision],
    ['数据快照', `${provenance.snapshotId}（数据日期 ${chineseDay(provenance.asOf)}）`],
    ['生成时间', provenance.generatedAt.replace('T', ' ')],
    ['操作人', provenance.actor],
    ['运行编号', provenance.runId],
    ['口径定义校验值', `SHA-256 ${provenance.definitionsSha256}`],
    ...provenance.heldReasons.map((reason) => ['暂缓原因', reason] as const),
    ...provenance.remarks.map((remark) => ['备注', remark] as const),
    ...COMPARISON_CLASSES.map((name) => [CLASS_TITLES[name], CLASS_MEANINGS[name]] as const),
    ['比对字段', Object.values(FIELD_TITLES).join('、')],
    [
      '得分',
      '各项证据权重之和（以2为底的对数似然比，Fellegi–Sunter 方法），越大越可能是同一件；权重见 comparison.json。',
    ],
    ['个人信息', '证件号码已遮盖。本工作簿含当事人名称，仅限办案核对使用，不得外传。'],
  ];
  await addExplanation(book, report, '网上预申请数据比对说明', lines);
}
