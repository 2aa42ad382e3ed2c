/** What is known of records, against a model that walks through the same history one event at a time. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine, literal } from '../../pipelines/runtime/duckdb.ts';
import { sha256File } from '../../pipelines/runtime/files.ts';
import type { BatchLoss, Receipt } from '../../pipelines/runtime/ledger-submission.ts';
import {
  openHistory,
  type PlatformRecord,
  type SubmissionHistory,
} from '../../pipelines/steps/submit/history.ts';
import type { PublicationManifest } from '../../schemas/publication.ts';
import type { BatchRecord, Op, ReceiptAnswer, Result } from '../../schemas/submission.ts';
import { RECORD_COLUMNS, writeColumns } from '../support/submission.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-history-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const NUMBERS = [1, 2, 3, 4] as const;

/** What becomes of one record in one batch. */
interface Attempt {
  readonly op: Op;
  readonly content: string;
  readonly answer?: { readonly result: Result; readonly released: boolean };
}
interface BatchPlan {
  readonly lost: boolean;
  /** By the number of the record. */
  readonly attempts: Partial<Record<(typeof NUMBERS)[number], Attempt>>;
}

const attempt = fc.record(
  {
    op: fc.constantFrom<Op>('I', 'U', 'D'),
    content: fc.constantFrom('a', 'b', 'c'),
    answer: fc.record({
      result: fc.constantFrom<Result>('accepted', 'rejected'),
      released: fc.boolean(),
    }),
  },
  { requiredKeys: ['op', 'content'] },
);
const plans = fc.array(
  fc.record<BatchPlan>({
    lost: fc.boolean(),
    attempts: fc.record(
      { 1: attempt, 2: attempt, 3: attempt, 4: attempt },
      { requiredKeys: [] },
    ) as fc.Arbitrary<BatchPlan['attempts']>,
  }),
  { maxLength: 6 },
);

const batchName = (index: number): string => `110000-ARB-202610-0${index + 1}`;
const recordId = (number: number): string => `110000-${number}`;
const fingerprint = ({ op, content }: Attempt): string => (op === 'D' ? '' : content);
const codeOf = ({ answer }: Attempt): string | null => (answer?.result === 'rejected' ? 'E01' : null);

/** The rule, told as a person would: look at every version of one record, in turn. */
function expected(
  history: readonly BatchPlan[],
  number: (typeof NUMBERS)[number],
): PlatformRecord | undefined {
  let row: PlatformRecord | undefined;
  let held: Pick<PlatformRecord, 'held_fingerprint' | 'held_batch'> = {
    held_fingerprint: null,
    held_batch: null,
  };
  let isWaiting = false;
  let rejection: Attempt | undefined;
  let rejectionBatch: string | null = null;
  for (const [index, { lost, attempts }] of history.entries()) {
    const one = attempts[number];
    if (one === undefined) continue;
    const result = one.answer?.result ?? (lost ? 'lost' : null);
    if (result === 'accepted') {
      held =
        one.op === 'D'
          ? { held_fingerprint: null, held_batch: null }
          : { held_fingerprint: one.content, held_batch: batchName(index) };
    }
    if (one.answer !== undefined) {
      rejection = result === 'rejected' ? one : undefined;
      rejectionBatch = result === 'rejected' ? batchName(index) : null;
    }
    isWaiting ||= result === null;
    row = {
      record_id: recordId(number),
      case_id: String(number),
      org_code: '110101',
      ...held,
      last_batch: batchName(index),
      last_op: one.op,
      last_fingerprint: fingerprint(one),
      last_result: result,
      is_waiting: isWaiting,
      rejection_batch: rejectionBatch,
      rejection_fingerprint: rejection === undefined ? null : fingerprint(rejection),
      rejection_code: rejection === undefined ? null : codeOf(rejection),
      rejection_message: null,
      is_released: rejection?.answer?.released === true,
    };
  }
  return row;
}

