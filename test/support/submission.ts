/** Batches to test with, published the way a run does it, from a few rows instead of from a snapshot. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findBatch, platformProducts } from '../../pipelines/batches.ts';
import type { Engine } from '../../pipelines/runtime/duckdb.ts';
import { withRun } from '../../pipelines/runtime/run.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { type Artefact, hashArtefacts } from '../../pipelines/steps/publish/folder.ts';
import { placePublication } from '../../pipelines/steps/publish/publication.ts';
import { BATCH_FILE, type Batch, RECORDS_FOLDER } from '../../pipelines/steps/submit/batch.ts';
import type { BatchManifest, BatchRecord, Op } from '../../schemas/submission.ts';

export const PRODUCT = 'national-platform';
const HASH = '0'.repeat(64);

/** A record by its case; the content is what it says, the fingerprint follows from it. */
export interface SentRecord {
  readonly caseId: string;
  readonly op?: Op;
  /** Elements with their texts; in XML as the shipped platform has it. */
  readonly says?: Readonly<Record<string, string>>;
}

export const recordIdOf = (caseId: string): string => `110000-${caseId}`;

/** Publish a batch of a period; its number follows those before it. */
export async function publishBatch(
  service: Service,
  period: string,
  sent: readonly SentRecord[],
): Promise<Batch> {
  const { name } = await withRun(service, { pipeline: PRODUCT, period, products: [PRODUCT] }, async (run) => {
    const revision = await run.ledger.intendPublication({
      product: PRODUCT,
      period,
      runId: run.run.id,
      snapshotId: 'S1',
      actor: run.actor,
    });
    const batch = `110000-ARB-${period.replace('-', '')}-${String(revision).padStart(2, '0')}`;
    const dir = path.join(run.workDir, 'batch');
    await mkdir(path.join(dir, RECORDS_FOLDER), { recursive: true, mode: 0o700 });
    const records = sent.map(recordOf);
    await writeColumns(run.engine, path.join(dir, RECORDS_FOLDER, '00001.parquet'), RECORD_COLUMNS, records);
    const manifest = manifestOf(batch, period, records);
    await writeFile(path.join(dir, BATCH_FILE), JSON.stringify(manifest), { mode: 0o600 });
    await writeFile(path.join(dir, `${batch}.zip`), 'no package', { mode: 0o600 });
    const artefacts: Artefact[] = [
      { path: BATCH_FILE, kind: 'record' },
      { path: `${RECORDS_FOLDER}/00001.parquet`, kind: 'record' },
      { path: `${batch}.zip`, kind: 'package' },
    ];
    await placePublication(run.home, run.ledger, dir, {
      formatVersion: 1,
      product: PRODUCT,
      period,
      revision,
      state: 'published',
      provisional: false,
      heldReasons: [],
      releaseReason: null,
      runId: run.run.id,
      snapshotId: 'S1',
      snapshotSha256: HASH,
      asOf: '2026-11-03',
      cutoffDay: 0,
      createdAt: '2026-11-03T09:00:00+08:00',
      actor: run.actor,
      toolVersion: '0',
      definitionsSha256: HASH,
      files: await hashArtefacts(dir, artefacts),
    });
    return { state: 'done', summary: null, name: batch };
  });
  return findBatch(service, platformProducts(service), name);
}

/** Enter a delivery of a batch that ended so. */
export async function deliver(
  service: Service,
  batch: string,
  state: 'delivered' | 'failed' | 'unknown' = 'delivered',
): Promise<void> {
  await withRun(service, { pipeline: 'submit' }, async ({ run, ledger, actor }) => {
    const id = await ledger.beginDelivery({
      batch,
      channel: 'directory',
      runId: run.id,
      packageSha256: HASH,
      actor,
    });
    const error = { code: 'E_CHANNEL', message: 'the disk of the inbox is full' };
    await ledger.endDelivery({ id, state, attempts: 1, ...(state === 'delivered' ? {} : { error }) });
    return { state: 'done', summary: null };
  });
}

export interface GivenAnswer {
  readonly caseId: string;
  readonly result: 'accepted' | 'rejected';
  readonly code?: string;
  readonly message?: string;
}

/** The text of a receipt in JSON. */
export function receiptJson(batch: string, answers: readonly GivenAnswer[]): string {
  return JSON.stringify({
    batch,
    receivedAt: '2026-11-09T10:00:00+08:00',
    records: answers.map(({ caseId, ...rest }) => ({ id: recordIdOf(caseId), ...rest })),
  });
}

/** Write rows of text as Parquet, ordered by their first column. */
export async function writeColumns(
  engine: Engine,
  file: string,
  columns: readonly string[],
  rows: readonly object[],
): Promise<void> {
  await engine.run(`CREATE TABLE written (${columns.map((name) => `${name} VARCHAR`).join(', ')})`);
  await engine.append(
    'written',
    rows.map((row) => columns.map((name) => (row as Record<string, string | null>)[name] ?? null)),
  );
  await engine.copyToParquet('SELECT * FROM written ORDER BY 1', file);
  await engine.run('DROP TABLE written');
}

export const RECORD_COLUMNS = [
  'record_id',
  'case_id',
  'op',
  'org_code',
  'file_number',
  'fingerprint',
  'content',
] as const satisfies readonly (keyof BatchRecord)[];

function recordOf({ caseId, op = 'I', says = { caseNo: `京劳人仲字${caseId}号` } }: SentRecord): BatchRecord {
  const content = Object.entries(says)
    .map(([name, text]) => `<${name}>${text}</${name}>`)
    .join('');
  return {
    record_id: recordIdOf(caseId),
    case_id: caseId,
    op,
    org_code: '110101',
    file_number: '1',
    fingerprint: op === 'D' ? '' : Buffer.from(content).toString('hex').padEnd(64, '0').slice(-64),
    content: op === 'D' ? null : `<record><recordId>${recordIdOf(caseId)}</recordId>${content}</record>`,
  };
}

function manifestOf(batch: string, period: string, records: readonly BatchRecord[]): BatchManifest {
  const count = (op: Op): number => records.filter((one) => one.op === op).length;
  const counts = { records: records.length, I: count('I'), U: count('U'), D: count('D') };
  const file = { sizeBytes: 1, sha256: HASH, sm3: HASH };
  return {
    batch,
    product: PRODUCT,
    period,
    platformVersion: '2024-1',
    policy: 'masked',
    snapshot: 'S1',
    asOf: '2026-11-03',
    counts,
    files: [{ ...counts, ...file, name: 'records-00001.xml' }],
    summary: { ...file, name: 'summary.json' },
  };
}
