/** A panel's document as JSON: a row a line, so that two versions can be compared by any tool. */
import type { PanelDocument } from '../schemas/cockpit.ts';

/** The same rows give the same bytes. */
export function panelJson({ tables, ...head }: PanelDocument): string {
  const lists = Object.entries(tables).map(([name, rows]) =>
    rows.length === 0
      ? `${JSON.stringify(name)}:[]`
      : `${JSON.stringify(name)}:[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]`,
  );
  return `${JSON.stringify(head).slice(0, -1)},"tables":{\n${lists.join(',\n')}\n}}\n`;
}
