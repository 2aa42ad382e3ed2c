/** What stands between double braces in a form, and its value. */
import { type MacroDataset, SCOPES } from '../../schemas/dataset.ts';

export type FormFigures = Pick<
  MacroDataset,
  'periodText' | 'bodies' | 'whole' | 'indicators' | 'scopes' | 'value'
>;

export const NO_VALUE = '—';
export const OPENING = '{{';
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;
const ALONE = /^\s*\{\{([^{}]*)\}\}\s*$/;
const FIGURE = /^\s*([A-Za-z]{1,2}\d{0,2})\s*@\s*([0-9A-Za-z_-]+)\s*(?::\s*([a-z]+)\s*)?$/;

/** One placeholder in a text; `inner` stands between its braces. */
export interface Placeholder {
  readonly start: number;
  readonly end: number;
  readonly inner: string;
}

export function placeholdersIn(text: string): Placeholder[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    inner: match[1] ?? '',
  }));
}

/** Whether a text opens a placeholder that it does not close. */
export function hasUnclosed(text: string): boolean {
  return text.replaceAll(PLACEHOLDER, '').includes(OPENING);
}

/** The inner of the only thing that a text holds, where that is the placeholder of a figure. */
export function loneFigure(text: string): string | undefined {
  const inner = ALONE.exec(text)?.[1];
  return inner !== undefined && FIGURE.test(inner) ? inner : undefined;
}

export type Looked = { readonly value: string } | { readonly problem: string };

/** Looks placeholders up in a dataset. */
export class Placeholders {
  readonly #figures: FormFigures;
  readonly #bodies: ReadonlySet<string>;
  readonly #indicators: ReadonlySet<string>;

  constructor(figures: FormFigures) {
    this.#figures = figures;
    this.#bodies = new Set([figures.whole.code, ...figures.bodies.map(({ code }) => code)]);
    this.#indicators = new Set(figures.indicators.map(({ id }) => id));
  }

  /** The value (empty: the dataset has none), or why there is no such placeholder. */
  look(inner: string): Looked {
    if (inner.trim() === 'period') return { value: this.#figures.periodText };
    const match = FIGURE.exec(inner);
    if (match === null) return { problem: 'is not a placeholder' };
    const [, id = '', org = '', scopeText = 'month'] = match;
    const scope = SCOPES.find((each) => each === scopeText);
    if (!this.#indicators.has(id)) return { problem: `there is no indicator ${id}` };
    if (!this.#bodies.has(org)) return { problem: `there is no body ${org}` };
    if (scope === undefined || !this.#figures.scopes.includes(scope)) {
      return { problem: `there is no scope ${scopeText}` };
    }
    return { value: this.#figures.value(scope, org, id) };
  }

  /** The text of a placeholder; one that does not exist stays as it is written. */
  textFor(inner: string): string {
    const looked = this.look(inner);
    if ('problem' in looked) return `{{${inner}}}`;
    return looked.value === '' ? NO_VALUE : looked.value;
  }
}
