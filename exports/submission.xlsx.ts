/** `全国平台报送-YYYYMM.xlsx` and `待补正-<机构>-YYYYMM.xlsx`: what a batch asks, and what keeps cases out of it. */
import {
  type HeldRecord,
  PLACES,
  type RejectedRecord,
  type SubmissionBody,
  type SubmissionReport,
  type TieGap,
  type TiePlace,
  type TieRow,
} from '../schemas/submission-report.ts';
import { SCOPE_LABELS } from './labels.ts';
import { cell, chineseDay, figureCell } from './sheets/layout.ts';
import { addExplanation, addTable, type Column, type Sheet } from './sheets/table.ts';
import { STYLES } from './styles.ts';
import { type Cell, type WorkbookWriter, writeWorkbook } from './workbook.ts';

const text = (value: string): Cell => cell(value, STYLES.textTop);
const code = (value: string): Cell => cell(value, STYLES.code);
const whole = (value: number): Cell => figureCell(String(value), '#,##0');

const PLACE_TITLES = {
  current: '平台已有且为最新',
  stale: '平台已有但非最新',
  held_back: '待补正',
  rejected: '被退回待处理',
  unanswered: '已报送待回执',
} as const satisfies Record<TiePlace, string>;
const INDICATOR_TITLES = { A02: '当期受理案件', C01: '当期结案' } as const;

const BODIES: Sheet<SubmissionBody> = {
  name: '汇总',
  title: '报送情况汇总',
  emptyText: '没有机构',
  frozenColumns: 2,
  columns: [
    { title: '机构名称', width: 42, cell: ({ name }) => text(name) },
    { title: '机构代码', width: 10, cell: (body) => code(body.code) },
    { title: '平台已有', width: 11, cell: ({ held }) => whole(held) },
    { title: '本批新增', width: 11, cell: ({ records }) => whole(records.I) },
    { title: '本批更新', width: 11, cell: ({ records }) => whole(records.U) },
    { title: '本批删除', width: 11, cell: ({ records }) => whole(records.D) },
    { title: '本批合计', width: 11, cell: ({ records }) => whole(records.I + records.U + records.D) },
    { title: '待补正', width: 11, cell: ({ heldBack }) => whole(heldBack) },
    { title: '被退回待处理', width: 11, cell: ({ rejected }) => whole(rejected) },
    { title: '已报送待回执', width: 11, cell: ({ waiting }) => whole(waiting) },
  ],
  notes: ['“平台已有”为本批报送前平台已接收的记录；待补正案件更正后随下一批自动报送。'],
};

const TIES: Sheet<TieRow> = {
  name: '与宏观监测对照',
  title: '与同一快照宏观监测数据的对照',
  emptyText: '没有案件',
  frozenColumns: 4,
  columns: [
    { title: '范围', width: 8, cell: ({ scope }) => code(SCOPE_LABELS[scope]) },
    { title: '指标', width: 14, cell: ({ indicatorId }) => text(INDICATOR_TITLES[indicatorId]) },
    { title: '代码', width: 7, cell: ({ indicatorId }) => code(indicatorId) },
    { title: '机构', width: 42, cell: ({ orgName }) => text(orgName) },
    { title: '宏观监测案件数', width: 11, cell: ({ cases }) => whole(cases) },
    ...PLACES.map((place) => ({
      title: PLACE_TITLES[place],
      width: 12,
      cell: ({ places }: TieRow) => whole(places[place]),
    })),
    {
      title: '差额',
      width: 9,
      cell: ({ cases, places }) => whole(cases - PLACES.reduce((sum, place) => sum + places[place], 0)),
    },
  ],
  notes: ['每件案件恰有一个去向，差额应为零；“平台已有”按本批全部接收计。'],
};

const GAPS: Sheet<TieGap> = {
  name: '对照差异',
  title: '没有去向或有多个去向的案件（前一百件）',
  emptyText: '没有差异',
  frozenColumns: 1,
  columns: [
    { title: '案件编号', width: 16, cell: ({ caseId }) => code(caseId) },
    { title: '指标', width: 10, cell: ({ indicatorId }) => code(indicatorId) },
    { title: '机构代码', width: 12, cell: ({ orgCode }) => code(orgCode) },
    {
      title: '去向',
      width: 60,
      cell: ({ places }) =>
        text(places.length === 0 ? '无' : places.map((place) => PLACE_TITLES[place]).join('、')),
    },
  ],
};

