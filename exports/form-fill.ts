/**
 * A bureau's own .xlsx form: cells that hold `{{A02@110101}}`, `{{A02@ALL:ytd}}` or `{{period}}` are filled and
 * everything else stays as it was. The sheets' XML is edited in place: a round trip through a workbook library
 * loses what the library does not know.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { FormError } from './form/error.ts';
import { Parts, type Worksheet, workbookParts } from './form/parts.ts';
import {
  type FormFigures,
  hasUnclosed,
  loneFigure,
  NO_VALUE,
  OPENING,
  Placeholders,
  placeholdersIn,
} from './form/placeholders.ts';
import {
  attribute,
  type Element,
  eachElement,
  elements,
  textOf,
  textRuns,
  withoutAttribute,
  withTexts,
} from './form/xml.ts';

export { FormError };

export interface FilledForm {
  /** Cells that were filled. */
  readonly cells: number;
  /** Parts with placeholders outside cells (page headers, text boxes, comments): these stay as they are. */
  readonly unfilledParts: readonly string[];
}

const MAX_PROBLEMS_NAMED = 20;
const SYNTAX_ADVICE =
  'Write {{A02@110101}}, {{A02@ALL:ytd}} or {{period}}; `arbdata indicators` lists the indicators.';

/**
 * Fill a form file.
 * @param form path of the bureau's .xlsx or .xlsm
 * @param file temporary path of the caller's choice for the filled form
 * @throws FormError where the form cannot be read or placeholders are unknown (all of them are named, up to 20)
 */
export async function fillForm(form: string, file: string, figures: FormFigures): Promise<FilledForm> {
  const { bytes, ...filled } = fillFormBytes(await readForm(form), figures);
  await writeFile(file, bytes);
  return filled;
}

async function readForm(form: string): Promise<Buffer> {
  try {
    return await readFile(form);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormError(`the form cannot be read: ${reason}`, 'Correct its path or its permissions.', {
      cause: error,
    });
  }
}

/** The same on bytes. */
export function fillFormBytes(
  form: Uint8Array,
  figures: FormFigures,
): FilledForm & { readonly bytes: Buffer } {
  const parts = new Parts(form);
  const { workbook, worksheets, sharedStrings } = workbookParts(parts);
  const filling: Filling = {
    placeholders: new Placeholders(figures),
    shared: readSharedTexts(parts, sharedStrings),
    problems: [],
  };
  let cells = 0;
  for (const sheet of worksheets) cells += fillSheet(parts, sheet, filling);
  if (filling.problems.length > 0) throw problemError(filling.problems);
  if (cells === 0) {
    throw new FormError('the form holds no placeholder', `Is it the right file? ${SYNTAX_ADVICE}`);
  }
  if (sharedStrings !== undefined) fillSharedTexts(parts, sharedStrings, filling);
  recalculateOnLoad(parts, workbook);
  return { bytes: parts.write(), cells, unfilledParts: findUnfilled(parts) };
}

interface Filling {
  readonly placeholders: Placeholders;
  /** Texts that cells refer to by number. */
  readonly shared: readonly string[];
  readonly problems: string[];
}

function problemError(problems: readonly string[]): FormError {
  const named = problems.slice(0, MAX_PROBLEMS_NAMED).join('; ');
  const more = problems.length - MAX_PROBLEMS_NAMED;
  return new FormError(
    `the form cannot be filled: ${named}${more > 0 ? `; and ${more} more` : ''}`,
    SYNTAX_ADVICE,
  );
}

function readSharedTexts(parts: Parts, part: string | undefined): string[] {
  if (part === undefined) return [];
  return elements(parts.text(part), 'si').map(({ inner }) => textOf(inner));
}

/** Shared texts are filled once for all their cells, where their fonts stand. */
function fillSharedTexts(parts: Parts, part: string, { placeholders }: Filling): void {
  const xml = parts.text(part);
  const pieces: string[] = [];
  let from = 0;
  for (const item of eachElement(xml, 'si')) {
    if (!textOf(item.inner).includes(OPENING)) continue;
    pieces.push(xml.slice(from, item.start), fillTexts(item.source, placeholders));
    from = item.end;
  }
  parts.set(part, pieces.join('') + xml.slice(from));
}

/** Fill a sheet's cells and drop the cached results of its formulas; returns how many cells held placeholders. */
function fillSheet(parts: Parts, { name, part }: Worksheet, filling: Filling): number {
  const xml = parts.text(part);
  const pieces: string[] = [];
  let from = 0;
  let cells = 0;
  for (const cell of eachElement(xml, 'c')) {
    const where = `sheet ${name}, cell ${attribute(cell.tag, 'r') ?? '?'}`;
    const hasFormula = elements(cell.inner, 'f').length > 0;
    const filled = hasFormula ? withoutResult(cell, filling, where) : fillCell(cell, filling, where);
    if (filled === undefined) continue;
    if (!hasFormula) cells += 1;
    pieces.push(xml.slice(from, cell.start), filled);
    from = cell.end;
  }
  parts.set(part, pieces.join('') + xml.slice(from));
  return cells;
}

