/** Plain tables for a terminal; Chinese characters take two columns. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** Terminal columns that a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

export interface TableColumn<T> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  value(row: T): string;
}

/** Lines of a table: a header, a rule, a line per row. */
export function tableLines<T>(columns: readonly TableColumn<T>[], rows: readonly T[]): string[] {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index] ?? ''))),
  );
  const pad = (text: string, index: number): string => {
    const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
    return columns[index]?.align === 'right' ? space + text : text + space;
  };
  const line = (texts: readonly string[]): string => texts.map(pad).join('  ').trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...cells.map(line),
  ];
}
