/** Schema of a home's definitions/source-names.json: what the contract's views and columns are called in the database. */
import { z } from 'zod';
import { CONTRACT, VIEW_NAMES, type ViewName } from './contract.ts';

/** Bytes of the longest name that Oracle takes (30 before release 12.2, which then refuses it itself). */
const MAX_NAME_BYTES = 128;

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

const PLAIN = '[\\p{L}][\\p{L}\\p{N}_$#]*';
const QUOTED = '"[^"\\0.\\s]+"';

/**
 * A name as SQL has it: plain names are folded to upper case, a name in double quotes is taken as it is (without
 * spaces and dots, which no query here could carry).
 * Database links are not allowed: a read through a link is not consistent with the views beside it.
 */
const oracleName = z
  .string()
  .regex(
    new RegExp(`^(?:${PLAIN}|${QUOTED})$`, 'u'),
    'must be one name, plain or in double quotes, without a database link',
  )
  .refine((name) => byteLength(unquoted(name)) <= MAX_NAME_BYTES, {
    error: `is longer than ${MAX_NAME_BYTES} bytes`,
  });
const viewName = z
  .string()
  .regex(
    new RegExp(`^(?:${PLAIN}|${QUOTED})(?:\\.(?:${PLAIN}|${QUOTED}))?$`, 'u'),
    'must be NAME or OWNER.NAME, each plain or in double quotes, without a database link',
  )
  .refine((name) => splitName(name).every((part) => byteLength(part) <= MAX_NAME_BYTES), {
    error: `has a part of more than ${MAX_NAME_BYTES} bytes`,
  });

const mappedView = z.strictObject({
  /** `NAME` or `OWNER.NAME`; absent: the contract's name. */
  name: viewName.optional(),
  /** The contract's column → the column of the database. */
  columns: z.record(z.string(), oracleName).default({}),
});

export const sourceNamesFile = z
  .strictObject({
    /** Owner of the views whose name states none; absent: whatever the account's session resolves. */
    owner: oracleName.optional(),
    views: z.partialRecord(z.enum(VIEW_NAMES), mappedView).default({}),
  })
  .check(({ value, issues }) => {
    for (const [path, message] of contradictions(value)) {
      issues.push({ code: 'custom', input: value, path: [...path], message });
    }
  });
export type SourceNamesFile = z.infer<typeof sourceNamesFile>;

interface Mapped {
  readonly owner?: string | undefined;
  readonly views: Readonly<Partial<Record<ViewName, z.infer<typeof mappedView>>>>;
}

/** Columns that the contract does not have, and two names for which one object would be read. */
function contradictions(file: Mapped): [path: readonly string[], message: string][] {
  const found: [readonly string[], string][] = [];
  const viewOf = new Map<string, ViewName>();
  for (const view of VIEW_NAMES) {
    const mapped = file.views[view];
    const place = splitName(mapped?.name ?? view).join('"."');
    const other = viewOf.get(place);
    if (other !== undefined) found.push([['views', view, 'name'], `is that of ${other} too`]);
    viewOf.set(place, view);
    found.push(...columnContradictions(view, mapped?.columns ?? {}));
  }
  return found;
}

function columnContradictions(
  view: ViewName,
  renamed: Readonly<Record<string, string>>,
): [path: readonly string[], message: string][] {
  const { columns } = CONTRACT[view];
  const known = new Set(columns.map(({ name }) => name));
  const found: [readonly string[], string][] = Object.keys(renamed)
    .filter((name) => !known.has(name))
    .map((name) => [['views', view, 'columns', name], `the contract's ${view} has no such column`]);
  const columnOf = new Map<string, string>();
  for (const { name } of columns) {
    const source = unquoted(renamed[name] ?? name);
    const other = columnOf.get(source);
    if (other !== undefined) found.push([['views', view, 'columns', name], `is read for ${other} too`]);
    columnOf.set(source, name);
  }
  return found;
}

/** The parts of `NAME` or `OWNER.NAME` as the dictionary spells them. */
export function splitName(name: string): string[] {
  return (name.match(/"[^"]*"|[^."]+/g) ?? []).map(unquoted);
}

/** A name as the dictionary spells it. */
export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name.toUpperCase();
}
