/** The sheet 平衡检查: every check of every body and scope with both sides. */
import type { CheckResult, MacroDataset } from '../../schemas/dataset.ts';
import type { ListSheet } from '../../schemas/forms.ts';
import { difference } from '../decimal.ts';
import { SCOPE_LABELS } from '../labels.ts';
import { STYLES } from '../styles.ts';
import type { Cell, WorkbookWriter } from '../workbook.ts';
import { cell, figureCell } from './layout.ts';
import { addList, type ListSpec, listFrame, singleHeader } from './list.ts';

const NUMBER_FORMAT = '#,##0.######';
const WHOLE_FORMAT = '#,##0';
const TITLES = ['检查', '内容', '口径', '机构代码', '机构名称', '左边', '右边', '差额', '结果', '说明'];
const WIDTHS = [8, 42, 8, 10, 38, 13, 13, 11, 9, 40];

export async function addChecks(
  book: WorkbookWriter,
  layout: ListSheet,
  dataset: MacroDataset,
): Promise<void> {
  const failed = dataset.checks.filter(({ ok }) => !ok).length;
  const spec: ListSpec = {
    ...listFrame(
      layout,
      dataset,
      `共 ${dataset.checks.length} 项，${failed === 0 ? '全部通过' : `未通过 ${failed} 项`}`,
    ),
    widths: WIDTHS,
    header: singleHeader(TITLES),
    frozenColumns: 1,
    emptyText: '没有检查结果',
    sharedText: true,
  };
  await addList(book, spec, rows(dataset.checks));
}

function* rows(checks: readonly CheckResult[]): Generator<readonly Cell[]> {
  for (const check of checks) {
    const text = check.ok ? STYLES.text : STYLES.failed;
    const code = check.ok ? STYLES.code : STYLES.failedCode;
    const look = check.ok ? 'plain' : 'failed';
    const figure = (value: string): Cell =>
      figureCell(value, value.includes('.') ? NUMBER_FORMAT : WHOLE_FORMAT, look);
    yield [
      cell(check.id, code),
      cell(check.name, text),
      cell(SCOPE_LABELS[check.scope], code),
      cell(check.orgCode, code),
      cell(check.orgName, text),
      figure(check.left),
      figure(check.right),
      figure(difference(check.left, check.right)),
      cell(check.ok ? '通过' : '未通过', code),
      cell(check.note, text),
    ];
  }
}
