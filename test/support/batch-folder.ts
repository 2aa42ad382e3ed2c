/** A small batch, built the way a product is published, with a package of random bytes: enough for sending it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Clock, shanghaiDate, systemClock } from '../../pipelines/runtime/clock.ts';
import { silentLog } from '../../pipelines/runtime/log.ts';
import { silentProgress } from '../../pipelines/runtime/progress.ts';
import { TOOL_VERSION } from '../../pipelines/runtime/project.ts';
import { type Effects, type Service, timestamp, withService } from '../../pipelines/runtime/service.ts';
import { hashArtefacts } from '../../pipelines/steps/publish/folder.ts';
import { placePublication } from '../../pipelines/steps/publish/publication.ts';
import { BATCH_FILE } from '../../pipelines/steps/submit/batch.ts';

export interface MadeBatch {
  readonly name: string;
  readonly product: string;
  /** Absolute path of the package. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

export interface BatchWish {
  /** `2026-10`; its revision is the batch's number. */
  readonly period?: string;
  readonly sizeBytes?: number;
  readonly records?: number;
  readonly product?: string;
}

/** Effects that say nothing. */
export function quietEffects(clock: Clock = systemClock): Effects {
  return { clock, log: silentLog, progress: silentProgress, actor: 'clerk', command: 'arbdata (test)' };
}

/** Build a batch in a home. */
export async function makeBatch(homeDir: string, wish: BatchWish = {}): Promise<MadeBatch> {
  return withService(homeDir, quietEffects(), (service) => publishBatch(service, wish));
}

async function publishBatch(service: Service, wish: BatchWish): Promise<MadeBatch> {
  const { period = '2026-10', sizeBytes = 10_000, records = 3, product = 'national-platform' } = wish;
  const { ledger, home, actor } = service;
  const snapshotId = '20261103-090000-0a0a';
  const run = await ledger.beginRun({ pipeline: product, period, actor, command: service.command });
  const revision = await ledger.intendPublication({ product, period, runId: run.id, snapshotId, actor });
  const name = `110000-ARB-${period.replace('-', '')}-${String(revision).padStart(2, '0')}`;
  const dir = path.join(home.work, `${run.id}-batch`);
  mkdirSync(dir);
  const bytes = randomBytes(sizeBytes);
  const packageName = `${name}.zip`;
  writeFileSync(path.join(dir, packageName), bytes);
  writeFileSync(
    path.join(dir, BATCH_FILE),
    JSON.stringify(batchFile({ name, product, period, records, snapshotId })),
  );
  const files = await hashArtefacts(dir, [
    { path: BATCH_FILE, kind: 'dataset' },
    { path: packageName, kind: 'package' },
  ]);
  const placed = await placePublication(home, ledger, dir, {
    formatVersion: 1,
    product,
    period,
    revision,
    state: 'published',
    provisional: false,
    heldReasons: [],
    releaseReason: null,
    runId: run.id,
    snapshotId,
    snapshotSha256: '0'.repeat(64),
    asOf: shanghaiDate(service.clock),
    cutoffDay: 0,
    createdAt: timestamp(service.clock),
    actor,
    toolVersion: TOOL_VERSION,
    definitionsSha256: service.definitions.sha256,
    files,
  });
  await run.finish('done');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { name, product, file: path.join(placed.dir, packageName), bytes, sha256 };
}

function batchFile(of: {
  name: string;
  product: string;
  period: string;
  records: number;
  snapshotId: string;
}) {
  const { name, product, period, records, snapshotId } = of;
  const hashes = { sha256: '0'.repeat(64), sm3: '0'.repeat(64) };
  const counts = { records, I: records, U: 0, D: 0 };
  return {
    batch: name,
    product,
    period,
    platformVersion: '2024-1',
    policy: 'masked',
    snapshot: snapshotId,
    asOf: '2026-11-03',
    counts,
    files: [{ name: 'records-00001.xml', sizeBytes: 1, ...hashes, ...counts }],
    summary: { name: 'summary.json', sizeBytes: 1, ...hashes },
  };
}
