/** The sheet 说明: what period, from which snapshot, who and when, check results, how each figure is counted. */
import type { CheckResult, MacroDataset, Provenance } from '../../schemas/dataset.ts';
import type { ListSheet } from '../../schemas/forms.ts';
import { PUBLICATION_STATE_LABELS } from '../labels.ts';
import { STYLES } from '../styles.ts';
import type { Cell, SheetWriter, WorkbookWriter } from '../workbook.ts';
import { addHeading, addMerged, addNotes, cell, chineseDay, draftMark, lineCount, sum } from './layout.ts';

/** 编号/label · name · unit or result · text. */
// The third column also holds the heading's centre part: a period in words.
const WIDTHS = [16, 36, 24, 64];
const LINE_HEIGHT = 13.5;

export async function addNotesSheet(
  book: WorkbookWriter,
  layout: ListSheet,
  dataset: MacroDataset,
): Promise<void> {
  const draft = draftMark(dataset.provenance);
  const headingRows = draft === '' ? 2 : 3;
  const sheet = book.sheet({
    name: layout.name,
    widths: WIDTHS,
    frozenRows: headingRows,
    frozenColumns: 0,
    titleRows: headingRows,
    footerLeft: dataset.issuer,
    footerRight: `${dataset.periodText} ${dataset.provenance.revision}`,
    marked: draft !== '',
    sharedText: true,
  });
  await addHeading(
    sheet,
    {
      title: layout.title,
      draft,
      left: `制表机构：${dataset.issuer}`,
      centre: `报表期：${dataset.periodText}`,
      right: `版本：${dataset.provenance.revision}`,
    },
    WIDTHS,
  );
  await addReasons(sheet, dataset.provenance);
  await addProvenance(sheet, dataset);
  await addCheckSummary(sheet, dataset.checks);
  await addDefinitions(sheet, dataset);
  await addNotes(sheet, layout.notes, WIDTHS);
}

/** Why the workbook is no publication: at the top, in red. */
async function addReasons(sheet: SheetWriter, { provisional, heldReasons }: Provenance): Promise<void> {
  const reasons = [
    ...(provisional ? ['报表期的最后一日不早于快照日期，数据为暂行数，不得发布。'] : []),
    ...heldReasons,
  ];
  if (reasons.length === 0) return;
  await addSection(sheet, '未发布的原因');
  for (const [index, reason] of reasons.entries()) {
    await addWide(sheet, cell(String(index + 1), STYLES.failedCode), cell(reason, STYLES.failed));
  }
}

async function addProvenance(sheet: SheetWriter, dataset: MacroDataset): Promise<void> {
  const { provenance } = dataset;
  const pairs: readonly (readonly [label: string, text: string])[] = [
    ['报表期', `${dataset.periodText}（累计口径：${dataset.ytdText}）`],
    ['统计区间', `${chineseDay(dataset.startDay)}至${chineseDay(dataset.endDay)}`],
    ['状态', provenance.provisional ? '草稿（暂行数）' : PUBLICATION_STATE_LABELS[provenance.state]],
    ['版本', provenance.revision],
    ['数据快照', `${provenance.snapshotId}（快照日期 ${chineseDay(provenance.asOf)}）`],
    ['生成时间', provenance.generatedAt.replace('T', ' ')],
    ['操作人', provenance.actor],
    ['运行编号', provenance.runId],
    ['程序版本', provenance.toolVersion],
    ['口径定义校验值', `SHA-256 ${provenance.definitionsSha256}`],
    ['机构范围', `${dataset.bodies.length} 个劳动人事争议仲裁机构`],
    ...provenance.remarks.map((remark) => ['备注', remark] as const),
  ];
  await addSection(sheet, '一、数据来源');
  for (const [label, text] of pairs) await addWide(sheet, cell(label, STYLES.label), cell(text, STYLES.text));
}

/** A label and a text over the other columns. */
async function addWide(sheet: SheetWriter, label: Cell, text: Cell): Promise<void> {
  const lines = lineCount(String(text.value ?? ''), sum(WIDTHS.slice(1)));
  await sheet.block(
    [{ cells: [label, text], height: 6 + lines * LINE_HEIGHT }],
    [{ top: 1, left: 2, bottom: 1, right: WIDTHS.length }],
  );
}

async function addSection(sheet: SheetWriter, title: string): Promise<void> {
  await addMerged(sheet, title, STYLES.section, WIDTHS.length, 26);
}

interface CheckSummary {
  readonly name: string;
  total: number;
  failed: number;
  notes: string;
}

async function addCheckSummary(sheet: SheetWriter, checks: readonly CheckResult[]): Promise<void> {
  const summaries = new Map<string, CheckSummary>();
  for (const { id, name, ok, note, orgName } of checks) {
    const summary = summaries.get(id) ?? { name, total: 0, failed: 0, notes: '' };
    summaries.set(id, summary);
    summary.total += 1;
    if (ok) continue;
    summary.failed += 1;
    if (summary.failed === 1) summary.notes = `如 ${orgName}${note === '' ? '' : `：${note}`}`;
  }
  await addSection(sheet, '二、平衡检查结果（明细见“平衡检查”）');
  await addTable(sheet, ['检查', '内容', '结果', '说明']);
  for (const [id, { name, total, failed, notes }] of summaries) {
    const result = failed === 0 ? '通过' : '未通过';
    const detail = failed === 0 ? `共 ${total} 项` : `共 ${total} 项，${failed} 项未通过；${notes}`;
    await addLine(sheet, [id, name, result, detail], failed > 0);
  }
}

async function addDefinitions(sheet: SheetWriter, { indicators }: MacroDataset): Promise<void> {
  await addSection(sheet, '三、指标口径');
  await addTable(sheet, ['指标编号', '指标名称', '计量单位', '口径']);
  for (const { id, name, unit, definition } of indicators) {
    await addLine(sheet, [id, name, unit, definition ?? ''], false);
  }
}

async function addTable(sheet: SheetWriter, titles: readonly string[]): Promise<void> {
  await sheet.add({ cells: titles.map((title) => cell(title, STYLES.head)), height: 20 });
}

async function addLine(
  sheet: SheetWriter,
  [code = '', name = '', short = '', text = '']: readonly string[],
  failed: boolean,
): Promise<void> {
  const lines = Math.max(lineCount(name, WIDTHS[1] ?? 0), lineCount(text, WIDTHS[3] ?? 0));
  await sheet.add({
    cells: [
      cell(code, failed ? STYLES.failedCode : STYLES.code),
      cell(name, failed ? STYLES.failed : STYLES.text),
      cell(short, failed ? STYLES.failedCode : STYLES.code),
      cell(text, failed ? STYLES.failed : STYLES.text),
    ],
    height: 6 + lines * LINE_HEIGHT,
  });
}
