/** Writing CSV files for tests, with everything that the form leaves open chosen at random. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import { withEngine } from '../../../pipelines/runtime/duckdb.ts';
import { sourceTable } from '../../../pipelines/runtime/embedded-schema.ts';
import { silentLog } from '../../../pipelines/runtime/log.ts';
import { silentProgress } from '../../../pipelines/runtime/progress.ts';
import type { CsvEncoding } from '../../../pipelines/steps/source/csv-files.ts';
import type { EmbeddedMeta } from '../../../pipelines/steps/source/embedded.ts';
import { type ImportOptions, importCsv } from '../../../pipelines/steps/source/import-csv.ts';
import { type Column, VIEWS, type View, type ViewName } from '../../../schemas/contract.ts';

export const SAMPLES = path.join(import.meta.dirname, '../../input/samples');

export const META: EmbeddedMeta = {
  kind: 'csv',
  made_by: 'test',
  as_of: '2026-11-03',
  until: null,
  seed: null,
  size: null,
};

const PERSONAL = new Set([
  'ARB_PARTY.NAME',
  'ARB_PARTY.ID_NO',
  'ARB_PARTY.BIRTH_DATE',
  'ARB_PARTY.PHONE',
  'ARB_PARTY.ADDRESS',
  'PRE_APPLICATION.APPLICANT_NAME',
]);

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-source-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function importInto(home: string, dir: string, more: Partial<ImportOptions> = {}) {
  return importCsv({
    dir,
    encoding: 'utf-8',
    file: path.join(home, 'source', 'source.duckdb'),
    meta: META,
    personalColumns: PERSONAL,
    log: silentLog,
    progress: silentProgress,
    ...more,
  });
}

/** All values of the embedded source as text, per table and row in the order of the file. */
export async function sourceValues(home: string): Promise<Record<string, (string | null)[][]>> {
  const file = path.join(home, 'source', 'source.duckdb');
  return withEngine({ file, readOnly: true, spillDir: path.join(home, 'spill') }, async (engine) => {
    const tables: Record<string, (string | null)[][]> = {};
    for (const view of VIEWS) {
      // As hexadecimal digits: the engine's JavaScript door drops a byte order mark at the start of a text.
      const columns = view.columns.map(({ name }) => `hex(encode(CAST("${name}" AS VARCHAR))) AS "${name}"`);
      const rows = await engine.rows<Record<string, string | null>>(
        `SELECT ${columns.join(', ')} FROM ${sourceTable(view.name)} ORDER BY rowid`,
      );
      const text = (hex: string | null | undefined) =>
        hex == null ? null : Buffer.from(hex, 'hex').toString();
      tables[view.name] = rows.map((row) => view.columns.map(({ name }) => text(row[name])));
    }
    return tables;
  });
}

