/** The sheet 待核查: undeleted accepted cases and mediations that no indicator counts, with the rule they break. */
import type { ExcludedRecord, MacroDataset, Stream } from '../../schemas/dataset.ts';
import type { ListSheet } from '../../schemas/forms.ts';
import { STYLES } from '../styles.ts';
import type { Cell, WorkbookWriter } from '../workbook.ts';
import { cell } from './layout.ts';
import { addList, type ListSpec, listFrame, singleHeader } from './list.ts';

const TITLES = [
  '序号',
  '类别',
  '记录号',
  '案号',
  '机构代码',
  '机构名称',
  '违反规则',
  '字段',
  '当前值',
  '原因',
];
const WIDTHS = [7, 10, 20, 32, 10, 38, 9, 26, 26, 46];

/** @param maxRows rows that a sheet takes before the list continues on the next one */
export async function addExcluded(
  book: WorkbookWriter,
  layout: ListSheet,
  dataset: MacroDataset,
  maxRows: number | undefined,
): Promise<void> {
  const spec: ListSpec = {
    ...listFrame(layout, dataset, `快照日期：${dataset.provenance.asOf}`),
    widths: WIDTHS,
    header: singleHeader(TITLES),
    frozenColumns: 0,
    emptyText: '没有未计入统计的记录',
    // Most of its text is different in each row.
    sharedText: false,
    ...(maxRows === undefined ? {} : { maxRows }),
  };
  await addList(book, spec, rows(dataset.excluded));
}

async function* rows(excluded: Stream<ExcludedRecord>): AsyncGenerator<readonly Cell[]> {
  let number = 0;
  for await (const record of excluded) {
    number += 1;
    yield [
      cell(number, STYLES.code),
      cell(record.kind, STYLES.code),
      cell(record.recordKey, STYLES.code),
      cell(record.caseNo, STYLES.text),
      cell(record.orgCode, STYLES.code),
      cell(record.orgName, STYLES.text),
      cell(record.ruleId, STYLES.code),
      cell(record.field, STYLES.text),
      cell(record.value, STYLES.text),
      cell(record.message, STYLES.text),
    ];
  }
}
