/**
 * The bare work behind a package: the same bytes into a ZIP archive as a stream, nothing computed, nothing hashed.
 *
 *     node bench/bare-zip.ts FOLDER FILE
 */
import { createReadStream, createWriteStream, readdirSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

const [folder = '', file = ''] = process.argv.slice(2);
const started = performance.now();
const zip = new ZipFile();
const written = pipeline(zip.outputStream, createWriteStream(file));
for (const name of readdirSync(folder).sort()) {
  zip.addReadStreamLazy(name, { mode: 0o100600 }, (give) => {
    give(null, createReadStream(path.join(folder, name)));
  });
}
zip.end();
await written;
process.stdout.write(`${JSON.stringify({ zipMs: performance.now() - started })}\n`);
