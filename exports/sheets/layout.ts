/** What all sheets share: the lines above a table, the notes under it, figures in cells. */
import type { Provenance } from '../../schemas/dataset.ts';
import { exactNumber } from '../decimal.ts';
import type { CellStyle } from '../styles.ts';
import { type NumberLook, numberStyle, STYLES } from '../styles.ts';
import type { Cell, CellValue, Merge, RowSpec, SheetWriter } from '../workbook.ts';

const NO_VALUE = '—';

/** Why a workbook is not to be used as published figures; empty for a publication. */
export function draftMark({ state, provisional, heldReasons }: Provenance): string {
  if (provisional) return '草稿 未发布（报表期尚未结束，数据为暂行数）';
  if (state === 'held')
    return `草稿 未发布（${heldReasons.length > 0 ? '检查未通过，' : ''}暂停发布，原因见“说明”）`;
  if (state === 'draft' || state === 'approved') return '草稿 未发布';
  return '';
}

/** Width of text in characters of the default font: Chinese characters take two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text)
    width += (character.codePointAt(0) ?? 0) > 0x2e7f ? 2 : isWide(character) ? 2 : 1;
  return width;
}

/** Quotation marks and dashes that Chinese fonts draw at full width. */
function isWide(character: string): boolean {
  return '“”‘’—…·×÷'.includes(character);
}

/** Widths are stated in characters of 11 points, texts are written in 10. */
export const FONT_SHARE = 0.95;

/** Lines that text takes in a cell of some characters' width. */
export function lineCount(text: string, width: number): number {
  const usable = Math.max(2, Math.floor(width - 1));
  if (2 * text.length <= usable && !text.includes('\n')) return 1;
  const lines = text.split('\n').map((line) => Math.ceil((textWidth(line) * FONT_SHARE) / usable));
  return sum(lines.map((count) => Math.max(1, count)));
}

const LINE_HEIGHT = 13;
/** Points; the file format takes no more. */
const MAX_ROW_HEIGHT = 409;

/**
 * The height of a row of wrapped texts. It is stated because not every program fits rows to their text when it opens
 * a file.
 */
export function fittedHeight(cells: readonly Cell[], widths: readonly number[]): number {
  let lines = 1;
  for (const [index, { value, style }] of cells.entries()) {
    if (typeof value !== 'string' || style.alignment.wrapText !== true) continue;
    lines = Math.max(lines, lineCount(value, widths[index] ?? 0));
  }
  return Math.min(MAX_ROW_HEIGHT, lines * LINE_HEIGHT + 5);
}

export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);

export const cell = (value: CellValue, style: CellStyle): Cell => ({ value, style });

/** A figure of the dataset as a real number; — where there is none; text where a double would lose digits. */
export function figureCell(value: string, numFmt: string, look: NumberLook = 'plain'): Cell {
  const style = numberStyle(numFmt, look);
  if (value === '') return { value: NO_VALUE, style };
  return { value: exactNumber(value) ?? value, style };
}

/** One cell over the whole width. */
function mergedRow(value: string, style: CellStyle, columns: number, height: number): [RowSpec, Merge] {
  return [
    { cells: [cell(value, style)], height },
    { top: 1, left: 1, bottom: 1, right: columns },
  ];
}

export async function addMerged(
  sheet: SheetWriter,
  value: string,
  style: CellStyle,
  columns: number,
  height: number,
): Promise<void> {
  const [row, merge] = mergedRow(value, style, columns, height);
  await sheet.block([row], [merge]);
}

export interface Heading {
  readonly title: string;
  /** Empty: the line is left out. */
  readonly draft: string;
  readonly left: string;
  readonly centre: string;
  readonly right: string;
  /** 表号, above the right part; absent: the line is left out. */
  readonly formCode?: string;
}

/** Title, the red line of a draft, 表号, and the line 制表机构 / 报表期 / 计量单位. Returns the number of rows. */
export async function addHeading(
  sheet: SheetWriter,
  heading: Heading,
  widths: readonly number[],
): Promise<number> {
  const columns = widths.length;
  const before = sheet.rows;
  await addMerged(sheet, heading.title, STYLES.title, columns, 32);
  if (heading.draft !== '') await addMerged(sheet, heading.draft, STYLES.draft, columns, 20);
  if (heading.formCode !== undefined) {
    await addMerged(sheet, `表  号：${heading.formCode}`, STYLES.metaRight, columns, 17);
  }
  const parts = [
    cell(heading.left, STYLES.metaLeft),
    cell(heading.centre, STYLES.metaCentre),
    cell(heading.right, STYLES.metaRight),
  ];
  await addParts(sheet, parts, widths, 19);
  return sheet.rows - before;
}

/** Cells side by side over the whole width, each over about the same share of it. */
export async function addParts(
  sheet: SheetWriter,
  parts: readonly Cell[],
  widths: readonly number[],
  height: number,
): Promise<void> {
  const edges = shareColumns(widths, parts.length);
  const cells: Cell[] = [];
  const merges: Merge[] = [];
  for (const [index, part] of parts.entries()) {
    const left = edges[index] ?? 1;
    const right = (edges[index + 1] ?? widths.length + 1) - 1;
    while (cells.length < left - 1) cells.push(cell(null, part.style));
    cells.push(part);
    merges.push({ top: 1, left, bottom: 1, right });
  }
  await sheet.block([{ cells, height }], merges);
}

/** First column of each part, so that the parts are about equally wide and none is empty. */
function shareColumns(widths: readonly number[], parts: number): number[] {
  const total = sum(widths);
  const edges = [1];
  let width = 0;
  for (const [index, columnWidth] of widths.entries()) {
    width += columnWidth;
    const columnsLeft = widths.length - (index + 1);
    const partsLeft = parts - edges.length;
    if (partsLeft === 0) break;
    if (width >= (total * edges.length) / parts || columnsLeft === partsLeft) edges.push(index + 2);
  }
  return edges;
}

/** Lines of notes under a table: 注:1. … */
export async function addNotes(
  sheet: SheetWriter,
  notes: readonly string[],
  widths: readonly number[],
): Promise<void> {
  const width = sum(widths);
  for (const [index, note] of notes.entries()) {
    const text = `${index === 0 ? '注：' : '      '}${notes.length > 1 ? `${index + 1}.` : ''}${note}`;
    await addMerged(sheet, text, STYLES.note, widths.length, 4 + 13.5 * lineCount(text, width));
  }
}

/** YYYY-MM-DD → 2026年11月3日. */
export function chineseDay(day: string): string {
  const [year, month, date] = day.slice(0, 10).split('-').map(Number);
  return `${year}年${month}月${date}日`;
}
