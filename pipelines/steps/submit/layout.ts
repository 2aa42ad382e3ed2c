/** From a platform's layout to SQL: what each element says, what is wrong with it, and how a record is written. */
import type { CodesFile } from '../../../schemas/definitions.ts';
import {
  type Platform,
  type PlatformField,
  type Policy,
  platformCodes,
} from '../../../schemas/submission.ts';
import { identifier, literal } from '../../runtime/duckdb.ts';
import { maskSql } from '../../runtime/masking.ts';

/** How persons' names and numbers are written: as SQL over the columns of a party. */
export interface Personal {
  name(column: string): string;
  identity(column: string): string;
}

/**
 * What leaves the house under a policy.
 * @param hashColumn where the hash of the number stands in the rows that are read
 */
export function personalUnder(policy: Policy, hashColumn: string): Personal {
  if (policy === 'plain') return { name: (column) => column, identity: (column) => column };
  return { name: (column) => maskSql('name', column), identity: () => hashColumn };
}

/** The expressions of one layout. `codes` are the source's lists with their national codes. */
export class Layout {
  readonly platform: Platform;
  readonly #codes: CodesFile;

  constructor(platform: Platform, codes: CodesFile) {
    this.platform = platform;
    this.#codes = codes;
  }

  /** The text of an element, NULL where it is left out. */
  value(field: PlatformField, personal: Personal): string {
    const text = this.#text(field, personal);
    return field.when === undefined ? text : `CASE WHEN ${field.when} THEN ${text} END`;
  }

