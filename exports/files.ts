/** Writing text to a path of the caller's choice, in slices and with backpressure. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Stream } from '../schemas/dataset.ts';

const SLICE_LENGTH = 1 << 16;

/**
 * Write pieces of text as UTF-8. The caller gives a temporary path and renames it; a file that could not be
 * written whole may stay there.
 */
export async function writeText(file: string, pieces: Stream<string>): Promise<void> {
  await pipeline(Readable.from(slices(pieces)), createWriteStream(file));
}

/** Joins small pieces: one stream event per row would cost more than the row. */
async function* slices(pieces: Stream<string>): AsyncGenerator<string> {
  let slice = '';
  for await (const piece of pieces) {
    slice += piece;
    if (slice.length < SLICE_LENGTH) continue;
    yield slice;
    slice = '';
  }
  if (slice !== '') yield slice;
}
