/** What the records of a batch say, slice by slice: written as the platform takes them. */
import type { Policy } from '../../../schemas/submission.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { createIdentityHashes } from './identity-hash.ts';
import { type Layout, type Personal, personalUnder } from './layout.ts';
import { LISTS } from './records.ts';

/** The column of `batch_content` that leaves the house under a policy. */
export const sentColumn = (policy: Policy): 'content' | 'sent' => (policy === 'masked' ? 'content' : 'sent');

/**
 * Create `batch_content(position, record_id, case_id, op, org_code, file_number, fingerprint, content)`: the records of
 * some files of the batch, written under the masked policy; under another one `sent` is what leaves the house.
 */
export async function createContents(
  engine: Engine,
  layout: Layout,
  wanted: {
    readonly firstFile: number;
    readonly lastFile: number;
    readonly policy: Policy;
    readonly key: Buffer;
  },
): Promise<void> {
  const { firstFile, lastFile, policy, key } = wanted;
  await engine.run(`
    CREATE TEMP TABLE batch_slice AS
    SELECT * FROM submission_record WHERE file_number BETWEEN ${firstFile} AND ${lastFile}`);
  const chosen = await chosenCases(engine);
  await createIdentityHashes(
    engine,
    key,
    `SELECT DISTINCT id_no FROM submission_party WHERE is_person AND id_no IS NOT NULL AND ${chosen}`,
  );
  const masked = personalUnder('masked', 'id_hash');
  const sent = personalUnder(policy, 'id_hash');
  await engine.run(contentSql(layout, chosen, masked, sentColumn(policy) === 'content' ? undefined : sent));
  await engine.run('DROP TABLE batch_slice; DROP TABLE identity_hash');
}

/** SQL: whether a row belongs to a case of the slice. Its range goes before: the engine skips what lies outside of it. */
async function chosenCases(engine: Engine): Promise<string> {
  const { first, last } = await engine.one<{ first: string; last: string }>(
    'SELECT min(case_id) AS first, max(case_id) AS last FROM batch_slice',
  );
  return `case_id BETWEEN ${first} AND ${last} AND case_id IN (SELECT case_id FROM batch_slice WHERE op <> 'D')`;
}

/** The statement; `other` writes `sent` where it differs from `content`. */
function contentSql(layout: Layout, chosen: string, masked: Personal, other: Personal | undefined): string {
  const { platform } = layout;
  const lists = (['parties', 'claims'] as const).filter((name) => platform[name] !== undefined);
  const grouped = lists.map((name) => {
    const list = platform[name];
    if (list === undefined) return '';
    const joined = (personal: Personal, as: string) =>
      `string_agg(${layout.writtenItem(list, layout.written(list.fields, personal))}, '${layout.separator}'
        ORDER BY ${LISTS[name].order}) AS ${as}`;
    const source =
      name === 'parties'
        ? `(SELECT p.*, h.hash AS id_hash FROM submission_party p LEFT JOIN identity_hash h ON h.id_no = p.id_no)`
        : LISTS[name].view;
    const columns = [joined(masked, 'content'), ...(other === undefined ? [] : [joined(other, 'sent')])];
    return `${name} AS (
      SELECT case_id, ${columns.join(', ')} FROM ${source}
      WHERE ${chosen} GROUP BY case_id)`;
  });
  const body = (personal: Personal, part: string): string => {
    const parts = lists.map((name) => {
      const list = platform[name];
      return list === undefined ? 'NULL' : layout.writtenList(list, `${name}.${part}`);
    });
    const fields = layout.written(platform.fields, personal);
    return platform.format.kind === 'xml'
      ? `concat(${[fields, ...parts].join(', ')})`
      : `concat_ws(',', ${[fields, ...parts].join(', ')})`;
  };
  const bodies = [
    `${body(masked, 'content')} AS content_body`,
    ...(other === undefined ? [] : [`${body(other, 'sent')} AS sent_body`]),
  ];
  const record = (name: string) =>
    `${layout.writtenRecord('b.record_id', 'b.op', `w.${name}_body`)} AS ${name}`;
  return `
    CREATE TEMP TABLE batch_content AS
    WITH ${grouped.map((one) => `${one},`).join(' ')}
    written AS (
      SELECT c.case_id, ${bodies.join(', ')} FROM (SELECT * FROM submission_case WHERE ${chosen}) c
      ${lists.map((name) => `LEFT JOIN ${name} ON ${name}.case_id = c.case_id`).join(' ')})
    SELECT b.position, b.record_id, b.case_id, b.op, b.org_code, b.file_number, b.fingerprint,
      ${['content', ...(other === undefined ? [] : ['sent'])].map(record).join(', ')}
    FROM batch_slice b
    LEFT JOIN written w ON w.case_id = b.case_id`;
}
