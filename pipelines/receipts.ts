/**
 * Reading receipts: each file as a whole or not at all. First the folder with the receipt and its answers, then the
 * ledger row that refers to it; a folder that no row refers to was left by a crash and is removed by the next import.
 */
import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { findBatch, platformProducts } from './batches.ts';
import { recover } from './recovery.ts';
import { ArbdataError, ERROR_KINDS } from './runtime/errors.ts';
import { ensureDir, makeReadOnly, namedPath, publishDir, removeTree, sha256File } from './runtime/files.ts';
import type { Home } from './runtime/home.ts';
import type { Receipt } from './runtime/ledger-submission.ts';
import { type RunContext, withRun } from './runtime/run.ts';
import { openEngine, type Service } from './runtime/service.ts';
import { visible } from './runtime/visible.ts';
import { type Batch, type BatchState, stateOf } from './steps/submit/batch.ts';
import { ANSWERS_FILE } from './steps/submit/history.ts';
import { compareAnswers, loadReceipt, writeAnswers } from './steps/submit/receipt-answers.ts';
import {
  checkReceiptName,
  type ReadReceipt,
  receiptError,
  receiptFiles,
  takeIn,
} from './steps/submit/receipt-file.ts';

/** What became of one file; counts are those of the answers that were new. */
export interface ImportedReceipt {
  readonly file: string;
  readonly state: 'read' | 'unchanged' | 'failed';
  readonly batch?: string;
  readonly receivedAt?: string;
  /** Answers in the file. */
  readonly records?: number;
  readonly accepted?: number;
  readonly rejected?: number;
  /** Records of the batch that no receipt has answered yet. */
  readonly unanswered?: number;
  /** Of the batch, now. */
  readonly batchState?: BatchState;
  /** What a person should know of it; English sentences. */
  readonly notes: readonly string[];
  readonly error?: ArbdataError;
}

/**
 * Import a receipt, or every receipt of a folder in the order of their names. One of a folder that cannot be read does
 * not keep the others back; a fault of the machine does.
 * @throws ArbdataError E_RECEIPT (of a single file), E_RUN_LOCKED, E_DISK_FULL and other faults
 */
export async function importReceipts(
  service: Service,
  given: string,
): Promise<{ readonly runId: string; readonly receipts: readonly ImportedReceipt[] }> {
  const from = namedPath(given, 'file or folder of receipts');
  await recover(service);
  const { files, isFolder } = await receiptFiles(from);
  return withRun(
    service,
    {
      pipeline: 'receipts',
      parameters: { files: files.map((file) => visible(path.basename(file))) },
      products: platformProducts(service),
    },
    async (context) => {
      await context.step('settle', () => removeOrphans(context), { count: (removed) => removed });
      const receipts: ImportedReceipt[] = [];
      for (const [index, file] of files.entries()) {
        const dir = path.join(context.workDir, `receipt-${index + 1}`);
        receipts.push(await importOne(context, file, dir).catch((error) => asFailed(file, error, isFolder)));
        await removeTree(dir);
      }
      return { state: 'done', receipts, summary: { receipts: receipts.map(summaryOf) } };
    },
  );
}

/** What is wrong with one file of several is told with the others; a fault that would meet them too is thrown on. */
function asFailed(file: string, error: unknown, isFolder: boolean): ImportedReceipt {
  if (isFolder && error instanceof ArbdataError && error.code === 'E_RECEIPT') {
    return { file, state: 'failed', notes: [], error };
  }
  throw error;
}

function summaryOf({ file, error, ...rest }: ImportedReceipt): object {
  return { ...rest, name: visible(path.basename(file)), error: error?.code };
}

async function importOne(context: RunContext, file: string, dir: string): Promise<ImportedReceipt> {
  const { ledger } = context;
  ensureDir(dir);
  const copy = path.join(dir, 'receipt');
  const { sha256 } = await context.step('take in', () => takeIn(file, copy));
  const same = (await ledger.receipts()).find((receipt) => receipt.sha256 === sha256);
  if (same !== undefined) {
    return { file, state: 'unchanged', batch: same.batch, notes: ['these bytes were read before'] };
  }
  const engine = await openEngine(context, path.join(dir, 'spill'));
  try {
    const read = await context.step('read', () => loadReceipt(engine, copy, file), {
      count: ({ records }) => records,
    });
    checkReceiptName(file, read.batch);
    const batch = await batchOf(context, file, read.batch);
    const found = await context.step('compare', () =>
      compareAnswers(engine, { homeDir: context.home.dir, batches: [batch], releases: [] }, file),
    );
    const added = found.accepted + found.rejected;
    if (added > 0) {
      const answers = path.join(dir, 'answers');
      ensureDir(answers);
      const { sha256: answersSha256 } = await writeAnswers(engine, answers);
      await rename(copy, path.join(answers, `receipt.${read.format}`));
      const name = visible(path.basename(file));
      const entry = { batch: batch.name, sha256, name, receivedAt: read.receivedAt, answersSha256, ...found };
      await context.step('enter', () => enter(context, answers, entry));
    }
    return outcome(file, batch, { read, ...found });
  } finally {
    engine.close();
  }
}

