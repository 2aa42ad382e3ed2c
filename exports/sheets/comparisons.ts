/** The sheet 同比环比: each flow beside the period before and the same period a year ago, recomputed and as published. */
import type { Comparison, IndicatorDefinition, MacroDataset } from '../../schemas/dataset.ts';
import type { ListSheet, MacroForm } from '../../schemas/forms.ts';
import { changePercent, difference, sameNumber } from '../decimal.ts';
import { SCOPE_LABELS } from '../labels.ts';
import { STYLES } from '../styles.ts';
import type { Cell, Merge, RowSpec, WorkbookWriter } from '../workbook.ts';
import { cell, figureCell } from './layout.ts';
import { addList, type ListSpec, listFrame } from './list.ts';

const PERCENT_FORMAT = '0.00';
const LEADING = ['口径', '机构名称', '指标编号', '指标名称', '单位', '本期数'] as const;
const LEADING_WIDTHS = [6, 38, 9, 24, 6, 10];
const AGAINST = ['按同一快照重算', '按当时发布'] as const;
const MARK = '※';

export async function addComparisons(
  book: WorkbookWriter,
  form: MacroForm,
  layout: ListSheet,
  dataset: MacroDataset,
): Promise<void> {
  const indicators = new Map(dataset.indicators.map((indicator) => [indicator.id, indicator]));
  const spec: ListSpec = {
    ...listFrame(layout, dataset, '计量单位：件、人、万元、%'),
    widths: [...LEADING_WIDTHS, ...Array.from({ length: 12 }, () => 9.5), 13],
    header: header(),
    frozenColumns: 4,
    emptyText: '无对比数据',
    sharedText: true,
  };
  await addList(book, spec, rows(dataset, indicators, form.numberFormats));
}

/** 环比 and 同比, each 重算 and 发布, each 数值 增减 增减%. */
function header(): ListSpec['header'] {
  const width = LEADING.length + 13;
  const texts: string[][] = Array.from({ length: 3 }, () => Array.from({ length: width }, () => ''));
  const merges: Merge[] = [];
  const put = (text: string, top: number, left: number, bottom: number, right: number): void => {
    const row = texts[top - 1];
    if (row !== undefined) row[left - 1] = text;
    merges.push({ top, left, bottom, right });
  };
  for (const [index, title] of LEADING.entries()) put(title, 1, index + 1, 3, index + 1);
  for (const [half, title] of ['环比（与上期比）', '同比（与上年同期比）'].entries()) {
    const left = LEADING.length + 1 + half * 6;
    put(title, 1, left, 1, left + 5);
    for (const [pair, against] of AGAINST.entries()) {
      const start = left + pair * 3;
      put(against, 2, start, 2, start + 2);
      for (const [offset, text] of ['对比期数', '增减', '增减%'].entries()) {
        put(text, 3, start + offset, 3, start + offset);
      }
    }
  }
  put('备注', 1, width, 3, width);
  const rows: RowSpec[] = texts.map((cells) => ({
    cells: cells.map((text) => cell(text, STYLES.head)),
    height: 18,
  }));
  return { rows, merges };
}

async function* rows(
  dataset: MacroDataset,
  indicators: ReadonlyMap<string, IndicatorDefinition>,
  formats: MacroForm['numberFormats'],
): AsyncGenerator<readonly Cell[]> {
  for await (const comparison of dataset.comparisons) {
    const indicator = indicators.get(comparison.indicatorId);
    if (indicator === undefined) throw new RangeError(`no indicator ${comparison.indicatorId}`);
    yield comparisonRow(comparison, indicator, formats[indicator.kind]);
  }
}

function comparisonRow(
  row: Comparison,
  { id, name, unit, kind }: IndicatorDefinition,
  numFmt: string,
): readonly Cell[] {
  const addsUp = kind === 'count' || kind === 'amount';
  const previousDiffers = differs(row.previous, row.previousPublished);
  const lastYearDiffers = differs(row.lastYear, row.lastYearPublished);
  const against = (base: string, marked: boolean): Cell[] => {
    const look = marked ? 'marked' : 'plain';
    return [
      figureCell(base, numFmt, look),
      figureCell(difference(row.current, base), numFmt, look),
      // A rate's change is its difference in percentage points.
      figureCell(addsUp ? changePercent(row.current, base) : '', PERCENT_FORMAT, look),
    ];
  };
  return [
    cell(SCOPE_LABELS[row.scope], STYLES.code),
    cell(row.orgName, STYLES.text),
    cell(id, STYLES.code),
    cell(name, STYLES.text),
    cell(unit, STYLES.code),
    figureCell(row.current, numFmt),
    ...against(row.previous, previousDiffers),
    ...against(row.previousPublished, previousDiffers),
    ...against(row.lastYear, lastYearDiffers),
    ...against(row.lastYearPublished, lastYearDiffers),
    cell(previousDiffers || lastYearDiffers ? `${MARK}见修订说明` : '', STYLES.code),
  ];
}

/** Only what was published can differ from what was published. */
function differs(recomputed: string, published: string): boolean {
  return published !== '' && !sameNumber(recomputed, published);
}