const HELD_COLUMNS: readonly Column<HeldRecord>[] = [
  { title: '案件编号', width: 13, cell: ({ caseId }) => code(caseId) },
  { title: '案号', width: 26, cell: ({ caseNo }) => text(caseNo) },
  { title: '规则', width: 9, cell: ({ ruleId }) => code(ruleId) },
  { title: '问题', width: 20, cell: ({ ruleTitle }) => text(ruleTitle) },
  { title: '表', width: 11, cell: ({ table }) => code(table) },
  { title: '记录号', width: 15, cell: ({ recordKey }) => code(recordKey) },
  { title: '字段', width: 17, cell: ({ field }) => text(field.replaceAll(',', ',\n')) },
  { title: '当前值', width: 18, cell: ({ value }) => text(value) },
  { title: '问题说明', width: 46, cell: ({ message }) => text(message) },
];
const ORG_COLUMN = { title: '机构', width: 42, cell: ({ orgName }: { orgName: string }) => text(orgName) };
const HELD: Sheet<HeldRecord> = {
  name: '待补正',
  title: '待补正案件（不符合报送条件，更正后自动报送）',
  emptyText: '没有待补正的案件',
  frozenColumns: 2,
  columns: HELD_COLUMNS,
};
const REJECTED_COLUMNS: readonly Column<RejectedRecord>[] = [
  { title: '记录编号', width: 18, cell: ({ recordId }) => code(recordId) },
  { title: '案号', width: 26, cell: ({ caseNo }) => text(caseNo) },
  { title: '批次', width: 24, cell: ({ batch }) => code(batch) },
  { title: '平台代码', width: 12, cell: (record) => code(record.code) },
  { title: '平台说明', width: 60, cell: ({ message }) => text(message) },
];
const REJECTED: Sheet<RejectedRecord> = {
  name: '被退回',
  title: '被平台退回的记录（内容更正后自动重新报送）',
  emptyText: '没有被退回的记录',
  frozenColumns: 2,
  columns: REJECTED_COLUMNS,
};

/**
 * Write the workbook of a batch.
 * @param file temporary path of the caller's choice; after an error a partial file may stay there
 */
export async function writeSubmissionXlsx(file: string, report: SubmissionReport): Promise<void> {
  await writeWorkbook(bookOf(file, report, report.title), async (book) => {
    await addTable(book, report, BODIES, [...report.bodies, report.whole]);
    await addTable(book, report, TIES, report.tieOut.rows);
    if (report.tieOut.gapCount > 0) await addTable(book, report, GAPS, report.tieOut.gaps);
    await addTable(book, report, { ...HELD, columns: [ORG_COLUMN, ...HELD_COLUMNS] }, report.held());
    await addTable(
      book,
      report,
      { ...REJECTED, columns: [ORG_COLUMN, ...REJECTED_COLUMNS] },
      report.rejected(),
    );
    await addNotes(book, report);
  });
}

/** Write what one body has to correct before its cases can go out. */
export async function writeHeldXlsx(
  file: string,
  report: SubmissionReport,
  body: SubmissionBody,
): Promise<void> {
  await writeWorkbook(bookOf(file, report, `待补正 ${body.name}`), async (book) => {
    await addTable(book, report, { ...HELD, title: `${body.name}待补正案件` }, report.held(body.code));
    await addTable(
      book,
      report,
      { ...REJECTED, title: `${body.name}被平台退回的记录` },
      report.rejected(body.code),
    );
  });
}

function bookOf(file: string, { periodText, issuer, provenance }: SubmissionReport, title: string) {
  return { file, title: `${title} ${periodText}`, creator: issuer, generatedAt: provenance.generatedAt };
}

async function addNotes(book: WorkbookWriter, report: SubmissionReport): Promise<void> {
  const { provenance, batch, platformVersion, policy, isEncrypted, tieOut } = report;
  const lines: readonly (readonly [string, string])[] = [
    ['报表期', report.periodText],
    ['批次', batch === '' ? '无（未生成批次）' : batch],
    ['平台版本', platformVersion],
    [
      '个人信息',
      policy === 'plain'
        ? '明文（仅在加密包内）'
        : '自然人姓名遮盖，证件号码为 HMAC-SM3 值，只报出生年份，不报电话和住址',
    ],
    ['数据包', isEncrypted ? '已加密（age）' : '未加密'],
    ['数据快照', `${provenance.snapshotId}（数据日期 ${chineseDay(provenance.asOf)}）`],
    ['生成时间', provenance.generatedAt.replace('T', ' ')],
    ['操作人', provenance.actor],
    ['运行编号', provenance.runId],
    ['口径定义校验值', `SHA-256 ${provenance.definitionsSha256}`],
    [
      '与宏观监测对照',
      tieOut.gapCount === 0 ? '每件案件恰有一个去向' : `${tieOut.gapCount}件案件没有唯一去向`,
    ],
    ...provenance.heldReasons.map((reason) => ['暂缓原因', reason] as const),
    ...provenance.remarks.map((remark) => ['备注', remark] as const),
    ['待补正', '案件、当事人或仲裁请求有“错误”级问题，或不符合平台记录格式；更正后自动随下一批报送。'],
    ['被退回', '平台未接收；内容有变化或经放行（submissions release）后自动随下一批报送。'],
  ];
  await addExplanation(book, report, '报送说明', lines);
}