export async function fileHash(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** The text of one field and the value that it stands for, both without quotes. */
export interface Field {
  readonly text: string;
  readonly value: string | null;
}

export interface Table {
  readonly view: View;
  /** In contract order. */
  readonly rows: readonly (readonly Field[])[];
}

/** The choices that the form leaves open, each from a seeded stream of numbers below 2^32. */
export interface Layout {
  readonly lineEnd: '\n' | '\r\n' | '\r' | 'mixed';
  readonly mark: boolean;
  readonly finalLineEnd: boolean;
  readonly blankLines: boolean;
  readonly seed: number;
}

/** Bytes of a file, and the physical line on which each record starts. */
export interface Written {
  readonly text: string;
  readonly lines: readonly number[];
  readonly header: readonly string[];
}

/** A stream of pseudo-random numbers below 1 (mulberry32). */
function randomStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Write a table as CSV.
 * @param raw fields, by row and contract position, that go into the file exactly as given
 */
export function writeCsv(
  table: Table,
  layout: Layout,
  raw: ReadonlyMap<string, string> = new Map(),
): Written {
  const random = randomStream(layout.seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const { columns } = table.view;
  const order = columns.map((_, index) => [random(), index] as const).sort(([a], [b]) => a - b);
  const lineEnd = (): string => (layout.lineEnd === 'mixed' ? pick(['\n', '\r\n', '\r']) : layout.lineEnd);
  const quoted = (text: string): string =>
    /[",\r\n]/.test(text) || random() < 0.3 ? `"${text.replaceAll('"', '""')}"` : text;
  const header = order.map(([, index]) => columns[index]?.name ?? '');
  const names = header.map((name) => quoted(pick([name, name.toLowerCase()])));
  let text = layout.mark ? '\uFEFF' : '';
  text += names.join(',');
  const lines: number[] = [];
  table.rows.forEach((row, rowIndex) => {
    text += lineEnd();
    if (layout.blankLines && random() < 0.3) text += lineEnd();
    lines.push(lineAt(text));
    text += order
      .map(([, index]) => raw.get(`${rowIndex}/${index}`) ?? quoted(row[index]?.text ?? ''))
      .join(',');
  });
  if (layout.finalLineEnd) text += lineEnd();
  return { text, lines, header };
}

/** The physical line that starts after this text. */
function lineAt(text: string): number {
  return (text.match(/\r\n|\r|\n/g)?.length ?? 0) + 1;
}

/** Write all six files; views without a table get their header only. */
export async function writeFolder(
  dir: string,
  files: ReadonlyMap<ViewName, Written>,
  encode: (text: string) => Buffer = (text) => Buffer.from(text),
): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const view of VIEWS) {
    const text = files.get(view.name)?.text ?? `${view.columns.map(({ name }) => name).join(',')}\n`;
    await writeFile(path.join(dir, `${sourceTable(view.name)}.csv`), encode(text));
  }
}

let encoder: Map<string, Buffer> | undefined;

/** GB18030 of a character, or undefined where it has none; from the decoder, which fixed examples hold. */
export function gb18030Bytes(character: string): Buffer | undefined {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return Buffer.from([point]);
  if (point >= 0x10000) return fourBytes(point - 0x10000 + 189_000);
  encoder ??= gb18030Table();
  return encoder.get(character);
}

export function encodeGb18030(text: string): Buffer {
  return Buffer.concat([...text].map((character) => gb18030Bytes(character) ?? Buffer.from('?')));
}

function fourBytes(pointer: number): Buffer {
  return Buffer.from([
    0x81 + Math.floor(pointer / 12_600),
    0x30 + (Math.floor(pointer / 1260) % 10),
    0x81 + (Math.floor(pointer / 10) % 126),
    0x30 + (pointer % 10),
  ]);
}

function gb18030Table(): Map<string, Buffer> {
  const decoder = new TextDecoder('gb18030', { ignoreBOM: true });
  const table = new Map<string, Buffer>();
  const add = (bytes: Buffer): void => {
    const character = decoder.decode(bytes);
    if (character !== '\uFFFD' && [...character].length === 1 && !table.has(character))
      table.set(character, bytes);
  };
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) if (trail !== 0x7f) add(Buffer.from([lead, trail]));
  }
  for (let pointer = 0; pointer < 39_420; pointer += 1) add(fourBytes(pointer));
  return table;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

const day = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map(
    (date) =>
      `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`,
  );
const time = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59))
  .map((parts) => parts.map((part) => pad(part, 2)).join(':'));

/** A fraction of a second as written, and as the engine shows it. */
const fraction = fc.oneof(
  fc.constant({ text: '', value: '' }),
  fc.tuple(fc.nat(999_999), fc.constantFrom('', '0', '000')).map(([micros, zeros]) => {
    const digits = pad(micros, 6);
    const shown = digits.replace(/0+$/, '');
    return { text: `.${digits}${zeros}`, value: shown === '' ? '' : `.${shown}` };
  }),
);
const timestamp = fc.tuple(day, time, fraction).map(
  ([date, clock, part]): Field => ({
    text: `${date} ${clock}${part.text}`,
    value: `${date} ${clock}${part.value}`,
  }),
);
const date = fc.oneof(
  day.map((text): Field => ({ text, value: `${text} 00:00:00` })),
  timestamp,
  fc.tuple(day, time).map(([text, clock]): Field => {
    const minutes = clock.slice(0, 5);
    return { text: `${text}T${minutes}`, value: `${text} ${minutes}:00` };
  }),
);

