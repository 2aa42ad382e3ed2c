/** What is wrong with the CSV files of an import, told in one error without showing personal data. */
import { VIEWS, type ViewName } from '../../../schemas/contract.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import type { CsvFault } from './csv-scan.ts';

/** How many problems an error lists. */
export const LISTED_PROBLEMS = 20;

export interface CsvProblem {
  readonly view: ViewName;
  /** Path of the file. */
  readonly file: string;
  /** Physical line on which the record starts (the header's is 1); undefined where the file as a whole is meant. */
  readonly line?: number;
  readonly column?: string;
  /** The value as read, masked where it may be personal. */
  readonly value?: string;
  /** What is wrong, in a few words. */
  readonly reason: string;
  readonly advice: string;
}

/** E_CSV with the first problems of all files and the number of all of them. */
export class CsvError extends ArbdataError {
  readonly problems: readonly CsvProblem[];
  readonly total: number;

  constructor(problems: readonly CsvProblem[], total: number) {
    const listed = [...problems].sort(byPlace).slice(0, LISTED_PROBLEMS);
    const [first] = listed;
    if (first === undefined) throw new RangeError('an error of CSV needs a problem');
    const count = total === 1 ? 'one problem' : `${total} problems`;
    const more = total > listed.length ? [`… and ${total - listed.length} more`] : [];
    super('E_CSV', [`${count} in the CSV files`, ...listed.map(problemLine), ...more].join('\n  '), {
      advice: `${first.advice} Nothing was imported; the former source is as it was.`,
      where: {
        file: first.file,
        ...(first.line === undefined ? {} : { line: first.line }),
        ...(first.column === undefined ? {} : { column: first.column }),
      },
    });
    this.problems = listed;
    this.total = total;
  }
}

/** `dir/arb_case.csv, line 12, column CLOSE_DATE: "2026-02-30" is not a date …` */
function problemLine({ file, line, column, value, reason }: CsvProblem): string {
  const place = [
    file,
    line === undefined ? '' : `line ${line}`,
    column === undefined ? '' : `column ${column}`,
  ];
  return `${place.filter((part) => part !== '').join(', ')}: ${value === undefined ? '' : `${value} `}${reason}`;
}

function byPlace(a: CsvProblem, b: CsvProblem): number {
  const view = (problem: CsvProblem) => VIEWS.findIndex(({ name }) => name === problem.view);
  return view(a) - view(b) || (a.line ?? 0) - (b.line ?? 0);
}

/** The words for a fault of the structure. */
export function faultWords(fault: CsvFault, expectedFields: number): { reason: string; advice: string } {
  switch (fault.kind) {
    case 'stray-quote':
      return {
        reason: 'has a quote inside a value that is not quoted',
        advice: 'Put the whole value in quotes and double each quote inside it.',
      };
    case 'text-after-quote':
      return {
        reason: 'has text after the closing quote',
        advice:
          'Double each quote inside a quoted value, and leave nothing between its last quote and the comma.',
      };
    case 'unclosed-quote':
      return {
        reason: 'has a quote that is never closed',
        advice: 'Close the quoted value, or double the quote if it belongs to the value.',
      };
    case 'nul':
      return { reason: 'has a NUL byte', advice: 'Export the file again as text; NUL bytes are not text.' };
    case 'field-count':
      return {
        reason: `has ${fault.fields} ${fault.fields === 1 ? 'field' : 'fields'} instead of ${expectedFields}`,
        advice: 'Quote values that contain a comma, and write a comma for each empty field.',
      };
    case 'too-long':
      return {
        reason: 'has more than 16 MiB in one record',
        advice: 'Look for a quote that is never closed.',
      };
    default:
      return fault.kind satisfies never;
  }
}

const SHOWN_CHARACTERS = 40;

/**
 * A value as an error may show it: quoted, cut, without control characters; hidden in personal columns.
 * A shifted column brings names and numbers of persons into any other column of such a view, so in those views
 * Chinese text and what looks like an identity or telephone number is masked too.
 * @param personalColumns `VIEW.COLUMN` of every personal column
 */
export function shownValue(
  view: ViewName,
  column: string,
  value: string,
  personalColumns: ReadonlySet<string>,
): string {
  if (personalColumns.has(`${view}.${column}`)) return 'the value (personal, not shown)';
  const characters = [...value.replace(/\p{Cc}/gu, '\uFFFD')];
  const cut =
    characters.slice(0, SHOWN_CHARACTERS).join('') + (characters.length > SHOWN_CHARACTERS ? '…' : '');
  const viewIsPersonal = [...personalColumns].some((name) => name.startsWith(`${view}.`));
  return `"${viewIsPersonal ? withoutPersons(cut) : cut}"`;
}

function withoutPersons(text: string): string {
  return text
    .replace(/\p{Script=Han}+/gu, (han) => `${[...han][0]}**`)
    .replace(/(?<![\d.])(\d{3})\d{5,}(\d{2}[\dXx])(?![\d.])/g, (_, head, tail) => `${head}********${tail}`);
}
