/** Reading and editing the XML of a workbook's parts in place: what is not touched keeps its bytes. */

/** An element as it stands in the text. */
export interface Element {
  readonly start: number;
  readonly end: number;
  readonly source: string;
  /** The start tag (or the whole empty element). */
  readonly tag: string;
  readonly inner: string;
  /** Namespace prefix with its colon, or empty. */
  readonly prefix: string;
}

const ATTRIBUTES = `(?:\\s+[^\\s=>/]+\\s*=\\s*(?:"[^"]*"|'[^']*'))*\\s*`;

/** Each element of a local name that does not nest, whatever its namespace prefix. */
export function* eachElement(xml: string, name: string): Generator<Element> {
  const pattern = new RegExp(
    `(<((?:[\\w.-]+:)?)${name}${ATTRIBUTES})(?:/>|>([\\s\\S]*?)</\\2${name}\\s*>)`,
    'g',
  );
  for (const match of xml.matchAll(pattern)) {
    const [source, open = '', prefix = '', inner] = match;
    yield {
      start: match.index,
      end: match.index + source.length,
      source,
      tag: inner === undefined ? source : `${open}>`,
      inner: inner ?? '',
      prefix,
    };
  }
}

/** All of them; for few. */
export function elements(xml: string, name: string): Element[] {
  return [...eachElement(xml, name)];
}

/** An attribute's raw value. */
export function attribute(tag: string, name: string): string | undefined {
  return attributeValue(tag, name);
}

/** The raw value of an attribute that has a namespace, whatever prefix the file gives it. */
export function prefixedAttribute(tag: string, name: string): string | undefined {
  return attributeValue(tag, `[\\w.-]+:${name}`);
}

function attributeValue(tag: string, pattern: string): string | undefined {
  const match = new RegExp(`\\s${pattern}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return match?.[1] ?? match?.[2];
}

/** A start tag without one attribute. */
export function withoutAttribute(tag: string, name: string): string {
  return tag.replace(new RegExp(`\\s+${name}\\s*=\\s*(?:"[^"]*"|'[^']*')`), '');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text of XML content: entities and CDATA resolved. */
export function decodeXml(xml: string): string {
  return xml.replaceAll(
    /<!\[CDATA\[([\s\S]*?)\]\]>|&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (source: string, data?: string, hex?: string, decimal?: string, entity?: string) => {
      if (data !== undefined) return data;
      if (entity !== undefined) return ENTITIES[entity] ?? source;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : source;
    },
  );
}

function encodeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A piece of text of a cell or shared string. */
export interface TextRun {
  readonly element: Element;
  readonly name: 't' | 'v';
  readonly text: string;
}

/**
 * The texts of a cell or shared string in their order: its `<t>` elements without those of phonetic hints, or the
 * `<v>` of a cell that holds its text there.
 */
export function textRuns(xml: string): TextRun[] {
  const hints = elements(xml, 'rPh');
  const isHint = ({ start }: Element): boolean =>
    hints.some((hint) => start > hint.start && start < hint.end);
  const texts = elements(xml, 't').filter((element) => !isHint(element));
  const [name, found] = texts.length > 0 ? (['t', texts] as const) : (['v', elements(xml, 'v')] as const);
  return found.map((element) => ({ element, name, text: decodeXml(element.inner) }));
}

/** The text of a cell or shared string as a reader sees it. */
export function textOf(xml: string): string {
  return textRuns(xml)
    .map(({ text }) => text)
    .join('');
}

/** The XML with other texts in some of its runs; the others keep their bytes, emptied ones go. */
export function withTexts(xml: string, runs: readonly TextRun[], texts: readonly string[]): string {
  const fontRuns = elements(xml, 'r');
  let replaced = '';
  let from = 0;
  for (const [index, { element, name, text }] of runs.entries()) {
    const wanted = texts[index] ?? text;
    if (wanted === text) continue;
    // A run without text is one that some programs call damaged.
    const run =
      wanted === ''
        ? fontRuns.find(({ start, end }) => start < element.start && element.end < end)
        : undefined;
    if (run !== undefined) {
      replaced += xml.slice(from, run.start);
      from = run.end;
      continue;
    }
    const open = name === 't' ? spacePreserving(element.tag, wanted) : element.tag;
    replaced += `${xml.slice(from, element.start)}${open}${encodeXml(wanted)}</${element.prefix}${name}>`;
    from = element.end;
  }
  return replaced + xml.slice(from);
}

/** Spaces at the ends of a text are dropped by readers unless its element says otherwise. */
function spacePreserving(tag: string, text: string): string {
  if (text.trim() === text || /\sxml:space\s*=/.test(tag)) return tag;
  return tag.replace(/\s*>$/, ' xml:space="preserve">');
}
