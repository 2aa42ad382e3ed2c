/** Pages that stand alone: no script, no style sheet, image or font from elsewhere; they print on A4. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML shows it, also within quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const STYLE = `
@page { size: A4 landscape; margin: 12mm; }
body { font: 14px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; color: #111; margin: 1.5em auto; max-width: 1100px; padding: 0 1em; }
h1 { font-size: 22px; text-align: center; } h2 { font-size: 16px; margin-top: 1.6em; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 12px; }
th, td { border: 1px solid #999; padding: 3px 6px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #eee; } td.n { text-align: right; white-space: nowrap; } tr { break-inside: avoid; } thead { display: table-header-group; }
.draft { color: #b00; font-weight: bold; text-align: center; } .meta { color: #555; font-size: 12px; }
td.k { white-space: nowrap; }
svg { width: 100%; max-width: 760px; height: auto; break-inside: avoid; }
.pair { display: flex; flex-wrap: wrap; gap: 0 24px; } .pair > div { flex: 1 1 340px; break-inside: avoid; }
@media print { body { margin: 0; max-width: none; padding: 0; } }`;

/** What comes before a page's content. The policy forbids the reader's program to fetch anything. */
export function pageStart(title: string): string {
  return `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
`;
}

/** Two parts beside each other where the page is wide enough, else one below the other. */
export function sideBySide(left: string, right: string): string {
  return `<div class="pair"><div>${left}</div><div>${right}</div></div>\n`;
}

export const PAGE_END = '</body></html>\n';

/** A column of a table; numbers stand to the right. */
export interface HtmlColumn<T> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly value: (row: T) => string;
}

export function tableStart<T>(columns: readonly HtmlColumn<T>[]): string {
  return `<table><thead><tr>${columns.map(({ title }) => `<th>${escapeHtml(title)}</th>`).join('')}</tr></thead><tbody>\n`;
}

/** A key or a date, which is not broken over lines; a longer one may be, or it would push the table off the paper. */
const isShortWord = (text: string): boolean => /^[!-~]{1,20}$/.test(text);

export function tableRow<T>(columns: readonly HtmlColumn<T>[], row: T): string {
  const cells = columns.map(({ isNumber, value }) => {
    const plain = value(row);
    const text = escapeHtml(plain);
    if (isNumber === true) return `<td class="n">${text}</td>`;
    return isShortWord(plain) ? `<td class="k">${text}</td>` : `<td>${text}</td>`;
  });
  return `<tr>${cells.join('')}</tr>\n`;
}

export const TABLE_END = '</tbody></table>\n';