const text = (encoding: CsvEncoding): fc.Arbitrary<Field> =>
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 3 }),
        fc.constantFrom(
          ',',
          '"',
          '""',
          '\n',
          '\r',
          '\r\n',
          ' ',
          '\t',
          '\\N',
          'NULL',
          '\uFEFF',
          '\u3000',
          '#',
          "'",
          '\\',
        ),
        fc.constantFrom('北京', '张三', '〔2026〕', '㐀', '𠀀', '鿿', 'é', '€', '\uE000'),
      ),
      { maxLength: 4 },
    )
    .map((parts) => [...parts.join('').replaceAll('\0', '')])
    .map((characters) =>
      characters.filter((one) => encoding === 'utf-8' || gb18030Bytes(one) !== undefined).join(''),
    )
    .map((value): Field => ({ text: value, value: value === '' ? null : value }));

function number(column: Column): fc.Arbitrary<Field> {
  const [, precision, scale] = /\((\d+)(?:,(\d+))?\)/.exec(column.oracleType) ?? [];
  const decimals = Number(scale ?? 0);
  const limit = 10n ** BigInt(Number(precision)) - 1n;
  return fc
    .tuple(
      fc.bigInt({ min: -limit, max: limit }),
      fc.constantFrom('', '0', '000'),
      fc.constantFrom('', '0', '000'),
      fc.boolean(),
    )
    .map(([amount, leading, trailing, plus]): Field => {
      const digits = String(amount < 0n ? -amount : amount).padStart(decimals + 1, '0');
      const whole = digits.slice(0, digits.length - decimals);
      const part = decimals === 0 ? '' : `.${digits.slice(-decimals)}`;
      const sign = amount < 0n ? '-' : plus ? '+' : '';
      const tail = part === '' && trailing !== '' ? `.${trailing}` : part + (part === '' ? '' : trailing);
      return { text: `${sign}${leading}${whole}${tail}`, value: `${amount < 0n ? '-' : ''}${whole}${part}` };
    });
}

const field = (column: Column, encoding: CsvEncoding): fc.Arbitrary<Field> => {
  const empty = fc.constant<Field>({ text: '', value: null });
  const filled =
    column.type === 'text'
      ? text(encoding)
      : column.type === 'number'
        ? number(column)
        : column.type === 'date'
          ? date
          : timestamp;
  return fc.oneof({ arbitrary: empty, weight: 1 }, { arbitrary: filled, weight: 4 });
};

/** Tables of one view, or of any. */
export const tables = (
  encoding: CsvEncoding,
  { minRows = 0, view }: { minRows?: number; view?: View } = {},
): fc.Arbitrary<Table> =>
  fc.constantFrom(...(view === undefined ? VIEWS : [view])).chain((chosen) =>
    fc
      .array(fc.tuple(...chosen.columns.map((column) => field(column, encoding))), {
        minLength: minRows,
        maxLength: 5,
      })
      .map((rows): Table => ({ view: chosen, rows })),
  );

export const layouts: fc.Arbitrary<Layout> = fc.record({
  lineEnd: fc.constantFrom('\n' as const, '\r\n' as const, '\r' as const, 'mixed' as const),
  mark: fc.boolean(),
  finalLineEnd: fc.boolean(),
  blankLines: fc.boolean(),
  seed: fc.nat(),
});

/** Start hold.ts, wait until it stands still, use its process id, then kill it with SIGKILL. */
export async function withHeldProcess(
  args: readonly string[],
  use: (pid: number) => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'hold.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) =>
        reject(new Error(`the process ended (${code}) instead of standing still`)),
      );
    });
    await use(child.pid ?? 0);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
