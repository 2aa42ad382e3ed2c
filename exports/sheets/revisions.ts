/** The sheet 修订说明: per body the sum, per case the cause, of every difference from what was published. */
import type { MacroDataset, RevisionStatement, RevisionSummary } from '../../schemas/dataset.ts';
import type { ListSheet } from '../../schemas/forms.ts';
import { sameNumber } from '../decimal.ts';
import { STYLES } from '../styles.ts';
import type { Cell, SheetWriter, WorkbookWriter } from '../workbook.ts';
import { addMerged, cell, figureCell, fittedHeight } from './layout.ts';
import { addList, type ListSpec, listFrame, singleHeader } from './list.ts';

const SIGNED_FORMAT = '+#,##0;-#,##0;0';
const COUNT_FORMAT = '#,##0';
const WIDTHS = [6, 38, 16, 17, 13, 11, 38, 17, 34, 34, 18];
const SUMMARY_TITLES = {
  A01: ['序号', '机构名称', '机构代码', '上期发布期末未结', '本期期初未结', '差额', '结论', '逐案影响合计'],
  B01: [
    '序号',
    '机构名称',
    '机构代码',
    '对比版本期末未结',
    '按本次快照期末未结',
    '差额',
    '结论',
    '逐案影响合计',
  ],
} as const satisfies Record<RevisionStatement['stock'], readonly string[]>;
const CASE_TITLES = [
  '序号',
  '案号',
  '记录号',
  '修订原因',
  '对未结案件数影响（件）',
  '机构代码',
  '机构名称',
  '对其他指标影响',
  '原值',
  '现值',
  '对比版本',
];

export async function addRevisions(
  book: WorkbookWriter,
  layout: ListSheet,
  dataset: MacroDataset,
): Promise<void> {
  const { revisions } = dataset;
  const spec: ListSpec = {
    ...listFrame(layout, dataset, '计量单位：件'),
    widths: WIDTHS,
    header: singleHeader(CASE_TITLES),
    frozenColumns: 0,
    preface: (sheet) => addSummaries(sheet, revisions),
    emptyText: revisions.length > 0 ? '与对比版本相比没有变化' : '没有可供对比的已发布数据',
    sharedText: false,
  };
  await addList(book, spec, rows(revisions));
}

async function addSummaries(sheet: SheetWriter, revisions: readonly RevisionStatement[]): Promise<void> {
  if (revisions.length === 0) await addLine(sheet, '对比版本：无（没有已发布的数据）');
  for (const statement of revisions) {
    await addMerged(sheet, `与${statement.baseline}对比`, STYLES.section, WIDTHS.length, 24);
    await addSummary(sheet, statement);
  }
  await addMerged(sheet, '逐案说明', STYLES.section, WIDTHS.length, 24);
}

const addLine = (sheet: SheetWriter, text: string): Promise<void> =>
  addMerged(sheet, text, STYLES.note, WIDTHS.length, 20);

/** The bodies whose figure changed; those that did not are counted. */
async function addSummary(sheet: SheetWriter, { stock, cases, summary }: RevisionStatement): Promise<void> {
  const changed = summary.filter((row) => !(isZero(row.difference) && isZero(row.explained)));
  const unchanged = summary.length - changed.length;
  const text = `逐案列出 ${cases} 件；${changed.length} 个机构的未结案件数有变化，${unchanged} 个没有变化。`;
  await addLine(sheet, text);
  if (changed.length === 0) return;
  const titles = SUMMARY_TITLES[stock];
  await sheet.add({ cells: titles.map((title) => cell(title, STYLES.head)), height: 30 });
  for (const [index, row] of changed.entries()) {
    const cells = summaryRow(index + 1, row);
    await sheet.add({ cells, height: fittedHeight(cells, WIDTHS) });
  }
}

function summaryRow(number: number, row: RevisionSummary): Cell[] {
  const explained = sameNumber(row.difference, row.explained);
  return [
    cell(number, STYLES.code),
    cell(row.orgName, STYLES.text),
    cell(row.orgCode, STYLES.code),
    figureCell(row.publishedClosing, COUNT_FORMAT),
    figureCell(row.opening, COUNT_FORMAT),
    figureCell(row.difference, SIGNED_FORMAT),
    explained ? cell('逐案影响合计与差额一致', STYLES.text) : cell('逐案影响合计与差额不一致', STYLES.failed),
    figureCell(row.explained, SIGNED_FORMAT, explained ? 'plain' : 'failed'),
  ];
}

function isZero(value: string): boolean {
  return value === '' || sameNumber(value, '0');
}

/** One row per case and body: a case that changed bodies has two rows of one number. */
async function* rows(revisions: readonly RevisionStatement[]): AsyncGenerator<readonly Cell[]> {
  let number = 0;
  for (const { baseline, entries } of revisions) {
    for await (const entry of entries) {
      number += 1;
      for (const effect of entry.effects) {
        yield [
          cell(number, STYLES.code),
          cell(entry.caseNo, STYLES.text),
          cell(entry.caseId, STYLES.code),
          cell(entry.cause, STYLES.code),
          figureCell(effect.openingDelta, SIGNED_FORMAT),
          cell(effect.orgCode, STYLES.code),
          cell(effect.orgName, STYLES.text),
          cell(effect.otherDeltas, STYLES.text),
          cell(entry.oldValues, STYLES.text),
          cell(entry.newValues, STYLES.text),
          cell(baseline, STYLES.code),
        ];
      }
    }
  }
}
