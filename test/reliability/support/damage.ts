/** What disks and people do to files. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';

/** Change one byte in the middle of a file, whatever its mode is; the mode stays. */
export function flipByte(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const { mode } = statSync(file);
  chmodSync(file, 0o600);
  writeFileSync(file, bytes);
  chmodSync(file, mode);
}
