/** Charts as inline SVG: bars and stacked columns, black-and-white safe, no script and nothing from elsewhere. */
import { escapeHtml } from './html.ts';

const FONT = 'font-family="sans-serif"';

export interface Bar {
  readonly title: string;
  readonly value: number;
}

/** Horizontal bars with their values. */
export function barChart(bars: readonly Bar[], label: string): string {
  const [left, width, step] = [150, 420, 24];
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const rows = bars.map(({ title, value }, place) => {
    const top = place * step;
    const length = Math.round((value / most) * width);
    return (
      `<text x="${left - 8}" y="${top + 16}" text-anchor="end">${escapeHtml(title)}</text>` +
      `<rect x="${left}" y="${top + 4}" width="${length}" height="${step - 8}" fill="#3b6ea5"/>` +
      `<text x="${left + length + 6}" y="${top + 16}">${value}</text>`
    );
  });
  const height = bars.length * step + 4;
  return `<svg viewBox="0 0 640 ${height}" role="img" aria-label="${escapeHtml(label)}" ${FONT} font-size="13">${rows.join('')}</svg>`;
}

export interface StackedColumn {
  readonly title: string;
  /** From the bottom up, one for each series. */
  readonly values: readonly number[];
}
export interface Series {
  readonly title: string;
  readonly colour: string;
}

/** Columns side by side, each stacked from the series. */
export function stackedChart(
  columns: readonly StackedColumn[],
  series: readonly Series[],
  label: string,
): string {
  const [height, left, width] = [150, 50, 580];
  const most = Math.max(1, ...columns.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const step = width / Math.max(1, columns.length);
  const drawn = columns.map(({ title, values }, place) => {
    const x = (left + place * step).toFixed(1);
    let y = height + 10;
    const parts = values.map((value, index) => {
      const size = (value / most) * height;
      y -= size;
      return `<rect x="${x}" y="${y.toFixed(1)}" width="${(step * 0.7).toFixed(1)}" height="${size.toFixed(1)}" fill="${series[index]?.colour ?? '#000'}"/>`;
    });
    const middle = (left + place * step + step * 0.35).toFixed(1);
    return `${parts.join('')}<text x="${middle}" y="${height + 26}" text-anchor="middle">${escapeHtml(title)}</text>`;
  });
  const legend = series.map(
    ({ title, colour }, place) =>
      `<rect x="${left + place * 110}" y="${height + 38}" width="12" height="12" fill="${colour}"/>` +
      `<text x="${left + place * 110 + 17}" y="${height + 49}">${escapeHtml(title)}</text>`,
  );
  const axis = `<text x="${left - 6}" y="18" text-anchor="end">${most}</text><text x="${left - 6}" y="${height + 12}" text-anchor="end">0</text>`;
  return `<svg viewBox="0 0 640 ${height + 60}" role="img" aria-label="${escapeHtml(label)}" ${FONT} font-size="11">${axis}${drawn.join('')}${legend.join('')}</svg>`;
}
