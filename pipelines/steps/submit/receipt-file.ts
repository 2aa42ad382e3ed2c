/**
 * A receipt as a file: taken in as a copy (what is read, hashed and kept are the same bytes), read in bounded memory, and
 * every fault told with file, line and record.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ReceiptAnswer } from '../../../schemas/submission.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { fileError } from '../../runtime/files.ts';
import { visible } from '../../runtime/visible.ts';
import { ReceiptContent, ReceiptFault, type ReceiptHead } from './receipt-content.ts';
import { JsonReceipt } from './receipt-json.ts';
import { type ReceiptForm, receiptText } from './receipt-text.ts';
import { XmlReceipt } from './receipt-xml.ts';

const READ_SIZE_BYTES = 64 * 1024;
/** As many answers are handed on at a time. */
const SLICE_ANSWERS = 2048;
const RECEIPT_NAME = /^receipt-.*\.(json|xml)$/i;

const ASK_THE_PLATFORM = 'Nothing was changed. Ask the platform for a right receipt and import it again.';
const NAME_ONE =
  'Nothing was changed. Name the file of a receipt, or a folder with files receipt-*.json and receipt-*.xml.';

export interface ReadReceipt extends ReceiptHead {
  readonly format: ReceiptForm['format'];
}

/** Where a receipt is read from, for errors. */
interface Place {
  readonly file: string;
  readonly line?: number;
  readonly record?: number | undefined;
}

/**
 * The receipts that a path names: itself, or the files `receipt-*.json` and `receipt-*.xml` of a folder, by name.
 * @throws ArbdataError E_RECEIPT where there is nothing of that name
 */
export async function receiptFiles(given: string): Promise<{ files: string[]; isFolder: boolean }> {
  const found = await lstat(given).catch((error: unknown) => {
    throw receiptError({ file: given }, 'there is no such file or folder', {
      cause: error,
      advice: NAME_ONE,
    });
  });
  if (!found.isDirectory()) return { files: [given], isFolder: false };
  const names = await readdir(given).catch((error: unknown) => {
    throw fileError(error, given);
  });
  const files = names.filter((name) => RECEIPT_NAME.test(name)).sort();
  return { files: files.map((name) => path.join(given, name)), isFolder: true };
}

/**
 * Copy a receipt; links, devices and pipes are refused.
 * @throws ArbdataError E_RECEIPT; E_DISK_FULL, E_HOME
 */
export async function takeIn(file: string, copy: string): Promise<{ sha256: string; sizeBytes: number }> {
  const from = await openReceipt(file);
  try {
    const to = await open(copy, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const block of blocks(from)) {
        hash.update(block);
        await to.writeFile(block);
        sizeBytes += block.length;
      }
      return { sha256: hash.digest('hex'), sizeBytes };
    } finally {
      await to.close();
    }
  } catch (error) {
    throw fileError(error, copy);
  } finally {
    await from.close();
  }
}

async function openReceipt(file: string): Promise<FileHandle> {
  // A link is not followed, and a pipe without a writer does not make this wait.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(file, flags).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ELOOP')
      throw receiptError({ file }, 'it is a link, not a file', { cause: error, advice: NAME_ONE });
    if (code === 'ENXIO')
      throw receiptError({ file }, 'it is no regular file', { cause: error, advice: NAME_ONE });
    if (code === 'ENOENT')
      throw receiptError({ file }, 'there is no such file', { cause: error, advice: NAME_ONE });
    if (code === 'EACCES' || code === 'EPERM') {
      const advice = 'Nothing was changed. Give the user of this command the right to read it.';
      throw receiptError({ file }, `it cannot be read (${code})`, { cause: error, advice });
    }
    throw fileError(error, file);
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw receiptError({ file }, 'it is no regular file', { advice: NAME_ONE });
}

/** The blocks of a file, each in the same buffer. */
async function* blocks(handle: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE_BYTES);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * Read a receipt's file.
 * @param file the copy that is read
 * @param given what the person named, for errors
 * @throws ArbdataError E_RECEIPT
 */
export async function readReceiptFile(
  file: string,
  given: string,
  take: (answers: readonly ReceiptAnswer[]) => Promise<void>,
): Promise<ReadReceipt> {
  const handle = await open(file, 'r');
  try {
    return await readReceipt(blocks(handle), given, take);
  } finally {
    await handle.close();
  }
}

/**
 * Read a receipt, whatever its size, and hand its answers on as they come. They stand only once this has returned.
 * @throws ArbdataError E_RECEIPT naming the file, the line and the record
 */
export async function readReceipt(
  bytes: AsyncIterable<Uint8Array>,
  given: string,
  take: (answers: readonly ReceiptAnswer[]) => Promise<void>,
): Promise<ReadReceipt> {
  let answers: ReceiptAnswer[] = [];
  const content = new ReceiptContent((answer) => answers.push(answer));
  let reader: JsonReceipt | XmlReceipt | undefined;
  let format: ReceiptForm['format'] = 'json';
  let line = 1;
  try {
    const text = receiptText(bytes, (form) => {
      format = form.format;
      reader = format === 'json' ? new JsonReceipt(content) : new XmlReceipt(content);
    });
    for await (const slice of text) {
      line = slice.line;
      reader?.push(slice.text);
      if (answers.length < SLICE_ANSWERS) continue;
      await take(answers);
      answers = [];
    }
    reader?.end();
    const head = content.end();
    await take(answers);
    return { ...head, format };
  } catch (error) {
    if (!(error instanceof ReceiptFault)) throw error;
    const place = { file: given, line: error.line ?? reader?.line ?? line, record: content.recordNumber };
    throw receiptError(place, error.message, { cause: error });
  }
}

/**
 * Hold a file's name against the batch that its content names: `receipt-<batch>` and what follows.
 * @throws ArbdataError E_RECEIPT
 */
export function checkReceiptName(given: string, batch: string): void {
  const name = path.basename(given);
  if (!RECEIPT_NAME.test(name)) return;
  const rest = name.slice('receipt-'.length);
  // What follows the batch must not go on with it: …-01 is not …-011.
  if (rest.startsWith(batch) && !/^[A-Za-z0-9]/.test(rest.slice(batch.length))) return;
  throw receiptError({ file: given }, `it answers batch ${visible(batch)}, which its name does not say`, {
    advice:
      'Nothing was changed. A receipt is named receipt-<batch> and what follows: where the content is right, rename the file and import it again; else ask the platform.',
  });
}

/** An error over a receipt that names the place. */
export function receiptError(
  { file, line, record }: Place,
  what: string,
  { cause, advice = ASK_THE_PLATFORM }: { readonly cause?: unknown; readonly advice?: string } = {},
): ArbdataError {
  const places = [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(record === undefined ? [] : [`record ${record}`]),
  ];
  const place = places.length === 0 ? '' : ` (${places.join(', ')})`;
  return new ArbdataError('E_RECEIPT', `${visible(file)}${place}: ${visible(what)}`, {
    advice,
    where: {
      file,
      ...(line === undefined ? {} : { line }),
      ...(record === undefined ? {} : { record: String(record) }),
    },
    ...(cause === undefined ? {} : { cause }),
  });
}
