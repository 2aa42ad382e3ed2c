/** Golden files of packages: test/output/<platform>/…; `ARBDATA_WRITE_GOLDEN=1` writes a missing one, to be looked at. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { OUTPUT_DIR } from '../../golden/support.ts';

/** Compare a text with its golden file. */
export function expectGolden(name: string, text: string): void {
  const file = path.join(OUTPUT_DIR, name);
  if (!existsSync(file) && process.env['ARBDATA_WRITE_GOLDEN'] === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}