/** The program that opens the form computes the formula; until then it has no result rather than a stale one. */
function withoutResult(cell: Element, { problems }: Filling, where: string): string {
  if (elements(cell.inner, 'f').some(({ inner }) => inner.includes(OPENING))) {
    problems.push(`${where}: a placeholder stands inside a formula`);
  }
  const [result] = elements(cell.inner, 'v');
  if (result === undefined) return cell.source;
  const inner = cell.inner.slice(0, result.start) + cell.inner.slice(result.end);
  return `${withoutAttribute(cell.tag, 't')}${inner}</${cell.prefix}c>`;
}

/** The cell's new XML, or undefined where it holds no placeholder. */
function fillCell(cell: Element, filling: Filling, where: string): string | undefined {
  const type = attribute(cell.tag, 't');
  const text = cellText(cell, type, filling.shared);
  if (!text.includes(OPENING)) return undefined;
  noteProblems(text, filling, where);
  const lone = loneFigure(text);
  const looked = lone === undefined ? undefined : filling.placeholders.look(lone);
  if (looked !== undefined && 'value' in looked) return valueCell(cell, looked.value);
  return type === 's' ? cell.source : fillTexts(cell.source, filling.placeholders);
}

function cellText(cell: Element, type: string | undefined, shared: readonly string[]): string {
  if (type === 's') return shared[Number(elements(cell.inner, 'v')[0]?.inner ?? -1)] ?? '';
  return type === 'inlineStr' || type === 'str' ? textOf(cell.inner) : '';
}

function noteProblems(text: string, { placeholders, problems }: Filling, where: string): void {
  for (const { inner } of placeholdersIn(text)) {
    const looked = placeholders.look(inner);
    if ('problem' in looked) problems.push(`${where}: {{${inner}}}: ${looked.problem}`);
  }
  if (hasUnclosed(text)) problems.push(`${where}: a placeholder that begins with {{ does not end with }}`);
}

/** A number (or —) in the style of the cell: only its content and type change. */
function valueCell(cell: Element, value: string): string {
  const open = withoutAttribute(cell.tag, 't').replace(/\s*>$/, '');
  const of = (name: string, content: string): string =>
    `<${cell.prefix}${name}>${content}</${cell.prefix}${name}>`;
  const content = value === '' ? ` t="inlineStr">${of('is', of('t', NO_VALUE))}` : `>${of('v', value)}`;
  return `${open}${content}</${cell.prefix}c>`;
}

/**
 * Replace the placeholders in the texts of a cell or shared string. One that is split over several runs (fonts)
 * gives its value to the first of them.
 */
function fillTexts(xml: string, placeholders: Placeholders): string {
  const runs = textRuns(xml);
  const starts: number[] = [];
  let length = 0;
  for (const { text } of runs) {
    starts.push(length);
    length += text.length;
  }
  const texts = runs.map(({ text }) => text);
  const whole = texts.join('');
  // From the last to the first, so that the positions of those before stay right.
  for (const { start, end, inner } of placeholdersIn(whole).reverse()) {
    let value = placeholders.textFor(inner);
    for (const [index, run] of runs.entries()) {
      const offset = starts[index] ?? 0;
      const left = Math.max(start - offset, 0);
      const right = Math.min(end - offset, run.text.length);
      if (left >= right) continue;
      const text = texts[index] ?? '';
      texts[index] = text.slice(0, left) + value + text.slice(right);
      value = '';
    }
  }
  return withTexts(xml, runs, texts);
}

/** The schema's order: calcPr follows the last of these that is there. */
const BEFORE_CALC = ['definedNames', 'externalReferences', 'functionGroups', 'sheets'] as const;

/** Tell the program that opens the form to compute every formula. */
function recalculateOnLoad(parts: Parts, workbook: string): void {
  const xml = parts.text(workbook);
  const [calc] = elements(xml, 'calcPr');
  if (calc !== undefined) {
    const tag = withoutAttribute(calc.tag, 'fullCalcOnLoad').replace(/\s*(\/?>)$/, ' fullCalcOnLoad="1"$1');
    parts.set(workbook, xml.slice(0, calc.start) + tag + xml.slice(calc.start + calc.tag.length));
    return;
  }
  const [before] = BEFORE_CALC.flatMap((name) => elements(xml, name));
  if (before === undefined)
    throw new FormError('the workbook lists no sheets', 'Save the form again as .xlsx.');
  const calcPr = `<${before.prefix}calcPr fullCalcOnLoad="1"/>`;
  parts.set(workbook, xml.slice(0, before.end) + calcPr + xml.slice(before.end));
}

const PARTS_WITH_TEXT =
  /^xl\/(?:worksheets|drawings|charts|comments|threadedComments)[^/]*(?:\/[^/]+)?\.(?:xml|vml)$/;

/** Parts that still hold placeholders: outside their cells. */
function findUnfilled(parts: Parts): string[] {
  return parts.names().filter((name) => PARTS_WITH_TEXT.test(name) && parts.contains(name, OPENING));
}
