/**
 * Workbooks written row by row: exceljs's streaming writer with what it lacks. Rows wait for the compressor
 * (bounded memory), a failing disk rejects instead of ending the process, text that XML cannot carry stays
 * visible, and equal input gives equal bytes.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type ExcelJS from 'exceljs';
import { type CellStyle, PAGE_FONT } from './styles.ts';
import { fixZipTimes } from './zip.ts';

/** Rows of a worksheet in the file format. */
export const MAX_SHEET_ROWS = 1_048_576;
/** Number of a sheet's last column, counted from 0. */
const LAST_COLUMN = 16_383;
/** Characters of a cell in the file format. */
const MAX_CELL_LENGTH = 32_767;
const CUT_MARK = '……（超出单元格长度，以下略）';
const MAX_PENDING_BYTES = 1 << 20;
const ROWS_BETWEEN_WAITS = 100;

export type CellValue = string | number | null | { readonly formula: string; readonly result: number };
export interface Cell {
  readonly value: CellValue;
  readonly style: CellStyle;
}
/** Cells from the first column on. */
export interface RowSpec {
  readonly cells: readonly Cell[];
  /** Points; absent: the reader's program fits the row to its text. */
  readonly height?: number;
}
/** Rows count within their block, columns within the sheet, both from 1. */
export interface Merge {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}
export interface Validation {
  /** Column from 1. */
  readonly column: number;
  readonly rule: ExcelJS.DataValidation;
}

export interface SheetSpec {
  readonly name: string;
  /** Characters of the default font, one for each column. */
  readonly widths: readonly number[];
  readonly frozenRows: number;
  readonly frozenColumns: number;
  /** Rows from the top that are printed on every page. */
  readonly titleRows: number;
  /** Printed pages from top to bottom; absent: as many as there are. */
  readonly pages?: number;
  readonly footerLeft: string;
  readonly footerRight: string;
  /** A red tab. */
  readonly marked: boolean;
  /** Repeated text is stored once: smaller, but all distinct text stays in memory until the end. */
  readonly sharedText: boolean;
}

export interface WorkbookSpec {
  /** Temporary path of the caller's choice. */
  readonly file: string;
  readonly title: string;
  readonly creator: string;
  /** ISO 8601 with offset; stands in the file's properties. */
  readonly generatedAt: string;
}

/** What exceljs 4.4 has but does not declare. */
interface WriterInternals {
  readonly stream: { readonly pipes: readonly QueueInternals[] };
  readonly rowBreaks: { push(rowBreak: { id: number; max: number; man: number }): void };
  readonly dataValidations: { add(range: string, rule: ExcelJS.DataValidation): void };
}
interface QueueInternals {
  readonly _writableState: { readonly length: number };
  readonly _readableState: { readonly length: number };
}

/**
 * Write a workbook: `fill` adds its sheets one after the other. Deterministic: the same input gives the same bytes.
 * The caller renames the file; after an error a partial file may stay.
 */
export async function writeWorkbook(
  spec: WorkbookSpec,
  fill: (book: WorkbookWriter) => Promise<void>,
): Promise<void> {
  // Loaded when it is needed: a fifth of a second that commands without a workbook should not pay for.
  const { default: excel } = await import('exceljs');
  const sink = createWriteStream(spec.file);
  const failed = new Promise<never>((_resolve, reject) => sink.once('error', reject));
  let filled: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    const writer = new excel.stream.xlsx.WorkbookWriter({ stream: sink, useStyles: true });
    const book = new WorkbookWriter(spec, writer, sink);
    filled = fill(book);
    await filled;
    await book.close();
  };
  try {
    await Promise.race([write(), failed]);
  } finally {
    // The failure has been raised or did not happen; nobody else waits for it.
    failed.catch(() => undefined);
    if (!sink.closed) sink.destroy();
    // What fills it may still be reading; the caller closes what it reads from as soon as this returns.
    await filled?.catch(() => undefined);
  }
  await fixZipTimes(spec.file);
}

export class WorkbookWriter {
  readonly #writer: ExcelJS.stream.xlsx.WorkbookWriter;
  readonly #sink: WriteStream;
  #open: SheetWriter | undefined;

  constructor(
    { title, creator, generatedAt }: WorkbookSpec,
    writer: ExcelJS.stream.xlsx.WorkbookWriter,
    sink: WriteStream,
  ) {
    this.#sink = sink;
    this.#writer = writer;
    this.#writer.title = title;
    this.#writer.creator = creator;
    this.#writer.lastModifiedBy = creator;
    this.#writer.created = new Date(generatedAt);
    this.#writer.modified = new Date(generatedAt);
    this.#writer.views = [
      { x: 0, y: 0, width: 28800, height: 17000, firstSheet: 0, activeTab: 0, visibility: 'visible' },
    ];
  }

  /** Open the next sheet; the one before is closed. */
  sheet(spec: SheetSpec): SheetWriter {
    this.#open?.close();
    const worksheet = this.#writer.addWorksheet(spec.name, worksheetOptions(spec));
    worksheet.columns = spec.widths.map((width) => ({ width: Math.round(width * 100) / 100 }));
    this.#open = new SheetWriter(worksheet, this.#sink);
    return this.#open;
  }

  async close(): Promise<void> {
    this.#open?.close();
    await this.#writer.commit();
  }
}

