/** A statistical table: bodies down, indicators across under grouped headings, one block for each scope. */
import type { Body, IndicatorDefinition, MacroDataset, Scope } from '../../schemas/dataset.ts';
import {
  type FormColumn,
  type IndicatorColumn,
  isGroup,
  leafColumns,
  type MacroForm,
  type TableSheet,
} from '../../schemas/forms.ts';
import { exactNumber } from '../decimal.ts';
import { numberStyle, STYLES } from '../styles.ts';
import {
  type Cell,
  columnName,
  type Merge,
  type RowSpec,
  type SheetWriter,
  type WorkbookWriter,
} from '../workbook.ts';
import {
  addHeading,
  addMerged,
  addNotes,
  addParts,
  cell,
  draftMark,
  FONT_SHARE,
  figureCell,
  lineCount,
  textWidth,
} from './layout.ts';

/** A table of many columns breaks the names of the bodies, so that its figures stay readable on paper. */
const MANY_COLUMNS = 20;
const BODY_WIDTH = { least: 16, most: 44 } as const;
const ROW_HEIGHT = { whole: 17, broken: 30 } as const;
const CODE_WIDTH = 8;
/** So few bodies are printed on one page where the sheet has one scope; more run on. */
const MAX_BODIES_OF_A_PAGE = 40;
const LEADING_COLUMNS = 2;
const MIN_WIDTH = { count: 7, amount: 9, rate: 7, mean: 7 } as const;
const HEAD_LINE_HEIGHT = 13.5;

interface TableColumn extends IndicatorColumn {
  readonly kind: IndicatorDefinition['kind'];
  readonly unit: string;
  readonly numFmt: string;
}

/** Write one sheet of the form; the row 合计 (ALL) stands first, its counts are sums over the rows under it. */
export async function addFormTable(
  book: WorkbookWriter,
  form: MacroForm,
  table: TableSheet,
  dataset: MacroDataset,
): Promise<void> {
  const columns = tableColumns(form, table, dataset.indicators);
  const names: NameLook = columns.length > MANY_COLUMNS ? 'broken' : 'whole';
  const widths = [
    nameWidth(dataset.bodies, names),
    CODE_WIDTH,
    ...columns.map((column) => columnWidth(column, table, dataset)),
  ];
  const head = headRows(form, table.columns, columns, widths);
  const draft = draftMark(dataset.provenance);
  const headingRows = draft === '' ? 3 : 4;
  // Several scopes are printed from page breaks on, which programs ignore where the height is fitted too.
  const fitsOnePage = table.scopes.length === 1 && dataset.bodies.length <= MAX_BODIES_OF_A_PAGE;
  const sheet = book.sheet({
    name: table.name,
    widths,
    frozenRows: headingRows + head.rows.length,
    frozenColumns: LEADING_COLUMNS,
    titleRows: headingRows + head.rows.length,
    ...(fitsOnePage ? { pages: 1 } : {}),
    footerLeft: dataset.issuer,
    footerRight: `${dataset.periodText} ${dataset.provenance.revision}`,
    marked: draft !== '',
    sharedText: true,
  });
  const onlyYtd = table.scopes.every((scope) => scope === 'ytd');
  await addHeading(
    sheet,
    {
      title: table.title,
      draft,
      formCode: table.formCode,
      left: `制表机构：${dataset.issuer}`,
      centre: `报表期：${onlyYtd ? dataset.ytdText : dataset.periodText}`,
      right: table.unitText,
    },
    widths,
  );
  await sheet.block(head.rows, head.merges);
  for (const [index, scope] of table.scopes.entries()) {
    if (index > 0) sheet.pageBreak();
    if (table.scopes.length > 1) await addBand(sheet, form, scope, dataset, widths.length);
    await addBlock(sheet, scope, columns, dataset, names);
  }
  await addFoot(sheet, form, table, widths);
}

