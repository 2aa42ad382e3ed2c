/** A table whose columns say how a row is shown: one sheet of a report. */
import type { Provenance, Stream } from '../../schemas/dataset.ts';
import { STYLES } from '../styles.ts';
import type { Cell, WorkbookWriter } from '../workbook.ts';
import { cell, chineseDay, draftMark } from './layout.ts';
import { addList, type ListSpec, singleHeader } from './list.ts';

export interface Column<T> {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: T) => Cell;
}

export interface Sheet<T> {
  readonly name: string;
  readonly title: string;
  readonly emptyText: string;
  readonly columns: readonly Column<T>[];
  readonly frozenColumns: number;
  readonly notes?: readonly string[];
}

/** Add the sheet 说明: what a reader should know, a label and a text in each line. */
export async function addExplanation(
  book: WorkbookWriter,
  report: ReportFrame,
  title: string,
  lines: readonly (readonly [label: string, text: string])[],
): Promise<void> {
  const columns: readonly Column<readonly [label: string, text: string, place: number]>[] = [
    { title: '序号', width: 8, cell: ([, , place]) => cell(String(place), STYLES.code) },
    { title: '项目', width: 22, cell: ([label]) => cell(label, STYLES.label) },
    { title: '内容', width: 110, cell: ([, text]) => cell(text, STYLES.textTop) },
  ];
  const rows = lines.map(([label, text], index) => [label, text, index + 1] as const);
  await addTable(book, report, { name: '说明', title, emptyText: '', columns, frozenColumns: 0 }, rows);
}

/** What stands above and below every sheet of a report. */
export interface ReportFrame {
  readonly issuer: string;
  readonly periodText: string;
  readonly provenance: Provenance;
}

/** Add a sheet with its rows in the order given. */
export async function addTable<T>(
  book: WorkbookWriter,
  report: ReportFrame,
  sheet: Sheet<T>,
  rows: Stream<T>,
): Promise<void> {
  const spec: ListSpec = {
    ...frame(report, sheet.name, sheet.title),
    widths: sheet.columns.map(({ width }) => width),
    header: singleHeader(sheet.columns.map(({ title }) => title)),
    frozenColumns: sheet.frozenColumns,
    emptyText: sheet.emptyText,
    notes: sheet.notes ?? [],
  };
  await addList(book, spec, cellsOf(rows, sheet.columns));
}

async function* cellsOf<T>(rows: Stream<T>, columns: readonly Column<T>[]): AsyncGenerator<readonly Cell[]> {
  for await (const row of rows) yield columns.map((column) => column.cell(row));
}

function frame({ issuer, periodText, provenance }: ReportFrame, name: string, title: string) {
  return {
    name,
    heading: {
      title,
      draft: draftMark(provenance),
      left: `制表机构：${issuer}`,
      centre: `报表期：${periodText}`,
      right: `数据日期：${chineseDay(provenance.asOf)}`,
    },
    footerLeft: issuer,
    footerRight: `${periodText} ${provenance.revision}`,
    sharedText: false,
  };
}