function worksheetOptions(spec: SheetSpec): Partial<ExcelJS.AddWorksheetOptions> {
  return {
    useSharedStrings: spec.sharedText,
    properties: spec.marked ? { tabColor: { argb: 'FFFF0000' } } : {},
    views: [
      {
        state: 'frozen',
        xSplit: spec.frozenColumns,
        ySplit: spec.frozenRows,
        showGridLines: false,
        zoomScale: 100,
      },
    ],
    pageSetup: {
      paperSize: 9,
      orientation: 'landscape',
      fitToPage: true,
      fitToWidth: 1,
      fitToHeight: spec.pages ?? 0,
      margins: { left: 0.4, right: 0.4, top: 0.5, bottom: 0.5, header: 0.25, footer: 0.25 },
      ...(spec.titleRows > 0 ? { printTitlesRow: `1:${spec.titleRows}` } : {}),
    },
    headerFooter: {
      oddFooter: `&L${PAGE_FONT}${plain(spec.footerLeft)}&C${PAGE_FONT}第 &P 页 共 &N 页&R${PAGE_FONT}${plain(spec.footerRight)}`,
    },
  } as Partial<ExcelJS.AddWorksheetOptions>;
}

/** Text for a page footer, where `&` starts a command. */
function plain(text: string): string {
  return text.replaceAll('&', '&&');
}

export class SheetWriter {
  readonly #worksheet: ExcelJS.Worksheet;
  readonly #sink: WriteStream;
  /** Rows written so far. */
  rows = 0;

  constructor(worksheet: ExcelJS.Worksheet, sink: WriteStream) {
    this.#worksheet = worksheet;
    this.#sink = sink;
  }

  /** Add one row. */
  async add(row: RowSpec): Promise<void> {
    await this.block([row]);
  }

  /** Add rows that have merged cells in common; every cell of a merged area takes the style of its first one. */
  async block(rows: readonly RowSpec[], merges: readonly Merge[] = []): Promise<void> {
    const first = this.rows + 1;
    const added = rows.map((row) => this.#place(row));
    for (const { top, left, bottom, right } of merges) {
      if (top === bottom && left === right) continue;
      this.#worksheet.mergeCells(first + top - 1, left, first + bottom - 1, right);
    }
    for (const row of added) row.commit();
    if (this.rows % ROWS_BETWEEN_WAITS < rows.length) await this.#drained();
  }

  #place({ cells, height }: RowSpec): ExcelJS.Row {
    const row = this.#worksheet.getRow(++this.rows);
    if (height !== undefined) row.height = height;
    for (const [index, { value, style }] of cells.entries()) {
      const cell = row.getCell(index + 1);
      cell.value = typeof value === 'string' ? cellText(value) : value;
      cell.style = style;
    }
    return row;
  }

  /** Wait until the compressor has caught up: the library itself queues without a limit. */
  async #drained(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const { stream } = this.#worksheet as unknown as WriterInternals;
    for (;;) {
      if (this.#sink.destroyed) throw this.#sink.errored ?? new Error('the workbook was closed');
      const [queue] = stream.pipes;
      if (
        queue === undefined ||
        queue._writableState.length + queue._readableState.length < MAX_PENDING_BYTES
      ) {
        return;
      }
      await sleep(1);
    }
  }

  /** Begin a printed page after the last row. */
  pageBreak(): void {
    const { rowBreaks } = this.#worksheet as unknown as WriterInternals;
    rowBreaks.push({ id: this.rows, max: LAST_COLUMN, man: 1 });
  }

  /** Filter buttons from the header's last row down to the last row written. */
  filter(headerRow: number, columns: number): void {
    this.#worksheet.autoFilter = {
      from: { row: headerRow, column: 1 },
      to: { row: Math.max(headerRow, this.rows), column: columns },
    };
  }

  /** Let the cells of a column, from a row down to the last one written, take only what the rule allows. */
  validate({ column, rule }: Validation, firstRow: number): void {
    if (this.rows < firstRow) return;
    const letters = columnName(column);
    const { dataValidations } = this.#worksheet as unknown as WriterInternals;
    dataValidations.add(`${letters}${firstRow}:${letters}${this.rows}`, rule);
  }

  close(): void {
    (this.#worksheet as unknown as { commit(): void }).commit();
  }
}

/** 1 → A, 27 → AA. */
export function columnName(column: number): string {
  const rest = column - 1;
  const last = String.fromCharCode(65 + (rest % 26));
  return rest < 26 ? last : columnName(Math.floor(rest / 26)) + last;
}

/** Control pictures stand for the characters that XML cannot carry. */
const UNWRITABLE = /(?![\t\n\r\u0080-\u009F])[\p{Cc}\uFFFE\uFFFF]/gu;
/** Spreadsheets read `_x0041_` as A. */
const ESCAPE_LIKE = /_(?=x[0-9A-Fa-f]{4}_)/g;

/** Text as a cell can hold it, nothing dropped unseen. */
export function cellText(text: string): string {
  const written = text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(UNWRITABLE, picture)
    .replaceAll(ESCAPE_LIKE, '_x005F_');
  if (written.length <= MAX_CELL_LENGTH) return written;
  return written.slice(0, MAX_CELL_LENGTH - CUT_MARK.length).toWellFormed() + CUT_MARK;
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\uFFFD';
}
