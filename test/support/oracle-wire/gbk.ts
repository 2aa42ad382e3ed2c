/** Text as a US7ASCII database holds it that clients filled with GBK bytes: one character for each byte. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteName } from './sql/translation.ts';

/** Characters of GBK's two-byte area, each with its bytes as two characters. */
function gbkTable(): Map<string, string> {
  const decoder = new TextDecoder('gbk', { fatal: false });
  const table = new Map<string, string>();
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const character = decoder.decode(Uint8Array.of(lead, trail));
      if ([...character].length === 1 && character !== '\ufffd') {
        table.set(character, String.fromCharCode(lead, trail));
      }
    }
  }
  return table;
}

let known: Map<string, string> | undefined;

/** Bytes of a text in GBK, as characters U+0000 to U+00FF; what GBK lacks becomes `?`. */
export function gbkCharacters(text: string): string {
  known ??= gbkTable();
  const table = known;
  return [...text]
    .map((character) => (character < '\x80' ? character : (table.get(character) ?? '?')))
    .join('');
}

/** Make the table `gbk_bytes`: a copy with the given columns turned into characters of bytes. */
export async function gbkAsCharacters(
  connection: DuckDBConnection,
  from: string,
  columns: readonly string[],
): Promise<void> {
  await connection.run('CREATE TEMP TABLE gbk_map (plain VARCHAR, bytes VARCHAR)');
  const union = columns.map((name) => `SELECT ${quoteName(name)} AS plain FROM ${from}`).join(' UNION ');
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT plain FROM (${union}) WHERE plain IS NOT NULL`,
  );
  const appender = await connection.createAppender('gbk_map');
  for (const [plain] of reader.getRows()) {
    appender.appendVarchar(String(plain));
    appender.appendVarchar(gbkCharacters(String(plain)));
    appender.endRow();
  }
  appender.closeSync();
  const replaced = columns.map(
    (name) => `(SELECT bytes FROM gbk_map WHERE plain = ${quoteName(name)}) AS ${quoteName(name)}`,
  );
  await connection.run(`CREATE TABLE gbk_bytes AS SELECT * REPLACE (${replaced.join(', ')}) FROM ${from}`);
  await connection.run('DROP TABLE gbk_map');
}
