/** The look of the workbooks: that of printed Chinese statistical tables. Styles are shared objects: a cell style is
 * looked up by identity when a workbook is written. */
import type { Alignment, Borders, Fill, Font } from 'exceljs';

export interface CellStyle {
  readonly font: Partial<Font>;
  readonly alignment: Partial<Alignment>;
  readonly border?: Partial<Borders>;
  readonly fill?: Fill;
  readonly numFmt?: string;
}

/** Size and font of page footers; the font comes last, since digits after a size would be read as part of it. */
export const PAGE_FONT = '&9&"宋体,常规"';

const SONG = '宋体';
const FANG = '仿宋';
const RED = { argb: 'FFFF0000' };
const thin = { style: 'thin' } as const;
const GRID: Partial<Borders> = { top: thin, left: thin, bottom: thin, right: thin };
const fillOf = (argb: string): Fill => ({ type: 'pattern', pattern: 'solid', fgColor: { argb } });
const HEAD_FILL = fillOf('FFF2F2F2');
const TOTAL_FILL = fillOf('FFF7F7F7');
const MARK_FILL = fillOf('FFFFF2CC');
const INPUT_FILL = fillOf('FFE2EFDA');
const TEXT_FORMAT = '@';

const left: Partial<Alignment> = { horizontal: 'left', vertical: 'middle' };
const leftWrapped: Partial<Alignment> = { ...left, wrapText: true };
const topWrapped: Partial<Alignment> = { horizontal: 'left', vertical: 'top', wrapText: true };
const centre: Partial<Alignment> = { horizontal: 'center', vertical: 'middle', wrapText: true };
const right: Partial<Alignment> = { horizontal: 'right', vertical: 'middle' };
const font = (size: number, more: Partial<Font> = {}): Partial<Font> => ({ name: SONG, size, ...more });
const fang = (size: number, more: Partial<Font> = {}): Partial<Font> => ({ name: FANG, size, ...more });

export const STYLES = {
  title: { font: font(18, { bold: true }), alignment: centre },
  draft: { font: font(12, { bold: true, color: RED }), alignment: centre },
  metaLeft: { font: fang(11), alignment: left },
  metaCentre: { font: fang(11), alignment: { ...centre, wrapText: false } },
  metaRight: { font: fang(11), alignment: right },
  note: { font: fang(10), alignment: leftWrapped },
  section: { font: font(12, { bold: true }), alignment: left },
  head: { font: font(10, { bold: true }), alignment: centre, border: GRID, fill: HEAD_FILL },
  subHead: { font: font(9), alignment: centre, border: GRID, fill: HEAD_FILL },
  band: { font: font(10, { bold: true }), alignment: left, border: GRID },
  label: { font: font(10, { bold: true }), alignment: leftWrapped, border: GRID, fill: HEAD_FILL },
  text: { font: font(10), alignment: leftWrapped, border: GRID, numFmt: TEXT_FORMAT },
  textTop: { font: font(10), alignment: topWrapped, border: GRID, numFmt: TEXT_FORMAT },
  code: { font: font(10), alignment: centre, border: GRID, numFmt: TEXT_FORMAT },
  failed: {
    font: font(10, { bold: true, color: RED }),
    alignment: leftWrapped,
    border: GRID,
    numFmt: TEXT_FORMAT,
  },
  failedCode: {
    font: font(10, { bold: true, color: RED }),
    alignment: centre,
    border: GRID,
    numFmt: TEXT_FORMAT,
  },
  totalText: {
    font: font(10, { bold: true }),
    alignment: centre,
    border: GRID,
    fill: TOTAL_FILL,
    numFmt: TEXT_FORMAT,
  },
  count: { font: font(10), alignment: right, border: GRID, numFmt: '#,##0' },
  totalCount: {
    font: font(10, { bold: true }),
    alignment: right,
    border: GRID,
    fill: TOTAL_FILL,
    numFmt: '#,##0',
  },
  input: { font: font(10), alignment: leftWrapped, border: GRID, fill: INPUT_FILL, numFmt: TEXT_FORMAT },
  inputDate: { font: font(10), alignment: centre, border: GRID, fill: INPUT_FILL, numFmt: 'yyyy-mm-dd' },
} as const satisfies Record<string, CellStyle>;

export type NumberLook = 'plain' | 'total' | 'marked' | 'failed';
const numberStyles = new Map<string, CellStyle>();

/** The style of a figure: right-aligned, in its number format. */
export function numberStyle(numFmt: string, look: NumberLook = 'plain'): CellStyle {
  const key = `${look}\0${numFmt}`;
  const known = numberStyles.get(key);
  if (known !== undefined) return known;
  const style: CellStyle = {
    font: font(10, look === 'total' ? { bold: true } : look === 'failed' ? { bold: true, color: RED } : {}),
    alignment: right,
    border: GRID,
    numFmt,
    ...(look === 'total' ? { fill: TOTAL_FILL } : look === 'marked' ? { fill: MARK_FILL } : {}),
  };
  numberStyles.set(key, style);
  return style;
}
