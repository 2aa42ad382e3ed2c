/**
 * What fingerprints are made of stays as it is: where this test fails, every record that a platform holds would go out
 * again as an update with the first batch of the new version. Change the values only together with a way from old
 * fingerprints to new ones.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { literal } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { aCase, CITIZEN, smallSource, withRows } from './support/small-source.ts';
import { SubmissionHome } from './support/submission-home.ts';

let home: SubmissionHome;
beforeAll(async () => {
  home = await SubmissionHome.open();
  writeFileSync(home.home.path('secret.key'), Buffer.alloc(32, 7), { mode: 0o600 });
});
afterAll(() => removeTree(home.dir));

test('four records have the fingerprints that they had in the first version', async () => {
  const cases = [
    aCase(1),
    aCase(2, { isClosed: true, amount: 1234567 }),
    aCase(3, { name: '欧阳<小>&明' }),
    aCase(4),
  ];
  await home.fill(
    withRows(smallSource(cases), { ARB_PARTY: { '41': { ID_NO: CITIZEN, BIRTH_DATE: null } } }),
  );
  const { submission } = await home.build('2026-11');
  const rows = await home.query<{ record_id: string; fingerprint: string }>(
    `SELECT record_id, fingerprint FROM read_parquet(${literal(path.join(submission.dir, 'records/*.parquet'))}) ORDER BY 1`,
  );
  expect(rows.map((row) => `${row.record_id} ${row.fingerprint}`)).toMatchInlineSnapshot(`
    [
      "110000-1 861ee6bdc0f5895a1636d09a15231cf672418397c13d7639ddafaa6aef164f1a",
      "110000-2 73b4471ca8e555d10253313effe0ffd7114059b6356063d70b4751c417c1b6e4",
      "110000-3 0f7267b5e9038b1aea15921ce08341bd611a366060f466e3bb57d6991e264f7b",
      "110000-4 2ad4b73667aca8c24c903b8d41b19b56059b491f15ed7dcc5156d8105ecfc227",
    ]
  `);
});