function tableColumns(
  { numberFormats }: MacroForm,
  table: TableSheet,
  indicators: readonly IndicatorDefinition[],
): TableColumn[] {
  const byId = new Map(indicators.map((indicator) => [indicator.id, indicator]));
  return leafColumns(table.columns).map((column) => {
    const indicator = byId.get(column.indicator);
    if (indicator === undefined) {
      throw new RangeError(`sheet ${table.name}: the dataset has no indicator ${column.indicator}`);
    }
    return { ...column, kind: indicator.kind, unit: indicator.unit, numFmt: numberFormats[indicator.kind] };
  });
}

/** Whether the names of the bodies stand on one line or on two. */
type NameLook = 'whole' | 'broken';

function nameWidth(bodies: readonly Body[], names: NameLook): number {
  const longest = bodies.reduce((width, { name }) => Math.max(width, textWidth(name)), 0);
  const wanted = (names === 'whole' ? longest : longest / 2) * FONT_SHARE + 2.5;
  return Math.min(BODY_WIDTH.most, Math.max(BODY_WIDTH.least, wanted));
}

/** Wide enough for the largest figure: the whole's, since figures add up. */
function columnWidth(column: TableColumn, table: TableSheet, dataset: MacroDataset): number {
  const longest = Math.max(
    ...table.scopes.map((scope) => {
      const text = dataset.value(scope, dataset.whole.code, column.indicator);
      const digits = text.replace(/\..*$/, '').length;
      return text.length + Math.floor(digits / 3);
    }),
  );
  return Math.max(column.width ?? MIN_WIDTH[column.kind], longest * 1.05 + 1.2);
}

interface Block {
  readonly rows: RowSpec[];
  readonly merges: Merge[];
}

/** Grouped titles, then the units where they differ, then the line of column numbers (甲 乙 1 2 3 …). */
function headRows(
  form: MacroForm,
  titles: readonly FormColumn[],
  columns: readonly TableColumn[],
  widths: readonly number[],
): Block {
  const depth = headDepth(titles);
  const grid: Cell[][] = Array.from({ length: depth }, () =>
    Array.from({ length: widths.length }, () => cell(null, STYLES.head)),
  );
  const merges: Merge[] = [];
  const put = (text: string, merge: Merge): void => {
    const row = grid[merge.top - 1];
    if (row !== undefined) row[merge.left - 1] = cell(text, STYLES.head);
    merges.push(merge);
  };
  put(form.bodyTitle, { top: 1, left: 1, bottom: depth, right: 1 });
  put(form.codeTitle, { top: 1, left: 2, bottom: depth, right: 2 });
  putTitles(titles, 1, LEADING_COLUMNS + 1, depth, put);
  const heights = headHeights(grid, merges, widths);
  const rows: RowSpec[] = grid.map((cells, index) => ({ cells, height: heights[index] ?? HEAD_LINE_HEIGHT }));
  if (new Set(columns.map(({ unit }) => unit)).size > 1) {
    const row = rows.length + 1;
    rows.push(subHeadRow(['计量单位', '', ...columns.map(({ unit }) => unit)]));
    merges.push({ top: row, left: 1, bottom: row, right: 2 });
  }
  rows.push(subHeadRow(['甲', '乙', ...columns.map((_, index) => String(index + 1))]));
  return { rows, merges };
}

function subHeadRow(texts: readonly string[]): RowSpec {
  return { cells: texts.map((text) => cell(text, STYLES.subHead)), height: 15 };
}

function headDepth(columns: readonly FormColumn[]): number {
  return Math.max(...columns.map((column) => (isGroup(column) ? 1 + headDepth(column.columns) : 1)));
}

/** Headings from a row and column on; a title without children reaches down to the last row of the head. */
function putTitles(
  columns: readonly FormColumn[],
  row: number,
  firstColumn: number,
  depth: number,
  put: (text: string, merge: Merge) => void,
): void {
  let left = firstColumn;
  for (const column of columns) {
    const right = left + leafColumns([column]).length - 1;
    put(column.title, { top: row, left, bottom: isGroup(column) ? row : depth, right });
    if (isGroup(column)) putTitles(column.columns, row + 1, left, depth, put);
    left = right + 1;
  }
}

