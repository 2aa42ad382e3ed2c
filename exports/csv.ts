/** CSV as Excel and RFC 4180 agree on it: UTF-8 with BOM, CRLF, quotes only where they are needed. */
import type { Stream } from '../schemas/dataset.ts';
import { writeText } from './files.ts';

export const BOM = '\uFEFF';
export const CRLF = '\r\n';

const NEEDS_QUOTES = /[",\r\n]/;
const STARTS_A_FORMULA = /^[=+\-@\t\r]/;
const NEGATIVE_NUMBER = /^-\d+(\.\d+)?$/;

/** One field, quoted where its text has a comma, a quote or a line break. */
export function csvField(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One record with its CRLF. A single empty field is quoted: its record would be an empty line. */
export function csvLine(fields: readonly string[]): string {
  if (fields.length === 1 && fields[0] === '') return `""${CRLF}`;
  return fields.map(csvField).join(',') + CRLF;
}

/**
 * Text that a spreadsheet would run as a formula gets an apostrophe in front; real negative numbers stay.
 * For files that people open; what only programs read stays as it is.
 */
export function neutralised(text: string): string {
  return STARTS_A_FORMULA.test(text) && !NEGATIVE_NUMBER.test(text) ? `'${text}` : text;
}

/** Write a CSV file: BOM, header, records. The caller gives a temporary path and renames it. */
export async function writeCsv(
  file: string,
  header: readonly string[],
  records: Stream<readonly string[]>,
): Promise<void> {
  await writeText(file, lines(header, records));
}

async function* lines(header: readonly string[], records: Stream<readonly string[]>): AsyncGenerator<string> {
  yield BOM + csvLine(header);
  for await (const record of records) yield csvLine(record);
}
