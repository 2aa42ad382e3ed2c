/** A list of any length: heading, header, records, notes; it continues on `name(2)` where a sheet is full. */
import type { MacroDataset, Stream } from '../../schemas/dataset.ts';
import type { ListSheet } from '../../schemas/forms.ts';
import { STYLES } from '../styles.ts';
import {
  type Cell,
  MAX_SHEET_ROWS,
  type Merge,
  type RowSpec,
  type SheetWriter,
  type Validation,
  type WorkbookWriter,
} from '../workbook.ts';
import { addHeading, addMerged, addNotes, cell, draftMark, fittedHeight, type Heading } from './layout.ts';

export interface ListSpec {
  /** At most 27 characters: a continuation adds its number. */
  readonly name: string;
  readonly heading: Heading;
  readonly widths: readonly number[];
  readonly header: { readonly rows: readonly RowSpec[]; readonly merges: readonly Merge[] };
  readonly frozenColumns: number;
  /** Written between the heading and the header of the first sheet. */
  readonly preface?: (sheet: SheetWriter) => Promise<void>;
  /** What stands there when there are no records. */
  readonly emptyText: string;
  readonly notes: readonly string[];
  readonly validations?: readonly Validation[];
  readonly footerLeft: string;
  readonly footerRight: string;
  readonly sharedText: boolean;
  /** Rows that a sheet takes; absent: as many as the file format allows. */
  readonly maxRows?: number;
}

/** Write the records in the order given. Returns how many there were. */
export async function addList(
  book: WorkbookWriter,
  spec: ListSpec,
  records: Stream<readonly Cell[]>,
): Promise<number> {
  // Room for the notes and the line that says where the list goes on.
  const lastRow = (spec.maxRows ?? MAX_SHEET_ROWS) - spec.notes.length - 2;
  let part = 1;
  let count = 0;
  let { sheet, headerRow } = await openPart(book, spec, part);
  for await (const cells of records) {
    if (sheet.rows >= lastRow) {
      part += 1;
      finishTable(sheet, spec, headerRow);
      await addMerged(sheet, `（接下页“${spec.name}(${part})”）`, STYLES.note, spec.widths.length, 18);
      ({ sheet, headerRow } = await openPart(book, spec, part));
    }
    await sheet.add({ cells, height: fittedHeight(cells, spec.widths) });
    count += 1;
  }
  finishTable(sheet, spec, headerRow);
  if (count === 0) await addMerged(sheet, spec.emptyText, STYLES.code, spec.widths.length, 22);
  await addNotes(sheet, spec.notes, spec.widths);
  return count;
}

async function openPart(
  book: WorkbookWriter,
  spec: ListSpec,
  part: number,
): Promise<{ sheet: SheetWriter; headerRow: number }> {
  const headingRows = spec.heading.draft === '' ? 2 : 3;
  const hasPreface = part === 1 && spec.preface !== undefined;
  const fixedRows = hasPreface ? headingRows : headingRows + spec.header.rows.length;
  const sheet = book.sheet({
    name: part === 1 ? spec.name : `${spec.name}(${part})`,
    widths: spec.widths,
    frozenRows: fixedRows,
    frozenColumns: hasPreface ? 0 : spec.frozenColumns,
    titleRows: fixedRows,
    footerLeft: spec.footerLeft,
    footerRight: spec.footerRight,
    marked: spec.heading.draft !== '',
    sharedText: spec.sharedText,
  });
  await addHeading(sheet, spec.heading, spec.widths);
  if (hasPreface) await spec.preface?.(sheet);
  await sheet.block(spec.header.rows, spec.header.merges);
  return { sheet, headerRow: sheet.rows };
}

function finishTable(sheet: SheetWriter, spec: ListSpec, headerRow: number): void {
  sheet.filter(headerRow, spec.widths.length);
  for (const validation of spec.validations ?? []) sheet.validate(validation, headerRow + 1);
}

/** What the list sheets of a dataset have in common: name, heading, notes and footer. */
export function listFrame(
  layout: ListSheet,
  { issuer, periodText, provenance }: MacroDataset,
  right: string,
): Pick<ListSpec, 'name' | 'heading' | 'notes' | 'footerLeft' | 'footerRight'> {
  return {
    name: layout.name,
    heading: {
      title: layout.title,
      draft: draftMark(provenance),
      left: `制表机构：${issuer}`,
      centre: `报表期：${periodText}`,
      right,
    },
    notes: layout.notes,
    footerLeft: issuer,
    footerRight: `${periodText} ${provenance.revision}`,
  };
}

/** A header of one row. */
export function singleHeader(titles: readonly string[]): ListSpec['header'] {
  return { rows: [{ cells: titles.map((title) => cell(title, STYLES.head)), height: 30 }], merges: [] };
}
