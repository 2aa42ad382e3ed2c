/** Receipts over batches that a run built: what the platform refused goes out again once released, and nothing else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { arbdata } from '../app/support.ts';
import { temporaryHome } from '../publish/support.ts';

test('a batch, its receipt in XML, a release, and the batch after it', async () => {
  const home = await temporaryHome();
  await home.import('small');
  const inbox = await mkdtemp(path.join(os.tmpdir(), 'arbdata-real-'));
  onTestFinished(() => rm(inbox, { recursive: true, force: true }));
  const run = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, stdout } = await arbdata('--home', home.dir, ...args, '--json');
    expect(code, stdout).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const build = () => run('run', 'national-platform', '--period', '2026-10', '--as-of', '2026-11-03');
  const listed = async () => (await run('submissions'))['batches'] as { batch: string; dir: string }[];
  const sent = async (dir: string) =>
    withEngine({ spillDir: path.join(inbox, 'spill') }, (engine) =>
      engine.rows<{ record_id: string; op: string }>(
        `SELECT record_id, op FROM read_parquet(${literal(path.join(dir, 'records/*.parquet'))}) ORDER BY record_id`,
      ),
    );

  await build();
  const [first] = await listed();
  const records = await sent(first?.dir ?? '');
  expect(records.length).toBeGreaterThan(3);
  const [refused, kept] = records.map(({ record_id }) => record_id);
  const answers = records.map(({ record_id: id }) =>
    id === refused || id === kept
      ? `<record><id>${id}</id><result>rejected</result><code>E12</code><message>机构代码不符</message></record>`
      : `<record><id>${id}</id><result>accepted</result></record>`,
  );
  const file = path.join(inbox, `receipt-${first?.batch}.xml`);
  await writeFile(
    file,
    `<receipt><batch>${first?.batch}</batch><receivedAt>2026-11-09</receivedAt><records>${answers.join('')}</records></receipt>`,
  );
  await run('receipts', 'import', file);
  expect(await run('explain', 'record', refused ?? '')).toMatchObject({
    lastResult: 'rejected',
    versions: [{ answer: { code: 'E12', message: '机构代码不符' } }],
  });
  await run('submissions', 'release', refused ?? '', '--reason', 'the platform has corrected its list');
  await build();
  const second = (await listed()).at(-1);
  expect(second?.batch).not.toBe(first?.batch);
  expect(await sent(second?.dir ?? '')).toEqual([{ record_id: refused, op: 'I' }]);
  expect(await run('explain', 'record', refused ?? '')).toMatchObject({
    isWaiting: true,
    versions: [{ release: { reason: 'the platform has corrected its list' } }, { changes: [], answer: null }],
  });
});
