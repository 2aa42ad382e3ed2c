/**
 * Names and numbers as they are compared: NFKC, without white space; brackets of one kind in names, numbers in upper
 * case. The engine does it for plain characters; only distinct texts of the rest pass through JavaScript.
 */
import type { Engine } from '../../runtime/duckdb.ts';
import { readSql } from '../../runtime/project.ts';

/** What JavaScript or Unicode calls white space. */
const WHITE_SPACE = /[\s\p{White_Space}]/gu;
const SLICE_ROWS = 16_384;

/** What is compared, and the table that is read for nothing else; the largest first, which then gives its memory back. */
const COMPARED = [
  ['022-compared-party', 'valid_party'],
  ['020-compared-pre-application', 'valid_pre_application'],
  ['021-compared-case'],
] as const;

type FormKind = 'name' | 'number';

/** The form in which a text is compared; the empty text stands for none. */
function comparedForm(kind: FormKind, text: string): string {
  const bare = text.normalize('NFKC').replaceAll(WHITE_SPACE, '');
  return kind === 'name' ? bare.replaceAll('（', '(').replaceAll('）', ')') : bare.toUpperCase();
}

/**
 * Create `compared_pre_application`, `compared_case` and `compared_party` from the valid tables.
 * @param isLast whether nothing after this reads the valid tables: their memory is then given back
 */
export async function createCompared(engine: Engine, isLast: boolean): Promise<void> {
  await engine.run(readSql('comparison/010-forms.sql'));
  for (const [model, from] of COMPARED) {
    await engine.run(readSql(`comparison/${model}.sql`));
    if (isLast && from !== undefined) await engine.run(`DROP TABLE ${from}`);
  }
  await engine.run(readSql('comparison/025-odd-text.sql'));
  await engine.run('CREATE TEMP TABLE odd_compared_form (number VARCHAR, form VARCHAR)');
  let slice: [string, string][] = [];
  const odd = 'SELECT number, kind, original FROM odd_compared_text';
  for await (const rows of engine.stream<{ number: string; kind: FormKind; original: string }>(odd)) {
    for (const { number, kind, original } of rows) slice.push([number, comparedForm(kind, original)]);
    if (slice.length >= SLICE_ROWS) {
      await engine.append('odd_compared_form', slice);
      slice = [];
    }
  }
  await engine.append('odd_compared_form', slice);
  await engine.run(readSql('comparison/030-odd-forms.sql'));
}
