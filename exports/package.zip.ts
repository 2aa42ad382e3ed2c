/** A package: a ZIP archive written as a stream, its entries in the order given, all with the same fixed time. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** The earliest time that an entry can have. */
const FIXED_TIME = new Date(1980, 0, 1);
const PIECE_BYTES = 256 * 1024;

export interface PackedFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of the content, lower-case hexadecimal. */
  readonly sha256: string;
  readonly sm3: string;
}

/** An archive that is being written. The caller gives a temporary path and renames it. */
export class PackageWriter {
  readonly #zip = new ZipFile();
  readonly #written: Promise<void>;

  constructor(file: string) {
    this.#written = pipeline(this.#zip.outputStream, createWriteStream(file, { mode: 0o600 }));
    // The error is told by whoever waits: an entry or the end.
    this.#written.catch(() => undefined);
  }

  /** Add a file whose content comes in pieces; at most one piece is held. */
  async add(name: string, pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<PackedFile> {
    const sha256 = createHash('sha256');
    const sm3 = createHash('sm3');
    let sizeBytes = 0;
    // The archive remembers its streams to the end: what they were made from must not stay with them.
    const source: { pieces: typeof pieces } = { pieces };
    const hashed = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of source.pieces) {
        for (let at = 0; at < piece.length; at += PIECE_BYTES) {
          const part = piece.subarray(at, at + PIECE_BYTES);
          sha256.update(part);
          sm3.update(part);
          sizeBytes += part.length;
          yield part;
        }
      }
    };
    const content = Readable.from(hashed(), { objectMode: false });
    this.#zip.addReadStream(content, name, { mtime: FIXED_TIME, mode: 0o100600, forceDosTimestamp: true });
    await Promise.race([finished(content), this.#written]);
    source.pieces = [];
    return { name, sizeBytes, sha256: sha256.digest('hex'), sm3: sm3.digest('hex') };
  }

  /** Write the directory and close the file. */
  async end(): Promise<void> {
    this.#zip.end();
    await this.#written;
  }
}
