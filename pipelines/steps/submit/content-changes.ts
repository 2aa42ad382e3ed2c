/** The content of a record, as it was sent, by elements: what changed from one version to the next. */
import { SaxesParser } from 'saxes';

/** Values by path, in the order of the record: `caseNo`, `parties/party[2]/name`. */
type ContentFields = Map<string, string>;

export interface ContentChange {
  readonly field: string;
  /** NULL: the element was not there. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Read a record's content, an XML element or a JSON object. */
export function contentFields(content: string): ContentFields {
  const fields = new Map<string, string>();
  if (content.trimStart().startsWith('<')) addXml(fields, content);
  else addJson(fields, '', JSON.parse(content));
  return fields;
}

/** What differs between two versions, in the order of the later one; removed elements last. */
export function contentChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ContentChange[] {
  const changes: ContentChange[] = [];
  for (const [field, value] of after) {
    const earlier = before.get(field) ?? null;
    if (earlier !== value) changes.push({ field, before: earlier, after: value });
  }
  for (const [field, value] of before) {
    if (!after.has(field)) changes.push({ field, before: value, after: null });
  }
  return changes;
}

function addXml(fields: Map<string, string>, content: string): void {
  const parser = new SaxesParser({ fragment: true });
  const open: { path: string; text: string; readonly seen: Map<string, number> }[] = [];
  parser.on('opentag', ({ name }) => {
    const parent = open.at(-1);
    const place = (parent?.seen.get(name) ?? 0) + 1;
    parent?.seen.set(name, place);
    if (parent !== undefined) parent.text = '';
    // The root's own name says nothing.
    const path = parent === undefined ? '' : join(parent.path, place === 1 ? name : `${name}[${place}]`);
    open.push({ path, text: '', seen: new Map() });
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on('closetag', () => {
    const element = open.pop();
    if (element !== undefined && element.seen.size === 0) fields.set(element.path, element.text);
  });
  parser.write(content).close();
}

function addJson(fields: Map<string, string>, path: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) addJson(fields, `${path}[${index + 1}]`, item);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) addJson(fields, join(path, name), item);
  } else {
    fields.set(path, String(value));
  }
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);