/** The files of a history: each batch with its records in one file and its answers in up to two. */
async function filesOf(
  engine: Engine,
  folder: string,
  history: readonly BatchPlan[],
): Promise<SubmissionHistory> {
  const batches = [];
  const releases: { batch: string; recordId: string }[] = [];
  for (const [index, plan] of history.entries()) {
    const name = batchName(index);
    const batchDir = path.join(folder, name);
    await mkdir(path.join(batchDir, 'records'), { recursive: true });
    const sent = NUMBERS.flatMap((number) => {
      const one = plan.attempts[number];
      return one === undefined ? [] : [{ number, one }];
    });
    const records = sent.map(
      ({ number, one }): BatchRecord => ({
        record_id: recordId(number),
        case_id: String(number),
        op: one.op,
        org_code: '110101',
        file_number: '1',
        fingerprint: fingerprint(one),
        content: one.op === 'D' ? null : one.content,
      }),
    );
    const file = await parquetOf(
      engine,
      path.join(batchDir, 'records', '00001.parquet'),
      records,
      RECORD_COLUMNS,
    );
    const receipts = [];
    for (const half of [0, 1]) {
      const answers = sent.flatMap(({ number, one }): ReceiptAnswer[] =>
        one.answer === undefined || number % 2 !== half
          ? []
          : [{ record_id: recordId(number), result: one.answer.result, code: codeOf(one), message: null }],
      );
      if (answers.length === 0) continue;
      const answersDir = path.join(folder, 'receipts', name, String(half));
      await mkdir(answersDir, { recursive: true });
      const written = await parquetOf(
        engine,
        path.join(answersDir, 'answers.parquet'),
        answers,
        ANSWER_COLUMNS,
      );
      const row = { id: 1, folder: path.relative(folder, answersDir), answersSha256: written.sha256 };
      receipts.push(row as Receipt);
    }
    for (const { number, one } of sent) {
      if (one.answer?.released === true) releases.push({ batch: name, recordId: recordId(number) });
    }
    const manifest = {
      files: [{ path: 'records/00001.parquet', ...file }],
    } as unknown as PublicationManifest;
    const loss = plan.lost ? ({ batch: name } as BatchLoss) : undefined;
    batches.push({ name, dir: batchDir, folder: manifest, loss, receipts });
  }
  return { homeDir: folder, batches, releases };
}

const ANSWER_COLUMNS = ['record_id', 'result', 'code', 'message'];

async function parquetOf(engine: Engine, file: string, rows: readonly object[], columns: readonly string[]) {
  await writeColumns(engine, file, columns, rows);
  return sha256File(file);
}

async function withTestEngine<T>(use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await Engine.open({ spillDir: path.join(dir, 'spill'), memoryLimitMb: 300, threads: 1 });
  try {
    return await use(engine);
  } finally {
    engine.close();
  }
}

describe('the history of a submission', () => {
  test('is what a walk through it gives, for all records and for one', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(plans, fc.constantFrom(...NUMBERS), async (history, one) => {
        await withTestEngine(async (engine) => {
          const folder = path.join(dir, String(++run));
          const files = await filesOf(engine, folder, history);
          await openHistory(engine, files);
          const rows = await engine.rows<PlatformRecord>('SELECT * FROM platform_record ORDER BY record_id');
          expect(rows).toEqual(NUMBERS.flatMap((number) => expected(history, number) ?? []));
          await withTestEngine(async (other) => {
            await openHistory(other, files, { recordId: recordId(one) });
            const found = await other.rows<PlatformRecord>('SELECT * FROM platform_record');
            expect(found).toEqual([expected(history, one)].filter((row) => row !== undefined));
          });
          await rm(folder, { recursive: true, force: true });
        });
      }),
      { numRuns: 15 },
    );
  });

  test('is empty without batches', async () => {
    await withTestEngine(async (engine) => {
      await openHistory(engine, { homeDir: dir, batches: [], releases: [] });
      for (const name of ['sent_record', 'answer', 'attempt', 'platform_record']) {
        expect(await engine.rows(`SELECT * FROM ${name}`)).toEqual([]);
      }
    });
  });

  test('a file that was altered is refused', async () => {
    await withTestEngine(async (engine) => {
      const folder = path.join(dir, 'altered');
      const files = await filesOf(engine, folder, [
        { lost: false, attempts: { 1: { op: 'I', content: 'a' } } },
      ]);
      const [batch] = files.batches;
      const file = path.join(batch?.dir ?? '', 'records', '00001.parquet');
      await engine.run(`COPY (SELECT 1 AS record_id) TO ${literal(file)} (FORMAT parquet)`);
      await expect(openHistory(engine, files)).rejects.toMatchObject({ code: 'E_ARTEFACT_DAMAGED' });
    });
  });
});