/** @throws ArbdataError E_RECEIPT */
async function batchOf(context: RunContext, file: string, name: string): Promise<Batch> {
  return findBatch(context, platformProducts(context), name).catch((error: unknown) => {
    const isUnknown = error instanceof ArbdataError && error.code === 'E_NOT_FOUND';
    throw isUnknown
      ? receiptError({ file }, `it answers batch ${visible(name)}, which does not exist`)
      : error;
  });
}

/** Give the folder its name, then refer to it. */
async function enter(
  { home, ledger, actor }: RunContext,
  dir: string,
  entry: Omit<Receipt, 'id' | 'importedAt' | 'folder' | 'actor'>,
): Promise<void> {
  const folder = `receipts/${entry.batch}/${entry.sha256.slice(0, 16)}`;
  const finalDir = path.join(home.dir, folder);
  await publishDir(dir, finalDir);
  await makeReadOnly(finalDir);
  await ledger.addReceipt({ ...entry, folder, actor });
}

function outcome(
  file: string,
  batch: Batch,
  { read, accepted, rejected }: { read: ReadReceipt; accepted: number; rejected: number },
): ImportedReceipt {
  const all = { accepted: batch.accepted + accepted, rejected: batch.rejected + rejected };
  const { records } = batch.manifest.counts;
  const state = accepted + rejected > 0 ? 'read' : 'unchanged';
  return {
    file,
    state,
    batch: batch.name,
    receivedAt: read.receivedAt,
    records: read.records,
    accepted,
    rejected,
    unanswered: records - all.accepted - all.rejected,
    batchState: stateOf({ ...batch, records, ...all }),
    notes: [
      ...(state === 'read' ? [] : [read.records === 0 ? 'it holds no answer' : 'all its answers are known']),
      ...surprises(batch),
    ],
  };
}

/** The platform is believed, also where we know of no delivery: what it answers it has. */
function surprises({ loss, deliveries }: Batch): string[] {
  return [
    ...(loss === undefined
      ? []
      : [`the batch was declared lost by ${loss.actor}; its answers count all the same`]),
    ...(deliveries.some(({ state }) => state === 'delivered')
      ? []
      : ['no delivery of the batch is known to have arrived; its answers count all the same']),
  ];
}

/** Remove the folders that no receipt of the ledger refers to. Only the one import that goes on may do it. */
async function removeOrphans({ home, ledger, log }: RunContext): Promise<number> {
  const known = new Set((await ledger.receipts()).map(({ folder }) => folder));
  const orphans = (await receiptFolders(home)).filter((folder) => !known.has(folder));
  for (const folder of orphans) {
    await removeTree(path.join(home.dir, folder));
    log.warn(`removed ${folder}, which an interrupted import had put in place`);
  }
  return orphans.length;
}

/**
 * Compare every receipt, and the answers that were taken from it, with what the ledger recorded.
 * @returns an English sentence for each that differs or is missing
 */
export async function damagedReceipts({ home, ledger }: Pick<Service, 'home' | 'ledger'>): Promise<string[]> {
  const problems: string[] = [];
  for (const { folder, sha256, answersSha256 } of await ledger.receipts()) {
    const dir = path.join(home.dir, folder);
    const names = await readdir(dir).catch(() => []);
    for (const [name, expected] of [
      [names.find((one) => /^receipt\.(json|xml)$/.test(one)) ?? 'receipt.json', sha256],
      [ANSWERS_FILE, answersSha256],
    ] as const) {
      const file = path.join(dir, name);
      const found = await sha256File(file).catch(() => undefined);
      if (found?.sha256 !== expected)
        problems.push(`${file} is missing or does not have the bytes that were read`);
    }
  }
  return problems;
}

async function receiptFolders(home: Home): Promise<string[]> {
  const folders: string[] = [];
  for (const batch of await readdir(home.receipts, { withFileTypes: true })) {
    if (!batch.isDirectory()) continue;
    for (const name of await readdir(path.join(home.receipts, batch.name))) {
      if (/^[0-9a-f]{16}$/.test(name)) folders.push(`receipts/${batch.name}/${name}`);
    }
  }
  return folders;
}

/** The exit code of the worst of several files. */
export function worstExit(receipts: readonly ImportedReceipt[]): number {
  return Math.max(
    0,
    ...receipts.map(({ error }) => (error === undefined ? 0 : ERROR_KINDS[error.code].exit)),
  );
}