  #text(field: PlatformField, personal: Personal): string {
    const column = identifier(field.from);
    switch (field.type) {
      case 'code':
        return this.#coded(field, column);
      case 'money':
        return `CAST(CAST(${column} AS DECIMAL(18, 2)) AS VARCHAR)`;
      case 'text':
        if (field.personal === undefined) return `CAST(${column} AS VARCHAR)`;
        return `CASE WHEN is_person THEN ${personal[field.personal](column)} ELSE ${column} END`;
      default:
        return `CAST(${column} AS VARCHAR)`;
    }
  }

  #coded(field: PlatformField & { type: 'code' }, column: string): string {
    const cases = platformCodes(field, this.#codes).map(
      ([own, theirs]) => `WHEN ${literal(own)} THEN ${literal(theirs)}`,
    );
    return `CASE ${column} ${cases.join(' ')} END`;
  }

  /**
   * A list of what is wrong with the elements of a row, as `<within>element:what`, NULL where nothing is. One condition
   * over all elements goes before, so that the list is made for few rows.
   * @param within tells elements of one name in the case and in its lists apart
   */
  problems(fields: readonly PlatformField[], within: string): string {
    const problems = fields.flatMap((field) => this.#problemsOf(field));
    if (problems.length === 0) return 'CAST(NULL AS VARCHAR[])';
    const list = problems.map(({ when, name }) => `CASE WHEN ${when} THEN ${literal(within + name)} END`);
    return `CASE WHEN ${problems.map(({ when }) => when).join(' OR ')}
      THEN list_filter([${list.join(', ')}], lambda problem: problem IS NOT NULL) END`;
  }

  #problemsOf(field: PlatformField): { when: string; name: string }[] {
    const column = identifier(field.from);
    const value = this.value(field, { name: (name) => name, identity: (name) => name });
    const problems: { when: string; name: string }[] = [];
    const applies = field.when === undefined ? '' : `(${field.when}) AND `;
    // What is not known, because the value is not there, is no problem: NULL chooses no branch.
    const add = (what: string, when: string) =>
      problems.push({ when: `(${when})`, name: `${field.element}:${what}` });
    if (field.required) add('required', `${applies}${value} IS NULL`);
    if (field.type === 'text') {
      // Bytes first: few texts have more of them than they may have characters.
      add(
        'length',
        `${applies}strlen(${value}) > ${field.maxLength} AND length(${value}) > ${field.maxLength}`,
      );
      add('characters', `${applies}regexp_matches(${column}, '[\\p{Cc}\\x{FFFE}\\x{FFFF}]')`);
      if (field.pattern !== undefined)
        add('pattern', `${applies}NOT regexp_full_match(${value}, ${literal(field.pattern)})`);
    }
    // Years that no calendar of the platform knows are longer or shorter.
    if (field.type === 'date') add('pattern', `${applies}strlen(${value}) <> 10`);
    if (field.type === 'year') add('pattern', `${applies}strlen(${value}) <> 4`);
    if (field.type === 'integer')
      add('range', `${applies}${column} NOT BETWEEN ${field.min} AND ${field.max}`);
    return problems;
  }

  /**
   * The elements of a row as one text: equal texts, equal written forms. An element that is left out leaves nothing, so
   * that a version of the layout changes only the records that it writes otherwise.
   */
  plain(fields: readonly PlatformField[], policy: Policy): string {
    // Equal numbers have equal hashes: the number itself does, before any hash was made.
    const personal = personalUnder(policy, 'id_no');
    const parts = fields.map((field) => {
      const name =
        this.platform.format.kind === 'xml' || !isBare(field) ? field.element : `${field.element}#`;
      return `${literal(`${name}=`)} || ${this.value(field, personal)}`;
    });
    return `concat_ws(chr(31), ${parts.join(', ')})`;
  }

  /** The elements of a row as they stand in the package. */
  written(fields: readonly PlatformField[], personal: Personal): string {
    if (this.platform.format.kind === 'xml') {
      const parts = fields.map((field) => {
        const { element } = field;
        return `'<${element}>' || ${xmlSql(field, this.value(field, personal))} || '</${element}>'`;
      });
      return `concat(${parts.join(', ')})`;
    }
    const parts = fields.map(
      (field) =>
        `${literal(`${JSON.stringify(field.element)}:`)} || ${jsonSql(field, this.value(field, personal))}`,
    );
    return `concat_ws(',', ${parts.join(', ')})`;
  }

  /** A list of rows, already joined in `joined`, as it stands in a record; NULL stays NULL. */
  writtenList(list: { readonly element: string }, joined: string): string {
    return this.platform.format.kind === 'xml'
      ? `'<${list.element}>' || ${joined} || '</${list.element}>'`
      : `'${JSON.stringify(list.element)}:[' || ${joined} || ']'`;
  }

  /** One row of a list as it stands in a record. */
  writtenItem(list: { readonly item: string }, row: string): string {
    return this.platform.format.kind === 'xml'
      ? `'<${list.item}>' || ${row} || '</${list.item}>'`
      : `'{' || ${row} || '}'`;
  }

  /** Between the rows of a list. */
  get separator(): string {
    return this.platform.format.kind === 'xml' ? '' : ',';
  }

  /** The whole record: its key, what it asks, and `body` (NULL for a deletion). */
  writtenRecord(recordId: string, op: string, body: string): string {
    const { elements, ops, format } = this.platform;
    const code = `CASE ${op} ${Object.entries(ops)
      .map(([own, theirs]) => `WHEN '${own}' THEN ${literal(theirs)}`)
      .join(' ')} END`;
    if (format.kind === 'xml') {
      return `concat('<${format.record}><${elements.recordId}>', ${recordId}, '</${elements.recordId}><${elements.op}>',
        ${code}, '</${elements.op}>', ${body}, '</${format.record}>', chr(10))`;
    }
    const key = (name: string) => literal(`${JSON.stringify(name)}:`);
    return `'{' || concat_ws(',', ${key(elements.recordId)} || to_json(${recordId}), ${key(elements.op)} || to_json(${code}),
      ${body}) || '}' || chr(10)`;
  }

  /**
   * What two versions of a layout must share for any record of one to be equal to one of the other, beside the elements
   * that it has. What is asked, and what stands around the records in a file, changes none of them.
   */
  get shape(): string {
    const { format, elements, recordPrefix } = this.platform;
    return JSON.stringify([
      format.kind,
      format.kind === 'xml' ? format.record : '',
      elements.recordId,
      recordPrefix,
    ]);
  }
}

function xmlSql({ type }: PlatformField, value: string): string {
  if (type !== 'text' && type !== 'code') return value;
  return `replace(replace(replace(${value}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')`;
}

/** Numbers stay numbers in JSON, with the decimals that they have. */
const isBare = ({ type }: PlatformField): boolean => type === 'integer' || type === 'money';

function jsonSql(field: PlatformField, value: string): string {
  return isBare(field) ? value : `CAST(to_json(${value}) AS VARCHAR)`;
}
