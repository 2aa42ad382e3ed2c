import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json; every relative path of the product starts here. */
export const PROJECT_DIR = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The version in package.json. */
export const TOOL_VERSION: string = (
  JSON.parse(readFileSync(path.join(PROJECT_DIR, 'package.json'), 'utf8')) as { version: string }
).version;

/** The text of one file under sql/, named from there: `readSql('models/020-case-fact.sql')`. */
export function readSql(name: string): string {
  return readFileSync(path.join(PROJECT_DIR, 'sql', name), 'utf8');
}
