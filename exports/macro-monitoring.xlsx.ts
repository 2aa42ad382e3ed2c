/** `宏观监测-YYYYMM.xlsx`: the statistical tables of a period as people print, sign and file them. */
import type { MacroDataset } from '../schemas/dataset.ts';
import type { MacroForm } from '../schemas/forms.ts';
import { addChecks } from './sheets/checks.ts';
import { addComparisons } from './sheets/comparisons.ts';
import { addExcluded } from './sheets/excluded.ts';
import { addFormTable } from './sheets/form-table.ts';
import { addNotesSheet } from './sheets/notes.ts';
import { addRevisions } from './sheets/revisions.ts';
import { type WorkbookWriter, writeWorkbook } from './workbook.ts';

export interface MacroWorkbookOptions {
  /** Rows that a sheet takes before 待核查 continues on the next one; absent: the file format's limit. */
  readonly maxRows?: number;
}

/**
 * Write the workbook: the sheets of the form in its order, every figure as it stands in the dataset.
 * Memory does not grow with the length of the lists; equal input gives equal bytes.
 * @param file temporary path of the caller's choice; after an error a partial file may stay there
 * @throws RangeError where the form names an indicator that the dataset lacks
 */
export async function writeMacroMonitoringXlsx(
  file: string,
  dataset: MacroDataset,
  form: MacroForm,
  options: MacroWorkbookOptions = {},
): Promise<void> {
  const spec = {
    file,
    title: `宏观监测 ${dataset.periodText} ${dataset.provenance.revision}`,
    creator: dataset.issuer,
    generatedAt: dataset.provenance.generatedAt,
  };
  await writeWorkbook(spec, async (book) => {
    for (const sheet of form.sheets) await addSheet(book, form, sheet, dataset, options);
  });
}

async function addSheet(
  book: WorkbookWriter,
  form: MacroForm,
  sheet: MacroForm['sheets'][number],
  dataset: MacroDataset,
  { maxRows }: MacroWorkbookOptions,
): Promise<void> {
  switch (sheet.kind) {
    case 'notes':
      return addNotesSheet(book, sheet, dataset);
    case 'table':
      return addFormTable(book, form, sheet, dataset);
    case 'comparisons':
      return addComparisons(book, form, sheet, dataset);
    case 'revisions':
      return addRevisions(book, sheet, dataset);
    case 'checks':
      return addChecks(book, sheet, dataset);
    case 'excluded':
      return addExcluded(book, sheet, dataset, maxRows);
    default:
      sheet satisfies never;
  }
}
