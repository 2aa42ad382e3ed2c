/** What the tests of the exports share: a temporary folder, the parts of an .xlsx file, LibreOffice. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import ExcelJS from 'exceljs';
import { readZip, repack, unpack, writeZip } from '../../exports/zip.ts';

export async function withTemporaryDir<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-exports-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The parts of an archive as text, by name. */
export function partsOf(bytes: Uint8Array): Map<string, string> {
  return new Map(readZip(bytes).map((entry) => [entry.name, unpack(entry, 1 << 28).toString('utf8')]));
}

export async function partsOfFile(file: string): Promise<Map<string, string>> {
  return partsOf(await readFile(file));
}

/** The file again with the cached results of its formulas taken out, so that a reader has to compute them. */
export async function withoutCachedResults(file: string, to: string): Promise<void> {
  const entries = readZip(await readFile(file)).map((entry) => {
    if (!entry.name.startsWith('xl/worksheets/')) return entry;
    const xml = unpack(entry, 1 << 28).toString('utf8');
    return repack(entry, Buffer.from(xml.replaceAll(/(<\/f>)<v>[^<]*<\/v>/g, '$1'), 'utf8'));
  });
  await writeFile(to, writeZip(entries));
}

/** Not a program of this project's packages. */
const LIBREOFFICE = 'soffice';

export const HAS_LIBREOFFICE = (() => {
  try {
    execFileSync(LIBREOFFICE, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Open files in LibreOffice and save them in another format; each call has a profile of its own. */
export async function convert(files: readonly string[], format: string, outDir: string): Promise<void> {
  const profile = path.join(outDir, 'profile');
  const args = [`-env:UserInstallation=file://${profile}`, '--headless', '--convert-to', format];
  await promisify(execFile)(LIBREOFFICE, [...args, '--outdir', outDir, ...files], { timeout: 110_000 });
}

export async function openWorkbook(file: string): Promise<ExcelJS.Workbook> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  return workbook;
}

/**
 * The rows of a sheet (counted from 1) as text or number by column letters, read from the XML itself: exceljs reads a
 * formula's result of 0 as none.
 */
export async function readRows(file: string, sheet: number): Promise<ReadonlyMap<string, string | number>[]> {
  const parts = await partsOfFile(file);
  const texts = Array.from(matches(parts.get('xl/sharedStrings.xml') ?? '', /<si>([\s\S]*?)<\/si>/g), textOf);
  const xml = parts.get(`xl/worksheets/sheet${sheet}.xml`) ?? '';
  return Array.from(matches(xml, /<row [^>]*>([\s\S]*?)<\/row>/g), (row) => {
    const cells = new Map<string, string | number>();
    for (const [, column = '', attributes = '', content = ''] of row.matchAll(
      /<c r="([A-Z]+)\d+"([^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g,
    )) {
      const value = /<v>([\s\S]*?)<\/v>/.exec(content)?.[1];
      const type = /\st="(\w+)"/.exec(attributes)?.[1];
      if (type === 'inlineStr') cells.set(column, textOf(content));
      else if (value === undefined) continue;
      else if (type === 's') cells.set(column, texts[Number(value)] ?? '');
      else cells.set(column, type === 'str' ? decode(value) : Number(value));
    }
    return cells;
  });
}

function matches(xml: string, pattern: RegExp): string[] {
  return Array.from(xml.matchAll(pattern), ([, inner = '']) => inner);
}

function textOf(xml: string): string {
  return matches(xml, /<t(?: [^>]*)?>([\s\S]*?)<\/t>/g)
    .map(decode)
    .join('');
}

function decode(xml: string): string {
  return xml
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
