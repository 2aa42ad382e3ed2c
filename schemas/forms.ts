/**
 * The layout of the macro-monitoring workbook as data (schemas/definitions/forms.json): which sheets, with which
 * titles, which indicator in which column, in which number format. A changed form is one changed file.
 */
import { z } from 'zod';
import { SCOPES } from './dataset.ts';

const day = z.iso.date();
/** Excel's own limits: 31 characters, none of []:*?/\ and no apostrophe at either end. */
const sheetName = z
  .string()
  .min(1)
  .max(27)
  .regex(/^(?!')[^[\]:*?/\\]+(?<!')$/);

/** One column that shows an indicator. */
const indicatorColumn = z.strictObject({
  title: z.string().min(1),
  indicator: z.string().regex(/^[A-Z]{1,2}\d{0,2}$/),
  /** Characters of the default font; absent: by the kind of indicator. */
  width: z.number().min(4).max(60).optional(),
});
export type IndicatorColumn = Readonly<z.infer<typeof indicatorColumn>>;

/** Columns under one heading; headings nest (`其中`). */
export interface ColumnGroup {
  readonly title: string;
  readonly columns: readonly FormColumn[];
}
export type FormColumn = IndicatorColumn | ColumnGroup;
const columnGroup: z.ZodType<ColumnGroup> = z.strictObject({
  title: z.string().min(1),
  get columns() {
    return z.array(formColumn).min(1);
  },
});
const formColumn: z.ZodType<FormColumn> = z.union([indicatorColumn, columnGroup]);

const sheetBase = {
  name: sheetName,
  title: z.string().min(1),
  /** Lines at the foot of the sheet. */
  notes: z.array(z.string().min(1)).default([]),
};
/** Bodies down, indicators across; one block for each scope. */
const tableSheet = z.strictObject({
  kind: z.literal('table'),
  ...sheetBase,
  /** 表号, at the top right. */
  formCode: z.string().min(1),
  /** 计量单位, at the right of the line under the title. */
  unitText: z.string().min(1),
  scopes: z.array(z.enum(SCOPES)).min(1),
  columns: z.array(formColumn).min(1),
});
export type TableSheet = Readonly<z.infer<typeof tableSheet>>;

const LIST_SHEET_KINDS = ['notes', 'comparisons', 'revisions', 'checks', 'excluded'] as const;
const listSheet = z.strictObject({ kind: z.enum(LIST_SHEET_KINDS), ...sheetBase });
export type ListSheet = Readonly<z.infer<typeof listSheet>>;

const formSheet = z.discriminatedUnion('kind', [tableSheet, listSheet]);

export const formsFile = z.strictObject({
  recordedAt: day,
  macroMonitoring: z.strictObject({
    validFrom: day,
    /** Excel number formats by the kind of indicator. */
    numberFormats: z.strictObject({
      count: z.string().min(1),
      amount: z.string().min(1),
      rate: z.string().min(1),
      mean: z.string().min(1),
    }),
    /** Titles of the two columns that name a body. */
    bodyTitle: z.string().min(1),
    codeTitle: z.string().min(1),
    /** Heading of the block of a scope; `{period}` stands for its text. */
    scopeTitles: z.strictObject({ month: z.string().min(1), ytd: z.string().min(1) }),
    /** The line of signatures under each statistical table. */
    signatures: z.array(z.string().min(1)).min(1),
    /** Sheets in their order. */
    sheets: z
      .array(formSheet)
      .min(1)
      .refine((sheets) => new Set(sheets.map(({ name }) => name)).size === sheets.length, {
        error: 'two sheets have the same name',
      }),
  }),
});
export type FormsFile = Readonly<z.infer<typeof formsFile>>;
export type MacroForm = FormsFile['macroMonitoring'];

export function isGroup(column: FormColumn): column is ColumnGroup {
  return 'columns' in column;
}

/** The indicator columns under some headings, from left to right. */
export function leafColumns(columns: readonly FormColumn[]): IndicatorColumn[] {
  return columns.flatMap((column) => (isGroup(column) ? leafColumns(column.columns) : [column]));
}

/** Every indicator that the forms show, for checking that each is defined. */
export function formIndicators({ macroMonitoring }: FormsFile): string[] {
  return macroMonitoring.sheets.flatMap((sheet) =>
    sheet.kind === 'table' ? leafColumns(sheet.columns).map(({ indicator }) => indicator) : [],
  );
}
