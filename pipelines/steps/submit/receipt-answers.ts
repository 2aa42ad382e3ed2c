/** The answers of one receipt, held against what its batch sent and what was answered before. */
import path from 'node:path';
import type { ReceiptAnswer } from '../../../schemas/submission.ts';
import type { Engine } from '../../runtime/duckdb.ts';
import { sha256File } from '../../runtime/files.ts';
import { readSql } from '../../runtime/project.ts';
import { visible } from '../../runtime/visible.ts';
import { ANSWERS_FILE, openHistory, type SubmissionHistory } from './history.ts';
import { type ReadReceipt, readReceiptFile, receiptError } from './receipt-file.ts';

/** As many are named in an error; the rest is counted. */
const NAMED_PROBLEMS = 20;

export interface NewAnswers {
  readonly accepted: number;
  readonly rejected: number;
}

interface Problem {
  readonly problem: 'unknown' | 'twice' | 'contradicts';
  readonly record_id: string;
  readonly position: string;
  readonly known: string | null;
}

/**
 * Read a receipt into `read_answer`, in the order of the file.
 * @param given what the person named, for errors
 * @throws ArbdataError E_RECEIPT
 */
export async function loadReceipt(engine: Engine, file: string, given: string): Promise<ReadReceipt> {
  await engine.run(
    'CREATE TABLE read_answer (position VARCHAR, record_id VARCHAR, result VARCHAR, code VARCHAR, message VARCHAR)',
  );
  let position = 0;
  const row = ({ record_id, result, code, message }: ReceiptAnswer) => {
    position += 1;
    return [String(position), record_id, result, code, message];
  };
  return readReceiptFile(file, given, async (answers) => engine.append('read_answer', answers.map(row)));
}

/**
 * Make `new_answer`, the rows that no earlier receipt of the batch has, and count them. Needs `read_answer`.
 * @param history of this batch alone
 * @throws ArbdataError E_RECEIPT naming ids that the batch does not hold, two answers to one record, and contradictions
 */
export async function compareAnswers(
  engine: Engine,
  history: SubmissionHistory,
  given: string,
): Promise<NewAnswers> {
  await openHistory(engine, history);
  await engine.run(readSql('submission/110-receipt.sql'));
  const problems = await engine.rows<Problem>(
    `SELECT * FROM answer_problem ORDER BY position, record_id, problem LIMIT ${NAMED_PROBLEMS}`,
  );
  if (problems.length > 0) {
    const { total } = await engine.one<{ total: string }>('SELECT count(*) AS total FROM answer_problem');
    const batch = history.batches.map(({ name }) => name).join(', ');
    throw receiptError({ file: given }, problemText(problems, Number(total), batch));
  }
  const { accepted, rejected } = await engine.one<Record<keyof NewAnswers, string>>(
    `SELECT count(*) FILTER (result = 'accepted') AS accepted, count(*) FILTER (result = 'rejected') AS rejected
     FROM new_answer`,
  );
  return { accepted: Number(accepted), rejected: Number(rejected) };
}

/** Write the new answers as `answers.parquet` into a folder. Needs `new_answer`. */
export async function writeAnswers(engine: Engine, dir: string): Promise<{ sha256: string }> {
  const file = path.join(dir, ANSWERS_FILE);
  await engine.copyToParquet('SELECT * FROM new_answer ORDER BY record_id', file);
  return sha256File(file);
}

function problemText(problems: readonly Problem[], total: number, batch: string): string {
  const named = problems.map((problem) => `${problemWords(problem, batch)} (record ${problem.position})`);
  const more = total > named.length ? `; and ${total - named.length} more` : '';
  return `${total} ${total === 1 ? 'answer does' : 'answers do'} not fit: ${named.join('; ')}${more}`;
}

function problemWords({ problem, record_id: id, known }: Problem, batch: string): string {
  switch (problem) {
    case 'unknown':
      return `batch ${batch} holds no record ${visible(id)}`;
    case 'twice':
      return `${visible(id)} is answered twice, with different results`;
    case 'contradicts':
      return `${visible(id)} was ${known} in an earlier receipt`;
    default:
      return problem satisfies never;
  }
}
