/** The parts of an .xlsx file; those that are not set keep their bytes, packed as they were. */
import { readZip, repack, unpack, writeZip, type ZipEntry, ZipError } from '../zip.ts';
import { FormError } from './error.ts';
import { attribute, decodeXml, elements, prefixedAttribute } from './xml.ts';

const MAX_FILE_BYTES = 64 << 20;
/** Of all parts that are read, together: a small file can claim to hold far more than memory does. */
const MAX_UNPACKED_BYTES = 256 << 20;
const SAVE_AGAIN = 'Open the form in Excel or WPS and save it again as .xlsx without a password.';

export class Parts {
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #texts = new Map<string, string>();
  readonly #changed = new Set<string>();
  #unpackedBytes = 0;

  /** @throws FormError where the bytes are not a readable .xlsx file */
  constructor(form: Uint8Array) {
    if (form.byteLength > MAX_FILE_BYTES) {
      throw new FormError(`the form is larger than ${MAX_FILE_BYTES >> 20} MiB`, 'Use a smaller form.');
    }
    const isCompoundFile = form[0] === 0xd0 && form[1] === 0xcf;
    if (isCompoundFile) throw new FormError('the form is an .xls file or has a password', SAVE_AGAIN);
    this.#entries = readable(() => new Map(readZip(form).map((entry) => [entry.name, entry])));
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws FormError where there is no such part, or it is too large, damaged or not UTF-8 */
  text(name: string): string {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const content = this.#content(name);
    const text = readable(() => {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
      } catch (error) {
        throw new ZipError(`${name} is not UTF-8`, { cause: error });
      }
    });
    this.#texts.set(name, text);
    return text;
  }

  /** Whether a part holds some ASCII text, as it stands now. */
  contains(name: string, ascii: string): boolean {
    return this.#texts.get(name)?.includes(ascii) ?? this.#content(name).includes(ascii);
  }

  #content(name: string): Buffer {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new FormError(`the form has no part ${name}`, SAVE_AGAIN);
    const content = readable(() => unpack(entry, MAX_UNPACKED_BYTES - this.#unpackedBytes));
    this.#unpackedBytes += content.length;
    return content;
  }

  set(name: string, text: string): void {
    if (text === this.text(name)) return;
    this.#texts.set(name, text);
    this.#changed.add(name);
  }

  write(): Buffer {
    return writeZip(
      Array.from(this.#entries.values(), (entry) =>
        this.#changed.has(entry.name) ? repack(entry, Buffer.from(this.text(entry.name), 'utf8')) : entry,
      ),
    );
  }
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw new FormError(`the form is not a readable .xlsx file: ${error.message}`, SAVE_AGAIN, {
      cause: error,
    });
  }
}

export interface Worksheet {
  readonly name: string;
  readonly part: string;
}
export interface WorkbookParts {
  readonly workbook: string;
  readonly worksheets: readonly Worksheet[];
  readonly sharedStrings: string | undefined;
}

/** The workbook, its worksheets in their order, and the shared strings, found by their relations. */
export function workbookParts(parts: Parts): WorkbookParts {
  const workbook = relations(parts, '').find(({ type }) => type.endsWith('/officeDocument'))?.target;
  if (workbook === undefined) throw new FormError('the form is not a workbook', 'Use an .xlsx file.');
  const related = relations(parts, workbook);
  const worksheets = elements(parts.text(workbook), 'sheet').flatMap(({ tag }): Worksheet[] => {
    const id = prefixedAttribute(tag, 'id');
    const relation = related.find((each) => each.id === id && each.type.endsWith('/worksheet'));
    if (relation === undefined) return [];
    return [{ name: decodeXml(attribute(tag, 'name') ?? ''), part: relation.target }];
  });
  const sharedStrings = related.find(({ type }) => type.endsWith('/sharedStrings'))?.target;
  return { workbook, worksheets, sharedStrings };
}

interface Relation {
  readonly id: string;
  readonly type: string;
  readonly target: string;
}

/** What a part (or the package: empty) refers to, with full part names. */
function relations(parts: Parts, part: string): Relation[] {
  const slash = part.lastIndexOf('/');
  const folder = part.slice(0, slash + 1);
  const name = `${folder}_rels/${part.slice(slash + 1)}.rels`;
  if (!parts.has(name)) return [];
  return elements(parts.text(name), 'Relationship').map(({ tag }) => ({
    id: attribute(tag, 'Id') ?? '',
    type: attribute(tag, 'Type') ?? '',
    target: resolvePart(folder, decodeXml(attribute(tag, 'Target') ?? '')),
  }));
}

function resolvePart(folder: string, target: string): string {
  const resolved: string[] = [];
  for (const step of (target.startsWith('/') ? target : folder + target).split('/')) {
    if (step === '..') resolved.pop();
    else if (step !== '' && step !== '.') resolved.push(step);
  }
  return resolved.join('/');
}