/** Each row as high as its own titles need; a title over several rows shares theirs and stretches the last. */
function headHeights(grid: readonly Cell[][], merges: readonly Merge[], widths: readonly number[]): number[] {
  const heights = grid.map(() => HEAD_LINE_HEIGHT + 5);
  const byRows = merges.toSorted((a, b) => a.bottom - a.top - (b.bottom - b.top));
  for (const { top, left, bottom, right } of byRows) {
    const text = String(grid[top - 1]?.[left - 1]?.value ?? '');
    const width = widths.slice(left - 1, right).reduce((total, each) => total + each, 0);
    const needed = lineCount(text, width) * HEAD_LINE_HEIGHT + 5;
    const there = heights.slice(top - 1, bottom).reduce((total, each) => total + each, 0);
    if (needed > there) heights[bottom - 1] = (heights[bottom - 1] ?? 0) + needed - there;
  }
  return heights;
}

async function addBand(
  sheet: SheetWriter,
  form: MacroForm,
  scope: Scope,
  dataset: MacroDataset,
  columns: number,
): Promise<void> {
  const period = scope === 'month' ? dataset.periodText : dataset.ytdText;
  await addMerged(sheet, form.scopeTitles[scope].replace('{period}', period), STYLES.band, columns, 19);
}

async function addBlock(
  sheet: SheetWriter,
  scope: Scope,
  columns: readonly TableColumn[],
  dataset: MacroDataset,
  names: NameLook,
): Promise<void> {
  await addTotal(sheet, scope, columns, dataset);
  for (const body of dataset.bodies) await sheet.add(bodyRow(body, scope, columns, dataset, names));
}

/** The row of the whole: counts as sums that a reader can trace, all else as the dataset's own figures. */
async function addTotal(
  sheet: SheetWriter,
  scope: Scope,
  columns: readonly TableColumn[],
  dataset: MacroDataset,
): Promise<void> {
  const { whole, bodies } = dataset;
  const first = sheet.rows + 2;
  const last = first + bodies.length - 1;
  const figures = columns.map(({ indicator, kind, numFmt }, index): Cell => {
    const text = dataset.value(scope, whole.code, indicator);
    const result = exactNumber(text);
    if (kind !== 'count' || result === undefined || bodies.length === 0)
      return figureCell(text, numFmt, 'total');
    const letters = columnName(LEADING_COLUMNS + 1 + index);
    return cell(
      { formula: `SUM(${letters}${first}:${letters}${last})`, result },
      numberStyle(numFmt, 'total'),
    );
  });
  await sheet.block(
    [{ cells: [cell(whole.name, STYLES.totalText), cell(null, STYLES.totalText), ...figures], height: 21 }],
    [{ top: 1, left: 1, bottom: 1, right: LEADING_COLUMNS }],
  );
}

function bodyRow(
  body: Body,
  scope: Scope,
  columns: readonly TableColumn[],
  dataset: MacroDataset,
  names: NameLook,
): RowSpec {
  const figures = columns.map(({ indicator, numFmt }) =>
    figureCell(dataset.value(scope, body.code, indicator), numFmt),
  );
  return {
    cells: [cell(body.name, STYLES.text), cell(body.code, STYLES.code), ...figures],
    height: ROW_HEIGHT[names],
  };
}

async function addFoot(
  sheet: SheetWriter,
  form: MacroForm,
  table: TableSheet,
  widths: readonly number[],
): Promise<void> {
  await addNotes(sheet, table.notes, widths);
  const signatures = form.signatures.map((text) => cell(text, STYLES.metaLeft));
  await addParts(sheet, signatures, widths, 26);
}
